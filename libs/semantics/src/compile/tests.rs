use super::*;
use crate::expression::ident;
use crate::fixtures::{bikes, dimension, field, library, relations};
use crate::{Bound, Grain, Threshold};
use crate::{Filter, Period, relations_of};
use jiff::civil::Weekday;
use jiff::civil::date;
use proptest::prelude::*;
use splitplane_types::DataType;
use sqlparser::ast::SelectItem;
use sqlparser::ast::{Expr, SetExpr, Statement};
use sqlparser::dialect::{DatabricksDialect, Dialect, GenericDialect};
use sqlparser::parser::Parser;

pub(super) fn period() -> Period {
    let at = |month, day| date(2021, month, day).at(0, 0, 0, 0);
    Period { from: at(5, 1), to: at(8, 31), zone: "America/Chicago".to_owned(), label: "x".to_owned() }
}

/// The same days of the year before.
fn year_before() -> Period {
    let at = |year, month, day| date(year, month, day).at(0, 0, 0, 0);
    Period { from: at(2020, 5, 1), to: at(2020, 8, 31), ..period() }
}

pub(super) fn plain(metric: &str) -> Interpretation {
    Interpretation {
        metrics: vec![metric.to_owned()],
        dimensions: Vec::new(),
        filters: Vec::new(),
        period: None,
        comparison: None,
        thresholds: Vec::new(),
        shares: false,
        order: Vec::new(),
        limit: None,
        buckets: crate::Buckets::ISO,
    }
}

pub(super) fn filter(fields: &[&str], negated: bool) -> Filter {
    Filter {
        phrases: vec!["x".to_owned()],
        fields: fields.iter().map(|name| field(name)).collect(),
        negated,
        either: false,
    }
}

pub(super) fn bound(filter: usize, name: &str) -> BoundFilter {
    let FieldRef { dataset, field } = field(name);
    BoundFilter { filter, relation: dataset, column: field, parameter: format!(":filter_{filter}") }
}

pub(super) fn sql(interpretation: &Interpretation, filters: &[BoundFilter]) -> String {
    let (model, _) = library();
    compile(interpretation, &model, &relations(&model), filters).unwrap().to_string()
}

pub(super) fn error(interpretation: &Interpretation, filters: &[BoundFilter]) -> CompileError {
    let (model, _) = library();
    compile(interpretation, &model, &relations(&model), filters).unwrap_err()
}

#[test]
fn a_total_is_one_row_of_the_metrics_dataset_alone() {
    assert_eq!(sql(&plain("total_fees"), &[]), "SELECT SUM(loans.fee) AS total_fees FROM loans");
    let timed = Interpretation { period: Some(period()), ..plain("total_fees") };
    assert_eq!(
        sql(&timed, &[]),
        "SELECT SUM(loans.fee) AS total_fees FROM loans WHERE loans.borrowed_at >= TIMESTAMP '2021-05-01 00:00:00' \
         AND loans.borrowed_at < TIMESTAMP '2021-08-31 00:00:00'"
    );
}

#[test]
fn dimensions_join_the_one_side_and_every_row_has_its_place() {
    let interpretation = Interpretation {
        metrics: vec!["total_fees".to_owned(), "loan_count".to_owned()],
        dimensions: vec![
            dimension("branches.branch_name", None),
            dimension("loans.borrowed_at", Some(Grain::Month)),
        ],
        filters: vec![filter(&["members.town", "titles.genre"], false), filter(&["loans.channel"], true)],
        order: vec![Order { by: "total_fees".to_owned(), descending: true }],
        limit: Some(5),
        ..plain("")
    };
    assert_eq!(
        sql(&interpretation, &[bound(1, "loans.channel"), bound(0, "titles.genre")]),
        "SELECT branches.branch_name AS branch_name, date_trunc('MONTH', loans.borrowed_at) AS borrowed_at_month, \
         SUM(loans.fee) AS total_fees, COUNT(DISTINCT loans.loan_id) AS loan_count \
         FROM loans LEFT JOIN branches ON loans.branch_id = branches.branch_id \
         LEFT JOIN titles ON loans.title_id = titles.title_id \
         WHERE titles.genre = :filter_0 AND (loans.channel <> :filter_1 OR loans.channel IS NULL) \
         GROUP BY branches.branch_name, date_trunc('MONTH', loans.borrowed_at) \
         ORDER BY total_fees DESC NULLS LAST, branch_name ASC NULLS LAST, borrowed_at_month ASC NULLS LAST, \
         loan_count ASC NULLS LAST LIMIT 5"
    );
}

