//! The engine over the strict server: what it sends, what it makes of answers, and what it does when something breaks.

use crate::ledger::{self, Ledger, TENANT, config, limits, open, opened, run, source};
use crate::support::{Bench, LONG, options};
use splitplane_engine::{Catalog as _, Engine as _, EngineError, GrantsRequest};
use splitplane_engine_databricks::testing::Faults;
use splitplane_types::Limits;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

fn class(error: &EngineError) -> &'static str {
    match error {
        EngineError::Warehouse { .. } => "warehouse",
        EngineError::Unavailable { .. } => "unavailable",
        EngineError::Plan { .. } => "plan",
        EngineError::Data { .. } => "data",
        EngineError::RowsExceeded { .. } => "rows",
        EngineError::BytesExceeded { .. } => "bytes",
        EngineError::MemoryExceeded { .. } => "memory",
        EngineError::TimeExceeded { .. } => "time",
        EngineError::Busy => "busy",
        EngineError::Cancelled => "cancelled",
        EngineError::Internal { .. } => "internal",
    }
}

#[tokio::test]
async fn a_statement_is_one_text_over_three_part_names_and_no_value_is_in_it() {
    let (ledger, bench, engine) = opened().await;
    let result = run(&engine).await.unwrap();
    assert_eq!((result.table.rows.len(), result.table.columns[0].name.as_str()), (10, "amount"));
    let texts = ledger.texts();
    assert_eq!(texts.len(), 4, "{texts:#?}");
    assert_eq!(texts[1], "SELECT * FROM `main`.`sales`.`orders` LIMIT 0");
    let statement = texts.iter().find(|text| text.starts_with("WITH ")).unwrap();
    let scope = "WITH `sales` AS (SELECT `amount` FROM (SELECT * FROM (SELECT `amount`, `tenant` \
        FROM `main`.`sales`.`orders` WHERE `tenant` = :s0 AND CAST(`tenant` AS BINARY) = CAST(:s0 AS BINARY)) \
        AS d0 LIMIT 1000) AS d1) SELECT";
    assert!(statement.starts_with(scope), "{statement}");
    assert!(statement.contains(":p0") && !statement.contains("41"), "{statement}");
    assert!(texts.iter().all(|text| !text.contains(TENANT)));
    let sent = ledger.sent.lock().unwrap().clone();
    let check = sent.iter().find(|(text, _)| text.starts_with("SELECT 0 AS place")).unwrap();
    let values: Vec<_> = check.1.iter().map(|p| (p.name.as_str(), p.value.as_deref().unwrap())).collect();
    assert_eq!(values, [("s0", TENANT)]);
    let tags = [("application", "splitplane"), ("transaction", "txn-7"), ("team", "orchard")];
    let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
    // The statement and its check; before them the zone and the table's columns, which are asked for nobody.
    let seen = bench.seen().tags;
    assert!(seen[2..].iter().all(|seen| seen[..] == tags), "{seen:?}");
    assert!(seen[..2].iter().all(|seen| seen[..] == [tags[0].clone(), tags[2].clone()]), "{seen:?}");
}

#[tokio::test]
async fn an_answer_whose_barrier_was_reached_or_that_lost_a_value_is_none() {
    let (ledger, _bench, engine) = opened().await;
    for (counted, lost, expected) in [(999, 0, None), (1000, 0, Some("memory")), (3, 1, Some("warehouse"))] {
        ledger.set(|answers| (answers.counted, answers.lost) = (counted, lost));
        assert_eq!(run(&engine).await.err().as_ref().map(class), expected);
    }
}

#[tokio::test]
async fn a_result_has_no_more_rows_and_bytes_than_its_limits() {
    let (_ledger, _bench, engine) = opened().await;
    let with = |rows_max, bytes_max| {
        ledger::statement("SELECT amount FROM sales", Limits { rows_max, bytes_max, ..limits() })
    };
    assert_eq!(engine.execute(with(10, 80)).await.unwrap().bytes, 80);
    for (rows_max, bytes_max, expected) in
        [(9, 80, "rows"), (3, 80, "rows"), (0, 80, "rows"), (10, 79, "bytes")]
    {
        let error = engine.execute(with(rows_max, bytes_max)).await.unwrap_err();
        assert_eq!(class(&error), expected, "{rows_max} {bytes_max}");
    }
}

