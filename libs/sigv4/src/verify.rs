//! The one door from a request to a [`VerifiedCaller`].
//!
//! Cheap checks come first, cryptography last. Which of them failed is for the log alone.

use crate::authorization::RawAuthorization;
use crate::credentials::Holder;
use crate::headers::{self, Headers};
use crate::{CredentialIssuer, SERVICE, VerifyError, canonical, date, message_of};
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use secrecy::ExposeSecret as _;
use splitplane_types::{CompositeKey, Digest, PrincipalId};
use std::str::FromStr;
use std::time::{Duration, SystemTime};
use subtle::ConstantTimeEq as _;

const NONCE_CHARS_MIN: usize = 16;
const NONCE_CHARS_MAX: usize = 128;

/// A request as it came in; its method is POST.
#[derive(Debug, Clone, Copy)]
pub struct RawRequest<'a> {
    /// The HTTP path.
    pub path: &'a str,
    /// The HTTP/2 `:authority`.
    pub authority: &'a str,
    /// All headers: order and duplicates kept, names as received.
    pub headers: &'a [(String, Vec<u8>)],
    /// The whole body.
    pub frame: &'a [u8],
}

/// What a signature must be for.
#[derive(Debug, Clone)]
pub struct Expectations {
    /// Region of the credential scope.
    pub region: String,
    /// Values of `:authority` that are ours, exactly.
    pub authorities: Vec<String>,
    /// How far the signing time may be from now, both ways.
    pub skew: Duration,
}

/// Proof that a request was signed with credentials of ours, for these ids and this body.
#[derive(Debug, Clone)]
pub struct VerifiedCaller {
    composite: CompositeKey,
    principal: PrincipalId,
    access_key_id: String,
    nonce: String,
    body_digest: Digest,
    signed_at: SystemTime,
    path: String,
}

impl VerifiedCaller {
    /// Of a request that somebody else has verified: AWS, in `sts.rs`.
    pub(crate) fn proven(
        composite: CompositeKey,
        principal: PrincipalId,
        access_key_id: String,
        nonce: String,
        (body_digest, signed_at, path): (Digest, SystemTime, String),
    ) -> Self {
        Self { composite, principal, access_key_id, nonce, body_digest, signed_at, path }
    }

    /// On whose behalf. That the principal may speak for it is for the registry to say.
    #[must_use]
    pub const fn composite(&self) -> &CompositeKey {
        &self.composite
    }

    /// Who signed.
    #[must_use]
    pub const fn principal(&self) -> &PrincipalId {
        &self.principal
    }

    /// The credentials it was signed with.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The nonce.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// What may be acted on once: the credentials and the nonce. To be remembered until the request is no
    /// longer fresh, the skew after [`Self::signed_at`].
    #[must_use]
    pub fn single_use_id(&self) -> Digest {
        // No access key id holds a slash, so no two pairs share a text.
        Digest::of(format!("{}/{}", self.access_key_id, self.nonce).as_bytes())
    }

    /// SHA-256 of the frame.
    #[must_use]
    pub const fn body_digest(&self) -> Digest {
        self.body_digest
    }

    /// When it was signed, by the caller's clock.
    #[must_use]
    pub const fn signed_at(&self) -> SystemTime {
        self.signed_at
    }

    /// Path of the method.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Verifies a request's signature.
///
/// # Errors
/// See [`VerifyError`]; callers must not pass the difference on.
pub fn verify(
    request: &RawRequest<'_>,
    issuer: &CredentialIssuer,
    expectations: &Expectations,
    now: SystemTime,
) -> Result<VerifiedCaller, VerifyError> {
    let ours = (expectations.region.as_str(), SERVICE);
    let Claims { headers, authorization, composite, nonce, signed_at } =
        Claims::read(request, &expectations.authorities, ours, expectations.skew, now)?;
    let signed = headers.signed(authorization.signed_headers)?;
    let body_digest = check_body(&headers, request.frame)?;
    let canonical_request = canonical::request(request.path, &signed, &body_digest.to_string());
    let holder =
        check_signature((&headers, &authorization), &canonical_request, &expectations.region, issuer)?;
    // A clock that was set back must not make credentials live longer.
    let from_the_future = holder.issued_at.duration_since(now).is_ok_and(|ahead| ahead > expectations.skew);
    if now >= holder.expires_at || from_the_future {
        return Err(VerifyError::Expired);
    }
    Ok(VerifiedCaller {
        composite,
        principal: holder.principal,
        access_key_id: authorization.access_key_id.to_owned(),
        nonce: nonce.to_owned(),
        body_digest,
        signed_at,
        path: request.path.to_owned(),
    })
}

/// What a request says of itself, well-formed, for us and of now; its signature has not been looked at.
pub(crate) struct Claims<'a> {
    pub(crate) headers: Headers<'a>,
    pub(crate) authorization: RawAuthorization<'a>,
    pub(crate) composite: CompositeKey,
    pub(crate) nonce: &'a str,
    pub(crate) signed_at: SystemTime,
}

