//! The statements of the test server: begun, asked for, cancelled, and their results handed out.
//!
//! Decides what a statement's states are and what each answer holds, with what the script makes go wrong.

use super::door::{Reply, refused};
use super::encode::{Data, Encoded, encode, number};
use super::links::KEY_HEADER;
use super::request::{Execute, OnWaitTimeout};
use super::script::{Faults, is_due};
use super::{BackendError, Shared};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

/// All statements and links.
#[derive(Debug, Default)]
pub(crate) struct Store {
    entries: Mutex<HashMap<String, Arc<Entry>>>,
    links: Mutex<HashMap<String, Link>>,
    /// Something was seen.
    pub(crate) changed: Notify,
}

impl Store {
    fn entry(&self, id: &str) -> Option<Arc<Entry>> {
        locked(&self.entries).get(id).cloned()
    }

    pub(crate) fn link(&self, signature: &str) -> Option<Link> {
        locked(&self.links).get(signature).cloned()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One statement.
#[derive(Debug)]
pub(crate) struct Entry {
    id: String,
    outcome: watch::Sender<Option<Outcome>>,
    task: Mutex<Option<AbortHandle>>,
}

#[derive(Debug, Clone)]
enum Outcome {
    Succeeded(Arc<Encoded>),
    Failed(BackendError),
    Other(&'static str),
}

/// A link that was handed out.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) entry: Arc<Entry>,
    pub(crate) chunk: usize,
    pub(crate) key: String,
    pub(crate) is_expired: bool,
}

impl Link {
    pub(crate) fn path(&self) -> String {
        format!("/{}/{}", self.entry.id, self.chunk)
    }
}

impl Entry {
    pub(crate) fn encoded(&self) -> Option<Arc<Encoded>> {
        match &*self.outcome.borrow() {
            Some(Outcome::Succeeded(encoded)) => Some(Arc::clone(encoded)),
            Some(Outcome::Failed(_) | Outcome::Other(_)) | None => None,
        }
    }

    /// The first outcome stays.
    fn end(&self, outcome: Outcome) -> bool {
        self.outcome.send_if_modified(|kept| {
            let is_first = kept.is_none();
            kept.get_or_insert(outcome);
            is_first
        })
    }
}

/// Counts a statement as running, for as long as its work is not dropped.
struct Works {
    shared: Arc<Shared>,
    entry: Arc<Entry>,
}

impl Drop for Works {
    fn drop(&mut self) {
        // Without an outcome by now, the backend has broken down.
        self.entry.end(Outcome::Failed(BackendError {
            error_code: "INTERNAL_ERROR".to_owned(),
            message: "the backend broke down".to_owned(),
            sql_state: "XX000".to_owned(),
        }));
        self.shared.see(|seen| seen.running -= 1);
    }
}

/// What comes of a request to run a statement.
pub(crate) enum Begun {
    Answer(Reply),
    Dropped,
}

pub(crate) async fn begin(shared: &Arc<Shared>, request: Execute) -> Begun {
    let id = format!("01f0-{:032x}", fastrand::u128(..));
    let entry = Arc::new(Entry { id: id.clone(), outcome: watch::Sender::new(None), task: Mutex::new(None) });
    locked(&shared.store.entries).insert(id.clone(), Arc::clone(&entry));
    let wait = request.wait().unwrap_or_default();
    let on_wait_timeout = request.on_wait_timeout;
    shared.see(|seen| {
        seen.statements += 1;
        seen.running += 1;
        seen.texts.push(request.statement.clone());
        let tag = |tag: &super::request::Tag| (tag.key.clone(), tag.value.clone().unwrap_or_default());
        seen.tags.push(request.query_tags.iter().map(tag).collect());
    });
    let works = Works { shared: Arc::clone(shared), entry: Arc::clone(&entry) };
    let task = tokio::spawn(work(works, request));
    *locked(&entry.task) = Some(task.abort_handle());
    if is_due(&mut shared.faults().submissions_dropped) {
        return Begun::Dropped;
    }
    let mut outcome = entry.outcome.subscribe();
    let waited = tokio::time::timeout(wait, outcome.wait_for(Option::is_some)).await;
    if waited.is_err() && wait > Duration::ZERO && on_wait_timeout == OnWaitTimeout::Cancel {
        stop(shared, &entry);
    }
    let is_pending = wait.is_zero() || shared.faults().polls_unfinished > 0;
    let body = if is_pending { unfinished(shared, &id, "PENDING") } else { described(shared, &entry) };
    Begun::Answer((200, body))
}

async fn work(works: Works, request: Execute) {
    let Works { shared, entry } = &works;
    if shared.faults().is_endless {
        std::future::pending::<()>().await;
    }
    let ran = shared.backend.run(&request.statement, &request.parameters).await;
    let cut = (shared.options.chunk_rows, shared.faults().has_empty_chunk);
    let encoded = ran.and_then(|(schema, batches)| encode(&schema, &batches, &request, cut));
    let final_state = shared.faults().final_state;
    entry.end(match (final_state, encoded) {
        (Some(state), _) => Outcome::Other(state),
        (None, Ok(encoded)) => Outcome::Succeeded(Arc::new(encoded)),
        (None, Err(error)) => Outcome::Failed(error),
    });
}

pub(crate) fn state(shared: &Shared, id: &str) -> Reply {
    shared.see(|seen| seen.polls += 1);
    let is_unknown = is_due(&mut shared.faults().polls_unknown);
    let entry = shared.store.entry(id).filter(|_| !is_unknown);
    let Some(entry) = entry else { return refused(shared, 404, "NOT_FOUND", "no such statement") };
    let is_unfinished = is_due(&mut shared.faults().polls_unfinished);
    let mut body = if is_unfinished { unfinished(shared, id, "RUNNING") } else { described(shared, &entry) };
    if let (Some(id), Some(body)) = (shared.faults().polled_id.clone(), body.as_object_mut()) {
        body.insert("statement_id".to_owned(), json!(id));
    }
    (200, body)
}

pub(crate) fn cancel(shared: &Shared, id: &str) -> Reply {
    let Some(entry) = shared.store.entry(id) else {
        return refused(shared, 404, "NOT_FOUND", "no such statement");
    };
    stop(shared, &entry);
    (200, json!({}))
}

fn stop(shared: &Shared, entry: &Entry) {
    if entry.end(Outcome::Other("CANCELED")) {
        shared.see(|seen| seen.cancelled += 1);
    }
    if let Some(task) = locked(&entry.task).take() {
        task.abort();
    }
}

pub(crate) fn chunk(shared: &Shared, id: &str, index: &str) -> Reply {
    shared.see(|seen| seen.chunks += 1);
    let encoded = shared.store.entry(id).and_then(|entry| Some((entry.encoded()?, entry)));
    let Some((encoded, entry)) = encoded else {
        return refused(shared, 404, "NOT_FOUND", "no such result");
    };
    let given = shared.faults().given_chunk;
    let index = given.or_else(|| index.parse().ok()).filter(|index| *index < encoded.chunks.len());
    match index.and_then(|index| data(shared, &entry, &encoded, index)) {
        Some(data) => (200, data),
        None => refused(shared, 404, "NOT_FOUND", "no such chunk"),
    }
}

fn name(shared: &Shared, id: &str) -> String {
    shared.faults().statement_id.clone().unwrap_or_else(|| id.to_owned())
}

fn unfinished(shared: &Shared, id: &str, state: &str) -> Value {
    let state = shared.faults().unfinished_state.unwrap_or(state);
    json!({"statement_id": name(shared, id), "status": {"state": state}})
}

fn described(shared: &Shared, entry: &Arc<Entry>) -> Value {
    let outcome = entry.outcome.borrow().clone();
    let id = name(shared, &entry.id);
    match outcome {
        None => unfinished(shared, &entry.id, "RUNNING"),
        Some(Outcome::Other(state)) => json!({"statement_id": id, "status": {"state": state}}),
        Some(Outcome::Failed(error)) => {
            let BackendError { error_code, message, sql_state } = error;
            let mut status =
                json!({"state": "FAILED", "error": {"error_code": error_code, "message": message}});
            if let (false, Some(status)) = (sql_state.is_empty(), status.as_object_mut()) {
                status.insert("sql_state".to_owned(), json!(sql_state));
            }
            json!({"statement_id": id, "status": status})
        }
        Some(Outcome::Succeeded(encoded)) => {
            let mut answer = json!({
                "statement_id": id,
                "status": {"state": "SUCCEEDED"},
                "manifest": manifest(shared, &encoded),
            });
            let is_left_out = shared.faults().is_first_chunk_left_out;
            let data = if is_left_out { None } else { data(shared, entry, &encoded, 0) };
            if let (Some(data), Some(answer)) = (data, answer.as_object_mut()) {
                answer.insert("result".to_owned(), data);
            }
            answer
        }
    }
}

fn manifest(shared: &Shared, encoded: &Encoded) -> Value {
    let faults = shared.faults().clone();
    let mut columns = encoded.columns.clone();
    if let (Some(name), Some(first)) =
        (faults.column_name, columns.first_mut().and_then(Value::as_object_mut))
    {
        first.insert("name".to_owned(), json!(name));
    }
    let is_arrow = encoded.chunks.iter().any(|chunk| matches!(chunk.data, Data::Arrow(_)));
    let mut offset = 0;
    let chunks = encoded.chunks.iter().enumerate().map(|(at, chunk)| {
        let row_offset = offset;
        offset += chunk.rows;
        json!({"chunk_index": at, "row_offset": row_offset, "row_count": chunk.rows})
    });
    let chunks: Vec<_> = chunks.collect();
    let mut manifest = json!({
        "format": if is_arrow { "ARROW_STREAM" } else { "JSON_ARRAY" },
        "schema": {"column_count": columns.len(), "columns": columns},
        "total_chunk_count": number(encoded.chunks.len()) + faults.chunks_more,
        "total_row_count": (encoded.rows() + faults.rows_more).saturating_sub(faults.rows_less),
        "truncated": encoded.is_truncated,
        "chunks": chunks,
    });
    if let (true, Some(manifest)) = (is_arrow, manifest.as_object_mut()) {
        manifest.insert("total_byte_count".to_owned(), json!(encoded.bytes() + faults.bytes_more));
    }
    manifest
}

/// What an answer holds of one chunk: its rows, or a link to them.
fn data(shared: &Shared, entry: &Arc<Entry>, encoded: &Encoded, index: usize) -> Option<Value> {
    let mut faults = shared.faults();
    let mut fields = place(&faults, entry, encoded, index)?;
    if let Data::Texts(texts, _) = &encoded.chunks.get(index)?.data {
        fields.insert("data_array".to_owned(), texts.clone());
        return Some(Value::Object(fields));
    }
    let last = if faults.has_all_links { encoded.chunks.len() } else { index + 1 };
    let links = (index..last).map(|index| link(shared, &mut faults, entry, encoded, index));
    let links = links.collect::<Option<Vec<_>>>()?;
    Some(json!({ "external_links": links }))
}

/// Where a chunk stands in its result.
fn place(faults: &Faults, entry: &Entry, encoded: &Encoded, index: usize) -> Option<Map<String, Value>> {
    let chunk = encoded.chunks.get(index)?;
    let row_offset: u64 = encoded.chunks.iter().take(index).map(|chunk| chunk.rows).sum();
    let mut fields = Map::new();
    fields.insert("chunk_index".to_owned(), json!(index));
    fields.insert("row_offset".to_owned(), json!(row_offset));
    fields.insert("row_count".to_owned(), json!(chunk.rows + faults.link_rows_more));
    let next = faults.next_chunk.or_else(|| (index + 1 < encoded.chunks.len()).then(|| number(index + 1)));
    if let Some(next) = next {
        fields.insert("next_chunk_index".to_owned(), json!(next));
        let link = format!("/api/2.0/sql/statements/{}/result/chunks/{next}", entry.id);
        fields.insert("next_chunk_internal_link".to_owned(), json!(link));
    }
    Some(fields)
}

/// A link to one chunk, which from now on is known to the storage.
fn link(
    shared: &Shared,
    faults: &mut Faults,
    entry: &Arc<Entry>,
    encoded: &Encoded,
    index: usize,
) -> Option<Value> {
    let mut fields = place(faults, entry, encoded, index)?;
    let bytes = encoded.chunks.get(index)?.bytes();
    let is_expired = is_due(&mut faults.links_expired_by_time);
    let now = (shared.options.clock)();
    let expiration = if is_expired {
        now.checked_sub(Duration::from_secs(60))
    } else {
        now.checked_add(shared.options.link_time)
    };
    let expiration = jiff::Timestamp::try_from(expiration?).ok()?;
    let signature = format!("{:032x}", fastrand::u128(..));
    let key = format!("{:032x}", fastrand::u128(..));
    let link = Link { entry: Arc::clone(entry), chunk: index, key: key.clone(), is_expired };
    let base = faults.links_url.as_ref().unwrap_or(&shared.links_url);
    fields.insert("byte_count".to_owned(), json!(bytes + faults.link_bytes_more));
    fields.insert("external_link".to_owned(), json!(format!("{base}{}?sig={signature}", link.path())));
    fields.insert("expiration".to_owned(), json!(expiration.to_string()));
    fields.insert("http_headers".to_owned(), json!({ KEY_HEADER: key }));
    locked(&shared.store.links).insert(signature, link);
    Some(Value::Object(fields))
}
