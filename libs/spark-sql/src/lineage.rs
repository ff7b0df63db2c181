//! Which columns of a result come from masked columns.
//!
//! A masked value has been masked in its relation; this only keeps such columns out of a language model's sight. In
//! doubt a column counts as masked. Knows the trees that the guard makes, and translates nothing.

use crate::statement::Relation;
use sqlparser::ast::{
    Expr, Ident, ObjectNamePart, Query, Select, SelectItem, SetExpr, TableAlias, TableFactor, TableWithJoins,
    Value, VisitMut, VisitorMut, WindowType,
};
use std::ops::ControlFlow;

/// Names of columns, each with whether it is masked.
type Flags = Vec<(String, bool)>;

/// One flag for each column of a query over these relations.
pub(crate) fn masked(query: &Query, relations: &[Relation]) -> Vec<bool> {
    let mut lineage = Lineage { relations, ctes: Vec::new(), frames: Vec::new() };
    lineage.query(query).into_iter().map(|(_, masked)| masked).collect()
}

struct Lineage<'r> {
    relations: &'r [Relation],
    ctes: Vec<(String, Flags)>,
    /// Relations of the SELECTs around a place, innermost last.
    frames: Vec<Vec<(String, Flags)>>,
}

impl Lineage<'_> {
    fn query(&mut self, query: &Query) -> Flags {
        let before = self.ctes.len();
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            let flags = self.query(&cte.query);
            self.ctes.push((cte.alias.name.value.clone(), renamed(flags, &cte.alias)));
        }
        let flags = self.body(&query.body);
        self.ctes.truncate(before);
        flags
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "no other body gets through the guard; it has no columns here"
    )]
    fn body(&mut self, body: &SetExpr) -> Flags {
        // A chain of set operations is as deep as it is long.
        let (mut first, mut others) = (body, Vec::new());
        while let SetExpr::SetOperation { left, op: _, set_quantifier: _, right } = first {
            others.push(right);
            first = left;
        }
        let mut flags = match first {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            _ => Vec::new(),
        };
        for other in others {
            let other = self.body(other);
            for (at, (_, masked)) in flags.iter_mut().enumerate() {
                *masked |= other.get(at).is_none_or(|(_, masked)| *masked);
            }
        }
        flags
    }

    fn select(&mut self, select: &Select) -> Flags {
        let mut frame = Vec::new();
        for from in &select.from {
            self.bind(from, &mut frame);
        }
        self.frames.push(frame);
        let mut flags = Flags::new();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => flags.push((name_of(expr), self.reads_masked(expr))),
                SelectItem::ExprWithAlias { expr, alias } => {
                    flags.push((alias.value.clone(), self.reads_masked(expr)));
                }
                SelectItem::ExprWithAliases { .. }
                | SelectItem::QualifiedWildcard(..)
                | SelectItem::Wildcard(_) => {
                    let all = self.frames.last().into_iter().flatten().flat_map(|(_, flags)| flags);
                    let all: Flags = all.map(|(name, _)| (name.clone(), true)).collect();
                    flags.extend(all);
                }
            }
        }
        self.frames.pop();
        flags
    }

    fn bind(&mut self, from: &TableWithJoins, frame: &mut Vec<(String, Flags)>) {
        self.factor(&from.relation, frame);
        for join in &from.joins {
            self.factor(&join.relation, frame);
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "no other relation gets through the guard; its columns are unknown"
    )]
    fn factor(&mut self, factor: &TableFactor, frame: &mut Vec<(String, Flags)>) {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                let Some(ObjectNamePart::Identifier(name)) = name.0.last() else { return };
                let flags = self.named(name);
                frame.push(aliased(name.value.clone(), flags, alias.as_ref()));
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let flags = self.query(subquery);
                frame.push(aliased(String::new(), flags, alias.as_ref()));
            }
            TableFactor::NestedJoin { table_with_joins, .. } => self.bind(table_with_joins, frame),
            _ => {}
        }
    }

    fn named(&self, name: &Ident) -> Flags {
        if let Some((_, flags)) =
            self.ctes.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(&name.value))
        {
            return flags.clone();
        }
        let found = self.relations.iter().find(|relation| relation.name.eq_ignore_ascii_case(&name.value));
        let flags = |relation: &Relation| {
            let flag = |(column, _): &(String, _)| (column.clone(), relation.masked.contains(column));
            relation.columns.iter().map(flag).collect()
        };
        found.map(flags).unwrap_or_default()
    }

    fn reads_masked(&mut self, expr: &Expr) -> bool {
        let mut expr = expr.clone();
        let mut reading = Reading { lineage: self, found: false };
        let _ = expr.visit(&mut reading);
        reading.found
    }

    fn column(&self, relation: &str, column: &str) -> bool {
        for frame in self.frames.iter().rev() {
            if let Some((_, flags)) = frame.iter().find(|(name, _)| name.eq_ignore_ascii_case(relation)) {
                let flag = flags.iter().find(|(name, _)| name.eq_ignore_ascii_case(column));
                return flag.is_none_or(|(_, masked)| *masked);
            }
        }
        true
    }
}

