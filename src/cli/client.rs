//! A blocking HTTP/1.1 client for the commands that talk to a running server: one request per
//! connection, over a plain `TcpStream`.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long connecting, and each read and write, may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers are read up to this many bytes.
const ANSWER_LIMIT: u64 = 256 * 1024 * 1024;

/// A server to talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// `host:port`.
    authority: String,
    /// What comes before every path; empty or beginning with `/`.
    prefix: String,
    /// The value of `Authorization`, if there is one.
    authorization: Option<String>,
    patience: Duration,
}

/// An answer, its body whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    /// Headers in order, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, its chunks joined.
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum ClientError {
    /// The URL is not one of a fauxforce server.
    Url(String),
    /// No connection, or one that broke.
    Connection(String, io::Error),
    /// A token with other characters than tokens have.
    Token,
    /// The other end does not speak HTTP/1.1.
    Protocol(&'static str),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Url(url) if url.starts_with("https://") => {
                write!(f, "{url}: commands talk http, which the same port serves: give --url http…")
            }
            ClientError::Url(url) => {
                write!(f, "{url}: not a URL like http://localhost:7357")
            }
            ClientError::Connection(authority, error)
                if error.kind() == io::ErrorKind::ConnectionRefused =>
            {
                write!(f, "no server at {authority}: start one with `fauxforce serve`, or say ")?;
                f.write_str("where it is with --url or FAUXFORCE_URL")
            }
            ClientError::Connection(authority, error) => {
                write!(f, "no answer from {authority}: {error}")
            }
            ClientError::Token => f.write_str("a token has printable ASCII characters only"),
            ClientError::Protocol(problem) => write!(f, "the answer is not HTTP: {problem}"),
        }
    }
}

impl Client {
    /// A client for `http://host[:port][/prefix]`.
    pub(crate) fn new(url: &str) -> Result<Client, ClientError> {
        let bad = || ClientError::Url(url.to_owned());
        let rest = url.strip_prefix("http://").ok_or_else(bad)?;
        let (authority, prefix) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if authority.is_empty() || authority.contains(['@', '?', '#']) || !is_plain(rest) {
            return Err(bad());
        }
        // What follows the last colon is a port, unless it is inside the brackets of IPv6.
        let has_port = authority.rfind(':').is_some_and(|colon| !authority[colon..].contains(']'));
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Client {
            authority,
            prefix: prefix.trim_end_matches('/').to_owned(),
            authorization: None,
            patience: PATIENCE,
        })
    }

    /// The same, waiting no longer than this for each step.
    pub(crate) fn patience(mut self, patience: Duration) -> Client {
        self.patience = patience;
        self
    }

    /// The same, sending this bearer token with every request. A token that cannot be a header's
    /// value is refused.
    pub(crate) fn bearer(mut self, token: &str) -> Result<Client, ClientError> {
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ClientError::Token);
        }
        self.authorization = Some(format!("Bearer {token}"));
        Ok(self)
    }

    /// Sends one request and reads its answer.
    pub(crate) fn send(
        &self,
        method: &str,
        target: &str,
        body: &[u8],
    ) -> Result<Answer, ClientError> {
        self.send_as("application/json", method, target, body)
    }

    /// The same with another content type.
    pub(crate) fn send_as(
        &self,
        content_type: &str,
        method: &str,
        target: &str,
        body: &[u8],
    ) -> Result<Answer, ClientError> {
        let mut raw = Vec::new();
        self.exchange(content_type, method, target, body, &mut raw)
            .map_err(|error| ClientError::Connection(self.authority.clone(), error))?;
        parse(&raw)
    }

    fn exchange(
        &self,
        content_type: &str,
        method: &str,
        target: &str,
        body: &[u8],
        raw: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut stream = self.connect()?;
        stream.set_read_timeout(Some(self.patience))?;
        stream.set_write_timeout(Some(self.patience))?;
        let mut request = format!(
            "{method} {}{target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept: \
             application/json\r\nUser-Agent: fauxforce/{}\r\n",
            self.prefix,
            self.authority,
            env!("CARGO_PKG_VERSION"),
        );
        if let Some(authorization) = &self.authorization {
            request.push_str("Authorization: ");
            request.push_str(authorization);
            request.push_str("\r\n");
        }
        if !body.is_empty() {
            request.push_str("Content-Type: ");
            request.push_str(content_type);
            request.push_str("\r\n");
        }
        if !body.is_empty() || method != "GET" {
            request.push_str("Content-Length: ");
            request.push_str(&body.len().to_string());
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        stream.write_all(&bytes)?;
        stream.take(ANSWER_LIMIT).read_to_end(raw)?;
        Ok(())
    }

    /// Tries all addresses of the host: `localhost` may be `::1` before it is 127.0.0.1.
    fn connect(&self) -> io::Result<TcpStream> {
        let mut problem = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in self.authority.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, self.patience) {
                Ok(stream) => return Ok(stream),
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }
}

