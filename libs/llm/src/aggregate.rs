//! Which aggregate a metric is, read from its expression. Knows the words that people use for each.

use splitplane_semantics::Metric;

/// The aggregate at the root of a metric's expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Sum,
    Count,
    /// Values that are counted once each, whose groups do not add up.
    CountDistinct,
    Average,
    Maximum,
    Minimum,
}

impl Aggregate {
    /// The aggregate of `metric`; `None` for ratios and other computations over aggregates.
    pub(crate) fn of(metric: &Metric) -> Option<Self> {
        let text = metric.expression.to_string();
        let (name, rest) = text.split_once('(')?;
        let arguments = rest.strip_suffix(')')?;
        if !is_balanced(arguments) {
            return None;
        }
        let distinct = arguments.trim_start().to_ascii_uppercase().starts_with("DISTINCT");
        match (name.to_ascii_uppercase().as_str(), distinct) {
            ("SUM", false) => Some(Self::Sum),
            ("COUNT", false) => Some(Self::Count),
            ("COUNT", true) => Some(Self::CountDistinct),
            ("AVG", false) => Some(Self::Average),
            ("MAX", _) => Some(Self::Maximum),
            ("MIN", _) => Some(Self::Minimum),
            _ => None,
        }
    }
}

/// Whether the parenthesis before `text` is closed only after it: `SUM(a) / SUM(b)` is no sum.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    text.chars().all(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth >= 0
    })
}
