//! Metrics as the files have them.
//!
//! Decides what is read of a metric, in both of its spellings: with `type_params`, and with the keys beside it.

use super::models::about;
use crate::draft::About;
use crate::file::{Map, scalar};
use crate::note::{Notes, Place};
use splitplane_semantics::yaml::Node;

/// A metric.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    pub(super) name: String,
    pub(super) at: Place,
    pub(super) about: About,
    pub(super) filters: Vec<String>,
    pub(super) body: Result<Body, String>,
    /// The semantic model that it is written in, where its measure is.
    pub(super) model: Option<String>,
}

/// How a metric is made.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// From a measure.
    Simple(Input),
    /// One metric divided by another.
    Ratio(Input, Input),
    /// An expression over metrics.
    Derived { expr: String, inputs: Vec<Input> },
}

/// A measure or a metric that another is made from.
#[derive(Debug, Clone)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) alias: Option<String>,
    pub(super) filters: Vec<String>,
    /// What stands for nothing.
    pub(super) fill: Option<String>,
    /// Why it cannot be an input.
    pub(super) refused: Option<String>,
}

/// Keys of every metric that do not say what it is made of.
const ASIDE: [&str; 9] =
    ["name", "description", "label", "type", "type_params", "filter", "config", "meta", "hidden"];
/// Keys that do, of simple metrics, in `type_params` or beside it.
const SIMPLE: [&str; 9] = [
    "measure",
    "fill_nulls_with",
    "join_to_timespine",
    "agg",
    "expr",
    "percentile",
    "percentile_type",
    "agg_time_dimension",
    "non_additive_dimension",
];
const RATIO: [&str; 2] = ["numerator", "denominator"];
const DERIVED: [&str; 3] = ["expr", "metrics", "input_metrics"];
const INPUT: [&str; 7] =
    ["name", "alias", "filter", "fill_nulls_with", "join_to_timespine", "offset_window", "offset_to_grain"];

pub(super) fn read(node: &Node, file: &str, notes: &mut Notes) -> Option<Spec> {
    let map = Map::of(node)?;
    let name = map.text("name")?;
    let kind = map.text("type").unwrap_or_default();
    let what = format!("metric `{name}`");
    let params = map.map("type_params");
    let reading = Reading { map, params, file, what: &what };
    let body = match kind.as_str() {
        "simple" => reading.check(&SIMPLE, notes).and_then(|()| reading.simple(&name, notes)),
        "ratio" => reading.check(&RATIO, notes).and_then(|()| reading.ratio(notes)),
        "derived" => reading.check(&DERIVED, notes).and_then(|()| reading.derived(notes)),
        "cumulative" => Err("adds up over a window of time, which no expression of ours does".to_owned()),
        "conversion" => {
            Err("counts conversions from one event to another, which no expression of ours does".to_owned())
        }
        "" => Err("has no type".to_owned()),
        other => Err(format!("is of type `{}`, which is not read", other)),
    };
    // A filter that is not understood must not get lost.
    let filters = map.all_said("filter");
    let body = body.and_then(|body| filters.as_ref().map(|_| body).map_err(Clone::clone));
    Some(Spec {
        at: map.place(file),
        about: about(map),
        filters: filters.unwrap_or_default(),
        body,
        model: None,
        name,
    })
}

/// A metric that is being read.
struct Reading<'a> {
    map: Map<'a>,
    params: Option<Map<'a>>,
    file: &'a str,
    what: &'a str,
}

impl<'a> Reading<'a> {
    /// The value of a key, in `type_params` or beside it.
    fn get(&self, key: &str) -> Option<&'a Node> {
        self.params.and_then(|params| params.get(key)).or_else(|| self.map.get(key))
    }

    /// Refuses what could say more of the metric than is read.
    fn check(&self, keys: &[&str], notes: &mut Notes) -> Result<(), String> {
        const HARMLESS: [&str; 4] = ["group", "tags", "docs", "time_granularity"];
        let known: Vec<&str> = ASIDE.into_iter().chain(keys.iter().copied()).collect();
        self.map.note_unknown(self.file, self.what, &known, notes);
        let known: Vec<&str> = known.into_iter().chain(HARMLESS).collect();
        let params = self.params.and_then(|params| params.unknown(keys));
        match params.or_else(|| self.map.unknown(&known)) {
            Some(key) => Err(format!("its key `{key}` is not read")),
            None => Ok(()),
        }
    }

    fn simple(&self, name: &str, notes: &mut Notes) -> Result<Body, String> {
        let mut input = match (self.get("measure"), self.map.get("agg")) {
            (Some(node), _) => self.input(node, notes)?,
            // Annotated in place: the measure has the name of the metric.
            (None, Some(_)) => {
                Input { name: name.to_owned(), alias: None, filters: Vec::new(), fill: None, refused: None }
            }
            (None, None) => return Err("names no measure".to_owned()),
        };
        if let Some(node) = self.get("fill_nulls_with") {
            input.fill = Some(scalar(node).ok_or("its `fill_nulls_with` is no text")?);
        }
        if self.get("join_to_timespine").and_then(scalar).as_deref() == Some("true") {
            self.note_timespine(notes);
        }
        Ok(Body::Simple(input))
    }

    fn ratio(&self, notes: &mut Notes) -> Result<Body, String> {
        let mut side = |key: &str| {
            let node = self.get(key).ok_or_else(|| format!("has no {key}"))?;
            self.input(node, notes)
        };
        let numerator = side("numerator")?;
        Ok(Body::Ratio(numerator, side("denominator")?))
    }

    fn derived(&self, notes: &mut Notes) -> Result<Body, String> {
        let expr = self.get("expr").and_then(scalar).ok_or("has no expression")?;
        let listed = self.params.map_or(&[][..], |params| params.list("metrics"));
        let nodes = if listed.is_empty() { self.map.list("input_metrics") } else { listed };
        let inputs = nodes.iter().map(|node| self.input(node, notes)).collect::<Result<_, _>>()?;
        Ok(Body::Derived { expr, inputs })
    }

    fn input(&self, node: &Node, notes: &mut Notes) -> Result<Input, String> {
        let Some(map) = Map::of(node) else {
            let name = scalar(node).ok_or("has an input without a name")?;
            return Ok(Input { name, alias: None, filters: Vec::new(), fill: None, refused: None });
        };
        let name = map.text("name").ok_or("has an input without a name")?;
        let mut refused = None;
        if map.get("offset_window").is_some() || map.get("offset_to_grain").is_some() {
            refused =
                Some(format!("its input `{name}` is of another time, and no expression of ours looks there"));
        }
        // What is not understood could change what is added up.
        if let Some(key) = map.unknown(&INPUT) {
            refused = Some(format!("key `{key}` of its input `{name}` is not read"));
        }
        let (filters, fill) = (map.all_said("filter")?, map.said("fill_nulls_with")?);
        if map.is_set("join_to_timespine") {
            self.note_timespine(notes);
        }
        Ok(Input { alias: map.text("alias"), filters, fill, refused, name })
    }

    fn note_timespine(&self, notes: &mut Notes) {
        let what = format!("`join_to_timespine` of {}", self.what);
        notes.add(&self.map.place(self.file), what, "times without rows are not shown here");
    }
}
