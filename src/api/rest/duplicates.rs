//! What a duplicate rule found, as REST shows it, and the header that passes over an alert:
//! `reference/rest.md` §1.8 and §8.1.

use super::super::keys::{Keys, list};
use super::super::render;
use super::{Call, option};
use crate::error::{Duplicates, Faults};

/// The header, and the first version that reads it.
const HEADER: &str = "sforce-duplicate-rule-header";
const SINCE: u32 = 52;

/// True when the caller saves what a rule only warns of.
pub(super) fn allowed(call: &Call<'_>) -> bool {
    is_set(call, "allowSave")
}

fn is_set(call: &Call<'_>, name: &str) -> bool {
    call.version >= SINCE
        && option(call.entry.request, HEADER, name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Puts the records that were found on the faults that speak of them.
pub(super) fn described(call: &Call<'_>, faults: Faults) -> Faults {
    let describe = |fault: crate::error::OrgError| match fault.duplicates.as_deref() {
        Some(found) => {
            let members = members(call, found, &fault.message);
            fault.with_first_members(members)
        }
        None => fault,
    };
    faults.into_iter().map(describe).collect()
}

/// `"duplicateResult":{…}`
fn members(call: &Call<'_>, found: &Duplicates, message: &str) -> String {
    let mut out = String::from("\"duplicateResult\":");
    let mut keys = Keys::open(&mut out);
    keys.flag("allowSave", found.allow_save);
    keys.text("duplicateRule", &found.rule);
    keys.text("duplicateRuleEntityType", &found.object);
    keys.text("errorMessage", message);
    list(&mut keys, "matchResults", std::iter::once(found), |out, found| {
        let mut keys = Keys::open(out);
        keys.text("entityType", &found.object);
        keys.raw("errors", "[]");
        keys.text("matchEngine", "ExactMatchEngine");
        let state = call.latest();
        let details = is_set(call, "includeRecordDetails");
        list(&mut keys, "matchRecords", found.ids.iter(), |out, id| {
            let mut keys = Keys::open(out);
            keys.raw("additionalInformation", "[]");
            keys.raw("fieldDiffs", "[]");
            keys.raw("matchConfidence", "100.0");
            let out = keys.key("record");
            match state.resolve(*id) {
                Some((object, _, row)) if details => {
                    render::push_row(out, object, row, call.version);
                }
                Some((object, _, row)) => {
                    let slots = [object.system.id];
                    render::push_row_fields(out, object, row, &slots, call.version);
                }
                None => out.push_str("null"),
            }
            keys.close();
        });
        keys.text("rule", &found.match_rule);
        keys.number("size", found.ids.len() as u32);
        keys.flag("success", true);
        keys.close();
    });
    keys.close();
    out
}
