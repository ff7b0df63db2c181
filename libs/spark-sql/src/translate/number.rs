//! Functions of numbers.

use super::Translation;
use super::expr::whole_number;
use super::operator::Operation;
use super::term::Term;
use crate::kind::{Digits, Kind};
use crate::literal::Literal;
use crate::refusal::Refusal;
use crate::statement::Value;
use sqlparser::ast::Expr;

/// Digits after which rounding changes no double.
const ROUND_DIGITS_MAX: i32 = 330;
/// Digits of a decimal whose opposite is exact.
const NEGATED_DIGITS_MAX: u8 = 34;
/// Doubles from here on may be no BIGINT.
const WHOLE_MAX: &str = "CAST(9200000000000000000 AS DOUBLE)";

impl Translation<'_> {
    pub(super) fn of_numbers(&mut self, name: &str, args: &[&Expr]) -> Result<Option<Term>, Refusal> {
        let name = match (name, args) {
            ("abs", [number]) => return self.absolute(number).map(Some),
            ("round", [number]) => return self.rounded(number, 0).map(Some),
            ("round", [number, digits]) => {
                let digits = whole_number(digits).ok_or(Refusal::Literal("count of digits"))?;
                return self.rounded(number, digits).map(Some);
            }
            ("ceil" | "ceiling", [number]) => return self.made_whole(number, "ceil").map(Some),
            ("floor", [number]) => return self.made_whole(number, "floor").map(Some),
            ("power" | "pow", [base, exponent]) => {
                let (base, exponent) = (self.double(base)?, self.double(exponent)?);
                return Ok(Some(Self::called("power", &[base, exponent], Kind::Float)));
            }
            ("exp" | "ln" | "log10" | "log2" | "sqrt", [_]) => name,
            ("signum" | "sign", [_]) => "sign",
            _ => return Ok(None),
        };
        let [number] = args else { return Ok(None) };
        let number = self.double(number)?;
        Ok(Some(Self::called(name, &[number], Kind::Float)))
    }

    /// A number as a double.
    pub(super) fn double(&mut self, number: &Expr) -> Result<String, Refusal> {
        let term = self.number(number)?;
        self.text_as(term, Kind::Float)
    }

    fn number(&mut self, number: &Expr) -> Result<Term, Refusal> {
        let term = self.expr(number)?;
        if term.kind().is_number() || term.kind() == Kind::Null {
            return Ok(term);
        }
        Err(Refusal::Types("a function of numbers of what is none"))
    }

    fn absolute(&mut self, number: &Expr) -> Result<Term, Refusal> {
        let term = self.number(number)?;
        let kind = term.kind();
        if let Kind::Decimal { precision, .. } = kind
            && precision > NEGATED_DIGITS_MAX
        {
            // Of more digits, Spark rounds the opposite, which may then be too long and fails.
            let zero = Term::Literal(Literal::Integer(0));
            let opposite = self.calculated(zero, Operation::Subtract, term.clone())?;
            let (text, opposite) = (self.text(term)?, self.text_as(opposite, kind)?);
            return Ok(Term::written(
                format!("(CASE WHEN ({text} < 0) THEN {opposite} ELSE {text} END)"),
                kind,
            ));
        }
        let text = self.text(term)?;
        // The smallest whole number has no opposite.
        let text = if kind == Kind::Integer {
            format!("try_cast(abs(CAST({text} AS DECIMAL(20, 0))) AS BIGINT)")
        } else {
            format!("abs({text})")
        };
        Ok(Term::written(text, kind))
    }

    /// Half away from zero, to so many digits after the point.
    fn rounded(&mut self, number: &Expr, digits: i32) -> Result<Term, Refusal> {
        let term = self.number(number)?;
        let kind = term.kind();
        let digits = digits.clamp(-ROUND_DIGITS_MAX, ROUND_DIGITS_MAX);
        match kind {
            Kind::Integer if digits >= 0 => Ok(term),
            Kind::Integer => {
                let text = self.text(term)?;
                let digits = self.values.put(Value::Small(digits.max(-38)))?;
                // Up may be past the largest whole number.
                let wide = format!("round(CAST({text} AS DECIMAL(20, 0)), {digits})");
                Ok(Term::written(format!("try_cast({wide} AS BIGINT)"), kind))
            }
            Kind::Decimal { precision, scale } => {
                if i32::from(scale) <= digits {
                    return Ok(term);
                }
                let Digits { whole, scale } =
                    Digits { whole: precision.saturating_sub(scale).min(37), scale };
                let from = Digits { whole, scale };
                let from =
                    if from.fits() { from } else { Digits { scale: 38_u8.saturating_sub(whole), ..from } };
                let text = self.text_as(term, from.kind())?;
                let kept =
                    u8::try_from(digits.max(0)).map_err(|_large| Refusal::Literal("count of digits"))?;
                let needed = u8::try_from(digits.saturating_neg().clamp(0, 37)).unwrap_or(0);
                let to = Digits { whole: whole.max(needed).saturating_add(1), scale: kept };
                let digits = self.values.put(Value::Small(digits.max(-37)))?;
                Ok(Term::written(format!("round({text}, {digits})"), to.kind()))
            }
            Kind::Boolean
            | Kind::Float
            | Kind::Text
            | Kind::Date
            | Kind::Timestamp
            | Kind::TimestampTz
            | Kind::Interval
            | Kind::Null => {
                let text = self.text_as(term, Kind::Float)?;
                let digits = self.values.put(Value::Small(digits))?;
                Ok(Term::written(format!("round({text}, {digits})"), Kind::Float))
            }
        }
    }

    /// CEIL and FLOOR: a decimal without a fraction, a whole number of everything else.
    pub(super) fn made_whole(&mut self, number: &Expr, name: &'static str) -> Result<Term, Refusal> {
        let term = self.number(number)?;
        match term.kind() {
            Kind::Integer => Ok(term),
            Kind::Decimal { precision, scale } => {
                let text = self.text(term)?;
                let whole = precision.saturating_sub(scale).saturating_add(1);
                Ok(Term::written(format!("{name}({text})"), Digits { whole: whole.min(38), scale: 0 }.kind()))
            }
            Kind::Boolean
            | Kind::Float
            | Kind::Text
            | Kind::Date
            | Kind::Timestamp
            | Kind::TimestampTz
            | Kind::Interval
            | Kind::Null => {
                let text = self.text_as(term, Kind::Float)?;
                let whole = format!("(CASE WHEN (abs({text}) < {WHOLE_MAX}) THEN {name}({text}) END)");
                Ok(Term::written(whole, Kind::Integer))
            }
        }
    }
}
