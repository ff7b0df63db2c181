//! A policy with the organisation it is asked about.

use crate::error::LabError;
use crate::organisation::Organisation;
use crate::rows::Rows;
use crate::scope::Rules;
use splitplane_semantics::{Policy, SemanticModel};

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

    /// Takes grants that were read before.
    ///
    /// # Errors
    /// The policy does not fit the model, or the grants yield other keys than the policy's.
    pub fn with_organisation(
        model: &'a SemanticModel,
        policy: &'a Policy,
        rows: &'a R,
        organisation: Organisation,
    ) -> Result<Self, LabError> {
        if !policy.grants.yields.keys().eq(organisation.keys()) {
            let what = "the grants were read for a policy that yields other keys";
            return Err(LabError::Inconsistent(what.to_owned()));
        }
        Ok(Self { rules: Rules::new(model, policy)?, rows, organisation })
    }

    /// Who is granted what.
    #[must_use]
    pub const fn organisation(&self) -> &Organisation {
        &self.organisation
    }
}
