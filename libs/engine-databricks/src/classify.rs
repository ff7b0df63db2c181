//! Which class a failure falls into: by SQLSTATE, by error code, by HTTP status, never by text.
//!
//! Decides between a fault of the statement, of the data, and of the engine. It does not decide what is tried
//! again: `api.rs` does.

use crate::error::{Cause, DatabricksError, Said};

/// The error of a statement that ended as `FAILED`.
pub(crate) fn failed(said: Said) -> DatabricksError {
    let class = by_sql_state(&said.sql_state).or_else(|| by_error_code(&said.error_code));
    class.unwrap_or(Class::Engine).error(Cause::Answer { status: 200, said })
}

/// The error of an answer that is none of success.
pub(crate) fn refused(status: u16, said: Said) -> DatabricksError {
    let class = match status {
        401 | 403 => Class::Unauthenticated,
        408 | 504 => Class::TimeExceeded,
        429 => Class::Throttled,
        502 | 503 => Class::Unavailable,
        500 | 501 => by_error_code(&said.error_code).unwrap_or(Class::Engine),
        // The warehouse or the statement is not there.
        404 | 409 | 410 => Class::Engine,
        // A request of ours that is no request of the interface, or an answer that is none.
        _ => by_sql_state(&said.sql_state).unwrap_or(Class::Protocol),
    };
    class.error(Cause::Answer { status, said })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Plan,
    Data,
    Limit,
    Throttled,
    Unavailable,
    Unauthenticated,
    Cancelled,
    TimeExceeded,
    Protocol,
    Engine,
}

impl Class {
    fn error(self, cause: Cause) -> DatabricksError {
        match self {
            Self::Plan => DatabricksError::Plan(cause),
            Self::Data => DatabricksError::Data(cause),
            Self::Limit => DatabricksError::Limit(cause),
            Self::Throttled => DatabricksError::Throttled(cause),
            Self::Unavailable => DatabricksError::Unavailable(cause),
            Self::Unauthenticated => DatabricksError::Unauthenticated(cause),
            Self::Cancelled => DatabricksError::Cancelled(cause),
            Self::TimeExceeded => DatabricksError::TimeExceeded(cause),
            Self::Protocol => DatabricksError::Protocol(cause),
            Self::Engine => DatabricksError::Engine(cause),
        }
    }
}

/// The whole state first, then its class, which is its first two characters. One that is not known is the engine's: it
/// is no word against the statement.
fn by_sql_state(state: &str) -> Option<Class> {
    match state {
        "" => return None,
        "42501" => return Some(Class::Unauthenticated),
        "57014" | "HY008" => return Some(Class::Cancelled),
        "HYT00" | "HYT01" | "57KD0" => return Some(Class::TimeExceeded),
        _ => {}
    }
    Some(match state.get(..2) {
        Some("07" | "0A" | "26" | "34" | "3D" | "3F" | "42") => Class::Plan,
        Some("21" | "22" | "23") => Class::Data,
        Some("53" | "54") => Class::Limit,
        Some("08") => Class::Unavailable,
        Some("28") => Class::Unauthenticated,
        // Functions, the system, files that cannot be read, the engine's own errors, and all that has no class here.
        Some(_) | None => Class::Engine,
    })
}

