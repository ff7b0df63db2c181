//! Connection strings: `sc://host:port/;key=value;..`.
//!
//! Read strictly: what is not understood is refused, since a setting that is silently ignored may be
//! the one that protects. A key that the protocol does not name is a header of every call. A token
//! never travels in the clear but to this machine itself.

use secrecy::SecretString;
use std::fmt;
use std::net::IpAddr;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue};

const PORT: u16 = 15002;

/// Why a connection string is refused. Shows keys, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `sc://host:port/;..`.
    #[error("an address reads `sc://host:port/;key=value;..`")]
    Shape,
    /// No host, or one with characters that no host has.
    #[error("the address names no host")]
    Host,
    /// A port that is none.
    #[error("the address names no port")]
    Port,
    /// A part that is not `key=value`.
    #[error("a part of the address is not `key=value`")]
    Parameter,
    /// A key that stands twice.
    #[error("`{key}` stands twice in the address")]
    Twice {
        /// The key.
        key: String,
    },
    /// A key that may not be set here, or cannot be a header.
    #[error("`{key}` cannot be set in the address")]
    Key {
        /// The key.
        key: String,
    },
    /// A value that the key cannot have.
    #[error("the value of `{key}` is not one")]
    Value {
        /// The key.
        key: String,
    },
    /// A token over a connection without TLS.
    #[error("a token needs TLS, unless the engine is on this machine")]
    TokenInTheClear,
}

/// Where an engine is, and what every call to it carries.
#[derive(Clone)]
pub struct Address {
    host: String,
    port: u16,
    uses_tls: bool,
    token: Option<SecretString>,
    user_id: Option<String>,
    user_agent: Option<String>,
    headers: Vec<(AsciiMetadataKey, AsciiMetadataValue)>,
}

impl Address {
    /// Reads a connection string.
    ///
    /// # Errors
    /// See [`AddressError`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let rest = text.strip_prefix("sc://").ok_or(AddressError::Shape)?;
        let (authority, parameters) = match rest.split_once('/') {
            None => (rest, ""),
            Some((authority, "")) => (authority, ""),
            Some((authority, tail)) => (authority, tail.strip_prefix(';').ok_or(AddressError::Shape)?),
        };
        let (host, port) = host_and_port(authority)?;
        let mut address = Self {
            host,
            port,
            uses_tls: false,
            token: None,
            user_id: None,
            user_agent: None,
            headers: Vec::new(),
        };
        let mut uses_tls = None;
        let mut seen: Vec<String> = Vec::new();
        for part in parameters.split(';').filter(|part| !part.is_empty()) {
            let (key, raw) = part.split_once('=').ok_or(AddressError::Parameter)?;
            if seen.iter().any(|other| other == key) {
                return Err(AddressError::Twice { key: shown(key) });
            }
            seen.push(key.to_owned());
            let value = decoded(raw).ok_or_else(|| AddressError::Value { key: shown(key) })?;
            address.set(key, value, &mut uses_tls)?;
        }
        address.uses_tls = uses_tls.unwrap_or(address.token.is_some());
        if address.token.is_some() && !address.may_carry_tokens() {
            return Err(AddressError::TokenInTheClear);
        }
        Ok(address)
    }

    fn set(&mut self, key: &str, value: String, uses_tls: &mut Option<bool>) -> Result<(), AddressError> {
        match key {
            "use_ssl" => {
                *uses_tls = Some(match value.as_str() {
                    "true" => true,
                    "false" => false,
                    _ => return Err(AddressError::Value { key: shown(key) }),
                });
            }
            "token" => self.token = Some(SecretString::from(value)),
            "user_id" => self.user_id = Some(value),
            "user_agent" => self.user_agent = Some(value),
            _ => self.headers.push(header(key, &value)?),
        }
        Ok(())
    }

    /// The engine's host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The engine's port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection is TLS.
    #[must_use]
    pub const fn uses_tls(&self) -> bool {
        self.uses_tls
    }

    /// Whether a token may travel: under TLS, or to this machine.
    #[must_use]
    pub fn may_carry_tokens(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        self.uses_tls
            || self.host == "localhost"
            || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    pub(crate) const fn token(&self) -> Option<&SecretString> {
        self.token.as_ref()
    }

    pub(crate) fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    pub(crate) fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    pub(crate) fn headers(&self) -> &[(AsciiMetadataKey, AsciiMetadataValue)] {
        &self.headers
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&str> = self.headers.iter().map(|(key, _)| key.as_str()).collect();
        f.debug_struct("Address")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("uses_tls", &self.uses_tls)
            .field("has_token", &self.token.is_some())
            .field("headers", &keys)
            .finish_non_exhaustive()
    }
}

/// A key as an error may show it: a part that was torn off a value must not appear.
fn shown(key: &str) -> String {
    let is_key =
        key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_key { key.to_owned() } else { "?".to_owned() }
}

/// A key that the protocol does not name, as a header. Keys that this client decides are refused.
fn header(key: &str, value: &str) -> Result<(AsciiMetadataKey, AsciiMetadataValue), AddressError> {
    let refused = || AddressError::Key { key: shown(key) };
    let is_ours =
        matches!(key, "session_id" | "authorization" | "host" | "te" | "content-type" | "user-agent");
    let is_lower =
        key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte));
    if is_ours || !is_lower || key.starts_with("grpc-") || key.ends_with("-bin") {
        return Err(refused());
    }
    let name = AsciiMetadataKey::from_bytes(key.as_bytes()).or(Err(refused()))?;
    let is_ascii = value.is_ascii().then_some(value);
    let value = is_ascii.and_then(|value| AsciiMetadataValue::try_from(value).ok());
    let mut value = value.ok_or_else(|| AddressError::Value { key: shown(key) })?;
    value.set_sensitive(true);
    Ok((name, value))
}

fn host_and_port(authority: &str) -> Result<(String, u16), AddressError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (inside, after) = rest.split_once(']').ok_or(AddressError::Host)?;
            let is_address = inside.parse::<std::net::Ipv6Addr>().is_ok();
            if !is_address {
                return Err(AddressError::Host);
            }
            let port = match after {
                "" => None,
                _ => Some(after.strip_prefix(':').ok_or(AddressError::Port)?),
            };
            (format!("[{inside}]"), port)
        }
        None => match authority.split_once(':') {
            None => (authority.to_owned(), None),
            Some((host, port)) => (host.to_owned(), Some(port)),
        },
    };
    let is_host = !host.is_empty()
        && (host.starts_with('[')
            || host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)));
    if !is_host {
        return Err(AddressError::Host);
    }
    let port = match port {
        None => PORT,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port != 0).ok_or(AddressError::Port)?
        }
        Some(_) => return Err(AddressError::Port),
    };
    Ok((host, port))
}

/// A percent-encoded value; none if it is not one, is empty, or holds a control character.
fn decoded(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    let is_plain = !text.is_empty() && !text.chars().any(char::is_control);
    is_plain.then_some(text)
}

#[cfg(test)]
mod tests;
