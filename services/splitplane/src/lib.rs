//! The command line: the whole mesh in one process, and what a person does with it.
//!
//! Everything that a client of the mesh needs is here in the open: signing, profiles, certificates for
//! development. The checks are not: they are the services' own, and run the same in five processes.

pub mod answer;
mod ask;
mod attack;
mod audit;
pub mod caller;
mod cli;
mod configuration;
mod conversation;
pub mod credentials;
pub mod demo;
mod error;
mod eval;
pub mod example;
pub mod generate;
mod generating;
pub mod grants;
pub mod home;
mod init;
mod json;
pub mod keys;
pub mod mesh;
mod metrics;
mod model;
mod output;
pub mod pki;
mod policy;
pub mod profiles;
mod registrar;
pub mod registry;
mod rotate;
mod session;
mod shell;
pub mod sign;
mod table;
mod trace;
mod up;
mod when;
pub mod world;

pub use cli::main;
