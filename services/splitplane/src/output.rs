//! Where texts go: standard output for what was asked for, standard error for everything else.
//!
//! Decides that a reader who went away ends the program quietly, and nothing about the texts.

use std::error::Error;
use std::io::{self, IsTerminal as _, Write as _};

/// Writes to standard output.
///
/// # Errors
/// It is closed.
pub(crate) fn out(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes to standard error. That it is closed hurts nobody.
pub(crate) fn err(text: &str) {
    let mut stderr = io::stderr().lock();
    drop(stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()));
}

/// Whether a person watches.
pub(crate) fn is_watched() -> bool {
    io::stdout().is_terminal() && io::stderr().is_terminal()
}

/// Whether standard error is a terminal.
pub(crate) fn is_err_terminal() -> bool {
    io::stderr().is_terminal()
}

/// An error with all its sources, on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let said = inner.to_string();
        // An error that only hands on what its source says would say it twice.
        if !text.ends_with(&said) {
            text.push_str(&format!(": {said}"));
        }
        source = inner.source();
    }
    text
}
