//! Measures of a metric view.
//!
//! Decides how the view's filter and references to other measures are said inside each measure.

use super::names::Names;
use super::{View, about};
use crate::draft::{Draft, Metric};
use crate::file::Map;
use crate::name::{self, same};
use crate::note::Notes;
use crate::sql::{self, Anchor};
use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, VisitMut, VisitorMut};
use std::ops::ControlFlow::{self, Break, Continue};

const KEYS: [&str; 7] = ["name", "expr", "comment", "display_name", "format", "synonyms", "window"];
/// Keys that say how a measure is stored or shown.
const HARMLESS: [&str; 2] = ["rollup", "tags"];
/// Measures that one measure is made of, at every depth together.
const PARTS_MAX: usize = 256;

/// A measure as the file has it.
struct Measure<'a> {
    name: String,
    text: String,
    map: Map<'a>,
}

/// What measures are read with.
struct Reading<'r, 'a> {
    measures: &'r [Measure<'a>],
    names: &'r Names,
    /// The view's own filter, or why it cannot be kept.
    filter: Result<Option<Expr>, String>,
    anchor: Anchor,
}

impl View<'_> {
    pub(super) fn measures(&self, draft: &mut Draft, names: &Names, notes: &mut Notes) {
        let mut measures: Vec<Measure<'_>> = Vec::new();
        for node in self.root.noted_list("measures", self.file, "the metric view", notes) {
            let Some(map) = Map::of(node) else {
                notes.add(&self.place(node.line), "a measure", "is no mapping");
                continue;
            };
            let (Some(name), Some(text)) = (map.text("name"), map.text("expr")) else {
                notes.add(&map.place(self.file), "a measure", "has no name or no expression");
                continue;
            };
            map.note_unknown(self.file, &format!("measure `{name}`"), &KEYS, notes);
            measures.push(Measure { name, text, map });
        }
        let filter = self.filter(draft, names, notes);
        // Every column that a measure names is a field before one of them is used to count rows.
        for measure in &measures {
            let _: Result<(), String> = sql::parse(&measure.text).and_then(|mut expression| {
                let _calls = take_calls(&mut expression)?;
                names.logical(&mut expression, draft)
            });
        }
        let any = draft.dataset(&names.base).and_then(|base| base.fields.first());
        let any = any.map(|field| sql::field(&names.base, &field.name));
        let anchor = Anchor { dataset: names.base.clone(), key: None, any };
        let reading = Reading { measures: &measures, names, filter, anchor };
        for measure in &measures {
            let what = format!("measure `{}`", measure.name);
            let at = measure.map.place(self.file);
            match reading.resolve(measure, draft, &mut Vec::new(), &mut PARTS_MAX.clone()) {
                Err(why) => notes.add(&at, what, why),
                Ok(expression) => {
                    let name = name::field(&measure.name);
                    if name != measure.name {
                        notes.add(&at, what.as_str(), format!("is called `{name}` here"));
                    }
                    let about = about(measure.map, self.file, &what, notes).renamed(&measure.name, &name);
                    draft.metrics.push(Metric { name, sql: expression.to_string(), about, at });
                }
            }
        }
    }

    /// The view's filter over fields. One that cannot be kept keeps every measure out.
    fn filter(&self, draft: &mut Draft, names: &Names, notes: &mut Notes) -> Result<Option<Expr>, String> {
        let said = self.root.said("filter");
        if matches!(said, Ok(None)) {
            return Ok(None);
        }
        let at = self.place(self.root.line_of("filter"));
        let read = |draft: &mut Draft| {
            let mut filter = sql::parse(&said?.unwrap_or_default())?;
            names.logical(&mut filter, draft)?;
            Ok(filter)
        };
        match read(draft) {
            Ok(filter) => {
                let why =
                    "is part of every measure: groups that it leaves out are shown, with nothing to add up";
                notes.add(&at, "`filter` of the metric view", why);
                Ok(Some(filter))
            }
            Err(why) => {
                let why: String = why;
                notes.add(
                    &at,
                    "`filter` of the metric view",
                    format!("{why}; no measure is right without it"),
                );
                Err("the view's filter could not be carried".to_owned())
            }
        }
    }
}

