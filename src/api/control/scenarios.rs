//! Loads scenarios into an org that runs.

use super::super::json;
use super::body::{self, of_problem};
use super::{Answer, Call};
use crate::error::ControlError;
use crate::org::Org;
use crate::scenario::{self, Loaded, Node, Scenario, only_name};

/// Loads a scenario: `{"name":"…"}`, or a whole one as JSON or TOML.
pub(super) fn load(call: &Call<'_>, org: &Org) -> Answer {
    let node = body::tree(call.request)?;
    let scenario = read(&node)?;
    let loaded = scenario::faults::load_into(&scenario, org, call.now);
    let loaded = loaded.map_err(|problem| of_problem(&problem))?;
    Ok((200, loaded_json(&loaded)))
}

/// The scenario of a name, or one that is written out.
pub(super) fn read(node: &Node) -> Result<Scenario, ControlError> {
    if let Some(name) = only_name(node) {
        let path = node.get("name").map_or(&node.path, |name| &name.path);
        let missing = |problem: scenario::Problem| ControlError::no_such_scenario(problem.message);
        return scenario::find(name).map_err(|problem| missing(problem).at(path.clone()));
    }
    Scenario::read(node).map_err(|problem| of_problem(&problem))
}

fn loaded_json(loaded: &Loaded) -> String {
    let mut out = String::from("{\"loaded\":");
    json::push_str(&mut out, &loaded.name);
    out.push_str(",\"records\":{");
    for (place, (alias, id)) in loaded.records.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        json::push_str(&mut out, alias);
        out.push(':');
        json::push_str(&mut out, &id.to_string());
    }
    out.push_str("}}");
    out
}
