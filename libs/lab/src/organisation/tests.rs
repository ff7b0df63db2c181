use super::*;
use crate::fixtures::{Size, Table, Tables, World};

fn read(rows: &[[Option<&str>; 5]]) -> Organisation {
    let world = World::of_seed(1, Size { admins: 2, rows: 2 });
    let (model, [policy, _]) = world.load().unwrap();
    let table = Table {
        source: "access".to_owned(),
        columns: ["holder", "unit", "admin", "site", "region"].map(str::to_owned).to_vec(),
        rows: rows.iter().map(|row| row.map(|text| text.map(str::to_owned)).to_vec()).collect(),
    };
    Organisation::read(&model, &policy, &Tables { tables: vec![table], batch_rows: 2 }).unwrap()
}

#[test]
fn a_null_among_granted_keys_grants_nothing_and_a_null_identity_names_nobody() {
    let organisation = read(&[
        [Some("h"), Some("u"), Some("a"), Some("1"), Some("n")],
        [Some("h"), Some("u"), Some("a"), Some("1"), Some("n")],
        [Some("h"), Some("u"), Some("a"), Some("2"), None],
        [Some("h"), Some("u"), Some("b"), None, Some("n")],
        [Some("h"), None, Some("c"), Some("1"), Some("n")],
        [Some("h"), Some("u"), Some("d/e"), Some("1"), Some("n")],
        [Some("h"), Some("u"), Some(""), Some("1"), Some("n")],
    ]);
    assert_eq!(organisation.keys(), ["region", "site"]);
    let names: Vec<String> = organisation.admins().map(ToString::to_string).collect();
    assert_eq!(names, ["h/u/a", "h/u/b"]);
    let granted = |name: &str| organisation.granted(&name.parse().unwrap()).unwrap();
    assert_eq!(*granted("h/u/a"), BTreeSet::from([vec!["n".to_owned(), "1".to_owned()]]));
    assert!(granted("h/u/b").is_empty());
    assert_eq!(organisation.idle(), IdleGrants { nameless: 3, incomplete: 2 });
}

#[test]
fn an_admin_who_is_not_granted_anything_is_told_from_a_wrong_name() {
    let organisation = read(&[[Some("h"), Some("u"), Some("anna"), None, None]]);
    assert!(organisation.known(&"h/u/anna".parse().unwrap()).unwrap().is_empty());
    let error = organisation.known(&"h/u/ana".parse().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "no grant names `h/u/ana`; did you mean `h/u/anna`?");
}
