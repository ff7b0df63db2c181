//! Answers over a small library, each written down by hand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

use splitplane_lab::fixtures::{Table, Tables};
use splitplane_lab::{
    Audience, ColumnReason, DatasetChangeKind, Diff, Exposure, Failure, Lab, LabError, MetricReason,
    Movement, RoleName, RuleView, ScopeView, Step, Verdict, WhyNotOutcome, diff,
};
use splitplane_semantics::{Mask, Policy, SemanticModel, parse_model, parse_policy};
use splitplane_types::{CompositeKey, Role};

const MODEL: &str = include_str!("../../semantics/fixtures/library/model.yaml");
const POLICY: &str = include_str!("../../semantics/fixtures/library/policy.yaml");

fn table(source: &str, columns: &[&str], rows: &[&[&str]]) -> Table {
    let cell = |text: &&str| (*text != "NULL").then(|| (*text).to_owned());
    Table {
        source: source.to_owned(),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        rows: rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
    }
}

fn tables() -> Tables {
    let tables = vec![
        table(
            "staff_branches",
            &["consortium_id", "library_id", "staff", "branch"],
            &[
                &["east", "city", "ann", "1"],
                &["east", "city", "ann", "2"],
                &["east", "city", "bob", "2"],
                &["west", "city", "ann", "1"],
                &["west", "city", "cid", "NULL"],
            ],
        ),
        table(
            "dim_branch",
            &["consortium", "library", "branch_id", "branch_name", "opened_on"],
            &[&["east", "city", "1", "Main", "2000-01-01"], &["east", "city", "3", "Quay", "2001-01-01"]],
        ),
        table(
            "fct_loan",
            &["loan_id", "consortium_id", "library_id", "branch_no", "member_id"],
            &[
                &["10", "east", "city", "1", "m1"],
                &["11", "east", "city", "2", "m1"],
                &["12", "west", "city", "1", "m2"],
                &["13", "east", "city", "NULL", "m3"],
                &["14", "east", "city", "3", "m3"],
            ],
        ),
        table(
            "fct_fine",
            &["loan_id", "amount", "channel"],
            &[
                &["10", "1", "web"],
                &["12", "2", "web"],
                &["99", "3", "web"],
                &["NULL", "4", "web"],
                &["14", "5", "desk"],
            ],
        ),
        table(
            "dim_member",
            &["member_id", "email", "phone", "town"],
            &[&["m1", "e", "p", "t"], &["m2", "e", "p", "t"], &["m3", "e", "p", "t"]],
        ),
        table("titles", &["title_id", "genre"], &[&["1", "novel"], &["2", "novel"]]),
    ];
    Tables { tables, batch_rows: 2 }
}

fn load(model: &str, policy: &str) -> (SemanticModel, Policy) {
    let model = parse_model("model.yaml", model).unwrap();
    let policy = parse_policy("policy.yaml", policy, &model).unwrap();
    (model, policy)
}

fn admin(text: &str) -> CompositeKey {
    text.parse().unwrap()
}

fn role(text: &str) -> Role {
    text.parse().unwrap()
}

fn key(field: &str, value: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), value.to_owned())]
}

fn changed(old: &str, new: &str) -> Diff {
    let ((old_model, old_policy), (new_model, new_policy)) =
        (load(MODEL, POLICY), load(MODEL, &POLICY.replace(old, new)));
    assert!(POLICY.contains(old));
    let tables = tables();
    diff(
        &Lab::open(&old_model, &old_policy, &tables).unwrap(),
        &Lab::open(&new_model, &new_policy, &tables).unwrap(),
    )
    .unwrap()
}

fn rows(diff: &Diff) -> Vec<String> {
    let row = |row: &splitplane_lab::RowsChange| {
        format!("{} {} +{} -{} {}->{}", row.admin, row.dataset, row.gained, row.lost, row.before, row.after)
    };
    diff.rows.iter().map(row).collect()
}

