//! Tests of absence: every method of the API with every wrong credential, as a golden table.
//!
//! A new method changes the table, and so cannot be added without somebody deciding who may call it.
//! Every request is honest but for the credential that its line names: the last line of a method shows that
//! it passes where nothing is wrong.

use crate::inner_services::{Operator, SQL, session};
use crate::support::{ANN, Bench, RITA};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use secrecy::ExposeSecret as _;
use splitplane::pki::{Authority, Names, Validity};
use splitplane_proto::gateway::v1::OpenSessionResponse;
use splitplane_proto::query::v1::{
    AdminRef, ExecuteRequest, FieldValue, OpenSandboxRequest, WhatCanRequest, WhoCanSeeRequest, WhyNotRequest,
};
use splitplane_proto::reasoning::v1::{ExplainRequest, ValidateRequest};
use splitplane_proto::schema_router::v1::{RouteRequest, WriteSqlRequest};
use splitplane_service::{Workload, reason_of};
use splitplane_session::{Minter, SessionGrant, SigningKey};
use splitplane_testkit::World;
use splitplane_types::Digest;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

/// What is wrong with a call whose certificate is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    NoKey,
    ExpiredKey,
    TamperedKey,
    OtherTenantsKey,
    NoReceipt,
    OtherQuestionsReceipt,
    Nothing,
}

impl Wrong {
    const ALL: [(Self, &str); 7] = [
        (Self::NoKey, "no key"),
        (Self::ExpiredKey, "expired key"),
        (Self::TamperedKey, "tampered key"),
        (Self::OtherTenantsKey, "other tenant's key"),
        (Self::NoReceipt, "no receipt"),
        (Self::OtherQuestionsReceipt, "other question's receipt"),
        (Self::Nothing, "valid key"),
    ];
}

/// What calls are made with.
struct Credential {
    name: String,
    identity: Option<Identity>,
    wrong: Wrong,
}

/// A session key and a message, as a call carries them; nothing where the message has no receipt to be wrong.
struct Call {
    key: Option<String>,
    message: DynamicMessage,
}

