//! Rows of a source in one scope, part by part: read, kept, barred.

use super::algebra::Algebra;
use super::{Check, Planner, keys, mapped, place};
use crate::layout::{Part, Source, parts};
use crate::types::{Conversion, conversion, key_equality, of_folders, quoted, sql_type};
use arrow::datatypes::DataType as Arrow;
use splitplane_engine::{EngineError, answers};
use splitplane_split_plane::{Condition, RowScope};
use std::collections::BTreeSet;

/// Rows of a part: the columns that were asked for, and those of the scope.
#[derive(Debug)]
pub(super) struct Rows<R> {
    pub(super) relation: R,
    columns: Vec<(String, Arrow)>,
    pub(super) is_barred: bool,
    /// What has to be true of the sources that its scope leads through.
    pub(super) below: Vec<Check<R>>,
}

/// Keys of a source, the types in which they are compared, and what has to be true of the rows they are of.
struct KeysOf<R> {
    keys: R,
    types: Vec<Arrow>,
    checks: Vec<Check<R>>,
}

/// How a column of another source is called in a condition that speaks of both.
const OTHER: &str = "__other";

impl<R> Rows<R> {
    /// The type of a column, by its exact name, else by the one name that differs in case alone.
    pub(super) fn data_type(&self, name: &str) -> Result<Option<&Arrow>, String> {
        Ok(find(&self.columns, name)?.map(|(_, data_type)| data_type))
    }

    /// A column in a type; NULL where the part lacks it.
    pub(super) fn converted(&self, name: &str, to: &Arrow) -> Result<Conversion, String> {
        let cannot = || format!("a column cannot be shown as {to}");
        match find(&self.columns, name)? {
            Some((found, from)) => conversion(found, from, to).ok_or_else(cannot),
            None => {
                let to = sql_type(to).ok_or_else(cannot)?;
                Ok(Conversion { text: format!("CAST(NULL AS {to})"), loses: None })
            }
        }
    }
}

fn find<'c>(columns: &'c [(String, Arrow)], name: &str) -> Result<Option<&'c (String, Arrow)>, String> {
    if let Some(found) = columns.iter().find(|(other, _)| other == name) {
        return Ok(Some(found));
    }
    let mut alike = columns.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    match (alike.next(), alike.next()) {
        (found, None) => Ok(found),
        (_, Some(_)) => Err("two columns differ in case alone".to_owned()),
    }
}

