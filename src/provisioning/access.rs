//! Who reaches which connected app, and which apps are provisioned at all.
//!
//! A user reaches an app through a `SetupEntityAccess` row whose permission set the user holds: by
//! assignment, through a group, or because the user's profile owns it.

use super::record::{Record, holding, pointing};
use crate::dml::Transaction;
use crate::id::Id;
use crate::store::{State, Target};
use crate::value::Value;
use std::sync::Arc;

/// A connected app that is provisioned: its configuration is enabled and it has a target.
#[derive(Clone)]
pub struct App {
    /// The connected app.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Its `UserProvisioningConfig`.
    pub config: Record,
    /// The system behind it.
    pub target: Arc<Target>,
}

/// What a configuration must enable for an operation; `None`: nothing.
fn gate(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "Create" => "Create",
        "Update" => "Update",
        "Activate" | "Deactivate" => "EnableAndDisable",
        "Freeze" | "Unfreeze" => "SuspendAndRestore",
        _ => return None,
    })
}

/// True when a comma-separated list names a thing, letter case aside.
pub fn lists(list: Option<&str>, name: &str) -> bool {
    list.is_some_and(|list| list.split(',').any(|own| own.trim().eq_ignore_ascii_case(name)))
}

impl App {
    /// True when its configuration enables an operation.
    pub fn enables(&self, operation: &str) -> bool {
        gate(operation).is_none_or(|gate| lists(self.config.text("EnabledOperations"), gate))
    }
}

/// Every app that is provisioned. Costs nothing in an org without targets.
pub fn apps(state: &State) -> Vec<App> {
    if state.settings.targets.is_empty() {
        return Vec::new();
    }
    let Some(object) = state.schema.by_name("UserProvisioningConfig") else { return Vec::new() };
    let mut apps: Vec<App> = Vec::new();
    for (number, row) in state.table(object.id).live_rows() {
        let config = Record { object: object.clone(), number, row: row.clone() };
        let app = config.reference("ConnectedAppId").and_then(|id| Record::find(state, id));
        let known =
            app.as_ref().and_then(Record::id).zip(app.as_ref().and_then(|a| a.text("Name")));
        let Some((id, name)) = known.filter(|_| config.flag("Enabled")) else { continue };
        let Some(target) = state.settings.target(id, name) else { continue };
        if !apps.iter().any(|app| app.id == id) {
            apps.push(App { id, name: name.to_owned(), config, target: Arc::clone(target) });
        }
    }
    apps
}

/// The app of an id, if it is provisioned.
pub fn app(state: &State, id: Id) -> Option<App> {
    apps(state).into_iter().find(|app| app.id == id)
}

/// In how many ways a user with a profile reaches an app.
pub fn ways(transaction: &Transaction<'_>, app: Id, user: Id, profile: Option<Id>) -> usize {
    let grants = pointing(transaction, "SetupEntityAccess", "SetupEntityId", app);
    let sets = grants.iter().filter_map(|grant| grant.reference("ParentId"));
    sets.map(|set| ways_through(transaction, set, user, profile).iter().sum::<usize>()).sum()
}

/// In how many ways a user with a profile holds a permission set: by assignment, by assignment of
/// its group, by the profile that owns it.
pub fn ways_through(
    transaction: &Transaction<'_>,
    set: Id,
    user: Id,
    profile: Option<Id>,
) -> [usize; 3] {
    let assignments = pointing(transaction, "PermissionSetAssignment", "AssigneeId", user);
    let by = |field: &str, id: Option<Id>| {
        let id = id.into_iter();
        id.flat_map(|id| assignments.iter().filter(move |row| row.reference(field) == Some(id)))
            .count()
    };
    let owned = profile.is_some() && profile_of(&transaction.state, set) == profile;
    [
        by("PermissionSetId", Some(set)),
        by("PermissionSetGroupId", group_of(&transaction.state, set)),
        usize::from(owned),
    ]
}

/// The profile that owns a permission set.
pub fn profile_of(state: &State, set: Id) -> Option<Id> {
    Record::find(state, set)?.reference("ProfileId")
}

/// The group whose permissions a permission set gathers.
pub fn group_of(state: &State, set: Id) -> Option<Id> {
    Record::find(state, set)?.reference("PermissionSetGroupId")
}

/// The permission sets that an assignment gives: its own, or those of its group.
pub fn sets_of(transaction: &Transaction<'_>, set: Option<Id>, group: Option<Id>) -> Vec<Id> {
    let mut sets: Vec<Id> = set.into_iter().collect();
    if let Some(group) = group {
        let of_group = pointing(transaction, "PermissionSet", "PermissionSetGroupId", group);
        sets.extend(of_group.iter().filter_map(Record::id));
    }
    sets
}

/// True when a permission set gives access to an app.
pub fn grants(transaction: &Transaction<'_>, set: Id, app: Id) -> bool {
    let rows = pointing(transaction, "SetupEntityAccess", "ParentId", set);
    rows.iter().any(|row| row.reference("SetupEntityId") == Some(app))
}

/// Where a walk over the users of a permission set stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    phase: u32,
    from: u32,
}

impl Walk {
    /// Back from a job's counter.
    pub fn resumed(at: u64) -> Walk {
        Walk { phase: (at >> 32) as u32, from: at as u32 }
    }

    /// As a job's counter.
    pub fn at(self) -> u64 {
        u64::from(self.phase) << 32 | u64::from(self.from)
    }

    /// Up to `most` further users who hold a permission set, and where the walk goes on; `None` at
    /// its end. A user who holds it in several ways comes once.
    pub fn users(
        self,
        transaction: &Transaction<'_>,
        set: Id,
        most: usize,
    ) -> (Vec<Id>, Option<Walk>) {
        let state = &transaction.state;
        // By assignment, by assignment of the group, by the profile that owns the set.
        let (object, field, id) = match self.phase {
            0 => ("PermissionSetAssignment", "PermissionSetId", Some(set)),
            1 => ("PermissionSetAssignment", "PermissionSetGroupId", group_of(state, set)),
            2 => ("User", "ProfileId", profile_of(state, set)),
            _ => return (Vec::new(), None),
        };
        let next = Walk { phase: self.phase + 1, from: 0 };
        let Some(id) = id else { return next.users(transaction, set, most) };
        let found = holding(transaction, object, field, &Value::Id(id), (self.from, most));
        let user = |row: &Record| match self.phase {
            2 => row.id(),
            _ => row.reference("AssigneeId"),
        };
        let first = |user: &Id| {
            let profile = Record::find(state, *user).and_then(|user| user.reference("ProfileId"));
            let ways = ways_through(transaction, set, *user, profile);
            ways[..self.phase as usize].iter().all(|ways| *ways == 0)
        };
        let mut users: Vec<Id> = found.iter().filter_map(user).filter(first).collect();
        users.dedup();
        match found.last() {
            Some(last) if found.len() == most => {
                (users, Some(Walk { from: last.number + 1, ..self }))
            }
            _ => (users, Some(next)),
        }
    }
}

/// True when a user's profile may modify all data.
pub fn modifies_all_data(state: &State, user: Id) -> bool {
    let profile = Record::find(state, user).and_then(|user| user.reference("ProfileId"));
    let profile = profile.and_then(|profile| Record::find(state, profile));
    profile.is_some_and(|profile| profile.flag("PermissionsModifyAllData"))
}