#[test]
fn a_period_applies_to_a_time_field_on_the_one_side_and_joins_run_in_chains() {
    let interpretation = Interpretation {
        period: Some(period()),
        dimensions: vec![dimension("fines.channel", None), dimension("loans.channel", None)],
        ..plain("fines_charged")
    };
    assert_eq!(
        sql(&interpretation, &[]),
        "SELECT fines.channel AS fines_channel, loans.channel AS loans_channel, SUM(fines.amount) AS fines_charged \
         FROM fines LEFT JOIN loans ON fines.loan_id = loans.loan_id \
         WHERE loans.borrowed_at >= TIMESTAMP '2021-05-01 00:00:00' AND loans.borrowed_at < TIMESTAMP '2021-08-31 00:00:00' \
         GROUP BY fines.channel, loans.channel \
         ORDER BY fines_channel ASC NULLS LAST, loans_channel ASC NULLS LAST, fines_charged ASC NULLS LAST"
    );
    let far = Interpretation {
        dimensions: vec![dimension("branches.branch_name", None)],
        ..plain("fines_charged")
    };
    let text = sql(&far, &[]);
    assert!(
        text.contains(
            "LEFT JOIN loans ON fines.loan_id = loans.loan_id LEFT JOIN branches ON loans.branch_id"
        ),
        "{text}"
    );
    let (model, _) = library();
    assert_eq!(relations_of(&far, &model).unwrap(), ["branches", "loans", "fines"]);
}

#[test]
fn time_literals_have_the_type_of_the_column() {
    let (model, _) = bikes();
    let timed = Interpretation { period: Some(period()), ..plain("takings") };
    let with_type = |data_type| {
        let mut relations = relations(&model);
        for column in relations.iter_mut().flat_map(|relation| &mut relation.columns) {
            if column.name == "ride_day" {
                column.data_type = data_type;
            }
        }
        compile(&timed, &model, &relations, &[]).map(|query| query.to_string())
    };
    let dates = with_type(DataType::Date).unwrap();
    assert!(
        dates.ends_with("rides.ride_day >= DATE '2021-05-01' AND rides.ride_day < DATE '2021-08-31'"),
        "{dates}"
    );
    // Midnight in Chicago, in summer time.
    let instants = with_type(DataType::TimestampTz).unwrap();
    assert!(instants.contains(">= TIMESTAMP '2021-05-01T05:00:00Z' AND"), "{instants}");
    assert_eq!(with_type(DataType::String), Err(CompileError::NotTime("ride_day".to_owned())));
}

#[test]
fn a_part_of_a_day_and_a_foreign_zone_have_no_literal() {
    let (model, _) = bikes();
    let mut timed = Interpretation { period: Some(period()), ..plain("takings") };
    timed.period.as_mut().unwrap().to = date(2021, 8, 31).at(12, 0, 0, 0);
    assert_eq!(compile(&timed, &model, &relations(&model), &[]), Err(CompileError::PartOfDay));
    let mut relations = relations(&model);
    for column in relations.iter_mut().flat_map(|relation| &mut relation.columns) {
        column.data_type = DataType::TimestampTz;
    }
    timed.period.as_mut().unwrap().zone = "Mars/Olympus".to_owned();
    let error = compile(&timed, &model, &relations, &[]);
    assert_eq!(error, Err(CompileError::NoInstant("Mars/Olympus".to_owned())));
    let by_month = Interpretation {
        dimensions: vec![dimension("rides.ride_day", Some(Grain::Month))],
        ..plain("takings")
    };
    let error = compile(&by_month, &model, &relations, &[]);
    assert_eq!(error, Err(CompileError::GrainOfInstants("ride_day".to_owned())));
}

#[test]
fn a_day_of_a_date_is_the_date() {
    let (model, _) = bikes();
    let by_day = Interpretation {
        dimensions: vec![dimension("rides.ride_day", Some(Grain::Day))],
        ..plain("takings")
    };
    let text = compile(&by_day, &model, &relations(&model), &[]).unwrap().to_string();
    assert!(text.starts_with("SELECT rides.ride_day AS ride_day_day, "), "{text}");
}

#[test]
fn a_week_begins_where_the_calendar_says() {
    let (model, _) = library();
    let by_week = |week_starts| Interpretation {
        dimensions: vec![dimension("loans.borrowed_at", Some(Grain::Week))],
        buckets: crate::Buckets { week_starts, ..crate::Buckets::ISO },
        ..plain("total_fees")
    };
    let text = |day| compile(&by_week(day), &model, &relations(&model), &[]).unwrap().to_string();
    for (day, bucket) in [
        (Weekday::Monday, "SELECT date_trunc('WEEK', loans.borrowed_at) AS "),
        (Weekday::Sunday, "SELECT date_add(date_trunc('WEEK', date_add(loans.borrowed_at, 1)), -1) AS "),
        (Weekday::Tuesday, "SELECT date_add(date_trunc('WEEK', date_add(loans.borrowed_at, 6)), -6) AS "),
        (Weekday::Saturday, "SELECT date_add(date_trunc('WEEK', date_add(loans.borrowed_at, 2)), -2) AS "),
    ] {
        assert!(text(day).starts_with(bucket), "{day:?}: {}", text(day));
    }
}

