//! `/services/oauth2/revoke`: ends an access token, or a refresh token and the sessions it gave.

use super::super::entry::Entry;
use super::super::http::{Method, Response};
use super::super::reply;
use super::answer::{self, Shape};
use super::find;
use super::form::{self, Form, given};
use crate::error::OrgError;

/// Answers the revocation endpoint. An error is a form unless JSON is asked for: jsforce parses it
/// as one.
pub(super) fn handle(entry: &Entry<'_>) -> Response {
    let form = Form::of(entry);
    let text = form.text();
    let params = form::parameters(&text, entry);
    if !matches!(entry.request.method, Method::Get | Method::Post) {
        return answer::wrong_method(entry, "GET,POST");
    }
    let token = given(&params, "token").unwrap_or_default();
    let ended = find::holding(entry, |org| {
        (org.sessions.end(token) || org.sessions.end_refresh(token)).then_some(())
    });
    let callback = given(&params, "callback").filter(|name| is_name(name));
    if let Some(callback) = callback {
        let body = match &ended {
            Some(_) => format!("{callback}({{}});"),
            None => format!("{callback}({{\"error\":\"invalid_token\"}});"),
        };
        return answer::raw(entry, 200, "text/javascript;charset=UTF-8", body);
    }
    if ended.is_some() {
        let mut response = Response::status(200);
        reply::common_headers(&mut response, entry.request, entry.now);
        return response;
    }
    let json = entry.request.headers.get("accept").is_some_and(|accept| accept.contains("json"));
    let shape = match Shape::of(entry, &params) {
        Shape::Json if !json && params.get("format").is_none() => Shape::Form,
        shape => shape,
    };
    answer::error(entry, shape, &OrgError::unsupported_token_type())
}

/// True for what may name a JavaScript function.
fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.');
    name.len() <= 128 && name.chars().all(fits)
}
