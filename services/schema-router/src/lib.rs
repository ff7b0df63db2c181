//! The schema router: which relations a question needs, and drafts of SQL over their schemas.
//!
//! It talks to a language model, holds no warehouse credential and has no route to the warehouse.

mod config;
mod error;
mod router;
mod rpc;

pub use config::{Config, DEFAULTS, Semantics, Tasks};

use crate::router::Router;
use crate::rpc::Rpc;
use splitplane_llm::{Asked, Call, LanguageModel, Observer};
use splitplane_proto::schema_router::v1::schema_router_service_server::SchemaRouterServiceServer;
use splitplane_semantics::{load_model, load_policy};
use splitplane_service::telemetry::{ModelCall, ModelMetrics};
use splitplane_service::{App, SessionFeed, Start, StartError, Workload};
use std::sync::Arc;
use tonic::service::Routes;

/// Builds the service with the language model of its configuration.
///
/// # Errors
/// A model or policy that cannot be loaded, with what to do.
pub async fn build(config: Config, start: Start) -> Result<App, StartError> {
    let language = splitplane_llm::open(&config.language)
        .await
        .map_err(|error| StartError::service("the language model cannot be made", error))?;
    build_with_model(config, start, language).await
}

/// Builds the service with another language model, within the same budget. Whatever it writes passes the same guard.
///
/// # Errors
/// A model or policy that cannot be loaded, with what to do.
#[expect(clippy::unused_async, reason = "the service room calls every build alike")]
pub async fn build_with_model(
    config: Config,
    start: Start,
    language: Arc<dyn LanguageModel>,
) -> Result<App, StartError> {
    let model = load_model(&config.semantics.model)
        .map_err(|error| StartError::service("the semantic model cannot be loaded", error))?;
    let policy = load_policy(&config.semantics.policy, &model)
        .map_err(|error| StartError::service("the policy cannot be loaded", error))?;
    let auth = start.upstream(Workload::Auth, &config.auth)?;
    let feed = SessionFeed::new(&start, auth)?;
    let router = Router {
        model,
        policy,
        language: Asked::new(language, config.language.budget, observer(&start)),
        verifier: feed.verifier(),
        clock: start.clock().clone(),
    };
    let server = SchemaRouterServiceServer::new(Rpc(Arc::new(router)))
        .max_decoding_message_size(start.limits().message_bytes_max);
    let (identity, readiness) = (feed.require_session(), feed.readiness(|| true));
    let app = start.app(Routes::new(server), identity, readiness);
    Ok(app.with_task("session feed", move |stop| feed.follow(stop)))
}

/// Measures every call of a model behind a network.
fn observer(start: &Start) -> Observer {
    let metrics = ModelMetrics::new(&start.telemetry().meter());
    Box::new(move |call: &Call| {
        metrics.record(ModelCall {
            provider: call.provider,
            model: &call.model,
            task: call.task,
            input_tokens: call.usage.input_tokens,
            cache_read_tokens: call.usage.cache_read_tokens,
            cache_write_tokens: call.usage.cache_write_tokens,
            output_tokens: call.usage.output_tokens,
            cost: call.cost,
            duration: call.duration,
            failure: call.failure,
        });
    })
}
