//! What the mapped sources hold, for whoever starts a service or answers for the policy.
//!
//! Calls wait for the engine on their own thread, which must not be one of the runtime's workers.

use crate::connect::session::Session;
use crate::engine::{Inside, SparkEngine, TAG};
use crate::errors::of_source;
use crate::scoped::{Algebra as _, Plans, at_least_one, mapped};
use crate::types::{of_folders, quoted};
use arrow::datatypes::DataType as Arrow;
use futures::TryStreamExt as _;
use splitplane_engine::answers::{self, survey_columns};
use splitplane_engine::{Catalog, EngineError, KeyMisfit, Spread, Visit};
use splitplane_types::{Column, DataType};
use std::time::Duration;

/// An answer about a source, asked for without a caller who waits.
const ASK_TIME_MAX: Duration = Duration::from_secs(120);
/// All rows of a source.
const SURVEY_TIME_MAX: Duration = Duration::from_secs(3_600);

impl SparkEngine {
    fn asked<T>(
        &self,
        time_max: Duration,
        work: impl AsyncFnOnce(&Inside, &Session) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let inside = self.inside();
        self.handle().block_on(inside.within(time_max, async |session| work(inside, session).await))
    }

    fn types(&self, source: &str) -> Result<Vec<(String, Arrow)>, EngineError> {
        self.asked(ASK_TIME_MAX, async |inside, session| {
            inside.schemas().whole(session, inside.sources(), source).await
        })
    }
}

impl Catalog for SparkEngine {
    fn has(&self, source: &str) -> Result<bool, EngineError> {
        if !self.inside().sources().contains_key(source) {
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
        let mapping = mapped(self.inside().sources(), source)?;
        let in_folders = mapping.partitions.first().is_some_and(|first| columns.contains(first));
        Ok(if in_folders { Spread::Folders } else { Spread::Everywhere })
    }

    fn survey(&self, source: &str, columns: &[String], visit: Visit<'_>) -> Result<(), EngineError> {
        self.asked(SURVEY_TIME_MAX, async |inside, session| {
            let fail = |error| of_source(source, error);
            let types = inside.schemas().whole(session, inside.sources(), source).await?;
            if let Some(missing) =
                columns.iter().find(|column| !types.iter().any(|(name, _)| name == *column))
            {
                return Err(EngineError::warehouse(source, format!("there is no column `{missing}`")));
            }
            let whole = inside.whole(source)?;
            let mapping = mapped(inside.sources(), source)?;
            let text =
                |name: &String| if mapping.is_in_folders(name) { of_folders(name) } else { quoted(name) };
            let wanted = columns.iter().map(|name| (text(name), name.clone()));
            let relation = Plans.project(whole, &at_least_one(wanted.collect()));
            let mut batches = session.run(relation, TAG).map_err(fail)?;
            while let Some(batch) = batches.try_next().await.map_err(fail)? {
                let batch = if columns.is_empty() {
                    batch.project(&[]).map_err(EngineError::internal)?
                } else {
                    batch
                };
                let rows = batch.num_rows();
                if visit(survey_columns(&batch, source)?, rows).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}
