//! Calls to other systems: the org asks them, this makes them.
//!
//! A thread of its own takes calls from a queue and speaks HTTP/1.1 with whoever they are for: a
//! connection for each message, no pool, no proxy, no redirects, answers of bounded size, and one
//! time-out for the whole call. Over TLS it trusts what the system trusts, and this server's own
//! authority. What is said is `api::outbound`'s; how it went is told in words that
//! end up in a log.

use crate::api::outbound::{Conversation, Heard, Message, Turn};
use crate::error::CallFailed;
use crate::id::Id;
use crate::org::Carrier;
use crate::store::{Answer, OutboundCall};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};

/// The largest answer that is taken: a mebibyte.
const LARGEST: usize = 1024 * 1024;

/// Most calls of all orgs that are under way at a time.
const MOST: usize = 256;

/// Takes an answer to the org that waits for it.
pub type Deliver = Arc<dyn Fn(Id, &Arc<OutboundCall>, &Answer) + Send + Sync>;

/// The running thread. Dropping it stops it, and leaves what is under way.
#[derive(Debug)]
pub struct Outbound {
    queue: mpsc::UnboundedSender<Job>,
}

#[derive(Debug)]
enum Job {
    Call(Id, Arc<OutboundCall>),
    Stop,
}

impl Outbound {
    /// Starts the thread. `authority` is the certificate of this server's own authority, PEM.
    pub fn start(deliver: Deliver, authority: Option<String>) -> io::Result<Outbound> {
        let (queue, jobs) = mpsc::unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("fauxforce-outbound".to_owned()).spawn(move || {
            runtime.block_on(run(jobs, &deliver, Arc::new(Connector::new(authority))));
            runtime.shutdown_background();
        })?;
        Ok(Outbound { queue })
    }

    /// What gives it calls.
    pub fn carrier(&self) -> Carrier {
        let queue = self.queue.clone();
        Arc::new(move |org, call| queue.send(Job::Call(org, call)).is_ok())
    }
}

impl Drop for Outbound {
    fn drop(&mut self) {
        // Nobody is there to be stopped when the thread has ended already.
        let _ = self.queue.send(Job::Stop);
    }
}

async fn run(mut jobs: mpsc::UnboundedReceiver<Job>, deliver: &Deliver, connector: Arc<Connector>) {
    let places = Arc::new(Semaphore::new(MOST));
    while let Some(Job::Call(org, call)) = jobs.recv().await {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (deliver, connector) = (Arc::clone(deliver), Arc::clone(&connector));
        tokio::spawn(async move {
            let answer = make(&call, &connector).await;
            // Taking an answer may wait for whoever writes; the others' time goes on meanwhile.
            let delivered = tokio::task::spawn_blocking(move || deliver(org, &call, &answer)).await;
            if delivered.is_err() {
                tracing::error!("an answer of another system could not be taken");
            }
            drop(place);
        });
    }
}

/// Makes a call, within its time-out.
async fn make(call: &OutboundCall, connector: &Connector) -> Answer {
    let limit = Duration::from_millis(call.timeout.unsigned_abs());
    match tokio::time::timeout(limit, converse(call, connector)).await {
        Ok(answer) => answer,
        Err(_) => Err(CallFailed::timed_out(&call.url, call.timeout)),
    }
}

async fn converse(call: &OutboundCall, connector: &Connector) -> Answer {
    let (mut conversation, mut message) = Conversation::begin(call);
    loop {
        let heard = exchange(call, connector, message).await?;
        match conversation.hear(&heard) {
            Turn::Send(next) => message = next,
            Turn::Done(answer) => return answer,
        }
    }
}

/// Sends one message and reads its answer.
async fn exchange(
    call: &OutboundCall,
    connector: &Connector,
    message: Message,
) -> Result<Heard, CallFailed> {
    let bad_url = || CallFailed::bad_url(&message.url);
    let uri: Uri = message.url.parse().map_err(|_| bad_url())?;
    let host = uri.host().ok_or_else(bad_url)?;
    let secure = uri.scheme_str() == Some("https");
    if !secure && uri.scheme_str() != Some("http") {
        return Err(bad_url());
    }
    let request = request(call, &message, &uri).ok_or_else(bad_url)?;
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let unreachable = |error: io::Error| CallFailed::unreachable(&message.url, &reason(&error));
    // `[::1]` is an address in a URL only.
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((name, port)).await.map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    if !secure {
        return talk(stream, request, &message.url).await;
    }
    match connector.secure(stream, name).await {
        Some(secured) => talk(secured.map_err(unreachable)?, request, &message.url).await,
        None => Err(CallFailed::no_tls(&message.url)),
    }
}

