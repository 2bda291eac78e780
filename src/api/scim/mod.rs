//! SCIM 2.0 at `/services/scim/v2`: as Salesforce answers, quirks and all, or (setting `scim`) as
//! RFC 7643 and 7644 say. `reference/provisioning.md` §C2 and §C3.
//!
//! request → session → [`dispatch`] on method and path → [`View`] shows records as documents;
//! writes read a document, say what is [`wanted`], and [`save`] it in one transaction → [`Answer`] →
//! JSON. Users are the org's User records: all that follows from a write follows here too.

mod answer;
mod bulk;
mod discovery;
mod filter;
mod list;
pub(in crate::api) mod patch;
mod path;
mod save;
mod schema;
mod show;
mod view;
mod wanted;

pub(in crate::api) use path::AttrPath;

use super::doc_text;
use super::entry::Entry;
use super::http::{Method, Response};
use super::jackson;
use super::reply::{self, Counted, Style};
use super::session;
use super::strike::{self, Stop};
use crate::dml::{Actor, Attempt, Gate, Transaction};
use crate::error::{Faults, OrgError, ScimError};
use crate::id::Id;
use crate::org::Session;
use crate::store::{Doc, ScimMode, State};
use answer::Answer;
use save::WantedGroup;
use std::sync::Arc;
use view::{Kind, View};
use wanted::Verb;

/// URN of a PATCH.
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What an adapter gives: an answer or an error.
type Outcome = Result<Answer, ScimError>;

/// A request that has found its session.
pub(super) struct Call<'r> {
    entry: &'r Entry<'r>,
    session: Arc<Session>,
    mode: ScimMode,
}

/// One thing to be done: a request, or an operation of a bulk request.
struct Task<'t> {
    method: Method,
    /// The path below `/services/scim/v2`.
    path: Vec<&'t str>,
    /// The query.
    query: &'t str,
    body: TaskBody<'t>,
    if_match: Option<&'t str>,
    if_none_match: Option<&'t str>,
}

/// What came with a task.
enum TaskBody<'t> {
    /// Text, not read yet.
    Bytes(&'t [u8]),
    /// Data of a bulk operation.
    Doc(Doc),
}

/// Anything under `/services/scim`.
pub(super) fn handle(entry: &Entry<'_>) -> Response {
    let path: Vec<&str> = entry.segments[2..].iter().map(AsRef::as_ref).collect();
    let state = entry.org.read();
    let mode = state.settings.scim;
    let rest = match path[..] {
        ["v2", ..] => path[1..].to_vec(),
        ["v1", ..] => {
            return answer::refuse(entry, mode, None, &ScimError::not_emulated("SCIM 1.1"));
        }
        _ => return answer::refuse(entry, mode, None, &ScimError::no_such_resource()),
    };
    let (session, token) = match session::authenticate(entry) {
        Ok(found) => found,
        Err(error) => return unauthorized(entry, mode, &error),
    };
    let counted = match Counted::of(entry, &state) {
        Ok(counted) => Some(counted),
        Err((counted, error)) => {
            return reply::render_faults(entry, Style::default(), Some(counted), &[error]);
        }
    };
    if let Err(stop) = strike::ask(entry, Some(token)) {
        let counted = stop.counted(counted);
        return match stop {
            Stop::Answer(response) => *response,
            Stop::Error(error) => answer::refuse(entry, mode, counted, &error.scim()),
            Stop::Expired => unauthorized(entry, mode, &OrgError::session_expired()),
        };
    }
    let call = Call { entry, session, mode };
    let headers = &entry.request.headers;
    let body = entry.body();
    let task = Task {
        method: entry.request.method,
        path: rest,
        query: &entry.request.query,
        body: TaskBody::Bytes(&body),
        if_match: headers.get("if-match"),
        if_none_match: headers.get("if-none-match"),
    };
    match dispatch(&call, &task) {
        Ok(answer) => answer::render(entry, mode, counted, answer),
        Err(error) => answer::refuse(entry, mode, counted, &error),
    }
}

fn unauthorized(entry: &Entry<'_>, mode: ScimMode, error: &OrgError) -> Response {
    if mode == ScimMode::Rfc {
        return answer::refuse(entry, mode, None, &ScimError::unauthorized(error));
    }
    // Sessions are the platform's: its errors are those of every Salesforce API.
    reply::render_faults(entry, Style::default(), None, std::slice::from_ref(error))
}

