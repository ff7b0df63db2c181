//! The policy lab: who sees which row, answered from the policy, the semantic model and the grants.
//!
//! Decides, without an engine, what the query service's sandboxes would hold: for every admin, every row and every
//! column. Reads nothing itself: rows come through [`Rows`]. Means exactly what the sandboxes mean, and must not
//! become a second place where a scope is defined.
//!
//! Every answer holds the chain of rules and grants that makes it so, as values; how it looks is for others to say.

mod census;
mod chain;
mod columns;
mod counts;
mod diff;
mod error;
#[cfg(any(test, feature = "fixtures"))]
pub mod fixtures;
mod inspect;
mod keys;
mod lab;
mod lines;
mod organisation;
mod rows;
mod scan;
mod scope;
mod sets;
mod survey;
mod text;
mod trace;
mod what_can;
mod who_can_see;
mod why_not;

pub use census::{Census, CensusClass, DatasetCensus};
pub use chain::{Failure, GrantedTuples, HeldKey, JoinedKey, KeyValue, Step};
pub use columns::{
    ColumnReason, ColumnView, Exposure, MetricReason, MetricView, Movement, RoleColumns, RoleName, mask_text,
};
pub use counts::KeyCount;
pub use diff::{
    ColumnChange, DatasetChange, DatasetChangeKind, Diff, MetricChange, RowsChange, SettingChange, diff,
};
pub use error::LabError;
pub use inspect::{DataFinding, Weight};
pub use lab::Lab;
pub use lines::{failure_lines, scope_lines, step_lines};
pub use organisation::{IdleGrants, Organisation};
pub use rows::{Batch, BatchError, Rows, TextColumn};
pub use what_can::{BoundColumn, DatasetView, JoinedColumns, RuleView, ScopeView, WhatCan};
pub use who_can_see::{Audience, RowGroup, Seer, WhoCanSee};
pub use why_not::{RowsVerdict, Verdict, WhyNot, WhyNotOutcome};
