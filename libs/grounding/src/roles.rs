//! What the columns of a result are to each other: names, metrics, and what a comparison adds to a metric.

use splitplane_types::Column;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnRole {
    /// What rows are told apart by.
    Dimension,
    /// A metric, in the period that was asked for.
    Metric {
        /// Its name for people, from the semantic model.
        label: Option<String>,
    },
    /// A metric in the period before.
    Before {
        /// Position of the metric's column.
        of: usize,
    },
    /// A metric less what it was before.
    Change {
        /// Position of the metric's column.
        of: usize,
    },
    /// The change in hundredths of what was before: 12.5 means 12.5 %.
    Growth {
        /// Position of the metric's column.
        of: usize,
    },
    /// A row's part of the metric's total, in hundredths.
    Share {
        /// Position of the metric's column.
        of: usize,
    },
}

impl ColumnRole {
    /// The roles of `columns`, one for each, by their names: `metrics` are the names and labels of the
    /// metrics that were asked for, and `_before`, `_change`, `_growth` or `_share` after such a name is
    /// what belongs to it. Where no column has the name of a metric, every number is a metric.
    #[must_use]
    pub fn of_columns(columns: &[Column], metrics: &[(String, String)]) -> Vec<Self> {
        let position = |name: &str| columns.iter().position(|c| c.name == name && c.data_type.is_number());
        let found = metrics.iter().any(|(name, _)| position(name).is_some());
        let role = |column: &Column| {
            if !column.data_type.is_number() {
                return Self::Dimension;
            }
            if let Some((_, label)) = metrics.iter().find(|(name, _)| *name == column.name) {
                return Self::Metric { label: Some(label.clone()) };
            }
            let of = |suffix: &str| {
                let name = column.name.strip_suffix(suffix)?;
                position(name).filter(|_| metrics.iter().any(|(metric, _)| metric == name))
            };
            let derived = of("_before")
                .map(|of| Self::Before { of })
                .or_else(|| of("_change").map(|of| Self::Change { of }))
                .or_else(|| of("_growth").map(|of| Self::Growth { of }))
                .or_else(|| of("_share").map(|of| Self::Share { of }));
            derived.unwrap_or(if found { Self::Dimension } else { Self::Metric { label: None } })
        };
        columns.iter().map(role).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitplane_types::DataType;

    fn column(name: &str, data_type: DataType) -> Column {
        Column { name: name.into(), data_type, unit: None, masked: false }
    }

    fn roles(names: &[&str], metrics: &[&str]) -> Vec<ColumnRole> {
        let number = |name: &&str| column(name, DataType::Decimal);
        let columns: Vec<Column> =
            [column("branch", DataType::String)].into_iter().chain(names.iter().map(number)).collect();
        let metrics: Vec<_> = metrics.iter().map(|name| ((*name).to_owned(), name.to_uppercase())).collect();
        ColumnRole::of_columns(&columns, &metrics)
    }

    fn metric(label: &str) -> ColumnRole {
        ColumnRole::Metric { label: Some(label.into()) }
    }

    #[test]
    fn columns_are_told_by_the_names_of_metrics() {
        assert_eq!(
            roles(&["fees", "fees_before", "fees_change", "fees_growth", "fees_share"], &["fees"]),
            [
                ColumnRole::Dimension,
                metric("FEES"),
                ColumnRole::Before { of: 1 },
                ColumnRole::Change { of: 1 },
                ColumnRole::Growth { of: 1 },
                ColumnRole::Share { of: 1 },
            ]
        );
        // A number that is of no metric tells rows apart; a metric may have a name that ends like another's.
        assert_eq!(
            roles(&["year", "fees", "net_change", "loans_before"], &["fees", "net_change"]),
            [
                ColumnRole::Dimension,
                ColumnRole::Dimension,
                metric("FEES"),
                metric("NET_CHANGE"),
                ColumnRole::Dimension
            ]
        );
    }

    #[test]
    fn where_no_metric_is_known_every_number_is_one() {
        let one = ColumnRole::Metric { label: None };
        assert_eq!(roles(&["fees", "fees_before"], &[]), [ColumnRole::Dimension, one.clone(), one.clone()]);
        assert_eq!(roles(&["amount"], &["fees"]), [ColumnRole::Dimension, one]);
    }
}
