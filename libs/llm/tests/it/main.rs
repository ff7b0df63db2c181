//! The models, asked over made-up worlds: a library and two bike rentals.

mod explain;
mod hostile;
mod questions;
mod worlds;
