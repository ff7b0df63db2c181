//! Requests as they came in: the whole framed body, all header lines, the authority.
//!
//! For the layer that verifies signatures: what was signed has to be taken byte for byte, before
//! anything is parsed. Decides how large a body may be and nothing else.

use crate::status::PublicError;
use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use splitplane_types::Reason;
use tonic::body::Body;

/// A request's body that cannot be taken whole.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It is over the limit.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// It broke off.
    #[error("the body broke off")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl PublicError for FrameError {
    fn reason(&self) -> Reason {
        Reason::RequestMalformed
    }
}

/// Reads a request's body to its end.
///
/// # Errors
/// See [`FrameError`].
pub async fn collect_frame(body: Body, bytes_max: usize) -> Result<Bytes, FrameError> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(FrameError::TooLarge(bytes_max)),
        Err(error) => Err(FrameError::Broken(error)),
    }
}

/// Makes a body of bytes that were collected.
#[must_use]
pub fn frame_body(frame: Bytes) -> Body {
    Body::new(Full::new(frame))
}

/// All header lines, duplicates included, names in lower case.
#[must_use]
pub fn raw_headers(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

/// The `:authority` of a request.
#[must_use]
pub fn authority(parts: &Parts) -> Option<&str> {
    parts.uri.authority().map(http::uri::Authority::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_taken_whole_up_to_the_limit() {
        let bytes = Bytes::from_static(b"0123456789");
        assert_eq!(collect_frame(frame_body(bytes.clone()), 10).await.unwrap(), bytes);
        assert!(matches!(collect_frame(frame_body(bytes), 9).await, Err(FrameError::TooLarge(9))));
    }

    #[test]
    fn every_header_line_is_kept() {
        let mut headers = HeaderMap::new();
        headers.append("X-Amz-Date", "a".parse().unwrap());
        headers.append("x-amz-date", "b".parse().unwrap());
        let line = |value: &[u8]| ("x-amz-date".to_owned(), value.to_vec());
        assert_eq!(raw_headers(&headers), vec![line(b"a"), line(b"b")]);
    }
}