#[tokio::test]
async fn nothing_is_served_outside_utc_or_over_a_mapping_that_is_no_table() {
    for (zone, is_served) in [("UTC", true), ("Etc/UTC", true), ("Europe/Berlin", false), ("", false)] {
        let ledger = Arc::new(Ledger::default());
        ledger.set(|answers| answers.zone = zone);
        let bench = Bench::over(ledger, options()).await;
        let opened = open(&bench, config(source("a.b.c", "")), |_| {}).await;
        assert_eq!(opened.is_ok(), is_served, "{zone}");
        if let Err(error) = opened {
            assert!(error.source().unwrap().to_string().contains("not UTC"), "{error:?}");
        }
        for sources in [source("", "/data"), source("b.c", ""), source("a.b.c`", "")] {
            assert_eq!(class(&open(&bench, config(sources), |_| {}).await.unwrap_err()), "internal");
        }
    }
}

#[tokio::test]
async fn tags_of_ours_are_nobody_elses_to_set_and_there_are_no_more_than_a_statement_can_have() {
    let bench = Bench::over(Arc::new(Ledger::default()), options()).await;
    let tags = |keys: Vec<String>| keys.into_iter().map(|key| (key, "v".to_owned())).collect::<Vec<_>>();
    let many = |count: usize| tags((0..count).map(|at| format!("k{at}")).collect());
    let one = |key: &str| tags(vec![key.to_owned()]);
    for (tags, is_served) in [
        (many(18), true),
        (many(19), false),
        (one("team"), true),
        (one("application"), false),
        (one("transaction"), false),
    ] {
        let config = splitplane_engine_databricks::DatabricksConfig { tags, ..config(source("a.b.c", "")) };
        assert_eq!(open(&bench, config, |_| {}).await.is_ok(), is_served);
    }
}

#[tokio::test]
async fn the_columns_of_a_table_are_asked_once_and_again_after_a_failure_of_its_source() {
    let (ledger, _bench, engine) = opened().await;
    let asked = |ledger: &Ledger| ledger.texts().iter().filter(|text| text.ends_with(" LIMIT 0")).count();
    run(&engine).await.unwrap();
    run(&engine).await.unwrap();
    assert_eq!(asked(&ledger), 1);
    for (failure, expected) in [
        (("BAD_REQUEST", "22012"), "data"),
        (("BAD_REQUEST", "42P01"), "warehouse"),
        (("BAD_REQUEST", "42703"), "plan"),
        (("BAD_REQUEST", "53200"), "memory"),
        (("INTERNAL_ERROR", "XX000"), "unavailable"),
    ] {
        ledger.set(|answers| answers.failure = Some(failure));
        let error = run(&engine).await.unwrap_err();
        assert!(!error.to_string().contains("TEXT-OF-THE-ENGINE"));
        assert_eq!(class(&error), expected, "{failure:?}");
        ledger.set(|answers| answers.failure = None);
        run(&engine).await.unwrap();
    }
    // After the second failure and after the third.
    assert_eq!(asked(&ledger), 3, "{:#?}", ledger.texts());
    let (ledger, _bench, engine) = opened().await;
    ledger.set(|answers| answers.failure = Some(("BAD_REQUEST", "42703")));
    // Nothing of the statement was sent yet: what cannot be planned is the table.
    assert_eq!(class(&run(&engine).await.unwrap_err()), "warehouse");
}

