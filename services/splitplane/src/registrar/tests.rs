use super::*;
use std::collections::BTreeMap;

const YAML: &str = "# Ours.
version: 1
principals:
  - { id: portal, bootstraps: [\"spiffe://test/bootstrap/a\"], speaks_for: [{ tenant: t, business: b, admin: ann }] }
combinations:
  - { tenant: t, business: b, admin: ann, role: member, active: true }
";

const CSV: &str = "tenant, business, admin, role, principal, active, bootstraps
t, b, ann, owner, portal, true, spiffe://test/bootstrap/a spiffe://test/bootstrap/b
t, b, bob, member, portal,,
u, b, cy, member, other, false,
";

/// The same registry in a file, in SQLite, and in PostgreSQL where there is a server.
async fn sources(folder: &Path) -> Vec<RegistrySource> {
    let file = folder.join("registry.yaml");
    std::fs::write(&file, YAML).unwrap();
    let imported = import::read(&file).unwrap();
    let mut places = vec![format!("sqlite:{}", folder.join("registry.db").display())];
    places.extend(splitplane_testkit::postgres(folder).await.unwrap());
    let mut sources = vec![RegistrySource::File(file)];
    for place in places {
        let source = RegistrySource::open(Path::new(""), &place).await.unwrap();
        source.change(|entries| edit::import(entries, &imported, true)).await.unwrap().unwrap();
        sources.push(source);
    }
    sources
}

fn key(text: &str) -> CompositeKey {
    text.parse().unwrap()
}

#[tokio::test]
async fn every_command_does_the_same_wherever_the_registry_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("people.csv"), CSV).unwrap();
    let people = import::read(&folder.path().join("people.csv")).unwrap();
    let mut seen = BTreeMap::<String, usize>::new();
    for source in sources(folder.path()).await {
        let mut log = String::new();
        let mut note = |told: Result<Told, String>| log.push_str(&format!("{told:?}\n"));
        let (role, principal) = ("member".parse().unwrap(), "other".parse().unwrap());
        let (cy, ann) = (key("u/b/cy"), key("t/b/ann"));
        let added =
            |key| Added { key, role: &role, principal: &principal, bootstraps: &[], assumed_roles: &[] };
        note(source.change(|entries| edit::add(entries, &added(&cy))).await.unwrap());
        note(source.change(|entries| edit::add(entries, &added(&ann))).await.unwrap());
        note(source.change(|entries| edit::set_active(entries, &ann, false)).await.unwrap());
        note(source.change(|entries| edit::set_active(entries, &key("t/b/nobody"), false)).await.unwrap());
        let between = source.entries().await.unwrap();
        note(source.change(|entries| edit::import(entries, &people, false)).await.unwrap());
        let merged = source.entries().await.unwrap();
        note(source.change(|entries| edit::import(entries, &people, true)).await.unwrap());
        let owner = "owner".parse().unwrap();
        let other = Added { role: &owner, ..added(&cy) };
        note(source.change(|entries| edit::add(entries, &other)).await.unwrap());
        let last = source.entries().await.unwrap();
        for entries in [between, merged, last] {
            log.push_str(&list(&entries, None, false));
            log.push_str(&list(&entries, Some("t"), true));
            for entry in &entries.combinations {
                log.push_str(&speakers(&entries, entry, false));
                log.push_str(&speakers(&entries, entry, true));
            }
        }
        *seen.entry(log).or_default() += 1;
    }
    assert_eq!(seen.len(), 1, "{seen:#?}");
    let log = seen.keys().next().unwrap();
    for said in [
        "other may speak for u/b/cy (member)",
        "t/b/ann is disabled",
        "`t/b/nobody` is not registered",
        "combinations: 1 added, 2 changed, 0 removed",
        "`u/b/cy` is registered as `member`",
        "t/b/ann  owner  active  other, portal",
        "u/b/cy  member  disabled  other",
        "u/b/cy (member): disabled, so nobody may speak for it now",
        "credentials to spiffe://test/bootstrap/b",
    ] {
        assert!(log.contains(said), "{said} is not in {log}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_written_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    for source in sources(folder.path()).await {
        let before = source.entries().await.unwrap();
        let role = "arn:aws:iam::123456789012:role/No".to_owned();
        let changed = source
            .change(|entries| {
                for principal in &mut entries.principals {
                    principal.assumed_roles.push(role.clone());
                }
            })
            .await;
        assert!(changed.unwrap_err().to_string().contains("assumed role"));
        let unlisted = source.change(|entries| entries.combinations.clear()).await;
        assert!(unlisted.unwrap_err().to_string().contains("not a listed combination"));
        assert_eq!(source.entries().await.unwrap(), before);
    }
}

#[tokio::test]
async fn of_many_writers_at_once_each_change_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    for source in sources(folder.path()).await {
        let writers = (0..8).map(|number| {
            let source = source.clone();
            tokio::spawn(async move {
                let key = key(&format!("t/b/writer-{number}"));
                let (role, principal) = ("member".parse().unwrap(), "portal".parse().unwrap());
                let added = Added {
                    key: &key,
                    role: &role,
                    principal: &principal,
                    bootstraps: &[],
                    assumed_roles: &[],
                };
                source.change(|entries| edit::add(entries, &added)).await.unwrap().unwrap();
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        let entries = source.entries().await.unwrap();
        assert_eq!((entries.combinations.len(), entries.principals[0].speaks_for.len()), (9, 9));
    }
}

#[tokio::test]
async fn a_file_keeps_the_comments_at_its_head_and_one_with_others_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("registry.yaml");
    std::fs::write(&file, YAML).unwrap();
    let source = RegistrySource::File(file.clone());
    source.change(|entries| edit::set_active(entries, &key("t/b/ann"), false)).await.unwrap().unwrap();
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("# Ours.\nversion: 1\n"));
    let commented = YAML.replace("combinations:", "# Theirs.\ncombinations:");
    std::fs::write(&file, &commented).unwrap();
    let refused = source.change(|entries| edit::set_active(entries, &key("t/b/ann"), false)).await;
    assert!(refused.unwrap_err().to_string().contains("comments"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), commented);
}

#[tokio::test]
async fn who_is_disabled_stays_so_when_an_import_does_not_say() {
    let table = "tenant,business,admin,role,principal\nt,b,ann,owner,portal\nt,b,new,member,portal\n";
    for replace in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("people.csv"), table).unwrap();
        let imported = import::read(&folder.path().join("people.csv")).unwrap();
        for source in sources(folder.path()).await {
            source
                .change(|entries| edit::set_active(entries, &key("t/b/ann"), false))
                .await
                .unwrap()
                .unwrap();
            source.change(|entries| edit::import(entries, &imported, replace)).await.unwrap().unwrap();
            let entries = source.entries().await.unwrap();
            let found =
                |name: &str| entries.combinations.iter().find(|entry| entry.key == key(name)).unwrap();
            assert!(!found("t/b/ann").active && found("t/b/new").active, "{replace}");
        }
    }
}

#[test]
fn mistakes_in_a_table_are_named_by_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.CSV");
    for (text, says) in [
        (CSV.replace("t, b, bob, member", "t, b, ann, member"), "line 3: `t/b/ann` stands above"),
        (CSV.replace("cy, member, other, false", "cy, member, other, no"), "line 4: active is `no`"),
        (CSV.replace("u, b, cy", "u/v, b, cy"), "line 4: `u/v`"),
        (CSV.replace("role, principal", "role, who"), "line 2: unknown field `who`"),
        (CSV.replace("u, b, cy, member, other, false,", "u, b"), "4"),
    ] {
        std::fs::write(&file, text).unwrap();
        let error = import::read(&file).unwrap_err().to_string();
        assert!(error.contains("people.CSV") && error.contains(says), "{error}");
    }
}
