//! Models and endpoints that misbehave: every answer has a kind, an end, and no word of theirs in it.

use crate::bedrock::{outcome, route, routed};
use crate::endpoint::{ATTEMPTS_MAX, Endpoint, Reply, converse, failure, raw, text, tool};
use crate::worlds::library;
use serde_json::{Value, json};
use splitplane_llm::{
    BedrockConfig, Form, LanguageModel as _, ModelError, TaskConfig, WriteSqlTask, accounted,
};
use std::time::{Duration, Instant};

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
async fn a_reply_of_many_parts_is_not_parsed_however_few_its_bytes_are() {
    let of = |count: usize| {
        let parts = vec!["[]"; count].join(",");
        body(tool("route", &json!({ "relations": ["PARTS"] }))).replace("\"PARTS\"", &parts).into_bytes()
    };
    let change = |config: &mut BedrockConfig, _: &mut TaskConfig| config.reply_bytes_max = 1_048_576;
    for (count, error) in [(4_000, FORM), (16_000, FORM), (17_000, SIZE), (100_000, SIZE)] {
        let bytes = of(count);
        assert!(bytes.len() < 1_048_576);
        let endpoint = Endpoint::start([raw(200, "", &bytes)]).await;
        let model = endpoint.model_with("ASIAIOSFODNN7EXAMPLE", change, Form::Tool);
        assert_eq!(route(&model).await, Err(error), "{count}");
    }
    // The parts of a text that is an answer are within: as many as a statement may have bytes.
    let statement = json!({ "sql": ",".repeat(16_384) });
    let (endpoint, world) = (Endpoint::start([text(&statement)]).await, library());
    let interpretation = crate::bedrock::interpretation_of(&world);
    let (model, relations, filters, refusals) = (&world.model, &[], &[], &[]);
    let task = WriteSqlTask { interpretation: &interpretation, model, relations, filters, refusals };
    assert!(endpoint.model(Form::Schema).write_sql(task).await.is_ok());
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
        // AWS tells a throttled caller so with a status of the caller's faults, too.
        let code = "x-amzn-errortype: ThrottlingException\r\nretry-after: 3600\r\n";
        let script = vec![raw(400, code, b"{}"), text(&routed())];
        assert_eq!(outcome(Form::Schema, script).await, (Err(ModelError::Throttled), 1));
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
