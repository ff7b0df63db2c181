use super::*;
use splitplane_semantics::{Dimension, FieldRef, Order};
use splitplane_types::{Column, DataType, Decimal};

fn asked(limit: Option<u32>) -> Interpretation {
    let field = FieldRef { dataset: "sales".to_owned(), field: "store".to_owned() };
    Interpretation {
        metrics: vec!["revenue".to_owned()],
        dimensions: vec![Dimension { field, grain: None }],
        filters: Vec::new(),
        period: None,
        comparison: None,
        thresholds: Vec::new(),
        shares: false,
        order: vec![Order { by: "revenue".to_owned(), descending: true }],
        limit,
        buckets: splitplane_semantics::Buckets::ISO,
    }
}

fn table(columns: &[&str], rows: &[(Option<&str>, f64)]) -> Table {
    let column = |name: &&str| Column {
        name: (*name).to_owned(),
        data_type: DataType::Float,
        unit: None,
        masked: false,
    };
    let key = |key: Option<&str>| key.map_or(Cell::Null, |key| Cell::Text(key.to_owned()));
    let row = |(name, figure): &(Option<&str>, f64)| vec![key(*name), Cell::Float(*figure)];
    Table { columns: columns.iter().map(column).collect(), rows: rows.iter().map(row).collect() }
}

const NAMES: [&str; 2] = ["store", "revenue"];

#[test]
fn order_names_and_the_last_digits_are_left_aside() {
    let ours = table(&NAMES, &[(Some("a"), 3.0), (None, 2.0)]);
    let same = [
        table(&NAMES, &[(None, 2.0), (Some("a"), 3.0)]),
        table(&["Shop", "total"], &[(Some("a"), 3.0 + 1e-10), (None, 2.0)]),
    ];
    for other in same {
        assert_eq!(difference(&asked(None), &ours, &other), None);
    }
    let mut swapped = table(&["revenue", "STORE"], &[]);
    swapped.rows = vec![
        vec![Cell::Decimal(Decimal::new(300, 2).unwrap()), Cell::Text("a".to_owned())],
        vec![Cell::Integer(2), Cell::Null],
    ];
    assert_eq!(difference(&asked(None), &ours, &swapped), None, "columns go by their names");
}

#[test]
fn every_other_row_figure_and_column_is_a_difference() {
    let ours = table(&NAMES, &[(Some("a"), 3.0), (Some("b"), 2.0)]);
    let cases = [
        (table(&NAMES, &[(Some("a"), 3.0)]), Difference::Rows),
        (table(&NAMES, &[(Some("a"), 3.0), (Some("c"), 2.0)]), Difference::Rows),
        (table(&NAMES, &[(Some("a"), 3.0), (Some("a"), 3.0)]), Difference::Rows),
        (table(&NAMES, &[(Some("a"), 3.0), (None, 2.0)]), Difference::Rows),
        (table(&NAMES, &[(Some("a"), 3.0), (Some("null"), 2.0)]), Difference::Rows),
        (table(&NAMES, &[(Some("a"), 3.0), (Some("b"), 2.000_001)]), Difference::Values),
        (table(&NAMES, &[(Some("b"), 3.0), (Some("a"), 2.0)]), Difference::Values),
        (table(&["store"], &[]), Difference::Columns),
        (table(&["store", "revenue", "more"], &[]), Difference::Columns),
    ];
    for (other, expected) in cases {
        assert_eq!(difference(&asked(None), &ours, &other), Some(expected), "{other:?}");
    }
    let nothing = Table { rows: Vec::new(), ..ours.clone() };
    assert_eq!(difference(&asked(None), &ours, &nothing), Some(Difference::Rows));
}

#[test]
fn a_limit_may_choose_among_rows_of_the_same_figure_and_no_others() {
    let ours = table(&NAMES, &[(Some("a"), 3.0), (Some("b"), 2.0)]);
    let tied = table(&NAMES, &[(Some("a"), 3.0), (Some("c"), 2.0)]);
    assert_eq!(difference(&asked(Some(2)), &ours, &tied), None);
    assert_eq!(difference(&asked(None), &ours, &tied), Some(Difference::Rows));
    let lower = table(&NAMES, &[(Some("a"), 3.0), (Some("c"), 1.0)]);
    assert_eq!(difference(&asked(Some(2)), &ours, &lower), Some(Difference::Rows));
    let missing = table(&NAMES, &[(Some("d"), 2.0), (Some("b"), 2.0)]);
    assert_eq!(difference(&asked(Some(2)), &ours, &missing), Some(Difference::Rows));
}

#[test]
fn percentages_are_equal_as_they_are_rounded_and_days_as_their_midnight() {
    let shared = Interpretation { shares: true, ..asked(None) };
    let with_share = |share: f64, at: Cell| {
        let mut table = table(&["store", "revenue", "revenue_share"], &[]);
        table.rows = vec![vec![at, Cell::Float(2.0), Cell::Float(share)]];
        table
    };
    let day = || Cell::Date("2026-11-01".to_owned());
    let midnight = Cell::Timestamp("2026-11-01T00:00:00".to_owned());
    let ours = with_share(33.33, day());
    assert_eq!(difference(&shared, &ours, &with_share(33.333_333, midnight)), None);
    assert_eq!(difference(&shared, &ours, &with_share(33.34, day())), Some(Difference::Values));
    let noon = Cell::Timestamp("2026-11-01T12:00:00".to_owned());
    assert_eq!(difference(&shared, &ours, &with_share(33.33, noon)), Some(Difference::Rows));
}
