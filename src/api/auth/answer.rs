//! Bodies of OAuth answers: JSON, or a form or XML where the client asks for it.

use super::super::entry::Entry;
use super::super::http::Response;
use super::super::params::Params;
use super::super::reply::{self, Format, Style};
use super::super::{json, xml};
use super::form;
use crate::error::OrgError;

/// Members of an answer whose values are all text, in order.
pub(super) type Pairs = Vec<(&'static str, String)>;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The default.
    Json,
    /// `format=urlencoded`, or `Accept: application/x-www-form-urlencoded`.
    Form,
    /// `format=xml`, or `Accept: application/xml`.
    Xml,
}

impl Shape {
    /// What the parameter `format` and the header `Accept` ask for.
    pub(super) fn of(entry: &Entry<'_>, params: &Params<'_>) -> Shape {
        match params.get("format") {
            Some("json") => Shape::Json,
            Some("urlencoded") => Shape::Form,
            Some("xml") => Shape::Xml,
            _ => {
                let accept = entry.request.headers.get("accept").unwrap_or_default();
                if Style::of(entry.request).format == Format::Xml {
                    Shape::Xml
                } else if accept.contains("x-www-form-urlencoded") && !accept.contains("json") {
                    Shape::Form
                } else {
                    Shape::Json
                }
            }
        }
    }
}

/// A body under a status and content type, with the headers that every answer carries.
pub(super) fn raw(
    entry: &Entry<'_>,
    status: u16,
    content_type: &'static str,
    body: String,
) -> Response {
    let mut response = Response::status(status);
    reply::common_headers(&mut response, entry.request, entry.now);
    response.headers.push(("Content-Type".into(), content_type.into()));
    response.body(body)
}

/// 200 with JSON.
pub(super) fn json(entry: &Entry<'_>, text: String) -> Response {
    raw(entry, 200, reply::JSON, text)
}

/// An answer whose values are all text.
pub(super) fn pairs(entry: &Entry<'_>, status: u16, shape: Shape, pairs: &Pairs) -> Response {
    match shape {
        Shape::Json => raw(entry, status, reply::JSON, object(pairs)),
        Shape::Xml => raw(entry, status, reply::XML, xml::from_json(&object(pairs), "OAuth")),
        Shape::Form => {
            let content_type = "application/x-www-form-urlencoded;charset=UTF-8";
            // Bodies have %20 where redirects have +, as recorded.
            raw(entry, status, content_type, form::encode_pairs(pairs).replace('+', "%20"))
        }
    }
}

/// Pairs as a JSON object.
pub(super) fn object(pairs: &Pairs) -> String {
    let mut out = String::with_capacity(512);
    for (name, value) in pairs {
        out.push(if out.is_empty() { '{' } else { ',' });
        json::push_str(&mut out, name);
        out.push(':');
        json::push_str(&mut out, value);
    }
    out.push('}');
    out
}

/// An OAuth error: `{"error","error_description"}`.
pub(super) fn error(entry: &Entry<'_>, shape: Shape, error: &OrgError) -> Response {
    let members =
        vec![("error", error.code.to_string()), ("error_description", error.message.to_string())];
    with_hint(pairs(entry, error.status, shape, &members), error)
}

/// An error of the identity service: 403 and a word. The content type is unverified.
pub(super) fn identity_error(entry: &Entry<'_>, error: &OrgError) -> Response {
    let body = error.message.to_string();
    with_hint(raw(entry, error.status, "text/plain;charset=UTF-8", body), error)
}

/// The answer with the headers of an error.
pub(super) fn with_hint(mut response: Response, error: &OrgError) -> Response {
    reply::error_headers(&mut response, std::slice::from_ref(error));
    response
}

/// 501 of what real orgs do and this one does not.
pub(super) fn not_emulated(entry: &Entry<'_>, what: &str, help: &str) -> Response {
    reply::refusal(entry, &OrgError::not_emulated(what, help))
}

/// 405.
pub(super) fn wrong_method(entry: &Entry<'_>, allowed: &'static str) -> Response {
    let method = entry.request.method.name();
    reply::refusal(entry, &OrgError::method_not_allowed(method, allowed))
}
