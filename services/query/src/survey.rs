//! The warehouse as the policy lab reads it. Decides nothing: what a value's spelling is, the engine says.

use splitplane_engine::{EngineError, SurveyColumn, Warehouse};
use splitplane_lab::{Batch, BatchError, Rows, TextColumn};
use std::sync::mpsc::sync_channel;

/// Batches that are read before they are asked for.
const BATCHES_AHEAD: usize = 8;

/// All rows of a warehouse, whoever's they are. For whoever answers for the policy; no answer to a question is read
/// through this.
#[derive(Debug, Clone, Copy)]
pub struct WarehouseRows<'w>(pub &'w Warehouse);

/// Why rows were not read.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The warehouse cannot be read.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine's texts are not those of its rows.
    #[error("a batch of the warehouse does not fit together")]
    Batch(#[from] BatchError),
    /// The thread that read is gone.
    #[error("the files were not read to their end")]
    Gone,
}

impl Rows for WarehouseRows<'_> {
    type Error = SurveyError;

    fn scan(
        &self,
        source: &str,
        columns: &[String],
        visit: &mut dyn FnMut(&Batch),
    ) -> Result<(), Self::Error> {
        // One thread reads files while this one does something with what is read.
        std::thread::scope(|scope| {
            let (send, receive) = sync_channel(BATCHES_AHEAD);
            let reader = scope.spawn(move || {
                self.0.survey(source, columns, &mut |columns, rows| {
                    // Whoever stopped listening has seen enough.
                    drop(send.send(batch(columns, rows)));
                })
            });
            for batch in receive {
                visit(&batch?);
            }
            Ok(reader.join().or(Err(SurveyError::Gone))??)
        })
    }
}

fn batch(columns: Vec<SurveyColumn>, rows: usize) -> Result<Batch, BatchError> {
    let text = |column: SurveyColumn| TextColumn::new(column.values, column.codes);
    Batch::new(columns.into_iter().map(text).collect::<Result<_, _>>()?, rows)
}

#[cfg(test)]
mod tests;
