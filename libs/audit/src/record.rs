//! What a record says, and its form as a line.
//!
//! A line is the record's JSON, closed by the hash of every byte before the hash:
//! `{"seq":7,"prev":"<hash of line 6>",…,"hash":"<hash>"}`. Hashing the bytes as they stand, not a
//! re-encoding of what was parsed, leaves no second spelling with the same hash.

use crate::{AuditError, Fault};
use serde::{Deserialize, Serialize};
use splitplane_types::{CompositeKey, Digest, Outcome, Reason, Txn};
use std::time::SystemTime;

/// The longest line, in bytes without its end. Bounds what reading a broken file can cost.
pub(crate) const LINE_BYTES_MAX: usize = 1 << 20;

const BEFORE_HASH: &str = ",\"hash\":\"";
const AFTER_HASH: &str = "\"}";

/// One released answer or one refusal.
#[derive(Debug, Clone)]
pub struct Record {
    /// When it was decided.
    pub time: SystemTime,
    /// The service that decided.
    pub service: String,
    /// What was decided.
    pub decision: Outcome,
    /// Why, for everything but an answer.
    pub reason: Option<Reason>,
    /// The transaction.
    pub txn: Option<Txn>,
    /// Who asked; `None` where the caller could not be established.
    pub composite: Option<CompositeKey>,
    /// Digest of the signed question.
    pub question_digest: Option<Digest>,
    /// The statement that ran or was refused, as the guard re-printed it. Never with row values.
    pub sql: Option<String>,
    /// Digest of the policy in force.
    pub policy: Option<Digest>,
    /// Digest of the semantic model in force.
    pub model: Option<Digest>,
    /// Rows released.
    pub rows: Option<u64>,
    /// Bytes released.
    pub bytes: Option<u64>,
    /// Digest of the result.
    pub result_digest: Option<Digest>,
    /// Trace in which it happened.
    pub trace_id: Option<String>,
}

/// A place in the chain: the number of the next record, and the hash it continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) seq: u64,
    pub(crate) prev: Digest,
}

impl Link {
    /// Before the first record.
    pub(crate) fn genesis() -> Self {
        Self { seq: 0, prev: Digest::from([0; 32]) }
    }
}

/// The line without its hash. Every key is always written, so that its absence is a change.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    seq: u64,
    prev: String,
    time: String,
    service: String,
    decision: String,
    reason: Option<String>,
    txn: Option<String>,
    composite: Option<String>,
    question_digest: Option<String>,
    sql: Option<String>,
    policy: Option<String>,
    model: Option<String>,
    rows: Option<u64>,
    bytes: Option<u64>,
    result_digest: Option<String>,
    trace_id: Option<String>,
}

impl Body {
    fn new(record: Record, link: Link) -> Result<Self, AuditError> {
        let time = jiff::Timestamp::try_from(record.time).or(Err(AuditError::Time))?;
        Ok(Self {
            seq: link.seq,
            prev: link.prev.to_string(),
            time: format!("{time:.6}"),
            service: record.service,
            decision: record.decision.as_str().to_owned(),
            reason: record.reason.map(|reason| reason.as_str().to_owned()),
            txn: record.txn.map(|txn| txn.to_string()),
            composite: record.composite.map(|composite| composite.to_string()),
            question_digest: record.question_digest.map(|digest| digest.to_string()),
            sql: record.sql,
            policy: record.policy.map(|digest| digest.to_string()),
            model: record.model.map(|digest| digest.to_string()),
            rows: record.rows,
            bytes: record.bytes,
            result_digest: record.result_digest.map(|digest| digest.to_string()),
            trace_id: record.trace_id,
        })
    }
}

/// Writes a record as the line at `link`, its end included; also the place after it.
pub(crate) fn seal(record: Record, link: Link) -> Result<(String, Link), AuditError> {
    let body = Body::new(record, link)?;
    // A struct of texts and numbers always has a JSON form.
    let json = serde_json::to_string(&body).or(Err(AuditError::TooLong))?;
    let mut line = json.strip_suffix('}').unwrap_or(&json).to_owned();
    let hash = Digest::of(line.as_bytes());
    line.push_str(BEFORE_HASH);
    line.push_str(&hash.to_string());
    line.push_str(AFTER_HASH);
    if line.len() > LINE_BYTES_MAX {
        return Err(AuditError::TooLong);
    }
    line.push('\n');
    Ok((line, Link { seq: link.seq.saturating_add(1), prev: hash }))
}

/// Checks that a line, given without its end, is the record at `link`; returns the place after it.
pub(crate) fn check(line: &[u8], link: Link) -> Result<Link, Fault> {
    let text = std::str::from_utf8(line).or(Err(Fault::NotARecord))?;
    let open = text.strip_suffix(AFTER_HASH).ok_or(Fault::NotARecord)?;
    let (hashed, stated) = open.rsplit_once(BEFORE_HASH).ok_or(Fault::NotARecord)?;
    let hash = Digest::of(hashed.as_bytes());
    // Compared as text: upper-case digits are another spelling, and there is only one.
    if hash.to_string() != stated {
        return Err(Fault::Changed);
    }
    let body: Body = serde_json::from_str(&format!("{hashed}}}")).or(Err(Fault::NotARecord))?;
    if body.seq != link.seq {
        return Err(Fault::OutOfSequence);
    }
    if body.prev != link.prev.to_string() {
        return Err(Fault::NotChained);
    }
    Ok(Link { seq: link.seq.saturating_add(1), prev: hash })
}
