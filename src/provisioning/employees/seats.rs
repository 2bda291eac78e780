//! Seats: every active user takes one of its profile's licence, every assigned permission set licence
//! one of that licence. Nobody is made active or assigned when no seat is free. `UsedLicenses` is
//! kept with each write; records that fixtures bring are counted once they are all there.

use super::{id_in, named, record, value};
use crate::dml::{Saved, Transaction};
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::objects::{self, Saving};
use crate::schema::{FieldType, ObjectSpec};
use crate::store::{Draft, Key, Row, State};
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Takes and frees the seats of users, and keeps what portal users need.
pub fn user_saved(transaction: &mut Transaction<'_>, saved: &Saved<'_>) -> Result<(), Faults> {
    let before = saved.before.and_then(|row| seat(&transaction.state, saved.object, row));
    let after = saved.after.and_then(|row| seat(&transaction.state, saved.object, row));
    if before != after {
        if let Some(license) = after {
            take(transaction, "UserLicense", license)?;
        }
        if let Some(license) = before {
            free(transaction, "UserLicense", license);
        }
    }
    let contact = |row: Option<&Row>| row.and_then(|row| id_in(saved.object, row, "ContactId"));
    match contact(saved.after) {
        Some(own) if contact(saved.before) != Some(own) => portal(transaction, saved, own),
        _ => Ok(()),
    }
}

/// Refuses a user for whom no seat is free, before anything is written.
pub(super) fn user_checked(
    saving: &Saving<'_>,
    draft: &mut Draft,
    _: &mut Vec<String>,
) -> Result<(), Faults> {
    let (state, user) = (saving.state, saving.object);
    if !saving.changes(draft, "IsActive") && !saving.changes(draft, "ProfileId") {
        return Ok(());
    }
    let active = saving.value(draft, "IsActive").is_true();
    let profile = saving.value(draft, "ProfileId").as_id();
    let license = profile.filter(|_| active).and_then(|profile| license_of(state, profile));
    if license == saving.before.and_then(|row| seat(state, user, row)) {
        return Ok(());
    }
    let row = license.and_then(|license| record(state, "UserLicense", license));
    row.map_or(Ok(()), |(object, row)| is_free(object, row))
}

/// The licence of which a user takes a seat.
fn seat(state: &State, user: &ObjectSpec, row: &Row) -> Option<Id> {
    if !value(user, row, "IsActive").is_true() {
        return None;
    }
    license_of(state, id_in(user, row, "ProfileId")?)
}

/// The licence of a profile.
fn license_of(state: &State, profile: Id) -> Option<Id> {
    let (object, row) = record(state, "Profile", profile)?;
    id_in(object, row, "UserLicenseId")
}

fn is_free(license: &ObjectSpec, row: &Row) -> Result<(), Faults> {
    let total = number(license, row, "TotalLicenses");
    if number(license, row, "UsedLicenses") < total {
        return Ok(());
    }
    let name = value(license, row, "MasterLabel").as_text().unwrap_or_default();
    Err(OrgError::license_limit_exceeded(name, total).into())
}

/// A portal user's contact belongs to an account and has no other user.
fn portal(transaction: &mut Transaction<'_>, saved: &Saved<'_>, contact: Id) -> Result<(), Faults> {
    let state = &transaction.state;
    let account =
        record(state, "Contact", contact).and_then(|(object, row)| id_in(object, row, "AccountId"));
    if account.is_none() {
        return Err(OrgError::contact_without_account().into());
    }
    let Some((slot, _)) = saved.object.field("ContactId") else { return Ok(()) };
    let keys = transaction.indexes.get(saved.object.id, slot, state.table(saved.object.id));
    let key = Key::Id(contact);
    let mut others = keys.equal(&key).filter(|number| *number != saved.number);
    if others.next().is_some() {
        return Err(OrgError::portal_user_exists().into());
    }
    Ok(())
}

/// Takes a seat, if one is free.
fn take(transaction: &mut Transaction<'_>, object: &str, license: Id) -> Result<(), Faults> {
    let Some((spec, row)) = record(&transaction.state, object, license) else { return Ok(()) };
    is_free(spec, row)?;
    let used = number(spec, row, "UsedLicenses");
    set_used(transaction, object, license, used + 1);
    Ok(())
}

fn free(transaction: &mut Transaction<'_>, object: &str, license: Id) {
    let Some((spec, row)) = record(&transaction.state, object, license) else { return };
    let used = number(spec, row, "UsedLicenses");
    set_used(transaction, object, license, (used - 1).max(0));
}

fn number(object: &ObjectSpec, row: &Row, name: &str) -> i64 {
    match value(object, row, name) {
        Value::Int(number) => *number,
        _ => 0,
    }
}

fn set_used(transaction: &mut Transaction<'_>, object: &str, license: Id, used: i64) {
    let schema = Arc::clone(&transaction.state.schema);
    let Some(spec) = schema.by_name(object) else { return };
    let Some((place, row)) = transaction.state.live_row(spec, license) else { return };
    if number(spec, row, "UsedLicenses") == used {
        return;
    }
    let stamp = transaction.actor.stamp();
    let fields = vec![
        ("UsedLicenses", Value::Int(used)),
        ("UsedLicensesLastUpdated", stamp.clone()),
        ("SystemModstamp", stamp),
    ];
    transaction.patch_silently(spec, place, objects::slots(spec, fields));
}

