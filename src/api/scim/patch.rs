//! PATCH: a body → operations → a changed document. RFC 7644 §3.5.2, with what widely used clients
//! send beside it: letter case of `op`, dotted names in a value without a path, items to remove
//! listed as a value.

use super::filter::{Filter, Op};
use super::path::{AttrPath, PatchPath};
use crate::error::PatchFault;
use crate::store::Doc;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Adds values.
    Add,
    /// Removes values.
    Remove,
    /// Replaces values.
    Replace,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What it does.
    pub action: Action,
    /// To what; `None` is the resource.
    pub path: Option<PatchPath>,
    /// With what.
    pub value: Doc,
}

/// Reads the operations of a body.
pub fn read(body: &Doc) -> Result<Vec<Operation>, PatchFault> {
    let Some(Doc::List(operations)) = body.get("Operations") else {
        return Err(PatchFault::Shape("Operations must be a list".to_owned()));
    };
    operations.iter().map(operation).collect()
}

fn operation(doc: &Doc) -> Result<Operation, PatchFault> {
    let Some(op) = doc.text_at(&["op"]) else {
        return Err(PatchFault::Shape("an operation must have an op".to_owned()));
    };
    let action = match op.to_ascii_lowercase().as_str() {
        "add" => Action::Add,
        "remove" => Action::Remove,
        "replace" => Action::Replace,
        _ => return Err(PatchFault::Operation(op.to_owned())),
    };
    let path = match doc.get("path") {
        None | Some(Doc::Null) => None,
        Some(Doc::Text(path)) if path.is_empty() => None,
        Some(Doc::Text(path)) => Some(PatchPath::parse(path)?),
        Some(_) => return Err(PatchFault::Shape("a path must be a string".to_owned())),
    };
    let value = doc.get("value").cloned();
    match (action, &path, &value) {
        (Action::Remove, None, _) => Err(PatchFault::NoTarget),
        (Action::Add | Action::Replace, _, None) => {
            Err(PatchFault::Value("the operation has no value".to_owned()))
        }
        _ => Ok(Operation { action, path, value: value.unwrap_or_default() }),
    }
}

/// Carries an operation out. `many` says whether an attribute of the core has several values.
pub fn apply(
    doc: &mut Doc,
    operation: &Operation,
    many: &dyn Fn(&AttrPath) -> bool,
) -> Result<(), PatchFault> {
    let Operation { action, path, value } = operation;
    match path {
        None => whole(doc, *action, value, many),
        Some(path) if path.attr.name.is_none() => {
            let Some(urn) = path.attr.urn.clone() else { return whole(doc, *action, value, many) };
            extension(doc, *action, &urn, value)
        }
        Some(path) => {
            attribute(doc, *action, path, value, many)?;
            tidy(doc, &path.attr);
            Ok(())
        }
    }
}

/// An operation without a path: its value's members are attributes.
fn whole(
    doc: &mut Doc,
    action: Action,
    value: &Doc,
    many: &dyn Fn(&AttrPath) -> bool,
) -> Result<(), PatchFault> {
    let Doc::Object(members) = value else {
        return Err(PatchFault::Value("without a path the value must be an object".to_owned()));
    };
    for (name, value) in members {
        let attr = AttrPath::parse(name).ok_or_else(|| PatchFault::Path(name.to_string()))?;
        let inner =
            Operation { action, path: Some(PatchPath { attr, items: None }), value: value.clone() };
        apply(doc, &inner, many)?;
    }
    Ok(())
}

fn extension(doc: &mut Doc, action: Action, urn: &str, value: &Doc) -> Result<(), PatchFault> {
    if action == Action::Remove {
        doc.remove(urn);
        return Ok(());
    }
    let Doc::Object(members) = value else {
        return Err(PatchFault::Value("an extension's value must be an object".to_owned()));
    };
    for (name, value) in members {
        let path = AttrPath { urn: Some(urn.to_owned()), name: Some(name.to_string()), sub: None };
        let path = PatchPath { attr: path, items: None };
        attribute(doc, action, &path, value, &|_| false)?;
    }
    Ok(())
}

fn attribute(
    doc: &mut Doc,
    action: Action,
    path: &PatchPath,
    value: &Doc,
    many: &dyn Fn(&AttrPath) -> bool,
) -> Result<(), PatchFault> {
    let Some(name) = path.attr.name.as_deref() else { return Ok(()) };
    let home = match &path.attr.urn {
        Some(urn) => {
            if doc.get(urn).is_none() {
                if action == Action::Remove {
                    return Ok(());
                }
                doc.set(urn, Doc::object());
            }
            doc.get_mut(urn).ok_or(PatchFault::NoTarget)?
        }
        None => doc,
    };
    let sub = path.attr.sub.as_deref();
    match (&path.items, action) {
        (Some(items), action) => chosen(home, name, items, sub, action, value),
        (None, Action::Remove) => {
            remove(home, name, sub, value);
            Ok(())
        }
        (None, action) => {
            let list = many(&AttrPath { sub: None, ..path.attr.clone() })
                || matches!(home.get(name), Some(Doc::List(_)));
            match sub {
                Some(sub) => part(home, name, sub, value, list),
                None => put(home, name, action, value, list),
            }
            Ok(())
        }
    }
}

/// Sets a part of an attribute: of each of its items, when it has several.
fn part(home: &mut Doc, name: &str, sub: &str, value: &Doc, list: bool) {
    match home.get_mut(name) {
        Some(Doc::List(items)) if !items.is_empty() => {
            for item in items {
                item.set(sub, value.clone());
            }
        }
        Some(held @ Doc::Object(_)) => held.set(sub, value.clone()),
        _ => {
            let made = Doc::object().with(sub, value.clone());
            home.set(name, if list { Doc::List(vec![made]) } else { made });
        }
    }
}

