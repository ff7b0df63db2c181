//! Where a store is: a file of this machine, or a database by URL.
//!
//! Decides which URLs are safe to use: no password in them, and TLS with a verified certificate to
//! any other machine. Passwords come from the file that `PGPASSFILE` names (libpq, "The Password File").

use crate::StoreError;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const LOCAL_HOSTS: [&str; 4] = ["localhost", "127.0.0.1", "::1", "[::1]"];

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// SQLite, in a file of this machine. Processes of this machine may share it.
    File(PathBuf),
    /// A database, by URL: `postgres://user@host/database` or `sqlite:/path`.
    Url(String),
}

impl Place {
    /// The database where there is a URL, else the file.
    #[must_use]
    pub fn of(file: &Path, url: &str) -> Self {
        if url.is_empty() { Self::File(file.to_owned()) } else { Self::Url(url.to_owned()) }
    }

    /// The file, if it is one.
    ///
    /// # Errors
    /// The URL is of no database that is known, holds a password, or names another machine without
    /// `sslmode=verify-full`.
    pub(crate) fn file(&self) -> Result<Option<PathBuf>, StoreError> {
        let url = match self {
            Self::File(path) => return Ok(Some(path.clone())),
            Self::Url(url) => url,
        };
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Ok(Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path))));
        }
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(StoreError::Scheme);
        }
        let (location, settings) = url.split_once('?').unwrap_or((url, ""));
        let names: Vec<&str> =
            settings.split('&').map(|setting| setting.split('=').next().unwrap_or_default()).collect();
        let is_plain = |name: &&str| {
            !name.contains(['%', '+']) && names.iter().filter(|other| *other == name).count() == 1
        };
        if url.contains('#') || !names.iter().all(is_plain) {
            return Err(StoreError::Ambiguous);
        }
        let user = location.rsplit_once('@').and_then(|(start, _)| start.split_once("://"));
        if user.is_some_and(|(_, user)| user.contains(':')) || names.contains(&"password") {
            return Err(StoreError::Password);
        }
        // As the driver reads it, the environment included.
        let options: PgConnectOptions = url.parse()?;
        let is_local = options.get_socket().is_some() || LOCAL_HOSTS.contains(&options.get_host());
        let is_verified = matches!(options.get_ssl_mode(), PgSslMode::VerifyFull);
        if is_local || is_verified { Ok(None) } else { Err(StoreError::Plaintext) }
    }
}

/// The URL by which the driver opens a file, made where there is none.
pub(crate) fn file_url(path: &Path) -> String {
    let mut url = String::from("sqlite:");
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_') {
            url.push(char::from(*byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url.push_str("?mode=rwc");
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(url: &str) -> Result<Option<PathBuf>, String> {
        Place::Url(url.to_owned()).file().map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_is_a_file_however_it_is_named() {
        assert_eq!(Place::of(Path::new("a.db"), "").file().unwrap(), Some("a.db".into()));
        assert_eq!(says("sqlite:/var/a.db"), Ok(Some("/var/a.db".into())));
        assert_eq!(says("sqlite:///var/a.db"), Ok(Some("/var/a.db".into())));
        assert_eq!(says("sqlite:////var/a.db"), Ok(Some("//var/a.db".into())));
        assert_eq!(file_url(Path::new("/a b/ü?.db")), "sqlite:/a%20b/%C3%BC%3F.db?mode=rwc");
    }

    #[test]
    fn another_machine_is_reached_by_a_verified_certificate_or_not_at_all() {
        for url in [
            "postgres://u@localhost/d",
            "postgresql://u@127.0.0.1:5433/d?sslmode=disable",
            "postgres://u@[::1]:5433/d",
            "postgres:///d?host=/run/postgresql",
            "postgres://u@db.example/d?sslmode=verify-full",
            "postgres://u@db.example:5432/d?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        ] {
            assert_eq!(says(url), Ok(None), "{url}");
        }
        for url in [
            "postgres://u@db.example/d",
            "postgres://u@db.example/d?sslmode=require",
            "postgres://u@localhost.example/d",
            "postgres://u@localhost/d?host=db.example",
            "postgres://u@localhost/d?host=%64b.example",
            "postgres://localhost@db.example/d",
        ] {
            assert!(says(url).unwrap_err().contains("verify-full"), "{url}");
        }
    }

    #[test]
    fn what_two_readers_might_read_differently_is_refused() {
        for url in [
            "postgres://u@db.example/d#?sslmode=verify-full",
            "postgres://u@db.example#@localhost/d",
            "postgres://u@localhost/d?%68ost=db.example",
            "postgres://u@db.example/d?sslmode=verify-full&sslmode=disable",
            "postgres://u@db.example/d?sslmode=verify-full&%73slmode=disable",
            "postgres://u@localhost/d?%70assword=p",
        ] {
            assert!(says(url).unwrap_err().contains("escaped or given twice"), "{url}");
        }
    }

    #[test]
    fn a_password_has_no_place_in_a_url() {
        for url in ["postgres://u:p@localhost/d", "postgres://u@localhost/d?password=p"] {
            assert!(says(url).unwrap_err().contains("PGPASSFILE"), "{url}");
        }
        for url in ["mysql://u@localhost/d", "localhost", ""] {
            assert!(says(url).unwrap_err().contains("URL"), "{url}");
        }
    }
}
