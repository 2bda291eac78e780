//! One connection: what it speaks is told by its first bytes, TLS or HTTP, and after a `CONNECT` that
//! is served here, by the first bytes that follow. HTTP is 1.1, or 2 with prior knowledge; over TLS
//! it is 1.1, as agreed on in the handshake.

use super::control::{Control, Signal};
use super::exchange::Exchange;
use super::proxy::{Target, Tunnel};
use super::stream::{Speech, Stream};
use super::tunnel;
use hyper::server::conn::{http1, http2};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use tokio::net::TcpStream;

/// What hyper may buffer of a head. Far over Salesforce's own 16,384 bytes, so that the answer to
/// a long head is Salesforce's and not hyper's.
const HEAD_BUFFER: usize = 256 * 1024;

/// What the requests of a connection have in common.
pub(super) struct Visit {
    /// True when the client's address is loopback.
    pub(super) loopback: bool,
    /// True over TLS.
    pub(super) secure: bool,
    /// The address at which the client reached us.
    pub(super) local: SocketAddr,
    /// Where the client believes to be, after a `CONNECT`.
    pub(super) through: Option<Target>,
    pub(super) control: Arc<Control>,
    onward: Mutex<Option<(OnUpgrade, Onward)>>,
}

/// What follows a `CONNECT` that was answered 200.
pub(super) enum Onward {
    /// This server, in the place of the target.
    Here(Target),
    /// Another host.
    There(Tunnel),
}

impl Visit {
    /// Notes what follows once the answer to a `CONNECT` is sent.
    pub(super) fn goes_on(&self, upgrade: OnUpgrade, onward: Onward) {
        *self.onward.lock().unwrap_or_else(PoisonError::into_inner) = Some((upgrade, onward));
    }

    /// The host of a request that names none.
    pub(super) fn called(&self, usually: &str) -> String {
        self.through.as_ref().map_or_else(|| usually.to_owned(), |target| target.host.clone())
    }

    fn take_onward(&self) -> Option<(OnUpgrade, Onward)> {
        self.onward.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Serves one connection to its end.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    exchange: Arc<Exchange>,
    control: Arc<Control>,
) {
    if let Err(error) = speak(stream, peer, &exchange, &control).await {
        // Clients that leave, malformed requests (answered 400), failed handshakes and connections
        // dropped on purpose.
        tracing::debug!(%peer, %error, "connection ended");
    }
}

async fn speak(
    stream: TcpStream,
    peer: SocketAddr,
    exchange: &Arc<Exchange>,
    control: &Arc<Control>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let loopback = peer.ip().to_canonical().is_loopback();
    let local = stream.local_addr()?;
    let mut stream = Stream::plain(stream, Arc::clone(control));
    let mut through: Option<Target> = None;
    loop {
        let called = through
            .as_ref()
            .map_or_else(|| local.ip().to_canonical().to_string(), |target| target.host.clone());
        let opened = control.unless_told(open(stream, exchange, &called)).await;
        let Some((opened, speech)) = opened.transpose()?.flatten() else { return Ok(()) };
        let visit = Arc::new(Visit {
            loopback,
            secure: speech == Speech::Tls,
            local,
            through: through.take(),
            control: Arc::clone(control),
            onward: Mutex::default(),
        });
        let exchange = Arc::clone(exchange);
        if speech == Speech::Http2 {
            return Ok(speak_http2(opened, &visit, exchange).await?);
        }
        speak_http1(opened, &visit, exchange).await?;
        let Some((upgrade, onward)) = visit.take_onward() else { return Ok(()) };
        let parts = upgrade.await?.downcast::<TokioIo<Stream>>();
        let parts = parts.map_err(|_| io::Error::other("not the stream that was served"))?;
        stream = parts.io.into_inner().beginning_with(parts.read_buf);
        match onward {
            Onward::Here(target) => through = Some(target),
            Onward::There(tunnel) => {
                tunnel::relay(stream, tunnel.stream, control).await;
                return Ok(());
            }
        }
    }
}

/// Finds out what the client speaks, and shakes hands if it is TLS. `None` when the client leaves
/// instead. `called` is how the client called us, as far as we know.
#[cfg_attr(not(feature = "tls"), allow(unused_variables))] // Only TLS asks who was called.
async fn open(
    mut stream: Stream,
    exchange: &Exchange,
    called: &str,
) -> io::Result<Option<(Stream, Speech)>> {
    match stream.speech().await? {
        None => Ok(None),
        #[cfg(feature = "tls")]
        Some(Speech::Tls) if let Some(authority) = exchange.authority() => {
            Ok(Some((authority.secure(stream, called).await?, Speech::Tls)))
        }
        // Without TLS its greeting is a malformed request, and answered so.
        Some(Speech::Tls) => Ok(Some((stream, Speech::Http1))),
        Some(speech) => Ok(Some((stream, speech))),
    }
}

/// Serves HTTP/1.1 until the client or the server ends it, or a `CONNECT` was answered.
async fn speak_http1(
    stream: Stream,
    visit: &Arc<Visit>,
    exchange: Arc<Exchange>,
) -> hyper::Result<()> {
    let service_visit = Arc::clone(visit);
    let service = hyper::service::service_fn(move |request| {
        Arc::clone(&exchange).run(request, Arc::clone(&service_visit))
    });
    let http = http1::Builder::new()
        .half_close(true)
        .auto_date_header(false)
        // As Salesforce sends them (`X-XSS-Protection` and `ETag` aside); people read and grep them.
        .title_case_headers(true)
        .max_buf_size(HEAD_BUFFER)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let http = pin!(http);
    until_told(&visit.control, http, http1::UpgradeableConnection::graceful_shutdown).await
}

/// Serves HTTP/2 until the client or the server ends it.
async fn speak_http2(
    stream: Stream,
    visit: &Arc<Visit>,
    exchange: Arc<Exchange>,
) -> hyper::Result<()> {
    let service_visit = Arc::clone(visit);
    let service = hyper::service::service_fn(move |request| {
        Arc::clone(&exchange).run(request, Arc::clone(&service_visit))
    });
    let http = http2::Builder::new(TokioExecutor::new())
        .auto_date_header(false)
        .max_header_list_size(HEAD_BUFFER as u32)
        .serve_connection(TokioIo::new(stream), service);
    let http = pin!(http);
    until_told(&visit.control, http, http2::Connection::graceful_shutdown).await
}

/// Drives a connection to its end, sooner when it is told to.
async fn until_told<H: Future<Output = hyper::Result<()>>>(
    control: &Control,
    mut http: Pin<&mut H>,
    finish: impl Fn(Pin<&mut H>),
) -> hyper::Result<()> {
    let mut wakeable = false;
    let mut obeyed = 0;
    std::future::poll_fn(|context| {
        if !wakeable {
            control.wakes(context);
            wakeable = true;
        }
        let told = control.told();
        if told != obeyed {
            obeyed = told;
            if told == Signal::Abort as u8 {
                return Poll::Ready(Ok(()));
            }
            finish(http.as_mut());
        }
        http.as_mut().poll(context)
    })
    .await
}
