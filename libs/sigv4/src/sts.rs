//! Callers with credentials of AWS: the request that AWS STS is asked to judge, and what it answered.
//!
//! The caller signs `sts:GetCallerIdentity` with headers that bind it to one request of ours. That request is
//! rebuilt here from our own values; of the caller's it takes the signature, the date and the session token, and
//! nothing else, so there is nothing in it for a caller to choose (CVE-2020-16250 was a request that was
//! checked instead). Does not send it.

use crate::authorization::RawAuthorization;
use crate::headers::{self, Headers};
use crate::verify::Claims;
use crate::{RawRequest, StsError, VerifiedCaller, VerifyError, message_of};
use splitplane_types::{CompositeKey, Digest, PrincipalId};
use std::time::{Duration, SystemTime};

/// The service in the credential scope of such a request.
pub const STS_SERVICE: &str = "sts";

/// The body, byte for byte (AWS STS API reference, `GetCallerIdentity`).
pub const STS_BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// The body's type, which is signed.
pub const STS_CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

const AUDIENCE: &str = "x-splitplane-audience";
const FRAME_SHA256: &str = "x-splitplane-content-sha256";
const METHOD: &str = "x-splitplane-method";
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// What a signature for STS must be for.
#[derive(Debug, Clone)]
pub struct StsExpectations {
    /// Region of the credential scope.
    pub region: String,
    /// `host` of the endpoint that is asked.
    pub host: String,
    /// Who the caller means to speak to: this mesh.
    pub audience: String,
    /// Values of `:authority` that are ours, exactly.
    pub authorities: Vec<String>,
    /// How far the signing time may be from now, both ways.
    pub skew: Duration,
}

/// A role that AWS says the caller has assumed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssumedRole(String);

impl AssumedRole {
    /// `arn:aws:sts::123456789012:assumed-role/Name`: of the session's ARN all but the session's name.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.0
    }

    /// The role of a session's ARN, `…:assumed-role/Name/session`; nothing for users, roots and federated users.
    fn of_session(arn: &str) -> Option<Self> {
        let (role, session) = arn.rsplit_once('/')?;
        let mut parts = role.split(':');
        let (scheme, partition, service, region) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let (account, name) = (parts.next()?, parts.next()?.strip_prefix("assumed-role/")?);
        let is_word = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
        };
        let is_role = scheme == "arn"
            && ["aws", "aws-cn", "aws-us-gov"].contains(&partition)
            && (service, region) == ("sts", "")
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && is_word(name)
            && is_word(session)
            && parts.next().is_none();
        is_role.then(|| Self(role.to_owned()))
    }
}

impl std::str::FromStr for AssumedRole {
    type Err = StsError;

    /// Takes a role as [`AssumedRole::arn`] gives it.
    fn from_str(text: &str) -> Result<Self, StsError> {
        Self::of_session(&format!("{text}/session")).ok_or(StsError::NotARole)
    }
}

/// A request for STS to judge, and what it will have proved.
#[derive(Debug, Clone)]
pub struct StsRequest {
    headers: Vec<(&'static str, String)>,
    authorization: String,
    composite: CompositeKey,
    access_key_id: String,
    nonce: String,
    body_digest: Digest,
    signed_at: SystemTime,
    path: String,
}

/// Whether the request was signed for STS, as far as it says so itself.
#[must_use]
pub fn is_for_sts(request: &RawRequest<'_>) -> bool {
    let scope_of = |headers: &Headers<'_>| {
        let authorization = headers.value(headers::AUTHORIZATION).ok()?;
        Some(RawAuthorization::parse(authorization).ok()?.service == STS_SERVICE)
    };
    Headers::read(request).ok().and_then(|headers| scope_of(&headers)).unwrap_or(false)
}

