//! What a record says, and its form as a line.
//!
//! A line is the record's JSON, closed by the hash of every byte before the hash:
//! `{"seq":7,"prev":"<hash of line 6>",…,"hash":"<hash>"}`. Hashing the bytes as they stand, not a
//! re-encoding of what was parsed, leaves no second spelling with the same hash.

use crate::{AuditError, Fault};
use serde::{Deserialize, Serialize};
use splitplane_types::{CompositeKey, Digest, Outcome, PrincipalId, Reason, Role, Txn};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// The longest line, in bytes without its end. Bounds what reading a broken file can cost.
pub(crate) const LINE_BYTES_MAX: usize = 1 << 20;

const BEFORE_HASH: &str = ",\"hash\":\"";
const AFTER_HASH: &str = "\"}";

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A signed request was verified, and a session key minted for it.
    Authenticated,
    /// A request was refused, or could not be served.
    Refused,
    /// Temporary credentials were issued.
    CredentialsIssued,
    /// A question was understood, or not.
    Validated,
    /// A sandbox was opened, or nothing was found to open one for.
    SandboxOpened,
    /// A statement was refused in its sandbox, or failed there.
    StatementRefused,
    /// A model's statement gave other figures than the one that was compiled, which are the answer.
    DraftDiffered,
    /// The result of a statement that was sent is about to leave beside the answer, for who asked for it.
    DraftReleased,
    /// A result was complete, and its rows are about to leave.
    RowsReleased,
    /// An operator asked who sees what, and why.
    PolicyAsked,
    /// A line that a killed process left without an end was put aside.
    Recovered,
}

impl Event {
    /// The name, as in the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authenticated => "authenticated",
            Self::Refused => "refused",
            Self::CredentialsIssued => "credentials_issued",
            Self::Validated => "validated",
            Self::SandboxOpened => "sandbox_opened",
            Self::StatementRefused => "statement_refused",
            Self::DraftDiffered => "draft_differed",
            Self::DraftReleased => "draft_released",
            Self::RowsReleased => "rows_released",
            Self::PolicyAsked => "policy_asked",
            Self::Recovered => "recovered",
        }
    }
}

/// One decision that matters.
#[derive(Debug, Clone)]
pub struct Record {
    /// When it was decided.
    pub time: SystemTime,
    /// The service that decided.
    pub service: &'static str,
    /// What happened.
    pub event: Event,
    /// How the question ended, where that is decided here.
    pub decision: Option<Outcome>,
    /// Why, for everything but an answer.
    pub reason: Option<Reason>,
    /// The transaction.
    pub txn: Option<Txn>,
    /// Who asked; `None` where the caller could not be established.
    pub composite: Option<CompositeKey>,
    /// The role in which.
    pub role: Option<Role>,
    /// Who signed the request.
    pub principal: Option<PrincipalId>,
    /// Digest of the signed question.
    pub question_digest: Option<Digest>,
    /// The question, where it was read.
    pub question: Option<String>,
    /// Relations of the sandbox.
    pub relations: Vec<String>,
    /// Metrics that were asked for.
    pub metrics: Vec<String>,
    /// The statement that ran or was refused, as the guard re-printed it, without the values it is bound to.
    pub sql: Option<String>,
    /// Those values: what the question's filters came to among the caller's own rows.
    pub parameters: BTreeMap<String, String>,
    /// Digest of the policy in force.
    pub policy: Option<Digest>,
    /// Digest of the semantic model in force.
    pub model: Option<Digest>,
    /// Rows released.
    pub rows: Option<u64>,
    /// Bytes released, or put aside.
    pub bytes: Option<u64>,
    /// Digest of the result.
    pub result_digest: Option<Digest>,
    /// Trace in which it happened.
    pub trace_id: Option<String>,
}

impl Record {
    /// A record of which nothing more is known.
    #[must_use]
    pub const fn new(time: SystemTime, service: &'static str, event: Event) -> Self {
        Self {
            time,
            service,
            event,
            decision: None,
            reason: None,
            txn: None,
            composite: None,
            role: None,
            principal: None,
            question_digest: None,
            question: None,
            relations: Vec::new(),
            metrics: Vec::new(),
            sql: None,
            parameters: BTreeMap::new(),
            policy: None,
            model: None,
            rows: None,
            bytes: None,
            result_digest: None,
            trace_id: None,
        }
    }

    /// The log's own record of a torn line of so many bytes.
    pub(crate) const fn recovered(time: SystemTime, bytes: u64) -> Self {
        let mut record = Self::new(time, "audit", Event::Recovered);
        record.bytes = Some(bytes);
        record
    }
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
    event: String,
    decision: Option<String>,
    reason: Option<String>,
    txn: Option<String>,
    composite: Option<String>,
    role: Option<String>,
    principal: Option<String>,
    question_digest: Option<String>,
    question: Option<String>,
    relations: Vec<String>,
    metrics: Vec<String>,
    sql: Option<String>,
    parameters: BTreeMap<String, String>,
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
            service: record.service.to_owned(),
            event: record.event.as_str().to_owned(),
            decision: record.decision.map(|decision| decision.as_str().to_owned()),
            reason: record.reason.map(|reason| reason.as_str().to_owned()),
            txn: record.txn.map(|txn| txn.to_string()),
            composite: record.composite.map(|composite| composite.to_string()),
            role: record.role.map(|role| role.to_string()),
            principal: record.principal.map(|principal| principal.to_string()),
            question_digest: record.question_digest.map(|digest| digest.to_string()),
            question: record.question,
            relations: record.relations,
            metrics: record.metrics,
            sql: record.sql,
            parameters: record.parameters,
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
    let (body, after) = open(line)?;
    if body.seq != link.seq {
        return Err(Fault::OutOfSequence);
    }
    if body.prev != link.prev.to_string() {
        return Err(Fault::NotChained);
    }
    Ok(after)
}

/// The place after a line of which only the line itself is known.
pub(crate) fn link_after(line: &[u8]) -> Result<Link, Fault> {
    open(line).map(|(_, after)| after)
}

fn open(line: &[u8]) -> Result<(Body, Link), Fault> {
    let text = std::str::from_utf8(line).or(Err(Fault::NotARecord))?;
    let open = text.strip_suffix(AFTER_HASH).ok_or(Fault::NotARecord)?;
    let (hashed, stated) = open.rsplit_once(BEFORE_HASH).ok_or(Fault::NotARecord)?;
    let hash = Digest::of(hashed.as_bytes());
    // Compared as text: upper-case digits are another spelling, and there is only one.
    if hash.to_string() != stated {
        return Err(Fault::Changed);
    }
    let body: Body = serde_json::from_str(&format!("{hashed}}}")).or(Err(Fault::NotARecord))?;
    let after = Link { seq: body.seq.saturating_add(1), prev: hash };
    Ok((body, after))
}
