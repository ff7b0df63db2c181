//! What goes wrong, by class; what is tried again and what is not.

use crate::support::{Bench, LONG, all, class, options, statement};
use splitplane_engine_databricks::testing::{Faults, Options};
use splitplane_engine_databricks::{Parameter, SqlType, Statement};
use std::error::Error as _;
use std::time::Duration;

#[tokio::test]
async fn a_failed_statement_has_the_class_of_its_state_and_is_not_repeated() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let cases = [
        ("fail BAD_REQUEST 22012", "data"),
        ("fail BAD_REQUEST 42703", "plan"),
        ("fail BAD_REQUEST 53200", "limit"),
        ("fail BAD_REQUEST 57KD0", "time"),
        ("fail BAD_REQUEST KD001", "engine"),
        ("fail BAD_REQUEST ZZ999", "engine"),
        ("fail INTERNAL_ERROR XX000", "engine"),
        ("fail TEMPORARILY_UNAVAILABLE ", "unavailable"),
        ("fail DEADLINE_EXCEEDED ", "time"),
    ];
    for (text, expected) in cases {
        assert_eq!(class(&client, statement(text)).await, expected, "{text}");
    }
    assert_eq!(bench.seen().statements, 9);
}

#[tokio::test]
async fn the_words_of_the_engine_stand_in_the_chain_alone() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let error = client.run(statement("fail BAD_REQUEST 22012")).await.unwrap_err();
    assert!(!error.to_string().contains("TEXT-OF-THE-ENGINE"));
    assert!(error.source().unwrap().to_string().contains("TEXT-OF-THE-ENGINE"));
}

#[tokio::test]
async fn the_last_state_of_a_statement_decides() {
    for (state, expected) in [("CANCELED", "cancelled"), ("CLOSED", "incomplete")] {
        let bench = Bench::new().await;
        bench.script(|faults| faults.final_state = Some(state));
        assert_eq!(class(&bench.client().await, statement("rows 1")).await, expected);
    }
    let bench = Bench::new().await;
    bench.script(|faults| faults.final_state = Some("SOMETHING_NEW"));
    assert_eq!(class(&bench.client().await, statement("rows 1")).await, "protocol");
}

#[tokio::test]
async fn a_moment_of_throttling_passes_and_a_long_one_is_told() {
    type Change = fn(&mut Faults, u32);
    let cases: [(Change, &str); 2] = [
        (|faults, n| faults.throttled = n, "throttled"),
        (|faults, n| faults.unavailable = n, "unavailable"),
    ];
    for (change, expected) in cases {
        let bench = Bench::new().await;
        let client = bench.client().await;
        bench.script(|faults| {
            faults.retry_after_seconds = Some(0);
            change(faults, 3);
        });
        assert_eq!(all(&client, statement("rows 10")).await.unwrap().num_rows(), 10);
        assert_eq!(bench.seen().statements, 1);
        bench.script(|faults| change(faults, 4));
        assert_eq!(class(&client, statement("rows 10")).await, expected);
        // A pause beyond the deadline is not waited for.
        bench.script(|faults| {
            faults.retry_after_seconds = Some(3600);
            change(faults, 1);
        });
        let before = bench.seen().requests;
        assert_eq!(class(&client, statement("rows 10")).await, expected);
        assert_eq!(bench.seen().requests, before + 1);
    }
}

#[tokio::test]
async fn a_statement_that_may_have_begun_is_not_sent_again() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    bench.script(|faults| faults.submissions_dropped = 1);
    assert_eq!(class(&client, statement("rows 1")).await, "unavailable");
    assert_eq!(bench.seen().statements, 1);
    bench.script(|faults| faults.internal = 1);
    assert_eq!(class(&client, statement("rows 1")).await, "engine");
    assert_eq!(bench.seen().statements, 1);
}

#[tokio::test]
async fn a_question_is_asked_again_where_its_answer_failed() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let mut stream = client.run(statement("rows 12")).await.unwrap();
    bench.script(|faults| faults.internal = 3);
    let mut rows = 0;
    while let Some(batch) = futures::StreamExt::next(&mut stream).await {
        rows += batch.unwrap().num_rows();
    }
    assert_eq!(rows, 12);
}

#[tokio::test]
async fn a_workspace_that_is_not_there_is_unavailable() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    assert!(all(&client, statement("rows 1")).await.is_ok());
    let Bench { server, proof: _proof, .. } = bench;
    drop(server);
    assert_eq!(class(&client, statement("rows 1")).await, "unavailable");
}

#[tokio::test]
async fn a_statement_that_is_not_kept_any_more_is_incomplete() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    bench.script(|faults| {
        faults.polls_unfinished = 1;
        faults.polls_unknown = 1;
    });
    assert_eq!(class(&client, statement("rows 1")).await, "incomplete");
}

#[tokio::test]
async fn an_id_that_is_more_than_one_segment_is_never_put_into_a_path() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for id in ["../../secrets", "a/b", "a?b", "a%2fb", "", "a#b", "a b"] {
        bench.script(|faults| faults.statement_id = Some(id.to_owned()));
        assert_eq!(class(&client, statement("rows 10")).await, "protocol", "{id}");
    }
    assert_eq!((bench.seen().polls, bench.seen().chunks), (0, 0));
}

#[tokio::test]
async fn an_answer_for_another_statement_is_no_answer() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    bench.script(|faults| {
        faults.polls_unfinished = 1;
        faults.polled_id = Some("another".to_owned());
    });
    assert_eq!(class(&client, statement("rows 1")).await, "protocol");
    assert_eq!(bench.seen().polls, 1);
}

#[tokio::test]
async fn what_could_be_no_request_is_not_sent() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let parameter = |name: &str| Parameter { name: name.to_owned(), value: None, sql_type: SqlType::Int };
    let tags = vec![("a".to_owned(), "b".to_owned()); 21];
    let mut wrong = vec![
        Statement { text: "x".repeat(16 * 1024 * 1024 + 1), ..statement("") },
        Statement { tags, ..statement("echo") },
    ];
    for name in ["", "1a", "a b", "a'"] {
        wrong.push(Statement { parameters: vec![parameter(name)], ..statement("echo") });
    }
    for statement in wrong {
        assert_eq!(class(&client, statement).await, "protocol");
    }
    assert_eq!(bench.seen().requests, 0);
    // What only the workspace can know is refused by it.
    assert_eq!(class(&client, statement("rows ?")).await, "protocol");
    let client = bench.client_with(|config| config.warehouse_id = "other".to_owned()).await;
    assert_eq!(class(&client, statement("rows 1")).await, "engine");
    assert_eq!(bench.seen().statements, 0);
}

#[tokio::test]
async fn the_time_of_a_statement_bounds_the_reading_of_its_result() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    assert!(all(&client, Statement { time_max: LONG, ..statement("rows 10") }).await.is_ok());
    let none = Statement { time_max: Duration::ZERO, ..statement("rows 10") };
    assert_eq!(class(&client, none).await, "time");
}

#[tokio::test]
async fn a_workspace_whose_certificate_is_not_trusted_hears_nothing() {
    let bench = Bench::with(Options { is_tls: true, ..options() }).await;
    let client = bench.client_with(|config| config.ca_file = None).await;
    assert_eq!(class(&client, statement("rows 1")).await, "unavailable");
    assert_eq!((bench.seen().exchanges, bench.seen().requests), (0, 0));
    assert!(all(&bench.client().await, statement("rows 1")).await.is_ok());
}
