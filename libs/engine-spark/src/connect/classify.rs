//! Which class an engine's error is of: by error class, SQL state and exception name, never by text.
//!
//! Spark names an error class for nearly all; where it does not, the names of the exceptions beneath
//! decide. Sail names only an exception, and the same one for a statement without meaning and for some
//! failures on rows: there it matters whether rows had begun to be computed.

use super::error::{Cause, ConnectError, EngineCause};
use std::sync::Arc;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// How far an operation was when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before the schema of the answer arrived, or in a call without an answer of rows.
    Planning,
    /// After it.
    Running,
    /// When it was asked to go on with an operation.
    Reattaching,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Plan,
    Data,
    MissingPath,
    MissingTable,
    File,
    Memory,
    Cancelled,
    Unavailable,
    SessionLost,
    Incomplete,
    Unauthenticated,
    Denied,
    Protocol,
    TooLarge,
    Engine,
}

/// What an error says of itself, apart from its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) class: String,
    pub(crate) sql_state: String,
    pub(crate) reason: String,
    pub(crate) error_id: String,
}

impl Facts {
    /// The facts in a status; none if the engine did not make it.
    pub(crate) fn of(status: &Status) -> Option<Self> {
        let info = status.get_details_error_info()?;
        let fact = |key: &str| info.metadata.get(key).cloned().unwrap_or_default();
        let (class, sql_state, error_id) = (fact("errorClass"), fact("sqlState"), fact("errorId"));
        Some(Self { class, sql_state, reason: info.reason, error_id })
    }
}

/// The class of an error by what it says, or nothing if it names no class that is known.
pub(crate) fn class_of(facts: &Facts, stage: Stage) -> Option<Class> {
    by_error_class(&facts.class)
        .or_else(|| by_sql_state(&facts.sql_state))
        .or_else(|| by_exception(&facts.reason, stage))
}

fn by_error_class(class: &str) -> Option<Class> {
    let (head, tail) = class.split_once('.').unwrap_or((class, ""));
    let found = match (head, tail) {
        ("PATH_NOT_FOUND", _) | ("FAILED_READ_FILE", "FILE_NOT_EXIST") => Class::MissingPath,
        ("TABLE_OR_VIEW_NOT_FOUND" | "VIEW_NOT_FOUND" | "SCHEMA_NOT_FOUND" | "CATALOG_NOT_FOUND", _) => {
            Class::MissingTable
        }
        (
            "FAILED_READ_FILE"
            | "CANNOT_READ_FILE_FOOTER"
            | "CANNOT_MERGE_SCHEMAS"
            | "UNABLE_TO_INFER_SCHEMA"
            | "MALFORMED_CSV_RECORD"
            | "MALFORMED_RECORD_IN_PARSING",
            _,
        ) => Class::File,
        (
            "UNABLE_TO_ACQUIRE_MEMORY"
            | "AGGREGATE_OUT_OF_MEMORY"
            | "POINTER_ARRAY_OUT_OF_MEMORY"
            | "CANNOT_ACQUIRE_MEMORY"
            | "COLLECTION_SIZE_LIMIT_EXCEEDED",
            _,
        ) => Class::Memory,
        ("OPERATION_CANCELED", _) => Class::Cancelled,
        ("INVALID_HANDLE", "OPERATION_NOT_FOUND" | "OPERATION_ABANDONED") => Class::Incomplete,
        ("INVALID_HANDLE", "SESSION_NOT_FOUND" | "SESSION_CLOSED" | "SESSION_CHANGED") => Class::SessionLost,
        ("INVALID_CURSOR", "POSITION_NOT_FOUND" | "POSITION_NOT_AVAILABLE") => Class::Incomplete,
        ("INVALID_HANDLE" | "INVALID_CURSOR", _) => Class::Protocol,
        ("INSUFFICIENT_PERMISSIONS" | "PERMISSION_DENIED", _) => Class::Denied,
        ("INTERNAL_ERROR", _) => Class::Engine,
        _ => return None,
    };
    Some(found)
}

fn by_sql_state(state: &str) -> Option<Class> {
    let found = match (state.get(..2)?, state.get(2..)?) {
        ("42", "501") => Class::Denied,
        ("42", "P01") => Class::MissingTable,
        ("42" | "0A" | "07" | "54", _) => Class::Plan,
        // A value that does not fit, a subquery with many rows, a constraint, an error that was raised.
        ("22" | "21" | "23" | "P0", _) => Class::Data,
        ("53", "200") => Class::Memory,
        ("HY" | "57", "008" | "014") => Class::Cancelled,
        ("08", _) => Class::SessionLost,
        ("28", _) => Class::Unauthenticated,
        ("KD" | "58", _) => Class::File,
        ("XX", _) => Class::Engine,
        _ => return None,
    };
    Some(found)
}

