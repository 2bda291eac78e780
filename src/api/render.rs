//! Field values as REST JSON: `reference/rest.md` §1.9.

use super::json;
use crate::schema::{FieldSpec, FieldType, ObjectSpec, Picklist, Slot};
use crate::store::Row;
use crate::time;
use crate::value::{Value, java_double};

/// Appends one field of a row: a stored value, a compound made of its parts, or a blob's URL.
pub fn push_value(out: &mut String, object: &ObjectSpec, slot: Slot, row: &Row, version: u32) {
    let field = object.at(slot);
    match field.kind {
        FieldType::Address | FieldType::Location => push_parts(out, object, slot, row),
        FieldType::Base64 => match row.get(slot) {
            Value::Blob(_) => push_blob_url(out, object, field, row, version),
            _ => out.push_str("null"),
        },
        kind => push_plain(out, kind, field.picklist.as_deref(), row.get(slot)),
    }
}

/// Appends a value of a type that needs nothing else of its row. An absent checkbox is false.
pub fn push_plain(out: &mut String, kind: FieldType, picklist: Option<&Picklist>, value: &Value) {
    match value {
        Value::Null if kind == FieldType::Boolean => out.push_str("false"),
        Value::Null | Value::Blob(_) => out.push_str("null"),
        Value::Bool(flag) => json::push_bool(out, *flag),
        Value::Int(number) => json::push_int(out, *number),
        Value::Double(number) => java_double(out, *number),
        Value::Date(days) => quoted(out, |out| time::write_date(out, *days)),
        Value::DateTime(ms) => quoted(out, |out| time::write_datetime(out, *ms)),
        Value::Time(millis) => quoted(out, |out| time::write_time(out, *millis)),
        Value::Id(id) => quoted(out, |out| push_id(out, *id)),
        Value::Pick(code) => match picklist {
            Some(picklist) => json::push_str(out, &picklist.value(*code).value),
            None => out.push_str("null"),
        },
        Value::Text(text) => json::push_str(out, text),
    }
}

fn quoted(out: &mut String, write: impl FnOnce(&mut String)) {
    out.push('"');
    write(out);
    out.push('"');
}

/// Appends the 18 characters of an id.
pub fn push_id(out: &mut String, id: crate::id::Id) {
    let text = id.to_18();
    out.push_str(std::str::from_utf8(&text).expect("ids are ASCII"));
}

/// The stored parts of a compound field with their keys, in alphabetical order of the keys.
fn parts(object: &ObjectSpec, compound: Slot) -> impl Iterator<Item = &(&'static str, Slot)> {
    object
        .compounds
        .iter()
        .filter(move |(slot, _)| *slot == compound)
        .flat_map(|(_, parts)| parts.iter())
}

fn push_parts(out: &mut String, object: &ObjectSpec, compound: Slot, row: &Row) {
    if parts(object, compound).all(|(_, slot)| row.get(*slot).is_null()) {
        out.push_str("null");
        return;
    }
    let mut separator = '{';
    for (key, slot) in parts(object, compound) {
        out.push(separator);
        separator = ',';
        json::push_str(out, key);
        out.push(':');
        let field = object.at(*slot);
        push_plain(out, field.kind, field.picklist.as_deref(), row.get(*slot));
    }
    out.push('}');
}

fn push_blob_url(
    out: &mut String,
    object: &ObjectSpec,
    field: &FieldSpec,
    row: &Row,
    version: u32,
) {
    out.push('"');
    push_row_url(out, object, row, version);
    out.push('/');
    out.push_str(&field.name);
    out.push('"');
}

/// Appends `/services/data/v66.0/sobjects/Account/001…`.
pub fn push_row_url(out: &mut String, object: &ObjectSpec, row: &Row, version: u32) {
    out.push_str("/services/data/v");
    json::push_int(out, i64::from(version));
    out.push_str(".0/sobjects/");
    out.push_str(&object.name);
    out.push('/');
    if let Some(id) = row.id(object.system.id) {
        push_id(out, id);
    }
}

/// Appends `"attributes":{"type":"Account","url":"…"}`.
pub fn push_attributes(out: &mut String, object: &ObjectSpec, row: &Row, version: u32) {
    out.push_str("\"attributes\":{\"type\":\"");
    out.push_str(&object.name);
    out.push_str("\",\"url\":\"");
    push_row_url(out, object, row, version);
    out.push_str("\"}");
}

/// Appends a whole row with every visible field, in describe order.
pub fn push_row(out: &mut String, object: &ObjectSpec, row: &Row, version: u32) {
    out.push('{');
    push_attributes(out, object, row, version);
    // Both sides go by slots in order: the row's values are walked once, not searched.
    let mut values = row.values().peekable();
    for slot in object.visible.iter().copied() {
        while values.next_if(|(held, _)| *held < slot).is_some() {}
        let field = object.at(slot);
        match values.next_if(|(held, _)| *held == slot) {
            Some((_, Value::Blob(_))) => push_member(out, object, slot, row, version),
            Some((_, value)) => {
                out.push(',');
                out.push_str(&field.json_key);
                push_plain(out, field.kind, field.picklist.as_deref(), value);
            }
            None if is_compound(field) => push_member(out, object, slot, row, version),
            None => out.push_str(&field.json_absent),
        }
    }
    out.push('}');
}

/// True for a field that is made of others and never stored.
fn is_compound(field: &FieldSpec) -> bool {
    matches!(field.kind, FieldType::Address | FieldType::Location)
}

/// Appends `,"Name":value`. Most fields of most rows are absent, and cost one copy.
fn push_member(out: &mut String, object: &ObjectSpec, slot: Slot, row: &Row, version: u32) {
    let field = object.at(slot);
    if row.get(slot).is_null() && !is_compound(field) {
        out.push_str(&field.json_absent);
        return;
    }
    out.push(',');
    out.push_str(&field.json_key);
    push_value(out, object, slot, row, version);
}

/// Appends a row with the given fields, in that order.
pub fn push_row_fields(
    out: &mut String,
    object: &ObjectSpec,
    row: &Row,
    slots: &[Slot],
    version: u32,
) {
    out.push('{');
    push_attributes(out, object, row, version);
    for slot in slots {
        push_member(out, object, *slot, row, version);
    }
    out.push('}');
}
