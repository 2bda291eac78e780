//! Rows held as another writer would hold them.

use super::super::json;
use super::body::{self, of_problem};
use super::{Answer, Call};
use crate::clock::Clock;
use crate::error::ControlError;
use crate::id::Id;
use crate::org::{Lock, Org, PATIENCE};
use crate::scenario::Node;
use crate::time;

/// Most rows of one lock.
const MOST: usize = 10_000;

/// Locks rows for a while: `{"ids":[…],"for":"PT2S"}`. `wait` says how long writers wait for them.
pub(super) fn hold(call: &Call<'_>, org: &Org) -> Answer {
    let node = body::tree(call.request)?;
    body::check_keys(&node, &["ids", "for", "wait"])?;
    let missing = |key: &str| ControlError::invalid(format!("{key} is missing")).at(key);
    let ids = node.get("ids").ok_or_else(|| missing("ids"))?;
    let ids = ids.list().map_err(|problem| of_problem(&problem))?;
    if ids.is_empty() || ids.len() > MOST {
        return Err(ControlError::invalid(format!("must have 1 to {MOST} ids")).at("ids"));
    }
    let state = org.read();
    let id = |node: &Node| {
        let text = node.text().map_err(|problem| of_problem(&problem))?;
        let known = Id::parse(text).ok().filter(|id| state.resolve(*id).is_some());
        known.ok_or_else(|| {
            ControlError::invalid(format!("no record has the id {text}")).at(node.path.clone())
        })
    };
    let ids: Vec<Id> = ids.iter().map(id).collect::<Result<_, _>>()?;
    let duration = |key: &str| {
        let Some(node) = node.get(key) else { return Ok(None) };
        let text = node.text().map_err(|problem| of_problem(&problem))?;
        let wrong = || ControlError::invalid("must be a duration such as PT2S").at(key);
        time::parse_duration(text).ok_or_else(wrong).map(Some)
    };
    let span = duration("for")?.ok_or_else(|| missing("for"))?;
    if span == 0 {
        return Err(ControlError::invalid("must be longer").at("for"));
    }
    let now = org.now(call.now);
    let until = now.saturating_add(span);
    let patience = duration("wait")?.unwrap_or(PATIENCE);
    let lock = Lock { ids, until, patience };
    let text = shown(&lock, org);
    org.locks.hold(lock, now);
    Ok((201, text))
}

/// The locks that hold rows now.
pub(super) fn list(call: &Call<'_>, org: &Org) -> String {
    let locks = org.locks.list(org.now(call.now));
    let items: Vec<String> = locks.iter().map(|lock| shown(lock, org)).collect();
    format!("{{\"items\":[{}]}}", items.join(","))
}

/// Lets go of all rows.
pub(super) fn clear(org: &Org) -> Answer {
    org.locks.clear();
    Ok((204, String::new()))
}

fn shown(lock: &Lock, org: &Org) -> String {
    let mut out = String::from("{\"ids\":[");
    for (place, id) in lock.ids.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        json::push_str(&mut out, &id.to_string());
    }
    out.push_str("],\"until\":");
    json::push_str(&mut out, &time::datetime_z_text(lock.until));
    // On a clock that stands nobody could wait.
    let patience = match org.read().clock {
        Clock::Real { .. } => lock.patience,
        Clock::Virtual { .. } => 0,
    };
    out.push_str(",\"wait\":");
    json::push_str(&mut out, &time::duration_text(patience));
    out.push('}');
    out
}
