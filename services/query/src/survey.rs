//! The warehouse as the policy lab reads it. Decides nothing: what a value's spelling is, the engine says.

use splitplane_engine::{EngineError, SurveyColumn, Warehouse};
use splitplane_lab::{Batch, BatchError, Rows, TextColumn};

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
}

impl Rows for WarehouseRows<'_> {
    type Error = SurveyError;

    fn scan(
        &self,
        source: &str,
        columns: &[String],
        visit: &mut dyn FnMut(&Batch),
    ) -> Result<(), Self::Error> {
        let mut broken = None;
        self.0.survey(source, columns, &mut |columns, rows| match batch(columns, rows) {
            Ok(batch) if broken.is_none() => visit(&batch),
            Ok(_) => {}
            Err(error) => broken = Some(error),
        })?;
        broken.map_or(Ok(()), |error| Err(error.into()))
    }
}

fn batch(columns: Vec<SurveyColumn>, rows: usize) -> Result<Batch, BatchError> {
    let text = |column: SurveyColumn| TextColumn::new(column.values, column.codes);
    Batch::new(columns.into_iter().map(text).collect::<Result<_, _>>()?, rows)
}

#[cfg(test)]
mod tests;
