//! The org's records as SCIM resources: users, groups, entitlements (profiles and permission sets)
//! and roles, in one state. `reference/provisioning.md` §C3.

use super::schema::{ENTERPRISE, ENTITLEMENT, EXTERNAL, GROUP, OTHER, ROLE, USER};
use crate::api::doc_text;
use crate::id::Id;
use crate::schema::{ObjectSpec, Slot};
use crate::store::{Doc, IndexCache, Key, Row, RowNum, ScimMode, State};
use crate::time;
use crate::value::Value;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;

/// A kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A User record.
    User,
    /// A public group or queue.
    Group,
    /// A profile or permission set.
    Entitlement,
    /// A `UserRole`.
    Role,
}

impl Kind {
    /// Every kind with its place in URLs and its name.
    pub const ALL: [(Kind, &'static str, &'static str); 4] = [
        (Kind::User, "Users", "User"),
        (Kind::Group, "Groups", "Group"),
        (Kind::Entitlement, "Entitlements", "Entitlement"),
        (Kind::Role, "Roles", "Role"),
    ];

    /// The kind of a URL's segment.
    pub fn of_segment(segment: &str) -> Option<Kind> {
        Kind::ALL.iter().find(|(_, own, _)| *own == segment).map(|(kind, ..)| *kind)
    }

    /// Its place in URLs.
    pub fn segment(self) -> &'static str {
        Kind::ALL[self as usize].1
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Kind::ALL[self as usize].2
    }
}

/// The types of users that SCIM shows; automated processes and guests stay hidden.
const SHOWN_TYPES: [&str; 7] = [
    "Standard",
    "PowerPartner",
    "PowerCustomerSuccess",
    "CustomerSuccess",
    "SelfService",
    "CspLitePortal",
    "CsnOnly",
];

/// The types of profiles that nobody can be given.
const HIDDEN_PROFILES: [&str; 3] = ["BlackTab User", "Automated Process", "Guest"];

/// Most members that a group or entitlement shows.
const MOST_MEMBERS: usize = 200;

/// What RFC mode appends to a user name that is no e-mail address, which a Username must be. It is
/// taken off again when the user is shown.
pub const NAME_SUFFIX: &str = "@scim.fauxforce.test";

/// A state to be shown.
pub struct View<'a> {
    /// The org's data.
    pub state: Arc<State>,
    /// Its indexes.
    pub indexes: &'a IndexCache,
    /// How it is shown.
    pub mode: ScimMode,
    /// The URL that the resources lie under.
    pub base: String,
    /// The URL of the org.
    pub instance: String,
    /// The org's id.
    pub org: String,
}

/// A row with its object.
#[derive(Clone, Copy)]
pub struct Record<'s> {
    /// The object.
    pub object: &'s ObjectSpec,
    /// The row.
    pub row: &'s Row,
}

impl Record<'_> {
    /// A field's value; null when the org does not have the field.
    pub fn value(&self, name: &str) -> &Value {
        self.object.field(name).map_or(&Value::Null, |(slot, _)| self.row.get(slot))
    }

    /// A field's text: free, picked or an id.
    pub fn text(&self, name: &str) -> Option<String> {
        let (slot, field) = self.object.field(name)?;
        match self.row.get(slot) {
            Value::Text(text) => Some(text.to_string()),
            Value::Id(id) => Some(id.to_string()),
            Value::Pick(code) => {
                field.picklist.as_ref().map(|list| list.value(*code).value.to_string())
            }
            _ => None,
        }
    }

    /// The row's id.
    pub fn id(&self) -> Option<Id> {
        self.row.id(self.object.system.id)
    }

    fn instant(&self, name: &str) -> Option<String> {
        self.value(name).as_datetime().map(time::datetime_seconds_text)
    }
}

