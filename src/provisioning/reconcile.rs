//! Reconciliation: what the target has is collected into `UserProvAccountStaging`, linked to users,
//! and taken over into `UserProvAccount`.
//!
//! Collecting → Collected → Analyzing → Analyzed → Committing → Completed; each stage is a job that
//! goes through its rows a few at a time. A request made as Reconcile goes from New to Analyzed by
//! itself; one that an API caller puts into a stage does that stage. A failure leaves the staging
//! rows, and the accounts as far as they were taken over.

use super::access::App;
use super::mapping::Mapping;
use super::record::{self, Record, holding};
use super::remote;
use super::requests::{self, Live};
use super::target::{self, ACCOUNT, MOCK, with_external};
use crate::clock::Millis;
use crate::dml::Transaction;
use crate::error::{Faults, provisioning as say};
use crate::id::Id;
use crate::store::{Answer, EXTERNAL, Ending, External, Job, JobKind, Outcome, RowNum, Stage};
use crate::value::Value;
use std::sync::Arc;

/// Collects accounts page by page.
pub const COLLECT: JobKind = "provisioning.collect";
/// Goes on after a collection or an analysis.
pub const GO_ON: JobKind = "provisioning.go on";
/// Links staged accounts to users.
pub const ANALYZE: JobKind = "provisioning.analyze";
/// Takes staged accounts over.
pub const COMMIT: JobKind = "provisioning.commit";

/// Accounts collected and not yet taken over.
const STAGING: &str = "UserProvAccountStaging";

/// Rows of a step.
const ROWS: usize = 50;

/// Pages without an account after which a collection that does not end fails.
const EMPTY_PAGES: u64 = 100;

/// Marks a request that goes on by itself.
const WHOLE: &str = "reconciled as a whole";
/// Marks a request that has collected: accounts that it did not find have vanished.
const COLLECTED: &str = "collected";

/// A request made as Reconcile collects and analyzes in one go.
pub fn begin_whole(transaction: &mut Transaction<'_>, request: Id) {
    transaction.state.tallies.insert((WHOLE, request), 1);
}

fn forget(transaction: &mut Transaction<'_>, request: Id) {
    transaction.state.tallies.remove(&(WHOLE, request));
    transaction.state.tallies.remove(&(COLLECTED, request));
}

fn fail(
    transaction: &mut Transaction<'_>,
    live: &Live,
    status: &str,
    details: &str,
) -> Result<u32, Faults> {
    forget(transaction, live.id);
    live.fail(transaction, status, details)?;
    Ok(3)
}

/// Ends a stage as its scripted outcome says.
fn fail_as(
    transaction: &mut Transaction<'_>,
    live: &Live,
    stage: &str,
    outcome: &Outcome,
) -> Result<u32, Faults> {
    let (status, usual) = match outcome.ending {
        Ending::TimedOut => ("TIMEOUT", say::timed_out(stage, live.app.target.timeout / 1000)),
        _ => ("500", say::stage_failed(stage, outcome.status.as_deref().unwrap_or("500"))),
    };
    let status = outcome.status.as_deref().unwrap_or(status);
    fail(transaction, live, status, outcome.details.as_deref().unwrap_or(&usual))
}

/// The Name of another request that is at work on the app's staged rows. They are one set for each
/// app, so two runs at a time would take each other's rows for the target's.
fn busy(transaction: &Transaction<'_>, live: &Live) -> Option<String> {
    ["Collecting", "Analyzing", "Committing"].iter().find_map(|state| {
        let field = live.record.object.field("State")?.1;
        let code = Value::Pick(field.picklist.as_ref()?.code(state)?);
        let others = holding(transaction, requests::REQUEST, "State", &code, (0, usize::MAX));
        let other = others.into_iter().find(|other| {
            other.number != live.record.number
                && other.reference("ConnectedAppId") == Some(live.app.id)
        });
        Some(other?.text("Name").unwrap_or_default().to_owned())
    })
}

