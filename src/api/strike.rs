//! Where fault rules meet requests. Every protocol asks here, after its session and before anything
//! takes effect: [`ask`] for a request, [`ask_part`] for one inside a composite request, [`gate`] for
//! each record about to be written. What a rule does at once comes back as a [`Stop`], which the
//! protocol answers in its own form; what it does to the answer is noted in [`Struck`] and applied at
//! the end.
//!
//! A rule that fitted a request is not asked again for its parts. A request that is held has done
//! nothing yet: it is asked again, from the beginning, when it is released.

use super::entry::Entry;
use super::facts::{Facts, Operation, Protocol};
use super::http::{Method, Pause, Request, Response, Resumed, Transport, Until};
use super::reply::{Counted, header_text};
use super::route;
use crate::clock::{Clock, Millis};
use crate::dml::Attempt;
use crate::error::{Faults, Injected, OrgError};
use crate::org::Org;
use crate::org::faults::{Active, Hold, Matching, Moment, RawAnswer, Then};
use crate::schema::Schema;
use serde_json::Value as Json;
use std::cell::{Cell, RefCell};

/// What fault rules have done to a request so far; its parts share it.
#[derive(Default)]
pub struct Struck {
    transport: Cell<Transport>,
    /// The connection is to be closed: nothing more takes effect.
    cut: Cell<bool>,
    /// The rules that fitted the request as a whole, by their places.
    fitted: RefCell<Vec<u64>>,
    /// What was to wait.
    until: RefCell<Option<(Until, u64)>>,
    /// Rows were locked: how long the writer would wait.
    locked_for: Cell<Option<Millis>>,
    /// Something of it has taken effect.
    wrote: Cell<bool>,
    resumed: Resumed,
}

impl Struck {
    /// Of a request that comes, perhaps again.
    pub fn of(request: &Request) -> Struck {
        let resumed = request.resumed;
        Struck { transport: Cell::new(resumed.transport), resumed, ..Struck::default() }
    }

    /// Notes that something has taken effect.
    pub fn note_write(&self) {
        self.wrote.set(true);
    }

    /// True for a request that was counted before it had to wait.
    pub fn is_again(&self) -> bool {
        self.resumed.is_again()
    }

    /// Applies to an answer what rules do to it, or makes its request wait.
    pub fn close(
        self,
        request: Request,
        response: Response,
    ) -> Result<(Request, Response), Box<Pause>> {
        let mut resumed = self.resumed;
        resumed.transport = self.transport.get();
        let until = match self.until.into_inner() {
            Some((until, past)) => {
                resumed.past = past;
                Some(until)
            }
            // Who would wait for rows and has done nothing waits; a second time it gives up.
            None => {
                self.locked_for.get().filter(|_| !self.wrote.get() && !resumed.waited).map(|span| {
                    resumed.past = u64::MAX;
                    resumed.waited = true;
                    Until::Later(span)
                })
            }
        };
        if let Some(until) = until {
            return Err(Box::new(Pause { until, request: Request { resumed, ..request } }));
        }
        let mut response = response;
        response.transport.delay += resumed.transport.delay;
        response.transport.drop |= resumed.transport.drop;
        if resumed.transport.truncate.is_some() {
            response.transport.truncate = resumed.transport.truncate;
        }
        Ok((request, response))
    }

    fn change(&self, change: impl FnOnce(&mut Transport)) {
        let mut transport = self.transport.get();
        change(&mut transport);
        self.transport.set(transport);
    }
}

/// What a rule does at once.
pub enum Stop {
    /// The request fails with this.
    Error(Injected),
    /// Its session has just ended: it is refused as any request without one.
    Expired,
    /// It is answered with this.
    Answer(Box<Response>),
}

impl Stop {
    /// What the limit header shows: the limit, when that is what the rule says is used up.
    pub fn counted(&self, counted: Option<Counted>) -> Option<Counted> {
        let is_used_up =
            matches!(self, Stop::Error(error) if error.code == "REQUEST_LIMIT_EXCEEDED");
        counted.map(|own| if is_used_up { Counted { used: own.most, ..own } } else { own })
    }
}

/// Asks the rules of the request's org about it.
pub fn ask(entry: &Entry<'_>, token: Option<&str>) -> Result<(), Stop> {
    ask_in(entry, &entry.org, token)
}

/// The same in another org: a login may name one.
pub fn ask_in(entry: &Entry<'_>, org: &Org, token: Option<&str>) -> Result<(), Stop> {
    if !org.faults.are_any() {
        return Ok(());
    }
    ask_rules(entry, org, token)
}

