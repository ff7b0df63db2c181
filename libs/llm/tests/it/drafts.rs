//! Interpretations and statements that a model should not have written, up to the gate behind every model.

use crate::endpoint::{Endpoint, REPLY_BYTES_MAX, text, tool};
use crate::worlds::{library, role};
use serde_json::{Value, json};
use splitplane_llm::{
    BedrockConfig, Form, LanguageModel, ModelError, TaskConfig, ValidateReply, ValidateTask, WriteSqlTask,
};
use splitplane_semantics::{
    Catalogue, DraftInterpretation, Interpretation, InterpretationError, PeriodError,
};
use splitplane_types::Question;
use std::time::{Duration, UNIX_EPOCH};

const FORM: ModelError = ModelError::Malformed("not of the form that was asked for");
const SIZE: ModelError = ModelError::Malformed("larger than an answer may be");

/// What becomes of an answer to a question, up to the gate behind every model.
async fn understood(answer: Value) -> Result<Result<Interpretation, InterpretationError>, ModelError> {
    let (world, role) = (library(), role());
    let catalogue = Catalogue::for_role(&world.model, &world.policy, &role);
    let question = Question::new("late fees of canary").unwrap();
    let endpoint = Endpoint::start([text(&answer)]).await;
    let change = |config: &mut BedrockConfig, _: &mut TaskConfig| config.reply_bytes_max = 4_194_304;
    let model = endpoint.model_with("ASIAIOSFODNN7EXAMPLE", change, Form::Schema);
    let task = ValidateTask { question: &question, catalogue: &catalogue, previous: None };
    let draft: DraftInterpretation = match model.validate(task).await? {
        ValidateReply::Supported(draft) => draft,
        other => panic!("{other:?}"),
    };
    let as_of = UNIX_EPOCH + Duration::from_secs(1_936_519_200);
    let gate = splitplane_semantics::validate(draft, &catalogue, &world.policy.calendar, as_of);
    Ok(gate.map(|valid| valid.get().clone()))
}

fn supported(change: impl FnOnce(&mut Value)) -> Value {
    let mut interpretation = json!({
        "metrics": ["late_fees"],
        "dimensions": [{ "field": "branches.branch_name", "grain": null }],
        "filters": [{ "phrases": ["canary"], "fields": ["loans.genre"], "negated": false, "either": false }],
        "period": {
            "kind": "last", "label": "then", "fiscal": false, "count": 1, "unit": "month", "year": 0, "month": 0,
            "quarter": 0, "from": "", "to": "",
        },
        "comparison": { "kind": "previous", "period": null },
        "thresholds": [{ "by": "late_fees_growth", "bound": "more_than", "value": "10" }],
        "shares": true,
        "order": [{ "by": "late_fees_share", "descending": true }],
        "limit": 5,
    });
    change(&mut interpretation);
    json!({
        "outcome": "supported", "interpretation": interpretation, "question": null, "options": [], "nearest": [],
    })
}

#[tokio::test]
async fn a_whole_interpretation_goes_all_the_way() {
    let understood = understood(supported(|_| {})).await.unwrap().unwrap();
    assert_eq!(understood.comparison.unwrap().first_day().to_string(), "2031-03-01");
    assert_eq!((understood.thresholds.len(), understood.shares), (1, true));
}

#[tokio::test]
async fn an_interpretation_beyond_its_bounds_is_refused_before_the_gate() {
    let filter =
        |count: usize| supported(|draft| draft["filters"] = json!(vec![draft["filters"][0].clone(); count]));
    assert_eq!(understood(filter(65)).await.unwrap_err(), SIZE);
    assert_eq!(understood(filter(10_000)).await.unwrap_err(), SIZE);
    for (change, error) in [
        (json!({ "as_of": "1970-01-01" }), FORM),
        (json!({ "limit": "5" }), FORM),
        (json!({ "thresholds": [{ "by": "late_fees", "bound": "more_than", "value": 10 }] }), FORM),
        (json!({ "filters": [{ "phrases": [{}], "fields": [], "negated": false, "either": false }] }), FORM),
    ] {
        let answer = supported(|draft| {
            draft.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        });
        assert_eq!(understood(answer).await.unwrap_err(), error, "{change}");
    }
}

