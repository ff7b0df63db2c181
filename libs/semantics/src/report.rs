//! What a check of a file found: every mistake and every doubt, each with its place and what to do.
//!
//! Decides the words for severities, the codes, and the order of findings. What is a mistake is for the
//! readers to say, and what is doubtful for the lints.

mod codes;

use crate::LoadError;
pub use codes::CODES;
use std::cell::RefCell;
use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file is refused, or cannot be meant.
    Error,
    /// The file loads, and may not do what its owner thinks.
    Warning,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of finding it is: one of [`CODES`], which stay as they are.
    pub code: &'static str,
    /// The file, as the caller named it.
    pub file: String,
    /// Line, counted from 1.
    pub line: u64,
    /// What is wrong.
    pub what: String,
    /// What to do about it: the nearest right thing.
    pub remedy: String,
}

/// What a check found, in order of line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The findings; those of one line stand in the order in which they were found.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The first finding for which the file is refused or cannot be meant.
    #[must_use]
    pub fn first_error(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.severity == Severity::Error)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, code, file, line, what, remedy } = self;
        write!(f, "{file}:{line}: {severity} [{code}]: {what}; {remedy}")
    }
}

/// Where the readers and the lints of one file put what they find.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    findings: RefCell<Vec<Finding>>,
}

impl Sink {
    /// Puts a finding in, unless it is there already.
    pub(crate) fn push(&self, finding: Finding) {
        let mut findings = self.findings.borrow_mut();
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.findings.borrow().is_empty()
    }

    /// The first by line.
    pub(crate) fn first(&self) -> Option<Finding> {
        self.findings.borrow().iter().min_by_key(|finding| finding.line).cloned()
    }

    pub(crate) fn report(self) -> Report {
        let mut findings = self.findings.into_inner();
        findings.sort_by_key(|finding| finding.line);
        Report { findings }
    }

    /// What was read, if there was nothing to find; else the first mistake. What a reader hands over after
    /// a mistake was only good to go on with.
    pub(crate) fn finish<T>(self, read: Result<T, LoadError>) -> Result<T, LoadError> {
        let read = read.map_err(|error| self.push(error.into())).ok();
        match (self.report().findings.into_iter().next(), read) {
            (None, Some(read)) => Ok(read),
            (Some(first), _) => Err(first.into()),
            (None, None) => Err(Finding::unread().into()),
        }
    }
}

impl Finding {
    /// For a reader that gave up without a word.
    fn unread() -> Self {
        Self {
            severity: Severity::Error,
            code: "yaml",
            file: String::new(),
            line: 1,
            what: "not readable".to_owned(),
            remedy: "correct the file".to_owned(),
        }
    }
}

impl From<LoadError> for Finding {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Invalid { code, file, line, what, remedy } => {
                Self { severity: Severity::Error, code, file, line, what, remedy }
            }
            LoadError::Unreadable { file, .. } => Self {
                file: file.display().to_string(),
                what: "cannot be read".to_owned(),
                remedy: "check that the file exists and may be read".to_owned(),
                ..Self::unread()
            },
        }
    }
}

impl From<Finding> for LoadError {
    fn from(finding: Finding) -> Self {
        let Finding { severity: _, code, file, line, what, remedy } = finding;
        Self::Invalid { code, file, line, what, remedy }
    }
}