/// Plans the same job again, at once.
fn again(transaction: &mut Transaction<'_>, job: Job) {
    let now = transaction.actor.now;
    transaction.state.jobs.push(now, job);
}

/// True for the first step of a stage.
fn is_new(job: &Job) -> bool {
    job.at == 0 && job.mark == 0
}

/// Where a collection stands: what a job's `mark` holds.
#[derive(Clone, Copy)]
struct Collecting {
    phase: u64,
    empty: u64,
    used: u64,
}

impl Collecting {
    const PURGE: u64 = 0;
    const ASK: u64 = 1;
    const TAKE: u64 = 2;

    fn of(mark: u64) -> Collecting {
        Collecting { phase: mark & 3, empty: mark >> 2 & 0xffff, used: mark >> 18 }
    }

    fn mark(self) -> u64 {
        self.phase | self.empty << 2 | self.used << 18
    }
}

/// Collecting: what an earlier run staged goes, then a page at a time comes in.
pub fn collect(transaction: &mut Transaction<'_>, job: &Job) -> Result<u32, Faults> {
    let Some(live) = Live::find(&transaction.state, job.subject, "Collecting") else {
        return Ok(1);
    };
    if let Some(other) = is_new(job).then(|| busy(transaction, &live)).flatten() {
        return fail(transaction, &live, "409", &say::busy("Collecting", &other));
    }
    let mut now = Collecting::of(job.mark);
    match now.phase {
        Collecting::PURGE => {
            let (cost, more) = purge(transaction, live.app.id)?;
            now.phase = if more { Collecting::PURGE } else { Collecting::ASK };
            again(transaction, Job { mark: now.mark(), ..job.clone() });
            Ok(cost)
        }
        Collecting::ASK => {
            now.used = requests::take_outcome(transaction, &live.app, Stage::Collect);
            now.phase = Collecting::TAKE;
            let due =
                transaction.actor.now + requests::latency(&live.app, Stage::Collect, now.used);
            transaction.state.jobs.push(due, Job { mark: now.mark(), ..job.clone() });
            Ok(1)
        }
        _ => ask_page(transaction, &live, job, now),
    }
}

fn ask_page(
    transaction: &mut Transaction<'_>,
    live: &Live,
    job: &Job,
    now: Collecting,
) -> Result<u32, Faults> {
    let outcome = live.app.target.outcome(Stage::Collect, now.used).cloned().unwrap_or_default();
    if outcome.ending != Ending::Done {
        return fail_as(transaction, live, "Collecting", &outcome);
    }
    if live.app.target.is_remote() {
        remote::ask_page(transaction, live, &Job { mark: now.mark(), ..job.clone() });
        return Ok(2);
    }
    let (accounts, next) = page(transaction, &live.app, job.at);
    let page = Page { is_empty: accounts.is_empty(), accounts: &accounts, next };
    take_page(transaction, live, job, now, &page, outcome.recon_state.as_deref())
}

/// Takes what a target over HTTP answered about a page.
pub fn answered(
    transaction: &mut Transaction<'_>,
    job: &Job,
    answer: &Answer,
) -> Result<(), Faults> {
    let Some(live) = Live::find(&transaction.state, job.subject, "Collecting") else {
        return Ok(());
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(failed) => {
            fail(transaction, &live, &failed.status, &failed.details)?;
            return Ok(());
        }
    };
    let now = Collecting::of(job.mark);
    let outcome = live.app.target.outcome(Stage::Collect, now.used);
    let scripted = outcome.and_then(|outcome| outcome.recon_state.clone());
    let said = scripted.as_deref().or(answer.recon_state.as_deref());
    // A plug-in stages accounts by itself: it gets on when its offset does.
    let stands = answer.next.is_some_and(|next| next <= job.at);
    let page = Page {
        is_empty: stands && answer.accounts.is_empty(),
        accounts: &answer.accounts,
        next: answer.next,
    };
    take_page(transaction, &live, job, now, &page, said)?;
    Ok(())
}

