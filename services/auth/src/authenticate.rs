//! Layer 1: who is asking.
//!
//! Decides whether a signed request is what it claims, whether its principal may speak for its
//! combination, and mints the session key. Every refusal looks the same outside and is written to
//! the audit log with its cause.

use crate::aws::Sts;
use crate::conversations::Conversations;
use crate::error::AuthError;
use crate::registry::Registry;
use crate::state::Published;
use ring::rand::{SecureRandom as _, SystemRandom};
use splitplane_audit::{Event, Record};
use splitplane_service::{Auditor, Clock, PublicError as _, telemetry};
use splitplane_session::{Minter, SessionGrant, SessionKey};
use splitplane_sigv4::{
    CredentialIssuer, Expectations, RawRequest, TemporaryCredentials, VerifiedCaller, is_for_sts, verify,
};
use splitplane_store::SingleUse;
use splitplane_types::{Outcome, PrincipalId, SessionId, Txn};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// Bounds of a credential's life, as AWS STS has them.
const LIFETIME_SECONDS: std::ops::RangeInclusive<u32> = 900..=43_200;
const LIFETIME_SECONDS_DEFAULT: u32 = 3_600;

/// Everything layer 1 needs; made once by [`crate::build`].
#[derive(Debug)]
pub(crate) struct Layer1 {
    pub(crate) issuer: watch::Receiver<Arc<CredentialIssuer>>,
    pub(crate) sts: Option<Sts>,
    pub(crate) expectations: Expectations,
    pub(crate) nonces: SingleUse,
    pub(crate) minter: Arc<Minter>,
    pub(crate) conversations: Conversations,
    pub(crate) state: watch::Receiver<Published>,
    /// Oldest look at the registry that is still trusted.
    pub(crate) registry_age_max: Duration,
    pub(crate) requesting_workload: String,
    pub(crate) random: SystemRandom,
    pub(crate) audit: Auditor,
    pub(crate) clock: Clock,
}

/// A minted session.
#[derive(Debug)]
pub(crate) struct Authenticated {
    pub(crate) key: SessionKey,
    pub(crate) txn: Txn,
    pub(crate) expires_at: SystemTime,
}

impl Layer1 {
    /// Verifies a signed request and mints its session key, or writes the refusal down.
    pub(crate) async fn authenticate(&self, request: RawRequest<'_>) -> Result<Authenticated, AuthError> {
        let now = self.clock.now();
        match self.judge(&request, now).await {
            Ok((authenticated, grant)) => {
                telemetry::decision("layer 1", true, "signature and registration hold");
                // Before the key leaves: nobody acts by a key of which nothing is written.
                let record = Record {
                    txn: Some(grant.txn),
                    composite: Some(grant.composite),
                    role: Some(grant.role),
                    principal: Some(grant.principal),
                    question_digest: Some(grant.body_digest),
                    ..self.record(Event::Authenticated, now)
                };
                self.audit.append(record).await?;
                Ok(authenticated)
            }
            Err(error) => {
                telemetry::decision("layer 1", false, error.reason().as_str());
                let record = Record {
                    decision: Some(Outcome::Refused),
                    reason: Some(error.reason()),
                    composite: error.composite().cloned(),
                    ..self.record(Event::Refused, now)
                };
                self.audit.append(record).await?;
                Err(error)
            }
        }
    }

    async fn judge(
        &self,
        request: &RawRequest<'_>,
        now: SystemTime,
    ) -> Result<(Authenticated, SessionGrant), AuthError> {
        let caller = self.verify(request, now).await?;
        let admitted = self.admit(&caller, request, now).await;
        admitted.map_err(|error| error.of(caller.composite()))
    }

    /// By the signature that we can compute ourselves, or by AWS where the request was signed for it.
    async fn verify(&self, request: &RawRequest<'_>, now: SystemTime) -> Result<VerifiedCaller, AuthError> {
        match &self.sts {
            Some(sts) if is_for_sts(request) => {
                let registry = self.registry(now)?;
                Ok(sts.verify(request, &registry, now).await?)
            }
            Some(_) | None => Ok(verify(request, &self.issuer(), &self.expectations, now)?),
        }
    }

    /// Registered together, active, the principal's to speak for, in a conversation of their own, and not seen before.
    async fn admit(
        &self,
        caller: &VerifiedCaller,
        request: &RawRequest<'_>,
        now: SystemTime,
    ) -> Result<(Authenticated, SessionGrant), AuthError> {
        let (registry, epoch) = {
            let published = self.state.borrow();
            (self.usable(&published, now)?, published.epoch)
        };
        let role = registry.role(caller.composite(), caller.principal())?;
        // After the signature: what it covers is the caller's own word.
        let continued = self.conversations.continued(request.path, request.frame, caller.composite(), now)?;
        // Remembered for as long as the same request would be fresh.
        let until = caller.signed_at() + self.expectations.skew;
        self.nonces.take(caller.single_use_id(), until, now).await?;
        let txn = Txn::from_parts(unix_ms(now), self.random()?);
        let session_id = match continued {
            Some(conversation) => conversation,
            None => SessionId::from_parts(unix_ms(now), self.random()?),
        };
        let grant = SessionGrant {
            composite: caller.composite().clone(),
            role: role.clone(),
            session_id,
            txn,
            body_digest: caller.body_digest(),
            method: request.path.to_owned(),
            epoch,
            principal: caller.principal().clone(),
            access_key_id: caller.access_key_id().to_owned(),
            requesting_workload: self.requesting_workload.clone(),
        };
        let (key, expires_at) = self.minter.mint(&grant, now)?;
        Ok((Authenticated { key, txn, expires_at }, grant))
    }

    /// Issues temporary credentials to a bootstrap workload of the principal.
    pub(crate) async fn issue(
        &self,
        spiffe_id: &str,
        principal: &str,
        lifetime_seconds: u32,
    ) -> Result<TemporaryCredentials, AuthError> {
        let seconds = if lifetime_seconds == 0 { LIFETIME_SECONDS_DEFAULT } else { lifetime_seconds };
        if !LIFETIME_SECONDS.contains(&seconds) {
            return Err(AuthError::LifetimeOutOfRange);
        }
        let now = self.clock.now();
        let registry = self.registry(now)?;
        let principal: PrincipalId = principal.parse().or(Err(AuthError::NotItsBootstrap))?;
        if !registry.is_bootstrap(spiffe_id, &principal) {
            return Err(AuthError::NotItsBootstrap);
        }
        let issued = self.issuer().issue(&principal, Duration::from_secs(seconds.into()), now)?;
        let record = Record { principal: Some(principal), ..self.record(Event::CredentialsIssued, now) };
        self.audit.append(record).await?;
        Ok(issued)
    }

    /// The registry, if it was looked at lately.
    fn registry(&self, now: SystemTime) -> Result<Arc<Registry>, AuthError> {
        self.usable(&self.state.borrow(), now)
    }

    fn usable(&self, published: &Published, now: SystemTime) -> Result<Arc<Registry>, AuthError> {
        let registry = published.registry(now, self.registry_age_max).ok_or(AuthError::NoRegistry)?;
        Ok(Arc::clone(registry))
    }

    fn record(&self, event: Event, now: SystemTime) -> Record {
        Record { trace_id: telemetry::trace_id(), ..Record::new(now, "auth", event) }
    }

    fn issuer(&self) -> Arc<CredentialIssuer> {
        Arc::clone(&self.issuer.borrow())
    }

    fn random(&self) -> Result<u128, AuthError> {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes).or(Err(AuthError::Randomness))?;
        Ok(u128::from_be_bytes(bytes))
    }
}

fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
