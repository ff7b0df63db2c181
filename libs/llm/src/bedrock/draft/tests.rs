use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use splitplane_semantics::{
    Bound, ComparisonExpr, Dimension, DraftInterpretation, FieldRef, Filter, FiscalUnit, Grain, Order,
    PeriodExpr, Threshold,
};

/// A period of this kind that says nothing else.
fn neutral(kind: &str) -> Value {
    json!({
        "kind": kind, "label": "then", "fiscal": false, "count": 0, "unit": "none", "year": 0, "month": 0,
        "quarter": 0, "from": "", "to": "",
    })
}

fn said(kind: &str, parts: &Value) -> Value {
    let mut period = neutral(kind);
    period.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
    period
}

fn answer(change: impl FnOnce(&mut Value)) -> String {
    let mut answer = json!({
        "outcome": "supported",
        "interpretation": {
            "metrics": ["m"],
            "dimensions": [{ "field": "d.f", "grain": "month" }],
            "filters": [{ "phrases": ["Oslo", "Bergen"], "fields": ["d.town"], "negated": true, "either": true }],
            "period": neutral("today"),
            "comparison": { "kind": "last_year", "period": null },
            "thresholds": [{ "by": "m_growth", "bound": "at_least", "value": "-12.50" }],
            "shares": true,
            "order": [{ "by": "m_share", "descending": true }],
            "limit": 5,
        },
        "question": null,
        "options": [],
        "nearest": [],
    });
    change(&mut answer);
    answer.to_string()
}

/// An answer whose interpretation is changed.
fn part(change: impl FnOnce(&mut Value)) -> Result<DraftInterpretation, ModelError> {
    match validate(&answer(|answer| change(&mut answer["interpretation"])))? {
        ValidateReply::Supported(draft) => Ok(draft),
        other @ (ValidateReply::Ambiguous { .. } | ValidateReply::Unsupported { .. }) => panic!("{other:?}"),
    }
}

fn period(period: Value) -> Result<PeriodExpr, ModelError> {
    part(|draft| draft["period"] = period).map(|draft| draft.period.unwrap().expr)
}

fn comparison(comparison: Value) -> Result<Option<ComparisonExpr>, ModelError> {
    part(|draft| draft["comparison"] = comparison).map(|draft| draft.comparison)
}

#[test]
fn an_interpretation_is_read_as_it_stands() {
    let draft = part(|_| {}).unwrap();
    let field = |field: &str| FieldRef { dataset: "d".into(), field: field.into() };
    assert_eq!(draft.metrics, ["m"]);
    assert_eq!(draft.dimensions, [Dimension { field: field("f"), grain: Some(Grain::Month) }]);
    let phrases = vec!["Oslo".into(), "Bergen".into()];
    assert_eq!(draft.filters, [Filter { phrases, fields: vec![field("town")], negated: true, either: true }]);
    assert_eq!(draft.comparison, Some(ComparisonExpr::LastYear));
    let (by, value) = ("m_growth".into(), "-12.50".into());
    assert_eq!(draft.thresholds, [Threshold { by, bound: Bound::AtLeast, value }]);
    assert_eq!(draft.order, [Order { by: "m_share".into(), descending: true }]);
    assert_eq!((draft.shares, draft.limit), (true, Some(5)));
}

#[test]
fn what_is_unknown_mistyped_or_of_two_outcomes_passes_in_no_place() {
    let changes: [fn(&mut Value); 18] = [
        |answer| answer["tenant"] = json!("x"),
        |answer| answer["as_of"] = json!("1999-01-01"),
        |answer| answer["interpretation"]["sql"] = json!("SELECT 1"),
        |answer| answer["interpretation"]["filters"][0]["or"] = json!([]),
        |answer| answer["interpretation"]["filters"][0]["phrases"] = json!([]),
        |answer| answer["interpretation"]["filters"][0]["fields"] = json!([]),
        |answer| answer["interpretation"]["dimensions"][0]["field"] = json!("f"),
        |answer| answer["interpretation"]["dimensions"][0]["grain"] = json!("decade"),
        |answer| answer["interpretation"]["shares"] = json!("true"),
        |answer| answer["interpretation"]["limit"] = json!(-1),
        |answer| answer["interpretation"]["limit"] = json!("5"),
        |answer| answer["interpretation"]["limit"] = json!(4_294_967_296_u64),
        |answer| answer["interpretation"] = json!(null),
        |answer| answer["outcome"] = json!("unsupported"),
        |answer| answer["outcome"] = json!("answered"),
        |answer| answer["options"] = json!(["a"]),
        |answer| answer["question"] = json!("Which?"),
        |answer| *answer = json!([]),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        assert_eq!(validate(&answer(change)), Err(FORM), "{index}");
    }
}

