//! Models and endpoints that misbehave: every answer has a kind, an end, and no word of theirs in it.

use crate::bedrock::{outcome, route, routed};
use crate::endpoint::{ATTEMPTS_MAX, Endpoint, REPLY_BYTES_MAX, Reply, converse, failure, raw, text, tool};
use crate::worlds::{library, role};
use serde_json::{Value, json};
use splitplane_llm::{
    BedrockConfig, Form, LanguageModel, ModelError, TaskConfig, ValidateReply, ValidateTask, WriteSqlTask,
    accounted,
};
use splitplane_semantics::{
    Catalogue, DraftInterpretation, Interpretation, InterpretationError, PeriodError,
};
use splitplane_types::Question;
use std::time::{Duration, Instant, UNIX_EPOCH};

const FORM: ModelError = ModelError::Malformed("not of the form that was asked for");
const SIZE: ModelError = ModelError::Malformed("larger than an answer may be");
const NOT_JSON: ModelError = ModelError::Malformed("not JSON");
/// In every answer here, and in no error.
const CANARY: &str = "canary";

/// The body of an answer.
fn body(reply: Reply) -> String {
    let Reply::Said(_, _, body) = reply else { panic!() };
    body
}

async fn refused(form: Form, reply: Reply, error: ModelError) {
    let shown = format!("{reply:?}").chars().take(160).collect::<String>();
    let (answer, sent) = outcome(form, vec![reply]).await;
    assert_eq!((&answer, sent), (&Err(error.clone()), 1), "{shown}");
    let told = format!("{error} {error:?}");
    assert!(!told.contains(CANARY) && !told.contains("relations"), "{told}");
}

fn deep(depth: usize) -> String {
    format!("{}\"canary\"{}", "[".repeat(depth), "]".repeat(depth))
}

#[tokio::test]
async fn bodies_that_are_no_reply_have_a_kind() {
    let whole = body(text(&routed()));
    let in_text = |inner: &str| whole.replace("loans", inner);
    let deep_text = body(text(&json!({ "relations": ["canary"] })))
        .replace("[\\\"canary\\\"]", &deep(10_000).replace('"', "\\\""));
    for (bytes, error) in [
        (b"<html><body>canary</body></html>".to_vec(), NOT_JSON),
        (b"\x00\x01\x02canary".to_vec(), NOT_JSON),
        ([whole.as_bytes(), b"canary"].concat(), NOT_JSON),
        (in_text("canary\u{0}").into_bytes(), NOT_JSON),
        (in_text("canary\u{7f}\\\\u0000").into_bytes(), FORM),
        (in_text("canary\\\\u001b[2J").into_bytes(), FORM),
        (b"{\"output\":\"\xff\xfecanary\"}".to_vec(), NOT_JSON),
        (whole.replacen("loans", "\u{fffd}", 1).replace('\u{fffd}', "\\ud800").into_bytes(), NOT_JSON),
        (format!("{{\"canary\":{}}}", deep(10_000)).into_bytes(), NOT_JSON),
        (deep_text.into_bytes(), FORM),
        (json!({ "output": "canary" }).to_string().into_bytes(), NOT_JSON),
        (json!(["canary"]).to_string().into_bytes(), NOT_JSON),
        (
            json!({ "output": { "message": { "role": "user", "content": [] } } }).to_string().into_bytes(),
            FORM,
        ),
        (whole.replace("\"inputTokens\":100", "\"inputTokens\":\"100\"").into_bytes(), NOT_JSON),
        (whole.replace("\"assistant\"", "\"user\"").into_bytes(), FORM),
    ] {
        refused(Form::Schema, raw(200, "", &bytes), error).await;
    }
}

#[tokio::test]
async fn a_reply_that_says_two_things_is_none() {
    let whole = body(text(&routed()));
    let twice = |key: &str, also: &str| whole.replacen(key, &format!("{also},{key}"), 1).into_bytes();
    for bytes in [
        twice("\"stopReason\"", "\"stopReason\":\"guardrail_intervened\""),
        twice("\"output\"", "\"output\":{}"),
        twice("\"role\"", "\"role\":\"assistant\""),
        whole.replace("\\\"relations\\\"", "\\\"relations\\\":[],\\\"relations\\\"").into_bytes(),
    ] {
        refused(Form::Schema, raw(200, "", &bytes), FORM).await;
    }
    let called = body(tool("route", &routed()));
    let twice = called.replace("\"relations\"", "\"relations\":[\"canary\"],\"relations\"").into_bytes();
    refused(Form::Tool, raw(200, "", &twice), FORM).await;
}

