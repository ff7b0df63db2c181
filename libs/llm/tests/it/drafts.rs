//! Interpretations and statements that a model should not have written, up to the gate behind every model.

use crate::endpoint::{Endpoint, REPLY_BYTES_MAX, Reply, Sent, converse, text, tool};
use crate::worlds::{library, role};
use serde_json::{Value, json};
use splitplane_llm::{
    AskError, Asked, BedrockConfig, BedrockModel, BudgetConfig, Form, LanguageModel, ModelError, RouteTask,
    TaskConfig, ValidateReply, ValidateTask, WriteSqlTask,
};
use splitplane_semantics::{
    Catalogue, DraftInterpretation, Interpretation, InterpretationError, PeriodError,
};
use splitplane_types::Question;
use std::sync::Arc;
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
    let task = ValidateTask { question: &question, catalogue: &catalogue, previous: None, asked_back: None };
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

#[tokio::test]
async fn an_answer_that_no_answer_could_need_is_not_even_parsed() {
    let long = "canary".repeat(30_000);
    for (form, reply) in [
        (Form::Schema, converse("end_turn", &json!([{ "text": long }]))),
        (Form::Tool, tool("route", &json!({ "relations": [], "more": long }))),
    ] {
        let endpoint = Endpoint::start([reply]).await;
        let change = |config: &mut BedrockConfig, _: &mut TaskConfig| config.reply_bytes_max = 4_194_304;
        let model = endpoint.model_with("ASIAIOSFODNN7EXAMPLE", change, form);
        assert_eq!(crate::bedrock::route(&model).await, Err(SIZE), "{form:?}");
    }
}

async fn asked(model: &BedrockModel, question: &str, previous: Option<&Interpretation>) -> ValidateReply {
    let (world, role) = (library(), role());
    let catalogue = Catalogue::for_role(&world.model, &world.policy, &role);
    let question = Question::new(question).unwrap();
    model
        .validate(ValidateTask { question: &question, catalogue: &catalogue, previous, asked_back: None })
        .await
        .unwrap()
}

#[tokio::test]
async fn what_stays_the_same_stands_before_the_cache_point_and_a_conversation_after_it() {
    let (first, second) = (supported(|_| {}), supported(|draft| draft["limit"] = json!(3)));
    let before = understood(first.clone()).await.unwrap().unwrap();
    let endpoint = Endpoint::start([text(&first), text(&second)]).await;
    let model = endpoint.model(Form::Schema);
    asked(&model, "late fees of canary", None).await;
    let ValidateReply::Supported(draft) = asked(&model, "only the top three", Some(&before)).await else {
        panic!()
    };
    assert_eq!(draft.limit, Some(3));
    let [one, other] = endpoint.sent().try_into().unwrap();
    // A cache holds what is the same, byte for byte, up to the point.
    assert_eq!(one.body["system"].to_string(), other.body["system"].to_string());
    let system = one.body["system"].as_array().unwrap();
    assert_eq!(system.last().unwrap(), &json!({ "cachePoint": { "type": "default" } }));
    assert_eq!(one.body.to_string().matches("cachePoint").count(), 1);
    let said = |sent: &Sent| -> Value {
        let text = sent.body["messages"][0]["content"][0]["text"].as_str().unwrap();
        let inside = text.strip_prefix("<input>\n").unwrap().strip_suffix("\n</input>").unwrap();
        serde_json::from_str(inside).unwrap()
    };
    assert_eq!(
        said(&one),
        json!({ "question": "late fees of canary", "asked_back": null, "previous": null })
    );
    assert_eq!(said(&other)["question"], "only the top three");
    assert_eq!(said(&other)["previous"]["filters"][0]["phrases"], json!(["canary"]));
    assert_eq!(said(&other)["previous"]["period"]["from"], "2031-04-01");
}

#[tokio::test]
async fn a_tenant_without_tokens_sends_nothing_and_one_without_an_answer_has_used_some() {
    let html = Reply::Said(200, None, "<html>canary</html>".into());
    let script = [text(&crate::bedrock::routed()), html, text(&crate::bedrock::routed())];
    let endpoint = Endpoint::start(script).await;
    let budget = BudgetConfig { tokens_per_tenant_and_day: 2_000, tokens_held_per_task: 800 };
    let asked = Asked::new(Arc::new(endpoint.model(Form::Schema)), budget, Box::new(|_| {}));
    let (one, other) = ("one".parse().unwrap(), "other".parse().unwrap());
    let (world, now) = (library(), UNIX_EPOCH);
    let interpretation = crate::bedrock::interpretation_of(&world);
    let task = RouteTask { interpretation: &interpretation, model: &world.model };
    assert!(asked.ask(&one, now, |model| model.route(task)).await.is_ok());
    let unread = asked.ask(&one, now, |model| model.route(task)).await;
    assert_eq!(unread, Err(AskError::Model(ModelError::Malformed("not JSON"))));
    // 1,123 and 800 are used of 2,000: too few are left for one more.
    let over = asked.ask(&one, now, |model| model.route(task)).await;
    assert!(matches!(over, Err(AskError::Budget(_))), "{over:?}");
    assert_eq!(endpoint.sent().len(), 2);
    assert!(asked.ask(&other, now, |model| model.route(task)).await.is_ok());
}
