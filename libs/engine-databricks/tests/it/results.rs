//! Whole results, in both ways in which they travel, and results that are not whole.

use crate::support::{Bench, all, class, flat, options, rows, statement};
use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::{DataType, TimeUnit};
use futures::StreamExt as _;
use splitplane_engine_databricks::testing::{Faults, Options};
use splitplane_engine_databricks::{Disposition, Parameter, SqlType, Statement};
use std::time::Duration;

#[tokio::test]
async fn a_result_by_links_is_the_rows_of_the_engine_and_no_link_sees_our_token() {
    for is_tls in [false, true] {
        let bench = Bench::with(Options { is_tls, ..options() }).await;
        let client = bench.client().await;
        let came = all(&client, statement("rows 10")).await.unwrap();
        let expected = rows(10);
        let label = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        assert_eq!(came.columns()[..8], flat(10).columns()[..]);
        assert_eq!(came.column(8), rows(10).column(8));
        // Whatever the zone of the session is called.
        assert_eq!(came.schema().field(4).data_type(), &label);
        assert_ne!(expected.schema().field(4).data_type(), &label);
        let seen = bench.seen();
        assert_eq!((seen.fetches, seen.fetches_with_authorization, seen.chunks), (3, 0, 2));
        assert_eq!(seen.refused, Vec::<String>::new());
        assert_eq!(seen.tags, [[("transaction".to_owned(), "t-1".to_owned())]]);
    }
}

#[tokio::test]
async fn a_result_inline_is_the_rows_of_the_engine_to_the_last_digit() {
    let bench = Bench::new().await;
    let client = bench.client_with(|config| config.disposition = Disposition::Inline).await;
    assert_eq!(all(&client, statement("flat 10")).await.unwrap(), flat(10));
    assert_eq!((bench.seen().fetches, bench.seen().chunks), (0, 2));
    // A type whose text is not documented is refused, not guessed.
    assert_eq!(class(&client, statement("rows 1")).await, "protocol");
}

#[tokio::test]
async fn both_ways_give_the_same_types_and_so_does_an_empty_result() {
    let bench = Bench::new().await;
    let inline = bench.client_with(|config| config.disposition = Disposition::Inline).await;
    let linked = bench.client().await;
    for has_empty_chunk in [false, true] {
        bench.script(|faults| faults.has_empty_chunk = has_empty_chunk);
        for client in [&inline, &linked] {
            let stream = client.run(statement("flat 0")).await.unwrap();
            assert_eq!((stream.schema(), stream.rows_total()), (flat(1).schema(), 0));
            assert_eq!(stream.count().await, 0);
            assert_eq!(client.run(statement("flat 5")).await.unwrap().schema(), flat(1).schema());
        }
    }
    bench.script(|faults| faults.has_empty_chunk = false);
    let schema = linked.run(statement("rows 0")).await.unwrap().schema();
    let DataType::List(item) = schema.field(8).data_type() else { panic!("{schema:?}") };
    assert_eq!(item.data_type(), &DataType::Int32);
}

#[tokio::test]
async fn chunks_are_fetched_when_they_are_asked_for() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let mut stream = client.run(statement("rows 40")).await.unwrap();
    assert_eq!((bench.seen().fetches, stream.rows_total()), (1, 40));
    let mut came = 0;
    while came <= 4 {
        came += stream.next().await.unwrap().unwrap().num_rows();
    }
    assert_eq!(bench.seen().fetches, 2);
    drop(stream);
    assert_eq!((bench.seen().fetches, bench.seen().cancelled), (2, 0));
}

#[tokio::test]
async fn parameters_arrive_as_values_with_their_types_and_never_in_the_text() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let value = "\\' union all select note from base -- ${env:HOME} ? :b é";
    let parameter = |name: &str, value: Option<&str>, sql_type| Parameter {
        name: name.to_owned(),
        value: value.map(str::to_owned),
        sql_type,
    };
    let parameters = vec![
        parameter("a", Some(value), SqlType::String),
        parameter("b_2", None, SqlType::Decimal { precision: 10, scale: 2 }),
        parameter("_c", Some("2024-01-01"), SqlType::TimestampNtz),
    ];
    let came = all(&client, Statement { parameters, ..statement("echo") }).await.unwrap();
    let texts = |at: usize| came.column(at).as_string::<i32>().iter().collect::<Vec<_>>();
    assert_eq!(texts(0), [Some("a"), Some("b_2"), Some("_c")]);
    assert_eq!(texts(1), [Some(value), None, Some("2024-01-01")]);
    assert_eq!(texts(2), [Some("STRING"), Some("DECIMAL(10,2)"), Some("TIMESTAMP_NTZ")]);
    assert!(came.column(1).is_null(1));
    assert_eq!(bench.seen().texts, ["echo"]);
}

