//! The warehouse as the policy lab reads it. Decides nothing: what a value's spelling is, the engine says.

use splitplane_engine::{Catalog, EngineError, SurveyColumn};
use splitplane_lab::{Batch, BatchError, Rows, TextColumn};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

/// Batches that are read before they are asked for.
const BATCHES_AHEAD: usize = 8;

/// All rows of a warehouse, whoever's they are. For whoever answers for the policy; no answer to a question is read
/// through this.
#[derive(Debug, Clone)]
pub struct WarehouseRows<'w> {
    warehouse: &'w dyn Catalog,
    stop: Stop,
}

/// Ends surveys: once set, no more is read.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ends every survey that holds this.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl<'w> WarehouseRows<'w> {
    /// All rows of a warehouse.
    #[must_use]
    pub fn new(warehouse: &'w dyn Catalog) -> Self {
        Self::until(warehouse, Stop::default())
    }

    /// All rows of a warehouse, until somebody has seen enough.
    #[must_use]
    pub const fn until(warehouse: &'w dyn Catalog, stop: Stop) -> Self {
        Self { warehouse, stop }
    }
}

/// Why rows were not read.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The warehouse cannot be read.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine's texts are not those of its rows.
    #[error("a batch of the warehouse does not fit together")]
    Batch(#[from] BatchError),
    /// Nobody wants the answer any more.
    #[error("the survey was called off")]
    Stopped,
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
                self.warehouse.survey(source, columns, &mut |columns, rows| {
                    // Whoever stopped listening has seen enough.
                    let is_wanted = !self.stop.is_set() && send.send(batch(columns, rows)).is_ok();
                    if is_wanted { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                })
            });
            for batch in receive {
                visit(&batch?);
            }
            if self.stop.is_set() {
                return Err(SurveyError::Stopped);
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
