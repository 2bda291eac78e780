//! From a SCIM document to what a User record shall hold. What is wrong with it is said as the mode
//! says it: Salesforce gathers tokens and answers 409, RFC 7644 names the first fault.

use super::schema::{self, Attribute, Change, ENTERPRISE, EXTERNAL, Holds, OTHER};
use super::view::{Kind, NAME_SUFFIX, PHONES, View};
use crate::api::doc_text;
use crate::error::ScimError;
use crate::id::Id;
use crate::store::{Doc, ScimMode};

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Creates.
    Create,
    /// Replaces.
    Replace,
    /// Changes.
    Patch,
}

/// What a User record and those around it shall hold.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Fields by name; `Null` empties one.
    pub fields: Vec<(String, Doc)>,
    /// The profile, when there shall be another.
    pub profile: Option<Id>,
    /// The permission sets, when the client says.
    pub permission_sets: Option<Vec<Id>>,
    /// The groups, when the client says.
    pub groups: Option<Vec<Id>>,
    /// A new password.
    pub password: Option<String>,
    /// The account of a new external user.
    pub account: Option<String>,
    /// The contact of a new external user.
    pub contact: Option<String>,
}

/// Attributes with one text and the fields behind them. `true`: a user cannot be without, so a
/// replacement that does not give it keeps what there is.
const TEXTS: [(&[&str], &str, bool); 16] = [
    (&["userName"], "Username", true),
    (&["externalId"], "FederationIdentifier", false),
    (&["name", "familyName"], "LastName", true),
    (&["name", "givenName"], "FirstName", false),
    (&["nickName"], "CommunityNickname", true),
    (&["title"], "Title", false),
    (&["preferredLanguage"], "LanguageLocaleKey", true),
    (&["emailEncodingKey"], "EmailEncodingKey", true),
    (&["locale"], "LocaleSidKey", true),
    (&["timezone"], "TimeZoneSidKey", true),
    (&[OTHER, "alias"], "Alias", true),
    (&[ENTERPRISE, "employeeNumber"], "EmployeeNumber", false),
    (&[ENTERPRISE, "division"], "Division", false),
    (&[ENTERPRISE, "department"], "Department", false),
    (&[ENTERPRISE, "manager", "value"], "ManagerId", false),
    (&[ENTERPRISE, "delegatedApprover", "delegatedApproverId"], "DelegatedApproverId", false),
];

/// Parts of an address and the fields behind them.
const ADDRESS: [(&str, &str); 5] = [
    ("streetAddress", "Street"),
    ("locality", "City"),
    ("region", "State"),
    ("postalCode", "PostalCode"),
    ("country", "Country"),
];

/// Longest nickname and alias.
const LONGEST: (usize, usize) = (40, 8);

/// Brings what clients send in several spellings into one.
pub fn normalized(mut doc: Doc, view: &View<'_>) -> Doc {
    // The pilot reads these spellings and writes the others.
    for (sent, own) in [
        ("urn:salesforce:schemas:extension:2.0:external", EXTERNAL),
        ("urn:salesforce:schemas:extension:2.0", OTHER),
    ] {
        if let Some(value) = doc.remove(sent) {
            doc.set(own, value);
        }
    }
    if let Some(manager) = doc.get_mut(ENTERPRISE).and_then(|own| own.get_mut("manager")) {
        let id = manager.as_text().or(referred(manager)).map(ToOwned::to_owned);
        if let Some(id) = id {
            *manager = Doc::object().with("value", id);
        }
    }
    if let Some(active) = doc.get_mut("active")
        && view.is_rfc()
        && let Some(text) = active.as_text()
    {
        // Widely used clients send flags as text.
        match text.to_ascii_lowercase().as_str() {
            "true" => *active = Doc::Bool(true),
            "false" => *active = Doc::Bool(false),
            _ => {}
        }
    }
    doc
}

