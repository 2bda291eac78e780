//! Fault rules: listed with what they counted, added, released, taken away.

use super::super::json;
use super::body::{self, of_problem};
use super::{Answer, Call};
use crate::error::ControlError;
use crate::org::Org;
use crate::org::faults::{Active, NotAdded, Then};
use crate::scenario::faults;
use std::fmt::Write as _;

/// All rules, in the order in which they are asked.
pub(super) fn list(org: &Org) -> String {
    let mut out = String::from("{\"items\":[");
    for (place, active) in org.faults.active().iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        push(&mut out, active);
    }
    out.push_str("]}");
    out
}

/// The faults that have names.
pub(super) fn library() -> String {
    let mut out = String::from("{\"items\":[");
    for (place, (name, title)) in faults::library().enumerate() {
        out.push_str(if place == 0 { "{\"name\":" } else { ",{\"name\":" });
        json::push_str(&mut out, name);
        out.push_str(",\"title\":");
        json::push_str(&mut out, title);
        out.push('}');
    }
    out.push_str("]}");
    out
}

/// One rule.
pub(super) fn show(org: &Org, id: &str) -> Answer {
    let active = org.faults.find(id).ok_or_else(|| ControlError::no_such_fault(id))?;
    let mut out = String::new();
    push(&mut out, &active);
    Ok((200, out))
}

/// Takes in a rule, written out or by name.
pub(super) fn add(call: &Call<'_>, org: &Org) -> Answer {
    let node = body::tree(call.request)?;
    let rule = faults::read(&node).map_err(|problem| of_problem(&problem))?;
    let own = rule.id.clone();
    let id = org.add_fault(rule).map_err(|why| match why {
        NotAdded::Taken => ControlError::fault_id_taken(&own).at("id"),
        NotAdded::Full => ControlError::too_many_faults(crate::org::faults::MOST),
    })?;
    let (_, text) = show(org, &id)?;
    Ok((201, text))
}

/// Takes a rule away, or all.
pub(super) fn delete(org: &Org, id: Option<&str>) -> Answer {
    match id {
        None => org.faults.clear(),
        Some(id) if org.faults.remove(id) => {}
        Some(id) => return Err(ControlError::no_such_fault(id)),
    }
    Ok((204, String::new()))
}

/// Lets go what a rule holds, named by its id or by its hold.
pub(super) fn release(org: &Org, name: &str) -> Answer {
    let holds = |active: &Active| match &active.rule.then {
        Then::Hold(own) => active.rule.id == name || own == name,
        _ => false,
    };
    let active = org.faults.active();
    let mut gates = active.iter().filter(|active| holds(active)).peekable();
    if gates.peek().is_none() {
        return Err(match org.faults.find(name) {
            Some(_) => ControlError::fault_holds_nothing(name),
            None => ControlError::no_such_fault(name),
        });
    }
    let released: usize = gates.map(|active| active.gate.open(false)).sum();
    Ok((200, format!("{{\"released\":{released}}}")))
}

fn push(out: &mut String, active: &Active) {
    let counts = active.counts();
    out.push_str("{\"id\":");
    json::push_str(out, &active.rule.id);
    // The rule is an object with members; its braces are these.
    let members = active.rule.text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    out.push(',');
    out.push_str(members.unwrap_or_default());
    let _ = write!(out, ",\"matched\":{},\"struck\":{}", counts.matched, counts.struck);
    if let Then::Hold(_) = active.rule.then {
        let _ = write!(out, ",\"held\":{}", counts.held);
    }
    out.push('}');
}