/// A page of accounts.
struct Page<'p> {
    accounts: &'p [External],
    /// Where the next one begins, if there is one.
    next: Option<u64>,
    /// It brought the collection no further.
    is_empty: bool,
}

fn take_page(
    transaction: &mut Transaction<'_>,
    live: &Live,
    job: &Job,
    mut now: Collecting,
    page: &Page<'_>,
    said: Option<&str>,
) -> Result<u32, Faults> {
    for account in page.accounts {
        stage(transaction, &live.app, account)?;
    }
    let next = page.next;
    let cost = 1 + 2 * page.accounts.len() as u32;
    // The documented value is `complete`; the documentation's own sample says `Completed`.
    let complete = said.map(|said| said.to_ascii_lowercase().starts_with("complete"));
    if complete.unwrap_or(next.is_none()) {
        transaction.state.tallies.insert((COLLECTED, live.id), 1);
        live.to(transaction, "Collected")?;
        if transaction.state.tallies.contains_key(&(WHOLE, live.id)) {
            requests::plan(transaction, GO_ON, live.id);
        }
        return Ok(cost + 2);
    }
    now.empty = if page.is_empty { now.empty + 1 } else { 0 };
    if now.empty >= EMPTY_PAGES {
        let details = say::never_complete(now.empty);
        return fail(transaction, live, "500", &details);
    }
    now.phase = Collecting::ASK;
    let (at, pace) = (next.unwrap_or(u64::MAX), transaction.state.settings.pace);
    let instant = transaction.actor.now;
    let job = Job { at, mark: now.mark(), ..job.clone() };
    transaction.state.jobs.pace(instant, pace, job);
    Ok(cost)
}

/// A page of the target's accounts from a place on, and the place of the next page if there is one.
fn page(transaction: &Transaction<'_>, app: &App, from: u64) -> (Vec<External>, Option<u64>) {
    let most = app.target.page as usize;
    if let Some(accounts) = &app.target.accounts {
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(accounts.len());
        let end = accounts.len().min(from.saturating_add(most));
        let next = (end < accounts.len()).then_some(end as u64);
        return (accounts[from..end].to_vec(), next);
    }
    let Some(object) = transaction.state.schema.by_name(MOCK) else { return (Vec::new(), None) };
    let table = transaction.state.table(object.id);
    let mut found = Vec::new();
    let mut number = RowNum::try_from(from).unwrap_or(RowNum::MAX);
    while number < table.next() && found.len() < most {
        if let Some(row) = table.get(number).filter(|row| !row.is_deleted()) {
            found.push(std::array::from_fn(|at| {
                record::text(object, row, EXTERNAL[at]).map(Arc::from)
            }));
        }
        number += 1;
    }
    (found, (number < table.next()).then_some(u64::from(number)))
}

/// Stages an account. One that was taken away stays so unless the target says otherwise.
fn stage(transaction: &mut Transaction<'_>, app: &App, account: &External) -> Result<(), Faults> {
    let held = target::account_with(transaction, app.id, account[0].as_deref());
    let status = held.as_ref().and_then(|held| held.text("Status"));
    let status = status.filter(|status| *status == "Deactivated").unwrap_or("Active");
    let link = held.as_ref().and_then(|held| held.text("LinkState"));
    let link = link.filter(|link| *link == "Ignored").unwrap_or("Orphaned");
    record::insert(transaction, STAGING, |fields| {
        with_external(fields, account)
            .set("ConnectedAppId", app.id)
            .text("LinkState", Some(link))
            .text("Status", Some(status))
    })?;
    Ok(())
}