fn dispatch(call: &Call<'_>, task: &Task<'_>) -> Outcome {
    use Method::{Delete, Get, Head, Patch, Post, Put};
    let rfc = call.mode == ScimMode::Rfc;
    match (task.method, &task.path[..]) {
        (Get | Head, ["ServiceProviderConfig" | "ServiceProviderConfigs"]) => {
            discovery::config(call, task)
        }
        (Get | Head, ["Schemas", rest @ ..]) => discovery::schemas(call, task, rest),
        (Get | Head, ["ResourceTypes", rest @ ..]) => discovery::resource_types(call, task, rest),
        (
            _,
            ["ServiceProviderConfig" | "ServiceProviderConfigs" | "Schemas" | "ResourceTypes", ..],
        ) => Err(ScimError::method_not_allowed(task.method.name(), "GET")),
        (Post, ["Bulk"]) if rfc => bulk::run(call, task),
        (Post, [".search"]) if rfc => list::search(call, task, None),
        (_, ["Me"]) if rfc => {
            let me = call.session.user.to_string();
            one(call, task, Kind::User, &me)
        }
        (_, [segment, rest @ ..]) => {
            let kind = Kind::of_segment(segment).ok_or_else(ScimError::no_such_resource)?;
            match (task.method, rest) {
                (Get | Head, []) => list::get(call, task, kind),
                (Post, [".search"]) => list::search(call, task, Some(kind)),
                (Post | Put | Patch | Delete, _) if !save::is_writable(kind) => {
                    Err(ScimError::method_not_supported())
                }
                (Post, []) => create(call, task, kind),
                (_, []) => Err(ScimError::method_not_allowed(task.method.name(), "GET,POST")),
                (_, ["Me"]) if kind == Kind::User => {
                    let me = call.session.user.to_string();
                    one(call, task, kind, &me)
                }
                (_, [id]) => one(call, task, kind, id),
                _ => Err(ScimError::no_such_resource()),
            }
        }
        _ => Err(ScimError::no_such_resource()),
    }
}

/// A resource by id.
fn one(call: &Call<'_>, task: &Task<'_>, kind: Kind, key: &str) -> Outcome {
    match task.method {
        Method::Get | Method::Head => read(call, task, kind, key),
        Method::Put => replace(call, task, kind, key),
        Method::Patch => change(call, task, kind, key),
        Method::Delete => remove(call, task, kind, key),
        method => Err(ScimError::method_not_allowed(method.name(), "GET,PUT,PATCH,DELETE")),
    }
}

impl Call<'_> {
    fn is_rfc(&self) -> bool {
        self.mode == ScimMode::Rfc
    }

    /// The org's data as it is, or as a transaction sees it.
    fn view(&self, state: Arc<State>) -> View<'_> {
        let instance = self.entry.base_url();
        View {
            state,
            indexes: &self.entry.org.indexes,
            mode: self.mode,
            base: format!("{instance}/services/scim/v2"),
            instance,
            org: self.entry.org.id.to_string(),
        }
    }

    fn now_view(&self) -> View<'_> {
        self.view(self.entry.org.read())
    }

    /// Runs a write as one transaction; the view shows what it has written so far.
    fn write<T>(
        &self,
        work: impl FnOnce(&View<'_>, &mut Transaction<'_>) -> Result<T, ScimError>,
    ) -> Result<T, ScimError> {
        let actor = Actor { user: self.session.user, now: self.entry.now, system: false };
        let mut refused = None;
        let ask = |attempt: &Attempt<'_>| strike::gate(self.entry, attempt);
        let gate: Option<Gate<'_>> = if strike::has_gate(self.entry) { Some(&ask) } else { None };
        let done = self.entry.org.attempt(actor, gate, |transaction| {
            let view = self.view(Arc::new(transaction.state.clone()));
            let done = work(&view, transaction).map_err(|error| {
                refused = Some(error);
                Faults::new()
            });
            let keep = done.is_ok();
            (done, keep)
        });
        if done.is_ok() {
            self.entry.struck.note_write();
        }
        done.map_err(|faults| refused.unwrap_or_else(|| self.refused(&faults, None)))
    }

    /// The error of broken rules. `id` is the row to be changed; `None` was to be created.
    fn refused(&self, faults: &Faults, id: Option<&str>) -> ScimError {
        if self.is_rfc() {
            ScimError::of_faults(faults)
        } else {
            ScimError::refused_save(faults, id)
        }
    }

    /// The error of a resource that is not there.
    fn missing(&self, kind: Kind, key: &str) -> ScimError {
        if self.is_rfc() {
            return ScimError::not_found(key);
        }
        ScimError::resource_not_found(&self.now_view().location(kind, key))
    }

    /// The resource of a key in a view.
    fn find(&self, view: &View<'_>, kind: Kind, key: &str) -> Result<(Id, Doc), ScimError> {
        let found = Id::parse(key).ok().and_then(|id| Some((id, view.resource(kind, id)?)));
        found.ok_or_else(|| self.missing(kind, key))
    }
}

