//! The query service: layer 3, which rows exist at all. The only service that reads the warehouse.
//!
//! It holds no model client and has no route to a model.

mod budget;
mod builder;
mod config;
mod coverage;
mod data_plane;
mod declared;
mod drafted;
mod error;
mod filters;
mod integrity;
mod load;
mod masks;
mod policy_rpc;
mod replay;
mod rpc;
mod schema;
mod scope;
mod survey;
mod token;

pub use declared::declared_columns;
pub use schema::{CostlyScope, SchemaError, costly_scopes, key_misfits, misfits};
pub use survey::{Stop, SurveyError, WarehouseRows};

pub use replay::{Recorded, ReplayError, Replayed, Replayer};

pub use config::{
    Config, DEFAULTS, EngineKind, EngineLimits, Masks, ObjectStore, Sandboxes, Semantics, SparkServer,
    WarehousePlace,
};

use crate::budget::Budgets;
use crate::data_plane::DataPlane;
use crate::policy_rpc::{PolicyDesk, PolicyRpc};
use crate::rpc::Rpc;
use crate::token::Sealer;
use splitplane_proto::query::v1::policy_service_server::PolicyServiceServer;
use splitplane_proto::query::v1::query_service_server::QueryServiceServer;
use splitplane_service::telemetry::DraftMetrics;
use splitplane_service::{App, Auditor, SessionFeed, Start, StartError, Workload};
use splitplane_store::{Place, SingleUse, Store};
use std::sync::Arc;
use tonic::service::Routes;
use tracing::instrument::WithSubscriber as _;

/// Builds the service on the engine that the configuration names.
///
/// # Errors
/// A model, policy, key, audit log or warehouse that cannot be used, with what to do.
pub async fn build(config: Config, start: Start) -> Result<App, StartError> {
    let dispatch = start.telemetry().dispatch();
    // Nothing is served yet, so nobody else has made this service's log the one that is written to.
    let load = load::sandbox_builder(&config, schema::warn_of_cost).with_subscriber(dispatch);
    let (builder, warehouse) = load.await?;
    let sealer = Sealer::new(&load::secret(
        &config.sandboxes.sealing_key,
        "the sandboxes' sealing key cannot be used",
    )?)
    .ok_or_else(|| StartError::service("sandbox ids cannot be sealed", "the cipher refused the key"))?;
    let audit = Auditor::open(&config.audit)?;
    let place = Place::of(&config.state.file, &config.state.database);
    let unusable = |error| StartError::service("which receipts were used cannot be kept", error);
    let store = Store::open(&place).await.map_err(unusable)?;
    let used = SingleUse::open(store, "query", config.sandboxes.used_max.get()).await.map_err(unusable)?;
    let auth = start.upstream(Workload::Auth, &config.auth)?;
    let feed = SessionFeed::new(&start, auth)?;
    let concurrent = builder.policy.limits.concurrent_per_tenant_max;
    let concurrent = usize::try_from(concurrent).unwrap_or(usize::MAX);
    let desk = PolicyDesk {
        model: builder.model.clone(),
        policy: builder.policy.clone(),
        warehouse,
        audit: audit.clone(),
        clock: start.clock().clone(),
    };
    let data_plane = DataPlane {
        builder,
        verifier: feed.verifier(),
        sealer,
        budgets: Budgets::new(used, concurrent),
        audit: audit.clone(),
        clock: start.clock().clone(),
        checks: DraftMetrics::new(&start.telemetry().meter()),
    };
    let server = QueryServiceServer::new(Rpc(Arc::new(data_plane)))
        .max_decoding_message_size(start.limits().message_bytes_max);
    let routes = Routes::new(server).add_service(
        PolicyServiceServer::new(PolicyRpc::new(desk))
            .max_decoding_message_size(start.limits().message_bytes_max),
    );
    let (identity, readiness) = (feed.require_session(), feed.readiness(|| true));
    let app = start.app(routes, identity, readiness);
    Ok(app
        .with_task("session feed", move |stop| feed.follow(stop))
        .with_task("audit checkpoints", move |stop| audit.follow(stop)))
}
