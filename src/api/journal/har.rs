//! The journal as an HTTP archive: HAR 1.2, as browsers' developer tools and proxies load it.
//! Requests that came inside composite ones are no exchanges of their own there.

use super::super::json;
use super::super::keys::{Keys, list};
use super::super::params::Params;
use super::pattern::told;
use super::redact;
use super::show::{self, Shown};
use crate::org::{Exchange, Org};
use crate::time;
use std::sync::Arc;

/// All exchanges as one archive.
pub fn archive(exchanges: &[Arc<Exchange>], org: &Org) -> String {
    let mut out = String::with_capacity(256 + exchanges.len() * 2048);
    let mut root = Keys::open(&mut out);
    let mut log = root.object("log");
    log.text("version", "1.2");
    let mut creator = log.object("creator");
    creator.text("name", "fauxforce");
    creator.text("version", env!("CARGO_PKG_VERSION"));
    creator.close();
    let own = exchanges.iter().filter(|exchange| exchange.parent.is_none());
    list(&mut log, "entries", own, |out, exchange| entry(out, exchange, org));
    log.close();
    root.close();
    out
}

fn entry(out: &mut String, exchange: &Exchange, org: &Org) {
    let milliseconds = exchange.duration as f64 / 1000.0;
    let mut keys = Keys::open(out);
    keys.text("startedDateTime", &time::datetime_z_text(exchange.at));
    keys.raw("time", &milliseconds.to_string());
    request(&mut keys, exchange);
    response(&mut keys, exchange);
    keys.object("cache").close();
    let mut timings = keys.object("timings");
    timings.raw("send", "0");
    timings.raw("wait", &milliseconds.to_string());
    timings.raw("receive", "0");
    timings.close();
    let told = told(exchange, org);
    let words = [told.protocol, told.operation, told.object.as_deref().unwrap_or_default()];
    keys.text("comment", words.join(" ").trim_end());
    keys.close();
}

fn request(keys: &mut Keys<'_>, exchange: &Exchange) {
    let scheme = if exchange.secure { "https://" } else { "http://" };
    let url = [scheme, exchange.host(), &show::target(exchange)].concat();
    let mut request = keys.object("request");
    request.text("method", exchange.method);
    request.text("url", &url);
    request.text("httpVersion", "HTTP/1.1");
    request.raw("cookies", "[]");
    let headers = exchange.request_headers();
    pairs(
        &mut request,
        "headers",
        headers.map(|(name, value)| (name, redact::header(name, value))),
    );
    let query = redact::form(exchange.query());
    let params = Params::parse(&query);
    pairs(&mut request, "queryString", params.iter().map(|(name, value)| (name, value.into())));
    let kind = exchange.request_header("content-type").unwrap_or_default();
    match show::shown(kind, exchange.request_body()) {
        Shown::Nothing => {}
        Shown::Json(text) | Shown::Text(text) => {
            let mut posted = request.object("postData");
            posted.text("mimeType", kind);
            posted.text("text", &text);
            posted.close();
        }
        Shown::Bytes(text) => {
            let mut posted = request.object("postData");
            posted.text("mimeType", kind);
            posted.text("text", &text);
            posted.text("comment", "base64");
            posted.close();
        }
    }
    request.raw("headersSize", "-1");
    size(&mut request, exchange.request_length);
    request.close();
}

fn response(keys: &mut Keys<'_>, exchange: &Exchange) {
    let mut response = keys.object("response");
    response.number("status", u32::from(exchange.status));
    response.text("statusText", "");
    response.text("httpVersion", "HTTP/1.1");
    response.raw("cookies", "[]");
    let headers = exchange.response_headers();
    pairs(
        &mut response,
        "headers",
        headers.map(|(name, value)| (name, redact::header(name, value))),
    );
    let kind = exchange.response_header("content-type").unwrap_or_default();
    let mut content = response.object("content");
    let length = exchange.response_length.unwrap_or_default();
    json::push_int(content.key("size"), length as i64);
    content.text("mimeType", kind);
    match show::shown(kind, exchange.response_body()) {
        Shown::Nothing => {}
        Shown::Json(text) | Shown::Text(text) => content.text("text", &text),
        Shown::Bytes(text) => {
            content.text("text", &text);
            content.text("encoding", "base64");
        }
    }
    content.close();
    let location = exchange.response_header("location").unwrap_or_default();
    response.text("redirectURL", &redact::header("location", location));
    response.raw("headersSize", "-1");
    size(&mut response, exchange.response_length);
    response.close();
}

fn size(keys: &mut Keys<'_>, length: Option<usize>) {
    json::push_int(keys.key("bodySize"), length.map_or(-1, |length| length as i64));
}

fn pairs<'e>(
    keys: &mut Keys<'_>,
    name: &str,
    pairs: impl Iterator<Item = (&'e str, std::borrow::Cow<'e, str>)>,
) {
    list(keys, name, pairs, |out, (name, value)| {
        let mut pair = Keys::open(out);
        pair.text("name", name);
        pair.text("value", &value);
        pair.close();
    });
}
