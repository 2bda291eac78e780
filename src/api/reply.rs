//! From an adapter's reply to a [`Response`]: formats, the headers that every real answer carries,
//! and errors. The one place where an [`OrgError`] becomes REST bytes.

use super::entry::Entry;
use super::http::{HeaderText, Request, Response};
use super::{json, xml};
use crate::clock::Millis;
use crate::error::OrgError;
use crate::store::State;
use crate::time;
use bytes::Bytes;
use std::borrow::Cow;
use std::cell::RefCell;

/// JSON, as real answers name it.
pub const JSON: &str = "application/json;charset=UTF-8";
/// The header that says why a request was refused and what would change it.
pub const HINT: &str = "X-Fauxforce-Hint";
/// XML, as real answers name it.
pub const XML: &str = "application/xml;charset=UTF-8";

/// What the client reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The default.
    #[default]
    Json,
    /// `Accept: application/xml`, or `.xml` up to v57.
    Xml,
}

/// How the client wants its answer written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// JSON or XML.
    pub format: Format,
    /// `X-PrettyPrint`.
    pub pretty: bool,
}

impl Style {
    /// What a request's headers ask for.
    pub fn of(request: &Request) -> Style {
        let accept = request.headers.get("accept").unwrap_or_default();
        let wants_xml = accept.contains("application/xml") || accept.contains("text/xml");
        let wants_json = accept.contains("json") || accept.contains("*/*");
        let format = if wants_xml && !wants_json { Format::Xml } else { Format::Json };
        let pretty = request
            .headers
            .get("x-prettyprint")
            .is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"));
        Style { format, pretty }
    }
}

/// The body of a reply.
#[derive(Debug)]
pub enum Body {
    /// 204 and the like.
    None,
    /// Compact JSON and the XML root under which it is shown to who asks for XML.
    Json(String, Cow<'static, str>),
    /// JSON that stays compact whatever the client asks (describes).
    Compact(String, Cow<'static, str>),
    /// Anything else, with its content type.
    Raw(Cow<'static, str>, Bytes),
}

/// What an adapter answers.
#[derive(Debug)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Body.
    pub body: Body,
    /// Further headers.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
}

impl Reply {
    /// 200 with compact JSON. `root` names the XML form's root element.
    pub fn json(text: String, root: impl Into<Cow<'static, str>>) -> Reply {
        Reply { status: 200, body: Body::Json(text, root.into()), headers: Vec::new() }
    }

    /// A status without a body.
    pub fn empty(status: u16) -> Reply {
        Reply { status, body: Body::None, headers: Vec::new() }
    }

    /// The same under another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Reply {
        self.status = status;
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }
}

/// The limit header of a counted request.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// Requests so far.
    pub used: u64,
    /// Requests allowed.
    pub most: u64,
}

impl Counted {
    /// Counts a request; the error when the org's limit is used up. One that had to wait was counted
    /// when it came first.
    pub fn of(entry: &Entry<'_>, state: &State) -> Result<Counted, (Counted, OrgError)> {
        let usage = &entry.org.usage;
        let most = state.settings.daily_api_requests;
        let used = if entry.struck.is_again() {
            Some(usage.used(entry.now))
        } else {
            usage.take(entry.now, most)
        };
        let counted = |used| Counted { used, most };
        used.map(counted).ok_or_else(|| (counted(most), OrgError::request_limit_exceeded()))
    }
}

