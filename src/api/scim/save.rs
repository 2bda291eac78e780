//! Writing users and groups: everything goes through one transaction, so that the rules, the
//! uniqueness and the effects of any other write hold here too.

use super::view::{Kind, View};
use super::wanted::{self, Verb, Wanted};
use crate::dml::{Given, Raw, Transaction, coerce};
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::schema::{Feature, ObjectSpec, Slot};
use crate::store::{Doc, RowNum, State};
use crate::value::Value;
use std::sync::Arc;

/// The profile of users whose client named none, in RFC mode.
const USUAL_PROFILE: &str = "Standard User";

/// The types of profiles of external users.
const PORTAL_TYPES: [&str; 4] =
    ["CspLitePortal", "PowerCustomerSuccess", "CustomerSuccess", "PowerPartner"];

fn object(state: &State, name: &str) -> Result<Arc<ObjectSpec>, Faults> {
    let found = state.schema.by_name(name).map(Arc::clone);
    found.ok_or_else(|| OrgError::object_not_emulated(name).into())
}

/// A field's slot and the value that it shall hold.
fn given(object: &ObjectSpec, name: &str, value: &Doc) -> Result<(Slot, Value), Faults> {
    let (slot, field) =
        object.field(name).ok_or_else(|| OrgError::no_such_column(name, &object.name))?;
    let number = match value {
        Doc::Int(number) => number.to_string(),
        Doc::Double(number) => number.to_string(),
        _ => String::new(),
    };
    let raw = match value {
        Doc::Null => Raw::Null,
        Doc::Bool(flag) => Raw::Bool(*flag),
        Doc::Text(text) => Raw::Text(text),
        Doc::Int(_) | Doc::Double(_) => Raw::Number(&number),
        Doc::List(_) | Doc::Object(_) => {
            return Err(OrgError::wrong_type(&field.label, "", &field.name).into());
        }
    };
    let value = coerce(field, raw).map_err(|_| {
        let shown = value.as_text().unwrap_or(&number);
        OrgError::wrong_type(&field.label, shown, &field.name)
    })?;
    Ok((slot, value))
}

/// Creates a user.
pub fn create_user(
    view: &View<'_>,
    transaction: &mut Transaction<'_>,
    mut wanted: Wanted,
) -> Result<Id, Faults> {
    let user = object(&transaction.state, "User")?;
    wanted::defaults(view, &mut wanted, transaction.actor.now);
    let mut fields = Given::with_capacity(wanted.fields.len());
    for (name, value) in &wanted.fields {
        fields.push(given(&user, name, value)?);
    }
    let profile = match wanted.profile {
        None => usual_profile(&transaction.state),
        profile => profile,
    };
    if let (Some(profile), Some((slot, _))) = (profile, user.field("ProfileId")) {
        fields.push((slot, Value::Id(profile)));
    }
    if !view.is_rfc()
        && let Some(contact) = contact_of(view, transaction, profile, &wanted)?
        && let Some((slot, _)) = user.field("ContactId")
    {
        fields.push((slot, contact));
    }
    let id = transaction.insert(&user, fields)?;
    for set in wanted.permission_sets.unwrap_or_default() {
        assign(transaction, id, set)?;
    }
    for group in wanted.groups.unwrap_or_default() {
        join(transaction, group, id)?;
    }
    if let Some(password) = wanted.password {
        transaction.state.passwords.insert(id, password.into());
    }
    Ok(id)
}

fn usual_profile(state: &State) -> Option<Id> {
    let object = state.schema.by_name("Profile")?;
    let (name, _) = object.field("Name")?;
    let mut rows = state.table(object.id).live_rows();
    let row = rows.find(|(_, row)| row.get(name).as_text() == Some(USUAL_PROFILE));
    row.and_then(|(_, row)| row.id(object.system.id))
}

