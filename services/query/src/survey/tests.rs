//! The lab, the sandbox and an oracle agree on every pair of an admin and a row.

use super::*;
use crate::builder::SandboxBuilder;
use crate::masks::MaskKeys;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use splitplane_engine::{DataFusionEngine, EngineConfig, Statement, Warehouse};
use splitplane_lab::fixtures::{Size, Table, World};
use splitplane_lab::{Census, Lab};
use splitplane_semantics::{Policy, SemanticModel};
use splitplane_session::{Feed, Minter, SessionGrant, SigningKey, VerifiedSession, Verifier};
use splitplane_split_plane::{SandboxView, ViewRelation};
use splitplane_types::{Cell, CompositeKey, Digest, SessionId, Txn};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

#[path = "../../../../libs/lab/tests/oracle/literal.rs"]
#[expect(dead_code, reason = "the lab's own tests use the rest")]
mod literal;
use literal::Oracle;

const ISSUER: &str = "https://auth.test";
const DOMAIN: &str = "test";
const LIFE: Duration = Duration::from_secs(900);

/// Session keys for anybody.
struct Forge {
    minter: Minter,
    verifier: Verifier,
}

impl Forge {
    fn new() -> Self {
        let (key, _) = SigningKey::generate().unwrap();
        let verifier = Verifier::new(ISSUER.to_owned(), DOMAIN.to_owned(), LIFE);
        let feed = Feed {
            session_keys: vec![key.public_key().into()],
            receipt_keys: vec![SigningKey::generate().unwrap().0.public_key()],
            conversation_keys: Vec::new(),
            revocations: Vec::new(),
            minimum_epoch: 0,
            epoch: 0,
        };
        verifier.update(feed, UNIX_EPOCH + LIFE).unwrap();
        Self { minter: Minter::new(key, ISSUER.to_owned(), DOMAIN.to_owned(), LIFE), verifier }
    }

    fn session(&self, admin: &CompositeKey) -> VerifiedSession {
        let grant = SessionGrant {
            composite: admin.clone(),
            role: "clerk".parse().unwrap(),
            session_id: SessionId::from_parts(1, 1),
            txn: Txn::from_parts(1, 1),
            body_digest: Digest::of(b"question"),
            method: "/m".to_owned(),
            epoch: 1,
            principal: "p".parse().unwrap(),
            access_key_id: "ASIA".to_owned(),
            requesting_workload: "spiffe://test/gateway".to_owned(),
        };
        let now = UNIX_EPOCH + LIFE;
        let (key, _) = self.minter.mint(&grant, now).unwrap();
        self.verifier.verify(&key, now).unwrap()
    }
}

