//! What columns tables have. Asked of the warehouse once for each, and kept.
//!
//! Decides that a table which changes its types afterwards is an error of its source, and is asked anew.

use super::Inside;
use super::errors::Asked;
use super::tables;
use arrow::datatypes::DataType as Arrow;
use splitplane_engine::EngineError;
use splitplane_engine_spark::scoped::{Known, Place, mapped};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub(super) type Columns = Vec<(String, Arrow)>;

/// Columns by place.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    kept: Mutex<BTreeMap<Place, Columns>>,
}

impl Schemas {
    /// Columns of places.
    pub(super) async fn of(
        &self,
        inside: &Inside,
        places: &BTreeSet<Place>,
        time_max: Duration,
    ) -> Result<Known, EngineError> {
        let mut known = Known::new();
        for place in places {
            known.insert(place.clone(), Some(self.one(inside, place, time_max).await?));
        }
        Ok(known)
    }

    /// Columns of a source.
    pub(super) async fn whole(
        &self,
        inside: &Inside,
        source: &str,
        time_max: Duration,
    ) -> Result<Columns, EngineError> {
        let path = mapped(inside.sources(), source)?.table.clone();
        let place = Place { source: source.to_owned(), path, is_part: false, is_path: false };
        self.one(inside, &place, time_max).await
    }

    async fn one(&self, inside: &Inside, place: &Place, time_max: Duration) -> Result<Columns, EngineError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(place).cloned();
        if let Some(columns) = kept {
            return Ok(columns);
        }
        let sources = [place.source.as_str()];
        let asked = Asked::scan(&sources, time_max);
        let text = format!("SELECT * FROM {} LIMIT 0", tables::quoted(&place.path));
        let rows = inside.send(&asked, text, Vec::new()).await;
        let schema = rows.map_err(|error| asked.fail_of_source(error))?.schema();
        let fields = schema.fields().iter();
        let columns: Columns =
            fields.map(|field| (field.name().clone(), field.data_type().clone())).collect();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(place.clone(), columns.clone());
        Ok(columns)
    }

    /// Forgets places: what was known of them was not so.
    pub(super) fn forget(&self, places: impl IntoIterator<Item = Place>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for place in places {
            kept.remove(&place);
        }
    }
}
