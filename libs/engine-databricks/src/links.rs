//! Links to chunks of a result, in the storage of the workspace.
//!
//! Decides where a link may lead and what is sent there: the headers that came with it, and never our token
//! (another client, another pool, no code path to the credentials). It does not decide what the bytes mean.

use crate::config::{Workspace, is_loopback};
use crate::error::{Cause, DatabricksError, SetupError};
use crate::net::Http;
use crate::retry::{Again, Failure, retry_after};
use crate::wire::ExternalLink;
use bytes::Bytes;
use http::header;
use http_body_util::Full;
use hyper::body::Incoming;
use secrecy::ExposeSecret as _;
use std::time::Duration;

/// A link that is about to expire is not begun.
const MARGIN: Duration = Duration::from_secs(5);

/// Fetches chunks.
#[derive(Debug)]
pub(crate) struct Storage {
    http: Http,
    workspace: Workspace,
}

/// What became of a fetch.
pub(crate) enum Fetched {
    /// The chunk begins.
    Body(Incoming),
    /// The link is not good any more: there is a new one to be had.
    Expired,
}

impl Storage {
    pub(crate) fn new(workspace: Workspace) -> Result<Self, SetupError> {
        Ok(Self { http: Http::new(&workspace)?, workspace })
    }

    pub(crate) async fn fetch(&self, link: &ExternalLink) -> Result<Fetched, Failure> {
        if self.has_expired(link).map_err(Failure::last)? {
            return Ok(Fetched::Expired);
        }
        let request = self.request(link).map_err(Failure::last)?;
        let later = |error, pause| Failure { error, again: Again::Later(pause) };
        let sent = self.http.send(request, self.workspace.config.request_time_max).await;
        let answer = sent.map_err(|failed| later(failed.error, None))?;
        match answer.status().as_u16() {
            200 => Ok(Fetched::Body(answer.into_body())),
            // How a store refuses an expired link is its own affair.
            400 | 401 | 403 | 404 | 410 => Ok(Fetched::Expired),
            429 => {
                let error = DatabricksError::Throttled(Cause::Found("the storage of results throttles"));
                Err(later(error, retry_after(answer.headers())))
            }
            500..=599 => {
                let error = DatabricksError::Unavailable(Cause::Found("the storage of results fails"));
                Err(later(error, retry_after(answer.headers())))
            }
            _ => Err(Failure::last(wrong("the storage of results answers what it should not"))),
        }
    }

    fn has_expired(&self, link: &ExternalLink) -> Result<bool, DatabricksError> {
        let Some(expiration) = &link.expiration else { return Ok(false) };
        let expiration: jiff::Timestamp =
            expiration.parse().or(Err(wrong("an expiration that is no time")))?;
        let now = jiff::Timestamp::try_from((self.workspace.clock)() + MARGIN);
        Ok(now.is_ok_and(|now| now >= expiration))
    }

    fn request(&self, link: &ExternalLink) -> Result<http::Request<Full<Bytes>>, DatabricksError> {
        let uri: http::Uri =
            link.external_link.expose_secret().parse().or(Err(wrong("a link that is no URL")))?;
        self.check_place(&uri)?;
        let mut request = http::Request::get(uri);
        for (name, value) in &link.http_headers {
            let name =
                header::HeaderName::try_from(name).or(Err(wrong("a header of a link that is none")))?;
            if is_ours(&name) {
                return Err(wrong("a header that a link may not have"));
            }
            let value = header::HeaderValue::try_from(value.expose_secret());
            let mut value = value.or(Err(wrong("a header of a link that is none")))?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        request.body(Full::default()).or(Err(wrong("a link that cannot be asked for")))
    }

    fn check_place(&self, uri: &http::Uri) -> Result<(), DatabricksError> {
        let authority = uri.authority().ok_or(wrong("a link without a host"))?;
        let host = authority.host();
        if authority.as_str().contains('@') {
            return Err(wrong("a link with a name before its host"));
        }
        match uri.scheme_str() {
            Some("https") => {}
            // What runs on this machine is only for a workspace that does.
            Some("http") if self.workspace.is_local && is_loopback(host) => {}
            _ => return Err(wrong("a link that is not https")),
        }
        let listed = &self.workspace.config.link_hosts;
        let is_allowed = if listed.is_empty() {
            !is_address(host) && !is_loopback(host) || self.workspace.is_local && is_loopback(host)
        } else {
            listed.iter().any(|domain| is_within(host, domain))
        };
        if is_allowed { Ok(()) } else { Err(wrong("a link to a host that is not allowed")) }
    }
}

fn wrong(what: &'static str) -> DatabricksError {
    DatabricksError::Protocol(Cause::Found(what))
}

/// Headers that the connection needs, or that would stand for a credential of ours.
fn is_ours(name: &header::HeaderName) -> bool {
    [
        header::AUTHORIZATION,
        header::PROXY_AUTHORIZATION,
        header::COOKIE,
        header::HOST,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ]
    .contains(name)
}

/// The domain itself, or a host below it.
fn is_within(host: &str, domain: &str) -> bool {
    let (host, domain) = (host.to_ascii_lowercase(), domain.to_ascii_lowercase());
    host.strip_suffix(&domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok() || is_number_like(host)
}

/// Forms of addresses that resolvers take (`0x7f.1`, `2130706433`): the last label is a number.
fn is_number_like(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let last = last.to_ascii_lowercase();
    last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