/// The contact of a new external user: the given one, or one that is made with an account of its
/// own. *pilot*
fn contact_of(
    view: &View<'_>,
    transaction: &mut Transaction<'_>,
    profile: Option<Id>,
    wanted: &Wanted,
) -> Result<Option<Value>, Faults> {
    let kind = profile.and_then(|id| view.record(id)).and_then(|own| own.text("UserType"));
    if !kind.is_some_and(|kind| PORTAL_TYPES.contains(&kind.as_str())) {
        return Ok(None);
    }
    let user = object(&transaction.state, "User")?;
    if let Some(contact) = &wanted.contact {
        return Ok(Some(given(&user, "ContactId", &contact.as_str().into())?.1));
    }
    let text = |field: &str| {
        let found = wanted.fields.iter().find(|(own, _)| own == field);
        found.map_or(Doc::Null, |(_, value)| value.clone())
    };
    let account_object = object(&transaction.state, "Account")?;
    let persons = transaction.state.schema.features().has(Feature::PersonAccounts);
    let account = match &wanted.account {
        Some(account) => Doc::from(account.as_str()),
        None if persons => {
            let fields = [
                ("FirstName", text("FirstName")),
                ("LastName", text("LastName")),
                ("PersonEmail", text("Email")),
                ("PersonTitle", text("Title")),
            ];
            let id = insert(transaction, &account_object, &fields)?;
            let row = transaction.state.row(&account_object, id).map(|(_, row)| row.clone());
            let slot = account_object.field("PersonContactId").map(|(slot, _)| slot);
            return Ok(row.zip(slot).map(|(row, slot)| row.get(slot).clone()));
        }
        None => {
            let name = text("Username").as_text().unwrap_or_default().to_owned();
            let fields = [("Name", Doc::from(jit_name(&name)))];
            insert(transaction, &account_object, &fields)?.to_string().into()
        }
    };
    let contact = object(&transaction.state, "Contact")?;
    let fields = [
        ("FirstName", text("FirstName")),
        ("LastName", text("LastName")),
        ("Email", text("Email")),
        ("AccountId", account),
    ];
    insert(transaction, &contact, &fields).map(|id| Some(Value::Id(id)))
}

/// The name of an account that is made for one external user. *pilot*
fn jit_name(user_name: &str) -> String {
    [user_name, "JITUserAccount"].concat()
}

fn insert(
    transaction: &mut Transaction<'_>,
    object: &Arc<ObjectSpec>,
    fields: &[(&str, Doc)],
) -> Result<Id, Faults> {
    let fields = fields.iter().filter(|(_, value)| *value != Doc::Null);
    let fields: Given =
        fields.map(|(name, value)| given(object, name, value)).collect::<Result<_, Faults>>()?;
    transaction.insert(object, fields)
}

/// Assigns a permission set.
fn assign(transaction: &mut Transaction<'_>, user: Id, set: Id) -> Result<(), Faults> {
    let object = object(&transaction.state, "PermissionSetAssignment")?;
    let fields = [
        ("AssigneeId", Doc::from(user.to_string())),
        ("PermissionSetId", Doc::from(set.to_string())),
    ];
    insert(transaction, &object, &fields).map(|_| ())
}

/// Makes a user or group a member of a group.
fn join(transaction: &mut Transaction<'_>, group: Id, member: Id) -> Result<(), Faults> {
    let object = object(&transaction.state, "GroupMember")?;
    let fields = [
        ("GroupId", Doc::from(group.to_string())),
        ("UserOrGroupId", Doc::from(member.to_string())),
    ];
    insert(transaction, &object, &fields).map(|_| ())
}

fn delete(transaction: &mut Transaction<'_>, name: &str, number: RowNum) -> Result<(), Faults> {
    let object = object(&transaction.state, name)?;
    transaction.delete(&object, number)
}

/// The live row of an id in the transaction's state.
fn live(transaction: &Transaction<'_>, name: &str, id: Id) -> Result<RowNum, Faults> {
    let object = object(&transaction.state, name)?;
    let row = transaction.state.live_row(&object, id).map(|(number, _)| number);
    row.ok_or_else(|| OrgError::entity_is_deleted().into())
}

/// Changes a user: only the fields whose values differ are written.
pub fn change_user(
    view: &View<'_>,
    transaction: &mut Transaction<'_>,
    id: Id,
    verb: Verb,
    wanted: Wanted,
) -> Result<(), Faults> {
    let user = object(&transaction.state, "User")?;
    let number = live(transaction, "User", id)?;
    let Some(row) = transaction.state.table(user.id).get(number).cloned() else { return Ok(()) };
    let mut fields = Given::new();
    for (name, value) in &wanted.fields {
        let (slot, value) = given(&user, name, value)?;
        if *row.get(slot) != value && !(value == Value::Bool(false) && row.get(slot).is_null()) {
            fields.push((slot, value));
        }
    }
    if let (Some(profile), Some((slot, _))) = (wanted.profile, user.field("ProfileId"))
        && *row.get(slot) != Value::Id(profile)
    {
        fields.push((slot, Value::Id(profile)));
    }
    if !fields.is_empty() {
        transaction.update(&user, number, fields)?;
    }
    if let Some(sets) = wanted.permission_sets {
        let held = view.permission_sets_of(id);
        for (number, _) in held.iter().filter(|(_, own)| !sets.contains(own)) {
            delete(transaction, "PermissionSetAssignment", *number)?;
        }
        for set in sets.into_iter().filter(|set| !held.iter().any(|(_, own)| own == set)) {
            assign(transaction, id, set)?;
        }
    }
    if let Some(groups) = wanted.groups {
        let held = view.memberships(id);
        // A replacement adds groups and takes none away. *pilot*
        let gone = held.iter().filter(|(_, own)| verb == Verb::Patch && !groups.contains(own));
        for (number, _) in gone {
            delete(transaction, "GroupMember", *number)?;
        }
        for group in groups.into_iter().filter(|group| !held.iter().any(|(_, own)| own == group)) {
            join(transaction, group, id)?;
        }
    }
    if let Some(password) = wanted.password {
        transaction.state.passwords.insert(id, password.into());
    }
    Ok(())
}

