//! What every engine keeps however it is asked: limits, an end in time, nothing left behind, and the class of an error.
//!
//! Decides what counts as kept, and that it is the same for each: a list of what is not.

use super::guarded::Guarded;
use crate::{EngineError, GrantsRequest, QueryResult};
use splitplane_split_plane::{
    ColumnExpression, RowScope, ScopeError, ScopedColumn, ScopedRelation, SecurityPlane,
};
use splitplane_types::{DataType, Limits};
use std::sync::Arc;
use std::time::Duration;

/// Nobody waits for it to end by itself, whatever a row takes.
const ENDLESS: &str = "SELECT count(*) AS n FROM harvests a JOIN harvests b ON a.ripe = b.ripe \
    JOIN harvests c ON b.ripe = c.ripe JOIN harvests d ON c.ripe = d.ripe JOIN harvests e ON d.ripe = e.ripe";
/// Rows of several types, always in one order.
const ROWS: &str = "SELECT id, note, kilos, picked_on FROM harvests ORDER BY id";
const NO_ROWS: &str = "SELECT id, note FROM harvests WHERE id < 0";
/// How long an endless statement may run.
const SHORT: Duration = Duration::from_secs(2);
/// How often an engine is asked that cannot answer now.
const PACE: Duration = Duration::from_millis(200);
/// What is given to an engine that is to answer.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is given to the whole list.
const ALL: Duration = Duration::from_secs(300);
/// A source that no warehouse has.
const NOWHERE: &str = "nowhere";

/// What an engine behind the guard does not keep; nothing, if all is well. `parallel` is how many statements it runs at
/// the same time.
pub async fn broken(guarded: &Guarded, parallel: usize) -> Vec<String> {
    let mut found = Found::default();
    if tokio::time::timeout(ALL, found.look(guarded, parallel)).await.is_err() {
        found.add(format!("the list is not through in {ALL:?}"));
    }
    found.0
}

fn far() -> Limits {
    Limits { time_max: 2 * PATIENCE, ..super::interference::limits() }
}

#[derive(Default)]
struct Found(Vec<String>);

impl Found {
    fn add(&mut self, what: String) {
        self.0.push(what);
    }

    async fn look(&mut self, guarded: &Guarded, parallel: usize) {
        let Some(whole) = self.rows(guarded, "at first").await else { return };
        self.limits(guarded, &whole).await;
        self.time(guarded).await;
        self.classes(guarded).await;
        // More than run at the same time, so that one which is not given back is missed.
        let left = (0..=parallel).map(|_| tokio::time::timeout(SHORT, guarded.limited(ENDLESS, far())));
        for ended in futures::future::join_all(left).await.into_iter().flatten() {
            self.add(format!("an endless statement ended: {:?}", ended.map(|result| result.table)));
        }
        if let Some(after) = self.rows(guarded, "after statements that were left").await
            && after.table != whole.table
        {
            self.add("another result after statements that were left".to_owned());
        }
    }

