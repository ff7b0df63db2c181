//! How many rows of some keys an admin sees, without saying why.

use crate::error::LabError;
use crate::lab::Lab;
use crate::rows::Rows;
use crate::scope::Side;
use crate::sets::Sets;
use crate::survey::{Class, Wanted, survey};
use serde::Serialize;
use splitplane_types::CompositeKey;

/// Rows of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KeyCount {
    /// Rows that the admin sees.
    pub seen: u64,
    /// Rows that hold the key.
    pub rows: u64,
}

impl<R: Rows> Lab<'_, R> {
    /// Counts the rows of every key that an admin sees, in the order of the keys. The dataset is read once for all.
    ///
    /// # Errors
    /// A name that is not there, an empty key, or rows that are not read.
    pub fn count_keys(
        &self,
        admin: &CompositeKey,
        dataset: &str,
        keys: &[Vec<(String, String)>],
    ) -> Result<Vec<KeyCount>, LabError> {
        self.organisation.known(admin)?;
        let source = self.rules.exposed(dataset)?.0.source.clone();
        let mut wanted = Vec::with_capacity(keys.len());
        for key in keys {
            let key = self.key_columns(dataset, key)?.into_iter();
            let key = key.map(|(column, value)| (column.to_owned(), value.to_owned())).collect();
            wanted.push(Wanted { source: source.clone(), datasets: vec![Some(dataset.to_owned())], key });
        }
        let mut sets = Sets::new(1);
        let side = Side::new(self.rules, &self.organisation, &[admin], &mut sets);
        let counted = survey(self.rows, &[side], &mut sets, &wanted)?;
        let count = |classes: Vec<Class>| KeyCount {
            seen: classes.iter().filter(|class| sets.holds(class.first, 0)).map(|class| class.rows).sum(),
            rows: classes.iter().map(|class| class.rows).sum(),
        };
        Ok(counted.into_iter().map(count).collect())
    }
}
