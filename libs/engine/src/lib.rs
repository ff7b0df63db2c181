//! The engine: runs a guarded query over exactly the rows that a scope leaves.
//!
//! The only room that knows DataFusion. What it decides: that the engine which plans model SQL holds
//! the sandbox's relations and nothing else, and that rows outside the scope are
//! gone before the first expression that a model wrote can see them. What it does not decide: whose
//! rows those are (the security plane), and which statements may run (the guard). It trusts neither
//! wall of the other room: a relation or function outside its own lists is refused here as well.
//!
//! # Invariants
//!
//! - **3** One catalogue, one schema, only the sandbox's relations: `session.rs`, `wall.rs`.
//! - **4** The scope is evaluated by our own code in an opaque leaf, and what the leaf hands up is a
//!   function of the caller's rows alone: `scope.rs`, `scan.rs`, `recut.rs`, `leaf.rs`.
//! - **6** [`EngineError`] shows no engine text and no value: `error.rs`.
//! - **8** A result is complete and inside its limits, or there is none: `run.rs`.
//! - **10** Non-interference, checked by [`kit`] against this engine and against weakened ones.

mod ahead;
pub mod answers;
mod arithmetic;
mod batches;
mod calendar;
mod catalog;
mod collected;
mod computed;
mod convert;
mod databricks;
mod datafusion_engine;
mod division;
mod engine;
mod error;
mod files;
mod grants;
mod in_order;
mod interrupt;
mod json_lines;
mod kept;
mod leaf;
mod lineage;
mod listing;
mod location;
mod lookup;
mod mask;
mod mean;
mod memory;
mod narrowed;
mod planning;
mod pushed;
mod reading;
mod reads;
mod recut;
mod registry;
mod round;
mod rows;
mod run;
mod scan;
mod scope;
mod session;
mod source;
mod spill;
mod spread;
mod store;
mod sum;
mod survey;
mod threads;
mod turns;
mod typing;
mod version;
mod wall;
mod warehouse;

pub mod kit;
#[cfg(test)]
mod tests;

pub use catalog::{Catalog, Visit};
pub use datafusion_engine::{DataFusionEngine, EngineConfig};
pub use engine::{Engine, GrantsRequest, Lookup, Match, QueryResult, Statement};
pub use error::{Cause, EngineError};
pub use kept::KeptConfig;
pub use location::S3Config;
pub use spill::SpillConfig;
pub use spread::Spread;
pub use survey::{KeyMisfit, SurveyColumn};
pub use warehouse::Warehouse;
