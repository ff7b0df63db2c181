//! Bedrock in a whole mesh: the real client of the SDK, against an endpoint that answers from a script.
//!
//! Every task of an Ask goes there. The figures are what was asked, whatever statement comes back; what was used is told; and
//! no prompt but that of the analysis holds anything of the warehouse, or who is asking.

use crate::endpoint::{Endpoint, Reply, Sent, text};
use crate::support::{ANN, Bench, ask, cents};
use serde_json::{Value, json};
use splitplane_llm::Form;
use splitplane_testkit::World;
use splitplane_types::{ModelUsage, Outcome};
use std::sync::Arc;

/// Tokens of one scripted reply, those of the cache included.
const READ: u64 = 100 + 1_000 + 3;
const WRITTEN: u64 = 20;

fn understood() -> Reply {
    let interpretation = json!({
        "metrics": ["total_fees"], "dimensions": [], "filters": [], "period": null, "comparison": null,
        "thresholds": [], "shares": false, "order": [], "limit": null,
    });
    let outcome = json!({ "outcome": "supported", "interpretation": interpretation, "question": null, "options": [], "nearest": [] });
    text(&outcome)
}

fn script(sql: &str, narrative: &str) -> [Reply; 4] {
    let routed = json!({ "relations": ["loans"] });
    [understood(), text(&routed), text(&json!({ "sql": sql })), text(&json!({ "narrative": narrative }))]
}

fn task_of(sent: &Sent) -> String {
    let format = &sent.body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["name"];
    format.as_str().unwrap().to_owned()
}

/// Everything that a prompt says.
fn words(sent: &Sent) -> String {
    let all = |value: &Value| value.to_string().to_lowercase();
    format!("{} {}", all(&sent.body["system"]), all(&sent.body["messages"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn bedrock_answers_in_a_whole_mesh_and_its_wrong_statement_changes_no_figure() {
    let world = World::library(6);
    let fees = world.fees_cents(ANN, "2026-01-01", "2026-12-31");
    let right = "SELECT SUM(loans.fee) AS total_fees FROM loans";
    let wrong = "SELECT COUNT(loans.loan_id) AS total_fees FROM loans";
    let replies =
        script(right, "Fees came to 123,456.78.").into_iter().chain(script(wrong, "Fees were charged."));
    let endpoint = Endpoint::start(replies).await;
    let model = Arc::new(endpoint.model(Form::Schema));
    let bench = Bench::start_with(&world, |options| options.language = Some(model)).await;
    let caller = bench.caller(ANN).await;

    let first = ask(&caller, "how much was charged in all?").await;
    assert_eq!(first.outcome, Outcome::Answered, "{:?}", first.error);
    assert_eq!((cents(&first), first.drafts.as_slice()), (fees, [right.to_owned()].as_slice()));
    let check = first.check.as_ref().unwrap();
    assert!(check.difference.is_empty(), "{check:?}");
    let narrative = first.narrative.as_ref().unwrap();
    assert!(!narrative.contains("123,456.78"), "an invented figure: {narrative}");
    let used =
        ModelUsage { calls: 4, input_tokens: 4 * READ, cache_read_tokens: 4_000, output_tokens: 4 * WRITTEN };
    assert_eq!(first.usage, used);

    let second = ask(&caller, "how much was charged in all?").await;
    assert_eq!((second.outcome, cents(&second)), (Outcome::Answered, fees));
    let check = second.check.as_ref().unwrap();
    assert!(!check.difference.is_empty(), "{check:?}");

    let sent = endpoint.sent();
    let tasks: Vec<String> = sent.iter().map(task_of).collect();
    assert_eq!(tasks, ["validate", "route", "write_sql", "explain"].repeat(2));
    for request in &sent {
        let words = words(request);
        let ids = ["city-libraries", "rival-books", "north", "south", "\"ann\"", "/ann"];
        for id in ids {
            assert!(!words.contains(id), "`{id}` in the prompt of {}", task_of(request));
        }
        if task_of(request) != "explain" {
            for branch in &world.branches {
                let name = branch.name.to_lowercase();
                assert!(!words.contains(&name), "`{name}` in the prompt of {}", task_of(request));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_bedrock_is_no_answer_and_no_outage() {
    let world = World::library(4);
    let declined = crate::endpoint::converse("refusal", &json!([]));
    let endpoint = Endpoint::start([declined]).await;
    let model = Arc::new(endpoint.model(Form::Schema));
    let bench = Bench::start_with(&world, |options| options.language = Some(model)).await;
    let answer = bench.ask(ANN, "total fees").await;
    assert_eq!(answer.outcome, Outcome::Unsupported, "{answer:?}");
    assert_eq!((answer.table.is_none(), endpoint.sent().len()), (true, 1));
}
