//! The compact JWS form, reduced to what is needed: ES256 and one frozen header per key and kind.
//!
//! Headers are compared byte for byte with those of the known keys, so no algorithm, key id, URL or
//! embedded key of a received header is ever looked at. Knows nothing of what claims mean.

use crate::{MintError, PublicKey, SigningKey, TokenError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Clocks of two services may differ by this much before a token seems to come from the future.
const LEEWAY: Duration = Duration::from_secs(5);

/// What a JWS is. Each kind has its own `typ`, keys and largest size.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    SessionKey,
    Receipt,
    KeyCertificate,
    Conversation,
}

impl Kind {
    const fn typ(self) -> &'static str {
        match self {
            Self::SessionKey => "txntoken+jwt",
            Self::Receipt => "splitplane-receipt+jwt",
            Self::KeyCertificate => "splitplane-key+jwt",
            Self::Conversation => "splitplane-conversation+jwt",
        }
    }

    const fn bytes_max(self) -> usize {
        match self {
            // It travels as a header, within a budget of 8 KiB for all of them.
            Self::SessionKey => 4_096,
            Self::Receipt => 65_536,
            // What KMS signs whole is no longer than this.
            Self::KeyCertificate => 4_096,
            // It travels inside a signed message, and an interpretation is far smaller.
            Self::Conversation => 16_384,
        }
    }
}

/// A key to verify with, and the only header that tokens signed by it have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KnownKey {
    header: String,
    key: PublicKey,
    /// When it is known no more, whoever still shows it.
    until: Option<SystemTime>,
}

impl KnownKey {
    pub(crate) fn new(kind: Kind, key: PublicKey) -> Self {
        Self { header: frozen_header(kind, key.kid()), key, until: None }
    }

    pub(crate) fn all(kind: Kind, keys: impl IntoIterator<Item = PublicKey>) -> Vec<Self> {
        keys.into_iter().map(|key| Self::new(kind, key)).collect()
    }

    pub(crate) fn until(self, until: SystemTime) -> Self {
        Self { until: Some(until), ..self }
    }

    pub(crate) const fn key(&self) -> &PublicKey {
        &self.key
    }
}

fn frozen_header(kind: Kind, kid: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"{}"}}"#, kind.typ()))
}

pub(crate) fn seal(kind: Kind, key: &SigningKey, claims: &impl Serialize) -> Result<String, MintError> {
    let signed = signing_input(kind, key.kid(), claims)?;
    let signature = key.sign(signed.as_bytes()).or(Err(MintError::Sign))?;
    attach(kind, &signed, &signature)
}

/// What the key of this id is to sign.
pub(crate) fn signing_input(kind: Kind, kid: &str, claims: &impl Serialize) -> Result<String, MintError> {
    let claims = serde_json::to_vec(claims).map_err(MintError::Encode)?;
    Ok(format!("{}.{}", frozen_header(kind, kid), URL_SAFE_NO_PAD.encode(claims)))
}

/// The token that a signing input becomes by its signature.
pub(crate) fn attach(kind: Kind, signed: &str, signature: &[u8]) -> Result<String, MintError> {
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
    if token.len() > kind.bytes_max() { Err(MintError::TooLarge) } else { Ok(token) }
}

