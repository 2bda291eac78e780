//! The bytes of base64 fields. `reference/rest.md` §3.7.

use super::super::reply::{Body, Reply};
use super::{Call, Outcome};
use crate::error::OrgError;
use crate::schema::{FieldSpec, FieldType, ObjectSpec, Slot};
use crate::store::Row;
use crate::value::Value;
use bytes::Bytes;

/// True for a field that holds bytes.
pub fn is_blob(field: &FieldSpec) -> bool {
    field.kind == FieldType::Base64
}

/// The object's field that holds bytes, if it has one.
pub fn slot(object: &ObjectSpec) -> Option<Slot> {
    object.visible_fields().find(|(_, field)| is_blob(field)).map(|(slot, _)| slot)
}

/// GET of a row's bytes. An attachment has the type that was stored with it.
pub fn read(call: &Call<'_>, object: &ObjectSpec, row: &Row, slot: Slot) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let Value::Blob(bytes) = row.get(slot) else { return Err(OrgError::not_found().into()) };
    let stored = object.field("ContentType").and_then(|(slot, _)| row.get(slot).as_text());
    let content_type = match stored {
        Some(stored) if &*object.name == "Attachment" => stored.to_owned(),
        _ => "application/octetstream".to_owned(),
    };
    let body = Body::Raw(content_type.into(), Bytes::copy_from_slice(bytes));
    Ok(Reply { status: 200, body, headers: Vec::new() })
}