impl Task<'_> {
    /// The body as a document.
    fn doc(&self, call: &Call<'_>) -> Result<Doc, ScimError> {
        let doc = match &self.body {
            TaskBody::Doc(doc) => Ok(doc.clone()),
            TaskBody::Bytes(bytes) => doc_text::parse(bytes),
        };
        match doc {
            Ok(doc @ Doc::Object(_)) => Ok(doc),
            Ok(_) => Err(ScimError::invalid_syntax("the body must be a JSON object")),
            Err(_) => {
                let TaskBody::Bytes(bytes) = &self.body else { unreachable!("a document parses") };
                let text = String::from_utf8_lossy(bytes);
                let message = jackson::syntax_error(&text).message.clone();
                // The pilot answers every error of a write with 409.
                Err(if call.is_rfc() {
                    ScimError::invalid_syntax(message)
                } else {
                    ScimError::refused_user(&[message.into_owned()])
                })
            }
        }
    }

    /// Refuses a write to another version. Salesforce knows no versions.
    fn check_version(&self, call: &Call<'_>, doc: &Doc) -> Result<(), ScimError> {
        let Some(wanted) = self.if_match.filter(|_| call.is_rfc()) else { return Ok(()) };
        if names_version(wanted, doc) { Ok(()) } else { Err(ScimError::version_mismatch()) }
    }
}

/// True when a list of entity tags has the version of a document.
fn names_version(tags: &str, doc: &Doc) -> bool {
    let own = doc.text_at(&["meta", "version"]).unwrap_or_default();
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    tags.split(',').any(|tag| tag.trim() == "*" || opaque(tag) == opaque(own))
}

fn read(call: &Call<'_>, task: &Task<'_>, kind: Kind, key: &str) -> Outcome {
    let view = call.now_view();
    let shown = show::Shown::of_query(call.mode, kind, task.query)?;
    let (_, doc) = call.find(&view, kind, key).map_err(|error| {
        // The pilot looks users up before it knows their URL.
        if kind == Kind::User && !call.is_rfc() { ScimError::no_such_resource() } else { error }
    })?;
    if call.is_rfc() && task.if_none_match.is_some_and(|tags| names_version(tags, &doc)) {
        return Ok(Answer::empty(304).tagged(&doc));
    }
    let location = view.location(kind, doc.text_at(&["id"]).unwrap_or_default());
    let answer = Answer::doc(200, shown.shown(doc.clone())).with("Location", location);
    Ok(if call.is_rfc() { answer.tagged(&doc) } else { answer })
}

/// The answer of a write that shows its resource.
fn written(call: &Call<'_>, task: &Task<'_>, kind: Kind, id: Id, status: u16) -> Outcome {
    let view = call.now_view();
    let shown = show::Shown::of_query(call.mode, kind, task.query)?;
    let Some(doc) = view.resource(kind, id) else { return Ok(Answer::empty(status)) };
    let location = view.location(kind, &id.to_string());
    let answer = Answer::doc(status, shown.shown(doc.clone())).with("Location", location);
    Ok(if call.is_rfc() { answer.tagged(&doc) } else { answer })
}