/// Renders a reply of the REST API.
pub fn render(entry: &Entry<'_>, style: Style, counted: Option<Counted>, reply: Reply) -> Response {
    let mut response = Response::status(reply.status);
    common_headers(&mut response, entry.request, entry.now);
    if let Some(counted) = counted {
        let value = format!("api-usage={}/{}", counted.used, counted.most);
        response.headers.push(("Sforce-Limit-Info".into(), value.into()));
    }
    for (name, value) in reply.headers {
        response.headers.push((name.into(), value.into()));
    }
    let (content_type, body): (Cow<'static, str>, Bytes) = match reply.body {
        Body::None => {
            if reply.status == 204 {
                let policy = "upgrade-insecure-requests";
                response.headers.push(("Content-Security-Policy".into(), policy.into()));
            }
            return response;
        }
        Body::Raw(content_type, body) => (content_type, body),
        Body::Json(text, root) | Body::Compact(text, root) if style.format == Format::Xml => {
            (XML.into(), xml::from_json(&text, &root).into())
        }
        Body::Json(text, _) if style.pretty => (JSON.into(), json::pretty(&text).into()),
        Body::Json(text, _) | Body::Compact(text, _) => (JSON.into(), text.into()),
    };
    response.headers.push(("Content-Type".into(), content_type.into()));
    if reply.status < 300 {
        response.headers.push(("Vary".into(), "Accept-Encoding".into()));
    }
    response.body(body)
}

/// Renders faults of the REST API; the first gives the status.
pub fn render_faults(
    entry: &Entry<'_>,
    style: Style,
    counted: Option<Counted>,
    faults: &[OrgError],
) -> Response {
    let status = faults.first().map_or(500, |fault| fault.status);
    // The session and version errors of real orgs carry no limit header.
    let counted = counted.filter(|_| status != 401);
    let body = match style.format {
        Format::Xml => Body::Raw(XML.into(), xml::faults(faults).into()),
        Format::Json => Body::Json(faults_json(faults), "Errors".into()),
    };
    let reply = Reply { status, body, headers: Vec::new() };
    let mut response = render(entry, style, counted, reply);
    error_headers(&mut response, faults);
    response
}

/// Renders an error of a request that has an org but is not one of a session.
pub fn refusal(entry: &Entry<'_>, error: &OrgError) -> Response {
    render_faults(entry, Style::of(entry.request), None, std::slice::from_ref(error))
}

/// Renders an error of a request that found no org, or no path.
pub fn edge_error(request: &Request, now: Millis, error: &OrgError) -> Response {
    let mut response = Response::status(error.status);
    common_headers(&mut response, request, now);
    response.headers.push(("Content-Type".into(), JSON.into()));
    error_headers(&mut response, std::slice::from_ref(error));
    response.body(faults_json(std::slice::from_ref(error)))
}

/// Adds what every error answer carries: `Allow`, `WWW-Authenticate`, what is not emulated, the hint.
pub fn error_headers(response: &mut Response, faults: &[OrgError]) {
    for fault in faults {
        if let Some(allow) = &fault.allow {
            response.headers.push(("Allow".into(), allow.clone().into()));
        }
        if let Some(what) = &fault.unsupported {
            response.headers.push(("X-Fauxforce-Unsupported".into(), header_text(what).into()));
        }
    }
    if response.status == 401 {
        response.headers.push(("WWW-Authenticate".into(), "Token".into()));
    }
    let hint = faults.iter().find_map(|fault| fault.hint.as_deref());
    let hint = hint.map_or_else(|| super::hints::usual(faults), Cow::Borrowed);
    response.headers.push((HINT.into(), header_text(&hint).into()));
}

/// Longest text in a header: clients give up on a head of more than a few kilobytes.
const LONGEST_HEADER: usize = 500;

/// Most warnings that an answer carries.
const MOST_WARNINGS: usize = 5;

/// The values of the warning headers: each warning once, and a word about those that are too many.
pub fn warning_headers(warnings: Vec<String>) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    let mut left_out = 0_usize;
    for warning in warnings {
        let value = header_text(&warning);
        if values.contains(&value) {
            continue;
        }
        if values.len() < MOST_WARNINGS {
            values.push(value);
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        values.push(format!("and {left_out} more"));
    }
    values
}

/// A text as a header's value: one line of visible ASCII.
pub fn header_text(text: &str) -> String {
    text.chars()
        .take(LONGEST_HEADER)
        .map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '?' })
        .collect()
}

