//! What lies around the rows and is empty in an org that nobody has set up. `reference/rest.md` §2.6
//! and §6. Lists have their real shape; what could only be pretended is refused loudly.

use super::super::keys::Keys;
use super::super::reply::Reply;
use super::{Call, Outcome};
use crate::error::OrgError;
use crate::id::Id;
use crate::store::fold;

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

/// 501 of something that is there in real orgs.
fn refused(what: &str) -> Outcome {
    Err(OrgError::resource_not_emulated(what).into())
}