#[tokio::test]
async fn a_result_over_its_limit_is_an_error_and_never_a_short_answer() {
    let bench = Bench::new().await;
    for disposition in [Disposition::ExternalLinks, Disposition::Inline] {
        let client = bench.client_with(|config| config.disposition = disposition).await;
        let limited = |row_limit, byte_limit| Statement { row_limit, byte_limit, ..statement("flat 10") };
        assert_eq!(all(&client, limited(Some(10), Some(100_000))).await.unwrap().num_rows(), 10);
        assert_eq!(class(&client, limited(Some(9), None)).await, "truncated");
        assert_eq!(class(&client, limited(None, Some(300))).await, "truncated");
    }
    // What would be too large for its way is told as a limit, too.
    let bench = Bench::with(Options { chunk_rows: 50_000, ..options() }).await;
    let client = bench.client_with(|config| config.disposition = Disposition::Inline).await;
    assert_eq!(class(&client, statement("flat 200000")).await, "truncated");
}

#[tokio::test]
async fn less_than_was_announced_is_incomplete_and_more_is_no_answer() {
    type Change = fn(&mut Faults);
    let by_link: [(&str, Change, &str); 14] = [
        ("rows", |faults| faults.rows_more = 1, "incomplete"),
        ("chunks", |faults| faults.chunks_more = 1, "incomplete"),
        ("bytes", |faults| faults.bytes_more = 1, "incomplete"),
        ("rows of a chunk", |faults| faults.link_rows_more = 1, "incomplete"),
        ("bytes of a chunk", |faults| faults.link_bytes_more = 1, "incomplete"),
        ("a chunk that is cut", |faults| faults.cut_chunk = Some(1), "incomplete"),
        ("fewer rows announced", |faults| faults.rows_less = 1, "protocol"),
        ("a chunk that means nothing", |faults| faults.garbled_chunk = Some(1), "protocol"),
        ("the first of them", |faults| faults.garbled_chunk = Some(0), "protocol"),
        ("a chunk of other columns", |faults| faults.renamed_chunk = Some(1), "protocol"),
        ("the same chunk again", |faults| faults.next_chunk = Some(0), "protocol"),
        ("another chunk than was asked for", |faults| faults.given_chunk = Some(0), "protocol"),
        ("a chunk too far", |faults| faults.next_chunk = Some(2), "protocol"),
        ("another column", |faults| faults.column_name = Some("other".to_owned()), "protocol"),
    ];
    for (what, change, expected) in by_link {
        let bench = Bench::new().await;
        bench.script(change);
        assert_eq!(class(&bench.client().await, statement("rows 10")).await, expected, "{what}");
    }
    let inline: [(&str, Change, &str); 6] = [
        ("rows", |faults| faults.rows_more = 1, "incomplete"),
        ("chunks", |faults| faults.chunks_more = 1, "incomplete"),
        ("rows of a chunk", |faults| faults.link_rows_more = 1, "incomplete"),
        ("fewer rows announced", |faults| faults.rows_less = 1, "protocol"),
        ("the same chunk again", |faults| faults.next_chunk = Some(0), "protocol"),
        ("another chunk than was asked for", |faults| faults.given_chunk = Some(0), "protocol"),
    ];
    for (what, change, expected) in inline {
        let bench = Bench::new().await;
        let client = bench.client_with(|config| config.disposition = Disposition::Inline).await;
        bench.script(change);
        assert_eq!(class(&client, statement("flat 10")).await, expected, "inline: {what}");
    }
}

#[tokio::test]
async fn a_stream_that_fails_gives_no_end_before_its_error() {
    let bench = Bench::new().await;
    bench.script(|faults| faults.dropped_in_chunk = Some(2));
    let client = bench.client().await;
    let came: Vec<_> = client.run(statement("rows 12")).await.unwrap().collect().await;
    assert!(came.last().unwrap().is_err());
    assert_eq!(came.iter().filter(|batch| batch.is_err()).count(), 1);
    assert!(came.len() > 2);
}

