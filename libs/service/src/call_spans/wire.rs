//! What is told of spans, and how it travels: the metadata that asks, and the list that comes back.
//!
//! Decides how much of a list is sent and what a name may look like. Whatever came in by a socket is held
//! to the same bounds, so that a list can be shown as it is.

use super::SPANS_MAX;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use prost::Message as _;
use prost::encoding::message::encoded_len;
use splitplane_proto::common::v1::{Span, SpanList};
use tonic::metadata::{AsciiMetadataValue, BinaryMetadataValue, MetadataMap};

/// Asks for spans.
const WISH: &str = "x-splitplane-trace";
const WISHED: &str = "1";

/// Carries them.
const SPANS: &str = "splitplane-spans-bin";

/// Most bytes of a list. Beside a status, and in base64, it stays beneath the 8 KiB of metadata that gRPC in
/// other languages takes by default; ours takes 16 KiB.
pub(super) const LIST_BYTES_MAX: usize = 5 * 1_024;

/// The same in base64, whose last group may be filled up.
const ENCODED_BYTES_MAX: usize = LIST_BYTES_MAX.div_ceil(3) * 4;

/// Most bytes of the field that counts what was left out.
const DROPPED_BYTES_MAX: usize = 6;

/// Longest name that is told.
const NAME_BYTES_MAX: usize = 128;

/// Asks for the spans of a call. They come back to a person with the operator's certificate.
pub fn ask_for_spans(metadata: &mut MetadataMap) {
    metadata.insert(WISH, AsciiMetadataValue::from_static(WISHED));
}

/// The spans that came with the trailers of a call, or with the status that it failed in.
#[must_use]
pub fn spans_in(metadata: &MetadataMap) -> Option<SpanList> {
    let value = metadata.get_bin(SPANS)?;
    if value.as_encoded_bytes().len() > ENCODED_BYTES_MAX {
        return None;
    }
    let mut list = SpanList::decode(value.to_bytes().ok()?).ok()?;
    let sent = list.spans.len();
    list.spans.retain(is_showable);
    list.spans.truncate(SPANS_MAX);
    let left_out = u32::try_from(sent - list.spans.len()).unwrap_or(u32::MAX);
    list.dropped = list.dropped.saturating_add(left_out);
    Some(list)
}

/// Puts the header that asks into a request.
pub(crate) fn wish(headers: &mut HeaderMap) {
    headers.insert(WISH, HeaderValue::from_static(WISHED));
}

/// Takes the header that asks from a request, whoever sent it, and says whether it asks.
pub(crate) fn is_wish(headers: &mut HeaderMap) -> bool {
    headers.remove(WISH).is_some_and(|value| value == WISHED)
}

/// Puts as many spans as there is room for beside a status, and counts the others.
pub(super) fn put(spans: impl Iterator<Item = Span>, dropped: u32, headers: &mut HeaderMap) {
    let mut list = SpanList { spans: Vec::new(), dropped };
    let mut room = Some(LIST_BYTES_MAX - DROPPED_BYTES_MAX);
    for span in spans {
        // Nothing after the first that is left out: it may have begun in that one.
        room = room.and_then(|room| room.checked_sub(encoded_len(1, &span)));
        match room {
            Some(_) => list.spans.push(span),
            None => list.dropped = list.dropped.saturating_add(1),
        }
    }
    let value = BinaryMetadataValue::from_bytes(&list.encode_to_vec());
    // Base64 is always a header's value.
    if let Ok(mut value) = HeaderValue::from_bytes(value.as_encoded_bytes()) {
        // No two lists are alike: the connection's table of headers has no use for one.
        value.set_sensitive(true);
        headers.insert(SPANS, value);
    }
}

/// Takes a list from beside a status.
pub(super) fn take(headers: &mut HeaderMap) -> Option<SpanList> {
    let value = headers.remove(SPANS)?;
    let alone = HeaderMap::from_iter([(HeaderName::from_static(SPANS), value)]);
    spans_in(&MetadataMap::from_headers(alone))
}

/// Whether a name may be told: methods, words, names of relations and of models. Whatever else a span is
/// called, quotes of SQL and text of a terminal among it, is not.
pub(super) fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/' | b':' | b' ')
        })
}

fn is_showable(span: &Span) -> bool {
    is_name(&span.name) && is_name(&span.service) && span.start_us.checked_add(span.duration_us).is_some()
}