/// Every method of the mesh, health and reflection included, with the service that serves it.
fn methods() -> Vec<(Workload, String)> {
    let pool = DescriptorPool::decode(splitplane_proto::DESCRIPTOR_SET).unwrap();
    let mut methods = Vec::new();
    for service in pool.services() {
        let workload = match service.full_name() {
            "splitplane.gateway.v1.GatewayService" => Workload::Gateway,
            "splitplane.auth.v1.AuthService" => Workload::Auth,
            "splitplane.reasoning.v1.ReasoningService" => Workload::Reasoning,
            "splitplane.schema_router.v1.SchemaRouterService" => Workload::SchemaRouter,
            "splitplane.query.v1.QueryService" | "splitplane.query.v1.PolicyService" => Workload::Query,
            other => panic!("{other} belongs to no workload"),
        };
        for method in service.methods() {
            methods.push((workload, format!("/{}/{}", service.full_name(), method.name())));
        }
    }
    for workload in
        [Workload::Gateway, Workload::Auth, Workload::Reasoning, Workload::SchemaRouter, Workload::Query]
    {
        methods.push((workload, "/grpc.health.v1.Health/Check".to_owned()));
        methods.push((workload, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo".to_owned()));
        methods.push((workload, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo".to_owned()));
        methods.push((workload, "/splitplane.none.v1.NoService/NoMethod".to_owned()));
    }
    methods
}

async fn outcome(channel: Option<Channel>, call: Call, path: &str) -> String {
    let Some(channel) = channel else { return "no connection".to_owned() };
    match send(channel, call, path).await {
        Ok(()) => "passes".to_owned(),
        Err(status) => match reason_of(&status) {
            Some(reason) => format!("{:?} {}", status.code(), reason.as_str()),
            // TLS 1.3 tells a client of its certificate's refusal with the first bytes it reads.
            None if format!("{status:?}").contains("Transport") || status.message().contains("transport") => {
                "no connection".to_owned()
            }
            None => format!("{:?} untyped", status.code()),
        },
    }
}

async fn connect(address: &str, ca: &Certificate, identity: Option<&Identity>) -> Option<Channel> {
    let mut tls = ClientTlsConfig::new().ca_certificate(ca.clone());
    if let Some(identity) = identity {
        tls = tls.identity(identity.clone());
    }
    let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap().tls_config(tls).unwrap();
    endpoint.connect().await.ok()
}

async fn send(channel: Channel, call: Call, path: &str) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
    let mut request = Request::new(call.message);
    request.set_timeout(Duration::from_secs(10));
    if let Some(key) = &call.key {
        request.metadata_mut().insert("txn-token", key.parse().unwrap());
    }
    let codec: ProstCodec<DynamicMessage, ()> = ProstCodec::default();
    let mut answer = client.server_streaming(request, path.parse().unwrap(), codec).await?.into_inner();
    answer.message().await.map(|_| ())
}

/// Walks the chain up to a call, for a question of its own, and does one thing wrong.
struct Chain<'a> {
    bench: &'a Bench,
    operator: Operator,
    pool: DescriptorPool,
}

impl Chain<'_> {
    async fn call(&mut self, path: &str, wrong: Wrong) -> Option<Call> {
        let (service, method) = path.trim_start_matches('/').split_once('/').unwrap();
        let input = self.pool.get_service_by_name(service).and_then(|service| {
            service.methods().find(|candidate| candidate.name() == method).map(|method| method.input())
        });
        let Some(input) = input else {
            // Health, reflection, and what does not exist: nothing is read of their messages here.
            let empty = self.pool.get_message_by_name("splitplane.auth.v1.WatchRequest").unwrap();
            let key = (wrong != Wrong::NoKey).then(|| "none".to_owned());
            return Some(Call { key, message: DynamicMessage::new(empty) });
        };
        let is_about_receipts = matches!(wrong, Wrong::NoReceipt | Wrong::OtherQuestionsReceipt);
        if is_about_receipts && input.get_field_by_name("receipt").is_none() {
            return None;
        }
        let mine = session(self.bench, ANN, "total fees").await;
        let receipt = self.operator.receipt(&mine).await;
        let message = self.honest(path, &mine, &receipt).await;
        let mut message = DynamicMessage::decode(input, message.as_slice()).unwrap();
        let valid = mine.session_key;
        match wrong {
            Wrong::NoReceipt => message.clear_field_by_name("receipt"),
            Wrong::OtherQuestionsReceipt => {
                let other = session(self.bench, ANN, "how many loans").await;
                let other = self.operator.receipt(&other).await;
                message.set_field_by_name("receipt", prost_reflect::Value::String(other));
            }
            Wrong::NoKey
            | Wrong::ExpiredKey
            | Wrong::TamperedKey
            | Wrong::OtherTenantsKey
            | Wrong::Nothing => {}
        }
        let key = match wrong {
            Wrong::NoKey => None,
            Wrong::ExpiredKey => Some(expired_key(self.bench, &valid)),
            Wrong::TamperedKey => Some(tampered(&valid)),
            Wrong::OtherTenantsKey => Some(session(self.bench, RITA, "total fees").await.session_key),
            Wrong::NoReceipt | Wrong::OtherQuestionsReceipt | Wrong::Nothing => Some(valid),
        };
        Some(Call { key, message })
    }

    /// The message of an honest call.
    async fn honest(&mut self, path: &str, session: &OpenSessionResponse, receipt: &str) -> Vec<u8> {
        let (session_key, receipt) = (&session.session_key, receipt.to_owned());
        let key = vec![FieldValue { field: "loan_id".to_owned(), value: "L0-00000".to_owned() }];
        let [tenant_id, business_id, admin_id] =
            ANN.split('/').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
        let admin = Some(AdminRef { tenant_id, business_id, admin_id });
        let relations = vec!["loans".to_owned()];
        match path.rsplit('/').next().unwrap() {
            "Validate" => ValidateRequest { frame: session.frame.clone() }.encode_to_vec(),
            "Explain" => ExplainRequest { receipt, ..ExplainRequest::default() }.encode_to_vec(),
            "Route" => RouteRequest { receipt }.encode_to_vec(),
            "WriteSql" => {
                let sandbox = self.operator.open(session_key, &receipt, &["loans"]).await.unwrap();
                let relations = sandbox.relations;
                WriteSqlRequest { receipt, relations, ..WriteSqlRequest::default() }.encode_to_vec()
            }
            "OpenSandbox" => OpenSandboxRequest { receipt, relations }.encode_to_vec(),
            "Execute" => {
                let sandbox = self.operator.open(session_key, &receipt, &["loans"]).await.unwrap();
                ExecuteRequest { sandbox_id: sandbox.sandbox_id, sql: SQL.to_owned(), with_draft_rows: true }
                    .encode_to_vec()
            }
            "WhoCanSee" => WhoCanSeeRequest { dataset: "loans".to_owned(), key }.encode_to_vec(),
            "WhatCan" => {
                WhatCanRequest { admin, role: "member".to_owned(), dataset: String::new() }.encode_to_vec()
            }
            "WhyNot" => WhyNotRequest { admin, dataset: "loans".to_owned(), key }.encode_to_vec(),
            // Signed, or about nobody's question: the session key is no credential of theirs.
            _ => Vec::new(),
        }
    }
}

fn tampered(valid: &str) -> String {
    let cut = &valid[..valid.len() - 1];
    let last = if valid.ends_with('A') { 'Q' } else { 'A' };
    format!("{cut}{last}")
}

fn expired_key(bench: &Bench, valid: &str) -> String {
    let folder = bench.folder.path().join("home/keys/session.key");
    let key = SigningKey::from_pkcs8_pem(&std::fs::read_to_string(folder).unwrap()).unwrap();
    let domain = "splitplane.local".to_owned();
    let minter =
        Minter::new(key, "https://auth.splitplane.local".to_owned(), domain, Duration::from_secs(120));
    let grant = SessionGrant {
        composite: ANN.parse().unwrap(),
        role: "member".parse().unwrap(),
        session_id: splitplane_types::SessionId::from_parts(1, 1),
        txn: splitplane_types::Txn::from_parts(1, 1),
        body_digest: Digest::of(b""),
        method: "/splitplane.gateway.v1.GatewayService/Ask".to_owned(),
        epoch: u64::MAX / 4,
        principal: "p".parse().unwrap(),
        access_key_id: "ASIAAAAAAAAAAAAAAAAA".to_owned(),
        requesting_workload: "spiffe://splitplane.local/gateway".to_owned(),
    };
    let now = splitplane_service::Clock::system().now();
    let (old, _) = minter.mint(&grant, now - Duration::from_secs(600)).unwrap();
    assert_ne!(old.expose(), valid);
    let (fresh, _) = minter.mint(&grant, now).unwrap();
    assert!(fresh.expose().len() > 100, "the same key, not expired, would be a key");
    old.expose().to_owned()
}

fn credentials(bench: &Bench) -> Vec<Credential> {
    let pki = bench.mesh.pki();
    let identity = |workload: Workload| {
        Identity::from_pem(
            std::fs::read(pki.certificate(workload)).unwrap(),
            std::fs::read(pki.key(workload)).unwrap(),
        )
    };
    let validity = Validity::around(splitplane_service::Clock::system().now());
    let foreign = Authority::generate("foreign", validity).unwrap();
    let leaf = foreign.issue(&Names::of_workload(Workload::Gateway, "splitplane.local"), validity).unwrap();
    let foreign = Identity::from_pem(leaf.certificate, leaf.key.expose_secret());
    let of = |name: String, identity: Option<Identity>| Credential { name, identity, wrong: Wrong::Nothing };
    let mut all = vec![
        of("no certificate".to_owned(), None),
        of("gateway's certificate of another authority".to_owned(), Some(foreign)),
    ];
    for workload in [Workload::Auth, Workload::Reasoning, Workload::SchemaRouter, Workload::Query] {
        all.push(of(format!("{workload}'s certificate"), Some(identity(workload))));
    }
    let bootstrap = Identity::from_pem(
        std::fs::read(pki.bootstrap_certificate()).unwrap(),
        std::fs::read(pki.bootstrap_key()).unwrap(),
    );
    all.push(of("bootstrap certificate".to_owned(), Some(bootstrap)));
    for workload in [Workload::Operator, Workload::Gateway] {
        for (wrong, what) in Wrong::ALL {
            let name = format!("{workload}'s certificate, {what}");
            all.push(Credential { name, identity: Some(identity(workload)), wrong });
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_access_matrix_is_the_reviewed_one() {
    let bench = Bench::start(&World::library(2)).await;
    let ca = Certificate::from_pem(std::fs::read(bench.mesh.pki().ca()).unwrap());
    let credentials = credentials(&bench);
    let pool = DescriptorPool::decode(splitplane_proto::DESCRIPTOR_SET).unwrap();
    let mut chain = Chain { bench: &bench, operator: Operator::of(&bench).await, pool };
    let mut matrix = String::new();
    for (workload, path) in methods() {
        writeln!(matrix, "{workload} {path}").unwrap();
        for credential in &credentials {
            let Some(call) = chain.call(&path, credential.wrong).await else { continue };
            let channel = connect(&bench.address(workload), &ca, credential.identity.as_ref()).await;
            let outcome = outcome(channel, call, &path).await;
            writeln!(matrix, "    {}: {outcome}", credential.name).unwrap();
        }
    }
    bench.mesh.stop().await.unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/access-matrix.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &matrix).unwrap();
    }
    let reviewed = std::fs::read_to_string(&golden).unwrap();
    assert_eq!(matrix, reviewed, "the matrix changed: review it, then UPDATE_GOLDEN=1");
}