#[test]
fn who_sees_a_row_is_told_with_every_rule_and_grant() {
    let (model, policy) = load(MODEL, POLICY);
    let tables = tables();
    let lab = Lab::open(&model, &policy, &tables).unwrap();
    let who = lab.who_can_see("fines", &key("loan_id", "10")).unwrap();
    let [group] = who.groups.as_slice() else { panic!("{who:?}") };
    let Audience::Admins(seers) = &group.audience else { panic!("{who:?}") };
    let [seer] = seers.as_slice() else { panic!("{who:?}") };
    assert_eq!((who.rows, seer.admin.clone()), (1, admin("east/city/ann")));
    let [step @ Step::Through { steps, .. }] = seer.steps.as_slice() else { panic!("{seer:?}") };
    assert_eq!(step.to_string(), "fines leads to loans where loan_id = '10'");
    assert_eq!(
        steps[0].to_string(),
        "loans holds consortium_id = 'east' (tenant), library_id = 'city' (business), branch_id = '1' (branch), granted by branch '1'"
    );
    assert_eq!(steps.len(), 1);
    // Public: everyone, whoever is granted nothing too.
    let who = lab.who_can_see("titles", &key("genre", "novel")).unwrap();
    assert_eq!(who.rows, 2);
    let reason = "the same catalogue is on every shelf".to_owned();
    assert_eq!(who.groups[0].audience, Audience::Everyone { reason });
    // Nobody, and no row at all.
    let who = lab.who_can_see("fines", &key("loan_id", "99")).unwrap();
    assert_eq!((who.rows, who.groups[0].audience.clone()), (1, Audience::Admins(Vec::new())));
    let who = lab.who_can_see("fines", &key("loan_id", "010")).unwrap();
    assert_eq!((who.rows, who.groups.len()), (0, 0));
    // Columns, by role.
    let who = lab.who_can_see("members", &key("member_id", "m1")).unwrap();
    let roles: Vec<(String, Exposure)> = who
        .roles
        .iter()
        .map(|role| {
            (
                role.role.to_string(),
                role.columns.iter().find(|c| c.field == "phone").unwrap().exposure.clone(),
            )
        })
        .collect();
    assert_eq!(
        roles,
        [
            ("any other role".to_owned(), Exposure::Masked(Mask::Last(4))),
            ("head-librarian".to_owned(), Exposure::Shown)
        ]
    );
}

fn failures(lab: &Lab<'_, Tables>, who: &str, dataset: &str, key: &[(String, String)]) -> Vec<Failure> {
    let outcome = lab.why_not(&admin(who), dataset, key).unwrap().outcome;
    let WhyNotOutcome::Rows(rows) = outcome else { panic!("no such row") };
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    let Verdict::DoesNot(failures) = &row.verdict else { panic!("{row:?}") };
    failures.clone()
}