/// Verifies, then parses. Gives the moment, too, at which the key is known no more.
pub(crate) fn open<C: DeserializeOwned>(
    kind: Kind,
    token: &str,
    known: &[KnownKey],
    now: SystemTime,
) -> Result<(C, Option<SystemTime>), TokenError> {
    if token.len() > kind.bytes_max() {
        return Err(TokenError::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    let known = known
        .iter()
        .find(|known| known.header == header && known.until.is_none_or(|until| now < until))
        .ok_or(TokenError::UnknownKey)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).or(Err(TokenError::Malformed))?;

    // S-2: the claims are bytes without meaning until this line has passed.
    if !known.key.has_signed(signed.as_bytes(), &signature) {
        return Err(TokenError::BadSignature);
    }

    let claims = URL_SAFE_NO_PAD.decode(claims).or(Err(TokenError::Malformed))?;
    let claims = serde_json::from_slice(&claims).or(Err(TokenError::Claims))?;
    Ok((claims, known.until))
}

/// Issue and expiry of a new token, in seconds since 1970.
pub(crate) fn lifespan(now: SystemTime, lifetime: Duration, cap: Duration) -> Result<(u64, u64), MintError> {
    if lifetime.is_zero() || lifetime > cap || lifetime.subsec_nanos() != 0 {
        return Err(MintError::Lifetime);
    }
    let iat = unix_seconds(now)?;
    let exp = iat.checked_add(lifetime.as_secs()).ok_or(MintError::Clock)?;
    Ok((iat, exp))
}

/// Checks issue and expiry of a received token, and gives the expiry.
pub(crate) fn check_lifespan(
    iat: u64,
    exp: u64,
    cap: Duration,
    now: SystemTime,
) -> Result<SystemTime, TokenError> {
    let issued_at = instant(iat).ok_or(TokenError::Claims)?;
    let expires_at = instant(exp).ok_or(TokenError::Claims)?;
    // A key that leaked from a minter of an older version must not live on through a long expiry.
    match expires_at.duration_since(issued_at) {
        Ok(life) if !life.is_zero() && life <= cap => {}
        Ok(_) | Err(_) => return Err(TokenError::Lifetime),
    }
    check_begun(issued_at, now)?;
    if now >= expires_at { Err(TokenError::Expired) } else { Ok(expires_at) }
}

/// Refuses what is valid from a later moment only.
pub(crate) fn check_begun(from: SystemTime, now: SystemTime) -> Result<(), TokenError> {
    let is_ahead = from.duration_since(now).is_ok_and(|ahead| ahead > LEEWAY);
    if is_ahead { Err(TokenError::NotYetValid) } else { Ok(()) }
}

/// Whole seconds since 1970.
pub(crate) fn unix_seconds(at: SystemTime) -> Result<u64, MintError> {
    Ok(at.duration_since(UNIX_EPOCH).or(Err(MintError::Clock))?.as_secs())
}

pub(crate) fn instant(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Vectors of Wycheproof that no package carries, in the folder that `SPLITPLANE_WYCHEPROOF` names.
    fn vectors() -> Option<Value> {
        let Some((_, folder)) = std::env::vars().find(|(name, _)| name == "SPLITPLANE_WYCHEPROOF") else {
            eprintln!("SKIPPED: SPLITPLANE_WYCHEPROOF names no folder of Wycheproof's vectors");
            return None;
        };
        let path = std::path::Path::new(&folder).join("json_web_signature_test.json");
        Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    fn key(public: &Value) -> Option<PublicKey> {
        let number = |name: &str| URL_SAFE_NO_PAD.decode(public[name].as_str()?).ok();
        let point = [&[4][..], &number("x")?, &number("y")?].concat();
        PublicKey::from_point(&point).ok()
    }

    /// Each vector for ES256 is taken as one of a signer whose header is that of the valid ones. Their payload is
    /// no JSON: past the signature, that is what is wrong with them.
    #[test]
    fn the_vectors_for_json_web_signatures_are_decided_as_they_should_be() {
        let Some(file) = vectors() else { return };
        let (mut valid, mut invalid) = (0, 0);
        for group in file["testGroups"].as_array().unwrap() {
            if group["public"]["alg"] != "ES256" {
                continue;
            }
            let tests = group["tests"].as_array().unwrap();
            let jws = |test: &Value| test["jws"].as_str().map(str::to_owned);
            let first = tests.iter().find(|test| test["result"] == "valid").and_then(jws);
            // A group without a valid vector has no header that could be expected.
            let header = first.map_or_else(String::new, |jws| jws.split('.').next().unwrap().to_owned());
            let known = [KnownKey { header, key: key(&group["public"]).unwrap(), until: None }];
            for test in tests {
                // Some are objects: a serialisation that is not read here at all.
                let Some(jws) = jws(test) else { continue };
                let opened = open::<Value>(Kind::SessionKey, &jws, &known, UNIX_EPOCH);
                let is_past_the_signature = matches!(opened, Ok(_) | Err(TokenError::Claims));
                let should = test["result"] == "valid";
                assert_eq!(is_past_the_signature, should, "{}: {opened:?}", test["tcId"]);
                valid += usize::from(should);
                invalid += usize::from(!should);
            }
        }
        assert!(valid >= 2 && invalid >= 30, "{valid} {invalid}");
    }

    /// Whatever they are signed by, and whatever they claim to be signed by: none is a session key of ours.
    #[test]
    fn no_vector_passes_for_a_session_key_of_a_known_signer() {
        let Some(file) = vectors() else { return };
        let mut refused = 0;
        for group in file["testGroups"].as_array().unwrap() {
            let key = key(&group["public"]).unwrap_or_else(|| SigningKey::generate().unwrap().0.public_key());
            let known = [KnownKey::new(Kind::SessionKey, key)];
            for jws in group["tests"].as_array().unwrap().iter().filter_map(|test| test["jws"].as_str()) {
                assert!(open::<Value>(Kind::SessionKey, jws, &known, UNIX_EPOCH).is_err());
                refused += 1;
            }
        }
        assert!(refused > 300, "{refused}");
    }
}
