//! What happens to users and their access → one `UserProvisioningRequest` for each connected app
//! that is provisioned, and only where something changed for the user.

use super::access::{self, App, Walk};
use super::record::{self, Record, pointing};
use super::requests::{self, GRANT};
use crate::dml::{Saved, Transaction};
use crate::error::Faults;
use crate::id::Id;
use crate::schema::ObjectSpec;
use crate::store::{Job, Row, RowNum};

/// Users looked at in one step of a walk.
const USERS: usize = 25;

/// A user was created or changed.
pub fn user_saved(transaction: &mut Transaction<'_>, saved: &Saved<'_>) -> Result<(), Faults> {
    let Some(after) = saved.after else { return Ok(()) };
    let apps = access::apps(&transaction.state);
    if apps.is_empty() {
        return Ok(());
    }
    let profile = |row: &Row| record::value(saved.object, row, "ProfileId").as_id();
    let active = |row: &Row| record::value(saved.object, row, "IsActive").is_true();
    for app in &apps {
        let reaches = |row: &Row| access::ways(transaction, app.id, saved.id, profile(row)) > 0;
        let now = reaches(after);
        let Some(before) = saved.before else {
            if now && active(after) {
                ask(transaction, app, "Create", saved.id)?;
            }
            continue;
        };
        let earlier = if profile(before) == profile(after) { now } else { reaches(before) };
        let operation = match (active(before) && earlier, active(after) && now) {
            (false, false) => continue,
            (false, true) if earlier => Some("Activate"),
            (false, true) => Some("Create"),
            (true, false) => Some("Deactivate"),
            (true, true) => None,
        };
        if let Some(operation) = operation {
            ask(transaction, app, operation, saved.id)?;
        }
        if active(after) && now && earlier && watched(app, saved.object, before, after) {
            ask(transaction, app, "Update", saved.id)?;
        }
    }
    Ok(())
}

/// True when a field changed that the app's configuration lists.
fn watched(app: &App, object: &ObjectSpec, before: &Row, after: &Row) -> bool {
    let list = app.config.text("OnUpdateAttributes").unwrap_or_default();
    list.split(',').any(|name| {
        let name = name.trim();
        record::value(object, before, name) != record::value(object, after, name)
    })
}

/// A user's login was frozen or unfrozen.
pub fn login_saved(transaction: &mut Transaction<'_>, saved: &Saved<'_>) -> Result<(), Faults> {
    let (Some(before), Some(after)) = (saved.before, saved.after) else { return Ok(()) };
    let frozen = |row: &Row| record::value(saved.object, row, "IsFrozen").is_true();
    if frozen(before) == frozen(after) {
        return Ok(());
    }
    let operation = if frozen(after) { "Freeze" } else { "Unfreeze" };
    let user = record::value(saved.object, after, "UserId").as_id();
    let Some(user) = user.and_then(|id| Record::find(&transaction.state, id)) else {
        return Ok(());
    };
    let Some(id) = user.id() else { return Ok(()) };
    for app in access::apps(&transaction.state) {
        if access::ways(transaction, app.id, id, user.reference("ProfileId")) > 0 {
            ask(transaction, &app, operation, id)?;
        }
    }
    Ok(())
}

/// A permission set was assigned to a user, or taken away.
pub fn assignment_saved(
    transaction: &mut Transaction<'_>,
    saved: &Saved<'_>,
) -> Result<(), Faults> {
    let given = match (saved.before, saved.after) {
        (None, Some(_)) => true,
        (Some(_), None) => false,
        _ => return Ok(()),
    };
    let apps = access::apps(&transaction.state);
    let Some(row) = saved.after.or(saved.before).filter(|_| !apps.is_empty()) else {
        return Ok(());
    };
    let reference = |name| record::value(saved.object, row, name).as_id();
    let (set, group) = (reference("PermissionSetId"), reference("PermissionSetGroupId"));
    let sets = access::sets_of(transaction, set, group);
    for app in &apps {
        let Some(user) = reference("AssigneeId") else { continue };
        let through = sets.iter().filter(|set| access::grants(transaction, **set, app.id)).count();
        if through > 0 {
            changed(transaction, app, user, given, through)?;
        }
    }
    Ok(())
}

