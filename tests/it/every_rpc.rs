//! Tests of absence: every method of the API with every wrong credential, as a golden table.
//!
//! A new method changes the table, and so cannot be added without somebody deciding who may call it.

use crate::support::{ANN, Bench, as_of};
use prost_reflect::DescriptorPool;
use secrecy::ExposeSecret as _;
use splitplane::caller::question;
use splitplane::pki::{Authority, Names, Validity};
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

/// What calls are made with.
struct Credential {
    name: String,
    identity: Option<Identity>,
    key: Option<String>,
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
            "splitplane.query.v1.QueryService" => Workload::Query,
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

async fn outcome(address: &str, ca: &Certificate, credential: &Credential, path: &str) -> String {
    let mut tls = ClientTlsConfig::new().ca_certificate(ca.clone());
    if let Some(identity) = &credential.identity {
        tls = tls.identity(identity.clone());
    }
    let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap().tls_config(tls).unwrap();
    let Ok(channel) = endpoint.connect().await else { return "no connection".to_owned() };
    match call(channel, credential, path).await {
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

async fn call(channel: Channel, credential: &Credential, path: &str) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
    let mut request = Request::new(());
    request.set_timeout(Duration::from_secs(10));
    if let Some(key) = &credential.key {
        request.metadata_mut().insert("txn-token", key.parse().unwrap());
    }
    let codec: ProstCodec<(), ()> = ProstCodec::default();
    let mut answer = client.server_streaming(request, path.parse().unwrap(), codec).await?.into_inner();
    answer.message().await.map(|_| ())
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

async fn credentials(bench: &Bench) -> Vec<Credential> {
    let session = bench.caller(ANN).await.open_session(question("total fees", Some(as_of()))).await.unwrap();
    let valid = session.session_key;
    let tampered = format!("{}A", &valid[..valid.len() - 1]);
    let tampered = if tampered == valid { format!("{}B", &valid[..valid.len() - 1]) } else { tampered };
    let expired = expired_key(bench, &valid);
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
    let of = |name: &str, identity: Option<Identity>, key: Option<&str>| Credential {
        name: name.to_owned(),
        identity,
        key: key.map(str::to_owned),
    };
    let mut all = vec![
        of("no certificate", None, Some(&valid)),
        of("gateway's certificate of another authority", Some(foreign), Some(&valid)),
    ];
    for workload in [Workload::Auth, Workload::Reasoning, Workload::SchemaRouter, Workload::Query] {
        all.push(of(&format!("{workload}'s certificate"), Some(identity(workload)), Some(&valid)));
    }
    let bootstrap = Identity::from_pem(
        std::fs::read(pki.bootstrap_certificate()).unwrap(),
        std::fs::read(pki.bootstrap_key()).unwrap(),
    );
    all.push(of("bootstrap certificate", Some(bootstrap), Some(&valid)));
    for workload in [Workload::Operator, Workload::Gateway] {
        for (what, key) in [
            ("no key", None),
            ("expired key", Some(&expired)),
            ("tampered key", Some(&tampered)),
            ("valid key", Some(&valid)),
        ] {
            all.push(of(
                &format!("{workload}'s certificate, {what}"),
                Some(identity(workload)),
                key.map(String::as_str),
            ));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_access_matrix_is_the_reviewed_one() {
    let bench = Bench::start(&World::library(2)).await;
    let ca = Certificate::from_pem(std::fs::read(bench.mesh.pki().ca()).unwrap());
    let credentials = credentials(&bench).await;
    let mut matrix = String::new();
    for (workload, path) in methods() {
        writeln!(matrix, "{workload} {path}").unwrap();
        for credential in &credentials {
            let outcome = outcome(&bench.address(workload), &ca, credential, &path).await;
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
