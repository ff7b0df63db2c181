use super::*;
use crate::source::RegistrySource;
use crate::state::RegistryState;
use prost::Message as _;
use secrecy::ExposeSecret as _;
use splitplane_proto::common::v1::Question;
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_service::{AuditConfig, reason_of, to_status};
use splitplane_session::{
    ConversationSigner, Feed, OfferedKey, PublicKey, ReceiptClaims, ReceiptSigner, SigningKey,
    VerifiedSession, Verifier, receipt_issuer,
};
use splitplane_sigv4::{MasterKey, SignRequest, frame, sign};
use splitplane_store::{Place, Store};
use splitplane_types::{Digest, Reason};
use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::sync::Mutex;

const ASK: &str = "/splitplane.gateway.v1.GatewayService/Ask";
const OPEN_SESSION: &str = "/splitplane.gateway.v1.GatewayService/OpenSession";
const LIST_METRICS: &str = "/splitplane.gateway.v1.GatewayService/ListMetrics";
const DOMAIN: &str = "mesh.example";
const LIFETIME: Duration = Duration::from_secs(120);
const MINE: &str = "t/b/a";
/// Another admin, another business and another tenant; the principal may speak for all of them.
const OTHERS: [&str; 3] = ["t/b/other", "t/other/a", "other/b/a"];

fn registry() -> String {
    let entries = |more: &str| {
        let entry = |composite: &&str| {
            let [tenant, business, admin] = composite.split('/').collect::<Vec<_>>().try_into().unwrap();
            format!("{{ tenant: {tenant}, business: {business}, admin: {admin}{more} }}")
        };
        [&[MINE], &OTHERS[..]].concat().iter().map(entry).collect::<Vec<_>>().join(", ")
    };
    format!(
        "version: 1\nprincipals: [{{ id: p, bootstraps: [], speaks_for: [{}] }}]\ncombinations: [{}]\n",
        entries(""),
        entries(", role: member, active: true")
    )
}

struct Bench {
    folder: tempfile::TempDir,
    layer1: Layer1,
    /// Seconds since the beginning.
    now: Arc<Mutex<u64>>,
    verifier: Verifier,
    receipts: ReceiptSigner,
    gateway: ConversationSigner,
    credentials: TemporaryCredentials,
    nonces: Mutex<u32>,
    known: watch::Sender<Vec<PublicKey>>,
    _registry: RegistryState,
    _issuer: watch::Sender<Arc<CredentialIssuer>>,
}

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_348_800 + second)
}

