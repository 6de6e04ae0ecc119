//! The body of an answer: whole, or broken off in the middle.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

/// How long the half that is sent has to reach the client before the connection ends.
const GRACE: Duration = Duration::from_millis(20);

/// A body of known length.
pub(super) struct Payload {
    /// What is still to be sent.
    rest: Option<Bytes>,
    /// The length that the head announces, less what was sent.
    announced: u64,
    /// Set when the body breaks off.
    end: Option<Pin<Box<Sleep>>>,
    cut: bool,
}

impl Payload {
    /// A body that is sent to its end.
    pub(super) fn whole(body: Bytes) -> Self {
        Self { announced: body.len() as u64, rest: Some(body), end: None, cut: false }
    }

    /// A body of which only the first half is sent, then the connection ends.
    pub(super) fn cut(body: &Bytes) -> Self {
        let half = body.slice(..body.len() / 2);
        Self { announced: body.len() as u64, rest: Some(half), end: None, cut: true }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(rest) = self.rest.take().filter(|rest| !rest.is_empty()) {
            self.announced -= rest.len() as u64;
            return Poll::Ready(Some(Ok(Frame::data(rest))));
        }
        if !self.cut {
            return Poll::Ready(None);
        }
        // An error at once would throw away what was not yet written.
        let end = self.end.get_or_insert_with(|| Box::pin(tokio::time::sleep(GRACE)));
        end.as_mut().poll(context).map(|()| Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && !self.cut
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
