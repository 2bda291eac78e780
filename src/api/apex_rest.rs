//! Apex REST under `/services/apexrest`. No Apex runs here: the routes of the setting `apexRest`
//! answer, canned or with the request's own body.

use super::entry::Entry;
use super::http::{Method, RequestBody, Response};
use super::reply::{self, Body, Counted, JSON, Reply, Style};
use super::{rest, session, strike};
use crate::error::OrgError;
use crate::store::{ApexBody, ApexRoute};
use bytes::Bytes;

/// Longest body that is echoed. Apex REST itself takes 6 MB.
const LONGEST_ECHO: u64 = 6_000_000;

/// Answers a request whose path goes on with `path` behind `/services/apexrest`.
pub fn handle(entry: &Entry<'_>) -> Response {
    let style = Style::of(entry.request);
    let token = match session::authenticate(entry) {
        Ok((_, token)) => token,
        Err(error) => return reply::render_faults(entry, style, None, &[error]),
    };
    let state = entry.org.read();
    let counted = match Counted::of(entry, &state) {
        Ok(counted) => counted,
        Err((counted, error)) => {
            return reply::render_faults(entry, style, Some(counted), &[error]);
        }
    };
    if let Err(stop) = strike::ask(entry, Some(token)) {
        return rest::stopped(entry, style, Some(counted), stop);
    }
    let path: String = entry.segments[2..].iter().flat_map(|part| ["/", part]).collect();
    let method = entry.request.method;
    let routes = &state.settings.apex_rest;
    let Some(route) = routes.iter().find(|route| route.fits(method.name(), &path)) else {
        let error = OrgError::no_apex_route(method.name(), &path, routes.len());
        return reply::render_faults(entry, style, Some(counted), &[error]);
    };
    let body = match answer(entry, route) {
        Ok(body) => body,
        Err(error) => return reply::render_faults(entry, style, Some(counted), &[error]),
    };
    let body = if method == Method::Head { Body::None } else { body };
    let reply = Reply { status: route.status, body, headers: Vec::new() };
    let mut response = reply::render(entry, style, Some(counted), reply);
    let further = |(name, _): &&(String, String)| !name.eq_ignore_ascii_case("content-type");
    for (name, value) in route.headers.iter().filter(further) {
        response.headers.push((name.clone().into(), value.clone().into()));
    }
    response
}

fn answer(entry: &Entry<'_>, route: &ApexRoute) -> Result<Body, OrgError> {
    let headers = route.headers.iter();
    let named = headers.clone().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let content_type = named.map(|(_, value)| value.clone());
    let or = |usual: &str| content_type.clone().unwrap_or_else(|| usual.to_owned()).into();
    Ok(match &route.body {
        ApexBody::Empty => Body::None,
        ApexBody::Json(text) | ApexBody::Text(text) => {
            Body::Raw(or(JSON), Bytes::copy_from_slice(text.as_bytes()))
        }
        ApexBody::Echo => {
            let sent = entry.request.headers.get("content-type").unwrap_or(JSON);
            Body::Raw(or(sent), echoed(&entry.request.body)?)
        }
    })
}

fn echoed(body: &RequestBody) -> Result<Bytes, OrgError> {
    match body {
        RequestBody::Bytes(bytes) if bytes.len() as u64 <= LONGEST_ECHO => Ok(bytes.clone()),
        RequestBody::Bytes(_) | RequestBody::Reader(_) => Err(OrgError::apex_body_too_long()),
    }
}
