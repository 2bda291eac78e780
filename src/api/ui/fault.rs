//! A record that cannot be saved, as this API reports it: an object whose `output` says which field
//! is at fault.

use super::super::hints;
use super::super::keys::{Keys, list};
use super::super::reply::{HINT, Reply, header_text};
use super::object_info::theme;
use super::{Outcome, Ui, object_info};
use crate::error::{Faults, OrgError, UI_NOT_SAVED};
use crate::schema::ObjectSpec;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The answer to a save that failed.
pub(super) fn not_saved(ui: Ui<'_>, object: &Arc<ObjectSpec>, faults: Faults) -> Outcome {
    // What is not emulated is told as everywhere else.
    if faults.iter().any(|fault| fault.unsupported.is_some()) {
        return Err(faults);
    }
    let status = faults.first().map_or(500, |fault| fault.status);
    let mut general: Vec<&OrgError> = Vec::new();
    // By the field on the page: a part of a compound is found under the compound.
    let mut by_field: BTreeMap<&str, Vec<(&str, &OrgError)>> = BTreeMap::new();
    for fault in &faults {
        let fields = fault.fields.as_deref().unwrap_or_default();
        if fields.is_empty() {
            general.push(fault);
        }
        for field in fields {
            let shown = compound_of(object, field).unwrap_or(field);
            by_field.entry(shown).or_default().push((field, fault));
        }
    }
    let mut out = String::with_capacity(512);
    let mut keys = Keys::open(&mut out);
    keys.text("enhancedErrorType", "RecordError");
    keys.text("message", UI_NOT_SAVED);
    let mut output = keys.object("output");
    list(&mut output, "errors", general.into_iter(), |out, fault| {
        push(out, ui, object, None, fault);
    });
    let mut fields = output.object("fieldErrors");
    for (name, faults) in &by_field {
        list(&mut fields, name, faults.iter(), |out, (field, fault)| {
            push(out, ui, object, Some(field), fault);
        });
    }
    fields.close();
    output.close();
    keys.close();
    let hint = faults.iter().find_map(|fault| fault.hint.clone());
    let hint = hint.unwrap_or_else(|| hints::usual(&faults).into_owned());
    Ok(Reply::json(out, "errors").status(status).with(HINT, header_text(&hint)))
}

/// The compound that a field is a part of.
fn compound_of<'o>(object: &'o ObjectSpec, name: &str) -> Option<&'o str> {
    let (_, field) = object.field(name)?;
    let (_, compound) = object.field(field.compound_field_name.as_deref()?)?;
    (compound.name != field.name).then_some(&*compound.name)
}

fn push(
    out: &mut String,
    ui: Ui<'_>,
    object: &Arc<ObjectSpec>,
    name: Option<&str>,
    fault: &OrgError,
) {
    let found = name.and_then(|name| object.field(name)).map(|(_, field)| field);
    let compound = name.and_then(|name| compound_of(object, name));
    let mut keys = Keys::open(out);
    keys.optional("constituentField", name.filter(|_| compound.is_some()));
    match fault.duplicates.as_deref() {
        Some(found) => {
            let mut error = keys.object("duplicateRecordError");
            list(&mut error, "matchResults", std::iter::once(found), |out, found| {
                let mut keys = Keys::open(out);
                keys.text("apiName", &object.name);
                keys.flag("isAllowSave", found.allow_save);
                object_info::text_list(
                    &mut keys,
                    "matchRecordIds",
                    &found.ids.iter().map(ToString::to_string).collect::<Vec<String>>(),
                );
                keys.text("matchRule", &found.match_rule);
                keys.text("objectLabel", &object.label);
                keys.text("objectLabelPlural", &object.label_plural);
                theme(&mut keys, ui, object);
                keys.close();
            });
            error.close();
        }
        None => keys.raw("duplicateRecordError", "null"),
    }
    keys.text("errorCode", &fault.code);
    keys.optional("field", compound.or(name));
    keys.optional("fieldLabel", found.map(|field| &*field.label));
    keys.text("message", &fault.message);
    keys.close();
}
