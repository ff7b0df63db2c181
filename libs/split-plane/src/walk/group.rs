//! GROUP BY: names and positions replaced by what they stand for, grouping sets bounded.

use super::scope::{Aliases, Named, RowKeys};
use super::{Checked, Walk, not_allowed};
use crate::bounds::GROUPING_MAX;
use crate::error::GuardError;
use sqlparser::ast::{Expr, GroupByExpr, GroupByWithModifier, SelectItem, Value, Visit, Visitor};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::rc::Rc;

impl Walk<'_> {
    /// The grouping of the innermost SELECT; decides what tells its rows apart.
    pub(super) fn group_by(
        &mut self,
        group_by: &GroupByExpr,
        projection: &[SelectItem],
    ) -> Result<GroupByExpr, GuardError> {
        let expressions = match group_by {
            GroupByExpr::Expressions(expressions, modifiers) => {
                self.preview_outputs(expressions, projection)?;
                self.see_aliases(Aliases::AfterInput);
                let walked = self.grouping(expressions, modifiers, projection);
                self.see_aliases(Aliases::Hidden);
                walked?
            }
            GroupByExpr::All(modifiers) if modifiers.is_empty() => self.group_by_all(projection)?,
            GroupByExpr::All(_) => return Err(not_allowed("GROUP BY ALL with a modifier")),
        };
        let keys = match expressions.as_slice() {
            [] => RowKeys::Input,
            // A subtotal's NULL looks like a NULL of the data, so the keys do not tell rows apart.
            keys if keys.iter().any(is_grouping_set) => RowKeys::None,
            keys => RowKeys::Groups(keys.to_vec()),
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.row_keys = keys;
            frame.outputs.clear();
        }
        Ok(GroupByExpr::Expressions(expressions, vec![]))
    }

    fn grouping(
        &mut self,
        expressions: &[Expr],
        modifiers: &[GroupByWithModifier],
        projection: &[SelectItem],
    ) -> Result<Vec<Expr>, GuardError> {
        let mut walked = Vec::with_capacity(expressions.len());
        for expr in expressions {
            walked.push(self.group_item(expr, projection)?);
        }
        // Several of them side by side multiply.
        if walked.iter().filter(|expr| is_grouping_set(expr)).count() > 1 {
            return Err(too_many_sets());
        }
        let sets = |walked: Vec<Expr>| walked.into_iter().map(|expr| vec![expr]).collect::<Vec<_>>();
        match modifiers {
            [] => Ok(walked),
            [_] if walked.len() > GROUPING_MAX || walked.iter().any(is_grouping_set) => Err(too_many_sets()),
            // The engine would silently leave the modifier out.
            [GroupByWithModifier::Rollup] => Ok(vec![Expr::Rollup(sets(walked))]),
            [GroupByWithModifier::Cube] => Ok(vec![Expr::Cube(sets(walked))]),
            [GroupByWithModifier::Totals | GroupByWithModifier::GroupingSets(_)] | [_, _, ..] => {
                Err(not_allowed("a modifier of GROUP BY"))
            }
        }
    }

    fn group_item(&mut self, expr: &Expr, projection: &[SelectItem]) -> Result<Expr, GuardError> {
        // Grouping sets stand nowhere else, so they are not among the expressions.
        if let Expr::Rollup(sets) = expr {
            return Ok(Expr::Rollup(self.sets(sets)?));
        }
        if let Expr::Cube(sets) = expr {
            return Ok(Expr::Cube(self.sets(sets)?));
        }
        if let Expr::GroupingSets(sets) = expr {
            return Ok(Expr::GroupingSets(self.sets(sets)?));
        }
        if let Expr::Value(value) = expr {
            let position = if let Value::Number(digits, false) = &value.value {
                digits.parse::<usize>().ok()
            } else {
                None
            };
            let item = position.and_then(|number| projection.get(number.checked_sub(1)?));
            let Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, alias: _ }) = item
            else {
                return Err(constant());
            };
            self.see_aliases(Aliases::Hidden);
            let walked = self.expr(expr);
            self.see_aliases(Aliases::AfterInput);
            return key(walked?);
        }
        let walked = self.expr(expr)?;
        key(walked)
    }

    fn sets(&mut self, sets: &[Vec<Expr>]) -> Result<Vec<Vec<Expr>>, GuardError> {
        if sets.len() > GROUPING_MAX || sets.iter().any(|set| set.len() > GROUPING_MAX) {
            return Err(too_many_sets());
        }
        let mut walked = Vec::with_capacity(sets.len());
        for set in sets {
            let keys = set.iter().map(|expr| key(self.expr(expr)?)).collect::<Result<Vec<_>, _>>()?;
            walked.push(keys);
        }
        Ok(walked)
    }

    fn group_by_all(&mut self, projection: &[SelectItem]) -> Result<Vec<Expr>, GuardError> {
        let mut keys = Vec::new();
        for item in projection {
            let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, alias: _ }) = item else {
                return Err(not_allowed("GROUP BY ALL beside `*`"));
            };
            let walked = self.expr(expr)?;
            if !walked.facts.aggregate && !matches!(walked.expr, Expr::Value(_)) {
                keys.push(key(walked)?);
            }
        }
        if keys.is_empty() {
            return Err(not_allowed("GROUP BY ALL without anything to group by"));
        }
        Ok(keys)
    }

    /// Walks the named items of the SELECT list that the grouping mentions, ahead of the others.
    fn preview_outputs(&mut self, groups: &[Expr], projection: &[SelectItem]) -> Result<(), GuardError> {
        let mentioned = bare_names(groups);
        for item in projection {
            if let SelectItem::ExprWithAlias { expr, alias } = item
                && mentioned.contains(&alias.value.to_ascii_lowercase())
                && !self.is_input(&alias.value)
            {
                let (checked, cost) = self.measured(expr)?;
                if let Some(frame) = self.frames.last_mut() {
                    let checked = Rc::new(checked);
                    frame.outputs.push(Named { name: alias.value.clone(), checked, cost });
                }
            }
        }
        Ok(())
    }

    fn is_input(&self, name: &str) -> bool {
        self.frames
            .last()
            .is_some_and(|frame| frame.visible().any(|(_, binding)| binding.place(name).is_some()))
    }
}

/// A grouping expression: of each row, and not a constant, which engines read as a position.
fn key(walked: Checked) -> Result<Expr, GuardError> {
    if walked.facts.aggregate || walked.facts.window {
        return Err(not_allowed("an aggregate or window function in GROUP BY"));
    }
    let mut inner = &walked.expr;
    while let Expr::Nested(nested) = inner {
        inner = nested;
    }
    if matches!(inner, Expr::Value(_)) { Err(constant()) } else { Ok(walked.expr) }
}

const fn is_grouping_set(expr: &Expr) -> bool {
    matches!(expr, Expr::Rollup(_) | Expr::Cube(_) | Expr::GroupingSets(_))
}

fn constant() -> GuardError {
    GuardError::not_allowed("GROUP BY a constant or a position that is not there", "group by a column")
}

fn too_many_sets() -> GuardError {
    GuardError::too_complex(format!("more than {GROUPING_MAX} columns or sets of grouping"))
}

fn bare_names(groups: &[Expr]) -> BTreeSet<String> {
    struct Names(BTreeSet<String>);
    impl Visitor for Names {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if let Expr::Identifier(ident) = expr {
                let _ = self.0.insert(ident.value.to_ascii_lowercase());
            }
            ControlFlow::Continue(())
        }
    }
    let mut names = Names(BTreeSet::new());
    for group in groups {
        let _ = group.visit(&mut names);
    }
    names.0
}
