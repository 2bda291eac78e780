//! Which adapter answers a request. Reads like the API's table of contents.

use super::entry::{self, Entry};
use super::http::{Request, Response};
use super::journal;
use super::params::decode_segment;
use super::reply;
use super::strike::Struck;
use super::trace::Trace;
use crate::error::OrgError;
use crate::org::Orgs;
use std::borrow::Cow;

/// Most bytes of a path and query; more is 414.
const LONGEST_URI: usize = 16_384;

/// Answers a request. A plain, synchronous function: the socket, composite sub-requests, the
/// in-process `call`, tests and fuzzers all come through here.
pub fn handle(orgs: &Orgs, mut request: Request) -> Response {
    let began = *request.resumed.began.get_or_insert_with(|| orgs.ticks());
    let trace = Trace::default();
    let struck = Struck::of(&request);
    let response = answer(orgs, &request, &trace, &struck);
    let (request, response) = match struck.close(request, response) {
        Ok(answered) => answered,
        // It comes again.
        Err(pause) => return Response::waiting(pause),
    };
    if let Some(noted) = trace.close() {
        let duration = orgs.ticks().saturating_sub(began);
        journal::record(&request, &response, noted, duration);
    }
    response
}

fn answer(orgs: &Orgs, request: &Request, trace: &Trace, struck: &Struck) -> Response {
    if request.path.len() + request.query.len() > LONGEST_URI {
        return astray(orgs, request, trace, &OrgError::uri_too_long());
    }
    let Some(segments) = segments(&request.path) else {
        return astray(orgs, request, trace, &OrgError::not_found());
    };
    orgs.expire(request.received_at);
    let parts: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    if let ["_fauxforce", ..] = parts[..] {
        return super::control::handle(orgs, request, &segments[1..]);
    }
    let Some(org) = entry::org_of(orgs, request) else {
        return astray(orgs, request, trace, &OrgError::unknown_org());
    };
    trace.belongs_to(&org);
    let now = org.now(request.received_at);
    org.sweep(now);
    let entry = Entry { orgs, org, request, segments: &segments, now, trace, struck };
    match parts[..] {
        ["services", "data"] => super::rest::versions(&entry),
        ["services", "data", version, ..] => super::rest::handle(&entry, version),
        ["services", "oauth2" | "Soap", ..]
        | ["id" | ".well-known", ..]
        | ["setup", "connect", ..] => super::auth::handle(&entry),
        ["services", "async", ..] => unsupported(&entry, "Bulk API 1.0"),
        ["services", "apexrest", ..] => super::apex_rest::handle(&entry),
        ["services", "scim", ..] => super::scim::handle(&entry),
        ["profile" | "provisioning", ..] => super::concur::handle(&entry),
        ["cometd", ..] => unsupported(&entry, "Streaming API"),
        [] => super::auth::login_page(&entry),
        _ => reply::refusal(&entry, &OrgError::not_found()),
    }
}

fn unsupported(entry: &Entry<'_>, what: &str) -> Response {
    let error = OrgError::not_emulated(what, "It is planned; use the REST API meanwhile.");
    reply::refusal(entry, &error)
}

/// The answer to a request that finds no adapter. It tells its org's time if it has one, else the
/// default org's.
fn astray(orgs: &Orgs, request: &Request, trace: &Trace, error: &OrgError) -> Response {
    let org = entry::org_of(orgs, request).or_else(|| orgs.named(crate::org::DEFAULT));
    if let Some(org) = &org {
        trace.belongs_to(org);
    }
    let now = org.map_or(request.received_at, |org| org.now(request.received_at));
    reply::edge_error(request, now, error)
}

/// The decoded segments of a path. Leading slashes collapse (the `sf` CLI sends `//services/…`) and
/// one trailing slash is nothing; an empty segment inside, or one that is not UTF-8, is `None`.
pub(super) fn segments(path: &str) -> Option<Vec<Cow<'_, str>>> {
    let path = path.trim_start_matches('/');
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Some(Vec::new());
    }
    path.split('/').map(|part| decode_segment(part).filter(|_| !part.is_empty())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes() {
        let split = |path| segments(path).map(|parts| parts.join("|"));
        assert_eq!(split("//services/data/").as_deref(), Some("services|data"));
        assert_eq!(split("/services//data"), None);
        assert_eq!(split("/services/data//"), None);
        assert_eq!(split("/").as_deref(), Some(""));
        assert_eq!(split("/a%2Fb/c%20d").as_deref(), Some("a/b|c d"));
        assert_eq!(split("/a/%ff"), None);
    }
}
