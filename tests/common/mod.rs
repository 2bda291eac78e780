//! Helpers for tests over real sockets: requests are written by hand, so that tests see the wire.
#![allow(dead_code, clippy::unwrap_used)] // Each test file uses some of it.

pub(crate) mod folder;
pub(crate) mod served;

use bytes::Bytes;
use fauxforce::api::{Request, RequestBody, Response};
use fauxforce::server::{Edge, EdgeOptions};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// A test that waits longer than this for bytes fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(20);

/// An edge on a free port around a handler.
pub(crate) fn edge(handler: impl Fn(Request) -> Response + Send + Sync + 'static) -> Edge {
    edge_with(EdgeOptions::default(), handler)
}

/// The same with options.
pub(crate) fn edge_with(
    options: EdgeOptions,
    handler: impl Fn(Request) -> Response + Send + Sync + 'static,
) -> Edge {
    Edge::bind(options, Arc::new(handler)).expect("a free port")
}

/// Anything that bytes go through both ways.
trait Channel: Read + Write + Send {}

impl<T: Read + Write + Send> Channel for T {}

/// One connection.
pub(crate) struct Wire {
    stream: Box<dyn Channel>,
    /// What is below, whatever it is secured with.
    socket: TcpStream,
    /// Read and not yet asked for.
    ahead: Vec<u8>,
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The names as they were sent.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let own = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        own.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a text body")
    }
}

impl Wire {
    /// Connects over 127.0.0.1.
    pub(crate) fn open(edge: &Edge) -> Wire {
        Wire::open_at(IpAddr::V4(Ipv4Addr::LOCALHOST), edge)
    }

    /// Connects to this address.
    pub(crate) fn open_at(address: IpAddr, edge: &Edge) -> Wire {
        Wire::to(address, edge.port())
    }

    /// Connects to this address and port.
    pub(crate) fn to(address: IpAddr, port: u16) -> Wire {
        let stream = TcpStream::connect((address, port)).expect("a listening edge");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        let socket = stream.try_clone().expect("a socket");
        Wire { stream: Box::new(stream), socket, ahead: Vec::new() }
    }

    /// Shakes hands as a TLS client that calls the server by this name.
    #[cfg(feature = "tls")]
    pub(crate) fn secured(
        self,
        name: &str,
        config: &Arc<rustls::ClientConfig>,
    ) -> std::io::Result<Secured> {
        let Wire { stream, socket, ahead } = self;
        assert!(ahead.is_empty(), "bytes came before the handshake: {ahead:?}");
        let name = rustls::pki_types::ServerName::try_from(name.to_owned()).expect("a name");
        let session = rustls::ClientConnection::new(Arc::clone(config), name).expect("a session");
        let mut stream = rustls::StreamOwned::new(session, stream);
        stream.conn.complete_io(&mut stream.sock)?;
        let version = stream.conn.protocol_version().expect("a version");
        let alpn = stream.conn.alpn_protocol().map(<[u8]>::to_vec);
        let resumed = stream.conn.handshake_kind() == Some(rustls::HandshakeKind::Resumed);
        let wire = Wire { stream: Box::new(stream), socket, ahead: Vec::new() };
        Ok(Secured { wire, version, alpn, resumed })
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("an open connection");
    }

    /// Sends what the server may refuse to take because it has closed.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Ends our half of the connection.
    pub(crate) fn end_sending(&self) {
        self.socket.shutdown(Shutdown::Write).expect("an open connection");
    }

    /// Reads one answer, its body by length or in chunks.
    pub(crate) fn answer(&mut self) -> Answer {
        let answer = self.head();
        let body = self.body(&answer);
        Answer { body, ..answer }
    }

    /// Reads the answer to a HEAD.
    pub(crate) fn head(&mut self) -> Answer {
        let head = String::from_utf8(self.until(b"\r\n\r\n")).expect("a text head");
        let mut lines = head.trim_end().split("\r\n");
        let status_line = lines.next().expect("a status line");
        let status = status_line.split(' ').nth(1).and_then(|text| text.parse().ok());
        let headers = lines
            .map(|line| line.split_once(':').expect("a header"))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        Answer { status: status.expect("a status"), headers, body: Vec::new() }
    }

