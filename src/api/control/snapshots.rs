//! Named snapshots: taken, listed, gone back to, forgotten, written to a file and read from one; and
//! what differs between two of them.

use super::super::http::{RequestBody, Response};
use super::super::json;
use super::super::params::Params;
use super::super::render;
use super::orgs::drops_sessions;
use super::{Answer, Call, body, org_json};
use crate::error::ControlError;
use crate::org::{NotImported, NotTaken, Org, Snapshot};
use crate::scenario::nearest;
use crate::schema::{ObjectSpec, Slot};
use crate::store::{self, ObjectDiff, Row, State, Updated, file};
use crate::time;
use std::sync::Arc;

/// The version in the URLs of blobs that a record names.
const VERSION: u32 = 66;

/// All snapshots, by name.
pub(super) fn list(org: &Org) -> String {
    let mut out = String::from("{\"items\":[");
    for (place, snapshot) in org.snapshots().iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        push_snapshot(&mut out, snapshot);
    }
    out.push_str("]}");
    out
}

/// One snapshot.
pub(super) fn show(org: &Org, name: &str) -> Answer {
    Ok((200, snapshot_json(&find(org, name)?)))
}

/// Takes a snapshot.
pub(super) fn take(call: &Call<'_>, org: &Org, name: &str) -> Answer {
    check_name(name)?;
    body::check_keys(&body::tree(call.request)?, &[])?;
    let taken = org.take_snapshot(name, call.now).map_err(|why| not_taken(why, org, name))?;
    Ok((201, snapshot_json(&taken)))
}

/// Forgets a snapshot.
pub(super) fn forget(org: &Org, name: &str) -> Answer {
    if org.forget_snapshot(name) {
        return Ok((204, String::new()));
    }
    Err(ControlError::no_such_snapshot(&org.name, name))
}

/// Back to a snapshot.
pub(super) fn restore(call: &Call<'_>, org: &Org, name: &str) -> Answer {
    let snapshot = find(org, name)?;
    org.restore(&snapshot, drops_sessions(call)?, call.now);
    Ok((200, org_json(call.orgs, call.request, org)))
}

/// A snapshot as a file.
pub(super) fn export(org: &Org, name: &str) -> Result<Response, ControlError> {
    let snapshot = find(org, name)?;
    let disposition = format!("attachment; filename=\"{}.fauxforce\"", snapshot.name);
    Ok(Response::status(200)
        .with("Content-Type", "application/octet-stream")
        .with("Content-Disposition", disposition)
        .body(file::write(&snapshot.state)))
}

/// A file as a snapshot.
pub(super) fn import(call: &Call<'_>, org: &Org, name: &str) -> Answer {
    check_name(name)?;
    let RequestBody::Bytes(bytes) = &call.request.body else {
        return Err(ControlError::body_too_large(body::LARGEST));
    };
    let taken = org.import_snapshot(name, bytes, call.now).map_err(|why| match why {
        NotImported::NotTaken(why) => not_taken(why, org, name),
        NotImported::File(fault) => ControlError::bad_snapshot_file(&fault),
    })?;
    Ok((201, snapshot_json(&taken)))
}

fn find(org: &Org, name: &str) -> Result<Snapshot, ControlError> {
    org.snapshot(name).ok_or_else(|| ControlError::no_such_snapshot(&org.name, name))
}

fn check_name(name: &str) -> Result<(), ControlError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let well_formed = (1..=100).contains(&name.len()) && name.bytes().all(fits);
    if well_formed { Ok(()) } else { Err(ControlError::bad_snapshot_name()) }
}

fn not_taken(why: NotTaken, org: &Org, name: &str) -> ControlError {
    match why {
        NotTaken::Taken => ControlError::snapshot_taken(&org.name, name),
        NotTaken::TooMany(most) => ControlError::too_many_snapshots(most),
    }
}

fn snapshot_json(snapshot: &Snapshot) -> String {
    let mut out = String::with_capacity(128);
    push_snapshot(&mut out, snapshot);
    out
}

