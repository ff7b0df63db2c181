//! What auth looks at again and again: the registry, its own keys and those of other replicas, the files of keys.
//!
//! Decides how often, and from when on it can serve. What follows from a change is for each of them to say.

use crate::config::{Config, RegistryPlace};
use crate::key_files::KeyFiles;
use crate::rotation::Rotation;
use crate::shared::SharedKeys;
use crate::source::RegistrySource;
use crate::state::RegistryState;
use splitplane_service::{Clock, Readiness, StartError};
use splitplane_store::Store;
use std::time::{Duration, SystemTime};
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
    RegistryState::open(source, store, config.session.lifetime, now).await.map_err(unusable)
}

/// Ready while there is a usable registry, and once the first key was shown to those who follow other replicas.
pub(crate) fn readiness(registry: &RegistryState, clock: &Clock, lead: Option<Duration>) -> Readiness {
    let usable = registry.subscribe();
    let (clock, from) = (clock.clone(), lead.map(|lead| clock.now() + lead));
    Readiness::when(move || usable.borrow().registry.is_some() && from.is_none_or(|from| clock.now() >= from))
}

/// Reads the registry and the files of keys again and again until told to stop.
pub(crate) async fn follow(
    (mut registry, mut rotation, mut shared, mut files): (RegistryState, Rotation, SharedKeys, KeyFiles),
    clock: Clock,
    stop: CancellationToken,
) {
    let mut period = tokio::time::interval(PERIOD);
    while stop.run_until_cancelled(period.tick()).await.is_some() {
        registry.refresh(clock.now()).await;
        rotation.refresh(clock.now());
        shared.refresh(clock.now()).await;
        files.refresh();
    }
}