/// Removes some staged rows of an app; true when there are more.
fn purge(transaction: &mut Transaction<'_>, app: Id) -> Result<(u32, bool), Faults> {
    let rows = staged(transaction, app, 0);
    for row in &rows {
        transaction.as_org(|org| org.delete(&row.object, row.number))?;
    }
    Ok((1 + rows.len() as u32, rows.len() == ROWS))
}

fn staged(transaction: &Transaction<'_>, app: Id, from: RowNum) -> Vec<Record> {
    holding(transaction, STAGING, "ConnectedAppId", &Value::Id(app), (from, ROWS))
}

/// Collected or Analyzed, of a request that goes on by itself.
pub fn go_on(transaction: &mut Transaction<'_>, job: &Job) -> Result<u32, Faults> {
    let state = &transaction.state;
    if let Some(live) = Live::find(state, job.subject, "Collected") {
        live.to(transaction, "Analyzing")?;
    } else if let Some(live) = Live::find(state, job.subject, "Analyzed") {
        live.to(transaction, "Committing")?;
    }
    Ok(2)
}

/// The outcome scripted for a stage that goes through rows. The first step takes it and waits for
/// its latency; `mark` then holds its number plus one, `at` the next row, `other` nothing.
fn begin(transaction: &mut Transaction<'_>, live: &Live, job: &Job, stage: Stage) -> Option<u64> {
    if job.mark > 0 {
        return Some(job.mark - 1);
    }
    let used = requests::take_outcome(transaction, &live.app, stage);
    let outcome = live.app.target.outcome(stage, used);
    // These stages are Salesforce's own work: only a scripted latency holds them up.
    let latency: Millis = outcome.and_then(|outcome| outcome.latency).unwrap_or(0);
    let due = transaction.actor.now + latency;
    transaction.state.jobs.push(due, Job { mark: used + 1, ..job.clone() });
    None
}

/// Where a stage stands in its rows: how many it went through and which comes next.
fn place(at: u64) -> (u32, RowNum) {
    ((at >> 32) as u32, at as u32)
}

fn at(done: u32, next: RowNum) -> u64 {
    u64::from(done) << 32 | u64::from(next)
}

/// The next rows of a stage, up to the one at which its outcome ends it.
fn rows_of(
    transaction: &Transaction<'_>,
    live: &Live,
    job: &Job,
    outcome: &Outcome,
) -> (Vec<Record>, bool) {
    let (done, next) = place(job.at);
    let mut rows = staged(transaction, live.app.id, next);
    if outcome.ending == Ending::Done {
        return (rows, false);
    }
    let left = outcome.after.saturating_sub(done) as usize;
    let ends = rows.len() >= left || rows.len() < ROWS;
    rows.truncate(left);
    (rows, ends)
}

/// Analyzing: each staged account is linked to a user, or not.
pub fn analyze(transaction: &mut Transaction<'_>, job: &Job) -> Result<u32, Faults> {
    let Some(live) = Live::find(&transaction.state, job.subject, "Analyzing") else {
        return Ok(1);
    };
    if let Some(other) = is_new(job).then(|| busy(transaction, &live)).flatten() {
        return fail(transaction, &live, "409", &say::busy("Analyzing", &other));
    }
    let Some(used) = begin(transaction, &live, job, Stage::Analyze) else { return Ok(1) };
    let outcome = live.app.target.outcome(Stage::Analyze, used).cloned().unwrap_or_default();
    let text = live.app.config.text("UserAccountMapping");
    let schema = Arc::clone(&transaction.state.schema);
    let mapping = Mapping::parse(text).filter(|mapping| {
        schema.by_name("User").is_some_and(|user| user.field(&mapping.user).is_some())
    });
    let Some(mapping) = mapping else {
        let details = say::bad_mapping(text.unwrap_or_default());
        return fail(transaction, &live, "400", &details);
    };
    let (rows, ends) = rows_of(transaction, &live, job, &outcome);
    for row in &rows {
        link(transaction, &live.app, &mapping, row)?;
    }
    let (done, _) = place(job.at);
    let cost = 1 + 3 * rows.len() as u32;
    if ends {
        return fail_as(transaction, &live, "Analyzing", &outcome).map(|own| own + cost);
    }
    if let Some(last) = rows.last().filter(|_| rows.len() == ROWS) {
        let at = at(done + rows.len() as u32, last.number + 1);
        again(transaction, Job { at, ..job.clone() });
        return Ok(cost);
    }
    live.to(transaction, "Analyzed")?;
    let whole = transaction.state.tallies.contains_key(&(WHOLE, live.id));
    if whole && live.app.target.analyzed_commits {
        requests::plan(transaction, GO_ON, live.id);
    }
    Ok(cost + 2)
}

