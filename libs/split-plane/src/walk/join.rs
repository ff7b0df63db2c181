//! Joins.
//!
//! Decides that every join has an equality between its two sides, unless one side is a single row: what
//! multiplies every row with every row is refused however it is written. So is a correlated subquery
//! without an equality, which is such a join in other words.

use super::scope::Merged;
use super::{Walk, build, not_allowed};
use crate::bounds::JOINS_MAX;
use crate::error::GuardError;
use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, Visit, Visitor,
};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

const JOIN_HINT: &str = "join with ON and an equality between a column of each side";

impl Walk<'_> {
    pub(super) fn join(&mut self, join: &Join, begin: usize) -> Result<Join, GuardError> {
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

    fn only_column(&mut self, ident: &Ident, begin: usize, end: usize) -> Result<(usize, Expr), GuardError> {
        let Some(frame) = self.frames.last() else { return Err(self.outside("column", ident)) };
        let mut found =
            frame.bindings.iter().enumerate().take(end).skip(begin).filter_map(|(index, binding)| {
                let seen = !binding.hidden && !frame.is_merged_away(index, &ident.value);
                let place = binding.place(&ident.value).filter(|_| seen)?;
                Some((index, place.reference().expr, place.of_view()))
            });
        match (found.next(), found.next()) {
            (Some((index, expr, read)), None) => {
                drop(found);
                self.read(read);
                Ok((index, expr))
            }
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

    fn hide(&mut self, sides: Sides) {
        if let Some(frame) = self.frames.last_mut() {
            for binding in frame.bindings.iter_mut().skip(sides.middle) {
                binding.hidden = true;
            }
        }
    }

    pub(super) fn count_join(&mut self) -> Result<(), GuardError> {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        frame.joins += 1;
        if frame.joins > JOINS_MAX {
            return Err(GuardError::too_complex(format!("more than {JOINS_MAX} joins")));
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
