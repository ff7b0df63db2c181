//! How many rows of every dataset who sees: the whole organisation in one reading.

use crate::error::LabError;
use crate::lab::Lab;
use crate::rows::Rows;
use crate::scope::Side;
use crate::sets::{NOBODY, Sets};
use crate::survey::{Class, Wanted, survey};
use serde::Serialize;
use splitplane_types::CompositeKey;

/// Rows of every exposed dataset by who sees them.
#[derive(Debug)]
pub struct Census {
    admins: Vec<CompositeKey>,
    /// In the order of their names.
    pub datasets: Vec<DatasetCensus>,
}

/// Rows of one dataset by who sees them.
#[derive(Debug, Serialize)]
pub struct DatasetCensus {
    /// The dataset.
    pub dataset: String,
    /// Rows there are.
    pub rows: u64,
    /// Rows that nobody whom the grants name sees.
    pub seen_by_nobody: u64,
    /// Classes of rows, most rows first; rows of one class are seen by the same admins.
    pub classes: Vec<CensusClass>,
    /// Rows seen, by admin in the census' order.
    #[serde(skip)]
    seen: Vec<u64>,
}

/// Rows that the same admins see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CensusClass {
    /// Who sees them, as places in [`Census::admins`].
    pub admins: Vec<usize>,
    /// How many there are.
    pub rows: u64,
}

impl Census {
    /// Everyone whom the grants name.
    #[must_use]
    pub fn admins(&self) -> &[CompositeKey] {
        &self.admins
    }

    /// Rows of a dataset that an admin sees; `None` if either is not known.
    #[must_use]
    pub fn rows_seen(&self, dataset: &str, admin: &CompositeKey) -> Option<u64> {
        let at = self.admins.binary_search(admin).ok()?;
        self.datasets.iter().find(|census| census.dataset == dataset)?.seen.get(at).copied()
    }
}

impl<R: Rows> Lab<'_, R> {
    /// Counts the rows of every exposed dataset by who sees them. Every source is read once.
    ///
    /// # Errors
    /// Rows are not read.
    pub fn census(&self) -> Result<Census, LabError> {
        let admins: Vec<&CompositeKey> = self.organisation.admins().collect();
        let datasets: Vec<&str> = self.rules.policy.datasets.keys().map(String::as_str).collect();
        let (sets, counted) = self.count(&admins, &datasets)?;
        let census =
            |(dataset, classes): (&str, Vec<Class>)| dataset_census(dataset, &classes, &sets, admins.len());
        let datasets = datasets.iter().copied().zip(counted).map(census).collect();
        Ok(Census { admins: admins.into_iter().cloned().collect(), datasets })
    }

    /// Counts rows of some datasets by who of some admins sees them.
    pub(crate) fn count(
        &self,
        admins: &[&CompositeKey],
        datasets: &[&str],
    ) -> Result<(Sets, Vec<Vec<Class>>), LabError> {
        let mut sets = Sets::new(admins.len());
        let side = Side::new(self.rules, &self.organisation, admins, &mut sets);
        let mut wanted = Vec::with_capacity(datasets.len());
        for name in datasets {
            let source = self.rules.exposed(name)?.0.source.clone();
            wanted.push(Wanted { source, datasets: vec![Some((*name).to_owned())], key: Vec::new() });
        }
        let counted = survey(self.rows, &[side], &mut sets, &wanted)?;
        Ok((sets, counted))
    }
}

fn dataset_census(dataset: &str, classes: &[Class], sets: &Sets, admins: usize) -> DatasetCensus {
    let mut seen = vec![0; admins];
    for class in classes {
        for admin in sets.admins(class.first) {
            if let Some(seen) = seen.get_mut(crate::keys::at(*admin)) {
                *seen += class.rows;
            }
        }
    }
    let rows_of = |class: &Class| class.rows;
    let unseen = classes.iter().filter(|class| class.first == NOBODY).map(rows_of).sum();
    let mut listed: Vec<CensusClass> = classes
        .iter()
        .map(|class| CensusClass {
            admins: sets.admins(class.first).iter().map(|admin| crate::keys::at(*admin)).collect(),
            rows: class.rows,
        })
        .collect();
    listed.sort_by(|left, right| right.rows.cmp(&left.rows).then_with(|| left.admins.cmp(&right.admins)));
    DatasetCensus {
        dataset: dataset.to_owned(),
        rows: classes.iter().map(rows_of).sum(),
        seen_by_nobody: unseen,
        classes: listed,
        seen,
    }
}
