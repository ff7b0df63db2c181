//! The `authorization` header: one form, split into its parts.
//!
//! Decides the syntax. What scope, day and headers are expected is for `verify.rs`.

use crate::VerifyError;

const ALGORITHM: &str = "AWS4-HMAC-SHA256 ";
const TERMINATOR: &str = "aws4_request";
const ACCESS_KEY_CHARS: usize = 20;
const SIGNATURE_CHARS: usize = 64;

/// Begins the id of every temporary access key, as at AWS; `AKIA` is a long-term one.
pub(crate) const TEMPORARY: &str = "ASIA";

/// What the header claims; nothing of it is proven.
#[derive(Debug)]
pub(crate) struct RawAuthorization<'a> {
    pub(crate) access_key_id: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) day: &'a str,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) signed_headers: &'a str,
    pub(crate) signature: &'a str,
}

impl<'a> RawAuthorization<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, VerifyError> {
        let parsed = Self::split(text).ok_or(VerifyError::Authorization)?;
        let is_signature = parsed.signature.len() == SIGNATURE_CHARS
            && parsed.signature.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_signature {
            return Err(VerifyError::Authorization);
        }
        if !is_temporary(parsed.access_key_id) {
            return Err(VerifyError::AccessKey);
        }
        Ok(parsed)
    }

    fn split(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix(ALGORITHM)?.strip_prefix("Credential=")?;
        let (credential, rest) = rest.split_once(", SignedHeaders=")?;
        let (signed_headers, signature) = rest.split_once(", Signature=")?;
        let (access_key_id, scope) = credential.split_once('/')?;
        let mut parts = scope.split('/');
        let (day, region, service) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next() != Some(TERMINATOR) || parts.next().is_some() {
            return None;
        }
        Some(Self { access_key_id, scope, day, region, service, signed_headers, signature })
    }
}

fn is_temporary(access_key_id: &str) -> bool {
    access_key_id.len() == ACCESS_KEY_CHARS
        && access_key_id.starts_with(TEMPORARY)
        && access_key_id.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9'))
}
