//! A run of user provisioning: `Queued → Initializing → Processing → Finished`, or `Failed` when the
//! settings are incomplete, `Cancelled` before it works, `Aborted` while it does. One works at a
//! time, the others wait in order.
//!
//! What the run has done stands in the state (`Run`); its record shows it and is written after each
//! step, so that what API callers write there changes nothing. Each stage, and each [`BATCH`] of
//! employees, waits as the org's pace says.

use super::matching::Matcher;
use super::setup::{self, Setup};
use super::{EMPLOYEES, RUN, pick, user};
use crate::dml::Transaction;
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::objects;
use crate::schema::Schema;
use crate::store::{EmployeeAt, Job, Run, RunStage, State};
use crate::value::Value;
use std::sync::Arc;

/// The object whose records show runs.
const PROCESS: &str = "EmpUserProvisioningProcess";

/// The object whose records show what failed.
const ERROR: &str = "EmpUserProvisionProcessErr";

/// Employees of one batch, after which a run waits as the org's pace says.
const BATCH: usize = 200;

/// Employees of one step. A step is not interrupted, so it must be short.
const STEP: usize = 40;

/// What an employee costs, in row writes: user, permission set, employee. Seats and logins are small.
const COST: u32 = 3;

/// How a run is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Before it works.
    Cancel,
    /// While it works: what is done stays.
    Abort,
}

/// Why a run is not stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such process.
    Unknown,
    /// It is too early or too late: its status.
    Status(String),
}

/// True in an org whose features show runs.
pub(super) fn is_shown(state: &State) -> bool {
    state.schema.by_name(PROCESS).is_some()
}

/// "Run User Provisioning": queues a run of all employees who shall be users and are not. Gives the
/// id of its process.
pub fn start(transaction: &mut Transaction<'_>) -> Result<Id, Faults> {
    enqueue(transaction, Run::new(None), None)
}

/// Queues a run; `request` is the request whose saved employees it is about.
pub(super) fn enqueue(
    transaction: &mut Transaction<'_>,
    run: Run,
    request: Option<u64>,
) -> Result<Id, Faults> {
    let schema = Arc::clone(&transaction.state.schema);
    let object = schema.by_name(PROCESS).ok_or_else(OrgError::no_employee_provisioning)?;
    let fields = vec![
        ("ProcessStatus", status(&schema, "Queued")),
        ("TotalRecordCount", Value::Int(0)),
        ("SuccessRecordCount", Value::Int(0)),
        ("ErrorRecordCount", Value::Int(0)),
    ];
    let process = transaction.as_org(|org| org.insert(object, objects::slots(object, fields)))?;
    let runs = &mut transaction.state.runs;
    let waits = runs.first().is_some();
    match request {
        Some(request) => runs.push_for(request, process, run),
        None => runs.push(process, run),
    }
    if !waits {
        plan(transaction, process);
    }
    Ok(process)
}

/// Stops a run.
pub fn stop(transaction: &mut Transaction<'_>, process: Id, how: Stop) -> Result<(), Refused> {
    let Some(run) = transaction.state.runs.get(process) else {
        return Err(status_shown(&transaction.state, process));
    };
    let (begun, end) = match how {
        Stop::Cancel => (false, "Cancelled"),
        Stop::Abort => (true, "Aborted"),
    };
    if begun != (run.stage == RunStage::Processing) {
        return Err(Refused::Status(name(run.stage).to_owned()));
    }
    transaction.as_org(|org| finish(org, process, end));
    Ok(())
}

/// Why a process that is no run under way is not stopped.
fn status_shown(state: &State, process: Id) -> Refused {
    let shown = super::record(state, PROCESS, process).map(|(object, row)| {
        let (slot, field) = object.field("ProcessStatus")?;
        match row.get(slot) {
            Value::Pick(code) => Some(field.picklist.as_ref()?.value(*code).value.to_string()),
            _ => None,
        }
    });
    match shown {
        None => Refused::Unknown,
        Some(status) => Refused::Status(status.unwrap_or_default()),
    }
}

