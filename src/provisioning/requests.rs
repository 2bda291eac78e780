//! The life of a `UserProvisioningRequest`: New → (approval) → Requested → Completed or Failed, and
//! Failed → Retried, which makes a clone.
//!
//! A write of a request, by whomever, plans the job that its State calls for. The job looks at the
//! request again: if somebody moved it meanwhile, there is nothing left to do.

use super::access::{self, App};
use super::record::{self, Record, pointing};
use super::target::{self, Called};
use super::{reconcile, triggers};
use crate::clock::Millis;
use crate::dml::{Saved, Transaction};
use crate::error::{Faults, provisioning as say};
use crate::id::Id;
use crate::org::Step;
use crate::store::{Ending, Job, JobKind, RowNum, Stage, State};
use crate::value::Value;

/// Looks at a new request: may it go on?
const ADVANCE: JobKind = "provisioning.advance";
/// Asks the target.
pub const CALL: JobKind = "provisioning.call";
/// Clones a request that is to be retried.
const RETRY: JobKind = "provisioning.retry";
/// Walks over the users of a permission set whose access changed.
pub const GRANT: JobKind = "provisioning.grant";

/// The object.
pub const REQUEST: &str = "UserProvisioningRequest";

/// The function that runs jobs of a kind.
pub fn step(kind: JobKind) -> Option<Step> {
    Some(match kind {
        ADVANCE => advance,
        CALL => call,
        RETRY => retry,
        GRANT => triggers::walk,
        reconcile::COLLECT => reconcile::collect,
        reconcile::GO_ON => reconcile::go_on,
        reconcile::ANALYZE => reconcile::analyze,
        reconcile::COMMIT => reconcile::commit,
        _ => return None,
    })
}

/// A request that is to be processed, with its app.
pub struct Live {
    /// The request.
    pub record: Record,
    /// Its id.
    pub id: Id,
    /// Its app.
    pub app: App,
}

impl Live {
    /// The live request of a job, if it is still in the State that the job is for and its app is
    /// still provisioned.
    pub fn find(state: &State, id: Id, expected: &str) -> Option<Live> {
        let record = Record::find(state, id)?;
        if record.text("State") != Some(expected) {
            return None;
        }
        let app = access::app(state, record.reference("ConnectedAppId")?)?;
        Some(Live { record, id, app })
    }

    /// What it asks for.
    pub fn operation(&self) -> &str {
        self.record.text("Operation").unwrap_or_default()
    }

    /// Moves it to another State.
    pub fn to(&self, transaction: &mut Transaction<'_>, state: &str) -> Result<(), Faults> {
        record::update(transaction, &self.record, |fields| fields.text("State", Some(state)))
    }

    /// Ends it as Failed, and says why in its log.
    pub fn fail(
        &self,
        transaction: &mut Transaction<'_>,
        status: &str,
        details: &str,
    ) -> Result<(), Faults> {
        self.log(transaction, status, details, None)?;
        self.to(transaction, "Failed")
    }

    /// Writes a row of its log.
    pub fn log(
        &self,
        transaction: &mut Transaction<'_>,
        status: &str,
        details: &str,
        external: Option<(&str, &str)>,
    ) -> Result<(), Faults> {
        let user = self.record.reference("SalesforceUserId");
        record::insert(transaction, "UserProvisioningLog", |fields| {
            fields
                .set("UserProvisioningRequestId", self.id)
                .set("UserId", user)
                .text("Status", Some(status))
                .text("Details", Some(details))
                .text("ExternalUserId", external.map(|(id, _)| id))
                .text("ExternalUsername", external.map(|(_, name)| name))
        })?;
        Ok(())
    }
}

/// A request was created or changed: plans what its State calls for.
pub fn saved(transaction: &mut Transaction<'_>, saved: &Saved<'_>) -> Result<(), Faults> {
    let Some(after) = saved.after else { return Ok(()) };
    if transaction.state.settings.targets.is_empty() {
        return Ok(());
    }
    let text = |name| record::text(saved.object, after, name);
    let before = |name| saved.before.and_then(|row| record::text(saved.object, row, name));
    let moved = text("State") != before("State");
    let decided = text("ApprovalStatus") != before("ApprovalStatus");
    let app = record::value(saved.object, after, "ConnectedAppId").as_id();
    let known = app.is_some_and(|app| access::app(&transaction.state, app).is_some());
    if known && let Some(kind) = next(text("State").unwrap_or_default(), moved, decided) {
        plan(transaction, kind, saved.id);
    }
    Ok(())
}