impl StsRequest {
    /// Rebuilds the request that the caller must have signed.
    ///
    /// # Errors
    /// See [`VerifyError`]; callers must not pass the difference on.
    pub fn rebuild(
        request: &RawRequest<'_>,
        expectations: &StsExpectations,
        now: SystemTime,
    ) -> Result<Self, VerifyError> {
        let StsExpectations { region, authorities, skew, .. } = expectations;
        let claims = Claims::read(request, authorities, (region, STS_SERVICE), *skew, now)?;
        let Claims { headers: read, authorization: claimed, composite, nonce, signed_at } = claims;
        let authorization = read.value(headers::AUTHORIZATION)?;
        message_of(request.frame).ok_or(VerifyError::Frame)?;
        let body_digest = Digest::of(request.frame);
        let mut rebuilt = vec![
            (headers::CONTENT_TYPE, STS_CONTENT_TYPE.to_owned()),
            (headers::HOST, expectations.host.clone()),
            (headers::DATE, read.value(headers::DATE)?.to_owned()),
            (headers::SECURITY_TOKEN, read.value(headers::SECURITY_TOKEN)?.to_owned()),
            (headers::ADMIN_ID, composite.admin().to_string()),
            (AUDIENCE, expectations.audience.clone()),
            (headers::BUSINESS_ID, composite.business().to_string()),
            (FRAME_SHA256, body_digest.to_string()),
            (METHOD, request.path.to_owned()),
            (headers::NONCE, nonce.to_owned()),
            (headers::TENANT_ID, composite.tenant().to_string()),
        ];
        rebuilt.sort_unstable();
        // Exactly these: a header less would leave that value unbound, a header more would be the caller's choice.
        let names: Vec<&str> = rebuilt.iter().map(|(name, _)| *name).collect();
        if names.join(";") != claimed.signed_headers {
            return Err(VerifyError::SignedHeaders);
        }
        Ok(Self {
            headers: rebuilt,
            authorization: authorization.to_owned(),
            composite,
            access_key_id: claimed.access_key_id.to_owned(),
            nonce: nonce.to_owned(),
            body_digest,
            signed_at,
            path: request.path.to_owned(),
        })
    }

    /// The headers to send, `host` and `authorization` among them. The body is [`STS_BODY`].
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let signed = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        signed.chain([(headers::AUTHORIZATION, self.authorization.as_str())])
    }

    /// On whose behalf the caller wants to speak. Nothing is proved yet.
    #[must_use]
    pub const fn composite(&self) -> &CompositeKey {
        &self.composite
    }

    /// What STS answered, read strictly. `principal_of` knows whose role it is.
    ///
    /// # Errors
    /// See [`StsError`].
    pub fn judged(
        self,
        status: u16,
        body: &[u8],
        principal_of: impl FnOnce(&AssumedRole) -> Option<PrincipalId>,
    ) -> Result<VerifiedCaller, StsError> {
        let role = role_in(status, body)?;
        let principal = principal_of(&role).ok_or(StsError::UnknownRole)?;
        Ok(VerifiedCaller::proven(
            self.composite,
            principal,
            self.access_key_id,
            self.nonce,
            (self.body_digest, self.signed_at, self.path),
        ))
    }
}

fn role_in(status: u16, body: &[u8]) -> Result<AssumedRole, StsError> {
    let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= ANSWER_BYTES_MAX);
    let answer = text.and_then(|text| roxmltree::Document::parse(text).ok());
    let text_at = |names: &[&str]| {
        let mut node = answer.as_ref()?.root_element();
        let [first, rest @ ..] = names else { return None };
        if !node.has_tag_name((NAMESPACE, *first)) {
            return None;
        }
        for name in rest {
            let mut named = node.children().filter(|child| child.has_tag_name((NAMESPACE, *name)));
            node = named.next()?;
            if named.next().is_some() {
                return None;
            }
        }
        node.text()
    };
    match status {
        200 => {
            let arn = text_at(&["GetCallerIdentityResponse", "GetCallerIdentityResult", "Arn"]);
            AssumedRole::of_session(arn.ok_or(StsError::Malformed)?).ok_or(StsError::NotARole)
        }
        429 => Err(StsError::Throttled),
        400..=499 => match text_at(&["ErrorResponse", "Error", "Code"]) {
            Some("Throttling" | "ThrottlingException" | "RequestLimitExceeded") => Err(StsError::Throttled),
            _ => Err(StsError::Refused),
        },
        _ => Err(StsError::Unavailable),
    }
}

#[cfg(test)]
mod tests;
