use super::*;
use crate::fixtures::{BIKES_MODEL, BIKES_POLICY, LIBRARY_MODEL, LIBRARY_POLICY};
use crate::{CODES, parse_model, parse_policy};
use std::path::Path;

mod lints;
mod misspelt;
mod property;

/// A file of the examples.
fn example(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(path)).unwrap()
}

/// A text in which each of some passages, which must be there, was replaced once.
fn with(text: &str, changes: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "no `{old}`");
        text = text.replacen(old, new, 1);
    }
    text
}

/// Lines and codes; each code must be listed with that severity.
fn places(report: &Report) -> Vec<(u64, &'static str)> {
    for finding in &report.findings {
        let listed = CODES.iter().find(|(code, ..)| *code == finding.code);
        let (_, severity, _) = listed.unwrap_or_else(|| panic!("`{}` is not listed", finding.code));
        assert_eq!(*severity, finding.severity, "{finding}");
    }
    report.findings.iter().map(|finding| (finding.line, finding.code)).collect()
}

fn of_library_policy(text: &str) -> Report {
    check_policy("p.yaml", text, &parse_model("m.yaml", LIBRARY_MODEL).unwrap(), None)
}

/// How one code stands in a report: lines with what and remedy.
fn said(report: &Report, code: &str) -> Vec<String> {
    let found = report.findings.iter().filter(|finding| finding.code == code);
    found.map(|finding| format!("{}: {}; {}", finding.line, finding.what, finding.remedy)).collect()
}

#[test]
fn codes_are_there_once() {
    let mut codes: Vec<_> = CODES.iter().map(|(code, ..)| *code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), CODES.len());
}

/// Passages and what stands for them; lines and codes of what is found.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [(u64, &'a str)]);

/// What is changed in a model, and where what is found.
const MODELS: &[Case<'static>] = &[
    (&[("version: \"0.2.0.dev0\"", "version: \"0.9\"")], &[(1, "unknown-version")]),
    // A field, a relationship, a metric: each is read though the one before it is wrong.
    (
        &[
            ("datatype: Date\n", "datatype: Dat\n"),
            ("to: titles", "to: titels"),
            ("SUM(fines.amount)", "SUM(fines.amuont)"),
        ],
        &[(25, "unknown-value"), (94, "unknown-dataset"), (112, "unknown-column")],
    ),
    // The field is wrong, the metrics over it and the key are not.
    (&[("expression: fee } ] }", "expression: \"SUM(fee)\" } ] }")], &[(48, "invalid-expression")]),
    // The name of a dataset or a field cannot be read: nobody knows what leads there.
    (&[("- name: loans\n", "- name: [loans]\n")], &[(28, "wrong-kind")]),
    (&[("{ name: amount,", "{ name: 7,")], &[(64, "wrong-kind")]),
    (
        &[(
            "        fields:\n          - { name: member_id",
            "        feilds:\n          - { name: member_id",
        )],
        &[(73, "unknown-key")],
    ),
    // A relationship that cannot be read may be the one that a metric needs.
    (
        &[
            ("name: loan_member, from: loans, to: members", "name: loan_member, from: loans, to: [members]"),
            ("COUNT(DISTINCT members.email)", "SUM(loans.fee * LENGTH(members.email))"),
        ],
        &[(93, "wrong-kind")],
    ),
    (
        &[("name: loan_title, from: loans,", "name: loan_title, form: loans,"), ("to: titles, ", "")],
        &[(94, "unknown-key"), (94, "missing-key")],
    ),
    // Several in one item.
    (
        &[(
            "'{\"unit\": \"USD\", \"label\": \"lending fee\"}'",
            "'{\"unit\": 7, \"lable\": \"lending fee\"}'",
        )],
        &[(47, "unknown-key"), (47, "invalid-extension")],
    ),
    (
        &[("\"SUM(loans.fee)\"", "\"SUM(loan.fee) + loans.fees + fee\"")],
        &[(103, "unknown-dataset"), (103, "unknown-column"), (103, "invalid-metric")],
    ),
    (
        &[("name: loan_count", "name: total_fees"), ("name: phones", "name: Total_Fees")],
        &[(104, "duplicate-name"), (115, "duplicate-name")],
    ),
];

