//! Answers and errors of SCIM as bytes.

use crate::api::doc_text;
use crate::api::entry::Entry;
use crate::api::http::{Request, Response};
use crate::api::json;
use crate::api::reply::{self, Counted, Style};
use crate::error::ScimError;
use crate::store::{Doc, ScimMode};

/// The media type of SCIM.
const SCIM_JSON: &str = "application/scim+json;charset=UTF-8";

/// URN of errors.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// What a request is answered.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body; none of 204 and the like.
    pub body: Option<Doc>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

impl Answer {
    /// With a body.
    pub fn doc(status: u16, body: Doc) -> Answer {
        Answer { status, body: Some(body), headers: Vec::new() }
    }

    /// Without one.
    pub fn empty(status: u16) -> Answer {
        Answer { status, body: None, headers: Vec::new() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Answer {
        self.headers.push((name, value));
        self
    }

    /// The same with the entity tag of a resource.
    #[must_use]
    pub fn tagged(self, doc: &Doc) -> Answer {
        let tag = doc.text_at(&["meta", "version"]).unwrap_or_default().to_owned();
        self.with("ETag", tag)
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// SCIM's media type, or plain JSON for a client of Salesforce's own that asks for that alone.
fn media_type(request: &Request, mode: ScimMode) -> &'static str {
    let accept = request.headers.get("accept").unwrap_or_default();
    let plain = accept.contains("application/json") && !accept.contains("scim+json");
    if plain && mode == ScimMode::Salesforce { reply::JSON } else { SCIM_JSON }
}

fn start(entry: &Entry<'_>, status: u16, counted: Option<Counted>) -> Response {
    let mut response = Response::status(status);
    reply::common_headers(&mut response, entry.request, entry.now);
    if let Some(counted) = counted.filter(|_| status != 401) {
        let value = format!("api-usage={}/{}", counted.used, counted.most);
        response.headers.push(("Sforce-Limit-Info".into(), value.into()));
    }
    response
}

fn finish(entry: &Entry<'_>, mode: ScimMode, response: Response, body: &Doc) -> Response {
    let text = doc_text::text(body);
    let text = if Style::of(entry.request).pretty { json::pretty(&text) } else { text };
    response.with("Content-Type", media_type(entry.request, mode)).body(text)
}

/// An answer as bytes.
pub fn render(
    entry: &Entry<'_>,
    mode: ScimMode,
    counted: Option<Counted>,
    answer: Answer,
) -> Response {
    let mut response = start(entry, answer.status, counted);
    for (name, value) in answer.headers {
        response.headers.push((name.into(), value.into()));
    }
    match answer.body {
        Some(body) => finish(entry, mode, response, &body),
        None => response,
    }
}

/// An error as bytes.
pub fn refuse(
    entry: &Entry<'_>,
    mode: ScimMode,
    counted: Option<Counted>,
    error: &ScimError,
) -> Response {
    let mut response = start(entry, error.status, counted);
    if let Some(allow) = error.allow {
        response.headers.push(("Allow".into(), allow.into()));
    }
    if error.status == 401 {
        response.headers.push(("WWW-Authenticate".into(), "Bearer".into()));
    }
    if let Some(what) = &error.unsupported {
        response.headers.push(("X-Fauxforce-Unsupported".into(), reply::header_text(what).into()));
    }
    let hint = error.hint.as_deref().unwrap_or(&error.detail);
    response.headers.push(("X-Fauxforce-Hint".into(), reply::header_text(hint).into()));
    finish(entry, mode, response, &error_doc(mode, error))
}

/// An error's body. Salesforce's has its schemas as a text that looks like a list, and the status as
/// a number: production answers so too.
pub fn error_doc(mode: ScimMode, error: &ScimError) -> Doc {
    if mode == ScimMode::Rfc {
        return Doc::object()
            .with("schemas", Doc::texts([ERROR]))
            .with_some("scimType", error.scim_type)
            .with("detail", error.detail.as_str())
            .with("status", error.status.to_string());
    }
    Doc::object()
        .with("schemas", doc_text::text(&Doc::texts([ERROR])))
        .with("detail", error.detail.as_str())
        .with("status", i64::from(error.status))
}
