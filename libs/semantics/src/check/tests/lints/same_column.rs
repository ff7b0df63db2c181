//! One column of a file under several fields: hidden under one of them, it is told if another shows it. And one column
//! for tenant and business, where every tenant is one business.

use super::*;

const PEOPLE: &str = "person_id: person_id } } }";
const TEL: &str =
    "{ name: tel, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: tel } ] } }";

/// The world with one more field in `people`, and `people.tel` restricted.
fn with_field(expression: &str, columns: &str) -> Report {
    let more = format!(
        "{TEL}\n          - {{ name: contact, datatype: String, expression: {{ dialects: [ {{ dialect: ANSI_SQL, expression: \"{expression}\" }} ] }} }}"
    );
    let columns = format!("person_id: person_id }} }}, columns: {columns} }}");
    of_policy(&[(TEL, &more)], &[(PEOPLE, &columns)])
}

#[test]
fn a_column_shown_by_another_field_of_its_dataset_is_told() {
    for restricted in ["{ tel: hidden }", "{ tel: { mask: last4 } }"] {
        for expression in ["tel", "RIGHT(tel, 8)", "people.tel", "CONCAT(mail, tel)", "TEL"] {
            let told = said(&with_field(expression, restricted), "shown-elsewhere");
            assert_eq!(told.len(), 1, "{expression}: {told:#?}");
            assert!(told[0].starts_with("11: `people.tel` is "), "{told:#?}");
            assert!(told[0].contains("`people.contact` shows them what is computed from the same column"));
        }
    }
    for expression in ["mail", "RIGHT(mail, 8)", "'tel'"] {
        let told = said(&with_field(expression, "{ tel: hidden }"), "shown-elsewhere");
        assert_eq!(told, [""; 0], "{expression}");
    }
}

#[test]
fn a_field_restricted_in_the_same_way_shows_nothing() {
    let told = |columns: &str| said(&with_field("tel", columns), "shown-elsewhere");
    assert_eq!(told("{ tel: hidden, contact: hidden }"), [""; 0]);
    let of_lead = "{ tel: { hidden: true, unless: { role: [lead] } }, contact: hidden }";
    let told = told(of_lead);
    // Whoever leads sees what `contact` hides.
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].contains("`people.contact` is hidden from every role, and `people.tel` shows"),
        "{told:#?}"
    );
}

#[test]
fn a_computed_field_is_shown_by_those_that_hold_all_of_it() {
    let told = |columns: &str| said(&with_field("CONCAT(mail, tel)", columns), "shown-elsewhere");
    // Neither of its columns alone says it.
    assert_eq!(told("{ contact: hidden }"), [""; 0]);
    let told = said(&with_field("UPPER(tel)", "{ contact: hidden }"), "shown-elsewhere");
    assert!(
        told[0].contains("`people.contact` is hidden from every role, and `people.tel` shows"),
        "{told:#?}"
    );
    // What is computed from no column is in no other, and none in public ones either.
    let more = format!(
        "{TEL}\n          - {}",
        TEL.replace("name: tel", "name: x").replace("expression: tel", "expression: \"'x'\"")
    );
    let model = [(TEL, more.as_str()), ("source: tariff", "source: people")];
    let columns = "person_id: person_id } }, columns: { x: hidden } }";
    assert_eq!(said(&of_policy(&model, &[(PEOPLE, columns)]), "shown-elsewhere"), [""; 0]);
}

/// The world with a second dataset of some source, whose field `number` is the column `tel`.
fn with_dataset(source: &str, field: &str, policy: &str) -> Report {
    let tariff = "      - name: tariff\n";
    let model = format!(
        "      - name: callers\n        source: lake.x.{source}\n        fields:\n          - {{ name: {field}, datatype: String, expression: {{ dialects: [ {{ dialect: ANSI_SQL, expression: tel }} ] }} }}\n{tariff}"
    );
    let columns =
        format!("person_id: person_id }} }}, columns: {{ tel: hidden }} }}\n  callers: {{ {policy} }}");
    of_policy(&[(tariff, &model)], &[(PEOPLE, &columns)])
}

#[test]
fn a_column_shown_by_another_dataset_of_the_same_source_is_told() {
    for policy in ["public: for all", "scope: { through: visits, by: { number: person_id } }"] {
        let told = said(&with_dataset("people", "number", policy), "shown-elsewhere");
        assert_eq!(told.len(), 1, "{told:#?}");
        assert!(told[0].starts_with("11: ") && told[0].contains("`callers.number` shows them"), "{told:#?}");
        assert_eq!(said(&with_dataset("visits", "number", policy), "shown-elsewhere"), [""; 0]);
    }
    // Not every engine tells names apart by case.
    assert_eq!(said(&with_dataset("People", "number", "public: for all"), "shown-elsewhere").len(), 1);
    // A value that a scope binds is the caller's own.
    let bound = with_dataset("people", "number", "scope: { tenant: number, business: number }");
    assert_eq!(said(&bound, "shown-elsewhere"), [""; 0]);
    // By its name in a public dataset it is told there, and only there.
    let public = with_dataset("people", "tel", "public: for all");
    assert_eq!(places(&public), [(11, "metric-over-hidden"), (12, "public-shows-hidden")]);
    // By its name and by its column in a scoped one it is told once.
    let scoped = with_dataset("people", "tel", "scope: { through: visits, by: { tel: person_id } }");
    assert_eq!(said(&scoped, "shown-elsewhere").len(), 1, "{scoped:#?}");
}

#[test]
fn tenants_that_are_one_business_each_are_no_mistake() {
    let report = of_policy(
        &[],
        &[
            ("tenant: org, business: unit, admin", "tenant: org, business: org, admin"),
            (
                "places: { scope: { tenant: org, business: unit",
                "places: { scope: { tenant: org, business: org",
            ),
            (
                "visits: { scope: { tenant: org, business: unit",
                "visits: { scope: { tenant: org, business: org",
            ),
        ],
    );
    let told = "one-column-tenant-business";
    assert_eq!(places(&report), [(6, told), (9, told), (10, told)]);
    assert_eq!(report.first_error(), None);
}
