//! Functions of text. What is no text is written as one first.

use super::Translation;
use super::expr::whole_number;
use super::term::Term;
use crate::kind::Kind;
use crate::literal::Literal;
use crate::refusal::Refusal;
use crate::statement::Value;
use sqlparser::ast::{Expr, TrimWhereField};

impl Translation<'_> {
    pub(super) fn of_words(&mut self, name: &str, args: &[&Expr]) -> Result<Option<Term>, Refusal> {
        let term = match (name, args) {
            ("string", [value]) => {
                let value = self.expr(value)?;
                Term::written(self.words(value)?, Kind::Text)
            }
            ("lower" | "upper" | "initcap" | "reverse", [text]) => {
                let text = self.word(text)?;
                Self::called(name, &[text], Kind::Text)
            }
            ("btrim", [text]) => self.trim(Some(TrimWhereField::Both), None, text)?,
            ("ltrim", [text]) => self.trim(Some(TrimWhereField::Leading), None, text)?,
            ("rtrim", [text]) => self.trim(Some(TrimWhereField::Trailing), None, text)?,
            ("character_length" | "char_length" | "length", [text]) => {
                let text = self.word(text)?;
                counted(&format!("char_length({text})"))
            }
            ("ascii", [text]) => {
                let text = self.word(text)?;
                counted(&format!("ascii({text})"))
            }
            ("strpos" | "instr", [text, what]) => self.position(text, what)?,
            ("contains", [text, what]) => self.two_words("contains", text, what)?,
            ("starts_with" | "startswith", [text, what]) => self.two_words("startswith", text, what)?,
            ("ends_with" | "endswith", [text, what]) => self.two_words("endswith", text, what)?,
            ("left" | "right", [text, count]) => {
                let (text, count) = (self.word(text)?, self.count(count)?);
                Self::called(name, &[text, count], Kind::Text)
            }
            ("lpad" | "rpad", [text, count, rest @ ..]) if rest.len() < 2 => {
                let (text, count) = (self.word(text)?, self.count(count)?);
                let with = match rest {
                    [with] => self.word(with)?,
                    _ => self.values.text(" ")?,
                };
                Self::called(name, &[text, count, with], Kind::Text)
            }
            ("replace", [text, what, with]) => {
                let args = [self.word(text)?, self.word(what)?, self.word(with)?];
                Self::called("replace", &args, Kind::Text)
            }
            ("split_part", [text, separator, part]) => {
                let part = whole_number(part).filter(|part| *part != 0).ok_or(Refusal::Literal("part"))?;
                let args = [self.word(text)?, self.word(separator)?, self.values.put(Value::Small(part))?];
                Self::called("split_part", &args, Kind::Text)
            }
            ("concat_ws" | "concat", [_, ..]) => {
                let args = args.iter().map(|arg| self.word(arg)).collect::<Result<Vec<_>, _>>()?;
                Self::called(name, &args, Kind::Text)
            }
            ("substr" | "substring", [text, from]) => self.substring(text, Some(from), None)?,
            ("substr" | "substring", [text, from, length]) => {
                self.substring(text, Some(from), Some(length))?
            }
            _ => return Ok(None),
        };
        Ok(Some(term))
    }

    fn word(&mut self, value: &Expr) -> Result<String, Refusal> {
        let term = self.expr(value)?;
        self.words(term)
    }

    fn two_words(&mut self, name: &str, text: &Expr, what: &Expr) -> Result<Term, Refusal> {
        let args = [self.word(text)?, self.word(what)?];
        Ok(Self::called(name, &args, Kind::Boolean))
    }

    /// A literal count of letters.
    fn count(&mut self, count: &Expr) -> Result<String, Refusal> {
        let count = whole_number(count).ok_or(Refusal::Literal("count of letters"))?;
        self.values.put(Value::Small(count))
    }

    pub(super) fn position(&mut self, text: &Expr, what: &Expr) -> Result<Term, Refusal> {
        let (text, what) = (self.word(text)?, self.word(what)?);
        Ok(counted(&format!("instr({text}, {what})")))
    }

    pub(super) fn substring(
        &mut self,
        text: &Expr,
        from: Option<&Expr>,
        length: Option<&Expr>,
    ) -> Result<Term, Refusal> {
        let from = from.map_or(Some(1), whole_number).filter(|from| *from > 0);
        let from = from.ok_or(Refusal::Literal("place in a text"))?;
        let mut args = vec![self.word(text)?, self.values.put(Value::Small(from))?];
        if let Some(length) = length {
            args.push(self.count(length)?);
        }
        Ok(Self::called("substring", &args, Kind::Text))
    }

    pub(super) fn trim(
        &mut self,
        side: Option<TrimWhereField>,
        what: Option<&Expr>,
        text: &Expr,
    ) -> Result<Term, Refusal> {
        let text = self.word(text)?;
        let word = match side {
            None | Some(TrimWhereField::Both) => "BOTH",
            Some(TrimWhereField::Leading) => "LEADING",
            Some(TrimWhereField::Trailing) => "TRAILING",
        };
        let what = match what {
            Some(what) => self.word(what)?,
            None => self.text(Term::Literal(Literal::Text(" ".to_owned())))?,
        };
        Ok(Term::written(format!("trim({word} {what} FROM {text})"), Kind::Text))
    }
}

/// A count that Spark gives as an INT.
pub(super) fn counted(text: &str) -> Term {
    Term::written(format!("CAST({text} AS BIGINT)"), Kind::Integer)
}
