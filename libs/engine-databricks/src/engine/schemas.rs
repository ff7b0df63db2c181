//! What columns tables have.
//!
//! Decides that a request plans with the types of now: it asks for the columns of every table that it reads, so that a
//! column whose type has changed is neither compared nor shown as what it was. What remains is the moment between the
//! look and the statement: a change of type in it is an error or, where the warehouse compares both types, an answer by
//! the older one. Columns of a type that is not known are as if the table had them not.
//!
//! What was seen last is kept for the catalog, whose many questions at a start-up are about one state of the tables.

use super::Inside;
use super::errors::Asked;
use super::tables;
use arrow::datatypes::DataType as Arrow;
use futures::TryStreamExt as _;
use futures::future::{try_join, try_join_all};
use splitplane_engine::EngineError;
use splitplane_engine_spark::partitions;
use splitplane_engine_spark::scoped::{Known, Place, mapped};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(super) type Columns = Vec<(String, Arrow)>;

/// Columns by place, as they were seen last.
#[derive(Debug, Default)]
pub(super) struct Schemas {
    kept: Mutex<BTreeMap<Place, Columns>>,
}

impl Schemas {
    /// Columns of places, all asked for at the same time.
    pub(super) async fn of(
        &self,
        inside: &Inside,
        places: &BTreeSet<Place>,
        asked: &Asked<'_>,
    ) -> Result<Known, EngineError> {
        let looks = places.iter().map(|place| async move {
            let columns = self.look(inside, place, asked).await?;
            Ok::<_, EngineError>((place.clone(), Some(columns)))
        });
        Ok(try_join_all(looks).await?.into_iter().collect())
    }

    /// Columns of a source, asked for where they are not kept.
    pub(super) async fn whole(
        &self,
        inside: &Inside,
        source: &str,
        time_max: Duration,
    ) -> Result<Columns, EngineError> {
        let path = mapped(inside.sources(), source)?.table.clone();
        let place = Place { source: source.to_owned(), path, is_part: false, is_path: false };
        let kept = self.kept().get(&place).cloned();
        match kept {
            Some(columns) => Ok(columns),
            None => self.look(inside, &place, &Asked::scan(&[], time_max)).await,
        }
    }

    async fn look(&self, inside: &Inside, place: &Place, asked: &Asked<'_>) -> Result<Columns, EngineError> {
        let sources = [place.source.as_str()];
        let asked = Asked { sources: &sources, limits: None, ..*asked };
        let text = format!("SELECT * FROM {} LIMIT 0", tables::quoted(&place.path));
        let columns =
            async { inside.columns(&asked, text).await.map_err(|error| asked.fail_of_source(error)) };
        match try_join(columns, parted(inside, place, &asked)).await {
            Ok((columns, ())) => {
                self.kept().insert(place.clone(), columns.clone());
                Ok(columns)
            }
            Err(error) => {
                self.kept().remove(place);
                Err(error)
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<Place, Columns>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a table has the partitions of its mapping.
async fn parted(inside: &Inside, place: &Place, asked: &Asked<'_>) -> Result<(), EngineError> {
    let mapping = mapped(inside.sources(), &place.source)?;
    if mapping.partitions.is_empty() {
        return Ok(());
    }
    let text = partitions::description(&tables::quoted(&place.path));
    let fail = |error| asked.fail_of_source(error);
    let rows = inside.send(asked, text, Vec::new()).await.map_err(fail)?;
    let rows: Vec<_> = rows.try_collect().await.map_err(|error| fail(asked.fail(error)))?;
    partitions::check(&place.source, mapping, &rows)
}
