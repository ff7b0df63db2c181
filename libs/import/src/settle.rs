//! Shows a draft to the loader, and leaves out what it refuses.
//!
//! Decides that what is written loads (I-1). The loader's own words become the note.

use crate::ImportError;
use crate::draft::{Dataset, Draft, Role};
use crate::note::{Notes, Place};
use crate::write::{metric_lines, yaml};
use splitplane_semantics::{Finding, LoadError, Report, Severity, check_model, parse_model};
use std::collections::BTreeMap;

const FILE: &str = "imported.yaml";

/// Leaves out fields, keys, relationships and datasets that do not load.
pub(crate) fn fields(draft: &mut Draft, notes: &mut Notes) {
    let mut datasets = Vec::new();
    for mut dataset in std::mem::take(&mut draft.datasets) {
        let bare = Dataset {
            fields: Vec::new(),
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
            ..dataset.clone()
        };
        if let Err(error) = load(&alone(draft, bare.clone())) {
            notes.add(&dataset.at, format!("dataset `{}`", dataset.name), refused(&error));
            continue;
        }
        let first_time =
            dataset.fields.iter().find(|field| field.role == Role::Time).map(|field| field.name.clone());
        let mut kept = Vec::new();
        for field in std::mem::take(&mut dataset.fields) {
            let one = Dataset { fields: vec![field.clone()], ..bare.clone() };
            match load(&alone(draft, one)) {
                Ok(()) => kept.push(field),
                Err(error) => {
                    let what = format!("field `{}` of dataset `{}`", field.name, dataset.name);
                    notes.add(&field.at, what, refused(&error));
                }
            }
        }
        dataset.fields = kept;
        let is_there = |name: &String| dataset.fields.iter().any(|field| field.name == *name);
        if first_time.is_some_and(|name| !is_there(&name)) {
            // Periods would silently apply to another field.
            let why = "the field to which its periods apply could not be carried";
            notes.add(&dataset.at, format!("dataset `{}`", dataset.name), why);
            continue;
        }
        if !dataset.primary_key.iter().all(is_there) {
            dataset.primary_key = Vec::new();
        }
        let unique_keys = std::mem::take(&mut dataset.unique_keys);
        dataset.unique_keys = unique_keys.into_iter().filter(|key| key.iter().all(is_there)).collect();
        datasets.push(dataset);
    }
    draft.datasets = datasets;
    let relationships = std::mem::take(&mut draft.relationships);
    for relationship in relationships {
        let has = |dataset: &str, fields: &[String]| {
            let found = draft.dataset(dataset);
            found.is_some_and(|dataset| fields.iter().all(|name| dataset.field(name).is_some()))
        };
        if has(&relationship.from, &relationship.from_fields)
            && has(&relationship.to, &relationship.to_fields)
        {
            draft.relationships.push(relationship);
        } else {
            let what = format!("relationship `{}`", relationship.name);
            notes.add(&relationship.at, what, "one of its fields could not be carried");
        }
    }
}

/// Leaves out metrics that do not load.
///
/// # Errors
/// [`ImportError::Nothing`] and [`ImportError::Unloadable`].
pub(crate) fn metrics(mut draft: Draft, notes: &mut Notes) -> Result<Draft, ImportError> {
    if draft.datasets.is_empty() {
        let first = notes.0.first().map(|note| format!("{}: {}", note.what, note.why));
        return Err(ImportError::Nothing(first.unwrap_or_else(|| "no dataset is described".to_owned())));
    }
    unique(&mut draft, notes);
    settled(draft, notes, |text| check_model(FILE, text))
}

/// Leaves out all metrics that a check refuses at once. A check finds every mistake, so that one more shows the end.
fn settled(
    mut draft: Draft,
    notes: &mut Notes,
    mut check: impl FnMut(&str) -> Report,
) -> Result<Draft, ImportError> {
    loop {
        let text = yaml(&draft, "");
        let report = check(&text);
        let Some(first) = report.first_error().cloned() else { return Ok(draft) };
        let starts = metric_lines(&text);
        let mut refused: BTreeMap<usize, &Finding> = BTreeMap::new();
        for finding in report.findings.iter().filter(|finding| finding.severity == Severity::Error) {
            // Metrics before the line, the last of which it is in.
            let before = starts.partition_point(|start| *start <= finding.line);
            if let Some(metric) = before.checked_sub(1) {
                let _ = refused.entry(metric).or_insert(finding);
            }
        }
        if refused.is_empty() {
            return Err(ImportError::Unloadable(first.into()));
        }
        for (index, metric) in std::mem::take(&mut draft.metrics).into_iter().enumerate() {
            match refused.get(&index) {
                None => draft.metrics.push(metric),
                Some(Finding { what, remedy, .. }) => {
                    notes.add(&metric.at, format!("metric `{}`", metric.name), format!("{what}; {remedy}"));
                }
            }
        }
    }
}

/// The first of several metrics with one name.
fn unique(draft: &mut Draft, notes: &mut Notes) {
    let mut seen: BTreeMap<String, Place> = BTreeMap::new();
    for metric in std::mem::take(&mut draft.metrics) {
        match seen.get(&metric.name.to_lowercase()) {
            None => {
                let _ = seen.insert(metric.name.to_lowercase(), metric.at.clone());
                draft.metrics.push(metric);
            }
            Some(first) => {
                let why = format!("the name is taken by the metric of {}:{}", first.file, first.line);
                notes.add(&metric.at, format!("metric `{}`", metric.name), why);
            }
        }
    }
}

fn alone(draft: &Draft, dataset: Dataset) -> Draft {
    Draft {
        name: draft.name.clone(),
        description: String::new(),
        datasets: vec![dataset],
        relationships: Vec::new(),
        metrics: Vec::new(),
    }
}

fn load(draft: &Draft) -> Result<(), LoadError> {
    parse_model(FILE, &yaml(draft, "")).map(|_| ())
}

/// The loader's words, without the place in a text that nobody sees.
fn refused(error: &LoadError) -> String {
    match error {
        LoadError::Invalid { what, remedy, .. } => format!("{what}; {remedy}"),
        LoadError::Unreadable { .. } => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
