//! Columns and metrics as each role has them, why, and which of two exposures shows more.

use crate::error::LabError;
use crate::scope::Rules;
use serde::{Serialize, Serializer};
use splitplane_semantics::{Catalogue, FieldRef, Mask, Metric, Visibility};
use splitplane_types::{Bucket, BucketUnit, Role};
use std::collections::BTreeSet;
use std::fmt;

/// A role for which a policy may make a difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleName {
    /// Any role that the policy does not name.
    Other,
    /// A role that it names.
    Named(Role),
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other => f.write_str("any other role"),
            Self::Named(role) => role.fmt(f),
        }
    }
}

impl Serialize for RoleName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Other => serializer.serialize_none(),
            Self::Named(role) => serializer.collect_str(role),
        }
    }
}

/// How a role sees a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exposure {
    /// Not at all.
    Hidden,
    /// Masked so.
    Masked(#[serde(serialize_with = "crate::text::mask")] Mask),
    /// As it is.
    Shown,
}

/// What a change of exposure does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// Nothing.
    None,
    /// Shows less.
    Narrower,
    /// Shows more.
    Wider,
    /// Shows something else: with what was shown before, that is more.
    Different,
}

impl Movement {
    /// Whether anything is shown that was not shown before.
    #[must_use]
    pub const fn is_widening(self) -> bool {
        matches!(self, Self::Wider | Self::Different)
    }
}

impl Exposure {
    /// What a change from this one to another does.
    #[must_use]
    pub fn to(&self, after: &Self) -> Movement {
        if self == after {
            return Movement::None;
        }
        match self.rank().cmp(&after.rank()) {
            std::cmp::Ordering::Less => Movement::Wider,
            std::cmp::Ordering::Greater => Movement::Narrower,
            std::cmp::Ordering::Equal => match (self, after) {
                (Self::Masked(before), Self::Masked(after)) if follows(before, after) => Movement::Narrower,
                (Self::Masked(before), Self::Masked(after)) if follows(after, before) => Movement::Wider,
                _ => Movement::Different,
            },
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Hidden => 0,
            Self::Masked(Mask::Null) => 1,
            Self::Masked(Mask::Last(_) | Mask::Hash | Mask::Bucket(_)) => 2,
            Self::Shown => 3,
        }
    }
}

/// Whether what `other` shows follows from what `mask` shows. Fewer last characters do not: a text that is too short
/// for the one is hidden whole, and shows its end under the other.
fn follows(mask: &Mask, other: &Mask) -> bool {
    match (mask, other) {
        (Mask::Bucket(Bucket::Width(fine)), Mask::Bucket(Bucket::Width(coarse))) => {
            coarse.get().is_multiple_of(fine.get())
        }
        (Mask::Bucket(Bucket::Unit(fine)), Mask::Bucket(Bucket::Unit(coarse))) => matches!(
            (fine, coarse),
            (BucketUnit::Month, BucketUnit::Quarter | BucketUnit::Year)
                | (BucketUnit::Quarter, BucketUnit::Year)
        ),
        (Mask::Null | Mask::Last(_) | Mask::Hash | Mask::Bucket(_), _) => mask == other,
    }
}

/// A mask as a policy writes it.
#[must_use]
pub fn mask_text(mask: &Mask) -> String {
    match mask {
        Mask::Null => "null".to_owned(),
        Mask::Last(count) => format!("last{count}"),
        Mask::Hash => "hash".to_owned(),
        Mask::Bucket(Bucket::Width(width)) => format!("bucket {width}"),
        Mask::Bucket(Bucket::Unit(unit)) => format!("bucket {}", unit.as_str()),
    }
}

/// A field as one role sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnView {
    /// The field.
    pub field: String,
    /// How it is seen.
    pub exposure: Exposure,
    /// Why.
    pub reason: ColumnReason,
}

/// Why a field is seen as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnReason {
    /// The policy says nothing of it.
    NotRestricted,
    /// The policy restricts it for everyone.
    Restricted,
    /// The policy restricts it for all but these roles.
    RestrictedUnless(#[serde(serialize_with = "crate::text::displays")] Vec<Role>),
    /// The policy restricts it, but not for this role.
    Excepted,
}

/// A metric as one role has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MetricView {
    /// The metric.
    pub metric: String,
    /// Why it is not supported; `None` if it is.
    pub unsupported: Option<MetricReason>,
}

/// Why a metric is not supported for a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricReason {
    /// It needs a field that the role does not see as it is.
    Field {
        /// `dataset.field`.
        field: String,
        /// How the role sees it.
        exposure: Exposure,
    },
    /// It adds up rows of a dataset that the policy does not expose.
    Dataset(String),
    /// The datasets it needs are joined by a column that the role does not see, by none, or in several ways.
    Join,
}

