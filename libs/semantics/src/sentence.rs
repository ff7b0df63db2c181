//! An interpretation as a sentence for people.
use crate::{Interpretation, SemanticModel};
/// Sentence.
#[must_use]
pub fn sentence(interpretation: &Interpretation, model: &SemanticModel) -> String {
    let _ = (interpretation, model);
    String::new()
}