    fn body(&mut self, head: &Answer) -> Vec<u8> {
        if let Some(length) = head.header("content-length") {
            return self.exactly(length.parse().expect("a length"));
        }
        let mut body = Vec::new();
        if head.header("transfer-encoding") == Some("chunked") {
            loop {
                let line = self.until(b"\r\n");
                let size = std::str::from_utf8(&line).expect("a chunk size").trim();
                let size = usize::from_str_radix(size, 16).expect("a chunk size");
                body.extend(self.exactly(size));
                self.exactly(2);
                if size == 0 {
                    break;
                }
            }
        }
        body
    }

    /// Reads so many bytes.
    pub(crate) fn exactly(&mut self, count: usize) -> Vec<u8> {
        while self.ahead.len() < count {
            assert!(self.more(), "the connection ended early");
        }
        self.ahead.drain(..count).collect()
    }

    /// Reads to the end of the connection. A reset ends it too.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.more() {}
        std::mem::take(&mut self.ahead)
    }

    fn until(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.ahead.windows(end.len()).position(|bytes| bytes == end) {
                return self.ahead.drain(..at + end.len()).collect();
            }
            assert!(self.more(), "ended early after {:?}", String::from_utf8_lossy(&self.ahead));
        }
    }

    fn more(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(count) => {
                self.ahead.extend_from_slice(&buffer[..count]);
                true
            }
            Err(error)
                if matches!(
                    error.kind(),
                    // The latter is the end of a TLS connection that was not announced.
                    std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof
                ) =>
            {
                false
            }
            Err(error) => panic!("no bytes came: {error}"),
        }
    }
}

/// A connection over TLS, and what was agreed on.
#[cfg(feature = "tls")]
pub(crate) struct Secured {
    pub(crate) wire: Wire,
    pub(crate) version: rustls::ProtocolVersion,
    pub(crate) alpn: Option<Vec<u8>>,
    pub(crate) resumed: bool,
}

/// A TLS client that trusts the authority of this certificate and nobody else.
#[cfg(feature = "tls")]
pub(crate) fn trusting(certificate_pem: &str) -> Arc<rustls::ClientConfig> {
    trusting_with(certificate_pem, rustls::ALL_VERSIONS, &[])
}

/// The same of these versions, asking for these protocols.
#[cfg(feature = "tls")]
pub(crate) fn trusting_with(
    certificate_pem: &str,
    versions: &[&'static rustls::SupportedProtocolVersion],
    protocols: &[&str],
) -> Arc<rustls::ClientConfig> {
    use rustls::pki_types::pem::PemObject as _;
    let certificate = rustls::pki_types::CertificateDer::from_pem_slice(certificate_pem.as_bytes());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.expect("PEM")).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// A folder that is deleted at the end.
pub(crate) struct Folder(pub(crate) std::path::PathBuf);

impl Folder {
    /// An empty folder of its own for a test.
    pub(crate) fn new() -> Folder {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("fauxforce-test-{}-{number}", std::process::id());
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One request over a connection of its own.
pub(crate) fn ask(edge: &Edge, request: impl AsRef<[u8]>) -> Answer {
    let mut wire = Wire::open(edge);
    wire.send(request);
    wire.answer()
}

/// A plain request.
pub(crate) const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A request with a body and more header lines.
pub(crate) fn post(headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{headers}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// The body that the handler was given.
pub(crate) fn body_of(request: &Request) -> Bytes {
    match &request.body {
        RequestBody::Bytes(bytes) => bytes.clone(),
        RequestBody::Reader(_) => panic!("the edge reads bodies whole"),
    }
}

/// A handler that answers with the body of the request.
#[allow(clippy::needless_pass_by_value)] // The signature of a handler.
pub(crate) fn echo(request: Request) -> Response {
    Response::status(200).body(body_of(&request))
}

/// An edge that keeps what its handler was given.
pub(crate) fn recording() -> (Edge, mpsc::Receiver<Request>) {
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    let edge = edge(move |request| {
        sender.lock().unwrap().send(request).unwrap();
        Response::status(204)
    });
    (edge, receiver)
}