impl<A: Algebra> Planner<'_, A> {
    /// The rows of a source in a scope, with some of its columns.
    pub(super) fn rows(
        &mut self,
        source: &str,
        rows: &RowScope,
        wanted: &BTreeSet<String>,
    ) -> Result<Vec<Rows<A::Relation>>, EngineError> {
        let mapping = mapped(self.sources, source)?;
        let mut found = Vec::new();
        for part in parts(mapping, rows) {
            found.extend(self.part(source, mapping, &part, wanted)?);
        }
        Ok(found)
    }

    /// A part; `None` where no row can be in it.
    fn part(
        &mut self,
        source: &str,
        mapping: &Source,
        part: &Part,
        wanted: &BTreeSet<String>,
    ) -> Result<Option<Rows<A::Relation>>, EngineError> {
        let fail = |cause: String| EngineError::warehouse(source, cause);
        let place = place(self.sources, source, part)?;
        let known =
            self.known.get(&place).ok_or_else(|| EngineError::internal("a place nobody asked about"))?;
        let Some(known) = known else { return Ok(None) };
        let folders: Vec<(String, Arrow)> =
            part.folders.iter().map(|(name, _)| (name.clone(), Arrow::Utf8)).collect();
        let all: Vec<(String, Arrow)> = known
            .iter()
            .filter(|(name, _)| !folders.iter().any(|(folder, _)| folder == name))
            .chain(&folders)
            .cloned()
            .collect();
        let mut needed: BTreeSet<String> = wanted.clone();
        for condition in &part.conditions {
            needed.extend(condition_columns(condition));
        }
        let mut columns: Vec<(String, Arrow)> = Vec::new();
        for name in &needed {
            if let Some(found) = find(&all, name).map_err(fail)?
                && !columns.contains(found)
            {
                columns.push(found.clone());
            }
        }
        let is_folder = |name: &String| folders.iter().any(|(folder, _)| folder == name);
        let own: Vec<(String, Arrow)> =
            columns.iter().filter(|(name, _)| !is_folder(name)).cloned().collect();
        let mut relation = self.algebra.read(mapping, &place.path, known, &own).map_err(fail)?;
        if !part.folders.is_empty() {
            let own: Vec<&str> = own.iter().map(|(name, _)| name.as_str()).collect();
            relation = self.algebra.with_texts(relation, &own, &part.folders);
        }
        // The engine has read these from names beneath the part's own.
        let is_read = |name: &String| mapping.is_in_folders(name) && !is_folder(name);
        if columns.iter().any(|(name, _)| is_read(name)) {
            let column = |(name, _): &(String, Arrow)| {
                let text = if is_read(name) { of_folders(name) } else { quoted(name) };
                (text, name.clone())
            };
            let columns: Vec<(String, String)> = columns.iter().map(column).collect();
            relation = self.algebra.project(relation, &columns);
        }
        let mut below = Vec::new();
        for condition in &part.conditions {
            relation = match self.kept(source, (relation, &columns), condition, &mut below)? {
                Some(relation) => relation,
                None => return Ok(None),
            };
        }
        let is_barred = !part.is_whole() && !is_partition_alone(mapping, part);
        if is_barred {
            relation = self.algebra.limit(relation, self.barrier_rows);
        }
        Ok(Some(Rows { relation, columns, is_barred, below }))
    }

    /// The rows that meet a condition; `None` where none can.
    fn kept(
        &mut self,
        source: &str,
        (relation, columns): (A::Relation, &[(String, Arrow)]),
        condition: &Condition,
        below: &mut Vec<Check<A::Relation>>,
    ) -> Result<Option<A::Relation>, EngineError> {
        let fail = |cause: String| EngineError::warehouse(source, cause);
        let held = |name: &String| -> Result<(String, Arrow), EngineError> {
            let found = columns.iter().find(|(other, _)| other == name);
            found.cloned().ok_or_else(|| fail("a scope column is missing from the source".to_owned()))
        };
        match condition {
            Condition::Keys { columns, tuples } => {
                let columns = columns.iter().map(held).collect::<Result<Vec<_>, _>>()?;
                let condition = keys::condition(&columns, tuples).map_err(fail)?;
                Ok(condition.map(|keys| self.algebra.having(relation, &keys)))
            }
            Condition::Exists { source: other, rows, by } => {
                let theirs: Vec<String> = by.iter().map(|(_, theirs)| theirs.clone()).collect();
                let Some(right) = self.others(other, rows, &theirs)? else { return Ok(None) };
                below.extend(right.checks);
                let mut equal = Vec::with_capacity(by.len());
                for (at, ((mine, _), family)) in by.iter().zip(&right.types).enumerate() {
                    let (name, data_type) = held(mine)?;
                    equal.push(
                        key_equality((&name, &data_type), (&format!("{OTHER}{at}"), family)).map_err(fail)?,
                    );
                }
                Ok(Some(self.algebra.semi_join(relation, right.keys, &equal.join(" AND "))))
            }
        }
    }

    /// The keys of another source's rows in their scope, each in the type in which it is compared.
    fn others(
        &mut self,
        source: &str,
        rows: &RowScope,
        columns: &[String],
    ) -> Result<Option<KeysOf<A::Relation>>, EngineError> {
        let fail = |cause: String| EngineError::warehouse(source, cause);
        let mut all: Option<KeysOf<A::Relation>> = None;
        for part in self.rows(source, rows, &columns.iter().cloned().collect())? {
            let mut families = Vec::with_capacity(columns.len());
            let mut shown = Vec::with_capacity(columns.len());
            for (at, name) in columns.iter().enumerate() {
                let found = part.columns.iter().find(|(other, _)| other == name);
                let (name, data_type) =
                    found.ok_or_else(|| fail("a scope column is missing from the source".to_owned()))?;
                let family = answers::key_type(data_type)
                    .ok_or_else(|| fail(format!("keys of type {data_type} cannot be compared")))?;
                let expression = if family == Arrow::Int64 && *data_type != Arrow::Int64 {
                    format!("try_cast({} AS BIGINT)", quoted(name))
                } else {
                    quoted(name)
                };
                shown.push((expression, format!("{OTHER}{at}")));
                families.push(family);
            }
            let mut checks = part.below;
            if part.is_barred {
                // One that was cut short would hide rows of whoever leads through it.
                checks.push(Check { rows: part.relation.clone(), loses: Vec::new(), is_barred: true });
            }
            let keys = self.algebra.project(part.relation, &shown);
            all = Some(match all {
                None => KeysOf { keys, types: families, checks },
                Some(known) if known.types != families => {
                    return Err(fail("the parts of a source differ in the types of their keys".to_owned()));
                }
                Some(known) => KeysOf {
                    keys: self.algebra.union_all(known.keys, keys),
                    types: families,
                    checks: known.checks.into_iter().chain(checks).collect(),
                },
            });
        }
        Ok(all)
    }
}

/// Whether a table's partitions alone decide: a condition on them is evaluated on no row.
fn is_partition_alone(mapping: &Source, part: &Part) -> bool {
    !mapping.table.is_empty()
        && part.conditions.iter().all(|condition| match condition {
            Condition::Keys { columns, tuples: _ } => {
                columns.iter().all(|column| mapping.partitions.contains(column))
            }
            Condition::Exists { .. } => false,
        })
}

fn condition_columns(condition: &Condition) -> Vec<String> {
    match condition {
        Condition::Keys { columns, tuples: _ } => columns.clone(),
        Condition::Exists { source: _, rows: _, by } => by.iter().map(|(mine, _)| mine.clone()).collect(),
    }
}
