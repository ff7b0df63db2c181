use super::*;
use crate::fixtures::{bikes, dimension, draft, field, library};
use crate::{
    Bound, ComparisonExpr, Filter, Grain, PeriodExpr, PeriodPhrase, Policy, SemanticModel, Threshold,
    compile, relations_of,
};
use jiff::Timestamp;
use splitplane_types::Role;

fn now() -> SystemTime {
    "2026-11-23T05:30:00Z".parse::<Timestamp>().unwrap().into()
}

fn checked(
    world: &(SemanticModel, Policy),
    draft: DraftInterpretation,
) -> Result<ValidatedInterpretation, InterpretationError> {
    let role: Role = "clerk".parse().unwrap();
    let catalogue = Catalogue::for_role(&world.0, &world.1, &role);
    validate(draft, &catalogue, &world.1.calendar, now())
}

fn error(draft: DraftInterpretation) -> String {
    checked(&library(), draft).unwrap_err().to_string()
}

fn filter(phrase: &str, fields: &[&str]) -> Filter {
    let fields = fields.iter().map(|name| field(name)).collect();
    Filter { phrases: vec![phrase.to_owned()], fields, negated: false, either: false }
}

fn order(by: &str) -> Order {
    Order { by: by.to_owned(), descending: true }
}

fn last_week() -> PeriodPhrase {
    PeriodPhrase { expr: PeriodExpr::Last { count: 1, unit: Grain::Week }, label: "last week".to_owned() }
}

fn full() -> DraftInterpretation {
    DraftInterpretation {
        dimensions: vec![
            dimension("branches.branch_name", None),
            dimension("loans.borrowed_at", Some(Grain::Month)),
        ],
        filters: vec![filter("Fiction", &["titles.genre", "members.town"])],
        period: Some(last_week()),
        comparison: None,
        thresholds: Vec::new(),
        shares: false,
        order: vec![order("total_fees"), order("branch_name")],
        limit: Some(5),
        ..draft(&["total_fees", "loan_count"])
    }
}

#[test]
fn a_full_draft_passes_and_its_receipt_reads_back_as_the_same() {
    let valid = checked(&library(), full()).unwrap();
    let period = valid.get().period.clone().unwrap();
    assert_eq!(
        (period.from.to_string(), period.to.to_string()),
        ("2026-11-09T00:00:00".to_owned(), "2026-11-16T00:00:00".to_owned())
    );
    assert_eq!((period.zone.as_str(), period.label.as_str()), ("America/Chicago", "last week"));
    assert_eq!(&interpretation_from_receipt(&valid.to_json()).unwrap(), valid.get());
    assert_eq!(valid.to_json(), checked(&library(), full()).unwrap().to_json());
}

#[test]
fn names_that_this_role_does_not_have_fail_as_names_that_nobody_has() {
    let unknown = error(draft(&["no_such_metric"]));
    for hidden in ["reachable_members", "phones"] {
        assert_eq!(error(draft(&[hidden])), unknown.replace("no_such_metric", hidden));
    }
    for name in [
        "members.email",
        "members.phone",
        "members.nothing",
        "staff_branches.staff_id",
        "loans.fee",
        "fines.channel",
    ] {
        let by = DraftInterpretation { dimensions: vec![dimension(name, None)], ..draft(&["total_fees"]) };
        let expected = format!("`{name}` is not a dimension of these metrics");
        assert_eq!(error(by), expected);
        let only = DraftInterpretation {
            filters: vec![filter("x", &["members.town", name])],
            ..draft(&["total_fees"])
        };
        assert_eq!(error(only), expected);
    }
}

fn bounded(by: &str, value: &str) -> DraftInterpretation {
    let bound = Threshold { by: by.to_owned(), bound: Bound::MoreThan, value: value.to_owned() };
    DraftInterpretation { thresholds: vec![bound], ..full() }
}