/// The job that a State calls for.
fn next(state: &str, moved: bool, decided: bool) -> Option<JobKind> {
    match state {
        "New" if moved || decided => Some(ADVANCE),
        "Requested" if moved => Some(CALL),
        "Retried" if moved => Some(RETRY),
        "Collecting" if moved => Some(reconcile::COLLECT),
        "Analyzing" if moved => Some(reconcile::ANALYZE),
        "Committing" if moved => Some(reconcile::COMMIT),
        _ => None,
    }
}

/// Plans a job about a request, at the pace that the settings ask for.
pub fn plan(transaction: &mut Transaction<'_>, kind: JobKind, request: Id) {
    let (now, pace) = (transaction.actor.now, transaction.state.settings.pace);
    transaction.state.jobs.pace(now, pace, Job::new(kind, request));
}

/// Plans the jobs of requests that were made without hooks (fixtures), from a row on.
pub fn wake(transaction: &mut Transaction<'_>, from: RowNum) {
    if transaction.state.settings.targets.is_empty() {
        return;
    }
    let schema = std::sync::Arc::clone(&transaction.state.schema);
    let Some(object) = schema.by_name(REQUEST) else { return };
    let table = std::sync::Arc::clone(transaction.state.table(object.id));
    for (number, row) in table.live_rows().filter(|(number, _)| *number >= from) {
        let record = Record { object: object.clone(), number, row: row.clone() };
        let kind = record.text("State").and_then(|state| next(state, true, true));
        let app = record.reference("ConnectedAppId");
        let known = app.is_some_and(|app| access::app(&transaction.state, app).is_some());
        // A retried request of a fixture has its clone beside it, if it wants one.
        if let (Some(kind), Some(id)) = (kind.filter(|kind| known && *kind != RETRY), record.id()) {
            plan(transaction, kind, id);
        }
    }
}

/// The number of the next request.
pub fn next_number(state: &State) -> RowNum {
    state.schema.id_of(REQUEST).map_or(0, |object| state.table(object).next())
}

/// Whether the last request from a row on that is about a user's access to an app gives it (true) or
/// takes it away.
pub fn last_access(
    transaction: &Transaction<'_>,
    app: &App,
    user: Id,
    from: RowNum,
) -> Option<bool> {
    let user = Value::Id(user);
    let requests =
        record::holding(transaction, REQUEST, "SalesforceUserId", &user, (from, usize::MAX));
    let mut own =
        requests.iter().rev().filter(|own| own.reference("ConnectedAppId") == Some(app.id));
    own.find_map(|own| match own.text("Operation")? {
        "Create" | "Activate" => Some(true),
        "Deactivate" => Some(false),
        _ => None,
    })
}

/// New: waits for approval, or goes on.
fn advance(transaction: &mut Transaction<'_>, job: &Job) -> Result<u32, Faults> {
    let Some(live) = Live::find(&transaction.state, job.subject, "New") else { return Ok(1) };
    match live.record.text("ApprovalStatus") {
        Some("Required") => {
            let logs = "UserProvisioningLog";
            if live.record.reference("ManagerId").is_none()
                && pointing(transaction, logs, "UserProvisioningRequestId", live.id).is_empty()
            {
                live.log(transaction, "Approval required", &say::no_manager(), None)?;
            }
            Ok(2)
        }
        Some("Denied") if live.app.target.denied_fails => {
            live.fail(transaction, "Denied", &say::denied())?;
            Ok(3)
        }
        Some("Denied") => Ok(1),
        _ => {
            let state = match live.operation() {
                "Reconcile" => "Collecting",
                "Linking" => "Analyzing",
                _ => "Requested",
            };
            if live.operation() == "Reconcile" {
                reconcile::begin_whole(transaction, live.id);
            }
            live.to(transaction, state)?;
            Ok(2)
        }
    }
}

