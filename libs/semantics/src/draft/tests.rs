use super::*;
use crate::fixtures::{bikes, library};
use crate::{Policy, RowPolicy, Severity, check_policy, parse_model, parse_policy};
use proptest::prelude::*;
use std::path::Path;

fn example(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(path)).unwrap()
}

/// The scopes of a policy that are no reason to be public.
fn scopes(policy: &Policy) -> BTreeMap<&str, String> {
    let scoped = policy.datasets.iter().filter(|(_, one)| matches!(one.rows, RowPolicy::Scoped(_)));
    scoped.map(|(name, one)| (name.as_str(), format!("{:?}", one.rows))).collect()
}

#[test]
fn drafts_for_the_examples_load_and_have_the_scopes_that_people_wrote() {
    for name in ["restaurant", "jaffle"] {
        let model = parse_model("m.yaml", &example(&format!("{name}/model.yaml"))).unwrap();
        let written = parse_policy("p.yaml", &example(&format!("{name}/policy.yaml")), &model).unwrap();
        let text = draft_policy(&model, &DataHints::default());
        let drafted = parse_policy("draft.yaml", &text, &model).unwrap();
        let (written_scopes, drafted_scopes) = (scopes(&written), scopes(&drafted));
        assert_eq!(drafted_scopes.len(), drafted.datasets.len(), "nothing is public");
        assert!(written_scopes.len() >= 4);
        for (dataset, scope) in written_scopes {
            assert_eq!(drafted_scopes[dataset], scope, "{dataset}");
        }
        assert_eq!(format!("{:?}", drafted.grants), format!("{:?}", written.grants));
        assert_eq!(grants_candidate(&model).unwrap().name, written.grants.dataset);
        let report = check_policy("draft.yaml", &text, &model, None);
        assert!(report.findings.iter().all(|finding| finding.severity == Severity::Warning), "{report:#?}");
    }
}

