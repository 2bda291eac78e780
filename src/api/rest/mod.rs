//! The REST API under `/services/data`: `reference/rest.md`.
//!
//! version → session → limits → [`dispatch`], which reads like the API's table of resources. An
//! adapter returns a [`Reply`] or faults; `reply` renders either.

mod around;
mod blobs;
pub(super) mod conditional;
mod discovery;
mod duplicates;
mod external;
mod info;
mod list_views;
mod multipart;
mod parameterized;
mod password;
mod process;
mod query;
mod quick_actions;
mod replication;
pub(super) mod rows;
mod search;
mod suggest;
mod tooling;
mod traverse;

use super::composite;
use super::entry::Entry;
use super::http::{Method, Request, Response};
use super::params::Params;
use super::reply::{self, Counted, Format, Reply, Style};
use super::session;
use super::strike::{self, Stop};
use crate::dml::{Actor, Attempt, Gate, Transaction};
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::org::{Cursor, Session, Unit};
use crate::schema::{Lookup, ObjectSpec};
use crate::soql::ResultSet;
use crate::store::State;
use std::cell::RefCell;
use std::sync::Arc;

/// The oldest version that is served.
pub const OLDEST: u32 = 31;
/// The newest version that is served.
pub const NEWEST: u32 = 67;

/// A request that has a session.
pub struct Call<'r> {
    /// The request and its org.
    pub entry: &'r Entry<'r>,
    /// The version in the URL, 31 to 67.
    pub version: u32,
    /// The session.
    pub session: Arc<Session>,
    /// Its token.
    pub token: &'r str,
    /// The org's data when the request came.
    pub state: Arc<State>,
    /// The method, after `_HttpMethod`.
    pub method: Method,
    /// The query's parameters.
    pub params: Params<'r>,
    /// The unit of work that the request is a part of; `None` for a request of its own.
    pub unit: Option<&'r Unit<'r>>,
    /// What the caller shall be told although the call succeeds.
    pub warnings: RefCell<Vec<String>>,
}

/// What an adapter returns.
pub type Outcome = Result<Reply, Faults>;