/// The answer once for each key at any depth, without that key.
fn without_each_key(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let mut less = fields.clone();
                less.remove(key);
                found.push(Value::Object(less));
                found.extend(without_each_key(field).into_iter().map(|inner| {
                    let mut changed = fields.clone();
                    changed.insert(key.clone(), inner);
                    Value::Object(changed)
                }));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                found.extend(without_each_key(item).into_iter().map(|inner| {
                    let mut changed = items.clone();
                    changed[index] = inner;
                    Value::Array(changed)
                }));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found
}

#[test]
fn an_answer_without_one_of_its_keys_is_none_whichever_it_is() {
    let compared = json!({ "kind": "period", "period": neutral("yesterday") });
    let whole = answer(|answer| answer["interpretation"]["comparison"] = compared);
    assert!(validate(&whole).is_ok());
    let less = without_each_key(&serde_json::from_str(&whole).unwrap());
    assert!(less.len() > 40, "{}", less.len());
    for answer in less {
        assert_eq!(validate(&answer.to_string()), Err(FORM), "{answer}");
    }
}

#[test]
fn a_key_said_twice_makes_no_answer() {
    for twice in [
        answer(|_| {}).replacen(r#""limit":5"#, r#""limit":5,"limit":6"#, 1),
        answer(|_| {}).replacen(r#""shares":true"#, r#""shares":true,"shares":true"#, 1),
        answer(|_| {}).replacen(r#""outcome""#, r#""outcome":"supported","outcome""#, 1),
    ] {
        assert_eq!(validate(&twice), Err(FORM), "{twice}");
    }
    assert_eq!(write_sql(r#"{"sql":"SELECT 1","sql":"SELECT 2"}"#), Err(FORM));
}

#[test]
fn what_is_no_json_or_too_deep_is_told_apart() {
    for text in ["", "{", "Sure! {}", r#"{"sql":"a"} {}"#, r#"{"sql":"\ud800"}"#, "{\"sql\":\"a\u{0}\"}"] {
        assert_eq!(write_sql(text), Err(NOT_JSON), "{text}");
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(write_sql(&format!("{{\"sql\":{deep}}}")), Err(FORM));
    assert!(validate(&deep).is_err());
}

#[test]
fn periods_have_the_keys_of_their_kind_and_no_other() {
    let (from, to) = (jiff::civil::date(2021, 7, 1), jiff::civil::date(2021, 7, 31));
    let good = [
        (neutral("today"), PeriodExpr::Today),
        (neutral("yesterday"), PeriodExpr::Yesterday),
        (
            said("last", &json!({ "count": 2, "unit": "week" })),
            PeriodExpr::Last { count: 2, unit: Grain::Week },
        ),
        (said("this", &json!({ "unit": "day" })), PeriodExpr::This(Grain::Day)),
        (said("to_date", &json!({ "unit": "quarter" })), PeriodExpr::ToDate(Grain::Quarter)),
        (said("past_days", &json!({ "count": 30 })), PeriodExpr::PastDays(30)),
        (said("day", &json!({ "from": "2021-07-01" })), PeriodExpr::Day(from)),
        (said("month", &json!({ "month": 7 })), PeriodExpr::Month { year: None, month: 7 }),
        (said("quarter", &json!({ "quarter": 3 })), PeriodExpr::Quarter { year: None, quarter: 3 }),
        (said("year", &json!({ "year": 2021 })), PeriodExpr::Year(2021)),
        (
            said("between", &json!({ "from": "2021-07-01", "to": "2021-07-31" })),
            PeriodExpr::Between { from, to },
        ),
        (said("since", &json!({ "from": "2021-07-01" })), PeriodExpr::Since(from)),
        (said("same_last_year", &json!({ "unit": "month" })), PeriodExpr::SameLastYear(Grain::Month)),
        (
            said("last", &json!({ "fiscal": true, "count": 1, "unit": "quarter" })),
            PeriodExpr::FiscalLast { count: 1, unit: FiscalUnit::Quarter },
        ),
        (said("this", &json!({ "fiscal": true, "unit": "year" })), PeriodExpr::FiscalThis(FiscalUnit::Year)),
        (
            said("to_date", &json!({ "fiscal": true, "unit": "month" })),
            PeriodExpr::FiscalToDate(FiscalUnit::Month),
        ),
        (
            said("quarter", &json!({ "fiscal": true, "quarter": 4, "year": 2021 })),
            PeriodExpr::FiscalQuarter { year: Some(2021), quarter: 4 },
        ),
        (said("year", &json!({ "fiscal": true, "year": 2021 })), PeriodExpr::FiscalYear(2021)),
    ];
    for (answer, expr) in &good {
        assert_eq!(period(answer.clone()).as_ref(), Ok(expr), "{answer}");
    }
    // Each with a key more: it says something that its kind does not.
    let more = [
        json!({ "count": 7 }),
        json!({ "unit": "year" }),
        json!({ "year": 1999 }),
        json!({ "month": 1 }),
        json!({ "quarter": 1 }),
        json!({ "from": "2020-01-01" }),
        json!({ "to": "2020-01-01" }),
    ];
    for (answer, expr) in &good {
        for key in &more {
            let (name, value) = key.as_object().unwrap().iter().next().unwrap();
            let is_neutral = answer[name] == json!(0) || answer[name] == json!("") || answer[name] == "none";
            let takes_year = name == "year" && matches!(answer["kind"].as_str(), Some("month" | "quarter"));
            if is_neutral && !takes_year {
                let mut answer = answer.clone();
                answer[name] = value.clone();
                assert_eq!(period(answer.clone()), Err(FORM), "{expr:?} {answer}");
            }
        }
    }
}

#[test]
fn periods_that_no_calendar_has_are_none() {
    for bad in [
        neutral("last"),
        said("last", &json!({ "unit": "week" })),
        said("month", &json!({ "month": 13 })),
        said("month", &json!({ "month": -1 })),
        said("quarter", &json!({ "quarter": 5 })),
        said("year", &json!({ "year": "2021" })),
        said("year", &json!({ "year": 40_000 })),
        said("past_days", &json!({ "count": -1 })),
        said("past_days", &json!({ "count": 1.5 })),
        said("day", &json!({ "from": "2021-02-30" })),
        said("day", &json!({ "from": "20210228" })),
        said("day", &json!({ "from": "99999-01-01" })),
        said("between", &json!({ "from": "2021-07-01" })),
        said("today", &json!({ "fiscal": true })),
        said("this", &json!({ "fiscal": true, "unit": "week" })),
        said("between", &json!({ "fiscal": true, "from": "2021-07-01", "to": "2021-07-31" })),
        neutral("ever"),
        json!({ "kind": "today" }),
        json!("today"),
    ] {
        assert_eq!(period(bad.clone()), Err(FORM), "{bad}");
    }
}

#[test]
fn a_comparison_has_a_period_of_its_own_where_it_says_so_and_only_there() {
    let of = |kind: &str, period: Value| comparison(json!({ "kind": kind, "period": period }));
    assert_eq!(of("previous", json!(null)), Ok(Some(ComparisonExpr::Previous)));
    assert_eq!(comparison(json!(null)), Ok(None));
    let Ok(Some(ComparisonExpr::With(phrase))) = of("period", neutral("yesterday")) else { panic!() };
    assert_eq!((phrase.expr, phrase.label.as_str()), (PeriodExpr::Yesterday, "then"));
    for (kind, period) in [
        ("previous", neutral("today")),
        ("last_year", neutral("today")),
        ("period", json!(null)),
        ("period", said("today", &json!({ "year": 1 }))),
        ("before", json!(null)),
    ] {
        assert_eq!(of(kind, period), Err(FORM), "{kind}");
    }
}

#[test]
fn a_bound_is_a_decimal_number_in_its_one_spelling() {
    let bound = |value: Value| part(|draft| draft["thresholds"][0]["value"] = value).map(|_| ());
    for good in ["0", "100", "-1.5", "1250.50"] {
        assert_eq!(bound(json!(good)), Ok(()), "{good}");
    }
    for bad in ["", "1e3", "1,000", "+1", "$5", "007", "1 OR 1=1", "NaN", " 1", "٣"] {
        assert_eq!(bound(json!(bad)), Err(FORM), "{bad}");
    }
    assert_eq!(bound(json!(100)), Err(FORM));
    assert_eq!(bound(json!("9".repeat(60))), Err(FORM));
    assert_eq!(bound(json!("9".repeat(TEXT_BYTES_MAX + 1))), Err(SIZE));
    assert_eq!(part(|draft| draft["thresholds"][0]["bound"] = json!("near")), Err(FORM));
}

#[test]
fn a_question_back_has_two_to_five_ways_on() {
    let ambiguous = |options: usize| {
        let options = vec!["Which figures?"; options];
        let answer = json!({
            "outcome": "ambiguous", "interpretation": null, "question": "Which?", "options": options, "nearest": [],
        });
        validate(&answer.to_string())
    };
    assert!(matches!(ambiguous(2), Ok(ValidateReply::Ambiguous { .. })));
    assert!(matches!(ambiguous(5), Ok(ValidateReply::Ambiguous { .. })));
    assert_eq!(ambiguous(1), Err(FORM));
    assert_eq!(ambiguous(6), Err(SIZE));
}

#[test]
fn texts_are_bounded_and_plain() {
    let sql = |text: &str| write_sql(&json!({ "sql": text }).to_string());
    let narrative = |text: &str| explain(&json!({ "narrative": text }).to_string());
    let routed = |names: Value| route(&json!({ "relations": names }).to_string());
    assert_eq!(sql("SELECT 1").unwrap(), "SELECT 1");
    assert_eq!(sql(" \n"), Err(ModelError::Empty));
    assert_eq!(sql(&"x".repeat(SQL_BYTES_MAX + 1)), Err(SIZE));
    assert_eq!(sql("SELECT 1\u{0}"), Err(FORM));
    assert_eq!(write_sql(r#"{"sql":"SELECT 1","also":""}"#), Err(FORM));
    assert_eq!(narrative("\u{1b}[2J"), Err(FORM));
    assert_eq!(narrative(&"x".repeat(NARRATIVE_BYTES_MAX + 1)), Err(SIZE));
    assert_eq!(routed(json!(vec!["a"; NAMES_MAX + 1])), Err(SIZE));
    assert_eq!(routed(json!(["x".repeat(TEXT_BYTES_MAX + 1)])), Err(SIZE));
    assert_eq!(routed(json!(["a", 1])), Err(FORM));
    assert_eq!(routed(json!(["a\nb"])), Err(FORM));
    assert_eq!(routed(json!([""])), Err(FORM));
}

#[test]
fn every_list_and_every_text_of_an_interpretation_is_bounded() {
    let long = || json!("x".repeat(TEXT_BYTES_MAX + 1));
    let many = |item: &Value| json!(vec![item; NAMES_MAX + 1]);
    for list in ["metrics", "dimensions", "filters", "thresholds", "order"] {
        assert_eq!(part(|draft| draft[list] = many(&draft[list][0])), Err(SIZE), "{list}");
        let ten_thousand = |draft: &mut Value| draft[list] = json!(vec![&draft[list][0]; 10_000]);
        assert_eq!(part(ten_thousand), Err(SIZE), "{list}");
    }
    for list in ["phrases", "fields"] {
        let filled = |draft: &mut Value| draft["filters"][0][list] = many(&draft["filters"][0][list][0]);
        assert_eq!(part(filled), Err(SIZE), "{list}");
        assert_eq!(part(|draft| draft["filters"][0][list][0] = long()), Err(SIZE), "{list}");
    }
    assert_eq!(part(|draft| draft["metrics"][0] = long()), Err(SIZE));
    assert_eq!(part(|draft| draft["dimensions"][0]["field"] = long()), Err(SIZE));
    assert_eq!(part(|draft| draft["thresholds"][0]["by"] = long()), Err(SIZE));
    assert_eq!(part(|draft| draft["order"][0]["by"] = long()), Err(SIZE));
    assert_eq!(part(|draft| draft["period"]["label"] = long()), Err(SIZE));
    for plain in ["metrics", "dimensions"] {
        let name = |draft: &mut Value| match plain {
            "metrics" => draft["metrics"][0] = json!("m\u{0}"),
            _ => draft["dimensions"][0]["field"] = json!("d.f\u{1b}"),
        };
        assert_eq!(part(name), Err(FORM), "{plain}");
    }
    assert_eq!(part(|draft| draft["filters"][0]["phrases"][0] = json!("a\u{0}")), Err(FORM));
    assert_eq!(part(|draft| draft["filters"][0]["phrases"][0] = json!(" ")), Err(ModelError::Empty));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    // Whatever it says, it is an answer within its bounds or a kind of failure, never a panic.
    #[test]
    fn any_text_in_any_place_is_read_or_refused(
        text in "\\PC{0,12}|[ -~]{0,12}|[a-z]{0,3}[\u{0}-\u{1f}\u{7f}][a-z]{0,3}|-?[0-9]{1,25}(\\.[0-9]{1,12})?",
        at in 0_usize..9,
    ) {
        let places = ["/metrics/0", "/dimensions/0/field", "/filters/0/phrases/0", "/filters/0/fields/0",
            "/thresholds/0/by", "/thresholds/0/value", "/order/0/by", "/period/label", "/period/from"];
        let read = part(|draft| *draft.pointer_mut(places[at]).unwrap() = json!(text));
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            prop_assert!(read.is_err(), "{read:?}");
        }
    }
}
