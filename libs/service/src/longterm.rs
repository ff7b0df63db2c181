//! Refuses to start where long-term AWS credentials lie about.
//!
//! A service of the mesh acts by a role or not at all. Decides by the environment alone, the first place in
//! which an AWS SDK looks: there, a key id that does not begin with `ASIA` is a user's, and lives until somebody
//! deletes it (AWS IAM, "IAM identifiers").

const KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";

/// The environment holds credentials that do not expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "AWS_ACCESS_KEY_ID in the environment is of long-term credentials; take it away, and let the service have a role"
)]
pub struct LongTermCredentials;

/// Looks through an environment.
///
/// # Errors
/// It holds an access key without a session token, or one that is not temporary.
pub fn refuse_long_term_credentials(
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(), LongTermCredentials> {
    let (mut key_id, mut has_token) = (None, false);
    for (name, value) in environment {
        match name.as_str() {
            KEY_ID if !value.is_empty() => key_id = Some(value),
            SESSION_TOKEN => has_token = !value.is_empty(),
            _ => {}
        }
    }
    match key_id {
        Some(key_id) if !has_token || !key_id.starts_with("ASIA") => Err(LongTermCredentials),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_temporary_credentials_or_none_at_all_may_lie_about() {
        let refused = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            refuse_long_term_credentials(pairs).is_err()
        };
        let token = ("AWS_SESSION_TOKEN", "t");
        assert!(!refused(&[]) && !refused(&[token]) && !refused(&[("AWS_ACCESS_KEY_ID", "")]));
        assert!(!refused(&[("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"), token]));
        for pairs in [
            &[("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")][..],
            &[("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), token],
            &[("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE")],
            &[("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"), ("AWS_SESSION_TOKEN", "")],
        ] {
            assert!(refused(pairs), "{pairs:?}");
        }
    }
}
