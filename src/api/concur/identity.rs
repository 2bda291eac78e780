//! The identity part of a Concur user: the core and enterprise attributes, their rules, and how a
//! create, a replacement and a PATCH change them.

use super::extensions::{self, is_identity};
use crate::api::scim::patch::{self, Operation};
use crate::clock::Millis;
use crate::error::{ConcurError, FORBIDDEN_IN_NAMES};
use crate::store::{Concur, ConcurUser, ConcurVerb, Doc, ENTERPRISE};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a user may be entitled to.
const ENTITLEMENTS: [&str; 5] = ["Expense", "Invoice", "Locate", "Request", "Travel"];

/// Members of a user that clients cannot write.
const READ_ONLY: [&str; 4] = ["id", "meta", "schemas", "localeOverrides"];

/// Longest list of operations in one PATCH; real ones have a few dozen.
const MOST_CHANGES: usize = 1000;

/// Carries the identity part of an operation out and gives the user's id. Extensions stay as they
/// are.
pub fn apply(
    concur: &mut Concur,
    taken: &BTreeSet<String>,
    verb: ConcurVerb,
    user: Option<&Arc<str>>,
    data: &Doc,
    now: Millis,
    new_id: impl FnOnce(&mut Concur) -> Arc<str>,
) -> Result<Arc<str>, ConcurError> {
    let before = match user {
        Some(id) => {
            let found = concur.user(id).map(Arc::clone);
            Some(found.ok_or_else(|| ConcurError::no_such_user(id))?)
        }
        None => None,
    };
    let doc = match (verb, &before) {
        (ConcurVerb::Delete, Some(user)) => {
            concur.forget(&user.id.clone());
            return Ok(Arc::clone(&user.id));
        }
        (ConcurVerb::Put, Some(user)) => replaced(&user.doc, data, &user.id)?,
        (ConcurVerb::Patch, Some(user)) => patched(&user.doc, data)?,
        _ => written(data),
    };
    let doc = completed(doc);
    check(concur, taken, &doc, before.as_deref())?;
    let user = match before {
        Some(user) => ConcurUser {
            id: Arc::clone(&user.id),
            created: user.created,
            modified: now,
            version: user.version + 1,
            doc,
        },
        None => ConcurUser { id: new_id(concur), created: now, modified: now, version: 0, doc },
    };
    let id = Arc::clone(&user.id);
    concur.put_user(user);
    Ok(id)
}

/// The identity attributes of what was sent.
fn written(data: &Doc) -> Doc {
    let mut doc = Doc::object();
    for (name, value) in data.members() {
        let read_only = READ_ONLY.iter().any(|own| own.eq_ignore_ascii_case(name));
        if is_identity(name) && !read_only && !value.is_nothing() {
            doc.set(name, value.clone());
        }
    }
    doc
}

/// A replacement: what is not sent is gone, but for what cannot change.
fn replaced(before: &Doc, data: &Doc, id: &str) -> Result<Doc, ConcurError> {
    if data.text_at(&["id"]).is_some_and(|own| !own.eq_ignore_ascii_case(id)) {
        return Err(ConcurError::immutable("id"));
    }
    let mut doc = written(data);
    if doc.at(&[ENTERPRISE, "companyId"]).is_none()
        && let Some(company) = before.at(&[ENTERPRISE, "companyId"])
    {
        let mut own = doc.remove(ENTERPRISE).unwrap_or_else(Doc::object);
        own.set("companyId", company.clone());
        doc.set(ENTERPRISE, own);
    }
    Ok(doc)
}

/// The operations of a PATCH.
pub fn operations(data: &Doc) -> Result<Vec<Operation>, ConcurError> {
    let operations = patch::read(data).map_err(|fault| ConcurError::of_patch(&fault))?;
    if operations.is_empty() || operations.len() > MOST_CHANGES {
        return Err(ConcurError::malformed("a PATCH has from 1 to 1000 operations"));
    }
    Ok(operations)
}

fn patched(before: &Doc, data: &Doc) -> Result<Doc, ConcurError> {
    let mut doc = before.clone();
    for operation in operations(data)? {
        if let Some(operation) = extensions::of_identity(&operation) {
            if let Some(path) = &operation.path
                && path.attr.urn.is_none()
                && path
                    .attr
                    .name
                    .as_deref()
                    .is_some_and(|name| READ_ONLY.iter().any(|own| own.eq_ignore_ascii_case(name)))
            {
                return Err(ConcurError::immutable(&path.attr.text()));
            }
            patch::apply(&mut doc, &operation, &extensions::is_list)
                .map_err(|fault| ConcurError::of_patch(&fault))?;
        }
    }
    Ok(doc)
}