/// Links a staged account: exactly one user who has no other account here → linked; none → orphaned;
/// several, or one who has another → duplicate. What somebody chose to ignore stays ignored.
fn link(
    transaction: &mut Transaction<'_>,
    app: &App,
    mapping: &Mapping,
    row: &Record,
) -> Result<(), Faults> {
    if row.text("LinkState") == Some("Ignored") {
        return Ok(());
    }
    let value = row.value(EXTERNAL[mapping.account]);
    let users = holding(transaction, "User", &mapping.user, value, (0, 2));
    let (state, user) = match users.as_slice() {
        [] => ("Orphaned", None),
        [one] => match one.id() {
            Some(user) if !has_another(transaction, app, user, row) => ("Linked", Some(user)),
            _ => ("Duplicate", None),
        },
        _ => ("Duplicate", None),
    };
    record::update(transaction, row, |fields| {
        fields.text("LinkState", Some(state)).set("SalesforceUserId", user)
    })
}

/// True when a user is linked to another account of the app, known or staged.
fn has_another(transaction: &Transaction<'_>, app: &App, user: Id, row: &Record) -> bool {
    let id = row.value(EXTERNAL[0]);
    let linked = |other: &Record| {
        other.text("LinkState") == Some("Linked")
            && other.text("Status") != Some("Deleted")
            && other.value(EXTERNAL[0]) != id
    };
    let staged = record::pointing(transaction, STAGING, "SalesforceUserId", user);
    let of_app = |other: &Record| other.reference("ConnectedAppId") == Some(app.id);
    target::accounts_of(transaction, app.id, user).iter().any(linked)
        || staged.iter().any(|other| of_app(other) && linked(other))
}

/// Committing goes through the staged rows, then through the accounts, then removes what was staged.
/// `other` is unused; the phase is in the two highest bits of `at`.
pub fn commit(transaction: &mut Transaction<'_>, job: &Job) -> Result<u32, Faults> {
    let Some(live) = Live::find(&transaction.state, job.subject, "Committing") else {
        return Ok(1);
    };
    if let Some(other) = is_new(job).then(|| busy(transaction, &live)).flatten() {
        return fail(transaction, &live, "409", &say::busy("Committing", &other));
    }
    const PHASE: u64 = 1 << 62;
    if job.at >= 2 * PHASE {
        return clean(transaction, &live, job);
    }
    if job.at >= PHASE {
        let (cost, next) = vanish(transaction, &live.app, (job.at - PHASE) as RowNum)?;
        let at = next.map_or(2 * PHASE, |next| PHASE + u64::from(next));
        again(transaction, Job { at, ..job.clone() });
        return Ok(cost);
    }
    let Some(used) = begin(transaction, &live, job, Stage::Commit) else { return Ok(1) };
    let outcome = live.app.target.outcome(Stage::Commit, used).cloned().unwrap_or_default();
    let (rows, ends) = rows_of(transaction, &live, job, &outcome);
    for row in &rows {
        take_over(transaction, &live.app, row)?;
    }
    let (done, _) = place(job.at);
    let cost = 1 + 3 * rows.len() as u32;
    if ends {
        return fail_as(transaction, &live, "Committing", &outcome).map(|own| own + cost);
    }
    let collected = transaction.state.tallies.contains_key(&(COLLECTED, live.id));
    let next = match rows.last().filter(|_| rows.len() == ROWS) {
        Some(last) => at(done + rows.len() as u32, last.number + 1),
        None if collected => PHASE,
        // Rows that were staged by hand may be a part: nothing follows from what they lack.
        None => 2 * PHASE,
    };
    again(transaction, Job { at: next, ..job.clone() });
    Ok(cost)
}

