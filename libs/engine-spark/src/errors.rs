//! What an engine's errors are to whoever asked it. No text of the engine's is in what is shown of them.

use crate::connect::error::ConnectError;
use splitplane_engine::EngineError;
use std::sync::Arc;

/// An error while a source was looked at: a missing table or path is the source's.
pub(crate) fn of_source(source: &str, error: ConnectError) -> EngineError {
    match error {
        ConnectError::Plan { .. }
        | ConnectError::Data { .. }
        | ConnectError::MissingPath { .. }
        | ConnectError::MissingTable { .. }
        | ConnectError::File { .. } => EngineError::warehouse(source, error),
        ConnectError::Memory { .. }
        | ConnectError::Cancelled
        | ConnectError::Unavailable { .. }
        | ConnectError::SessionLost { .. }
        | ConnectError::Incomplete { .. }
        | ConnectError::Unauthenticated { .. }
        | ConnectError::Denied { .. }
        | ConnectError::Protocol { .. }
        | ConnectError::TooLarge { .. }
        | ConnectError::Setting { .. }
        | ConnectError::Engine { .. }
        | ConnectError::NoRandomness => of_statement(&[source], error),
    }
}

/// An error of a statement over some sources.
pub(crate) fn of_statement(sources: &[&str], error: ConnectError) -> EngineError {
    match error {
        ConnectError::Plan { .. } => EngineError::plan(error),
        ConnectError::Data { .. } => EngineError::Data { cause: Arc::new(error) },
        ConnectError::MissingPath { .. } | ConnectError::MissingTable { .. } | ConnectError::File { .. } => {
            EngineError::warehouse(&sources.join(", "), error)
        }
        ConnectError::Memory { .. } => EngineError::MemoryExceeded { cause: Arc::new(error) },
        ConnectError::Cancelled => EngineError::Cancelled,
        ConnectError::TooLarge { bytes_max } => {
            EngineError::BytesExceeded { bytes_max: u64::try_from(bytes_max).unwrap_or(u64::MAX) }
        }
        // The next session may have what this one had not.
        ConnectError::Unavailable { .. }
        | ConnectError::SessionLost { .. }
        | ConnectError::Incomplete { .. }
        | ConnectError::Unauthenticated { .. }
        | ConnectError::Denied { .. }
        | ConnectError::Engine { .. } => EngineError::Unavailable { cause: Arc::new(error) },
        ConnectError::Protocol { .. } | ConnectError::Setting { .. } | ConnectError::NoRandomness => {
            EngineError::internal(error)
        }
    }
}

/// Whether what was known of the sources' types may be no longer so.
pub(crate) const fn is_of_sources(error: &EngineError) -> bool {
    matches!(error, EngineError::Warehouse { .. } | EngineError::Plan { .. })
}