#[tokio::test]
async fn answers_in_several_parts_or_of_the_wrong_tool_are_none() {
    let call =
        |name: &str, input: &Value| json!({ "toolUse": { "toolUseId": "t", "name": name, "input": input } });
    let (said, good) = (json!({ "text": "canary" }), call("route", &routed()));
    for (content, error) in [
        (json!([call("canary", &routed())]), FORM),
        (json!([call("write_sql", &routed()), good]), FORM),
        (json!([good, good]), FORM),
        (json!([good, { "toolResult": { "toolUseId": "t", "content": [] } }]), FORM),
        (json!([call("route", &json!("canary"))]), FORM),
        (json!([call("route", &json!(null))]), FORM),
        (json!([call("route", &serde_json::from_str(&deep(60)).unwrap())]), FORM),
        (json!([call("route", &json!({ "relations": ["x"], "canary": 1 }))]), FORM),
        (json!([said]), ModelError::Empty),
        (json!([]), ModelError::Empty),
    ] {
        refused(Form::Tool, converse("tool_use", &content), error).await;
    }
    // Beside its call it may think aloud; nobody reads that.
    let aloud = vec![converse("tool_use", &json!([said, good]))];
    assert!(outcome(Form::Tool, aloud).await.0.is_ok());
    let part = |text: &str| json!({ "text": text });
    let halves = json!([part("{\"relations\":"), part("[\"canary\"]}")]);
    for (content, error) in [
        (halves, FORM),
        (json!([part("{\"relations\":[\"a\"]}"), part("canary")]), FORM),
        (json!([part("canary"), { "image": { "format": "png", "source": { "bytes": "" } } }]), FORM),
    ] {
        refused(Form::Schema, converse("end_turn", &content), error).await;
    }
}

#[tokio::test]
async fn answers_that_were_stopped_have_the_kind_of_what_stopped_them_in_both_forms() {
    for (stop, error) in [
        ("max_tokens", ModelError::Malformed("cut short")),
        ("model_context_window_exceeded", ModelError::Malformed("cut short")),
        ("guardrail_intervened", ModelError::Guardrail),
        ("content_filtered", ModelError::Declined),
        ("malformed_tool_use", FORM),
        ("canary", FORM),
    ] {
        let said = json!([{ "text": routed().to_string() }]);
        refused(Form::Schema, converse(stop, &said), error.clone()).await;
        refused(Form::Schema, converse(stop, &json!([{ "text": "canary" }])), error.clone()).await;
        let called = json!([{ "toolUse": { "toolUseId": "t", "name": "route", "input": routed() } }]);
        refused(Form::Tool, converse(stop, &called), error).await;
    }
}

/// Waits as long as it may for each try, and no longer.
fn hasty(config: &mut BedrockConfig, _: &mut TaskConfig) {
    config.attempt_time_max = Duration::from_millis(300);
    config.call_time_max = Duration::from_millis(700);
}

#[tokio::test]
async fn a_reply_without_end_ends_at_its_bytes_or_at_its_time() {
    let ten_megabytes = body(text(&json!({ "relations": ["canary".repeat(1_700_000)] })));
    for (reply, error, sent) in [
        (raw(200, "", ten_megabytes.as_bytes()), SIZE, 1),
        (raw(400, "", ten_megabytes.as_bytes()), SIZE, 1),
        (Reply::Endless, SIZE, 1),
        (Reply::Trickling, ModelError::TimedOut, 3),
        (Reply::Stalled, ModelError::TimedOut, 3),
        (Reply::Bytes(b"HTTP/1.1 200".to_vec()), ModelError::Unavailable, 3),
        (Reply::Bytes(Vec::new()), ModelError::Unavailable, 3),
    ] {
        let name = format!("{reply:?}").chars().take(80).collect::<String>();
        let endpoint = Endpoint::start(vec![reply; 3]).await;
        let (model, began) =
            (endpoint.model_with("ASIAIOSFODNN7EXAMPLE", hasty, Form::Schema), Instant::now());
        assert_eq!(route(&model).await, Err(error), "{name}");
        assert!(began.elapsed() < Duration::from_secs(5), "{name}: {:?}", began.elapsed());
        assert!((1..=sent).contains(&endpoint.sent().len()), "{name}: {}", endpoint.sent().len());
    }
}