/// Requested: the target is asked; after its latency the outcome holds.
fn call(transaction: &mut Transaction<'_>, job: &Job) -> Result<u32, Faults> {
    let Some(live) = Live::find(&transaction.state, job.subject, "Requested") else { return Ok(1) };
    if job.at == 0 {
        // Outcomes belong to calls in the order in which these begin.
        let used = take_outcome(transaction, &live.app, Stage::Request);
        let latency = latency(&live.app, Stage::Request, used);
        let job = Job { at: 1, mark: used, ..job.clone() };
        if latency > 0 {
            let due = transaction.actor.now + latency;
            transaction.state.jobs.push(due, job);
            return Ok(1);
        }
        return finish(transaction, &live, &job);
    }
    finish(transaction, &live, job)
}

/// Counts an outcome of a stage as used; gives how many were used before.
pub fn take_outcome(transaction: &mut Transaction<'_>, app: &App, stage: Stage) -> u64 {
    let used = transaction.state.tallies.entry((stage.tally(), app.id)).or_insert(0);
    *used += 1;
    *used - 1
}

/// How long a call takes.
pub fn latency(app: &App, stage: Stage, used: u64) -> Millis {
    match app.target.outcome(stage, used) {
        Some(outcome) if outcome.ending == Ending::TimedOut => app.target.timeout,
        Some(outcome) => outcome.latency.unwrap_or(app.target.latency),
        None => app.target.latency,
    }
}

/// The target answers, or is asked over the network and will; or a fault rule answers in its place.
fn finish(transaction: &mut Transaction<'_>, live: &Live, job: &Job) -> Result<u32, Faults> {
    let upset = transaction.upset(&live.record.object, &live.record.row);
    let called = match upset {
        Some(upset) => {
            if upset.lost {
                target::call(transaction, live, job)?;
            }
            Some(Called::failed(&upset.error.status.to_string(), upset.error.message.to_string()))
        }
        None => target::call(transaction, live, job)?,
    };
    let Some(called) = called else { return Ok(2) };
    settle(transaction, live, &called)?;
    Ok(6)
}

/// Writes down what a target answered: log, account, the request itself.
pub fn settle(
    transaction: &mut Transaction<'_>,
    live: &Live,
    called: &Called,
) -> Result<(), Faults> {
    let (state, account) = if called.done {
        ("Completed", target::keep_account(transaction, live, called)?)
    } else {
        ("Failed", None)
    };
    let [id, name, ..] = &called.external;
    let id = id.as_deref().unwrap_or_default();
    let external = called.done.then_some((id, name.as_deref().unwrap_or_default()));
    live.log(transaction, &called.status, &called.details, external)?;
    record::update(transaction, &live.record, |fields| {
        let fields = fields.text("State", Some(state));
        if !called.done {
            return fields;
        }
        let fields = fields.text("ExternalUserId", Some(id));
        match account {
            Some(account) => fields.set("UserProvAccountId", account),
            None => fields,
        }
    })
}

/// Retried: a clone begins anew, as a transaction of its own.
fn retry(transaction: &mut Transaction<'_>, job: &Job) -> Result<u32, Faults> {
    let Some(live) = Live::find(&transaction.state, job.subject, "Retried") else { return Ok(1) };
    let clones = pointing(transaction, REQUEST, "ParentId", live.id);
    // A client that clones by itself wants no second one.
    if !live.app.target.retried_clones || !clones.is_empty() {
        return Ok(1);
    }
    let approval = match live.record.text("ApprovalStatus") {
        Some("Denied") => Some("Required"),
        other => other,
    };
    let retries = match live.record.value("RetryCount") {
        Value::Int(count) => count + 1,
        _ => 1,
    };
    let of = &live.record;
    record::insert(transaction, REQUEST, |fields| {
        fields
            .text("AppName", of.text("AppName"))
            .set("ConnectedAppId", of.reference("ConnectedAppId"))
            .set("UserProvConfigId", of.reference("UserProvConfigId"))
            .text("Operation", of.text("Operation"))
            .text("State", Some("New"))
            .text("ApprovalStatus", approval)
            .set("SalesforceUserId", of.reference("SalesforceUserId"))
            .set("ManagerId", of.reference("ManagerId"))
            .set("UserProvAccountId", of.reference("UserProvAccountId"))
            .text("ExternalUserId", of.text("ExternalUserId"))
            .set("ParentId", live.id)
            .set("RetryCount", Value::Int(retries))
    })?;
    Ok(3)
}
