//! Each lint where it must speak, with its line and its nearest right thing, and where it must not.

use super::*;

mod same_column;

/// A small world in which a policy has nothing doubtful about it.
const MODEL: &str = r#"version: "0.2.0.dev0"
semantic_model:
  - name: w
    datasets:
      - name: places
        source: places
        primary_key: [org, unit, place_id]
        fields:
          - { name: org, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: org_no } ] } }
          - { name: unit, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: unit } ] } }
          - { name: place_id, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: place_id } ] } }
      - name: visits
        source: visits
        primary_key: [visit_id]
        fields:
          - { name: visit_id, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: visit_id } ] } }
          - { name: org, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: org } ] } }
          - { name: unit, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: unit } ] } }
          - { name: place_id, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: place_id } ] } }
          - { name: person_id, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: person_id } ] } }
          - { name: mail, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: mail } ] } }
          - { name: day, datatype: Date, dimension: {}, expression: { dialects: [ { dialect: ANSI_SQL, expression: day } ] } }
          - { name: paid, datatype: Decimal, custom_extensions: [ { vendor_name: SPLITPLANE, data: '{"unit": "EUR"}' } ], expression: { dialects: [ { dialect: ANSI_SQL, expression: paid } ] } }
      - name: people
        source: people
        primary_key: [person_id]
        fields:
          - { name: person_id, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: person_id } ] } }
          - { name: mail, datatype: String, dimension: {}, expression: { dialects: [ { dialect: ANSI_SQL, expression: mail } ] } }
          - { name: tel, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: tel } ] } }
      - name: tariff
        source: tariff
        fields:
          - { name: kind, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: kind } ] } }
      - name: who
        source: who
        fields:
          - { name: org, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: org } ] } }
          - { name: unit, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: unit } ] } }
          - { name: admin, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: admin } ] } }
          - { name: place_id, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: place_id } ] } }
    relationships:
      - { name: at, from: visits, to: places, from_columns: [org, unit, place_id], to_columns: [org, unit, place_id] }
      - { name: by, from: visits, to: people, from_columns: [person_id], to_columns: [person_id] }
    metrics:
      - name: income
        description: What was paid
        ai_context: { synonyms: [takings] }
        custom_extensions: [ { vendor_name: SPLITPLANE, data: '{"unit": "EUR"}' } ]
        expression: { dialects: [ { dialect: ANSI_SQL, expression: "SUM(visits.paid)" } ] }
      - name: reached
        description: People with a mail or a number
        expression: { dialects: [ { dialect: ANSI_SQL, expression: "COUNT(people.tel)" } ] }
"#;

const POLICY: &str = "version: 1
model: w
calendar: { timezone: UTC }
grants:
  dataset: who
  identity: { tenant: org, business: unit, admin: admin }
  yields: { place: place_id }
datasets:
  places: { scope: { tenant: org, business: unit, place: place_id } }
  visits: { scope: { tenant: org, business: unit, place: place_id } }
  people: { scope: { through: visits, by: { person_id: person_id } } }
  tariff: { public: the same for all }
";

/// Passages and what stands for them.
type Changes = &'static [(&'static str, &'static str)];

fn of_model(changes: &[(&str, &str)]) -> Report {
    check_model("m.yaml", &with(MODEL, changes))
}

fn of_policy(model: &[(&str, &str)], policy: &[(&str, &str)]) -> Report {
    let model = parse_model("m.yaml", &with(MODEL, model)).unwrap();
    check_policy("p.yaml", &with(POLICY, policy), &model, None)
}

#[test]
fn a_world_without_doubts_has_none() {
    assert_eq!(of_model(&[]).findings, []);
    assert_eq!(of_policy(&[], &[]).findings, []);
}

