//! Sub-requests: read from the JSON of a composite request, batch or graph, run through the same
//! dispatch as requests of the socket, and written into the answer.

use super::super::body::{self, Sent};
use super::super::entry::Entry;
use super::super::http::{Headers, Method, Request, RequestBody};
use super::super::reply::{self, Body, HINT, Reply};
use super::super::rest::{self, Call};
use super::super::trace::{Part, Trace};
use super::super::{hints, json, params::Params, route, strike};
use crate::error::{Faults, OrgError};
use crate::org::Unit;
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::Arc;

/// What all data resources begin with.
pub(super) const DATA: &str = "/services/data/";

/// A sub-request as it was sent.
#[derive(Clone, Debug)]
pub(super) struct SubRequest<'b> {
    /// Letter case counts.
    pub(super) method: Cow<'b, str>,
    pub(super) url: Cow<'b, str>,
    pub(super) reference: Cow<'b, str>,
    pub(super) headers: Vec<(Cow<'b, str>, Cow<'b, str>)>,
    /// The JSON text of its body.
    pub(super) body: Option<&'b str>,
}

/// Headers that sub-requests take from the request around them and must not have themselves.
const INHERITED: [&str; 3] = ["Accept", "Authorization", "Content-Type"];

impl<'b> SubRequest<'b> {
    /// Reads one of `compositeRequest`.
    pub(super) fn read(text: &'b str) -> Result<SubRequest<'b>, OrgError> {
        if !text.starts_with('{') {
            return Err(OrgError::member_misshapen("compositeRequest"));
        }
        let (mut method, mut url, mut reference) = (None, None, None);
        let (mut headers, mut body) = (Vec::new(), None);
        for (name, value) in body::raw_members(text)? {
            match &*name {
                "method" => method = Some(string("method", value)?),
                "url" => url = Some(string("url", value)?),
                // The documentation writes it both ways.
                "referenceId" | "referenceID" => reference = Some(string("referenceId", value)?),
                "httpHeaders" if value != "null" => headers = read_headers(value)?,
                "body" if value != "null" => body = Some(value),
                _ => {}
            }
        }
        let missing = OrgError::member_missing;
        Ok(SubRequest {
            method: method.ok_or_else(|| missing("method"))?,
            url: url.ok_or_else(|| missing("url"))?,
            reference: reference.ok_or_else(|| missing("referenceId"))?,
            headers,
            body,
        })
    }

    /// True when its reference id may be one: a letter or digit, then letters, digits, underscores.
    pub(super) fn has_legal_reference(&self) -> bool {
        self.reference.starts_with(|c: char| c.is_ascii_alphanumeric())
            && self.reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }

    /// Its path below the version, without the query: `sobjects/Account`.
    pub(super) fn resource(&self) -> &str {
        let path = self.url.split('?').next().unwrap_or_default();
        let below = path.strip_prefix(DATA).and_then(|path| path.split_once('/'));
        below.map_or("", |(_, resource)| resource.trim_end_matches('/'))
    }
}

/// The text of a member that must be a string; any scalar is one.
pub(super) fn string<'b>(name: &str, value: &'b str) -> Result<Cow<'b, str>, OrgError> {
    match body::value(value)? {
        Sent::Scalar(super::super::body::Scalar::Text(text)) => Ok(text),
        Sent::Scalar(scalar) => Ok(Cow::Owned(scalar.shown().to_owned())),
        _ => Err(OrgError::member_misshapen(name)),
    }
}

/// True for `true` and `"true"`.
pub(super) fn is_true(value: &str) -> bool {
    value.trim_matches('"').eq_ignore_ascii_case("true")
}

type HeaderPairs<'b> = Vec<(Cow<'b, str>, Cow<'b, str>)>;

fn read_headers(value: &str) -> Result<HeaderPairs<'_>, OrgError> {
    if !value.starts_with('{') {
        return Err(OrgError::member_misshapen("httpHeaders"));
    }
    let pairs = body::raw_members(value)?.into_iter();
    pairs
        .map(|(name, value)| {
            if INHERITED.iter().any(|own| own.eq_ignore_ascii_case(&name)) {
                return Err(OrgError::header_not_allowed(&name));
            }
            Ok((name, string("httpHeaders", value)?))
        })
        .collect()
}

/// The request body of a composite resource: JSON text.
pub(super) fn json_text<'b>(call: &Call<'_>, bytes: &'b Bytes) -> Result<&'b str, OrgError> {
    let content_type = call.entry.request.headers.get("content-type").unwrap_or_default();
    let media = content_type.split(';').next().unwrap_or_default().trim();
    if bytes.is_empty() {
        return Err(OrgError::no_entity_body());
    }
    if !(media.is_empty() || media.eq_ignore_ascii_case("application/json")) {
        return Err(match call.entry.segments.get(4).map(AsRef::as_ref) {
            // Real orgs read XML and multipart bodies here; how the XML looks is not documented.
            Some(name @ ("batch" | "sobjects")) if is_other_form(media) => {
                OrgError::composite_media_not_emulated(media, name)
            }
            _ => OrgError::unsupported_media_type(content_type),
        });
    }
    let text = body::utf8(bytes)?.trim_matches([' ', '\t', '\r', '\n']);
    if text.is_empty() {
        return Err(OrgError::no_entity_body());
    }
    Ok(text)
}

