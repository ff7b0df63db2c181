//! How an answer comes in: whole, taken up again, or an error.

#![expect(clippy::disallowed_methods, reason = "a server makes statuses")]

use super::double::*;
use super::proxy::Proxy;
use crate::connect::wire::fetch_error_details_response::{Error as Beneath, SparkThrowable};
use crate::{ConnectError, plan};
use futures::StreamExt as _;
use tonic::Status;

fn reattached(events: &[Event]) -> Vec<Option<String>> {
    let mut reattached = Vec::new();
    for event in events {
        if let Event::Reattach { last } = event {
            reattached.push(last.clone());
        }
    }
    reattached
}

fn executed(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Execute { .. })).count()
}

async fn answer(double: &Double) -> Result<Vec<i64>, ConnectError> {
    let session = double.client().session().unwrap();
    let answer = values(session.run(plan::sql("select n", vec![]), "tag-1").unwrap()).await;
    session.close().await.unwrap();
    answer
}

#[tokio::test]
async fn an_answer_is_asked_for_so_that_it_can_be_taken_up_again() {
    let double = Double::start(vec![vec![schema("a"), batch("b", 0, &[1, 2]), complete("c")]]).await;
    assert_eq!(answer(&double).await.unwrap(), [1, 2]);
    let events = double.events();
    assert!(
        matches!(&events[0], Event::Execute { tags, is_reattachable: true, .. } if *tags == ["tag-1"]),
        "{events:?}"
    );
    assert!(events.contains(&Event::ReleaseAll), "{events:?}");
    assert!(events.contains(&Event::ReleaseUntil("b".to_owned())), "{events:?}");
}

