//! Comparisons: two values in one kind, with every conversion written out.
//!
//! Decides in which kind they meet. Decimals whose digits together pass 38 would be cut to a type in which
//! some values do not fit, and comparing would fail; they meet in one that was tried.

use super::Translation;
use super::term::Term;
use crate::kind::Kind;
use crate::refusal::Refusal;
use sqlparser::ast::{BinaryOperator, Expr};

impl Translation<'_> {
    /// Terms as texts of the kind in which all of them are compared.
    pub(super) fn met(&mut self, terms: Vec<Term>) -> Result<Vec<String>, Refusal> {
        let kind = meeting(&terms)?;
        terms.into_iter().map(|term| self.compared_as(term, kind)).collect()
    }

    fn compared_as(&mut self, term: Term, kind: Kind) -> Result<String, Refusal> {
        let fits = |from: Kind| match (from.digits(), kind.digits()) {
            (Some(from), Some(to)) => from.whole <= to.whole && from.scale <= to.scale,
            _ => false,
        };
        // The engine widens a decimal by itself, and knows then how to look for it in files.
        let widens = matches!((term.exact_kind(), kind), (Kind::Decimal { .. }, Kind::Decimal { .. }))
            && fits(term.exact_kind());
        let is_kind = term.literal().is_some_and(|literal| literal.number_as(kind).is_some());
        if is_kind || !widens {
            return self.text_as(term, kind);
        }
        if let Some(value) = term.literal().and_then(|literal| literal.number_as(literal.exact_kind())) {
            return self.values.put(value);
        }
        self.text(term)
    }

    pub(super) fn comparison(
        &mut self,
        left: &Expr,
        op: &'static str,
        right: &Expr,
    ) -> Result<Term, Refusal> {
        let terms = vec![self.expr(left)?, self.expr(right)?];
        let sides = self.met(terms)?;
        let [left, right] = two(sides)?;
        Ok(Term::written(format!("({left} {op} {right})"), Kind::Boolean))
    }

    pub(super) fn between(
        &mut self,
        expr: &Expr,
        negated: bool,
        low: &Expr,
        high: &Expr,
    ) -> Result<Term, Refusal> {
        let terms = vec![self.expr(expr)?, self.expr(low)?, self.expr(high)?];
        let texts = self.met(terms)?;
        let [tested, low, high] =
            <[String; 3]>::try_from(texts).map_err(|_other| Refusal::Syntax("BETWEEN"))?;
        let not = if negated { "NOT " } else { "" };
        Ok(Term::written(format!("({tested} {not}BETWEEN {low} AND {high})"), Kind::Boolean))
    }

    pub(super) fn in_list(&mut self, expr: &Expr, list: &[Expr], negated: bool) -> Result<Term, Refusal> {
        let mut terms = vec![self.expr(expr)?];
        for item in list {
            terms.push(self.expr(item)?);
        }
        let mut texts = self.met(terms)?.into_iter();
        let tested = texts.next().ok_or(Refusal::Syntax("IN"))?;
        let items: Vec<String> = texts.collect();
        let not = if negated { "NOT " } else { "" };
        Ok(Term::written(format!("({tested} {not}IN ({}))", items.join(", ")), Kind::Boolean))
    }
}

pub(super) fn two(texts: Vec<String>) -> Result<[String; 2], Refusal> {
    <[String; 2]>::try_from(texts).map_err(|_other| Refusal::Syntax("an operator without two sides"))
}

/// The kind in which all of these are compared.
fn meeting(terms: &[Term]) -> Result<Kind, Refusal> {
    let wrong = Refusal::Types("a comparison of such values");
    // Beside a decimal, a literal counts with its own digits, and the decimal keeps its type if it can.
    let exact = terms.iter().any(|term| matches!(term.kind(), Kind::Decimal { .. }));
    let kind_of = |term: &Term| if exact { term.exact_kind() } else { term.kind() };
    let mut kind = Kind::Null;
    // Literals come last, since they become what they stand beside.
    let literal = |term: &&Term| term.literal().is_some();
    for term in terms.iter().filter(|term| !literal(term)).chain(terms.iter().filter(literal)) {
        kind = match term.literal().filter(|literal| literal.number_as(kind).is_some()) {
            Some(_) => kind,
            None => kind.compared(kind_of(term)).ok_or(wrong)?,
        };
    }
    if kind == Kind::Interval { Err(wrong) } else { Ok(kind) }
}

/// The operator of a comparison.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other operator has a rule of its own or none")]
pub(super) const fn symbol(op: &BinaryOperator) -> Option<&'static str> {
    Some(match op {
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        BinaryOperator::Spaceship => "<=>",
        _ => return None,
    })
}
