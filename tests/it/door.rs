//! Layer 3 with layers 1 and 2 behind it gone: the query service through its real door, by someone who
//! holds every signing key and makes session keys and receipts for anything they like.
//!
//! The worlds and statements are those of the engine's conformance kit. Whatever is signed, one combination
//! obtains what it would obtain from a warehouse without anyone else's rows.

use crate::inner_services::channel;
use crate::support::Bench;
use splitplane::home::Home;
use splitplane::mesh::MeshOptions;
use splitplane_engine::kit::statement::draft;
use splitplane_engine::kit::subject::Ask;
use splitplane_engine::kit::world::{Copy, World};
use splitplane_proto::query::v1::open_sandbox_response::Outcome as Opened;
use splitplane_proto::query::v1::query_service_client::QueryServiceClient;
use splitplane_proto::query::v1::{ExecuteRequest, OpenSandboxRequest, Sandbox};
use splitplane_semantics::{Policy, SemanticModel, load_model, load_policy};
use splitplane_service::{Clock, Workload};
use splitplane_session::{
    Feed, Minter, ReceiptClaims, ReceiptSigner, SessionGrant, SessionKey, SigningKey, VerifiedSession,
    Verifier, receipt_issuer,
};
use splitplane_types::{DataType, Digest, SessionId, Txn};
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};
use tonic::transport::Channel;
use tonic::{Request, Status};

const CALLER: &str = "c-1/h-1/a-1";
const COLLEAGUE: &str = "c-1/h-1/A-1";
const RELATIONS: [&str; 5] = ["harvests", "baskets", "weighings", "plots", "varieties"];

/// Fields that the model computes, and how.
const COMPUTED: [(&str, &str); 4] = [
    ("per_crate", "CAST(kilos AS DOUBLE) / crates"),
    ("noted", "CAST(note AS BIGINT) + 1"),
    ("tail", "word || '-' || note"),
    ("kilo", "1000.0 / CAST(grams AS DOUBLE)"),
];

/// Fields whose type the kit leaves to the files.
const UNDECLARED: [&str; 2] = ["extra", "soil"];

const POLICY: &str = r#"version: 1
model: orchards
calendar: { timezone: UTC, week_starts: monday, fiscal_year_starts: "01-01", fiscal_year_named_by: start }
grants:
  dataset: keepers
  identity: { tenant: coop, business: house, admin: admin }
  yields: { site: site }
datasets:
  harvests:
    scope: { tenant: coop, business: house, site: site }
    columns: { coop: hidden, house: hidden, grower: { mask: null }, phone: { mask: last4 }, tail: { mask: last2 } }
  baskets: { scope: { through: harvests, by: { harvest: id } }, columns: { weaver: { mask: last4 } } }
  weighings: { scope: { through: baskets, by: { basket: id } } }
  plots:
    scope:
      - { tenant: coop, business: house, site: site }
      - { through: harvests, by: { harvest: id, site: site } }
    columns: { coop: hidden, house: hidden }
  varieties: { public: the same list hangs in every shed }
limits: { rows: 1000000, bytes: 64MiB, seconds: 60, memory: 512MiB, concurrent_per_tenant: 8 }
"#;

/// One sandbox with every relation: a count over the smallest, by a dimension of each of the others.
const INTERPRETATION: &str = r#"{"metrics":["number_of_weighings"],"dimensions":[{"field":{"dataset":"varieties","field":"label"},"grain":null},{"field":{"dataset":"plots","field":"name"},"grain":null}],"filters":[],"period":null,"order":[],"limit":null}"#;

fn field(name: &str, data_type: Option<DataType>) -> String {
    let expression = COMPUTED.iter().find(|(computed, _)| *computed == name).map_or(name, |(_, text)| text);
    let data_type = data_type.map_or_else(String::new, |t| format!("datatype: {}, ", model_type(t)));
    format!(
        "          - {{ name: {name}, {data_type}expression: {{ dialects: [ {{ dialect: DATABRICKS, expression: \"{expression}\" }} ] }} }}\n"
    )
}

fn model_type(data_type: DataType) -> &'static str {
    match data_type {
        DataType::String => "String",
        DataType::Integer => "Integer",
        DataType::Decimal => "Decimal",
        DataType::Float => "Float",
        DataType::Boolean => "Boolean",
        DataType::Date => "Date",
        DataType::Timestamp => "DateTime",
        DataType::TimestampTz => "DateTimeTz",
    }
}

