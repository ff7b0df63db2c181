//! Reads a set of questions from YAML.
//!
//! Decides what a set may say; where people write one thing in several ways, each is read. A key that nobody reads is an error, so that no expectation is lost.

use super::{Expectation, ExpectedCell, ExpectedDimension, ExpectedFilter, Outcome, SetQuestion, Turn};
use crate::yaml::{Mapping, Node, Source, Value, read};
use crate::{Bound, Grain, LoadError, Order, Threshold};
use jiff::civil::{Date, DateTime};
use std::path::Path;

const OUTCOMES: [(&str, Outcome); 4] = [
    ("answered", Outcome::Answered),
    ("clarify", Outcome::Clarify),
    ("unsupported", Outcome::Unsupported),
    ("nothing_in_scope", Outcome::NothingInScope),
];

const BOUNDS: [(&str, Bound); 10] = [
    ("more_than", Bound::MoreThan),
    ("at_least", Bound::AtLeast),
    ("less_than", Bound::LessThan),
    ("at_most", Bound::AtMost),
    ("exactly", Bound::Exactly),
    (">", Bound::MoreThan),
    (">=", Bound::AtLeast),
    ("<", Bound::LessThan),
    ("<=", Bound::AtMost),
    ("=", Bound::Exactly),
];

const DIRECTIONS: [(&str, bool); 4] =
    [("desc", true), ("descending", true), ("asc", false), ("ascending", false)];

const GRAINS: [(&str, Grain); 5] = [
    (Grain::Day.name(), Grain::Day),
    (Grain::Week.name(), Grain::Week),
    (Grain::Month.name(), Grain::Month),
    (Grain::Quarter.name(), Grain::Quarter),
    (Grain::Year.name(), Grain::Year),
];

/// Loads a set from a file.
///
/// # Errors
/// See [`LoadError`].
pub fn load_question_set(path: &Path) -> Result<Vec<SetQuestion>, LoadError> {
    read(path, parse_question_set)
}

/// Reads a set from a text; `file_name` is what messages call it.
///
/// # Errors
/// [`LoadError::Invalid`].
pub fn parse_question_set(file_name: &str, text: &str) -> Result<Vec<SetQuestion>, LoadError> {
    let reader = Reader { source: Source { file: file_name } };
    let root = reader.source.tree(text)?;
    reader.source.list(&root, "the set")?.iter().map(|node| reader.question(node)).collect()
}

#[derive(Debug, Clone, Copy)]
struct Reader<'a> {
    source: Source<'a>,
}

