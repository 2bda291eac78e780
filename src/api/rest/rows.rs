//! Single rows: create, retrieve, update, delete by id. `reference/rest.md` §3.1–§3.4.

use super::super::body::{self, Member};
use super::super::record::{self, Source};
use super::super::reply::{Body, Reply};
use super::super::{render, xml};
use super::{Call, Outcome, blobs, conditional, discovery, multipart};
use crate::api::http::Method;
use crate::error::{Faults, OrgError};
use crate::id::{Id, IdError};
use crate::schema::{ObjectSpec, Slot};
use crate::store::{Row, RowNum, State};
use bytes::Bytes;
use std::sync::Arc;

/// `/sobjects/{name}`.
pub fn object(call: &Call<'_>, name: &str) -> Outcome {
    let object = call.object(name)?;
    match call.method {
        Method::Get | Method::Head => discovery::basic_info(call, object),
        Method::Post => create(call, object),
        _ => call.only("HEAD,GET,POST"),
    }
}

/// `/sobjects/{name}/{id}`.
pub fn row(call: &Call<'_>, name: &str, key: &str) -> Outcome {
    let object = call.object(name)?;
    match call.method {
        Method::Get | Method::Head => {
            let (_, row) = addressed(call, object, key)?;
            retrieve(call, object, &row)
        }
        Method::Patch => {
            let (number, row) = addressed(call, object, key)?;
            update(call, object, number, &row, None)
        }
        Method::Delete => {
            let (number, _) = addressed(call, object, key)?;
            delete(call, object, number)
        }
        // `POST /sobjects/X/Id` is a plain create from v37 on.
        Method::Post if key.eq_ignore_ascii_case("Id") && call.version >= 37 => {
            let reply = create(call, object)?;
            Ok(if call.version >= 46 { with_created(reply) } else { reply })
        }
        _ => call.only("HEAD,GET,PATCH,DELETE"),
    }
}

/// The save result of a create with `created` at its end.
pub fn with_created(mut reply: Reply) -> Reply {
    if let Body::Json(text, _) = &mut reply.body {
        text.truncate(text.len() - 1);
        text.push_str(",\"created\":true}");
    }
    reply
}

/// The row that `{id}` addresses, in the state of the request. Which error a wrong one gets depends
/// on the method: the table of `reference/rest.md` §3.2.
pub fn addressed(
    call: &Call<'_>,
    object: &ObjectSpec,
    key: &str,
) -> Result<(RowNum, Row), OrgError> {
    if object.system.durable_id.is_some() {
        let found = call.state.durable_row(object, key).ok_or_else(OrgError::not_found)?;
        return Ok((found.0, found.1.clone()));
    }
    let id = match Id::parse(key) {
        Ok(id) => id,
        Err(IdError::Shape) => return Err(OrgError::external_id_not_accessible(key)),
        Err(IdError::Checksum) if call.method == Method::Delete => {
            return Err(OrgError::malformed_delete_id(key));
        }
        Err(IdError::Checksum) => return Err(malformed(object, key)),
    };
    match call.state.row(object, id) {
        Some((number, row)) if !row.is_deleted() => Ok((number, row.clone())),
        Some(_) if call.reads() => Err(OrgError::not_found()),
        Some(_) => Err(OrgError::entity_is_deleted()),
        None if id.prefix() != object.key_prefix && call.method == Method::Patch => {
            Err(malformed(object, key))
        }
        None if id.prefix() == object.key_prefix && call.method == Method::Delete => {
            Err(OrgError::row_never_existed())
        }
        None => Err(OrgError::not_found()),
    }
}

fn malformed(object: &ObjectSpec, key: &str) -> OrgError {
    OrgError::malformed_id(object.id_label(), key, "Id")
}

/// GET of a row: every field, or those of `?fields=` in that order, then `Id` if it was not named.
pub fn retrieve(call: &Call<'_>, object: &ObjectSpec, row: &Row) -> Outcome {
    let seen = conditional::Seen::of(object, row);
    if let Some(reply) = conditional::read(call, &seen)? {
        return Ok(reply);
    }
    let mut out = String::with_capacity(4096);
    match call.params.get("fields") {
        None => render::push_row(&mut out, object, row, call.version),
        Some(list) => {
            let slots = fields(object, list)?;
            render::push_row_fields(&mut out, object, row, &slots, call.version);
        }
    }
    call.remember_if_asked(row.id(object.system.id));
    let reply = Reply::json(out, object.name.to_string());
    Ok(conditional::stamp(reply, &seen))
}

