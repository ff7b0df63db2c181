//! Prints a scope.
use super::ScopedRelation;
pub(super) fn print(_relations: &[ScopedRelation]) -> String { String::new() }
