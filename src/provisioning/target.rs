//! The system behind a connected app: what a call to it answers, and what Salesforce keeps of it.

use super::record::{self, Record, pointing};
use super::remote;
use super::requests::Live;
use super::triggers::account_of;
use crate::dml::Transaction;
use crate::error::{Faults, provisioning as say};
use crate::id::Id;
use crate::store::{Adapter, EXTERNAL, Ending, External, Job, Outcome, Stage};
use crate::value::Value;
use std::sync::Arc;

/// The object whose rows are the accounts of a mock target.
pub const MOCK: &str = "UserProvMockTarget";

/// What Salesforce keeps of an account elsewhere.
pub const ACCOUNT: &str = "UserProvAccount";

/// Operations that a target can be asked for.
const OPERATIONS: [&str; 7] =
    ["Create", "Read", "Update", "Deactivate", "Activate", "Freeze", "Unfreeze"];

/// What a call to a target answered.
#[derive(Clone, Debug, Default)]
pub struct Called {
    /// True when it did what it was asked for.
    pub done: bool,
    /// `Status` of the log.
    pub status: String,
    /// `Details` of the log.
    pub details: String,
    /// What it says of the account.
    pub external: External,
    /// The account's Status, when it is another than the operation entails.
    pub account_status: Option<Arc<str>>,
}

impl Called {
    /// A call that failed.
    pub fn failed(status: &str, details: String) -> Called {
        Called { status: status.to_owned(), details, ..Called::default() }
    }
}

/// Calls the target of a request: the scripted outcome, then what its adapter does. `None`: it was
/// asked over the network, and [`remote::answered`] takes what it answers. The job's `mark` is how
/// many outcomes were used before, its `at` the number of the try.
pub fn call(
    transaction: &mut Transaction<'_>,
    live: &Live,
    job: &Job,
) -> Result<Option<Called>, Faults> {
    let done = |called| Ok(Some(called));
    let operation = live.operation();
    if !OPERATIONS.contains(&operation) {
        return done(Called::failed("400", say::no_operation(operation)));
    }
    let user = live.record.reference("SalesforceUserId");
    let user = user.and_then(|id| Record::find(&transaction.state, id));
    let Some(user) = user else {
        return done(Called::failed("400", say::no_user(operation)));
    };
    let username = user.text("Username").unwrap_or_default();
    let outcome = live.app.target.outcome(Stage::Request, job.mark).cloned().unwrap_or_default();
    match outcome.ending {
        Ending::TimedOut => {
            let details = say::timed_out(operation, live.app.target.timeout / 1000);
            let status = outcome.status.as_deref().unwrap_or("TIMEOUT");
            done(Called::failed(status, or(&outcome, details)))
        }
        Ending::Failed => {
            let status = outcome.status.as_deref().unwrap_or("500");
            done(Called::failed(status, or(&outcome, say::refused(operation, username, status))))
        }
        Ending::Done => {
            let known = known(transaction, live, &user);
            let answer = match live.app.target.adapter {
                Adapter::Scripted => Ok(known),
                Adapter::MockTarget => mock(transaction, live, &user, &known)?,
                Adapter::Scim | Adapter::Webhook => {
                    remote::ask(transaction, live, &user, job);
                    return Ok(None);
                }
            };
            let external = match answer {
                Ok(external) => external,
                Err(called) => return done(called),
            };
            let external = std::array::from_fn(|at| {
                outcome.external[at].clone().or_else(|| external[at].clone())
            });
            done(Called {
                done: true,
                status: outcome.status.as_deref().unwrap_or("200").to_owned(),
                details: or(&outcome, say::done(operation, username)),
                external,
                account_status: outcome.account_status.clone(),
            })
        }
    }
}

fn or(outcome: &Outcome, usual: String) -> String {
    outcome.details.as_deref().map_or(usual, ToOwned::to_owned)
}

/// What a target that agrees says of a user's account: the id under which it is known, or else the
/// user's own, and the user's names.
fn known(transaction: &Transaction<'_>, live: &Live, user: &Record) -> External {
    let id = known_id(transaction, live, user);
    let id = id.or_else(|| user.id().map(|id| id.to_string().into()));
    let [username, email, first, last] = names(user);
    [id, username, email, first, last]
}

/// The id under which the target knows a user, as far as the org has been told.
pub fn known_id(transaction: &Transaction<'_>, live: &Live, user: &Record) -> Option<Arc<str>> {
    let own = live.record.text("ExternalUserId").map(Arc::from);
    own.or_else(|| {
        let account = user.id().and_then(|id| account_of(transaction, live.app.id, id));
        account?.text("ExternalUserId").map(Arc::from)
    })
}

/// Username, e-mail address, first and last name of a user.
pub fn names(user: &Record) -> [Option<Arc<str>>; 4] {
    ["Username", "Email", "FirstName", "LastName"].map(|name| user.text(name).map(Arc::from))
}

