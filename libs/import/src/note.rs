//! What could not be carried over, or not wholly.
//!
//! Decides what a note holds. When one is due is for the readers to say.

/// Something that was not carried over, or that means a little less here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The file.
    pub file: String,
    /// Line, counted from 1.
    pub line: u64,
    /// What it is about, for example ``metric `late_share` ``.
    pub what: String,
    /// Why.
    pub why: String,
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: u64,
}

/// The notes so far.
#[derive(Debug, Default)]
pub(crate) struct Notes(pub(crate) Vec<Note>);

impl Notes {
    pub(crate) fn add(&mut self, at: &Place, what: impl Into<String>, why: impl Into<String>) {
        let (what, why) = (shown(&what.into()), shown(&why.into()));
        let note = Note { file: at.file.clone(), line: at.line, what, why };
        if self.0.last() != Some(&note) {
            self.0.push(note);
        }
    }
}

/// A text of a file, on one line and not without end.
fn shown(text: &str) -> String {
    const CHARS_MAX: usize = 300;
    let mut shown: String =
        text.chars().take(CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        shown.push_str("...");
    }
    shown
}