/// The slots of a `fields=` list, with `Id` at the end unless it is named.
pub fn fields(object: &ObjectSpec, list: &str) -> Result<Vec<Slot>, OrgError> {
    let mut slots = Vec::new();
    for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let (slot, _) = object
            .field(name)
            .ok_or_else(|| OrgError::no_such_column_in_fields(list, name, &object.name))?;
        if !slots.contains(&slot) {
            slots.push(slot);
        }
    }
    let id = object.field("Id").map_or(object.system.id, |(slot, _)| slot);
    if !slots.contains(&id) {
        slots.push(id);
    }
    Ok(slots)
}

/// POST of a new row.
pub fn create(call: &Call<'_>, object: &Arc<ObjectSpec>) -> Outcome {
    let id = with_members(call, object, |source, members| {
        let given = record::given(source, object, members, None)?;
        save(call, |transaction| transaction.insert(object, given))
    })?;
    Ok(created(call, object, id))
}

/// 201 with the new row's place.
pub fn created(call: &Call<'_>, object: &ObjectSpec, id: Id) -> Reply {
    let location = format!("/services/data/v{}.0/sobjects/{}/{id}", call.version, object.name);
    let text = format!("{{\"id\":\"{id}\",\"success\":true,\"errors\":[]}}");
    Reply::json(text, "Result").status(201).with("Location", location)
}

/// Runs a transaction for the caller. What it makes is remembered as recent, unless the header
/// `Sforce-Mru` (60.0 and later) says no.
pub fn save(
    call: &Call<'_>,
    work: impl FnOnce(&mut crate::dml::Transaction<'_>) -> Result<Id, Faults>,
) -> Result<Id, Faults> {
    call.write(|transaction| {
        let id = work(transaction)?;
        if call.remembers_recent() {
            transaction.state.remember_made(call.session.user, id);
        }
        Ok(id)
    })
}

/// PATCH of a row. `refuse` is a field that the body may not name: the external id of the URL.
pub fn update(
    call: &Call<'_>,
    object: &Arc<ObjectSpec>,
    number: RowNum,
    row: &Row,
    refuse: Option<&str>,
) -> Outcome {
    conditional::write(call, &conditional::Seen::of(object, row))?;
    with_members(call, object, |source, members| {
        let given = record::given(source, object, members, refuse)?;
        change(call, object, number, |transaction| {
            // Another writer may have been faster: the condition must hold for the row that is
            // changed, or updates get lost.
            if let Some(row) = transaction.state.table(object.id).get(number) {
                conditional::write(call, &conditional::Seen::of(object, row))?;
            }
            transaction.update(object, number, given)
        })
    })?;
    call.remember_if_asked(row.id(object.system.id));
    Ok(Reply::empty(204))
}

/// DELETE of a row.
pub fn delete(call: &Call<'_>, object: &Arc<ObjectSpec>, number: RowNum) -> Outcome {
    change(call, object, number, |transaction| transaction.delete(object, number))?;
    Ok(Reply::empty(204))
}

/// Runs a transaction on a row that the request found live. Another writer may have deleted it
/// since; then the answer is that of a deleted row.
pub fn change(
    call: &Call<'_>,
    object: &ObjectSpec,
    number: RowNum,
    work: impl FnOnce(&mut crate::dml::Transaction<'_>) -> Result<(), Faults>,
) -> Result<(), Faults> {
    call.write(|transaction| {
        let row = transaction.state.table(object.id).get(number);
        if row.is_none_or(Row::is_deleted) {
            return Err(OrgError::entity_is_deleted().into());
        }
        work(transaction)
    })
}

/// Reads the request's body as members and hands them on, with what their errors need.
pub fn with_members<T>(
    call: &Call<'_>,
    object: &ObjectSpec,
    work: impl FnOnce(&Source<'_>, &[Member<'_>]) -> Result<T, Faults>,
) -> Result<T, Faults> {
    let bytes = call.entry.body();
    let content_type = call.entry.request.headers.get("content-type").unwrap_or_default();
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let state: &State = &call.state;
    let source = |body| Source { body, state, indexes: &call.entry.org.indexes };
    match media.as_str() {
        "application/json" | "" => {
            let members = body::json_object(&bytes)?;
            work(&source(body::utf8(&bytes)?), &members)
        }
        "application/xml" | "text/xml" => work(&source(""), &xml::members(&bytes)?),
        "multipart/form-data" if blobs::slot(object).is_some() => {
            let members = multipart::members(object, content_type, &bytes)?;
            work(&source(""), &members)
        }
        _ => Err(unsupported(content_type, &bytes).into()),
    }
}

fn unsupported(content_type: &str, bytes: &Bytes) -> OrgError {
    if bytes.is_empty() {
        return OrgError::no_entity_body();
    }
    OrgError::unsupported_media_type(content_type)
}
