use super::*;
use proptest::prelude::*;

fn span(id: u64, parent: Option<u64>, start_us: u64, duration_us: u64) -> SpanBar {
    SpanBar {
        id: id.to_string(),
        parent: parent.map(|parent| parent.to_string()),
        service: "query".to_owned(),
        name: format!("n{id}"),
        start_us,
        duration_us,
        failed: false,
    }
}

#[test]
fn spans_are_drawn_where_and_for_as_long_as_they_were() {
    let failed = SpanBar { failed: true, ..span(2, Some(1), 1_000_500, 500) };
    let drawn = waterfall(&[span(1, None, 1_000_000, 1000), failed, span(3, Some(2), 1_000_750, 125)], 35);
    let expected = "\
1.0 ms in 3 spans
query n1       1.0 ms │████████████
  query n2   ! 0.5 ms │      ██████
    query n3   0.1 ms │         █▌
";
    assert_eq!(drawn, expected);
}

#[test]
fn durations_are_milliseconds_with_one_decimal() {
    for (us, text) in [
        (0, "0.0 ms"),
        (49, "0.0 ms"),
        (50, "0.1 ms"),
        (1_949, "1.9 ms"),
        (1_950, "2.0 ms"),
        (60_000_000, "60000.0 ms"),
    ] {
        assert_eq!(milliseconds(us), text);
    }
}

#[test]
fn no_spans_are_no_drawing_and_the_largest_numbers_are_one() {
    assert_eq!(waterfall(&[], 80), "");
    let drawn = waterfall(&[span(1, None, u64::MAX, u64::MAX), span(2, None, 0, u64::MAX)], 80);
    assert_eq!(drawn.lines().count(), 3);
    assert_eq!(waterfall(&[span(1, None, 7, 0)], 30), "0.0 ms in 1 span\nquery n1   0.0 ms │▏\n");
}

#[test]
fn a_child_that_began_before_its_parent_is_drawn_before_it() {
    let drawn = waterfall(&[span(1, None, 500, 500), span(2, Some(1), 0, 100)], 60);
    let starts: Vec<usize> =
        drawn.lines().skip(1).map(|line| line.split('│').nth(1).unwrap().find('█').unwrap()).collect();
    assert!(starts[1] < starts[0], "{drawn}");
}

#[test]
fn the_deepest_spans_stand_beside_each_other() {
    let spans: Vec<SpanBar> = (0..20).map(|at| span(at, at.checked_sub(1), at, 100)).collect();
    let drawn = waterfall(&spans, 120);
    let indents: Vec<usize> = drawn.lines().skip(1).map(|line| line.find('q').unwrap()).collect();
    assert_eq!(indents, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 24, 24, 24, 24, 24, 24, 24]);
}

#[test]
fn spans_beyond_the_limit_are_counted() {
    let spans: Vec<SpanBar> = (0..400).map(|at| span(at, None, at, 1)).collect();
    let drawn = waterfall(&spans, 60);
    assert_eq!(drawn.lines().count(), 1 + SPAN_LINES_MAX + 1);
    assert_eq!(drawn.lines().last(), Some("100 more spans"));
    assert_eq!(waterfall(&spans[..301], 60).lines().last(), Some("1 more span"));
    assert!(!waterfall(&spans[..300], 60).contains("more"));
}

#[test]
fn names_cannot_steer_a_terminal() {
    let hostile = "a\u{1b}[2J\u{202e}\r\nb";
    let drawn =
        waterfall(&[SpanBar { service: hostile.into(), name: hostile.into(), ..span(1, None, 0, 9) }], 120);
    assert_eq!(drawn.lines().count(), 2);
    assert!(!drawn.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{drawn:?}");
    assert!(drawn.contains("a\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}b"));
}

fn eighths(bar: &str) -> i64 {
    bar.trim_start()
        .chars()
        .map(|c| i64::try_from("▏▎▍▌▋▊▉█".chars().position(|other| other == c).unwrap() + 1).unwrap())
        .sum()
}

proptest! {
    #[test]
    fn bars_begin_and_last_to_scale_under_their_parents(
        said in prop::collection::vec((any::<prop::sample::Index>(), 0_u32..100_000, 0_u32..100_000), 1..20),
        width in 50_usize..150,
    ) {
        // A span is part of one before it in the list, or of none.
        let spans: Vec<SpanBar> = said.iter().enumerate().map(|(at, (parent, start, duration))| {
            let parent = parent.index(at + 1).checked_sub(1).map(|parent| u64::try_from(parent).unwrap());
            span(u64::try_from(at).unwrap(), parent, (*start).into(), (*duration).into())
        }).collect();
        let depth_of = |span: &SpanBar| {
            std::iter::successors(span.parent.clone(), |id| spans[id.parse::<usize>().unwrap()].parent.clone()).count()
        };
        let drawn = waterfall(&spans, width);
        let lines: Vec<&str> = drawn.lines().skip(1).collect();
        prop_assert_eq!(lines.len(), spans.len());
        prop_assert!(drawn.lines().all(|line| line.chars().count() <= width));
        let first = said.iter().map(|(_, start, _)| *start).min().unwrap();
        let length = said.iter().map(|(_, start, duration)| start + duration).max().unwrap() - first;
        let room = u32::try_from(width - lines[0].chars().position(|c| c == '│').unwrap() - 1).unwrap();
        let scale = f64::from(room) / f64::from(length.max(1));
        for (span, (_, start, duration)) in spans.iter().zip(&said) {
            let Some(line) = lines.iter().find(|line| line.split_whitespace().nth(1) == Some(&span.name)) else {
                // The name was cut: nothing is known of the line.
                continue;
            };
            let (text, bar) = line.split_once('│').unwrap();
            let indent = text.chars().take_while(|c| *c == ' ').count();
            prop_assert_eq!(indent, 2 * depth_of(span).min(DEPTH_MAX));
            let shown: f64 = text.split_whitespace().rev().nth(1).unwrap().parse().unwrap();
            prop_assert!((shown - f64::from(*duration) / 1000.0).abs() <= 0.050_001);
            let at = f64::from(u32::try_from(bar.chars().take_while(|c| *c == ' ').count()).unwrap());
            let begins = f64::from(start - first) * scale;
            prop_assert!(at <= begins + 1e-6 && (begins - at < 1.0 + 1e-6 || at + 1.0 >= f64::from(room)), "{at} for {begins}");
            let lasts = f64::from(*duration) * scale * 8.0;
            let drawn = f64::from(i32::try_from(eighths(bar)).unwrap());
            prop_assert!((drawn - lasts).abs() <= 1.0 + 1e-6, "{drawn} for {lasts}");
        }
    }

    #[test]
    fn a_waterfall_is_never_wider_than_asked(names in prop::collection::vec("[a-z東🙂 ]{0,30}", 1..6), width in 0_usize..90) {
        let spans: Vec<SpanBar> = (0..).zip(names).map(|(at, name)| SpanBar { name, ..span(at, at.checked_sub(1), at, 5) }).collect();
        for line in waterfall(&spans, width).lines() {
            prop_assert!(line.chars().count() + line.matches(['東', '🙂']).count() <= width, "{line:?}");
        }
    }
}