#[test]
fn every_mistake_of_a_model_is_found_and_none_twice() {
    for (changes, expected) in MODELS {
        let text = with(LIBRARY_MODEL, changes);
        let report = check_model("m.yaml", &text);
        assert_eq!(places(&report), *expected, "{changes:?}: {report:#?}");
        assert!(parse_model("m.yaml", &text).is_err());
    }
}

/// What is changed in a policy, and where what is found.
const POLICIES: &[Case<'static>] = &[
    // One in each part.
    (
        &[
            ("version: 1", "version: 2"),
            ("America/Chicago", "America/Chicgo"),
            ("week_starts: monday", "week_starts: mon"),
            ("admin: staff_id", "admin: staf_id"),
            ("fines: { scope: { through: loans", "fines: { scope: { through: loan"),
            ("email: hidden", "emial: hiden"),
            ("[head-librarian]", "[head librarian, \"\", ok]"),
            ("rows: 500, bytes: 2MiB", "rows: 0, bytes: 2mb"),
        ],
        &[
            (1, "unknown-version"),
            (3, "unknown-value"),
            (3, "unknown-value"),
            (6, "unknown-column"),
            (11, "unknown-dataset"),
            (15, "unknown-column"),
            (15, "invalid-treatment"),
            (16, "invalid-role"),
            (16, "wrong-kind"),
            (18, "invalid-value"),
            (18, "invalid-value"),
        ],
    ),
    // Grants that cannot be read leave the scopes readable, and none without one.
    (&[("dataset: staff_branches", "dataset: xyzzy")], &[(5, "unknown-dataset")]),
    (&[("yields: { branch: branch_id }", "yields: [branch]")], &[(7, "wrong-kind")]),
    (
        &[("  identity: { tenant: consortium_id, business: library_id, admin: staff_id }\n", "")],
        &[(5, "missing-key")],
    ),
    // Others lead through `loans`: that it does not reach the tenant is said once, where it is.
    (
        &[("loans: { scope: { tenant: consortium_id, business: library_id,", "loans: { scope: {")],
        &[(10, "scope-unreached"), (10, "scope-unreached")],
    ),
    (
        &[("loans: { scope: { tenant: consortium_id,", "loans: { scope: { xyzzy: consortium_id,")],
        &[(10, "unknown-key")],
    ),
    (&[("  loans: { scope: ", "  loans: { spoce: ")], &[(10, "unknown-key")]),
    (&[("  loans: { scope: ", "  laons: { scope: ")], &[(10, "unknown-dataset")]),
    (
        &[("  loans: { scope: { tenant: consortium_id, business: library_id, branch: branch_id } }\n", "")],
        &[(9, "no-scope")],
    ),
    // A ring is one mistake, however many lead into it.
    (
        &[(
            "loans: { scope: { tenant: consortium_id,",
            "loans: { scope: { through: fines, by: { loan_id: loan_id },",
        )],
        &[(10, "scope-ring")],
    ),
    (&[("model: lending", "model: another")], &[(2, "wrong-model")]),
    (
        &[("model: lending", "model: lendnig"), ("rows: 500", "rows: 0")],
        &[(2, "wrong-model"), (18, "invalid-value")],
    ),
    (&[("{ mask: last4, unless", "{ maks: last4, unles")], &[(16, "unknown-key"), (16, "unknown-key")]),
];

#[test]
fn every_mistake_of_a_policy_is_found_and_none_twice() {
    for (changes, expected) in POLICIES {
        let report = of_library_policy(&with(LIBRARY_POLICY, changes));
        assert_eq!(places(&report), *expected, "{changes:?}: {report:#?}");
    }
}

#[test]
fn a_text_that_is_no_yaml_is_one_mistake() {
    for report in [of_library_policy("a: [1\n"), check_model("m.yaml", "a: [1\n")] {
        assert_eq!(report.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["yaml"]);
    }
}

