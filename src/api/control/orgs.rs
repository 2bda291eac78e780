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
use crate::org::{DEFAULT, NotFounded, Org, Orgs};
use crate::scenario::settings::ClockChoice;
use crate::scenario::{self, NewOrg, Node, NotMade, Scenario, is_org_name};
use crate::time;
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
const KEYS: [&str; 9] =
    ["name", "from", "snapshot", "scenarios", "clock", "seed", "label", "ttl", "listen"];

/// Makes an org: a fork of `origin`, of the org that `from` names, or an empty one; with a snapshot,
/// a fork of the org as it was then.
pub(super) fn create(call: &Call<'_>, origin: Option<&Arc<Org>>) -> Answer {
    let node = body::tree(call.request)?;
    body::check_keys(&node, &KEYS)?;
    let text = |key: &str| node.get(key).map(Node::text).transpose().map_err(|p| of_problem(&p));
    let name = text("name")?;
    if name.is_some_and(|name| !is_org_name(name)) {
        let message = "must be 1 to 40 lower-case letters, digits and hyphens";
        return Err(ControlError::invalid(message).at("name"));
    }
    let from = match (text("from")?, origin) {
        (Some(_), Some(_)) => {
            return Err(ControlError::invalid("the path names the org to fork").at("from"));
        }
        (Some(name), None) => Some(call.org(name).map_err(|error| error.at("from"))?),
        (None, origin) => origin.cloned(),
    };
    let snapshot = text("snapshot")?;
    // A snapshot is an org's: without `from` it is the default one's.
    let from = match (from, snapshot) {
        (None, Some(_)) => Some(call.org(DEFAULT)?),
        (from, _) => from,
    };
    let snapshot = match (snapshot, &from) {
        (Some(name), Some(from)) => {
            let found = from.snapshot(name);
            let missing = || ControlError::no_such_snapshot(&from.name, name).at("snapshot");
            Some(found.ok_or_else(missing)?)
        }
        _ => None,
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
    let ttl = match text("ttl")? {
        Some(ttl) => {
            Some(time::parse_duration(ttl).filter(|ttl| *ttl > 0).ok_or_else(|| {
                ControlError::invalid("must be a duration such as PT1H").at("ttl")
            })?)
        }
        None => None,
    };
    let listen = node.get("listen").map(Node::flag).transpose();
    let new = NewOrg {
        name,
        label: text("label")?.map(ToOwned::to_owned),
        from: from.as_deref(),
        snapshot: snapshot.as_ref(),
        scenarios: &scenarios,
        clock,
        seed: seed.map_err(|problem| of_problem(&problem))?,
        ttl,
        listen: listen.map_err(|problem| of_problem(&problem))?.unwrap_or(false),
    };
    let made = scenario::create(call.orgs, &new, call.now);
    let (org, _) = made.map_err(|why| not_made(&why, name))?;
    Ok((201, org_json(call.orgs, call.request, &org)))
}

fn not_made(why: &NotMade, name: Option<&str>) -> ControlError {
    match why {
        NotMade::NotFounded(NotFounded::Taken) => {
            ControlError::name_taken(name.unwrap_or_default()).at("name")
        }
        NotMade::NotFounded(NotFounded::TooMany(most)) => ControlError::too_many_orgs(*most),
        NotMade::NotFounded(NotFounded::NoServer) => ControlError::no_ports().at("listen"),
        NotMade::NotFounded(NotFounded::Listen(why)) => {
            ControlError::cannot_listen(why).at("listen")
        }
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
    org.reset(drops_sessions(call)?, call.now);
    Ok((200, org_json(call.orgs, call.request, org)))
}

/// True when the body says `{"sessions":"drop"}`; it may say nothing else.
pub(super) fn drops_sessions(call: &Call<'_>) -> Result<bool, ControlError> {
    let node = body::tree(call.request)?;
    body::check_keys(&node, &["sessions"])?;
    match node.get("sessions").map(Node::text) {
        None | Some(Ok("keep")) => Ok(false),
        Some(Ok("drop")) => Ok(true),
        Some(_) => Err(ControlError::invalid("must be drop or keep").at("sessions")),
    }
}

/// Deletes an org.
pub(super) fn delete(call: &Call<'_>, org: &Org) -> Answer {
    if *org.name == *DEFAULT {
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

/// Appends the object that tells how to log in to an org at a URL, or at its own port there.
pub(crate) fn push_org(out: &mut String, org: &Org, instance_url: &str) {
    let credentials = &*org.credentials;
    let own = org.port.get().map(|port| with_port(instance_url, *port));
    let instance_url = own.as_deref().unwrap_or(instance_url);
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
    let mut end = String::new();
    let end = org.expires_at.map(|at| {
        time::write_datetime_z(&mut end, at);
        ("expires_at", end.as_str())
    });
    for (place, (name, value)) in facts.into_iter().chain(label).chain(end).enumerate() {
        out.push_str(if place == 0 { "{\"" } else { ",\"" });
        out.push_str(name);
        out.push_str("\":");
        json::push_str(out, value);
    }
    out.push('}');
}

/// A URL with another port.
fn with_port(url: &str, port: u16) -> String {
    let (scheme, authority) = url.split_once("://").unwrap_or(("http", url));
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if digits(port) => host,
        _ => authority,
    };
    format!("{scheme}://{host}:{port}")
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
