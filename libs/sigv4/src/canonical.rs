//! The canonical request and the string to sign, for input that is canonical already.
//!
//! Nothing here normalises: [`is_method_path`] and [`value`] refuse what would need it. The method is
//! POST and the query is empty, always.

use splitplane_types::Digest;
use std::fmt::Write as _;

const VALUE_BYTES_MAX: usize = 4_096;

/// `/package.Service/Method`, on which percent-encoding and path normalisation do nothing.
pub(crate) fn is_method_path(path: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    // Word by word: `/./Method` has only characters that are allowed, and would be normalised.
    path.strip_prefix('/')
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(service, method)| service.split('.').all(is_word) && is_word(method))
}

/// A header value that canonicalisation would leave as it is: visible ASCII, with single blanks
/// inside.
pub(crate) fn value(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_canonical = !text.is_empty()
        && text.len() <= VALUE_BYTES_MAX
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ");
    is_canonical.then_some(text)
}

/// `headers` are sorted, lower-case and canonical.
pub(crate) fn request(path: &str, headers: &[(&str, &str)], payload_hash: &str) -> String {
    let mut text = format!("POST\n{path}\n\n");
    for (name, value) in headers {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name}:{value}");
    }
    let _ = write!(text, "\n{}\n{payload_hash}", names(headers));
    text
}

/// The list of signed headers, as in the `authorization` header.
pub(crate) fn names(headers: &[(&str, &str)]) -> String {
    headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
}

pub(crate) fn string_to_sign(date: &str, scope: &str, canonical_request: &str) -> String {
    format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", Digest::of(canonical_request.as_bytes()))
}

#[cfg(test)]
mod tests;