    /// The rows that there are. An engine elsewhere may have to recover first, and says so until it has.
    async fn rows(&mut self, guarded: &Guarded, when: &str) -> Option<QueryResult> {
        let mut pace = tokio::time::interval(PACE);
        let answered = async {
            loop {
                pace.tick().await;
                match guarded.limited(ROWS, far()).await {
                    Err(EngineError::Unavailable { .. }) => {}
                    outcome => return outcome,
                }
            }
        };
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(result)) if result.table.rows.len() > 1 => return Some(result),
            Ok(outcome) => self.add(format!("{when}: {:?}", outcome.map(|result| result.table))),
            Err(_elapsed) => self.add(format!("{when}: no answer in {PATIENCE:?}")),
        }
        None
    }

    async fn limits(&mut self, guarded: &Guarded, whole: &QueryResult) {
        let (rows, bytes) = (u64::try_from(whole.table.rows.len()).unwrap_or(u64::MAX), whole.bytes);
        for (rows_max, bytes_max, sql, expected) in [
            (rows, bytes, ROWS, None),
            (rows - 1, bytes, ROWS, Some(format!("the result has more than {} rows", rows - 1))),
            (0, bytes, ROWS, Some("the result has more than 0 rows".to_owned())),
            (rows, bytes - 1, ROWS, Some(format!("the result has more than {} bytes", bytes - 1))),
            (0, 0, NO_ROWS, None),
        ] {
            let outcome = guarded.limited(sql, Limits { rows_max, bytes_max, ..far() }).await;
            let told = match &outcome {
                Ok(result) => {
                    let kept = if sql == ROWS { &whole.table.rows[..] } else { &[] };
                    if result.table.rows != kept || result.table.columns.is_empty() {
                        self.add(format!("a part of a result within {rows_max} rows, {bytes_max} bytes"));
                    }
                    None
                }
                Err(error) => Some(error.to_string()),
            };
            if told != expected {
                self.add(format!("{rows_max} rows, {bytes_max} bytes: {told:?} and not {expected:?}"));
            }
        }
    }

    async fn time(&mut self, guarded: &Guarded) {
        let limits = Limits { time_max: SHORT, ..far() };
        match tokio::time::timeout(PATIENCE, guarded.limited(ENDLESS, limits)).await {
            Ok(Err(EngineError::TimeExceeded { time_max: SHORT })) => {}
            Ok(outcome) => self.add(format!("after {SHORT:?}: {:?}", outcome.map(|result| result.table))),
            Err(_elapsed) => self.add(format!("no end in {PATIENCE:?} of what may take {SHORT:?}")),
        }
    }

    async fn classes(&mut self, guarded: &Guarded) {
        let engine = guarded.engine();
        let grants = |source: &str, identity| GrantsRequest {
            source: source.to_owned(),
            identity,
            yields: vec!["site".to_owned()],
            transaction: None,
        };
        let whose = || vec![("coop".to_owned(), "c-1".to_owned())];
        for (what, outcome, expected) in [
            ("grants of nobody", engine.read_grants(grants("keepers", Vec::new())).await, "plan"),
            (
                "grants of a source that is not there",
                engine.read_grants(grants(NOWHERE, whose())).await,
                "warehouse",
            ),
        ] {
            self.class(what, &outcome.map(|_| ()), expected);
        }
        for (what, source, column) in [
            ("a source that is not there", NOWHERE, "id"),
            ("a column that is not there", "harvests", NOWHERE),
        ] {
            let outcome = match plane(source, column) {
                Ok(plane) => guarded.limited_in(Arc::new(plane), "SELECT id FROM harvests", far()).await,
                Err(error) => Err(EngineError::internal(error)),
            };
            self.class(what, &outcome.map(|_| ()), "warehouse");
        }
    }

    fn class(&mut self, what: &str, outcome: &Result<(), EngineError>, expected: &str) {
        let class = outcome.as_ref().err().map_or("none", super::subject::class);
        if class != expected {
            self.add(format!("{what}: {class} and not {expected}: {outcome:?}"));
        }
    }
}

/// Harvests of everybody, from somewhere, whose numbers are another column.
fn plane(source: &str, column: &str) -> Result<SecurityPlane, ScopeError> {
    let id = ScopedColumn {
        name: "id".to_owned(),
        expression: ColumnExpression::Physical(column.to_owned()),
        data_type: Some(DataType::Integer),
        unit: None,
        mask: None,
    };
    let relation = ScopedRelation {
        name: "harvests".to_owned(),
        source: source.to_owned(),
        columns: vec![id],
        rows: RowScope::Public { reason: "there are none".to_owned() },
    };
    SecurityPlane::new(vec![relation])
}

#[cfg(test)]
mod tests {
    use super::super::guarded::Embedded;
    use super::super::world::{Copy, Storage, World};
    use super::*;
    use crate::tests::fixture::folder;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_embedded_engine_keeps_all() {
        let world = World::of(500, Storage::File);
        let folder = folder();
        world.write(folder.path(), Copy::Whole).unwrap();
        let guarded = Embedded::default().guarded(&world, folder.path()).await.unwrap();
        assert_eq!(broken(&guarded, 4).await, Vec::<String>::new());
    }
}