/// What the tenant itself fills in.
fn completed(mut doc: Doc) -> Doc {
    for (name, usual) in [("preferredLanguage", "en-US"), ("timezone", "America/New_York")] {
        if doc.get(name).is_none_or(Doc::is_nothing) {
            doc.set(name, usual);
        }
    }
    let part = |name: &str| doc.text_at(&["name", name]).unwrap_or_default().trim().to_owned();
    let (family, given, middle) = (part("familyName"), part("givenName"), part("middleName"));
    let first = [given.as_str(), middle.as_str()];
    let first: Vec<&str> = first.into_iter().filter(|part| !part.is_empty()).collect();
    let formatted = [family.as_str(), ", ", &first.join(" ")].concat();
    if let Some(name) = doc.get_mut("name")
        && matches!(name, Doc::Object(_))
    {
        name.set("formatted", formatted);
    }
    if doc.get("displayName").is_none_or(Doc::is_nothing) && !given.is_empty() {
        doc.set("displayName", given);
    }
    if let Some(Doc::List(emails)) = doc.get_mut("emails") {
        for email in emails.iter_mut().filter(|email| matches!(email, Doc::Object(_))) {
            for flag in ["notifications", "verified"] {
                if email.get(flag).is_none() {
                    email.set(flag, false);
                }
            }
        }
    }
    doc
}

fn required<'d>(doc: &'d Doc, path: &[&str], shown: &str) -> Result<&'d str, ConcurError> {
    match doc.at(path) {
        Some(Doc::Text(text)) if !text.trim().is_empty() => Ok(text),
        None | Some(Doc::Null | Doc::Text(_)) => Err(ConcurError::required(shown)),
        Some(_) => Err(ConcurError::invalid_value(shown)),
    }
}

/// The URN and name of an attribute of the enterprise extension.
fn enterprise(name: &str) -> String {
    [ENTERPRISE, ":", name].concat()
}

fn check(
    concur: &Concur,
    taken: &BTreeSet<String>,
    doc: &Doc,
    before: Option<&ConcurUser>,
) -> Result<(), ConcurError> {
    let name = required(doc, &["userName"], "userName")?;
    let shaped = name.split_once('@').is_some_and(|(own, at)| !own.is_empty() && !at.is_empty());
    if !shaped || name.contains(|c: char| FORBIDDEN_IN_NAMES.contains(c)) {
        return Err(ConcurError::invalid_value("userName"));
    }
    match doc.get("active") {
        Some(Doc::Bool(_)) => {}
        None | Some(Doc::Null) => return Err(ConcurError::required("active")),
        Some(_) => return Err(ConcurError::invalid_value("active")),
    }
    required(doc, &["name", "familyName"], "name.familyName")?;
    required(doc, &["name", "givenName"], "name.givenName")?;
    let emails = doc.get("emails").map_or(&[][..], Doc::items);
    if emails.is_empty() {
        return Err(ConcurError::required("emails.value"));
    }
    for email in emails {
        let value = required(email, &["value"], "emails.value")?;
        if !value.contains('@') {
            return Err(ConcurError::invalid_value("emails.value"));
        }
    }
    for entitlement in doc.get("entitlements").map_or(&[][..], Doc::items) {
        if !entitlement.as_text().is_some_and(|own| ENTITLEMENTS.contains(&own)) {
            return Err(ConcurError::invalid_value("entitlements"));
        }
    }
    let company_path = enterprise("companyId");
    let company = required(doc, &[ENTERPRISE, "companyId"], &company_path)?;
    let had = before.and_then(|user| user.doc.text_at(&[ENTERPRISE, "companyId"]));
    if had.is_some_and(|had| had != company) {
        return Err(ConcurError::immutable(&company_path));
    }
    let own = before.map(|user| &user.id);
    let other = |found: Option<&Arc<ConcurUser>>| found.is_some_and(|user| Some(&user.id) != own);
    let unchanged = before.and_then(|user| user.doc.text_at(&["userName"])) == Some(name);
    let elsewhere = !unchanged && taken.contains(&name.to_lowercase());
    if other(concur.user_named(name)) || elsewhere {
        return Err(ConcurError::user_name_taken(name));
    }
    if let Some(number) = doc.text_at(&[ENTERPRISE, "employeeNumber"])
        && other(concur.employee(company, number))
    {
        let path = enterprise("employeeNumber");
        return Err(ConcurError::employee_number_taken(number, &path));
    }
    Ok(())
}