#[test]
fn what_looks_personal_is_hidden_or_masked_and_says_that_it_is_a_guess() {
    let model = parse_model("m.yaml", &example("restaurant/model.yaml")).unwrap();
    let text = draft_policy(&model, &DataHints::default());
    for line in [
        "      customer_name: hidden # guess: it looks like a person's name",
        "      email: hidden # guess: it looks like an email address",
        "      phone: { mask: last4 } # guess: it looks like a phone number",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    for told in ["location_name", "item_name", "city"] {
        assert!(!text.contains(&format!("{told}:")), "{told}");
    }
    let (library, _) = library();
    let text = draft_policy(&library, &DataHints::default());
    assert!(text.contains(
        "email: hidden # guess: it looks like an email address; nobody can ask for `reachable_members`"
    ));
}

#[test]
fn a_model_without_the_grants_names_is_left_undecided_and_does_not_load() {
    for (model, _) in [library(), bikes()] {
        let text = draft_policy(&model, &DataHints::default());
        assert!(text.contains("# undecided: no dataset has fields like `tenant_id`"), "{text}");
        let error = parse_policy("draft.yaml", &text, &model).unwrap_err().to_string();
        assert!(error.starts_with("draft.yaml:8: "), "{error}");
        assert!(grants_candidate(&model).is_none());
    }
}

/// A model of datasets with fields that are columns: name, primary key, fields.
fn world(datasets: &[(&str, &[&str], &[&str])], relationships: &[[&str; 4]]) -> SemanticModel {
    let mut text = "version: \"0.2.0.dev0\"\nsemantic_model:\n  - name: w\n    datasets:\n".to_owned();
    for (name, key, fields) in datasets {
        text += &format!(
            "      - name: {name}\n        source: {name}\n        primary_key: [{}]\n        fields:\n",
            key.join(", ")
        );
        for field in *fields {
            text += &format!(
                "          - {{ name: {field}, datatype: String, expression: {{ dialects: [ {{ dialect: ANSI_SQL, expression: {field} }} ] }} }}\n"
            );
        }
    }
    text += "    relationships:\n";
    for [name, from, to, column] in relationships {
        text += &format!(
            "      - {{ name: {name}, from: {from}, to: {to}, from_columns: [{column}], to_columns: [{column}] }}\n"
        );
    }
    if relationships.is_empty() {
        text += "      []\n";
    }
    parse_model("m.yaml", &text).unwrap()
}

const WHO: (&str, &[&str], &[&str]) = (
    "who",
    &["tenant_id", "business_id", "admin_id", "site_id"],
    &["tenant_id", "business_id", "admin_id", "site_id"],
);

#[test]
fn ids_that_repeat_between_tenants_are_no_way_to_a_tenant() {
    // `site_id` alone is no key of `sites`: another tenant's site may have the same.
    let sites =
        ("sites", &["tenant_id", "business_id", "site_id"][..], &["tenant_id", "business_id", "site_id"][..]);
    let events = ("events", &["event_id"][..], &["event_id", "site_id"][..]);
    let model = world(&[WHO, sites, events], &[["at", "events", "sites", "site_id"]]);
    let text = draft_policy(&model, &DataHints::default());
    assert!(
        text.contains("# undecided: relationship `at` joins by columns of `sites` that are no key of it"),
        "{text}"
    );
    assert!(parse_policy("p.yaml", &text, &model).is_err());
    // The data may show that it does not repeat.
    let columns = ["tenant_id", "business_id", "site_id"].map(str::to_owned);
    let seen = DatasetHints {
        columns: columns.into(),
        unique: ["site_id".to_owned()].into(),
        ..DatasetHints::default()
    };
    let hints = DataHints { datasets: [("sites".to_owned(), seen)].into() };
    let text = draft_policy(&model, &hints);
    assert!(text.contains("scope: { through: sites, by: { site_id: site_id } }"), "{text}");
    parse_policy("p.yaml", &text, &model).unwrap();
}

#[test]
fn a_tenant_of_its_own_counts_beside_the_way_through_another() {
    let sites = ("sites", &["site_id"][..], &["tenant_id", "business_id", "site_id"][..]);
    let events = ("events", &["event_id"][..], &["event_id", "tenant_id", "site_id"][..]);
    let model = world(&[WHO, sites, events], &[["at", "events", "sites", "site_id"]]);
    let text = draft_policy(&model, &DataHints::default());
    assert!(
        text.contains("scope: { tenant: tenant_id, through: sites, by: { site_id: site_id } }"),
        "{text}"
    );
    parse_policy("p.yaml", &text, &model).unwrap();
}

#[test]
fn values_in_the_grants_stand_in_for_a_name_and_columns_that_are_not_there_are_not_bound() {
    let sites = ("sites", &["site_id"][..], &["org", "business_id", "site_id"][..]);
    let model = world(&[WHO, sites], &[]);
    assert!(
        draft_policy(&model, &DataHints::default()).contains("# undecided: it has no columns for tenant")
    );
    let columns: BTreeSet<String> = ["org", "business_id", "site_id"].map(str::to_owned).into();
    let held = |column: &str| BTreeSet::from([column.to_owned()]);
    let contained: BTreeMap<_, _> =
        [("org".to_owned(), held("tenant_id")), ("business_id".to_owned(), held("business_id"))].into();
    let seen = DatasetHints { columns, contained, ..DatasetHints::default() };
    let hints = DataHints { datasets: [("sites".to_owned(), seen.clone())].into() };
    let text = draft_policy(&model, &hints);
    assert!(text.contains("scope: { tenant: org, business: business_id, site: site_id }"), "{text}");
    assert!(text.contains("# guess: all values of `org` are values of `tenant_id` in the grants"), "{text}");
    assert!(text.contains("# guess: some values of `site_id` are in no grant"), "{text}");
    parse_policy("p.yaml", &text, &model).unwrap();
    // Values that fit two keys say nothing.
    let mut both = seen.clone();
    both.contained.insert("org".to_owned(), ["tenant_id".to_owned(), "admin_id".to_owned()].into());
    let hints = DataHints { datasets: [("sites".to_owned(), both)].into() };
    assert!(draft_policy(&model, &hints).contains("# undecided: it has no columns for tenant"));
    let mut absent = seen;
    absent.columns.remove("business_id");
    let hints = DataHints { datasets: [("sites".to_owned(), absent)].into() };
    assert!(draft_policy(&model, &hints).contains("# undecided: it has no columns for tenant"));
}

#[test]
fn rows_of_events_that_name_an_admin_are_no_grants_and_what_joins_is_not_hidden() {
    let ids = ["tenant_id", "business_id", "admin_id", "site_id"];
    let visits = ("visits", &["visit_id"][..], &[&ids[..], &["visit_id", "email"]].concat()[..]);
    let people = ("people", &["email"][..], &["email", "card"][..]);
    let model = world(&[visits, WHO, people], &[["by", "visits", "people", "email"]]);
    assert_eq!(grants_candidate(&model).unwrap().name, "who");
    let text = draft_policy(&model, &DataHints::default());
    assert!(
        text.contains("card: hidden # guess: it looks like a card") && !text.contains("email: hidden"),
        "{text}"
    );
    parse_policy("p.yaml", &text, &model).unwrap();
}

#[test]
fn names_that_yaml_would_take_for_something_else_are_quoted() {
    for (text, written) in [
        ("a_b", "a_b"),
        ("null", "\"null\""),
        ("True", "\"True\""),
        ("a b", "\"a b\""),
        ("x\n# y", r#""x\n# y""#),
    ] {
        assert_eq!(write::name(text), written);
    }
}

/// Small organisations: which datasets have which ids, which hang on which, and whether by a key.
fn organisations() -> impl Strategy<Value = SemanticModel> {
    let dataset = (any::<[bool; 4]>(), 0..5_usize, any::<bool>());
    (prop::collection::vec(dataset, 1..6), any::<bool>()).prop_map(|(datasets, has_grants)| {
        let names: Vec<String> = (0..datasets.len()).map(|number| format!("d{number}")).collect();
        let ids: Vec<String> = names.iter().map(|name| format!("{name}_id")).collect();
        let mut fields: Vec<Vec<&str>> = Vec::new();
        let mut keys: Vec<Vec<&str>> = Vec::new();
        let mut links = Vec::new();
        for (number, (held, parent, keyed)) in datasets.iter().enumerate() {
            let own = ["tenant_id", "business_id", "site_id", "email"];
            let mut list: Vec<&str> = vec![&ids[number]];
            list.extend(own.iter().zip(held).filter(|(_, has)| **has).map(|(name, _)| *name));
            if parent % datasets.len() < number {
                list.push(&ids[parent % datasets.len()]);
                links.push([
                    "",
                    &names[number],
                    &names[parent % datasets.len()],
                    &ids[parent % datasets.len()],
                ]);
            }
            keys.push(if *keyed { vec![&ids[number]] } else { vec![] });
            fields.push(list);
        }
        let link_names: Vec<String> = (0..links.len()).map(|number| format!("r{number}")).collect();
        let links: Vec<[&str; 4]> = links
            .iter()
            .zip(&link_names)
            .map(|([_, from, to, by], name)| [name.as_str(), *from, *to, *by])
            .collect();
        let mut all: Vec<(&str, &[&str], &[&str])> =
            (0..names.len()).map(|n| (names[n].as_str(), keys[n].as_slice(), fields[n].as_slice())).collect();
        if has_grants {
            all.push(WHO);
        }
        world(&all, &links)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_draft_loads_if_nothing_in_it_is_undecided_and_shows_nothing_to_all(model in organisations()) {
        let text = draft_policy(&model, &DataHints::default());
        let loaded = parse_policy("p.yaml", &text, &model);
        prop_assert_eq!(loaded.is_ok(), !text.contains("# undecided:"), "{:?}\n{}", loaded, text);
        prop_assert!(!text.lines().any(|line| line.trim_start().starts_with("public:")), "{}", text);
        // Beside a reason stands every scope, and on its own line that of every column.
        let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
        for pair in lines.windows(2) {
            if pair[1].starts_with("scope:") {
                prop_assert!(pair[0].starts_with("# guess: ") || pair[0].starts_with("# undecided: "), "{}", text);
            }
        }
        for line in lines.iter().filter(|line| line.starts_with("email:")) {
            prop_assert!(line.contains(": hidden # guess: "), "{}", line);
        }
        if let Ok(policy) = loaded {
            prop_assert!(policy.datasets.values().all(|one| matches!(one.rows, RowPolicy::Scoped(_))));
            let report = check_policy("p.yaml", &text, &model, None);
            prop_assert!(report.first_error().is_none(), "{:#?}", report);
        }
    }
}
