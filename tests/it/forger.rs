//! Someone who holds every signing key of a mesh: session keys and receipts for anything they like.
//!
//! With layers 1 and 2 behind it gone, what is left is the data plane's own.

use crate::inner_services::channel;
use crate::support::Bench;
use splitplane_proto::query::v1::open_sandbox_response::Outcome as Opened;
use splitplane_proto::query::v1::query_service_client::QueryServiceClient;
use splitplane_proto::query::v1::{OpenSandboxRequest, Sandbox};
use splitplane_semantics::{Policy, SemanticModel};
use splitplane_service::{Clock, Workload};
use splitplane_session::{
    Feed, Minter, ReceiptClaims, ReceiptSigner, SessionGrant, SessionKey, SigningKey, VerifiedSession,
    Verifier, receipt_issuer,
};
use splitplane_types::{Digest, SessionId, Txn};
use std::path::Path;
use std::time::{Duration, SystemTime};
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Someone who holds every key of the mesh.
pub(crate) struct Forger {
    pub(crate) query: QueryServiceClient<Channel>,
    minter: Minter,
    signer: ReceiptSigner,
    verifier: Verifier,
    model: Digest,
    policy: Digest,
    ids: u128,
}

impl Forger {
    /// Takes the mesh's keys from where they lie.
    pub(crate) async fn with_keys_of(
        bench: &Bench,
        keys: &Path,
        (model, policy): (&SemanticModel, &Policy),
    ) -> Self {
        let query = QueryServiceClient::new(channel(bench, Workload::Query, Workload::Operator).await);
        let key = |name: &str| {
            SigningKey::from_pkcs8_pem(&std::fs::read_to_string(keys.join(name)).unwrap()).unwrap()
        };
        let mesh = splitplane_service::config::load::<splitplane_query::Config>(
            "query",
            splitplane_query::DEFAULTS,
            None,
            [],
        )
        .unwrap()
        .mesh;
        let life = Duration::from_secs(900);
        let verifier = Verifier::new(mesh.issuer.clone(), mesh.trust_domain.clone(), life);
        let (session, receipt) = (key("session.key"), key("receipt.key"));
        let feed = Feed {
            session_keys: vec![session.public_key().into()],
            receipt_keys: vec![receipt.public_key()],
            conversation_keys: Vec::new(),
            revocations: Vec::new(),
            minimum_epoch: 0,
            epoch: 0,
        };
        verifier.update(feed, Clock::system().now()).unwrap();
        let minter = Minter::new(session, mesh.issuer, mesh.trust_domain.clone(), life);
        let signer = ReceiptSigner::new(receipt, receipt_issuer(&mesh.trust_domain), mesh.trust_domain, life);
        let (model, policy) = (model.digest, policy.digest);
        Self { query, minter, signer, verifier, model, policy, ids: 0 }
    }

    fn id(&mut self) -> u128 {
        self.ids += 1;
        self.ids
    }

    /// A session key for any combination; nobody was asked.
    pub(crate) fn key(&mut self, composite: &str) -> (SessionKey, VerifiedSession) {
        let now = Clock::system().now();
        let ms = u64::try_from(now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()).unwrap();
        let grant = SessionGrant {
            composite: composite.parse().unwrap(),
            role: "member".parse().unwrap(),
            session_id: SessionId::from_parts(ms, self.id()),
            txn: Txn::from_parts(ms, self.id()),
            body_digest: Digest::of(b"a question that nobody asked"),
            method: "/splitplane.gateway.v1.GatewayService/Ask".to_owned(),
            epoch: u64::MAX / 4,
            principal: "nobody".parse().unwrap(),
            access_key_id: "ASIANOBODY".to_owned(),
            requesting_workload: "spiffe://splitplane.local/gateway".to_owned(),
        };
        let (key, _) = self.minter.mint(&grant, now).unwrap();
        let session = self.verifier.verify(&key, now).unwrap();
        (key, session)
    }

    /// The sandbox of an interpretation, whatever layer 2 would have said.
    pub(crate) async fn sandbox(
        &mut self,
        (key, session): (&SessionKey, &VerifiedSession),
        interpretation: &str,
        relations: &[String],
    ) -> Result<Sandbox, Status> {
        let claims = ReceiptClaims {
            interpretation: interpretation.to_owned(),
            model: self.model,
            policy: self.policy,
            as_of: "2026-11-20T12:00:00Z".to_owned(),
        };
        let receipt = self.signer.sign(session, &claims, Clock::system().now()).unwrap();
        let message = OpenSandboxRequest { receipt, relations: relations.to_vec() };
        match self.query.open_sandbox(with_key(key, message)).await?.into_inner().outcome {
            Some(Opened::Sandbox(sandbox)) => Ok(sandbox),
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn with_key<T>(key: &SessionKey, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("txn-token", key.expose().parse().unwrap());
    request
}
