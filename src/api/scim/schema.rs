//! The attributes of SCIM resources. One table drives `/Schemas`, the check of filters, what a PATCH
//! may change and what is shown.

use super::filter::Known;
use super::path::AttrPath;
use super::view::Kind;
use crate::store::{Doc, ScimMode};

/// URN of users.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// URN of groups.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// URN of the enterprise extension of users.
pub const ENTERPRISE: &str = crate::store::ENTERPRISE;
/// URN of Salesforce's extension of external users, as it is emitted.
pub const EXTERNAL: &str = "urn:salesforce:schemas:extension:external:1.0";
/// URN of Salesforce's other attributes of users, as it is emitted.
pub const OTHER: &str = "urn:salesforce:schemas:extension:1.0";
/// What the URN of an org's custom fields begins with; the org's id follows.
pub const CUSTOM: &str = "urn:salesforce:schemas:extension:";
/// URN of entitlements.
pub const ENTITLEMENT: &str = "urn:salesforce:schemas:extension:1.0:Entitlement";
/// URN of roles.
pub const ROLE: &str = "urn:salesforce:schemas:extension:1.0:Role";

/// What an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Text.
    Text,
    /// True or false.
    Flag,
    /// An instant.
    Instant,
    /// A URL or the id of another resource.
    Reference,
    /// Parts.
    Parts,
}

/// Who may change an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Clients.
    Free,
    /// Nobody.
    Never,
    /// Clients, once.
    Once,
    /// Clients, and nobody may read it.
    Hidden,
}

/// One attribute.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Several values.
    pub many: bool,
    /// In which modes a resource cannot be without.
    pub required: &'static [ScimMode],
    /// Letter case counts.
    pub exact: bool,
    /// Who may change it.
    pub change: Change,
    /// Shown whatever the client asks for.
    pub always: bool,
    /// No two resources have the same value.
    pub unique: bool,
    /// Only as Salesforce has it.
    pub salesforce: bool,
    /// Its parts.
    pub parts: &'static [Attribute],
    /// The values that it takes; empty: any.
    pub values: &'static [&'static str],
    /// What a reference points to.
    pub to: &'static [&'static str],
    /// What it means.
    pub what: &'static str,
}

const BOTH: &[ScimMode] = &[ScimMode::Salesforce, ScimMode::Rfc];
const SALESFORCE: &[ScimMode] = &[ScimMode::Salesforce];

const fn attribute(name: &'static str, holds: Holds, what: &'static str) -> Attribute {
    Attribute {
        name,
        holds,
        many: false,
        required: &[],
        exact: false,
        change: Change::Free,
        always: false,
        unique: false,
        salesforce: false,
        parts: &[],
        values: &[],
        to: &["external"],
        what,
    }
}

const fn text(name: &'static str, what: &'static str) -> Attribute {
    attribute(name, Holds::Text, what)
}

const fn parts(name: &'static str, of: &'static [Attribute], what: &'static str) -> Attribute {
    Attribute { parts: of, ..attribute(name, Holds::Parts, what) }
}

