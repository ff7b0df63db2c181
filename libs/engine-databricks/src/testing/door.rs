//! The requests to the workspace of the test server: who asks, and for what.
//!
//! Decides on tokens, paths and methods before anything is read of what was sent. What comes of a statement is
//! `statements.rs`'s.

use super::Shared;
use super::request::Execute;
use super::script::is_due;
use super::socket::Answer;
use super::statements::{self, Begun};
use super::tokens;
use bytes::Bytes;
use http::{HeaderMap, Method, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};
use std::io::{Error, Result};
use std::sync::Arc;

const BODY_BYTES_MAX: usize = 17 * 1024 * 1024;

/// A status and what stands in the body.
pub(crate) type Reply = (u16, Value);

pub(crate) async fn answer(shared: Arc<Shared>, request: http::Request<Incoming>) -> Result<Answer> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
        return reply(refused(&shared, 413, "BAD_REQUEST", "the body is too large"), None);
    };
    let body = body.to_bytes();
    if head.uri.path() == "/oidc/v1/token" && head.method == Method::POST {
        return reply(tokens::answer(&shared, &head.headers, &body), None);
    }
    shared.see(|seen| seen.requests += 1);
    if let Some(status) = fault(&shared) {
        let pause = shared.faults().retry_after_seconds;
        let code = if status == 500 { "INTERNAL_ERROR" } else { "TEMPORARILY_UNAVAILABLE" };
        return reply((status, error(code, "scripted")), pause);
    }
    if !is_let_in(&shared, &head.headers) {
        let refused = refused(&shared, 401, "UNAUTHENTICATED", "no good token");
        return reply(shared.faults().token_refusal.clone().unwrap_or(refused), None);
    }
    let path: Vec<&str> = head.uri.path().trim_start_matches('/').split('/').collect();
    let Some((&["api", "2.0", "sql", "statements"], rest)) = path.split_first_chunk() else {
        return reply(refused(&shared, 404, "NOT_FOUND", "no such path"), None);
    };
    if head.uri.query().is_some() {
        return reply(refused(&shared, 400, "BAD_REQUEST", "no query is documented"), None);
    }
    let answered = match (head.method, rest) {
        (Method::POST, []) => return execute(&shared, &head.headers, &body).await,
        (Method::GET, [id]) => statements::state(&shared, id),
        (Method::GET, [id, "result", "chunks", index]) => statements::chunk(&shared, id, index),
        (Method::POST, [id, "cancel"]) => statements::cancel(&shared, id),
        _ => refused(&shared, 404, "NOT_FOUND", "no such path"),
    };
    reply(answered, None)
}

async fn execute(shared: &Arc<Shared>, headers: &HeaderMap, body: &Bytes) -> Result<Answer> {
    if content_type(headers) != Some("application/json") {
        return reply(refused(shared, 400, "BAD_REQUEST", "the body is no JSON"), None);
    }
    let request = match Execute::read(body) {
        Ok(request) => request,
        Err(why) => return reply(refused(shared, 400, "BAD_REQUEST", &why), None),
    };
    if request.warehouse_id != shared.options.warehouse_id {
        return reply(refused(shared, 404, "NOT_FOUND", "no such warehouse"), None);
    }
    match statements::begin(shared, request).await {
        Begun::Answer(answer) => reply(answer, None),
        Begun::Dropped => Err(Error::other("the connection ends here")),
    }
}

fn fault(shared: &Shared) -> Option<u16> {
    let mut faults = shared.faults();
    // One fault a request: the others wait for their turn.
    if is_due(&mut faults.throttled) {
        Some(429)
    } else if is_due(&mut faults.unavailable) {
        Some(503)
    } else {
        is_due(&mut faults.internal).then_some(500)
    }
}

fn is_let_in(shared: &Shared, headers: &HeaderMap) -> bool {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let is_good = value
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|token| shared.tokens.is_good(token));
    is_good && !is_due(&mut shared.faults().tokens_refused)
}

pub(crate) fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

/// Refuses, and keeps why.
pub(crate) fn refused(shared: &Shared, status: u16, code: &str, why: &str) -> Reply {
    shared.see(|seen| seen.refused.push(why.to_owned()));
    (status, error(code, why))
}

fn error(code: &str, message: &str) -> Value {
    json!({"error_code": code, "message": message})
}

fn reply((status, body): Reply, retry_after_seconds: Option<u64>) -> Result<Answer> {
    let mut answer =
        http::Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
    if let Some(seconds) = retry_after_seconds {
        answer = answer.header(header::RETRY_AFTER, seconds);
    }
    let body = Full::new(Bytes::from(body.to_string())).map_err(|never| match never {}).boxed();
    answer.body(body).map_err(Error::other)
}
