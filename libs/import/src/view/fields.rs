//! Dimensions of a metric view.
//!
//! Decides to which dataset a dimension belongs. One over columns of several is no field, and can still be used by
//! measures.

use super::names::{Known, Names};
use super::{View, about, time};
use crate::ImportError;
use crate::draft::{Draft, Field, Role};
use crate::file::Map;
use crate::name::{self, same};
use crate::note::Notes;
use crate::sql;
use splitplane_semantics::yaml::Value;
use sqlparser::ast::Expr;

const KEYS: [&str; 6] = ["name", "expr", "comment", "display_name", "format", "synonyms"];

impl View<'_> {
    pub(super) fn fields(
        &self,
        draft: &mut Draft,
        names: &mut Names,
        notes: &mut Notes,
    ) -> Result<(), ImportError> {
        let mut times = time::Times::default();
        for key in ["dimensions", "fields"] {
            if let Some(node) = self.root.get(key)
                && !matches!(node.value, Value::List(_))
            {
                // Names of its dimensions would be taken for columns.
                let what = format!("`{key}` is no list");
                return Err(super::shape(self.file, node.line, &what, "write a list of dimensions"));
            }
            for node in self.root.list(key) {
                let Some((map, name)) = Map::of(node).and_then(|map| Some((map, map.text("name")?))) else {
                    notes.add(&self.place(node.line), "a dimension", "is no mapping with a name");
                    continue;
                };
                self.dimension((name, map), (&mut *draft, &mut *names), &mut times, notes);
            }
        }
        self.time(draft, names, &times, notes)
    }

    fn dimension(
        &self,
        (name, map): (String, Map<'_>),
        (draft, names): (&mut Draft, &mut Names),
        times: &mut time::Times,
        notes: &mut Notes,
    ) {
        let what = format!("dimension `{name}`");
        let at = map.place(self.file);
        if let Some(known) = names.dimensions.iter_mut().find(|known| same(&known.name, &name)) {
            known.doubt = Some(format!("several dimensions are called `{name}`"));
            notes.add(&at, what, "the name is taken by a dimension before it");
            return;
        }
        map.note_unknown(self.file, &what, &KEYS, notes);
        let text = map.said("expr").and_then(|text| text.ok_or_else(|| "it has no expression".to_owned()));
        let expression = text.and_then(|text| names.physical(&text));
        let field = match &expression {
            Err(why) => Err(why.clone()),
            Ok(expression) => self.field((&name, map), expression, (draft, &names.base), notes),
        };
        if let Err(why) = &field {
            notes.add(&at, what, why.clone());
        }
        if let Ok(expression) = &expression {
            times.add(expression, &names.base);
        }
        names.dimensions.push(Known { name, expression, field: field.ok(), doubt: None });
        doubt(draft, names);
    }

    /// Adds the field of a dimension, or says why there is none.
    fn field(
        &self,
        (name, map): (&str, Map<'_>),
        expression: &Expr,
        (draft, base): (&mut Draft, &str),
        notes: &mut Notes,
    ) -> Result<(String, String), String> {
        let mut over: Vec<String> =
            sql::names(expression).into_iter().filter_map(|parts| parts.into_iter().next()).collect();
        over.sort();
        over.dedup();
        let dataset = match over.as_slice() {
            [] => base.to_owned(),
            [one] => one.clone(),
            [_, _, ..] => {
                let over = over.join("` and `");
                return Err(format!(
                    "spans the tables `{over}`: it is no field, and can be used by measures only"
                ));
            }
        };
        let mut own = expression.clone();
        sql::rename(&mut own, &mut |parts| match parts.last() {
            Some(column) => Ok(sql::column(&column.value)),
            None => Err("a name is empty".to_owned()),
        })?;
        let column = sql::as_column(&own).map(str::to_owned);
        let what = format!("dimension `{name}`");
        let about = about(map, self.file, &what, notes);
        let is_date = sql::is_date(expression);
        let shown_as_date = matches!(
            map.map("format").and_then(|format| format.text("type")).as_deref(),
            Some("date" | "date_time")
        );
        let is_truncated = time::truncated(expression).is_some();
        let role = if (is_date || shown_as_date) && !is_truncated { Role::Time } else { Role::Dimension };
        let at = map.place(self.file);
        let Some(dataset) = draft.dataset_mut(&dataset) else {
            return Err("its table is not carried".to_owned());
        };
        // The column may be there already, for a join: it becomes the dimension.
        let joined = dataset
            .fields
            .iter()
            .position(|field| field.role == Role::Plain && field.column.is_some() && field.column == column);
        if let Some(field) = joined.and_then(|index| dataset.fields.get_mut(index)) {
            field.about = about.renamed(name, &field.name);
            field.role = role;
            return Ok((dataset.name.clone(), field.name.clone()));
        }
        let wanted = name::field(name);
        let field = name::free(&wanted, &dataset.fields.iter().map(|field| field.name.as_str()));
        if field != name {
            notes.add(&at, what, format!("is called `{field}` here"));
        }
        let about = about.renamed(name, &field);
        let sql = own.to_string();
        dataset.fields.push(Field { name: field.clone(), sql, column, is_date, role, about, at });
        Ok((dataset.name.clone(), field))
    }
}

/// Doubts names that are dimensions and, as something else, columns of the source.
fn doubt(draft: &Draft, names: &mut Names) {
    let base = names.base.clone();
    let of_joins: Vec<String> = draft
        .dataset(&base)
        .into_iter()
        .flat_map(|dataset| dataset.fields.iter().filter_map(|field| field.column.clone()))
        .collect();
    for known in &mut names.dimensions {
        let Ok(expression) = &known.expression else { continue };
        let is_itself = |parts: &[String]| match parts {
            [dataset, column] => *dataset == base && same(column, &known.name),
            _ => false,
        };
        let named = sql::names(expression);
        let is_column = matches!(expression, Expr::CompoundIdentifier(_))
            && named.first().is_some_and(|parts| is_itself(parts));
        let is_known = named.iter().any(|parts| is_itself(parts))
            || of_joins.iter().any(|column| same(column, &known.name));
        if known.doubt.is_none() && is_known && !is_column {
            let name = &known.name;
            known.doubt =
                Some(format!("`{name}` is a dimension and, as something else, a column of the source"));
        }
    }
}