/// Takes a run one step on; gives what it cost. A run that was stopped has no more steps.
pub(super) fn step(transaction: &mut Transaction<'_>, job: &Job) -> Result<u32, Faults> {
    let process = job.subject;
    let now = transaction.actor.now;
    let Some(run) = transaction.state.runs.get_mut(process) else { return Ok(1) };
    match run.stage {
        RunStage::Queued => {
            run.stage = RunStage::Initializing;
            run.started = Some(now);
            show(transaction, process, "Initializing", false);
            plan(transaction, process);
            Ok(1)
        }
        RunStage::Initializing => Ok(begin(transaction, process)),
        RunStage::Processing => Ok(work(transaction, process)),
    }
}

/// Finds out who is to be a user. Without complete settings nobody is.
fn begin(transaction: &mut Transaction<'_>, process: Id) -> u32 {
    if let Err(fault) = setup::resolve(&transaction.state) {
        report(transaction, process, &fault.into(), user::About::default());
        finish(transaction, process, "Failed");
        return 2;
    }
    let state = &transaction.state;
    let saved = state.runs.get(process).and_then(|run| run.saved.clone());
    let employees: Arc<[EmployeeAt]> = match saved {
        Some(saved) => saved.into_iter().collect(),
        None => waiting(state).into(),
    };
    let nobody = employees.is_empty();
    if let Some(run) = transaction.state.runs.get_mut(process) {
        run.stage = RunStage::Processing;
        run.employees = employees;
    }
    if nobody {
        // What is done cannot be aborted any more.
        finish(transaction, process, "Finished");
        return 1;
    }
    show(transaction, process, "Processing", false);
    plan(transaction, process);
    1
}

/// All employees who shall be users and are not.
fn waiting(state: &State) -> Vec<EmployeeAt> {
    let mut found = Vec::new();
    for object in EMPLOYEES.iter().filter_map(|name| state.schema.by_name(name)) {
        let status = setup::status(object, &state.settings.employees);
        let rows = state.table(object.id).live_rows();
        let rows = rows.filter(|(_, row)| setup::is_waiting(object, row, &status));
        found.extend(rows.map(|(number, _)| (object.id, number)));
    }
    found
}

/// Makes users of the next employees.
fn work(transaction: &mut Transaction<'_>, process: Id) -> u32 {
    let Some(run) = transaction.state.runs.get(process) else { return 1 };
    let (done, employees) = (run.attempted(), Arc::clone(&run.employees));
    let until = (done + STEP).min((done / BATCH + 1) * BATCH).min(employees.len());
    let setup = match setup::resolve(&transaction.state) {
        Ok(setup) => setup,
        // Somebody took the settings away while the run worked.
        Err(fault) if done < employees.len() => {
            report(transaction, process, &fault.into(), user::About::default());
            finish(transaction, process, "Failed");
            return 2;
        }
        Err(_) => {
            finish(transaction, process, "Finished");
            return 1;
        }
    };
    // What goes wrong on purpose is asked once, whether or not the work is done again.
    let upset = |employee: &EmployeeAt| user::upset(transaction, *employee);
    let next: Vec<(EmployeeAt, Option<OrgError>)> =
        employees[done..until].iter().map(|employee| (*employee, upset(employee))).collect();
    let savepoint = transaction.state.clone();
    let quick = transaction.unguarded(|unguarded| make(unguarded, process, &setup, &next));
    let (succeeded, failed) = quick.unwrap_or_else(|| {
        transaction.state = savepoint;
        make(transaction, process, &setup, &next)
    });
    if let Some(run) = transaction.state.runs.get_mut(process) {
        run.succeeded += succeeded;
        run.failed += failed;
    }
    if until == employees.len() {
        finish(transaction, process, "Finished");
    } else {
        show(transaction, process, "Processing", false);
        if until % BATCH == 0 {
            plan(transaction, process);
        } else {
            let now = transaction.actor.now;
            transaction.state.jobs.push(now, Job::new(RUN, process));
        }
    }
    COST * (succeeded + failed) + 1
}

/// Makes users of employees; gives how many became users and how many did not.
fn make(
    transaction: &mut Transaction<'_>,
    process: Id,
    setup: &Setup,
    employees: &[(EmployeeAt, Option<OrgError>)],
) -> (u32, u32) {
    let mut matcher = Matcher::new(transaction, &setup.settings.match_order);
    let (mut succeeded, mut failed) = (0, 0);
    for (employee, upset) in employees {
        match user::provision(transaction, setup, &mut matcher, (*employee, upset.as_ref())) {
            Ok(()) => succeeded += 1,
            Err((faults, about)) => {
                failed += 1;
                report(transaction, process, &faults, about);
            }
        }
    }
    (succeeded, failed)
}

