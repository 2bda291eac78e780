//! What of a resource a client wants to see, and what a PATCH may touch.

use super::patch::{Action, Operation};
use super::path::AttrPath;
use super::schema::{self, Change, EXTERNAL, OTHER};
use super::view::{Kind, View};
use crate::api::params::Params;
use crate::error::{PatchFault, ScimError};
use crate::store::{Doc, ScimMode};

/// `attributes` or `excludedAttributes`.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    only: Option<Vec<AttrPath>>,
    not: Vec<AttrPath>,
}

impl Shown {
    /// What a query asks for.
    pub fn of_query(mode: ScimMode, kind: Kind, query: &str) -> Result<Shown, ScimError> {
        let params = Params::parse(query);
        Shown::of(mode, &[kind], params.get("attributes"), params.get("excludedAttributes"))
    }

    /// What two comma-separated lists ask for.
    pub fn of(
        mode: ScimMode,
        kinds: &[Kind],
        attributes: Option<&str>,
        excluded: Option<&str>,
    ) -> Result<Shown, ScimError> {
        let paths = |list: &str| -> Result<Vec<AttrPath>, ScimError> {
            let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
            names.map(|name| known(mode, kinds, name)).collect()
        };
        match (attributes, excluded) {
            (Some(_), Some(_)) => Err(ScimError::both_attribute_lists()),
            (Some(list), None) => Ok(Shown { only: Some(paths(list)?), not: Vec::new() }),
            (None, Some(list)) => Ok(Shown { only: None, not: paths(list)? }),
            (None, None) => Ok(Shown::default()),
        }
    }

    /// A resource with only what is asked for.
    #[must_use]
    pub fn shown(&self, doc: Doc) -> Doc {
        if let Some(only) = &self.only {
            let mut out = Doc::object();
            for (name, value) in doc.members() {
                if ["schemas", "id"].contains(&name.as_str()) {
                    out.set(name, value.clone());
                } else if let Some(value) = chosen(name, value, only) {
                    out.set(name, value);
                }
            }
            // What is not shown needs no schema; the first is that of the core.
            let urns = doc.get("schemas").map_or(&[][..], Doc::items).iter().enumerate();
            let urns = urns.filter(|(place, urn)| {
                *place == 0 || urn.as_text().is_some_and(|urn| out.get(urn).is_some())
            });
            let urns: Vec<Doc> = urns.map(|(_, urn)| urn.clone()).collect();
            out.set("schemas", urns);
            return out;
        }
        let mut doc = doc;
        for path in &self.not {
            exclude(&mut doc, path);
        }
        doc
    }
}

/// The attribute of a name, if there is one. RFC 7644 §3.9 lets a server pass others over;
/// Salesforce refuses them.
fn known(mode: ScimMode, kinds: &[Kind], name: &str) -> Result<AttrPath, ScimError> {
    let refused = || ScimError::unsupported_attribute(name);
    let path = AttrPath::parse(name);
    if mode == ScimMode::Rfc {
        return path.ok_or_else(|| ScimError::invalid_value(name));
    }
    let path = path.ok_or_else(refused)?;
    let extension = path.urn.as_deref().is_some_and(|urn| urn.starts_with(schema::CUSTOM));
    let whole = path.name.is_none();
    let is = |kind: &Kind| schema::find(*kind, mode, &path).is_some();
    if extension || whole || kinds.iter().any(is) { Ok(path) } else { Err(refused()) }
}

