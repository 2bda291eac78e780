//! Exchanges as JSON, without their secrets.

use super::super::json;
use super::super::keys::Keys;
use super::pattern::{UNSUPPORTED, told};
use super::redact;
use crate::org::{Body, Exchange, Org};
use crate::time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Appends an exchange as the control API shows it.
pub fn push(out: &mut String, exchange: &Exchange, org: &Org) {
    let told = told(exchange, org);
    let mut keys = Keys::open(out);
    json::push_int(keys.key("seq"), exchange.seq as i64);
    if let Some(parent) = exchange.parent {
        json::push_int(keys.key("parent"), parent as i64);
    }
    keys.text("at", &time::datetime_z_text(exchange.at));
    keys.text("method", exchange.method);
    keys.text("path", &target(exchange));
    keys.text("protocol", told.protocol);
    keys.text("operation", told.operation);
    keys.optional("object", told.object.as_deref());
    keys.number("status", u32::from(exchange.status));
    json::push_int(keys.key("duration_us"), exchange.duration as i64);
    if let Some(fault) = &exchange.fault {
        keys.text("fault", fault);
    }
    if let Some(what) = exchange.response_header(UNSUPPORTED) {
        keys.text("unsupported", what);
    }
    let headers = exchange.request_headers();
    let kind = exchange.request_header("content-type").unwrap_or_default();
    half(keys.key("request"), headers, kind, exchange.request_body());
    let headers = exchange.response_headers();
    let kind = exchange.response_header("content-type").unwrap_or_default();
    half(keys.key("response"), headers, kind, exchange.response_body());
    keys.close();
}

/// Path and query.
pub(super) fn target(exchange: &Exchange) -> Cow<'_, str> {
    if exchange.query().is_empty() {
        return Cow::Borrowed(exchange.path());
    }
    Cow::Owned([exchange.path(), "?", &redact::form(exchange.query())].concat())
}

/// `{"headers":{…},"body":…}`. The names of headers are in lower case; values of one name are joined
/// by commas.
fn half<'e>(
    out: &mut String,
    headers: impl Iterator<Item = (&'e str, &'e str)>,
    content_type: &str,
    body: Body<'_>,
) {
    let mut joined: Vec<(Cow<'e, str>, Cow<'e, str>)> = Vec::new();
    for (name, value) in headers {
        let value = redact::header(name, value);
        match joined.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            // One star says all of cookies.
            Some((_, own)) if *own == value => {}
            Some((_, own)) => *own = Cow::Owned([own, ", ", &value].concat()),
            None => joined.push((lower(name), value)),
        }
    }
    let mut keys = Keys::open(out);
    let headers = keys.key("headers");
    headers.push('{');
    for (place, (name, value)) in joined.iter().enumerate() {
        if place > 0 {
            headers.push(',');
        }
        json::push_str(headers, name);
        headers.push(':');
        json::push_str(headers, value);
    }
    headers.push('}');
    match shown(content_type, body) {
        Shown::Nothing => keys.raw("body", "null"),
        Shown::Json(text) => keys.raw("body", &text),
        Shown::Text(text) => keys.text("body", &text),
        Shown::Bytes(text) => {
            keys.text("body", &text);
            keys.text("encoding", "base64");
        }
    }
    if !body.is_whole() {
        keys.flag("truncated", true);
        if let Some(length) = body.length {
            json::push_int(keys.key("length"), length as i64);
        }
    }
    keys.close();
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(name.to_ascii_lowercase());
    }
    Cow::Borrowed(name)
}

/// A body as it is shown.
pub(super) enum Shown<'b> {
    /// There is none.
    Nothing,
    /// JSON, as it was written.
    Json(Cow<'b, str>),
    /// Any other text.
    Text(Cow<'b, str>),
    /// Base64 of what is no text.
    Bytes(String),
}

/// A body without its secrets.
pub(super) fn shown<'b>(content_type: &str, body: Body<'b>) -> Shown<'b> {
    if body.bytes.is_empty() {
        return Shown::Nothing;
    }
    let text = match std::str::from_utf8(body.bytes) {
        Ok(text) => text,
        // The cut may have gone through a character.
        Err(error) if !body.is_whole() && error.error_len().is_none() => {
            std::str::from_utf8(&body.bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return Shown::Bytes(STANDARD.encode(body.bytes)),
    };
    let text = redact::body(content_type, text);
    let is_json = content_type.contains("json")
        && body.is_whole()
        && serde_json::from_str::<&RawValue>(&text).is_ok();
    if is_json { Shown::Json(text) } else { Shown::Text(text) }
}
