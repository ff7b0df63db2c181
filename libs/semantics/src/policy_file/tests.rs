use super::*;
use crate::fixtures::{BIKES_POLICY, LIBRARY_POLICY, bikes, library};
use crate::{
    FiscalMonths, FiscalYear, FiscalYearNamedBy, Mask, RowPolicy, ScopeKey, ScopeRule, Treatment, Visibility,
};
use jiff::civil::Weekday;
use splitplane_types::Role;
use std::time::Duration;

fn role(text: &str) -> Role {
    text.parse().unwrap()
}

fn column(key: ScopeKey, name: &str) -> (ScopeKey, String) {
    (key, name.to_owned())
}

#[test]
fn a_policy_holds_columns_of_files_not_names_of_fields() {
    let (_, policy) = library();
    assert_eq!((policy.grants.dataset.as_str(), policy.grants.admin.as_str()), ("staff_branches", "staff"));
    assert_eq!(policy.grants.yields, BTreeMap::from([("branch".to_owned(), "branch".to_owned())]));
    let RowPolicy::Scoped(rules) = &policy.datasets["branches"].rows else { panic!() };
    let [ScopeRule::Columns(columns)] = rules.as_slice() else { panic!("{rules:?}") };
    let expected = [
        column(ScopeKey::Tenant, "consortium"),
        column(ScopeKey::Business, "library"),
        column(ScopeKey::Granted("branch".to_owned()), "branch_id"),
    ];
    assert_eq!(columns.as_slice(), expected);
    let RowPolicy::Scoped(rules) = &policy.datasets["fines"].rows else { panic!() };
    let [ScopeRule::Through { dataset, by }] = rules.as_slice() else { panic!("{rules:?}") };
    assert_eq!(
        (dataset.as_str(), by.as_slice()),
        ("loans", &[("loan_id".to_owned(), "loan_id".to_owned())][..])
    );
    assert!(
        matches!(&policy.datasets["titles"].rows, RowPolicy::Public { reason } if reason.starts_with("the same"))
    );
    assert_eq!(policy.limits.rows_max, 500);
    assert_eq!((policy.limits.bytes_max, policy.limits.memory_bytes_max), (2 << 20, 64 << 20));
    assert_eq!(
        (policy.limits.time_max, policy.limits.concurrent_per_tenant_max),
        (Duration::from_secs(5), 2)
    );
    assert_eq!(policy.digest, Digest::of(LIBRARY_POLICY.as_bytes()));
}

#[test]
fn what_is_optional_has_the_documented_default() {
    let (_, policy) = bikes();
    assert_eq!((policy.limits.rows_max, policy.limits.bytes_max), (10_000, 16 << 20));
    assert_eq!(
        (policy.limits.time_max, policy.limits.memory_bytes_max),
        (Duration::from_secs(30), 512 << 20)
    );
    assert_eq!(policy.limits.concurrent_per_tenant_max, 4);
    assert_eq!(policy.calendar.fiscal_year(), FiscalYear::CALENDAR);
    assert_eq!(
        (policy.calendar.time_zone(), policy.calendar.week_starts()),
        ("Europe/Berlin", Weekday::Sunday)
    );
    assert!(policy.explain_by_template);
    let (_, policy) = library();
    let fiscal =
        FiscalYear { month: 7, day: 1, named_by: FiscalYearNamedBy::End, months: FiscalMonths::Calendar };
    assert_eq!((policy.explain_by_template, policy.calendar.fiscal_year()), (false, fiscal));
}

#[test]
fn a_calendar_says_when_its_days_begin_and_how_long_its_fiscal_months_are() {
    let (model, _) = library();
    let text =
        LIBRARY_POLICY.replacen("week_starts: monday", "day_starts: \"04:30\", fiscal_weeks: 4-4-5", 1);
    let calendar = parse_policy("p.yaml", &text, &model).unwrap().calendar;
    assert_eq!(calendar.day_starts(), jiff::civil::time(4, 30, 0, 0));
    assert_eq!(calendar.fiscal_year().months, FiscalMonths::Weeks([4, 4, 5]));
}

