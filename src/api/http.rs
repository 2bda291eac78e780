//! A request and its response as plain data: what the socket, composite sub-requests, the
//! in-process `org.call(…)`, tests and fuzzers all hand to [`handle`](super::handle).

use crate::clock::Millis;
use crate::org::faults::Hold;
use bytes::Bytes;
use std::borrow::Cow;
use std::fmt;
use std::io::Read;

/// A request method. Others than these are refused by the edge with 501.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The names say it.
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Method {
    /// The method of an upper-case name.
    pub fn parse(name: &str) -> Option<Method> {
        Some(match name {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            "OPTIONS" => Method::Options,
            _ => return None,
        })
    }

    /// Its upper-case name.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
            Method::Options => "OPTIONS",
        }
    }
}

/// Headers in order of arrival, names in lower case.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(compact_str::CompactString, compact_str::CompactString)>);

impl Headers {
    /// No headers, with room for `count`.
    pub fn with_capacity(count: usize) -> Headers {
        Headers(Vec::with_capacity(count))
    }

    /// Adds a header; the name is folded to lower case.
    pub fn push(&mut self, name: &str, value: &str) {
        let mut name = compact_str::CompactString::new(name);
        name.make_ascii_lowercase();
        self.0.push((name, compact_str::CompactString::new(value)));
    }

    /// The first value under a lower-case name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// All headers.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// How the client reached the server; links in answers echo it.
#[derive(Clone, Debug)]
pub struct Origin {
    /// True over TLS.
    pub secure: bool,
    /// The authority that the client addressed (`Host`, `:authority` or the absolute form), with
    /// its port if it gave one.
    pub host: String,
    /// The org that listens on this port alone, if the port belongs to one.
    pub org: Option<String>,
    /// True when the peer's address is loopback.
    pub loopback: bool,
}

impl Default for Origin {
    fn default() -> Origin {
        Origin { secure: false, host: "localhost".to_owned(), org: None, loopback: true }
    }
}

/// A request body: in memory, or a reader that blocks (big uploads).
pub enum RequestBody {
    /// All of it.
    Bytes(Bytes),
    /// To be read piece by piece; the adapter that reads it bounds it.
    Reader(Box<dyn Read + Send>),
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestBody::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            RequestBody::Reader(_) => f.write_str("Reader"),
        }
    }
}

/// One request, as the edge normalised it.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path as it was sent, still percent-encoded, without the query.
    pub path: String,
    /// The query as it was sent, without `?`; empty when there is none.
    pub query: String,
    /// Headers. `Content-Encoding` is already undone by the edge.
    pub headers: Headers,
    /// The body.
    pub body: RequestBody,
    /// How the client came.
    pub origin: Origin,
    /// The system's time when the request arrived.
    pub received_at: Millis,
    /// How far it had come before it had to wait; nothing for one that comes first.
    pub resumed: Resumed,
}

/// How far a request had come before it had to wait: see [`Pause`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Resumed {
    /// When it came first, in the ticks of the process.
    pub(super) began: Option<u64>,
    /// The fault rules up to this place were asked.
    pub(super) past: u64,
    /// It has waited for locked rows.
    pub(super) waited: bool,
    /// What rules do to its answer.
    pub(super) transport: Transport,
}

impl Resumed {
    /// True for a request that has waited.
    pub fn is_again(&self) -> bool {
        self.past > 0
    }
}

impl Request {
    /// A request with nothing but a method and a target (`/path?query`), as from this machine.
    pub fn new(method: Method, target: &str) -> Request {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Request {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: Headers::default(),
            body: RequestBody::Bytes(Bytes::new()),
            origin: Origin::default(),
            received_at: crate::clock::system_now(),
            resumed: Resumed::default(),
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push(name, value);
        self
    }

    /// The same with a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Request {
        self.body = RequestBody::Bytes(body.into());
        self
    }

    /// The same with a JSON body and its content type.
    #[must_use]
    pub fn json(self, body: impl Into<Bytes>) -> Request {
        self.header("content-type", "application/json").body(body)
    }

    /// The same with a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Request {
        self.header("authorization", &format!("Bearer {token}"))
    }
}

