//! Joins of a metric view.
//!
//! Decides which joins are relationships: equalities of columns, with at most one row on the joined side.

use super::names::{Joined, Names};
use super::{View, dataset, table_of};
use crate::draft::{Draft, Relationship};
use crate::file::Map;
use crate::name::{self, same};
use crate::note::Notes;
use crate::sql;
use splitplane_semantics::yaml::Node;
use sqlparser::ast::{BinaryOperator, Expr};

const KEYS: [&str; 7] = ["name", "source", "on", "using", "joins", "rely", "cardinality"];

/// The side on which a join starts.
struct Parent {
    dataset: String,
    /// Names of the joins that lead to it.
    path: Vec<String>,
}

impl View<'_> {
    pub(super) fn joins(&self, draft: &mut Draft, names: &mut Names, notes: &mut Notes) {
        let parent = Parent { dataset: names.base.clone(), path: Vec::new() };
        let nodes = self.root.noted_list("joins", self.file, "the metric view", notes);
        self.joins_of(nodes, &parent, (draft, names), notes);
    }

    fn joins_of(
        &self,
        nodes: &[Node],
        parent: &Parent,
        (draft, names): (&mut Draft, &mut Names),
        notes: &mut Notes,
    ) {
        for node in nodes {
            let Some(map) = Map::of(node) else {
                notes.add(&self.place(node.line), "a join", "is no mapping");
                continue;
            };
            let name = map.text("name").unwrap_or_else(|| "without name".to_owned());
            match self.join(&name, map, parent, draft) {
                Err(why) => notes.add(&map.place(self.file), format!("join `{name}`"), why),
                Ok(joined) => {
                    if !matches_one(map) {
                        let why = "keeps the first match in a metric view; here its key must be unique";
                        notes.add(&map.place(self.file), format!("join `{name}`"), why);
                    }
                    let path = parent.path.iter().cloned().chain([name]).collect::<Vec<_>>();
                    names.joins.push(Joined { path: path.clone(), dataset: joined.clone() });
                    let parent = Parent { dataset: joined, path };
                    self.joins_of(map.list("joins"), &parent, (&mut *draft, &mut *names), notes);
                }
            }
        }
    }

    /// Adds the dataset and the relationship of a join, or says why it cannot be one.
    fn join(&self, name: &str, map: Map<'_>, parent: &Parent, draft: &mut Draft) -> Result<String, String> {
        if let Some(key) = map.unknown(&KEYS) {
            return Err(format!("its key `{key}` is not read"));
        }
        match map.said("cardinality")?.as_deref() {
            None | Some("many_to_one") => {}
            Some(other) => {
                return Err(format!("a join of cardinality `{other}` multiplies rows of its source"));
            }
        }
        let source = map.text("source").ok_or("it has no source")?;
        let _ = table_of(&source).ok_or("its source is a query, not a table")?;
        let pairs = pairs(name, map, parent)?;
        let at = map.place(self.file);
        let to = draft.free_dataset(name);
        draft.datasets.push(dataset(&to, &source, at.clone()));
        let mut columns = |dataset: &str, column: &str| match draft.dataset_mut(dataset) {
            Some(dataset) => Ok(dataset.column(column, &at)),
            None => Err(format!("its parent `{dataset}` is not carried")),
        };
        let mut relationship = Relationship {
            name: String::new(),
            from: parent.dataset.clone(),
            to: to.clone(),
            from_fields: Vec::new(),
            to_fields: Vec::new(),
            at: at.clone(),
        };
        for (from, joined) in &pairs {
            relationship.from_fields.push(columns(&parent.dataset, from)?);
            relationship.to_fields.push(columns(&to, joined)?);
        }
        let taken = draft.relationships.iter().map(|other| other.name.as_str());
        relationship.name = name::free(&format!("{}_to_{to}", parent.dataset), &taken);
        // What the view does not promise is for the model's owner to say.
        if let Some(dataset) = draft.dataset_mut(&to).filter(|_| matches_one(map)) {
            dataset.unique_keys.push(relationship.to_fields.clone());
        }
        draft.relationships.push(relationship);
        Ok(to)
    }
}

/// Whether the view promises that a row has at most one match.
fn matches_one(join: Map<'_>) -> bool {
    join.map("rely").is_some_and(|rely| rely.is_set("at_most_one_match"))
}

/// The columns that a join compares: of its parent, and its own.
fn pairs(name: &str, map: Map<'_>, parent: &Parent) -> Result<Vec<(String, String)>, String> {
    let using = map.all_said("using")?;
    match (map.said("on")?, using.as_slice()) {
        (None, []) => Err("it has neither `on` nor `using`".to_owned()),
        (Some(_), [_, ..]) => Err("it has both `on` and `using`".to_owned()),
        (None, columns) => columns.iter().map(|column| Ok((plain(column)?, plain(column)?))).collect(),
        (Some(on), []) => {
            let mut found = Vec::new();
            equalities(&sql::parse(&on)?, (name, parent), &mut found)?;
            Ok(found)
        }
    }
}

/// The name of a column as `using` writes it.
fn plain(column: &str) -> Result<String, String> {
    match sql::parse(column) {
        Ok(Expr::Identifier(name)) => Ok(name.value),
        Ok(_) | Err(_) => Err(format!("`using` names `{}`, which is no column", column)),
    }
}

fn equalities(on: &Expr, sides: (&str, &Parent), found: &mut Vec<(String, String)>) -> Result<(), String> {
    if let Expr::Nested(inner) = on {
        return equalities(inner, sides, found);
    }
    if let Expr::BinaryOp { left, op: BinaryOperator::And, right } = on {
        equalities(left, sides, found)?;
        return equalities(right, sides, found);
    }
    let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = on else {
        return Err(format!("`{on}` is no equality of columns"));
    };
    let (name, parent) = sides;
    let of = |side: &Expr| -> Result<(bool, String), String> {
        let Expr::CompoundIdentifier(parts) = side else {
            return Err(format!("`{side}` is no column with the name of its side"));
        };
        let parts: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
        let Some((column, side_of)) = parts.split_last() else { return Err("a side is empty".to_owned()) };
        let is = |path: &[String]| {
            side_of.len() == path.len() && side_of.iter().zip(path).all(|(part, name)| same(part, name))
        };
        let own = parent.path.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>();
        if is(&[name.to_owned()]) || is(&own) {
            return Ok((true, (*column).to_owned()));
        }
        let is_parent = match parent.path.last() {
            None => is(&["source".to_owned()]),
            Some(last) => is(std::slice::from_ref(last)) || is(&parent.path),
        };
        if is_parent {
            Ok((false, (*column).to_owned()))
        } else {
            Err(format!("`{side}` is on neither side"))
        }
    };
    match (of(left)?, of(right)?) {
        ((false, from), (true, to)) | ((true, to), (false, from)) => {
            found.push((from, to));
            Ok(())
        }
        ((true, _), (true, _)) | ((false, _), (false, _)) => {
            Err(format!("`{on}` compares one side with itself"))
        }
    }
}