/// Takes an answer apart that ended with its connection.
fn parse(raw: &[u8]) -> Result<Answer, ClientError> {
    let end = find(raw, b"\r\n\r\n").ok_or(ClientError::Protocol("it has no head"))?;
    let head = String::from_utf8_lossy(&raw[..end]);
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .filter(|line| line.starts_with("HTTP/1."))
        .and_then(|line| line.split(' ').nth(1)?.parse().ok())
        .ok_or(ClientError::Protocol("it has no status"))?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let rest = &raw[end + 4..];
    let value_of = |wanted: &str| {
        headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    };
    let body = if value_of("transfer-encoding").is_some() {
        joined_chunks(rest)?
    } else if let Some(length) = value_of("content-length").and_then(|text| text.parse().ok()) {
        rest.get(..length).ok_or(ClientError::Protocol("it ended early"))?.to_vec()
    } else {
        rest.to_vec()
    };
    Ok(Answer { status, headers, body })
}

fn joined_chunks(mut rest: &[u8]) -> Result<Vec<u8>, ClientError> {
    let cut = || ClientError::Protocol("it ended early");
    let mut body = Vec::new();
    loop {
        let line_end = find(rest, b"\r\n").ok_or_else(cut)?;
        let line = String::from_utf8_lossy(&rest[..line_end]);
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16)
            .map_err(|_| ClientError::Protocol("a chunk has no size"))?;
        rest = &rest[line_end + 2..];
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(rest.get(..size).ok_or_else(cut)?);
        rest = rest.get(size + 2..).ok_or_else(cut)?;
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let cases = [
            ("http://localhost:7357", Some(("localhost:7357", ""))),
            ("http://localhost:7357/", Some(("localhost:7357", ""))),
            ("http://ingress.test/fake/", Some(("ingress.test:80", "/fake"))),
            ("http://[::1]:7357", Some(("[::1]:7357", ""))),
            ("http://[::1]", Some(("[::1]:80", ""))),
            ("https://localhost", None),
            ("localhost:7357", None),
            ("http://", None),
            ("http://a b", None),
            ("http://a\r\nX: y", None),
        ];
        for (url, expected) in cases {
            let client = Client::new(url).ok();
            let parts = client.as_ref().map(|client| (&*client.authority, &*client.prefix));
            assert_eq!(parts, expected, "{url}");
        }
    }

    #[test]
    fn answers_are_taken_apart() {
        let whole = parse(b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\n\r\n{}").unwrap();
        assert_eq!(whole.status, 200);
        assert_eq!(whole.headers[0], ("x-a".to_owned(), "b".to_owned()));
        assert_eq!(whole.body, b"{}");
        let chunked =
            b"HTTP/1.1 404 X\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
        assert_eq!(parse(chunked).unwrap().body, b"abc");
        for broken in [
            &b"HTTP/1.1 200 OK\r\n"[..],
            b"SSH-2.0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        ] {
            assert!(parse(broken).is_err());
        }
    }
}
