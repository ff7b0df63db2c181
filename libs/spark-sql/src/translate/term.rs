//! An expression with its kind. Literals keep their value until it is known what they stand beside.

use super::{TEXT_BYTES_MAX, Translation};
use crate::convert;
use crate::kind::Kind;
use crate::literal::Literal;
use crate::refusal::Refusal;
use crate::statement::Value;

/// An expression.
#[derive(Debug, Clone)]
pub(super) enum Term {
    /// As it stands in the text.
    Written { text: String, kind: Kind },
    /// A literal, which has no place in the text yet.
    Literal(Literal),
    /// So many months, or days, or seconds; `time` says whether it moves the time of day.
    Interval(Span),
}

/// A literal interval, printed anew from a number that was parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) count: i32,
    pub(super) unit: Unit,
}

/// Units of intervals that the guard writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

impl Unit {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Year => "YEAR",
            Self::Month => "MONTH",
            Self::Day => "DAY",
            Self::Hour => "HOUR",
            Self::Minute => "MINUTE",
            Self::Second => "SECOND",
        }
    }

    pub(super) const fn is_of_day(self) -> bool {
        matches!(self, Self::Hour | Self::Minute | Self::Second)
    }
}

impl Term {
    pub(super) const fn written(text: String, kind: Kind) -> Self {
        Self::Written { text, kind }
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Written { text: _, kind } => *kind,
            Self::Literal(literal) => literal.kind(),
            Self::Interval(_) => Kind::Interval,
        }
    }

    /// The kind that counts among decimals: a literal has the digits in which it is written.
    pub(super) fn exact_kind(&self) -> Kind {
        match self {
            Self::Literal(literal) => literal.exact_kind(),
            Self::Written { .. } | Self::Interval(_) => self.kind(),
        }
    }

    pub(super) const fn literal(&self) -> Option<&Literal> {
        match self {
            Self::Literal(literal) => Some(literal),
            Self::Written { .. } | Self::Interval(_) => None,
        }
    }
}

impl Translation<'_> {
    /// The expression as it stands in the text.
    pub(super) fn text(&mut self, term: Term) -> Result<String, Refusal> {
        let text = match term {
            Term::Written { text, kind: _ } => text,
            Term::Literal(literal) => match literal.value() {
                Some(value) => self.values.put(value)?,
                None => "NULL".to_owned(),
            },
            Term::Interval(_) => return Err(Refusal::Types("an interval by itself")),
        };
        if text.len() > TEXT_BYTES_MAX {
            return Err(Refusal::TooLarge(TEXT_BYTES_MAX));
        }
        Ok(text)
    }

    /// The expression as a value of this kind, converted totally.
    pub(super) fn text_as(&mut self, term: Term, kind: Kind) -> Result<String, Refusal> {
        if let Some(value) = term.literal().and_then(|literal| literal.number_as(kind)) {
            return self.values.put(value);
        }
        if let (Some(Literal::Date(date)), Kind::Timestamp) = (term.literal(), kind) {
            let midnight = format!("{date}T00:00:00");
            return self.values.put(Value::Timestamp(midnight));
        }
        let from = term.kind();
        let text = self.text(term)?;
        convert::cast(&text, from, kind, &mut self.values)
    }

    /// Text, whatever it was.
    pub(super) fn words(&mut self, term: Term) -> Result<String, Refusal> {
        self.text_as(term, Kind::Text)
    }

    /// A condition: true, false or NULL.
    pub(super) fn truth(&mut self, term: Term) -> Result<String, Refusal> {
        if !matches!(term.kind(), Kind::Boolean | Kind::Null) {
            return Err(Refusal::Types("a condition that is no truth"));
        }
        self.text_as(term, Kind::Boolean)
    }
}