fn create(call: &Call<'_>, task: &Task<'_>, kind: Kind) -> Outcome {
    let doc = task.doc(call)?;
    let id = call.write(|view, transaction| {
        let made = if kind == Kind::User {
            let doc = wanted::normalized(doc, view);
            let wanted = wanted::read(view, Verb::Create, &doc, None)?;
            save::create_user(view, transaction, wanted)
        } else {
            if call.is_rfc() {
                wanted::check(view, kind, &doc)?;
            }
            save::create_group(transaction, &WantedGroup::of(&doc))
        };
        made.map_err(|faults| call.refused(&faults, None))
    })?;
    written(call, task, kind, id, 201)
}

fn replace(call: &Call<'_>, task: &Task<'_>, kind: Kind, key: &str) -> Outcome {
    let doc = task.doc(call)?;
    let id = call.write(|view, transaction| {
        let (id, before) = call.find(view, kind, key)?;
        task.check_version(call, &before)?;
        let saved = if kind == Kind::User {
            let doc = wanted::normalized(doc, view);
            let wanted = wanted::read(view, Verb::Replace, &doc, Some(&before))?;
            save::change_user(view, transaction, id, Verb::Replace, wanted)
        } else {
            if call.is_rfc() {
                wanted::check(view, kind, &doc)?;
            }
            let mut wanted = WantedGroup::of(&doc);
            // A replacement without members is a group without members.
            wanted.members.get_or_insert_default();
            save::change_group(view, transaction, id, &wanted)
        };
        saved.map_err(|faults| call.refused(&faults, Some(&id.to_string())))?;
        Ok(id)
    })?;
    if kind == Kind::Group && !call.is_rfc() {
        return Ok(Answer::empty(200));
    }
    written(call, task, kind, id, 200)
}

fn change(call: &Call<'_>, task: &Task<'_>, kind: Kind, key: &str) -> Outcome {
    let body = task.doc(call)?;
    let named = body.get("schemas").map_or(&[][..], Doc::items);
    if !named.iter().any(|urn| urn.as_text().is_some_and(|urn| urn.eq_ignore_ascii_case(PATCH_OP)))
    {
        return Err(ScimError::improper_schema());
    }
    let refused = |fault| ScimError::of_patch(&fault, !call.is_rfc());
    let operations = patch::read(&body).map_err(refused)?;
    let id = call.write(|view, transaction| {
        let (id, before) = call.find(view, kind, key)?;
        task.check_version(call, &before)?;
        let mut doc = before.clone();
        for operation in operations {
            let operation = show::admitted(view, kind, operation, &doc)?;
            let many = |path: &AttrPath| {
                schema::find(kind, call.mode, path).is_some_and(|attribute| attribute.many)
            };
            patch::apply(&mut doc, &operation, &many).map_err(refused)?;
        }
        let saved = if kind == Kind::User {
            let doc = wanted::normalized(doc, view);
            let wanted = wanted::read(view, Verb::Patch, &doc, Some(&before))?;
            save::change_user(view, transaction, id, Verb::Patch, wanted)
        } else {
            if call.is_rfc() {
                wanted::check(view, kind, &doc)?;
            }
            let mut wanted = WantedGroup::of(&doc);
            wanted.members.get_or_insert_default();
            save::change_group(view, transaction, id, &wanted)
        };
        saved.map_err(|faults| call.refused(&faults, Some(&id.to_string())))?;
        Ok(id)
    })?;
    if kind == Kind::Group && !call.is_rfc() {
        return Ok(Answer::empty(204));
    }
    written(call, task, kind, id, 200)
}

fn remove(call: &Call<'_>, task: &Task<'_>, kind: Kind, key: &str) -> Outcome {
    call.write(|view, transaction| {
        let (id, before) = call.find(view, kind, key)?;
        task.check_version(call, &before)?;
        let removed = if kind == Kind::User {
            // Salesforce finds only active users to take away. *pilot*
            if !call.is_rfc() && before.get("active") != Some(&Doc::Bool(true)) {
                return Err(call.missing(kind, key));
            }
            save::remove_user(transaction, id)
        } else {
            save::remove_group(view, transaction, id)
        };
        removed.map_err(|faults| call.refused(&faults, Some(&id.to_string())))
    })?;
    Ok(Answer::empty(204))
}
