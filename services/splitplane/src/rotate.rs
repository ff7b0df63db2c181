//! `splitplane keys`: the session-signing key of a mesh on this machine.
//!
//! Decides that a key is replaced as a whole or not at all. When it comes into use is auth's to decide.

use crate::error::{CommandError, DONE};
use crate::home::{self, Home};
use crate::keys::{Keys, KeysError};
use crate::output;
use clap::{Args, Subcommand};
use secrecy::ExposeSecret as _;
use splitplane_session::SigningKey;

/// Replace keys while the mesh runs
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum KeysCommand {
    /// Make a new session-signing key; a running mesh moves on to it without a failed request
    Rotate,
}

/// Writes the key, and says its id.
pub(crate) fn run(home: &Home, args: &KeysArgs) -> Result<u8, CommandError> {
    let KeysCommand::Rotate = args.command;
    let keys = Keys::ensure(&home.keys())?;
    let path = keys.session();
    let (key, pem) =
        SigningKey::generate().map_err(|source| KeysError::Signing { path: path.clone(), source })?;
    home::write_secret(&path, pem.expose_secret())?;
    output::out(&format!("{}\n", key.public_key().kid()))?;
    Ok(DONE)
}