fn write(folder: &Path, table: &Table) {
    let column = |at: usize| -> ArrayRef {
        Arc::new(table.rows.iter().map(|row| row[at].as_deref()).collect::<StringArray>())
    };
    let columns = table.columns.iter().enumerate().map(|(at, name)| (name.as_str(), column(at)));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = std::fs::File::create(folder.join(format!("{}.parquet", table.source))).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Rows of a dataset as one admin's sandbox shows them, with how often each is there.
type Shown = BTreeMap<Vec<Option<String>>, u64>;

struct Subject {
    builder: SandboxBuilder,
    forge: Forge,
    limits: splitplane_types::Limits,
}

impl Subject {
    fn over(folder: &Path, model: &SemanticModel, policy: &Policy) -> Self {
        // Masks are not what is compared here: every column of every row is shown.
        let mut policy = policy.clone();
        for dataset in policy.datasets.values_mut() {
            dataset.columns.clear();
        }
        let mut model = model.clone();
        for field in model.datasets.iter_mut().flat_map(|dataset| &mut dataset.fields) {
            field.data_type = Some(splitplane_types::DataType::String);
        }
        let threads =
            EngineConfig { threads: 1, memory_bytes_max: 256 << 20, stack_bytes: EngineConfig::STACK_BYTES };
        let engine = DataFusionEngine::new(Warehouse::open(folder).unwrap(), &threads).unwrap();
        let limits = policy.limits.clone();
        let builder =
            SandboxBuilder { model, policy, engine: Arc::new(engine), masks: MaskKeys::new(&[7; 32]) };
        Self { builder, forge: Forge::new(), limits }
    }

    async fn shown(&self, admin: &CompositeKey, dataset: &str) -> Shown {
        let session = self.forge.session(admin);
        let sandbox = self.builder.enter(&session, &[dataset.to_owned()]).await.unwrap();
        let relation = sandbox.plane.relation(dataset).unwrap();
        let columns = relation.columns.iter().map(|column| splitplane_types::Column {
            name: column.name.clone(),
            data_type: splitplane_types::DataType::String,
            unit: None,
            masked: false,
        });
        let view = ViewRelation { name: dataset.to_owned(), columns: columns.collect() };
        let names: Vec<&str> = relation.columns.iter().map(|column| column.name.as_str()).collect();
        let sql = format!("SELECT {} FROM {dataset} ORDER BY {}", names.join(", "), names.join(", "));
        let query = SandboxView::new(vec![view], BTreeMap::new()).unwrap().guard(&sql).unwrap();
        let statement = Statement::new(Arc::clone(&sandbox.plane), query, self.limits.clone());
        let mut shown = Shown::new();
        for row in self.builder.engine.execute(statement).await.unwrap().table.rows {
            let text = |cell: Cell| match cell {
                Cell::Null => None,
                Cell::Text(text) => Some(text),
                other @ (Cell::Integer(_)
                | Cell::Decimal(_)
                | Cell::Float(_)
                | Cell::Boolean(_)
                | Cell::Date(_)
                | Cell::Timestamp(_)) => panic!("not a text: {other:?}"),
            };
            *shown.entry(row.into_iter().map(text).collect()).or_default() += 1;
        }
        shown
    }
}

/// What the rules say literally.
fn literally(oracle: &Oracle<'_>, model: &SemanticModel, admin: &CompositeKey, dataset: &str) -> Shown {
    let table = oracle.table(dataset);
    let of = model.dataset(dataset).unwrap();
    let columns: Vec<usize> = of
        .fields
        .iter()
        .map(|field| match &field.expression {
            splitplane_semantics::FieldExpression::Column(column) => table.position(column).unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    let mut shown = Shown::new();
    for (number, row) in table.rows.iter().enumerate() {
        if oracle.sees(dataset, number, admin) {
            *shown.entry(columns.iter().map(|at| row[*at].clone()).collect()).or_default() += 1;
        }
    }
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_the_lab_and_an_oracle_agree_on_every_admin_and_row() {
    let (mut pairs, mut seen) = (0_usize, 0_u64);
    for seed in 0..6 {
        let world = World::of_seed(seed, Size { admins: 60, rows: 40 });
        let (model, policies) = world.load().unwrap();
        let folder = tempfile::tempdir().unwrap();
        world.tables.tables.iter().for_each(|table| write(folder.path(), table));
        let warehouse = Warehouse::open(folder.path()).unwrap();
        for policy in &policies {
            let oracle = Oracle::new(&model, policy, &world.tables);
            let rows = WarehouseRows::new(&warehouse);
            let lab = Lab::open(&model, policy, &rows).unwrap();
            let census: Census = lab.census().unwrap();
            let subject = Subject::over(folder.path(), &model, policy);
            assert_eq!(census.admins(), oracle.admins());
            for admin in oracle.admins() {
                for dataset in policy.datasets.keys() {
                    let expected = literally(&oracle, &model, admin, dataset);
                    let shown = subject.shown(admin, dataset).await;
                    assert_eq!(shown, expected, "seed {seed}: {admin} {dataset}");
                    let count: u64 = expected.values().sum();
                    assert_eq!(
                        census.rows_seen(dataset, admin),
                        Some(count),
                        "seed {seed}: {admin} {dataset}"
                    );
                    pairs += oracle.table(dataset).rows.len();
                    seen += count;
                }
            }
        }
    }
    assert!(pairs > 100_000 && seen > 1_000, "{pairs} pairs, {seen} seen: that says little");
}

#[test]
fn a_survey_that_is_called_off_is_no_answer() {
    let world = World::of_seed(1, Size { admins: 10, rows: 10 });
    let (model, [policy, _]) = world.load().unwrap();
    let folder = tempfile::tempdir().unwrap();
    world.tables.tables.iter().for_each(|table| write(folder.path(), table));
    let warehouse = Warehouse::open(folder.path()).unwrap();
    let stop = Stop::default();
    let rows = WarehouseRows::until(&warehouse, stop.clone());
    let lab = Lab::open(&model, &policy, &rows).unwrap();
    assert!(lab.census().is_ok());
    stop.set();
    assert!(lab.census().is_err());
}