/// What is wanted. `before` is the user as it is shown, when there is one.
pub fn read(
    view: &View<'_>,
    verb: Verb,
    doc: &Doc,
    before: Option<&Doc>,
) -> Result<Wanted, ScimError> {
    if view.is_rfc() {
        check(view, Kind::User, doc)?;
        check_what_is_kept(doc)?;
    } else {
        let tokens = tokens(verb, doc, before);
        if !tokens.is_empty() {
            return Err(ScimError::refused_user(&tokens));
        }
    }
    let mut wanted = Wanted::default();
    texts(view, verb, doc, before, &mut wanted);
    if let Some(active) = doc.get("active").and_then(Doc::as_bool) {
        wanted.fields.push(("IsActive".to_owned(), Doc::Bool(active)));
    } else if verb == Verb::Patch && before.is_some_and(|own| own.get("active").is_some()) {
        wanted.fields.push(("IsActive".to_owned(), Doc::Bool(false)));
    }
    lists(view, verb, doc, before, &mut wanted);
    if view.is_rfc() && verb != Verb::Create {
        // What was taken away gets its default back.
        let given = |name: &[&str]| doc.at(name).is_some_and(|own| !own.is_nothing());
        let gone = |name: &[&str]| {
            !given(name)
                && (verb == Verb::Replace || before.is_some_and(|own| own.at(name).is_some()))
        };
        let usual = usual(view, &wanted, before);
        for (path, field) in [
            (&["emails"][..], "Email"),
            (&["name", "familyName"], "LastName"),
            (&["nickName"], "CommunityNickname"),
            (&["preferredLanguage"], "LanguageLocaleKey"),
            (&["locale"], "LocaleSidKey"),
            (&["timezone"], "TimeZoneSidKey"),
        ] {
            if gone(path)
                && let Some((_, value)) = usual.iter().find(|(own, _)| *own == field)
            {
                wanted.fields.push((field.to_owned(), value.as_str().into()));
            }
        }
    }
    entitlements(verb, doc, before, &mut wanted)?;
    if !view.is_rfc() {
        custom(view, verb, doc, &mut wanted);
        if doc.get("groups").is_some() {
            let ids = values(doc.get("groups"))
                .map(|text| id(text).ok_or_else(|| ScimError::invalid_id(text)));
            wanted.groups = Some(ids.collect::<Result<_, _>>()?);
        }
        if verb == Verb::Patch && wanted.groups.is_none() {
            wanted.groups = before.filter(|own| own.get("groups").is_some()).map(|_| Vec::new());
        }
        let external = |name| doc.text_at(&[EXTERNAL, name]).map(ToOwned::to_owned);
        (wanted.account, wanted.contact) = (external("accountId"), external("contactId"));
    }
    wanted.password = doc.text_at(&["password"]).map(ToOwned::to_owned);
    Ok(wanted)
}

/// The id of another resource: its `value`, or the end of its URL.
pub fn referred(item: &Doc) -> Option<&str> {
    let url = item.text_at(&["$ref"]);
    item.text_at(&["value"]).or_else(|| url?.rsplit('/').next())
}

fn id(text: &str) -> Option<Id> {
    Id::parse(text).ok()
}

/// The `value` of each item of a list.
fn values(list: Option<&Doc>) -> impl Iterator<Item = &str> {
    let items = list.map_or(&[][..], Doc::items).iter();
    items.filter_map(|item| item.text_at(&["value"]).or(item.as_text()))
}

fn texts(view: &View<'_>, verb: Verb, doc: &Doc, before: Option<&Doc>, wanted: &mut Wanted) {
    for (path, field, kept) in TEXTS {
        let given = doc.at(path).filter(|value| !value.is_nothing());
        let had = before.is_some_and(|own| own.at(path).is_some());
        let keep = match verb {
            Verb::Create => true,
            // RFC mode does not show every attribute, and gives defaults back.
            Verb::Patch => !had || (kept && view.is_rfc()),
            Verb::Replace => kept,
        };
        match given {
            Some(value) => {
                wanted.fields.push((field.to_owned(), stored(view, field, value)));
            }
            None if keep => {}
            None => wanted.fields.push((field.to_owned(), Doc::Null)),
        }
    }
}

