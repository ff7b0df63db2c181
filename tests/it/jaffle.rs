//! Real restaurant data that nobody here made, with known answers: `SPLITPLANE_JAFFLE` is its folder.

use crate::support::{Bench, table};
use splitplane::answer::{Answer, answer};
use splitplane::caller::{ASK, question};
use splitplane::home::Home;
use splitplane::mesh::MeshOptions;
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_types::{Cell, Decimal, Outcome};
use std::io::Write as _;
use std::path::{Path, PathBuf};

const FINN: &str = "jaffle-group/jaffle-classic/finn.franchise";
const ADA: &str = "jaffle-group/jaffle-classic/ada.brand";
const RUTH: &str = "toastie-group/toastie-house/ruth.rival";

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("SPLITPLANE_JAFFLE").map(PathBuf::from);
    if folder.is_none() {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: SPLITPLANE_JAFFLE is not set: nothing was checked on outside data"
        );
    }
    folder
}

async fn start(data: &Path) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples/jaffle");
    let world = splitplane::world::World::at(&example.join("model.yaml"), &example.join("policy.yaml"), data)
        .unwrap();
    let options = MeshOptions::new(Home::at(folder.path()).unwrap(), world);
    Bench::start_at(folder, options, |_| {}).await
}

async fn ask(bench: &Bench, composite: &str, text: &str) -> Answer {
    let caller = bench.caller(composite).await;
    let request = caller
        .signer()
        .request(ASK, AskRequest { question: Some(question(text, None)), conversation: String::new() })
        .unwrap();
    let answer = answer(&caller, request, &mut |_| {}).await.unwrap();
    assert_eq!(answer.outcome, Outcome::Answered, "{text}: {answer:?}");
    answer
}

fn decimal(cell: &Cell) -> Decimal {
    match cell {
        Cell::Decimal(amount) => *amount,
        other => panic!("not an amount: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn known_answers_come_out_to_the_cent() {
    let Some(data) = data() else { return };
    let bench = start(&data).await;
    let total = "What was the total of orders between 2021-05-01 and 2021-08-30?";
    let figure = |answer: &Answer| decimal(&table(answer).rows[0][0]).normalized(2).to_string();
    assert_eq!(figure(&ask(&bench, FINN, total).await), "738611.69");
    assert_eq!(figure(&ask(&bench, ADA, total).await), "1431096.71");
    let counted = ask(&bench, FINN, "number of orders between 2021-05-01 and 2021-08-30").await;
    assert_eq!(table(&counted).rows, [[Cell::Integer(67_012)]]);
    let counted = ask(&bench, ADA, "number of orders between 2021-05-01 and 2021-08-30").await;
    assert_eq!(table(&counted).rows, [[Cell::Integer(128_430)]]);

    let by_store = ask(&bench, RUTH, "total of orders by store between 2021-05-01 and 2021-08-30").await;
    let rows = &table(&by_store).rows;
    let cents: i128 = rows.iter().map(|row| decimal(row.last().unwrap()).normalized(2).unscaled()).sum();
    assert_eq!(cents, 144_562_589, "{rows:?}");
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rival_gets_neither_a_row_nor_a_name_of_the_other_group() {
    let Some(data) = data() else { return };
    let bench = start(&data).await;
    let answer = ask(&bench, RUTH, "total of orders by store").await;
    let seen = format!("{answer:?}");
    assert!(
        !seen.contains("jaffle-group")
            && !seen.contains("jaffle-classic")
            && !seen.contains("jaffle-express")
    );
    let mine: i128 =
        table(&answer).rows.iter().map(|row| decimal(row.last().unwrap()).normalized(2).unscaled()).sum();
    assert_eq!(mine, 144_562_589);
    bench.mesh.stop().await.unwrap();
}
