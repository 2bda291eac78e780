//! What HTTP is spoken over: a socket, or something secured on one; with what was read ahead of it.

use super::control::Control;
use bytes::{Buf as _, Bytes};
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How long a client may take to close its half after we closed ours.
const LINGER: Duration = Duration::from_millis(250);

/// What is read at once to see what a client speaks.
const FIRST_READ: usize = 4 * 1024;

/// What HTTP/2 begins with (RFC 9113 §3.4).
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The type of the first TLS record: a handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// Bytes in both directions. Reads begin with what was read ahead.
pub(super) struct Stream {
    ahead: Bytes,
    channel: Channel,
}

enum Channel {
    Plain(Socket),
    #[cfg_attr(not(feature = "tls"), allow(dead_code))] // Nothing secures without it.
    Secured(Box<dyn Duplex>),
}

/// Anything that bytes go through both ways.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Stream {
    /// A client's connection.
    pub(super) fn plain(stream: TcpStream, control: Arc<Control>) -> Stream {
        let socket = Socket { stream, control, linger: None };
        Stream { ahead: Bytes::new(), channel: Channel::Plain(socket) }
    }

    /// What is secured on another stream.
    #[cfg(feature = "tls")]
    pub(super) fn secured(secured: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Stream {
        Stream { ahead: Bytes::new(), channel: Channel::Secured(Box::new(secured)) }
    }

    /// The same, beginning with bytes that were read from it already.
    pub(super) fn beginning_with(mut self, read: Bytes) -> Stream {
        self.ahead = if self.ahead.is_empty() {
            read
        } else {
            [read, std::mem::take(&mut self.ahead)].concat().into()
        };
        self
    }

    /// Waits for the bytes that tell what the client speaks; they stay to be read. `None` when the
    /// client ends the connection instead.
    pub(super) async fn speech(&mut self) -> io::Result<Option<Speech>> {
        loop {
            match self.ahead.first() {
                None => {}
                Some(&TLS_HANDSHAKE) => return Ok(Some(Speech::Tls)),
                Some(_) if self.ahead.starts_with(HTTP2_PREFACE) => {
                    return Ok(Some(Speech::Http2));
                }
                // As far as they go they are the same: the preface, PUT, POST and PATCH.
                Some(_) if HTTP2_PREFACE.starts_with(&self.ahead) => {}
                Some(_) => return Ok(Some(Speech::Http1)),
            }
            let known = std::mem::take(&mut self.ahead);
            let mut more = vec![0; FIRST_READ];
            let length = self.read(&mut more).await?;
            more.truncate(length);
            self.ahead =
                if known.is_empty() { more.into() } else { [&known[..], &more].concat().into() };
            if length == 0 {
                return Ok((!self.ahead.is_empty()).then_some(Speech::Http1));
            }
        }
    }
}

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    /// TLS, and in it HTTP/1.1.
    Tls,
    /// HTTP/1.1, or nothing that is known.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead[..length]);
            self.ahead.advance(length);
            return Poll::Ready(Ok(()));
        }
        match &mut self.channel {
            Channel::Plain(socket) => Pin::new(socket).poll_read(context, buffer),
            Channel::Secured(secured) => Pin::new(secured).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.channel {
            Channel::Plain(socket) => Pin::new(socket).poll_write(context, bytes),
            Channel::Secured(secured) => Pin::new(secured).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.channel {
            Channel::Plain(socket) => Pin::new(socket).poll_write_vectored(context, slices),
            Channel::Secured(secured) => Pin::new(secured).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.channel {
            Channel::Plain(socket) => socket.is_write_vectored(),
            Channel::Secured(secured) => secured.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.channel {
            Channel::Plain(socket) => Pin::new(socket).poll_flush(context),
            Channel::Secured(secured) => Pin::new(secured).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.channel {
            Channel::Plain(socket) => Pin::new(socket).poll_shutdown(context),
            Channel::Secured(secured) => Pin::new(secured).poll_shutdown(context),
        }
    }
}

/// A client's socket that counts what passes.
struct Socket {
    stream: TcpStream,
    control: Arc<Control>,
    /// Set once our half is closed: until when the client's half is waited for.
    linger: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    fn counted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written {
            self.control.count(bytes);
        }
        written
    }

    /// Reads what still comes until the client closes too. A socket that is closed with bytes
    /// unread resets the connection, and the client may lose the answer that it has not read.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 4096];
        loop {
            if self.control.is_told() {
                // The server stops, which is not to wait for clients.
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        match &mut self.linger {
            Some(linger) => linger.as_mut().poll(context),
            None => Poll::Ready(()),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.control.count(buffer.filled().len() - before);
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.counted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.counted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.linger = Some(Box::pin(tokio::time::sleep(LINGER)));
        }
        self.poll_linger(context).map(Ok)
    }
}