/// A response body: in memory, or pieces made while they are sent.
pub enum ResponseBody {
    /// All of it.
    Bytes(Bytes),
    /// Piece by piece; an error ends the connection.
    Pieces(Box<dyn Iterator<Item = std::io::Result<Bytes>> + Send>),
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResponseBody::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            ResponseBody::Pieces(_) => f.write_str("Pieces"),
        }
    }
}

/// What the edge does to a response on purpose (faults).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// Wait this long before answering.
    pub delay: Millis,
    /// Close the connection without an answer.
    pub drop: bool,
    /// Send only so many bytes of the body, then close.
    pub truncate: Option<u64>,
}

/// A request that has to wait, although nothing was done yet. Who answers requests waits, sets
/// `received_at` anew and hands the request in again.
#[derive(Debug)]
pub struct Pause {
    /// How long it waits.
    pub until: Until,
    /// The request.
    pub request: Request,
}

/// How long a request waits.
#[derive(Debug)]
pub enum Until {
    /// Until it is released; a future, and a thread may wait for it too.
    Released(Hold),
    /// For so long, of real time.
    Later(Millis),
}

/// The value of a response header. What many answers share is shared without a copy.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderText(Bytes);

impl HeaderText {
    /// Its bytes, UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its bytes, UTF-8, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl std::ops::Deref for HeaderText {
    type Target = str;

    fn deref(&self) -> &str {
        // It was made of text; the check is cheap and headers are short.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl From<&'static str> for HeaderText {
    fn from(text: &'static str) -> HeaderText {
        HeaderText(Bytes::from_static(text.as_bytes()))
    }
}

impl From<String> for HeaderText {
    fn from(text: String) -> HeaderText {
        HeaderText(Bytes::from(text))
    }
}

impl From<Cow<'static, str>> for HeaderText {
    fn from(text: Cow<'static, str>) -> HeaderText {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

/// An answer that is not there yet. Whoever was handed it asks again, now and then, until it is.
pub struct Pending {
    /// True when it is worth asking; quick, and given the system's time.
    pub has_news: Box<dyn Fn(Millis) -> bool + Send>,
    /// Asks, given the system's time.
    pub ask: Box<dyn FnMut(Millis) -> Option<Response> + Send>,
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}

impl Pending {
    /// How long to wait before asking again, in milliseconds.
    pub const PAUSE: u64 = 5;
}

/// One response.
#[derive(Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers in the order they are sent. `Content-Length` and chunking belong to the edge; `Date`
    /// is here, because it is the org's.
    pub headers: Vec<(Cow<'static, str>, HeaderText)>,
    /// The body.
    pub body: ResponseBody,
    /// What the edge does to it on purpose.
    pub transport: Transport,
    /// This is no answer yet: the request has to wait.
    pub pause: Option<Box<Pause>>,
    /// The answer comes later; all else here is nothing.
    pub pending: Option<Box<Pending>>,
}

impl Response {
    /// An answer without headers or body.
    pub fn status(status: u16) -> Response {
        Response {
            status,
            // The usual answer has a dozen headers.
            headers: Vec::with_capacity(14),
            body: ResponseBody::Bytes(Bytes::new()),
            transport: Transport::default(),
            pause: None,
            pending: None,
        }
    }

    /// No answer yet: the request has to wait.
    pub(super) fn waiting(pause: Box<Pause>) -> Response {
        Response { pause: Some(pause), ..Response::status(0) }
    }

    /// An answer that comes later.
    pub fn later(pending: Pending) -> Response {
        Response { pending: Some(Box::new(pending)), ..Response::status(202) }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<HeaderText>,
    ) -> Response {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same with a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Response {
        self.body = ResponseBody::Bytes(body.into());
        self
    }

    /// The first value under a header name, letter case aside.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    /// The whole body as bytes; pieces are joined.
    pub fn into_bytes(self) -> std::io::Result<Bytes> {
        match self.body {
            ResponseBody::Bytes(bytes) => Ok(bytes),
            ResponseBody::Pieces(pieces) => {
                let mut all = Vec::new();
                for piece in pieces {
                    all.extend_from_slice(&piece?);
                }
                Ok(all.into())
            }
        }
    }
}