impl View<'_> {
    /// True in RFC mode.
    pub fn is_rfc(&self) -> bool {
        self.mode == ScimMode::Rfc
    }

    /// The live row of an id.
    pub fn record(&self, id: Id) -> Option<Record<'_>> {
        let (object, _, row) = self.state.resolve(id)?;
        Some(Record { object, row })
    }

    fn name_of(&self, id: Id) -> Option<String> {
        self.record(id)?.text("Name")
    }

    /// The live rows of an object.
    fn records(&self, object: &str) -> Vec<Record<'_>> {
        let Some(object) = self.state.schema.by_name(object) else { return Vec::new() };
        let rows = self.state.table(object.id).live_rows();
        rows.map(|(_, row)| Record { object, row }).collect()
    }

    /// The live rows of an object whose reference points to an id.
    pub fn pointing(&self, object: &str, field: &str, id: Id) -> Vec<(RowNum, Record<'_>)> {
        let Some(object) = self.state.schema.by_name(object) else { return Vec::new() };
        let Some((slot, _)) = object.field(field) else { return Vec::new() };
        let table = self.state.table(object.id);
        if table.live() == 0 {
            return Vec::new();
        }
        let keys = self.indexes.get(object.id, slot, table);
        let live = |number: RowNum| {
            let row = table.get(number).filter(|row| !row.is_deleted())?;
            Some((number, Record { object, row }))
        };
        keys.equal(&Key::Id(id)).filter_map(live).collect()
    }

    /// The users whose unique field holds a text.
    pub fn users_with(&self, field: &str, text: &str) -> Vec<Id> {
        let Some(object) = self.state.schema.by_name("User") else { return Vec::new() };
        let Some((slot, _)) = object.field(field) else { return Vec::new() };
        let table = self.state.table(object.id);
        let rows = table.lookup(slot, &Value::text(text)).into_iter();
        let row_id = |number| {
            let row = table.get(number).filter(|row: &&Row| !row.is_deleted())?;
            row.id(object.system.id)
        };
        rows.filter_map(row_id).collect()
    }

    /// The ids of all resources of a kind, in order.
    pub fn ids(&self, kind: Kind) -> Vec<Id> {
        let of = |object: &str| {
            let shown = self.records(object).into_iter().filter(|own| self.shows(kind, *own));
            let mut ids: Vec<Id> = shown.filter_map(|own| own.id()).collect();
            ids.sort_unstable();
            ids
        };
        match kind {
            Kind::User => of("User"),
            Kind::Group => of("Group"),
            Kind::Role => of("UserRole"),
            Kind::Entitlement => {
                let mut ids = of("Profile");
                ids.extend(of("PermissionSet"));
                ids
            }
        }
    }

    /// True when a record is a resource of a kind.
    fn shows(&self, kind: Kind, record: Record<'_>) -> bool {
        let text = |name| record.text(name).unwrap_or_default();
        match (kind, &*record.object.name) {
            (Kind::User, "User") => {
                SHOWN_TYPES.contains(&text("UserType").as_str())
                    && !(self.is_rfc() && is_removed(record))
            }
            (Kind::Group, "Group") => matches!(text("Type").as_str(), "Regular" | "Queue"),
            (Kind::Entitlement, "Profile") => !HIDDEN_PROFILES.contains(&text("UserType").as_str()),
            (Kind::Entitlement, "PermissionSet") => !record.value("IsOwnedByProfile").is_true(),
            (Kind::Role, "UserRole") => true,
            _ => false,
        }
    }

    /// A resource.
    pub fn resource(&self, kind: Kind, id: Id) -> Option<Doc> {
        let record = self.record(id).filter(|record| self.shows(kind, *record))?;
        let doc = match kind {
            Kind::User => self.user(record, id),
            Kind::Group => self.group(record, id),
            Kind::Entitlement => self.entitlement(record, id),
            Kind::Role => self.role(record, id),
        };
        Some(self.with_meta(kind, record, doc))
    }

    fn with_meta(&self, kind: Kind, record: Record<'_>, doc: Doc) -> Doc {
        let location = self.location(kind, doc.text_at(&["id"]).unwrap_or_default());
        let modified = record.instant("LastModifiedDate").or(record.instant("SystemModstamp"));
        let version = if self.is_rfc() {
            // Memberships are rows of their own, so the tag is made of all that is shown.
            let seen = format!("{}{}", record.row.commit(), doc_text::text(&doc));
            format!("W/\"{}\"", hex(&seen, 8))
        } else {
            hex(&format!("{location}{}", modified.clone().unwrap_or_default()), 20)
        };
        let created = record.instant("CreatedDate");
        let meta = if self.is_rfc() {
            Doc::object().with("resourceType", kind.name())
        } else {
            Doc::object()
        };
        let meta = meta
            .with_some("created", created)
            .with_some("lastModified", modified)
            .with("location", location);
        let meta = if self.is_rfc() { meta } else { meta.with("resourceType", kind.name()) };
        doc.with("meta", meta.with("version", version))
    }

    /// The URL of a resource.
    pub fn location(&self, kind: Kind, id: &str) -> String {
        format!("{}/{}/{id}", self.base, kind.segment())
    }

    /// A reference to a resource: absolute, or as Salesforce writes it.
    fn link(&self, kind: Kind, id: &str) -> String {
        if self.is_rfc() { self.location(kind, id) } else { format!("/{}/{id}", kind.segment()) }
    }

    /// The name of a user as a client knows it.
    pub fn user_name(&self, stored: &str) -> String {
        let plain = stored.strip_suffix(NAME_SUFFIX).filter(|_| self.is_rfc());
        plain.unwrap_or(stored).to_owned()
    }

    fn user(&self, user: Record<'_>, id: Id) -> Doc {
        let text = |name| user.text(name);
        let mut schemas = vec![USER, ENTERPRISE];
        let custom = Self::custom(user);
        let custom_urn = self.custom_urn();
        if !custom.is_nothing() {
            schemas.push(&custom_urn);
        }
        let external = Doc::object()
            .with_some("accountId", text("AccountId"))
            .with_some("contactId", text("ContactId"));
        let external = if self.is_rfc() { Doc::object() } else { external };
        if !external.is_nothing() {
            schemas.push(EXTERNAL);
        }
        let mut doc = Doc::object()
            .with("schemas", Doc::texts(schemas))
            .with("id", id.to_string())
            .with_some("userName", text("Username").map(|name| self.user_name(&name)))
            .with_some("externalId", text("FederationIdentifier"));
        let name = Doc::object()
            .with_some("formatted", text("Name"))
            .with_some("familyName", text("LastName"))
            .with_some("givenName", text("FirstName"));
        doc = doc
            .with("name", name)
            .with_some("displayName", text("Name"))
            .with_some("nickName", text("CommunityNickname"));
        // An address that RFC mode made up is none of the client's.
        let email = text("Email").filter(|own| !(self.is_rfc() && own.ends_with(NAME_SUFFIX)));
        if let Some(email) = email {
            let email =
                Doc::object().with("type", "work").with("primary", true).with("value", email);
            doc.set("emails", vec![email]);
        }
        if let Some(address) = address(user) {
            doc.set("addresses", vec![address]);
        }
        let phones: Vec<Doc> = PHONES
            .iter()
            .filter_map(|(kind, field)| {
                Some(Doc::object().with("type", *kind).with("value", text(field)?))
            })
            .collect();
        if !phones.is_empty() {
            doc.set("phoneNumbers", phones);
        }
        let tag = |text: String| if self.is_rfc() { text.replace('_', "-") } else { text };
        doc = doc
            .with_some("userType", text("UserType"))
            .with_some("title", text("Title"))
            .with_some("preferredLanguage", text("LanguageLocaleKey").map(tag))
            .with_some("emailEncodingKey", text("EmailEncodingKey").filter(|_| !self.is_rfc()))
            .with_some("locale", text("LocaleSidKey").map(tag))
            .with_some("timezone", text("TimeZoneSidKey"))
            .with("active", user.value("IsActive").is_true());
        let page = format!("{}/{id}", self.instance);
        doc.set(if self.is_rfc() { "profileUrl" } else { "profileURL" }, page);
        doc.set("entitlements", self.entitlements_of(user, id));
        let groups = self.groups_of(id);
        if !groups.is_empty() {
            doc.set("groups", groups);
        }
        if let Some(role) = user.value("UserRoleId").as_id() {
            let role = Doc::object()
                .with("value", role.to_string())
                .with("$ref", self.link(Kind::Role, &role.to_string()))
                .with_some("display", self.name_of(role));
            doc.set("roles", vec![role]);
        }
        doc.set(ENTERPRISE, self.enterprise(user));
        if !external.is_nothing() {
            doc.set(EXTERNAL, external);
        }
        if !custom.is_nothing() {
            doc.set(&custom_urn, custom);
        }
        if !self.is_rfc() {
            doc.set(OTHER, Doc::object().with_some("alias", text("Alias")));
        }
        doc
    }

    fn enterprise(&self, user: Record<'_>) -> Doc {
        let person = |field: &str, key: &str| {
            let id = user.value(field).as_id()?;
            let link = self.link(Kind::User, &id.to_string());
            let person = Doc::object().with(key, id.to_string()).with("$ref", link);
            Some(person.with_some("displayName", self.name_of(id)))
        };
        let approver = person("DelegatedApproverId", "delegatedApproverId");
        Doc::object()
            .with("organization", self.org.as_str())
            .with_some("division", user.text("Division"))
            .with_some("employeeNumber", user.text("EmployeeNumber"))
            .with_some("department", user.text("Department"))
            .with_some("manager", person("ManagerId", "value"))
            .with_some("delegatedApprover", approver.filter(|_| !self.is_rfc()))
    }

    /// URN of the org's custom fields.
    pub fn custom_urn(&self) -> String {
        format!("{}{}", super::schema::CUSTOM, self.org)
    }

    fn custom(user: Record<'_>) -> Doc {
        let mut doc = Doc::object();
        for (slot, field) in user.object.visible_fields().filter(|(_, field)| field.custom) {
            let value = plain(user, slot);
            if value != Doc::Null {
                doc.set(&field.name, value);
            }
        }
        doc
    }

    fn entitlements_of(&self, user: Record<'_>, id: Id) -> Vec<Doc> {
        let entitlement = |own: Id, kind: &str| {
            let text = own.to_string();
            Doc::object()
                .with("value", text.as_str())
                .with("$ref", self.link(Kind::Entitlement, &text))
                .with_some("display", self.name_of(own))
                .with("type", kind)
                .with("primary", kind == "Profile")
        };
        let profile = user.value("ProfileId").as_id();
        let sets = self.permission_sets_of(id);
        let profile = profile.map(|own| entitlement(own, "Profile"));
        let sets = sets.into_iter().map(|(_, own)| entitlement(own, "Permission Set"));
        profile.into_iter().chain(sets).collect()
    }

    /// The permission sets of a user with the rows that assign them; those of profiles aside.
    pub fn permission_sets_of(&self, user: Id) -> Vec<(RowNum, Id)> {
        let rows = self.pointing("PermissionSetAssignment", "AssigneeId", user).into_iter();
        let set = |(number, record): (RowNum, Record<'_>)| {
            let set = record.value("PermissionSetId").as_id()?;
            let owned = self.record(set)?.value("IsOwnedByProfile").is_true();
            (!owned).then_some((number, set))
        };
        rows.filter_map(set).collect()
    }

    /// The groups of a user or group with the rows that make it a member.
    pub fn memberships(&self, id: Id) -> Vec<(RowNum, Id)> {
        let rows = self.pointing("GroupMember", "UserOrGroupId", id).into_iter();
        rows.filter_map(|(number, record)| Some((number, record.value("GroupId").as_id()?)))
            .collect()
    }

    fn groups_of(&self, user: Id) -> Vec<Doc> {
        let group = |(_, id): (RowNum, Id)| {
            let group = self.record(id).filter(|group| self.shows(Kind::Group, *group))?;
            let link = self.link(Kind::Group, &id.to_string());
            let doc = Doc::object().with("value", id.to_string()).with("$ref", link);
            Some(doc.with_some("display", group.text("Name")))
        };
        self.memberships(user).into_iter().filter_map(group).collect()
    }

    /// The members of a group with their rows.
    pub fn members(&self, group: Id) -> Vec<(RowNum, Id)> {
        let rows = self.pointing("GroupMember", "GroupId", group).into_iter();
        rows.filter_map(|(number, record)| Some((number, record.value("UserOrGroupId").as_id()?)))
            .collect()
    }

    fn group(&self, group: Record<'_>, id: Id) -> Doc {
        let member = |(_, id): (RowNum, Id)| {
            let kind = if &id.prefix() == b"005" { Kind::User } else { Kind::Group };
            let doc = Doc::object().with("value", id.to_string()).with("type", kind.name());
            let doc = doc.with("$ref", self.location(kind, &id.to_string()));
            if self.is_rfc() { doc.with_some("display", self.name_of(id)) } else { doc }
        };
        let members: Vec<Doc> =
            self.members(id).into_iter().take(self.most_members()).map(member).collect();
        let doc = Doc::object()
            .with("schemas", Doc::texts([GROUP]))
            .with("id", id.to_string())
            .with_some("displayName", group.text("Name"));
        if self.is_rfc() {
            return if members.is_empty() { doc } else { doc.with("members", members) };
        }
        doc.with_some("type", group.text("Type")).with("members", members)
    }

    /// RFC mode shows them all: its members are all that a client can see.
    fn most_members(&self) -> usize {
        if self.is_rfc() { usize::MAX } else { MOST_MEMBERS }
    }

    fn entitlement(&self, record: Record<'_>, id: Id) -> Doc {
        let profile = &id.prefix() == b"00e";
        let users: Vec<Id> = if profile {
            let users = self.pointing("User", "ProfileId", id).into_iter();
            users.filter_map(|(_, user)| user.id()).collect()
        } else {
            let rows = self.pointing("PermissionSetAssignment", "PermissionSetId", id).into_iter();
            rows.filter_map(|(_, row)| row.value("AssigneeId").as_id()).collect()
        };
        Doc::object()
            .with("schemas", Doc::texts([ENTITLEMENT]))
            .with("id", id.to_string())
            .with_some("displayName", record.text("Name"))
            .with("type", if profile { "Profile" } else { "Permission Set" })
            .with("members", self.active_users(users))
    }

    fn role(&self, record: Record<'_>, id: Id) -> Doc {
        let users = self.pointing("User", "UserRoleId", id).into_iter();
        let users = users.filter_map(|(_, user)| user.id()).collect();
        Doc::object()
            .with("schemas", Doc::texts([ROLE]))
            .with("id", id.to_string())
            .with_some("displayName", record.text("Name"))
            .with("members", self.active_users(users))
    }

    fn active_users(&self, users: Vec<Id>) -> Vec<Doc> {
        let user = |id: Id| {
            let user = self.record(id).filter(|user| user.value("IsActive").is_true())?;
            let doc = Doc::object().with("value", id.to_string());
            let doc = doc.with_some("display", user.text("Name"));
            Some(doc.with("$ref", self.location(Kind::User, &id.to_string())))
        };
        users.into_iter().filter_map(user).take(MOST_MEMBERS).collect()
    }
}