/// Adds to an attribute or replaces it.
fn put(home: &mut Doc, name: &str, action: Action, value: &Doc, list: bool) {
    let value = match value {
        value if list && !matches!(value, Doc::List(_) | Doc::Null) => {
            Doc::List(vec![value.clone()])
        }
        value => value.clone(),
    };
    match (home.get_mut(name), value) {
        (Some(Doc::List(held)), Doc::List(more)) if action == Action::Add => {
            let primary = more.iter().any(is_primary);
            if primary {
                held.iter_mut().filter(|item| is_primary(item)).for_each(not_primary);
            }
            for item in more {
                add_item(held, item);
            }
        }
        // RFC 7644 §3.5.2.3: of an attribute with parts only the given ones are replaced.
        (Some(held @ Doc::Object(_)), Doc::Object(members)) => {
            for (name, value) in members {
                held.set(&name, value);
            }
        }
        (_, value) => home.set(name, value),
    }
}

/// Appends an item; one that names a value which is there takes its place.
fn add_item(held: &mut Vec<Doc>, item: Doc) {
    let key = item.text_at(&["value"]).map(ToOwned::to_owned);
    let same =
        |own: &Doc| *own == item || (key.is_some() && own.text_at(&["value"]) == key.as_deref());
    match held.iter().position(same) {
        Some(place) => held[place] = item,
        None => held.push(item),
    }
}

fn is_primary(item: &Doc) -> bool {
    item.get("primary").and_then(Doc::as_bool) == Some(true)
}

fn not_primary(item: &mut Doc) {
    item.set("primary", false);
}

/// Removes an attribute or a part of it; a value lists the items to remove.
fn remove(home: &mut Doc, name: &str, sub: Option<&str>, value: &Doc) {
    match (home.get_mut(name), sub) {
        (Some(Doc::List(items)), Some(sub)) => {
            for item in items {
                item.remove(sub);
            }
        }
        (Some(held), Some(sub)) => {
            held.remove(sub);
        }
        (Some(Doc::List(items)), None) if !value.is_nothing() => {
            let gone = |item: &Doc| {
                value.items().iter().any(|wanted| match wanted.get("value").or(Some(wanted)) {
                    Some(Doc::Text(text)) => item.text_at(&["value"]) == Some(text),
                    _ => item == wanted,
                })
            };
            items.retain(|item| !gone(item));
        }
        (Some(_), None) => {
            home.remove(name);
        }
        (None, _) => {}
    }
}

/// Changes the items that a filter chooses.
fn chosen(
    home: &mut Doc,
    name: &str,
    items: &Filter,
    sub: Option<&str>,
    action: Action,
    value: &Doc,
) -> Result<(), PatchFault> {
    if action == Action::Remove {
        if let Some(Doc::List(held)) = home.get_mut(name) {
            match sub {
                Some(sub) => held.iter_mut().filter(|item| items.matches(item)).for_each(|item| {
                    item.remove(sub);
                }),
                None => held.retain(|item| !items.matches(item)),
            }
        }
        return Ok(());
    }
    if home.get(name).is_none() && action == Action::Add {
        home.set(name, Doc::List(Vec::new()));
    }
    let Some(Doc::List(held)) = home.get_mut(name) else { return Err(PatchFault::NoTarget) };
    let primary = is_primary(value) || (sub == Some("primary") && *value == Doc::Bool(true));
    if primary {
        held.iter_mut().filter(|item| is_primary(item)).for_each(not_primary);
    }
    let mut found = false;
    for item in held.iter_mut().filter(|item| items.matches(item)) {
        found = true;
        change_item(item, sub, value);
    }
    if found {
        return Ok(());
    }
    // Nothing there to replace is an error; an addition makes the item that the filter describes.
    match (action, described(items)) {
        (Action::Add, Some(mut item)) => {
            change_item(&mut item, sub, value);
            held.push(item);
            Ok(())
        }
        _ => Err(PatchFault::NoTarget),
    }
}

fn change_item(item: &mut Doc, sub: Option<&str>, value: &Doc) {
    match (sub, value) {
        (Some(sub), value) => item.set(sub, value.clone()),
        (None, Doc::Object(members)) => {
            for (name, value) in members {
                item.set(name, value.clone());
            }
        }
        (None, value) => *item = value.clone(),
    }
}

/// The item that a filter of equalities describes.
fn described(items: &Filter) -> Option<Doc> {
    match items {
        Filter::Compare(path, Op::Eq, value) if path.sub.is_none() => {
            Some(Doc::object().with(path.name.as_deref()?, value.clone()))
        }
        Filter::And(left, right) => {
            let mut both = described(left)?;
            change_item(&mut both, None, &described(right)?);
            Some(both)
        }
        _ => None,
    }
}

/// Takes away what became empty.
fn tidy(doc: &mut Doc, attr: &AttrPath) {
    let Some(name) = attr.name.as_deref() else { return };
    let home = match &attr.urn {
        Some(urn) => doc.get_mut(urn),
        None => Some(&mut *doc),
    };
    if let Some(home) = home
        && home.get(name).is_some_and(Doc::is_nothing)
    {
        home.remove(name);
    }
    if let Some(urn) = &attr.urn
        && doc.get(urn).is_some_and(Doc::is_nothing)
    {
        doc.remove(urn);
    }
}

#[cfg(test)]
#[path = "patch_tests.rs"]
mod tests;