fn signer(key: SigningKey) -> ConversationSigner {
    ConversationSigner::new(key, DOMAIN.into(), Duration::from_secs(60)).unwrap()
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        std::fs::write(place("registry.yaml"), registry()).unwrap();
        let store = Store::open(&Place::File(place("auth.db"))).await.unwrap();
        let source = RegistrySource::File(place("registry.yaml"));
        let registry = RegistryState::open(source, store.clone(), at(0)).await.unwrap();
        let now = Arc::new(Mutex::new(0));
        let told = Arc::clone(&now);
        let clock = Clock::new(move || at(*told.lock().unwrap()));

        let [(session, _), (receipt, _), (conversation, audit)] =
            [(); 3].map(|()| SigningKey::generate().unwrap());
        std::fs::write(place("audit.key"), audit.expose_secret()).unwrap();
        let audit = AuditConfig {
            file: place("log.jsonl"),
            checkpoints: place("checkpoints.jsonl"),
            signing_key: place("audit.key"),
            checkpoint_period: Duration::from_secs(60),
            segment_bytes_max: NonZeroU64::MAX,
            keep: Duration::ZERO,
        };
        let verifier = Verifier::new("issuer".into(), DOMAIN.into(), Duration::from_secs(10_000));
        let feed = Feed {
            session_keys: vec![OfferedKey::from(session.public_key())],
            receipt_keys: vec![receipt.public_key()],
            conversation_keys: vec![],
            revocations: vec![],
            minimum_epoch: 0,
            epoch: 1,
        };
        verifier.update(feed, at(0)).unwrap();
        let (master, _) = MasterKey::generate().unwrap();
        let issuer = CredentialIssuer::new(master, vec![]);
        let credentials = issuer.issue(&"p".parse().unwrap(), Duration::from_secs(3_600), at(0)).unwrap();
        let issuer = watch::Sender::new(Arc::new(issuer));
        let keys = watch::Sender::new(vec![conversation.public_key()]);
        let layer1 = Layer1 {
            issuer: issuer.subscribe(),
            sts: None,
            expectations: Expectations {
                region: "us-east-1".into(),
                authorities: vec!["localhost:7100".into()],
                skew: Duration::from_secs(300),
            },
            nonces: SingleUse::open(store, "nonce", 1_000).await.unwrap(),
            minter: Arc::new(Minter::new(session, "issuer".into(), DOMAIN.into(), LIFETIME)),
            conversations: Conversations { keys: keys.subscribe(), trust_domain: DOMAIN.into() },
            state: registry.subscribe(),
            registry_age_max: Duration::from_secs(10_000),
            requesting_workload: "spiffe://mesh.example/gateway".into(),
            random: SystemRandom::new(),
            audit: Auditor::open(&audit).unwrap(),
            clock,
        };
        Self {
            folder,
            layer1,
            now,
            verifier,
            receipts: ReceiptSigner::new(receipt, receipt_issuer(DOMAIN), DOMAIN.into(), LIFETIME),
            gateway: signer(conversation),
            credentials,
            nonces: Mutex::new(0),
            _registry: registry,
            known: keys,
            _issuer: issuer,
        }
    }

    /// Sends a request, signed as it is.
    async fn send(&self, path: &str, composite: &str, message: &[u8]) -> Result<VerifiedSession, AuthError> {
        self.send_again(path, composite, message, true).await
    }

    /// The same, under the last nonce again where it is not a new one.
    async fn send_again(
        &self,
        path: &str,
        composite: &str,
        message: &[u8],
        is_new: bool,
    ) -> Result<VerifiedSession, AuthError> {
        let now = self.layer1.clock.now();
        let nonce = {
            let mut nonces = self.nonces.lock().unwrap();
            *nonces += u32::from(is_new);
            format!("a-nonce-of-length-{nonces}")
        };
        let (frame, composite) = (frame(message), composite.parse().unwrap());
        let request = SignRequest {
            path,
            authority: "localhost:7100",
            frame: &frame,
            composite: &composite,
            nonce: &nonce,
            region: "us-east-1",
        };
        let headers = sign(&request, &self.credentials, now).unwrap();
        let headers: Vec<(String, Vec<u8>)> =
            headers.into_iter().map(|(name, value)| (name, value.into())).collect();
        let raw = RawRequest { path, authority: "localhost:7100", headers: &headers, frame: &frame };
        let authenticated = self.layer1.authenticate(raw).await?;
        let session = self.verifier.verify(&authenticated.key, now).unwrap();
        assert_eq!((session.composite(), session.method()), (&composite, path));
        Ok(session)
    }

    async fn ask(&self, composite: &str, conversation: &str) -> Result<VerifiedSession, AuthError> {
        self.send(ASK, composite, &asks(conversation)).await
    }

    fn receipt(&self, session: &VerifiedSession) -> String {
        let digest = Digest::of(b"the same");
        let claims =
            ReceiptClaims { interpretation: "{}".into(), model: digest, policy: digest, as_of: "now".into() };
        self.receipts.sign(session, &claims, self.layer1.clock.now()).unwrap()
    }

    /// What this gateway would hand out after an answer.
    fn token(&self, gateway: &ConversationSigner, session: &VerifiedSession) -> String {
        let now = self.layer1.clock.now();
        let receipt = self.verifier.verify_receipt(&self.receipt(session), session, now).unwrap();
        gateway.sign(session, &receipt, now).unwrap()
    }

    fn log(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.folder.path().join("log.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn asks(conversation: &str) -> Vec<u8> {
    let question = Question { text: "and by channel?".into(), as_of: None };
    AskRequest { question: Some(question), conversation: conversation.into() }.encode_to_vec()
}

/// What leaves, with the second of the server's time taken out.
fn bytes(error: &AuthError) -> String {
    let status = to_status(error);
    assert_eq!(reason_of(&status), Some(Reason::Unauthenticated));
    let time = splitplane_service::metadata_of(&status)["server_time"].clone();
    let details = String::from_utf8_lossy(status.details()).replace(&time, "");
    format!("{:?} {} {details:?} {:?}", status.code(), status.message(), status.metadata())
}

#[tokio::test]
async fn a_follow_up_goes_on_under_the_conversations_id_and_any_other_question_under_a_new_one() {
    let bench = Bench::new().await;
    let first = bench.ask(MINE, "").await.unwrap();
    assert_ne!(bench.ask(MINE, "").await.unwrap().session_id(), first.session_id());
    let token = bench.token(&bench.gateway, &first);
    // Twice from one answer: two branches of one conversation.
    for path in [ASK, ASK, OPEN_SESSION] {
        let next = bench.send(path, MINE, &asks(&token)).await.unwrap();
        assert_eq!(next.session_id(), first.session_id());
        assert_ne!(next.txn(), first.txn());
        let after = bench.ask(MINE, &bench.token(&bench.gateway, &next)).await.unwrap();
        assert_eq!(after.session_id(), first.session_id());
    }
    // No question, and what is no message is for the gateway to refuse: neither is in a conversation.
    for (path, message) in [(LIST_METRICS, asks(&token)), (ASK, b"\xff\xff".to_vec())] {
        let other = bench.send(path, MINE, &message).await.unwrap();
        assert_ne!(other.session_id(), first.session_id());
    }
}

#[tokio::test]
async fn a_conversation_that_is_over_is_a_new_one_and_no_failure() {
    let bench = Bench::new().await;
    let first = bench.ask(MINE, "").await.unwrap();
    let token = bench.token(&bench.gateway, &first);
    *bench.now.lock().unwrap() = 59;
    assert_eq!(bench.ask(MINE, &token).await.unwrap().session_id(), first.session_id());
    *bench.now.lock().unwrap() = 60;
    assert_ne!(bench.ask(MINE, &token).await.unwrap().session_id(), first.session_id());
    let refused = bench.ask(OTHERS[0], &token).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::Unauthenticated);
}

