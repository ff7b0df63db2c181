use super::*;
use serde_json::json;

fn supported(change: impl FnOnce(&mut Value)) -> Value {
    let mut answer = json!({
        "outcome": "supported",
        "interpretation": {
            "metrics": ["m"],
            "dimensions": [{ "field": "d.f", "grain": "month" }],
            "filters": [{ "phrase": "Oslo", "fields": ["d.town"], "negated": true }],
            "period": null,
            "order": [{ "by": "m", "descending": true }],
            "limit": 5,
        },
        "question": null,
        "options": [],
        "nearest": [],
    });
    change(&mut answer);
    answer
}

fn period(period: Value) -> Result<Option<PeriodPhrase>, ModelError> {
    let reply = validate(supported(|answer| answer["interpretation"]["period"] = period))?;
    let ValidateReply::Supported(draft) = reply else { panic!("{reply:?}") };
    Ok(draft.period)
}

#[test]
fn an_interpretation_is_read_as_it_stands() {
    let ValidateReply::Supported(draft) = validate(supported(|_| {})).unwrap() else { panic!() };
    let field = |field: &str| FieldRef { dataset: "d".into(), field: field.into() };
    assert_eq!(draft.metrics, ["m"]);
    assert_eq!(draft.dimensions, [Dimension { field: field("f"), grain: Some(Grain::Month) }]);
    let filter =
        Filter { phrases: vec!["Oslo".into()], fields: vec![field("town")], negated: true, either: false };
    assert_eq!(draft.filters, [filter]);
    assert_eq!(draft.order, [Order { by: "m".into(), descending: true }]);
    assert_eq!((draft.period, draft.limit), (None, Some(5)));
}

#[test]
fn what_is_unknown_missing_mistyped_or_of_two_outcomes_passes_in_no_place() {
    let changes: [fn(&mut Value); 15] = [
        |answer| answer["tenant"] = json!("x"),
        |answer| answer["interpretation"]["sql"] = json!("SELECT 1"),
        |answer| answer["interpretation"]["filters"][0]["or"] = json!([]),
        |answer| answer["interpretation"]["dimensions"][0]["field"] = json!("f"),
        |answer| answer["interpretation"]["dimensions"][0]["grain"] = json!("decade"),
        |answer| answer["interpretation"]["limit"] = json!(-1),
        |answer| answer["interpretation"]["limit"] = json!("5"),
        |answer| answer["interpretation"]["limit"] = json!(4_294_967_296_u64),
        |answer| answer["interpretation"] = json!(null),
        |answer| answer["outcome"] = json!("unsupported"),
        |answer| answer["outcome"] = json!("answered"),
        |answer| answer["options"] = json!(["a"]),
        |answer| answer["question"] = json!("Which?"),
        |answer| *answer = json!([]),
        |answer| {
            answer.as_object_mut().unwrap().remove("nearest");
        },
    ];
    for (index, change) in changes.into_iter().enumerate() {
        assert_eq!(validate(supported(change)), Err(FORM), "{index}");
    }
}

#[test]
fn periods_have_the_keys_of_their_kind_and_no_other() {
    let good = [
        (json!({ "kind": "today", "label": "today" }), PeriodExpr::Today),
        (
            json!({ "kind": "last", "label": "last 2 weeks", "count": 2, "unit": "week" }),
            PeriodExpr::Last { count: 2, unit: Grain::Week },
        ),
        (
            json!({ "kind": "quarter", "label": "Q3", "quarter": 3 }),
            PeriodExpr::Quarter { year: None, quarter: 3 },
        ),
        (
            json!({ "kind": "between", "label": "x", "from": "2021-07-01", "to": "2021-07-31" }),
            PeriodExpr::Between { from: jiff::civil::date(2021, 7, 1), to: jiff::civil::date(2021, 7, 31) },
        ),
    ];
    for (answer, expr) in good {
        assert_eq!(period(answer).unwrap().unwrap().expr, expr);
    }
    for bad in [
        json!({ "kind": "today", "label": "today", "year": 2021 }),
        json!({ "kind": "last", "label": "x", "count": 0, "unit": "week" }),
        json!({ "kind": "last", "label": "x", "unit": "week" }),
        json!({ "kind": "month", "label": "x", "month": 13 }),
        json!({ "kind": "quarter", "label": "x", "quarter": 0 }),
        json!({ "kind": "day", "label": "x", "from": "2021-02-30" }),
        json!({ "kind": "day", "label": "x", "from": "20210228" }),
        json!({ "kind": "between", "label": "x", "from": "2021-07-01" }),
        json!({ "kind": "ever", "label": "x" }),
        json!({ "kind": "today" }),
    ] {
        assert_eq!(period(bad.clone()), Err(FORM), "{bad}");
    }
}

#[test]
fn a_question_back_has_two_to_five_ways_on() {
    let ambiguous = |options: usize| {
        let options = vec!["Which figures?"; options];
        validate(json!({
            "outcome": "ambiguous", "interpretation": null, "question": "Which?", "options": options, "nearest": [],
        }))
    };
    assert!(matches!(ambiguous(2), Ok(ValidateReply::Ambiguous { .. })));
    assert!(matches!(ambiguous(5), Ok(ValidateReply::Ambiguous { .. })));
    assert_eq!(ambiguous(1), Err(FORM));
    assert_eq!(ambiguous(6), Err(SIZE));
}

#[test]
fn texts_are_bounded_and_plain_and_lists_are_bounded() {
    let sql = |text: &str| write_sql(json!({ "sql": text }));
    assert_eq!(sql("SELECT 1").unwrap(), "SELECT 1");
    assert_eq!(sql(" \n"), Err(ModelError::Empty));
    assert_eq!(sql(&"x".repeat(SQL_BYTES_MAX + 1)), Err(SIZE));
    assert_eq!(sql("SELECT 1\u{0}"), Err(FORM));
    assert_eq!(write_sql(json!({ "sql": "SELECT 1", "also": "" })), Err(FORM));
    assert_eq!(explain(json!({ "narrative": "\u{1b}[2J" })), Err(FORM));
    assert_eq!(explain(json!({ "narrative": "x".repeat(NARRATIVE_BYTES_MAX + 1) })), Err(SIZE));
    assert_eq!(route(json!({ "relations": vec!["a"; NAMES_MAX + 1] })), Err(SIZE));
    assert_eq!(route(json!({ "relations": ["x".repeat(TEXT_BYTES_MAX + 1)] })), Err(SIZE));
    assert_eq!(route(json!({ "relations": ["a", 1] })), Err(FORM));
}
