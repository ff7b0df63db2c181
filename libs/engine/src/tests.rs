//! The engine as its callers see it, and its leaf as the optimizer sees it.

mod execution;
mod fixture;
mod interference;
mod limits;
mod orchards;
mod scans;
mod walls;
