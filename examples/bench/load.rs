//! The load generator: a process of its own that sends the same bytes over and over and reads
//! answers with a `Content-Length`. It prints the number of answers when done.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::CertificateDer;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

/// `load AUTHORITY CONNECTIONS REQUESTS`, the request's bytes on standard input.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let [authority, connections, requests] = arguments else {
        return Err("load takes AUTHORITY CONNECTIONS REQUESTS".to_owned());
    };
    let parse = |text: &str| text.parse::<usize>().map_err(|error| error.to_string());
    let connections = parse(connections)?.max(1);
    let each = parse(requests)? / connections;
    let mut request = Vec::new();
    std::io::stdin().read_to_end(&mut request).map_err(|error| error.to_string())?;

    let outcomes: Vec<Result<(), String>> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..connections).map(|_| scope.spawn(|| repeat(authority, &request, each))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".to_owned())))
            .collect()
    });
    outcomes.into_iter().collect::<Result<(), String>>()?;
    println!("{}", each * connections);
    Ok(())
}

/// `load-tls AUTHORITY COUNT`: so many connections over TLS, each with a full handshake and the
/// request that is on standard input.
pub(crate) fn handshakes(authority: &str, count: &str) -> Result<(), String> {
    let count: usize = count.parse().map_err(|_| "not a number".to_owned())?;
    let mut request = Vec::new();
    std::io::stdin().read_to_end(&mut request).map_err(|error| error.to_string())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    let config = Arc::new(config);
    let name = rustls::pki_types::ServerName::try_from("login.salesforce.com")
        .map_err(|error| error.to_string())?;
    let mut first = [0; 4096];
    for _ in 0..count {
        let stream = TcpStream::connect(authority).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let session = rustls::ClientConnection::new(Arc::clone(&config), name.clone())
            .map_err(|error| error.to_string())?;
        let mut stream = rustls::StreamOwned::new(session, stream);
        stream.write_all(&request).map_err(|error| error.to_string())?;
        let length = stream.read(&mut first).map_err(|error| error.to_string())?;
        if !first[..length].starts_with(b"HTTP/1.1 200") {
            return Err("not answered 200".to_owned());
        }
    }
    println!("{count}");
    Ok(())
}

/// Trusts every certificate: the client's work is not measured.
#[derive(Debug)]
struct AnyCertificate(Arc<rustls::crypto::CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Sends the request so many times over one connection.
fn repeat(authority: &str, request: &[u8], times: usize) -> Result<(), String> {
    let mut connection = Connection::open(authority)?;
    for _ in 0..times {
        connection.exchange(request)?;
    }
    Ok(())
}

/// A keep-alive connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Connection {
    /// Connects to `host:port`.
    pub(crate) fn open(authority: &str) -> Result<Connection, String> {
        let stream = TcpStream::connect(authority).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(Connection { stream: BufReader::new(stream), line: String::new(), body: Vec::new() })
    }

    /// Sends a request and reads its answer; returns the status. 5xx is an error.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<u16, String> {
        self.stream.get_mut().write_all(request).map_err(|error| error.to_string())?;
        self.read_line()?;
        let status: u16 = self
            .line
            .split(' ')
            .nth(1)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| format!("not a status line: {:?}", self.line))?;
        let mut length = 0;
        loop {
            self.read_line()?;
            if self.line.trim_end().is_empty() {
                break;
            }
            let Some((name, value)) = self.line.split_once(':') else { continue };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(|_| "bad Content-Length".to_owned())?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err("chunked answers are not read here".to_owned());
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).map_err(|error| error.to_string())?;
        if status >= 500 {
            return Err(format!("status {status}: {}", String::from_utf8_lossy(&self.body)));
        }
        Ok(status)
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    fn read_line(&mut self) -> Result<(), String> {
        self.line.clear();
        match self.stream.read_line(&mut self.line) {
            Ok(0) => Err("the server closed the connection".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}