/// What is changed in the model; line, code and words of what is found.
const MODELS: &[(Changes, u64, &str, &str)] = &[
    (
        &[("primary_key: [person_id]", "description: x")],
        44,
        "join-not-by-key",
        "write `primary_key: [person_id]` in `people`",
    ),
    (
        &[("primary_key: [person_id]", "primary_key: [tel]")],
        44,
        "join-not-by-key",
        "join by the key `tel`, or write `unique_keys: [[person_id]]`",
    ),
    (
        &[("datatype: Date, dimension: {}", "dimension: { is_time: true }")],
        22,
        "time-without-type",
        "write `datatype: Date`",
    ),
    (
        &[("datatype: Date, dimension: {}", "datatype: Integer, dimension: { is_time: true }")],
        22,
        "time-of-wrong-type",
        "or write `dimension: {}`",
    ),
    (&[("        description: What was paid\n", "")], 46, "metric-without-description", "say in a sentence"),
    (
        &[("        custom_extensions: [ { vendor_name: SPLITPLANE, data: '{\"unit\": \"EUR\"}' } ]\n", "")],
        46,
        "metric-without-unit",
        "`visits.paid` is in EUR",
    ),
    (
        &[(
            "description: People with a mail or a number",
            "description: x\n        ai_context: { synonyms: [Takings, INCOME] }",
        )],
        53,
        "shared-name",
        "`income` and `reached` are both called \"income\" and \"takings\"",
    ),
    (
        &[("name: tel, datatype: String", "name: tel, label: mail, dimension: {}, datatype: String")],
        30,
        "shared-name",
        "`people.mail` and `people.tel` are both called \"mail\"",
    ),
    (
        &[
            ("name: tel, datatype: String", "name: tel_nr, dimension: {}, datatype: String"),
            ("people.tel)", "people.tel_nr)"),
        ],
        30,
        "unlabelled",
        "nobody says \"tel nr\"",
    ),
];

#[test]
fn what_is_doubtful_in_a_model_is_said_once_and_on_its_line() {
    for (changes, line, code, text) in MODELS {
        let report = of_model(changes);
        assert_eq!(places(&report), [(*line, *code)], "{changes:?}: {report:#?}");
        assert!(report.findings[0].to_string().contains(text), "{report:#?}");
    }
    // A key that is declared unique is a key, and so is more than a key.
    let declared = [("primary_key: [person_id]", "unique_keys: [[tel], [person_id]]")];
    assert_eq!(of_model(&declared).findings, []);
    // Two fields of one name that no metric has both.
    let apart = [("name: kind, datatype: String", "name: kind, label: day, dimension: {}, datatype: String")];
    assert_eq!(of_model(&apart).findings, []);
    // A product has another unit than its field.
    let product = [
        ("SUM(visits.paid)", "SUM(visits.paid * 2)"),
        ("        custom_extensions: [ { vendor_name: SPLITPLANE, data: '{\"unit\": \"EUR\"}' } ]\n", ""),
    ];
    assert_eq!(of_model(&product).findings, []);
    // A label is as good as a synonym.
    let labelled = [
        ("name: tel, datatype: String", "name: tel_nr, label: number, dimension: {}, datatype: String"),
        ("people.tel)", "people.tel_nr)"),
    ];
    assert_eq!(of_model(&labelled).findings, []);
}

/// Passages of the model, one of the policy, and what is found.
type ScopeCase = (Changes, (&'static str, &'static str), u64, &'static str, &'static str);

const THROUGH: &str = "people: { scope: { through: visits, by: { person_id: person_id } } }";

