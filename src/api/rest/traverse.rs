//! Three and more segments under an object: rows by external id, relationships, blobs.
//! `reference/rest.md` §3.5–§3.7.

use super::super::reply::Reply;
use super::{Call, Outcome, blobs, external, query, rows};
use crate::api::http::Method;
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::schema::ObjectSpec;
use crate::soql::ResultSet;
use crate::store::{Row, RowNum};
use std::sync::Arc;

/// Most relationships in one path.
const LEVELS: usize = 5;

/// `/sobjects/{name}/{first}/{rest…}`: a field name makes it an external id, else `first` is an id.
pub fn handle(call: &Call<'_>, name: &str, first: &str, rest: &[&str]) -> Outcome {
    let object = call.object(name)?;
    if let Some(field) = object.field(first) {
        let [value] = rest else { return Err(OrgError::not_found().into()) };
        return external::handle(call, object, field, value);
    }
    let Ok(id) = Id::parse(first) else {
        return Err(OrgError::external_id_not_accessible(first).into());
    };
    let (number, row) = live(call, object, id)?;
    if let [field] = rest
        && let Some((slot, field)) = object.field(field)
        && blobs::is_blob(field)
    {
        return blobs::read(call, object, &row, slot);
    }
    walk(call, Arc::clone(object), number, row, rest)
}

fn live(call: &Call<'_>, object: &ObjectSpec, id: Id) -> Result<(RowNum, Row), OrgError> {
    let found = call.state.live_row(object, id);
    found.map(|(number, row)| (number, row.clone())).ok_or_else(OrgError::not_found)
}

/// Follows parents from row to row; a child relationship may be the last step.
fn walk(
    call: &Call<'_>,
    mut object: Arc<ObjectSpec>,
    mut number: RowNum,
    mut row: Row,
    path: &[&str],
) -> Outcome {
    if path.len() > LEVELS {
        return Err(OrgError::not_found().into());
    }
    for (place, name) in path.iter().enumerate() {
        if let Some((slot, _)) = object.parent_relationship(name) {
            let id = row.id(slot).ok_or_else(OrgError::not_found)?;
            let parent =
                call.state.schema.by_prefix(id.prefix()).ok_or_else(OrgError::not_found)?;
            let parent = Arc::clone(call.state.schema.object(parent));
            (number, row) = live(call, &parent, id)?;
            object = parent;
        } else if object.child_relationship(name).is_some() && place + 1 == path.len() {
            return children(call, &object, &row, name);
        } else {
            return Err(OrgError::not_found().into());
        }
    }
    match call.method {
        Method::Get | Method::Head => rows::retrieve(call, &object, &row),
        Method::Patch => rows::update(call, &object, number, &row, None),
        Method::Delete => rows::delete(call, &object, number),
        _ => call.only("HEAD,GET,PATCH,DELETE"),
    }
}

/// The children of a row: a query's result, paged like one.
fn children(call: &Call<'_>, object: &ObjectSpec, row: &Row, relationship: &str) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let missing = || Faults::from(OrgError::not_found());
    let child = object.child_relationship(relationship).ok_or_else(missing)?;
    let child_object = call.state.schema.by_name(&child.child_object).ok_or_else(missing)?;
    let slot = child_object.reference(&child.field).ok_or_else(missing)?;
    let parent = row.id(object.system.id).ok_or_else(missing)?;
    let slots = match call.params.get("fields") {
        Some(list) => rows::fields(child_object, list)?,
        None => child_object.visible.clone(),
    };
    let table = call.state.table(child_object.id);
    let keys = call.entry.org.indexes.get(child_object.id, slot, table);
    let live = |number: &RowNum| table.get(*number).is_some_and(|row| !row.is_deleted());
    let numbers = keys.equal(&crate::store::Key::Id(parent)).filter(live).collect();
    let result = ResultSet::of_rows(&call.state, child_object, &slots, numbers);
    let reply: Reply = query::first_page(call, result)?;
    Ok(reply)
}
