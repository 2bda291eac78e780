//! Records with raw and display values.

use super::super::json::push_str;
use super::super::keys::Keys;
use super::super::render;
use super::object_info::{MASTER, has_record_types, record_type};
use super::wanted::Wanted;
use super::{Ui, seal, tag, undisplayed};
use crate::id::Id;
use crate::schema::{FieldType, ObjectSpec, Slot};
use crate::soql::exec::format::format;
use crate::soql::resolve::tree::Column;
use crate::store::Row;
use crate::time;
use crate::value::{Value, java_double};
use std::fmt::Write as _;
use std::sync::Arc;

/// Appends a record with the fields that are wanted. `children` appends what its key
/// `childRelationships` holds.
pub(super) fn push(
    out: &mut String,
    ui: Ui<'_>,
    object: &Arc<ObjectSpec>,
    row: &Row,
    wanted: &Wanted,
    children: impl FnOnce(&mut String),
) {
    let start = out.len();
    let system = &object.system;
    let version = ui.version();
    let at = |slot: Option<Slot>| slot.map_or(&Value::Null, |slot| row.get(slot));
    let mut keys = Keys::open(out);
    keys.text("apiName", &object.name);
    children(keys.key("childRelationships"));
    let tag = tag(&mut keys);
    fields(keys.key("fields"), ui, object, row, wanted);
    push_id(keys.key("id"), row.id(system.id));
    if version >= 44 {
        push_id(keys.key("lastModifiedById"), at(system.last_modified_by_id).as_id());
        instant(keys.key("lastModifiedDate"), at(system.last_modified_date));
    }
    let own_type = at(system.record_type_id).as_id().map(|id| id.to_string());
    if version >= 48 {
        let usual = has_record_types(object).then(|| MASTER.to_owned());
        keys.optional("recordTypeId", own_type.clone().or(usual).as_deref());
    }
    let info =
        object.record_types.iter().find(|info| own_type.as_deref() == Some(&info.record_type_id));
    match info.filter(|info| !info.master) {
        Some(info) => record_type(keys.key("recordTypeInfo"), info),
        None => keys.raw("recordTypeInfo", "null"),
    }
    if version >= 44 {
        instant(keys.key("systemModstamp"), at(system.system_modstamp));
    }
    if version >= 48 {
        let stamp = at(system.system_modstamp).as_datetime().unwrap_or_default();
        let _ = write!(keys.key("weakEtag"), "{stamp}");
    }
    keys.close();
    seal(out, start, tag);
}

/// Appends the values that are wanted, own fields and parents together in order of their names.
pub(super) fn fields(
    out: &mut String,
    ui: Ui<'_>,
    object: &Arc<ObjectSpec>,
    row: &Row,
    wanted: &Wanted,
) {
    let mut own = wanted.fields.iter().peekable();
    let mut parents = wanted.parents.iter().peekable();
    let mut keys = Keys::open(out);
    loop {
        let own_is_next = match (own.peek(), parents.peek()) {
            (Some(name), Some((parent, _))) => name <= parent,
            (None, None) => break,
            (own, _) => own.is_some(),
        };
        if own_is_next {
            // The parents of a polymorphic reference do not all have the same fields.
            let Some(name) = own.next() else { break };
            let Some((slot, _)) = object.field(name) else { continue };
            let out = keys.key(name);
            if wanted.silent.contains(name) {
                undisplayed(out, |out| raw(out, object, slot, row, ui));
            } else {
                value(out, ui, object, slot, row);
            }
        } else {
            let Some((name, inner)) = parents.next() else { break };
            let Some((slot, _)) = object.parent_relationship(name) else { continue };
            parent(keys.key(name), ui, row.id(slot), inner);
        }
    }
    keys.close();
}

/// Appends the record behind a reference under its name; both null without one.
pub(super) fn parent(out: &mut String, ui: Ui<'_>, id: Option<Id>, wanted: &Wanted) {
    let Some((object, _, row)) = id.and_then(|id| ui.context.state.resolve(id)) else {
        undisplayed(out, |out| out.push_str("null"));
        return;
    };
    let mut keys = Keys::open(out);
    keys.optional("displayValue", name_of(ui, object, row).as_deref());
    push(keys.key("value"), ui, object, row, wanted, |out| out.push_str("{}"));
    keys.close();
}

/// The text of a record's name.
pub(super) fn name_of(ui: Ui<'_>, object: &ObjectSpec, row: &Row) -> Option<String> {
    let slot = object.name_slot?;
    match row.get(slot) {
        Value::Text(text) => Some(text.to_string()),
        value => display(ui, object, slot, value),
    }
}

/// Appends `{"displayValue":…,"value":…}` of one field.
fn value(out: &mut String, ui: Ui<'_>, object: &ObjectSpec, slot: Slot, row: &Row) {
    let mut keys = Keys::open(out);
    keys.optional("displayValue", display(ui, object, slot, row.get(slot)).as_deref());
    raw(keys.key("value"), object, slot, row, ui);
    keys.close();
}

/// A value as the user's locale shows it, where that may differ from the raw one.
fn display(ui: Ui<'_>, object: &ObjectSpec, slot: Slot, value: &Value) -> Option<String> {
    let field = object.at(slot);
    match (field.kind, value) {
        (_, Value::Null) => None,
        (FieldType::Picklist | FieldType::MultiPicklist, _) => labels(object, slot, value),
        (
            FieldType::Currency
            | FieldType::Percent
            | FieldType::Double
            | FieldType::Int
            | FieldType::Long
            | FieldType::Date
            | FieldType::DateTime
            | FieldType::Time,
            _,
        ) => {
            let mut column = Column::computed(&field.name, field.kind);
            column.field =
                ui.context.state.schema.by_name(&object.name).map(|own| (Arc::clone(own), slot));
            let shown = format(value, &column, &ui.context.locale);
            shown.as_text().map(ToOwned::to_owned)
        }
        _ => None,
    }
}

/// The labels of a picklist's value or values.
fn labels(object: &ObjectSpec, slot: Slot, value: &Value) -> Option<String> {
    let picklist = object.at(slot).picklist.as_ref()?;
    match value {
        Value::Pick(code) => Some(picklist.value(*code).label.to_string()),
        Value::Text(text) => {
            let label = |part: &str| {
                let code = picklist.code(part);
                code.map_or(part.to_owned(), |code| picklist.value(code).label.to_string())
            };
            Some(text.split(';').map(label).collect::<Vec<String>>().join(";"))
        }
        _ => None,
    }
}

/// Appends the raw value of a field: as other resources do, but instants end in `Z`.
fn raw(out: &mut String, object: &ObjectSpec, slot: Slot, row: &Row, ui: Ui<'_>) {
    match row.get(slot) {
        value @ Value::DateTime(_) => instant(out, value),
        Value::Double(number) => java_double(out, *number),
        _ => render::push_value(out, object, slot, row, ui.version()),
    }
}

fn instant(out: &mut String, value: &Value) {
    match value.as_datetime() {
        Some(ms) => push_str(out, &time::datetime_z_text(ms)),
        None => out.push_str("null"),
    }
}

fn push_id(out: &mut String, id: Option<Id>) {
    match id {
        Some(id) => push_str(out, id.text().as_str()),
        None => out.push_str("null"),
    }
}
