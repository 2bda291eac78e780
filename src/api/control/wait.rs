//! `await`: answers when rows are there or a request has come, or says after a while how things
//! stand. Nothing is held while it waits: the answer is asked for again when the org's records or
//! its journal have changed.

use super::super::http::{Pending, Response};
use super::super::query_json;
use super::body::{self, of_problem};
use super::requests::Expected;
use super::{Call, error_json, respond};
use crate::clock::Millis;
use crate::error::ControlError;
use crate::org::Org;
use crate::scenario::{Node, Then, holds};
use crate::soql::{self, Context};
use crate::store::State;
use crate::time;
use serde_json::Value as Json;
use std::sync::{Arc, Mutex, PoisonError};

/// How long is waited unless the call says so.
const USUAL: &str = "PT5S";

/// Longest wait, in milliseconds.
const LONGEST: Millis = 3_600_000;

/// Rows of the last state that are shown.
const SHOWN: usize = 20;

/// The version under which is queried.
const VERSION: u32 = 67;

/// What is waited for.
enum Wanted {
    Rows(Then),
    Request(Expected),
}

/// What was last seen.
enum Seen {
    Held(String),
    Not { why: String, last: String },
}

/// Begins to wait; answers at once when there is nothing to wait for.
pub(super) fn begin(call: &Call<'_>, name: &str) -> Response {
    match prepare(call, name) {
        Ok((org, wanted, timeout, text)) => wait(call.now, org, wanted, timeout, text),
        Err(error) => respond(call.now, Err(error)),
    }
}

type Prepared = (Arc<Org>, Wanted, Millis, String);

fn prepare(call: &Call<'_>, name: &str) -> Result<Prepared, ControlError> {
    let org = call.org(name)?;
    org.settle(org.now(call.now));
    let node = body::tree(call.request)?;
    body::check_keys(&node, &["soql", "rows", "request", "timeout"])?;
    let text = |key: &str| node.get(key).map(Node::text).transpose().map_err(|p| of_problem(&p));
    let timeout = text("timeout")?.unwrap_or(USUAL);
    let length = time::parse_duration(timeout).filter(|length| (0..=LONGEST).contains(length));
    let length = length.ok_or_else(|| {
        ControlError::invalid("must be a duration up to an hour, such as PT5S").at("timeout")
    })?;
    let wanted = match (text("soql")?, node.get("request")) {
        (Some(soql), None) => Wanted::Rows(rows(&node, soql)?),
        (None, Some(_)) if node.get("rows").is_some() => {
            return Err(ControlError::invalid("rows belong to soql").at("rows"));
        }
        (None, Some(request)) => Wanted::Request(Expected::read(request)?),
        _ => return Err(ControlError::invalid("give soql or request")),
    };
    Ok((org, wanted, length, timeout.to_owned()))
}

/// `rows` are rows or parts of them, or their number; left out: at least one.
fn rows(node: &Node, soql: &str) -> Result<Then, ControlError> {
    let mut then = Then { soql: soql.to_owned(), rows: None, count: None, node: node.clone() };
    let Some(rows) = node.get("rows") else { return Ok(then) };
    if let Ok(list) = rows.list() {
        for row in list {
            row.table().map_err(|problem| of_problem(&problem))?;
        }
        then.rows = Some(list.to_vec());
    } else {
        let count = rows.whole(0, u64::MAX);
        then.count = Some(count.map_err(|problem| of_problem(&problem))?);
    }
    Ok(then)
}

/// What the org was like when it was last looked at.
struct Moment {
    state: Arc<State>,
    latest: u64,
}

impl Moment {
    fn of(org: &Org) -> Moment {
        // The journal first: a request that comes between the two is seen the next time.
        let latest = org.journal.latest();
        Moment { latest, state: org.read() }
    }
}

