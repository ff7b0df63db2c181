//! FROM in its forms: a relation, a subquery, a common table expression, joins of every kind.

use super::expr::{Sight, Type, Writer, relation_of};
use crate::kit::world::{Link, RelationSpec};

/// The FROM of a statement and what stands before and after it.
pub(super) struct FromClause {
    pub(super) with: String,
    pub(super) text: String,
    /// Conditions that commas need, ready for WHERE.
    pub(super) tie: Option<String>,
}

impl Writer<'_> {
    pub(super) fn from(&mut self) -> FromClause {
        if self.random.percent(28) { self.joined() } else { self.single() }
    }

    /// A relation with nothing in front of the SELECT.
    pub(super) fn bare(&mut self) -> FromClause {
        loop {
            self.sights.clear();
            let from = self.single();
            if from.with.is_empty() {
                return from;
            }
        }
    }

    pub(super) fn single(&mut self) -> FromClause {
        let Some(relation) = self.relation() else {
            return FromClause { with: String::new(), text: "harvests".to_owned(), tie: None };
        };
        let alias = self.alias(relation.name);
        self.sights.push(Sight { alias: alias.clone(), relation });
        let name = relation.name;
        let plain = |text: String| FromClause { with: String::new(), text, tie: None };
        match self.random.below(8) {
            0 => {
                let inner = self.alias(name);
                let condition = self.within(&inner, relation);
                plain(format!("(SELECT * FROM {name} {inner}{condition}) {alias}"))
            }
            1 => {
                let (inner, cte) = (self.alias(name), self.alias("w"));
                let condition = self.within(&inner, relation);
                let with = format!("WITH {cte}_rows AS (SELECT * FROM {name} {inner}{condition}) ");
                FromClause { with, text: format!("{cte}_rows AS {alias}"), tie: None }
            }
            _ => plain(format!("{name} {alias}")),
        }
    }

    /// A WHERE over one relation, written inside of a FROM.
    fn within(&mut self, alias: &str, relation: &'static RelationSpec) -> String {
        let around = std::mem::replace(&mut self.sights, vec![Sight { alias: alias.to_owned(), relation }]);
        let condition = self.optional_where(2);
        self.sights = around;
        condition
    }

    fn joined(&mut self) -> FromClause {
        let Some(link) = self.random.one(&Link::ALL).copied() else { return self.single() };
        let (Some(many), Some(one)) = (relation_of(link.many.0), relation_of(link.one.0)) else {
            return self.single();
        };
        let (a, b) = (self.alias(many.name), self.alias(one.name));
        let equal = format!("{a}.{} = {b}.{}", link.many.1, link.one.1);
        let kinds = [
            "JOIN",
            "JOIN",
            "INNER JOIN",
            "LEFT JOIN",
            "RIGHT JOIN",
            "FULL JOIN",
            "LEFT SEMI JOIN",
            "LEFT ANTI JOIN",
            ",",
        ];
        let kind = self.random.text(&kinds);
        let first = Sight { alias: a.clone(), relation: many };
        let second = Sight { alias: b.clone(), relation: one };
        if kind == "," {
            self.sights = vec![first, second];
            return FromClause {
                with: String::new(),
                text: format!("{} {a}, {} {b}", many.name, one.name),
                tie: Some(equal),
            };
        }
        if link.many.1 == link.one.1 && kind != "FULL JOIN" && self.random.percent(50) {
            self.sights = vec![first];
            let text = format!("{} {a} {kind} {} {b} USING ({})", many.name, one.name, link.one.1);
            return FromClause { with: String::new(), text, tie: None };
        }
        self.sights = vec![first.clone(), second.clone()];
        let more = if self.random.percent(45) {
            let condition = self.traced(Type::Bool, 2);
            format!(" AND {condition}")
        } else {
            String::new()
        };
        if kind.contains("SEMI") || kind.contains("ANTI") {
            self.sights = vec![first];
        }
        let text = format!("{} {a} {kind} {} {b} ON {equal}{more}", many.name, one.name);
        FromClause { with: String::new(), text, tie: None }
    }
}
