//! What a warehouse's errors are to whoever asked it. No text of the warehouse's is in what is shown of them.

use crate::error::{Cause, DatabricksError, Said};
use splitplane_engine::EngineError;
use splitplane_types::Limits;
use std::sync::Arc;
use std::time::Duration;

/// What a statement was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The sources that it reads.
    pub(super) sources: &'a [&'a str],
    /// How long it may take.
    pub(super) time_max: Duration,
    /// How much it may give, where a policy says so.
    pub(super) limits: Option<&'a Limits>,
    /// The transaction that it is part of.
    pub(super) transaction: Option<&'a str>,
}

/// A table that is not there, or its schema or catalog. Every other name in a statement is one of ours.
const MISSING: [&str; 2] = ["42P01", "42704"];
/// A result in the warehouse's own form is larger than its cells, at most so many times, and by no more than this.
const BYTES_FACTOR: u64 = 4;
const BYTES_BESIDE: u64 = 1 << 20;

impl<'a> Asked<'a> {
    /// A statement without a policy's limits.
    pub(super) const fn scan(sources: &'a [&'a str], time_max: Duration) -> Self {
        Self { sources, time_max, limits: None, transaction: None }
    }

    /// One row more than may be given: that there is one says that there are too many. A LIMIT in the text would need a
    /// query around it, above which SQL promises no order.
    pub(super) fn row_limit(&self) -> Option<u64> {
        let most = u64::try_from(i64::MAX).unwrap_or(u64::MAX);
        self.limits.map(|limits| limits.rows_max.saturating_add(1).min(most))
    }

    /// So that no warehouse writes what nobody will read. What a caller is told is counted from the cells.
    pub(super) fn byte_limit(&self) -> Option<u64> {
        let most = u64::try_from(i64::MAX).unwrap_or(u64::MAX);
        let bytes = |limits: &Limits| limits.bytes_max.saturating_mul(BYTES_FACTOR);
        self.limits.map(|limits| bytes(limits).saturating_add(BYTES_BESIDE).min(most))
    }

    /// The error of a statement.
    pub(super) fn fail(&self, error: DatabricksError) -> EngineError {
        match error {
            DatabricksError::Plan(Cause::Answer { status: _, said: Said { ref sql_state, .. } })
                if MISSING.contains(&sql_state.as_str()) =>
            {
                EngineError::warehouse(&self.sources.join(", "), error)
            }
            DatabricksError::Plan(_) => EngineError::plan(error),
            DatabricksError::Data(_) => EngineError::Data { cause: Arc::new(error) },
            DatabricksError::Limit(_) => EngineError::MemoryExceeded { cause: Arc::new(error) },
            DatabricksError::Truncated { rows } => self.truncated(rows, error),
            DatabricksError::Cancelled(_) => EngineError::Cancelled,
            DatabricksError::TimeExceeded(_) => EngineError::TimeExceeded { time_max: self.time_max },
            // The same may work later.
            DatabricksError::Throttled(_)
            | DatabricksError::Unavailable(_)
            | DatabricksError::Unauthenticated(_)
            | DatabricksError::Incomplete(_)
            | DatabricksError::Engine(_) => EngineError::Unavailable { cause: Arc::new(error) },
            DatabricksError::Protocol(_) => EngineError::internal(error),
        }
    }

    fn truncated(&self, rows: u64, error: DatabricksError) -> EngineError {
        match self.limits {
            Some(limits) if rows > limits.rows_max => EngineError::RowsExceeded { rows_max: limits.rows_max },
            Some(limits) => EngineError::BytesExceeded { bytes_max: limits.bytes_max },
            // What travels inline has a limit of its own.
            None => EngineError::MemoryExceeded { cause: Arc::new(error) },
        }
    }

    /// The error of looking at a source: what cannot be planned there is the source's.
    pub(super) fn fail_of_source(&self, error: EngineError) -> EngineError {
        match error {
            EngineError::Plan { cause } | EngineError::Data { cause } => {
                EngineError::Warehouse { name: self.sources.join(", "), cause }
            }
            EngineError::Warehouse { .. }
            | EngineError::Unavailable { .. }
            | EngineError::RowsExceeded { .. }
            | EngineError::BytesExceeded { .. }
            | EngineError::MemoryExceeded { .. }
            | EngineError::TimeExceeded { .. }
            | EngineError::Busy
            | EngineError::Cancelled
            | EngineError::Internal { .. } => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let time_max = Duration::from_secs(3);
        Limits { rows_max: 5, bytes_max: 7, time_max, memory_bytes_max: 1, concurrent_per_tenant_max: 1 }
    }

    fn answer(sql_state: &str) -> Cause {
        let said = Said { sql_state: sql_state.to_owned(), message: "SECRET".to_owned(), ..Said::default() };
        Cause::Answer { status: 200, said }
    }

    #[test]
    fn every_class_has_its_error_and_none_shows_a_word_of_the_warehouse() {
        let limits = limits();
        let asked = Asked { limits: Some(&limits), ..Asked::scan(&["a", "b"], limits.time_max) };
        let class = |error: DatabricksError| {
            let error = asked.fail(error);
            assert!(!error.to_string().contains("SECRET"));
            error.to_string()
        };
        let later = "the engine cannot answer now";
        for (error, expected) in [
            (DatabricksError::Plan(answer("42703")), "the statement cannot be planned"),
            (DatabricksError::Plan(answer("42P01")), "source `a, b` of the warehouse cannot be read"),
            (DatabricksError::Plan(answer("42704")), "source `a, b` of the warehouse cannot be read"),
            (DatabricksError::Data(answer("22012")), "the statement failed on the rows it reads"),
            (DatabricksError::Limit(answer("53200")), "the statement needs too much memory"),
            (DatabricksError::Truncated { rows: 6 }, "the result has more than 5 rows"),
            (DatabricksError::Truncated { rows: 5 }, "the result has more than 7 bytes"),
            (DatabricksError::Cancelled(answer("")), "the statement was cancelled"),
            (DatabricksError::TimeExceeded(answer("")), "the statement took more than 3s"),
            (DatabricksError::Throttled(answer("")), later),
            (DatabricksError::Unavailable(answer("")), later),
            (DatabricksError::Unauthenticated(answer("")), later),
            (DatabricksError::Incomplete(answer("")), later),
            (DatabricksError::Engine(answer("")), later),
            (DatabricksError::Protocol(answer("")), "the engine failed"),
        ] {
            assert_eq!(class(error), expected);
        }
        let scan = Asked::scan(&["a"], limits.time_max);
        let cut = scan.fail(DatabricksError::Truncated { rows: 5 });
        assert!(matches!(cut, EngineError::MemoryExceeded { .. }));
        let plan = scan.fail_of_source(scan.fail(DatabricksError::Plan(answer("42703"))));
        assert!(matches!(plan, EngineError::Warehouse { name, .. } if name == "a"));
    }

    #[test]
    fn a_result_may_have_one_row_more_than_its_limit_so_that_too_many_are_seen() {
        let limits = Limits { rows_max: u64::MAX, bytes_max: u64::MAX, ..limits() };
        let asked = Asked { limits: Some(&limits), ..Asked::scan(&[], limits.time_max) };
        let most = Some(u64::try_from(i64::MAX).unwrap());
        assert_eq!((asked.row_limit(), asked.byte_limit()), (most, most));
        let few = Limits { rows_max: 0, bytes_max: 0, ..limits };
        let asked = Asked { limits: Some(&few), ..asked };
        assert_eq!((asked.row_limit(), asked.byte_limit()), (Some(1), Some(1 << 20)));
    }
}
