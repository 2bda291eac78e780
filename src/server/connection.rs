//! One connection: HTTP/1.1, or HTTP/2 with prior knowledge, told apart by the first bytes. (TLS
//! and proxying slot in here: [`serve`] is where a raw stream becomes something that speaks HTTP.)

use super::exchange::Exchange;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// What hyper may buffer of a head. Far over Salesforce's own 16,384 bytes, so that the answer to
/// a long head is Salesforce's and not hyper's.
const HEAD_BUFFER: usize = 256 * 1024;

/// How long a client may take to close its half after we closed ours.
const LINGER: Duration = Duration::from_millis(250);

/// What a connection is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// End when the request under way is answered.
    Finish = 1,
    /// End now.
    Abort = 2,
}

/// What a connection and the thread that watches it tell each other.
#[derive(Debug, Default)]
pub(super) struct Control {
    signal: AtomicU8,
    waker: Mutex<Option<Waker>>,
    /// Bytes read and written.
    moved: AtomicU64,
    /// Requests that a handler works for, and answers still being made.
    busy: AtomicU32,
    served: AtomicBool,
}

impl Control {
    /// Tells the connection what to do and wakes it.
    pub(super) fn signal(&self, signal: Signal) {
        self.signal.fetch_max(signal as u8, Ordering::AcqRel);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn wake_with(&self, waker: &Waker) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
    }

    /// Bytes read and written so far.
    pub(super) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    /// True while a handler works for this connection.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed) != 0
    }

    /// True when a whole request has arrived.
    pub(super) fn has_served(&self) -> bool {
        self.served.load(Ordering::Relaxed)
    }

    /// Notes that a whole request has arrived.
    pub(super) fn mark_served(&self) {
        self.served.store(true, Ordering::Relaxed);
    }

    /// Marks the connection as worked for until the guard is dropped.
    pub(super) fn work(self: &Arc<Control>) -> Working {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Working(Arc::clone(self))
    }
}

/// Work for a connection; while it lasts the connection is not idle.
#[derive(Debug)]
pub(super) struct Working(Arc<Control>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves one connection to its end.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    exchange: Arc<Exchange>,
    control: Arc<Control>,
) {
    let loopback = peer.ip().to_canonical().is_loopback();
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().half_close(true).auto_date_header(false).max_buf_size(HEAD_BUFFER);
    builder.http2().auto_date_header(false).max_header_list_size(HEAD_BUFFER as u32);

    let service_control = Arc::clone(&control);
    let service = hyper::service::service_fn(move |request| {
        Arc::clone(&exchange).run(request, loopback, Arc::clone(&service_control))
    });
    let socket = TokioIo::new(Socket { stream, control: Arc::clone(&control), linger: None });
    let mut http = pin!(builder.serve_connection(socket, service));
    let mut wakeable = false;
    let mut obeyed = 0;
    let served = std::future::poll_fn(|context| {
        if !wakeable {
            // A task's waker is the same from first to last.
            control.wake_with(context.waker());
            wakeable = true;
        }
        let signal = control.signal.load(Ordering::Acquire);
        if signal != obeyed {
            obeyed = signal;
            if signal == Signal::Abort as u8 {
                return Poll::Ready(Ok(()));
            }
            http.as_mut().graceful_shutdown();
        }
        http.as_mut().poll(context)
    });
    if let Err(error) = served.await {
        // Clients that leave, malformed requests (answered 400) and connections dropped on purpose.
        tracing::debug!(%peer, %error, "connection ended");
    }
}

/// A stream that counts what passes.
struct Socket {
    stream: TcpStream,
    control: Arc<Control>,
    /// Set once our half is closed: until when the client's half is waited for.
    linger: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    fn count(&self, bytes: usize) {
        // One task reads and writes this; the watcher only compares.
        let moved = self.control.moved.load(Ordering::Relaxed);
        self.control.moved.store(moved + bytes as u64, Ordering::Relaxed);
    }

    fn counted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written {
            self.count(bytes);
        }
        written
    }
}

impl Socket {
    /// Reads what still comes until the client closes too. A socket that is closed with bytes
    /// unread resets the connection, and the client may lose the answer that it has not read.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 4096];
        loop {
            if self.control.signal.load(Ordering::Acquire) != 0 {
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
        self.count(buffer.filled().len() - before);
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
