//! Provisioning requests on the org's clock. A request's operations wait in the tenant; [`settle`]
//! ends those that are due, each at its own time, announces requests that are done, and forgets
//! those older than seven days. It is a plain function of state and time: nothing waits, and a test
//! that moves the clock sees what a client of the real service would see then.

use super::extensions;
use super::identity;
use super::status;
use crate::clock::Millis;
use crate::dml::Transaction;
use crate::error::{ConcurError, Faults, concur_timed_out};
use crate::id::Id;
use crate::store::{
    Answer, Ask, Concur, ConcurDelivery, ConcurEnd, ConcurEvent, ConcurMessage, ConcurOperation,
    ConcurOutcome, ConcurProvision, ConcurSettings, ConcurVerb, Doc, Job, JobKind, OutboundCall,
    State,
};
use crate::time::DAY;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

/// How long a request may take.
const TIME_OUT: Millis = 120 * 60 * 1000;

/// How long a request's status is kept.
const RETENTION: Millis = 7 * DAY;

/// Wakes the tenant when a request ends, so that its event goes out though nobody asks.
pub const DUE: JobKind = "concur.due";

/// Takes an event to its webhook.
pub const EVENT: JobKind = "concur.event";

/// How long a webhook may take.
const DELIVERY: Millis = 10_000;

/// The topic of the tenant's events.
const TOPIC: &str = "public.concur.user.provisioning";

/// Who asks for a request.
pub struct Asking<'r> {
    /// The org beside the tenant.
    pub org: Id,
    /// When.
    pub now: Millis,
    /// The URL at which they reached the server.
    pub base: &'r str,
}

/// One operation as it was asked for.
pub struct Asked {
    /// What the client called it.
    pub bulk_id: Option<String>,
    /// What it does.
    pub verb: ConcurVerb,
    /// To whom.
    pub user: Option<Arc<str>>,
    /// With what.
    pub data: Doc,
}

