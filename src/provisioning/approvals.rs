//! Approval of requests by the approval process resource: submit, approve, reject.
//!
//! The org has one approval process: that of `UserProvisioningRequest`, for requests whose
//! `ApprovalStatus` is Required. The approver is the request's manager. A decision is written to the
//! request, which then goes on as after any other write of its `ApprovalStatus`.

use super::access;
use super::record::{self, Record, pointing};
use super::requests::REQUEST;
use crate::dml::Transaction;
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::store::State;
use crate::value::Value;

const DEFINITION: &str = "ProcessDefinition";
const INSTANCE: &str = "ProcessInstance";
const STEP: &str = "ProcessInstanceStep";
const ITEM: &str = "ProcessInstanceWorkitem";

/// The process: name, developer name.
pub const PROCESS: (&str, &str) =
    ("User Provisioning Request Approval", "UserProvisioningRequestApproval");

/// What a record is submitted with.
#[derive(Clone, Debug, Default)]
pub struct Submission<'r> {
    /// Who shall decide where the process leaves that open.
    pub approver: Option<Id>,
    /// On whose behalf.
    pub submitter: Option<Id>,
    /// Name or id of the process.
    pub process: Option<&'r str>,
    /// What the submitter says.
    pub comments: Option<&'r str>,
}

/// What an approver decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Approve,
    /// No.
    Reject,
}

/// What became of a submission or a decision.
#[derive(Clone, Debug)]
pub struct Processed {
    /// Who has to decide now.
    pub actors: Vec<Id>,
    /// The record.
    pub entity: Id,
    /// Its `ProcessInstance`.
    pub instance: Id,
    /// Its Status.
    pub status: &'static str,
    /// Work items that were made.
    pub items: Vec<Id>,
}

/// The id of the org's approval process, as long as some configuration requires approval.
pub fn process(state: &State) -> Option<Id> {
    let object = state.schema.by_name("UserProvisioningConfig")?;
    let (slot, _) = object.field("ApprovalRequired")?;
    let required = state.table(object.id).live_rows().any(|(_, row)| !row.get(slot).is_null());
    // The org makes no other process, so that this is its id before its record is there.
    required.then(|| Id::own(*b"04a", 1))
}

/// Submits a record for approval.
pub fn submit(
    transaction: &mut Transaction<'_>,
    id: Id,
    with: &Submission<'_>,
) -> Result<Processed, Faults> {
    let record = Record::find(&transaction.state, id);
    let record = record.ok_or_else(OrgError::invalid_cross_reference)?;
    let process = process(&transaction.state).filter(|process| is_meant(*process, with.process));
    let asks = *record.object.name == *REQUEST
        && record.text("ApprovalStatus") == Some("Required")
        && record.text("State") == Some("New");
    let process = process.filter(|_| asks).ok_or_else(OrgError::no_applicable_process)?;
    if pointing(transaction, INSTANCE, "TargetObjectId", id).iter().any(is_pending) {
        return Err(OrgError::already_in_process().into());
    }
    for user in with.approver.iter().chain(&with.submitter) {
        let found = Record::find(&transaction.state, *user);
        if found.is_none_or(|found| *found.object.name != *"User") {
            return Err(OrgError::invalid_cross_reference().into());
        }
    }
    let approver = record.reference("ManagerId").or(with.approver);
    let approver = approver.ok_or_else(OrgError::manager_not_defined)?;
    if Record::find(&transaction.state, process).is_none() {
        record::insert(transaction, DEFINITION, |fields| {
            fields
                .text("Name", Some(PROCESS.0))
                .text("DeveloperName", Some(PROCESS.1))
                .text("Type", Some("Approval"))
                .text("TableEnumOrId", Some(REQUEST))
                .text("LockType", Some("none"))
                .text("State", Some("Active"))
        })?;
    }
    let submitter = with.submitter.unwrap_or(transaction.actor.user);
    let made = |made: Option<Id>| made.ok_or_else(|| Faults::from(OrgError::not_found()));
    let instance = made(record::insert(transaction, INSTANCE, |fields| {
        fields
            .set("ProcessDefinitionId", process)
            .set("TargetObjectId", id)
            .text("Status", Some("Pending"))
            .set("SubmittedById", submitter)
    })?)?;
    step(transaction, instance, "Started", (submitter, submitter), with.comments)?;
    let item = made(record::insert(transaction, ITEM, |fields| {
        fields
            .set("ProcessInstanceId", instance)
            .set("OriginalActorId", approver)
            .set("ActorId", approver)
    })?)?;
    let (actors, items) = (vec![approver], vec![item]);
    Ok(Processed { actors, entity: id, instance, status: "Pending", items })
}

/// Decides about the record of a work item. The caller must be its approver, or may modify all data.
pub fn decide(
    transaction: &mut Transaction<'_>,
    item: Id,
    decision: Decision,
    comments: Option<&str>,
) -> Result<Processed, Faults> {
    let item = Record::find(&transaction.state, item);
    let item = item.filter(|item| *item.object.name == *ITEM);
    let item = item.ok_or_else(OrgError::invalid_cross_reference)?;
    let find = |id: Option<Id>| Record::find(&transaction.state, id?);
    let instance = find(item.reference("ProcessInstanceId"));
    let request = instance.as_ref().and_then(|own| find(own.reference("TargetObjectId")));
    let (Some(instance), Some(request)) = (instance, request) else {
        return Err(OrgError::invalid_cross_reference().into());
    };
    let (caller, actor) = (transaction.actor.user, item.reference("ActorId"));
    if actor != Some(caller) && !access::modifies_all_data(&transaction.state, caller) {
        return Err(OrgError::no_access_to_cross_reference().into());
    }
    let (status, written) = match decision {
        Decision::Approve => ("Approved", "Approved"),
        Decision::Reject => ("Rejected", "Denied"),
    };
    let (Some(instance_id), Some(entity)) = (instance.id(), request.id()) else {
        return Err(OrgError::invalid_cross_reference().into());
    };
    let original = item.reference("OriginalActorId").unwrap_or(caller);
    step(transaction, instance_id, status, (original, caller), comments)?;
    transaction.as_org(|org| org.delete(&item.object, item.number))?;
    let now = Value::DateTime(transaction.actor.now);
    record::update(transaction, &instance, |fields| {
        fields.text("Status", Some(status)).set("CompletedDate", now).set("LastActorId", caller)
    })?;
    let fields = record::Fields::of(&request.object).text("ApprovalStatus", Some(written));
    transaction.update(&request.object, request.number, fields.given())?;
    Ok(Processed { actors: Vec::new(), entity, instance: instance_id, status, items: Vec::new() })
}

fn step(
    transaction: &mut Transaction<'_>,
    instance: Id,
    status: &str,
    (original, actor): (Id, Id),
    comments: Option<&str>,
) -> Result<(), Faults> {
    record::insert(transaction, STEP, |fields| {
        fields
            .set("ProcessInstanceId", instance)
            .text("StepStatus", Some(status))
            .set("OriginalActorId", original)
            .set("ActorId", actor)
            .text("Comments", comments.filter(|comments| !comments.is_empty()))
    })?;
    Ok(())
}

fn is_pending(instance: &Record) -> bool {
    instance.text("Status") == Some("Pending")
}

/// True when a submission names this process, or none.
fn is_meant(process: Id, wanted: Option<&str>) -> bool {
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else { return true };
    [PROCESS.0, PROCESS.1].iter().any(|name| name.eq_ignore_ascii_case(wanted))
        || Id::parse(wanted).is_ok_and(|id| id == process)
}
