//! Validation.
use crate::{Calendar, Catalogue, DraftInterpretation, Interpretation, InterpretationError};
use std::time::SystemTime;
/// An interpretation whose every name was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatedInterpretation(Interpretation);
impl ValidatedInterpretation {
    /// The interpretation.
    #[must_use]
    pub const fn get(&self) -> &Interpretation {
        &self.0
    }
    /// Canonical JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        String::new()
    }
}
/// Validates.
///
/// # Errors
/// See [`InterpretationError`].
pub fn validate(
    draft: DraftInterpretation,
    catalogue: &Catalogue<'_>,
    calendar: &Calendar,
    as_of: SystemTime,
) -> Result<ValidatedInterpretation, InterpretationError> {
    let _ = (draft, catalogue, calendar, as_of);
    Err(InterpretationError::NoMetric)
}
/// From a receipt.
///
/// # Errors
/// See [`InterpretationError`].
pub fn interpretation_from_receipt(json: &str) -> Result<Interpretation, InterpretationError> {
    serde_json::from_str(json).map_err(InterpretationError::Malformed)
}
