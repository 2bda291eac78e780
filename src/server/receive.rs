//! A request as hyper read it becomes a plain [`Request`]: limits are checked, the body is read
//! whole and its coding undone.

use super::coding::{self, Coding, Undecodable};
use super::connection::Visit;
use crate::api::{Headers, Method, Origin, Request, RequestBody, Resumed};
use crate::error::OrgError;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::uri::Scheme;
use std::borrow::Cow;
use std::time::Duration;

/// The longest URI, and the longest URI and headers together (rest.md §1.1).
const HEAD_LIMIT: usize = 16_384;

/// `: ` and the line break of each header.
const HEADER_OVERHEAD: usize = 4;

/// What is read and thrown away of a refused body before the answer, so that a client that writes
/// before it reads gets to see the answer.
const DRAIN_LIMIT: u64 = 1024 * 1024 * 1024;

/// A client that sends nothing for so long is waiting for the answer.
const DRAIN_PAUSE: Duration = Duration::from_millis(250);

/// The head of a request and what the edge itself needs to know of it.
pub(super) struct Received {
    /// The request, its body still empty.
    pub(super) request: Request,
    /// The codings that the body is under, outermost last.
    pub(super) content_encoding: Option<String>,
    /// The coding that the client asks for.
    pub(super) accepts: Option<Coding>,
}

/// Reads the head. `fallback_host` is for clients that name none, not even in a `CONNECT`.
pub(super) fn head(
    parts: &Parts,
    fallback_host: &str,
    org: Option<&str>,
    visit: &Visit,
) -> Result<Received, OrgError> {
    let Some(method) = method(&parts.method) else {
        return Err(OrgError::unknown_method(parts.method.as_str()));
    };
    let authority = parts.uri.authority().map(hyper::http::uri::Authority::as_str);
    let path = parts.uri.path();
    let query = parts.uri.query().unwrap_or_default();
    let mut length = path.len() + query.len() + 1;
    if let (Some(scheme), Some(authority)) = (parts.uri.scheme_str(), authority)
        && parts.version < hyper::Version::HTTP_2
    {
        length += scheme.len() + "://".len() + authority.len();
    }
    if length > HEAD_LIMIT {
        return Err(OrgError::uri_too_long());
    }

    let mut headers = Headers::with_capacity(parts.headers.len());
    let mut content_encoding = None;
    let mut accepts = None;
    let mut host = authority;
    for (name, value) in &parts.headers {
        length += name.as_str().len() + value.len() + HEADER_OVERHEAD;
        let value = text_of(value);
        if name == header::CONTENT_ENCODING {
            content_encoding = Some(value.clone().into_owned());
        } else if name == header::ACCEPT_ENCODING {
            accepts = coding::asked_for(&value);
        } else if name == header::IF_NONE_MATCH || name == header::IF_MATCH {
            // The edge added the suffix to the ETag, so it takes it off again.
            headers.push(name.as_str(), &value.replace("-gzip\"", "\""));
            continue;
        } else if name == header::HOST && host.is_none() {
            host = parts.headers.get(name).and_then(|value| value.to_str().ok());
        }
        headers.push(name.as_str(), &value);
    }
    if length > HEAD_LIMIT {
        return Err(OrgError::headers_too_large());
    }

    let origin = Origin {
        // Some clients send `https` targets in the clear to a proxy.
        secure: visit.secure || parts.uri.scheme() == Some(&Scheme::HTTPS),
        host: host.map_or_else(|| visit.called(fallback_host), str::to_owned),
        org: org.map(str::to_owned),
        loopback: visit.loopback,
    };
    let request = Request {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: RequestBody::Bytes(Bytes::new()),
        origin,
        received_at: crate::clock::system_now(),
        resumed: Resumed::default(),
    };
    Ok(Received { request, content_encoding, accepts })
}

/// The text of a header value. Nearly all are UTF-8; of the others something is kept.
fn text_of(value: &HeaderValue) -> Cow<'_, str> {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(value.as_bytes()),
    }
}

fn method(method: &hyper::Method) -> Option<Method> {
    Some(match *method {
        hyper::Method::GET => Method::Get,
        hyper::Method::POST => Method::Post,
        hyper::Method::PATCH => Method::Patch,
        hyper::Method::DELETE => Method::Delete,
        hyper::Method::PUT => Method::Put,
        hyper::Method::HEAD => Method::Head,
        hyper::Method::OPTIONS => Method::Options,
        _ => return None,
    })
}

/// Reads a body of at most `limit` bytes. One that came in one piece is not copied.
pub(super) async fn body(incoming: &mut Incoming, limit: u64) -> Result<Bytes, OrgError> {
    let expected = incoming.size_hint().lower();
    if expected > limit {
        return Err(OrgError::body_too_large(limit));
    }
    let Some(first) = next(incoming).await? else { return Ok(Bytes::new()) };
    if first.len() as u64 > limit {
        return Err(OrgError::body_too_large(limit));
    }
    if incoming.is_end_stream() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity((expected as usize).max(first.len()));
    whole.extend_from_slice(&first);
    while let Some(bytes) = next(incoming).await? {
        if (whole.len() + bytes.len()) as u64 > limit {
            return Err(OrgError::body_too_large(limit));
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole.freeze())
}

/// The next bytes of a body; `None` at its end. Trailers are dropped.
async fn next(incoming: &mut Incoming) -> Result<Option<Bytes>, OrgError> {
    loop {
        let Some(frame) = incoming.frame().await else { return Ok(None) };
        if let Ok(bytes) = frame.map_err(|_| OrgError::broken_body())?.into_data() {
            return Ok(Some(bytes));
        }
    }
}

/// Undoes the codings of a body.
pub(super) fn decoded(body: Bytes, content_encoding: &str, limit: u64) -> Result<Bytes, OrgError> {
    let mut body = body;
    for token in content_encoding.rsplit(',').map(str::trim) {
        if token.is_empty() || token.eq_ignore_ascii_case("identity") {
            continue;
        }
        let unreadable = || OrgError::bad_content_encoding(token);
        let coding = Coding::parse(token).ok_or_else(unreadable)?;
        body = coding::decode(coding, &body, limit).map_err(|problem| match problem {
            Undecodable::Malformed => unreadable(),
            Undecodable::TooLarge => OrgError::body_too_large(limit),
        })?;
    }
    Ok(body)
}

/// Reads on after a refusal, until the body ends or the client stops sending.
pub(super) async fn drain(incoming: &mut Incoming) {
    let mut drained = 0;
    while drained < DRAIN_LIMIT && !incoming.is_end_stream() {
        match tokio::time::timeout(DRAIN_PAUSE, next(incoming)).await {
            Ok(Ok(Some(bytes))) => drained += bytes.len() as u64,
            _ => return,
        }
    }
}
