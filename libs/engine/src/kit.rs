//! The conformance kit: worlds, hostile statements, the non-interference check, and engines with a hole.
//!
//! Usable for any [`Engine`](crate::Engine). The oracle knows nothing of how an engine works: for one
//! caller, everything obtainable from a whole warehouse must equal, byte for byte, everything obtainable
//! from a warehouse without anyone else's rows. A check that has never caught anything proves nothing,
//! so the [`weak`] engines are here to be caught; no service can be configured to use one.

pub mod interference;
pub mod weak;
pub mod world;
