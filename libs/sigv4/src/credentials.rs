//! Temporary credentials, in the form of AWS STS and without a store: the secret is derived from the
//! access key id, and who it is for travels sealed in the session token.
//!
//! Does not decide who may have credentials.

use crate::authorization::TEMPORARY;
use crate::{IssueError, MasterKeyError};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};
use splitplane_types::PrincipalId;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The shortest lifetime of credentials, as at AWS.
pub const LIFETIME_MIN: Duration = Duration::from_secs(900);

/// The longest lifetime of credentials, as at AWS.
pub const LIFETIME_MAX: Duration = Duration::from_secs(43_200);

const MASTER_BYTES: usize = 32;
const ID_CHARS: usize = 16;
/// 30 bytes are 40 characters of base64, the length of an AWS secret.
const SECRET_BYTES: usize = 30;
const BASE32: [u8; 32] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What secrets are derived from and session tokens are sealed with. Only `auth` holds one.
pub struct MasterKey {
    secrets: hmac::Key,
    seal: LessSafeKey,
}

impl MasterKey {
    /// Takes 32 random bytes.
    ///
    /// # Errors
    /// None that input could cause; the sealing cipher takes every key of this length.
    pub fn from_bytes(bytes: [u8; MASTER_BYTES]) -> Result<Self, MasterKeyError> {
        let master = hmac::Key::new(hmac::HMAC_SHA256, &*Zeroizing::new(bytes));
        // One key per use: nothing that one of them gives away says anything about the other.
        let secrets = hmac::sign(&master, b"splitplane secret access key 1");
        let seal = hmac::sign(&master, b"splitplane session token 1");
        let seal = UnboundKey::new(&AES_256_GCM, seal.as_ref()).or(Err(MasterKeyError::Malformed))?;
        Ok(Self {
            secrets: hmac::Key::new(hmac::HMAC_SHA256, secrets.as_ref()),
            seal: LessSafeKey::new(seal),
        })
    }

    /// Reads 32 bytes in base64, as a file holds them.
    ///
    /// # Errors
    /// Not 32 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let bytes = STANDARD.decode(text.trim()).map(Zeroizing::new).or(Err(MasterKeyError::Malformed))?;
        Self::from_bytes(bytes.as_slice().try_into().or(Err(MasterKeyError::Malformed))?)
    }

    /// Makes a new key, and its base64 text to keep in a file.
    ///
    /// # Errors
    /// No random bytes.
    pub fn generate() -> Result<(Self, SecretString), MasterKeyError> {
        let mut bytes = Zeroizing::new([0; MASTER_BYTES]);
        SystemRandom::new().fill(bytes.as_mut()).or(Err(MasterKeyError::Random))?;
        Ok((Self::from_bytes(*bytes)?, STANDARD.encode(*bytes).into()))
    }

    fn secret(&self, access_key_id: &str) -> SecretString {
        let tag = hmac::sign(&self.secrets, access_key_id.as_bytes());
        let (secret, _) = tag.as_ref().split_at_checked(SECRET_BYTES).unwrap_or((tag.as_ref(), &[]));
        STANDARD.encode(secret).into()
    }

    fn open(&self, access_key_id: &str, token: &[u8]) -> Option<Grant> {
        let (nonce, sealed) = token.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.seal.open_in_place(nonce, Aad::from(access_key_id), &mut sealed).ok()?;
        serde_json::from_slice(opened).ok()
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey([redacted])")
    }
}

/// Credentials to sign with, until they expire.
#[derive(Debug, Clone)]
pub struct TemporaryCredentials {
    /// 20 characters that begin with `ASIA`.
    pub access_key_id: String,
    /// 40 characters.
    pub secret_access_key: SecretString,
    /// Travels as `x-amz-security-token`.
    pub session_token: SecretString,
    /// When they expire.
    pub expires_at: SystemTime,
}

/// Who a session token is for. Sealed for one access key id, which is authenticated with it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    principal: String,
    issued: u64,
    expires: u64,
}

/// A session token that was opened.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) principal: PrincipalId,
    pub(crate) issued_at: SystemTime,
    pub(crate) expires_at: SystemTime,
}

/// Issues temporary credentials, and recognises them.
#[derive(Debug)]
pub struct CredentialIssuer {
    current: MasterKey,
    previous: Vec<MasterKey>,
}

impl CredentialIssuer {
    /// Issues with `current`, and still recognises what `previous` keys issued.
    #[must_use]
    pub const fn new(current: MasterKey, previous: Vec<MasterKey>) -> Self {
        Self { current, previous }
    }

    /// Issues credentials to a principal.
    ///
    /// # Errors
    /// The lifetime is not within [`LIFETIME_MIN`] and [`LIFETIME_MAX`], or there are no random bytes.
    pub fn issue(
        &self,
        principal: &PrincipalId,
        lifetime: Duration,
        now: SystemTime,
    ) -> Result<TemporaryCredentials, IssueError> {
        if lifetime < LIFETIME_MIN || lifetime > LIFETIME_MAX || lifetime.subsec_nanos() != 0 {
            return Err(IssueError::Lifetime);
        }
        let issued = now.duration_since(UNIX_EPOCH).or(Err(IssueError::Clock))?.as_secs();
        let expires = issued.checked_add(lifetime.as_secs()).ok_or(IssueError::Clock)?;
        let expires_at = instant(expires).ok_or(IssueError::Clock)?;
        let access_key_id = access_key_id()?;
        let grant = Grant { principal: principal.to_string(), issued, expires };
        Ok(TemporaryCredentials {
            secret_access_key: self.current.secret(&access_key_id),
            session_token: seal(&self.current, &access_key_id, &grant)?,
            access_key_id,
            expires_at,
        })
    }

    /// The secret that belongs to an access key id, and its holder if the session token is ours.
    ///
    /// There is always a secret, and every key is tried, so that an unknown access key costs as much
    /// as a known one.
    pub(crate) fn recognise(
        &self,
        access_key_id: &str,
        session_token: &str,
    ) -> (SecretString, Option<Holder>) {
        let token = URL_SAFE_NO_PAD.decode(session_token).ok();
        let mut recognised = (self.current.secret(access_key_id), None);
        for key in std::iter::once(&self.current).chain(&self.previous) {
            let secret = key.secret(access_key_id);
            let grant = token.as_deref().and_then(|token| key.open(access_key_id, token));
            if let Some(holder) = grant.as_ref().and_then(holder) {
                recognised = (secret, Some(holder));
            }
        }
        recognised
    }
}

fn access_key_id() -> Result<String, IssueError> {
    let mut random = [0_u8; ID_CHARS];
    SystemRandom::new().fill(&mut random).or(Err(IssueError::Random))?;
    // 256 is a multiple of 32: every character is as likely as any other.
    let chars =
        random.iter().filter_map(|byte| BASE32.get(usize::from(byte % 32))).map(|byte| char::from(*byte));
    Ok(TEMPORARY.chars().chain(chars).collect())
}

fn seal(key: &MasterKey, access_key_id: &str, grant: &Grant) -> Result<SecretString, IssueError> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).or(Err(IssueError::Random))?;
    let mut sealed = serde_json::to_vec(grant).map_err(IssueError::Encode)?;
    key.seal
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(access_key_id), &mut sealed)
        .or(Err(IssueError::Seal))?;
    Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()).into())
}

fn holder(grant: &Grant) -> Option<Holder> {
    Some(Holder {
        principal: grant.principal.parse().ok()?,
        issued_at: instant(grant.issued)?,
        expires_at: instant(grant.expires)?,
    })
}

fn instant(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
