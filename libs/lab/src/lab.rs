//! A policy with the organisation it is asked about.

use crate::columns::MetricView;
use crate::error::LabError;
use crate::organisation::Organisation;
use crate::rows::Rows;
use crate::scope::Rules;
use splitplane_semantics::{Policy, SemanticModel};
use splitplane_types::Role;

/// A model, its policy, the grants and the rows: what questions are asked of.
#[derive(Debug, Clone)]
pub struct Lab<'a, R> {
    pub(crate) rules: Rules<'a>,
    pub(crate) rows: &'a R,
    pub(crate) organisation: Organisation,
}

impl<'a, R: Rows> Lab<'a, R> {
    /// Reads the grants.
    ///
    /// # Errors
    /// The policy does not fit the model, or the grants are not read.
    pub fn open(model: &'a SemanticModel, policy: &'a Policy, rows: &'a R) -> Result<Self, LabError> {
        let rules = Rules::new(model, policy)?;
        let organisation = Organisation::read(model, policy, rows)?;
        Ok(Self { rules, rows, organisation })
    }

    /// The metrics of the model as a role has them, in order. No row is read.
    #[must_use]
    pub fn metrics(&self, role: &Role) -> Vec<MetricView> {
        self.rules.model.metrics.iter().map(|metric| self.rules.metric(metric, role)).collect()
    }

    /// Who is granted what.
    #[must_use]
    pub const fn organisation(&self) -> &Organisation {
        &self.organisation
    }
}
