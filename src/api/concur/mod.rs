//! SAP Concur's User Provisioning v4 at `/profile/v4` and `/provisioning/v4`: the target that an
//! integration provisions into. `reference/provisioning.md` §C1.
//!
//! request → session → [`work::settle`] does what is due by now → the call itself: a user's identity
//! is written while the client waits, a bulk request is only taken in → [`status`] → JSON.

mod discovery;
mod extensions;
mod identity;
mod status;
mod work;

use super::doc_text;
use super::entry::Entry;
use super::http::{Method, Response};
use super::json;
use super::reply::{self, Style};
use super::session;
use super::strike::{self, Stop};
use crate::clock::Millis;
use crate::error::{ConcurError, OrgError};
use crate::org::{Org, Step, TakeAnswer};
use crate::store::{ConcurDelivery, ConcurUser, ConcurVerb, Doc, JobKind, State};
use crate::time;
use status::{Page, Which};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use work::{Asked, Asking};

/// Most operations of a bulk request.
const MOST_OPERATIONS: usize = 100;

/// Most bytes of a bulk request.
const MOST_BYTES: usize = 400 * 1024;

/// What a call answers.
struct Answer {
    status: u16,
    body: Option<Doc>,
    correlation: Option<Arc<str>>,
}

impl Answer {
    fn doc(status: u16, body: Doc) -> Answer {
        Answer { status, body: Some(body), correlation: None }
    }
}

type Outcome = Result<Answer, ConcurError>;

/// Anything under `/profile` and `/provisioning`.
pub(super) fn handle(entry: &Entry<'_>) -> Response {
    let refused = |error: &OrgError| respond(entry, &Err(ConcurError::unauthorized(error)), 0);
    let token = match session::authenticate(entry) {
        Ok((_, token)) => token,
        Err(error) => return refused(&error),
    };
    match strike::ask(entry, Some(token)) {
        Ok(()) => {}
        Err(Stop::Answer(response)) => return *response,
        Err(Stop::Error(error)) => return respond(entry, &Err(error.concur()), 0),
        Err(Stop::Expired) => return refused(&OrgError::session_expired()),
    }
    let before = entry.org.read().concur.outbox().count();
    settle(&entry.org, entry.now);
    let answer = dispatch(entry);
    // What takes no time is done before the client can ask.
    settle(&entry.org, entry.now);
    let published = entry.org.read().concur.outbox().count() - before;
    respond(entry, &answer, published)
}

/// Does what is due in an org's tenant.
pub(super) fn settle(org: &Org, now: Millis) {
    if !work::is_unsettled(&org.read().concur, now) {
        return;
    }
    let settled: Result<usize, Infallible> =
        org.change(|state| Ok(work::settle(state, org.id, now)));
    debug_assert!(settled.is_ok());
    org.carry(now);
}

/// The function that runs jobs of a kind.
pub(super) fn step(kind: JobKind) -> Option<Step> {
    (kind == work::DUE).then_some(work::run)
}

/// The function that takes answers to calls of a kind.
pub(super) fn answered(kind: JobKind) -> Option<TakeAnswer> {
    (kind == work::EVENT).then_some(work::delivered)
}

/// The events of an org's tenant, as its outbox lists them.
pub(super) fn outbox(org: &Org, now: Millis) -> Vec<Doc> {
    settle(org, now);
    let state = org.read();
    let failed = |event: &crate::store::ConcurEvent| match &event.delivery {
        ConcurDelivery::Failed(why) => Some(why.clone()),
        _ => None,
    };
    let item = |event: &Arc<crate::store::ConcurEvent>| {
        Doc::object()
            .with("kind", "concurEvent")
            .with("at", time::datetime_z_text(event.at))
            .with("sent", event.delivery == ConcurDelivery::Sent)
            .with_some("to", event.webhook.as_deref())
            .with_some("failed", failed(event))
            .with("body", status::event(event))
    };
    state.concur.outbox().map(item).collect()
}

