//! Targets that are reached over HTTP: what they are asked, and what becomes of their answers.
//!
//! [`ask`] puts a call into the state, the edge makes it, [`answered`] takes what came back: log,
//! account and request, as for every other target. A call that failed for a reason that may pass is
//! made again if the target's settings say so; each try leaves a row in the log.

use super::record::Record;
use super::requests::{self, Live};
use super::target::{self, Called};
use crate::clock::Millis;
use crate::dml::Transaction;
use crate::error::{CallFailed, Faults, provisioning as say};
use crate::store::{Adapter, Answer, Answered, Ask, Doc, Job, OutboundCall, ScimAsk, ScimWhat};
use std::sync::Arc;

/// URN of a SCIM user.
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// URN of what companies add to it.
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Asks the target of a request about a user.
pub fn ask(transaction: &mut Transaction<'_>, live: &Live, user: &Record, job: &Job) {
    let ask = match live.app.target.adapter {
        Adapter::Scim => Ask::Scim(Box::new(scim(transaction, live, user))),
        _ => Ask::Plugin(plugin(transaction, live, None)),
    };
    send(transaction, live, job, ask);
}

/// Asks the target of a reconciliation for a page of its accounts from a place on.
pub fn ask_page(transaction: &mut Transaction<'_>, live: &Live, job: &Job) {
    let target = &live.app.target;
    let ask = match target.adapter {
        Adapter::Scim => Ask::Scim(Box::new(ScimAsk::List {
            start: job.at.saturating_add(1),
            count: target.page,
            filter: live.app.config.text("ReconFilter").map(Arc::from),
        })),
        _ => Ask::Plugin(plugin(transaction, live, Some(job.at))),
    };
    send(transaction, live, job, ask);
}

fn send(transaction: &mut Transaction<'_>, live: &Live, job: &Job, ask: Ask) {
    let target = &live.app.target;
    transaction.state.calls.ask(OutboundCall {
        number: 0,
        job: job.clone(),
        url: target.url.clone().unwrap_or_default(),
        authorization: target.authorization.clone(),
        timeout: target.timeout,
        ask,
    });
}

/// The inputs of a provisioning plug-in.
fn plugin(transaction: &Transaction<'_>, live: &Live, offset: Option<u64>) -> Doc {
    let config = &live.app.config;
    let credential = config.reference("NamedCredentialId");
    let credential = credential.and_then(|id| Record::find(&transaction.state, id));
    let credential = credential.as_ref().and_then(|record| record.text("DeveloperName"));
    let filter = config.text("ReconFilter").filter(|_| offset.is_some());
    let text = |text: Option<&str>| text.map_or(Doc::Null, Doc::from);
    let user = live.record.reference("SalesforceUserId").map(|id| id.to_string());
    let offset = offset.map(|offset| offset.to_string());
    Doc::object()
        .with("userProvisioningRequestId", live.id.to_string())
        .with("userId", text(user.as_deref()))
        .with("NamedCredDevName", text(credential))
        .with("reconFilter", text(filter))
        .with("reconOffset", text(offset.as_deref()))
}

/// What a SCIM service is asked about a user.
fn scim(transaction: &Transaction<'_>, live: &Live, user: &Record) -> ScimAsk {
    let what = match live.operation() {
        "Create" => return ScimAsk::Create { user: scim_user(user) },
        "Update" => ScimWhat::Replace(changed(scim_user(user))),
        "Deactivate" if live.app.target.deactivate_deletes => ScimWhat::Delete,
        "Deactivate" | "Freeze" => ScimWhat::Replace(Doc::object().with("active", false)),
        "Activate" | "Unfreeze" => ScimWhat::Replace(Doc::object().with("active", true)),
        _ => ScimWhat::Read,
    };
    let id = target::known_id(transaction, live, user);
    let name = user.text("Username").unwrap_or_default().into();
    ScimAsk::About { id, name, what }
}

