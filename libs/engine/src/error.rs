//! Why the engine gave no result, and how an engine's own errors fall into these classes.
//!
//! `Display` is free of engine text, paths and values (invariant 6); those are in the source chain,
//! which goes to the log and nowhere else.

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// What lies behind an error, for the log alone.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// Why there is no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// A source is missing, corrupt, or not of its declared types.
    #[error("source `{name}` of the warehouse cannot be read")]
    Warehouse {
        /// The source.
        name: String,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The engine cannot be reached, was started anew or gave an answer that is not whole. The same may work later.
    #[error("the engine cannot answer now")]
    Unavailable {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The statement has no meaning over the sandbox's relations.
    #[error("the statement cannot be planned")]
    Plan {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// An expression failed on the caller's own rows.
    #[error("the statement failed on the rows it reads")]
    Data {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// More rows than the limit.
    #[error("the result has more than {rows_max} rows")]
    RowsExceeded {
        /// The limit.
        rows_max: u64,
    },
    /// A larger result than the limit.
    #[error("the result has more than {bytes_max} bytes")]
    BytesExceeded {
        /// The limit.
        bytes_max: u64,
    },
    /// More memory than the limit of the statement or what the process has left.
    #[error("the statement needs too much memory")]
    MemoryExceeded {
        /// Why.
        #[source]
        cause: Cause,
    },
    /// More time than the limit.
    #[error("the statement took more than {time_max:?}")]
    TimeExceeded {
        /// The limit.
        time_max: Duration,
    },
    /// More of the tenant's work waits than may.
    #[error("too many statements wait")]
    Busy,
    /// The caller went away.
    #[error("the statement was cancelled")]
    Cancelled,
    /// A defect on our side or the engine's.
    #[error("the engine failed")]
    Internal {
        /// Why.
        #[source]
        cause: Cause,
    },
}

/// A source that is boxed or a text; both become a [`Cause`].
pub(crate) type AnyError = Box<dyn Error + Send + Sync>;

impl EngineError {
    /// A source that cannot be read.
    #[must_use]
    pub fn warehouse(name: &str, cause: impl Into<AnyError>) -> Self {
        Self::Warehouse { name: name.to_owned(), cause: Cause::from(cause.into()) }
    }

    /// A statement without a meaning.
    #[must_use]
    pub fn plan(cause: impl Into<AnyError>) -> Self {
        Self::Plan { cause: Cause::from(cause.into()) }
    }

    /// A defect.
    #[must_use]
    pub fn internal(cause: impl Into<AnyError>) -> Self {
        Self::Internal { cause: Cause::from(cause.into()) }
    }
}

enum Class {
    Ours(EngineError),
    Plan,
    Data,
    Memory,
    Internal,
}

impl From<DataFusionError> for EngineError {
    fn from(error: DataFusionError) -> Self {
        let class = classify(&error);
        let cause: Cause = Arc::new(error);
        match class {
            Class::Ours(error) => error,
            Class::Plan => Self::Plan { cause },
            Class::Data => Self::Data { cause },
            Class::Memory => Self::MemoryExceeded { cause },
            Class::Internal => Self::Internal { cause },
        }
    }
}

/// By variant alone. A text would be a function of the engine's version and of the rows.
fn classify(error: &DataFusionError) -> Class {
    match error {
        DataFusionError::ArrowError(error, _) => classify_arrow(error),
        DataFusionError::SQL(..)
        | DataFusionError::NotImplemented(_)
        | DataFusionError::Plan(_)
        | DataFusionError::Configuration(_)
        | DataFusionError::SchemaError(..) => Class::Plan,
        DataFusionError::Execution(_) => Class::Data,
        DataFusionError::ResourcesExhausted(_) => Class::Memory,
        DataFusionError::External(error) => classify_any(error.as_ref()),
        DataFusionError::Context(_, error) | DataFusionError::Diagnostic(_, error) => classify(error),
        DataFusionError::Shared(error) => classify(error),
        DataFusionError::Collection(errors) => errors.first().map_or(Class::Internal, classify),
        DataFusionError::IoError(error) => classify_io(error),
        // There only where the bare engine is measured, which reads Parquet itself.
        #[cfg(feature = "bare")]
        DataFusionError::ParquetError(_) => Class::Internal,
        DataFusionError::ObjectStore(_)
        | DataFusionError::Internal(_)
        | DataFusionError::ExecutionJoin(_)
        | DataFusionError::Substrait(_)
        | DataFusionError::Ffi(_) => Class::Internal,
    }
}

fn classify_arrow(error: &ArrowError) -> Class {
    match error {
        ArrowError::ExternalError(error) => classify_any(error.as_ref()),
        ArrowError::IoError(_, error) => classify_io(error),
        ArrowError::CastError(_)
        | ArrowError::ParseError(_)
        | ArrowError::ComputeError(_)
        | ArrowError::DivideByZero
        | ArrowError::ArithmeticOverflow(_)
        | ArrowError::InvalidArgumentError(_)
        | ArrowError::OffsetOverflowError(_) => Class::Data,
        ArrowError::MemoryError(_) => Class::Memory,
        ArrowError::NotYetImplemented(_) | ArrowError::SchemaError(_) => Class::Plan,
        ArrowError::CsvError(_)
        | ArrowError::JsonError(_)
        | ArrowError::AvroError(_)
        | ArrowError::IpcError(_)
        | ArrowError::ParquetError(_)
        | ArrowError::CDataInterface(_)
        | ArrowError::DictionaryKeyOverflowError
        | ArrowError::RunEndIndexOverflowError => Class::Internal,
    }
}

/// An error of a spill file travels as an error of input and output.
fn classify_io(error: &std::io::Error) -> Class {
    error.get_ref().map_or(Class::Internal, classify_any)
}

/// Errors of the leaf travel through the engine's streams in a box.
fn classify_any(error: &(dyn Error + Send + Sync + 'static)) -> Class {
    if let Some(error) = error.downcast_ref::<EngineError>() {
        return Class::Ours(error.clone());
    }
    if let Some(error) = error.downcast_ref::<DataFusionError>() {
        return classify(error);
    }
    error.downcast_ref::<ArrowError>().map_or(Class::Internal, classify_arrow)
}

impl From<EngineError> for DataFusionError {
    fn from(error: EngineError) -> Self {
        Self::External(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_shown_hold_nothing_of_the_engine() {
        let engine = DataFusionError::Execution("cannot cast 'SECRET' of column note".to_owned());
        let wrapped = DataFusionError::Context("while reading".to_owned(), Box::new(engine)).context("outer");
        let error = EngineError::from(wrapped);
        assert_eq!(error.to_string(), "the statement failed on the rows it reads");
        assert!(error.source().is_some_and(|cause| cause.to_string().contains("SECRET")));
    }

    #[test]
    fn an_error_of_the_leaf_keeps_its_class_on_the_way_up() {
        let leaf = || DataFusionError::from(EngineError::warehouse("harvests", "truncated"));
        let shared = DataFusionError::Shared(Arc::new(leaf()));
        let arrow = ArrowError::ExternalError(Box::new(leaf()));
        for error in [leaf(), shared.context("join"), DataFusionError::ArrowError(Box::new(arrow), None)] {
            assert!(
                matches!(EngineError::from(error), EngineError::Warehouse { name, .. } if name == "harvests")
            );
        }
    }
}