/// A UUID: the same for the same org and number.
pub fn uuid(org: Id, number: u64) -> Arc<str> {
    let mut digest = Sha256::new();
    digest.update(org.as_15().as_bytes());
    digest.update(number.to_be_bytes());
    let bytes = digest.finalize();
    let mut out = String::with_capacity(36);
    for (place, byte) in bytes.iter().take(16).enumerate() {
        if [4, 6, 8, 10].contains(&place) {
            out.push('-');
        }
        let byte = match place {
            6 => byte & 0x0f | 0x40,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        let _ = write!(out, "{byte:02x}");
    }
    out.into()
}

fn new_uuid(concur: &mut Concur, org: Id) -> Arc<str> {
    let number = concur.next_number();
    uuid(org, number)
}

/// True when [`settle`] would change something.
pub fn is_unsettled(concur: &Concur, now: Millis) -> bool {
    concur.oldest().is_some_and(|at| at <= now - RETENTION)
        || concur.open().any(|own| own.ended().is_some() || next_due(own) <= now)
}

fn next_due(provision: &ConcurProvision) -> Millis {
    let open = provision.operations.iter().filter(|own| own.end.is_none());
    open.map(|own| own.due).min().unwrap_or(Millis::MAX)
}

/// Does what is due; gives the number of requests that ended.
pub fn settle(state: &mut State, org: Id, now: Millis) -> usize {
    let settings = Arc::clone(&state.settings);
    let State { concur, calls, .. } = state;
    // The operation that is due first goes first, whichever request it belongs to.
    while let Some(provision) =
        concur.open().filter(|own| next_due(own) <= now).min_by_key(|own| next_due(own)).cloned()
    {
        let mut provision = ConcurProvision::clone(&provision);
        let due = next_due(&provision);
        for operation in &mut provision.operations {
            if operation.end.is_none() && operation.due == due {
                operation.end =
                    Some(end(concur, &settings.concur, &settings.taken_usernames, operation, org));
            }
        }
        concur.put_provision(provision);
    }
    let ended: Vec<Arc<ConcurProvision>> =
        concur.open().filter(|own| own.ended().is_some()).cloned().collect();
    let count = ended.len();
    for provision in ended {
        let event = announce(concur, &settings.concur, &provision, org);
        if let Some(webhook) = &event.webhook {
            calls.ask(delivery(&event, webhook, org));
        }
    }
    concur.forget_made_by(now - RETENTION);
    count
}

/// Publishes the event of a request that ended.
fn announce(
    concur: &mut Concur,
    settings: &ConcurSettings,
    provision: &ConcurProvision,
    org: Id,
) -> ConcurEvent {
    let facts = Doc::object()
        .with("originator", "User Provisioning Service")
        .with("provisionId", &*provision.id)
        .with("success", provision.success().unwrap_or_default());
    let number = concur.next_number();
    let webhook = settings.webhook.clone();
    let event = ConcurEvent {
        number,
        id: uuid(org, number),
        at: provision.ended().unwrap_or(provision.created),
        topic: TOPIC,
        kind: "provisionCompleted",
        delivery: if webhook.is_some() { ConcurDelivery::UnderWay } else { ConcurDelivery::Kept },
        webhook,
        base: Arc::clone(&provision.base),
        facts,
    };
    concur.publish(event.clone());
    concur.put_provision(ConcurProvision { announced: true, ..provision.clone() });
    event
}

/// The call that takes an event to its webhook.
fn delivery(event: &ConcurEvent, webhook: &str, org: Id) -> OutboundCall {
    OutboundCall {
        number: 0,
        job: Job { at: event.number, ..Job::new(EVENT, org) },
        url: webhook.into(),
        authorization: None,
        timeout: DELIVERY,
        ask: Ask::Event(status::event(event)),
    }
}

/// Does what is due, for the tenant's own job.
pub fn run(transaction: &mut Transaction<'_>, job: &Job) -> Result<u32, Faults> {
    let now = transaction.actor.now;
    let ended = settle(&mut transaction.state, job.subject, now);
    Ok(1 + ended as u32)
}

/// Takes what a webhook answered.
pub fn delivered(
    transaction: &mut Transaction<'_>,
    job: &Job,
    answer: &Answer,
) -> Result<(), Faults> {
    let delivery = match answer {
        Ok(_) => ConcurDelivery::Sent,
        Err(failed) => ConcurDelivery::Failed(failed.details.clone()),
    };
    transaction.state.concur.delivered(job.at, delivery);
    Ok(())
}

/// The outcomes that the settings ask for, of the user of an operation.
fn outcomes<'s>(
    settings: &'s ConcurSettings,
    concur: &Concur,
    user: Option<&Arc<str>>,
    data: &Doc,
) -> Vec<&'s ConcurOutcome> {
    let stored = user.and_then(|id| concur.user(id));
    let stored = stored.and_then(|user| user.doc.text_at(&["userName"]));
    let name = stored.or(data.text_at(&["userName"])).unwrap_or_default();
    settings.outcomes.iter().filter(|own| extensions::concerns(own, name)).collect()
}

/// Ends an operation at the time at which it is due.
fn end(
    concur: &mut Concur,
    settings: &ConcurSettings,
    taken: &BTreeSet<String>,
    operation: &mut ConcurOperation,
    org: Id,
) -> ConcurEnd {
    let at = operation.due;
    let outcomes = outcomes(settings, concur, operation.user.as_ref(), &operation.data);
    let ConcurOperation { verb, data, .. } = operation;
    let failed = |code: &'static str, shown: &str, message: &ConcurMessage| ConcurEnd {
        at,
        success: false,
        code: Some(code),
        results: extensions::of_failed_identity(*verb, data, shown, message),
    };
    if operation.stuck {
        let message = ConcurMessage {
            code: "TIMEOUT".to_owned(),
            message: concur_timed_out(),
            schema_path: None,
            kind: "error",
        };
        return failed("408", "408", &message);
    }
    if !operation.identity_done {
        if let Some((status, message)) = extensions::scripted_identity(&outcomes) {
            return failed("400", &status, &message);
        }
        let new_id = |concur: &mut Concur| new_uuid(concur, org);
        let user = operation.user.as_ref();
        match identity::apply(concur, taken, *verb, user, data, at, new_id) {
            Ok(id) => operation.user = Some(id),
            Err(error) => {
                let code = if error.status == 404 { "404" } else { "400" };
                return failed(code, code, &extensions::message_of(&error));
            }
        }
    }
    let user = operation.user.clone().unwrap_or_else(|| Arc::from(""));
    let results = extensions::apply(concur, operation.verb, &user, &operation.data, &outcomes);
    let success = results.iter().all(|own| own.success);
    ConcurEnd { at, success, code: (!success).then_some("207"), results }
}

