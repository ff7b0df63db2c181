//! The engine as its callers see it, and its leaf as the optimizer sees it.

mod bombs;
mod differential;
mod execution;
mod fixture;
mod interference;
mod limits;
mod scans;
mod values;
mod walls;
