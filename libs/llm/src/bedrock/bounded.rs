//! A body that is not read beyond its bounds.
//!
//! Decides how many bytes and how many parts of JSON a reply may have. Bytes alone bound no memory: a
//! megabyte of small objects takes a hundred when it is parsed, and the SDK parses what it has read.

use aws_smithy_types::body::SdkBody;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{LengthLimitError, Limited};
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Signs of JSON after which a value may come: more than the longest answer has, in its text or around it.
const PARTS_MAX: usize = 32_768;

/// More parts than a reply may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reply has too many parts")]
pub(super) struct TooManyParts;

/// The body, as far as it may be read.
pub(super) fn bounded(body: SdkBody, bytes_max: usize) -> SdkBody {
    let body = Box::pin(Limited::new(body, bytes_max));
    SdkBody::from_body_1_x(Bounded { body, parts_left: PARTS_MAX })
}

/// Whether that is why a reply was not read.
pub(super) fn is_beyond(error: &(dyn Error + 'static)) -> bool {
    error.is::<LengthLimitError>() || error.is::<TooManyParts>()
}

struct Bounded<B> {
    body: Pin<Box<B>>,
    parts_left: usize,
}

impl<B: Body> Body for Bounded<B>
where
    B::Data: AsRef<[u8]>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = B::Data;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Self::Error>>> {
        let frame = match self.body.as_mut().poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => frame,
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => return Poll::Pending,
        };
        let bytes = frame.data_ref().map_or(&[][..], AsRef::as_ref);
        // Those in texts count, too: telling them apart would be to parse.
        let parts = bytes.iter().filter(|byte| matches!(byte, b'{' | b'[' | b',')).count();
        match self.parts_left.checked_sub(parts) {
            None => Poll::Ready(Some(Err(Box::new(TooManyParts)))),
            Some(left) => {
                self.parts_left = left;
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
