//! The extensions of a Concur user: which there are, what an operation does to each, and what the
//! services behind them find wrong.

use crate::api::scim::AttrPath;
use crate::api::scim::patch::{self, Action, Operation};
use crate::error::ConcurError;
use crate::error::{concur_no_such_employee, concur_required};
use crate::store::{
    Concur, ConcurMessage, ConcurOutcome, ConcurResult, ConcurVerb, Doc, ENTERPRISE,
};

/// URN of the core of a user.
pub const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const SPEND_USER: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:User";
const ROLE: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:Role";
const APPROVER: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:Approver";
const DELEGATE: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:Delegate";
/// URN of the travel extension.
pub const TRAVEL: &str = "urn:ietf:params:scim:schemas:extension:travel:2.0:User";
/// URN of the payroll extension.
pub const PAYROLL: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:Payroll";

/// What begins the URNs that the spend service keeps.
pub const SPEND: &str = "urn:ietf:params:scim:schemas:extension:spend:2.0:";

/// Every extension, in the order in which a real status reports them.
pub const ALL: [&str; 12] = [
    "urn:ietf:params:scim:schemas:extension:spend:2.0:WorkflowPreference",
    ROLE,
    "urn:ietf:params:scim:schemas:extension:spend:2.0:UserPreference",
    APPROVER,
    "urn:ietf:params:scim:schemas:extension:spend:2.0:ApproverLimit",
    PAYROLL,
    CORE,
    "urn:ietf:params:scim:schemas:extension:spend:2.0:InvoicePreference",
    SPEND_USER,
    DELEGATE,
    ENTERPRISE,
    TRAVEL,
];

/// Attributes of the core with several values.
const LISTS: [&str; 5] =
    ["emails", "phoneNumbers", "addresses", "entitlements", "emergencyContacts"];

/// True for the attributes that the identity service keeps.
pub fn is_identity(name: &str) -> bool {
    !name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
        || name.eq_ignore_ascii_case(ENTERPRISE)
}

/// True for attributes of the core with several values.
pub fn is_list(path: &AttrPath) -> bool {
    let name = path.name.as_deref().unwrap_or_default();
    path.urn.is_none() && LISTS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// The part of an operation that the identity service carries out.
pub fn of_identity(operation: &Operation) -> Option<Operation> {
    match &operation.path {
        Some(path) => {
            let own =
                path.attr.urn.as_deref().is_none_or(|urn| urn.eq_ignore_ascii_case(ENTERPRISE));
            own.then(|| operation.clone())
        }
        None => {
            let members = operation.value.members().iter();
            let own = members.filter(|(name, _)| urn_of(name).is_none_or(is_identity));
            let value = Doc::Object(own.cloned().collect());
            (!value.is_nothing()).then(|| Operation { value, ..operation.clone() })
        }
    }
}

/// The URN that the name of a member begins with.
fn urn_of(name: &str) -> Option<&str> {
    let is_urn = name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"));
    if !is_urn {
        return None;
    }
    let known = ALL.iter().find(|urn| {
        name.get(..urn.len()).is_some_and(|own| own.eq_ignore_ascii_case(urn))
            && matches!(name.as_bytes().get(urn.len()), None | Some(b':'))
    });
    Some(known.copied().unwrap_or(name))
}

/// The part of an operation that an extension's service carries out.
fn of_extension(operation: &Operation, urn: &str) -> Option<Operation> {
    match &operation.path {
        Some(path) => {
            let own = path.attr.urn.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(urn));
            own.then(|| operation.clone())
        }
        None => {
            let members = operation.value.members().iter();
            let own = members.filter(|(name, _)| urn_of(name) == Some(urn));
            let value = Doc::Object(own.cloned().collect());
            (!value.is_nothing()).then(|| Operation { value, ..operation.clone() })
        }
    }
}

/// True when an outcome of the settings is about a user.
pub fn concerns(outcome: &ConcurOutcome, user_name: &str) -> bool {
    let name = user_name.to_lowercase();
    let mut parts = outcome.user_name.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The fault of an outcome that the settings ask for, of an extension or of the identity.
fn scripted(outcomes: &[&ConcurOutcome], urn: &str) -> Vec<(String, ConcurMessage)> {
    let about = |outcome: &&&ConcurOutcome| match &outcome.extension {
        Some(own) => urn.ends_with(own.as_str()),
        None => urn == CORE,
    };
    let fault = |outcome: &&ConcurOutcome| {
        let message = ConcurMessage {
            code: outcome.code.clone().unwrap_or_else(|| "INVALID_VALUE".to_owned()),
            message: outcome.message.clone()?,
            schema_path: outcome.schema_path.clone(),
            kind: if outcome.warning { "warning" } else { "error" },
        };
        let usual = if outcome.extension.is_some() { "500" } else { "400" };
        Some((outcome.status.clone().unwrap_or_else(|| usual.to_owned()), message))
    };
    outcomes.iter().filter(about).filter_map(fault).collect()
}

/// The identity's scripted fault, if there is one.
pub fn scripted_identity(outcomes: &[&ConcurOutcome]) -> Option<(String, ConcurMessage)> {
    scripted(outcomes, CORE).into_iter().find(|(_, message)| message.kind == "error")
}

fn result(
    name: &'static str,
    success: bool,
    code: &str,
    result: &'static str,
    messages: Vec<ConcurMessage>,
) -> ConcurResult {
    ConcurResult { name, success, code: code.to_owned(), result, messages }
}

/// The results of an operation whose identity part failed: nothing else was done.
pub fn of_failed_identity(
    verb: ConcurVerb,
    data: &Doc,
    code: &str,
    message: &ConcurMessage,
) -> Vec<ConcurResult> {
    let one = |urn: &&'static str| match *urn {
        CORE => result(urn, false, code, "error", vec![message.clone()]),
        urn if is_touched(verb, data, urn) => result(urn, false, "", "not-processed", Vec::new()),
        urn => result(urn, true, "200", "no-op", Vec::new()),
    };
    ALL.iter().map(one).collect()
}