/// The columns of one dataset as one role sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleColumns {
    /// The role.
    pub role: RoleName,
    /// The columns, in the order of the model.
    pub columns: Vec<ColumnView>,
}

impl Rules<'_> {
    /// Every role for which some field makes a difference, and any other.
    pub(crate) fn roles(self) -> BTreeSet<RoleName> {
        let columns = self.policy.datasets.values().flat_map(|dataset| dataset.columns.values());
        let named = columns.flat_map(|column| &column.unless_roles).cloned().map(RoleName::Named);
        named.chain([RoleName::Other]).collect()
    }

    /// A role that stands for this one.
    pub(crate) fn standing_for(self, role: &RoleName, named: &BTreeSet<RoleName>) -> Result<Role, LabError> {
        let RoleName::Named(role) = role else {
            // One more than are named, so that one is not.
            let unnamed = (0..=named.len()).filter_map(|number| format!("other-{number}").parse().ok());
            let unnamed = unnamed.map(RoleName::Named).find(|role| !named.contains(role));
            return match unnamed {
                Some(RoleName::Named(role)) => Ok(role),
                Some(RoleName::Other) | None => Err(LabError::Inconsistent("every role is named".to_owned())),
            };
        };
        Ok(role.clone())
    }

    /// How a role sees a field, and a field that is not there.
    pub(crate) fn exposure(self, field: &FieldRef, role: &Role) -> Exposure {
        if self.model.field(field).is_none() {
            return Exposure::Hidden;
        }
        match self.policy.visibility(field, role) {
            Visibility::Hidden => Exposure::Hidden,
            Visibility::Masked(mask) => Exposure::Masked(mask.clone()),
            Visibility::Shown => Exposure::Shown,
        }
    }

    /// The columns of an exposed dataset as a role sees them.
    pub(crate) fn columns(self, name: &str, role: &Role) -> Result<Vec<ColumnView>, LabError> {
        let (dataset, policy) = self.exposed(name)?;
        let view = |field: &splitplane_semantics::Field| {
            let reason = match policy.columns.get(&field.name) {
                None => ColumnReason::NotRestricted,
                Some(column) if column.unless_roles.contains(role) => ColumnReason::Excepted,
                Some(column) if column.unless_roles.is_empty() => ColumnReason::Restricted,
                Some(column) => ColumnReason::RestrictedUnless(column.unless_roles.clone()),
            };
            let reference = FieldRef { dataset: name.to_owned(), field: field.name.clone() };
            ColumnView { field: field.name.clone(), exposure: self.exposure(&reference, role), reason }
        };
        Ok(dataset.fields.iter().map(view).collect())
    }

    /// The columns of an exposed dataset as every role sees them.
    pub(crate) fn columns_by_role(self, name: &str) -> Result<Vec<RoleColumns>, LabError> {
        let (_, policy) = self.exposed(name)?;
        let named: BTreeSet<RoleName> = policy
            .columns
            .values()
            .flat_map(|column| &column.unless_roles)
            .cloned()
            .map(RoleName::Named)
            .chain([RoleName::Other])
            .collect();
        let mut by_role = Vec::with_capacity(named.len());
        for role in &named {
            let columns = self.columns(name, &self.standing_for(role, &named)?)?;
            by_role.push(RoleColumns { role: role.clone(), columns });
        }
        Ok(by_role)
    }

    /// A metric as a role has it.
    pub(crate) fn metric(self, metric: &Metric, role: &Role) -> MetricView {
        let supported = Catalogue::for_role(self.model, self.policy, role).metric(&metric.name).is_some();
        let unsupported = if supported { None } else { Some(self.metric_reason(metric, role)) };
        MetricView { metric: metric.name.clone(), unsupported }
    }

    fn metric_reason(self, metric: &Metric, role: &Role) -> MetricReason {
        let exposed = |grain: &&String| !self.policy.datasets.contains_key(*grain);
        if let Some(dataset) = metric.grains.iter().find(exposed) {
            return MetricReason::Dataset(dataset.clone());
        }
        let exposures = metric.fields.iter().map(|field| (field, self.exposure(field, role)));
        match exposures.into_iter().find(|(_, exposure)| *exposure != Exposure::Shown) {
            Some((field, exposure)) => {
                MetricReason::Field { field: format!("{}.{}", field.dataset, field.field), exposure }
            }
            None => MetricReason::Join,
        }
    }
}

#[cfg(test)]
mod tests;