#[test]
fn a_row_that_is_not_seen_is_told_with_the_rule_that_says_no() {
    let (model, policy) = load(MODEL, POLICY);
    let tables = tables();
    let lab = Lab::open(&model, &policy, &tables).unwrap();
    let found = failures(&lab, "east/city/bob", "loans", &key("loan_id", "10"));
    let [Failure::NotGranted { differs, granted, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(*differs, ["branch"]);
    assert_eq!(granted.count, 1);
    assert_eq!(granted.first[0].last().unwrap().value, "2");
    // The same branch id of another consortium.
    let found = failures(&lab, "east/city/ann", "loans", &key("loan_id", "12"));
    let [Failure::NotGranted { differs, granted, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((differs.as_slice(), granted.count), (["tenant".to_owned()].as_slice(), 2));
    // NULL is granted to nobody.
    let found = failures(&lab, "east/city/ann", "loans", &key("loan_id", "13"));
    assert!(matches!(found.as_slice(), [Failure::Null { .. }]), "{found:?}");
    assert!(found[0].to_string().ends_with("branch_id = NULL (branch), and NULL is granted to nobody"));
    // A row that leads to rows that are not seen, to none, and nowhere.
    let found = failures(&lab, "east/city/bob", "fines", &key("loan_id", "10"));
    let [failure @ Failure::Through { failures: theirs, rows: 1, classes: 1, .. }] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(failure.to_string(), "fines leads to 1 rows of loans where loan_id = '10', none of them seen");
    assert!(matches!(theirs[0].as_slice(), [Failure::NotGranted { .. }]), "{theirs:?}");
    for key in [key("loan_id", "99"), key("amount", "4")] {
        let found = failures(&lab, "east/city/ann", "fines", &key);
        assert!(matches!(found.as_slice(), [Failure::NoRow { .. }]), "{found:?}");
    }
    // Someone whose only grant is incomplete.
    let found = failures(&lab, "west/city/cid", "loans", &key("loan_id", "12"));
    assert!(found[0].to_string().ends_with(", and nothing is granted"), "{}", found[0]);
    let nowhere = lab.why_not(&admin("east/city/ann"), "loans", &key("loan_id", "77")).unwrap();
    assert_eq!(nowhere.outcome, WhyNotOutcome::NoSuchRow);
}

#[test]
fn what_an_admin_can_see_is_told_with_counts_columns_and_metrics() {
    let (model, policy) = load(MODEL, POLICY);
    let tables = tables();
    let lab = Lab::open(&model, &policy, &tables).unwrap();
    let what = lab.what_can(&admin("east/city/ann"), &role("clerk"), None).unwrap();
    let counts: Vec<(&str, u64, u64)> =
        what.datasets.iter().map(|view| (view.dataset.as_str(), view.rows_seen, view.rows)).collect();
    assert_eq!(
        counts,
        [("branches", 1, 2), ("fines", 1, 5), ("loans", 2, 5), ("members", 1, 3), ("titles", 2, 2)]
    );
    let unsupported = |what: &splitplane_lab::WhatCan, name: &str| {
        what.metrics.iter().find(|metric| metric.metric == name).unwrap().unsupported.clone()
    };
    let mask = Exposure::Masked(Mask::Last(4));
    assert_eq!(unsupported(&what, "total_fees"), None);
    let phone = MetricReason::Field { field: "members.phone".to_owned(), exposure: mask };
    assert_eq!(unsupported(&what, "phones"), Some(phone));
    let members = lab.what_can(&admin("east/city/bob"), &role("head-librarian"), Some("members")).unwrap();
    assert_eq!(unsupported(&members, "phones"), None);
    assert_eq!(members.metrics.len(), 2);
    let [view] = members.datasets.as_slice() else { panic!("{members:?}") };
    let reasons: Vec<&ColumnReason> = view.columns.iter().map(|column| &column.reason).collect();
    assert_eq!(
        reasons,
        [
            &ColumnReason::NotRestricted,
            &ColumnReason::Restricted,
            &ColumnReason::Excepted,
            &ColumnReason::NotRestricted
        ]
    );
    let ScopeView::Rules(rules) = &view.scope else { panic!("{view:?}") };
    let [RuleView::Through { other, scope: ScopeView::Rules(theirs), .. }] = rules.as_slice() else {
        panic!("{rules:?}")
    };
    let [RuleView::Keys { granted, columns }] = theirs.as_slice() else { panic!("{theirs:?}") };
    assert_eq!((other.as_str(), granted.count, columns.len()), ("loans", 1, 3));
}

#[test]
fn wrong_names_are_answered_with_the_nearest_right_ones() {
    let (model, policy) = load(MODEL, POLICY);
    let tables = tables();
    let lab = Lab::open(&model, &policy, &tables).unwrap();
    let ann = admin("east/city/ann");
    let text = |error: LabError| error.to_string();
    for (found, expected) in [
        (
            text(lab.what_can(&ann, &role("x"), Some("loan")).unwrap_err()),
            "no dataset `loan` is exposed by the policy; did you mean `loans`?",
        ),
        (
            text(lab.who_can_see("staff_branches", &key("branch_id", "1")).unwrap_err()),
            "dataset `staff_branches` holds the grants and never enters a sandbox",
        ),
        (
            text(lab.why_not(&ann, "loans", &key("loanid", "1")).unwrap_err()),
            "dataset `loans` has no field `loanid`; did you mean `loan_id`?",
        ),
        (
            text(lab.why_not(&ann, "loans", &key("fee_in_cents", "1")).unwrap_err()),
            "field `loans.fee_in_cents` is computed; a key needs fields that are plain columns",
        ),
        (
            text(lab.who_can_see("loans", &[]).unwrap_err()),
            "the key of `loans` names no field; write `field=value`",
        ),
        (
            text(lab.why_not(&admin("east/city/an"), "loans", &key("loan_id", "1")).unwrap_err()),
            "no grant names `east/city/an`; did you mean `east/city/ann`?",
        ),
    ] {
        assert_eq!(found, expected);
    }
    let missing = Tables { tables: Vec::new(), batch_rows: 1 };
    let error = Lab::open(&model, &policy, &missing).unwrap_err();
    assert_eq!(error.to_string(), "the rows of `staff_branches` were not read");
}

#[test]
fn a_scope_that_widens_or_narrows_is_told_row_by_row() {
    let branch = "loans: { scope: { tenant: consortium_id, business: library_id, branch: branch_id } }";
    let found = changed(branch, "loans: { scope: { tenant: consortium_id, business: library_id } }");
    assert_eq!(
        rows(&found),
        [
            "east/city/bob loans +3 -0 1->4",
            "east/city/ann loans +2 -0 2->4",
            "east/city/bob fines +2 -0 0->2",
            "east/city/ann fines +1 -0 1->2",
            "east/city/ann members +1 -0 1->2",
            "east/city/bob members +1 -0 1->2",
        ]
    );
    assert!(found.is_widening());
    assert_eq!(found.datasets[0].kind, DatasetChangeKind::ScopeWeakened);
    let own = "fines: { scope: { through: loans, by: { loan_id: loan_id } } }";
    // A rule less, and a rule that says nothing more.
    let also = "loans: { scope: [{ tenant: consortium_id, business: library_id, branch: branch_id }, { tenant: consortium_id }] }";
    assert_eq!(changed(branch, also).datasets[0].kind, DatasetChangeKind::ScopeChanged);
    assert!(!changed(branch, also).is_widening() && changed(branch, also).rows.is_empty());
    assert!(changed(own, own).is_empty());
    assert!(found.rows.is_sorted_by(|left, right| left.gained >= right.gained));
    // By member id as if it were a branch: every row that is gained or lost is another one.
    let found =
        changed(branch, "loans: { scope: { tenant: consortium_id, business: library_id, branch: loan_id } }");
    assert!(rows(&found).contains(&"east/city/ann loans +0 -2 2->0".to_owned()));
    assert!(!found.is_widening() && !found.is_empty());
    let found = changed("rows: 500", "rows: 400");
    let [limit] = found.settings.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (limit.name.as_str(), limit.before.as_str(), limit.after.as_str()),
        ("limits.rows", "500", "400")
    );
    assert!(!found.is_widening() && found.rows.is_empty() && !found.is_empty());
    assert!(changed("rows: 500", "rows: 500 ").is_empty());
}

#[test]
fn columns_metrics_and_datasets_that_change_are_told_by_role() {
    let found = changed("email: hidden", "email: { mask: null }");
    let [change] = found.columns.as_slice() else { panic!("{found:?}") };
    assert_eq!((change.roles.len(), change.movement), (2, Movement::Wider));
    assert!(found.is_widening() && found.rows.is_empty() && found.metrics.is_empty());

    let found =
        changed("phone: { mask: last4, unless: { role: [head-librarian] } }", "phone: { mask: last4 }");
    let [change] = found.columns.as_slice() else { panic!("{found:?}") };
    assert_eq!(change.roles, [RoleName::Named(role("head-librarian"))]);
    assert_eq!((&change.before, change.movement), (&Exposure::Shown, Movement::Narrower));
    let [metric] = found.metrics.as_slice() else { panic!("{found:?}") };
    assert!(metric.metric == "phones" && !metric.gained && !found.is_widening());

    let found = changed("last4", "last2");
    assert!(found.is_widening() && found.columns[0].movement == Movement::Different);

    let found = changed(
        "fines: { scope: { through: loans, by: { loan_id: loan_id } } }",
        "fines: { public: all are posted }",
    );
    assert_eq!(found.datasets[0].kind, DatasetChangeKind::MadePublic);
    assert_eq!(rows(&found)[0], "east/city/bob fines +5 -0 0->5");
    assert_eq!(rows(&found).len(), 4);

    // Whoever is not granted anything yet would see the rows that are not there yet.
    let mut empty = tables();
    empty.tables.iter_mut().filter(|table| table.source == "fct_fine").for_each(|table| table.rows.clear());
    let scope = "fines: { scope: { through: loans, by: { loan_id: loan_id } } }";
    let public = POLICY.replace(scope, "fines: { public: all are posted }");
    let ((model, old), (_, new)) = (load(MODEL, POLICY), load(MODEL, &public));
    let labs = (Lab::open(&model, &old, &empty).unwrap(), Lab::open(&model, &new, &empty).unwrap());
    let found = diff(&labs.0, &labs.1).unwrap();
    assert!(found.rows.is_empty() && found.is_widening());
    assert!(!diff(&labs.1, &labs.0).unwrap().is_widening());
}

#[test]
fn a_model_that_shows_other_rows_or_columns_under_the_same_names_widens() {
    let tables = tables();
    let (old_model, old_policy) = load(MODEL, POLICY);
    let old = Lab::open(&old_model, &old_policy, &tables).unwrap();
    let town = "{ name: town, datatype: String, dimension: {}, expression: { dialects: [ { dialect: ANSI_SQL, expression: town } ] } }";
    assert!(MODEL.contains(town));
    let (model, policy) =
        load(&MODEL.replace(town, &town.replace("expression: town", "expression: email")), POLICY);
    let found = diff(&old, &Lab::open(&model, &policy, &tables).unwrap()).unwrap();
    let [change] = found.columns.as_slice() else { panic!("{found:?}") };
    assert!(change.redefined && change.field == "town" && found.is_widening());

    // A dataset that is read from elsewhere: other rows, however alike.
    let (model, policy) = load(&MODEL.replace("source: titles", "source: dim_member"), POLICY);
    let found = diff(&old, &Lab::open(&model, &policy, &tables).unwrap()).unwrap();
    assert_eq!(found.datasets[0].kind, DatasetChangeKind::SourceChanged);
    assert_eq!(rows(&found)[0], "east/city/ann titles +3 -2 2->3");
}

#[test]
fn a_model_that_means_something_else_is_told_and_widens_nothing() {
    let (old, policy) = load(MODEL, POLICY);
    let to = "    relationships:\n";
    assert!(MODEL.contains("SUM(loans.fee)") && MODEL.contains(to));
    let text = MODEL.replacen("SUM(loans.fee)", "MAX(loans.fee)", 1);
    let (new, _) = load(&text, POLICY);
    let tables = tables();
    let found =
        diff(&Lab::open(&old, &policy, &tables).unwrap(), &Lab::open(&new, &policy, &tables).unwrap());
    let found = found.unwrap();
    let [metric] = found.settings.as_slice() else { panic!("{found:?}") };
    assert!(metric.name.starts_with("metric ") && metric.before.contains("SUM"), "{metric:?}");
    assert!(metric.after.contains("MAX") && !found.is_widening() && !found.is_empty());
    assert!(DatasetChangeKind::ScopeWeakened.is_widening());
}
