//! A root of keys, as KMS holds it.

use crate::world::{DOMAIN, Forger, ISSUER, now, seconds};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use splitplane_session::{KeyCertificate, KeyRoot, PublicKey, SigningKey, TokenError, VerifiedKey};
use std::time::{Duration, SystemTime};

pub(crate) const TYP: &str = "splitplane-key+jwt";
pub(crate) const LIFETIME: Duration = seconds(3_600);

/// A root that signs as KMS does: bytes in, DER out, without a word of this crate.
pub(crate) struct Root {
    der: EcdsaKeyPair,
    pub(crate) forger: Forger,
    pub(crate) root: KeyRoot,
}

impl Root {
    pub(crate) fn new() -> Self {
        let (key, pem) = SigningKey::generate().unwrap();
        let body: String = pem.expose_secret().lines().filter(|line| !line.starts_with('-')).collect();
        let document = STANDARD.decode(body).unwrap();
        let rng = SystemRandom::new();
        let der = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &document, &rng).unwrap();
        let public = key.public_key();
        let root = KeyRoot::new(public.clone(), ISSUER.into(), DOMAIN.into());
        Self { der, forger: Forger::new(&pem, &public), root }
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.der.sign(&SystemRandom::new(), bytes).unwrap().as_ref().to_vec()
    }

    pub(crate) fn certify(&self, key: &PublicKey, at: SystemTime) -> KeyCertificate {
        let draft = self.root.draft(key, LIFETIME, at).unwrap();
        let signature = self.sign(draft.signing_input());
        draft.attach(&signature).unwrap()
    }

    pub(crate) fn verify(&self, text: &str) -> Result<VerifiedKey, TokenError> {
        self.root.verify(&KeyCertificate::from_wire(text), now())
    }

    pub(crate) fn forge(&self, claims: &Value) -> Result<VerifiedKey, TokenError> {
        self.verify(&self.forger.seal(&self.forger.header(TYP), &claims.to_string()))
    }
}
