//! The body of an answer as hyper reads it.

use super::coding::Pieces;
use super::control::Working;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Sleep;

/// Between the last byte of a truncated body and the end of its connection, so that the bytes are
/// on their way before hyper gives up its buffers.
const BEFORE_CUT: Duration = Duration::from_millis(10);

/// What is sent after the head.
pub(super) enum AnswerBody {
    /// Nothing (more).
    Empty,
    /// These bytes, under a `Content-Length`.
    Whole(Bytes),
    /// Pieces, chunked.
    Streamed(Streamed),
    /// A body that ends early: on purpose, or because the rest could not be made.
    Cut(Box<Cut>),
    /// What another host answers.
    Forwarded(Incoming),
}

impl AnswerBody {
    /// A body of these bytes.
    pub(super) fn whole(bytes: Bytes) -> AnswerBody {
        if bytes.is_empty() { AnswerBody::Empty } else { AnswerBody::Whole(bytes) }
    }

    /// A body of pieces. Each is made on the pool, and only when the one before has been taken, so
    /// a slow client holds no thread.
    pub(super) fn streamed(pieces: Pieces, working: Working) -> AnswerBody {
        AnswerBody::Streamed(Streamed { next: next_piece(pieces), _working: working })
    }

    /// This body, with its connection closed after `left` bytes of it.
    pub(super) fn cut(self, left: u64) -> AnswerBody {
        let declared = self.size_hint().exact();
        AnswerBody::Cut(Box::new(Cut { body: self, declared, left, pause: None }))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut *self {
            AnswerBody::Empty => Poll::Ready(None),
            AnswerBody::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = AnswerBody::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            AnswerBody::Streamed(streamed) => {
                let made = ready!(Pin::new(&mut streamed.next).poll(context));
                let problem = match made {
                    Ok((Some(Ok(piece)), pieces)) => {
                        streamed.next = next_piece(pieces);
                        return Poll::Ready(Some(Ok(Frame::data(piece))));
                    }
                    Ok((None, _)) => {
                        *self = AnswerBody::Empty;
                        return Poll::Ready(None);
                    }
                    Ok((Some(Err(error)), _)) => error,
                    // The iterator panicked, or the server stops.
                    Err(error) => io::Error::other(error),
                };
                tracing::error!(error = %problem, "an answer could not be finished");
                *self = AnswerBody::Empty.cut(0);
                self.poll_frame(context)
            }
            AnswerBody::Cut(cut) => cut.poll(context),
            AnswerBody::Forwarded(incoming) => {
                Pin::new(incoming).poll_frame(context).map_err(io::Error::other)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            AnswerBody::Empty => true,
            AnswerBody::Forwarded(incoming) => incoming.is_end_stream(),
            _ => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            AnswerBody::Empty => SizeHint::with_exact(0),
            AnswerBody::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            AnswerBody::Streamed(_) => SizeHint::default(),
            AnswerBody::Cut(cut) => {
                cut.declared.map_or_else(SizeHint::default, SizeHint::with_exact)
            }
            AnswerBody::Forwarded(incoming) => incoming.size_hint(),
        }
    }
}

/// A piece, and the iterator to make the next one with.
type Made = (Option<io::Result<Bytes>>, Pieces);

fn next_piece(mut pieces: Pieces) -> JoinHandle<Made> {
    tokio::task::spawn_blocking(move || (pieces.next(), pieces))
}

/// Pieces under way.
pub(super) struct Streamed {
    next: JoinHandle<Made>,
    _working: Working,
}

/// A body that stops in the middle.
pub(super) struct Cut {
    body: AnswerBody,
    /// The length that the head promises.
    declared: Option<u64>,
    left: u64,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Cut {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left > 0
            && let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)?)
            && let Ok(mut bytes) = frame.into_data()
        {
            bytes.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.left -= bytes.len() as u64;
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        self.left = 0;
        let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(BEFORE_CUT)));
        ready!(pause.as_mut().poll(context));
        Poll::Ready(Some(Err(io::Error::other("the answer ends here"))))
    }
}
