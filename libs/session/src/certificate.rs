//! Key certificates: a root key's word that another key may sign session keys, for a while.
//!
//! Decides what a certificate says and when it holds. The root signs elsewhere, and slowly: a
//! [`DraftCertificate`] is what it is asked to sign, and becomes a [`KeyCertificate`] by its signature. Where the
//! root is kept, and how it is asked, is not known here.

use crate::der::fixed_signature;
use crate::jws::{self, Kind, KnownKey};
use crate::{MintError, PublicKey, TokenError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

/// The longest life of a certificate; verifiers refuse longer ones although the root signed them.
pub const CERTIFICATE_LIFETIME_MAX: Duration = Duration::from_secs(14 * 86_400);

/// The only thing that a key is certified for.
const PURPOSE: &str = "session";

const COORDINATE_BYTES: usize = 32;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: u64,
    nbf: u64,
    exp: u64,
    purpose: String,
    cnf: Confirmation,
}

/// The certified key, as RFC 7800 has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    jwk: Jwk,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk {
    kty: String,
    crv: String,
    kid: String,
    x: String,
    y: String,
}

/// A root key, and the mesh whose session-signing keys it vouches for.
#[derive(Debug)]
pub struct KeyRoot {
    known: [KnownKey; 1],
    issuer: String,
    trust_domain: String,
}

/// A certificate that lacks its signature.
#[derive(Debug)]
pub struct DraftCertificate(String);

/// A certificate as it travels: not a secret, and no proof before it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCertificate(String);

/// Proof that a root vouches for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedKey {
    key: PublicKey,
    expires_at: SystemTime,
}

impl VerifiedKey {
    /// The key.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// When the root no longer vouches for it.
    #[must_use]
    pub const fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}

impl DraftCertificate {
    /// What the root is to sign: ES256, over these bytes whole.
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Takes the root's signature in DER. Whether it is one is seen by [`KeyRoot::verify`].
    ///
    /// # Errors
    /// Not the DER form of two numbers of this curve, or the certificate is larger than verifiers accept.
    pub fn attach(self, der: &[u8]) -> Result<KeyCertificate, MintError> {
        let signature = fixed_signature(der).ok_or(MintError::Signature)?;
        jws::attach(Kind::KeyCertificate, &self.0, &signature).map(KeyCertificate)
    }
}

impl KeyCertificate {
    /// Takes the text of the feed. Nothing is checked.
    #[must_use]
    pub fn from_wire(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl KeyRoot {
    /// The root's key.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        let [root] = &self.known;
        root.key()
    }

    /// The root of the keys by which `issuer` signs for the services of `trust_domain`.
    #[must_use]
    pub fn new(key: PublicKey, issuer: String, trust_domain: String) -> Self {
        Self { known: [KnownKey::new(Kind::KeyCertificate, key)], issuer, trust_domain }
    }

    /// Drafts the certificate of `key`, valid from `now` on.
    ///
    /// # Errors
    /// The lifetime is over [`CERTIFICATE_LIFETIME_MAX`], or the clock is out of range.
    pub fn draft(
        &self,
        key: &PublicKey,
        lifetime: Duration,
        now: SystemTime,
    ) -> Result<DraftCertificate, MintError> {
        let (iat, exp) = jws::lifespan(now, lifetime, CERTIFICATE_LIFETIME_MAX)?;
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.trust_domain.clone(),
            sub: subject(&self.trust_domain),
            iat,
            nbf: iat,
            exp,
            purpose: PURPOSE.to_owned(),
            cnf: Confirmation { jwk: Jwk::of(key) },
        };
        jws::signing_input(Kind::KeyCertificate, self.key().kid(), &claims).map(DraftCertificate)
    }

    /// The only door to [`VerifiedKey`].
    ///
    /// # Errors
    /// See [`TokenError`]: not signed by this root, not for this mesh or this purpose, or not valid at `now`.
    pub fn verify(&self, certificate: &KeyCertificate, now: SystemTime) -> Result<VerifiedKey, TokenError> {
        let (claims, _): (Claims, _) = jws::open(Kind::KeyCertificate, &certificate.0, &self.known, now)?;
        if claims.iss != self.issuer {
            return Err(TokenError::Issuer);
        }
        if claims.aud != self.trust_domain {
            return Err(TokenError::Audience);
        }
        if claims.sub != subject(&self.trust_domain) || claims.purpose != PURPOSE {
            return Err(TokenError::Claims);
        }
        if claims.nbf < claims.iat || claims.nbf >= claims.exp {
            return Err(TokenError::Lifetime);
        }
        let expires_at = jws::check_lifespan(claims.iat, claims.exp, CERTIFICATE_LIFETIME_MAX, now)?;
        jws::check_begun(jws::instant(claims.nbf).ok_or(TokenError::Claims)?, now)?;
        let key = claims.cnf.jwk.key().ok_or(TokenError::Claims)?;
        Ok(VerifiedKey { key, expires_at })
    }
}

/// The only workload that may hold a session-signing key.
fn subject(trust_domain: &str) -> String {
    format!("spiffe://{trust_domain}/auth")
}

// === impl Jwk ===

impl Jwk {
    fn of(key: &PublicKey) -> Self {
        let (x, y) = key.coordinates();
        Self {
            kty: "EC".to_owned(),
            crv: "P-256".to_owned(),
            kid: key.kid().to_owned(),
            x: URL_SAFE_NO_PAD.encode(x),
            y: URL_SAFE_NO_PAD.encode(y),
        }
    }

    fn key(&self) -> Option<PublicKey> {
        if self.kty != "EC" || self.crv != "P-256" {
            return None;
        }
        let coordinate =
            |text: &str| URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == COORDINATE_BYTES);
        let key = PublicKey::from_coordinates(&coordinate(&self.x)?, &coordinate(&self.y)?).ok()?;
        (key.kid() == self.kid).then_some(key)
    }
}
