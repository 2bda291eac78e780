//! Employees as the source of truth: what changes about them reaches their users.

use super::{EMPLOYEES, id_in, value};
use crate::dml::{Given, Saved, Transaction};
use crate::error::Faults;
use crate::id::Id;
use crate::schema::ObjectSpec;
use crate::store::{Key, Row};
use std::sync::Arc;

/// Fields of employees and contacts, and where users hold them.
const FIELDS: [(&str, &str); 5] = [
    ("FirstName", "FirstName"),
    ("LastName", "LastName"),
    ("Email", "Email"),
    ("PersonEmail", "Email"),
    ("EmployeeNumber", "EmployeeNumber"),
];

/// Writes what changed about an employee into its user.
pub(super) fn employee_saved(
    transaction: &mut Transaction<'_>,
    saved: &Saved<'_>,
) -> Result<(), Faults> {
    let (true, Some(before), Some(after)) =
        (transaction.state.settings.employees.source_of_truth, saved.before, saved.after)
    else {
        return Ok(());
    };
    match id_in(saved.object, after, "UserId") {
        Some(user) => change(transaction, user, saved.object, before, after),
        None => Ok(()),
    }
}

/// Writes what changed about the person behind employees into their users.
pub(super) fn person_saved(
    transaction: &mut Transaction<'_>,
    saved: &Saved<'_>,
) -> Result<(), Faults> {
    let (true, Some(before), Some(after)) =
        (transaction.state.settings.employees.source_of_truth, saved.before, saved.after)
    else {
        return Ok(());
    };
    let contact = match &*saved.object.name {
        "Contact" => Some(saved.id),
        _ => id_in(saved.object, after, "PersonContactId"),
    };
    let Some(contact) = contact else { return Ok(()) };
    for user in users(transaction, contact) {
        change(transaction, user, saved.object, before, after)?;
    }
    Ok(())
}

/// The users of a contact's employees.
fn users(transaction: &Transaction<'_>, contact: Id) -> Vec<Id> {
    let state = &transaction.state;
    let Some(object) = state.schema.by_name(EMPLOYEES[0]) else { return Vec::new() };
    let Some((slot, _)) = object.field("ContactId") else { return Vec::new() };
    let table = state.table(object.id);
    let keys = transaction.indexes.get(object.id, slot, table);
    let key = Key::Id(contact);
    let rows = keys.equal(&key).filter_map(|number| table.get(number));
    rows.filter(|row| !row.is_deleted()).filter_map(|row| id_in(object, row, "UserId")).collect()
}

fn change(
    transaction: &mut Transaction<'_>,
    id: Id,
    object: &ObjectSpec,
    before: &Row,
    after: &Row,
) -> Result<(), Faults> {
    let schema = Arc::clone(&transaction.state.schema);
    let Some(user) = schema.by_name("User") else { return Ok(()) };
    let changed = |(own, field): &(&str, &str)| {
        let now = value(object, after, own);
        (now != value(object, before, own)).then(|| Some((user.field(field)?.0, now.clone())))?
    };
    let given: Given = FIELDS.iter().filter_map(changed).collect();
    let number = transaction.state.live_row(user, id).map(|(number, _)| number);
    match number.filter(|_| !given.is_empty()) {
        Some(number) => transaction.update(user, number, given),
        None => Ok(()),
    }
}