impl Call<'_> {
    /// Who writes, and when.
    pub fn actor(&self) -> Actor {
        Actor { user: self.session.user, now: self.entry.now, system: false }
    }

    /// The object of a name in the URL.
    pub fn object(&self, name: &str) -> Result<&Arc<ObjectSpec>, OrgError> {
        match self.state.schema.lookup(name) {
            Lookup::Object(object) => Ok(object),
            Lookup::KnownElsewhere(name) => Err(OrgError::object_not_emulated(name)),
            Lookup::Unknown => Err(OrgError::not_found()),
        }
    }

    /// The refusal of a method that a resource does not take.
    pub fn only(&self, allowed: &'static str) -> Outcome {
        Err(OrgError::method_not_allowed(self.method.name(), allowed).into())
    }

    /// Runs a transaction for the caller, as a part of the call's unit if it has one. What it did is
    /// kept when `work` says so.
    pub fn attempt<T>(&self, work: impl FnOnce(&mut Transaction<'_>) -> (T, bool)) -> T {
        let allow = duplicates::allowed(self);
        let warned = |transaction: &mut Transaction<'_>| {
            transaction.allow_duplicates = allow;
            let (done, keep) = work(transaction);
            if keep {
                self.warnings.borrow_mut().append(&mut transaction.warnings);
            }
            (done, keep)
        };
        let ask = |attempt: &Attempt<'_>| strike::gate(self.entry, attempt);
        let gate: Option<Gate<'_>> = if strike::has_gate(self.entry) { Some(&ask) } else { None };
        match self.unit {
            Some(unit) => unit.attempt(self.actor(), gate, warned),
            None => self.entry.org.attempt(self.actor(), gate, |transaction| {
                let (done, keep) = warned(transaction);
                if keep {
                    self.entry.struck.note_write();
                }
                (done, keep)
            }),
        }
    }

    /// The same for work that succeeds or fails as a whole.
    pub fn write<T>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Faults>,
    ) -> Result<T, Faults> {
        self.attempt(|transaction| {
            let done = work(transaction);
            let keep = done.is_ok();
            (done, keep)
        })
    }

    /// The org's data as it is now: after what the call, or its unit, has written.
    pub fn latest(&self) -> Arc<State> {
        self.unit.map_or_else(|| self.entry.org.read(), Unit::read)
    }

    /// Changes what is not a record.
    pub fn change(&self, work: impl FnOnce(&mut State)) {
        if let Some(unit) = self.unit {
            return unit.change(work);
        }
        let changed = self.entry.org.change(|state| {
            work(state);
            Ok::<(), std::convert::Infallible>(())
        });
        debug_assert!(changed.is_ok());
    }

    /// Keeps a query's result for further pages.
    pub fn keep(&self, batch: usize, result: &Arc<ResultSet>) -> Id {
        let (user, now) = (self.session.user, self.entry.now);
        let cursors = &self.entry.org.cursors;
        let Some(unit) = self.unit else {
            return cursors.keep(user, self.token, now, batch, Arc::clone(result));
        };
        let id = cursors.next_id();
        unit.open(Cursor::new(id, user, self.token, now, batch, Arc::clone(result)), now);
        id
    }

    /// The result and batch size behind a locator.
    pub fn kept(&self, id: Id) -> Option<(Arc<ResultSet>, usize)> {
        let now = self.entry.now;
        let own = self.unit.and_then(|unit| unit.cursor(id, self.token, now));
        own.or_else(|| self.entry.org.cursors.find(id, self.token, now))
    }

    /// True unless `Sforce-Mru: updateMru=false` (v60 and later) says that what the call makes
    /// shall not count as recently used.
    pub fn remembers_recent(&self) -> bool {
        self.version < 60 || option(self.entry.request, "sforce-mru", "updateMru") != Some("false")
    }

    /// Counts a row that is read or changed as recently used when `Sforce-Mru: updateMru=true` (v60
    /// and later) asks for it.
    pub fn remember_if_asked(&self, id: Option<Id>) {
        let asked = option(self.entry.request, "sforce-mru", "updateMru") == Some("true");
        if let Some(id) = id.filter(|_| asked && self.version >= 60) {
            self.change(|state| state.remember_viewed(self.session.user, id));
        }
    }

    /// True for GET and HEAD.
    pub fn reads(&self) -> bool {
        matches!(self.method, Method::Get | Method::Head)
    }
}

/// `GET /services/data`: no session, not counted.
pub fn versions(entry: &Entry<'_>) -> Response {
    let style = Style::of(entry.request);
    if let Err(stop) = strike::ask(entry, None) {
        return stopped(entry, style, None, stop);
    }
    match entry.request.method {
        Method::Get | Method::Head => reply::render(entry, style, None, discovery::versions()),
        method => {
            let error = OrgError::method_not_allowed(method.name(), "HEAD,GET");
            reply::render_faults(entry, style, None, &[error])
        }
    }
}

