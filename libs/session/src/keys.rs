//! P-256 keys: the private half that signs, the public half that travels in the feed.
//!
//! Does not decide what a key may sign; the feed keeps one list per purpose.

use crate::KeyError;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::agreement::{self, ECDH_P256, EphemeralPrivateKey};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use splitplane_types::Digest;
use std::fmt;

const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";
const PEM_LINE: usize = 64;
const POINT_BYTES: usize = 65;
const UNCOMPRESSED: u8 = 4;
/// What stands before the point in the DER of a P-256 public key: id-ecPublicKey, prime256v1, a string of 66
/// bytes without unused bits (RFC 5480).
const SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A P-256 private key.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    public: PublicKey,
}

impl SigningKey {
    /// Makes a new key, and its PKCS #8 PEM text to keep in a file.
    ///
    /// # Errors
    /// No random bytes.
    pub fn generate() -> Result<(Self, SecretString), KeyError> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .or(Err(KeyError::Random))?;
        let key = Self::from_pkcs8(document.as_ref())?;
        Ok((key, pem(document.as_ref())))
    }

    /// Reads a PEM file with one unencrypted `PRIVATE KEY` block.
    ///
    /// # Errors
    /// Not such a file, or not a P-256 key.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, KeyError> {
        let body = text
            .trim()
            .strip_prefix(PEM_BEGIN)
            .and_then(|rest| rest.strip_suffix(PEM_END))
            .ok_or(KeyError::Pem)?;
        let body: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
        let document = STANDARD.decode(body.as_bytes()).map(Zeroizing::new).or(Err(KeyError::Pem))?;
        Self::from_pkcs8(&document)
    }

    fn from_pkcs8(document: &[u8]) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document, &SystemRandom::new())
            .or(Err(KeyError::Rejected))?;
        let public = PublicKey::from_point(pair.public_key().as_ref())?;
        Ok(Self { pair, public })
    }

    /// The half that may be shown to everyone.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    pub(crate) fn kid(&self) -> &str {
        self.public.kid()
    }

    /// Signs bytes: ES256 (RFC 7518, 3.4), the two numbers of 32 bytes each. Whoever signs something other
    /// than a JWS begins the bytes with what they are for.
    ///
    /// # Errors
    /// No random bytes.
    pub fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.pair.sign(&SystemRandom::new(), bytes).or(Err(KeyError::Random))?;
        Ok(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid()).finish_non_exhaustive()
    }
}

fn pem(document: &[u8]) -> SecretString {
    let encoded = Zeroizing::new(STANDARD.encode(document));
    let mut text = format!("{PEM_BEGIN}\n");
    for (index, digit) in encoded.chars().enumerate() {
        if index > 0 && index.is_multiple_of(PEM_LINE) {
            text.push('\n');
        }
        text.push(digit);
    }
    text.push('\n');
    text.push_str(PEM_END);
    text.push('\n');
    text.into()
}

/// A P-256 public key and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    point: [u8; POINT_BYTES],
    kid: String,
}

impl PublicKey {
    /// Takes an uncompressed point (SEC 1). The id is computed, never taken from the wire.
    ///
    /// # Errors
    /// Not 65 bytes that begin with 4, or no point of the curve.
    pub fn from_point(point: &[u8]) -> Result<Self, KeyError> {
        let point: [u8; POINT_BYTES] = point.try_into().or(Err(KeyError::Point))?;
        if point.first() != Some(&UNCOMPRESSED) || !is_on_curve(&point)? {
            return Err(KeyError::Point);
        }
        let kid = URL_SAFE_NO_PAD.encode(Digest::of(&point).as_bytes());
        Ok(Self { point, kid })
    }

    /// Takes the text of a file `*.pub`: the point in base64url, unpadded.
    ///
    /// # Errors
    /// Not such a text, or no point of the curve.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        Self::from_point(&URL_SAFE_NO_PAD.decode(text.trim()).or(Err(KeyError::Text))?)
    }

    /// The text of a file `*.pub`.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.point)
    }

    pub(crate) fn from_coordinates(x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        Self::from_point(&[&[UNCOMPRESSED], x, y].concat())
    }

    /// The two coordinates, 32 bytes each.
    pub(crate) fn coordinates(&self) -> (&[u8], &[u8]) {
        let coordinates = self.point.split_first().map_or(&[][..], |(_form, coordinates)| coordinates);
        coordinates.split_at(coordinates.len() / 2)
    }

    /// Takes the DER form, in the only encoding that a key of this curve has there.
    ///
    /// # Errors
    /// Not such a form, or no point of the curve.
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        Self::from_point(der.strip_prefix(&SPKI_HEAD).ok_or(KeyError::Spki)?)
    }

    /// Key id: base64url of the SHA-256 of the point.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The uncompressed point, 65 bytes.
    #[must_use]
    pub fn point(&self) -> &[u8] {
        &self.point
    }

    /// Whether this is the signature of these bytes by the key's private half.
    #[must_use]
    pub fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.point).verify(bytes, signature).is_ok()
    }
}

