//! Layer 3 with layers 1 and 2 behind it gone: the query service through its real door, by someone who
//! holds every signing key and makes session keys and receipts for anything they like.
//!
//! The worlds and statements are those of the engine's conformance kit. Whatever is signed, one combination
//! obtains what it would obtain from a warehouse without anyone else's rows.

use crate::forger::{Forger, with_key};
use crate::support::Bench;
use splitplane::home::Home;
use splitplane::mesh::MeshOptions;
use splitplane_engine::kit::statement::draft;
use splitplane_engine::kit::subject::Ask;
use splitplane_engine::kit::world::{Copy, World};
use splitplane_proto::query::v1::{ExecuteRequest, Sandbox};
use splitplane_semantics::{load_model, load_policy};
use splitplane_session::{SessionKey, VerifiedSession};
use splitplane_types::DataType;
use std::fmt::Write as _;
use tonic::Status;

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
const INTERPRETATION: &str = r#"{"metrics":["number_of_weighings"],"dimensions":[{"field":{"dataset":"varieties","field":"label"},"grain":null},{"field":{"dataset":"plots","field":"name"},"grain":null}],"filters":[],"period":null,"comparison":null,"thresholds":[],"shares":false,"order":[],"limit":null,"buckets":{"week_starts":"monday","day_starts":"00:00:00"}}"#;

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

/// A mesh over a warehouse that is written anew for every world, and someone who holds its keys.
struct Door {
    bench: Bench,
    forger: Forger,
}

impl Door {
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
        let forger = Forger::with_keys_of(&bench, &keys, (&model, &policy)).await;
        Self { bench, forger }
    }

    /// Puts another copy of a world in the warehouse's place.
    fn fill(&self, world: &World, copy: Copy) {
        std::fs::remove_dir_all(self.bench.data()).unwrap();
        world.write(&self.bench.data(), copy).unwrap();
    }

    /// A sandbox with every relation.
    async fn sandbox(&mut self, key: &SessionKey, session: &VerifiedSession) -> Sandbox {
        self.forger.sandbox((key, session), INTERPRETATION, &RELATIONS.map(str::to_owned)).await.unwrap()
    }

    /// Everything that the service says to a statement.
    async fn run(&mut self, key: &SessionKey, sandbox: &Sandbox, sql: &str) -> String {
        let message = ExecuteRequest {
            sandbox_id: sandbox.sandbox_id.clone(),
            sql: sql.to_owned(),
            with_draft_rows: true,
        };
        let mut said = String::new();
        let mut parts = match self.forger.query.execute(with_key(key, message)).await {
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
        let (key, session) = self.forger.key(CALLER);
        let (colleagues_key, colleagues) = self.forger.key(COLLEAGUE);
        let mut obtained = Vec::new();
        for (sql, after_colleague) in statements {
            let sandbox = self.sandbox(&key, &session).await;
            let shown = Sandbox { sandbox_id: String::new(), ..sandbox.clone() };
            obtained.push(format!("{shown:?}"));
            if *after_colleague {
                let theirs = self.sandbox(&colleagues_key, &colleagues).await;
                let _ = self.run(&colleagues_key, &theirs, sql).await;
            }
            obtained.push(self.run(&key, &sandbox, sql).await);
        }
        obtained
    }
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
            answered += usize::from(seen.contains("DraftHeader"));
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
