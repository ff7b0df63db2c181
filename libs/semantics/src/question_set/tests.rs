use super::*;
use crate::{Dimension, FieldRef, Filter, Period};
use jiff::civil::date;

const SET: &str = "
- question: late fees in Harbour by month last month
  as: ann
  as_of: 2026-11-18
  turns: [ { question: and by genre?, expect: { outcome: clarify, options: [By genre] } } ]
  expect:
    outcome: [answered, nothing_in_scope]
    metrics: [late_fees]
    dimensions: [loans.lent_on:month]
    filters: [Harbour, { not: Castle }]
    period: [2026-10-01, 2026-11-01]
    order: [ { by: lent_on } ]
    rows: [ [ 2026-10-01, 12.5 ], [ null, 3 ] ]
- { question: what is the weather, as: ann, expect: { outcome: unsupported } }
";

fn filter(phrase: &str, negated: bool) -> Filter {
    let fields = vec![FieldRef { dataset: "branches".into(), field: "branch_name".into() }];
    Filter { phrases: vec![phrase.into()], fields, negated, either: false }
}

fn found() -> Interpretation {
    let field = FieldRef { dataset: "loans".into(), field: "lent_on".into() };
    Interpretation {
        metrics: vec!["late_fees".into()],
        dimensions: vec![Dimension { field, grain: Some(Grain::Month) }],
        filters: vec![filter("castle", true), filter("harbour", false)],
        period: Some(Period {
            from: date(2026, 10, 1).at(0, 0, 0, 0),
            to: date(2026, 11, 1).at(0, 0, 0, 0),
            zone: "UTC".into(),
            label: "last month".into(),
        }),
        comparison: None,
        thresholds: Vec::new(),
        shares: false,
        order: vec![Order { by: "lent_on".into(), descending: false }],
        limit: None,
        buckets: crate::Buckets::ISO,
    }
}

#[test]
fn a_set_says_what_it_expects() {
    let set = parse_question_set("set.yaml", SET).unwrap();
    let [first, second] = set.as_slice() else { panic!("{set:?}") };
    assert_eq!((first.line, first.profile.as_str()), (2, "ann"));
    assert_eq!(first.as_of, Some(date(2026, 11, 18).at(12, 0, 0, 0)));
    assert_eq!(first.expect.differences(&found()), Vec::<String>::new());
    assert_eq!(first.turns[0].expect.missing_options(&["by genre".into()]), Vec::<&str>::new());
    assert_eq!(first.turns[0].expect.missing_options(&[]), ["By genre"]);
    let rows = first.expect.rows.as_ref().unwrap();
    assert_eq!(rows[0], [ExpectedCell::Text("2026-10-01".into()), ExpectedCell::Number(12.5)]);
    assert_eq!(rows[1], [ExpectedCell::Null, ExpectedCell::Number(3.0)]);
    assert_eq!(second.expect.outcomes, [Outcome::Unsupported]);
}

#[test]
fn what_people_write_in_several_ways_is_read_alike() {
    let expect = |text: &str| {
        let text = format!(
            "- {{ question: x, as: a, expect: {{ outcome: answered, metrics: [late_fees], {text} }} }}"
        );
        parse_question_set("set.yaml", &text).unwrap().remove(0).expect
    };
    let rest = "period: { from: 2026-10-01, to: 2026-11-01 }";
    for (dimensions, filters, order) in [
        ("loans.lent_on:month", "Harbour, { not: Castle }", "lent_on asc"),
        (
            "{ field: loans.lent_on, grain: month }",
            "{ value: harbour }, { values: [castle], negated: true }",
            "lent_on",
        ),
        (
            "lent_on:month",
            "{ phrase: Harbour, field: branch_name }, { not: [Castle] }",
            "{ by: lent_on, direction: asc }",
        ),
        (
            "{ field: lent_on, grain: month }",
            "{ phrases: [Harbour], field: branches.branch_name }, { not: Castle }",
            "{ by: lent_on, descending: false }",
        ),
    ] {
        let expect =
            expect(&format!("dimensions: [{dimensions}], filters: [{filters}], order: [{order}], {rest}"));
        assert_eq!(expect.differences(&found()), Vec::<String>::new(), "{dimensions} {filters} {order}");
    }
    let rest =
        "dimensions: [loans.lent_on:month], period: [2026-10-01, 2026-11-01], filters: [{ not: castle }, ";
    let other = expect(&format!("{rest} {{ value: harbour, field: town }}]"));
    assert!(other.differences(&found())[0].starts_with("filter fields"));
    assert_eq!(expect("limit: \"5\"").limit, Some(5));
}