/// What is changed in the model and in the policy; line, code and words of what is found.
const SCOPES: &[ScopeCase] = &[
    (
        &[],
        (", place: place_id } }\n  visits", " } }\n  visits"),
        9,
        "scope-leaves-out-key",
        "sees the rows of every place of the business here; add `place: place_id`",
    ),
    (
        &[],
        (THROUGH, "people: { scope: { tenant: mail, business: tel } }"),
        11,
        "scope-leaves-out-key",
        "add `through: visits, by: { person_id: person_id }`",
    ),
    (
        &[],
        ("yields: { place: place_id }", "yields: { place: admin }"),
        7,
        "one-column-two-keys",
        "take `admin` and `place` from the same column `admin`",
    ),
    (
        &[],
        ("tenant: org, business: unit, admin", "tenant: org, business: org, admin"),
        6,
        "one-column-tenant-business",
        "`tenant` and `business` from the same column `org`; leave it if every tenant is one business, else name",
    ),
    (
        &[],
        ("places: { scope: { tenant: org, business: unit,", "places: { scope: { tenant: org, business: org,"),
        9,
        "one-column-tenant-business",
        "takes `org` for the tenant and for the business; leave it if",
    ),
    (
        &[],
        (
            "places: { scope: { tenant: org, business: unit, place: place_id",
            "places: { scope: { tenant: org, business: unit, place: unit",
        ),
        9,
        "one-column-two-keys",
        "takes `unit` for the business and for the place",
    ),
    (
        &[],
        ("tenant: org, business: unit, admin: admin }", "tenant: org, business: unit, admin: org }"),
        6,
        "one-column-two-keys",
        "`tenant` and `admin`",
    ),
    (
        &[("name: kind,", "name: unit,")],
        ("", ""),
        12,
        "public-scope-column",
        "write `scope: { business: unit }` instead",
    ),
    (
        &[],
        (THROUGH, "people: { scope: { through: visits, by: { mail: visit_id } } }"),
        11,
        "through-not-related",
        "relationship `by` has `by: { person_id: person_id }`",
    ),
    (
        &[("        primary_key: [person_id]\n", "")],
        ("", ""),
        11,
        "through-any-match",
        "as soon as any row of `visits` with the same `person_id` is",
    ),
    (
        &[("COUNT(people.tel)", "COUNT(who.admin)")],
        ("", ""),
        5,
        "metric-over-grants",
        "`reached` is over `who`",
    ),
];

#[test]
fn what_is_doubtful_in_a_scope_is_said_once_and_on_its_line() {
    for (model, policy, line, code, text) in SCOPES {
        let report = of_policy(model, &[*policy]);
        assert_eq!(places(&report), [(*line, *code)], "{policy:?}: {report:#?}");
        assert!(report.findings[0].to_string().contains(text), "{report:#?}");
    }
    let unused = of_policy(
        &[],
        &[
            ("business: unit, place: place_id } }\n  visits", "business: unit } }\n  visits"),
            (", place: place_id } }\n  people", " } }\n  people"),
        ],
    );
    assert_eq!(places(&unused), [(7, "granted-key-unused")]);
    assert!(said(&unused, "granted-key-unused")[0].contains("bind it in the scope of `places`, `visits`,"));
}

#[test]
fn what_is_doubtful_about_columns_is_said_once_and_on_its_line() {
    const PEOPLE: &str = "person_id: person_id } } }";
    let people = |columns: &str| format!("person_id: person_id }} }}, columns: {columns} }}");
    let hide_mail = "visits: { columns: { mail: hidden }, scope";
    for (columns, line, code, text) in [
        ("{ tel: hidden }", 11, "metric-over-hidden", "nobody can ask for metric `reached`, which needs it"),
        (
            "{ tel: { mask: null, unless: { role: [lead] } } }",
            11,
            "metric-over-hidden",
            "masked for every role but `lead`: no other role",
        ),
        (
            "{ person_id: { mask: hash } }",
            11,
            "mask-on-join-key",
            "relationship `by` joins by it: they can ask nothing across it, and still see",
        ),
        ("{ person_id: hidden }", 11, "mask-on-join-key", "can ask nothing across it; leave the key"),
    ] {
        let columns = people(columns);
        let report = of_policy(&[], &[(PEOPLE, &columns)]);
        assert!(
            said(&report, code)
                .iter()
                .any(|said| said.starts_with(&format!("{line}: ")) && said.contains(text)),
            "{report:#?}"
        );
        assert_eq!(said(&report, code).len(), 1, "{report:#?}");
    }
    // In one place hidden, in the other not: by its name, and by a relationship.
    let columns = people("{ mail: hidden }");
    let report = of_policy(&[], &[(PEOPLE, &columns)]);
    assert_eq!(places(&report), [(11, "shown-elsewhere")]);
    assert!(said(&report, "shown-elsewhere")[0].contains("`visits.mail` shows the same"));
    let columns = people("{ person_id: hidden }");
    let report = of_policy(&[], &[(PEOPLE, &columns)]);
    assert!(said(&report, "shown-elsewhere")[0].contains("`visits.person_id`"));
    let columns = people("{ mail: hidden }");
    assert_eq!(of_policy(&[], &[(PEOPLE, &columns), ("visits: { scope", hide_mail)]).findings, []);
    // Others are let in there than here.
    let columns = people("{ mail: { hidden: true, unless: { role: [lead] } } }");
    let report = of_policy(&[], &[(PEOPLE, &columns), ("visits: { scope", hide_mail)]);
    assert_eq!(places(&report), [(10, "shown-elsewhere")]);
    // A public dataset is told by itself; a column that a scope binds is the caller's own.
    let columns = people("{ tel: hidden }");
    let report = of_policy(&[("name: kind,", "name: tel,")], &[(PEOPLE, &columns)]);
    assert_eq!(places(&report), [(11, "metric-over-hidden"), (12, "public-shows-hidden")]);
    let bound = [("visits: { scope", "visits: { columns: { org: { mask: null } }, scope")];
    let report = of_policy(&[], &bound);
    assert_eq!(places(&report), [(10, "masked-scope-column"), (10, "mask-on-join-key")]);
}