fn dispatch(entry: &Entry<'_>) -> Outcome {
    use Method::{Delete, Get, Head, Patch, Post, Put};
    let path: Vec<&str> = entry.segments.iter().map(AsRef::as_ref).collect();
    let method = entry.request.method;
    match (method, &path[..]) {
        (
            Get | Head,
            ["profile", service @ ("identity" | "spend" | "travel"), "v4", "Users", id],
        ) => retrieve(entry, service, id),
        (_, ["profile", "identity" | "spend" | "travel", ..]) => {
            Err(ConcurError::not_emulated("this call of the Concur profile services"))
        }
        (_, ["profile" | "provisioning", "v4", rest @ ..]) => match (method, rest) {
            (Post, ["Users"]) => write(entry, ConcurVerb::Post, None),
            (Put, ["Users", id]) => write(entry, ConcurVerb::Put, Some(id)),
            (Patch, ["Users", id]) => write(entry, ConcurVerb::Patch, Some(id)),
            (Delete, ["Users", id]) => remove(entry, id),
            (Get | Head, ["Users", ..]) => Err(ConcurError::not_emulated(
                "reading users under /profile/v4 (read /profile/identity/v4/Users/{id})",
            )),
            // The documents show all three methods; the operations say what is done.
            (Post | Put | Patch, ["Bulk"]) => bulk(entry),
            (Get | Head, ["provisions", id, "status"]) => provision(entry, id),
            (Get | Head, ["Schemas", rest @ ..]) => discovery::schemas(&entry.base_url(), rest),
            (Get | Head, ["ResourceTypes", rest @ ..]) => {
                discovery::resource_types(&entry.base_url(), rest)
            }
            (Get | Head, ["ServiceProviderConfig"]) => Ok(discovery::config(&entry.base_url())),
            _ => Err(ConcurError::no_such_path()),
        },
        _ => Err(ConcurError::no_such_path()),
    }
}

fn body(entry: &Entry<'_>) -> Result<Doc, ConcurError> {
    match doc_text::parse(&entry.body()) {
        Ok(doc @ Doc::Object(_)) => Ok(doc),
        Ok(_) => Err(ConcurError::malformed("the body must be a JSON object")),
        Err(error) => Err(ConcurError::malformed(error.to_string())),
    }
}

/// Changes the org's state, or leaves it when the call fails.
fn change<T>(
    entry: &Entry<'_>,
    work: impl FnOnce(&mut State) -> Result<T, ConcurError>,
) -> Result<T, ConcurError> {
    entry.org.change(work)
}

/// POST, PUT and PATCH of one user.
fn write(entry: &Entry<'_>, verb: ConcurVerb, id: Option<&str>) -> Outcome {
    let data = body(entry)?;
    if verb == ConcurVerb::Patch {
        identity::operations(&data)?;
    }
    let asked = Asked { bulk_id: None, verb, user: id.map(lower), data };
    let base = entry.base_url();
    let status = if verb == ConcurVerb::Post { 201 } else { 200 };
    let asking = Asking { org: entry.org.id, now: entry.now, base: &base };
    change(entry, |state| {
        let (id, provision) = work::begin_user(state, &asking, asked)?;
        let user = state.concur.user(&id);
        let user = user.map(|user| status::user(user, &base, Some(&provision.id)));
        let correlation = Some(Arc::clone(&provision.correlation));
        Ok(Answer { status, body: user, correlation })
    })
}

fn lower(id: &str) -> Arc<str> {
    id.to_ascii_lowercase().into()
}

fn remove(entry: &Entry<'_>, id: &str) -> Outcome {
    let id = lower(id);
    change(entry, |state| {
        if state.concur.forget(&id) {
            return Ok(Answer { status: 204, body: None, correlation: None });
        }
        Err(ConcurError::no_such_user(&id))
    })
}

/// What a service keeps of a user.
fn retrieve(entry: &Entry<'_>, service: &str, id: &str) -> Outcome {
    let state = entry.org.read();
    let id = lower(id);
    let user: &ConcurUser = state.concur.user(&id).ok_or_else(|| ConcurError::no_such_user(&id))?;
    let doc = match service {
        "identity" => status::user(user, &entry.base_url(), None),
        "spend" => status::extensions_of(user, |urn| {
            urn.starts_with(extensions::SPEND) || urn == extensions::PAYROLL
        }),
        _ => status::extensions_of(user, |urn| urn == extensions::TRAVEL),
    };
    Ok(Answer::doc(200, doc))
}

fn bulk(entry: &Entry<'_>) -> Outcome {
    if entry.body().len() > MOST_BYTES {
        return Err(ConcurError::too_many_bytes(MOST_BYTES));
    }
    let body = body(entry)?;
    let Some(Doc::List(operations)) = body.get("Operations") else {
        return Err(ConcurError::malformed("Operations must be a list"));
    };
    if operations.is_empty() {
        return Err(ConcurError::malformed("Operations is empty"));
    }
    if operations.len() > MOST_OPERATIONS {
        return Err(ConcurError::too_many_operations(operations.len(), MOST_OPERATIONS));
    }
    let mut named = BTreeSet::new();
    let mut asked = Vec::with_capacity(operations.len());
    for operation in operations {
        let one = bulk_operation(operation)?;
        if one.bulk_id.as_ref().is_some_and(|id| !named.insert(id.clone())) {
            return Err(ConcurError::malformed("two operations have the same bulkId"));
        }
        asked.push(one);
    }
    let company = entry.params().get("companyId").map(ToOwned::to_owned);
    let base = entry.base_url();
    let asking = Asking { org: entry.org.id, now: entry.now, base: &base };
    change(entry, |state| {
        let begun = work::begin_bulk(state, &asking, asked, company);
        let correlation = Some(Arc::clone(&begun.correlation));
        Ok(Answer { status: 202, body: Some(status::summary(&begun, &base)), correlation })
    })
}

