//! The demonstration, as a newcomer sees it: both figures to the cent, each attack where it is said.

use splitplane::answer::{Answer, answer};
use splitplane::caller::{ASK, Caller, question};
use splitplane::credentials::{Issuer, profile};
use splitplane::demo::{Script, play};
use splitplane::example::lay_out;
use splitplane::home::Home;
use splitplane::mesh::{Mesh, MeshOptions, RunningMesh};
use splitplane::profiles::names;
use splitplane::world::World;
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_service::{Clock, Workload};
use splitplane_types::{Cell, CompositeKey, Outcome};
use std::collections::BTreeMap;
use std::path::Path;

const SCRIPT: &str = include_str!("../../examples/restaurant/demo.yaml");

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_shows_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path()).unwrap();
    let clock = Clock::system();
    let world = lay_out(&home, clock.now()).unwrap();
    let report = play(&Script::parse(SCRIPT).unwrap(), &MeshOptions::new(home, world)).await.unwrap();
    assert!(report.is_as_expected(), "{report:#?}");

    let figure = |position: usize| {
        let answer = &report.answers[position].answer;
        let Cell::Decimal(amount) = &answer.table.as_ref().unwrap().rows[0][0] else { panic!("{answer:?}") };
        let coverage = answer.coverage.clone().unwrap();
        (amount.normalized(2).to_string(), coverage.covered, coverage.granted)
    };
    assert_eq!(figure(0), ("84000.00".to_owned(), 2, 2));
    assert_eq!(figure(1), ("9200000.00".to_owned(), 200, 200));
    assert_eq!(report.attacks.len(), 4);
    a_model_in_which_two_metrics_share_the_word_asks_back(folder.path(), &clock).await;
}

/// The same question, data and code; only the semantic model is another.
async fn a_model_in_which_two_metrics_share_the_word_asks_back(folder: &Path, clock: &Clock) {
    let home = Home::at(folder).unwrap();
    let laid_out = lay_out(&home, clock.now()).unwrap();
    let ambiguous = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .join("examples/restaurant/model-ambiguous.yaml");
    let world = World::at(&ambiguous, &laid_out.policy, &laid_out.data).unwrap();
    let options = MeshOptions::new(home, world);
    let mesh = Mesh::start(options).await.unwrap();
    let issuer = Issuer::at(&mesh.addresses().local(Workload::Auth), &mesh.certificates()).unwrap();
    let script = Script::parse(SCRIPT).unwrap();
    let combinations = mesh_combinations(&mesh);
    let composite = &combinations[&script.callers[0].profile];
    let caller = Caller::new(&profile(&mesh, &issuer, composite).await.unwrap(), clock.clone()).unwrap();
    let asked = now(&caller, &script.question).await;
    assert_eq!(asked.outcome, Outcome::Clarify, "{asked:?}");
    let options = asked.clarification.unwrap().options;
    assert_eq!(options.len(), 2, "{options:?}");
    let mut metrics = std::collections::BTreeSet::new();
    for option in &options {
        let answer = now(&caller, option).await;
        assert_eq!(answer.outcome, Outcome::Answered, "{option}: {answer:?}");
        metrics.insert(answer.interpretation.unwrap().metrics);
    }
    assert_eq!(metrics.len(), 2, "both options lead to the same metric");
    mesh.stop().await.unwrap();
}

async fn now(caller: &Caller, text: &str) -> Answer {
    let message = AskRequest { question: Some(question(text, None)), conversation: String::new() };
    answer(caller, caller.signer().request(ASK, message).unwrap(), &mut |_| {}).await.unwrap()
}

/// Profiles by name, as `up` names them from the registry that it wrote.
fn mesh_combinations(mesh: &RunningMesh) -> BTreeMap<String, CompositeKey> {
    let registry = std::fs::read_to_string(mesh.registry()).unwrap();
    let value = |line: &str, key: &str| {
        let rest = line.split(&format!("{key}: \"")).nth(1)?;
        Some(rest.split('"').next()?.to_owned())
    };
    let keys = registry.lines().filter(|line| line.contains("role:")).filter_map(|line| {
        let ids = [value(line, "tenant")?, value(line, "business")?, value(line, "admin")?];
        ids.join("/").parse::<CompositeKey>().ok()
    });
    names(&keys.collect())
}
