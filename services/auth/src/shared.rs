//! Session-signing keys of all replicas of auth, where a root vouches for them.
//!
//! Decides that verifiers who follow one replica know the keys of the others. The store in which replicas show
//! them to each other is not trusted: a key is taken from it by its certificate alone. Keys of a file have none;
//! replicas share the file.

use splitplane_service::{Chain, config::Mesh};
use splitplane_session::{KeyCertificate, KeyRoot, OfferedKey, PublicKey};
use splitplane_store::{Store, StoreError};
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// Keys of this replica, and of the others.
#[derive(Debug)]
pub(crate) struct SharedKeys {
    store: Store,
    own: watch::Receiver<Vec<OfferedKey>>,
    root: Option<KeyRoot>,
    /// How much before its certificate's expiry a key ends: what clocks may differ by, and feeds be late.
    margin: Duration,
    published: watch::Sender<Vec<OfferedKey>>,
}

impl SharedKeys {
    /// Begins with the keys of this replica; those of others are taken by the certificates of `root`.
    pub(crate) fn new(
        store: Store,
        own: watch::Receiver<Vec<OfferedKey>>,
        root: Option<PublicKey>,
        mesh: &Mesh,
    ) -> Self {
        let published = watch::Sender::new(own.borrow().clone());
        let root = root.map(|key| KeyRoot::new(key, mesh.issuer.clone(), mesh.trust_domain.clone()));
        Self { store, own, root, margin: mesh.revocation_bound, published }
    }

    /// The keys that verifiers must know, and every later set of them.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Vec<OfferedKey>> {
        self.published.subscribe()
    }

    /// Shows the keys of this replica to the others, and publishes what changed.
    pub(crate) async fn refresh(&mut self, now: SystemTime) {
        let mut keys = self.own.borrow_and_update().clone();
        if let Some(root) = &self.root {
            match self.exchange(root, &keys, now).await {
                Ok(others) => keys.extend(others),
                // The others' keys that are known are good for as long as their certificates.
                Err(error) => {
                    tracing::error!(error = %Chain(&error), "the keys of other replicas cannot be read");
                    let known = self.published.borrow().clone();
                    keys.extend(known.into_iter().filter(|known| self.is_of_others(root, known, now)));
                }
            }
        }
        self.published.send_if_modified(|published| {
            let is_new = *published != keys;
            published.clone_from(&keys);
            is_new
        });
    }

    async fn exchange(
        &self,
        root: &KeyRoot,
        own: &[OfferedKey],
        now: SystemTime,
    ) -> Result<Vec<OfferedKey>, StoreError> {
        for offered in own {
            let Some(certificate) = &offered.certificate else { continue };
            if let Ok(verified) = root.verify(certificate, now) {
                let (kid, until) = (offered.key.kid(), verified.expires_at());
                self.store.show_key(kid, certificate.as_str(), until).await?;
            }
        }
        let shown = self.store.shown_keys(now).await?;
        let offered = shown.iter().filter_map(|text| {
            let certificate = KeyCertificate::from_wire(text);
            let key = root.verify(&certificate, now).ok()?.key().clone();
            Some(OfferedKey { key, certificate: Some(certificate) })
        });
        Ok(offered.filter(|offered| self.is_of_others(root, offered, now)).collect())
    }

    /// Whether a key is not of this replica, and its certificate holds for a while.
    fn is_of_others(&self, root: &KeyRoot, offered: &OfferedKey, now: SystemTime) -> bool {
        let is_own = self.own.borrow().iter().any(|own| own.key == offered.key);
        let verified = offered.certificate.as_ref().map(|certificate| root.verify(certificate, now));
        !is_own && matches!(verified, Some(Ok(verified)) if now + self.margin < verified.expires_at())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
    use splitplane_session::SigningKey;
    use splitplane_store::Place;
    use std::path::Path;
    use std::time::UNIX_EPOCH;

    const LIFETIME: Duration = Duration::from_secs(100);

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_000_000 + seconds)
    }

    fn mesh() -> Mesh {
        let config: crate::Config =
            splitplane_service::config::load("auth", crate::DEFAULTS, None, []).unwrap();
        config.mesh
    }

    /// What KMS holds: it signs in DER.
    fn root() -> (EcdsaKeyPair, PublicKey) {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).unwrap();
        let public = PublicKey::from_point(pair.public_key().as_ref()).unwrap();
        (pair, public)
    }

    fn certified((pair, public): &(EcdsaKeyPair, PublicKey), now: SystemTime) -> OfferedKey {
        let mesh = mesh();
        let key = SigningKey::generate().unwrap().0.public_key();
        let root = KeyRoot::new(public.clone(), mesh.issuer, mesh.trust_domain);
        let draft = root.draft(&key, LIFETIME, now).unwrap();
        let signature = pair.sign(&SystemRandom::new(), draft.signing_input()).unwrap();
        let certificate = draft.attach(signature.as_ref()).unwrap();
        OfferedKey { key, certificate: Some(certificate) }
    }

    async fn replica(
        folder: &Path,
        own: &OfferedKey,
        root: &PublicKey,
    ) -> (watch::Sender<Vec<OfferedKey>>, SharedKeys) {
        let store = Store::open(&Place::File(folder.join("state.db"))).await.unwrap();
        let (sender, own) = watch::channel(vec![own.clone()]);
        (sender, SharedKeys::new(store, own, Some(root.clone()), &mesh()))
    }

    #[tokio::test]
    async fn replicas_know_each_others_keys_by_the_roots_word_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let (root, stranger) = (root(), root());
        let (one, two) = (certified(&root, at(0)), certified(&root, at(0)));
        let (_one, mut first) = replica(folder.path(), &one, &root.1).await;
        let (_two, mut second) = replica(folder.path(), &two, &root.1).await;
        first.refresh(at(1)).await;
        assert_eq!(*first.subscribe().borrow(), std::slice::from_ref(&one));
        second.refresh(at(1)).await;
        first.refresh(at(2)).await;
        assert_eq!(*second.subscribe().borrow(), [two.clone(), one.clone()]);
        assert_eq!(*first.subscribe().borrow(), [one.clone(), two.clone()]);

        // What somebody else put into the store is nobody's key.
        let foreign = certified(&stranger, at(0));
        let text = foreign.certificate.as_ref().unwrap().as_str();
        first.store.show_key(foreign.key.kid(), text, at(1_000)).await.unwrap();
        first.store.show_key("none", "no certificate", at(1_000)).await.unwrap();
        first.refresh(at(3)).await;
        assert_eq!(*first.subscribe().borrow(), [one.clone(), two.clone()]);

        // Before the certificate ends, lest verifiers refuse the feed as a whole.
        first.refresh(at(94)).await;
        assert_eq!(first.subscribe().borrow().len(), 2);
        first.refresh(at(95)).await;
        assert_eq!(*first.subscribe().borrow(), std::slice::from_ref(&one));
    }

    #[tokio::test]
    async fn while_the_store_is_away_the_others_keys_that_are_known_stay() {
        let folder = tempfile::tempdir().unwrap();
        let root = root();
        let (one, two) = (certified(&root, at(0)), certified(&root, at(0)));
        let (_one, mut first) = replica(folder.path(), &one, &root.1).await;
        let (_two, mut second) = replica(folder.path(), &two, &root.1).await;
        second.refresh(at(1)).await;
        first.refresh(at(1)).await;
        first.store.close().await;
        first.refresh(at(2)).await;
        assert_eq!(first.subscribe().borrow().len(), 2);
        first.refresh(at(95)).await;
        assert_eq!(first.subscribe().borrow().len(), 1);
    }
}