fn ask_rules(entry: &Entry<'_>, org: &Org, token: Option<&str>) -> Result<(), Stop> {
    let facts = entry.facts();
    let state = org.read();
    let asked = Asked { request: entry.request, facts: &facts, schema: &state.schema };
    let struck = entry.struck;
    for active in org.faults.active().iter() {
        if asked.is_for_records(active) {
            continue;
        }
        let is_held = matches!(active.rule.then, Then::Hold(_));
        let fits_whole = asked.fits(&active.rule.matching);
        if fits_whole {
            struck.fitted.borrow_mut().push(active.place);
        }
        if !(fits_whole || (is_held && asked.has_part_that_fits(&active.rule.matching))) {
            continue;
        }
        if active.place <= struck.resumed.past {
            if active.place == struck.resumed.past {
                entry.trace.fault(&active.rule.id);
            }
            continue;
        }
        if active.strikes(entry.now) {
            strike(entry, org, active, token)?;
        }
    }
    Ok(())
}

/// Does what a rule says.
fn strike(entry: &Entry<'_>, org: &Org, active: &Active, token: Option<&str>) -> Result<(), Stop> {
    let struck = entry.struck;
    entry.trace.fault(&active.rule.id);
    match &active.rule.then {
        Then::Error(error) => return Err(Stop::Error(error.clone())),
        Then::Http(raw) => return Err(Stop::Answer(Box::new(raw_answer(raw, &active.rule.id)))),
        Then::Delay(delay) => struck.change(|transport| transport.delay += delay),
        Then::Truncate(bytes) => struck.change(|transport| transport.truncate = Some(*bytes)),
        Then::Drop(Moment::After) => struck.change(|transport| transport.drop = true),
        Then::Drop(Moment::Before) => {
            struck.change(|transport| transport.drop = true);
            struck.cut.set(true);
            return Err(Stop::Answer(Box::new(Response::status(NO_ANSWER))));
        }
        Then::ExpireSession => {
            if token.is_some_and(|token| org.sessions.end(token)) {
                return Err(Stop::Expired);
            }
        }
        Then::Hold(_) => {
            let hold: Hold = active.gate.hold();
            *struck.until.borrow_mut() = Some((Until::Released(hold), active.place));
            return Err(Stop::Answer(Box::new(Response::status(NO_ANSWER))));
        }
    }
    Ok(())
}

/// The status of an answer that nobody gets.
const NO_ANSWER: u16 = 0;

fn raw_answer(raw: &RawAnswer, rule: &str) -> Response {
    let mut response = Response::status(raw.status);
    for (name, value) in &raw.headers {
        response = response.with(name.clone(), value.clone());
    }
    let hint = format!("fault rule {rule} gave this answer");
    response.with("X-Fauxforce-Hint", header_text(&hint)).body(raw.body.clone())
}

/// A request and what it is about.
struct Asked<'a> {
    request: &'a Request,
    facts: &'a Facts<'a>,
    schema: &'a Schema,
}

impl Asked<'_> {
    /// True for a rule that is asked when records are saved, and not for this request as a whole.
    fn is_for_records(&self, active: &Active) -> bool {
        if !active.rule.is_of_records() {
            return false;
        }
        let matching = &active.rule.matching;
        // Errors of records strike what saves none only when the rule says so itself.
        let is_meant = matching.record.is_empty()
            && !saves_records(self.facts)
            && (matching.operation.is_some()
                || matching.method.is_some()
                || !matching.paths.is_empty());
        !is_meant
    }

    fn fits(&self, matching: &Matching) -> bool {
        let operation = || self.facts.operation().name();
        let object = || self.facts.object(self.schema);
        matching.operation.is_none_or(|own| own == operation())
            && self.fits_path(matching)
            && matching
                .object
                .as_ref()
                .is_none_or(|own| object().is_some_and(|object| object.eq_ignore_ascii_case(own)))
            && self.fits_query(matching)
            && matching.record.is_empty()
    }

    fn fits_path(&self, matching: &Matching) -> bool {
        let paths = &matching.paths;
        let (path, query) = (&self.request.path, &self.request.query);
        matching.method.is_none_or(|own| own == self.request.method.name())
            && (paths.is_empty() || paths.iter().any(|own| own.fits(path, query)))
    }

    fn fits_query(&self, matching: &Matching) -> bool {
        let Some(part) = &matching.soql_contains else { return true };
        let contains = |text: &str| text.to_lowercase().contains(&part.to_lowercase());
        self.facts.soql().is_some_and(|soql| contains(&soql))
    }

    /// True when a request inside this one fits, as it was sent: references are not replaced.
    fn has_part_that_fits(&self, matching: &Matching) -> bool {
        if self.facts.operation() != Operation::Composite {
            return false;
        }
        let Some(sent) = self.facts.sent() else { return false };
        let mut found = Vec::new();
        parts(&sent, &mut found);
        found.iter().any(|request| {
            let Some(segments) = route::segments(&request.path) else { return false };
            let facts = Facts::of(request, &segments);
            Asked { request, facts: &facts, schema: self.schema }.fits(matching)
        })
    }
}

