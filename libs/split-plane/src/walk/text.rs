//! Text: places, parts, padding and replacing, with the arguments that the engine reads as Databricks does.
//!
//! What makes text longer takes literals within bounds: memory pools do not see text functions.

use super::literal::{literal_integer, literal_text};
use super::{Checked, Facts, Walk, build, not_allowed, too_wide};
use crate::bounds::WIDTH_MAX;
use crate::error::GuardError;
use sqlparser::ast::{CeilFloorKind, DateTimeField, Expr, TrimWhereField, Value};

impl Walk<'_> {
    pub(super) fn position(&mut self, what: &Expr, text: &Expr) -> Result<Checked, GuardError> {
        let (what, text) = (self.expr(what)?, self.expr(text)?);
        Ok(build::call("strpos", vec![text, what]))
    }

    /// Databricks counts a negative start from the end, the engine does not: only literal starts.
    pub(super) fn substring(
        &mut self,
        text: &Expr,
        from: Option<&Expr>,
        length: Option<&Expr>,
    ) -> Result<Checked, GuardError> {
        let from = from.map_or(Some(1), literal_integer);
        let text = self.expr(text)?;
        let length = match length {
            None => None,
            Some(length) if is_count(length, i32::MAX) => Some(Box::new(self.expr(length)?.expr)),
            Some(_) => return Err(not_allowed("a computed or negative length of a part")),
        };
        let start = match (from, &length) {
            (Some(0), _) => 1,
            (Some(from), _) if from > 0 => from,
            (Some(from), None) => {
                let letters = build::number(&from.unsigned_abs().to_string());
                return Ok(build::call("right", vec![text, Checked::new(letters, Facts::MADE)]));
            }
            (Some(_), Some(_)) | (None, _) => return Err(not_allowed("a part from a computed place")),
        };
        let part = Expr::Substring {
            expr: Box::new(text.expr),
            substring_from: Some(Box::new(build::number(&start.to_string()))),
            substring_for: length,
            special: true,
            shorthand: false,
        };
        Ok(Checked::new(part, text.facts.with(Facts::MADE)))
    }

    pub(super) fn trim(
        &mut self,
        side: Option<TrimWhereField>,
        what: Option<&Expr>,
        text: &Expr,
        characters: Option<&[Expr]>,
    ) -> Result<Checked, GuardError> {
        if characters.is_some() {
            return Err(not_allowed("TRIM with a list"));
        }
        let text = self.expr(text)?;
        let facts = text.facts.with(Facts::MADE);
        let Some(what) = what else {
            let name = match side {
                None | Some(TrimWhereField::Both) => "btrim",
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
            };
            return Ok(build::call(name, vec![text]));
        };
        let what = self.expr(what)?;
        let trim = Expr::Trim {
            trim_where: Some(side.unwrap_or(TrimWhereField::Both)),
            trim_what: Some(Box::new(what.expr)),
            expr: Box::new(text.expr),
            trim_characters: None,
        };
        Ok(Checked::new(trim, facts.with(what.facts)))
    }

    pub(super) fn round_to_whole(
        &mut self,
        number: &Expr,
        field: &CeilFloorKind,
        up: bool,
    ) -> Result<Checked, GuardError> {
        let CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) = field else {
            return Err(not_allowed("CEIL or FLOOR with digits or a unit"));
        };
        let Checked { expr, facts } = self.expr(number)?;
        let expr = Box::new(expr);
        let field = CeilFloorKind::DateTimeField(DateTimeField::NoDateTime);
        let node = if up { Expr::Ceil { expr, field } } else { Expr::Floor { expr, field } };
        Ok(Checked::new(node, facts.with(Facts::MADE)))
    }

    pub(super) fn replace(&mut self, text: &Expr, what: &Expr, with: &str) -> Result<Checked, GuardError> {
        let (text, what) = (self.expr(text)?, self.expr(what)?);
        let with = self.value(&Value::SingleQuotedString(with.to_owned()).with_empty_span())?;
        // At worst every letter is replaced.
        let letters = literal_text(&with.expr).map_or(1, str::len).max(1);
        let letters = u32::try_from(letters).unwrap_or(u32::MAX);
        let width = text.facts.width.saturating_mul(letters);
        if width > WIDTH_MAX {
            return Err(too_wide());
        }
        let mut call = build::call("replace", vec![text, what, with]);
        call.facts.width = width;
        Ok(call)
    }
}

/// Whether this is a literal count of letters.
pub(super) fn is_count(expr: &Expr, max: i32) -> bool {
    literal_integer(expr).is_some_and(|count| (0..=max).contains(&count))
}
