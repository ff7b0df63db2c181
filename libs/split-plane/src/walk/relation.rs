//! FROM: relations of the view, common table expressions, subqueries, and joins between them.
//!
//! Decides that every join has an equality between its two sides, unless one side is a single row: what
//! multiplies every row with every row is refused however it is written.

use super::scope::{Binding, Merged, view_output};
use super::{Walk, build, not_allowed};
use crate::bounds::{JOINS_MAX, RELATIONS_MAX};
use crate::error::GuardError;
use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, Query, TableAlias,
    TableAliasColumnDef, TableFactor, TableWithJoins, Visit, Visitor,
};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

const JOIN_HINT: &str = "join with ON and an equality between a column of each side";

impl Walk<'_> {
    /// The FROM of the innermost frame. The second value names the bindings that a WHERE must tie together.
    pub(super) fn from(
        &mut self,
        from: &[TableWithJoins],
    ) -> Result<(Vec<TableWithJoins>, Vec<usize>), GuardError> {
        let mut built = Vec::with_capacity(from.len());
        let mut commas = Vec::new();
        for (index, table) in from.iter().enumerate() {
            if index > 0 {
                self.count_join()?;
                commas.push(self.bindings_len());
            }
            built.push(self.deeper(|walk| walk.table_with_joins(table))?);
        }
        Ok((built, commas))
    }

    fn table_with_joins(&mut self, table: &TableWithJoins) -> Result<TableWithJoins, GuardError> {
        let TableWithJoins { relation, joins } = table;
        let begin = self.bindings_len();
        let around = self.see_from(begin);
        let relation = self.factor(relation)?;
        let joins = joins.iter().map(|join| self.join(join, begin)).collect::<Result<_, _>>()?;
        let _ = self.see_from(around);
        Ok(TableWithJoins { relation, joins })
    }

    fn factor(&mut self, factor: &TableFactor) -> Result<TableFactor, GuardError> {
        self.spend(1)?;
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
                self.named_relation(name, alias.as_ref())
            }
            TableFactor::Derived { lateral: false, subquery, alias, sample: None } => {
                self.deeper(|walk| walk.derived(subquery, alias.as_ref()))
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                let inner = self.deeper(|walk| walk.table_with_joins(table_with_joins))?;
                Ok(TableFactor::NestedJoin { table_with_joins: Box::new(inner), alias: None })
            }
            // With whatever else these three can carry: arguments make a table function of a name.
            TableFactor::Table { args: Some(_), name, .. } => match self.one_part(name) {
                Ok(ident) => Err(self.outside("relation", ident)),
                Err(error) => Err(error),
            },
            TableFactor::Table { .. } => Err(not_allowed("a hint, version or sample of a relation")),
            TableFactor::Derived { .. } => Err(not_allowed("LATERAL or a sample of a subquery")),
            TableFactor::NestedJoin { .. } => Err(not_allowed("an alias of a join in brackets")),
            TableFactor::TableFunction { .. }
            | TableFactor::Function { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::JsonTable { .. }
            | TableFactor::OpenJsonTable { .. }
            | TableFactor::XmlTable { .. }
            | TableFactor::SemanticView { .. } => Err(not_allowed("a table function")),
            TableFactor::Pivot { .. } | TableFactor::Unpivot { .. } | TableFactor::MatchRecognize { .. } => {
                Err(not_allowed("PIVOT, UNPIVOT or MATCH_RECOGNIZE"))
            }
        }
    }

    fn named_relation(
        &mut self,
        name: &ObjectName,
        alias: Option<&TableAlias>,
    ) -> Result<TableFactor, GuardError> {
        let ident = self.one_part(name)?;
        // No name can be both: `own_relation_name` keeps CTEs away from the view's.
        let (name, output, relations) = match (self.cte(&ident.value), self.view.relation(&ident.value)) {
            (Some(cte), _) => (cte.name.clone(), cte.output.clone(), cte.relations),
            (None, Some(relation)) => (relation.name.clone(), view_output(relation), 1),
            (None, None) => return Err(self.outside("relation", ident)),
        };
        if self.view.relation(&name).is_some() {
            let _ = self.relations.insert(name.clone());
        }
        self.expand(relations)?;
        let (binding, alias) = match alias {
            None => (Binding::new(name.clone(), output), None),
            Some(alias) => {
                let (binding, alias) = self.aliased(alias, output)?;
                (binding, Some(alias))
            }
        };
        self.bind(binding, ident)?;
        Ok(TableFactor::Table {
            name: build::object_name(&name),
            alias,
            args: None,
            with_hints: vec![],
            version: None,
            with_ordinality: false,
            partitions: vec![],
            json_path: None,
            sample: None,
            index_hints: vec![],
        })
    }

    fn derived(&mut self, subquery: &Query, alias: Option<&TableAlias>) -> Result<TableFactor, GuardError> {
        // A subquery in FROM sees nothing of the SELECTs around it.
        let around = std::mem::take(&mut self.frames);
        let walked = self.query(subquery, false);
        self.frames = around;
        let (query, output) = walked?;
        let (binding, alias) = match alias {
            Some(alias) => self.aliased(alias, output)?,
            None => {
                let name = self.fresh_relation_name();
                let alias = build::alias(&name, &[]);
                (Binding::new(name, output), alias)
            }
        };
        let place = Ident::new(binding.name.clone());
        self.bind(binding, &place)?;
        Ok(TableFactor::Derived { lateral: false, subquery: query, alias: Some(alias), sample: None })
    }

    /// A relation under an alias, its columns renamed where the alias says so.
    pub(super) fn aliased(
        &mut self,
        alias: &TableAlias,
        mut output: super::Output,
    ) -> Result<(Binding, TableAlias), GuardError> {
        let TableAlias { explicit: _, name, columns, at: None } = alias else {
            return Err(not_allowed("an alias with AT"));
        };
        let name = self.own_relation_name(name)?;
        if !columns.is_empty() && columns.len() != output.columns.len() {
            return Err(GuardError::not_allowed(
                "an alias that names another number of columns than there are",
                "name every column or none",
            ));
        }
        let mut names = Vec::new();
        for (definition, column) in columns.iter().zip(&mut output.columns) {
            let TableAliasColumnDef { name, data_type: None } = definition else {
                return Err(not_allowed("a type in an alias"));
            };
            let name = self.own_name(name)?;
            if names.iter().any(|other: &String| other.eq_ignore_ascii_case(&name)) {
                return Err(super::select::same_name(&name));
            }
            column.name.clone_from(&name);
            names.push(name);
        }
        let alias = build::alias(&name, &names);
        Ok((Binding::new(name, output), alias))
    }

    fn join(&mut self, join: &Join, begin: usize) -> Result<Join, GuardError> {
        let Join { relation, global, join_operator } = join;
        if *global {
            return Err(not_allowed("GLOBAL JOIN"));
        }
        self.count_join()?;
        let middle = self.bindings_len();
        let relation = self.deeper(|walk| walk.factor(relation))?;
        let sides = Sides { begin, middle };
        let join_operator = match join_operator {
            JoinOperator::Join(on) | JoinOperator::Inner(on) => {
                JoinOperator::Inner(self.constraint(on, sides, Kept::Left)?)
            }
            JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => {
                JoinOperator::LeftOuter(self.constraint(on, sides, Kept::Left)?)
            }
            JoinOperator::Right(on) | JoinOperator::RightOuter(on) => {
                JoinOperator::RightOuter(self.constraint(on, sides, Kept::Right)?)
            }
            JoinOperator::FullOuter(on) => {
                JoinOperator::FullOuter(self.constraint(on, sides, Kept::Neither)?)
            }
            JoinOperator::Semi(on) | JoinOperator::LeftSemi(on) => {
                let on = self.constraint(on, sides, Kept::Left)?;
                self.hide(sides);
                JoinOperator::LeftSemi(on)
            }
            JoinOperator::Anti(on) | JoinOperator::LeftAnti(on) => {
                let on = self.constraint(on, sides, Kept::Left)?;
                self.hide(sides);
                JoinOperator::LeftAnti(on)
            }
            JoinOperator::CrossJoin(JoinConstraint::None) if self.has_single_row_side(sides) => {
                JoinOperator::CrossJoin(JoinConstraint::None)
            }
            JoinOperator::CrossJoin(_) => {
                return Err(GuardError::not_allowed("a join of every row with every row", JOIN_HINT));
            }
            JoinOperator::RightSemi(_)
            | JoinOperator::RightAnti(_)
            | JoinOperator::CrossApply
            | JoinOperator::OuterApply
            | JoinOperator::AsOf { .. }
            | JoinOperator::StraightJoin(_)
            | JoinOperator::ArrayJoin
            | JoinOperator::LeftArrayJoin
            | JoinOperator::InnerArrayJoin => return Err(not_allowed("this kind of join")),
        };
        Ok(Join { relation, global: false, join_operator })
    }

    fn constraint(
        &mut self,
        constraint: &JoinConstraint,
        sides: Sides,
        kept: Kept,
    ) -> Result<JoinConstraint, GuardError> {
        match constraint {
            JoinConstraint::On(on) => {
                let on = self.expr(on)?.expr;
                if !self.has_single_row_side(sides) && !self.ties(&on, sides) {
                    return Err(GuardError::not_allowed(
                        "a join without an equality between its two sides",
                        JOIN_HINT,
                    ));
                }
                Ok(JoinConstraint::On(on))
            }
            JoinConstraint::Using(names) => self.using(names, sides, kept),
            JoinConstraint::Natural | JoinConstraint::None => {
                Err(GuardError::not_allowed("a join without ON", JOIN_HINT))
            }
        }
    }

    /// USING, written out as ON; the merged column is that of the side whose rows are all kept.
    fn using(
        &mut self,
        names: &[ObjectName],
        sides: Sides,
        kept: Kept,
    ) -> Result<JoinConstraint, GuardError> {
        let mut condition: Option<Expr> = None;
        for name in names {
            self.spend(3)?;
            let ident = self.one_part(name)?;
            let left = self.only_column(ident, sides.begin, sides.middle)?;
            let right = self.only_column(ident, sides.middle, self.bindings_len())?;
            let dropped = match kept {
                Kept::Left => right.0,
                Kept::Right => left.0,
                Kept::Neither => return Err(not_allowed("USING with a FULL JOIN")),
            };
            if let Some(frame) = self.frames.last_mut() {
                frame.merged.push(Merged { dropped, name: ident.value.clone() });
            }
            let equal = build::binary(left.1, BinaryOperator::Eq, right.1);
            condition = Some(match condition {
                None => equal,
                Some(before) => build::binary(before, BinaryOperator::And, equal),
            });
        }
        condition.map(JoinConstraint::On).ok_or_else(|| not_allowed("USING without columns"))
    }

    fn only_column(&self, ident: &Ident, begin: usize, end: usize) -> Result<(usize, Expr), GuardError> {
        let Some(frame) = self.frames.last() else { return Err(self.outside("column", ident)) };
        let already_merged = |index: usize| {
            frame
                .merged
                .iter()
                .any(|merged| merged.dropped == index && merged.name.eq_ignore_ascii_case(&ident.value))
        };
        let mut found =
            frame.bindings.iter().enumerate().take(end).skip(begin).filter_map(|(index, binding)| {
                let column =
                    binding.column(&ident.value).filter(|_| !binding.hidden && !already_merged(index))?;
                Some((index, build::column(&binding.name, &column.name)))
            });
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(not_allowed("USING a column that several relations have")),
            (None, _) => Err(self.outside("column", ident)),
        }
    }

    /// Whether a condition holds an equality between the two sides, that every row must meet.
    fn ties(&self, condition: &Expr, sides: Sides) -> bool {
        let Some(frame) = self.frames.last() else { return false };
        let names = |from: usize, to: usize| -> BTreeSet<&str> {
            frame.bindings.iter().take(to).skip(from).map(|binding| binding.name.as_str()).collect()
        };
        has_equality(condition, &names(sides.begin, sides.middle), &names(sides.middle, frame.bindings.len()))
    }

    /// Whether every comma of FROM is tied by WHERE.
    pub(super) fn check_commas(&self, commas: &[usize], selection: Option<&Expr>) -> Result<(), GuardError> {
        let Some(frame) = self.frames.last() else { return Ok(()) };
        for (index, middle) in commas.iter().enumerate() {
            let end = commas.get(index + 1).copied().unwrap_or(frame.bindings.len());
            let side = |from: usize, to: usize| frame.bindings.iter().take(to).skip(from);
            let single = side(0, *middle).all(|binding| binding.single_row)
                || side(*middle, end).all(|binding| binding.single_row);
            let left = side(0, *middle).map(|binding| binding.name.as_str()).collect();
            let right = side(*middle, end).map(|binding| binding.name.as_str()).collect();
            if !single && !selection.is_some_and(|condition| has_equality(condition, &left, &right)) {
                return Err(GuardError::not_allowed(
                    "relations side by side without an equality between them",
                    JOIN_HINT,
                ));
            }
        }
        Ok(())
    }

    /// Whether a correlated SELECT is tied to the one around it: without an equality it runs for every
    /// pair of rows.
    pub(super) fn check_correlation(&self, selection: Option<&Expr>) -> Result<(), GuardError> {
        let Some([outer, inner]) = self.frames.last_chunk::<2>() else { return Ok(()) };
        if !inner.correlated {
            return Ok(());
        }
        let inside: BTreeSet<_> = inner.bindings.iter().map(|binding| binding.name.as_str()).collect();
        let outside = outer.bindings.iter().map(|binding| binding.name.as_str());
        let outside = outside.filter(|name| !inside.contains(name)).collect();
        if selection.is_some_and(|condition| has_equality(condition, &inside, &outside)) {
            return Ok(());
        }
        Err(GuardError::not_allowed(
            "a subquery that uses an outer row without an equality",
            "compare a column of the subquery with a column of the outer query by `=` in its WHERE",
        ))
    }

    fn has_single_row_side(&self, sides: Sides) -> bool {
        let Some(frame) = self.frames.last() else { return false };
        let side = |from: usize, to: usize| frame.bindings.iter().take(to).skip(from);
        side(sides.begin, sides.middle).all(|binding| binding.single_row)
            || side(sides.middle, frame.bindings.len()).all(|binding| binding.single_row)
    }

    fn bind(&mut self, binding: Binding, place: &Ident) -> Result<(), GuardError> {
        let start = place.span.start;
        let Some(frame) = self.frames.last_mut() else { return Err(not_allowed("FROM outside of SELECT")) };
        if frame.bindings.iter().any(|other| other.name.eq_ignore_ascii_case(&binding.name)) {
            return Err(GuardError::not_allowed(
                format!("two relations are called `{}`", binding.name),
                "give each its own alias",
            )
            .at(start.line, start.column));
        }
        frame.bindings.push(binding);
        Ok(())
    }

    fn hide(&mut self, sides: Sides) {
        if let Some(frame) = self.frames.last_mut() {
            for binding in frame.bindings.iter_mut().skip(sides.middle) {
                binding.hidden = true;
            }
        }
    }

    fn see_from(&mut self, first: usize) -> usize {
        self.frames.last_mut().map_or(0, |frame| std::mem::replace(&mut frame.first, first))
    }

    fn bindings_len(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.bindings.len())
    }

    fn count_join(&mut self) -> Result<(), GuardError> {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        frame.joins += 1;
        if frame.joins > JOINS_MAX {
            return Err(GuardError::too_complex(format!("more than {JOINS_MAX} joins")));
        }
        Ok(())
    }

    fn expand(&mut self, relations: usize) -> Result<(), GuardError> {
        self.expanded += relations;
        if self.expanded > RELATIONS_MAX {
            return Err(GuardError::too_complex(format!("more than {RELATIONS_MAX} relations, all told")));
        }
        Ok(())
    }
}

