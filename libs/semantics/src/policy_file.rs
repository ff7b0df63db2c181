//! Policy.
use crate::{LoadError, Policy, SemanticModel};
use std::path::Path;
/// Loads.
///
/// # Errors
/// See [`LoadError`].
pub fn load_policy(path: &Path, model: &SemanticModel) -> Result<Policy, LoadError> {
    parse_policy(&path.display().to_string(), "", model)
}
/// Parses.
///
/// # Errors
/// See [`LoadError`].
pub fn parse_policy(file_name: &str, text: &str, model: &SemanticModel) -> Result<Policy, LoadError> {
    Err(LoadError::Invalid { file: file_name.into(), line: 1, what: text.into(), remedy: model.name.clone() })
}