/// A member of a resource as far as a list of paths names it.
fn chosen(name: &str, value: &Doc, paths: &[AttrPath]) -> Option<Doc> {
    let same = |own: Option<&str>| own.is_some_and(|own| own.eq_ignore_ascii_case(name));
    let mut parts: Vec<&AttrPath> = Vec::new();
    for path in paths {
        let extension = same(path.urn.as_deref());
        match (extension, path.urn.is_none() && same(path.name.as_deref())) {
            (true, _) if path.name.is_none() => return Some(value.clone()),
            (_, true) if path.sub.is_none() => return Some(value.clone()),
            (true, _) | (_, true) => parts.push(path),
            _ => {}
        }
    }
    if parts.is_empty() {
        return None;
    }
    let part = |doc: &Doc| {
        let mut out = Doc::object();
        for path in &parts {
            match &path.urn {
                Some(_) => {
                    let name = path.name.as_deref().unwrap_or_default();
                    let inner = AttrPath { urn: None, ..(*path).clone() };
                    let own = doc.get(name).and_then(|own| chosen(name, own, &[inner]));
                    if let Some(own) = own {
                        out.set(name, own);
                    }
                }
                None => {
                    let sub = path.sub.as_deref().unwrap_or_default();
                    if let Some(own) = doc.get(sub) {
                        out.set(sub, own.clone());
                    }
                }
            }
        }
        out
    };
    let out = match value {
        Doc::List(items) => Doc::List(items.iter().map(part).collect()),
        value => part(value),
    };
    (!out.is_nothing()).then_some(out)
}

/// Takes an attribute away, but not what is always shown.
fn exclude(doc: &mut Doc, path: &AttrPath) {
    let home = match &path.urn {
        Some(urn) if path.name.is_none() => {
            doc.remove(urn);
            return;
        }
        Some(urn) => doc.get_mut(urn),
        None => Some(doc),
    };
    let (Some(home), Some(name)) = (home, &path.name) else { return };
    if path.urn.is_none() && ["schemas", "id"].iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return;
    }
    let Some(sub) = &path.sub else {
        home.remove(name);
        return;
    };
    match home.get_mut(name) {
        Some(Doc::List(items)) => items.iter_mut().for_each(|item| {
            item.remove(sub);
        }),
        Some(held) => {
            held.remove(sub);
        }
        None => {}
    }
}

/// A PATCH operation as it is carried out, or why it is refused.
pub fn admitted(
    view: &View<'_>,
    kind: Kind,
    operation: Operation,
    doc: &Doc,
) -> Result<Operation, ScimError> {
    if view.is_rfc() {
        check_changeable(view, kind, &operation)?;
        return Ok(operation);
    }
    admitted_by_salesforce(kind, operation, doc)
}

/// Refuses paths that there are not and attributes that nobody may change.
fn check_changeable(view: &View<'_>, kind: Kind, operation: &Operation) -> Result<(), ScimError> {
    let check = |path: &AttrPath| {
        if path.name.is_none() {
            return Ok(());
        }
        let fault = || ScimError::of_patch(&PatchFault::Path(path.text()), false);
        let attribute = schema::find(kind, view.mode, path).ok_or_else(fault)?;
        let part = path.sub.as_deref().map(|sub| attribute.part(sub).ok_or_else(fault));
        let fixed = attribute.change == Change::Never
            || part.transpose()?.is_some_and(|part| part.change == Change::Never);
        if fixed { Err(ScimError::mutability(&path.text())) } else { Ok(()) }
    };
    match &operation.path {
        Some(path) if path.attr.name.is_some() || path.attr.urn.is_some() => {
            check(&path.attr)?;
            let required = path.attr.sub.is_none() && path.items.is_none();
            if operation.action == Action::Remove && required && path.attr.urn.is_none() {
                let attribute = schema::find(kind, view.mode, &path.attr);
                if attribute.is_some_and(|own| own.required.contains(&ScimMode::Rfc)) {
                    return Err(ScimError::required(&path.attr.text()));
                }
            }
            Ok(())
        }
        _ => operation.value.members().iter().try_for_each(|(name, _)| {
            let path = AttrPath::parse(name);
            path.map_or(Ok(()), |path| {
                let own = path.name.as_deref().unwrap_or_default();
                // Whole resources are sent back as they were read.
                let common = ["schemas", "id", "meta"].iter().any(|c| c.eq_ignore_ascii_case(own));
                if common && path.urn.is_none() { Ok(()) } else { check(&path) }
            })
        }),
    }
}

