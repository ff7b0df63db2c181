//! Where session-signing keys come from: a file, or memory and the word of a root in AWS KMS.
//!
//! Decides that a mesh which pins a root gets no other keys, and how long a certificate must last.

use crate::certified::Certifier;
use crate::config::Config;
use crate::keys;
use crate::kms::Kms;
use crate::rotation::{Rotation, Source};
use splitplane_service::config::Mesh;
use splitplane_service::{Clock, StartError, key_root};
use splitplane_session::{KeyRing, Minter, SigningKey};
use std::sync::Arc;
use std::time::Duration;

/// Ages at which a certified key may be replaced.
const EVERY_MIN: Duration = Duration::from_secs(10);
const EVERY_MAX: Duration = Duration::from_secs(7 * 86_400);

/// Replicas look at each other's keys every second.
const EXCHANGE: Duration = Duration::from_secs(2);

/// The keys, and who makes the next ones where a root vouches for them.
pub(crate) async fn open(
    config: &Config,
    mesh: &Mesh,
    clock: &Clock,
) -> Result<(Rotation, Option<Certifier>), StartError> {
    let pinned = key_root(mesh)?;
    let every = config.session.rotate_every;
    let rule =
        |is_kept: bool, key, rule| if is_kept { Ok(()) } else { Err(StartError::OutOfRange { key, rule }) };
    if config.kms.key_id.is_empty() {
        rule(
            pinned.is_none(),
            "kms.key_id",
            "must be set where `mesh.key_root` is: keys of a file have no certificate",
        )?;
        let (text, key) = keys::signing_key(&config.session.signing_key)?;
        let key = Arc::new(key);
        let every = Some(every).filter(|every| !every.is_zero());
        let source = Source::file(config.session.signing_key.clone(), &text, every, clock.now());
        let minter = minter(config, mesh, &key);
        let ring = ring(config, mesh.revocation_bound, mesh, &key);
        return Ok((Rotation::new(source, ring, minter, clock.now()), None));
    }
    let is_within = every >= EVERY_MIN && every <= EVERY_MAX;
    rule(is_within, "session.rotate_every", "must be between 10s and 7d where `kms.key_id` is set")?;
    let kms = Kms::open(&config.kms.key_id, mesh, pinned.as_ref()).await?;
    let (certifier, certified) = Certifier::new(kms, every, lifetime(config, mesh), clock.clone());
    let first = certifier
        .make()
        .await
        .map_err(|error| StartError::service("KMS does not vouch for the session-signing key", error))?;
    let (minter, ring) = (minter(config, mesh, &first.key), ring(config, lead(mesh), mesh, &first.key));
    let source = Source::certified(first, certified, mesh.revocation_bound);
    Ok((Rotation::new(source, ring, minter, clock.now()), Some(certifier)))
}

fn minter(config: &Config, mesh: &Mesh, key: &Arc<SigningKey>) -> Arc<Minter> {
    let (issuer, domain) = (mesh.issuer.clone(), mesh.trust_domain.clone());
    Arc::new(Minter::new(Arc::clone(key), issuer, domain, config.session.lifetime))
}

// A verifier whose feed is older than the bound refuses everybody; a younger one knows what was shown for so long.
// Clocks may differ by as much as verifiers allow.
fn ring(config: &Config, lead: Duration, mesh: &Mesh, key: &Arc<SigningKey>) -> KeyRing {
    let lifetime = config.session.lifetime.saturating_add(mesh.revocation_bound);
    KeyRing::new(Arc::clone(key), lead, lifetime)
}

/// How long a certified key is shown before it signs: until other replicas have read it, and those who follow
/// them have heard of it.
pub(crate) fn lead(mesh: &Mesh) -> Duration {
    mesh.revocation_bound.saturating_add(EXCHANGE)
}

/// From when a key is shown, over its time of signing, to the expiry of what it signed last; and half of a period
/// besides, for which KMS may be away.
fn lifetime(config: &Config, mesh: &Mesh) -> Duration {
    let every = config.session.rotate_every;
    let shown = every.saturating_add(config.session.lifetime).saturating_add(mesh.revocation_bound * 4);
    Duration::from_secs(shown.saturating_add(every / 2).as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DEFAULTS;
    use splitplane_service::config::load;

    /// The key that is out of its range, before KMS is asked for anything.
    async fn refused(change: impl FnOnce(&mut Config)) -> Option<&'static str> {
        let mut config: Config = load("auth", DEFAULTS, None, []).unwrap();
        change(&mut config);
        let opened = open(&config, &config.mesh.clone(), &Clock::system()).await;
        let Err(StartError::OutOfRange { key, .. }) = opened else { return None };
        Some(key)
    }

    #[tokio::test]
    async fn a_mesh_that_pins_a_root_gets_no_key_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("root.pub");
        std::fs::write(&file, SigningKey::generate().unwrap().0.public_key().to_text()).unwrap();
        assert_eq!(refused(|config| config.mesh.key_root = Some(file)).await, Some("kms.key_id"));
    }

    #[tokio::test]
    async fn certified_keys_are_replaced_within_bounds() {
        for seconds in [0, 9, 7 * 86_400 + 1] {
            let key = refused(|config| {
                config.kms.key_id = "alias/mesh".to_owned();
                config.session.rotate_every = Duration::from_secs(seconds);
            });
            assert_eq!(key.await, Some("session.rotate_every"), "{seconds}");
        }
    }

    #[test]
    fn a_certificate_outlasts_what_its_key_signed_last_and_is_within_the_cap() {
        let mut config: Config = load("auth", DEFAULTS, None, []).unwrap();
        for every in [EVERY_MIN, EVERY_MAX] {
            config.session.rotate_every = every;
            let bound = config.mesh.revocation_bound;
            // Shown, signing until the next is shown for long enough, and what it signed then.
            let needed = every + bound * 2 + config.session.lifetime;
            let lasts = lifetime(&config, &config.mesh);
            assert!(
                lasts > needed + bound && lasts <= splitplane_session::CERTIFICATE_LIFETIME_MAX,
                "{every:?}"
            );
        }
    }
}
