//! What is told of a call to whoever watches.

use crate::bedrock::{route, routed};
use crate::endpoint::{Endpoint, Reply, converse, failure, raw, text};
use serde_json::json;
use splitplane_llm::{Form, PROMPT_VERSION};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// Every field of every span and event of this crate.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.lock().unwrap().push(format!("{field}={value:?}"));
    }
}

impl<S: Subscriber> Layer<S> for Told {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if attributes.metadata().target().starts_with("splitplane_llm") {
            attributes.record(&mut self.clone());
        }
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut self.clone());
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target().starts_with("splitplane_llm") {
            event.record(&mut self.clone());
        }
    }
}

async fn told(reply: Reply) -> Vec<String> {
    let (told, endpoint) = (Told::default(), Endpoint::start([reply]).await);
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(told.clone()));
    drop(route(&endpoint.model(Form::Schema)).await);
    told.0.lock().unwrap().clone()
}

#[tokio::test]
async fn a_call_has_a_span_of_the_conventions_and_no_word_of_prompt_or_answer() {
    let said = told(text(&routed())).await;
    for field in [
        "otel.name=chat eu.anthropic.claude-sonnet-4-6".to_owned(),
        "otel.kind=\"client\"".to_owned(),
        "gen_ai.operation.name=\"chat\"".to_owned(),
        "gen_ai.provider.name=\"aws.bedrock\"".to_owned(),
        "gen_ai.request.model=\"eu.anthropic.claude-sonnet-4-6\"".to_owned(),
        "gen_ai.request.max_tokens=2000".to_owned(),
        "gen_ai.response.finish_reasons=\"end_turn\"".to_owned(),
        "gen_ai.usage.input_tokens=1103".to_owned(),
        "gen_ai.usage.output_tokens=20".to_owned(),
        "gen_ai.usage.cache_read.input_tokens=1000".to_owned(),
        "gen_ai.usage.cache_creation.input_tokens=3".to_owned(),
        format!("splitplane.prompt_version={PROMPT_VERSION:?}"),
        "splitplane.task=\"route\"".to_owned(),
    ] {
        assert!(said.contains(&field), "{field}: {said:#?}");
    }
    let all = said.concat();
    assert!(!all.contains("branches") && !all.contains("error.type"), "{all}");
}

#[tokio::test]
async fn a_failure_is_told_by_its_kind_and_not_in_the_endpoints_words() {
    for (reply, kind) in [
        (failure(403, "AccessDeniedException"), "unauthorised"),
        (Reply::Said(200, None, "<html>canary words</html>".into()), "malformed"),
        (text(&json!({ "canary words": 1 })), "malformed"),
        (failure(400, "canary words"), "rejected"),
        (raw(400, "", br#"{"__type":"canary words","message":"canary"}"#), "rejected"),
        (converse("canary words", &json!([{ "text": "canary" }])), "malformed"),
    ] {
        let said = told(reply).await;
        assert!(said.contains(&format!("error.type={kind:?}")), "{said:#?}");
        assert!(!said.concat().contains("canary"), "{said:#?}");
    }
}

/// Every field of every span and event of anybody.
#[derive(Clone, Default)]
struct Overheard(Told);

impl<S: Subscriber> Layer<S> for Overheard {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        attributes.record(&mut self.0.clone());
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut self.0.clone());
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut self.0.clone());
    }
}

// The SDK writes whole requests and answers at its finest level, which an operator may have turned on.
#[tokio::test]
async fn not_even_the_finest_log_holds_a_word_of_prompt_or_answer() {
    for reply in [text(&routed()), failure(400, "ValidationException"), text(&json!({ "canary words": 1 }))] {
        let (overheard, endpoint) = (Overheard::default(), Endpoint::start([reply]).await);
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(overheard.clone()));
        drop(route(&endpoint.model(Form::Schema)).await);
        let said = overheard.0.0.lock().unwrap().concat();
        assert!(said.contains("gen_ai.request.model"), "{said}");
        for word in ["You name the datasets", "late_fees", "canary", "branches"] {
            assert!(!said.contains(word), "{word}");
        }
    }
}