fn wait(began: Millis, org: Arc<Org>, wanted: Wanted, timeout: Millis, text: String) -> Response {
    let end = began + timeout;
    let moment = Arc::new(Mutex::new(Moment::of(&org)));
    match look(&org, &wanted, began) {
        Ok(Seen::Held(json)) => return respond(began, Ok((200, json))),
        Ok(Seen::Not { why, last }) if timeout == 0 => return timed_out(began, &text, &why, &last),
        Ok(Seen::Not { .. }) => {}
        Err(error) => return respond(began, Err(error)),
    }
    let (watched, seen) = (Arc::clone(&org), Arc::clone(&moment));
    let has_news = move |now: Millis| {
        watched.settle(watched.now(now));
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        now >= end
            || watched.journal.latest() != seen.latest
            || !Arc::ptr_eq(&seen.state, &watched.read())
    };
    let ask = move |now: Millis| {
        *moment.lock().unwrap_or_else(PoisonError::into_inner) = Moment::of(&org);
        match look(&org, &wanted, now) {
            Ok(Seen::Held(json)) => Some(respond(now, Ok((200, json)))),
            Ok(Seen::Not { why, last }) => (now >= end).then(|| timed_out(now, &text, &why, &last)),
            Err(error) => Some(respond(now, Err(error))),
        }
    };
    Response::later(Pending { has_news: Box::new(has_news), ask: Box::new(ask) })
}

/// `{"error":{…},"last":…}`.
fn timed_out(now: Millis, after: &str, why: &str, last: &str) -> Response {
    let error = ControlError::timed_out(after, why);
    let mut json = error_json(&error);
    json.truncate(json.len() - 1);
    json.push_str(",\"last\":");
    json.push_str(last);
    json.push('}');
    respond(now, Ok((error.status, json)))
}

fn look(org: &Org, wanted: &Wanted, now: Millis) -> Result<Seen, ControlError> {
    match wanted {
        Wanted::Rows(then) => look_for_rows(org, then, org.now(now)),
        Wanted::Request(expected) => {
            let (matched, json) = expected.check(org);
            let why = || ControlError::still_unmet().to_owned();
            Ok(if matched { Seen::Held(json) } else { Seen::Not { why: why(), last: json } })
        }
    }
}

fn look_for_rows(org: &Org, then: &Then, now: Millis) -> Result<Seen, ControlError> {
    let state = org.read();
    let context = Context::new(&state, &org.indexes, org.credentials.user_id, now, VERSION);
    let refused = |error: crate::error::OrgError| ControlError::query_refused(&error.message);
    let result = soql::query(&then.soql, &context).map_err(refused)?;
    let wanted = then.rows.as_ref().map_or(0, Vec::len);
    let mut page = String::new();
    query_json::page(&mut page, &result, 0, wanted.max(SHOWN) + 1, VERSION, None);
    let mut page: Json = serde_json::from_str(&page).unwrap_or_default();
    let found = page["records"].take();
    let found = found.as_array().map_or(&[][..], Vec::as_slice);
    let total = result.total() as u64;
    let outcome = match (&then.rows, then.count) {
        (None, None) if total == 0 => Err(ControlError::no_rows().to_owned()),
        (None, None) => Ok(()),
        _ => holds(then, total, found).map_err(|problem| problem.message),
    };
    let shown = &found[..found.len().min(wanted.max(SHOWN))];
    let last = serde_json::json!({ "totalSize": total, "rows": shown }).to_string();
    Ok(match outcome {
        Ok(()) => Seen::Held(last),
        Err(why) => Seen::Not { why, last },
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::auth::testing::{Fixture, NOW};
    use super::*;
    use crate::api::http::{Method, Request};

    fn begin(fixture: &Fixture, body: &str) -> Response {
        let path = "/_fauxforce/orgs/default/await";
        fixture.send(Request::new(Method::Post, path).json(body.to_owned()))
    }

    #[test]
    fn it_is_asked_again_when_something_changed_or_time_is_up() {
        let fixture = Fixture::new();
        let wanted = r#"{"soql":"SELECT Id FROM Account","timeout":"PT1S"}"#;
        let mut pending = begin(&fixture, wanted).pending.expect("no rows yet");
        assert!(!(pending.has_news)(NOW + 999));
        assert!((pending.has_news)(NOW + 1000));
        let changed: Result<(), std::convert::Infallible> = fixture.org().change(|_| Ok(()));
        assert_eq!(changed, Ok(()));
        assert!((pending.has_news)(NOW), "the records may have changed");
        assert!((pending.ask)(NOW + 10).is_none(), "they have not");
        assert!(!(pending.has_news)(NOW + 20));
        let response = (pending.ask)(NOW + 1000).expect("time is up");
        assert_eq!(response.status, 408);
    }
}