impl Attribute {
    const fn many(self) -> Attribute {
        Attribute { many: true, ..self }
    }
    const fn required(self, modes: &'static [ScimMode]) -> Attribute {
        Attribute { required: modes, ..self }
    }
    const fn exact(self) -> Attribute {
        Attribute { exact: true, ..self }
    }
    const fn read_only(self) -> Attribute {
        Attribute { change: Change::Never, ..self }
    }
    const fn changes(self, change: Change) -> Attribute {
        Attribute { change, ..self }
    }
    const fn always(self) -> Attribute {
        Attribute { always: true, ..self }
    }
    const fn unique(self) -> Attribute {
        Attribute { unique: true, ..self }
    }
    const fn of_salesforce(self) -> Attribute {
        Attribute { salesforce: true, ..self }
    }
    const fn to(self, to: &'static [&'static str]) -> Attribute {
        Attribute { to, ..self }
    }
    const fn values(self, values: &'static [&'static str]) -> Attribute {
        Attribute { values, ..self }
    }

    /// True when a mode has the attribute.
    pub fn is_in(&self, mode: ScimMode) -> bool {
        !self.salesforce || mode == ScimMode::Salesforce
    }

    /// The part of a name.
    pub fn part(&self, name: &str) -> Option<&'static Attribute> {
        self.parts.iter().find(|own| own.name.eq_ignore_ascii_case(name))
    }

    /// As `/Schemas` shows it.
    pub fn doc(&self, mode: ScimMode) -> Doc {
        let kind = match self.holds {
            Holds::Text => "string",
            Holds::Flag => "boolean",
            Holds::Instant => "dateTime",
            Holds::Reference => "reference",
            Holds::Parts => "complex",
        };
        let (mutability, returned) = match self.change {
            Change::Free => ("readWrite", if self.always { "always" } else { "default" }),
            Change::Never => ("readOnly", if self.always { "always" } else { "default" }),
            Change::Once => ("immutable", "default"),
            Change::Hidden => ("writeOnly", "never"),
        };
        let mut doc = Doc::object()
            .with("name", self.name)
            .with("type", kind)
            .with("multiValued", self.many)
            .with("description", self.what)
            .with("required", self.required.contains(&mode));
        if !self.parts.is_empty() {
            let parts = self.parts.iter().filter(|part| part.is_in(mode));
            doc.set("subAttributes", parts.map(|part| part.doc(mode)).collect::<Vec<Doc>>());
        }
        if !self.values.is_empty() {
            doc.set("canonicalValues", Doc::texts(self.values.iter().copied()));
        }
        doc = doc
            .with("caseExact", self.exact)
            .with("mutability", mutability)
            .with("returned", returned)
            .with("uniqueness", if self.unique { "server" } else { "none" });
        if self.holds == Holds::Reference {
            doc.set("referenceTypes", Doc::texts(self.to.iter().copied()));
        }
        doc
    }
}

const MEMBER: &[Attribute] = &[
    text("value", "Id of the member").exact().changes(Change::Once),
    text("type", "User or Group").changes(Change::Once).values(&["User", "Group"]),
    attribute("$ref", Holds::Reference, "URL of the member")
        .exact()
        .changes(Change::Once)
        .to(&["User", "Group"]),
    text("display", "Name of the member").read_only(),
];

const REFERRED: &[Attribute] = &[
    text("value", "Id").exact(),
    attribute("$ref", Holds::Reference, "URL").exact().read_only(),
    text("display", "Name").read_only(),
    text("type", "Kind").read_only(),
    attribute("primary", Holds::Flag, "True for the profile").read_only(),
];

const NAME: &[Attribute] = &[
    text("formatted", "Full name").read_only(),
    text("familyName", "Last name").required(SALESFORCE),
    text("givenName", "First name"),
];

const EMAIL: &[Attribute] = &[
    text("value", "Address"),
    text("type", "Always work").values(&["work"]),
    attribute("primary", Holds::Flag, "Always true").read_only(),
];

const PHONE: &[Attribute] =
    &[text("value", "Number"), text("type", "Kind").values(&["work", "mobile", "fax"])];

const ADDRESS: &[Attribute] = &[
    text("formatted", "All of it").read_only(),
    text("streetAddress", "Street"),
    text("locality", "City"),
    text("region", "State or region"),
    text("postalCode", "Postal code"),
    text("country", "Country"),
    text("type", "Always work").values(&["work"]),
    attribute("primary", Holds::Flag, "Always true").read_only(),
];

const META: &[Attribute] = &[
    text("resourceType", "Kind of the resource").exact().read_only(),
    attribute("created", Holds::Instant, "When it was created").read_only(),
    attribute("lastModified", Holds::Instant, "When it was changed last").read_only(),
    attribute("location", Holds::Reference, "URL").exact().read_only(),
    text("version", "Entity tag").exact().read_only(),
];

