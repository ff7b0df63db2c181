//! What the mapped tables hold, for whoever starts a service or answers for the policy.
//!
//! Calls wait for the warehouse on their own thread, which must not be one of the runtime's workers.

use super::errors::Asked;
use super::schemas::Columns;
use super::{DatabricksEngine, Inside, tables};
use futures::TryStreamExt as _;
use splitplane_engine::answers::{self, survey_columns};
use splitplane_engine::{Catalog, EngineError, KeyMisfit, Spread, Visit};
use splitplane_engine_spark::scoped::{at_least_one, mapped};
use splitplane_engine_spark::types;
use splitplane_types::{Column, DataType};
use std::time::Duration;

/// An answer about a source, asked for without a caller who waits.
const ASK_TIME_MAX: Duration = Duration::from_secs(120);
/// All rows of a source.
const SURVEY_TIME_MAX: Duration = Duration::from_secs(3_600);

impl DatabricksEngine {
    fn asked<T>(
        &self,
        time_max: Duration,
        work: impl AsyncFnOnce(&Inside) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let inside = &self.inside;
        self.handle.block_on(inside.within(time_max, async || work(inside).await))
    }

    fn types(&self, source: &str) -> Result<Columns, EngineError> {
        self.asked(ASK_TIME_MAX, async |inside| inside.schemas.whole(inside, source, ASK_TIME_MAX).await)
    }
}

impl Catalog for DatabricksEngine {
    fn has(&self, source: &str) -> Result<bool, EngineError> {
        if !self.inside.sources().contains_key(source) {
            return Ok(false);
        }
        match self.types(source) {
            Ok(_) => Ok(true),
            // Whoever asks is told by what comes next why it cannot be read.
            Err(EngineError::Warehouse { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn columns(&self, source: &str) -> Result<Vec<Column>, EngineError> {
        Ok(answers::declared(self.types(source)?))
    }

    fn fits(&self, source: &str, column: &str, wanted: DataType) -> Result<bool, EngineError> {
        Ok(answers::fits(&self.types(source)?, column, wanted))
    }

    fn key_misfits(
        &self,
        source: &str,
        columns: &[String],
        _together: bool,
    ) -> Result<Vec<(String, KeyMisfit)>, EngineError> {
        Ok(answers::key_misfits(&self.types(source)?, columns))
    }

    fn spread(&self, source: &str, columns: &[String]) -> Result<Spread, EngineError> {
        let mapping = mapped(self.inside.sources(), source)?;
        let in_folders = mapping.partitions.first().is_some_and(|first| columns.contains(first));
        Ok(if in_folders { Spread::Folders } else { Spread::Everywhere })
    }

    fn survey(&self, source: &str, columns: &[String], visit: Visit<'_>) -> Result<(), EngineError> {
        let types = self.types(source)?;
        if let Some(missing) = columns.iter().find(|column| !types.iter().any(|(name, _)| name == *column)) {
            return Err(EngineError::warehouse(source, format!("there is no column `{missing}`")));
        }
        self.asked(SURVEY_TIME_MAX, async |inside| {
            let sources = [source];
            let asked = Asked::scan(&sources, SURVEY_TIME_MAX);
            let wanted = columns.iter().map(|name| (types::quoted(name), name.clone()));
            let wanted = at_least_one(wanted.collect());
            let wanted: Vec<String> =
                wanted.iter().map(|(text, name)| format!("{text} AS {}", types::quoted(name))).collect();
            let table = tables::quoted(&mapped(inside.sources(), source)?.table);
            let text = format!("SELECT {} FROM {table}", wanted.join(", "));
            let fail = |error| asked.fail_of_source(error);
            let mut rows = inside.send(&asked, text, Vec::new()).await.map_err(fail)?;
            while let Some(batch) = rows.try_next().await.map_err(|error| fail(asked.fail(error)))? {
                let count = batch.num_rows();
                let batch = if columns.is_empty() {
                    batch.project(&[]).map_err(EngineError::internal)?
                } else {
                    batch
                };
                if visit(survey_columns(&batch, source)?, count).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}
