//! Who sees the rows of a key, each with the chain of rules and grants that makes it so.

use crate::chain::{KeyValue, Step};
use crate::columns::RoleColumns;
use crate::error::LabError;
use crate::lab::Lab;
use crate::rows::Rows;
use crate::scope::Side;
use crate::sets::Sets;
use crate::trace::{ClassId, Trace};
use crate::why_not::{Explained, key_values};
use serde::Serialize;
use splitplane_semantics::RowPolicy;
use splitplane_types::CompositeKey;

/// Who sees the rows of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhoCanSee {
    /// The dataset.
    pub dataset: String,
    /// The fields and values asked about.
    pub key: Vec<KeyValue>,
    /// How many rows hold the key; none means that there is no such row.
    pub rows: u64,
    /// The rows by class, most admins first.
    pub groups: Vec<RowGroup>,
    /// What each role for which the dataset makes a difference sees of its columns.
    pub roles: Vec<RoleColumns>,
}

/// Rows that the same admins see for the same reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowGroup {
    /// How many there are.
    pub rows: u64,
    /// Who sees them.
    pub audience: Audience,
}

/// Who sees a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Every caller, granted anything or not.
    Everyone {
        /// Why that is right.
        reason: String,
    },
    /// These admins, in order; none means that nobody sees it.
    Admins(Vec<Seer>),
}

/// An admin who sees a row, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seer {
    /// The admin.
    #[serde(serialize_with = "crate::text::display")]
    pub admin: CompositeKey,
    /// The rules, each of which is met.
    pub steps: Vec<Step>,
}

impl<R: Rows> Lab<'_, R> {
    /// Who sees the rows of `dataset` whose fields hold `key`.
    ///
    /// # Errors
    /// A name that is not there, an empty key, a key of too many different rows, or rows that are not read.
    pub fn who_can_see(&self, dataset: &str, key: &[(String, String)]) -> Result<WhoCanSee, LabError> {
        let columns = self.key_columns(dataset, key)?;
        let mut trace = Trace::default();
        let found = trace.find(self, dataset, &columns)?;
        let admins: Vec<&CompositeKey> = self.organisation.admins().collect();
        let mut sets = Sets::new(admins.len());
        let side = Side::new(self.rules, &self.organisation, &admins, &mut sets);
        let audiences = trace.audiences(&side, &mut sets)?;
        let explained = Explained { lab: self, trace: &trace, sets: &sets, audiences: &audiences };
        let policy_rows = &self.rules.exposed(dataset)?.1.rows;
        let audience = |class: ClassId| match policy_rows {
            RowPolicy::Public { reason } => Audience::Everyone { reason: reason.clone() },
            RowPolicy::Scoped(_) => {
                let set = audiences.get(class).map_or(&[][..], |set| sets.admins(*set));
                let seer = |number: &u32| {
                    let admin = *admins.get(crate::keys::at(*number))?;
                    Some(Seer { admin: admin.clone(), steps: explained.steps(class, *number, admin) })
                };
                Audience::Admins(set.iter().filter_map(seer).collect())
            }
        };
        let mut groups: Vec<RowGroup> =
            found.iter().map(|(class, rows)| RowGroup { rows: *rows, audience: audience(*class) }).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(width(&group.audience)));
        Ok(WhoCanSee {
            dataset: dataset.to_owned(),
            key: key_values(key),
            rows: found.values().sum(),
            groups,
            roles: self.rules.columns_by_role(dataset)?,
        })
    }
}

fn width(audience: &Audience) -> usize {
    match audience {
        Audience::Everyone { .. } => usize::MAX,
        Audience::Admins(admins) => admins.len(),
    }
}
