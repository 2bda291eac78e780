//! Requests and answers become exchanges. On the way of every request: texts are copied, and nothing
//! is read.

use super::super::facts::Facts;
use super::super::http::{Request, RequestBody, Response, ResponseBody};
use super::super::reply::JSON;
use super::super::route;
use super::super::trace::{Noted, Part};
use crate::clock::Millis;
use crate::org::{Exchange, MOST_OF_BODY, Org, Texts, Told};
use std::sync::OnceLock;

/// Records a request and its answer, and the requests inside it, in the journal of its org.
pub fn record(request: &Request, response: &Response, noted: Noted, duration: u64) {
    let Some(org) = noted.org.filter(|org| org.journal.is_on()) else { return };
    let at = org.now(request.received_at);
    let parts = noted.parts.into_iter().map(|part| of_part(part, &org, at)).collect();
    let (body, response_length) = match &response.body {
        ResponseBody::Bytes(bytes) => (&bytes[..], Some(bytes.len())),
        ResponseBody::Pieces(_) => (&[][..], None),
    };
    let mut exchange = of_request(request, &org, at);
    exchange.status = response.status;
    exchange.duration = duration;
    exchange.fault = noted.fault;
    exchange.response_length = response_length;
    let headers = response.headers.iter().map(|(name, value)| (&**name, value.as_bytes()));
    org.journal.record(exchange.with(texts(request, headers, body)), parts);
}

/// What of the exchange is the request, but for its texts.
fn of_request(request: &Request, org: &Org, at: Millis) -> Exchange {
    let told = OnceLock::new();
    let request_length = match &request.body {
        RequestBody::Bytes(bytes) => Some(bytes.len()),
        RequestBody::Reader(_) => None,
    };
    if request_length.is_none_or(|length| length > MOST_OF_BODY) {
        // What is cut off cannot be read later.
        let segments = route::segments(&request.path).unwrap_or_default();
        let _ = told.set(tell(&Facts::of(request, &segments), org));
    }
    let mut exchange = Exchange::default();
    exchange.at = at;
    exchange.method = request.method.name();
    exchange.secure = request.origin.secure;
    exchange.told = told;
    exchange.request_length = request_length;
    exchange
}

fn texts<'t, A>(
    request: &'t Request,
    response_headers: A,
    response_body: &'t [u8],
) -> Texts<'t, impl Iterator<Item = (&'t str, &'t [u8])> + Clone + use<'t, A>, A> {
    Texts {
        path: &request.path,
        query: &request.query,
        host: &request.origin.host,
        request_headers: request.headers.iter().map(|(name, value)| (name, value.as_bytes())),
        response_headers,
        request_body: match &request.body {
            RequestBody::Bytes(bytes) => bytes,
            RequestBody::Reader(_) => &[],
        },
        response_body,
    }
}

fn of_part(part: Part, org: &Org, at: Millis) -> Exchange {
    let headers = part.headers.iter().map(|(name, value)| (*name, value.as_bytes()));
    let typed = (!part.body.is_empty()).then_some(("Content-Type", JSON.as_bytes()));
    let mut exchange = of_request(&part.request, org, at);
    exchange.status = part.status;
    exchange.duration = part.duration;
    exchange.fault = part.fault;
    exchange.response_length = Some(part.body.len());
    exchange.with(texts(&part.request, headers.chain(typed), &part.body))
}

/// What an exchange is about, as the journal says it.
pub(super) fn tell(facts: &Facts<'_>, org: &Org) -> Told {
    Told {
        protocol: facts.protocol.name(),
        operation: facts.operation().name(),
        object: facts.object(&org.read().schema),
    }
}
