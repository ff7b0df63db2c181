//! GROUP BY and its sets.

use super::Translation;
use crate::refusal::Refusal;
use sqlparser::ast::{Expr, GroupByExpr};

impl Translation<'_> {
    /// The clause, empty without keys.
    pub(super) fn group_by(&mut self, group_by: &GroupByExpr) -> Result<String, Refusal> {
        let GroupByExpr::Expressions(keys, modifiers) = group_by else {
            return Err(Refusal::Syntax("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(Refusal::Syntax("a modifier of GROUP BY"));
        }
        let mut texts = Vec::with_capacity(keys.len());
        for key in keys {
            texts.push(self.group_item(key)?);
        }
        Ok(if texts.is_empty() { String::new() } else { format!(" GROUP BY {}", texts.join(", ")) })
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "every other expression is a key")]
    fn group_item(&mut self, key: &Expr) -> Result<String, Refusal> {
        match key {
            Expr::Rollup(sets) => self.sets("ROLLUP", sets),
            Expr::Cube(sets) => self.sets("CUBE", sets),
            Expr::GroupingSets(sets) => self.sets("GROUPING SETS", sets),
            _ => self.group_key(key),
        }
    }

    fn group_key(&mut self, key: &Expr) -> Result<String, Refusal> {
        let term = self.expr(key)?;
        // A number would be a position.
        if term.literal().is_some() {
            return Err(Refusal::Syntax("a group by a constant"));
        }
        self.text(term)
    }

    fn sets(&mut self, word: &str, sets: &[Vec<Expr>]) -> Result<String, Refusal> {
        let mut texts = Vec::with_capacity(sets.len());
        for set in sets {
            let keys = set.iter().map(|key| self.group_key(key)).collect::<Result<Vec<_>, _>>()?;
            texts.push(match keys.as_slice() {
                [only] if word != "GROUPING SETS" => only.clone(),
                keys => format!("({})", keys.join(", ")),
            });
        }
        Ok(format!("{word} ({})", texts.join(", ")))
    }
}