#[tokio::test]
async fn whatever_is_no_conversation_of_ones_own_is_refused_as_every_credential_is() {
    let bench = Bench::new().await;
    let mine = bench.ask(MINE, "").await.unwrap();
    let token = bench.token(&bench.gateway, &mine);
    let mut refused = Vec::new();
    for other in OTHERS {
        let theirs = bench.ask(other, "").await.unwrap();
        refused.push(bench.token(&bench.gateway, &theirs));
    }
    let stranger = SigningKey::generate().unwrap().0;
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let other_claims = refused[0].split('.').nth(1).unwrap().to_owned();
    let (key, _) = bench.layer1.minter.mint(&grant(&mine), at(0)).unwrap();
    refused.extend([
        bench.token(&signer(stranger), &mine),
        format!("{header}.{other_claims}.{signature}"),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        token.to_uppercase(),
        format!("{token} "),
        bench.receipt(&mine),
        key.expose().to_owned(),
        "garbage".to_owned(),
        "x".repeat(100_000),
    ]);
    let before = bench.log().len();
    let mut seen = BTreeSet::new();
    for conversation in &refused {
        for path in [ASK, OPEN_SESSION] {
            let error = bench.send(path, MINE, &asks(conversation)).await.expect_err(conversation);
            seen.insert(bytes(&error));
        }
    }
    let log = bench.log().split_off(before);
    assert_eq!(log.len(), refused.len() * 2);
    for record in &log {
        let said = ["event", "decision", "reason", "composite"].map(|key| &record[key]);
        assert_eq!(said, ["refused", "refused", "UNAUTHENTICATED", MINE], "{record}");
        assert!(refused.iter().all(|token| !record.to_string().contains(token)), "{record}");
    }
    // What has nothing to do with conversations: nobody by that name, and a request sent twice.
    seen.insert(bytes(&bench.ask("t/b/nobody", "").await.unwrap_err()));
    bench.ask(MINE, &token).await.unwrap();
    seen.insert(bytes(&bench.send_again(ASK, MINE, &asks(&token), false).await.unwrap_err()));
    assert_eq!(seen.len(), 1, "refusals differ: {seen:#?}");
}

fn grant(session: &VerifiedSession) -> SessionGrant {
    SessionGrant {
        composite: session.composite().clone(),
        role: session.role().clone(),
        session_id: session.session_id(),
        txn: session.txn(),
        body_digest: session.body_digest(),
        method: session.method().to_owned(),
        epoch: session.epoch(),
        principal: session.principal().clone(),
        access_key_id: session.access_key_id().to_owned(),
        requesting_workload: session.requesting_workload().to_owned(),
    }
}

#[tokio::test]
async fn only_keys_that_stand_in_the_file_sign_conversations_and_a_second_one_is_as_good() {
    let bench = Bench::new().await;
    let first = bench.ask(MINE, "").await.unwrap();
    let (next, _) = SigningKey::generate().unwrap();
    let public = next.public_key();
    let (old, new) = (bench.token(&bench.gateway, &first), bench.token(&signer(next), &first));
    bench.ask(MINE, &old).await.unwrap();
    assert!(bench.ask(MINE, &new).await.is_err());
    bench.known.send_modify(|keys| keys.push(public.clone()));
    for token in [&old, &new] {
        assert_eq!(bench.ask(MINE, token).await.unwrap().session_id(), first.session_id());
    }
    bench.known.send_replace(vec![public]);
    assert!(bench.ask(MINE, &old).await.is_err());
    bench.ask(MINE, &new).await.unwrap();
}
