//! What can go wrong with a statement, by class, and what was behind it.
//!
//! Decides the texts that name a class: they hold no word of the engine, no token, no link and no header. What the
//! engine said stands in the source chain alone, for the log. It does not decide which class an answer falls
//! into: `classify.rs` does.

/// Why a statement has no answer, or no more of it.
#[derive(Debug, thiserror::Error)]
pub enum DatabricksError {
    /// The statement cannot be planned: a name, a type or the syntax is wrong.
    #[error("the statement cannot be planned")]
    Plan(#[source] Cause),
    /// A value could not be computed: a division by zero, a cast that fails, an overflow.
    #[error("a value of the data cannot be computed")]
    Data(#[source] Cause),
    /// The engine ran into a limit of memory or size.
    #[error("the statement is over a limit of the engine")]
    Limit(#[source] Cause),
    /// The result is larger than the row or byte limit of the statement; no part of it is given.
    #[error("the result is over the statement's row or byte limit")]
    Truncated {
        /// How many rows what is left of it has.
        rows: u64,
    },
    /// The workspace asks for fewer requests, and went on asking.
    #[error("the workspace throttles")]
    Throttled(#[source] Cause),
    /// The workspace or the storage of its results cannot be reached, or says that it is not there.
    #[error("the workspace is unavailable")]
    Unavailable(#[source] Cause),
    /// The credential is not accepted, or may not do this.
    #[error("the workspace does not accept the credential")]
    Unauthenticated(#[source] Cause),
    /// The statement was stopped by somebody else.
    #[error("the statement was cancelled")]
    Cancelled(#[source] Cause),
    /// The statement's time was over, by our clock or by the engine's.
    #[error("the statement's time is over")]
    TimeExceeded(#[source] Cause),
    /// Less came than was announced.
    #[error("the result is not whole")]
    Incomplete(#[source] Cause),
    /// The answer is not what the interface promises, or the request could not be one of it.
    #[error("the workspace does not speak as documented")]
    Protocol(#[source] Cause),
    /// The engine failed by itself.
    #[error("the engine failed")]
    Engine(#[source] Cause),
}

/// What was behind a [`DatabricksError`]: for the log.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// An answer of the workspace.
    #[error("answer {status}: {said}")]
    Answer {
        /// The HTTP status, or 200 where the statement itself failed.
        status: u16,
        /// What stood in it.
        said: Said,
    },
    /// What was found by us.
    #[error("{0}")]
    Found(&'static str),
    /// The connection could not be made, or broke.
    #[error("the connection could not be made or broke")]
    Transport(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Bytes that are no such value.
    #[error("what came cannot be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No token could be had.
    #[error("no token could be had")]
    Credential(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What the engine says of a failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// `error_code`, where there is one.
    pub error_code: String,
    /// `sql_state`, where there is one.
    pub sql_state: String,
    /// The text. It can quote data.
    pub message: String,
}

const MESSAGE_CHARS_MAX: usize = 4096;

impl Said {
    /// A text that is longer than any log wants it is cut.
    pub(crate) fn new(error_code: String, sql_state: String, message: &str) -> Self {
        Self { error_code, sql_state, message: message.chars().take(MESSAGE_CHARS_MAX).collect() }
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} [{}] {}", self.error_code, self.sql_state, self.message)
    }
}

impl Cause {
    pub(crate) fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unreadable(error.into())
    }

    pub(crate) fn transport(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Transport(error.into())
    }
}

/// Why a workspace cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A value of the configuration is outside what it may be.
    #[error("`{key}` {why}")]
    Config {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// TLS cannot be set up.
    #[error("TLS to the workspace cannot be set up")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}