/// The semantic model of the kit's relations.
fn model(world: &World) -> String {
    let mut text = "version: \"0.2.0.dev0\"\nsemantic_model:\n  - name: orchards\n    datasets:\n".to_owned();
    let site = |world: &World| {
        let view = world.view().unwrap();
        let harvests = view.relations().iter().find(|relation| relation.name == "harvests").unwrap();
        harvests.columns.iter().find(|column| column.name == "site").unwrap().data_type
    };
    for relation in world.view().unwrap().relations() {
        let _ =
            writeln!(text, "      - name: {0}\n        source: lib.main.{0}\n        fields:", relation.name);
        if matches!(relation.name.as_str(), "harvests" | "plots") {
            text.push_str(&field("coop", Some(DataType::String)));
            text.push_str(&field("house", Some(DataType::String)));
        }
        for column in &relation.columns {
            let declared = !UNDECLARED.contains(&column.name.as_str());
            text.push_str(&field(&column.name, declared.then_some(column.data_type)));
        }
    }
    text.push_str("      - name: keepers\n        source: lib.main.keepers\n        fields:\n");
    for name in ["coop", "house", "admin"] {
        text.push_str(&field(name, Some(DataType::String)));
    }
    text.push_str(&field("site", Some(site(world))));
    text.push_str("    relationships:\n");
    for (from, to, mine, theirs) in [
        ("weighings", "baskets", "basket", "id"),
        ("baskets", "harvests", "harvest", "id"),
        ("baskets", "plots", "harvest", "harvest"),
        ("harvests", "varieties", "variety", "code"),
    ] {
        let _ = writeln!(
            text,
            "      - {{ name: {from}_to_{to}, from: {from}, to: {to}, from_columns: [{mine}], to_columns: [{theirs}] }}"
        );
    }
    text.push_str("    metrics:\n      - name: number_of_weighings\n        datatype: Integer\n        expression: { dialects: [ { dialect: ANSI_SQL, expression: \"COUNT(weighings.basket)\" } ] }\n");
    text
}

/// Someone who holds every key of the mesh.
struct Door {
    bench: Bench,
    query: QueryServiceClient<Channel>,
    minter: Minter,
    signer: ReceiptSigner,
    verifier: Verifier,
    model: SemanticModel,
    policy: Policy,
    ids: u128,
}