/// Takes a staged account over. A link made by hand keeps its state and user.
fn take_over(transaction: &mut Transaction<'_>, app: &App, row: &Record) -> Result<(), Faults> {
    let external: External = std::array::from_fn(|at| row.text(EXTERNAL[at]).map(Arc::from));
    let status = row.text("Status").unwrap_or("Active");
    let link = row.text("LinkState");
    let user = row.reference("SalesforceUserId");
    let now = Value::DateTime(transaction.actor.now);
    let deleted = if status == "Deleted" { now } else { Value::Null };
    if let Some(held) = target::account_with(transaction, app.id, external[0].as_deref()) {
        return record::update(transaction, &held, |fields| {
            let fields = with_external(fields, &external);
            let fields = fields.text("Status", Some(status)).set("DeletedDate", deleted);
            if held.flag("IsKnownLink") {
                fields
            } else {
                fields.text("LinkState", link).set("SalesforceUserId", user)
            }
        });
    }
    record::insert(transaction, ACCOUNT, |fields| {
        with_external(fields, &external)
            .set("ConnectedAppId", app.id)
            .text("LinkState", link)
            .set("SalesforceUserId", user)
            .text("Status", Some(status))
            .set("DeletedDate", deleted)
    })?;
    Ok(())
}

/// Marks some accounts that were not collected as deleted; gives the next row to look at.
fn vanish(
    transaction: &mut Transaction<'_>,
    app: &App,
    from: RowNum,
) -> Result<(u32, Option<RowNum>), Faults> {
    let accounts =
        holding(transaction, ACCOUNT, "ConnectedAppId", &Value::Id(app.id), (from, ROWS));
    let mut cost = 1;
    for account in &accounts {
        let id = account.value(EXTERNAL[0]);
        let staged = holding(transaction, STAGING, EXTERNAL[0], id, (0, usize::MAX));
        let found = staged.iter().any(|row| {
            row.reference("ConnectedAppId") == Some(app.id) && row.value(EXTERNAL[0]) == id
        });
        cost += 1;
        if found || account.text("Status") == Some("Deleted") {
            continue;
        }
        let now = transaction.actor.now;
        record::update(transaction, account, |fields| {
            fields.text("Status", Some("Deleted")).set("DeletedDate", Value::DateTime(now))
        })?;
        cost += 2;
    }
    let next = accounts.last().filter(|_| accounts.len() == ROWS).map(|last| last.number + 1);
    Ok((cost, next))
}

/// Removes what was staged; the last step completes the request.
fn clean(transaction: &mut Transaction<'_>, live: &Live, job: &Job) -> Result<u32, Faults> {
    let (cost, more) = purge(transaction, live.app.id)?;
    // How many there were, for the log: the lowest bits of `at` count them.
    let job = Job { at: job.at + u64::from(cost) - 1, ..job.clone() };
    if more {
        again(transaction, job);
        return Ok(cost);
    }
    let taken = job.at & 0xffff_ffff;
    forget(transaction, live.id);
    let now = transaction.actor.now;
    record::update(transaction, &live.app.config, |fields| {
        fields.set("LastReconDateTime", Value::DateTime(now))
    })?;
    live.log(transaction, "Completed", &say::committed(taken), None)?;
    live.to(transaction, "Completed")?;
    Ok(cost + 4)
}
