//! The engine as its callers see it, and its leaf as the optimizer sees it.

mod bombs;
mod differential;
mod drift;
mod execution;
pub(crate) mod fixture;
mod interference;
mod kept;
mod limits;
mod orchards;
mod pruning;
mod scans;
mod security_sql;
mod spill;
mod values;
mod walls;