/// By the name of the exception, without its package.
pub(crate) fn by_exception(reason: &str, stage: Stage) -> Option<Class> {
    let name = reason.rsplit(['.', '$']).next().unwrap_or_default();
    let found = match name {
        "ParseException" => Class::Plan,
        "AnalysisException" | "ExtendedAnalysisException" | "UnsupportedOperationException" => match stage {
            Stage::Planning => Class::Plan,
            Stage::Running => Class::Data,
            Stage::Reattaching => Class::Engine,
        },
        "IllegalArgumentException" => match stage {
            Stage::Planning => Class::Plan,
            Stage::Running => Class::Engine,
            // So Sail says that it knows no such operation.
            Stage::Reattaching => Class::Incomplete,
        },
        "NumberFormatException"
        | "ArithmeticException"
        | "DateTimeException"
        | "DateTimeParseException"
        | "ArrayIndexOutOfBoundsException"
        | "PatternSyntaxException"
        | "SparkArithmeticException"
        | "SparkArrayIndexOutOfBoundsException"
        | "SparkDateTimeException"
        | "SparkNumberFormatException"
        | "SparkRuntimeException" => Class::Data,
        "OutOfMemoryError" | "SparkOutOfMemoryError" => Class::Memory,
        "FileNotFoundException" | "NoSuchFileException" => Class::MissingPath,
        "NoSuchTableException" | "NoSuchViewException" => Class::MissingTable,
        "AccessControlException" | "AccessDeniedException" => Class::Denied,
        "SchemaColumnConvertNotSupportedException" | "ParquetDecodingException" | "EOFException" => {
            Class::File
        }
        _ => return None,
    };
    Some(found)
}

/// Whether the stream broke, so that the operation may still be there to go on with.
pub(crate) fn is_broken(status: &Status) -> bool {
    match Facts::of(status) {
        Some(facts) => facts.class == "INVALID_CURSOR.DISCONNECTED",
        None => without_facts(status) == Class::Unavailable,
    }
}

/// The class of a status that names nothing: the library or something between made it.
fn without_facts(status: &Status) -> Class {
    match status.code() {
        Code::Unauthenticated => Class::Unauthenticated,
        Code::PermissionDenied => Class::Denied,
        Code::Unavailable
        | Code::Cancelled
        | Code::DeadlineExceeded
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::Unknown => Class::Unavailable,
        // The transport's own failures carry what happened; a server's do not.
        Code::Internal if std::error::Error::source(status).is_some() => Class::Unavailable,
        Code::Internal | Code::DataLoss | Code::Ok => Class::Engine,
        // What the decoder says of a message above its limit.
        Code::OutOfRange => Class::TooLarge,
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::Unimplemented => Class::Protocol,
    }
}

/// The error that a status stands for. `beneath` are the facts of what lay behind it, if they were
/// fetched.
pub(crate) fn error_of(status: &Status, stage: Stage, beneath: &[Facts], bytes_max: usize) -> ConnectError {
    let facts = Facts::of(status);
    let class = facts.as_ref().map_or_else(
        || without_facts(status),
        |own| {
            std::iter::once(own)
                .chain(beneath)
                .find_map(|facts| class_of(facts, stage))
                .unwrap_or(Class::Engine)
        },
    );
    let facts = facts.unwrap_or_default();
    let cause: Cause = Arc::new(EngineCause {
        code: status.code(),
        class: facts.class,
        sql_state: facts.sql_state,
        reason: facts.reason,
        message: status.message().to_owned(),
        source: std::error::Error::source(status).map(|source| {
            let said: Cause = Arc::new(Said(source.to_string()));
            said
        }),
    });
    of_class(class, cause, bytes_max)
}

/// What the transport said.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(String);

fn of_class(class: Class, cause: Cause, bytes_max: usize) -> ConnectError {
    match class {
        Class::Plan => ConnectError::Plan { cause },
        Class::Data => ConnectError::Data { cause },
        Class::MissingPath => ConnectError::MissingPath { cause },
        Class::MissingTable => ConnectError::MissingTable { cause },
        Class::File => ConnectError::File { cause },
        Class::Memory => ConnectError::Memory { cause },
        Class::Cancelled => ConnectError::Cancelled,
        Class::Unavailable => ConnectError::Unavailable { cause },
        Class::SessionLost => ConnectError::SessionLost { cause },
        Class::Incomplete => ConnectError::Incomplete { cause },
        Class::Unauthenticated => ConnectError::Unauthenticated { cause },
        Class::Denied => ConnectError::Denied { cause },
        Class::Protocol => ConnectError::Protocol { cause },
        Class::TooLarge => ConnectError::TooLarge { bytes_max },
        Class::Engine => ConnectError::Engine { cause },
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test makes statuses")]
mod tests;