#[tokio::test]
async fn a_chunk_may_hold_as_many_bytes_as_are_configured() {
    let bench = Bench::new().await;
    let client = bench.client_with(|config| config.chunk_bytes_max = 500).await;
    assert_eq!(class(&client, statement("rows 10")).await, "limit");
}

#[tokio::test]
async fn a_link_that_has_expired_is_asked_for_anew_and_not_for_ever() {
    for by_time in [false, true] {
        let bench = Bench::new().await;
        let client = bench.client().await;
        bench.script(|faults| {
            if by_time {
                faults.links_expired_by_time = 2;
            } else {
                faults.links_expired = 2;
            }
        });
        assert_eq!(all(&client, statement("rows 10")).await.unwrap().num_rows(), 10);
        // One that says of itself that it has expired is not even tried.
        assert_eq!((bench.seen().chunks, bench.seen().fetches), (4, if by_time { 3 } else { 5 }));
        bench.script(|faults| faults.links_expired = 1000);
        assert_eq!(class(&client, statement("rows 10")).await, "incomplete");
    }
}

#[tokio::test]
async fn a_link_to_elsewhere_is_not_followed() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    for elsewhere in
        ["http://results.example", "https://169.254.169.254", "ftp://127.0.0.1", "https://a@b.example"]
    {
        bench.script(|faults| faults.links_url = Some(elsewhere.to_owned()));
        assert_eq!(class(&client, statement("rows 1")).await, "protocol", "{elsewhere}");
    }
    bench.script(|faults| faults.links_url = None);
    let client = bench.client_with(|config| config.link_hosts = vec!["blob.example".to_owned()]).await;
    assert_eq!(class(&client, statement("rows 1")).await, "protocol");
    assert_eq!(bench.seen().fetches, 0);
}

#[tokio::test]
async fn a_storage_that_fails_for_a_moment_is_asked_again() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    bench.script(|faults| faults.storage_unavailable = 2);
    assert_eq!(all(&client, statement("rows 10")).await.unwrap().num_rows(), 10);
    bench.script(|faults| faults.storage_unavailable = 1000);
    assert_eq!(class(&client, statement("rows 10")).await, "unavailable");
}

#[tokio::test]
async fn what_takes_longer_than_the_first_answer_is_asked_for_until_it_is_there() {
    for wait in [0, 5] {
        let bench = Bench::new().await;
        let client = bench.client_with(|config| config.wait = Duration::from_secs(wait)).await;
        bench.script(|faults| faults.polls_unfinished = 7);
        assert_eq!(all(&client, statement("rows 10")).await.unwrap().num_rows(), 10);
        assert!(bench.seen().polls >= 8, "{:?}", bench.seen());
        assert_eq!(bench.seen().statements, 1);
    }
}

#[tokio::test]
async fn rows_may_come_with_an_answer_or_after_it_and_links_one_by_one_or_together() {
    for (is_first_chunk_left_out, has_all_links, chunks) in
        [(false, false, 2), (true, false, 3), (false, true, 0), (true, true, 1)]
    {
        let bench = Bench::new().await;
        bench.script(|faults| {
            faults.is_first_chunk_left_out = is_first_chunk_left_out;
            faults.has_all_links = has_all_links;
        });
        assert_eq!(all(&bench.client().await, statement("rows 10")).await.unwrap().num_rows(), 10);
        assert_eq!((bench.seen().chunks, bench.seen().fetches), (chunks, 3));
        let inline = bench.client_with(|config| config.disposition = Disposition::Inline).await;
        assert_eq!(all(&inline, statement("flat 10")).await.unwrap(), flat(10));
    }
}

#[tokio::test]
async fn no_row_of_a_chunk_out_of_its_order_is_given() {
    for disposition in [Disposition::ExternalLinks, Disposition::Inline] {
        let bench = Bench::new().await;
        let client = bench.client_with(|config| config.disposition = disposition).await;
        bench.script(|faults| faults.given_chunk = Some(0));
        let came: Vec<_> = client.run(statement("flat 10")).await.unwrap().collect().await;
        let rows: usize = came.iter().flatten().map(|batch| batch.num_rows()).sum();
        assert_eq!((rows, came.last().unwrap().is_err()), (4, true));
    }
}