#[test]
fn a_metric_over_two_columns_that_no_role_sees_together_is_told() {
    let columns = "person_id: person_id } }, columns: { tel: { hidden: true, unless: { role: [a] } }, mail: { hidden: true, unless: { role: [b] } } } }";
    let model = [("COUNT(people.tel)", "COUNT(people.tel || people.mail)")];
    let report = of_policy(&model, &[("person_id: person_id } } }", columns)]);
    let told = said(&report, "metric-over-hidden");
    assert!(
        told.iter()
            .any(|said| said.contains("needs `people.tel`, `people.mail`, and no role sees all of them")),
        "{told:#?}"
    );
    let both = columns.replace("[b]", "[a, b]");
    let report = of_policy(&model, &[("person_id: person_id } } }", &both)]);
    assert!(
        said(&report, "metric-over-hidden").iter().all(|said| !said.contains("no role sees")),
        "{report:#?}"
    );
}

#[test]
fn a_role_that_nobody_has_is_doubtful_if_the_roles_are_known() {
    let model = parse_model("m.yaml", LIBRARY_MODEL).unwrap();
    let check = |roles: &[&str]| {
        let roles: Vec<Role> = roles.iter().map(|role| role.parse().unwrap()).collect();
        said(&check_policy("p.yaml", LIBRARY_POLICY, &model, Some(&roles)), "unknown-role")
    };
    let told = "16: the registry gives nobody the role `head-librarian`; did you mean `head_librarian`?";
    assert_eq!(check(&["clerk", "head_librarian"]), [told]);
    assert_eq!(check(&["head-librarian"]), [""; 0]);
    assert!(check(&["x"])[0].ends_with("known: x"));
    assert!(said(&of_library_policy(LIBRARY_POLICY), "unknown-role").is_empty());
    // In a list over several lines it is the role's own line.
    let roles = ("[head-librarian]", "[\n        clerk,\n        head-librarian,\n      ]");
    let report =
        check_policy("p.yaml", &with(LIBRARY_POLICY, &[roles]), &model, Some(&["clerk".parse().unwrap()]));
    assert!(said(&report, "unknown-role")[0].starts_with("18: "), "{report:#?}");
}

#[test]
fn a_policy_with_several_scopes_in_a_list_is_told_at_the_item() {
    let model = parse_model("m.yaml", BIKES_MODEL).unwrap();
    let text = with(BIKES_POLICY, &[("      - { business: city }", "      - { business: operator }")]);
    let report = check_policy("p.yaml", &text, &model, None);
    assert_eq!(said(&report, "one-column-tenant-business").len(), 1, "{report:#?}");
    assert!(said(&report, "one-column-tenant-business")[0].starts_with("11: "), "{report:#?}");
}
