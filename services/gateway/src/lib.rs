//! The gateway: the door of the mesh. It takes signed requests in, has each question answered by the
//! services behind it, in order, and streams the stages.
//!
//! It holds no secret of anyone and decides neither who is asking nor which rows exist. The one key that it holds signs
//! conversations: what a follow-up continues, for callers to keep.

mod ask;
mod chart;
mod config;
mod conversation;
mod error;
mod health;
mod narrative;
mod rpc;
mod signed;
mod stages;
mod throttle;
mod upstreams;

pub use chart::chart_of;
pub use config::{Config, Conversations, DEFAULTS};
pub use throttle::Throttle;

use crate::conversation::Keeper;
use crate::rpc::Rpc;
use crate::signed::{Door, RequireSignature};
use crate::throttle::Counters;
use crate::upstreams::Upstreams;
use splitplane_proto::gateway::v1::gateway_service_server::GatewayServiceServer;
use splitplane_service::{App, SessionFeed, SigningKeyFile, Start, StartError, Workload};
use splitplane_session::ConversationSigner;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

/// Builds the service.
///
/// # Errors
/// A configuration that cannot be used, with what to do.
#[expect(clippy::unused_async, reason = "the service room calls every build alike")]
pub async fn build(config: Config, start: Start) -> Result<App, StartError> {
    let auth = start.upstream(Workload::Auth, &config.auth)?;
    let reasoning = start.upstream(Workload::Reasoning, &config.reasoning)?;
    let router = start.upstream(Workload::SchemaRouter, &config.schema_router)?;
    let query = start.upstream(Workload::Query, &config.query)?;
    let behind = vec![auth.clone(), reasoning.clone(), router.clone(), query.clone()];
    let feed = SessionFeed::new(&start, auth.clone())?;
    let Conversations { signing_key, lifetime } = config.conversations;
    let keys = SigningKeyFile::open(&signing_key, start.mesh().revocation_bound, lifetime)?;
    let signer = Arc::new(signer(&keys, start.mesh().trust_domain.clone(), lifetime)?);
    let clock = start.clock().clone();
    let keeper = Keeper { signer: Arc::clone(&signer), verifier: feed.verifier(), clock: clock.clone() };
    let upstreams = Upstreams::new(auth, reasoning, router, query);
    let counters = Arc::new(Counters::new(config.throttle));
    let door = Door {
        counters: Arc::clone(&counters),
        upstreams: upstreams.clone(),
        verifier: feed.verifier(),
        clock: start.clock().clone(),
        message_bytes_max: start.limits().message_bytes_max,
    };
    let all_serve = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&all_serve);
    let readiness = feed.readiness(move || seen.load(Ordering::Relaxed));
    let server = GatewayServiceServer::new(Rpc { upstreams, keeper })
        .max_decoding_message_size(start.limits().message_bytes_max);
    let app = start.app(Routes::new(server), RequireSignature(Arc::new(door)), readiness);
    let app = app.with_task("upstream health", move |stop| health::follow(behind, all_serve, stop));
    Ok(app
        .with_task("session feed", move |stop| feed.follow(stop))
        .with_task("conversation keys", move |stop| keys.follow(clock, stop, move |key| signer.use_key(key)))
        .with_task("throttle", move |stop| forget(counters, stop)))
}

fn signer(
    keys: &SigningKeyFile,
    trust_domain: String,
    lifetime: Duration,
) -> Result<ConversationSigner, StartError> {
    let out_of_range = StartError::OutOfRange {
        key: "conversations.lifetime",
        rule: "must be whole seconds, between 1s and 24h",
    };
    ConversationSigner::new(keys.current(), trust_domain, lifetime).or(Err(out_of_range))
}

/// How often those who have been quiet are forgotten.
const FORGET_PERIOD: Duration = Duration::from_secs(10);

async fn forget(counters: Arc<Counters>, stop: CancellationToken) {
    let mut period = tokio::time::interval(FORGET_PERIOD);
    while stop.run_until_cancelled(period.tick()).await.is_some() {
        counters.forget();
    }
}
