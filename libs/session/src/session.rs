//! From a [`SessionKey`], which says nothing, to a [`VerifiedSession`], which nobody can forge.
//!
//! Does not decide whether a key may be used twice: a key serves all calls of one request.

use crate::claims::{AUTHN, SCOPE, SessionClaims};
use crate::jws::{self, Kind};
use crate::verifier::Trusted;
use crate::{SESSION_LIFETIME_MAX, SessionError, TokenError, Verifier};
use secrecy::{ExposeSecret as _, SecretString};
use splitplane_types::{CompositeKey, Digest, PrincipalId, Role, SessionId, Txn};
use std::str::FromStr;
use std::time::SystemTime;

/// A session key as received: opaque, and redacted in `Debug`.
#[derive(Debug, Clone)]
pub struct SessionKey(SecretString);

impl SessionKey {
    /// Takes the value of the metadata key `txn-token`. Nothing is checked.
    #[must_use]
    pub fn from_wire(text: &str) -> Self {
        Self(text.into())
    }

    /// The text, to be sent on unmodified and never logged.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// SHA-256 of the text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.expose().as_bytes())
    }
}

/// Proof that a session key was minted by us, has not expired and is not revoked.
#[derive(Debug, Clone)]
pub struct VerifiedSession {
    composite: CompositeKey,
    role: Role,
    session_id: SessionId,
    txn: Txn,
    body_digest: Digest,
    method: String,
    epoch: u64,
    principal: PrincipalId,
    access_key_id: String,
    requesting_workload: String,
    expires_at: SystemTime,
    key_digest: Digest,
}

impl VerifiedSession {
    /// On whose behalf.
    #[must_use]
    pub const fn composite(&self) -> &CompositeKey {
        &self.composite
    }

    /// Role of the combination.
    #[must_use]
    pub const fn role(&self) -> &Role {
        &self.role
    }

    /// The conversation's id.
    #[must_use]
    pub const fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// The request's id.
    #[must_use]
    pub const fn txn(&self) -> Txn {
        self.txn
    }

    /// SHA-256 of the frame that the caller signed.
    #[must_use]
    pub const fn body_digest(&self) -> Digest {
        self.body_digest
    }

    /// Path of the method that the caller signed.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Epoch of the registry when the key was minted.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Who signed the request.
    #[must_use]
    pub const fn principal(&self) -> &PrincipalId {
        &self.principal
    }

    /// The credentials the request was signed with.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// SPIFFE id of the gateway that asked for the key.
    #[must_use]
    pub fn requesting_workload(&self) -> &str {
        &self.requesting_workload
    }

    /// When the key expires.
    #[must_use]
    pub const fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// SHA-256 of the key as received: what a receipt is bound to.
    #[must_use]
    pub const fn key_digest(&self) -> Digest {
        self.key_digest
    }

    fn from_claims(
        claims: SessionClaims,
        expires_at: SystemTime,
        key_digest: Digest,
    ) -> Result<Self, SessionError> {
        let composite = CompositeKey::new(
            claim(&claims.tctx.tenant)?,
            claim(&claims.tctx.business)?,
            claim(&claims.tctx.admin)?,
        );
        if claims.sub != composite.to_string() {
            return Err(SessionError::Inconsistent);
        }
        Ok(Self {
            composite,
            role: claim(&claims.tctx.role)?,
            session_id: claim(&claims.tctx.session_id)?,
            txn: claim(&claims.txn)?,
            body_digest: claim(&claims.tctx.body_sha256)?,
            method: claims.tctx.method,
            epoch: claims.tctx.policy_epoch,
            principal: claim(&claims.rctx.principal)?,
            access_key_id: claims.rctx.access_key_id,
            requesting_workload: claims.req_wl,
            expires_at,
            key_digest,
        })
    }
}

fn claim<T: FromStr>(text: &str) -> Result<T, SessionError> {
    text.parse().or(Err(SessionError::Token(TokenError::Claims)))
}

pub(crate) fn is_workload_of(spiffe_id: &str, trust_domain: &str) -> bool {
    spiffe_id
        .strip_prefix("spiffe://")
        .and_then(|rest| rest.strip_prefix(trust_domain))
        .and_then(|rest| rest.strip_prefix('/'))
        .is_some_and(|workload| !workload.is_empty())
}

impl Verifier {
    /// The only door from [`SessionKey`] to [`VerifiedSession`].
    ///
    /// # Errors
    /// See [`SessionError`]; callers must not pass the difference on, but for
    /// [`SessionError::FeedStale`], which says nothing about the key.
    pub fn verify(&self, key: &SessionKey, now: SystemTime) -> Result<VerifiedSession, SessionError> {
        let trusted = self.trusted(now).ok_or(SessionError::FeedStale)?;
        let digest = key.digest();
        let session = match self.cache().get(&digest, trusted.generation()) {
            Some(session) if now >= session.expires_at => return Err(TokenError::Expired.into()),
            Some(session) => session,
            None => {
                let (claims, until): (SessionClaims, _) =
                    jws::open(Kind::SessionKey, key.expose(), trusted.session_keys(), now)?;
                let expires_at = self.check(&claims, now)?;
                // What a root no longer vouches for ends with its word, also for those who are remembered.
                let expires_at = until.map_or(expires_at, |until| until.min(expires_at));
                let session = VerifiedSession::from_claims(claims, expires_at, digest)?;
                self.cache().put(&session, trusted.generation(), now);
                session
            }
        };
        if is_revoked(&trusted, &session) { Err(SessionError::Revoked) } else { Ok(session) }
    }

    fn check(&self, claims: &SessionClaims, now: SystemTime) -> Result<SystemTime, SessionError> {
        if claims.iss != self.issuer() {
            return Err(TokenError::Issuer.into());
        }
        if claims.aud != self.trust_domain() {
            return Err(TokenError::Audience.into());
        }
        let ours = claims.scope == SCOPE
            && claims.rctx.authn == AUTHN
            && is_workload_of(&claims.req_wl, self.trust_domain());
        if !ours {
            return Err(TokenError::Claims.into());
        }
        Ok(jws::check_lifespan(claims.iat, claims.exp, SESSION_LIFETIME_MAX, now)?)
    }
}

// A key minted at the revocation's own epoch was minted after it, from the registry as it is now.
fn is_revoked(trusted: &Trusted, session: &VerifiedSession) -> bool {
    trusted.earliest(&session.composite.digest()) > session.epoch
}