impl<'a> Claims<'a> {
    pub(crate) fn read(
        request: &RawRequest<'a>,
        authorities: &[String],
        (region, service): (&str, &str),
        skew: Duration,
        now: SystemTime,
    ) -> Result<Self, VerifyError> {
        if !canonical::is_method_path(request.path) {
            return Err(VerifyError::Path);
        }
        if !authorities.iter().any(|ours| ours == request.authority) {
            return Err(VerifyError::Authority);
        }
        let headers = Headers::read(request)?;
        let authorization = RawAuthorization::parse(headers.value(headers::AUTHORIZATION)?)?;
        if authorization.region != region || authorization.service != service {
            return Err(VerifyError::Scope);
        }
        let signed_at = check_time(&headers, &authorization, skew, now)?;
        let composite = CompositeKey::new(
            id(&headers, headers::TENANT_ID)?,
            id(&headers, headers::BUSINESS_ID)?,
            id(&headers, headers::ADMIN_ID)?,
        );
        let nonce = headers.value(headers::NONCE)?;
        if !is_nonce(nonce) {
            return Err(VerifyError::Nonce);
        }
        Ok(Self { headers, authorization, composite, nonce, signed_at })
    }
}

fn check_time(
    headers: &Headers<'_>,
    authorization: &RawAuthorization<'_>,
    skew: Duration,
    now: SystemTime,
) -> Result<SystemTime, VerifyError> {
    let (signed_at, day) = date::parse(headers.value(headers::DATE)?).ok_or(VerifyError::Date)?;
    if authorization.day != day {
        return Err(VerifyError::Date);
    }
    let apart = match now.duration_since(signed_at) {
        Ok(behind) => behind,
        Err(ahead) => ahead.duration(),
    };
    if apart > skew { Err(VerifyError::Skew) } else { Ok(signed_at) }
}

fn check_body(headers: &Headers<'_>, frame: &[u8]) -> Result<Digest, VerifyError> {
    // Also refuses UNSIGNED-PAYLOAD and STREAMING-*: they are no digests.
    let claimed: Digest =
        headers.value(headers::CONTENT_SHA256)?.parse().or(Err(VerifyError::PayloadHash))?;
    if message_of(frame).is_none() {
        return Err(VerifyError::Frame);
    }
    let actual = Digest::of(frame);
    if claimed == actual { Ok(actual) } else { Err(VerifyError::PayloadHash) }
}

fn check_signature(
    (headers, authorization): (&Headers<'_>, &RawAuthorization<'_>),
    canonical_request: &str,
    region: &str,
    issuer: &CredentialIssuer,
) -> Result<Holder, VerifyError> {
    let token = headers.value(headers::SECURITY_TOKEN)?;
    let (secret, holder) = issuer.recognise(authorization.access_key_id, token);
    let expected = signature(secret.expose_secret(), (headers, authorization), canonical_request, region)?;
    let matches = bool::from(expected.as_bytes().ct_eq(authorization.signature.as_bytes()));

    // G-4: nothing about the holder is looked at before the signature has been computed.
    let holder = holder.ok_or(VerifyError::UnknownCredentials)?;
    if matches { Ok(holder) } else { Err(VerifyError::Signature) }
}

fn signature(
    secret: &str,
    (headers, authorization): (&Headers<'_>, &RawAuthorization<'_>),
    canonical_request: &str,
    region: &str,
) -> Result<String, VerifyError> {
    let date = headers.value(headers::DATE)?;
    let (signed_at, _) = date::parse(date).ok_or(VerifyError::Date)?;
    // The key of what is expected: whoever signed for something else has another.
    let key = generate_signing_key(secret, signed_at, region, SERVICE);
    let text = canonical::string_to_sign(date, authorization.scope, canonical_request);
    Ok(calculate_signature(key, text.as_bytes()))
}

fn id<T: FromStr>(headers: &Headers<'_>, name: &'static str) -> Result<T, VerifyError> {
    headers.value(name)?.parse().or(Err(VerifyError::Identity))
}

pub(crate) fn is_nonce(text: &str) -> bool {
    (NONCE_CHARS_MIN..=NONCE_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
