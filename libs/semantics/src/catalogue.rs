//! The semantic model as one role may use it.
//!
//! Decides which metrics and dimensions exist for a role, from the model and the policy alone: no
//! data is read. A metric that needs a hidden or masked field is not there, as if nobody had written it.

use crate::joins::{path, time_field};
use crate::{Dataset, Field, FieldRef, Metric, Policy, SemanticModel, Visibility};
use splitplane_types::Role;

/// The semantic model as one role may use it.
#[derive(Debug, Clone, Copy)]
pub struct Catalogue<'a> {
    model: &'a SemanticModel,
    policy: &'a Policy,
    role: &'a Role,
}

impl<'a> Catalogue<'a> {
    /// What `role` may use of `model` under `policy`.
    #[must_use]
    pub const fn for_role(model: &'a SemanticModel, policy: &'a Policy, role: &'a Role) -> Self {
        Self { model, policy, role }
    }

    /// The whole model. Names that are not in this catalogue must not be shown.
    #[must_use]
    pub const fn model(&self) -> &'a SemanticModel {
        self.model
    }

    /// The metrics that this role may see, in the order of the model.
    pub fn metrics(&self) -> impl Iterator<Item = &'a Metric> + use<'a> {
        let catalogue = *self;
        self.model.metrics.iter().filter(move |metric| catalogue.shows_metric(metric))
    }

    /// The metric of that name, if this role may see it.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<&'a Metric> {
        self.metrics().find(|metric| metric.name == name)
    }

    /// The fields by which `metric` can be grouped and filtered, in the order of the model: those
    /// of its own dataset first, then those of datasets on the one side of its relationships.
    #[must_use]
    pub fn dimensions_of(&self, metric: &Metric) -> Vec<(&'a Dataset, &'a Field)> {
        let datasets = self.model.datasets.iter();
        let (own, others): (Vec<_>, Vec<_>) =
            datasets.partition(|dataset| metric.grains.contains(&dataset.name));
        own.into_iter()
            .chain(others)
            .filter(|dataset| metric.grains.iter().all(|grain| self.reaches(grain, &dataset.name)))
            .flat_map(|dataset| dataset.fields.iter().map(move |field| (dataset, field)))
            .filter(|(dataset, field)| field.is_dimension && self.shows(&dataset.name, &field.name))
            .collect()
    }

    /// The fields by which all of `metrics` can be grouped and filtered together, in the order of the first.
    #[must_use]
    pub fn dimensions_of_all(&self, metrics: &[&Metric]) -> Vec<(&'a Dataset, &'a Field)> {
        let [first, others @ ..] = metrics else { return Vec::new() };
        let mut shared = self.dimensions_of(first);
        for metric in others {
            let own = self.dimensions_of(metric);
            let is_own =
                |dataset: &str, field: &str| own.iter().any(|(d, f)| d.name == dataset && f.name == field);
            shared.retain(|(dataset, field)| is_own(&dataset.name, &field.name));
        }
        shared
    }

    /// The field to which periods of `metric` apply, if this role may see it: that of the first dataset it adds up.
    #[must_use]
    pub fn time_field_of(&self, metric: &Metric) -> Option<FieldRef> {
        metric.grains.first().and_then(|grain| self.time_field_at(grain))
    }

    /// Whether a period applies to every dataset that `metric` adds up.
    #[must_use]
    pub fn has_time(&self, metric: &Metric) -> bool {
        metric.grains.iter().all(|grain| self.time_field_at(grain).is_some())
    }

    fn time_field_at(&self, grain: &str) -> Option<FieldRef> {
        time_field(self.model, grain)
            .filter(|field| self.reaches(grain, &field.dataset) && self.shows(&field.dataset, &field.field))
    }

    fn shows_metric(&self, metric: &Metric) -> bool {
        // A metric over no field at all would count rows of a dataset that may be hidden.
        metric.grains.iter().all(|grain| self.policy.datasets.contains_key(grain))
            && metric.fields.iter().all(|field| self.shows(&field.dataset, &field.field))
            && metric
                .fields
                .iter()
                .all(|field| metric.grains.iter().any(|grain| self.reaches(grain, &field.dataset)))
    }

    /// Whether this role sees a field as it is: a masked value is another value.
    fn shows(&self, dataset: &str, field: &str) -> bool {
        let field = FieldRef { dataset: dataset.to_owned(), field: field.to_owned() };
        matches!(self.policy.visibility(&field, self.role), Visibility::Shown)
    }

    /// Whether the join from `from` to `to` exists, is unambiguous and uses shown columns alone.
    fn reaches(&self, from: &str, to: &str) -> bool {
        path(self.model, from, to).is_ok_and(|steps| {
            steps.iter().all(|step| {
                step.from_columns.iter().all(|column| self.shows(&step.from, column))
                    && step.to_columns.iter().all(|column| self.shows(&step.to, column))
            })
        })
    }
}

#[cfg(test)]
mod tests;
