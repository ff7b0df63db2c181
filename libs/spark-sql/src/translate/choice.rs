//! CASE and the functions that choose: all that may be chosen is of one kind.

use super::Translation;
use super::compare::two;
use super::term::Term;
use crate::kind::Kind;
use crate::refusal::Refusal;
use sqlparser::ast::{CaseWhen, Expr};

impl Translation<'_> {
    /// Terms as texts of the one kind in which they stand in a column, and that kind.
    pub(super) fn united(&mut self, terms: Vec<Term>) -> Result<(Vec<String>, Kind), Refusal> {
        let kind = union(&terms)?;
        let texts = terms.into_iter().map(|term| self.text_as(term, kind)).collect::<Result<_, _>>()?;
        Ok((texts, kind))
    }

    pub(super) fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Result<Term, Refusal> {
        let mut whens = Vec::with_capacity(conditions.len());
        let mut results = Vec::with_capacity(conditions.len() + 1);
        for CaseWhen { condition, result } in conditions {
            whens.push(self.expr(condition)?);
            results.push(self.expr(result)?);
        }
        if let Some(otherwise) = otherwise {
            results.push(self.expr(otherwise)?);
        }
        let mut text = "(CASE".to_owned();
        let whens = match operand {
            Some(operand) => {
                whens.insert(0, self.expr(operand)?);
                let mut met = self.met(whens)?;
                let operand = met.remove(0);
                text.push_str(&format!(" {operand}"));
                met
            }
            None => whens.into_iter().map(|when| self.truth(when)).collect::<Result<_, _>>()?,
        };
        let (results, kind) = self.united(results)?;
        let mut results = results.into_iter();
        for (when, result) in whens.iter().zip(results.by_ref()) {
            text.push_str(&format!(" WHEN {when} THEN {result}"));
        }
        if let Some(otherwise) = results.next() {
            text.push_str(&format!(" ELSE {otherwise}"));
        }
        text.push_str(" END)");
        Ok(Term::written(text, kind))
    }

    /// `coalesce`, `greatest`, `least`.
    pub(super) fn choose(&mut self, name: &'static str, args: &[&Expr]) -> Result<Term, Refusal> {
        let terms = args.iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>, _>>()?;
        let (texts, kind) = self.united(terms)?;
        match texts.as_slice() {
            // Of one value, Spark has no greatest.
            [only] => Ok(Term::written(only.clone(), kind)),
            texts => Ok(Term::written(format!("{name}({})", texts.join(", ")), kind)),
        }
    }

    /// `nullif(x, y)`: x keeps its kind, whatever it is compared as.
    pub(super) fn null_if(&mut self, value: &Expr, other: &Expr) -> Result<Term, Refusal> {
        let value = self.expr(value)?;
        let kind = value.kind();
        let kept = self.text(value.clone())?;
        let other = self.expr(other)?;
        let [compared, other] = two(self.met(vec![value, other])?)?;
        let text = if compared == kept {
            format!("nullif({kept}, {other})")
        } else {
            format!("(CASE WHEN ({compared} = {other}) THEN NULL ELSE {kept} END)")
        };
        Ok(Term::written(text, kind))
    }
}

/// The kind in which all of these stand in one column.
fn union(terms: &[Term]) -> Result<Kind, Refusal> {
    let wrong = Refusal::Types("values of such kinds in one column");
    let exact = terms.iter().any(|term| matches!(term.kind(), Kind::Decimal { .. }));
    let mut kind = Kind::Null;
    for term in terms {
        let this = if exact { term.exact_kind() } else { term.kind() };
        kind = kind.united(this).ok_or(wrong)?;
    }
    if kind == Kind::Interval { Err(wrong) } else { Ok(kind) }
}
