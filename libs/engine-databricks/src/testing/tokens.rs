//! The token endpoint of the test server, and the tokens it has given.
//!
//! Decides which grants there are: an exchange of the expected proof, and a client secret where one is set up.
//! Fields that the standard does not name are refused.

use super::script::is_due;
use super::{Shared, door};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// Tokens, and until when they are good.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Mutex<HashMap<String, Instant>>);

impl Tokens {
    fn give(&self, good_until: Instant) -> String {
        let token = format!("{:032x}", fastrand::u128(..));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token.clone(), good_until);
        token
    }

    pub(crate) fn is_good(&self, token: &str) -> bool {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(token).is_some_and(|good_until| Instant::now() < *good_until)
    }
}

/// What is answered to a form.
pub(crate) fn answer(shared: &Shared, headers: &http::HeaderMap, body: &[u8]) -> (u16, serde_json::Value) {
    shared.see(|seen| seen.exchanges += 1);
    if is_due(&mut shared.faults().tokens_unavailable) {
        return (503, json!({"error": "temporarily_unavailable"}));
    }
    match grant(shared, headers, body) {
        Ok(()) => {
            let time = shared.options.token_time;
            let token = shared.tokens.give(Instant::now() + time);
            let padding = " ".repeat(shared.faults().token_bytes_more);
            let answer = json!({
                "access_token": token,
                "token_type": "Bearer",
                "scope": format!("all-apis{padding}"),
                "expires_in": time.as_secs(),
            });
            (200, answer)
        }
        Err((status, error)) => {
            shared.see(|seen| seen.refused.push(error.to_owned()));
            (
                status,
                json!({"error": error, "error_description": format!("refused: {}", String::from_utf8_lossy(body))}),
            )
        }
    }
}

fn grant(shared: &Shared, headers: &http::HeaderMap, body: &[u8]) -> Result<(), (u16, &'static str)> {
    let is_form = door::content_type(headers) == Some("application/x-www-form-urlencoded");
    if !is_form {
        return Err((400, "invalid_request"));
    }
    let mut fields = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err((400, "invalid_request"));
        }
    }
    let mut take = |name: &str| fields.remove(name);
    let grant_type = take("grant_type").unwrap_or_default();
    let client_id = take("client_id");
    shared.see(|seen| seen.grants.push((grant_type.clone(), client_id.clone())));
    if take("scope").as_deref() != Some("all-apis") {
        return Err((400, "invalid_scope"));
    }
    match grant_type.as_str() {
        "urn:ietf:params:oauth:grant-type:token-exchange" => {
            if take("subject_token_type").as_deref() != Some("urn:ietf:params:oauth:token-type:jwt") {
                return Err((400, "invalid_request"));
            }
            if client_id != shared.options.client_id || headers.contains_key(header::AUTHORIZATION) {
                return Err((401, "invalid_client"));
            }
            if take("subject_token").as_ref() != Some(&shared.options.subject_token) {
                return Err((400, "invalid_grant"));
            }
        }
        "client_credentials" => {
            let expected = shared.options.client_secret.as_ref();
            let expected =
                expected.map(|(id, secret)| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))));
            let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
            if expected.is_none() || given != expected.as_deref() || client_id.is_some() {
                return Err((401, "invalid_client"));
            }
        }
        _ => return Err((400, "unsupported_grant_type")),
    }
    if fields.is_empty() { Ok(()) } else { Err((400, "invalid_request")) }
}