/// True when an operation says something about an extension.
fn is_touched(verb: ConcurVerb, data: &Doc, urn: &str) -> bool {
    match verb {
        ConcurVerb::Delete => urn == CORE,
        ConcurVerb::Post | ConcurVerb::Put => urn == CORE || data.get(urn).is_some(),
        ConcurVerb::Patch => {
            let operations = patch::read(data).unwrap_or_default();
            let of_core = |operation: &Operation| {
                of_identity(operation).is_some_and(|own| match &own.path {
                    Some(path) => path.attr.urn.is_none(),
                    None => own.value.members().iter().any(|(name, _)| urn_of(name).is_none()),
                })
            };
            operations.iter().any(|operation| match urn {
                CORE => of_core(operation),
                urn => of_extension(operation, urn).is_some(),
            })
        }
    }
}

/// Carries out what an operation asks of the services behind the extensions of a user whose identity
/// part is done, and reports on each.
pub fn apply(
    concur: &mut Concur,
    verb: ConcurVerb,
    user: &str,
    data: &Doc,
    outcomes: &[&ConcurOutcome],
) -> Vec<ConcurResult> {
    let mut results = Vec::with_capacity(ALL.len());
    let mut doc = concur.user(user).map(|user| user.doc.clone());
    for urn in ALL {
        let touched = is_touched(verb, data, urn);
        let mut messages = scripted(outcomes, urn);
        if urn == CORE || urn == ENTERPRISE {
            messages.retain(|(_, message)| message.kind == "warning");
        }
        let own = if urn == CORE || urn == ENTERPRISE {
            Changed { touched, ..Changed::default() }
        } else {
            match (&doc, touched || verb == ConcurVerb::Put) {
                (Some(doc), true) => changed(concur, verb, doc, data, urn),
                _ => Changed::default(),
            }
        };
        let mut all: Vec<ConcurMessage> = own.warnings;
        let mut code = own.fault.as_ref().map(|(code, _)| code.clone());
        all.extend(own.fault.map(|(_, message)| message));
        for (status, message) in messages {
            if message.kind == "error" {
                code = Some(status);
            }
            all.push(message);
        }
        if let Some(code) = code {
            results.push(result(urn, false, &code, "error", all));
            continue;
        }
        if let (Some(doc), Some(value)) = (&mut doc, own.value) {
            if value.is_nothing() {
                doc.remove(urn);
            } else {
                doc.set(urn, value);
            }
        }
        let what = if own.touched { "success" } else { "no-op" };
        results.push(result(urn, true, "200", what, all));
    }
    if let (Some(doc), Some(user)) = (doc, concur.user(user).cloned())
        && doc != user.doc
    {
        let mut user = crate::store::ConcurUser::clone(&user);
        user.doc = doc;
        concur.put_user(user);
    }
    results
}

/// What an operation makes of an extension.
#[derive(Default)]
struct Changed {
    /// Its new value.
    value: Option<Doc>,
    /// True when something was done.
    touched: bool,
    fault: Option<(String, ConcurMessage)>,
    warnings: Vec<ConcurMessage>,
}