#[test]
fn filters_are_bound_exactly_once_to_a_field_that_was_a_candidate() {
    let interpretation =
        Interpretation { filters: vec![filter(&["titles.genre"], false)], ..plain("total_fees") };
    assert_eq!(error(&interpretation, &[]), CompileError::UnboundFilter(0));
    for wrong in [vec![bound(0, "loans.channel")], vec![bound(0, "titles.genre"), bound(0, "titles.genre")]] {
        assert_eq!(error(&interpretation, &wrong), CompileError::MisboundFilter(0));
    }
    let stray = [bound(0, "titles.genre"), bound(1, "titles.genre")];
    assert_eq!(error(&interpretation, &stray), CompileError::MisboundFilter(1));
}

#[test]
fn what_the_sandbox_does_not_hold_is_not_named() {
    let (model, _) = library();
    let without = |relation: &str, column: &str| {
        let mut relations = relations(&model);
        let found = relations.iter_mut().find(|candidate| candidate.name == relation).unwrap();
        found.columns.retain(|candidate| candidate.name != column);
        relations
    };
    let interpretation = Interpretation {
        dimensions: vec![dimension("branches.branch_name", None)],
        period: Some(period()),
        ..plain("total_fees")
    };
    for (relation, column) in [
        ("loans", "fee"),
        ("branches", "branch_name"),
        ("loans", "branch_id"),
        ("branches", "branch_id"),
        ("loans", "borrowed_at"),
    ] {
        let error = compile(&interpretation, &model, &without(relation, column), &[]).unwrap_err();
        assert_eq!(error, CompileError::Missing(format!("{relation}.{column}")));
    }
}

#[test]
fn interpretations_that_fit_no_model_are_errors() {
    let (model, _) = library();
    let unknown = |kind, name: &str| CompileError::Unknown { kind, name: name.to_owned() };
    assert_eq!(error(&plain("nothing"), &[]), unknown("metric", "nothing"));
    let none = Interpretation { metrics: Vec::new(), ..plain("x") };
    assert_eq!(error(&none, &[]), CompileError::NoMetric);
    let by = |name: &str| Interpretation { dimensions: vec![dimension(name, None)], ..plain("total_fees") };
    assert_eq!(error(&by("loans.nothing"), &[]), unknown("field", "loans.nothing"));
    let (from, to) = ("loans".to_owned(), "fines".to_owned());
    assert_eq!(error(&by("fines.channel"), &[]), CompileError::NoPath { from, to });
    assert!(relations_of(&by("fines.channel"), &model).is_err());
    let ordered = Interpretation {
        order: vec![Order { by: "nothing".to_owned(), descending: false }],
        ..by("loans.channel")
    };
    assert_eq!(error(&ordered, &[]), CompileError::UnknownOrder("nothing".to_owned()));
    let (model, _) = bikes();
    let by_dock = Interpretation { dimensions: vec![dimension("docks.city", None)], ..plain("takings") };
    let error = compile(&by_dock, &model, &relations(&model), &[]).unwrap_err();
    assert_eq!(error, CompileError::AmbiguousPath { from: "rides".to_owned(), to: "docks".to_owned() });
}

#[test]
fn names_that_are_words_of_sql_are_quoted() {
    let (mut model, _) = bikes();
    model.relationships.pop();
    let by = Interpretation { dimensions: vec![dimension("docks.Order", None)], ..plain("takings") };
    let text = compile(&by, &model, &relations(&model), &[]).unwrap().to_string();
    assert_eq!(
        text,
        "SELECT docks.`Order` AS `Order`, SUM(rides.price) AS takings FROM rides LEFT JOIN docks \
         ON rides.city = docks.city AND rides.start_dock = docks.dock_no GROUP BY docks.`Order` \
         ORDER BY `Order` ASC NULLS LAST, takings ASC NULLS LAST"
    );
    for (name, printed) in [
        ("order", "`order`"),
        ("select", "`select`"),
        ("interval", "`interval`"),
        ("case", "`case`"),
        ("left", "`left`"),
        ("name", "name"),
        ("a b", "`a b`"),
        ("1st", "`1st`"),
        ("x; DROP TABLE y", "`x; DROP TABLE y`"),
        ("a`b", "`a``b`"),
    ] {
        assert_eq!(ident(name).to_string(), printed);
    }
}