#[tokio::test]
async fn a_connection_that_closes_in_the_middle_is_an_outage_and_tried_again() {
    let whole = body(text(&routed()));
    let head = format!(
        "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        whole.len()
    );
    let (most, _) = whole.split_at(whole.len() - 1);
    let cut = Reply::Bytes(format!("{head}{most}").into_bytes());
    let once = outcome(Form::Schema, vec![cut.clone(), text(&routed())]).await;
    assert_eq!(once, (Ok(vec!["loans".into(), "branches".into()]), 2));
    let tries = usize::try_from(ATTEMPTS_MAX).unwrap();
    assert_eq!(outcome(Form::Schema, vec![cut; 5]).await, (Err(ModelError::Unavailable), tries));
}

#[tokio::test]
async fn what_passes_by_its_status_is_tried_again_whoever_says_so() {
    let tries = usize::try_from(ATTEMPTS_MAX).unwrap();
    for (status, error) in [
        (408, ModelError::TimedOut),
        (424, ModelError::Unavailable),
        (429, ModelError::Throttled),
        (500, ModelError::Unavailable),
        (502, ModelError::Unavailable),
        (503, ModelError::Unavailable),
        (504, ModelError::Unavailable),
        (529, ModelError::Unavailable),
    ] {
        for headers in ["", "retry-after: 0\r\n", "x-amz-retry-after: 5\r\n", "retry-after: canary\r\n"] {
            let reply = raw(status, headers, b"<html>canary</html>");
            let once = outcome(Form::Schema, vec![reply.clone(), text(&routed())]).await;
            assert_eq!((once.0.is_ok(), once.1), (true, 2), "{status} {headers}");
            let always = outcome(Form::Schema, vec![reply; tries + 1]).await;
            assert_eq!(always, (Err(error.clone()), tries), "{status} {headers}");
        }
    }
}

#[tokio::test]
async fn the_endpoint_is_left_alone_as_long_as_it_asks_but_not_for_longer_than_a_try_may_take() {
    for (status, error) in [(429, ModelError::Throttled), (503, ModelError::Unavailable)] {
        for headers in ["retry-after: 3600\r\n", "x-amz-retry-after: 3600000\r\n", "retry-after: 5\r\n"] {
            let (script, began) = (vec![raw(status, headers, b"{}"), text(&routed())], Instant::now());
            assert_eq!(outcome(Form::Schema, script).await, (Err(error.clone()), 1), "{headers}");
            assert!(began.elapsed() < Duration::from_secs(3), "{headers}");
        }
        let (script, began) =
            (vec![raw(status, "retry-after: 1\r\n", b"{}"), text(&routed())], Instant::now());
        assert_eq!(outcome(Form::Schema, script).await.1, 2);
        assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn credentials_that_are_not_taken_are_told_as_such_and_not_tried_again() {
    for status in [400, 401, 403] {
        for code in [
            "ExpiredTokenException",
            "ExpiredToken",
            "RequestTimeTooSkewed",
            "RequestExpired",
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
            "IncompleteSignatureException",
            "MissingAuthenticationTokenException",
            "AccessDeniedException",
        ] {
            refused(Form::Schema, failure(status, code), ModelError::Unauthorised).await;
        }
    }
}

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
            let answer = json!({ "sql": format!("SELECT '{}'", CANARY.repeat(180_000)) });
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
async fn tokens_that_nobody_counted_are_told_to_be_so() {
    for (reply, is_counted) in [
        (text(&routed()), true),
        (text(&json!({ "canary": 1 })), true),
        (failure(429, "ThrottlingException"), true),
        (failure(400, "ValidationException"), true),
        (failure(403, "ExpiredTokenException"), true),
        (raw(200, "", b"<html>canary</html>"), false),
        (raw(200, "", b"{}"), false),
        (Reply::Endless, false),
        (Reply::Trickling, false),
        (Reply::Bytes(b"HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\n{".to_vec()), false),
    ] {
        let name = format!("{reply:?}").chars().take(80).collect::<String>();
        let endpoint = Endpoint::start(vec![reply; 3]).await;
        let (_, account) =
            accounted(route(&endpoint.model_with("ASIAIOSFODNN7EXAMPLE", hasty, Form::Schema))).await;
        assert_eq!(account.calls[0].is_counted, is_counted, "{name}");
        assert_eq!(account.is_uncounted(), !is_counted, "{name}");
    }
}