/// Anything under `/services/data/{version}`.
pub fn handle(entry: &Entry<'_>, version: &str) -> Response {
    let mut style = Style::of(entry.request);
    let version = match served(version) {
        Ok(version) => version,
        Err(error) => return reply::render_faults(entry, style, None, &[error]),
    };
    let (session, token) = match session::authenticate(entry) {
        Ok(found) => found,
        Err(error) => return reply::render_faults(entry, style, None, &[error]),
    };
    let state = entry.org.read();
    let mut counted = None;
    // Telemetry is none of the org's requests.
    if !entry.segments[3..].iter().eq(TELEMETRY) {
        counted = match Counted::of(entry, &state) {
            Ok(counted) => Some(counted),
            Err((counted, error)) => {
                return reply::render_faults(entry, style, Some(counted), &[error]);
            }
        };
        if let Err(stop) = strike::ask(entry, Some(token)) {
            return stopped(entry, style, counted, stop);
        }
    }
    if let Some(namespace) = option(entry.request, "sforce-call-options", "defaultNamespace")
        && state.schema.has_namespace(namespace)
    {
        let error = OrgError::default_namespace_not_emulated(namespace);
        return reply::render_faults(entry, style, counted, &[error]);
    }
    let mut path: Vec<&str> = entry.segments[3..].iter().map(AsRef::as_ref).collect();
    if let Some(format) = suffixed(version, &mut path) {
        style.format = format;
    }
    let params = entry.params();
    let method = overridden(entry.request.method, &params);
    let warnings = RefCell::default();
    let call = Call { entry, version, session, token, state, method, params, unit: None, warnings };
    match dispatch(&call, &path) {
        Ok(mut reply) => {
            for warning in reply::warning_headers(call.warnings.take()) {
                reply = reply.with("X-Fauxforce-Warning", warning);
            }
            reply::render(entry, style, counted, reply)
        }
        Err(faults) => reply::render_faults(entry, style, counted, &faults),
    }
}

/// The answer to a request that a fault rule stopped.
pub(super) fn stopped(
    entry: &Entry<'_>,
    style: Style,
    counted: Option<Counted>,
    stop: Stop,
) -> Response {
    let counted = stop.counted(counted);
    let error = match stop {
        Stop::Answer(response) => return *response,
        Stop::Error(error) => error.error(None),
        Stop::Expired => OrgError::session_expired(),
    };
    reply::render_faults(entry, style, counted, &[error])
}

/// Takes a suffix that selects the format off the last segment; up to v57.
pub(super) fn suffixed(version: u32, path: &mut [&str]) -> Option<Format> {
    let last = path.last_mut().filter(|_| version <= 57)?;
    let (stem, format) = match (last.strip_suffix(".json"), last.strip_suffix(".xml")) {
        (Some(stem), _) => (stem, Format::Json),
        (_, Some(stem)) => (stem, Format::Xml),
        _ => return None,
    };
    *last = stem;
    Some(format)
}