/// A walk over an expression that asks queries in it for their own columns.
struct Reading<'l, 'r> {
    lineage: &'l mut Lineage<'r>,
    found: bool,
}

impl VisitorMut for Reading<'_, '_> {
    type Break = ();

    #[expect(clippy::wildcard_enum_match_arm, reason = "other nodes hold columns, and those are walked into")]
    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let nothing = || Expr::value(Value::Null);
        let instead = match expr {
            Expr::CompoundIdentifier(parts) => {
                self.found |= match parts.as_slice() {
                    [relation, column] => self.lineage.column(&relation.value, &column.value),
                    _ => true,
                };
                None
            }
            Expr::Identifier(_) | Expr::QualifiedWildcard(..) => {
                self.found = true;
                None
            }
            Expr::Subquery(query) => {
                let flags = self.lineage.query(query);
                self.found |= flags.iter().any(|(_, masked)| *masked);
                Some(nothing())
            }
            // That there is a row is no value of one.
            Expr::Exists { .. } => Some(nothing()),
            Expr::InSubquery { expr, .. } => Some(std::mem::replace(expr.as_mut(), nothing())),
            Expr::Function(call) => {
                self.found |= matches!(call.over, Some(WindowType::NamedWindow(_)));
                None
            }
            _ => None,
        };
        if let Some(instead) = instead {
            *expr = instead;
            // What took its place is looked at as well.
            if matches!(expr, Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. }) {
                return self.pre_visit_expr(expr);
            }
            if let Expr::CompoundIdentifier(_) | Expr::Identifier(_) = expr {
                return self.pre_visit_expr(expr);
            }
        }
        ControlFlow::Continue(())
    }
}

fn name_of(expr: &Expr) -> String {
    if let Expr::CompoundIdentifier(parts) = expr {
        return parts.last().map(|part| part.value.clone()).unwrap_or_default();
    }
    if let Expr::Identifier(name) = expr { name.value.clone() } else { expr.to_string() }
}

fn aliased(name: String, flags: Flags, alias: Option<&TableAlias>) -> (String, Flags) {
    match alias {
        Some(alias) => (alias.name.value.clone(), renamed(flags, alias)),
        None => (name, flags),
    }
}

fn renamed(mut flags: Flags, alias: &TableAlias) -> Flags {
    for ((name, _), column) in flags.iter_mut().zip(&alias.columns) {
        name.clone_from(&column.name.value);
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use splitplane_split_plane::{SandboxView, ViewRelation};
    use splitplane_types::{Column, DataType};
    use std::collections::BTreeMap;

    const COLUMNS: [&str; 3] = ["site", "phone", "weight"];

    fn flags(sql: &str) -> Vec<bool> {
        let column = |name: &str| Column {
            name: name.to_owned(),
            data_type: if name == "weight" { DataType::Integer } else { DataType::String },
            unit: None,
            masked: name == "phone",
        };
        let view = |name: &str| ViewRelation { name: name.to_owned(), columns: COLUMNS.map(column).to_vec() };
        let view = SandboxView::new(vec![view("w"), view("v")], BTreeMap::new()).unwrap();
        let relation = |name: &str| Relation {
            name: name.to_owned(),
            columns: COLUMNS.map(|name| (name.to_owned(), Kind::Text)).to_vec(),
            masked: vec!["phone".to_owned()],
            is_shared: false,
        };
        masked(view.guard(sql).unwrap().query(), &[relation("w"), relation("v")])
    }

    #[test]
    fn a_column_is_masked_where_a_masked_one_had_a_part_in_it() {
        for (sql, expected) in [
            ("SELECT site, phone FROM w", &[false, true][..]),
            ("SELECT phone || site AS x, weight FROM w", &[true, false]),
            ("SELECT site, count(phone) AS n, sum(weight) AS s FROM w GROUP BY site", &[false, true, false]),
            ("SELECT a.site, b.phone AS p FROM w a JOIN v b ON a.site = b.site", &[false, true]),
            ("WITH q AS (SELECT site AS s, phone AS t FROM w) SELECT q.s, q.t FROM q", &[false, true]),
            ("WITH q(a, b) AS (SELECT phone, site FROM w) SELECT q.a, q.b FROM q", &[true, false]),
            ("SELECT x.p FROM (SELECT phone AS p FROM w) x", &[true]),
            ("SELECT site AS a, phone AS b FROM w UNION ALL SELECT phone, site FROM v", &[true, true]),
            ("SELECT site AS a, weight AS b FROM w UNION ALL SELECT phone, weight FROM v", &[true, false]),
            ("SELECT weight, (SELECT max(phone) FROM v) AS x FROM w", &[false, true]),
            ("SELECT weight, (SELECT max(site) FROM v) AS x FROM w", &[false, false]),
            (
                "SELECT site, row_number() OVER (PARTITION BY phone ORDER BY site, weight, phone) AS r FROM w",
                &[false, true],
            ),
            ("SELECT site, rank() OVER (ORDER BY weight) AS r FROM w", &[false, false]),
            ("SELECT * FROM w", &[false, true, false]),
            ("SELECT CASE WHEN phone = '1' THEN site END AS x, site FROM w", &[true, false]),
        ] {
            assert_eq!(flags(sql), expected, "{sql}");
        }
    }
}
