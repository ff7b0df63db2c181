use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn span(id: &str, parent: Option<&str>, start_us: u64) -> SpanBar {
    SpanBar {
        id: id.to_owned(),
        parent: parent.map(str::to_owned),
        service: String::new(),
        name: format!("{id}@{start_us}"),
        start_us,
        duration_us: 1,
        failed: false,
    }
}

fn drawn(spans: &[SpanBar]) -> Vec<(String, usize)> {
    ordered(spans).into_iter().map(|node| (node.span.name.clone(), node.depth)).collect()
}

fn named(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
    expected.iter().map(|(name, depth)| ((*name).to_owned(), *depth)).collect()
}

#[test]
fn spans_stand_under_their_parents_in_the_order_of_their_starts() {
    let spans = [
        span("late", Some("root"), 9),
        span("inner", Some("early"), 5),
        span("early", Some("root"), 2),
        span("root", None, 1),
    ];
    assert_eq!(drawn(&spans), named(&[("root@1", 0), ("early@2", 1), ("inner@5", 2), ("late@9", 1)]));
}

#[test]
fn a_span_whose_parent_is_missing_is_a_root() {
    let spans = [span("a", Some("gone"), 4), span("b", Some("a"), 5), span("c", None, 1)];
    assert_eq!(drawn(&spans), named(&[("c@1", 0), ("a@4", 0), ("b@5", 1)]));
}

#[test]
fn a_clock_that_is_behind_does_not_take_a_span_from_its_parent() {
    assert_eq!(drawn(&[span("a", None, 5), span("b", Some("a"), 2)]), named(&[("a@5", 0), ("b@2", 1)]));
}

#[test]
fn rings_and_ids_that_come_twice_are_drawn_once() {
    assert_eq!(drawn(&[span("a", Some("a"), 1)]), named(&[("a@1", 0)]));
    let ring = [span("a", Some("b"), 2), span("b", Some("a"), 1), span("c", Some("a"), 3)];
    assert_eq!(drawn(&ring), named(&[("b@1", 0), ("a@2", 1), ("c@3", 2)]));
    let twice = [span("a", None, 1), span("a", Some("a"), 2), span("b", Some("a"), 3)];
    assert_eq!(drawn(&twice), named(&[("a@1", 0), ("a@2", 1), ("b@3", 1)]));
}

#[test]
fn a_chain_of_a_hundred_thousand_is_walked() {
    let chain: Vec<SpanBar> = (0..100_000_u64)
        .map(|at| span(&at.to_string(), Some(&at.saturating_sub(1).to_string()), at))
        .collect();
    assert_eq!(ordered(&chain).last().unwrap().depth, 99_999);
}

proptest! {
    #[test]
    fn whatever_spans_say_each_is_drawn_once_in_the_same_order(
        said in prop::collection::vec((0_u8..6, prop::option::of(0_u8..8), 0_u64..5), 0..25),
        turn in 0_usize..25,
    ) {
        let mut spans: Vec<SpanBar> = said.iter().enumerate().map(|(at, (id, parent, start))| {
            let parent = parent.map(|parent| parent.to_string());
            SpanBar { duration_us: u64::try_from(at).unwrap(), name: at.to_string(), ..span(&id.to_string(), parent.as_deref(), *start) }
        }).collect();
        let nodes = drawn(&spans);
        let names: BTreeSet<&String> = nodes.iter().map(|(name, _)| name).collect();
        prop_assert_eq!((nodes.len(), names.len()), (spans.len(), spans.len()));
        let by = turn % spans.len().max(1);
        spans.rotate_left(by);
        prop_assert_eq!(drawn(&spans), nodes);
    }
}
