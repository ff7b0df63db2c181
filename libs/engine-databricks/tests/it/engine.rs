//! The engine over the strict server: what it sends, what it makes of answers, and what it does when something breaks.

use crate::ledger::{self, Ledger, TENANT, config, limits, open, opened, opened_with, run, source};
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
    // The zone at the opening, and again beside the look at the table; the statement beside its check.
    let zone = "SELECT current_timezone() AS zone";
    assert_eq!((texts.len(), texts[0].as_str()), (5, zone), "{texts:#?}");
    assert!(texts[1..3].iter().any(|text| text == zone), "{texts:#?}");
    assert!(
        texts[1..3].iter().any(|text| text == "SELECT * FROM `main`.`sales`.`orders` LIMIT 0"),
        "{texts:#?}"
    );
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
    // All but what the opening asked, which was asked for nobody.
    let seen = bench.seen().tags;
    assert!(seen[1..].iter().all(|seen| seen[..] == tags), "{seen:?}");
    assert_eq!(seen[0], [tags[0].clone(), tags[2].clone()]);
}

#[tokio::test]
async fn no_barrier_stands_above_partitions_and_a_table_that_has_them_not_is_an_error() {
    let (ledger, bench, _engine) = opened().await;
    let mut sources = source("main.sales.orders", "");
    sources.values_mut().for_each(|source| source.partitions = vec!["tenant".to_owned()]);
    let engine = open(&bench, config(sources), |_| {}).await.unwrap();
    ledger.set(|answers| {
        answers.description =
            &["tenant", "place", "amount", "# Partition Information", "# col_name", "tenant"];
    });
    run(&engine).await.unwrap();
    let texts = ledger.texts();
    assert!(texts.iter().any(|text| text.starts_with("WITH ") && !text.contains("LIMIT 1000")), "{texts:#?}");
    ledger.set(|answers| {
        answers.description =
            &["tenant", "place", "amount", "# Clustering Information", "# col_name", "tenant"];
    });
    assert_eq!(run(&engine).await.err().as_ref().map(class), Some("warehouse"));
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
async fn an_error_of_a_statement_has_its_class_and_the_next_one_works() {
    let (ledger, _bench, engine) = opened().await;
    for (failure, expected) in [
        (("BAD_REQUEST", "22012"), "data"),
        (("BAD_REQUEST", "42P01"), "warehouse"),
        (("BAD_REQUEST", "42704"), "warehouse"),
        (("BAD_REQUEST", "42703"), "plan"),
        (("BAD_REQUEST", "53200"), "memory"),
        (("BAD_REQUEST", "57KD0"), "time"),
        (("BAD_REQUEST", "KD001"), "unavailable"),
        (("INTERNAL_ERROR", "XX000"), "unavailable"),
    ] {
        ledger.set(|answers| answers.failure = Some(failure));
        let error = run(&engine).await.unwrap_err();
        assert!(!error.to_string().contains("TEXT-OF-THE-ENGINE"));
        assert_eq!(class(&error), expected, "{failure:?}");
        ledger.set(|answers| answers.failure = None);
        run(&engine).await.unwrap();
    }
    // Nothing of the statement is sent yet: what cannot be planned is the table.
    ledger.set(|answers| answers.look_failure = Some(("BAD_REQUEST", "42703")));
    assert_eq!(class(&run(&engine).await.unwrap_err()), "warehouse");
}

/// What the statement reads of the column `amount`, and how the scope's column is compared.
fn statements(ledger: &Ledger) -> Vec<String> {
    ledger.texts().into_iter().filter(|text| text.starts_with("WITH ")).collect()
}

#[tokio::test]
async fn a_statement_is_planned_with_the_types_of_now() {
    let (ledger, _bench, engine) = opened().await;
    run(&engine).await.unwrap();
    for (table, expected) in [
        (
            [("tenant", "STRING"), ("amount", "INT")].as_slice(),
            Ok("SELECT CAST(`amount` AS BIGINT) AS `amount`"),
        ),
        (&[("tenant", "STRING"), ("amount", "DATE")], Err("warehouse")),
        (&[("tenant", "STRING"), ("AMOUNT", "BIGINT")], Ok("SELECT `AMOUNT` AS `amount`")),
        (&[("tenant", "STRING")], Err("warehouse")),
        (&[("tenant", "BOOLEAN"), ("amount", "BIGINT")], Err("warehouse")),
        (&[("tenant", "STRING"), ("amount", "BIGINT")], Ok("SELECT `amount` FROM")),
    ] {
        ledger.set(|answers| answers.table = table);
        let before = statements(&ledger).len();
        let came = run(&engine).await.map(|_result| ()).map_err(|error| class(&error));
        assert_eq!(came, expected.map(|_text| ()), "{table:?}");
        let sent = &statements(&ledger)[before..];
        match expected {
            Ok(text) => assert!(sent.len() == 1 && sent[0].contains(text), "{table:?} {sent:?}"),
            Err(_class) => assert!(sent.is_empty(), "{table:?} {sent:?}"),
        }
    }
}

#[tokio::test]
async fn a_column_of_unknown_type_is_as_if_it_were_not_there_and_harms_no_other() {
    let (ledger, _bench, engine) = opened().await;
    for (table, expected) in [
        ([("tenant", "STRING"), ("amount", "BIGINT"), ("payload", "VARIANT")].as_slice(), Ok(10)),
        (&[("tenant", "STRING COLLATE UTF8_BINARY"), ("amount", "BIGINT")], Ok(10)),
        (&[("tenant", "STRING COLLATE UTF8_LCASE"), ("amount", "BIGINT")], Err("warehouse")),
        (&[("tenant", "STRING"), ("amount", "VARIANT")], Err("warehouse")),
    ] {
        ledger.set(|answers| answers.table = table);
        let came = run(&engine).await.map(|result| result.table.rows.len()).map_err(|error| class(&error));
        assert_eq!(came, expected, "{table:?}");
    }
}

#[tokio::test]
async fn no_request_is_served_after_the_zone_has_changed() {
    let (ledger, _bench, engine) = opened().await;
    run(&engine).await.unwrap();
    ledger.set(|answers| answers.zone = "Europe/Berlin");
    let error = run(&engine).await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("not UTC"), "{error:?}");
    let request = GrantsRequest {
        source: "sales".to_owned(),
        identity: vec![("tenant".to_owned(), TENANT.to_owned())],
        yields: vec!["place".to_owned()],
        transaction: None,
    };
    assert_eq!(class(&engine.read_grants(request).await.unwrap_err()), "internal");
    assert_eq!(statements(&ledger).len(), 1);
    ledger.set(|answers| answers.zone = "UTC");
    run(&engine).await.unwrap();
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_table_was_seen_to_hold_is_kept_for_the_catalog_until_a_request_sees_another() {
    let (ledger, _bench, engine) = opened().await;
    let looks = || ledger.texts().iter().filter(|text| text.ends_with(" LIMIT 0")).count();
    let names = async || {
        let engine = engine.clone();
        let columns = tokio::task::spawn_blocking(move || engine.columns("sales")).await.unwrap().unwrap();
        columns.into_iter().map(|column| column.name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["tenant", "place", "amount"]);
    assert_eq!((names().await.len(), looks()), (3, 1));
    ledger.set(|answers| answers.table = &[("tenant", "STRING"), ("amount", "BIGINT")]);
    run(&engine).await.unwrap();
    assert_eq!((names().await, looks()), (vec!["tenant".to_owned(), "amount".to_owned()], 2));
    ledger.set(|answers| answers.look_failure = Some(("BAD_REQUEST", "42P01")));
    assert_eq!(class(&run(&engine).await.unwrap_err()), "warehouse");
    ledger.set(|answers| answers.look_failure = None);
    assert_eq!((names().await.len(), looks()), (2, 4));
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
    let (ledger, bench, engine) = opened_with(|config| config.wait = Duration::ZERO).await;
    let begin = || {
        let engine = engine.clone();
        tokio::spawn(async move { run(&engine).await })
    };
    // The looks at the zone and at the table come first.
    bench.script(|faults| faults.is_endless = true);
    let begun = begin();
    bench.until("both run", |seen| seen.running == 2).await;
    begun.abort();
    bench.until("both are cancelled", |seen| seen.cancelled == 2 && seen.running == 0).await;
    assert_eq!(bench.seen().statements, 3);
    bench.script(|faults| *faults = Faults::default());
    ledger.set(|answers| answers.is_endless = true);
    let begun = begin();
    bench.until("both run", |seen| seen.running == 2 && seen.statements == 7).await;
    begun.abort();
    bench.until("both are cancelled", |seen| seen.cancelled == 4 && seen.running == 0).await;
    let limits = Limits { time_max: Duration::from_millis(300), ..limits() };
    let error = engine.execute(ledger::statement("SELECT amount FROM sales", limits)).await.unwrap_err();
    assert_eq!(class(&error), "time");
    bench.until("they are cancelled as well", |seen| seen.running == 0).await;
    ledger.set(|answers| answers.is_endless = false);
    assert!(tokio::time::timeout(LONG, run(&engine)).await.unwrap().is_ok());
}