/// True for a request with a body of XML.
pub(super) fn is_xml(call: &Call<'_>) -> bool {
    let content_type = call.entry.request.headers.get("content-type").unwrap_or_default();
    let media = content_type.split(';').next().unwrap_or_default().trim();
    ["application/xml", "text/xml"].iter().any(|own| own.eq_ignore_ascii_case(media))
}

fn is_other_form(media: &str) -> bool {
    ["application/xml", "text/xml", "multipart/form-data"]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(media))
}

/// A sub-request with its references replaced.
pub(super) struct Ready<'a> {
    pub(super) method: &'a str,
    /// Path and query, from `/services/data` on.
    pub(super) url: &'a str,
    pub(super) headers: Headers,
    pub(super) body: Bytes,
}

/// What a sub-request was answered.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, Cow<'static, str>)>,
    /// JSON; `null` for none.
    pub(super) body: Cow<'static, str>,
    /// Its faults, if it failed.
    pub(super) faults: Faults,
}

impl Answer {
    /// The answer of a sub-request that was refused.
    pub(super) fn refused(faults: Faults) -> Answer {
        let status = faults.first().map_or(500, |fault| fault.status);
        let body = Cow::Owned(reply::faults_json(&faults));
        Answer { status, headers: Vec::new(), body, faults }
    }

    fn of(mut reply: Reply) -> Answer {
        // What helps a developer stands on the answer as a whole, not on its parts.
        reply.headers.retain(|(name, _)| *name != HINT);
        let body = match reply.body {
            Body::None => Cow::Borrowed("null"),
            Body::Json(text, _) | Body::Compact(text, _) => Cow::Owned(text),
            Body::Raw(..) => return Answer::refused(OrgError::blob_in_composite().into()),
        };
        Answer { status: reply.status, headers: reply.headers, body, faults: Faults::new() }
    }

    /// True for statuses from 400 on.
    pub(super) fn is_failure(&self) -> bool {
        self.status >= 400
    }

    /// Appends `{"body":…,"httpHeaders":{…},"httpStatusCode":…,"referenceId":…}`.
    pub(super) fn push(&self, out: &mut String, reference: Option<&str>) {
        out.push_str("{\"body\":");
        out.push_str(&self.body);
        out.push_str(",\"httpHeaders\":{");
        for (place, (name, value)) in self.headers.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            json::push_str(out, name);
            out.push(':');
            json::push_str(out, value);
        }
        out.push_str("},\"httpStatusCode\":");
        json::push_int(out, i64::from(self.status));
        out.push_str(",\"referenceId\":");
        json::push_opt_str(out, reference);
        out.push('}');
    }
}

/// A list of answers under their reference ids.
pub(super) fn push_answers<'a>(
    out: &mut String,
    answers: impl Iterator<Item = (&'a Answer, Option<&'a str>)>,
) {
    out.push_str("{\"compositeResponse\":[");
    for (place, (answer, reference)) in answers.enumerate() {
        if place > 0 {
            out.push(',');
        }
        answer.push(out, reference);
    }
    out.push_str("]}");
}

/// The same reply with the hint of its first answer that failed for a reason of its own, and what
/// any of them found not emulated.
pub(super) fn hinted<'a>(reply: Reply, answers: impl Iterator<Item = &'a Answer>) -> Reply {
    let failed = answers.filter(|answer| answer.is_failure() && !is_halted(&answer.faults));
    let failed: Vec<&Answer> = failed.collect();
    let what = failed.iter().find_map(|answer| unsupported(&answer.faults));
    let hint = failed.first().map(|answer| hint(&answer.faults));
    what.into_iter().chain(hint).fold(reply, |reply, (name, value)| reply.with(name, value))
}

/// The header of what faults say is not emulated.
fn unsupported(faults: &Faults) -> Option<(&'static str, String)> {
    let what = faults.iter().find_map(|fault| fault.unsupported.as_deref())?;
    Some(("X-Fauxforce-Unsupported", reply::header_text(what)))
}

/// The header of the hint.
fn hint(faults: &Faults) -> (&'static str, String) {
    let own = faults.iter().find_map(|fault| fault.hint.as_deref());
    let hint = own.map_or_else(|| hints::usual(faults), Cow::Borrowed);
    ("X-Fauxforce-Hint", reply::header_text(&hint))
}

fn is_halted(faults: &Faults) -> bool {
    faults.iter().all(|fault| fault.code == "PROCESSING_HALTED" && fault.hint.is_none())
}

/// Which resources a sub-request may address.
pub(super) type Allowed = fn(method: &str, path: &[&str]) -> Result<(), OrgError>;