/// What Salesforce makes of an operation: no choice of items, a value that repeats its path, and its
/// own rules about entitlements. *pilot*
fn admitted_by_salesforce(
    kind: Kind,
    mut operation: Operation,
    doc: &Doc,
) -> Result<Operation, ScimError> {
    let mode = ScimMode::Salesforce;
    let refused = |path: &str| ScimError::of_patch(&PatchFault::Path(path.to_owned()), true);
    let Some(path) = operation.path.take() else {
        operation.value = with_kept_entitlements(&operation, None, operation.value.clone(), doc);
        return Ok(operation);
    };
    let text = path.attr.text();
    if path.items.is_some() {
        return Err(refused(&text).hint("Salesforce's PATCH takes no filters in paths"));
    }
    let name = path.attr.name.clone().unwrap_or_default();
    let custom = path.attr.urn.as_deref().is_some_and(|urn| urn.starts_with(schema::CUSTOM));
    if !custom && !name.is_empty() && schema::find(kind, mode, &path.attr).is_none() {
        return Err(refused(&text));
    }
    if operation.action == Action::Remove && kind == Kind::User && path.attr.sub.is_none() {
        let whole = operation.value.is_nothing();
        if name.eq_ignore_ascii_case("entitlements") && whole {
            return Err(ScimError::all_entitlements_removed());
        }
        let needed = ["alias", "password", "emails"];
        let other = path.attr.urn.as_deref().is_none_or(|urn| urn.eq_ignore_ascii_case(OTHER));
        if other && needed.iter().any(|own| own.eq_ignore_ascii_case(&name)) {
            return Err(ScimError::not_nillable(&name));
        }
    }
    // `{"path":"members","value":{"members":[…]}}` is how Salesforce takes values.
    if let Some(inner) = operation.value.get(&name) {
        operation.value = inner.clone();
    } else if kind == Kind::Group
        && name.eq_ignore_ascii_case("members")
        && matches!(operation.value, Doc::List(_))
    {
        let fault = PatchFault::Shape("Expecting START_OBJECT But Found START_ARRAY".to_owned());
        return Err(ScimError::of_patch(&fault, true).hint(
            "Salesforce takes {\"members\":[…]} as the value, not a list; mode rfc takes both",
        ));
    }
    let external = path.attr.urn.as_deref() == Some(EXTERNAL);
    if external && name.eq_ignore_ascii_case("accountId") {
        return Err(refused(&text));
    }
    operation.value = with_kept_entitlements(&operation, Some(&name), operation.value.clone(), doc);
    operation.path = Some(path);
    Ok(operation)
}

/// A replacement of entitlements keeps the profile when it names none, and the permission sets when
/// it names none. *pilot*
fn with_kept_entitlements(operation: &Operation, name: Option<&str>, value: Doc, doc: &Doc) -> Doc {
    if operation.action != Action::Replace {
        return value;
    }
    let list = match name {
        Some(name) if name.eq_ignore_ascii_case("entitlements") => &value,
        None => match value.get("entitlements") {
            Some(list) => list,
            None => return value,
        },
        Some(_) => return value,
    };
    let starts = |item: &Doc, prefix: &str| {
        item.text_at(&["value"]).is_some_and(|own| own.starts_with(prefix))
    };
    let mut items = list.items().to_vec();
    for prefix in ["00e", "0PS"] {
        if !items.iter().any(|item| starts(item, prefix)) {
            let held = doc.get("entitlements").map_or(&[][..], Doc::items);
            items.extend(held.iter().filter(|item| starts(item, prefix)).cloned());
        }
    }
    match name {
        Some(_) => Doc::List(items),
        None => value.with("entitlements", items),
    }
}
