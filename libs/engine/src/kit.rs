//! The conformance kit: worlds, statements, the non-interference check, and engines with a hole.
//!
//! Usable for anything that answers a caller ([`Subject`]). The oracle knows nothing of how a subject works:
//! for one caller, everything obtainable from a whole warehouse must equal, byte for byte, everything obtainable
//! from a warehouse without anyone else's rows; and no failure or refusal shows a value. A check that has
//! never caught anything proves nothing, so the [`weak`] engines are here to be caught; no service can be
//! configured to use one.
//!
//! - [`world`]: generated warehouses; [`statement`]: generated probes; [`subject`]: what is asked and seen.
//! - [`interference`]: the check; [`report`]: what it covered and found; [`kinds`]: nodes of statements.
//! - [`guarded`]: an engine behind the guard, as a subject.
//! - [`corpus`]: analytical statements; [`conformance`]: whether two engines mean the same by them.
//! - [`bounds`]: limits, cancellation and classes of errors.

pub mod bounds;
pub mod conformance;
pub mod corpus;
pub mod guarded;
pub mod interference;
pub mod kinds;
pub mod random;
pub mod report;
mod shrink;
pub mod statement;
pub mod subject;
pub mod weak;
pub mod world;

use crate::error::AnyError;
use async_trait::async_trait;
use std::fmt::Debug;
use std::path::Path;
use subject::Subject;
use world::World;

/// How a subject comes to a written copy of a world.
#[async_trait]
pub trait Subjects: Send + Sync + Debug {
    /// A subject over the warehouse in `folder`.
    ///
    /// # Errors
    /// When it cannot be made; never for what it answers.
    async fn over(&self, world: &World, folder: &Path) -> Result<Box<dyn Subject>, AnyError>;
}
