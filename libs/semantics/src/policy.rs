//! The policy: who may see what. Read from YAML by [`crate::load_policy`], against a semantic model.
//!
//! Scopes are typed bindings of columns, never SQL text.

use crate::FieldRef;
use splitplane_types::{Bucket, Digest, Limits, Role};
use std::collections::BTreeMap;

/// A loaded policy. Every name in it has been resolved against the semantic model.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The calendar in which periods are resolved.
    pub calendar: crate::Calendar,
    /// Where grants are read from.
    pub grants: Grants,
    /// What each dataset shows to whom. Only datasets listed here ever enter a sandbox.
    pub datasets: BTreeMap<String, DatasetPolicy>,
    /// Limits of one answer and of one tenant.
    pub limits: Limits,
    /// Whether analyses come from the template alone, so that no model sees a row.
    pub explain_by_template: bool,
    /// SHA-256 of the file's bytes.
    pub digest: Digest,
}

/// Where grants are read from.
#[derive(Debug, Clone)]
pub struct Grants {
    /// Dataset of the semantic model.
    pub dataset: String,
    /// Columns (of the file) that hold tenant, business and admin.
    pub tenant: String,
    /// Column that holds the business.
    pub business: String,
    /// Column that holds the admin.
    pub admin: String,
    /// Scope key (for example `location`) to the column that grants it.
    pub yields: BTreeMap<String, String>,
}

/// What one dataset shows.
#[derive(Debug, Clone)]
pub struct DatasetPolicy {
    /// Which rows.
    pub rows: RowPolicy,
    /// Restrictions by field; fields not listed are shown.
    pub columns: BTreeMap<String, ColumnPolicy>,
}

/// Which rows a caller sees.
#[derive(Debug, Clone)]
pub enum RowPolicy {
    /// All rows, and why that is right.
    Public {
        /// The reason, for reviewers.
        reason: String,
    },
    /// Rows that meet every one of these; at least one.
    Scoped(Vec<ScopeRule>),
}

/// One rule of a scope. Columns are columns of the file.
#[derive(Debug, Clone)]
pub enum ScopeRule {
    /// Columns that must hold the caller's own values.
    Columns(Vec<(ScopeKey, String)>),
    /// A row of another dataset that is in *its* scope must match.
    Through {
        /// The other dataset.
        dataset: String,
        /// Column of this dataset's file, column of the other's.
        by: Vec<(String, String)>,
    },
}

/// What a scope column holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScopeKey {
    /// The tenant id.
    Tenant,
    /// The business id.
    Business,
    /// The admin id.
    Admin,
    /// A key that the grants yield, for example `location`.
    Granted(String),
}

/// A restriction of one field.
#[derive(Debug, Clone)]
pub struct ColumnPolicy {
    /// What is done to it.
    pub treatment: Treatment,
    /// Roles to which it is shown as it is.
    pub unless_roles: Vec<Role>,
}

/// What is done to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Treatment {
    /// It never enters a sandbox.
    Hidden,
    /// It enters masked.
    Mask(Mask),
}

/// How a value is masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mask {
    /// NULL.
    Null,
    /// All but the last `n` characters replaced by `*`.
    Last(u8),
    /// A keyed hash, of a key that each tenant has for itself.
    Hash,
    /// The lower end of the value's bucket.
    Bucket(Bucket),
}

/// How a role sees a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility<'a> {
    /// As it is.
    Shown,
    /// Masked.
    Masked(&'a Mask),
    /// Not at all.
    Hidden,
}

impl Policy {
    /// How `role` sees `field`. A field of a dataset without a policy is hidden.
    #[must_use]
    pub fn visibility(&self, field: &FieldRef, role: &Role) -> Visibility<'_> {
        let Some(dataset) = self.datasets.get(&field.dataset) else { return Visibility::Hidden };
        let Some(column) = dataset.columns.get(&field.field) else { return Visibility::Shown };
        if column.unless_roles.contains(role) {
            return Visibility::Shown;
        }
        match &column.treatment {
            Treatment::Hidden => Visibility::Hidden,
            Treatment::Mask(mask) => Visibility::Masked(mask),
        }
    }
}