#[test]
fn several_scopes_and_columns_beside_a_chain_all_count() {
    let (_, policy) = bikes();
    let RowPolicy::Scoped(rules) = &policy.datasets["docks"].rows else { panic!() };
    let columns: Vec<_> =
        rules.iter().map(|rule| matches!(rule, ScopeRule::Columns(c) if c.len() == 1)).collect();
    assert_eq!(columns, [true, true]);
    let RowPolicy::Scoped(rules) = &policy.datasets["rides"].rows else { panic!() };
    assert!(matches!(rules.as_slice(), [ScopeRule::Columns(_), ScopeRule::Through { .. }]), "{rules:?}");
}

#[test]
fn columns_differ_by_role_and_unlisted_datasets_are_hidden() {
    let (_, policy) = library();
    let see = |field: &str, as_role: &str| {
        let (dataset, field) = field.split_once('.').unwrap();
        let field = crate::FieldRef { dataset: dataset.to_owned(), field: field.to_owned() };
        format!("{:?}", policy.visibility(&field, &role(as_role)))
    };
    assert_eq!(see("members.email", "head-librarian"), "Hidden");
    assert_eq!(see("members.phone", "clerk"), format!("{:?}", Visibility::Masked(&Mask::Last(4))));
    assert_eq!(see("members.phone", "head-librarian"), "Shown");
    assert_eq!(see("members.town", "clerk"), "Shown");
    assert_eq!(see("staff_branches.staff_id", "head-librarian"), "Hidden");
}

fn spoiled(old: &str, new: &str) -> String {
    assert!(LIBRARY_POLICY.contains(old), "{old}");
    let (model, _) = library();
    parse_policy("p.yaml", &LIBRARY_POLICY.replacen(old, new, 1), &model).unwrap_err().to_string()
}

#[test]
fn errors_of_the_calendar_name_the_line_and_what_to_do() {
    for (line, old, new, message) in [
        (
            3,
            "America/Chicago",
            "America/Chicgo",
            "no time zone `America/Chicgo`; did you mean `America/Chicago`?",
        ),
        (3, "week_starts: monday", "week_starts: mon", "did you mean `monday`?"),
        (3, "week_starts: monday", "fiscal_weeks: 4-4-4", "`fiscal_weeks` is `4-4-4`; did you mean `4-4-5`?"),
        (
            3,
            "week_starts: monday",
            "day_starts: \"4:00\"",
            "`day_starts` is `4:00`; write hours and minutes before noon",
        ),
        (3, "week_starts: monday", "day_starts: \"22:00\"", "`day_starts` is `22:00`"),
        (3, "\"07-01\"", "\"02-29\"", "`fiscal_year_starts` is `02-29`"),
        (3, "\"07-01\"", "\"7-1\"", "`fiscal_year_starts` is `7-1`"),
    ] {
        let error = spoiled(old, new);
        assert!(
            error.starts_with(&format!("p.yaml:{line}: ")) && error.contains(message),
            "{message}: {error}"
        );
    }
}

