//! From a body's members to what saving takes: names become slots, scalars values.

use super::body::{Member, Scalar, Sent};
use super::jackson;
use crate::dml::{self, Given, Matched, Misfit, Raw};
use crate::error::OrgError;
use crate::schema::{FieldSpec, FieldType, ObjectSpec, Slot};
use crate::store::{IndexCache, State};
use crate::value::Value;
use std::sync::Arc;

/// Where a record's members come from, for errors and for parents named by external id.
pub struct Source<'a> {
    /// The whole body; empty for XML and multipart values, whose places are not reported.
    pub body: &'a str,
    /// The org's data.
    pub state: &'a State,
    /// Its indexes.
    pub indexes: &'a IndexCache,
}

/// The fields that a record's members give. `attributes` is passed over; a name that is no field is
/// the body's first error; `Id` is refused before anything else is looked at.
pub fn given(
    source: &Source<'_>,
    object: &Arc<ObjectSpec>,
    members: &[Member<'_>],
    refuse: Option<&str>,
) -> Result<Given, OrgError> {
    for refused in ["Id"].into_iter().chain(refuse) {
        if members.iter().any(|member| member.name.eq_ignore_ascii_case(refused)) {
            return Err(OrgError::field_in_body(refused));
        }
    }
    let mut given = Given::with_capacity(members.len());
    for member in members {
        if member.name == "attributes" {
            continue;
        }
        let pair = match object.field(&member.name) {
            Some((slot, field)) => (slot, scalar(source, field, member)?),
            None => parent(source, object, member)?,
        };
        given.push(pair);
    }
    Ok(given)
}

fn scalar(source: &Source<'_>, field: &FieldSpec, member: &Member<'_>) -> Result<Value, OrgError> {
    match &member.sent {
        Sent::Scalar(scalar) => {
            dml::coerce(field, scalar.raw()).map_err(|Misfit| misfit(source, field, member, scalar))
        }
        Sent::List(_) if !source.body.is_empty() => {
            Err(jackson::list_for_scalar(source.body, member.offset, json_kind(field)))
        }
        Sent::Object(_) | Sent::List(_) => Err(OrgError::json_deserialization(&member.name)),
    }
}

/// A field's type as the parser's messages name it.
fn json_kind(field: &FieldSpec) -> &'static str {
    match field.kind {
        FieldType::Currency | FieldType::Percent => "double",
        FieldType::Long => "int",
        kind => kind.name(),
    }
}

/// The error of a value that cannot be of its field's type.
fn misfit(
    source: &Source<'_>,
    field: &FieldSpec,
    member: &Member<'_>,
    scalar: &Scalar<'_>,
) -> OrgError {
    if source.body.is_empty() {
        return OrgError::wrong_type(&field.label, scalar.shown(), &field.name);
    }
    jackson::typed_value_error(source.body, member.offset, json_kind(field), scalar.shown())
}

/// A parent named by an external id: `{"Merchandise__r":{"MerchandiseExtID__c":123}}`.
fn parent(
    source: &Source<'_>,
    object: &ObjectSpec,
    member: &Member<'_>,
) -> Result<(Slot, Value), OrgError> {
    let unknown = || OrgError::no_such_column(&member.name, &object.name);
    let (slot, reference) = object.parent_relationship(&member.name).ok_or_else(unknown)?;
    let named = match &member.sent {
        Sent::Scalar(Scalar::Null) => return Ok((slot, Value::Null)),
        Sent::Object(members) => members,
        _ => return Err(OrgError::json_deserialization(&member.name)),
    };
    let keys: Vec<&Member<'_>> =
        named.iter().filter(|member| member.name != "attributes").collect();
    let [key] = keys[..] else { return Err(OrgError::json_deserialization(&member.name)) };
    let target = reference
        .reference_to
        .iter()
        .filter_map(|name| source.state.schema.by_name(name))
        .find_map(|target| Some((target, target.field(&key.name)?)));
    let Some((target, (key_slot, field))) = target else {
        let name = reference.reference_to.first().map_or("", |name| name);
        return Err(OrgError::no_such_column(&key.name, name));
    };
    if !(field.external_id || field.id_lookup || key_slot == target.system.id) {
        return Err(OrgError::not_an_external_id(&field.name, &target.name));
    }
    let value = scalar(source, field, key)?;
    match Matched::find(source.state, source.indexes, target, (key_slot, field), &value) {
        Matched::One(number) => {
            let row = source.state.table(target.id).get(number);
            Ok((slot, row.and_then(|row| row.id(target.system.id)).into()))
        }
        _ => {
            let Sent::Scalar(sent) = &key.sent else {
                return Err(OrgError::json_deserialization(&key.name));
            };
            Err(OrgError::foreign_key_not_found(sent.shown(), &field.name, &target.name))
        }
    }
}

/// The value of an external id as a URL gives it.
pub fn url_value(field: &FieldSpec, text: &str) -> Option<Value> {
    dml::coerce(field, Raw::Text(text)).ok().filter(|value| !value.is_null())
}
