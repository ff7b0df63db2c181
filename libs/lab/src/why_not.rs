//! Whether an admin sees the rows of a key, and every rule that says no.

use crate::chain::{Failure, GrantedTuples, KeyValue, Step};
use crate::error::LabError;
use crate::lab::Lab;
use crate::rows::Rows;
use crate::scope::{Side, key_name, tuple};
use crate::sets::{SetId, Sets};
use crate::trace::{ClassId, HeldRule, Trace, held_keys, joined_keys, whole};
use serde::Serialize;
use splitplane_semantics::{Dataset, ScopeKey};
use splitplane_types::CompositeKey;
use std::collections::BTreeSet;

/// Granted tuples, and classes of rows of another dataset, that one failure lists.
const LISTED_MAX: usize = 10;

/// Whether an admin sees the rows of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhyNot {
    /// The admin.
    #[serde(serialize_with = "crate::text::display")]
    pub admin: CompositeKey,
    /// The dataset.
    pub dataset: String,
    /// The fields and values asked about.
    pub key: Vec<KeyValue>,
    /// The answer.
    pub outcome: WhyNotOutcome,
}

/// What is known of the rows of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNotOutcome {
    /// No row holds the key, whoever asks.
    NoSuchRow,
    /// Rows hold it: for each class of them whether they are seen, and why.
    Rows(Vec<RowsVerdict>),
}

/// Whether the rows of one class are seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowsVerdict {
    /// How many rows of the key are of this class.
    pub rows: u64,
    /// Whether they are seen.
    pub verdict: Verdict,
}

/// Whether a row is seen, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is, by these rules, all of them.
    Sees(Vec<Step>),
    /// It is not: each of these rules would have to be met.
    DoesNot(Vec<Failure>),
}

impl<R: Rows> Lab<'_, R> {
    /// Whether an admin sees the rows of `dataset` whose fields hold `key`, with every rule that fails.
    ///
    /// # Errors
    /// A name that is not there, an empty key, a key of too many different rows, or rows that are not read.
    pub fn why_not(
        &self,
        admin: &CompositeKey,
        dataset: &str,
        key: &[(String, String)],
    ) -> Result<WhyNot, LabError> {
        self.organisation.known(admin)?;
        let columns = self.key_columns(dataset, key)?;
        let mut trace = Trace::default();
        let found = trace.find(self, dataset, &columns)?;
        let mut sets = Sets::new(1);
        let side = Side::new(self.rules, &self.organisation, &[admin], &mut sets);
        let audiences = trace.audiences(&side, &mut sets)?;
        let explained = Explained { lab: self, trace: &trace, sets: &sets, audiences: &audiences };
        let verdict = |(class, rows): (&ClassId, &u64)| {
            let verdict = if explained.sees(*class, 0) {
                Verdict::Sees(explained.steps(*class, 0, admin))
            } else {
                Verdict::DoesNot(explained.failures(*class, 0, admin))
            };
            RowsVerdict { rows: *rows, verdict }
        };
        let rows: Vec<RowsVerdict> = found.iter().map(verdict).collect();
        let outcome = if rows.is_empty() { WhyNotOutcome::NoSuchRow } else { WhyNotOutcome::Rows(rows) };
        Ok(WhyNot { admin: admin.clone(), dataset: dataset.to_owned(), key: key_values(key), outcome })
    }

    /// The columns of a key's fields, with their values.
    pub(crate) fn key_columns<'k>(
        &'k self,
        dataset: &str,
        key: &'k [(String, String)],
    ) -> Result<Vec<(&'k str, &'k str)>, LabError> {
        let (dataset, _): (&Dataset, _) = self.rules.exposed(dataset)?;
        if key.is_empty() {
            return Err(LabError::EmptyKey { dataset: dataset.name.clone() });
        }
        let repeated = key
            .iter()
            .enumerate()
            .find(|(at, (field, _))| key.iter().take(*at).any(|(other, _)| other == field));
        if let Some((_, (field, _))) = repeated {
            return Err(LabError::RepeatedField { dataset: dataset.name.clone(), field: field.clone() });
        }
        let column = |(field, value): &'k (String, String)| {
            self.rules.column(dataset, field).map(|column| (column, value.as_str()))
        };
        key.iter().map(column).collect()
    }
}

pub(crate) fn key_values(key: &[(String, String)]) -> Vec<KeyValue> {
    key.iter().map(|(key, value)| KeyValue { key: key.clone(), value: value.clone() }).collect()
}

/// Rows that were found, with those who see them.
pub(crate) struct Explained<'e, 'a, R> {
    pub(crate) lab: &'e Lab<'a, R>,
    pub(crate) trace: &'e Trace<'a>,
    pub(crate) sets: &'e Sets,
    pub(crate) audiences: &'e [SetId],
}

impl<R: Rows> Explained<'_, '_, R> {
    pub(crate) fn sees(&self, class: ClassId, number: u32) -> bool {
        self.audiences.get(class).is_some_and(|set| self.sets.holds(*set, number))
    }

