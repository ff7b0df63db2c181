//! Reads a set of questions from YAML.
//!
//! Decides what a set may say. A key that nobody reads is an error, so that no expectation is lost.

use super::{Expectation, ExpectedCell, ExpectedDimension, ExpectedFilter, Outcome, SetQuestion, Turn};
use crate::yaml::{Mapping, Node, Source, Value, read};
use crate::{Grain, LoadError, Order};
use jiff::civil::{Date, DateTime};
use std::path::Path;

const OUTCOMES: [(&str, Outcome); 4] = [
    ("answered", Outcome::Answered),
    ("clarify", Outcome::Clarify),
    ("unsupported", Outcome::Unsupported),
    ("nothing_in_scope", Outcome::NothingInScope),
];

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
        const KEYS: [&str; 9] =
            ["outcome", "metrics", "dimensions", "filters", "period", "order", "limit", "options", "rows"];
        let source = self.source;
        let map = source.mapping(node, "`expect`", &KEYS)?;
        let metrics = map.get("metrics").map(|node| source.texts(node, "`metrics`")).transpose()?;
        let orders = map.get("order").map(|node| source.list(node, "`order`")).transpose()?;
        let order = orders.map(|nodes| nodes.iter().map(|node| self.order(node)).collect());
        let expectation = Expectation {
            outcomes: self.outcomes(source.required(&map, "outcome")?)?,
            dimensions: self.each(&map, "dimensions", Self::dimension)?,
            filters: self.each(&map, "filters", Self::filter)?,
            period: map.get("period").map(|node| self.period(node)).transpose()?,
            order: order.transpose()?,
            limit: map.get("limit").map(|node| self.limit(node)).transpose()?,
            options: map.get("options").map_or(Ok(Vec::new()), |node| source.texts(node, "`options`"))?,
            rows: map.get("rows").map(|node| self.rows(node)).transpose()?,
            metrics,
        };
        let strict = ["dimensions", "filters", "period", "order", "limit"];
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

    fn dimension(self, node: &Node) -> Result<ExpectedDimension, LoadError> {
        let text = self.source.text(node, "a dimension")?;
        let (field, grain) = match text.split_once(':') {
            None => (text, None),
            Some((field, grain)) => {
                let named = Node { line: node.line, value: Value::Text(grain.to_owned()) };
                (field, Some(self.named(&named, "the grain of a dimension is", &GRAINS)?))
            }
        };
        if field.split('.').count() != 2 {
            let what = format!("`{}` is no dimension", text.escape_debug());
            return Err(self.source.error(node.line, what, "write `dataset.field` or `dataset.field:month`"));
        }
        Ok(ExpectedDimension { field: field.to_owned(), grain })
    }

    /// A phrase, or `{ not: phrase }`.
    fn filter(self, node: &Node) -> Result<ExpectedFilter, LoadError> {
        let negated = matches!(node.value, Value::Mapping(_));
        let phrase = if negated {
            let map = self.source.mapping(node, "a filter", &["not"])?;
            self.source.required_text(&map, "not")?.to_owned()
        } else {
            self.source.text(node, "a filter")?.to_owned()
        };
        Ok(ExpectedFilter { phrase, negated })
    }

    fn period(self, node: &Node) -> Result<(Date, Date), LoadError> {
        let days = self.source.texts(node, "`period`")?;
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

    fn order(self, node: &Node) -> Result<Order, LoadError> {
        let map = self.source.mapping(node, "an order", &["by", "descending"])?;
        let by = self.source.required_text(&map, "by")?.to_owned();
        match map.get("descending") {
            None => Ok(Order { by, descending: false }),
            Some(Node { value: Value::Boolean(descending), .. }) => Ok(Order { by, descending: *descending }),
            Some(node) => {
                Err(self.source.error(node.line, "`descending` is not true or false", "write one of them"))
            }
        }
    }

    fn limit(self, node: &Node) -> Result<u32, LoadError> {
        let limit = if let Value::Integer(limit) = node.value { u32::try_from(limit).ok() } else { None };
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
