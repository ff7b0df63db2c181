//! Keys of auth, from the files that the configuration names.
//!
//! Decides only whether a file holds a key of its kind; what each key is for is its users' to say.

use crate::config::{Config, Credentials};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use splitplane_service::StartError;
use splitplane_session::{PublicKey, SigningKey};
use splitplane_sigv4::{CredentialIssuer, MasterKey};
use std::path::Path;

pub(crate) fn issuer(config: &Config) -> Result<CredentialIssuer, StartError> {
    let Credentials { master_key: current, previous_master_key: previous } = &config.credentials;
    let older = if previous == current { Vec::new() } else { vec![master_key(previous)?] };
    Ok(CredentialIssuer::new(master_key(current)?, older))
}

fn master_key(path: &Path) -> Result<MasterKey, StartError> {
    MasterKey::parse(&read(path, "a master key cannot be read")?)
        .map_err(|error| StartError::service("a master key cannot be used", error))
}

/// The key, and the text that it was read from.
pub(crate) fn signing_key(path: &Path) -> Result<(String, SigningKey), StartError> {
    let text = read(path, "the session-signing key cannot be read")?;
    let key = SigningKey::from_pkcs8_pem(&text)
        .map_err(|error| StartError::service("the session-signing key cannot be used", error))?;
    Ok((text, key))
}

pub(crate) fn receipt_key(path: &Path) -> Result<PublicKey, StartError> {
    let point = URL_SAFE_NO_PAD
        .decode(read(path, "the receipts' public key cannot be read")?.trim())
        .map_err(|error| StartError::service("the receipts' public key is not base64url", error))?;
    PublicKey::from_point(&point)
        .map_err(|error| StartError::service("the receipts' public key cannot be used", error))
}

fn read(path: &Path, what: &'static str) -> Result<String, StartError> {
    std::fs::read_to_string(path).map_err(|error| StartError::service(what, error))
}
