//! One minter, one signer of receipts and one of conversations, one verifier, one moment; and a forger that holds
//! their keys.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use splitplane_session::{
    ConversationSigner, Feed, Minter, PublicKey, ReceiptClaims, ReceiptSigner, SessionError, SessionGrant,
    SessionKey, SigningKey, VerifiedSession, Verifier, receipt_issuer,
};
use splitplane_types::{Digest, SessionId, Txn};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) const ISSUER: &str = "https://auth.mesh.example";
pub(crate) const DOMAIN: &str = "mesh.example";

/// 2026-11-22T12:00:00Z
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + seconds(1_795_348_800)
}

pub(crate) const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) fn grant() -> SessionGrant {
    SessionGrant {
        composite: "tenant-1/business_2/admin.3".parse().unwrap(),
        role: "manager".parse().unwrap(),
        session_id: SessionId::from_parts(1_795_348_800_000, 1),
        txn: Txn::from_parts(1_795_348_800_000, 2),
        body_digest: Digest::of(b"what were total sales last week?"),
        method: "/splitplane.gateway.v1.GatewayService/Ask".into(),
        epoch: 7,
        principal: "worker".parse().unwrap(),
        access_key_id: "ASIAIOSFODNN7EXAMPLE".into(),
        requesting_workload: "spiffe://mesh.example/gateway".into(),
    }
}

pub(crate) fn receipt_claims() -> ReceiptClaims {
    ReceiptClaims {
        interpretation: r#"{"metric":"net_sales"}"#.into(),
        model: Digest::of(b"model"),
        policy: Digest::of(b"policy"),
        as_of: "2026-11-22T12:00:00Z".into(),
    }
}

pub(crate) struct World {
    pub(crate) minter: Minter,
    pub(crate) signer: ReceiptSigner,
    pub(crate) conversations: ConversationSigner,
    pub(crate) verifier: Verifier,
    pub(crate) session_key: PublicKey,
    pub(crate) receipt_key: PublicKey,
    pub(crate) conversation_key: PublicKey,
    pub(crate) session_forger: Forger,
    pub(crate) receipt_forger: Forger,
    pub(crate) conversation_forger: Forger,
}

impl World {
    pub(crate) fn new() -> Self {
        let (session, session_pem) = SigningKey::generate().unwrap();
        let (receipt, receipt_pem) = SigningKey::generate().unwrap();
        let (conversation, conversation_pem) = SigningKey::generate().unwrap();
        let (session_key, receipt_key) = (session.public_key(), receipt.public_key());
        let conversation_key = conversation.public_key();
        let world = Self {
            minter: Minter::new(session, ISSUER.into(), DOMAIN.into(), seconds(300)),
            signer: ReceiptSigner::new(receipt, receipt_issuer(DOMAIN), DOMAIN.into(), seconds(120)),
            conversations: ConversationSigner::new(conversation, DOMAIN.into(), seconds(3_600)).unwrap(),
            verifier: Verifier::new(ISSUER.into(), DOMAIN.into(), seconds(5)),
            session_forger: Forger::new(&session_pem, &session_key),
            receipt_forger: Forger::new(&receipt_pem, &receipt_key),
            conversation_forger: Forger::new(&conversation_pem, &conversation_key),
            session_key,
            receipt_key,
            conversation_key,
        };
        world.feed_at(now());
        world
    }

    pub(crate) fn feed(&self) -> Feed {
        Feed {
            session_keys: vec![self.session_key.clone().into()],
            receipt_keys: vec![self.receipt_key.clone()],
            conversation_keys: vec![self.conversation_key.clone()],
            revocations: vec![],
            minimum_epoch: 0,
            epoch: 7,
        }
    }

    pub(crate) fn feed_at(&self, at: SystemTime) {
        self.verifier.update(self.feed(), at).unwrap();
    }

    pub(crate) fn mint(&self, grant: &SessionGrant) -> SessionKey {
        self.minter.mint(grant, now()).unwrap().0
    }

    pub(crate) fn verify(&self, key: &str) -> Result<VerifiedSession, SessionError> {
        self.verifier.verify(&SessionKey::from_wire(key), now())
    }

    pub(crate) fn session(&self, grant: &SessionGrant) -> VerifiedSession {
        self.verifier.verify(&self.mint(grant), now()).unwrap()
    }
}

/// Signs any header and any claims: written on `ring` alone, without this crate's code.
pub(crate) struct Forger {
    pair: EcdsaKeyPair,
    kid: String,
}

impl Forger {
    pub(crate) fn new(pem: &SecretString, key: &PublicKey) -> Self {
        let body: String = pem.expose_secret().lines().filter(|line| !line.starts_with('-')).collect();
        let document = STANDARD.decode(body).unwrap();
        let rng = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &document, &rng).unwrap();
        Self { pair, kid: key.kid().to_owned() }
    }

    pub(crate) fn header(&self, typ: &str) -> String {
        format!(r#"{{"alg":"ES256","kid":"{}","typ":"{typ}"}}"#, self.kid)
    }

    pub(crate) fn seal(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

pub(crate) fn parts(token: &str) -> [String; 3] {
    token.split('.').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()
}

pub(crate) fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

pub(crate) fn claims_of(token: &str) -> Value {
    serde_json::from_slice(&decoded(&parts(token)[1])).unwrap()
}
