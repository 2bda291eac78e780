//! Orgs: list, create, fork, reset, delete; and the object by which the ready line and these calls
//! tell how to log in.

use super::super::entry::base_url;
use super::super::http::Request;
use super::super::json;
use super::body::{self, of_problem};
use super::scenarios;
use super::{Answer, Call};
use crate::clock::Millis;
use crate::error::ControlError;
use crate::org::{DEFAULT, Org, Orgs};
use crate::scenario::settings::ClockChoice;
use crate::scenario::{self, NewOrg, Node, NotMade, Scenario, is_org_name};
use std::sync::Arc;

/// All orgs.
pub(super) fn list(call: &Call<'_>) -> String {
    let mut out = String::from("{\"items\":[");
    for (place, org) in call.orgs.all().iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        push_org(&mut out, org, &base_url(call.orgs, call.request));
    }
    out.push_str("]}");
    out
}

/// What `POST /orgs` and `POST …/fork` take.
const KEYS: [&str; 8] = ["name", "from", "snapshot", "scenarios", "clock", "seed", "label", "ttl"];

/// Makes an org: a fork of `origin`, of the org that `from` names, or an empty one.
pub(super) fn create(call: &Call<'_>, origin: Option<&Arc<Org>>) -> Answer {
    let node = body::tree(call.request)?;
    let known: Vec<&str> = KEYS.into_iter().chain(["listen"]).collect();
    body::check_keys(&node, &known)?;
    for (key, what) in
        [("snapshot", "snapshots"), ("ttl", "a time to live"), ("listen", "a port of its own")]
    {
        let asked = node.get(key).filter(|value| value.flag() != Ok(false));
        if let Some(value) = asked {
            return Err(ControlError::not_emulated(what).at(value.path.clone()));
        }
    }
    let text = |key: &str| node.get(key).map(Node::text).transpose().map_err(|p| of_problem(&p));
    let name = text("name")?;
    if name.is_some_and(|name| !is_org_name(name)) {
        let message = "must be 1 to 40 lower-case letters, digits and hyphens";
        return Err(ControlError::invalid(message).at("name"));
    }
    let named = match text("from")? {
        Some(_) if origin.is_some() => {
            return Err(ControlError::invalid("the path names the org to fork").at("from"));
        }
        Some(name) => Some(call.org(name).map_err(|error| error.at("from"))?),
        None => None,
    };
    let clock = match text("clock")? {
        Some(clock) => Some(ClockChoice::parse(clock).ok_or_else(|| {
            ControlError::invalid("must be real or an RFC 3339 instant").at("clock")
        })?),
        None => None,
    };
    let seed = node.get("seed").map(|seed| seed.whole(0, u64::MAX)).transpose();
    let scenarios = match node.get("scenarios") {
        Some(list) => {
            let list = list.list().map_err(|problem| of_problem(&problem))?;
            list.iter().map(scenarios::read).collect::<Result<Vec<Scenario>, _>>()?
        }
        None => Vec::new(),
    };
    let new = NewOrg {
        name,
        label: text("label")?.map(ToOwned::to_owned),
        from: origin.or(named.as_ref()).map(|org| &**org),
        scenarios: &scenarios,
        clock,
        seed: seed.map_err(|problem| of_problem(&problem))?,
    };
    let made = scenario::create(call.orgs, &new, call.now);
    let (org, _) = made.map_err(|why| not_made(&why, name))?;
    Ok((201, org_json(call.orgs, call.request, &org)))
}

fn not_made(why: &NotMade, name: Option<&str>) -> ControlError {
    match why {
        NotMade::Taken => ControlError::name_taken(name.unwrap_or_default()).at("name"),
        NotMade::ClockBackwards => {
            let message = "is earlier than the origin's time, and clocks never run backwards";
            ControlError::invalid(message).at("clock")
        }
        NotMade::Scenario(place, problem) => {
            let error = of_problem(problem);
            // The path of an inline scenario begins at the root of the body already.
            let prefix = format!("scenarios[{place}]");
            if error.path.starts_with(&prefix) {
                return error;
            }
            let inner =
                if error.path.is_empty() { prefix } else { format!("{prefix}.{}", error.path) };
            error.at(inner)
        }
        NotMade::Schema(error) => ControlError::invalid(error.to_string()),
    }
}

/// Back to how the org was when it was created.
pub(super) fn reset(call: &Call<'_>, org: &Org) -> Answer {
    let node = body::tree(call.request)?;
    body::check_keys(&node, &["sessions"])?;
    let drop_sessions = match node.get("sessions") {
        None => false,
        Some(value) => match value.text() {
            Ok("drop") => true,
            Ok("keep") => false,
            _ => return Err(ControlError::invalid("must be drop or keep").at("sessions")),
        },
    };
    org.reset(drop_sessions, call.now);
    Ok((200, org_json(call.orgs, call.request, org)))
}

/// Deletes an org.
pub(super) fn delete(call: &Call<'_>, org: &Org) -> Answer {
    if org.name == DEFAULT {
        return Err(ControlError::default_stays());
    }
    call.orgs.delete(&org.name);
    Ok((204, String::new()))
}

/// The object that tells how to log in to an org, for the client of a request.
pub(crate) fn org_json(orgs: &Orgs, request: &Request, org: &Org) -> String {
    let mut out = String::with_capacity(768);
    push_org(&mut out, org, &base_url(orgs, request));
    out
}

/// Appends the object that tells how to log in to an org at a URL.
pub(crate) fn push_org(out: &mut String, org: &Org, instance_url: &str) {
    let credentials = &org.credentials;
    let (id, user_id) = (org.id.to_string(), credentials.user_id.to_string());
    let facts = [
        ("id", id.as_str()),
        ("name", &org.name),
        ("instance_url", instance_url),
        ("username", &credentials.username),
        ("password", &credentials.password),
        ("security_token", &credentials.security_token),
        ("user_id", &user_id),
        ("access_token", &credentials.access_token),
        ("refresh_token", &credentials.refresh_token),
        ("client_id", &credentials.client_id),
        ("client_secret", &credentials.client_secret),
    ];
    let label = org.label.as_deref().map(|label| ("label", label));
    for (place, (name, value)) in facts.into_iter().chain(label).enumerate() {
        out.push_str(if place == 0 { "{\"" } else { ",\"" });
        out.push_str(name);
        out.push_str("\":");
        json::push_str(out, value);
    }
    out.push('}');
}

/// The org of the header `X-Fauxforce-Org`: a name or an id, or, behind `?`, a name that is forked
/// from `default` when it is first seen.
pub(crate) fn org_named(orgs: &Orgs, header: &str, system_now: Millis) -> Option<Arc<Org>> {
    let Some(name) = header.strip_prefix('?') else {
        let by_id = || crate::id::Id::parse(header).ok().and_then(|id| orgs.with_id(id));
        return orgs.named(header).or_else(by_id);
    };
    if let Some(org) = orgs.named(name) {
        return Some(org);
    }
    if !is_org_name(name) {
        return None;
    }
    let origin = orgs.named(DEFAULT)?;
    let new = NewOrg { name: Some(name), from: Some(&origin), ..NewOrg::default() };
    // Two first requests may come at once: the one that comes second finds the fork of the first.
    match scenario::create(orgs, &new, system_now) {
        Ok((org, _)) => Some(org),
        Err(_) => orgs.named(name),
    }
}