#[test]
fn bounds_shares_and_comparisons_must_have_a_meaning() {
    for (changed, message) in [
        (DraftInterpretation { shares: true, ..draft(&["total_fees"]) }, "need a dimension to group by"),
        (
            DraftInterpretation {
                metrics: vec!["loan_count".to_owned()],
                order: Vec::new(),
                shares: true,
                ..full()
            },
            "`loan_count` does not add up",
        ),
        (bounded("fines_charged", "5"), "no figure `fines_charged` to bound"),
        (bounded("total_fees_growth", "5"), "no figure `total_fees_growth` to bound"),
        (bounded("total_fees", "5 OR 1=1"), "`5 OR 1=1` is no decimal number"),
        (bounded("total_fees", "+5"), "`+5` is no decimal number"),
        (
            DraftInterpretation { comparison: Some(ComparisonExpr::LastYear), period: None, ..full() },
            "needs a period to start from",
        ),
        (
            DraftInterpretation { comparison: Some(ComparisonExpr::With(last_week())), ..full() },
            "compared with itself",
        ),
        (
            DraftInterpretation {
                comparison: Some(ComparisonExpr::Previous),
                dimensions: vec![Dimension {
                    grain: Some(Grain::Month),
                    ..dimension("loans.borrowed_at", None)
                }],
                order: Vec::new(),
                ..full()
            },
            "the buckets of `borrowed_at` in the two periods do not meet",
        ),
    ] {
        let said = error(changed);
        assert!(said.contains(message), "{message}: {said}");
    }
}

#[test]
fn drafts_that_no_statement_answers_are_refused() {
    let week = |grain| vec![dimension("loans.channel", Some(grain))];
    for (changed, message) in [
        (draft(&[]), "no metric was named"),
        (draft(&["total_fees", "total_fees"]), "`total_fees` is named twice"),
        (
            DraftInterpretation {
                dimensions: vec![dimension("fines.channel", None)],
                ..draft(&["total_fees", "fines_charged"])
            },
            "`fines.channel` is not a dimension of these metrics",
        ),
        (DraftInterpretation { dimensions: week(Grain::Week), ..full() }, "`loans.channel` holds no time"),
        (
            DraftInterpretation {
                dimensions: vec![dimension("loans.channel", None); 2],
                ..draft(&["total_fees"])
            },
            "`channel` is named twice",
        ),
        (
            DraftInterpretation { filters: vec![filter(" ", &["titles.genre"])], ..full() },
            "names no value or no field",
        ),
        (DraftInterpretation { filters: vec![filter("x", &[])], ..full() }, "names no value or no field"),
        (DraftInterpretation { order: vec![order("genre")], ..full() }, "no single column `genre`"),
        (DraftInterpretation { limit: Some(0), ..full() }, "must be at least 1"),
        (DraftInterpretation { dimensions: Vec::new(), order: Vec::new(), ..full() }, "needs a dimension"),
        (
            DraftInterpretation { filters: vec![filter("x", &["titles.genre"]); 17], ..full() },
            "too many parts",
        ),
        (
            DraftInterpretation { filters: vec![filter(&"x".repeat(257), &["titles.genre"])], ..full() },
            "too many parts",
        ),
        (
            DraftInterpretation {
                period: Some(PeriodPhrase { expr: PeriodExpr::Year(9999), ..last_week() }),
                ..full()
            },
            "the period cannot be resolved",
        ),
    ] {
        let found = error(changed);
        assert!(found.contains(message), "{message}: {found}");
    }
}

#[test]
fn days_that_begin_in_the_morning_are_those_of_dates_and_are_cut_there_from_instants() {
    let late = |(model, mut policy): (SemanticModel, Policy)| {
        policy.calendar = policy.calendar.with_day_starts(jiff::civil::time(4, 0, 0, 0));
        (model, policy)
    };
    let by = |field: &str, metric: &str| DraftInterpretation {
        dimensions: vec![dimension(field, Some(Grain::Month))],
        period: Some(last_week()),
        ..draft(&[metric])
    };
    let valid = checked(&late(bikes()), by("rides.ride_day", "takings")).unwrap();
    let period = valid.get().period.as_ref().unwrap();
    assert_eq!(period.from.time(), jiff::civil::time(4, 0, 0, 0));
    assert_eq!((period.last_day() - period.first_day()).get_days(), 6);
    let relations = crate::fixtures::relations(&bikes().0);
    let sql = crate::compile(valid.get(), &bikes().0, &relations, &[]).unwrap().to_string();
    let first = format!(">= DATE '{}'", period.first_day());
    assert!(sql.contains(&first) && !sql.contains("04:00"), "{sql}");
    let valid = checked(&late(library()), by("loans.borrowed_at", "total_fees")).unwrap();
    let sql = crate::compile(valid.get(), &library().0, &crate::fixtures::relations(&library().0), &[]);
    let sql = sql.unwrap().to_string();
    assert!(sql.contains("date_trunc('MONTH', loans.borrowed_at - INTERVAL '240' MINUTE)"), "{sql}");
    assert!(valid.to_json().ends_with("\"day_starts\":\"04:00:00\"}}"), "{}", valid.to_json());
}