/// What every resource has; no schema lists them.
const COMMON: &[Attribute] = &[
    attribute("schemas", Holds::Reference, "URNs").many().exact().always(),
    text("id", "Id of the record").exact().read_only().always().unique(),
    text("externalId", "Federation identifier").exact(),
    parts("meta", META, "About the resource").read_only(),
];

const USER_ATTRIBUTES: &[Attribute] = &[
    text("userName", "Username").required(BOTH).unique(),
    parts("name", NAME, "Name of the user").required(SALESFORCE),
    text("displayName", "Full name").read_only(),
    text("nickName", "Nickname").unique(),
    attribute("profileUrl", Holds::Reference, "URL of the user's page").exact().read_only(),
    text("title", "Job title"),
    text("userType", "Type of the user's licence").read_only(),
    text("preferredLanguage", "Language"),
    text("locale", "Locale"),
    text("timezone", "Time zone"),
    text("emailEncodingKey", "Encoding of e-mails").of_salesforce(),
    attribute("active", Holds::Flag, "May log in"),
    text("password", "Password").exact().changes(Change::Hidden),
    parts("emails", EMAIL, "E-mail address: one").many().required(SALESFORCE),
    parts("phoneNumbers", PHONE, "Phone numbers: one of each type").many(),
    parts("addresses", ADDRESS, "Address: one").many(),
    parts("groups", REFERRED, "Groups that the user is a member of").many().read_only(),
    parts("entitlements", REFERRED, "A profile, and permission sets").many().required(SALESFORCE),
    parts("roles", REFERRED, "Role: one").many(),
    parts("photos", REFERRED, "Photos").many().read_only().of_salesforce(),
];

const MANAGER: &[Attribute] = &[
    text("value", "Id of the manager").exact(),
    attribute("$ref", Holds::Reference, "URL of the manager").exact().to(&["User"]),
    text("displayName", "Name of the manager").read_only(),
];

const APPROVER: &[Attribute] = &[
    text("delegatedApproverId", "Id of the approver").exact(),
    attribute("$ref", Holds::Reference, "URL of the approver").exact().read_only(),
    text("displayName", "Name of the approver").read_only(),
];

const ENTERPRISE_ATTRIBUTES: &[Attribute] = &[
    text("employeeNumber", "Employee number"),
    text("organization", "Id of the org").read_only(),
    text("division", "Division"),
    text("department", "Department"),
    parts("manager", MANAGER, "Manager"),
    parts("delegatedApprover", APPROVER, "Delegated approver").of_salesforce(),
];

const GROUP_ATTRIBUTES: &[Attribute] = &[
    text("displayName", "Name of the group").required(BOTH),
    text("type", "Regular or Queue").read_only().of_salesforce(),
    parts("members", MEMBER, "Users and groups").many(),
];

const EXTERNAL_ATTRIBUTES: &[Attribute] = &[
    text("accountId", "Id of the external user's account").exact(),
    text("contactId", "Id of the external user's contact").exact(),
];

const OTHER_ATTRIBUTES: &[Attribute] = &[text("alias", "Alias, at most 8 characters")];

const ENTITLEMENT_ATTRIBUTES: &[Attribute] = &[
    text("displayName", "Name of the profile or permission set").read_only(),
    text("type", "Profile or Permission Set").read_only(),
    parts("members", MEMBER, "Users who have it").many().read_only(),
];

const ROLE_ATTRIBUTES: &[Attribute] = &[
    text("displayName", "Name of the role").read_only(),
    parts("members", MEMBER, "Users who have it").many().read_only(),
];

/// One schema.
pub struct Schema {
    /// Its URN.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub what: &'static str,
    /// Only as Salesforce has it.
    pub salesforce: bool,
    /// Its attributes.
    pub attributes: &'static [Attribute],
}

