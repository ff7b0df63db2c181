//! Files of keys that may change while auth runs: who may sign receipts and conversations, and by what credentials are
//! issued.
//!
//! Decides that keys come into use as they are written, and that a file which is gone, half-written or wrong leaves
//! what is in use. When a receipt or a conversation is signed with a new key is for its service to decide.

use crate::config::Config;
use crate::keys;
use splitplane_service::StartError;
use splitplane_session::PublicKey;
use splitplane_sigv4::CredentialIssuer;
use splitplane_types::Digest;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;

/// Follows these files.
#[derive(Debug)]
pub(crate) struct KeyFiles {
    receipts: Followed<Vec<PublicKey>>,
    conversations: Followed<Vec<PublicKey>>,
    credentials: Followed<Arc<CredentialIssuer>>,
}

impl KeyFiles {
    /// Reads all files for the first time.
    pub(crate) fn open(config: &Config) -> Result<Self, StartError> {
        let credentials = &config.credentials;
        // In this order: whoever replaces a key writes it to the previous one's file first, so that no reading holds
        // a new key without the one before it.
        let masters = vec![credentials.master_key.clone(), credentials.previous_master_key.clone()];
        Ok(Self {
            receipts: Followed::open(vec![config.receipts.public_key.clone()], keys::public_keys)?,
            conversations: Followed::open(vec![config.conversations.public_key.clone()], keys::public_keys)?,
            credentials: Followed::open(masters, |texts| keys::issuer(texts).map(Arc::new))?,
        })
    }

    /// The keys that verifiers of receipts must know, and every later set of them.
    pub(crate) fn receipt_keys(&self) -> watch::Receiver<Vec<PublicKey>> {
        self.receipts.published.subscribe()
    }

    /// The keys that verifiers of conversations must know, and every later set of them.
    pub(crate) fn conversation_keys(&self) -> watch::Receiver<Vec<PublicKey>> {
        self.conversations.published.subscribe()
    }

    /// What issues and recognises credentials, and every later one.
    pub(crate) fn issuer(&self) -> watch::Receiver<Arc<CredentialIssuer>> {
        self.credentials.published.subscribe()
    }

    /// Reads all files again.
    pub(crate) fn refresh(&mut self) {
        self.receipts.refresh();
        self.conversations.refresh();
        self.credentials.refresh();
    }
}

/// What some files hold together.
#[derive(Debug)]
struct Followed<T> {
    files: Vec<PathBuf>,
    parse: fn(&[String]) -> Result<T, StartError>,
    /// Tells two contents apart without keeping either.
    seen: Digest,
    published: watch::Sender<T>,
}

impl<T> Followed<T> {
    fn open(files: Vec<PathBuf>, parse: fn(&[String]) -> Result<T, StartError>) -> Result<Self, StartError> {
        let texts = read(&files)?;
        let published = watch::Sender::new(parse(&texts)?);
        Ok(Self { files, parse, seen: digest(&texts), published })
    }

    fn refresh(&mut self) {
        let read = read(&self.files).map(|texts| (digest(&texts), texts));
        let changed = match read {
            Ok((digest, _)) if digest == self.seen => return,
            Ok((digest, texts)) => {
                self.seen = digest;
                (self.parse)(&texts)
            }
            Err(error) => Err(error),
        };
        match changed {
            Ok(value) => {
                tracing::info!(files = ?self.files, "keys were read anew");
                self.published.send_replace(value);
            }
            Err(error) => {
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::error!(error, "keys cannot be read anew: those in use go on");
            }
        }
    }
}

fn read(files: &[PathBuf]) -> Result<Vec<String>, StartError> {
    files.iter().map(|file| keys::read(file)).collect()
}

fn digest(texts: &[String]) -> Digest {
    Digest::of(texts.join("\0").as_bytes())
}

#[cfg(test)]
mod tests;