#[test]
fn an_interpretation_has_the_calendars_weeks() {
    let by_week = DraftInterpretation {
        dimensions: vec![dimension("rides.ride_day", Some(Grain::Week))],
        ..draft(&["takings"])
    };
    let valid = checked(&bikes(), by_week).unwrap();
    let weeks = &valid.get().buckets;
    assert_eq!((weeks.week_starts, weeks.days_before_monday()), (jiff::civil::Weekday::Sunday, 1));
    assert!(valid.to_json().contains("\"week_starts\":\"sunday\""), "{}", valid.to_json());
    assert_eq!(interpretation_from_receipt(&valid.to_json()).unwrap(), *valid.get());
    for spelling in ["Sunday", "sun", "sundays"] {
        let other = valid.to_json().replace("\"sunday\"", &format!("\"{spelling}\""));
        assert!(interpretation_from_receipt(&other).is_err(), "{spelling}");
    }
}

#[test]
fn a_period_needs_a_time_field_that_is_shown() {
    let (model, mut policy) = library();
    let hidden = crate::ColumnPolicy { treatment: crate::Treatment::Hidden, unless_roles: Vec::new() };
    policy.datasets.get_mut("loans").unwrap().columns.insert("borrowed_at".to_owned(), hidden);
    let timed = DraftInterpretation { period: Some(last_week()), ..draft(&["loan_count"]) };
    let error = checked(&(model.clone(), policy), timed.clone()).unwrap_err();
    assert!(matches!(error, InterpretationError::NoTimeField), "{error}");
    assert!(checked(&library(), timed).is_ok());
}

#[test]
fn two_dimensions_of_one_name_cannot_be_ordered_by_it() {
    let both = vec![dimension("loans.channel", None), dimension("fines.channel", None)];
    let by = |order| DraftInterpretation { dimensions: both.clone(), order, ..draft(&["fines_charged"]) };
    let error = checked(&library(), by(vec![order("channel")])).unwrap_err().to_string();
    assert!(error.contains("no single column `channel`"), "{error}");
    assert!(checked(&library(), by(Vec::new())).is_ok());
}

#[test]
fn a_receipt_is_read_strictly() {
    let json = checked(&library(), full()).unwrap().to_json();
    for (old, new) in [
        ("\"limit\":5", "\"limit\":5,\"extra\":1"),
        ("\"limit\":5", "\"limit\":-5"),
        ("\"negated\":false", "\"negated\":false,\"value\":\"x\""),
        ("2026-11-09T00:00:00", "2026-11-09"),
        ("2026-11-09T00:00:00", "2026-11-31T00:00:00"),
        ("\"grain\":\"month\"", "\"grain\":\"fortnight\""),
        ("\"metrics\"", "\"metric\""),
    ] {
        assert!(json.contains(old), "{old}");
        assert!(interpretation_from_receipt(&json.replacen(old, new, 1)).is_err(), "{new}");
    }
    assert!(interpretation_from_receipt(&format!("{json} {json}")).is_err());
}

#[test]
fn what_is_valid_is_routed_and_compiled() {
    let (model, _) = library();
    let valid = checked(&library(), full()).unwrap();
    let needed = relations_of(valid.get(), &model).unwrap();
    assert_eq!(needed, ["branches", "loans", "members", "titles"]);
    let relations: Vec<_> = crate::fixtures::relations(&model)
        .into_iter()
        .filter(|relation| needed.contains(&relation.name))
        .collect();
    let bound = crate::BoundFilter {
        filter: 0,
        relation: "titles".to_owned(),
        column: "genre".to_owned(),
        parameter: ":filter_0".to_owned(),
    };
    assert!(compile(valid.get(), &model, &relations, &[bound]).is_ok());
}