#[test]
fn a_wrong_key_excuses_for_one_that_is_missed() {
    for (old, new, expected) in [
        ("name: loan_count", "7: loan_count", (104, "unknown-key")),
        (
            "        fields:\n          - { name: member_id",
            "        7:\n          - { name: member_id",
            (73, "unknown-key"),
        ),
        ("from_columns: [branch_id]", "from_columns: [7]", (92, "wrong-kind")),
    ] {
        assert_eq!(places(&check_model("m.yaml", &with(LIBRARY_MODEL, &[(old, new)]))), [expected], "{new}");
    }
    for (old, new, expected) in [
        ("calendar:", "7:", (3, "unknown-key")),
        ("  titles: {", "  7: {", (17, "unknown-dataset")),
        ("  titles: { public:", "  titles: { 7:", (17, "unknown-key")),
        ("phone: { mask:", "phone: { 7:", (16, "unknown-key")),
        ("  yields:", "  7:", (7, "unknown-key")),
    ] {
        assert_eq!(places(&of_library_policy(&with(LIBRARY_POLICY, &[(old, new)]))), [expected], "{new}");
    }
    // But only for one.
    let two = with(
        LIBRARY_POLICY,
        &[
            ("  titles: {", "  7: {"),
            ("  fines: { scope: { through: loans, by: { loan_id: loan_id } } }\n", ""),
        ],
    );
    assert_eq!(places(&of_library_policy(&two)), [(9, "no-scope"), (16, "unknown-dataset")]);
}

#[test]
fn what_was_meant_is_read_on() {
    let model = |changes: &[(&str, &str)]| places(&check_model("m.yaml", &with(LIBRARY_MODEL, changes)));
    let fields =
        ("        fields:\n          - { name: member_id", "        feilds:\n          - { nmae: member_id");
    assert_eq!(model(&[fields]), [(73, "unknown-key"), (74, "unknown-key")]);
    // A field with a wrong expression is still there, and one that is not is missed beside it.
    let fee = ("expression: fee } ] }", "expression: \"SUM(fee)\" } ] }");
    let other = ("\"SUM(loans.fee)\"", "\"SUM(loans.feee)\"");
    assert_eq!(model(&[fee, other]), [(48, "invalid-expression"), (103, "unknown-column")]);
    let policy = |changes: &[(&str, &str)]| places(&of_library_policy(&with(LIBRARY_POLICY, changes)));
    let calendar = ("calendar: { timezone: America/Chicago", "calender: { timezone: America/Chicgo");
    assert_eq!(policy(&[calendar]), [(3, "unknown-key"), (3, "unknown-value")]);
    let loans = ("  loans: { scope: { tenant: consortium_id", "  laons: { scope: { tenant: consortium_di");
    assert_eq!(policy(&[loans]), [(10, "unknown-dataset"), (10, "unknown-column")]);
    // In a policy for another model everything would be wrong.
    let model = [("model: lending", "model: another"), ("rows: 500", "rows: 0")];
    assert_eq!(policy(&model), [(2, "wrong-model")]);
    // A foreign key excuses for one key alone.
    let identity =
        ("{ tenant: consortium_id, business: library_id, admin: staff_id }", "{ 7: consortium_id }");
    assert_eq!(policy(&[identity]), [(6, "unknown-key"), (6, "missing-key"), (6, "missing-key")]);
}

#[test]
fn the_examples_have_no_doubts() {
    for name in ["restaurant", "jaffle"] {
        let text = example(&format!("{name}/model.yaml"));
        assert_eq!(check_model("m.yaml", &text).findings, []);
        let model = parse_model("m.yaml", &text).unwrap();
        let roles = ["manager".parse().unwrap(), "clerk".parse().unwrap()];
        let policy = example(&format!("{name}/policy.yaml"));
        assert_eq!(check_policy("p.yaml", &policy, &model, Some(&roles)).findings, []);
    }
}
