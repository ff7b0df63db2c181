use super::*;
use splitplane_session::{Feed, Minter, PublicKey, SessionGrant, SessionKey, SigningKey, Verifier};
use splitplane_store::Place;
use splitplane_types::{CompositeKey, SessionId, Txn};
use std::path::Path;

const REGISTRY: &str = "
version: 1
principals: [{ id: p, bootstraps: [], speaks_for: [{ tenant: t, business: b, admin: a }] }]
combinations: [{ tenant: t, business: b, admin: a, role: member, active: true }]
";

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn disabled() -> String {
    REGISTRY.replace("true", "false")
}

fn key() -> Digest {
    "t/b/a".parse::<CompositeKey>().unwrap().digest()
}

fn write(folder: &Path, text: &str) {
    std::fs::write(folder.join("registry.yaml"), text).unwrap();
}

async fn open(folder: &Path, now: SystemTime) -> RegistryState {
    let store = Store::open(&Place::File(folder.join("state.db"))).await.unwrap();
    let source = RegistrySource::File(folder.join("registry.yaml"));
    RegistryState::open(source, store, now).await.unwrap()
}

async fn opened() -> (tempfile::TempDir, RegistryState) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), REGISTRY);
    let state = open(folder.path(), at(1_000)).await;
    (folder, state)
}

#[tokio::test]
async fn disabling_an_admin_revokes_until_the_last_key_has_expired() {
    let (folder, mut state) = opened().await;
    let feed = state.subscribe();
    let before = feed.borrow().epoch;
    write(folder.path(), &disabled());
    state.refresh(at(1_001)).await;
    let published = feed.borrow().clone();
    assert!(published.epoch > before && published.minimum_epoch <= before);
    assert_eq!(published.revocations.get(&key()), Some(&published.epoch));
    state.refresh(at(1_001 + 1_799)).await;
    assert_eq!(feed.borrow().revocations.len(), 1);
    state.refresh(at(1_001 + 1_801)).await;
    assert_eq!(feed.borrow().revocations.len(), 0);
    // No key of that age is to be believed any more.
    assert_eq!(feed.borrow().minimum_epoch, published.epoch);
}

#[tokio::test]
async fn an_unusable_file_leaves_nobody_in_and_loses_no_revocation() {
    let (folder, mut state) = opened().await;
    let feed = state.subscribe();
    write(folder.path(), "version: 1\nprincipals: [");
    state.refresh(at(1_001)).await;
    assert!(feed.borrow().registry.is_none());
    write(folder.path(), &disabled());
    state.refresh(at(1_002)).await;
    assert!(feed.borrow().registry.is_some());
    assert_eq!(feed.borrow().revocations.len(), 1);
}

#[tokio::test]
async fn an_unchanged_file_changes_nothing() {
    let (folder, mut state) = opened().await;
    let mut feed = state.subscribe();
    feed.mark_unchanged();
    state.refresh(at(1_001)).await;
    write(folder.path(), &format!("# A comment.{REGISTRY}"));
    state.refresh(at(1_002)).await;
    assert!(!feed.has_changed().unwrap());
}

#[tokio::test]
async fn a_restart_takes_no_revocation_back() {
    let (folder, mut state) = opened().await;
    write(folder.path(), &disabled());
    state.refresh(at(1_001)).await;
    let before = state.subscribe().borrow().clone();
    drop(state);
    let after = open(folder.path(), at(1_002)).await.subscribe().borrow().clone();
    assert_eq!((after.epoch, after.minimum_epoch), (before.epoch, before.minimum_epoch));
    assert_eq!(after.revocations, before.revocations);
}

#[tokio::test]
async fn what_changed_while_nobody_looked_voids_every_key() {
    let (folder, state) = opened().await;
    let before = state.subscribe().borrow().epoch;
    drop(state);
    write(folder.path(), &disabled());
    let mut state = open(folder.path(), at(1_001)).await;
    let after = state.subscribe().borrow().clone();
    assert!(after.epoch > before);
    assert_eq!(after.minimum_epoch, after.epoch);
    // The next change is told from this one again.
    write(folder.path(), REGISTRY);
    state.refresh(at(1_002)).await;
    assert_eq!(state.subscribe().borrow().minimum_epoch, after.minimum_epoch);
    assert_eq!(state.subscribe().borrow().revocations.len(), 1);
}