/// A text as its field stores it.
fn stored(view: &View<'_>, field: &str, value: &Doc) -> Doc {
    let Some(text) = value.as_text() else { return value.clone() };
    match field {
        "Username" if view.is_rfc() && !text.contains('@') => format!("{text}{NAME_SUFFIX}").into(),
        "LanguageLocaleKey" | "LocaleSidKey" if view.is_rfc() => text.replace('-', "_").into(),
        // Salesforce cuts it silently.
        "Alias" => cut(text, LONGEST.1).into(),
        _ => value.clone(),
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// E-mail, phones, addresses, role.
fn lists(view: &View<'_>, verb: Verb, doc: &Doc, before: Option<&Doc>, wanted: &mut Wanted) {
    let mut want = |field: &str, value: Option<&Doc>| match value {
        Some(value) if !value.is_nothing() => wanted.fields.push((field.to_owned(), value.clone())),
        _ if verb != Verb::Create => wanted.fields.push((field.to_owned(), Doc::Null)),
        _ => {}
    };
    let emails = doc.get("emails").map_or(&[][..], Doc::items);
    let email = emails.iter().find(|own| own.get("primary") == Some(&Doc::Bool(true)));
    let email = email.or(emails.first()).and_then(|own| own.get("value").or(Some(own)));
    let had = before.is_some_and(|own| own.get("emails").is_some());
    if email.is_some() || (verb == Verb::Patch && had && !view.is_rfc()) {
        want("Email", email);
    }
    let phones = doc.get("phoneNumbers").map_or(&[][..], Doc::items);
    for (kind, field) in PHONES {
        let is = |own: &&Doc| match own.text_at(&["type"]) {
            Some(own) => own.eq_ignore_ascii_case(kind),
            None => view.is_rfc() && kind == "work",
        };
        want(field, phones.iter().find(is).and_then(|own| own.get("value")));
    }
    let address = doc.get("addresses").and_then(|own| own.items().first());
    for (part, field) in ADDRESS {
        want(field, address.and_then(|own| own.get(part)));
    }
    let role = doc.get("roles").and_then(|own| own.items().first());
    want("UserRoleId", role.and_then(|own| own.get("value").or(Some(own))));
}

fn entitlements(
    verb: Verb,
    doc: &Doc,
    before: Option<&Doc>,
    wanted: &mut Wanted,
) -> Result<(), ScimError> {
    let had = before.is_some_and(|own| own.get("entitlements").is_some());
    if doc.get("entitlements").is_none() && !(verb == Verb::Patch && had) {
        return Ok(());
    }
    let (mut profiles, mut sets) = (Vec::new(), Vec::new());
    for text in values(doc.get("entitlements")) {
        match id(text) {
            Some(id) if &id.prefix() == b"00e" => profiles.push(id),
            Some(id) if &id.prefix() == b"0PS" => sets.push(id),
            _ => return Err(ScimError::bad_entitlement(text)),
        }
    }
    profiles.dedup();
    if profiles.len() > 1 {
        let ids: Vec<String> = profiles.iter().map(ToString::to_string).collect();
        return Err(ScimError::many_profiles(&ids));
    }
    wanted.profile = profiles.first().copied();
    wanted.permission_sets = Some(sets);
    Ok(())
}

fn custom(view: &View<'_>, verb: Verb, doc: &Doc, wanted: &mut Wanted) {
    let Some(own) = doc.get(&view.custom_urn()) else { return };
    // What is not named stays: nobody can know the defaults of an org's own fields.
    let _ = verb;
    for (name, value) in own.members() {
        wanted.fields.push((name.to_string(), value.clone()));
    }
}

/// What Salesforce finds wrong, in the order of its own checks. *pilot*
fn tokens(verb: Verb, doc: &Doc, before: Option<&Doc>) -> Vec<String> {
    let mut tokens = Vec::new();
    for (path, expected) in TYPES {
        let Some(value) = doc.at(path) else { continue };
        let fits = match expected {
            "BOOLEAN" => matches!(value, Doc::Bool(_)),
            "VALUE_STRING" => matches!(value, Doc::Text(_) | Doc::Null),
            "START_ARRAY" => matches!(value, Doc::List(_)),
            _ => matches!(value, Doc::Object(_)),
        };
        if !fits {
            // Salesforce's parser stops here.
            let name = path.last().copied().unwrap_or_default();
            return vec![ScimError::token_type(expected, doc_text::token_name(value), name)];
        }
    }
    let all = verb != Verb::Patch;
    let missing = |path: &[&str]| all && doc.at(path).is_none_or(Doc::is_nothing);
    if let (Verb::Replace, Some(own)) = (verb, before)
        && doc.text_at(&["id"]).is_some_and(|id| Some(id) != own.text_at(&["id"]))
    {
        tokens.push(ScimError::token_id());
    }
    if missing(&["userName"]) {
        tokens.push(ScimError::token_missing("userName"));
    }
    for part in ["middleName", "honorificPrefix", "honorificSuffix"] {
        if doc.at(&["name", part]).is_some() {
            tokens.push(ScimError::token_unsupported(&format!("name.{part}")));
        }
    }
    if missing(&["name", "familyName"]) {
        tokens.push(ScimError::token_missing("name.familyName"));
    }
    let count = |name: &str| doc.get(name).map(|list| list.items().len());
    let email = values(doc.get("emails")).next();
    match count("emails") {
        Some(2..) => tokens.push(ScimError::token_single("email")),
        _ if all && email.is_none() => tokens.push(ScimError::token_missing("email")),
        _ => {}
    }
    if count("addresses") > Some(1) {
        tokens.push(ScimError::token_single("address"));
    }
    if all && count("phoneNumbers") > Some(1) {
        tokens.push(ScimError::token_single("phone"));
    }
    match count("roles") {
        Some(2..) => tokens.push(ScimError::token_role()),
        Some(0) if all => tokens.push(ScimError::token_role()),
        _ => {}
    }
    if all && !values(doc.get("entitlements")).any(|value| value.starts_with("00e")) {
        tokens.push(ScimError::token_profile_missing());
    }
    if doc.at(&[ENTERPRISE, "costCenter"]).is_some() || doc.get("costCenter").is_some() {
        tokens.push(ScimError::token_unsupported("costCenter"));
    }
    tokens
}

/// The types that Salesforce's parser expects.
const TYPES: [(&[&str], &str); 15] = [
    (&["externalId"], "VALUE_STRING"),
    (&["userName"], "VALUE_STRING"),
    (&["name"], "START_OBJECT"),
    (&["nickName"], "VALUE_STRING"),
    (&["emails"], "START_ARRAY"),
    (&["addresses"], "START_ARRAY"),
    (&["phoneNumbers"], "START_ARRAY"),
    (&["title"], "VALUE_STRING"),
    (&["preferredLanguage"], "VALUE_STRING"),
    (&["emailEncodingKey"], "VALUE_STRING"),
    (&["locale"], "VALUE_STRING"),
    (&["timezone"], "VALUE_STRING"),
    (&["active"], "BOOLEAN"),
    (&["entitlements"], "START_ARRAY"),
    (&["roles"], "START_ARRAY"),
];

/// RFC mode: required attributes and the types of all that are known. What is not known is passed
/// over, as is what is read-only (RFC 7644 §3.5.1).
pub fn check(view: &View<'_>, kind: Kind, doc: &Doc) -> Result<(), ScimError> {
    let Doc::Object(_) = doc else {
        return Err(ScimError::invalid_syntax("a resource must be an object"));
    };
    for attribute in schema::attributes(kind, None) {
        if attribute.required.contains(&ScimMode::Rfc)
            && doc.get(attribute.name).is_none_or(|own| own.is_nothing() || *own == Doc::from(""))
        {
            return Err(ScimError::required(attribute.name));
        }
    }
    for (home, urn) in [(Some(doc), None), (doc.get(ENTERPRISE), Some(ENTERPRISE))] {
        let Some(home) = home else { continue };
        for attribute in schema::attributes(kind, urn) {
            if let Some(value) = home.get(attribute.name)
                && attribute.is_in(view.mode)
                && attribute.change != Change::Never
            {
                check_value(attribute, attribute.name, value)?;
            }
        }
    }
    Ok(())
}

fn check_value(attribute: &Attribute, name: &str, value: &Doc) -> Result<(), ScimError> {
    if attribute.many {
        return match value {
            Doc::List(items) => items.iter().try_for_each(|item| check_one(attribute, name, item)),
            Doc::Null => Ok(()),
            _ => Err(ScimError::wrong_type(name, "a list")),
        };
    }
    check_one(attribute, name, value)
}

fn check_one(attribute: &Attribute, name: &str, value: &Doc) -> Result<(), ScimError> {
    match (attribute.holds, value) {
        (_, Doc::Null) => Ok(()),
        (Holds::Flag, Doc::Bool(_)) => Ok(()),
        (Holds::Flag, _) => Err(ScimError::wrong_type(name, "true or false")),
        (Holds::Parts, Doc::Object(members)) => {
            for (part, value) in members {
                if let Some(own) = attribute.part(part)
                    && own.change != Change::Never
                {
                    check_value(own, &format!("{name}.{}", own.name), value)?;
                }
            }
            Ok(())
        }
        (Holds::Parts, _) => Err(ScimError::wrong_type(name, "an object")),
        (_, Doc::Text(text)) => {
            let known = attribute.values.iter().any(|own| own.eq_ignore_ascii_case(text));
            if attribute.values.is_empty() || known {
                return Ok(());
            }
            Err(ScimError::wrong_type(name, &attribute.values.join(" or ")))
        }
        _ => Err(ScimError::wrong_type(name, "a string")),
    }
}

/// RFC mode refuses what a User record has no place for, rather than dropping it.
fn check_what_is_kept(doc: &Doc) -> Result<(), ScimError> {
    for name in ["emails", "addresses", "roles"] {
        if doc.get(name).is_some_and(|list| list.items().len() > 1) {
            return Err(ScimError::single_value(name));
        }
    }
    let phones = doc.get("phoneNumbers").map_or(&[][..], Doc::items);
    let kind = |own: &Doc| own.text_at(&["type"]).unwrap_or("work").to_ascii_lowercase();
    let kinds: std::collections::BTreeSet<String> = phones.iter().map(kind).collect();
    if kinds.len() < phones.len() {
        return Err(ScimError::single_value("phoneNumbers of one type"));
    }
    Ok(())
}

/// Values of the fields that a User record cannot be without, for a user of whom only the name is
/// known.
fn usual(view: &View<'_>, wanted: &Wanted, before: Option<&Doc>) -> Vec<(&'static str, String)> {
    let found = wanted.fields.iter().find(|(own, _)| own == "Username");
    let stored = found.and_then(|(_, value)| value.as_text());
    let shown = before.and_then(|own| own.text_at(&["userName"]));
    let name = stored.or(shown).unwrap_or_default().to_owned();
    let plain = view.user_name(&name);
    let address = if name.contains('@') { name.clone() } else { [&name, NAME_SUFFIX].concat() };
    let mut usual = vec![
        ("CommunityNickname", cut(&plain, LONGEST.0)),
        ("LanguageLocaleKey", "en_US".to_owned()),
        ("EmailEncodingKey", "UTF-8".to_owned()),
        ("LocaleSidKey", "en_US".to_owned()),
        ("TimeZoneSidKey", "America/Los_Angeles".to_owned()),
    ];
    if view.is_rfc() {
        // A spec-clean client need not know what a User record cannot be without.
        usual.push(("LastName", plain));
        usual.push(("Email", address));
    }
    usual
}

/// The fields that a new user gets when the client does not say.
pub fn defaults(view: &View<'_>, wanted: &mut Wanted, now: crate::clock::Millis) {
    let mut usual = usual(view, wanted, None);
    // The pilot takes digits of the time; the org's clock makes them repeatable.
    usual.push(("Alias", format!("{:08}", now.rem_euclid(100_000_000))));
    for (field, value) in usual {
        if !wanted.fields.iter().any(|(own, _)| own == field) {
            wanted.fields.push((field.to_owned(), value.into()));
        }
    }
}
