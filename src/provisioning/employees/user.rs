//! One employee becomes a user: found or made, given its permission set, written into the employee.

use super::matching::{Matcher, Person};
use super::setup::{Grant, Setup};
use super::{id_in, record, setup, value};
use crate::dml::Transaction;
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::objects;
use crate::schema::ObjectSpec;
use crate::store::{EmployeeAt, Key, Row, State, Unassigned};
use crate::value::Value;
use std::sync::Arc;

/// Longest alias of a user.
const ALIAS: usize = 8;

/// What an employee's error refers to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About {
    /// The employee's account.
    pub(super) account: Option<Id>,
    /// The employee, when process errors refer to its object.
    pub(super) employee: Option<Id>,
}

/// Makes an employee a user. What fails leaves nothing, unless the settings keep users who cannot be
/// assigned their permission set. `upset` is what goes wrong on purpose.
pub(super) fn provision(
    transaction: &mut Transaction<'_>,
    setup: &Setup,
    matcher: &mut Matcher,
    ((object, number), upset): (EmployeeAt, Option<&OrgError>),
) -> Result<(), (Faults, About)> {
    let schema = Arc::clone(&transaction.state.schema);
    let object = schema.object(object);
    let row = transaction.state.table(object.id).get(number).filter(|row| !row.is_deleted());
    let Some(row) = row.cloned() else {
        return Err((OrgError::entity_is_deleted().into(), About::default()));
    };
    // Somebody was quicker: the employee has a user, which is all that is wanted.
    if !value(object, &row, "UserId").is_null() {
        return Ok(());
    }
    let person = person(&transaction.state, object, &row);
    let about = About { account: person.account, employee: person.employee };
    if !setup::is_waiting(object, &row, &setup::status(object, &setup.settings)) {
        let status = &setup.settings.employee_status;
        return Err((OrgError::employee_status_left(status).into(), about));
    }
    if let Some(error) = upset {
        return Err((error.clone().into(), about));
    }
    let savepoint = transaction.savepoint();
    let outcome = become_user(transaction, setup, matcher, &person, |transaction, user| {
        let user = objects::slots(object, vec![("UserId", Value::Id(user))]);
        transaction.update(object, number, user)
    });
    outcome.map_err(|failed| {
        match failed.left {
            Left::Nothing => {}
            Left::Half => transaction.back_to(savepoint),
            Left::Kept(state) => transaction.back_to(state.map(|state| *state)),
        }
        (failed.faults, about)
    })
}

/// What goes wrong with an employee on purpose.
pub(super) fn upset(
    transaction: &Transaction<'_>,
    (object, number): EmployeeAt,
) -> Option<OrgError> {
    let object = transaction.state.schema.object(object);
    let row = transaction.state.table(object.id).get(number)?;
    transaction.upset(object, row).map(|upset| upset.error)
}

/// Why an employee is no user.
struct Failed {
    faults: Faults,
    left: Left,
}

/// What was written before it failed.
enum Left {
    Nothing,
    /// Something that must be undone.
    Half,
    /// A user who stays: the state with it, unless the transaction is unguarded.
    Kept(Option<Box<State>>),
}

