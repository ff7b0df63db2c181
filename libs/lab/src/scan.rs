//! Reads a source with the columns that several readers need, each column once.

use crate::error::LabError;
use crate::rows::{Batch, Rows};

/// The columns of one scan.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    names: Vec<String>,
}

impl Columns {
    /// Where these columns will stand in a batch.
    pub(crate) fn positions<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> Vec<usize> {
        names
            .into_iter()
            .map(|name| {
                let known = self.names.iter().position(|known| known == name);
                known.unwrap_or_else(|| {
                    self.names.push(name.to_owned());
                    self.names.len() - 1
                })
            })
            .collect()
    }
}

/// Reads every row of a source, once.
pub(crate) fn scan<R: Rows>(
    rows: &R,
    source: &str,
    columns: &Columns,
    mut visit: impl FnMut(&Batch) -> Result<(), LabError>,
) -> Result<(), LabError> {
    let asked = columns.names.len();
    let mut outcome = Ok(());
    let mut each = |batch: &Batch| {
        if outcome.is_err() {
            return;
        }
        let given = batch.columns().len();
        outcome = if given == asked {
            visit(batch)
        } else {
            Err(LabError::Columns { source_name: source.to_owned(), asked, given })
        };
    };
    let read = rows.scan(source, &columns.names, &mut each);
    outcome?;
    read.map_err(|cause| LabError::Unread { source_name: source.to_owned(), cause: Box::new(cause) })
}
