//! The auth service: layer 1, who is asking. The only holder of request-signing secrets and of the
//! session-signing key.

mod authenticate;
mod aws;
mod certified;
mod config;
mod conversations;
mod error;
mod feed;
mod follow;
mod key_files;
mod keys;
mod kms;
mod registry;
mod rotation;
mod rpc;
mod shared;
mod signing;
mod source;
mod state;

pub use config::{
    Aws, Config, Conversations, Credentials, DEFAULTS, Kms, Receipts, RegistryPlace, Requests, Session,
};
pub use registry::{InvalidRegistry, NotRegistered, Registry, RegistryFileError, parse, text};
pub use source::{RegistryError, RegistrySource};
pub use splitplane_store::{CombinationEntry, Entries, PrincipalEntry};

use crate::authenticate::Layer1;
use crate::aws::Sts;
use crate::feed::Feed;
use crate::key_files::KeyFiles;
use crate::rpc::Rpc;
use crate::shared::SharedKeys;
use ring::rand::SystemRandom;
use splitplane_proto::auth::v1::auth_service_server::AuthServiceServer;
use splitplane_service::{App, Auditor, Start, StartError, Workload};
use splitplane_sigv4::Expectations;
use splitplane_store::{Place, SingleUse, Store};
use std::sync::Arc;
use std::time::Duration;
use tonic::service::Routes;

/// How far a request's date may be from now, on either side: AWS's own figure.
const SKEW: Duration = Duration::from_secs(300);

/// Builds the service.
///
/// # Errors
/// A key, registry or audit log that cannot be used, with what to do.
pub async fn build(config: Config, start: Start) -> Result<App, StartError> {
    let clock = start.clock().clone();
    let place = Place::of(&config.state.file, &config.state.database);
    let unusable = |error| StartError::service("what was used and told cannot be kept", error);
    let store = Store::open(&place).await.map_err(unusable)?;
    let nonces =
        SingleUse::open(store.clone(), "nonce", config.requests.nonces_max.get()).await.map_err(unusable)?;
    let registry = follow::registry(&config, store.clone(), clock.now()).await?;
    let audit = Auditor::open(&config.audit)?;
    let mesh = start.mesh();
    let bound = mesh.revocation_bound;
    let (rotation, certifier) = signing::open(&config, mesh, &clock).await?;
    let root = certifier.as_ref().map(|certifier| certifier.root().clone());
    let readiness = follow::readiness(&registry, &nonces, &clock, mesh, root.is_some());
    let shared = SharedKeys::new(store, rotation.subscribe(), root, mesh);
    let files = KeyFiles::open(&config)?;
    let layer1 = Layer1 {
        issuer: files.issuer(),
        sts: Sts::new(&config.aws, config.requests.authorities.clone(), SKEW)?,
        expectations: Expectations {
            region: config.requests.region,
            authorities: config.requests.authorities,
            skew: SKEW,
        },
        nonces,
        minter: rotation.minter(),
        conversations: conversations::Conversations {
            keys: files.conversation_keys(),
            trust_domain: mesh.trust_domain.clone(),
        },
        state: registry.subscribe(),
        registry_age_max: mesh.revocation_bound,
        requesting_workload: Workload::Gateway.spiffe_id(&mesh.trust_domain),
        random: SystemRandom::new(),
        audit: audit.clone(),
        clock: clock.clone(),
    };
    let feed = Feed {
        session_keys: shared.subscribe(),
        receipt_keys: files.receipt_keys(),
        conversation_keys: files.conversation_keys(),
        state: registry.subscribe(),
        age_max: mesh.revocation_bound,
        clock: clock.clone(),
    };
    let server = AuthServiceServer::new(Rpc { layer1: Arc::new(layer1), feed: Arc::new(feed) })
        .max_decoding_message_size(start.limits().message_bytes_max);
    let app = start.app(Routes::new(server), tower::layer::util::Identity::new(), readiness);
    let app = match certifier {
        Some(certifier) => app.with_task("certificates of keys", move |stop| certifier.follow(stop)),
        None => app,
    };
    Ok(app
        .with_task("registry and keys", move |stop| {
            follow::follow((registry, rotation, shared, files), bound, clock, stop)
        })
        .with_task("audit checkpoints", move |stop| audit.follow(stop)))
}