fn become_user(
    transaction: &mut Transaction<'_>,
    setup: &Setup,
    matcher: &mut Matcher,
    person: &Person,
    link: impl FnOnce(&mut Transaction<'_>, Id) -> Result<(), Faults>,
) -> Result<(), Failed> {
    let nothing = |faults| Failed { faults, left: Left::Nothing };
    let found = matcher.find(&transaction.state, person).map_err(|fault| nothing(fault.into()))?;
    let user = match found {
        Some(user) => user,
        None => create(transaction, setup, person).map_err(nothing)?,
    };
    let made = found.is_none();
    if let Some(grant) = setup.grant {
        let keeps = made && setup.settings.unassigned == Unassigned::Keep;
        let keep = if keeps { transaction.savepoint() } else { None };
        if let Err(faults) = assign(transaction, user, grant, made) {
            if !keeps {
                return Err(Failed { faults, left: Left::Half });
            }
            matcher.made(user, person, setup.portal);
            return Err(Failed { faults, left: Left::Kept(keep.map(Box::new)) });
        }
    }
    link(transaction, user).map_err(|faults| Failed { faults, left: Left::Half })?;
    if made {
        matcher.made(user, person, setup.portal);
    }
    Ok(())
}

/// What is known of an employee: its own fields, or those of its contact.
fn person(state: &State, object: &ObjectSpec, row: &Row) -> Person {
    let number = value(object, row, "EmployeeNumber").clone();
    let contact = id_in(object, row, "ContactId");
    if let Some(contact) = contact
        && let Some((spec, own)) = record(state, "Contact", contact)
    {
        return Person {
            first: value(spec, own, "FirstName").clone(),
            last: value(spec, own, "LastName").clone(),
            email: value(spec, own, "Email").clone(),
            number,
            contact: Some(contact),
            account: id_in(spec, own, "AccountId"),
            employee: None,
        };
    }
    Person {
        first: value(object, row, "FirstName").clone(),
        last: value(object, row, "LastName").clone(),
        email: value(object, row, "Email").clone(),
        number,
        contact,
        account: None,
        employee: row.id(object.system.id),
    }
}

fn create(transaction: &mut Transaction<'_>, setup: &Setup, person: &Person) -> Result<Id, Faults> {
    let schema = Arc::clone(&transaction.state.schema);
    let object = schema.by_name("User").ok_or_else(OrgError::invalid_cross_reference)?;
    let email = person.email.as_text().ok_or_else(|| OrgError::required_missing(&["Email"]))?;
    let mut fields = Vec::with_capacity(setup.common.len() + 8);
    fields.extend_from_slice(&setup.common);
    fields.extend([
        ("Username", Value::text(&username(email, &setup.settings.username_suffix))),
        ("Email", person.email.clone()),
        ("FirstName", person.first.clone()),
        ("LastName", person.last.clone()),
        ("Alias", Value::text(&alias(&person.first, &person.last))),
        ("EmployeeNumber", person.number.clone()),
    ]);
    if setup.portal {
        fields.push(("ContactId", person.contact.into()));
        fields.push(("AccountId", person.account.into()));
    }
    fields.retain(|(_, value)| !value.is_null());
    transaction.insert(object, objects::slots(object, fields))
}

/// The local part of an e-mail address with the domain of the settings, in lower case.
fn username(email: &str, suffix: &str) -> String {
    let suffix = suffix.trim_start_matches('@');
    if suffix.is_empty() {
        return email.to_lowercase();
    }
    let local = email.split('@').next().unwrap_or_default();
    format!("{local}@{suffix}").to_lowercase()
}

/// The first letter of the first name and what fits of the last, as the real org proposes it.
fn alias(first: &Value, last: &Value) -> String {
    let first = first.as_text().unwrap_or_default().chars().take(1);
    let last = last.as_text().unwrap_or_default().chars();
    first.chain(last).take(ALIAS).collect::<String>().to_lowercase()
}

/// Assigns a permission set or group, if the user does not have it.
fn assign(
    transaction: &mut Transaction<'_>,
    user: Id,
    grant: Grant,
    made: bool,
) -> Result<(), Faults> {
    let schema = Arc::clone(&transaction.state.schema);
    let Some(object) = schema.by_name("PermissionSetAssignment") else { return Ok(()) };
    let (name, id) = match grant {
        Grant::Set(id) => ("PermissionSetId", id),
        Grant::Group(id) => ("PermissionSetGroupId", id),
    };
    if !made && is_assigned(transaction, object, user, name, id) {
        return Ok(());
    }
    let fields = vec![("AssigneeId", Value::Id(user)), (name, Value::Id(id))];
    transaction.insert(object, objects::slots(object, fields)).map(|_| ())
}

fn is_assigned(
    transaction: &Transaction<'_>,
    object: &ObjectSpec,
    user: Id,
    name: &str,
    id: Id,
) -> bool {
    let Some((slot, _)) = object.field("AssigneeId") else { return false };
    let table = transaction.state.table(object.id);
    let keys = transaction.indexes.get(object.id, slot, table);
    let key = Key::Id(user);
    let mut rows = keys.equal(&key).filter_map(|number| table.get(number));
    rows.any(|row| !row.is_deleted() && id_in(object, row, name) == Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_join_the_local_part_and_the_suffix() {
        for (email, suffix, expected) in [
            ("Ana.Silva@Example.com", "", "ana.silva@example.com"),
            ("Ana.Silva@Example.com", "Acme.test", "ana.silva@acme.test"),
            ("ana@example.com", "@acme.test", "ana@acme.test"),
        ] {
            assert_eq!(username(email, suffix), expected);
        }
        assert_eq!(alias(&Value::text("Ana"), &Value::text("Fernandez")), "afernand");
        assert_eq!(alias(&Value::Null, &Value::text("Ito")), "ito");
    }
}