/// What a mock target does with its rows.
fn mock(
    transaction: &mut Transaction<'_>,
    live: &Live,
    user: &Record,
    known: &External,
) -> Result<Result<External, Called>, Faults> {
    let operation = live.operation();
    let username = known[1].as_deref().unwrap_or_default();
    let named = found(transaction, EXTERNAL[1], username);
    if operation == "Create" {
        if named.is_some() {
            return Ok(Err(Called::failed("409", say::account_exists(username))));
        }
        let id = row_id(transaction);
        let external = [
            Some(id.into()),
            known[1].clone(),
            known[2].clone(),
            known[3].clone(),
            known[4].clone(),
        ];
        let name = user.text("Name").unwrap_or(username).to_owned();
        record::insert(transaction, MOCK, |fields| {
            with_external(fields.text("Name", Some(&name)), &external)
        })?;
        return Ok(Ok(external));
    }
    let by_id = known[0].as_deref().and_then(|id| found(transaction, EXTERNAL[0], id));
    let Some(row) = by_id.or(named) else {
        return Ok(Err(Called::failed("404", say::no_account(operation, username))));
    };
    let id = row.text(EXTERNAL[0]).map(Arc::from);
    if operation == "Update" {
        let external = [id, known[1].clone(), known[2].clone(), known[3].clone(), known[4].clone()];
        record::update(transaction, &row, |fields| with_external(fields, &external))?;
        return Ok(Ok(external));
    }
    Ok(Ok(std::array::from_fn(|at| row.text(EXTERNAL[at]).map(Arc::from))))
}

/// The id of the next account of a mock target.
fn row_id(transaction: &Transaction<'_>) -> String {
    let object = transaction.state.schema.by_name(MOCK);
    let next = object.map_or(0, |object| transaction.state.table(object.id).next());
    format!("mock-{}", next + 1)
}

fn found(transaction: &Transaction<'_>, field: &str, text: &str) -> Option<Record> {
    let rows = record::holding(transaction, MOCK, field, &Value::text(text), (0, 1));
    rows.into_iter().next()
}

/// Sets the fields of an account.
pub fn with_external<'f>(fields: record::Fields<'f>, external: &External) -> record::Fields<'f> {
    EXTERNAL
        .iter()
        .zip(external)
        .fold(fields, |fields, (name, value)| fields.text(name, value.as_deref()))
}

/// The Status of an account after an operation; `None`: as it was.
fn status_after(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "Create" | "Activate" | "Unfreeze" => "Active",
        "Deactivate" | "Freeze" => "Deactivated",
        _ => return None,
    })
}

/// Keeps what a target said of an account: creates or changes the `UserProvAccount`. An account that
/// is taken away and was never known is not made up.
pub fn keep_account(
    transaction: &mut Transaction<'_>,
    live: &Live,
    called: &Called,
) -> Result<Option<Id>, Faults> {
    let Some(user) = live.record.reference("SalesforceUserId") else { return Ok(None) };
    let operation = live.operation();
    let status = called.account_status.as_deref().or(status_after(operation));
    let held = live.record.reference("UserProvAccountId");
    let held = held.and_then(|id| Record::find(&transaction.state, id));
    let held = held.or_else(|| account_of(transaction, live.app.id, user));
    let held =
        held.or_else(|| account_with(transaction, live.app.id, called.external[0].as_deref()));
    let now = transaction.actor.now;
    let deleted = if status == Some("Deleted") { Value::DateTime(now) } else { Value::Null };
    if let Some(account) = held {
        record::update(transaction, &account, |fields| {
            let fields = with_external(fields, &called.external);
            let fields = match status {
                Some(status) => fields.text("Status", Some(status)).set("DeletedDate", deleted),
                None => fields,
            };
            // A link that an administrator made by hand stays.
            if operation == "Create" && !account.flag("IsKnownLink") {
                fields.text("LinkState", Some("Linked")).set("SalesforceUserId", user)
            } else {
                fields
            }
        })?;
        return Ok(account.id());
    }
    if matches!(operation, "Deactivate" | "Freeze") {
        return Ok(None);
    }
    record::insert(transaction, ACCOUNT, |fields| {
        with_external(fields, &called.external)
            .set("ConnectedAppId", live.app.id)
            .set("SalesforceUserId", user)
            .text("LinkState", Some("Linked"))
            .text("Status", Some(status.unwrap_or("Active")))
            .set("DeletedDate", deleted)
    })
}

/// The account of an app with an id elsewhere.
pub fn account_with(transaction: &Transaction<'_>, app: Id, id: Option<&str>) -> Option<Record> {
    let id = Value::text(id?);
    let accounts = record::holding(transaction, ACCOUNT, EXTERNAL[0], &id, (0, usize::MAX));
    accounts.into_iter().find(|account| {
        account.reference("ConnectedAppId") == Some(app) && *account.value(EXTERNAL[0]) == id
    })
}

/// All accounts of a user in an app.
pub fn accounts_of(transaction: &Transaction<'_>, app: Id, user: Id) -> Vec<Record> {
    let mut accounts = pointing(transaction, ACCOUNT, "SalesforceUserId", user);
    accounts.retain(|account| account.reference("ConnectedAppId") == Some(app));
    accounts
}