impl Reader<'_> {
    fn question(self, node: &Node) -> Result<SetQuestion, LoadError> {
        let source = self.source;
        let map = source.mapping(node, "a question", &["question", "as", "as_of", "turns", "expect"])?;
        let turns = source.optional_list(&map, "turns")?.iter().map(|node| self.turn(node));
        Ok(SetQuestion {
            line: node.line,
            question: source.required_text(&map, "question")?.to_owned(),
            profile: source.required_text(&map, "as")?.to_owned(),
            as_of: map.get("as_of").map(|node| self.local(node)).transpose()?,
            expect: self.expectation(source.required(&map, "expect")?)?,
            turns: turns.collect::<Result<_, _>>()?,
        })
    }

    fn turn(self, node: &Node) -> Result<Turn, LoadError> {
        let map = self.source.mapping(node, "a turn", &["question", "expect"])?;
        Ok(Turn {
            question: self.source.required_text(&map, "question")?.to_owned(),
            expect: self.expectation(self.source.required(&map, "expect")?)?,
        })
    }

    fn expectation(self, node: &Node) -> Result<Expectation, LoadError> {
        const KEYS: [&str; 12] = [
            "outcome",
            "metrics",
            "dimensions",
            "filters",
            "period",
            "comparison",
            "thresholds",
            "shares",
            "order",
            "limit",
            "options",
            "rows",
        ];
        let source = self.source;
        let map = source.mapping(node, "`expect`", &KEYS)?;
        let metrics = map.get("metrics").map(|node| source.texts(node, "`metrics`")).transpose()?;
        let orders = map.get("order").map(|node| source.list(node, "`order`")).transpose()?;
        let order = orders.map(|nodes| nodes.iter().map(|node| self.order(node)).collect());
        let bounds = map.get("thresholds").map(|node| source.list(node, "`thresholds`")).transpose()?;
        let thresholds = bounds.map(|nodes| nodes.iter().map(|node| self.threshold(node)).collect());
        let filters = self.each(&map, "filters", Self::filter)?;
        let expectation = Expectation {
            outcomes: self.outcomes(source.required(&map, "outcome")?)?,
            dimensions: self.each(&map, "dimensions", Self::dimension)?,
            filters: filters.into_iter().flatten().collect(),
            period: map.get("period").map(|node| self.period(node)).transpose()?,
            comparison: map.get("comparison").map(|node| self.period(node)).transpose()?,
            thresholds: thresholds.transpose()?,
            shares: map.get("shares").map(|node| self.truth(node, "`shares`")).transpose()?,
            order: order.transpose()?,
            limit: map.get("limit").map(|node| self.limit(node)).transpose()?,
            options: map.get("options").map_or(Ok(Vec::new()), |node| source.texts(node, "`options`"))?,
            rows: map.get("rows").map(|node| self.rows(node)).transpose()?,
            metrics,
        };
        let strict =
            ["dimensions", "filters", "period", "comparison", "thresholds", "shares", "order", "limit"];
        let said = strict.into_iter().find(|key| map.get(key).is_some());
        match said.filter(|_| expectation.metrics.is_none()) {
            None => Ok(expectation),
            Some(key) => {
                Err(source.error(node.line, format!("`{key}` is given without `metrics`"), "add `metrics:`"))
            }
        }
    }

    fn each<T>(
        self,
        map: &Mapping<'_>,
        key: &str,
        one: impl Fn(Self, &Node) -> Result<T, LoadError>,
    ) -> Result<Vec<T>, LoadError> {
        self.source.optional_list(map, key)?.iter().map(|node| one(self, node)).collect()
    }

    /// One outcome, or a list of those that are right.
    fn outcomes(self, node: &Node) -> Result<Vec<Outcome>, LoadError> {
        let nodes = if let Value::List(nodes) = &node.value { nodes } else { std::slice::from_ref(node) };
        if nodes.is_empty() {
            return Err(self.source.error(node.line, "`outcome` is an empty list", "name one outcome"));
        }
        let one = |node: &Node| self.named(node, "`outcome` is", &OUTCOMES);
        nodes.iter().map(one).collect()
    }

    fn named<T: Copy>(self, node: &Node, what: &str, known: &[(&str, T)]) -> Result<T, LoadError> {
        let text = self.source.text(node, "a name")?;
        match known.iter().find(|(name, _)| *name == text) {
            Some((_, value)) => Ok(*value),
            None => Err(self.source.unknown(node.line, what, text, known.iter().map(|(name, _)| *name))),
        }
    }

    fn truth(self, node: &Node, what: &str) -> Result<bool, LoadError> {
        if let Value::Boolean(truth) = node.value {
            return Ok(truth);
        }
        Err(self.source.error(node.line, format!("{what} is not true or false"), "write one of them"))
    }

    /// A text, or a number as one.
    fn loose_text(self, node: &Node, what: &str) -> Result<String, LoadError> {
        match &node.value {
            Value::Integer(whole) => Ok(whole.to_string()),
            Value::Fraction(number) => Ok(number.to_string()),
            Value::Null | Value::Boolean(_) | Value::Text(_) | Value::List(_) | Value::Mapping(_) => {
                self.source.text(node, what).map(str::to_owned)
            }
        }
    }

    /// `dataset.field:month`, `{ field: dataset.field, grain: month }`, or a field without its dataset.
    fn dimension(self, node: &Node) -> Result<ExpectedDimension, LoadError> {
        if let Value::Mapping(_) = node.value {
            let map = self.source.mapping(node, "a dimension", &["field", "grain"])?;
            let field = self.source.required_text(&map, "field")?.to_owned();
            let grain = map.get("grain").filter(|node| !matches!(node.value, Value::Null));
            let grain =
                grain.map(|node| self.named(node, "the grain of a dimension is", &GRAINS)).transpose()?;
            return Ok(ExpectedDimension { field, grain });
        }
        let text = self.source.text(node, "a dimension")?;
        let (field, grain) = match text.split_once(':') {
            None => (text, None),
            Some((field, grain)) => {
                let named = Node { line: node.line, value: Value::Text(grain.to_owned()) };
                (field, Some(self.named(&named, "the grain of a dimension is", &GRAINS)?))
            }
        };
        if field.split('.').count() > 2 || field.split('.').any(|part| part.trim().is_empty()) {
            let what = format!("`{}` is no dimension", text.escape_debug());
            return Err(self.source.error(node.line, what, "write `dataset.field` or `dataset.field:month`"));
        }
        Ok(ExpectedDimension { field: field.to_owned(), grain })
    }

    /// A phrase, `{ not: phrase }`, or `{ values: [a, b], field: dataset.field, negated: true }`.
    fn filter(self, node: &Node) -> Result<Vec<ExpectedFilter>, LoadError> {
        let Value::Mapping(_) = node.value else {
            let phrase = self.loose_text(node, "a filter")?;
            return Ok(vec![ExpectedFilter { phrase, negated: false, field: None }]);
        };
        const KEYS: [&str; 7] = ["not", "phrase", "phrases", "value", "values", "field", "negated"];
        let map = self.source.mapping(node, "a filter", &KEYS)?;
        let said = map.get("negated").map(|node| self.truth(node, "`negated`")).transpose()?;
        let negated = said.unwrap_or(map.get("not").is_some());
        let field = map.get("field").map(|node| self.source.text(node, "`field`")).transpose()?;
        let mut filters = Vec::new();
        for key in KEYS.iter().take(5) {
            let Some(node) = map.get(key) else { continue };
            let nodes = if let Value::List(nodes) = &node.value { nodes } else { std::slice::from_ref(node) };
            for node in nodes {
                let phrase = self.loose_text(node, "a filter")?;
                filters.push(ExpectedFilter { phrase, negated, field: field.map(str::to_owned) });
            }
        }
        if filters.is_empty() {
            return Err(self.source.error(node.line, "a filter has no value", "write `value:`"));
        }
        Ok(filters)
    }

    /// `[first day, day after the last]`, or `{ from: .., to: .. }`.
    fn period(self, node: &Node) -> Result<(Date, Date), LoadError> {
        let days = if let Value::Mapping(_) = node.value {
            let map = self.source.mapping(node, "a period", &["from", "to"])?;
            vec![
                self.source.required_text(&map, "from")?.to_owned(),
                self.source.required_text(&map, "to")?.to_owned(),
            ]
        } else {
            self.source.texts(node, "a period")?
        };
        let dates: Option<Vec<Date>> = days.iter().map(|day| day.parse().ok()).collect();
        match dates.as_deref() {
            Some([from, to]) if from < to => Ok((*from, *to)),
            Some(_) | None => Err(self.source.error(
                node.line,
                "`period` is not two days in order",
                "write the first day and the day after the last, for example [2026-11-01, 2026-12-01]",
            )),
        }
    }

    fn threshold(self, node: &Node) -> Result<Threshold, LoadError> {
        let map = self.source.mapping(node, "a bound", &["by", "bound", "value"])?;
        Ok(Threshold {
            by: self.source.required_text(&map, "by")?.to_owned(),
            bound: self.named(self.source.required(&map, "bound")?, "the bound is", &BOUNDS)?,
            value: self.loose_text(self.source.required(&map, "value")?, "the value of a bound")?,
        })
    }

    /// `{ by, descending }`, `{ by, direction: desc }`, or `metric desc`.
    fn order(self, node: &Node) -> Result<Order, LoadError> {
        if let Value::Text(text) = &node.value {
            let (by, direction) = text.trim().split_once(' ').unwrap_or((text.trim(), "asc"));
            let named = Node { line: node.line, value: Value::Text(direction.trim().to_owned()) };
            let descending = self.named(&named, "the direction is", &DIRECTIONS)?;
            return Ok(Order { by: by.to_owned(), descending });
        }
        let map = self.source.mapping(node, "an order", &["by", "descending", "direction"])?;
        let by = self.source.required_text(&map, "by")?.to_owned();
        let direction = map.get("direction").map(|node| self.named(node, "the direction is", &DIRECTIONS));
        let descending = map.get("descending").map(|node| self.truth(node, "`descending`"));
        let descending = descending.or(direction).transpose()?.unwrap_or(false);
        Ok(Order { by, descending })
    }

    fn limit(self, node: &Node) -> Result<u32, LoadError> {
        let limit = self.loose_text(node, "`limit`")?.parse().ok();
        limit
            .filter(|limit| *limit > 0)
            .ok_or_else(|| self.source.error(node.line, "`limit` is no number of rows", "write 1 or more"))
    }

    fn rows(self, node: &Node) -> Result<Vec<Vec<ExpectedCell>>, LoadError> {
        let row = |node: &Node| self.source.list(node, "a row")?.iter().map(|node| self.cell(node)).collect();
        self.source.list(node, "`rows`")?.iter().map(row).collect()
    }

    fn cell(self, node: &Node) -> Result<ExpectedCell, LoadError> {
        match &node.value {
            Value::Null => Ok(ExpectedCell::Null),
            Value::Boolean(truth) => Ok(ExpectedCell::Boolean(*truth)),
            // A whole number's own text is a number, and nothing is lost of those that people write.
            Value::Integer(whole) => whole.to_string().parse().map(ExpectedCell::Number).map_err(|error| {
                self.source.error(node.line, "a cell is no number", format!("write a smaller one: {error}"))
            }),
            Value::Fraction(number) => Ok(ExpectedCell::Number(*number)),
            Value::Text(text) => Ok(ExpectedCell::Text(text.clone())),
            Value::List(_) | Value::Mapping(_) => {
                let what = format!("a cell is {}", node.value.kind());
                Err(self.source.error(node.line, what, "write a text or a number"))
            }
        }
    }

    /// A local time; a day alone is its noon.
    fn local(self, node: &Node) -> Result<DateTime, LoadError> {
        let text = self.source.text(node, "`as_of`")?;
        let day = text.parse::<Date>().ok().filter(|_| text.len() == 10).map(|day| day.at(12, 0, 0, 0));
        day.or_else(|| text.parse().ok()).ok_or_else(|| {
            let what = format!("`as_of` is `{}`", text.escape_debug());
            self.source.error(node.line, what, "write a local day or time, for example 2026-11-18T09:30:00")
        })
    }
}