/// Checks that a user's licence takes a permission set, and assigns the permission set licence that
/// it needs.
pub fn assignment_saved(
    transaction: &mut Transaction<'_>,
    saved: &Saved<'_>,
) -> Result<(), Faults> {
    let (None, Some(after)) = (saved.before, saved.after) else { return Ok(()) };
    let (Some(set), Some(user)) =
        (id_in(saved.object, after, "PermissionSetId"), id_in(saved.object, after, "AssigneeId"))
    else {
        return Ok(());
    };
    let state = &transaction.state;
    let (Some((sets, set)), Some((users, person))) =
        (record(state, "PermissionSet", set), record(state, "User", user))
    else {
        return Ok(());
    };
    let Some(license) = id_in(sets, set, "LicenseId") else { return Ok(()) };
    if record(state, "PermissionSetLicense", license).is_some() {
        return assign_license(transaction, user, license);
    }
    let own = id_in(users, person, "ProfileId").and_then(|profile| license_of(state, profile));
    if own == Some(license) || record(state, "UserLicense", license).is_none() {
        return Ok(());
    }
    let name = |object: &ObjectSpec, row: &Row| {
        let text = object.name_slot.and_then(|slot| row.get(slot).as_text());
        text.unwrap_or_default().to_owned()
    };
    let permission = permission(sets, set).unwrap_or_else(|| {
        record(state, "UserLicense", license).map_or_else(String::new, |(o, row)| name(o, row))
    });
    let fault =
        OrgError::permission_not_licensed(&name(sets, set), &name(users, person), &permission);
    Err(fault.into())
}

/// The label of the first permission that a set gives.
fn permission(object: &ObjectSpec, row: &Row) -> Option<String> {
    let given = |(slot, field): &(crate::schema::Slot, &crate::schema::FieldSpec)| {
        field.kind == FieldType::Boolean
            && field.name.starts_with("Permissions")
            && row.get(*slot).is_true()
    };
    object.visible_fields().find(given).map(|(_, field)| field.label.to_string())
}

/// Assigns a permission set licence to a user who does not have it.
fn assign_license(transaction: &mut Transaction<'_>, user: Id, license: Id) -> Result<(), Faults> {
    let schema = Arc::clone(&transaction.state.schema);
    let Some(object) = schema.by_name("PermissionSetLicenseAssign") else { return Ok(()) };
    let Some((slot, _)) = object.field("AssigneeId") else { return Ok(()) };
    let table = transaction.state.table(object.id);
    let keys = transaction.indexes.get(object.id, slot, table);
    let key = Key::Id(user);
    let mut rows = keys.equal(&key).filter_map(|number| table.get(number));
    let held = |row: &Row| {
        !row.is_deleted() && id_in(object, row, "PermissionSetLicenseId") == Some(license)
    };
    if rows.any(held) {
        return Ok(());
    }
    let fields =
        vec![("AssigneeId", Value::Id(user)), ("PermissionSetLicenseId", Value::Id(license))];
    transaction.insert(object, objects::slots(object, fields)).map(|_| ())
}

/// Takes or frees the seat of an assigned permission set licence.
pub(super) fn license_assigned(
    transaction: &mut Transaction<'_>,
    saved: &Saved<'_>,
) -> Result<(), Faults> {
    let license = |row: &Row| id_in(saved.object, row, "PermissionSetLicenseId");
    let (before, after) = (saved.before.and_then(license), saved.after.and_then(license));
    if before == after {
        return Ok(());
    }
    if let Some(license) = after {
        take(transaction, "PermissionSetLicense", license)?;
    }
    if let Some(license) = before {
        free(transaction, "PermissionSetLicense", license);
    }
    Ok(())
}

/// Seats that are taken, by the licence's object and id.
type Used = BTreeMap<(&'static str, Id), i64>;

fn count(used: &mut Used, object: &'static str, license: Option<Id>) {
    if let Some(count) = license.and_then(|license| used.get_mut(&(object, license))) {
        *count += 1;
    }
}

/// Counts the seats that are taken, after records were written without their effects.
pub fn recount(transaction: &mut Transaction<'_>) {
    let schema = Arc::clone(&transaction.state.schema);
    let mut used = Used::new();
    for name in ["UserLicense", "PermissionSetLicense"] {
        let Some(object) = schema.by_name(name) else { continue };
        let rows = transaction.state.table(object.id).live_rows();
        used.extend(rows.filter_map(|(_, row)| Some(((name, row.id(object.system.id)?), 0))));
    }
    if let Some(object) = schema.by_name("User") {
        for (_, row) in transaction.state.table(object.id).live_rows() {
            let license = seat(&transaction.state, object, row);
            count(&mut used, "UserLicense", license);
        }
    }
    if let Some(object) = schema.by_name("PermissionSetLicenseAssign") {
        for (_, row) in transaction.state.table(object.id).live_rows() {
            let license = id_in(object, row, "PermissionSetLicenseId");
            count(&mut used, "PermissionSetLicense", license);
        }
    }
    for ((name, license), used) in used {
        set_used(transaction, name, license, used);
    }
}

/// Leaves so many free seats of the licence that new users get.
pub fn leave_seats(transaction: &mut Transaction<'_>, free: usize) {
    recount(transaction);
    let schema = Arc::clone(&transaction.state.schema);
    let settings = Arc::clone(&transaction.state.settings);
    let profile = named(&transaction.state, "Profile", &["Name"], &settings.employees.profile);
    let license = profile.and_then(|profile| {
        let (object, row) = record(&transaction.state, "Profile", profile)?;
        id_in(object, row, "UserLicenseId")
    });
    let found = license.and_then(|license| {
        let object = schema.by_name("UserLicense")?;
        let (place, row) = transaction.state.live_row(object, license)?;
        Some((object, place, number(object, row, "UsedLicenses") + free as i64))
    });
    if let Some((object, place, total)) = found {
        let fields = vec![("TotalLicenses", Value::Int(total))];
        transaction.patch_silently(object, place, objects::slots(object, fields));
    }
}