/// Agreeing on a secret with the point is what `ring` checks a point for; the secret is dropped.
fn is_on_curve(point: &[u8; POINT_BYTES]) -> Result<bool, KeyError> {
    let ours = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).or(Err(KeyError::Random))?;
    let theirs = agreement::UnparsedPublicKey::new(&ECDH_P256, point);
    Ok(agreement::agree_ephemeral(ours, &theirs, |_secret| ()).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn a_key_survives_its_pem_file() {
        let (key, pem) = SigningKey::generate().unwrap();
        let read = SigningKey::from_pkcs8_pem(pem.expose_secret()).unwrap();
        assert_eq!(read.public_key(), key.public_key());
        assert!(pem.expose_secret().lines().all(|line| line.len() <= PEM_LINE));
        let windows = pem.expose_secret().replace('\n', "\r\n");
        assert_eq!(SigningKey::from_pkcs8_pem(&windows).unwrap().public_key(), key.public_key());
    }

    #[test]
    fn other_files_are_refused() {
        let (_, pem) = SigningKey::generate().unwrap();
        let pem = pem.expose_secret();
        for text in [
            "".to_owned(),
            pem.replace("PRIVATE", "EC PRIVATE"),
            pem.replace(PEM_END, ""),
            format!("{pem}{pem}"),
            pem.replace("MI", "!!"),
            format!("{PEM_BEGIN}\nAAAA\n{PEM_END}"),
        ] {
            assert!(SigningKey::from_pkcs8_pem(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_uncompressed_points_are_taken() {
        let (key, _) = SigningKey::generate().unwrap();
        let point = key.public_key().point().to_vec();
        assert_eq!(PublicKey::from_point(&point).unwrap().kid(), key.public_key().kid());
        assert!(PublicKey::from_point(&point[..33]).is_err());
        let mut compressed = point.clone();
        compressed[0] = 2;
        assert!(PublicKey::from_point(&compressed).is_err());
        let longer = [point, vec![0]].concat();
        assert!(PublicKey::from_point(&longer).is_err());
    }

    #[test]
    fn a_point_off_the_curve_is_no_key() {
        let (key, _) = SigningKey::generate().unwrap();
        for at in 1..POINT_BYTES {
            let mut point = key.public_key().point().to_vec();
            point[at] ^= 1;
            assert!(matches!(PublicKey::from_point(&point), Err(KeyError::Point)), "{at}");
        }
        let mut zero = [0; POINT_BYTES];
        zero[0] = UNCOMPRESSED;
        assert!(PublicKey::from_point(&zero).is_err());
    }

    #[test]
    fn a_public_key_survives_its_file() {
        let public = SigningKey::generate().unwrap().0.public_key();
        let text = public.to_text();
        assert_eq!(PublicKey::from_text(&format!("{text}\n")).unwrap(), public);
        for other in ["", "!", &format!("{text}="), text.get(1..).unwrap(), &format!("{text}\n{text}")] {
            assert!(PublicKey::from_text(other).is_err(), "{other}");
        }
    }

    #[test]
    fn der_has_one_form_and_others_are_refused() {
        let (key, _) = SigningKey::generate().unwrap();
        let der = [&SPKI_HEAD[..], key.public_key().point()].concat();
        assert_eq!(PublicKey::from_spki(&der).unwrap(), key.public_key());
        for at in 0..SPKI_HEAD.len() {
            let mut other = der.clone();
            other[at] ^= 1;
            assert!(matches!(PublicKey::from_spki(&other), Err(KeyError::Spki)), "{at}");
        }
        assert!(PublicKey::from_spki(&der[..der.len() - 1]).is_err());
        assert!(PublicKey::from_spki(&[&der[..], &[0]].concat()).is_err());
        assert!(PublicKey::from_spki(key.public_key().point()).is_err());
    }

    #[test]
    fn debug_shows_the_id_alone() {
        let (key, _) = SigningKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), format!("SigningKey {{ kid: {:?}, .. }}", key.kid()));
    }
}