/// The value of a name in a header of `name=value` pairs.
pub(super) fn option<'r>(request: &'r Request, header: &str, name: &str) -> Option<&'r str> {
    request
        .headers
        .get(header)?
        .split([',', ';'])
        .filter_map(|pair| pair.split_once('='))
        .find(|(own, _)| own.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// The number in `v66.0`, if that version is served.
pub(super) fn served(segment: &str) -> Result<u32, OrgError> {
    let number = segment.strip_prefix('v').and_then(|text| text.strip_suffix(".0"));
    let plain = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match number.filter(plain).and_then(|text| text.parse().ok()) {
        Some(version @ OLDEST..=NEWEST) => Ok(version),
        Some(1..OLDEST) => Err(OrgError::gone()),
        _ => Err(OrgError::not_found()),
    }
}

/// `_HttpMethod` overrides POST only; the parameter's name counts letter case.
pub(super) fn overridden(method: Method, params: &Params<'_>) -> Method {
    match (method, params.get("_HttpMethod")) {
        (Method::Post, Some(name)) => Method::parse(name).unwrap_or(method),
        _ => method,
    }
}

/// Answers a call, whether it came over the socket or inside a composite request.
pub(super) fn dispatch(call: &Call<'_>, path: &[&str]) -> Outcome {
    routed(call, path).map_err(|faults| duplicates::described(call, faults))
}

fn routed(call: &Call<'_>, path: &[&str]) -> Outcome {
    match path {
        [] => discovery::resources(call),
        ["sobjects"] => discovery::global(call),
        ["sobjects", "User" | "SelfServiceUser", id, "password"] => password::handle(call, id),
        ["sobjects", "relevantItems"] => around::relevant_items(call),
        ["sobjects", name] => rows::object(call, name),
        ["sobjects", name, "describe"] => discovery::describe(call, name),
        ["sobjects", name, "describe", layouts @ ..] => discovery::layouts(call, name, layouts),
        ["sobjects", name, "updated"] => replication::updated(call, name),
        ["sobjects", name, "deleted"] => replication::deleted(call, name),
        ["sobjects", name, "listviews", rest @ ..] => list_views::handle(call, name, rest),
        ["sobjects", name, "quickActions", rest @ ..] => {
            quick_actions::handle(call, Some(name), rest)
        }
        ["sobjects", name, key] => rows::row(call, name, key),
        ["sobjects", name, first, rest @ ..] => traverse::handle(call, name, first, rest),
        ["query"] => query::query(call, query::Through::Query),
        ["queryAll"] => query::query(call, query::Through::QueryAll),
        ["query" | "queryAll", locator] => query::more(call, locator),
        ["search"] => search::search(call),
        ["search", "layout"] => search::layout(call),
        ["search", "scopeOrder"] => search::scope_order(call),
        ["search", "suggestions"] => suggest::suggestions(call),
        ["parameterizedSearch"] => parameterized::handle(call),
        ["limits"] => info::limits(call),
        ["limits", "recordCount"] => info::record_count(call),
        ["recent"] => info::recent(call),
        ["tabs"] => info::tabs(call),
        ["theme"] => info::theme(call),
        ["quickActions", rest @ ..] => quick_actions::handle(call, None, rest),
        ["appMenu", rest @ ..] => around::app_menu(call, rest),
        ["process", rest @ ..] => process::process(call, rest),
        ["actions", rest @ ..] => process::actions(call, rest),
        ["composite", rest @ ..] => composite::handle(call, rest),
        ["ui-api", rest @ ..] => super::ui::handle(call, rest),
        ["tooling", rest @ ..] => tooling::handle(call, rest),
        ["compactLayouts"] => discovery::compact_layouts(call),
        ["connect", "proxy", "ui-telemetry"] => {
            call.entry.trace.leave_out();
            Ok(Reply::json("{}".to_owned(), "telemetry"))
        }
        // These are here in full: what lies under them in a path is nothing.
        ["limits" | "query" | "queryAll" | "recent" | "tabs" | "theme" | "compactLayouts", ..] => {
            Err(OrgError::not_found().into())
        }
        [name, ..] if RESOURCES.contains(name) || UNLISTED.contains(name) => {
            Err(OrgError::resource_not_emulated(&path.join("/")).into())
        }
        _ => Err(OrgError::not_found().into()),
    }
}

/// Where the `sf` command line sends what it tells of itself.
const TELEMETRY: [&str; 3] = ["connect", "proxy", "ui-telemetry"];

/// Resources that real orgs have and do not list at a version's root.
const UNLISTED: [&str; 3] = ["graphql", "knowledgeManagement", "scheduling"];

/// The resources of a version's root, in the order in which a real org lists them.
pub const RESOURCES: [&str; 46] = [
    "tooling",
    "metadata",
    "eclair",
    "folders",
    "prechatForms",
    "contact-tracing",
    "jsonxform",
    "chatter",
    "payments",
    "tabs",
    "appMenu",
    "quickActions",
    "queryAll",
    "commerce",
    "wave",
    "iot",
    "analytics",
    "search",
    "smartdatadiscovery",
    "identity",
    "composite",
    "parameterizedSearch",
    "fingerprint",
    "theme",
    "nouns",
    "domino",
    "event",
    "serviceTemplates",
    "recent",
    "connect",
    "licensing",
    "limits",
    "process",
    "dedupe",
    "async-queries",
    "query",
    "jobs",
    "localizedvalue",
    "mobile",
    "emailConnect",
    "consent",
    "tokenizer",
    "compactLayouts",
    "sobjects",
    "actions",
    "support",
];
