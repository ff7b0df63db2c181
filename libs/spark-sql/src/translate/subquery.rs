//! Subqueries in expressions. One that may give several rows where a value stands gives NULL then.

use super::Translation;
use super::names::column;
use super::query::Translated;
use super::term::Term;
use crate::kind::Kind;
use crate::refusal::Refusal;
use sqlparser::ast::{Expr, Query};

impl Translation<'_> {
    pub(super) fn scalar_subquery(&mut self, subquery: &Query) -> Result<Term, Refusal> {
        let translated = self.query(subquery, false)?;
        let kind = translated.only_kind()?;
        let Translated { text, columns: _, aggregated, correlated } = translated;
        if aggregated {
            return Ok(Term::written(format!("({text})"), kind));
        }
        if correlated {
            return Err(Refusal::ManyRows);
        }
        // Of several rows there is no value; to fail on them would depend on the data.
        let (relation, value) = (self.names.relation(), column(0));
        let one = format!("CASE WHEN count(*) <= 1 THEN max({relation}.{value}) END");
        Ok(Term::written(format!("(SELECT {one} AS {value} FROM ({text}) AS {relation})"), kind))
    }

    pub(super) fn exists(&mut self, subquery: &Query, negated: bool) -> Result<Term, Refusal> {
        let Translated { text, .. } = self.query(subquery, false)?;
        let not = if negated { "NOT " } else { "" };
        Ok(Term::written(format!("({not}EXISTS ({text}))"), Kind::Boolean))
    }

    pub(super) fn in_subquery(
        &mut self,
        expr: &Expr,
        subquery: &Query,
        negated: bool,
    ) -> Result<Term, Refusal> {
        let tested = self.expr(expr)?;
        let translated = self.query(subquery, false)?;
        let theirs = translated.only_kind()?;
        let wrong = Refusal::Types("IN of such values");
        let kind = tested.kind().compared(theirs).filter(|kind| *kind != Kind::Interval).ok_or(wrong)?;
        let tested = self.text_as(tested, kind)?;
        let Translated { text, correlated, .. } = translated;
        let text = if theirs == kind {
            text
        } else if correlated {
            return Err(wrong);
        } else {
            let (relation, value) = (self.names.relation(), column(0));
            let shown = Term::written(format!("{relation}.{value}"), theirs);
            let shown = self.text_as(shown, kind)?;
            format!("SELECT {shown} AS {value} FROM ({text}) AS {relation}")
        };
        let not = if negated { "NOT " } else { "" };
        Ok(Term::written(format!("({tested} {not}IN ({text}))"), Kind::Boolean))
    }
}

impl Translated {
    fn only_kind(&self) -> Result<Kind, Refusal> {
        match self.columns.as_slice() {
            [(_, kind)] if *kind != Kind::Interval => Ok(*kind),
            _ => Err(Refusal::Syntax("a subquery of several columns")),
        }
    }
}
