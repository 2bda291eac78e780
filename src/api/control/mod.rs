//! The control API under `/_fauxforce`: JSON in, JSON out. Reads like its table in the
//! documentation; what is documented and not built answers 501.

mod body;
mod clock;
mod faults;
mod guard;
mod locks;
mod objects;
mod orgs;
mod outbox;
mod provisioning;
mod requests;
mod scenarios;
mod settings;
mod snapshots;
mod wait;

#[cfg(feature = "server")]
pub(crate) use orgs::push_org;
pub(crate) use orgs::{org_json, org_named};
pub(crate) use snapshots::diff_json;

use super::http::{Method, Request, Response};
use super::json;
use super::reply::{JSON, header_text};
use crate::clock::Millis;
use crate::error::ControlError;
use crate::id::Id;
use crate::org::{Org, Orgs};
use crate::provisioning::employees::Stop;
use crate::time;
use std::borrow::Cow;
use std::sync::Arc;

/// What a call answers: status and JSON; no body when the text is empty.
type Answer = Result<(u16, String), ControlError>;

/// A call on its way.
struct Call<'r> {
    orgs: &'r Orgs,
    request: &'r Request,
    /// The system's time.
    now: Millis,
}

/// Answers a request. `segments` are those after `_fauxforce`.
pub(crate) fn handle(orgs: &Orgs, request: &Request, segments: &[Cow<'_, str>]) -> Response {
    let call = Call { orgs, request, now: request.received_at };
    let parts: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    let admitted = guard::admit(orgs, request, &parts);
    if let (Method::Post, ["orgs", name, "await"], Ok(())) = (request.method, &parts[..], &admitted)
    {
        return wait::begin(&call, name);
    }
    // A file is no JSON.
    if let (Method::Get | Method::Head, ["orgs", org, "snapshots", name, "file"]) =
        (request.method, &parts[..])
    {
        let file = admitted.and_then(|()| call.org(org)).and_then(|org| {
            org.settle(org.now(call.now));
            snapshots::export(&org, name)
        });
        return match file {
            Ok(file) => headed(file, call.now),
            Err(error) => respond(call.now, Err(error)),
        };
    }
    if let (Ok(()), Method::Get | Method::Head, ["ca.pem"], Some(ca_pem)) =
        (&admitted, request.method, &parts[..], &orgs.template.ca_pem)
    {
        let headed = headed(Response::status(200), call.now);
        return headed.with("Content-Type", "application/x-pem-file").body(ca_pem.clone());
    }
    respond(call.now, admitted.and_then(|()| call.answer(&parts)))
}

impl Call<'_> {
    fn answer(&self, parts: &[&str]) -> Answer {
        use Method::{Delete, Get, Head, Post, Put};
        // The edge sends no body to HEAD.
        let method = if self.request.method == Head { Get } else { self.request.method };
        match (method, parts) {
            (Get, ["health"]) => Ok((200, health())),
            (_, ["health"]) => Err(ControlError::method_not_allowed("GET")),
            (Get, ["ca.pem"]) => Err(ControlError::no_tls()),
            (_, ["ca.pem"]) => Err(ControlError::method_not_allowed("GET")),
            (Get, ["faults"]) => Ok((200, faults::library())),
            (_, ["faults"]) => Err(ControlError::method_not_allowed("GET")),
            (Get, ["orgs"]) => Ok((200, orgs::list(self))),
            (Post, ["orgs"]) => orgs::create(self, None),
            (_, ["orgs"]) => Err(ControlError::method_not_allowed("GET,POST")),
            (_, ["orgs", name, rest @ ..]) => {
                let org = self.org(name)?;
                // What is due has happened for whoever asks; only `drain` counts it.
                if rest != ["drain"] {
                    org.settle(org.now(self.now));
                }
                match (method, rest) {
                    (Get, []) => Ok((200, org_json(self.orgs, self.request, &org))),
                    (Delete, []) => orgs::delete(self, &org),
                    (_, []) => Err(ControlError::method_not_allowed("GET,DELETE")),
                    (Post, ["reset"]) => orgs::reset(self, &org),
                    (Post, ["fork"]) => orgs::create(self, Some(&org)),
                    (Post, ["scenarios"]) => scenarios::load(self, &org),
                    (Post, ["objects"]) => objects::add(self, &org),
                    (Post, ["drain"]) => clock::drain(self, &org),
                    (Post, ["provisioning", "run"]) => provisioning::run(self, &org),
                    (Post, ["provisioning", process, "abort"]) => {
                        provisioning::stop(self, &org, process, Stop::Abort)
                    }
                    (Post, ["provisioning", process, "cancel"]) => {
                        provisioning::stop(self, &org, process, Stop::Cancel)
                    }
                    (_, ["provisioning", "run"] | ["provisioning", _, "abort" | "cancel"]) => {
                        Err(ControlError::method_not_allowed("POST"))
                    }
                    (_, ["reset" | "fork" | "scenarios" | "objects" | "drain"]) => {
                        Err(ControlError::method_not_allowed("POST"))
                    }
                    (Get, ["snapshots"]) => Ok((200, snapshots::list(&org))),
                    (_, ["snapshots"]) => Err(ControlError::method_not_allowed("GET")),
                    (Get, ["snapshots", name]) => snapshots::show(&org, name),
                    (Put, ["snapshots", name]) => snapshots::take(self, &org, name),
                    (Delete, ["snapshots", name]) => snapshots::forget(&org, name),
                    (_, ["snapshots", _]) => {
                        Err(ControlError::method_not_allowed("GET,PUT,DELETE"))
                    }
                    (Post, ["snapshots", name, "restore"]) => snapshots::restore(self, &org, name),
                    (_, ["snapshots", _, "restore"]) => {
                        Err(ControlError::method_not_allowed("POST"))
                    }
                    (Put, ["snapshots", name, "file"]) => snapshots::import(self, &org, name),
                    (_, ["snapshots", _, "file"]) => {
                        Err(ControlError::method_not_allowed("GET,PUT"))
                    }
                    (Get, ["diff"]) => snapshots::diff(self, &org),
                    (_, ["diff"]) => Err(ControlError::method_not_allowed("GET")),
                    (Get, ["clock"]) => Ok((200, clock::show(self, &org))),
                    (Put, ["clock"]) => clock::set(self, &org),
                    (Get, ["faults"]) => Ok((200, faults::list(&org))),
                    (Post, ["faults"]) => faults::add(self, &org),
                    (Delete, ["faults"]) => faults::delete(&org, None),
                    (_, ["faults"]) => Err(ControlError::method_not_allowed("GET,POST,DELETE")),
                    (Get, ["faults", id]) => faults::show(&org, id),
                    (Delete, ["faults", id]) => faults::delete(&org, Some(id)),
                    (_, ["faults", _]) => Err(ControlError::method_not_allowed("GET,DELETE")),
                    (Post, ["faults", name, "release"]) => faults::release(&org, name),
                    (_, ["faults", _, "release"]) => Err(ControlError::method_not_allowed("POST")),
                    (Get, ["locks"]) => Ok((200, locks::list(self, &org))),
                    (Post, ["locks"]) => locks::hold(self, &org),
                    (Delete, ["locks"]) => locks::clear(&org),
                    (_, ["locks"]) => Err(ControlError::method_not_allowed("GET,POST,DELETE")),
                    (Get, ["requests"]) => requests::list(self, &org),
                    (Delete, ["requests"]) => {
                        org.journal.clear();
                        Ok((204, String::new()))
                    }
                    (_, ["requests"]) => Err(ControlError::method_not_allowed("GET,DELETE")),
                    (Post, ["requests", "verify"]) => requests::verify(self, &org),
                    (_, ["requests", "verify"] | ["await"]) => {
                        Err(ControlError::method_not_allowed("POST"))
                    }
                    (Get, ["outbox"]) => Ok((200, outbox::list(self, &org))),
                    (_, ["outbox"]) => Err(ControlError::method_not_allowed("GET")),
                    (Get, ["settings"]) => Ok((200, settings::show(&org))),
                    (Put, ["settings"]) => settings::merge(self, &org),
                    (_, ["clock" | "settings"]) => Err(ControlError::method_not_allowed("GET,PUT")),
                    _ => Err(ControlError::no_such_call()),
                }
            }
            _ => Err(ControlError::no_such_call()),
        }
    }

    /// The org of a name or id.
    fn org(&self, name: &str) -> Result<Arc<Org>, ControlError> {
        let by_id = || Id::parse(name).ok().and_then(|id| self.orgs.with_id(id));
        let org = self.orgs.named(name).or_else(by_id);
        org.ok_or_else(|| ControlError::no_such_org(name))
    }
}