    /// The rules by which an admin, who sees the rows of a class, sees them.
    pub(crate) fn steps(&self, class: ClassId, number: u32, admin: &CompositeKey) -> Vec<Step> {
        let Some(class) = self.trace.get(class) else { return Vec::new() };
        let dataset = class.dataset.to_owned();
        let step = |rule: &HeldRule<'_>| match rule {
            HeldRule::Public { reason } => {
                Step::Public { dataset: dataset.clone(), reason: (*reason).to_owned() }
            }
            HeldRule::Keys { bindings, values } => {
                let keys: Vec<&ScopeKey> = bindings.iter().map(|(key, _)| key).collect();
                let names = self.lab.organisation.keys();
                let held: Vec<&str> = values.iter().flatten().map(String::as_str).collect();
                let granted = self.lab.organisation.granted(admin).into_iter().flatten();
                let gives: Vec<&Vec<String>> =
                    granted.filter(|granted| tuple(&keys, names, admin, granted) == held).collect();
                let grant = gives.first().map(|granted| names.iter().zip(granted.iter()));
                let pair =
                    |(key, value): (&String, &String)| KeyValue { key: key.clone(), value: value.clone() };
                Step::Keys {
                    dataset: dataset.clone(),
                    held: held_keys(self.lab.rules, &dataset, bindings, values),
                    grant: grant.into_iter().flatten().map(pair).collect(),
                    grants: gives.len(),
                }
            }
            HeldRule::Through { other, by, values, classes, .. } => {
                let seen = classes.iter().find(|class| self.sees(**class, number));
                Step::Through {
                    dataset: dataset.clone(),
                    other: (*other).to_owned(),
                    by: joined_keys(by, values),
                    steps: seen.map(|class| self.steps(*class, number, admin)).unwrap_or_default(),
                }
            }
        };
        class.rules.iter().map(step).collect()
    }

    /// The rules by which an admin, who does not see the rows of a class, does not.
    fn failures(&self, class: ClassId, number: u32, admin: &CompositeKey) -> Vec<Failure> {
        let Some(class) = self.trace.get(class) else { return Vec::new() };
        let dataset = class.dataset.to_owned();
        let failure = |rule: &HeldRule<'_>| match rule {
            HeldRule::Public { .. } => None,
            HeldRule::Keys { bindings, values } => {
                let held = held_keys(self.lab.rules, &dataset, bindings, values);
                let Some(values) = whole(values) else {
                    return Some(Failure::Null { dataset: dataset.clone(), held });
                };
                let keys: Vec<&ScopeKey> = bindings.iter().map(|(key, _)| key).collect();
                self.not_granted(&keys, &values, admin).map(|(differs, granted)| Failure::NotGranted {
                    dataset: dataset.clone(),
                    held,
                    differs,
                    granted,
                })
            }
            HeldRule::Through { other, by, values, rows, classes } => {
                let (dataset, other) = (dataset.clone(), (*other).to_owned());
                let by = joined_keys(by, values);
                if classes.is_empty() {
                    return Some(Failure::NoRow { dataset, other, by });
                }
                if classes.iter().any(|class| self.sees(*class, number)) {
                    return None;
                }
                let listed = classes.iter().take(LISTED_MAX);
                let failures = listed.map(|class| self.failures(*class, number, admin)).collect();
                Some(Failure::Through { dataset, other, by, rows: *rows, failures, classes: classes.len() })
            }
        };
        class.rules.iter().filter_map(failure).collect()
    }

    /// Which keys an admin lacks for these values, and what they are granted instead; `None` if they lack none.
    fn not_granted(
        &self,
        keys: &[&ScopeKey],
        values: &[String],
        admin: &CompositeKey,
    ) -> Option<(Vec<String>, GrantedTuples)> {
        let names = self.lab.organisation.keys();
        let granted = self.lab.organisation.granted(admin).into_iter().flatten();
        let tuples: BTreeSet<Vec<&str>> = granted.map(|granted| tuple(keys, names, admin, granted)).collect();
        let held: Vec<&str> = values.iter().map(String::as_str).collect();
        if tuples.contains(&held) {
            return None;
        }
        let lacks = |(at, held): &(usize, &&str)| tuples.iter().all(|tuple| tuple.get(*at) != Some(*held));
        let lacking: Vec<usize> = held.iter().enumerate().filter(lacks).map(|(at, _)| at).collect();
        let differs = keys.iter().enumerate().filter(|(at, _)| lacking.contains(at));
        let differs = differs.map(|(_, key)| key_name(key).to_owned()).collect();
        Some((differs, listed(keys, &tuples)))
    }
}

/// The first few of some tuples.
pub(crate) fn listed(keys: &[&ScopeKey], tuples: &BTreeSet<Vec<&str>>) -> GrantedTuples {
    let pair = |(key, value): (&&ScopeKey, &&str)| KeyValue {
        key: key_name(key).to_owned(),
        value: (*value).to_owned(),
    };
    let first = tuples.iter().take(LISTED_MAX).map(|tuple| keys.iter().zip(tuple).map(pair).collect());
    GrantedTuples { first: first.collect(), count: tuples.len() }
}