/// Runs a sub-request for the session of the request around it, in a unit of work or by itself.
pub(super) fn run(
    outer: &Call<'_>,
    unit: Option<&Unit<'_>>,
    ready: Ready<'_>,
    allowed: Allowed,
) -> Answer {
    let began = outer.entry.orgs.ticks();
    let method = ready.method;
    let request = request(outer, ready);
    let trace = Trace::default();
    let answer = match outcome(outer, unit, method, &request, &trace, allowed) {
        Ok(reply) => Answer::of(reply),
        Err(faults) => Answer::refused(faults),
    };
    let duration = outer.entry.orgs.ticks().saturating_sub(began);
    note(outer, request, trace, &answer, duration);
    answer
}

/// The answer to a sub-request that cannot be run, which the journal has too.
pub(super) fn refuse(outer: &Call<'_>, sent: &SubRequest<'_>, error: OrgError) -> Answer {
    let body = sent.body.map_or_else(Bytes::new, |body| Bytes::copy_from_slice(body.as_bytes()));
    let headers = inherited(outer);
    let ready = Ready { method: &sent.method, url: &sent.url, headers, body };
    let answer = Answer::refused(error.into());
    note(outer, request(outer, ready), Trace::default(), &answer, 0);
    answer
}

/// Tells the journal's notes of the request around it.
fn note(outer: &Call<'_>, request: Request, trace: Trace, answer: &Answer, duration: u64) {
    if !outer.entry.org.journal.is_on() {
        return;
    }
    let Some(noted) = trace.close() else { return };
    let mut headers = answer.headers.clone();
    let body = match &*answer.body {
        "null" => Bytes::new(),
        text => Bytes::copy_from_slice(text.as_bytes()),
    };
    if answer.is_failure() {
        let told = unsupported(&answer.faults).into_iter().chain([hint(&answer.faults)]);
        headers.extend(told.map(|(name, value)| (name, Cow::Owned(value))));
    }
    let fault = noted.fault;
    outer.entry.trace.part(Part { request, fault, status: answer.status, headers, body, duration });
}

/// A sub-request as a request.
fn request(outer: &Call<'_>, ready: Ready<'_>) -> Request {
    let (path, query) = ready.url.split_once('?').unwrap_or((ready.url, ""));
    let sent = Method::parse(ready.method).filter(|method| is_usable(*method));
    Request {
        // No resource takes OPTIONS: its refusal lists what the resource takes.
        method: sent.unwrap_or(Method::Options),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: ready.headers,
        body: RequestBody::Bytes(ready.body),
        origin: outer.entry.request.origin.clone(),
        received_at: outer.entry.request.received_at,
        resumed: outer.entry.request.resumed,
    }
}

fn outcome(
    outer: &Call<'_>,
    unit: Option<&Unit<'_>>,
    method: &str,
    request: &Request,
    trace: &Trace,
    allowed: Allowed,
) -> Result<Reply, Faults> {
    if !request.path.starts_with(DATA) {
        return Err(OrgError::not_found().into());
    }
    let segments = route::segments(&request.path).ok_or_else(OrgError::not_found)?;
    let version = segments.get(2).ok_or_else(OrgError::not_found)?;
    let version = rest::served(version)?;
    let mut path: Vec<&str> = segments[3..].iter().map(AsRef::as_ref).collect();
    rest::suffixed(version, &mut path);
    allowed(method, &path)?;
    let entry = Entry {
        orgs: outer.entry.orgs,
        org: Arc::clone(&outer.entry.org),
        request,
        segments: &segments,
        now: outer.entry.now,
        trace,
        struck: outer.entry.struck,
    };
    if let Some((status, body)) = strike::ask_part(&entry, outer.token)? {
        return Ok(Reply::json(body, "").status(status));
    }
    let params = Params::parse(&request.query);
    let call = Call {
        entry: &entry,
        version,
        session: Arc::clone(&outer.session),
        token: outer.token,
        state: unit.map_or_else(|| entry.org.read(), Unit::read),
        method: rest::overridden(request.method, &params),
        params,
        unit,
        warnings: std::cell::RefCell::default(),
    };
    let outcome = rest::dispatch(&call, &path);
    outer.warnings.borrow_mut().append(&mut call.warnings.take());
    let is_usable = Method::parse(method).is_some_and(is_usable);
    match outcome {
        Err(faults) if !is_usable => Err(faults
            .into_iter()
            .map(|fault| match &fault.allow {
                Some(Cow::Borrowed(allowed)) => OrgError::method_not_allowed(method, allowed),
                _ => fault,
            })
            .collect()),
        outcome => outcome,
    }
}

/// The methods that sub-requests may have.
fn is_usable(method: Method) -> bool {
    !matches!(method, Method::Head | Method::Options)
}

/// The headers that a sub-request has from the request around it.
pub(super) fn inherited(outer: &Call<'_>) -> Headers {
    let mut headers = Headers::with_capacity(4);
    headers.push("content-type", "application/json");
    if let Some(options) = outer.entry.request.headers.get("sforce-call-options") {
        headers.push("sforce-call-options", options);
    }
    headers
}
