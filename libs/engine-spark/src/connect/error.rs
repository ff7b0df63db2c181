//! Why an engine gave no result.
//!
//! `Display` is free of engine text, paths and values. What the engine said is in the source chain,
//! which goes to the log and nowhere else. Which error is of which class is `classify`'s.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// What lies behind an error, for the log alone.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// Why there is no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectError {
    /// The statement or plan has no meaning to the engine.
    #[error("the engine cannot plan the statement")]
    Plan {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// An expression failed on the rows it read.
    #[error("the statement failed on the rows it reads")]
    Data {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// A file or folder that the plan names does not exist.
    #[error("a path does not exist")]
    MissingPath {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// A table or view that the plan names does not exist.
    #[error("a table does not exist")]
    MissingTable {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// A file is corrupt, or not of the types that were declared.
    #[error("a file cannot be read")]
    File {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The engine had too little memory.
    #[error("the engine has too little memory for the statement")]
    Memory {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The operation was interrupted.
    #[error("the operation was cancelled")]
    Cancelled,
    /// The engine cannot be reached, or went away. May be tried again in a new session.
    #[error("the engine cannot be reached")]
    Unavailable {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The engine no longer knows the session, or is not the one that the session was opened on.
    #[error("the engine lost the session")]
    SessionLost {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The answer ended before it was complete.
    #[error("the answer is incomplete")]
    Incomplete {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The engine does not accept our credentials, or there are none.
    #[error("the engine does not accept the credentials")]
    Unauthenticated {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The engine knows us and refuses.
    #[error("the engine denies access")]
    Denied {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The other side does not keep to the protocol, or we were asked for what it cannot say.
    #[error("the protocol was not kept")]
    Protocol {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// A batch or message above the limit.
    #[error("a batch has more than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// A required setting did not take.
    #[error("the engine does not take the setting `{key}`")]
    Setting {
        /// The setting.
        key: String,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// A defect of the engine.
    #[error("the engine failed")]
    Engine {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The system gives no randomness for an id.
    #[error("the system gives no randomness")]
    NoRandomness,
}

impl ConnectError {
    /// Whether the same request may succeed in a new session, with nothing changed.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::SessionLost { .. } | Self::Incomplete { .. } => true,
            Self::Plan { .. }
            | Self::Data { .. }
            | Self::MissingPath { .. }
            | Self::MissingTable { .. }
            | Self::File { .. }
            | Self::Memory { .. }
            | Self::Cancelled
            | Self::Unauthenticated { .. }
            | Self::Denied { .. }
            | Self::Protocol { .. }
            | Self::TooLarge { .. }
            | Self::Setting { .. }
            | Self::Engine { .. }
            | Self::NoRandomness => false,
        }
    }

    pub(crate) fn protocol(what: &'static str) -> Self {
        Self::Protocol { cause: Arc::new(Broken(what)) }
    }

    pub(crate) fn incomplete(what: &'static str) -> Self {
        Self::Incomplete { cause: Arc::new(Broken(what)) }
    }

    pub(crate) fn session_lost(what: &'static str) -> Self {
        Self::SessionLost { cause: Arc::new(Broken(what)) }
    }

    pub(crate) fn timed_out(what: &'static str) -> Self {
        Self::Unavailable { cause: Arc::new(TimedOut(what)) }
    }
}

/// An error with all that lies behind it, for the log alone.
pub(crate) struct Chain<'a>(pub(crate) &'a ConnectError);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

/// What was not as it must be.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Broken(&'static str);

/// A call took too long.
#[derive(Debug, thiserror::Error)]
#[error("{0} took too long")]
struct TimedOut(&'static str);

/// What an engine said: its own text is in here, and so may be values and paths.
#[derive(Debug, thiserror::Error)]
#[error("{code:?} {class} {sql_state} {reason}: {message}")]
pub struct EngineCause {
    /// The status code of the call.
    pub code: tonic::Code,
    /// The engine's error class, or nothing.
    pub class: String,
    /// The SQL state, or nothing.
    pub sql_state: String,
    /// The name of the exception, or nothing.
    pub reason: String,
    /// The engine's text.
    pub message: String,
    /// What the transport says, if the status was made on this side.
    #[source]
    pub source: Option<Cause>,
}
