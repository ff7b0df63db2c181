//! What the columns of an answer are to a chart: read from the interpretation, never from the rows.
//!
//! Whether a chart helps is decided by `splitplane-drawing`.

use splitplane_drawing::{Chart, ChartShape, ColumnRole, Grain, suggest};
use splitplane_proto::common::v1::{self as common, Interpretation};
use splitplane_types::{Column, Derived, Table};

/// A chart of an answer, where one helps.
#[must_use]
pub fn chart_of(interpretation: &Interpretation, table: &Table) -> Option<Chart> {
    suggest(table, &shape(interpretation, &table.columns)?)
}

/// The role of every column; nothing where they are not those of the interpretation.
fn shape(interpretation: &Interpretation, columns: &[Column]) -> Option<ChartShape> {
    let derived = derived(interpretation);
    let ranked = interpretation.order.first().map(|order| order.by.as_str());
    let mut roles: Vec<ColumnRole> = interpretation.dimensions.iter().map(dimension).collect();
    let units = |at: usize| columns.get(at).and_then(|column| column.unit.clone());
    for (metric, label) in interpretation.metrics.iter().zip(&interpretation.metric_labels) {
        // What rows are ranked by is what is drawn: growth, if that was asked.
        let drawn = derived.iter().find(|derived| ranked == Some(derived.column(metric).as_str()));
        let unit = units(roles.len());
        roles.push(match drawn {
            None => ColumnRole::Metric { label: label.clone(), unit },
            Some(_) => ColumnRole::Other,
        });
        for derived in &derived {
            let (label, unit) = (format!("{label}: {}", named(*derived)), units(roles.len()));
            roles.push(match derived {
                _ if drawn == Some(derived) => ColumnRole::Metric { label, unit },
                _ if drawn.is_some() => ColumnRole::Other,
                Derived::Before => ColumnRole::Before { label },
                Derived::Change | Derived::Growth | Derived::Share => ColumnRole::Derived { label, unit },
            });
        }
    }
    let is_whole = roles.len() == columns.len();
    is_whole.then(|| ChartShape { title: interpretation.sentence.clone(), columns: roles })
}

/// What follows each metric in the columns of an answer.
fn derived(interpretation: &Interpretation) -> Vec<Derived> {
    let compared = interpretation.comparison.is_some();
    let has = |derived: &Derived| match derived {
        Derived::Before | Derived::Change | Derived::Growth => compared,
        Derived::Share => interpretation.shares,
    };
    Derived::ALL.into_iter().filter(has).collect()
}

const fn named(derived: Derived) -> &'static str {
    match derived {
        Derived::Before => "before",
        Derived::Change => "change",
        Derived::Growth => "growth in percent",
        Derived::Share => "share in percent",
    }
}

fn dimension(dimension: &common::Dimension) -> ColumnRole {
    let grain = match dimension.grain() {
        common::Grain::Unspecified => None,
        common::Grain::Day => Some(Grain::Day),
        common::Grain::Week => Some(Grain::Week),
        common::Grain::Month => Some(Grain::Month),
        common::Grain::Quarter => Some(Grain::Quarter),
        common::Grain::Year => Some(Grain::Year),
    };
    ColumnRole::Dimension { label: dimension.label.clone(), grain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitplane_types::{Cell, DataType};

    fn column(name: &str, data_type: DataType, unit: Option<&str>) -> Column {
        Column { name: name.to_owned(), data_type, unit: unit.map(str::to_owned), masked: false }
    }

    fn compared(by: &str) -> Interpretation {
        Interpretation {
            metrics: vec!["sales".to_owned()],
            metric_labels: vec!["Sales".to_owned()],
            dimensions: vec![common::Dimension { label: "Store".to_owned(), ..common::Dimension::default() }],
            comparison: Some(common::Period::default()),
            order: vec![common::Order { by: by.to_owned(), descending: true }],
            ..Interpretation::default()
        }
    }

    fn columns() -> Vec<Column> {
        let figure = |name: &str, unit| column(name, DataType::Float, Some(unit));
        vec![
            column("store", DataType::String, None),
            figure("sales", "USD"),
            figure("sales_before", "USD"),
            figure("sales_change", "USD"),
            figure("sales_growth", "%"),
        ]
    }

    #[test]
    fn what_rows_are_ranked_by_is_what_is_drawn() {
        let roles = |by: &str| shape(&compared(by), &columns()).unwrap().columns;
        assert!(matches!(
            roles("sales").as_slice(),
            [
                ColumnRole::Dimension { .. },
                ColumnRole::Metric { .. },
                ColumnRole::Before { .. },
                ColumnRole::Derived { .. },
                ColumnRole::Derived { .. }
            ]
        ));
        let growth = roles("sales_growth");
        assert!(matches!(growth.get(1), Some(ColumnRole::Other)));
        assert!(matches!(growth.get(4), Some(ColumnRole::Metric { unit: Some(unit), .. }) if unit == "%"));
    }

    #[test]
    fn an_answer_with_other_columns_has_no_chart() {
        assert_eq!(shape(&compared("sales"), &columns()[..4]), None);
        let rows = ["a", "b", "c"].map(|name| {
            let figure = Cell::Float(2.0);
            let mut row = vec![Cell::Text(name.to_owned())];
            row.extend(std::iter::repeat_n(figure, 4));
            row
        });
        let table = Table { columns: columns(), rows: rows.into() };
        assert!(chart_of(&compared("sales"), &table).is_some());
        let short = Table { columns: columns()[..4].into(), rows: Vec::new() };
        assert!(chart_of(&compared("sales"), &short).is_none());
    }
}
