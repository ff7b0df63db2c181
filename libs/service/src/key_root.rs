//! The root of session-signing keys, as the configuration names it.
//!
//! Decides only that the file holds one public key. What the root vouches for is `splitplane-session`'s.

use crate::config::Mesh;
use crate::start::StartError;
use splitplane_session::PublicKey;

/// The pinned root; `None` where none is.
///
/// # Errors
/// A file is named that cannot be read, or holds no public key.
pub fn key_root(mesh: &Mesh) -> Result<Option<PublicKey>, StartError> {
    let Some(file) = &mesh.key_root else { return Ok(None) };
    let text = std::fs::read_to_string(file)
        .map_err(|error| StartError::service("the file of `mesh.key_root` cannot be read", error))?;
    let root = PublicKey::from_text(&text)
        .map_err(|error| StartError::service("the key of `mesh.key_root` cannot be used", error))?;
    Ok(Some(root))
}
