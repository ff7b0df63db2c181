//! `splitplane keys`: the keys of a mesh on this machine that change while it runs.
//!
//! Decides that a key is replaced as a whole or not at all, and in which order files are written, so that nobody meets
//! a new key without the one before it. When a key comes into use is its service's to decide.

use crate::error::{CommandError, DONE};
use crate::home::{self, Home};
use crate::keys::{Keys, KeysError};
use crate::output;
use clap::{Args, Subcommand, ValueEnum};
use secrecy::ExposeSecret as _;
use splitplane_session::{PublicKey, SigningKey};
use splitplane_sigv4::MasterKey;
use std::path::Path;

/// Public keys that stay beside a new one: the one in use, and one that may still be on its way out.
const PUBLIC_KEYS_KEPT: usize = 2;

/// Replace keys while the mesh runs
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum KeysCommand {
    /// Make a new key; a running mesh moves on to it without a failed request
    Rotate {
        /// Which one
        #[arg(value_enum, default_value = "session")]
        which: Which,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    /// Signs session keys
    Session,
    /// Signs receipts; the public halves of the two keys before it stay known
    Receipts,
    /// Signs conversations; the public halves of the two keys before it stay known
    Conversations,
    /// Derives temporary credentials; those of the key before it stay good until the next rotation
    Credentials,
}

/// Writes the key, and says its id where it has one.
pub(crate) fn run(home: &Home, args: &KeysArgs) -> Result<u8, CommandError> {
    let KeysCommand::Rotate { which } = args.command;
    let keys = Keys::ensure(&home.keys())?;
    let told = match which {
        Which::Session => session(&keys)?,
        Which::Receipts => shown(&keys.receipt(), &keys.receipt_public())?,
        Which::Conversations => shown(&keys.conversation(), &keys.conversation_public())?,
        Which::Credentials => credentials(&keys)?,
    };
    output::out(&format!("{told}\n"))?;
    Ok(DONE)
}

fn session(keys: &Keys) -> Result<String, KeysError> {
    let path = keys.session();
    let (key, pem) = generate(&path)?;
    home::write_secret(&path, pem.expose_secret())?;
    Ok(key.kid().to_owned())
}

/// The public half first: auth shows it while its service still signs with the key before.
fn shown(path: &Path, public: &Path) -> Result<String, KeysError> {
    let (key, pem) = generate(path)?;
    let known = home::read(public)?;
    let known: Vec<&str> = known.lines().filter(|line| !line.trim().is_empty()).collect();
    let kept = known.iter().skip(known.len().saturating_sub(PUBLIC_KEYS_KEPT));
    let lines: String = kept.map(|line| format!("{line}\n")).collect();
    home::write_public(public, &format!("{lines}{}\n", key.to_text()))?;
    home::write_secret(path, pem.expose_secret())?;
    Ok(key.kid().to_owned())
}

/// The key in use becomes the previous one first: auth knows it before it issues with another.
fn credentials(keys: &Keys) -> Result<String, KeysError> {
    let (_, text) = MasterKey::generate()?;
    home::write_secret(&keys.credentials_previous(), &home::read(&keys.credentials())?)?;
    home::write_secret(&keys.credentials(), text.expose_secret())?;
    Ok("credentials that were issued before stay good until the next rotation".to_owned())
}

fn generate(path: &Path) -> Result<(PublicKey, secrecy::SecretString), KeysError> {
    let (key, pem) =
        SigningKey::generate().map_err(|source| KeysError::Signing { path: path.to_owned(), source })?;
    Ok((key.public_key(), pem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_new_key_that_is_shown_stands_beside_the_ones_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::ensure(folder.path()).unwrap();
        for (path, public) in
            [(keys.receipt(), keys.receipt_public()), (keys.conversation(), keys.conversation_public())]
        {
            let mut known: Vec<String> = read(&public).lines().map(str::to_owned).collect();
            for _ in 0..4 {
                let kid = shown(&path, &public).unwrap();
                let signs = SigningKey::from_pkcs8_pem(&read(&path)).unwrap().public_key();
                assert_eq!(signs.kid(), kid);
                known.push(signs.to_text());
                let kept = &known[known.len().saturating_sub(3)..];
                assert_eq!(read(&public).lines().collect::<Vec<_>>(), kept);
                // A mesh that starts again finds them all.
                Keys::ensure(folder.path()).unwrap();
                assert_eq!(read(&public).lines().collect::<Vec<_>>(), kept);
            }
        }
    }

    #[test]
    fn the_master_key_in_use_becomes_the_previous_one() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::ensure(folder.path()).unwrap();
        let first = read(&keys.credentials());
        assert_eq!(read(&keys.credentials_previous()), first);
        credentials(&keys).unwrap();
        assert_eq!(read(&keys.credentials_previous()), first);
        assert_ne!(read(&keys.credentials()), first);
        assert!(keys.master().is_ok());
    }
}