/// Plans the next step of a run at the org's pace.
fn plan(transaction: &mut Transaction<'_>, process: Id) {
    let (now, pace) = (transaction.actor.now, transaction.state.settings.pace);
    transaction.state.jobs.pace(now, pace, Job::new(RUN, process));
}

/// Ends a run and lets the next begin.
fn finish(transaction: &mut Transaction<'_>, process: Id, end: &str) {
    show(transaction, process, end, true);
    let was_first = transaction.state.runs.first() == Some(process);
    transaction.state.runs.remove(process);
    if let (true, Some(next)) = (was_first, transaction.state.runs.first()) {
        plan(transaction, next);
    }
}

/// Writes into a run's record what the run has done.
fn show(transaction: &mut Transaction<'_>, process: Id, shown: &str, ended: bool) {
    let schema = Arc::clone(&transaction.state.schema);
    let Some(object) = schema.by_name(PROCESS) else { return };
    let Some(run) = transaction.state.runs.get(process) else { return };
    let now = transaction.actor.stamp();
    let started = run.started.map_or(Value::Null, |at| Value::DateTime(at.div_euclid(1000) * 1000));
    let fields = vec![
        ("ProcessStatus", status(&schema, shown)),
        ("StartTime", started),
        ("EndTime", if ended { now } else { Value::Null }),
        ("TotalRecordCount", Value::Int(run.employees.len() as i64)),
        ("SuccessRecordCount", Value::Int(i64::from(run.succeeded))),
        ("ErrorRecordCount", Value::Int(i64::from(run.failed))),
    ];
    let given = objects::slots(object, fields);
    let Some((number, row)) = transaction.state.row(object, process) else { return };
    if row.is_deleted() {
        // The run goes on, and shows it should somebody undelete its record.
        transaction.patch_silently(object, number, given);
    } else if let Err(faults) = transaction.update(object, number, given) {
        warn(process, &faults);
    }
}

/// Most characters of `ErrorCode` and `ErrorMessage`.
const LONGEST: (usize, usize) = (32, 255);

/// Writes an error of a run.
fn report(transaction: &mut Transaction<'_>, process: Id, faults: &Faults, about: user::About) {
    let schema = Arc::clone(&transaction.state.schema);
    let (Some(object), Some(fault)) = (schema.by_name(ERROR), faults.first()) else { return };
    let mut fields = vec![
        ("ProvisioningProcessId", Value::Id(process)),
        ("ErrorCode", Value::text(&cut(&fault.code, LONGEST.0))),
        ("ErrorMessage", Value::text(&cut(&fault.message, LONGEST.1))),
    ];
    fields.extend(about.account.map(|id| ("AccountId", Value::Id(id))));
    fields.extend(about.employee.map(|id| ("EmployeeId", Value::Id(id))));
    if let Err(faults) = transaction.insert(object, objects::slots(object, fields)) {
        warn(process, &faults);
    }
}

/// The beginning of a text, in UTF-16 units as the org counts.
fn cut(text: &str, most: usize) -> String {
    let mut units = 0;
    text.chars()
        .take_while(|c| {
            units += c.len_utf16();
            units <= most
        })
        .collect()
}

fn warn(process: Id, faults: &Faults) {
    let why = faults.first().map(ToString::to_string).unwrap_or_default();
    tracing::warn!(%process, why, "a run could not write what it did");
}

fn status(schema: &Schema, name: &str) -> Value {
    pick(schema, PROCESS, "ProcessStatus", name)
}

fn name(stage: RunStage) -> &'static str {
    match stage {
        RunStage::Queued => "Queued",
        RunStage::Initializing => "Initializing",
        RunStage::Processing => "Processing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_where_a_character_ends() {
        assert_eq!(cut("PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT", 32).len(), 32);
        assert_eq!(cut("abc", 255), "abc");
        assert_eq!(cut(&"é".repeat(300), 255), "é".repeat(255));
        assert_eq!(cut("a😀b", 2), "a");
    }
}
