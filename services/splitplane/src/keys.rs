//! The signing and sealing keys of a mesh on one machine.
//!
//! Decides which files there are and that each is made once. What a key is for is decided by the
//! service that reads it.

use crate::home::{self, HomeError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::ExposeSecret as _;
use splitplane_session::{KeyError, SigningKey};
use splitplane_sigv4::{MasterKey, MasterKeyError};
use std::path::{Path, PathBuf};

/// Why keys cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A signing key cannot be made or used.
    #[error("the signing key `{}` cannot be used", path.display())]
    Signing {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: KeyError,
    },
    /// The master key cannot be made or used.
    #[error("the master key of credentials cannot be used")]
    Master(#[from] MasterKeyError),
    /// There are no random bytes.
    #[error("the system has no random bytes")]
    Random,
    /// A file cannot be read or written.
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// A folder of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    folder: PathBuf,
}

impl Keys {
    /// A folder, whatever is in it.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The folder's keys; those that are missing are made.
    ///
    /// # Errors
    /// See [`KeysError`].
    pub fn ensure(folder: &Path) -> Result<Self, KeysError> {
        let keys = Self::at(folder);
        home::make_secret_folder(folder)?;
        for path in [keys.session(), keys.receipt(), keys.conversation(), keys.audit()] {
            if !path.is_file() {
                let (_, pem) = SigningKey::generate().map_err(signing(&path))?;
                home::write_secret(&path, pem.expose_secret())?;
            }
        }
        // Always from the key itself: a public half left over from another key would refuse everyone. Where a key
        // moves on while services run, those of the keys before it may stand beside it.
        for (path, public, moves_on) in [
            (keys.receipt(), keys.receipt_public(), true),
            (keys.conversation(), keys.conversation_public(), true),
            (keys.audit(), keys.audit_public(), false),
        ] {
            let key = SigningKey::from_pkcs8_pem(&home::read(&path)?).map_err(signing(&path))?;
            let point = key.public_key().to_text();
            let is_there =
                moves_on && public.is_file() && home::read(&public)?.lines().any(|line| line.trim() == point);
            if !is_there {
                home::write_public(&public, &format!("{point}\n"))?;
            }
        }
        if !keys.credentials().is_file() {
            let (_, text) = MasterKey::generate()?;
            home::write_secret(&keys.credentials(), text.expose_secret())?;
        }
        // The same key until there is another: so a mesh that runs knows where to look for it.
        if !keys.credentials_previous().is_file() {
            home::write_secret(&keys.credentials_previous(), &home::read(&keys.credentials())?)?;
        }
        for path in [keys.sandbox(), keys.masks()] {
            if !path.is_file() {
                let mut bytes = [0_u8; 32];
                SystemRandom::new().fill(&mut bytes).or(Err(KeysError::Random))?;
                home::write_secret(&path, &STANDARD.encode(bytes))?;
            }
        }
        Ok(keys)
    }

    /// Signs session keys.
    #[must_use]
    pub fn session(&self) -> PathBuf {
        self.folder.join("session.key")
    }

    /// Signs receipts.
    #[must_use]
    pub fn receipt(&self) -> PathBuf {
        self.folder.join("receipt.key")
    }

    /// Verifies receipts.
    #[must_use]
    pub fn receipt_public(&self) -> PathBuf {
        self.folder.join("receipt.pub")
    }

    /// Signs conversations.
    #[must_use]
    pub fn conversation(&self) -> PathBuf {
        self.folder.join("conversation.key")
    }

    /// Verifies conversations.
    #[must_use]
    pub fn conversation_public(&self) -> PathBuf {
        self.folder.join("conversation.pub")
    }

    /// Signs checkpoints of the audit log.
    #[must_use]
    pub fn audit(&self) -> PathBuf {
        self.folder.join("audit.key")
    }

    /// Verifies checkpoints.
    #[must_use]
    pub fn audit_public(&self) -> PathBuf {
        self.folder.join("audit.pub")
    }

    /// Derives temporary credentials.
    #[must_use]
    pub fn credentials(&self) -> PathBuf {
        self.folder.join("credentials.key")
    }

    /// Derived the temporary credentials that were issued before the last rotation.
    #[must_use]
    pub fn credentials_previous(&self) -> PathBuf {
        self.folder.join("credentials.previous.key")
    }

    /// Seals sandbox ids.
    #[must_use]
    pub fn sandbox(&self) -> PathBuf {
        self.folder.join("sandbox.key")
    }

    /// Keys the hashes of masked columns.
    #[must_use]
    pub fn masks(&self) -> PathBuf {
        self.folder.join("masks.key")
    }

    /// Reads the master key of credentials.
    ///
    /// # Errors
    /// See [`KeysError`].
    pub fn master(&self) -> Result<MasterKey, KeysError> {
        Ok(MasterKey::parse(&home::read(&self.credentials())?)?)
    }
}

fn signing(path: &Path) -> impl FnOnce(KeyError) -> KeysError {
    let path = path.to_owned();
    move |source| KeysError::Signing { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_the_public_half_follows_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::ensure(folder.path()).unwrap();
        let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
        let all = || {
            [
                keys.receipt(),
                keys.conversation(),
                keys.session(),
                keys.credentials(),
                keys.sandbox(),
                keys.masks(),
            ]
            .map(read)
        };
        let before = all();
        let publics = [keys.receipt_public(), keys.conversation_public()];
        for public in &publics {
            std::fs::write(public, "other").unwrap();
        }
        Keys::ensure(folder.path()).unwrap();
        assert_eq!(all(), before);
        for (text, public) in before.iter().zip(publics) {
            let key = SigningKey::from_pkcs8_pem(text).unwrap();
            assert_eq!(read(public).trim(), key.public_key().to_text());
        }
        assert!(keys.master().is_ok());
        assert_eq!(STANDARD.decode(&before[4]).unwrap().len(), 32);
        assert_ne!(before[4], before[5]);
    }
}