#[tokio::test]
async fn grants_are_read_for_an_identity_alone() {
    let (_ledger, bench, engine) = opened().await;
    let before = bench.seen().statements;
    let request = GrantsRequest {
        source: "sales".to_owned(),
        identity: Vec::new(),
        yields: vec!["place".to_owned()],
        transaction: None,
    };
    assert_eq!(class(&engine.read_grants(request).await.unwrap_err()), "plan");
    assert_eq!(bench.seen().statements, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_says_what_it_holds_to_whoever_starts_a_service() {
    let (_ledger, _bench, engine) = opened().await;
    let asked = tokio::task::spawn_blocking(move || {
        let columns = engine.columns("sales").unwrap();
        let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["tenant", "place", "amount"]);
        assert!(engine.has("sales").unwrap() && !engine.has("another").unwrap());
        let misfits = engine.key_misfits("sales", &["tenant".to_owned(), "town".to_owned()], false).unwrap();
        assert_eq!(misfits.len(), 1);
        let mut rows = 0;
        let visit = &mut |_columns, count| {
            rows += count;
            std::ops::ControlFlow::Continue(())
        };
        engine.survey("sales", &["amount".to_owned()], visit).unwrap();
        assert!(engine.survey("sales", &["town".to_owned()], visit).is_err());
        assert_eq!(rows, 10);
    });
    asked.await.unwrap();
}

type Change = fn(&mut Faults);

#[tokio::test]
async fn what_breaks_is_an_error_of_its_class_and_the_next_statement_works() {
    let cases: [(&str, Change, &str); 8] = [
        ("throttled", |faults| faults.throttled = 1000, "unavailable"),
        ("unavailable", |faults| faults.unavailable = 1000, "unavailable"),
        (
            "links that expire whenever they are asked for",
            |faults| faults.links_expired = 1000,
            "unavailable",
        ),
        ("cancelled by somebody else", |faults| faults.final_state = Some("CANCELED"), "cancelled"),
        ("closed", |faults| faults.final_state = Some("CLOSED"), "unavailable"),
        ("fewer rows than announced", |faults| faults.rows_more = 1, "unavailable"),
        ("a chunk of other columns", |faults| faults.renamed_chunk = Some(0), "internal"),
        (
            "a statement that is not kept",
            |faults| {
                faults.polls_unfinished = 2;
                faults.polls_unknown = 1;
            },
            "unavailable",
        ),
    ];
    for (what, change, expected) in cases {
        let (_ledger, bench, engine) = opened().await;
        run(&engine).await.unwrap();
        bench.script(|faults| {
            faults.retry_after_seconds = Some(0);
            change(faults);
        });
        assert_eq!(class(&run(&engine).await.unwrap_err()), expected, "{what}");
        bench.script(|faults| *faults = Faults::default());
        assert_eq!(run(&engine).await.unwrap().table.rows.len(), 10, "{what}");
    }
}

#[tokio::test]
async fn what_passes_is_not_seen() {
    let (_ledger, bench, engine) = opened().await;
    bench.script(|faults| {
        faults.retry_after_seconds = Some(0);
        faults.throttled = 2;
        faults.links_expired = 1;
        faults.links_expired_by_time = 1;
        faults.tokens_refused = 1;
    });
    assert_eq!(run(&engine).await.unwrap().table.rows.len(), 10);
    assert_eq!(bench.seen().fetches_with_authorization, 0);
}

#[tokio::test]
async fn a_workspace_that_is_gone_is_unavailable() {
    let (_ledger, bench, engine) = opened().await;
    run(&engine).await.unwrap();
    let Bench { server, proof: _proof, .. } = bench;
    drop(server);
    assert_eq!(class(&run(&engine).await.unwrap_err()), "unavailable");
}

#[tokio::test]
async fn a_caller_who_leaves_and_a_time_that_ends_cancel_both_statements() {
    let (_ledger, bench, engine) = opened().await;
    run(&engine).await.unwrap();
    bench.script(|faults| (faults.is_endless, faults.polls_unfinished) = (true, 1_000_000));
    let begun = tokio::spawn({
        let engine = engine.clone();
        async move { run(&engine).await }
    });
    bench.until("both run", |seen| seen.running == 2 && seen.polls > 2).await;
    begun.abort();
    bench.until("both are cancelled", |seen| seen.cancelled == 2 && seen.running == 0).await;
    let limits = Limits { time_max: Duration::from_millis(300), ..limits() };
    let error = engine.execute(ledger::statement("SELECT amount FROM sales", limits)).await.unwrap_err();
    assert_eq!(class(&error), "time");
    bench.until("they are cancelled as well", |seen| seen.running == 0).await;
    bench.script(|faults| *faults = Faults::default());
    assert!(tokio::time::timeout(LONG, run(&engine)).await.unwrap().is_ok());
}