#[test]
fn errors_name_the_line_and_what_to_do() {
    for (line, old, new, message) in [
        (1, "version: 1", "version: 2", "the policy's version is not 1"),
        (2, "model: lending", "model: landing", "the policy is for another model than `lending`"),
        (5, "dataset: staff_branches", "dataset: staff", "no dataset `staff`"),
        (6, "admin: staff_id", "admin: staff", "no field `staff`; did you mean `staff_id`?"),
        (6, ", admin: staff_id", "", "`identity` has no `admin`; add `admin:`"),
        (7, "yields: { branch:", "yields: { admin:", "`admin` cannot be a granted key"),
        (9, "branch: branch_id } }", "branhc: branch_id } }", "unknown key `branhc`; did you mean `branch`?"),
        (
            9,
            "tenant: consortium_id, business: library_id, branch",
            "tenant: consortium, branch",
            "no field `consortium`",
        ),
        (
            9,
            "business: library_id, branch: branch_id",
            "branch: branch_id",
            "`branches` does not reach the business",
        ),
        (9, "scope: { tenant: consortium_id, business", "scope: { business", "does not reach the tenant"),
        (
            10,
            "tenant: consortium_id, business: library_id, branch: branch_id } }\n  fines",
            "branch: branch_id } }\n  fines",
            "`loans` does not reach the tenant",
        ),
        (11, "through: loans", "through: loan", "no dataset `loan`; did you mean `loans`?"),
        (11, "{ loan_id: loan_id }", "{ loanid: loan_id }", "dataset `fines` has no field `loanid`"),
        (11, "{ loan_id: loan_id }", "{ loan_id: id }", "dataset `loans` has no field `id`"),
        (11, "{ loan_id: loan_id }", "{}", "`by` joins no column"),
        (11, ", by: { loan_id: loan_id }", "", "`through` has no `by`"),
        (11, "through: loans, by", "by", "`by` has no `through`"),
        (11, "through: loans", "through: titles", "dataset `titles` has no field `loan_id`"),
        (11, "through: loans, by: { loan_id: loan_id }", "", "the scope of dataset `fines` is empty"),
        (15, "email: hidden", "emial: hidden", "no field `emial`; did you mean `email`?"),
        (15, "email: hidden", "email: hide", "the treatment of column `email` is not known"),
        (15, "email: hidden", "email: { hidden: false }", "exactly one of `hidden: true` and `mask`"),
        (15, "email: hidden", "email: { mask: last0 }", "the mask of column `email` is not known"),
        (16, "[head-librarian]", "[]", "`unless` names no role"),
        (16, "[head-librarian]", "[head librarian]", "`head librarian` is no role"),
        (17, "the same catalogue is on every shelf", "", "dataset `titles` is public without a reason"),
        (
            17,
            "public: the same catalogue is on every shelf",
            "columns: {}",
            "exactly one of `scope` and `public`",
        ),
        (18, "rows: 500", "rows: 0", "limit `rows` is out of range"),
        (18, "rows: 500", "rows: many", "limit `rows` is no whole number"),
        (18, "bytes: 2MiB", "bytes: 2mb", "limit `bytes` is `2mb`; write a size, for example 16MiB"),
        (18, "bytes: 2MiB", "bytes: 99999999999GiB", "limit `bytes` is"),
        (18, "seconds: 5", "second: 5", "did you mean `seconds`?"),
        (18, "seconds: 5", "seconds: 1.5", "limit `seconds` is no whole number"),
    ] {
        let found = spoiled(old, new);
        assert!(found.contains(message), "{new}: {found}");
        assert!(found.starts_with(&format!("p.yaml:{line}: ")), "{new}: expected line {line}: {found}");
    }
}

#[test]
fn a_dataset_without_a_scope_and_a_scoped_grants_dataset_are_refused() {
    let found = spoiled("  titles: { public: the same catalogue is on every shelf }\n", "");
    assert!(
        found.contains("dataset `titles` of the model has no scope; add `titles: { scope: ... }`"),
        "{found}"
    );
    let found = spoiled("  titles:", "  staff_branches: { scope: { tenant: consortium_id } }\n  titles:");
    assert!(found.starts_with("p.yaml:17: dataset `staff_branches` holds the grants"), "{found}");
    let found = spoiled("limits:", "explain: sometimes\nlimits:");
    assert!(found.contains("`explain` is `sometimes`"), "{found}");
}

