//! Values of picklists: `object-info/{objectApiName}/picklist-values/…`.

use super::super::keys::{Keys, list};
use super::object_info::{MASTER, record_types};
use super::{Outcome, Ui, seal, tag};
use crate::error::OrgError;
use crate::id::Id;
use crate::objects::{Meaning, meaning};
use crate::schema::{FieldSpec, FieldType, ObjectSpec, PickValue};
use crate::value::java_double;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

/// `…/{recordTypeId}`: every picklist of the object.
pub(super) fn all(ui: Ui<'_>, name: &str, record_type: &str) -> Outcome {
    ui.reads_only()?;
    let object = ui.object(name)?;
    let record_type = checked(object, record_type)?;
    let fields: BTreeMap<&str, &FieldSpec> = object
        .visible_fields()
        .filter(|(_, field)| is_picklist(field))
        .map(|(_, field)| (&*field.name, field))
        .collect();
    let mut out = String::with_capacity(16 * 1024);
    let mut keys = Keys::open(&mut out);
    let tag = tag(&mut keys);
    let mut values = keys.object("picklistFieldValues");
    for (name, field) in fields {
        push(values.key(name), ui, object, &record_type, field);
    }
    values.close();
    keys.close();
    seal(&mut out, 0, tag);
    ui.answer(out)
}

/// `…/{recordTypeId}/{fieldApiName}`.
pub(super) fn one(ui: Ui<'_>, name: &str, record_type: &str, field: &str) -> Outcome {
    ui.reads_only()?;
    let object = ui.object(name)?;
    let record_type = checked(object, record_type)?;
    let unknown = || OrgError::ui_no_such_field(field, &object.name);
    let (_, own) = object.field(field).ok_or_else(unknown)?;
    if !is_picklist(own) {
        return Err(OrgError::ui_bad_parameter("fieldApiName", field).into());
    }
    let mut out = String::with_capacity(4096);
    push(&mut out, ui, object, &record_type, own);
    ui.answer(out)
}

fn is_picklist(field: &FieldSpec) -> bool {
    matches!(field.kind, FieldType::Picklist | FieldType::MultiPicklist) && field.picklist.is_some()
}

/// The record type of the path, in 18 characters.
fn checked(object: &ObjectSpec, text: &str) -> Result<String, OrgError> {
    let wrong = || OrgError::ui_bad_parameter("recordTypeId", text);
    let id = Id::parse(text).map_err(|_| wrong())?;
    let is_same = |own: &str| Id::parse(own).is_ok_and(|own| own == id);
    let known = record_types(object).iter().any(|info| is_same(&info.record_type_id));
    if known || is_same(MASTER) { Ok(id.to_string()) } else { Err(wrong()) }
}

/// Appends the values of one picklist.
fn push(out: &mut String, ui: Ui<'_>, object: &ObjectSpec, record_type: &str, field: &FieldSpec) {
    let start = out.len();
    let values = field.picklist.as_ref().map(|list| list.values()).unwrap_or_default();
    let active = || values.iter().filter(|value| value.active);
    let mut keys = Keys::open(out);
    let mut controllers = keys.object("controllerValues");
    for (index, value) in controller_values(object, field).iter().enumerate() {
        controllers.number(value, index as u32);
    }
    controllers.close();
    match active().find(|value| value.default_value) {
        Some(value) => push_value(keys.key("defaultValue"), ui, object, field, value),
        None => keys.raw("defaultValue", "null"),
    }
    let tag = tag(&mut keys);
    let path = format!("object-info/{}/picklist-values/{record_type}/{}", object.name, field.name);
    keys.text("url", &ui.url(&path));
    list(&mut keys, "values", active(), |out, value| push_value(out, ui, object, field, value));
    keys.close();
    seal(out, start, tag);
}

fn push_value(
    out: &mut String,
    ui: Ui<'_>,
    object: &ObjectSpec,
    field: &FieldSpec,
    value: &PickValue,
) {
    let mut keys = Keys::open(out);
    match meaning(&object.name, &field.name, &value.value) {
        Some(Meaning::CaseStatus(_)) if ui.version() < 48 => keys.raw("attributes", "null"),
        Some(meaning) => push_meaning(keys.object("attributes"), meaning),
        None => keys.raw("attributes", "null"),
    }
    keys.text("label", &value.label);
    let indexes = value.valid_for.as_deref().map(valid_for).unwrap_or_default();
    list(&mut keys, "validFor", indexes.iter(), |out, index| {
        super::super::json::push_int(out, i64::from(*index));
    });
    keys.text("value", &value.value);
    keys.close();
}

/// The key that names the kind of a value's attributes; its spelling is the guide's.
const KIND: &str = "picklistAtrributesValueType";

fn push_meaning(mut keys: Keys<'_>, meaning: Meaning) {
    match meaning {
        Meaning::CaseStatus(closed) => {
            keys.flag("closed", closed);
            keys.text(KIND, "CaseStatus");
        }
        Meaning::LeadStatus(converted) => {
            keys.flag("converted", converted);
            keys.text(KIND, "LeadStatus");
        }
        Meaning::OpportunityStage { closed, probability, category, won } => {
            keys.flag("closed", closed);
            java_double(keys.key("defaultProbability"), probability);
            keys.text("forecastCategoryName", category);
            keys.text(KIND, "OpportunityStage");
            keys.flag("won", won);
        }
    }
    keys.close();
}

/// The values of the field that controls a picklist, as names that JSON takes for keys.
fn controller_values(object: &ObjectSpec, field: &FieldSpec) -> Vec<String> {
    let controller = field.controller_name.as_deref().and_then(|name| object.field(name));
    let Some((_, controller)) = controller else { return Vec::new() };
    if controller.kind == FieldType::Boolean {
        return vec!["false".to_owned(), "true".to_owned()];
    }
    let values = controller.picklist.as_ref().map(|list| list.values()).unwrap_or_default();
    let text = |value: &PickValue| {
        let quoted = serde_json::Value::from(&*value.value).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    };
    values.iter().map(text).collect()
}

/// The places of the bits that are set, counted from the highest bit of the first byte.
fn valid_for(bitmap: &str) -> Vec<u32> {
    let bytes = STANDARD.decode(bitmap).unwrap_or_default();
    let bits = bytes.iter().enumerate().flat_map(|(at, byte)| {
        (0..8u32).filter(move |bit| byte & (0x80 >> bit) != 0).map(move |bit| at as u32 * 8 + bit)
    });
    bits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bitmaps_are_read_from_the_highest_bit(places in proptest::collection::btree_set(0u32..200, 0..40)) {
            let mut bytes = vec![0u8; 25];
            for place in &places {
                bytes[(place / 8) as usize] |= 0x80 >> (place % 8);
            }
            let read = valid_for(&STANDARD.encode(bytes));
            prop_assert_eq!(read, places.into_iter().collect::<Vec<u32>>());
        }
    }
}