fn changed(concur: &Concur, verb: ConcurVerb, doc: &Doc, data: &Doc, urn: &'static str) -> Changed {
    let held = doc.get(urn).cloned().unwrap_or_else(Doc::object);
    let mut out = Changed::default();
    let mut value = held.clone();
    match verb {
        ConcurVerb::Post => {
            value = data.get(urn).cloned().unwrap_or_default();
            out.touched = true;
        }
        // A replacement takes away what it does not name.
        ConcurVerb::Put => {
            value = data.get(urn).cloned().unwrap_or_default();
            out.touched = data.get(urn).is_some();
        }
        ConcurVerb::Patch => {
            let mut whole = doc.clone();
            for operation in patch::read(data).unwrap_or_default() {
                let Some(operation) = of_extension(&operation, urn) else { continue };
                let before = whole.get(urn).cloned();
                if let Err(fault) = patch::apply(&mut whole, &operation, &|_| false) {
                    let error = ConcurError::of_patch(&fault);
                    out.fault = Some(("400".to_owned(), message_of(&error)));
                    return out;
                }
                // Taking away what is not there is no work.
                let idle = operation.action == Action::Remove && whole.get(urn) == before.as_ref();
                out.touched |= !idle;
            }
            value = whole.get(urn).cloned().unwrap_or_else(Doc::object);
        }
        ConcurVerb::Delete => {}
    }
    if urn == SPEND_USER && verb != ConcurVerb::Post {
        keep_test_employee(&held, &mut value, &mut out.warnings);
    }
    if out.touched {
        out.fault = fault(concur, doc, &value, urn);
    }
    out.value = Some(value);
    out
}

/// Whether somebody is a test user is decided when the user is created.
fn keep_test_employee(held: &Doc, value: &mut Doc, warnings: &mut Vec<ConcurMessage>) {
    const NAME: &str = "testEmployee";
    if value.get(NAME) == held.get(NAME) {
        return;
    }
    let path = [SPEND_USER, ":", NAME].concat();
    let mut message = message_of(&ConcurError::invalid_value(&path));
    message.kind = "warning";
    warnings.push(message);
    match held.get(NAME) {
        Some(held) => value.set(NAME, held.clone()),
        None => {
            value.remove(NAME);
        }
    }
}

/// An error as a message about an extension.
pub fn message_of(error: &ConcurError) -> ConcurMessage {
    ConcurMessage {
        code: error.code.to_string(),
        message: error.message.clone(),
        schema_path: error.schema_path.as_deref().map(ToOwned::to_owned),
        kind: "error",
    }
}

/// What an extension's service finds wrong.
fn fault(
    concur: &Concur,
    user: &Doc,
    value: &Doc,
    urn: &'static str,
) -> Option<(String, ConcurMessage)> {
    let missing = |name: &str| {
        let path = [urn, ":", name].concat();
        let message = ConcurMessage {
            code: "ATTRIBUTE_REQUIRED".to_owned(),
            message: concur_required(&path),
            schema_path: Some(path),
            kind: "error",
        };
        Some(("400".to_owned(), message))
    };
    let lacks = |doc: &Doc, name: &str| doc.get(name).is_none_or(Doc::is_nothing);
    match urn {
        SPEND_USER => {
            let required = ["reimbursementCurrency", "country", "locale"];
            required.into_iter().find(|name| lacks(value, name)).and_then(missing)
        }
        TRAVEL => {
            let rule = value.get("ruleClass").unwrap_or(&Doc::Null);
            (lacks(rule, "id") && lacks(rule, "name")).then(|| missing("ruleClass")).flatten()
        }
        ROLE => {
            let mut roles = value.get("roles").map_or(&[][..], Doc::items).iter();
            roles.any(|role| lacks(role, "roleName")).then(|| missing("roles.roleName")).flatten()
        }
        APPROVER => people(concur, user, value, urn, "approver"),
        DELEGATE => people(concur, user, value, urn, "delegate"),
        _ => None,
    }
}

/// The first reference of an extension to somebody who is no user of the company.
fn people(
    concur: &Concur,
    user: &Doc,
    value: &Doc,
    urn: &str,
    key: &str,
) -> Option<(String, ConcurMessage)> {
    let company = user.text_at(&[ENTERPRISE, "companyId"]).unwrap_or_default();
    for (product, list) in value.members() {
        for (place, item) in list.items().iter().enumerate() {
            let person = item.get(key).unwrap_or(&Doc::Null);
            let by_id = person.text_at(&["value"]).and_then(|id| concur.user(id));
            let number = person.text_at(&["employeeNumber"]);
            let by_number = number.and_then(|number| concur.employee(company, number));
            if by_id.or(by_number).is_none() {
                let message = ConcurMessage {
                    code: "INVALID_USER".to_owned(),
                    message: concur_no_such_employee(),
                    schema_path: Some(format!("{urn}:{product}[{place}].{key}")),
                    kind: "error",
                };
                return Some(("404".to_owned(), message));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_match_names() {
        let matches = |pattern: &str, name: &str| {
            let outcome =
                ConcurOutcome { user_name: pattern.to_owned(), ..ConcurOutcome::default() };
            concerns(&outcome, name)
        };
        assert!(matches("*", "anybody@acme.test"));
        assert!(matches("mia@acme.test", "Mia@Acme.test"));
        assert!(matches("m*@acme.*", "mia@acme.test"));
        assert!(matches("*a*a*", "mia@acme.test"));
        assert!(!matches("m*@acme", "mia@acme.test"));
        assert!(!matches("mia@acme", "mia@acme.test"));
        assert!(!matches("*b*", "mia@acme.test"));
    }
}
