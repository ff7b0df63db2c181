//! What may be asked, as text.

use std::fmt;

/// The longest question, in bytes of UTF-8.
pub const QUESTION_BYTES_MAX: usize = 8_192;

/// A question's text: not empty, not too long, no control characters but line feed and tab.
///
/// That it has a meaning is for layer 2 to say.
#[derive(Clone, PartialEq, Eq)]
pub struct Question(Box<str>);

/// Why a text is no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// Nothing but white space.
    #[error("the question is empty")]
    Empty,
    /// Over [`QUESTION_BYTES_MAX`].
    #[error("the question is longer than {QUESTION_BYTES_MAX} bytes")]
    TooLong,
    /// A control character other than line feed and tab.
    #[error("the question holds control characters")]
    ControlCharacters,
}

impl Question {
    /// Takes a text as a question.
    ///
    /// # Errors
    /// See [`QuestionError`].
    pub fn new(text: &str) -> Result<Self, QuestionError> {
        if text.len() > QUESTION_BYTES_MAX {
            return Err(QuestionError::TooLong);
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(QuestionError::ControlCharacters);
        }
        if text.trim().is_empty() {
            return Err(QuestionError::Empty);
        }
        Ok(Self(text.into()))
    }

    /// The text as asked.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_exact() {
        assert!(Question::new(&"x".repeat(QUESTION_BYTES_MAX)).is_ok());
        assert_eq!(Question::new(&"x".repeat(QUESTION_BYTES_MAX + 1)), Err(QuestionError::TooLong));
        assert_eq!(Question::new(" \n\t "), Err(QuestionError::Empty));
        for text in ["a\0b", "a\u{7f}b", "a\u{85}b", "a\rb", "a\u{1b}[0m"] {
            assert_eq!(Question::new(text), Err(QuestionError::ControlCharacters), "{text:?}");
        }
    }
}
