use super::*;
use splitplane_types::{CompositeKey, Digest};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A new store of each kind. PostgreSQL is left out, loudly, where there is none.
async fn places(folder: &Path) -> Vec<Place> {
    let mut places = vec![Place::File(folder.join("state/store.db"))];
    places.extend(splitplane_testkit::postgres(folder).await.unwrap().map(Place::Url));
    places
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn id(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

#[tokio::test]
async fn an_id_is_used_once_by_all_who_share_a_store_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    for place in places(folder.path()).await {
        let mut replicas = Vec::new();
        for _ in 0..2 {
            replicas
                .push(SingleUse::open(Store::open(&place).await.unwrap(), "nonce", 10_000).await.unwrap());
        }
        let takes = (0..400).map(|number| {
            let replica = replicas[number % 2].clone();
            // Each id four times, twice by each.
            tokio::spawn(async move {
                (number / 4, replica.take(id(&format!("{}", number / 4)), at(100), at(0)).await)
            })
        });
        let mut won = BTreeMap::<usize, usize>::new();
        for take in takes.collect::<Vec<_>>() {
            let (name, outcome) = take.await.unwrap();
            match outcome {
                Ok(()) => *won.entry(name).or_default() += 1,
                Err(error) => assert_eq!(error, UseError::Used),
            }
        }
        assert_eq!(won.len(), 100, "{place:?}");
        assert!(won.values().all(|times| *times == 1), "{place:?}");
        drop(replicas);
        let after = SingleUse::open(Store::open(&place).await.unwrap(), "nonce", 10_000).await.unwrap();
        assert_eq!(after.take(id("7"), at(100), at(100)).await, Err(UseError::Used));
        // Remembered for a while beyond its time, then forgotten; for another purpose it is another id.
        assert_eq!(after.take(id("7"), at(800), at(700)).await, Err(UseError::Used));
        assert_eq!(after.take(id("7"), at(900), at(711)).await, Ok(()));
        let receipts = SingleUse::open(Store::open(&place).await.unwrap(), "receipt", 1).await.unwrap();
        assert_eq!(receipts.take(id("7"), at(900), at(711)).await, Ok(()));
    }
}

/// Every sequence of six steps, each a use of one of two ids, a restart or a second that passes: an id whose
/// window has not passed is refused, and what was never used is not.
#[tokio::test]
async fn no_sequence_of_uses_restarts_and_time_lets_an_id_be_used_twice_in_its_window() {
    const WINDOW: u64 = 2;
    const STEPS: u32 = 6;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Place::File(folder.path().join("store.db"))).await.unwrap();
    let (mut refused, mut accepted) = (0, 0);
    for sequence in 0..4_u32.pow(STEPS) {
        let mut uses = SingleUse::open(store.clone(), "nonce", 1_000_000).await.unwrap();
        // Far enough from the others that nothing of them is swept.
        let mut now = u64::from(sequence) * 100;
        let mut oracle = BTreeMap::new();
        for step in 0..STEPS {
            match sequence / 4_u32.pow(step) % 4 {
                0 => now += 1,
                1 => uses = SingleUse::open(store.clone(), "nonce", 1_000_000).await.unwrap(),
                name => {
                    let outcome =
                        uses.take(id(&format!("{sequence} {name}")), at(now + WINDOW), at(now)).await;
                    match oracle.get(&name) {
                        Some(until) if now <= *until => {
                            assert_eq!(outcome, Err(UseError::Used), "{sequence} {step}");
                            refused += 1;
                        }
                        Some(_) => {}
                        None => {
                            assert_eq!(outcome, Ok(()), "{sequence} {step}");
                            accepted += 1;
                        }
                    }
                    if outcome.is_ok() {
                        oracle.insert(name, now + WINDOW);
                    }
                }
            }
        }
    }
    assert!(refused > 1_000 && accepted > 3_000, "{refused} {accepted}");
}

#[tokio::test]
async fn a_full_store_refuses_until_something_has_run_out() {
    let folder = tempfile::tempdir().unwrap();
    for place in places(folder.path()).await {
        let uses = SingleUse::open(Store::open(&place).await.unwrap(), "nonce", 2).await.unwrap();
        uses.take(id("a"), at(10), at(0)).await.unwrap();
        uses.take(id("b"), at(20), at(0)).await.unwrap();
        assert_eq!(uses.take(id("c"), at(900), at(5)).await, Err(UseError::Full));
        assert_eq!(uses.take(id("c"), at(900), at(610)).await, Err(UseError::Full));
        uses.take(id("c"), at(900), at(611)).await.unwrap();
        assert_eq!(uses.take(id("d"), at(900), at(611)).await, Err(UseError::Full));
    }
}

