//! Requests and answers become exchanges. On the way of every request: what it holds is moved, and
//! nothing is read.

use super::super::facts::Facts;
use super::super::http::{Request, RequestBody, Response, ResponseBody};
use super::super::route;
use super::super::trace::{Noted, Part};
use crate::clock::Millis;
use crate::org::{Body, Exchange, Org, Told};
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::OnceLock;

/// What the answers inside composite ones are.
const JSON: &[u8] = super::super::reply::JSON.as_bytes();

/// Records a request and its answer, and the requests inside it, in the journal of its org.
pub fn record(request: Request, response: &Response, noted: Noted, duration: u64) {
    let Some(org) = noted.org.filter(|org| org.journal.is_on()) else { return };
    let at = org.now(request.received_at);
    let parts = noted.parts.into_iter().map(|part| of_part(part, &org, at)).collect();
    let mut exchange = of_request(request, &org, at);
    exchange.status = response.status;
    let headers = response.headers.iter();
    exchange.response_headers =
        headers.map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
    exchange.response_body = match &response.body {
        ResponseBody::Bytes(bytes) => Body::of(bytes),
        ResponseBody::Pieces(_) => Body::default(),
    };
    exchange.duration = duration;
    exchange.fault = noted.fault;
    org.journal.record(exchange, parts);
}

/// The half of the exchange that is the request.
fn of_request(request: Request, org: &Org, at: Millis) -> Exchange {
    let told = OnceLock::new();
    let request_body = match &request.body {
        RequestBody::Bytes(bytes) => Body::copied(bytes),
        RequestBody::Reader(_) => Body::default(),
    };
    if !request_body.is_whole() {
        // What is cut off cannot be read later.
        let segments = route::segments(&request.path).unwrap_or_default();
        let _ = told.set(tell(&Facts::of(&request, &segments), org));
    }
    Exchange {
        at,
        method: request.method.name(),
        path: request.path,
        query: request.query,
        host: request.origin.host,
        secure: request.origin.secure,
        request_headers: request.headers.into_pairs(),
        request_body,
        told,
        ..Exchange::default()
    }
}

fn of_part(part: Part, org: &Org, at: Millis) -> Exchange {
    let mut exchange = of_request(part.request, org, at);
    exchange.status = part.status;
    let value = |value: Cow<'static, str>| Bytes::from(value.into_owned());
    let headers = part.headers.into_iter();
    exchange.response_headers =
        headers.map(|(name, text)| (Cow::Borrowed(name), value(text))).collect();
    if !part.body.is_empty() {
        exchange.response_headers.push((Cow::Borrowed("Content-Type"), Bytes::from_static(JSON)));
    }
    exchange.response_body = Body::of(&part.body);
    exchange.duration = part.duration;
    exchange.fault = part.fault;
    exchange
}

/// What an exchange is about, as the journal says it.
pub(super) fn tell(facts: &Facts<'_>, org: &Org) -> Told {
    Told {
        protocol: facts.protocol.name(),
        operation: facts.operation().name(),
        object: facts.object(&org.read().schema),
    }
}
