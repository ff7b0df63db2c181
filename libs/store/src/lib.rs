//! What a service must still know after a restart, and what its replicas must know together: ids that
//! were used, whose session keys are void, and the registry.
//!
//! Decides how it is kept in SQLite or PostgreSQL, with the same behaviour on both. What an id stands
//! for, whose rights a change takes away and what a registry means is decided by those who ask.

mod error;
mod place;
mod publication;
mod registry;
mod schema;
mod shown_keys;
mod single_use;
mod store;

pub use error::StoreError;
pub use place::Place;
pub use publication::{Change, Published, Revocation, Revoked};
pub use registry::{CombinationEntry, Entries, PrincipalEntry, RegistryVersion};
pub use single_use::{MARGIN, SingleUse, UseError};
pub use store::Store;

#[cfg(test)]
mod tests;
