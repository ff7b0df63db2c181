//! LIKE: the pattern spelled anew, so that no escape in it stands alone and no two wildcards of any length are neighbours.
//!
//! Spark fails on a pattern that ends in its escape or escapes an ordinary letter; the embedded engine
//! takes such a letter as itself. Spark's matcher tries each `%` at every letter, and no interrupt reaches it: `%%%%`
//! would hold a core for as long as a text is long, to the fourth power.

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

/// The same pattern with an escape before a wildcard or another escape and nowhere else, and of neighbouring wildcards
/// first those of one letter, then at most one of any length.
fn spelled(pattern: &str) -> String {
    let mut spelled = String::with_capacity(pattern.len());
    let mut is_any_length = false;
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' => is_any_length = true,
            '_' => spelled.push('_'),
            other => {
                if std::mem::take(&mut is_any_length) {
                    spelled.push('%');
                }
                let meant = if other == '\\' { letters.next().unwrap_or('\\') } else { other };
                if matches!(meant, '%' | '_' | '\\') {
                    spelled.push('\\');
                }
                spelled.push(meant);
            }
        }
    }
    if is_any_length {
        spelled.push('%');
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::spelled;

    #[test]
    fn an_escape_stands_before_what_it_escapes_and_nowhere_else() {
        for (pattern, expected) in
            [("a_%", "a_%"), ("a\\", "a\\\\"), ("\\a", "a"), ("\\%", "\\%"), ("\\\\", "\\\\"), ("", "")]
        {
            assert_eq!(spelled(pattern), expected);
        }
    }

    #[test]
    fn neighbouring_wildcards_mean_the_same_with_one_of_any_length() {
        for (pattern, expected) in [
            ("%%%%%%%%z", "%z"),
            ("%_%_%", "__%"),
            ("a%_b%%", "a_%b%"),
            ("%\\%%", "%\\%%"),
            ("_%\\", "_%\\\\"),
            ("%%", "%"),
        ] {
            assert_eq!(spelled(pattern), expected);
        }
    }
}
