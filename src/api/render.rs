//! Field values as REST JSON: `reference/rest.md` §1.9.

use super::home::Home;
use super::json;
use crate::schema::{FieldSpec, FieldType, ObjectSpec, Picklist, Slot};
use crate::store::Row;
use crate::time;
use crate::value::{Value, java_double};
use std::fmt::Write as _;

/// Appends one field of a row: a stored value, a compound made of its parts, or a blob's URL.
pub fn push_value(
    out: &mut String,
    object: &ObjectSpec,
    slot: Slot,
    row: &Row,
    home: impl Into<Home>,
) {
    let field = object.at(slot);
    match field.kind {
        FieldType::Address | FieldType::Location => push_parts(out, object, slot, row),
        FieldType::Base64 => match row.get(slot) {
            Value::Blob(_) => push_blob_url(out, object, field, row, home),
            _ => out.push_str("null"),
        },
        FieldType::ComplexValue if object.derived.is_some() => {
            push_complex(out, field, row.get(slot).as_text().unwrap_or_default());
        }
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

/// Appends a complex value of the metadata catalog: an object that holds one list, which is named as
/// the field.
fn push_complex(out: &mut String, field: &FieldSpec, list: &str) {
    let mut name = field.name.to_string();
    name[..1].make_ascii_lowercase();
    out.push('{');
    json::push_str(out, &name);
    out.push(':');
    if list.is_empty() {
        out.push_str("null}");
        return;
    }
    for (at, item) in list.split(',').enumerate() {
        out.push(if at == 0 { '[' } else { ',' });
        json::push_str(out, item);
    }
    out.push_str("]}");
}

fn quoted(out: &mut String, write: impl FnOnce(&mut String)) {
    out.push('"');
    write(out);
    out.push('"');
}

/// Appends the 18 characters of an id.
pub fn push_id(out: &mut String, id: crate::id::Id) {
    out.push_str(id.text().as_str());
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
    home: impl Into<Home>,
) {
    out.push('"');
    push_row_url(out, object, row, home);
    out.push('/');
    out.push_str(&field.name);
    out.push('"');
}

/// Appends `/services/data/v66.0/sobjects/Account/001…`.
pub fn push_row_url(out: &mut String, object: &ObjectSpec, row: &Row, home: impl Into<Home>) {
    home.into().push_object(out, &object.name);
    out.push('/');
    push_row_key(out, object, row);
}

/// Appends what the URL of a row ends with: its id, or its durable id.
pub fn push_row_key(out: &mut String, object: &ObjectSpec, row: &Row) {
    if let Some(slot) = object.system.durable_id {
        // Values of picklists may hold anything.
        for byte in row.get(slot).as_text().unwrap_or_default().bytes() {
            match byte {
                b'"' | b'\\' | 0..=b' ' | 127.. => _ = write!(out, "%{byte:02X}"),
                byte => out.push(char::from(byte)),
            }
        }
    } else if let Some(id) = row.id(object.system.id) {
        push_id(out, id);
    }
}

/// Appends `"attributes":{"type":"Account","url":"/services/data/v66.0/sobjects/Account/`, which is
/// the same for all rows of an object: the id and `"}` follow.
pub fn push_attributes_head(out: &mut String, object: &ObjectSpec, home: impl Into<Home>) {
    out.push_str("\"attributes\":{\"type\":\"");
    out.push_str(&object.name);
    out.push_str("\",\"url\":\"");
    home.into().push_object(out, &object.name);
    out.push('/');
}

/// Appends `"attributes":{"type":"Account","url":"…"}`.
pub fn push_attributes(out: &mut String, object: &ObjectSpec, row: &Row, home: impl Into<Home>) {
    push_attributes_head(out, object, home);
    push_row_key(out, object, row);
    out.push_str("\"}");
}

/// Appends a whole row with every visible field, in describe order.
pub fn push_row(out: &mut String, object: &ObjectSpec, row: &Row, home: impl Into<Home>) {
    let home = home.into();
    out.push('{');
    push_attributes(out, object, row, home);
    // Both sides go by slots in order: the row's values are walked once, not searched.
    let mut values = row.values().peekable();
    for slot in object.visible.iter().copied() {
        while values.next_if(|(held, _)| *held < slot).is_some() {}
        let field = object.at(slot);
        match values.next_if(|(held, _)| *held == slot) {
            Some((_, Value::Blob(_))) => push_member(out, object, slot, row, home),
            _ if is_made(object, field) => push_member(out, object, slot, row, home),
            Some((_, value)) => {
                out.push(',');
                out.push_str(&field.json_key);
                push_plain(out, field.kind, field.picklist.as_deref(), value);
            }
            None => out.push_str(&field.json_absent),
        }
    }
    out.push('}');
}

/// True for a field that is made of others and never stored, or shown though it holds nothing.
fn is_made(object: &ObjectSpec, field: &FieldSpec) -> bool {
    matches!(field.kind, FieldType::Address | FieldType::Location)
        || (field.kind == FieldType::ComplexValue && object.derived.is_some())
}

/// Appends `,"Name":value`. Most fields of most rows are absent, and cost one copy.
fn push_member(
    out: &mut String,
    object: &ObjectSpec,
    slot: Slot,
    row: &Row,
    home: impl Into<Home>,
) {
    let field = object.at(slot);
    if row.get(slot).is_null() && !is_made(object, field) {
        out.push_str(&field.json_absent);
        return;
    }
    out.push(',');
    out.push_str(&field.json_key);
    push_value(out, object, slot, row, home);
}

/// Appends a row with the given fields, in that order.
pub fn push_row_fields(
    out: &mut String,
    object: &ObjectSpec,
    row: &Row,
    slots: &[Slot],
    home: impl Into<Home>,
) {
    let home = home.into();
    out.push('{');
    push_attributes(out, object, row, home);
    for slot in slots {
        push_member(out, object, *slot, row, home);
    }
    out.push('}');
}