#[tokio::test]
async fn replicas_tell_the_same_whoever_notices_first() {
    let (folder, mut first) = opened().await;
    let mut second = open(folder.path(), at(1_000)).await;
    write(folder.path(), &disabled());
    second.refresh(at(1_001)).await;
    first.refresh(at(1_002)).await;
    second.refresh(at(1_003)).await;
    let (first, second) = (first.subscribe(), second.subscribe());
    let (first, second) = (first.borrow(), second.borrow());
    assert_eq!((first.epoch, first.minimum_epoch), (second.epoch, second.minimum_epoch));
    assert_eq!(first.revocations, second.revocations);
    assert_eq!(first.revocations.len(), 1);
}

#[tokio::test]
async fn while_what_was_told_cannot_be_read_nobody_is_authenticated() {
    let (folder, mut state) = opened().await;
    let feed = state.subscribe();
    state.store.close().await;
    state.refresh(at(1_001)).await;
    assert!(feed.borrow().registry.is_none());
    state.store = Store::open(&Place::File(folder.path().join("state.db"))).await.unwrap();
    state.refresh(at(1_002)).await;
    assert!(feed.borrow().registry.is_some());
}

#[tokio::test]
async fn a_replica_whose_own_file_is_behind_tells_nothing_and_undoes_nothing() {
    let (folder, mut first) = opened().await;
    let other = folder.path().join("registry-2.yaml");
    std::fs::write(&other, REGISTRY).unwrap();
    let store = Store::open(&Place::File(folder.path().join("state.db"))).await.unwrap();
    let mut second =
        RegistryState::open(RegistrySource::File(other.clone()), store, at(1_000)).await.unwrap();
    write(folder.path(), &disabled());
    first.refresh(at(1_001)).await;
    let told = first.subscribe().borrow().clone();
    for second_of_it in 1_002..1_005 {
        second.refresh(at(second_of_it)).await;
        assert!(second.subscribe().borrow().registry.is_none());
        first.refresh(at(second_of_it)).await;
        assert_eq!(first.subscribe().borrow().epoch, told.epoch);
    }
    std::fs::write(&other, disabled()).unwrap();
    second.refresh(at(1_005)).await;
    assert_eq!(second.subscribe().borrow().revocations, told.revocations);
}

#[tokio::test]
async fn what_was_told_is_told_anew_when_its_memory_is_that_of_yesterday() {
    let (folder, mut state) = opened().await;
    let yesterday = state.store.published().await.unwrap().unwrap();
    write(folder.path(), &disabled());
    state.refresh(at(1_001)).await;
    write(folder.path(), REGISTRY);
    state.refresh(at(1_002)).await;
    let told = state.subscribe().borrow().clone();
    // A database that was restored: the same registry, and an epoch that verifiers have left behind.
    for file in ["state.db", "state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(folder.path().join(file));
    }
    state.store = Store::open(&Place::File(folder.path().join("state.db"))).await.unwrap();
    let change = Change {
        digest: yesterday.digest,
        epoch: yesterday.epoch,
        revoked: Revoked::Combinations(Vec::new()),
        until: at(2_000),
    };
    assert!(state.store.publish(None, &change, at(1_003)).await.unwrap());
    state.refresh(at(1_003)).await;
    let after = state.subscribe().borrow().clone();
    assert!(after.epoch > told.epoch && after.minimum_epoch == after.epoch);
}

#[tokio::test]
async fn a_registry_that_nobody_has_looked_at_for_long_vouches_for_nobody() {
    let (_folder, state) = opened().await;
    let feed = state.subscribe();
    let bound = Duration::from_secs(5);
    let is_usable = |now| feed.borrow().registry(now, bound).is_some();
    assert!(is_usable(at(1_005)) && !is_usable(at(1_006)));
    // Nor does one that was looked at in a future, by a clock that was set back.
    assert!(is_usable(at(995)) && !is_usable(at(994)));
}

