//! What lies around the rows and is empty in an org that nobody has set up: rules, approvals. `reference/rest.md` §2.6 and §6. Lists have their real shape; what
//! could only be pretended (running an action, submitting for approval) is refused loudly.

use super::super::keys::Keys;
use super::super::reply::Reply;
use super::{Call, Outcome};
use crate::error::OrgError;
use crate::id::Id;
use crate::store::fold;
use std::fmt::Write as _;

/// Most records of one object among the relevant items.
const MOST_RELEVANT: usize = 50;

/// `/sobjects/relevantItems[?sobjects=…]`: the user's recent records by object, the most recent
/// object first, ids in 15 characters. A header says whether the list is another than the one whose
/// `lastUpdatedId` the request names.
pub fn relevant_items(call: &Call<'_>) -> Outcome {
    if call.version < 35 {
        return Err(OrgError::not_found().into());
    }
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let wanted = call.params.get("sobjects").map(fold);
    let is_wanted = |name: &str| {
        wanted.as_ref().is_none_or(|list| list.split(',').any(|own| own.trim() == fold(name)))
    };
    let mut groups: Vec<([u8; 3], Vec<Id>)> = Vec::new();
    for id in call.state.recent(call.session.user) {
        if call.state.resolve(id).is_none_or(|(object, ..)| !is_wanted(&object.name)) {
            continue;
        }
        match groups.iter_mut().find(|(prefix, _)| *prefix == id.prefix()) {
            Some((_, ids)) if ids.len() < MOST_RELEVANT => ids.push(id),
            Some(_) => {}
            None => groups.push((id.prefix(), vec![id])),
        }
    }
    let all: Vec<Id> = groups.iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
    let version = version_of(&all).to_string();
    let is_new = call.params.get("lastUpdatedId") != Some(version.as_str());
    let mut out = String::from("[");
    for (prefix, ids) in groups {
        let Some(object) = call.state.schema.by_prefix(prefix) else { continue };
        let object = call.state.schema.object(object);
        if out.len() > 1 {
            out.push(',');
        }
        let mut keys = Keys::open(&mut out);
        keys.text("apiName", &object.name);
        keys.text("key", &String::from_utf8_lossy(&prefix));
        keys.text("label", &object.label_plural);
        keys.text("lastUpdatedId", &version_of(&ids).to_string());
        let list = keys.key("recordIds");
        for (place, id) in ids.iter().enumerate() {
            list.push_str(if place == 0 { "[\"" } else { ",\"" });
            list.push_str(id.as_15());
            list.push('"');
        }
        list.push(']');
        keys.close();
    }
    out.push(']');
    let reply = Reply::json(out, "relevantItems").with("lastUpdatedId", version);
    Ok(reply.with("newResultSetSinceLastQuery", if is_new { "true" } else { "false" }))
}

/// A number that changes when the list does.
fn version_of(ids: &[Id]) -> u32 {
    let bytes = ids.iter().flat_map(|id| id.as_15().bytes());
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// `/appMenu…`: the kinds of menus. What is in them is refused: a real org has apps from the start.
pub fn app_menu(call: &Call<'_>, path: &[&str]) -> Outcome {
    match path {
        _ if !call.reads() => call.only("HEAD,GET"),
        [] => Ok(Reply::json(
            "{\"appMenuTypes\":[\"AppSwitcher\",\"Salesforce1\",\"NetworkTabs\"]}".to_owned(),
            "appMenu",
        )),
        ["AppSwitcher" | "Salesforce1" | "NetworkTabs"] => refused("appMenu/{type}"),
        _ => Err(OrgError::not_found().into()),
    }
}

/// `/process/rules…` and `/process/approvals`: there are none.
pub fn process(call: &Call<'_>, path: &[&str]) -> Outcome {
    let reads = call.reads();
    let posts = call.method == crate::api::http::Method::Post;
    let fixed = |text: &str, root: &'static str| Ok(Reply::json(text.to_owned(), root));
    match path {
        ["rules"] if reads => fixed("{\"rules\":{}}", "rules"),
        // No rule matches: nothing is to be done.
        ["rules", ..] if posts => fixed("{\"errors\":null,\"success\":true}", "Result"),
        ["rules", object] if reads => {
            call.object(object)?;
            fixed("{\"rules\":{}}", "rules")
        }
        ["rules"] | ["rules", _] => call.only("HEAD,GET,POST"),
        ["approvals"] if reads => fixed("{\"approvals\":{}}", "approvals"),
        ["approvals"] if posts => refused("process/approvals"),
        ["approvals"] => call.only("HEAD,GET,POST"),
        _ => Err(OrgError::not_found().into()),
    }
}

/// Standard actions that every org lists: name, label, type.
const STANDARD: [(&str, &str, &str); 3] = [
    ("chatterPost", "Post to Chatter", "CHATTERPOST"),
    ("emailSimple", "Send Email", "EMAILSIMPLE"),
    ("submit", "Submit for Approval", "SUBMITAPPROVAL"),
];

/// Kinds of custom actions.
const CUSTOM: [&str; 5] = ["quickAction", "apex", "emailAlert", "flow", "sendNotification"];

/// `/actions…`: lists. To describe or run an action is refused.
pub fn actions(call: &Call<'_>, path: &[&str]) -> Outcome {
    let base = |out: &mut String| {
        let _ = write!(out, "/services/data/v{}.0/actions/", call.version);
    };
    let mut out = String::with_capacity(512);
    match path {
        ["standard", name] if STANDARD.iter().any(|(own, ..)| own == name) => {
            return refused("actions/standard/{action}");
        }
        [] | ["standard"] if !call.reads() => return call.only("HEAD,GET"),
        ["custom"] if !call.reads() => return call.only("HEAD,GET"),
        ["custom", kind] if CUSTOM.contains(kind) && !call.reads() => return call.only("HEAD,GET"),
        [] => links(&mut out, &["standard", "custom"], base),
        ["custom"] => links(&mut out, &CUSTOM, |out| {
            base(out);
            out.push_str("custom/");
        }),
        ["custom", kind] if CUSTOM.contains(kind) => out.push_str("{\"actions\":[]}"),
        ["standard"] => {
            out.push_str("{\"actions\":[");
            for (place, (name, label, kind)) in STANDARD.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                let mut keys = Keys::open(&mut out);
                keys.text("label", label);
                keys.text("name", name);
                keys.text("type", kind);
                let url = keys.key("url");
                url.push('"');
                base(url);
                url.push_str("standard/");
                url.push_str(name);
                url.push('"');
                keys.close();
            }
            out.push_str("]}");
        }
        _ => return Err(OrgError::not_found().into()),
    }
    Ok(Reply::json(out, "actions"))
}

/// An object of names and their URLs.
fn links(out: &mut String, names: &[&str], base: impl Fn(&mut String)) {
    for (place, name) in names.iter().enumerate() {
        out.push_str(if place == 0 { "{\"" } else { ",\"" });
        out.push_str(name);
        out.push_str("\":\"");
        base(out);
        out.push_str(name);
        out.push('"');
    }
    out.push('}');
}

/// 501 of something that is there in real orgs.
fn refused(what: &str) -> Outcome {
    Err(OrgError::resource_not_emulated(what).into())
}