/// The bindings that a join brings together: `begin..middle` and `middle..`.
#[derive(Debug, Clone, Copy)]
struct Sides {
    begin: usize,
    middle: usize,
}

/// Whose rows a join keeps, so that its column stands for both in USING.
#[derive(Debug, Clone, Copy)]
enum Kept {
    Left,
    Right,
    Neither,
}

/// Whether an equality between `left` and `right` is among the conditions that AND ties together.
fn has_equality(condition: &Expr, left: &BTreeSet<&str>, right: &BTreeSet<&str>) -> bool {
    // A loop, since a chain of ANDs is as deep as it is long.
    let mut open = vec![condition];
    while let Some(expr) = open.pop() {
        if let Expr::Nested(inner) = expr {
            open.push(inner);
        } else if let Expr::BinaryOp { left: a, op: BinaryOperator::And, right: b } = expr {
            open.extend([a.as_ref(), b.as_ref()]);
        } else if let Expr::BinaryOp { left: a, op: BinaryOperator::Eq, right: b } = expr {
            let (a, b) = (relations_of(a), relations_of(b));
            let within = |names: &BTreeSet<String>, side: &BTreeSet<&str>| {
                !names.is_empty() && names.iter().all(|name| side.contains(name.as_str()))
            };
            if (within(&a, left) && within(&b, right)) || (within(&a, right) && within(&b, left)) {
                return true;
            }
        }
    }
    false
}

/// Names of the relations whose columns an expression of the new tree uses, subqueries included.
fn relations_of(expr: &Expr) -> BTreeSet<String> {
    struct Names(BTreeSet<String>);
    impl Visitor for Names {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if let Expr::CompoundIdentifier(parts) = expr
                && let Some(relation) = parts.first()
            {
                let _ = self.0.insert(relation.value.clone());
            }
            ControlFlow::Continue(())
        }
    }
    let mut names = Names(BTreeSet::new());
    let _ = expr.visit(&mut names);
    names.0
}