#[test]
fn a_dimension_named_as_a_metric_keeps_apart_from_it() {
    let (mut model, _) = library();
    for metric in &mut model.metrics {
        if metric.name == "total_fees" {
            metric.name = "Channel".to_owned();
        }
    }
    let by = Interpretation { dimensions: vec![dimension("loans.channel", None)], ..plain("Channel") };
    let text = compile(&by, &model, &relations(&model), &[]).unwrap().to_string();
    assert!(
        text.starts_with("SELECT loans.channel AS loans_channel, SUM(loans.fee) AS `Channel` FROM"),
        "{text}"
    );
}

fn reparsed(text: &str, dialect: &dyn Dialect) -> Query {
    let mut statements = Parser::parse_sql(dialect, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => *query,
        other => panic!("{text}: {other:?}"),
    }
}

const DIMENSIONS: [(&str, bool); 6] = [
    ("branches.branch_name", false),
    ("loans.channel", false),
    ("fines.channel", false),
    ("members.town", false),
    ("titles.genre", false),
    ("loans.borrowed_at", true),
];

fn interpretations() -> impl Strategy<Value = Interpretation> {
    // Weeks of the two years do not meet: another test has them.
    let grains = vec![Grain::Day, Grain::Month, Grain::Quarter, Grain::Year];
    let buckets = (0_i8..7, 0_i8..12).prop_map(|(day, hour)| crate::Buckets {
        week_starts: Weekday::from_monday_zero_offset(day).unwrap(),
        day_starts: jiff::civil::time(hour, 0, 0, 0),
    });
    let dimensions = prop::sample::subsequence(DIMENSIONS.to_vec(), 0..=4);
    let filters = prop::collection::vec((0_usize..5, any::<bool>()), 0..3);
    let figures = (any::<bool>(), any::<bool>(), any::<bool>(), -50_i32..50);
    let parts = (
        dimensions,
        prop::sample::select(grains),
        filters,
        any::<bool>(),
        any::<bool>(),
        1_u32..50,
        (figures, buckets),
    );
    parts.prop_map(|(dimensions, grain, filters, timed, descending, limit, (figures, buckets))| {
        Interpretation {
            buckets,
            dimensions: dimensions
                .iter()
                .map(|(name, time)| dimension(name, time.then_some(grain)))
                .collect(),
            filters: filters
                .iter()
                .map(|(index, negated)| filter(&[DIMENSIONS[*index].0], *negated))
                .collect(),
            period: timed.then(period),
            comparison: (timed && figures.0).then(year_before),
            thresholds: Vec::from_iter((figures.1 && !dimensions.is_empty()).then(|| Threshold {
                by: "fines_charged".to_owned(),
                bound: if descending { Bound::AtLeast } else { Bound::LessThan },
                value: figures.3.to_string(),
            })),
            shares: figures.2 && !dimensions.is_empty(),
            order: vec![Order { by: "fines_charged".to_owned(), descending }],
            limit: (!dimensions.is_empty()).then_some(limit),
            ..plain("fines_charged")
        }
    })
}

proptest! {
    #[test]
    fn the_tree_is_what_its_text_says_and_names_only_what_is_needed(interpretation in interpretations()) {
        let (model, _) = library();
        let needed = relations_of(&interpretation, &model).unwrap();
        let all = relations(&model);
        let held: Vec<_> = all.into_iter().filter(|relation| needed.contains(&relation.name)).collect();
        let filters: Vec<_> = interpretation
            .filters
            .iter()
            .enumerate()
            .map(|(index, filter)| bound(index, &format!("{}.{}", filter.fields[0].dataset, filter.fields[0].field)))
            .collect();
        let query = compile(&interpretation, &model, &held, &filters).unwrap();
        let text = query.to_string();
        prop_assert_eq!(&reparsed(&text, &DatabricksDialect {}), &query);
        prop_assert_eq!(&reparsed(&text, &GenericDialect {}), &query);
        prop_assert_eq!(&compile(&interpretation, &model, &held, &filters).unwrap(), &query);
        // Every output column has a name of its own.
        let SetExpr::Select(select) = query.body.as_ref() else { panic!() };
        let alias = |item: &SelectItem| {
            let (SelectItem::ExprWithAlias { alias, .. } | SelectItem::UnnamedExpr(Expr::Identifier(alias))) = item
            else {
                panic!("{item}")
            };
            alias.value.to_lowercase()
        };
        let mut names: Vec<_> = select.projection.iter().map(alias).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        prop_assert_eq!(names.len(), count);
    }
}