/// Who follows the feed, and what was minted so far.
struct Mesh {
    folder: tempfile::TempDir,
    replicas: [RegistryState; 2],
    verifier: Verifier,
    minter: Minter,
    public: PublicKey,
    /// Each key, and whether any replica has told that its owner is disabled since.
    keys: Vec<(SessionKey, bool)>,
    active: bool,
    /// The latest version that was told and in which the owner is disabled.
    disabled_at: u64,
    now: SystemTime,
}

impl Mesh {
    async fn open() -> Self {
        let (folder, first) = opened().await;
        let second = open(folder.path(), at(1_000)).await;
        let (key, _pem) = SigningKey::generate().unwrap();
        let bound = Duration::from_secs(60);
        let public = key.public_key();
        let mut mesh = Self {
            folder,
            replicas: [first, second],
            verifier: Verifier::new("issuer".into(), "mesh".into(), bound),
            minter: Minter::new(key, "issuer".into(), "mesh".into(), Duration::from_secs(120)),
            public,
            keys: Vec::new(),
            active: true,
            disabled_at: 0,
            now: at(1_000),
        };
        mesh.tell(0);
        mesh
    }

    /// The verifier hears what a replica tells.
    fn tell(&mut self, replica: usize) {
        let published = self.replicas[replica].subscribe().borrow().clone();
        if !self.active {
            self.disabled_at = published.epoch;
        }
        let feed = Feed {
            session_keys: vec![self.public.clone().into()],
            receipt_keys: Vec::new(),
            conversation_keys: Vec::new(),
            revocations: published.revocations.into_iter().collect(),
            minimum_epoch: published.minimum_epoch,
            epoch: published.epoch,
        };
        // One that is behind what was heard before is dropped.
        let _ = self.verifier.update(feed, self.now);
        for (_, was_disabled) in &mut self.keys {
            *was_disabled |= !self.active;
        }
    }

    fn mint(&mut self, replica: usize) {
        let published = self.replicas[replica].subscribe().borrow().clone();
        let composite: CompositeKey = "t/b/a".parse().unwrap();
        let principal = "p".parse().unwrap();
        let Ok(role) = published.registry.unwrap().role(&composite, &principal).cloned() else { return };
        let grant = SessionGrant {
            composite,
            role,
            session_id: SessionId::from_parts(1, 1),
            txn: Txn::from_parts(1, 1),
            body_digest: Digest::of(b""),
            method: "/Ask".into(),
            epoch: published.epoch,
            principal,
            access_key_id: "ASIA".into(),
            requesting_workload: "spiffe://mesh/gateway".into(),
        };
        let (key, _) = self.minter.mint(&grant, self.now).unwrap();
        // A replica that is behind mints under a version that is void already.
        self.keys.push((key, published.epoch < self.disabled_at));
    }

    async fn step(&mut self, step: u32) {
        self.now += Duration::from_secs(1);
        match step {
            0 => {
                self.active = !self.active;
                write(self.folder.path(), &if self.active { REGISTRY.to_owned() } else { disabled() });
            }
            1 => self.mint(0),
            2 => {
                self.replicas[0].refresh(self.now).await;
                self.tell(0);
            }
            3 => {
                self.replicas[1].refresh(self.now).await;
                self.tell(1);
            }
            _ => {
                self.replicas[0] = open(self.folder.path(), self.now).await;
                self.tell(0);
            }
        }
    }
}

/// Every sequence of four steps after a key was minted, each a change of the file, another key, a look of either of
/// two replicas or a restart: a key is void from the moment at which any of them has told that its owner is
/// disabled, for good, and not before.
#[tokio::test]
async fn no_sequence_of_changes_looks_and_restarts_brings_a_revoked_key_back() {
    const STEPS: u32 = 4;
    let (mut void, mut good) = (0, 0);
    for sequence in 0..5_u32.pow(STEPS) {
        let mut mesh = Mesh::open().await;
        mesh.mint(0);
        for step in 0..STEPS {
            mesh.step(sequence / 5_u32.pow(step) % 5).await;
            for (key, was_disabled) in &mesh.keys {
                let verified = mesh.verifier.verify(key, mesh.now);
                assert_eq!(verified.is_err(), *was_disabled, "{sequence} {step}: {verified:?}");
                void += usize::from(*was_disabled);
                good += usize::from(!*was_disabled);
            }
        }
    }
    assert!(void > 500 && good > 1_000, "{void} {good}");
}
