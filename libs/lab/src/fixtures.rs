//! Made-up organisations for tests, here and where an engine must agree with the lab.
//!
//! Decides nothing about the policy: a world is a semantic model and two policies as texts, and tables as rows of
//! texts. It is made to be awkward: ids that look alike, ids that repeat between tenants, NULL, empty texts, slashes,
//! chains of chains, granted keys of two levels, rules that must be met together.

mod dice;
mod policy;
mod tables;

pub use dice::Dice;
pub use tables::{Table, Tables, TablesError};

use splitplane_semantics::{LoadError, Policy, SemanticModel, parse_model, parse_policy};

/// How large a world is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Admins whom the grants name, about.
    pub admins: usize,
    /// Rows of each dataset, about.
    pub rows: usize,
}

/// An organisation with its model, two policies over it, and its rows.
#[derive(Debug, Clone)]
pub struct World {
    /// The semantic model, as YAML.
    pub model: String,
    /// A policy, and one that might take its place, as YAML.
    pub policies: [String; 2],
    /// The rows, the grants among them. Every column is text.
    pub tables: Tables,
}

impl World {
    /// The world of this seed; equal seeds make equal worlds.
    #[must_use]
    pub fn of_seed(seed: u64, size: Size) -> Self {
        let mut dice = Dice::of_seed(seed);
        Self {
            model: policy::model(),
            policies: [policy::policy(&mut dice), policy::policy(&mut dice)],
            tables: tables::tables(&mut dice, size),
        }
    }

    /// The model and both policies, read.
    ///
    /// # Errors
    /// A defect of the generator.
    pub fn load(&self) -> Result<(SemanticModel, [Policy; 2]), LoadError> {
        let model = parse_model("model.yaml", &self.model)?;
        let [old, new] = &self.policies;
        let old = parse_policy("old.yaml", old, &model)?;
        let new = parse_policy("new.yaml", new, &model)?;
        Ok((model, [old, new]))
    }
}
