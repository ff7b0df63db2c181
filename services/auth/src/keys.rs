//! Keys of auth, from the texts of the files that the configuration names.
//!
//! Decides only whether a text holds keys of its kind; what each key is for is its users' to say.

use splitplane_service::StartError;
use splitplane_session::{PublicKey, SigningKey};
use splitplane_sigv4::{CredentialIssuer, MasterKey};
use std::path::Path;

/// Public keys of another service at once: the one that signs, those before it, and the one that is to come.
const PUBLIC_KEYS_MAX: usize = 8;

/// Issues with the first key, and still recognises what the others issued.
pub(crate) fn issuer(texts: &[String]) -> Result<CredentialIssuer, StartError> {
    let (current, previous) = texts.split_first().ok_or_else(|| none("a master key"))?;
    let previous = previous.iter().filter(|previous| *previous != current);
    let previous = previous.map(|text| master_key(text)).collect::<Result<_, _>>()?;
    Ok(CredentialIssuer::new(master_key(current)?, previous))
}

fn master_key(text: &str) -> Result<MasterKey, StartError> {
    MasterKey::parse(text).map_err(|error| StartError::service("a master key cannot be used", error))
}

/// The key, and the text that it was read from.
pub(crate) fn signing_key(path: &Path) -> Result<(String, SigningKey), StartError> {
    let text = read(path)?;
    let key = SigningKey::from_pkcs8_pem(&text)
        .map_err(|error| StartError::service("the session-signing key cannot be used", error))?;
    Ok((text, key))
}

/// Every key of the file, one a line.
pub(crate) fn public_keys(texts: &[String]) -> Result<Vec<PublicKey>, StartError> {
    let lines = texts.iter().flat_map(|text| text.lines()).filter(|line| !line.trim().is_empty());
    let keys: Vec<PublicKey> = lines
        .map(PublicKey::from_text)
        .collect::<Result<_, _>>()
        .map_err(|error| StartError::service("a public key cannot be used", error))?;
    match keys.len() {
        0 => Err(none("a public key")),
        1..=PUBLIC_KEYS_MAX => Ok(keys),
        _ => Err(StartError::service("the public keys cannot be used", "there are more than eight")),
    }
}

fn none(what: &'static str) -> StartError {
    StartError::service("a file of keys is empty", what)
}

/// The text of a file of keys.
pub(crate) fn read(path: &Path) -> Result<String, StartError> {
    std::fs::read_to_string(path).map_err(|error| {
        StartError::service("a file of keys cannot be read", format!("{}: {error}", path.display()))
    })
}
