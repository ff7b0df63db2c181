use super::*;
use crate::tests::{asked, dimension, metric, text};
use splitplane_types::DataType;

fn drawn(roles: Vec<(ColumnRole, [Option<i64>; 2])>) -> Option<(String, Vec<String>)> {
    let (roles, values): (Vec<ColumnRole>, Vec<[Option<i64>; 2]>) = roles.into_iter().unzip();
    let types = vec![DataType::Integer; roles.len()];
    let rows = (0..2).map(|row| values.iter().map(|of| of[row].map_or(Cell::Null, Cell::Integer)).collect());
    let (table, shape) = asked(roles, &types, rows.collect());
    let figures = figures(&table, &shape)?;
    Some((figures.title, figures.columns.into_iter().map(|column| column.label).collect()))
}

fn named(title: &str, labels: &[&str]) -> Option<(String, Vec<String>)> {
    Some((title.to_owned(), labels.iter().map(|label| (*label).to_owned()).collect()))
}

fn before(label: &str) -> ColumnRole {
    ColumnRole::Before { label: label.to_owned() }
}

fn derived(label: &str, unit: &str) -> ColumnRole {
    ColumnRole::Derived { label: label.to_owned(), unit: Some(unit.to_owned()) }
}

const SOME: [Option<i64>; 2] = [Some(10), Some(20)];
const NONE: [Option<i64>; 2] = [None, None];

#[test]
fn figures_share_an_axis_only_if_they_share_a_unit() {
    let usd = |label| (metric(label, Some("USD")), SOME);
    assert_eq!(drawn(vec![usd("Fees"), usd("Fines")]), named("USD", &["Fees", "Fines"]));
    let loans = (metric("Loans", None), SOME);
    assert_eq!(drawn(vec![usd("Fees"), loans.clone(), usd("Fines")]), named("USD", &["Fees", "Fines"]));
    assert_eq!(drawn(vec![usd("Fees"), (metric("Late", Some("%")), SOME)]), named("Fees (USD)", &["Fees"]));
    // Two figures without a unit may count different things.
    assert_eq!(drawn(vec![loans, (metric("Items", None), SOME)]), named("Loans", &["Loans"]));
    assert_eq!(drawn(vec![usd("Fees"), usd("Fees")]), named("Fees (USD)", &["Fees"]));
    let five = ["a", "b", "c", "d", "e"].map(usd).to_vec();
    assert_eq!(drawn(five), named("USD", &["a", "b", "c", "d"]));
}

#[test]
fn a_figure_of_which_nothing_would_be_seen_is_not_drawn_beside_another() {
    let usd = |label, values| (metric(label, Some("USD")), values);
    let large = usd("Fees", [Some(0), Some(400)]);
    assert_eq!(
        drawn(vec![large.clone(), usd("Fine", [Some(-20), Some(1)])]),
        named("USD", &["Fees", "Fine"])
    );
    assert_eq!(drawn(vec![large.clone(), usd("Fine", [Some(-19), Some(1)])]), named("Fees (USD)", &["Fees"]));
    assert_eq!(drawn(vec![usd("Fine", [Some(19), None]), large]), named("Fine (USD)", &["Fine"]));
}

#[test]
fn a_comparison_is_drawn_alone() {
    let fees = (metric("Fees", Some("USD")), SOME);
    let compared = vec![
        fees.clone(),
        (before("Fees before"), SOME),
        (derived("Change", "USD"), SOME),
        (derived("Growth", "%"), SOME),
        (metric("Fines", Some("USD")), SOME),
        (before("Fines before"), SOME),
    ];
    assert_eq!(drawn(compared), named("Fees (USD)", &["Fees", "Fees before"]));
    assert_eq!(
        drawn(vec![(metric("Loans", None), SOME), (before("Before"), SOME)]),
        named("Loans", &["Loans", "Before"])
    );
    assert_eq!(drawn(vec![fees.clone(), (before("Fees before"), NONE)]), named("Fees (USD)", &["Fees"]));
    assert_eq!(drawn(vec![fees.clone(), (before("Fees"), SOME)]), named("Fees (USD)", &["Fees"]));
    assert_eq!(drawn(vec![(before("Before"), SOME), fees]), named("Fees (USD)", &["Fees"]));
}

#[test]
fn what_was_worked_out_is_drawn_where_nothing_else_is() {
    let growth = (derived("Growth", "%"), SOME);
    assert_eq!(drawn(vec![growth.clone()]), named("Growth (%)", &["Growth"]));
    assert_eq!(drawn(vec![growth.clone(), (metric("Fees", None), SOME)]), named("Fees", &["Fees"]));
    assert_eq!(drawn(vec![(ColumnRole::Other, SOME), growth]), named("Growth (%)", &["Growth"]));
    assert_eq!(drawn(vec![(metric("Fees", None), NONE)]), None);
    assert_eq!(drawn(vec![(ColumnRole::Other, SOME)]), None);
}

#[test]
fn masked_columns_and_columns_that_are_no_numbers_are_not_drawn() {
    let roles = vec![dimension("Branch", None), metric("Fees", None), metric("Loans", None)];
    let rows = vec![vec![text("a"), Cell::Integer(1), Cell::Integer(2)]];
    let types = [DataType::String, DataType::Integer, DataType::Integer];
    let (table, shape) = asked(roles, &types, rows);
    let first = |table: &Table| figures(table, &shape).map(|figures| figures.columns[0].label.clone());
    assert_eq!((first(&table), dimensions(&table, &shape).len()), (Some("Fees".to_owned()), 1));
    let mut masked = table.clone();
    masked.columns[0].masked = true;
    masked.columns[1].masked = true;
    assert_eq!((first(&masked), dimensions(&masked, &shape).len()), (Some("Loans".to_owned()), 0));
    let mut words = table.clone();
    words.columns[1].data_type = DataType::String;
    assert_eq!(first(&words), Some("Loans".to_owned()));
    let mut mixed = table;
    mixed.rows[0][1] = text("1");
    assert_eq!(first(&mixed), Some("Loans".to_owned()));
}
