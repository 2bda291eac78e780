//! `/quickActions…` and `/sobjects/X/quickActions…`: the global actions that every org has from the
//! start, listed and described. To run one, or to ask for its default values, is refused.
//! `reference/rest.md` §2.6; the results of a describe are those of the SOAP guide.

use super::super::keys::{Keys, list};
use super::super::layouts;
use super::super::reply::Reply;
use super::{Call, Outcome};
use crate::error::OrgError;
use crate::schema::ObjectSpec;
use std::sync::Arc;

/// A global action: its name, label, type, and the object of the record that it makes.
type Action = (&'static str, &'static str, &'static str, &'static str);

/// The global actions of a new org that make records of this schema.
const ACTIONS: [Action; 8] = [
    ("LogACall", "Log a Call", "LogACall", "Task"),
    ("NewAccount", "New Account", "Create", "Account"),
    ("NewCase", "New Case", "Create", "Case"),
    ("NewContact", "New Contact", "Create", "Contact"),
    ("NewEvent", "New Event", "Create", "Event"),
    ("NewLead", "New Lead", "Create", "Lead"),
    ("NewOpportunity", "New Opportunity", "Create", "Opportunity"),
    ("NewTask", "New Task", "Create", "Task"),
];

/// Answers a call; `path` is what follows `quickActions`.
pub(super) fn handle(call: &Call<'_>, object: Option<&str>, path: &[&str]) -> Outcome {
    let object = object.map(|name| call.object(name)).transpose()?;
    // Objects without layouts have nowhere to put an action.
    let actions: &[Action] =
        if object.is_none_or(|object| object.flags.layoutable) { &ACTIONS } else { &[] };
    let known = |name: &str| actions.iter().find(|(own, ..)| *own == name);
    match path {
        [] if call.reads() => {
            let mut out = String::with_capacity(4096);
            out.push('[');
            for (place, action) in actions.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                push(&mut out, call, object, action);
            }
            out.push(']');
            Ok(Reply::json(out, "quickActions"))
        }
        [] => call.only("HEAD,GET"),
        [name] | [name, "describe"] => match known(name) {
            Some(action) if call.reads() => describe(call, object, action),
            Some(_) if path.len() == 2 => call.only("HEAD,GET"),
            Some(_) => Err(OrgError::resource_not_emulated("quickActions/{action}").into()),
            None => Err(OrgError::not_found().into()),
        },
        [name, "defaultValues"] | [name, "defaultValues", _] if known(name).is_some() => {
            Err(OrgError::resource_not_emulated("quickActions/{action}/defaultValues").into())
        }
        _ => Err(OrgError::not_found().into()),
    }
}

/// The path of an action.
fn url(call: &Call<'_>, object: Option<&Arc<ObjectSpec>>, name: &str) -> String {
    let within = object.map_or_else(String::new, |object| format!("sobjects/{}/", object.name));
    format!("/services/data/v{}.0/{within}quickActions/{name}", call.version)
}

/// Appends an action of a list.
fn push(out: &mut String, call: &Call<'_>, object: Option<&Arc<ObjectSpec>>, action: &Action) {
    let (name, label, kind, _) = action;
    let url = url(call, object, name);
    let mut keys = Keys::open(out);
    if call.version >= 35 {
        keys.text("actionEnumOrId", name);
    }
    keys.text("label", label);
    keys.text("name", name);
    keys.text("type", kind);
    let mut urls = keys.object("urls");
    urls.text("defaultValues", &format!("{url}/defaultValues"));
    urls.text("quickAction", &url);
    urls.text("describe", &format!("{url}/describe"));
    if object.is_some() {
        urls.text("defaultValuesTemplate", &format!("{url}/defaultValues/{{ID}}"));
    }
    urls.close();
    keys.close();
}

/// An action with the fields that it asks for: those that a new record must have, and its name.
fn describe(call: &Call<'_>, object: Option<&Arc<ObjectSpec>>, action: &Action) -> Outcome {
    let (name, label, kind, target) = action;
    let schema = &call.state.schema;
    let target = call.object(target)?;
    let asked = target
        .visible_fields()
        .filter(|(_, field)| field.createable && (field.required_on_create() || field.name_field));
    let asked: Vec<_> = asked.map(|(_, field)| field).collect();
    let mut out = String::with_capacity(8192);
    let mut keys = Keys::open(&mut out);
    if call.version >= 35 {
        keys.text("actionEnumOrId", name);
    }
    keys.raw("canvasApplicationName", "null");
    keys.raw("colors", "[]");
    keys.optional("contextSobjectType", object.map(|object| &*object.name));
    keys.raw("defaultValues", "null");
    keys.raw("height", "null");
    keys.raw("iconName", "null");
    keys.raw("iconUrl", "null");
    keys.raw("icons", "[]");
    keys.text("label", label);
    let mut layout = keys.object("layout");
    layout.number("columns", 1);
    layout.raw("heading", "null");
    list(&mut layout, "layoutRows", asked.iter().enumerate(), |out, (at, field)| {
        let mut keys = Keys::open(out);
        list(&mut keys, "layoutItems", std::iter::once(field), |out, field| {
            layouts::item(out, schema, field, at as u32 + 1);
        });
        keys.number("numItems", 1);
        keys.close();
    });
    layout.raw("parentLayoutId", "null");
    layout.number("rows", asked.len() as u32);
    layout.text("tabOrder", "LeftToRight");
    layout.flag("useCollapsibleSection", false);
    layout.flag("useHeading", false);
    layout.close();
    keys.raw("lightningComponentBundleId", "null");
    keys.raw("lightningComponentBundleName", "null");
    keys.raw("miniIconUrl", "null");
    keys.text("name", name);
    keys.flag("showQuickActionVfHeader", true);
    keys.raw("targetParentField", "null");
    keys.raw("targetRecordTypeId", "null");
    keys.text("targetSobjectType", &target.name);
    keys.text("type", kind);
    keys.raw("visualforcePageName", "null");
    keys.raw("visualforcePageUrl", "null");
    keys.raw("width", "null");
    keys.close();
    Ok(Reply::json(out, "quickAction"))
}
