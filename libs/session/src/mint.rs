//! Minting session keys: only `auth` holds a [`Minter`].
//!
//! Decides form and lifetime. That the grant is true (signature verified, combination registered)
//! is for the caller to have made sure of.

use crate::claims::{AUTHN, RequesterContext, SCOPE, SessionClaims, TransactionContext};
use crate::jws::{self, Kind};
use crate::session::is_workload_of;
use crate::{MintError, SessionKey, SigningKey};
use splitplane_types::{CompositeKey, Digest, PrincipalId, Role, SessionId, Txn};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

/// The longest life of a session key; verifiers refuse longer ones whoever signed them.
pub const SESSION_LIFETIME_MAX: Duration = Duration::from_secs(900);

/// What a session key is to say.
#[derive(Debug, Clone)]
pub struct SessionGrant {
    /// On whose behalf.
    pub composite: CompositeKey,
    /// Role that the registry gives the combination.
    pub role: Role,
    /// The conversation's id.
    pub session_id: SessionId,
    /// The request's id.
    pub txn: Txn,
    /// SHA-256 of the signed frame.
    pub body_digest: Digest,
    /// Path of the signed method.
    pub method: String,
    /// Epoch of the registry at the time of minting.
    pub epoch: u64,
    /// Who signed.
    pub principal: PrincipalId,
    /// With which credentials.
    pub access_key_id: String,
    /// SPIFFE id of the gateway that asked.
    pub requesting_workload: String,
}

/// Mints session keys.
#[derive(Debug)]
pub struct Minter {
    signer: RwLock<Signer>,
    issuer: String,
    trust_domain: String,
    lifetime: Duration,
}

/// The key that signs, and until when.
#[derive(Debug, Clone)]
struct Signer {
    key: Arc<SigningKey>,
    until: Option<SystemTime>,
}

impl Minter {
    /// Mints with `key`, in the name of `issuer`, for the services of `trust_domain`.
    #[must_use]
    pub fn new(
        key: impl Into<Arc<SigningKey>>,
        issuer: String,
        trust_domain: String,
        lifetime: Duration,
    ) -> Self {
        let signer = RwLock::new(Signer { key: key.into(), until: None });
        Self { signer, issuer, trust_domain, lifetime }
    }

    /// Mints with another key from now on, and nothing that lives beyond `until`. Verifiers must know the key:
    /// see [`crate::KeyRing`].
    pub fn use_key(&self, key: Arc<SigningKey>, until: Option<SystemTime>) {
        *self.signer.write().unwrap_or_else(PoisonError::into_inner) = Signer { key, until };
    }

    /// Mints one session key, and says when it expires.
    ///
    /// # Errors
    /// The lifetime is over [`SESSION_LIFETIME_MAX`], the workload is of another trust domain, nothing
    /// vouches for the signing key any more, or signing fails.
    pub fn mint(&self, grant: &SessionGrant, now: SystemTime) -> Result<(SessionKey, SystemTime), MintError> {
        if !is_workload_of(&grant.requesting_workload, &self.trust_domain) {
            return Err(MintError::Workload);
        }
        let (iat, exp) = jws::lifespan(now, self.lifetime, SESSION_LIFETIME_MAX)?;
        let Signer { key, until } = self.signer.read().unwrap_or_else(PoisonError::into_inner).clone();
        let exp = match until {
            Some(until) => exp.min(jws::unix_seconds(until)?),
            None => exp,
        };
        if exp <= iat {
            return Err(MintError::KeyExpired);
        }
        let expires_at = jws::instant(exp).ok_or(MintError::Clock)?;
        let token = jws::seal(Kind::SessionKey, &key, &self.claims(grant, iat, exp))?;
        Ok((SessionKey::from_wire(&token), expires_at))
    }

    fn claims(&self, grant: &SessionGrant, iat: u64, exp: u64) -> SessionClaims {
        SessionClaims {
            iss: self.issuer.clone(),
            aud: self.trust_domain.clone(),
            iat,
            exp,
            txn: grant.txn.to_string(),
            sub: grant.composite.to_string(),
            scope: SCOPE.to_owned(),
            req_wl: grant.requesting_workload.clone(),
            tctx: TransactionContext {
                tenant: grant.composite.tenant().to_string(),
                business: grant.composite.business().to_string(),
                admin: grant.composite.admin().to_string(),
                role: grant.role.to_string(),
                session_id: grant.session_id.to_string(),
                body_sha256: grant.body_digest.to_string(),
                method: grant.method.clone(),
                policy_epoch: grant.epoch,
            },
            rctx: RequesterContext {
                authn: AUTHN.to_owned(),
                principal: grant.principal.to_string(),
                access_key_id: grant.access_key_id.clone(),
            },
        }
    }
}
