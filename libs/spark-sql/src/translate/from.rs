//! FROM: relations, common table expressions, subqueries, joins.

use super::Translation;
use super::names::column;
use super::query::rename;
use super::scope::{Binding, Column};
use crate::kind::Kind;
use crate::refusal::Refusal;
use sqlparser::ast::{
    Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, TableAlias, TableFactor, TableWithJoins,
};

impl Translation<'_> {
    pub(super) fn from(&mut self, from: &[TableWithJoins]) -> Result<String, Refusal> {
        let tables = from.iter().map(|table| self.table(table)).collect::<Result<Vec<_>, _>>()?;
        Ok(if tables.is_empty() { String::new() } else { format!(" FROM {}", tables.join(", ")) })
    }

    fn table(&mut self, table: &TableWithJoins) -> Result<String, Refusal> {
        let mut text = self.factor(&table.relation)?;
        for join in &table.joins {
            text.push_str(&self.join(join)?);
        }
        Ok(text)
    }

    fn join(&mut self, join: &Join) -> Result<String, Refusal> {
        let Join { relation, global: false, join_operator } = join else {
            return Err(Refusal::Syntax("GLOBAL JOIN"));
        };
        let relation = self.factor(relation)?;
        #[expect(clippy::wildcard_enum_match_arm, reason = "an allow-list: every other join is refused")]
        let (word, on) = match join_operator {
            JoinOperator::Inner(on) | JoinOperator::Join(on) => ("INNER JOIN", Some(on)),
            JoinOperator::LeftOuter(on) | JoinOperator::Left(on) => ("LEFT OUTER JOIN", Some(on)),
            JoinOperator::RightOuter(on) | JoinOperator::Right(on) => ("RIGHT OUTER JOIN", Some(on)),
            JoinOperator::FullOuter(on) => ("FULL OUTER JOIN", Some(on)),
            JoinOperator::LeftSemi(on) => ("LEFT SEMI JOIN", Some(on)),
            JoinOperator::LeftAnti(on) => ("LEFT ANTI JOIN", Some(on)),
            JoinOperator::CrossJoin(JoinConstraint::None) => ("CROSS JOIN", None),
            _ => return Err(Refusal::Syntax("this kind of join")),
        };
        let Some(on) = on else { return Ok(format!(" {word} {relation}")) };
        let JoinConstraint::On(condition) = on else { return Err(Refusal::Syntax("a join without ON")) };
        let condition = self.expr(condition)?;
        let condition = self.truth(condition)?;
        Ok(format!(" {word} {relation} ON {condition}"))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "an allow-list: every other relation is refused")]
    fn factor(&mut self, factor: &TableFactor) -> Result<String, Refusal> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                self.named(name, alias.as_ref())
            }
            TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None } => {
                // It sees nothing of the SELECTs around it.
                let frames = std::mem::take(&mut self.frames);
                let translated = self.query(subquery, false);
                self.frames = frames;
                let mut translated = translated?;
                rename(&mut translated.columns, alias)?;
                let text = format!("({})", translated.text);
                self.bind(&text, alias.name.value.clone(), generated(translated.columns))
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                Ok(format!("({})", self.table(table_with_joins)?))
            }
            _ => Err(Refusal::Syntax("this kind of relation")),
        }
    }

    fn named(&mut self, name: &ObjectName, alias: Option<&TableAlias>) -> Result<String, Refusal> {
        let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else { return Err(Refusal::Unknown) };
        let known = self.ctes.iter().rev().find(|cte| cte.name.eq_ignore_ascii_case(&ident.value));
        let (text, mut columns) = match known {
            Some(cte) => (cte.text.clone(), generated(cte.columns.clone())),
            None => self.view_columns(&ident.value)?,
        };
        let name = match alias {
            None => ident.value.clone(),
            Some(alias) => {
                let mut named: Vec<(String, Kind)> =
                    columns.iter().map(|column| (column.name.clone(), column.kind)).collect();
                rename(&mut named, alias)?;
                for (column, (name, _)) in columns.iter_mut().zip(named) {
                    column.name = name;
                }
                alias.name.value.clone()
            }
        };
        self.bind(&text, name, columns)
    }

    fn bind(&mut self, text: &str, name: String, columns: Vec<Column>) -> Result<String, Refusal> {
        let alias = self.names.relation();
        let frame = self.frames.last_mut().ok_or(Refusal::Syntax("FROM outside of SELECT"))?;
        frame.bindings.push(Binding { name, alias: alias.clone(), columns });
        Ok(format!("{text} AS {alias}"))
    }
}

/// Columns of a query of the statement itself.
fn generated(columns: Vec<(String, Kind)>) -> Vec<Column> {
    let named = columns.into_iter().enumerate();
    named.map(|(at, (name, kind))| Column { name, text: column(at), kind }).collect()
}
