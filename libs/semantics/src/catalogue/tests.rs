use super::*;
use crate::fixtures::{bikes, library, metric_names};

fn role(text: &str) -> Role {
    text.parse().unwrap()
}

fn dimensions(catalogue: &Catalogue<'_>, metric: &str) -> Vec<String> {
    let metric = catalogue.metric(metric).unwrap();
    catalogue.dimensions_of(metric).iter().map(|(d, f)| format!("{}.{}", d.name, f.name)).collect()
}

#[test]
fn a_metric_over_a_hidden_or_masked_field_is_not_there() {
    let (model, policy) = library();
    let (clerk, head) = (role("clerk"), role("head-librarian"));
    let common = ["total_fees", "loan_count", "fee_per_loan", "fines_charged"];
    assert_eq!(metric_names(&Catalogue::for_role(&model, &policy, &clerk)), common);
    // The head sees phones as they are, and nobody sees an email.
    let head = Catalogue::for_role(&model, &policy, &head);
    assert_eq!(metric_names(&head), [common.as_slice(), &["phones"]].concat());
    assert!(head.metric("reachable_members").is_none() && head.metric("phones").is_some());
}

#[test]
fn dimensions_are_the_shown_ones_on_the_one_side() {
    let (model, policy) = library();
    let clerk = role("clerk");
    let catalogue = Catalogue::for_role(&model, &policy, &clerk);
    let loans = [
        "loans.borrowed_at",
        "loans.channel",
        "branches.branch_name",
        "branches.opened_on",
        "members.town",
        "titles.genre",
    ];
    assert_eq!(dimensions(&catalogue, "total_fees"), loans);
    // Fines reach loans, and what loans reach.
    let fines = ["fines.channel", "branches.branch_name", "branches.opened_on", "loans.borrowed_at"];
    assert_eq!(dimensions(&catalogue, "fines_charged")[..4], fines);
}

#[test]
fn a_join_over_a_hidden_column_leads_nowhere() {
    let (model, mut policy) = library();
    let hidden =
        crate::ColumnPolicy { treatment: crate::Treatment::Hidden, unless_roles: vec![role("clerk")] };
    policy.datasets.get_mut("loans").unwrap().columns.insert("branch_id".to_owned(), hidden);
    let (clerk, other) = (role("clerk"), role("other"));
    let reaches_branches = |role| {
        let catalogue = Catalogue::for_role(&model, &policy, role);
        dimensions(&catalogue, "total_fees").iter().any(|name| name.starts_with("branches."))
    };
    assert!(reaches_branches(&clerk));
    assert!(!reaches_branches(&other));
}

#[test]
fn a_dataset_behind_two_equally_short_ways_is_no_dimension() {
    let (model, policy) = bikes();
    let rider = role("rider");
    let catalogue = Catalogue::for_role(&model, &policy, &rider);
    assert_eq!(dimensions(&catalogue, "takings"), ["rides.city", "rides.ride_day"]);
}

#[test]
fn the_grants_are_in_no_catalogue() {
    let (model, policy) = bikes();
    let rider = role("rider");
    assert_eq!(metric_names(&Catalogue::for_role(&model, &policy, &rider)), ["takings"]);
}

#[test]
fn periods_apply_to_the_nearest_time_field_that_is_shown() {
    let (model, mut policy) = library();
    let clerk = role("clerk");
    let time_of = |policy: &Policy, metric: &str| {
        let catalogue = Catalogue::for_role(&model, policy, &clerk);
        catalogue
            .time_field_of(model.metric(metric).unwrap())
            .map(|field| format!("{}.{}", field.dataset, field.field))
    };
    assert_eq!(time_of(&policy, "fines_charged").as_deref(), Some("loans.borrowed_at"));
    let hidden = crate::ColumnPolicy { treatment: crate::Treatment::Hidden, unless_roles: Vec::new() };
    policy.datasets.get_mut("loans").unwrap().columns.insert("borrowed_at".to_owned(), hidden);
    assert_eq!(time_of(&policy, "total_fees"), None);
}
