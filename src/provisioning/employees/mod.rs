//! Employees become users.
//!
//! An employee is saved with the provisioning status ([`trigger`]), or somebody runs user
//! provisioning ([`start`]) → a queued run with its `EmpUserProvisioningProcess` → [`run`] takes it
//! through its stages as jobs → for each employee [`matching`] finds the user that is there, or
//! [`user`] makes one; it gets its permission set and is written into the employee. What fails
//! leaves nothing but its `EmpUserProvisionProcessErr`.
//!
//! [`seats`] keeps count of licences, whoever writes users.

mod cascade;
mod matching;
mod run;
mod seats;
mod setup;
mod trigger;
mod user;

use crate::dml::{Saved, Transaction, Watch};
use crate::error::Faults;
use crate::id::Id;
use crate::org::Step;
use crate::schema::{ObjectSpec, Schema};
use crate::store::{JobKind, Row, State};
use crate::value::Value;
use std::sync::Arc;

pub use run::{Refused, Stop, start, stop};
pub use seats::{assignment_saved, leave_seats, recount, user_saved};

/// The kind of the jobs that take a run on.
const RUN: JobKind = "employees";

/// The objects whose records are employees, in the order in which a run takes them.
const EMPLOYEES: [&str; 2] = ["Employee2", "Employee"];

/// What is done about the object of a name.
pub fn watch(object: &str) -> Watch {
    let after = |after| Watch { before: None, after: Some(after) };
    match object {
        "Employee2" | "Employee" => after(employee_saved),
        "Account" | "Contact" => after(cascade::person_saved),
        "User" => Watch { before: Some(seats::user_checked), after: Some(seats::user_saved) },
        "PermissionSetAssignment" => after(seats::assignment_saved),
        "PermissionSetLicenseAssign" => after(seats::license_assigned),
        _ => Watch::NONE,
    }
}

/// The function that runs jobs of a kind.
pub fn step(kind: JobKind) -> Option<Step> {
    (kind == RUN).then_some(run::step as Step)
}

fn employee_saved(transaction: &mut Transaction<'_>, saved: &Saved<'_>) -> Result<(), Faults> {
    trigger::employee_saved(transaction, saved)?;
    cascade::employee_saved(transaction, saved)
}

/// The value of a field; null when the org does not have it.
fn value<'r>(object: &ObjectSpec, row: &'r Row, name: &str) -> &'r Value {
    object.field(name).map_or(&Value::Null, |(slot, _)| row.get(slot))
}

/// The id in a field.
fn id_in(object: &ObjectSpec, row: &Row, name: &str) -> Option<Id> {
    value(object, row, name).as_id()
}

/// The object and row of the live record of an id, when it is of the object of a name.
fn record<'s>(state: &'s State, name: &str, id: Id) -> Option<(&'s Arc<ObjectSpec>, &'s Row)> {
    let object = state.schema.by_name(name)?;
    state.live_row(object, id).map(|(_, row)| (object, row))
}

/// A picklist value of a field as rows store it.
fn pick(schema: &Schema, object: &str, field: &str, value: &str) -> Value {
    let code = schema
        .by_name(object)
        .and_then(|object| object.field(field)?.1.picklist.as_ref()?.code(value));
    code.map_or_else(|| Value::text(value), Value::Pick)
}

/// The live record of an object that an id or one of the named fields names.
fn named(state: &State, object: &str, fields: &[&str], name: &str) -> Option<Id> {
    let object = state.schema.by_name(object)?;
    if let Ok(id) = Id::parse(name) {
        return state.live_row(object, id).map(|_| id);
    }
    fields.iter().find_map(|field| {
        let slot = object.field(field)?.0;
        let mut rows = state.table(object.id).live_rows();
        let (_, row) = rows.find(|(_, row)| {
            row.get(slot).as_text().is_some_and(|own| own.eq_ignore_ascii_case(name))
        })?;
        row.id(object.system.id)
    })
}
