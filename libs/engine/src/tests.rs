//! The engine as its callers see it, and its leaf as the optimizer sees it.

mod bombs;
mod bucket;
mod differential;
mod drift;
mod execution;
pub(crate) mod fixture;
mod interference;
pub(crate) mod kept;
mod limits;
mod mirror;
pub(crate) mod objects;
mod orchards;
mod pruning;
mod scans;
mod security_sql;
mod spill;
mod values;
mod walls;
