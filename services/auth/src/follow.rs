//! What auth looks at again and again: the registry, its own keys and those of other replicas, the files of keys.
//!
//! Decides how often, and from when on it can serve. What follows from a change is for each of them to say.

use crate::config::{Config, RegistryPlace};
use crate::key_files::KeyFiles;
use crate::rotation::Rotation;
use crate::shared::SharedKeys;
use crate::signing;
use crate::source::{RegistryError, RegistrySource};
use crate::state::RegistryState;
use splitplane_service::config::Mesh;
use splitplane_service::{Clock, Readiness, StartError};
use splitplane_store::{SingleUse, Store};
use std::time::{Duration, SystemTime};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often all of it is looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// Where the registry is kept, and what was told of it.
pub(crate) async fn registry(
    config: &Config,
    store: Store,
    now: SystemTime,
) -> Result<RegistryState, StartError> {
    let unusable = |error| StartError::service("the registry cannot be loaded", error);
    let RegistryPlace { file, database } = &config.registry;
    let source = RegistrySource::open(file, database).await.map_err(unusable)?;
    RegistryState::open(source, store, now).await.map_err(unusable)
}

/// Ready while there is a usable registry and nonces can be used, and once the first key was shown to those who
/// follow other replicas.
pub(crate) fn readiness(
    registry: &RegistryState,
    nonces: &SingleUse,
    clock: &Clock,
    mesh: &Mesh,
    is_shared: bool,
) -> Readiness {
    let (usable, nonces, clock) = (registry.subscribe(), nonces.clone(), clock.clone());
    let age_max = mesh.revocation_bound;
    let from = is_shared.then(|| clock.now() + signing::lead(mesh));
    Readiness::when(move || {
        let now = clock.now();
        usable.borrow().registry(now, age_max).is_some()
            && nonces.is_open()
            && from.is_none_or(|from| now >= from)
    })
}

/// Reads the registry and the files of keys again and again until told to stop. What does not answer within
/// `bound` is taken for unusable.
pub(crate) async fn follow(
    (mut registry, mut rotation, mut shared, mut files): (RegistryState, Rotation, SharedKeys, KeyFiles),
    bound: Duration,
    clock: Clock,
    stop: CancellationToken,
) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(period.tick()).await.is_some() {
        if tokio::time::timeout(bound, registry.refresh(clock.now())).await.is_err() {
            registry.withdraw(&RegistryError::Slow);
        }
        rotation.refresh(clock.now());
        if tokio::time::timeout(bound, shared.refresh(clock.now())).await.is_err() {
            tracing::error!("the keys of other replicas cannot be read in time");
        }
        files.refresh();
    }
}
