//! The last conversation of each profile, kept between two commands.
//!
//! Decides where a token lies: it is a secret of its profile, like the credentials beside it. What it is good
//! for is the mesh's to say.

use crate::error::CommandError;
use crate::home::{self, Home};
use std::path::PathBuf;

/// The token of the profile's last answer.
pub(crate) fn kept(home: &Home, profile: &str) -> Result<String, CommandError> {
    let path = path(home, profile);
    if !path.exists() {
        let what = format!("`{profile}` has no answer yet that could be followed up");
        return Err(CommandError::Usage(what));
    }
    Ok(home::read(&path)?.trim().to_owned())
}

/// Keeps the token for the next question.
pub(crate) fn keep(home: &Home, profile: &str, token: &str) -> Result<(), CommandError> {
    Ok(home::write_secret(&path(home, profile), token)?)
}

fn path(home: &Home, profile: &str) -> PathBuf {
    home.profiles().join(format!("{profile}.conversation"))
}