fn health() -> String {
    format!("{{\"status\":\"ready\",\"version\":\"{}\"}}", env!("CARGO_PKG_VERSION"))
}

fn respond(now: Millis, answer: Answer) -> Response {
    let (response, body) = match answer {
        Ok((status, body)) => (Response::status(status), body),
        Err(error) => (refused(&error), error_json(&error)),
    };
    let response = headed(response, now);
    if body.is_empty() {
        return response;
    }
    response.with("Content-Type", JSON).body(body)
}

/// The same with the headers of every answer.
fn headed(response: Response, now: Millis) -> Response {
    let mut date = String::with_capacity(29);
    time::write_http_date(&mut date, now);
    response.with("Date", date).with("Cache-Control", "no-store")
}

fn refused(error: &ControlError) -> Response {
    let mut response =
        Response::status(error.status).with("X-Fauxforce-Hint", header_text(&error.message));
    if let Some(allow) = error.allow {
        response = response.with("Allow", allow);
    }
    if let Some(what) = &error.unsupported {
        response = response.with("X-Fauxforce-Unsupported", what.clone());
    }
    if error.status == 401 {
        response = response.with("WWW-Authenticate", "Bearer");
    }
    response
}

fn error_json(error: &ControlError) -> String {
    let mut out = String::from("{\"error\":{\"code\":");
    json::push_str(&mut out, error.code);
    out.push_str(",\"message\":");
    json::push_str(&mut out, &error.message);
    out.push_str(",\"path\":");
    json::push_str(&mut out, &error.path);
    out.push_str("}}");
    out
}