/// A user gained or lost ways to an app: asks for what that means when they are the only ones.
fn changed(
    transaction: &mut Transaction<'_>,
    app: &App,
    user: Id,
    given: bool,
    through: usize,
) -> Result<(), Faults> {
    let Some(record) = Record::find(&transaction.state, user) else { return Ok(()) };
    if !record.flag("IsActive") {
        return Ok(());
    }
    let ways = access::ways(transaction, app.id, user, record.reference("ProfileId"));
    match (given, ways) {
        (true, ways) if ways == through => ask(transaction, app, "Create", user),
        (false, 0) => ask(transaction, app, "Deactivate", user),
        _ => Ok(()),
    }
}

/// A permission set (perhaps a profile's) was given access to an app, or it was taken away: a job
/// walks over the users who hold it.
pub fn grant_saved(transaction: &mut Transaction<'_>, saved: &Saved<'_>) -> Result<(), Faults> {
    let Some(row) = saved.after.or(saved.before) else { return Ok(()) };
    if saved.after.is_some() && saved.before.is_some() {
        return Ok(());
    }
    let reference = |name| record::value(saved.object, row, name).as_id();
    let (Some(app), Some(set)) = (reference("SetupEntityId"), reference("ParentId")) else {
        return Ok(());
    };
    if access::app(&transaction.state, app).is_some() {
        let given = u64::from(saved.after.is_some());
        let mark = u64::from(requests::next_number(&transaction.state)) << 1 | given;
        let job = Job { other: Some(set), mark, ..Job::new(GRANT, app) };
        let now = transaction.actor.now;
        transaction.state.jobs.push(now, job);
    }
    Ok(())
}

/// A step of the walk over the users of a permission set.
pub fn walk(transaction: &mut Transaction<'_>, job: &Job) -> Result<u32, Faults> {
    let app = access::app(&transaction.state, job.subject);
    let (Some(app), Some(set)) = (app, job.other) else { return Ok(1) };
    let (given, begun) = (job.mark & 1 == 1, (job.mark >> 1) as RowNum);
    let (users, next) = Walk::resumed(job.at).users(transaction, set, USERS);
    for user in &users {
        // What changed since the walk began has asked for itself.
        if requests::last_access(transaction, &app, *user, begun) != Some(given) {
            let profile = Record::find(&transaction.state, *user);
            let profile = profile.and_then(|user| user.reference("ProfileId"));
            let through = access::ways_through(transaction, set, *user, profile).iter().sum();
            changed(transaction, &app, *user, given, through)?;
        }
    }
    if let Some(next) = next {
        let now = transaction.actor.now;
        transaction.state.jobs.push(now, Job { at: next.at(), ..job.clone() });
    }
    Ok(1 + 4 * users.len() as u32)
}

/// Makes a request, if the app's configuration enables the operation.
fn ask(
    transaction: &mut Transaction<'_>,
    app: &App,
    operation: &str,
    user: Id,
) -> Result<(), Faults> {
    if !app.enables(operation) {
        return Ok(());
    }
    let state = &transaction.state;
    let manager = Record::find(state, user).and_then(|user| user.reference("ManagerId"));
    let approval = app.config.text("ApprovalRequired").is_some();
    let account = account_of(transaction, app.id, user);
    record::insert(transaction, "UserProvisioningRequest", |fields| {
        let external = account.as_ref().and_then(|account| account.text("ExternalUserId"));
        fields
            .text("AppName", Some(&app.name))
            .set("ConnectedAppId", app.id)
            .set("UserProvConfigId", app.config.id())
            .text("Operation", Some(operation))
            .text("State", Some("New"))
            .text("ApprovalStatus", Some(if approval { "Required" } else { "NotRequired" }))
            .set("SalesforceUserId", user)
            .set("ManagerId", manager.filter(|_| approval))
            .set("UserProvAccountId", account.as_ref().and_then(Record::id))
            .text("ExternalUserId", external)
            .set("RetryCount", crate::value::Value::Int(0))
    })?;
    Ok(())
}

/// The account that a user has in an app: one that is not deleted, if there is one.
pub fn account_of(transaction: &Transaction<'_>, app: Id, user: Id) -> Option<Record> {
    let accounts = pointing(transaction, "UserProvAccount", "SalesforceUserId", user);
    let own = accounts.into_iter().filter(|a| a.reference("ConnectedAppId") == Some(app));
    own.min_by_key(|account| account.text("Status") == Some("Deleted"))
}