/// The JSON body of faults: an array, `errorCode` first for resource-level errors.
pub fn faults_json(faults: &[OrgError]) -> String {
    let mut out = String::with_capacity(128);
    for (place, fault) in faults.iter().enumerate() {
        out.push(if place == 0 { '[' } else { ',' });
        push_fault(&mut out, fault);
    }
    out.push(']');
    out
}

fn push_fault(out: &mut String, fault: &OrgError) {
    if fault.code_first {
        out.push('{');
        if let Some(members) = &fault.first_members {
            out.push_str(members);
            out.push(',');
        }
        out.push_str("\"errorCode\":");
        json::push_str(out, &fault.code);
        out.push_str(",\"message\":");
        json::push_str(out, &fault.message);
        out.push('}');
        return;
    }
    out.push_str("{\"message\":");
    json::push_str(out, &fault.message);
    out.push_str(",\"errorCode\":");
    json::push_str(out, &fault.code);
    if let Some(fields) = &fault.fields {
        out.push_str(",\"fields\":[");
        for (place, field) in fields.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            json::push_str(out, field);
        }
        out.push(']');
    }
    out.push('}');
}

/// The header values that all answers of a second share.
#[derive(Clone)]
struct OfTheSecond {
    second: Millis,
    date: HeaderText,
    consent: HeaderText,
    key: HeaderText,
    browser: HeaderText,
}

impl OfTheSecond {
    fn new(second: Millis) -> OfTheSecond {
        const YEAR: Millis = 365 * time::DAY;
        let now = second * 1000;
        let mut date = String::with_capacity(29);
        time::write_http_date(&mut date, now);
        let mut expires = String::with_capacity(29);
        time::write_cookie_date(&mut expires, now + YEAR);
        let consent =
            format!("CookieConsentPolicy=0:1; path=/; expires={expires}; Max-Age=31536000");
        let browser = format!(
            "BrowserId=bmF1eGZvcmNlLWxvY2FsLW; domain=.salesforce.com; path=/; \
             expires={expires}; Max-Age=31536000"
        );
        OfTheSecond {
            second,
            date: date.into(),
            key: format!("LSKey-c${consent}").into(),
            consent: consent.into(),
            browser: browser.into(),
        }
    }
}

thread_local! {
    static OF_THE_SECOND: RefCell<Option<OfTheSecond>> = const { RefCell::new(None) };
}

/// The headers of every answer of a real org (2022 and later): `reference/rest.md` §1.3.
pub fn common_headers(response: &mut Response, request: &Request, now: Millis) {
    let second = now.div_euclid(1000);
    let shared = OF_THE_SECOND.with_borrow_mut(|known| match known {
        Some(shared) if shared.second == second => shared.clone(),
        _ => known.insert(OfTheSecond::new(second)).clone(),
    });
    let headers = &mut response.headers;
    headers.reserve(14);
    headers.push(("Date".into(), shared.date));
    headers.push(("Set-Cookie".into(), shared.consent));
    headers.push(("Set-Cookie".into(), shared.key));
    headers.push(("Set-Cookie".into(), shared.browser));
    if !is_loopback(&request.origin.host) {
        let policy = "max-age=63072000; includeSubDomains";
        headers.push(("Strict-Transport-Security".into(), policy.into()));
    }
    headers.push(("X-Content-Type-Options".into(), "nosniff".into()));
    headers.push(("X-XSS-Protection".into(), "1; mode=block".into()));
    headers.push(("X-Robots-Tag".into(), "none".into()));
    let cache = "no-cache,must-revalidate,max-age=0,no-store,private";
    headers.push(("Cache-Control".into(), cache.into()));
}

/// True for hosts of this machine: a browser that pinned one to TLS would pin every port of it.
fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]" | "::1" | "") || name.ends_with(".localhost")
}
