//! A request that has found its org.

use super::http::{Request, RequestBody};
use super::params::Params;
use super::strike::Struck;
use super::trace::Trace;
use crate::clock::Millis;
use crate::id::Id;
use crate::org::{Org, Orgs};
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::Arc;

/// A request on its way through an adapter.
pub struct Entry<'r> {
    /// All orgs.
    pub orgs: &'r Orgs,
    /// The request's org.
    pub org: Arc<Org>,
    /// The request.
    pub request: &'r Request,
    /// The decoded segments of its path; no empty ones.
    pub segments: &'r [Cow<'r, str>],
    /// The org's time.
    pub now: Millis,
    /// What is noted of it for the journal.
    pub trace: &'r Trace,
    /// What fault rules do to it.
    pub struck: &'r Struck,
}

impl<'r> Entry<'r> {
    /// The parameters of the query.
    pub fn params(&self) -> Params<'r> {
        Params::parse(&self.request.query)
    }

    /// The body; empty when it is to be streamed.
    pub fn body(&self) -> Bytes {
        match &self.request.body {
            RequestBody::Bytes(bytes) => bytes.clone(),
            RequestBody::Reader(_) => Bytes::new(),
        }
    }

    /// The token of the `Authorization` header: `Err` when the header is there and carries none.
    pub fn token(&self) -> Result<Option<&'r str>, ()> {
        token(self.request)
    }

    /// Where the client shall go on: `instance_url`, `serverUrl`, the identity URL's host.
    pub fn base_url(&self) -> String {
        base_url(self.orgs, self.request)
    }
}

/// The token of a request's `Authorization` header: `Err` when the header carries none.
pub fn token(request: &Request) -> Result<Option<&str>, ()> {
    let Some(header) = request.headers.get("authorization") else { return Ok(None) };
    let (scheme, token) = header.split_once(' ').ok_or(())?;
    let token = token.trim();
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
    if known && !token.is_empty() { Ok(Some(token)) } else { Err(()) }
}

/// The host that stands for the login hosts once a client is logged in.
const MY_DOMAIN: &str = "fauxforce.my.salesforce.com";

/// The URL at which the client reached this server, without a path. Who came through a login host
/// is sent to a My Domain host, as a real login does.
pub fn base_url(orgs: &Orgs, request: &Request) -> String {
    match &orgs.template.public_url {
        Some(public) => public.trim_end_matches('/').to_owned(),
        None if is_login_host(&request.origin.host) => with_scheme(request, MY_DOMAIN),
        None => addressed_url(request),
    }
}

/// The URL that the client addressed: its scheme, its `Host`, and its port unless it is the usual one.
pub fn addressed_url(request: &Request) -> String {
    let host = request.origin.host.as_str();
    let usual_port = if request.origin.secure { ":443" } else { ":80" };
    with_scheme(request, host.strip_suffix(usual_port).unwrap_or(host))
}

fn with_scheme(request: &Request, host: &str) -> String {
    let scheme = if request.origin.secure { "https" } else { "http" };
    format!("{scheme}://{host}")
}

/// True for the authority of a host at which clients log in to any org.
pub fn is_login_host(authority: &str) -> bool {
    let host = authority.split(':').next().unwrap_or_default();
    ["login.salesforce.com", "test.salesforce.com"].iter().any(|own| host.eq_ignore_ascii_case(own))
}

/// The org of a request by what any request can carry: the port, the header `X-Fauxforce-Org`, the
/// session. Logins look further (`auth`).
pub fn org_of(orgs: &Orgs, request: &Request) -> Option<Arc<Org>> {
    if let Some(name) = &request.origin.org {
        return orgs.named(name);
    }
    if let Some(name) = request.headers.get("x-fauxforce-org") {
        return super::control::org_named(orgs, name, request.received_at);
    }
    let token = token(request).ok().flatten().or_else(|| request.headers.get("x-sfdc-session"));
    if let Some(org) = token.and_then(|token| org_of_token(orgs, token)) {
        return Some(org);
    }
    orgs.named(crate::org::DEFAULT)
}

/// The org whose id a token begins with.
pub fn org_of_token(orgs: &Orgs, token: &str) -> Option<Arc<Org>> {
    let (org, _) = token.split_once('!')?;
    orgs.with_id(Id::parse(org).ok()?)
}