#[tokio::test]
async fn a_stream_that_breaks_inside_a_batch_is_taken_up_where_it_broke() {
    for status in [
        Status::unavailable("gone"),
        Status::unknown("gone"),
        Status::cancelled("gone"),
        spark_error("INVALID_CURSOR.DISCONNECTED", "HY109", ""),
    ] {
        let double = Double::start(vec![
            vec![schema("a"), batch("b", 0, &[1]), chunk("c", 1, &[2, 3], Some((0, 3))), Step::Fail(status)],
            vec![chunk("d", 1, &[2, 3], Some((1, 3))), Step::Fail(Status::unavailable("gone again"))],
            vec![chunk("e", 1, &[2, 3], Some((2, 3))), batch("f", 3, &[4]), complete("g")],
        ])
        .await;
        assert_eq!(answer(&double).await.unwrap(), [1, 2, 3, 4]);
        let events = double.events();
        assert_eq!(reattached(&events), [Some("c".to_owned()), Some("d".to_owned())]);
        assert_eq!(executed(&events), 1);
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_is_made_again_and_no_row_is_lost() {
    let double = Double::start(vec![
        vec![schema("a"), batch("b", 0, &[1]), Step::Hang],
        vec![batch("c", 1, &[2]), complete("d")],
    ])
    .await;
    let proxy = Proxy::to(double.address).await;
    let session = client_of(proxy.address, options()).session().unwrap();
    let mut batches = session.run(plan::sql("select n", vec![]), "t").unwrap();
    assert_eq!(batches.next().await.unwrap().unwrap().num_rows(), 1);
    proxy.cut();
    assert_eq!(values(batches).await.unwrap(), [2]);
    assert_eq!(reattached(&double.events()), [Some("b".to_owned())]);
}

#[tokio::test]
async fn a_stream_that_ends_without_its_end_is_taken_up_again() {
    let double = Double::start(vec![
        vec![schema("a"), batch("b", 0, &[1])],
        vec![],
        vec![batch("c", 1, &[2]), complete("d")],
    ])
    .await;
    assert_eq!(answer(&double).await.unwrap(), [1, 2]);
    assert_eq!(reattached(&double.events()), [Some("b".to_owned()), Some("b".to_owned())]);
}

#[tokio::test]
async fn a_stream_that_never_ends_properly_is_incomplete_and_its_plan_is_not_sent_again() {
    let double = Double::start(vec![vec![schema("a"), batch("b", 0, &[1])]]).await;
    assert!(matches!(answer(&double).await, Err(ConnectError::Incomplete { .. })));
    let events = double.events();
    assert_eq!((executed(&events), reattached(&events).len()), (1, 3), "{events:?}");
}

#[tokio::test]
async fn a_stream_that_breaks_often_is_taken_up_as_long_as_it_goes_on() {
    let broken = |index: i64| {
        vec![batch(&format!("b{index}"), index, &[index]), Step::Fail(Status::unavailable("gone"))]
    };
    let mut streams: Vec<Vec<Step>> = (0..10).map(broken).collect();
    streams[0].insert(0, schema("a"));
    streams.push(vec![complete("c")]);
    let double = Double::start(streams).await;
    assert_eq!(answer(&double).await.unwrap(), (0..10).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_response_that_comes_twice_counts_once() {
    let double = Double::start(vec![
        vec![schema("a"), batch("b", 0, &[1]), Step::Fail(Status::unavailable("gone"))],
        vec![batch("b", 0, &[1]), batch("c", 1, &[2]), complete("d")],
    ])
    .await;
    assert_eq!(answer(&double).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn an_operation_that_the_engine_lost_makes_the_answer_incomplete() {
    for (class, is_session) in
        [("INVALID_HANDLE.OPERATION_NOT_FOUND", false), ("INVALID_HANDLE.SESSION_NOT_FOUND", true)]
    {
        let double = Double::start(vec![
            vec![schema("a"), batch("b", 0, &[1]), Step::Fail(Status::unavailable("gone"))],
            vec![Step::Fail(spark_error(class, "HY000", ""))],
        ])
        .await;
        let error = answer(&double).await.unwrap_err();
        match is_session {
            true => assert!(matches!(error, ConnectError::SessionLost { .. }), "{error:?}"),
            false => assert!(matches!(error, ConnectError::Incomplete { .. }), "{error:?}"),
        }
        assert_eq!(reattached(&double.events()).len(), 1);
    }
}

#[tokio::test]
async fn an_answer_that_ends_inside_a_batch_is_incomplete() {
    let double =
        Double::start(vec![vec![schema("a"), chunk("b", 0, &[1, 2], Some((0, 2))), complete("c")]]).await;
    assert!(matches!(answer(&double).await, Err(ConnectError::Incomplete { .. })));
}

#[tokio::test]
async fn chunks_in_the_wrong_order_are_an_error_and_the_operation_is_interrupted() {
    let double = Double::start(vec![vec![
        schema("a"),
        chunk("b", 0, &[1, 2], Some((1, 2))),
        chunk("c", 0, &[1, 2], Some((0, 2))),
        Step::Hang,
    ]])
    .await;
    assert!(matches!(answer(&double).await, Err(ConnectError::Protocol { .. })));
    let events = double.events();
    assert!(events.iter().any(|event| matches!(event, Event::InterruptOperation(_))), "{events:?}");
}

#[tokio::test]
async fn an_engine_that_was_started_anew_has_lost_the_session() {
    let mut from_another = response("b", None);
    from_another.server_side_session_id = "server-2".to_owned();
    let double =
        Double::start(vec![vec![schema("a"), Step::Send(Box::new(from_another)), complete("c")]]).await;
    assert!(matches!(answer(&double).await, Err(ConnectError::SessionLost { .. })));

    let double = Double::start(vec![vec![schema("a"), batch("b", 0, &[1]), complete("c")]]).await;
    let session = double.client().session().unwrap();
    session.configure(&[("k", "v")]).await.unwrap();
    double.edit(|state| state.server_side = "server-2".to_owned());
    let batches = session.run(plan::sql("select n", vec![]), "t").unwrap();
    assert!(matches!(values(batches).await, Err(ConnectError::SessionLost { .. })));
    assert!(matches!(session.configure(&[("k", "v")]).await, Err(ConnectError::SessionLost { .. })));
}

#[tokio::test]
async fn an_answer_to_somebody_else_is_refused() {
    for (session, operation) in [("another", ""), ("", "another")] {
        let mut foreign = response("b", None);
        foreign.session_id = session.to_owned();
        foreign.operation_id = operation.to_owned();
        let double =
            Double::start(vec![vec![schema("a"), Step::Send(Box::new(foreign)), complete("c")]]).await;
        assert!(matches!(answer(&double).await, Err(ConnectError::Protocol { .. })));
    }
}

#[tokio::test]
async fn an_empty_answer_has_its_schema() {
    for steps in [
        vec![schema("a"), batch("b", 0, &[]), complete("c")],
        vec![schema("a"), complete("b")],
        vec![schema("a"), batch("b", 0, &[]), batch("c", 0, &[]), complete("d")],
    ] {
        let double = Double::start(vec![steps]).await;
        let session = double.client().session().unwrap();
        let mut batches = session.run(plan::sql("select n", vec![]), "t").unwrap();
        let schema = batches.schema().await.unwrap();
        assert_eq!(schema.field(0).name(), "n");
        assert_eq!(*schema.field(0).data_type(), arrow::datatypes::DataType::Int64);
        let only = batches.next().await.unwrap().unwrap();
        assert_eq!((only.num_rows(), only.schema()), (0, schema));
        assert!(batches.next().await.is_none());
    }
}

#[tokio::test]
async fn an_answer_without_a_schema_is_none() {
    let double = Double::start(vec![vec![complete("a")]]).await;
    assert!(matches!(answer(&double).await, Err(ConnectError::Protocol { .. })));
}

#[tokio::test]
async fn a_failed_statement_is_not_taken_up_again_and_its_text_is_not_shown() {
    let failure = spark_error("CAST_INVALID_INPUT", "22018", "id-1");
    let double = Double::start(vec![vec![schema("a"), batch("b", 0, &[1]), Step::Fail(failure)]]).await;
    let error = answer(&double).await.unwrap_err();
    assert!(matches!(error, ConnectError::Data { .. }), "{error:?}");
    assert!(!error.to_string().contains("hunter2"));
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.to_string().contains("hunter2"), "the log has it: {source}");
    let events = double.events();
    assert!(reattached(&events).is_empty(), "{events:?}");
    assert!(!events.contains(&Event::Details), "{events:?}");
}

/// A batch waits, unread, when the failure comes: both arrive, in order.
#[tokio::test]
async fn what_came_before_a_failure_is_read_before_it() {
    let failure = spark_error("CAST_INVALID_INPUT", "22018", "");
    let double = Double::start(vec![vec![schema("a"), batch("b", 0, &[1]), Step::Fail(failure)]]).await;
    let session = double.client().session().unwrap();
    let mut batches = session.run(plan::sql("select n", vec![]), "t").unwrap();
    assert!(double.has_seen(&Event::ReleaseAll).await);
    assert_eq!(batches.next().await.unwrap().unwrap().num_rows(), 1);
    assert!(matches!(batches.next().await, Some(Err(ConnectError::Data { .. }))));
    assert!(batches.next().await.is_none());
}

#[tokio::test]
async fn an_error_without_a_class_is_what_lay_beneath_it() {
    let cases =
        [("java.lang.OutOfMemoryError", None, true), ("x.SparkException", Some("DIVIDE_BY_ZERO"), false)];
    for (name, class, is_memory) in cases {
        let double = Double::start(vec![vec![schema("a"), Step::Fail(spark_error("", "", "id-1"))]]).await;
        let wrapper = Beneath {
            error_type_hierarchy: vec!["org.apache.spark.SparkException".to_owned()],
            cause_idx: Some(1),
            spark_throwable: None,
        };
        let cause = Beneath {
            error_type_hierarchy: vec![name.to_owned()],
            // A chain that bites its own tail ends all the same.
            cause_idx: Some(0),
            spark_throwable: Some(SparkThrowable {
                error_class: class.map(str::to_owned),
                sql_state: class.map(|_| "22012".to_owned()),
            }),
        };
        double.edit(|state| {
            state.details.root_error_idx = Some(0);
            state.details.errors = vec![wrapper, cause];
        });
        let error = answer(&double).await.unwrap_err();
        match is_memory {
            true => assert!(matches!(error, ConnectError::Memory { .. }), "{error:?}"),
            false => assert!(matches!(error, ConnectError::Data { .. }), "{error:?}"),
        }
    }
}
