//! What columns the places of sources have. Asked of the engine once for each folder, and kept; for each statement of a table.
//!
//! Decides that the tenant's own part says which types it has, not someone else's: a part is asked by its own path. Files
//! are read with the types that are known of them: one that has others is an error of its source, and the place is asked
//! anew. Nothing declares what a table is read with, and so it is planned with the types that it has now.

use crate::connect::error::ConnectError;
use crate::connect::plan;
use crate::connect::session::Session;
use crate::connect::wire::Relation;
use crate::engine::TAG;
use crate::errors::of_source;
use crate::layout::{Format, Source, Sources};
use crate::partitions;
use crate::scoped::{Known, Place, files, listed, mapped, table};
use crate::types::quoted;
use arrow::datatypes::DataType as Arrow;
use futures::TryStreamExt as _;
use splitplane_engine::EngineError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Places whose columns are kept at once. More are asked for each time.
const KEPT_MAX: usize = 100_000;

type Columns = Vec<(String, Arrow)>;

/// Columns by place.
#[derive(Debug, Default)]
pub(crate) struct Schemas {
    kept: Mutex<BTreeMap<Place, Columns>>,
}

impl Schemas {
    /// Columns of places; a part that is not there has none.
    pub(crate) async fn of(
        &self,
        session: &Session,
        sources: &Sources,
        places: BTreeSet<Place>,
    ) -> Result<Known, EngineError> {
        let mut known = Known::new();
        for place in places {
            let columns = match self.kept(&place) {
                Some(columns) => Some(columns),
                None => self.ask(session, sources, &place).await?,
            };
            known.insert(place, columns);
        }
        Ok(known)
    }

    /// Columns of the whole of a source.
    pub(crate) async fn whole(
        &self,
        session: &Session,
        sources: &Sources,
        source: &str,
    ) -> Result<Columns, EngineError> {
        let place = whole(sources, source)?;
        if let Some(columns) = self.kept(&place) {
            return Ok(columns);
        }
        let columns = self.ask(session, sources, &place).await?;
        columns.ok_or_else(|| EngineError::warehouse(source, "the source is not there"))
    }

    fn kept(&self, place: &Place) -> Option<Columns> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(place).cloned()
    }

    /// Forgets places: what was known of them was not so.
    pub(crate) fn forget(&self, places: impl IntoIterator<Item = Place>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for place in places {
            kept.remove(&place);
        }
    }

    async fn ask(
        &self,
        session: &Session,
        sources: &Sources,
        place: &Place,
    ) -> Result<Option<Columns>, EngineError> {
        let found = asked(session, relation(sources, place)?).await;
        // Nothing there, or nothing anywhere? Only the first is an answer.
        match &found {
            Err(ConnectError::MissingPath { .. }) if place.is_part => {
                let mapping = mapped(sources, &place.source)?;
                asked(session, listed(mapping)).await.map_err(|error| of_source(&place.source, error))?;
                return Ok(None);
            }
            // An engine that knows no missing folder gives one without columns.
            Ok(columns) if columns.is_empty() && place.is_part => {
                let whole = relation(sources, &whole(sources, &place.source)?)?;
                let all = asked(session, whole).await.map_err(|error| of_source(&place.source, error))?;
                let nowhere = || EngineError::warehouse(&place.source, "the source is not there");
                return if all.is_empty() { Err(nowhere()) } else { Ok(None) };
            }
            Ok(_) | Err(_) => {}
        }
        let columns = found.map_err(|error| of_source(&place.source, error))?;
        if columns.is_empty() {
            return Err(EngineError::warehouse(&place.source, "the source has no columns, or is not there"));
        }
        if !place.is_path {
            parted(session, mapped(sources, &place.source)?, &place.source).await?;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if is_declared(sources, place)? && kept.len() < KEPT_MAX {
            kept.insert(place.clone(), columns.clone());
        }
        Ok(Some(columns))
    }
}

/// Whether what is known of a place's types is what it is read with.
fn is_declared(sources: &Sources, place: &Place) -> Result<bool, EngineError> {
    Ok(match mapped(sources, &place.source)?.format {
        _ if !place.is_path => false,
        Format::Delta => false,
        Format::Parquet | Format::Csv | Format::Json => true,
    })
}

/// Whether a table has the partitions of its mapping.
async fn parted(session: &Session, mapping: &Source, source: &str) -> Result<(), EngineError> {
    if mapping.partitions.is_empty() {
        return Ok(());
    }
    let parts: Vec<String> = mapping.table.split('.').map(quoted).collect();
    let described = plan::sql(&partitions::description(&parts.join(".")), Vec::new());
    let fail = |error| of_source(source, error);
    let rows = session.run(described, TAG).map_err(fail)?;
    let rows: Vec<_> = rows.try_collect().await.map_err(fail)?;
    partitions::check(source, mapping, &rows)
}

/// The whole of a source.
pub(crate) fn whole(sources: &Sources, source: &str) -> Result<Place, EngineError> {
    let mapping = mapped(sources, source)?;
    let is_path = mapping.table.is_empty();
    let path = if is_path { mapping.path.clone() } else { mapping.table.clone() };
    Ok(Place { source: source.to_owned(), path, is_part: false, is_path })
}

/// All columns of a place, as it declares them.
pub(crate) fn relation(sources: &Sources, place: &Place) -> Result<Relation, EngineError> {
    let mapping = mapped(sources, &place.source)?;
    if mapping.table.is_empty() {
        let declared = (!mapping.schema.is_empty()).then(|| mapping.schema.clone());
        return Ok(files(mapping, &place.path, declared));
    }
    Ok(table(mapping))
}

async fn asked(session: &Session, relation: Relation) -> Result<Columns, ConnectError> {
    session.columns(relation).await
}