fn bulk_operation(operation: &Doc) -> Result<Asked, ConcurError> {
    let malformed = |why: &str| Err(ConcurError::malformed(why));
    let method = operation.text_at(&["method"]).unwrap_or_default().to_ascii_uppercase();
    let verb = match method.as_str() {
        "POST" => ConcurVerb::Post,
        "PUT" => ConcurVerb::Put,
        "PATCH" => ConcurVerb::Patch,
        "DELETE" => ConcurVerb::Delete,
        _ => return malformed("method must be POST, PUT, PATCH or DELETE"),
    };
    let bulk_id = operation.text_at(&["bulkId"]).map(ToOwned::to_owned);
    let path = operation.text_at(&["path"]).unwrap_or_default();
    let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let user = match (verb, &path[..]) {
        (ConcurVerb::Post, ["Users"]) if bulk_id.is_some() => None,
        (ConcurVerb::Post, ["Users"]) => return malformed("a POST must have a bulkId"),
        (ConcurVerb::Put | ConcurVerb::Patch | ConcurVerb::Delete, ["Users", id]) => {
            Some(lower(id))
        }
        _ => return malformed("path must be /Users, or /Users/ and an id"),
    };
    let data = operation.get("data").cloned().unwrap_or_default();
    if !matches!((&data, verb), (Doc::Object(_), _) | (_, ConcurVerb::Delete)) {
        return malformed("data must be an object");
    }
    Ok(Asked { bulk_id, verb, user, data })
}

/// A request's status: in short, or with `attributes=operations` a page of all about it.
fn provision(entry: &Entry<'_>, id: &str) -> Outcome {
    let params = entry.params();
    let number = |name: &str, usual: usize| match params.get(name) {
        None => Ok(usual),
        Some(text) => text.parse::<usize>().map_err(|_| ConcurError::bad_parameter(name, text)),
    };
    let which = match params.get("state") {
        None => Which::All,
        Some(text) => {
            Which::parse(text).ok_or_else(|| ConcurError::bad_parameter("state", text))?
        }
    };
    let start = number("startIndex", 1)?.max(1);
    let page = Page { which, start, count: number("count", MOST_OPERATIONS)? };
    let detailed = match params.get("attributes") {
        None | Some("") => false,
        Some("operations") => true,
        Some(other) => return Err(ConcurError::bad_parameter("attributes", other)),
    };
    let state = entry.org.read();
    let id = lower(id);
    let provision = state.concur.provision(&id);
    let provision = provision.ok_or_else(|| ConcurError::no_such_provision(&id))?;
    let base = entry.base_url();
    let doc = if detailed {
        status::detailed(provision, &base, page)
    } else {
        status::summary(provision, &base)
    };
    let correlation = Some(Arc::clone(&provision.correlation));
    Ok(Answer { status: 200, body: Some(doc), correlation })
}

fn respond(entry: &Entry<'_>, answer: &Outcome, published: usize) -> Response {
    let mut date = String::with_capacity(29);
    time::write_http_date(&mut date, entry.now);
    let (status, body) = match answer {
        Ok(answer) => (answer.status, answer.body.clone()),
        Err(error) => (error.status, Some(status::error(error))),
    };
    let mut response = Response::status(status).with("Date", date);
    match answer {
        Ok(answer) => {
            if let Some(id) = &answer.correlation {
                response = response.with("concur-correlationid", id.to_string());
            }
        }
        Err(error) => {
            let hint = error.hint.as_deref().unwrap_or(&error.message);
            response = response.with("X-Fauxforce-Hint", reply::header_text(hint));
            if let Some(what) = &error.unsupported {
                let what = reply::header_text(what);
                response = response.with("X-Fauxforce-Unsupported", what);
            }
            if status == 401 {
                response = response.with("WWW-Authenticate", "Bearer");
            }
        }
    }
    if published > 0 {
        // Say what became of it where a client that waits for the call will look.
        let what = match entry.org.read().settings.concur.webhook {
            Some(_) => {
                "provisionCompleted goes to concur.webhook; GET /_fauxforce/orgs/{org}/outbox"
            }
            None => {
                "provisionCompleted kept, not sent: set concur.webhook; GET \
                 /_fauxforce/orgs/{org}/outbox"
            }
        };
        response = response.with("X-Fauxforce-Outbox", what);
    }
    let Some(body) = body else { return response };
    let text = doc_text::text(&body);
    let text = if Style::of(entry.request).pretty { json::pretty(&text) } else { text };
    response.with("Content-Type", "application/json").body(text)
}
