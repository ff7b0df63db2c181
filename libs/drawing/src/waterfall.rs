//! Spans of one request as text: what ran within what, when, and for how long.
//!
//! Decides how a span looks. Clocks of several machines disagree: a span that began before its parent
//! is drawn where it says it was.

use crate::bars::to_the_right;
use crate::terminal::{columns, inert, left, page, right};
use crate::tree::{Node, ordered};

/// Spans that are drawn; a line says how many more there are.
pub const SPAN_LINES_MAX: usize = 300;
/// Wider drawings are no easier to read.
const WIDTH_MAX: usize = 400;
/// Deeper spans stand no further to the right.
const DEPTH_MAX: usize = 12;

/// A span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanBar {
    /// Its id.
    pub id: String,
    /// Id of the span that it is part of.
    pub parent: Option<String>,
    /// The service that ran it.
    pub service: String,
    /// What was done.
    pub name: String,
    /// Microseconds from an origin that all spans share.
    pub start_us: u64,
    /// Microseconds that it took.
    pub duration_us: u64,
    /// Whether it ended in an error.
    pub failed: bool,
}

/// The spans as text of at most `width` columns, a line for each; empty where there are none.
///
/// Spans that failed are marked `!`.
#[must_use]
pub fn waterfall(spans: &[SpanBar], width: usize) -> String {
    let width = width.min(WIDTH_MAX);
    let Some(whole) = Whole::of(spans) else { return String::new() };
    let nodes = ordered(spans);
    let shown = nodes.get(..SPAN_LINES_MAX).unwrap_or(&nodes);
    let label_of = |node: &Node<'_>| {
        let indent = "  ".repeat(node.depth.min(DEPTH_MAX));
        format!("{indent}{} {}", inert(&node.span.service), inert(&node.span.name))
    };
    let labels: Vec<String> = shown.iter().map(label_of).collect();
    let durations: Vec<String> = shown.iter().map(|node| milliseconds(node.span.duration_us)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| columns(text)).max().unwrap_or(0);
    let (label, duration) = (widest(&labels).min(width * 2 / 5), widest(&durations));
    // Beside them stand the mark, the axis, and three spaces.
    let bar = width.saturating_sub(label + duration + 5);
    let mut lines = vec![format!("{} in {}", milliseconds(whole.length_us), count(spans.len(), ""))];
    for ((node, name), time) in shown.iter().zip(&labels).zip(&durations) {
        let mark = if node.span.failed { '!' } else { ' ' };
        let drawn = whole.bar(node.span, bar);
        lines.push(format!("{} {mark} {} │{drawn}", left(name, label), right(time, duration)));
    }
    let more = nodes.len() - shown.len();
    if more > 0 {
        lines.push(count(more, "more "));
    }
    page(lines, width)
}

/// From the start of the first span to the end of the last.
struct Whole {
    start_us: u64,
    length_us: u64,
}

impl Whole {
    fn of(spans: &[SpanBar]) -> Option<Self> {
        let start_us = spans.iter().map(|span| span.start_us).min()?;
        let end_us = spans.iter().map(|span| span.start_us.saturating_add(span.duration_us)).max()?;
        Some(Self { start_us, length_us: end_us.saturating_sub(start_us) })
    }

    /// The bar of a span on so many columns. It begins in the column in which the span does, and what
    /// took no time can be seen.
    fn bar(&self, span: &SpanBar, room: usize) -> String {
        let Some(last) = room.checked_sub(1) else { return String::new() };
        let part = |us: u64, steps: usize| {
            let steps = u128::try_from(steps).unwrap_or(u128::MAX);
            let share = u128::from(us).saturating_mul(steps) / u128::from(self.length_us.max(1));
            usize::try_from(share).unwrap_or(usize::MAX)
        };
        let space = part(span.start_us.saturating_sub(self.start_us), room).min(last);
        let eighths = part(span.duration_us, room * 8).clamp(1, (room - space) * 8);
        " ".repeat(space) + &to_the_right(eighths)
    }
}

fn count(spans: usize, word: &str) -> String {
    format!("{spans} {word}span{}", if spans == 1 { "" } else { "s" })
}

/// Milliseconds, rounded to one decimal.
fn milliseconds(us: u64) -> String {
    let tenths = us / 100 + u64::from(us % 100 >= 50);
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests;
