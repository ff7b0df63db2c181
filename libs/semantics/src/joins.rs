//! Which datasets an interpretation needs, and how they are joined.
//!
//! Joins run from the many side to the one side only, so they never multiply rows. Does not know
//! roles or policies.

use crate::{CompileError, Dataset, FieldRef, Interpretation, Metric, Relationship, SemanticModel};
use std::collections::BTreeSet;

/// The relationships from `from` to `to`, nearest first; empty if both are the same.
///
/// The shortest way wins; two that are equally short would give two different answers.
pub(crate) fn path<'m>(
    model: &'m SemanticModel,
    from: &str,
    to: &str,
) -> Result<Vec<&'m Relationship>, CompileError> {
    if from == to {
        return Ok(Vec::new());
    }
    let mut seen = BTreeSet::from([from]);
    let mut ways: Vec<Vec<&Relationship>> = vec![Vec::new()];
    while !ways.is_empty() {
        let next: Vec<Vec<&Relationship>> =
            ways.iter().flat_map(|way| longer(model, from, way, &seen)).collect();
        let mut arrived = next.iter().filter(|way| end(from, way) == to);
        match (arrived.next(), arrived.next()) {
            (Some(way), None) => return Ok(way.clone()),
            (Some(_), Some(_)) => {
                return Err(CompileError::AmbiguousPath { from: from.to_owned(), to: to.to_owned() });
            }
            (None, _) => {}
        }
        seen.extend(next.iter().map(|way| end(from, way)));
        ways = next;
    }
    Err(CompileError::NoPath { from: from.to_owned(), to: to.to_owned() })
}

fn end<'a>(from: &'a str, way: &[&'a Relationship]) -> &'a str {
    way.last().map_or(from, |step| step.to.as_str())
}

fn longer<'m>(
    model: &'m SemanticModel,
    from: &str,
    way: &[&'m Relationship],
    seen: &BTreeSet<&str>,
) -> Vec<Vec<&'m Relationship>> {
    let here = way.last().map_or(from, |step| step.to.as_str());
    model
        .relationships
        .iter()
        .filter(|step| step.from == here && !seen.contains(step.to.as_str()))
        .map(|step| way.iter().copied().chain([step]).collect())
        .collect()
}

/// The field to which periods apply: the dataset's first time field, else that of the nearest
/// dataset on its one side.
#[must_use]
pub fn time_field(model: &SemanticModel, dataset: &str) -> Option<FieldRef> {
    let own = |dataset: &Dataset| {
        let field = dataset.fields.iter().find(|field| field.holds_time())?;
        Some(FieldRef { dataset: dataset.name.clone(), field: field.name.clone() })
    };
    let mut reachable: Vec<(usize, &Dataset)> = model
        .datasets
        .iter()
        .filter_map(|other| Some((path(model, dataset, &other.name).ok()?.len(), other)))
        .collect();
    reachable.sort_by_key(|(steps, _)| *steps);
    reachable.into_iter().find_map(|(_, other)| own(other))
}

/// The metrics of an interpretation, and the one dataset to which they belong.
pub(crate) fn metrics_of<'m>(
    interpretation: &Interpretation,
    model: &'m SemanticModel,
) -> Result<(&'m str, Vec<&'m Metric>), CompileError> {
    let metrics: Vec<&Metric> = interpretation
        .metrics
        .iter()
        .map(|name| {
            model.metric(name).ok_or_else(|| CompileError::Unknown { kind: "metric", name: name.clone() })
        })
        .collect::<Result<_, _>>()?;
    let base = metrics.first().ok_or(CompileError::NoMetric)?.dataset.as_str();
    if metrics.iter().any(|metric| metric.dataset != base) {
        return Err(CompileError::SeveralDatasets);
    }
    Ok((base, metrics))
}

/// The joins that reach all of `datasets` from `base`, in the order in which they must be made.
pub(crate) fn joins<'m, 'd>(
    model: &'m SemanticModel,
    base: &str,
    datasets: impl IntoIterator<Item = &'d str>,
) -> Result<Vec<&'m Relationship>, CompileError> {
    let mut joins: Vec<&Relationship> = Vec::new();
    for dataset in datasets {
        for step in path(model, base, dataset)? {
            match joins.iter().find(|join| join.to == step.to) {
                None => joins.push(step),
                Some(join) if join.name == step.name => {}
                // The same dataset by two ways would need two roles of it in one statement.
                Some(_) => {
                    return Err(CompileError::AmbiguousPath { from: base.to_owned(), to: step.to.clone() });
                }
            }
        }
    }
    Ok(joins)
}

/// The datasets that an interpretation needs: the metrics', the dimensions', the filters' and
/// those on the way between, in the order of the model.
///
/// # Errors
/// See [`CompileError`].
pub fn relations_of(
    interpretation: &Interpretation,
    model: &SemanticModel,
) -> Result<Vec<String>, CompileError> {
    let (base, _) = metrics_of(interpretation, model)?;
    let time = match interpretation.period {
        Some(_) => Some(time_field(model, base).ok_or(CompileError::NoTimeField)?),
        None => None,
    };
    let dimensions = interpretation.dimensions.iter().map(|dimension| &dimension.field);
    let filters = interpretation.filters.iter().flat_map(|filter| &filter.fields);
    let mut needed = BTreeSet::from([base]);
    for field in dimensions.chain(filters).chain(&time) {
        for step in path(model, base, &field.dataset)? {
            needed.insert(&step.to);
        }
    }
    Ok(model
        .datasets
        .iter()
        .map(|d| &d.name)
        .filter(|name| needed.contains(name.as_str()))
        .cloned()
        .collect())
}