/// Every schema but that of an org's custom fields.
pub const SCHEMAS: [Schema; 7] = [
    schema(USER, "User", "User account", false, USER_ATTRIBUTES),
    schema(GROUP, "Group", "Public group", false, GROUP_ATTRIBUTES),
    schema(ENTITLEMENT, "Entitlement", "Profile or permission set", true, ENTITLEMENT_ATTRIBUTES),
    schema(ROLE, "Role", "Role", true, ROLE_ATTRIBUTES),
    schema(ENTERPRISE, "EnterpriseUser", "Enterprise user", false, ENTERPRISE_ATTRIBUTES),
    schema(EXTERNAL, "ExternalUser", "External user", true, EXTERNAL_ATTRIBUTES),
    schema(OTHER, "SalesforceUser", "Further attributes of a user", true, OTHER_ATTRIBUTES),
];

const fn schema(
    id: &'static str,
    name: &'static str,
    what: &'static str,
    salesforce: bool,
    attributes: &'static [Attribute],
) -> Schema {
    Schema { id, name, what, salesforce, attributes }
}

impl Schema {
    /// True when a mode has the schema.
    pub fn is_in(&self, mode: ScimMode) -> bool {
        !self.salesforce || mode == ScimMode::Salesforce
    }
}

/// The attributes of a kind of resource in its core or an extension.
pub fn attributes(kind: Kind, urn: Option<&str>) -> &'static [Attribute] {
    match (kind, urn) {
        (Kind::User, None) => USER_ATTRIBUTES,
        (Kind::Group, None) => GROUP_ATTRIBUTES,
        (Kind::Entitlement, None) => ENTITLEMENT_ATTRIBUTES,
        (Kind::Role, None) => ROLE_ATTRIBUTES,
        (Kind::User, Some(urn)) => {
            let own = [
                (ENTERPRISE, ENTERPRISE_ATTRIBUTES),
                (EXTERNAL, EXTERNAL_ATTRIBUTES),
                (OTHER, OTHER_ATTRIBUTES),
            ];
            own.iter().find(|(id, _)| id.eq_ignore_ascii_case(urn)).map_or(&[], |(_, list)| list)
        }
        _ => &[],
    }
}

/// The attribute of a path, its part aside.
pub fn find(kind: Kind, mode: ScimMode, path: &AttrPath) -> Option<&'static Attribute> {
    let name = path.name.as_deref()?;
    let own = attributes(kind, path.urn.as_deref()).iter();
    let common = if path.urn.is_none() { COMMON } else { &[] };
    // Groups have no place for the client's own id.
    let kept = |own: &&Attribute| kind == Kind::User || own.name != "externalId";
    own.chain(common.iter().filter(kept))
        .filter(|attribute| attribute.is_in(mode))
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// What there is to know about a path that a filter names. `custom` tells an org's own fields.
pub fn known(
    kind: Kind,
    mode: ScimMode,
    path: &AttrPath,
    custom: &dyn Fn(&str, Option<&str>) -> bool,
) -> Known {
    if let Some(urn) = &path.urn
        && custom(urn, path.name.as_deref())
    {
        return if path.name.is_some() { Known::Yes } else { Known::Complex };
    }
    if path.name.is_none() {
        let urn = path.urn.as_deref();
        return if attributes(kind, urn).is_empty() { Known::No } else { Known::Complex };
    }
    let Some(attribute) = find(kind, mode, path) else { return Known::No };
    let attribute = match &path.sub {
        None => attribute,
        Some(sub) => match attribute.part(sub) {
            Some(part) => part,
            None => return Known::No,
        },
    };
    match attribute.holds {
        Holds::Flag => Known::Unordered,
        Holds::Parts if attribute.part("value").is_none() => Known::Complex,
        // Salesforce takes `emails eq` for the address; a manager must be named by a part.
        Holds::Parts if !attribute.many => Known::Complex,
        _ => Known::Yes,
    }
}
