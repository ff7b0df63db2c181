//! The headers that count, each read once, and nothing else of their families.
//!
//! Decides which headers there are and that each is canonical. What their values must be is for
//! `verify.rs`.

use crate::{RawRequest, VerifyError, canonical};

pub(crate) const AUTHORIZATION: &str = "authorization";
pub(crate) const HOST: &str = "host";
pub(crate) const CONTENT_TYPE: &str = "content-type";
pub(crate) const TE: &str = "te";
pub(crate) const CONTENT_SHA256: &str = "x-amz-content-sha256";
pub(crate) const DATE: &str = "x-amz-date";
pub(crate) const SECURITY_TOKEN: &str = "x-amz-security-token";
pub(crate) const ADMIN_ID: &str = "x-splitplane-admin-id";
pub(crate) const BUSINESS_ID: &str = "x-splitplane-business-id";
pub(crate) const NONCE: &str = "x-splitplane-nonce";
pub(crate) const TENANT_ID: &str = "x-splitplane-tenant-id";

const KNOWN: [&str; 11] = [
    AUTHORIZATION,
    HOST,
    CONTENT_TYPE,
    TE,
    CONTENT_SHA256,
    DATE,
    SECURITY_TOKEN,
    ADMIN_ID,
    BUSINESS_ID,
    NONCE,
    TENANT_ID,
];

// Signed when the client's tool signs all it sends; then with the one value that gRPC gives them.
const OPTIONAL: [(&str, &str); 2] = [(CONTENT_TYPE, "application/grpc"), (TE, "trailers")];

const FAMILIES: [&str; 2] = ["x-amz-", "x-splitplane-"];

/// The known headers of a request, none of them twice.
#[derive(Debug)]
pub(crate) struct Headers<'a> {
    authority: &'a str,
    found: Vec<(&'static str, &'a [u8])>,
}

impl<'a> Headers<'a> {
    pub(crate) fn read(request: &RawRequest<'a>) -> Result<Self, VerifyError> {
        let mut headers = Self { authority: request.authority, found: Vec::with_capacity(KNOWN.len()) };
        for (name, value) in request.headers {
            headers.add(name, value)?;
        }
        match headers.raw(HOST) {
            Some(host) if host != request.authority.as_bytes() => Err(VerifyError::Authority),
            Some(_) | None => Ok(headers),
        }
    }

    fn add(&mut self, name: &str, value: &'a [u8]) -> Result<(), VerifyError> {
        let lower = name.to_ascii_lowercase();
        let Some(known) = KNOWN.into_iter().find(|known| *known == lower) else {
            // Unsigned, yet named as if it meant something: a later reader could believe it.
            let is_ours = FAMILIES.iter().any(|family| lower.starts_with(family));
            return if is_ours { Err(VerifyError::HeaderUnsigned) } else { Ok(()) };
        };
        if name != lower {
            return Err(VerifyError::HeaderNotCanonical(known));
        }
        if self.raw(known).is_some() {
            return Err(VerifyError::HeaderRepeated(known));
        }
        self.found.push((known, value));
        Ok(())
    }

    fn raw(&self, name: &str) -> Option<&'a [u8]> {
        self.found.iter().find(|(found, _)| *found == name).map(|(_, value)| *value)
    }

    /// The value of a header that must be there.
    pub(crate) fn value(&self, name: &'static str) -> Result<&'a str, VerifyError> {
        let raw = self.raw(name).ok_or(VerifyError::HeaderMissing(name))?;
        canonical::value(raw).ok_or(VerifyError::HeaderNotCanonical(name))
    }

    /// The signed headers and their values, sorted, if `signed` names exactly those that must be
    /// signed and at most the optional ones besides.
    pub(crate) fn signed(&self, signed: &str) -> Result<Vec<(&'static str, &'a str)>, VerifyError> {
        let mut headers = vec![(HOST, self.authority)];
        for name in [CONTENT_SHA256, DATE, SECURITY_TOKEN, ADMIN_ID, BUSINESS_ID, NONCE, TENANT_ID] {
            headers.push((name, self.value(name)?));
        }
        for (name, only) in OPTIONAL {
            if signed.split(';').any(|listed| listed == name) {
                let value = self.value(name)?;
                if value != only {
                    return Err(VerifyError::HeaderNotCanonical(name));
                }
                headers.push((name, value));
            }
        }
        headers.sort_unstable();
        if canonical::names(&headers) == signed { Ok(headers) } else { Err(VerifyError::SignedHeaders) }
    }
}