impl Door {
    /// A mesh over a warehouse that is written anew for every world.
    async fn open(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("model.yaml"), model(world)).unwrap();
        std::fs::write(at("policy.yaml"), POLICY).unwrap();
        world.write(&at("data"), Copy::Alone).unwrap();
        let files = splitplane::world::World::at(&at("model.yaml"), &at("policy.yaml"), &at("data")).unwrap();
        let home = Home::at(&at("home")).unwrap();
        let keys = home.keys();
        let model = load_model(&at("model.yaml")).unwrap();
        let policy = load_policy(&at("policy.yaml"), &model).unwrap();
        let bench = Bench::start_at(folder, MeshOptions::new(home, files), |_| {}).await;
        let query = QueryServiceClient::new(channel(&bench, Workload::Query, Workload::Operator).await);
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
        Self { bench, query, minter, signer, verifier, model, policy, ids: 0 }
    }

    /// Puts another copy of a world in the warehouse's place.
    fn fill(&self, world: &World, copy: Copy) {
        std::fs::remove_dir_all(self.bench.data()).unwrap();
        world.write(&self.bench.data(), copy).unwrap();
    }

    fn id(&mut self) -> u128 {
        self.ids += 1;
        self.ids
    }

    /// A session key for any combination; nobody was asked.
    fn key(&mut self, composite: &str) -> (SessionKey, VerifiedSession) {
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

    /// A sandbox with every relation, whatever layer 2 would have said.
    async fn sandbox(&mut self, key: &SessionKey, session: &VerifiedSession) -> Result<Sandbox, Status> {
        let claims = ReceiptClaims {
            interpretation: INTERPRETATION.to_owned(),
            model: self.model.digest,
            policy: self.policy.digest,
            as_of: "2026-11-20T12:00:00Z".to_owned(),
        };
        let receipt = self.signer.sign(session, &claims, Clock::system().now()).unwrap();
        let relations = RELATIONS.map(str::to_owned).to_vec();
        let message = OpenSandboxRequest { receipt, relations };
        match self.query.open_sandbox(with_key(key, message)).await?.into_inner().outcome {
            Some(Opened::Sandbox(sandbox)) => Ok(sandbox),
            other => panic!("{other:?}"),
        }
    }

    /// Everything that the service says to a statement.
    async fn run(&mut self, key: &SessionKey, sandbox: &Sandbox, sql: &str) -> String {
        let message = ExecuteRequest {
            sandbox_id: sandbox.sandbox_id.clone(),
            sql: sql.to_owned(),
            with_draft_rows: true,
        };
        let mut said = String::new();
        let mut parts = match self.query.execute(with_key(key, message)).await {
            Ok(parts) => parts.into_inner(),
            Err(status) => return refusal(&status),
        };
        loop {
            match parts.message().await {
                Ok(Some(part)) => said.push_str(&format!("{part:?}\n")),
                Ok(None) => return said,
                Err(status) => return said + &refusal(&status),
            }
        }
    }

    /// What the caller obtains by each statement, a colleague's asking before some of them included.
    async fn obtain(&mut self, statements: &[(String, bool)]) -> Vec<String> {
        let (key, session) = self.key(CALLER);
        let (colleagues_key, colleagues) = self.key(COLLEAGUE);
        let mut obtained = Vec::new();
        for three in statements.chunks(3) {
            let sandbox = self.sandbox(&key, &session).await.unwrap();
            let shown = Sandbox { sandbox_id: String::new(), ..sandbox.clone() };
            obtained.push(format!("{shown:?}"));
            for (sql, after_colleague) in three {
                if *after_colleague {
                    let theirs = self.sandbox(&colleagues_key, &colleagues).await.unwrap();
                    let _ = self.run(&colleagues_key, &theirs, sql).await;
                }
                obtained.push(self.run(&key, &sandbox, sql).await);
            }
        }
        obtained
    }
}

fn with_key<T>(key: &SessionKey, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("txn-token", key.expose().parse().unwrap());
    request
}

fn refusal(status: &Status) -> String {
    format!("{:?} {} {:?}", status.code(), status.message(), status.details())
}

const SEED: u64 = 2026;
const WORLDS: usize = 7;
const STATEMENTS: u64 = 30;

/// Worlds in which a site is text, as the mesh's model says once and for all.
fn worlds() -> Vec<World> {
    let is_text = |world: &World| model(world).contains("{ name: site, datatype: String,");
    let small = |world: &World| !world.is_large();
    (0..).map(|number| World::new(SEED, number)).filter(|w| is_text(w) && small(w)).take(WORLDS).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_what_they_like_still_gets_one_combinations_rows() {
    let worlds = worlds();
    let mut whole = Door::open(&worlds[0]).await;
    let mut alone = Door::open(&worlds[0]).await;
    let (mut answered, mut refused, mut number) = (0, 0, 0);
    for world in &worlds {
        whole.fill(world, Copy::Whole);
        alone.fill(world, Copy::Alone);
        let mut statements = Vec::new();
        while statements.len() < usize::try_from(STATEMENTS).unwrap() {
            let drafted = draft(world, SEED, number);
            number += 1;
            if let Ask::Statement(sql) = drafted.probe.ask {
                statements.push((sql, drafted.probe.after_colleague));
            }
        }
        let (theirs, own) = (whole.obtain(&statements).await, alone.obtain(&statements).await);
        for (seen, expected) in theirs.iter().zip(&own) {
            answered += usize::from(seen.contains("ResultHeader"));
            refused += usize::from(seen.contains("InvalidArgument") || seen.contains("NotFound"));
            assert_eq!(seen, expected, "{}", world.describe());
        }
    }
    let all = WORLDS * usize::try_from(STATEMENTS).unwrap();
    assert!(
        answered * 2 > all && refused > 0,
        "{answered} of {all} answered, {refused} refused: says little"
    );
    for door in [whole, alone] {
        door.bench.mesh.stop().await.unwrap();
    }
}