#[tokio::test]
async fn names_of_another_model_and_times_out_of_this_world_end_at_the_gate() {
    let refused =
        |change: fn(&mut Value)| async move { understood(supported(change)).await.unwrap().unwrap_err() };
    // Of another tenant's model, hidden from this role, and scoping rows: all alike.
    for name in ["ride_revenue", "secret_score"] {
        let change: fn(&mut Value) = match name {
            "ride_revenue" => |draft| draft["metrics"][0] = json!("ride_revenue"),
            _ => |draft| draft["metrics"][0] = json!("secret_score"),
        };
        assert!(matches!(refused(change).await, InterpretationError::UnknownMetric(found) if found == name));
    }
    let foreign = refused(|draft| draft["filters"][0]["fields"] = json!(["loans.tenant_id"])).await;
    assert!(matches!(foreign, InterpretationError::UnknownDimension(_)), "{foreign:?}");
    let figure = refused(|draft| draft["order"][0]["by"] = json!("ride_revenue_growth")).await;
    assert!(matches!(figure, InterpretationError::UnknownOrder(_)), "{figure:?}");
    let period = |kind: &str, parts: Value| {
        let parts = parts.as_object().unwrap().clone();
        let mut answer = supported(|draft| {
            let period = draft["period"].as_object_mut().unwrap();
            period.extend([
                ("count".into(), json!(0)),
                ("unit".into(), json!("none")),
                ("kind".into(), json!(kind)),
            ]);
            period.extend(parts);
        });
        answer["interpretation"]["comparison"] = json!(null);
        answer["interpretation"]["thresholds"] = json!([]);
        understood(answer)
    };
    for (kind, parts) in [
        ("year", json!({ "year": 32_767 })),
        ("year", json!({ "year": -9_999 })),
        ("last", json!({ "count": 65_535, "unit": "year" })),
        ("past_days", json!({ "count": 65_535 })),
        ("since", json!({ "from": "-009999-01-01" })),
        ("between", json!({ "from": "9999-12-31", "to": "9999-12-31" })),
        ("quarter", json!({ "year": 32_767, "quarter": 4, "fiscal": true })),
    ] {
        // Days that there are, or none: never anything else.
        match period(kind, parts.clone()).await.unwrap() {
            Ok(understood) => assert!(understood.period.unwrap().from.year() > -10_000, "{kind} {parts}"),
            Err(error) => assert!(
                matches!(error, InterpretationError::Period(PeriodError::OutOfRange | PeriodError::Future)),
                "{kind} {parts}: {error:?}"
            ),
        }
    }
}

#[tokio::test]
async fn a_statement_of_a_megabyte_is_too_large_wherever_the_bound_of_replies_lies() {
    let world = library();
    for reply_bytes_max in [REPLY_BYTES_MAX, 4_194_304] {
        for form in [Form::Schema, Form::Tool] {
            let answer = json!({ "sql": format!("SELECT '{}'", "canary".repeat(180_000)) });
            let reply = if form == Form::Tool { tool("write_sql", &answer) } else { text(&answer) };
            let endpoint = Endpoint::start([reply]).await;
            let change =
                |config: &mut BedrockConfig, _: &mut TaskConfig| config.reply_bytes_max = reply_bytes_max;
            let model = endpoint.model_with("ASIAIOSFODNN7EXAMPLE", change, form);
            let interpretation = crate::bedrock::interpretation_of(&world);
            let task = WriteSqlTask {
                interpretation: &interpretation,
                model: &world.model,
                relations: &[],
                filters: &[],
                refusals: &[],
            };
            assert_eq!(model.write_sql(task).await, Err(SIZE), "{reply_bytes_max} {form:?}");
        }
    }
}
