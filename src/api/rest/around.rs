//! What lies around the rows and is empty in an org that nobody has set up: list views, quick
//! actions, app menus. `reference/rest.md` §2.6 and §6. Lists have their real shape; what
//! could only be pretended is refused loudly.

use super::super::keys::Keys;
use super::super::reply::Reply;
use super::{Call, Outcome};
use crate::error::OrgError;
use crate::id::Id;
use crate::store::fold;

/// `/sobjects/relevantItems[?sobjects=…]`: the user's recent records by object, the most recent
/// object first, ids in 15 characters.
pub fn relevant_items(call: &Call<'_>) -> Outcome {
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
            Some((_, ids)) => ids.push(id),
            None => groups.push((id.prefix(), vec![id])),
        }
    }
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
    Ok(Reply::json(out, "relevantItems"))
}

/// A number that changes when the list does.
fn version_of(ids: &[Id]) -> u32 {
    let bytes = ids.iter().flat_map(|id| id.as_15().bytes());
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// `/sobjects/X/listviews…`: there are none.
pub fn list_views(call: &Call<'_>, name: &str, path: &[&str]) -> Outcome {
    let object = call.object(name)?;
    match path {
        _ if !call.reads() => call.only("HEAD,GET"),
        [] => {
            let mut out = String::with_capacity(128);
            out.push_str(
                "{\"done\":true,\"listviews\":[],\"nextRecordsUrl\":null,\"size\":0,\
                 \"sobjectType\":\"",
            );
            out.push_str(&object.name);
            out.push_str("\"}");
            Ok(Reply::json(out, "listviews"))
        }
        ["recent", ..] => refused("sobjects/{object}/listviews/recent"),
        _ => Err(OrgError::not_found().into()),
    }
}

/// `/quickActions…` and `/sobjects/X/quickActions…`: there are none.
pub fn quick_actions(call: &Call<'_>, object: Option<&str>, path: &[&str]) -> Outcome {
    if let Some(name) = object {
        call.object(name)?;
    }
    match path {
        [] if call.reads() => Ok(Reply::json("[]".to_owned(), "quickActions")),
        [] => call.only("HEAD,GET"),
        _ => Err(OrgError::not_found().into()),
    }
}

/// `/appMenu…`: no apps are set up.
pub fn app_menu(call: &Call<'_>, path: &[&str]) -> Outcome {
    match path {
        _ if !call.reads() => call.only("HEAD,GET"),
        [] => Ok(Reply::json(
            "{\"appMenuTypes\":[\"AppSwitcher\",\"Salesforce1\",\"NetworkTabs\"]}".to_owned(),
            "appMenu",
        )),
        ["AppSwitcher" | "Salesforce1" | "NetworkTabs"] => {
            Ok(Reply::json("{\"appMenuItems\":[]}".to_owned(), "appMenu"))
        }
        _ => Err(OrgError::not_found().into()),
    }
}

/// 501 of something that is there in real orgs.
fn refused(what: &str) -> Outcome {
    Err(OrgError::resource_not_emulated(what).into())
}