#[test]
fn chains_that_end_nowhere_are_refused() {
    let ring = spoiled(
        "loans: { scope: { tenant: consortium_id,",
        "loans: { scope: { through: fines, by: { loan_id: loan_id }, tenant: consortium_id,",
    );
    assert!(ring.contains("runs in a ring: loans -> fines -> loans;"), "{ring}");
    let own = spoiled("through: loans, by: { loan_id", "through: fines, by: { loan_id");
    assert!(own.contains("runs in a ring: fines -> fines;"), "{own}");
    let public = spoiled(
        "fines: { scope: { through: loans, by: { loan_id: loan_id } } }",
        "fines: { scope: { through: titles, by: { loan_id: title_id } } }",
    );
    assert!(public.contains("the scope of dataset `fines` does not reach the tenant"), "{public}");
    let grants = spoiled(
        "through: loans, by: { loan_id: loan_id",
        "through: staff_branches, by: { loan_id: branch_id",
    );
    assert!(grants.contains("leads through `staff_branches`, which has none"), "{grants}");
}

#[test]
fn scopes_need_plain_columns_and_masks_need_text() {
    let (model, _) = bikes();
    let mut model = model;
    let docks = model.datasets.iter_mut().find(|dataset| dataset.name == "docks").unwrap();
    let operator = docks.fields.iter_mut().find(|field| field.name == "operator").unwrap();
    operator.expression = crate::FieldExpression::Computed(sqlparser::ast::Expr::Identifier("x".into()));
    let found = parse_policy("p.yaml", BIKES_POLICY, &model).unwrap_err().to_string();
    assert!(found.contains("field `docks.operator` is computed"), "{found}");

    let found = spoiled("titles: { public", "titles: { columns: { title_id: { mask: last4 } }, public");
    assert!(found.contains("column `title_id` is no text, so it has no last characters"), "{found}");
    let (model, _) = library();
    let masked =
        LIBRARY_POLICY.replace("titles: { public", "titles: { columns: { title_id: { mask: null } }, public");
    let policy = parse_policy("p.yaml", &masked, &model).unwrap();
    assert_eq!(policy.datasets["titles"].columns["title_id"].treatment, Treatment::Mask(Mask::Null));
}

#[test]
fn masks_are_read_where_the_type_can_have_them() {
    let (model, _) = library();
    let with = |column: &str, mask: &str| {
        let columns = format!("titles: {{ columns: {{ {column}: {{ mask: {mask} }} }}, public");
        let policy = parse_policy("p.yaml", &LIBRARY_POLICY.replace("titles: { public", &columns), &model);
        policy.map(|policy| format!("{:?}", policy.datasets["titles"].columns[column].treatment))
    };
    let integer = "title_id";
    for (mask, expected) in [("hash", "Hash"), ("null", "Null"), ("{ bucket: 10 }", "Bucket(Width(10))")] {
        assert_eq!(with(integer, mask).unwrap(), format!("Mask({expected})"));
    }
    for mask in
        ["{ bucket: 0 }", "{ bucket: -5 }", "{ bucket: decade }", "{ bucket: [] }", "{ pail: 1 }", "hsah"]
    {
        let error = with(integer, mask).unwrap_err().to_string();
        assert!(error.starts_with("p.yaml:"), "{mask}: {error}");
    }
    let error = with(integer, "{ bucket: month }").unwrap_err().to_string();
    assert!(error.contains("does not have such buckets"), "{error}");
}

#[test]
fn a_hidden_column_can_be_shown_to_some_roles() {
    let (model, _) = library();
    let text =
        LIBRARY_POLICY.replace("email: hidden", "email: { hidden: true, unless: { role: [auditor] } }");
    let policy = parse_policy("p.yaml", &text, &model).unwrap();
    let email = crate::FieldRef { dataset: "members".to_owned(), field: "email".to_owned() };
    assert_eq!(policy.visibility(&email, &role("auditor")), Visibility::Shown);
    assert_eq!(policy.visibility(&email, &role("head-librarian")), Visibility::Hidden);
}