/// Sends one request on a connection of its own.
async fn talk(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
    url: &str,
) -> Result<Heard, CallFailed> {
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) =
        handshake.map_err(|error| CallFailed::broken_off(url, &reason(&error)))?;
    // The connection ends with the answer, or with the time-out of the whole.
    let connection = AbortOnDrop(tokio::spawn(connection));
    let heard = read(&mut sender, request, url).await;
    drop(connection);
    heard
}

/// A task that ends with its owner.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What connections over TLS trust.
struct Connector {
    #[cfg_attr(not(feature = "tls"), allow(dead_code))] // Nothing is trusted without it.
    authority: Option<String>,
    /// Made when it is first needed: the system's certificates take milliseconds to read.
    #[cfg(feature = "tls")]
    config: std::sync::OnceLock<Arc<rustls::ClientConfig>>,
}

impl Connector {
    fn new(authority: Option<String>) -> Connector {
        Connector {
            authority,
            #[cfg(feature = "tls")]
            config: std::sync::OnceLock::new(),
        }
    }

    /// Secures a connection to a host; `None` in a build that cannot.
    #[cfg(feature = "tls")]
    async fn secure(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Option<io::Result<tokio_rustls::client::TlsStream<TcpStream>>> {
        let config = Arc::clone(self.config.get_or_init(|| self.trust()));
        let name = rustls::pki_types::ServerName::try_from(host.to_owned());
        let name = match name {
            Ok(name) => name,
            Err(error) => return Some(Err(io::Error::new(io::ErrorKind::InvalidInput, error))),
        };
        Some(tokio_rustls::TlsConnector::from(config).connect(name, stream).await)
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_async)] // The same call as with TLS.
    async fn secure(&self, _: TcpStream, _: &str) -> Option<io::Result<TcpStream>> {
        None
    }

    #[cfg(feature = "tls")]
    fn trust(&self) -> Arc<rustls::ClientConfig> {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject as _;
        let mut roots = rustls::RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::warn!(%error, "some of the system's certificates cannot be read");
        }
        roots.add_parsable_certificates(system.certs);
        let own = self.authority.iter();
        let own = own.flat_map(|pem| CertificateDer::pem_slice_iter(pem.as_bytes()).flatten());
        roots.add_parsable_certificates(own);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring speaks TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }
}

fn request(call: &OutboundCall, message: &Message, uri: &Uri) -> Option<Request<Full<Bytes>>> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::builder()
        .method(message.method.name())
        .uri(path)
        .header(header::HOST, uri.authority()?.as_str())
        .header(header::ACCEPT, message.media)
        .header(header::USER_AGENT, concat!("fauxforce/", env!("CARGO_PKG_VERSION")));
    if message.body.is_some() {
        request = request.header(header::CONTENT_TYPE, message.media);
    }
    if let Some(authorization) = &call.authorization {
        let mut value = HeaderValue::from_str(authorization).ok()?;
        value.set_sensitive(true);
        request = request.header(header::AUTHORIZATION, value);
    }
    request.body(message.body.clone().unwrap_or_default().into()).ok()
}

async fn read(
    sender: &mut hyper::client::conn::http1::SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    url: &str,
) -> Result<Heard, CallFailed> {
    let broken = |error: &dyn std::error::Error| CallFailed::broken_off(url, &reason(error));
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let text = |name: header::HeaderName| {
        let value = response.headers().get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let status = response.status().as_u16();
    let (retry_after, location) = (text(header::RETRY_AFTER), text(header::LOCATION));
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| match error.downcast::<LengthLimitError>() {
        Ok(_) => CallFailed::too_large(url, LARGEST),
        Err(error) => broken(&*error),
    })?;
    Ok(Heard { status, retry_after, location, body: body.to_bytes().to_vec() })
}

/// The innermost cause of an error: what a person can do something about.
fn reason(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}
