//! Rows by external id: retrieve, upsert, delete. `reference/rest.md` §3.6.

use super::super::reply::Reply;
use super::{Call, Outcome, rows};
use crate::api::{http::Method, record};
use crate::dml::{Given, Matched};
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::schema::{FieldSpec, ObjectSpec, Slot};
use crate::store::RowNum;
use crate::value::Value;
use std::sync::Arc;

/// `/sobjects/{name}/{field}/{value}`.
pub fn handle(
    call: &Call<'_>,
    object: &Arc<ObjectSpec>,
    (slot, field): (Slot, &FieldSpec),
    text: &str,
) -> Outcome {
    if !(field.external_id || field.id_lookup || slot == object.system.id) {
        return Err(OrgError::external_id_not_accessible(&field.name).into());
    }
    let by_id = slot == object.system.id;
    let Some(value) = record::url_value(field, text).filter(|value| !by_id || is_id(value)) else {
        return Err(OrgError::external_id_not_accessible(text).into());
    };
    let indexes = &call.entry.org.indexes;
    let matched = Matched::find(&call.state, indexes, object, (slot, field), &value);
    match (call.method, matched) {
        (_, Matched::Many(numbers)) => Ok(several(call, object, &numbers)),
        (Method::Patch, matched) => upsert(call, object, (slot, field), &value, &matched),
        (Method::Get | Method::Head | Method::Delete, Matched::None) => {
            Err(OrgError::not_found().into())
        }
        (Method::Get | Method::Head, Matched::One(number)) => {
            let row = call.state.table(object.id).get(number).ok_or_else(OrgError::not_found)?;
            rows::retrieve(call, object, row)
        }
        (Method::Delete, Matched::One(number)) => rows::delete(call, object, number),
        _ => call.only("HEAD,GET,PATCH,DELETE"),
    }
}

fn is_id(value: &Value) -> bool {
    value.as_id().is_some()
}

/// 300: the URLs of all rows that the value names.
fn several(call: &Call<'_>, object: &ObjectSpec, numbers: &[RowNum]) -> Reply {
    let table = call.state.table(object.id);
    let ids = numbers.iter().filter_map(|number| table.get(*number)?.id(object.system.id));
    let urls: Vec<String> = ids
        .map(|id| format!("\"/services/data/v{}.0/sobjects/{}/{id}\"", call.version, object.name))
        .collect();
    Reply::json(format!("[{}]", urls.join(",")), "urls").status(300)
}

fn upsert(
    call: &Call<'_>,
    object: &Arc<ObjectSpec>,
    (slot, field): (Slot, &FieldSpec),
    value: &Value,
    matched: &Matched,
) -> Outcome {
    let update_only =
        call.params.get("updateOnly").is_some_and(|flag| flag.eq_ignore_ascii_case("true"));
    match matched {
        Matched::One(number) => {
            let row = call.state.table(object.id).get(*number).cloned();
            let row = row.ok_or_else(OrgError::not_found)?;
            rows::update(call, object, *number, &row, Some(&field.name))?;
            let id = row.id(object.system.id).ok_or_else(OrgError::not_found)?;
            Ok(updated(call, id))
        }
        _ if update_only || slot == object.system.id => Err(OrgError::not_found().into()),
        _ => {
            let (id, is_new) = rows::with_members(call, object, |source, members| {
                let mut given = record::given(source, object, members, Some(&field.name))?;
                given.push((slot, value.clone()));
                insert_unless_matched(call, object, (slot, field), value, given)
            })?;
            if !is_new {
                return Ok(updated(call, id));
            }
            let reply = rows::created(call, object, id);
            Ok(if call.version >= 46 { rows::with_created(reply) } else { reply })
        }
    }
}

/// The answer to an upsert that changed a row.
fn updated(call: &Call<'_>, id: Id) -> Reply {
    if call.version < 46 {
        return Reply::empty(204);
    }
    let text = format!("{{\"id\":\"{id}\",\"success\":true,\"errors\":[],\"created\":false}}");
    Reply::json(text, "Result")
}

/// Creates the row under the writer's lock, and says so, unless another writer has made one
/// meanwhile: then that one is updated, as an upsert must.
fn insert_unless_matched(
    call: &Call<'_>,
    object: &Arc<ObjectSpec>,
    field: (Slot, &FieldSpec),
    value: &Value,
    given: Given,
) -> Result<(Id, bool), Faults> {
    let mut is_new = true;
    let id = rows::save(call, |transaction| {
        let found = Matched::find(&transaction.state, transaction.indexes, object, field, value);
        let Matched::One(number) = found else { return transaction.insert(object, given) };
        is_new = false;
        transaction.update(object, number, given)?;
        let row = transaction.state.table(object.id).get(number);
        Ok(row.and_then(|row| row.id(object.system.id)).ok_or_else(OrgError::not_found)?)
    })?;
    Ok((id, is_new))
}