impl Reading<'_, '_> {
    /// A measure over fields of the model, the view's filter and other measures in it.
    fn resolve(
        &self,
        measure: &Measure<'_>,
        draft: &mut Draft,
        open: &mut Vec<String>,
        parts_left: &mut usize,
    ) -> Result<Expr, String> {
        if measure.map.get("window").is_some() {
            return Err(format!(
                "`{}` is a window measure, and no expression of ours looks at other periods",
                measure.name
            ));
        }
        let known: Vec<&str> = KEYS.into_iter().chain(HARMLESS).collect();
        if let Some(key) = measure.map.unknown(&known) {
            return Err(format!("key `{key}` of `{}` is not read", measure.name));
        }
        if self.measures.iter().filter(|other| same(&other.name, &measure.name)).count() > 1 {
            return Err(format!("several measures are called `{}`", measure.name));
        }
        if open.contains(&measure.name) {
            return Err(format!("measure `{}` is made of itself", measure.name));
        }
        *parts_left = parts_left.checked_sub(1).ok_or("it is made of too many measures")?;
        let only = self.filter.clone()?;
        let mut expression = sql::parse(&measure.text)?;
        let calls = take_calls(&mut expression)?;
        self.names.logical(&mut expression, draft)?;
        sql::condition(&mut expression, only.as_ref(), Some(&self.anchor))?;
        open.push(measure.name.clone());
        let mut parts = Vec::new();
        for (name, filter) in calls {
            let Some(other) = self.measures.iter().find(|other| same(&other.name, &name)) else {
                return Err(format!("it is made of measure `{name}`, which this view does not have"));
            };
            let mut part = self.resolve(other, draft, open, parts_left)?;
            if let Some(mut filter) = filter {
                self.names.logical(&mut filter, draft)?;
                sql::condition(&mut part, Some(&filter), Some(&self.anchor))?;
            }
            parts.push(sql::closed(part));
        }
        let _ = open.pop();
        sql::rename(&mut expression, &mut |name| match sql::marked(name) {
            Some(number) => parts.get(number).cloned().ok_or_else(|| "a measure is missing".to_owned()),
            None => match name {
                [one] => Ok(Expr::Identifier(one.clone())),
                _ => Ok(Expr::CompoundIdentifier(name.to_vec())),
            },
        })?;
        if expression.to_string().len() > sql::CHARS_MAX {
            return Err("its expression grows too long".to_owned());
        }
        Ok(expression)
    }
}

/// Puts a mark in the place of each `MEASURE(name)`, and gives the names with their filters.
fn take_calls(expression: &mut Expr) -> Result<Vec<(String, Option<Expr>)>, String> {
    #[derive(Default)]
    struct Calls(Vec<(String, Option<Expr>)>);
    impl VisitorMut for Calls {
        type Break = String;
        fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<String> {
            let Expr::Function(function) = expression else { return Continue(()) };
            if !["measure", "agg"].contains(&sql::name_of(function).as_str()) {
                return Continue(());
            }
            let Some(name) = named(function) else {
                return Break(format!("`{function}` names no measure"));
            };
            let filter = function.filter.take().map(|filter| *filter);
            *expression = Expr::Identifier(sql::mark(self.0.len()));
            self.0.push((name, filter));
            Continue(())
        }
    }
    let mut calls = Calls::default();
    match VisitMut::visit(expression, &mut calls) {
        Continue(()) => Ok(calls.0),
        Break(why) => Err(why),
    }
}

fn named(function: &Function) -> Option<String> {
    let FunctionArguments::List(list) = &function.args else { return None };
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(name)))]
            if list.duplicate_treatment.is_none() && list.clauses.is_empty() =>
        {
            Some(name.value.clone())
        }
        _ => None,
    }
}