/// When an operation that is asked for now ends, and whether by its time-out.
fn due(settings: &ConcurSettings, outcomes: &[&ConcurOutcome], now: Millis) -> (Millis, bool) {
    let latency = outcomes.iter().find_map(|own| own.latency).unwrap_or(settings.latency);
    let stuck = latency > TIME_OUT || outcomes.iter().any(|own| own.timeout);
    (now + if stuck { TIME_OUT } else { latency }, stuck)
}

/// Takes a bulk request in.
pub fn begin_bulk(
    state: &mut State,
    asking: &Asking<'_>,
    asked: Vec<Asked>,
    company: Option<String>,
) -> Arc<ConcurProvision> {
    let settings = Arc::clone(&state.settings.concur);
    let concur = &mut state.concur;
    let operations = asked.into_iter().map(|asked| {
        let outcomes = outcomes(&settings, concur, asked.user.as_ref(), &asked.data);
        let (due, stuck) = due(&settings, &outcomes, asking.now);
        let Asked { bulk_id, verb, user, data } = asked;
        let identity_done = false;
        ConcurOperation { bulk_id, verb, user, data, identity_done, due, stuck, end: None }
    });
    let operations = operations.collect();
    keep(state, asking, "Bulk", company, operations)
}

/// Writes one user: the identity now, the rest when it is due.
pub fn begin_user(
    state: &mut State,
    asking: &Asking<'_>,
    asked: Asked,
) -> Result<(Arc<str>, Arc<ConcurProvision>), ConcurError> {
    let settings = Arc::clone(&state.settings);
    let concur = &mut state.concur;
    let Asked { bulk_id, verb, user, data } = asked;
    let outcomes = outcomes(&settings.concur, concur, user.as_ref(), &data);
    if let Some((status, message)) = extensions::scripted_identity(&outcomes) {
        return Err(ConcurError::scripted(
            status.parse().unwrap_or(400),
            message.code,
            message.message,
            message.schema_path,
        ));
    }
    let (due, stuck) = due(&settings.concur, &outcomes, asking.now);
    let new_id = |concur: &mut Concur| new_uuid(concur, asking.org);
    let taken = &settings.taken_usernames;
    let id = identity::apply(concur, taken, verb, user.as_ref(), &data, asking.now, new_id)?;
    let operation = ConcurOperation {
        bulk_id,
        verb,
        user: Some(Arc::clone(&id)),
        data,
        identity_done: true,
        due,
        stuck,
        end: None,
    };
    Ok((id, keep(state, asking, "User", None, vec![operation])))
}

fn keep(
    state: &mut State,
    asking: &Asking<'_>,
    kind: &'static str,
    company: Option<String>,
    operations: Vec<ConcurOperation>,
) -> Arc<ConcurProvision> {
    let State { concur, jobs, settings, .. } = state;
    let last = operations.iter().map(|own| own.due).max();
    let provision = ConcurProvision {
        id: new_uuid(concur, asking.org),
        correlation: new_uuid(concur, asking.org),
        kind,
        company,
        created: asking.now,
        operations,
        base: asking.base.into(),
        announced: false,
    };
    // Without a webhook nobody waits: what is due is done when somebody asks.
    if let Some(due) = last.filter(|_| settings.concur.webhook.is_some()) {
        jobs.push(due, Job::new(DUE, asking.org));
    }
    concur.put_provision(provision.clone());
    Arc::new(provision)
}