/// True for requests whose records pass the gate one by one.
fn saves_records(facts: &Facts<'_>) -> bool {
    let saves = matches!(
        facts.operation(),
        Operation::Create
            | Operation::Update
            | Operation::Upsert
            | Operation::Delete
            | Operation::Undelete
            | Operation::Merge
            | Operation::Bulk
            | Operation::Composite
    );
    saves && facts.protocol != Protocol::Concur
}

/// The requests inside the body of a composite request, batch or graph.
fn parts(sent: &Json, found: &mut Vec<Request>) {
    for key in ["compositeRequest", "batchRequests"] {
        for part in sent[key].as_array().into_iter().flatten() {
            let method = part["method"].as_str().and_then(Method::parse);
            let (Some(method), Some(url)) = (method, part["url"].as_str()) else { continue };
            let url = if url.starts_with('/') {
                url.to_owned()
            } else {
                ["/services/data/", url].concat()
            };
            let body = if part["body"].is_null() { &part["richInput"] } else { &part["body"] };
            found.push(Request::new(method, &url).json(body.to_string()));
        }
    }
    for graph in sent["graphs"].as_array().into_iter().flatten() {
        parts(graph, found);
    }
}

/// What a rule makes of a request inside a composite one: nothing, an answer (status and JSON), or
/// faults.
pub fn ask_part(entry: &Entry<'_>, token: &str) -> Result<Option<(u16, String)>, Faults> {
    let struck = entry.struck;
    if !entry.org.faults.are_any() {
        return Ok(None);
    }
    if struck.cut.get() {
        return Err(OrgError::connection_dropped().into());
    }
    let facts = entry.facts();
    let state = entry.org.read();
    let asked = Asked { request: entry.request, facts: &facts, schema: &state.schema };
    for active in entry.org.faults.active().iter() {
        let is_done = struck.fitted.borrow().contains(&active.place);
        // What is held waits as a whole, before its first part.
        let is_hold = matches!(active.rule.then, Then::Hold(_));
        if is_done || is_hold || asked.is_for_records(active) || !asked.fits(&active.rule.matching)
        {
            continue;
        }
        if !active.strikes(entry.now) {
            continue;
        }
        match strike(entry, &entry.org, active, Some(token)) {
            Ok(()) => {}
            Err(Stop::Error(error)) => return Err(error.error(None).into()),
            Err(Stop::Expired) => return Err(OrgError::session_expired().into()),
            Err(Stop::Answer(_)) if struck.cut.get() => {
                return Err(OrgError::connection_dropped().into());
            }
            Err(Stop::Answer(response)) => {
                let status = response.status;
                let body = response.into_bytes().unwrap_or_default();
                return Ok(Some((status, as_json(&body))));
            }
        }
    }
    Ok(None)
}

/// A body as JSON: itself, or a text.
fn as_json(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match serde_json::from_str::<&serde_json::value::RawValue>(&text) {
        Ok(_) => text.into_owned(),
        Err(_) if text.is_empty() => "null".to_owned(),
        Err(_) => Json::from(text).to_string(),
    }
}

/// True when records of this request must be asked about.
pub fn has_gate(entry: &Entry<'_>) -> bool {
    entry.org.faults.are_of_records() || entry.org.locks.are_any()
}

/// Asks about a record that is about to be written.
pub fn gate(entry: &Entry<'_>, attempt: &Attempt<'_>) -> Result<(), OrgError> {
    if entry.org.locks.are_any() {
        pass_locks(entry, attempt)?;
    }
    if !entry.org.faults.are_of_records() {
        return Ok(());
    }
    if entry.struck.cut.get() {
        return Err(OrgError::connection_dropped());
    }
    let (facts, state) = (entry.facts(), entry.org.read());
    let asked = Asked { request: entry.request, facts: &facts, schema: &state.schema };
    for active in entry.org.faults.active().iter() {
        let rule = &active.rule;
        let fits = rule.is_of_records()
            && asked.is_for_records(active)
            && rule.matching.fits_record(attempt, facts.operation().name())
            && asked.fits_path(&rule.matching);
        if !fits || !active.strikes(entry.now) {
            continue;
        }
        entry.trace.fault(&rule.id);
        match &rule.then {
            Then::Error(error) => return Err(error.error(attempt.id())),
            // What a rule with a record may do besides shows in the answer only.
            _ => {
                let _ = strike(entry, &entry.org, active, None);
            }
        }
    }
    Ok(())
}

/// Refuses a write to rows that another writer holds. On a clock that runs the writer waits first.
fn pass_locks(entry: &Entry<'_>, attempt: &Attempt<'_>) -> Result<(), OrgError> {
    let Some((id, lock)) = entry.org.locks.conflict(attempt, entry.now) else { return Ok(()) };
    if let Clock::Real { .. } = entry.org.read().clock {
        let span = lock.patience.min(lock.until - entry.now);
        entry.struck.locked_for.set((span > 0).then_some(span));
    }
    Err(OrgError::unable_to_lock_row(&id.to_string()).locked_until(lock.until))
}