/// The types of phone numbers and the fields that hold them.
pub const PHONES: [(&str, &str); 3] =
    [("work", "Phone"), ("mobile", "MobilePhone"), ("fax", "Fax")];

/// True for a user whom a DELETE took away: inactive, and renamed after its id.
pub fn is_removed(user: Record<'_>) -> bool {
    let Some(id) = user.id() else { return false };
    let name = user.text("Username").unwrap_or_default();
    !user.value("IsActive").is_true() && name.starts_with(&format!("{id}_"))
}

fn address(user: Record<'_>) -> Option<Doc> {
    let text = |name| user.text(name);
    let [street, city, state, code, country] =
        ["Street", "City", "State", "PostalCode", "Country"].map(text);
    let mut formatted = String::new();
    for (part, end) in [(&street, "\n"), (&city, ", "), (&state, " "), (&code, " "), (&country, "")]
    {
        if let Some(part) = part {
            let _ = write!(formatted, "{part}{end}");
        }
    }
    if formatted.is_empty() {
        return None;
    }
    let doc = Doc::object().with("type", "work").with("primary", true);
    let doc = doc.with_some("streetAddress", street).with_some("locality", city);
    let doc = doc.with_some("region", state).with_some("postalCode", code);
    Some(doc.with_some("country", country).with("formatted", formatted))
}

/// A value without an object around it.
fn plain(record: Record<'_>, slot: Slot) -> Doc {
    let field = record.object.at(slot);
    let mut out = String::new();
    match record.row.get(slot) {
        Value::Null | Value::Blob(_) => Doc::Null,
        Value::Bool(flag) => Doc::Bool(*flag),
        Value::Int(number) => Doc::Int(*number),
        Value::Double(number) => Doc::Double(*number),
        Value::Date(days) => {
            time::write_date(&mut out, *days);
            out.into()
        }
        Value::DateTime(ms) => time::datetime_text(*ms).into(),
        Value::Time(ms) => {
            time::write_time(&mut out, *ms);
            out.into()
        }
        Value::Text(_) | Value::Id(_) | Value::Pick(_) => {
            record.text(&field.name).map_or(Doc::Null, Doc::from)
        }
    }
}

/// The first bytes of a digest, in hexadecimal.
fn hex(text: &str, bytes: usize) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(bytes).fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
