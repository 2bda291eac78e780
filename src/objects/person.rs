//! People: a Contact, Lead, Employee or User has its Name made of its parts. An Account is a person
//! only while Person Accounts are on; it then has a Contact of its own, which follows it.

use super::{FollowUp, Saving};
use crate::error::Faults;
use crate::id::Id;
use crate::store::Draft;
use crate::value::Value;

/// The record type of Person Accounts, the same in every org here.
const PERSON_RECORD_TYPE: &str = "012000000000001AAA";

/// Fields of a Person Account and where its Contact holds them.
const OF_CONTACT: [(&str, &str); 18] = [
    ("FirstName", "FirstName"),
    ("LastName", "LastName"),
    ("PersonEmail", "Email"),
    ("PersonTitle", "Title"),
    ("PersonDepartment", "Department"),
    ("PersonMobilePhone", "MobilePhone"),
    ("PersonHomePhone", "HomePhone"),
    ("PersonOtherPhone", "OtherPhone"),
    ("PersonAssistantName", "AssistantName"),
    ("PersonAssistantPhone", "AssistantPhone"),
    ("PersonBirthdate", "Birthdate"),
    ("PersonMailingStreet", "MailingStreet"),
    ("PersonMailingCity", "MailingCity"),
    ("PersonMailingState", "MailingState"),
    ("PersonMailingPostalCode", "MailingPostalCode"),
    ("PersonMailingCountry", "MailingCountry"),
    ("Phone", "Phone"),
    ("OwnerId", "OwnerId"),
];

/// Completes a person's record.
pub(super) fn save(saving: &Saving<'_>, draft: &mut Draft) -> Result<Vec<FollowUp>, Faults> {
    if &*saving.object.name != "Account" {
        name(saving, draft);
        return Ok(Vec::new());
    }
    // A business account's name is a field of its own; it has no LastName.
    if saving.value(draft, "LastName").is_null() {
        return Ok(Vec::new());
    }
    name(saving, draft);
    saving.set(draft, "IsPersonAccount", Value::Bool(true));
    saving.fill(draft, "RecordTypeId", || Id::parse(PERSON_RECORD_TYPE).ok().into());
    let mut fields: Vec<(&'static str, Value)> = OF_CONTACT
        .iter()
        .map(|(own, contact)| (*contact, saving.value(draft, own).clone()))
        .filter(|(_, value)| saving.before.is_some() || !value.is_null())
        .collect();
    if let Some(id) = saving.value(draft, "PersonContactId").as_id() {
        fields.push(("Name", saving.value(draft, "Name").clone()));
        return Ok(vec![FollowUp::Update { id, fields }]);
    }
    fields.push(("AccountId", draft.get(saving.object.system.id).clone()));
    let back = Some("PersonContactId");
    Ok(vec![FollowUp::Insert { object: "Contact", fields, back }])
}

/// Sets Name from its parts.
pub(super) fn name(saving: &Saving<'_>, draft: &mut Draft) {
    // A Salutation is part of the compound but not of the text that Name shows.
    let parts: Vec<String> = ["FirstName", "MiddleName", "LastName", "Suffix", "NameSuffix"]
        .iter()
        .filter_map(|part| saving.text(draft, part))
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    saving.set(draft, "Name", Value::text(&full_name(&parts)));
}

/// The name that the parts, in order, make.
pub fn full_name(parts: &[&str]) -> String {
    parts.join(" ")
}