/// The attributes of a user that an update replaces: without those that many services make of the
/// others by themselves and refuse to have replaced.
fn changed(mut user: Doc) -> Doc {
    user.remove("displayName");
    if let Some(name) = user.get_mut("name") {
        name.remove("formatted");
    }
    user
}

/// A user as a SCIM resource. What the user does not have is left out.
fn scim_user(user: &Record) -> Doc {
    let text = |name: &str| user.text(name).filter(|text| !text.is_empty());
    let name = Doc::object()
        .with_some("formatted", text("Name"))
        .with_some("familyName", text("LastName"))
        .with_some("givenName", text("FirstName"));
    let emails = text("Email").map(|email| {
        let email = Doc::object().with("value", email).with("type", "work").with("primary", true);
        vec![email]
    });
    let company = Doc::object()
        .with_some("employeeNumber", text("EmployeeNumber"))
        .with_some("division", text("Division"))
        .with_some("department", text("Department"));
    let more = !company.members().is_empty();
    Doc::object()
        .with("schemas", Doc::texts(std::iter::once(USER).chain(more.then_some(ENTERPRISE))))
        .with_some("externalId", user.id().map(|id| id.to_string()))
        .with_some("userName", text("Username"))
        .with("name", name)
        .with_some("displayName", text("Name"))
        .with_some("title", text("Title"))
        .with_some("emails", emails)
        .with("active", user.flag("IsActive"))
        .with_some(ENTERPRISE, more.then_some(company))
}

/// Takes what the target of a request answered.
pub fn answered(
    transaction: &mut Transaction<'_>,
    job: &Job,
    answer: &Answer,
) -> Result<(), Faults> {
    let Some(live) = Live::find(&transaction.state, job.subject, "Requested") else {
        return Ok(());
    };
    match answer {
        Ok(answer) => {
            let called = called(transaction, &live, answer);
            requests::settle(transaction, &live, &called)
        }
        Err(failed) => retry_or_fail(transaction, &live, job, failed),
    }
}

/// What the answer of a target that did what it was asked for means.
fn called(transaction: &Transaction<'_>, live: &Live, answer: &Answered) -> Called {
    let user = live.record.reference("SalesforceUserId");
    let user = user.and_then(|id| Record::find(&transaction.state, id));
    let own = user.as_ref().map(|user| {
        let [username, email, first, last] = target::names(user);
        [target::known_id(transaction, live, user), username, email, first, last]
    });
    let own = own.unwrap_or_default();
    let username = own[1].as_deref().unwrap_or_default();
    let deletes = live.operation() == "Deactivate"
        && live.app.target.deactivate_deletes
        && live.app.target.adapter == Adapter::Scim;
    Called {
        done: true,
        status: answer.status.clone().unwrap_or_else(|| "200".to_owned()),
        details: answer.details.clone().unwrap_or_else(|| say::done(live.operation(), username)),
        external: std::array::from_fn(|at| answer.account[at].clone().or_else(|| own[at].clone())),
        account_status: deletes.then(|| "Deleted".into()),
    }
}

/// Makes the call again after a while, if it may succeed then and a try is left.
fn retry_or_fail(
    transaction: &mut Transaction<'_>,
    live: &Live,
    job: &Job,
    failed: &CallFailed,
) -> Result<(), Faults> {
    let target = &live.app.target;
    let tries = 1 + u64::from(target.retries);
    let mut failed = failed.clone();
    if tries > 1 {
        failed = failed.at_try(job.at, tries);
    }
    if !failed.passing || job.at >= tries {
        let called = Called::failed(&failed.status, failed.details);
        return requests::settle(transaction, live, &called);
    }
    live.log(transaction, &failed.status, &failed.details, None)?;
    let wanted = Millis::from(failed.retry_after.unwrap_or(0)) * 1000;
    let due = transaction.actor.now + target.retry_delay.max(wanted);
    transaction.state.jobs.push(due, Job { at: job.at + 1, ..job.clone() });
    Ok(())
}
