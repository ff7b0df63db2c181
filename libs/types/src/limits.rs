//! Limits of one answer and of one tenant. They come from the policy.

use std::time::Duration;

/// What one answer may cost, and how many statements a tenant may run at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Rows of a result.
    pub rows_max: u64,
    /// Bytes of a result, as Arrow arrays hold it.
    pub bytes_max: u64,
    /// Time of one statement, planning included.
    pub time_max: Duration,
    /// Memory of one statement, in bytes.
    pub memory_bytes_max: u64,
    /// Statements of one tenant at the same time.
    pub concurrent_per_tenant_max: u32,
}