/// Takes a user away as Salesforce does: inactive, and renamed so that the name is free again.
pub fn remove_user(transaction: &mut Transaction<'_>, id: Id) -> Result<(), Faults> {
    const LONGEST: usize = 80;
    let user = object(&transaction.state, "User")?;
    let number = live(transaction, "User", id)?;
    let name_slot = user.field("Username").map(|(slot, _)| slot);
    let row = transaction.state.table(user.id).get(number);
    let name = row.zip(name_slot).and_then(|(row, slot)| row.get(slot).as_text());
    let renamed: String = renamed(id, name.unwrap_or_default()).chars().take(LONGEST).collect();
    let fields = [
        ("IsActive", Doc::Bool(false)),
        ("Username", renamed.into()),
        ("CommunityNickname", id.to_string().into()),
    ];
    let fields: Given = fields
        .iter()
        .map(|(name, value)| given(&user, name, value))
        .collect::<Result<_, Faults>>()?;
    transaction.update(&user, number, fields)
}

/// The name of a user who was taken away.
fn renamed(id: Id, name: &str) -> String {
    [&id.to_string(), "_", name].concat()
}

/// What a group shall be.
#[derive(Debug, Default)]
pub struct WantedGroup {
    /// Its name, when there shall be another.
    pub name: Option<String>,
    /// Its members, when the client says.
    pub members: Option<Vec<String>>,
}

impl WantedGroup {
    /// What a document says.
    pub fn of(doc: &Doc) -> WantedGroup {
        let member = |own: &Doc| wanted::referred(own).or(own.as_text()).map(ToOwned::to_owned);
        WantedGroup {
            name: doc.text_at(&["displayName"]).map(ToOwned::to_owned),
            members: doc.get("members").map(|own| own.items().iter().filter_map(member).collect()),
        }
    }
}

/// The members as ids; what is no id is reported as saving would.
fn member_ids(transaction: &Transaction<'_>, members: &[String]) -> Result<Vec<Id>, Faults> {
    let object = object(&transaction.state, "GroupMember")?;
    let label = object.field("UserOrGroupId").map_or("", |(_, field)| &field.label);
    let mut ids: Vec<Id> = Vec::new();
    for member in members {
        let id = Id::parse(member)
            .map_err(|_| Faults::from(OrgError::malformed_id(label, member, "UserOrGroupId")))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Creates a group.
pub fn create_group(transaction: &mut Transaction<'_>, wanted: &WantedGroup) -> Result<Id, Faults> {
    let group = object(&transaction.state, "Group")?;
    let name = wanted.name.as_deref().map_or(Doc::Null, Doc::from);
    let id = insert(transaction, &group, &[("Name", name), ("Type", "Regular".into())])?;
    for member in member_ids(transaction, wanted.members.as_deref().unwrap_or_default())? {
        join(transaction, id, member)?;
    }
    Ok(id)
}

/// Changes a group.
pub fn change_group(
    view: &View<'_>,
    transaction: &mut Transaction<'_>,
    id: Id,
    wanted: &WantedGroup,
) -> Result<(), Faults> {
    let group = object(&transaction.state, "Group")?;
    let number = live(transaction, "Group", id)?;
    if let Some(name) = &wanted.name {
        let field = given(&group, "Name", &name.as_str().into())?;
        let row = transaction.state.table(group.id).get(number);
        if row.is_some_and(|row| *row.get(field.0) != field.1) {
            transaction.update(&group, number, vec![field])?;
        }
    }
    let Some(members) = &wanted.members else { return Ok(()) };
    let members = member_ids(transaction, members)?;
    let held = view.members(id);
    for (number, _) in held.iter().filter(|(_, own)| !members.contains(own)) {
        delete(transaction, "GroupMember", *number)?;
    }
    for member in members.into_iter().filter(|one| !held.iter().any(|(_, own)| own == one)) {
        join(transaction, id, member)?;
    }
    Ok(())
}

/// Deletes a group with its memberships.
pub fn remove_group(
    view: &View<'_>,
    transaction: &mut Transaction<'_>,
    id: Id,
) -> Result<(), Faults> {
    for (number, _) in view.members(id).into_iter().chain(view.memberships(id)) {
        delete(transaction, "GroupMember", number)?;
    }
    let number = live(transaction, "Group", id)?;
    delete(transaction, "Group", number)
}

/// True when a kind can be written.
pub fn is_writable(kind: Kind) -> bool {
    matches!(kind, Kind::User | Kind::Group)
}
