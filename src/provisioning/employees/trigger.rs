//! The automatic run: employees who are saved with the provisioning status become users, up to 2,000
//! a transaction; the rest wait for a run that somebody starts.

use super::{run, setup, value};
use crate::dml::{Saved, Transaction};
use crate::error::{Faults, OrgError};
use crate::store::{Overflow, Run};
use std::sync::Arc;

/// Most employees that one transaction makes users.
const MOST: usize = 2_000;

/// Queues an employee who came to the provisioning status.
pub(super) fn employee_saved(
    transaction: &mut Transaction<'_>,
    saved: &Saved<'_>,
) -> Result<(), Faults> {
    let settings = Arc::clone(&transaction.state.settings);
    let Some(after) = saved.after.filter(|_| settings.employees.auto_create) else {
        return Ok(());
    };
    let object = saved.object;
    let status = setup::status(object, &settings.employees);
    let came = value(object, after, "EmployeeStatus") == &status
        && saved.before.is_none_or(|row| value(object, row, "EmployeeStatus") != &status);
    if !came || !value(object, after, "UserId").is_null() || !run::is_shown(&transaction.state) {
        return Ok(());
    }
    let employee = (object.id, saved.number);
    let request = transaction.request;
    let Some(employees) = transaction.state.runs.saved_by(request) else {
        let run = Run::new(Some(imbl::Vector::unit(employee)));
        run::enqueue(transaction, run, Some(request))?;
        return Ok(());
    };
    if employees.len() < MOST {
        employees.push_back(employee);
        return Ok(());
    }
    match settings.employees.overflow {
        Overflow::Leave => Ok(()),
        Overflow::Reject => Err(OrgError::employees_per_transaction(MOST).into()),
    }
}
