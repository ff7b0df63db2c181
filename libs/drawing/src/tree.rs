//! The order in which spans are drawn: each under the span that it is part of.
//!
//! Decides what is a root. Spans come from several processes: parents may be missing, ids may come
//! twice, and a span may say that it is within itself. Each span is drawn once, whatever they say.

use crate::SpanBar;
use std::collections::BTreeMap;

/// A span at its depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node<'a> {
    pub(crate) span: &'a SpanBar,
    pub(crate) depth: usize,
}

/// The spans in the order in which they are drawn. Those beside each other are in the order of their
/// starts.
pub(crate) fn ordered(spans: &[SpanBar]) -> Vec<Node<'_>> {
    let mut sorted: Vec<&SpanBar> = spans.iter().collect();
    sorted.sort_by_key(|span| (span.start_us, std::cmp::Reverse(span.duration_us), &span.id));
    // Of spans with the same id, the first holds what is said to be within it.
    let mut holders: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, span) in sorted.iter().enumerate() {
        holders.entry(&span.id).or_insert(at);
    }
    let mut within: Vec<Vec<usize>> = vec![Vec::new(); sorted.len()];
    let mut roots = Vec::new();
    for (at, span) in sorted.iter().enumerate() {
        let parent = span.parent.as_deref().and_then(|parent| holders.get(parent));
        match parent.and_then(|parent| within.get_mut(*parent)) {
            Some(siblings) => siblings.push(at),
            None => roots.push(at),
        }
    }
    let mut nodes = Vec::with_capacity(sorted.len());
    let mut drawn = vec![false; sorted.len()];
    // Spans in a ring have no root: what is left after the roots begins with its earliest span.
    for start in roots.into_iter().chain(0..sorted.len()) {
        let mut waiting = vec![(start, 0)];
        while let Some((at, depth)) = waiting.pop() {
            let (Some(span), Some(drawn)) = (sorted.get(at), drawn.get_mut(at)) else { continue };
            if !std::mem::replace(drawn, true) {
                nodes.push(Node { span, depth });
                let children = within.get(at).into_iter().flatten();
                waiting.extend(children.rev().map(|child| (*child, depth + 1)));
            }
        }
    }
    nodes
}

#[cfg(test)]
mod tests;
