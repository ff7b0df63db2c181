//! LIKE: the pattern spelled anew, so that no escape in it stands alone.
//!
//! Spark fails on a pattern that ends in its escape or escapes an ordinary letter; the embedded engine
//! takes such a letter as itself.

use super::Translation;
use super::expr::literal_text;
use super::term::Term;
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::statement::Value;
use sqlparser::ast::Expr;

impl Translation<'_> {
    pub(super) fn like(
        &mut self,
        expr: &Expr,
        pattern: &Expr,
        operator: &'static str,
    ) -> Result<Term, Refusal> {
        let Some(pattern) = literal_text(pattern) else {
            return Err(Refusal::Syntax("LIKE with a computed pattern"));
        };
        let tested = self.expr(expr)?;
        if !matches!(tested.kind(), Kind::Text | Kind::Null) {
            return Err(Refusal::Types("LIKE of what is no text"));
        }
        let tested = self.words(tested)?;
        let pattern = self.values.put(Value::Text(spelled(pattern)))?;
        Ok(Term::written(format!("({tested} {operator} {pattern})"), Kind::Boolean))
    }
}

/// The same pattern with an escape before a wildcard or another escape, and nowhere else.
fn spelled(pattern: &str) -> String {
    let mut spelled = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let meant = letters.next().unwrap_or('\\');
                if matches!(meant, '%' | '_' | '\\') {
                    spelled.push('\\');
                }
                spelled.push(meant);
            }
            letter => spelled.push(letter),
        }
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::spelled;

    #[test]
    fn an_escape_stands_before_what_it_escapes_and_nowhere_else() {
        for (pattern, expected) in
            [("a%_", "a%_"), ("a\\", "a\\\\"), ("\\a", "a"), ("\\%", "\\%"), ("\\\\", "\\\\"), ("", "")]
        {
            assert_eq!(spelled(pattern), expected);
        }
    }
}