/// `{"name","at","records"}`: when it was taken on the org's clock, and how many live records it has.
fn push_snapshot(out: &mut String, snapshot: &Snapshot) {
    out.push_str("{\"name\":");
    json::push_str(out, &snapshot.name);
    out.push_str(",\"at\":\"");
    time::write_datetime_z(out, snapshot.taken_at);
    out.push_str("\",\"records\":");
    let state = &snapshot.state;
    let live = |id| i64::from(state.table(id).live());
    json::push_int(out, state.objects_with_rows().map(live).sum());
    out.push('}');
}

/// What differs from one snapshot to another, or to now.
pub(super) fn diff(call: &Call<'_>, org: &Org) -> Answer {
    let params = Params::parse(&call.request.query);
    let known = ["from", "to"];
    if let Some((name, _)) = params.iter().find(|(name, _)| !known.contains(name)) {
        return Err(ControlError::no_such_parameter(name, nearest(name, known)));
    }
    let at = |key: &str| match params.get(key) {
        Some(name) => find(org, name).map(|found| Some(found.state)).map_err(|error| error.at(key)),
        None => Ok(None),
    };
    let before = at("from")?.ok_or_else(|| {
        ControlError::invalid("a snapshot to compare with is needed: ?from=NAME").at("from")
    })?;
    let after = at("to")?.unwrap_or_else(|| org.read());
    Ok((200, diff_json(&before, &after)))
}

/// `{"objects":{"X":{"created","updated","deleted","undeleted"}}}`. Objects that do not differ are
/// left out.
pub(crate) fn diff_json(before: &State, after: &State) -> String {
    let mut out = String::from("{\"objects\":{");
    for (place, object) in store::diff(before, after).iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        json::push_str(&mut out, object.name());
        out.push(':');
        push_object(&mut out, object);
    }
    out.push_str("}}");
    out
}

fn push_object(out: &mut String, diff: &ObjectDiff<'_>) {
    out.push_str("{\"created\":");
    push_list(out, &diff.created, |out, (id, row)| {
        push_id(out, *id);
        out.push_str(",\"record\":");
        if let Some(object) = diff.after {
            push_record(out, object, row);
        }
    });
    out.push_str(",\"updated\":");
    push_list(out, &diff.updated, |out, updated| {
        push_id(out, updated.id);
        out.push_str(",\"before\":");
        push_side(out, diff, updated, updated.before, diff.before, |column| column.before);
        out.push_str(",\"after\":");
        push_side(out, diff, updated, updated.after, diff.after, |column| column.after);
    });
    out.push_str(",\"deleted\":");
    push_list(out, &diff.deleted, |out, id| push_id(out, *id));
    out.push_str(",\"undeleted\":");
    push_list(out, &diff.undeleted, |out, id| push_id(out, *id));
    out.push('}');
}

/// A list of objects; `each` writes what is between the braces.
fn push_list<T>(out: &mut String, list: &[T], each: impl Fn(&mut String, &T)) {
    out.push('[');
    for (place, one) in list.iter().enumerate() {
        out.push_str(if place == 0 { "{" } else { ",{" });
        each(out, one);
        out.push('}');
    }
    out.push(']');
}

fn push_id(out: &mut String, id: crate::id::Id) {
    out.push_str("\"id\":\"");
    render::push_id(out, id);
    out.push('"');
}

/// Every field of a row.
fn push_record(out: &mut String, object: &ObjectSpec, row: &Row) {
    out.push('{');
    for (place, slot) in object.visible.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        out.push_str(&object.at(*slot).json_key);
        render::push_value(out, object, *slot, row, VERSION);
    }
    out.push('}');
}

/// The fields of a row that differ. One that the object did not have then was null.
fn push_side(
    out: &mut String,
    diff: &ObjectDiff<'_>,
    updated: &Updated<'_>,
    row: &Row,
    own: Option<&Arc<ObjectSpec>>,
    slot: impl Fn(&store::Column) -> Option<Slot>,
) {
    out.push('{');
    for (place, column) in updated.fields.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        out.push_str(diff.json_key(*column));
        match own.zip(slot(column)) {
            Some((object, slot)) => render::push_value(out, object, slot, row, VERSION),
            None => out.push_str("null"),
        }
    }
    out.push('}');
}
