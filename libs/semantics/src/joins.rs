//! Which datasets an interpretation needs, and how they are joined.
//!
//! Joins run from the many side to the one side only, so they never multiply rows. Does not know
//! roles or policies.

use crate::expression::{Names, aggregates};
use crate::{CompileError, Dataset, FieldRef, Interpretation, Metric, Relationship, SemanticModel};
use sqlparser::ast::Expr;
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

/// The dataset whose rows an aggregate adds up: of those that it names the one from which relationships lead to
/// all others. None if it names none; an error with their names if there is no such dataset.
pub(crate) fn grain_of(aggregate: &Expr, model: &SemanticModel) -> Result<Option<String>, String> {
    let datasets = datasets_of(aggregate);
    let reaches_all = |from: &&String| datasets.iter().all(|to| path(model, from, to).is_ok());
    match datasets.iter().find(reaches_all) {
        Some(grain) => Ok(Some(grain.clone())),
        None if datasets.is_empty() => Ok(None),
        None => Err(datasets.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")),
    }
}

/// The datasets that an aggregate names.
pub(crate) fn datasets_of(aggregate: &Expr) -> BTreeSet<String> {
    let names = Names::of(aggregate).names.into_iter();
    names.filter_map(|(parts, _)| parts.into_iter().next()).collect()
}

/// The metrics of an interpretation, and the datasets that they add up.
pub(crate) fn metrics_of<'m>(
    interpretation: &Interpretation,
    model: &'m SemanticModel,
) -> Result<(Vec<&'m str>, Vec<&'m Metric>), CompileError> {
    let metrics: Vec<&Metric> = interpretation
        .metrics
        .iter()
        .map(|name| {
            model.metric(name).ok_or_else(|| CompileError::Unknown { kind: "metric", name: name.clone() })
        })
        .collect::<Result<_, _>>()?;
    let mut grains: Vec<&str> = Vec::new();
    for grain in metrics.iter().flat_map(|metric| &metric.grains) {
        if !grains.contains(&grain.as_str()) {
            grains.push(grain);
        }
    }
    if grains.is_empty() { Err(CompileError::NoMetric) } else { Ok((grains, metrics)) }
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
    let (grains, metrics) = metrics_of(interpretation, model)?;
    let mut needed: BTreeSet<&str> = grains.iter().copied().collect();
    for base in grains {
        let time = match interpretation.period {
            Some(_) => Some(time_field(model, base).ok_or(CompileError::NoTimeField)?),
            None => None,
        };
        let dimensions = interpretation.dimensions.iter().map(|dimension| &dimension.field);
        let filters = interpretation.filters.iter().flat_map(|filter| &filter.fields);
        for field in dimensions.chain(filters).chain(&time) {
            for step in path(model, base, &field.dataset)? {
                needed.insert(&step.to);
            }
        }
    }
    let parts: Vec<Expr> = metrics.iter().flat_map(|metric| aggregates(&metric.expression)).collect();
    for aggregate in &parts {
        if let Ok(Some(base)) = grain_of(aggregate, model) {
            for dataset in datasets_of(aggregate) {
                needed.extend(path(model, &base, &dataset)?.into_iter().map(|step| step.to.as_str()));
            }
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