#[test]
fn comparisons_bounds_and_shares_are_compared_where_they_are_given() {
    let text = "- { question: x, as: a, expect: { outcome: answered, metrics: [late_fees], dimensions: [loans.lent_on:month], \
                filters: [Harbour, { not: Castle }], period: [2026-10-01, 2026-11-01], comparison: [2026-09-01, 2026-10-01], \
                thresholds: [{ by: late_fees, bound: more_than, value: 100 }], shares: true } }";
    let expect = parse_question_set("set.yaml", text).unwrap().remove(0).expect;
    let parts: Vec<String> = expect.differences(&found());
    let begins = |part: &str| parts.iter().any(|difference| difference.starts_with(part));
    assert!(
        parts.len() == 3 && begins("comparison") && begins("thresholds") && begins("shares"),
        "{parts:?}"
    );
    let mut other = found();
    other.comparison = Some(Period {
        from: date(2026, 9, 1).at(0, 0, 0, 0),
        to: date(2026, 10, 1).at(0, 0, 0, 0),
        zone: "UTC".into(),
        label: "the period before".into(),
    });
    other.shares = true;
    other.thresholds = vec![crate::Threshold {
        by: "late_fees".into(),
        bound: crate::Bound::MoreThan,
        value: "100.0".into(),
    }];
    assert_eq!(expect.differences(&other), Vec::<String>::new());
}

type Change = fn(&mut Interpretation);

#[test]
fn every_part_of_an_interpretation_is_compared() {
    let set = parse_question_set("set.yaml", SET).unwrap();
    let expect = &set[0].expect;
    let changes: [(&str, Change); 7] = [
        ("metrics", |i| i.metrics = vec!["loan_count".into()]),
        ("dimensions", |i| i.dimensions[0].grain = Some(Grain::Day)),
        ("dimensions", |i| i.dimensions.clear()),
        ("filters", |i| i.filters[1].negated = true),
        ("period", |i| i.period = None),
        ("order", |i| i.order[0].descending = true),
        ("limit", |i| i.limit = Some(5)),
    ];
    for (part, change) in changes {
        let mut other = found();
        change(&mut other);
        let differences = expect.differences(&other);
        assert!(matches!(differences.as_slice(), [one] if one.starts_with(part)), "{part}: {differences:?}");
        assert_eq!(expect.verdict(Outcome::Answered, Some(&other)), Verdict::WrongAnswer);
    }
}

#[test]
fn a_wrong_answer_is_told_from_a_needless_question() {
    let set = parse_question_set("set.yaml", SET).unwrap();
    let (answerable, hopeless) = (&set[0].expect, &set[1].expect);
    assert_eq!(answerable.verdict(Outcome::Answered, Some(&found())), Verdict::Right);
    assert_eq!(answerable.verdict(Outcome::NothingInScope, Some(&found())), Verdict::Right);
    assert_eq!(answerable.verdict(Outcome::Clarify, None), Verdict::WrongRefusal);
    assert_eq!(hopeless.verdict(Outcome::Answered, Some(&found())), Verdict::WrongAnswer);
    assert_eq!(hopeless.verdict(Outcome::NothingInScope, None), Verdict::WrongRefusal);
    assert_eq!(hopeless.verdict(Outcome::Unsupported, None), Verdict::RightRefusal);
    assert_eq!(hopeless.verdict(Outcome::Clarify, None), Verdict::WrongRefusal);
}

#[test]
fn a_set_that_says_something_unknown_is_refused_with_its_line() {
    let error = |expect: &str| {
        let text = format!("- question: x\n  as: ann\n  expect: {expect}\n");
        parse_question_set("set.yaml", &text).unwrap_err().to_string()
    };
    for (expect, message) in [
        ("{ outcome: answerd }", "set.yaml:3: `outcome` is `answerd`; did you mean `answered`?"),
        ("{ outcome: [] }", "set.yaml:3: `outcome` is an empty list"),
        ("{ outcome: answered, colour: red }", "set.yaml:3: `expect` has an unknown key `colour`"),
        ("{ outcome: answered, limit: 3 }", "`limit` is given without `metrics`"),
        ("{ outcome: answered, metrics: [a], limit: 0 }", "`limit` is no number of rows"),
        ("{ outcome: answered, metrics: [a], dimensions: [b.c.d] }", "`b.c.d` is no dimension"),
        ("{ outcome: answered, metrics: [a], shares: 3 }", "`shares` is not true or false"),
        ("{ outcome: answered, metrics: [a], order: [a up] }", "the direction is `up`"),
        ("{ outcome: answered, metrics: [a], filters: [{ field: a.b }] }", "a filter has no value"),
        (
            "{ outcome: answered, metrics: [a], thresholds: [{ by: a, bound: near, value: 1 }] }",
            "the bound is `near`",
        ),
        ("{ outcome: answered, shares: true }", "`shares` is given without `metrics`"),
        ("{ outcome: answered, metrics: [a], dimensions: [b.c:hour] }", "the grain of a dimension is `hour`"),
        ("{ outcome: answered, metrics: [a], period: [2026-11-02, 2026-11-01] }", "`period` is not two days"),
        (
            "{ outcome: answered, metrics: [a], order: [{ by: a, descending: up }] }",
            "`descending` is not true or false",
        ),
        ("{ outcome: answered, rows: [[{}]] }", "a cell is a mapping"),
        ("{ metrics: [a] }", "`expect` has no `outcome`"),
    ] {
        assert!(error(expect).contains(message), "{expect}: {}", error(expect));
    }
    let as_of = parse_question_set(
        "set.yaml",
        "- { question: x, as: a, as_of: 18.11.2026, expect: { outcome: clarify } }",
    );
    assert!(as_of.unwrap_err().to_string().contains("`as_of` is `18.11.2026`"));
}
