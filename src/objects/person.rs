//! People: a Contact, Lead, Employee or User has its Name made of its parts. An Account is a person
//! only while Person Accounts are on.

use super::{FollowUp, Saving};
use crate::error::Faults;
use crate::store::Draft;
use crate::value::Value;

/// Completes a person's record.
pub(super) fn save(saving: &Saving<'_>, draft: &mut Draft) -> Result<Vec<FollowUp>, Faults> {
    // A business account's name is a field of its own; it has no LastName.
    let is_business =
        &*saving.object.name == "Account" && saving.value(draft, "LastName").is_null();
    if !is_business {
        name(saving, draft);
    }
    Ok(Vec::new())
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