/// Whoever uses an id looked at the clock some time before, and other clocks are ahead or are set back: what was
/// swept meanwhile is no reason to take it again.
#[tokio::test]
async fn an_id_that_was_swept_while_its_user_waited_is_not_new() {
    let folder = tempfile::tempdir().unwrap();
    for place in places(folder.path()).await {
        let uses = SingleUse::open(Store::open(&place).await.unwrap(), "nonce", 100).await.unwrap();
        let replica = SingleUse::open(Store::open(&place).await.unwrap(), "nonce", 100).await.unwrap();
        uses.take(id("a"), at(300), at(0)).await.unwrap();
        // Another replica's clock is nearly ten minutes ahead of the last moment, and sweeps.
        replica.take(id("b"), at(2_000), at(899)).await.unwrap();
        assert_eq!(uses.take(id("a"), at(300), at(300)).await, Err(UseError::Used));
        // This one's own clock jumps far ahead, sweeps for good, and is set back.
        uses.take(id("c"), at(5_000), at(5_000)).await.unwrap();
        assert_eq!(uses.take(id("a"), at(300), at(299)).await, Err(UseError::Used));
        assert_eq!(uses.take(id("d"), at(4_401), at(4_000)).await, Ok(()));
        assert_eq!(uses.take(id("e"), at(4_400), at(4_000)).await, Err(UseError::Used));
        // Nor does a store that is full, and looks by the clock that was set back whether it still is.
        let small = SingleUse::open(Store::open(&place).await.unwrap(), "small", 2).await.unwrap();
        let replica = SingleUse::open(Store::open(&place).await.unwrap(), "small", 100).await.unwrap();
        small.take(id("f"), at(5_000), at(5_000)).await.unwrap();
        small.take(id("g"), at(5_000), at(5_000)).await.unwrap();
        replica.take(id("h"), at(7_000), at(6_000)).await.unwrap();
        assert_eq!(small.take(id("i"), at(301), at(300)).await, Err(UseError::Used));
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_written_refuses_everybody() {
    let folder = tempfile::tempdir().unwrap();
    for place in places(folder.path()).await {
        let store = Store::open(&place).await.unwrap();
        let uses = SingleUse::open(store.clone(), "nonce", 10).await.unwrap();
        uses.take(id("a"), at(10), at(0)).await.unwrap();
        sqlx::query("DROP TABLE single_use").execute(&store.pool).await.unwrap();
        assert_eq!(uses.take(id("b"), at(10), at(0)).await, Err(UseError::Unavailable));
        store.pool.close().await;
        assert_eq!(uses.take(id("c"), at(10), at(0)).await, Err(UseError::Unavailable));
    }
}

fn change(text: &str, epoch: u64, revoked: Revoked) -> Change {
    Change { digest: id(text), epoch, revoked, until: at(100) }
}

#[tokio::test]
async fn a_version_follows_exactly_one_other_and_what_it_revoked_stays_until_it_has_run_out() {
    let folder = tempfile::tempdir().unwrap();
    for place in places(folder.path()).await {
        let store = Store::open(&place).await.unwrap();
        let other = Store::open(&place).await.unwrap();
        assert_eq!(store.published().await.unwrap(), None);
        assert!(store.publish(None, &change("v1", 5, Revoked::All), at(0)).await.unwrap());
        assert!(!other.publish(None, &change("v2", 6, Revoked::All), at(0)).await.unwrap());
        let first = other.published().await.unwrap().unwrap();
        assert_eq!((first.digest, first.epoch, first.minimum_epoch), (id("v1"), 5, 5));
        let revoked = Revoked::Combinations(vec![id("t/b/a"), id("t/b/b")]);
        assert!(store.publish(Some(&first), &change("v2", 7, revoked.clone()), at(1)).await.unwrap());
        assert!(!other.publish(Some(&first), &change("v3", 8, Revoked::All), at(1)).await.unwrap());
        let second = other.published().await.unwrap().unwrap();
        assert_eq!((second.digest, second.epoch, second.minimum_epoch), (id("v2"), 7, 5));
        let keys: BTreeSet<_> =
            second.revocations.iter().map(|entry| (entry.composite, entry.epoch)).collect();
        assert_eq!(keys, BTreeSet::from([(id("t/b/a"), 7), (id("t/b/b"), 7)]));
        assert!(second.revocations.iter().all(|entry| entry.until >= at(100)));
        // Another version before they have run out leaves them, one after drops them.
        let none = Revoked::Combinations(Vec::new());
        assert!(store.publish(Some(&second), &change("v3", 8, none.clone()), at(100)).await.unwrap());
        let third = other.published().await.unwrap().unwrap();
        assert_eq!(third.revocations.len(), 2);
        assert!(store.publish(Some(&third), &change("v4", 9, none), at(101)).await.unwrap());
        let fourth = store.published().await.unwrap().unwrap();
        // What they were about is void for good.
        assert_eq!((fourth.revocations, fourth.minimum_epoch), (Vec::new(), 7));
    }
}

fn entries() -> Entries {
    let key = |text: &str| -> CompositeKey { text.parse().unwrap() };
    let combination =
        |text: &str, active| CombinationEntry { key: key(text), role: "member".parse().unwrap(), active };
    Entries {
        combinations: vec![combination("t/b/ann", true), combination("t/b/bob", false)],
        principals: vec![
            PrincipalEntry {
                id: "other".parse().unwrap(),
                bootstraps: Vec::new(),
                assumed_roles: Vec::new(),
                speaks_for: Vec::new(),
            },
            PrincipalEntry {
                id: "portal".parse().unwrap(),
                bootstraps: vec!["spiffe://test/bootstrap/a".into(), "spiffe://test/bootstrap/b".into()],
                assumed_roles: vec!["arn:aws:sts::123456789012:assumed-role/Portal".into()],
                speaks_for: vec![key("t/b/ann"), key("t/b/bob")],
            },
        ],
    }
}

#[tokio::test]
async fn a_registry_is_read_as_it_was_written_and_only_the_latest_version_can_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    for place in places(folder.path()).await {
        let store = Store::open(&place).await.unwrap();
        let (empty, none) = store.registry().await.unwrap();
        assert_eq!(none, Entries::default());
        assert!(store.write_registry(empty, &none, &entries()).await.unwrap());
        assert!(!store.write_registry(empty, &none, &entries()).await.unwrap());
        let (version, read) = store.registry().await.unwrap();
        assert_eq!(read, entries());
        assert_eq!(store.registry_version().await.unwrap(), version);
        let mut changed = read.clone();
        changed.combinations[0].active = false;
        changed.combinations.remove(1);
        changed.principals[1].speaks_for.remove(1);
        changed.principals[1].bootstraps.remove(0);
        changed.principals.remove(0);
        assert!(store.write_registry(version, &read, &changed).await.unwrap());
        assert_eq!(Store::open(&place).await.unwrap().registry().await.unwrap().1, changed);
    }
}

#[tokio::test]
async fn whoever_writes_to_the_registrys_tables_moves_its_version() {
    let folder = tempfile::tempdir().unwrap();
    for place in places(folder.path()).await {
        let store = Store::open(&place).await.unwrap();
        let (version, none) = store.registry().await.unwrap();
        store.write_registry(version, &none, &entries()).await.unwrap();
        for statement in [
            "UPDATE combinations SET active = 0",
            "DELETE FROM speaks_for WHERE admin = 'ann'",
            "DELETE FROM bootstraps",
            "DELETE FROM assumed_roles",
            "INSERT INTO principals (id) VALUES ('new')",
            "DELETE FROM principals WHERE id = 'portal'",
        ] {
            let before = store.registry_version().await.unwrap();
            sqlx::query(statement).execute(&store.pool).await.unwrap();
            assert!(store.registry_version().await.unwrap() > before, "{statement} on {place:?}");
        }
        sqlx::query("UPDATE combinations SET role = 'no role'").execute(&store.pool).await.unwrap();
        assert!(matches!(store.registry().await, Err(StoreError::Row(_))));
    }
}

#[tokio::test]
async fn a_file_is_its_owners_alone_and_a_broken_one_is_no_store() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/store.db");
    Store::open(&Place::File(path.clone())).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let broken = folder.path().join("broken.db");
    std::fs::write(&broken, [b'x'; 4_096]).unwrap();
    let set = |mode| std::fs::set_permissions(&broken, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o640);
    let open = Store::open(&Place::File(broken.clone())).await;
    assert!(matches!(open, Err(StoreError::OpenToOthers { mode: 0o640, .. })));
    set(0o600);
    assert!(Store::open(&Place::File(broken.clone())).await.is_err());
    // A name that SQLite would take for a database in memory is a file like any other.
    let memory = Place::Url(format!("sqlite:{}/:memory:", folder.path().display()));
    Store::open(&memory).await.unwrap();
    assert!(folder.path().join(":memory:").metadata().unwrap().len() > 0);
    let nowhere = Place::Url("postgres://nobody@127.0.0.1:1/none".into());
    assert!(matches!(Store::open(&nowhere).await, Err(StoreError::Database(_))));
}

#[tokio::test]
async fn keys_are_shown_to_all_who_share_a_store_until_they_end() {
    let folder = tempfile::tempdir().unwrap();
    for place in places(folder.path()).await {
        let (one, two) = (Store::open(&place).await.unwrap(), Store::open(&place).await.unwrap());
        one.show_key("a", "first", at(10)).await.unwrap();
        two.show_key("b", "second", at(20)).await.unwrap();
        two.show_key("a", "another", at(30)).await.unwrap();
        assert_eq!(two.shown_keys(at(9)).await.unwrap(), ["first", "second"]);
        assert_eq!(one.shown_keys(at(10)).await.unwrap(), ["second"]);
        assert_eq!(two.shown_keys(at(0)).await.unwrap(), ["second"]);
    }
}
