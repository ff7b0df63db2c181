//! What one admin sees, as tables for people.

use super::lines::rows;
use splitplane_lab::{
    ColumnReason, ColumnView, DatasetView, Exposure, MetricReason, MetricView, RoleName, WhatCan, mask_text,
    scope_lines,
};

/// Everything.
pub(super) fn what_can(found: &WhatCan) -> String {
    let mut text = format!("{} as {}\n", found.admin, found.role);
    for dataset in &found.datasets {
        text.push_str(&format!("\n{}", dataset_text(dataset)));
    }
    let (supported, not): (Vec<&MetricView>, Vec<&MetricView>) =
        found.metrics.iter().partition(|metric| metric.unsupported.is_none());
    let names: Vec<&str> = supported.iter().map(|metric| metric.metric.as_str()).collect();
    text.push_str(&format!(
        "\nmetrics: {}\n",
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    ));
    for metric in not {
        let why = metric.unsupported.as_ref().map_or_else(String::new, metric_reason);
        text.push_str(&format!("  without {}: {why}\n", metric.metric));
    }
    text
}

fn dataset_text(dataset: &DatasetView) -> String {
    let mut text = format!("{}: {} of {}\n", dataset.dataset, dataset.rows_seen, rows(dataset.rows));
    text.extend(scope_lines(&dataset.scope).iter().map(|line| format!("  {line}\n")));
    let restricted = restricted(&dataset.columns);
    if !restricted.is_empty() {
        text.push_str(&format!("  columns: {restricted}\n"));
    }
    text
}

/// The columns that are not shown as they are, or are by exception.
pub(super) fn restricted(columns: &[ColumnView]) -> String {
    let of_interest = columns.iter().filter(|column| column.reason != ColumnReason::NotRestricted);
    let each: Vec<String> =
        of_interest.map(|column| format!("{} {}", column.field, exposure(&column.exposure))).collect();
    each.join(", ")
}

/// How a column is seen.
pub(super) fn exposure(exposure: &Exposure) -> String {
    match exposure {
        Exposure::Hidden => "hidden".to_owned(),
        Exposure::Masked(mask) => format!("masked ({})", mask_text(mask)),
        Exposure::Shown => "shown".to_owned(),
    }
}

/// The same, as an expectation says it.
pub(super) fn exposure_name(exposure: &Exposure) -> String {
    match exposure {
        Exposure::Hidden => "hidden".to_owned(),
        Exposure::Masked(mask) => mask_text(mask),
        Exposure::Shown => "shown".to_owned(),
    }
}

/// A role, or any that is not named.
pub(super) fn role(role: &RoleName) -> String {
    match role {
        RoleName::Other => "any other role".to_owned(),
        RoleName::Named(role) => format!("role {role}"),
    }
}

fn metric_reason(reason: &MetricReason) -> String {
    match reason {
        MetricReason::Field { field, exposure: seen } => {
            format!("it needs {field}, which is {}", exposure(seen))
        }
        MetricReason::Dataset(name) => format!("it adds up {name}, which no sandbox holds"),
        MetricReason::Join => "its datasets are joined by no column that is seen, or by several".to_owned(),
    }
}