fn by_error_code(code: &str) -> Option<Class> {
    match code {
        "BAD_REQUEST" | "INVALID_PARAMETER_VALUE" | "NOT_FOUND" => Some(Class::Plan),
        "RESOURCE_EXHAUSTED" => Some(Class::Limit),
        "DEADLINE_EXCEEDED" => Some(Class::TimeExceeded),
        "CANCELLED" => Some(Class::Cancelled),
        "UNAUTHENTICATED" | "PERMISSION_DENIED" => Some(Class::Unauthenticated),
        "TEMPORARILY_UNAVAILABLE" | "WORKSPACE_TEMPORARILY_UNAVAILABLE" | "SERVICE_UNDER_MAINTENANCE" => {
            Some(Class::Unavailable)
        }
        "ABORTED" | "ALREADY_EXISTS" | "INTERNAL_ERROR" | "IO_ERROR" | "UNKNOWN" => Some(Class::Engine),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(error_code: &str, sql_state: &str) -> Said {
        // The text names another class on purpose: it must not count.
        Said {
            error_code: error_code.to_owned(),
            sql_state: sql_state.to_owned(),
            message: "[DIVIDE_BY_ZERO] 22012 RESOURCE_EXHAUSTED CANCELLED".to_owned(),
        }
    }

    fn class(error: &DatabricksError) -> &'static str {
        match error {
            DatabricksError::Plan(_) => "plan",
            DatabricksError::Data(_) => "data",
            DatabricksError::Limit(_) => "limit",
            DatabricksError::Truncated { .. } => "truncated",
            DatabricksError::Throttled(_) => "throttled",
            DatabricksError::Unavailable(_) => "unavailable",
            DatabricksError::Unauthenticated(_) => "unauthenticated",
            DatabricksError::Cancelled(_) => "cancelled",
            DatabricksError::TimeExceeded(_) => "time",
            DatabricksError::Incomplete(_) => "incomplete",
            DatabricksError::Protocol(_) => "protocol",
            DatabricksError::Engine(_) => "engine",
        }
    }

    #[test]
    fn a_failed_statement_is_told_by_its_sql_state_and_then_by_its_code() {
        for (code, state, expected) in [
            ("BAD_REQUEST", "22012", "data"),
            ("BAD_REQUEST", "22018", "data"),
            ("BAD_REQUEST", "42601", "plan"),
            ("BAD_REQUEST", "42P01", "plan"),
            ("BAD_REQUEST", "42501", "unauthenticated"),
            ("BAD_REQUEST", "0A000", "plan"),
            ("BAD_REQUEST", "53200", "limit"),
            ("BAD_REQUEST", "54000", "limit"),
            ("BAD_REQUEST", "57014", "cancelled"),
            ("BAD_REQUEST", "XX000", "engine"),
            ("BAD_REQUEST", "58030", "engine"),
            ("BAD_REQUEST", "42704", "plan"),
            ("BAD_REQUEST", "57KD0", "time"),
            ("BAD_REQUEST", "KD001", "engine"),
            ("BAD_REQUEST", "KD000", "engine"),
            ("BAD_REQUEST", "", "plan"),
            ("BAD_REQUEST", "ZZ999", "engine"),
            ("BAD_REQUEST", "é", "engine"),
            ("BAD_REQUEST", "日本", "engine"),
            ("BAD_REQUEST", "4", "engine"),
            ("RESOURCE_EXHAUSTED", "", "limit"),
            ("DEADLINE_EXCEEDED", "", "time"),
            ("CANCELLED", "", "cancelled"),
            ("UNAUTHENTICATED", "", "unauthenticated"),
            ("TEMPORARILY_UNAVAILABLE", "", "unavailable"),
            ("WORKSPACE_TEMPORARILY_UNAVAILABLE", "", "unavailable"),
            ("SERVICE_UNDER_MAINTENANCE", "", "unavailable"),
            ("INTERNAL_ERROR", "", "engine"),
            ("IO_ERROR", "", "engine"),
            ("UNKNOWN", "", "engine"),
            ("", "", "engine"),
            ("SOMETHING_NEW", "", "engine"),
        ] {
            assert_eq!(class(&failed(said(code, state))), expected, "{code} {state}");
        }
    }

    #[test]
    fn a_refused_request_is_told_by_its_status() {
        for (status, code, expected) in [
            (400, "BAD_REQUEST", "protocol"),
            (302, "", "protocol"),
            (401, "", "unauthenticated"),
            (403, "PERMISSION_DENIED", "unauthenticated"),
            (404, "NOT_FOUND", "engine"),
            (429, "RESOURCE_EXHAUSTED", "throttled"),
            (500, "INTERNAL_ERROR", "engine"),
            (500, "TEMPORARILY_UNAVAILABLE", "unavailable"),
            (503, "", "unavailable"),
            (504, "DEADLINE_EXCEEDED", "time"),
        ] {
            assert_eq!(class(&refused(status, said(code, ""))), expected, "{status} {code}");
        }
    }

    #[test]
    fn a_text_for_the_log_is_cut_where_it_is_too_long() {
        let said = Said::new(String::new(), String::new(), &"é".repeat(5000));
        assert_eq!(said.message, "é".repeat(4096));
    }

    #[test]
    fn the_text_of_an_error_names_its_class_and_the_chain_says_the_rest() {
        let error = failed(said("BAD_REQUEST", "22012"));
        assert_eq!(error.to_string(), "a value of the data cannot be computed");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("22012") && source.contains("DIVIDE_BY_ZERO"), "{source}");
    }
}
