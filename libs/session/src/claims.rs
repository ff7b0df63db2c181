//! The claims of a session key as they travel, after the OAuth Transaction Tokens draft.
//!
//! Only their form: unknown, missing, repeated and mistyped claims are refused. What they must say
//! is for `session.rs`.

use serde::{Deserialize, Serialize};

/// The only scope there is: the work of one signed request.
pub(crate) const SCOPE: &str = "ask";

/// How the caller of the gateway was authenticated.
pub(crate) const AUTHN: &str = "aws-sigv4";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionClaims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) iat: u64,
    pub(crate) exp: u64,
    pub(crate) txn: String,
    pub(crate) sub: String,
    pub(crate) scope: String,
    pub(crate) req_wl: String,
    pub(crate) tctx: TransactionContext,
    pub(crate) rctx: RequesterContext,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransactionContext {
    pub(crate) tenant: String,
    pub(crate) business: String,
    pub(crate) admin: String,
    pub(crate) role: String,
    pub(crate) session_id: String,
    pub(crate) body_sha256: String,
    pub(crate) method: String,
    pub(crate) policy_epoch: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequesterContext {
    pub(crate) authn: String,
    pub(crate) principal: String,
    pub(crate) access_key_id: String,
}
