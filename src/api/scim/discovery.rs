//! What describes the server: its configuration, schemas and resource types.

use super::answer::Answer;
use super::list::{self, LARGEST_PAGE, list_of_rfc};
use super::schema::{self, ENTERPRISE, EXTERNAL, OTHER, SCHEMAS, Schema};
use super::view::Kind;
use super::{Call, Outcome, Task, bulk};
use crate::api::params::Params;
use crate::error::ScimError;
use crate::store::{Doc, ScimMode};

const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";

/// RFC 7644 §4: a filter here must be refused.
fn unfiltered(call: &Call<'_>, task: &Task<'_>) -> Result<(), ScimError> {
    if call.is_rfc() && Params::parse(task.query).get("filter").is_some() {
        return Err(ScimError::discovery_filter());
    }
    Ok(())
}

fn meta(call: &Call<'_>, kind: &str, place: &str) -> Doc {
    let base = call.now_view().base;
    Doc::object().with("location", [&base, "/", place].concat()).with("resourceType", kind)
}

/// `/ServiceProviderConfig`.
pub fn config(call: &Call<'_>, task: &Task<'_>) -> Outcome {
    unfiltered(call, task)?;
    let supported = |flag: bool| Doc::object().with("supported", flag);
    let rfc = call.is_rfc();
    let (operations, bytes) = if rfc { (bulk::MOST_OPERATIONS, bulk::MOST_BYTES) } else { (0, 0) };
    let scheme = if rfc { "oauthbearertoken" } else { "oauth2" };
    let scheme = Doc::object()
        .with("type", scheme)
        .with("name", "OAuth v2.0")
        .with("description", "Authentication Scheme using the OAuth Standard")
        .with("specUri", "http://tools.ietf.org/html/rfc6749")
        .with(
            "documentationUri",
            "https://help.salesforce.com/apex/HTViewHelpDoc?id=remoteaccess_authenticate.htm",
        )
        .with("primary", true);
    let doc = Doc::object()
        .with("schemas", Doc::texts([CONFIG]))
        .with(
            "documentationUri",
            "https://help.salesforce.com/HTViewHelpDoc?id=identity_scim_overview.htm",
        )
        .with("patch", supported(true))
        .with(
            "bulk",
            supported(rfc).with("maxOperations", operations).with("maxPayloadSize", bytes),
        )
        .with("filter", supported(true).with("maxResults", LARGEST_PAGE))
        .with("changePassword", supported(true))
        .with("sort", supported(list::sorts(call.mode)))
        .with("etag", supported(rfc))
        .with("authenticationSchemes", vec![scheme])
        .with("meta", meta(call, "ServiceProviderConfig", "ServiceProviderConfig"));
    Ok(Answer::doc(200, doc))
}

/// `/Schemas` and one of them.
pub fn schemas(call: &Call<'_>, task: &Task<'_>, rest: &[&str]) -> Outcome {
    unfiltered(call, task)?;
    let shown = SCHEMAS.iter().filter(|schema| schema.is_in(call.mode));
    let mut all: Vec<Doc> = shown.map(|schema| schema_doc(call, schema)).collect();
    if !call.is_rfc() {
        all.push(custom_schema(call));
    }
    match rest {
        [] => Ok(Answer::doc(200, list_of_rfc(all.len(), 1, all))),
        [id] => {
            let named = |doc: &Doc| {
                let own = |name| doc.text_at(&[name]).unwrap_or_default();
                own("id").eq_ignore_ascii_case(id)
                    || (!call.is_rfc() && own("name").eq_ignore_ascii_case(id))
            };
            let refused = || {
                if call.is_rfc() { ScimError::not_found(id) } else { ScimError::invalid_schema() }
            };
            all.into_iter().find(named).map(|doc| Answer::doc(200, doc)).ok_or_else(refused)
        }
        _ => Err(ScimError::no_such_resource()),
    }
}

fn schema_doc(call: &Call<'_>, schema: &Schema) -> Doc {
    let attributes = schema.attributes.iter().filter(|attribute| attribute.is_in(call.mode));
    let attributes = attributes.filter_map(|attribute| {
        let doc = attribute.doc(call.mode);
        if call.is_rfc() { with_values(call, attribute.name, doc) } else { Some(doc) }
    });
    Doc::object()
        .with("schemas", Doc::texts([SCHEMA]))
        .with("id", schema.id)
        .with("name", schema.name)
        .with("description", schema.what)
        .with("attributes", attributes.collect::<Vec<Doc>>())
        .with("meta", meta(call, "Schema", &["Schemas/", schema.id].concat()))
}

/// RFC mode says which values an org takes: the picklists', and the ids of what can be given. An
/// attribute without a value to give is not offered.
fn with_values(call: &Call<'_>, name: &str, mut doc: Doc) -> Option<Doc> {
    let view = call.now_view();
    let field = match name {
        "preferredLanguage" => "LanguageLocaleKey",
        "locale" => "LocaleSidKey",
        "timezone" => "TimeZoneSidKey",
        "entitlements" | "roles" => {
            let kind = if name == "roles" { Kind::Role } else { Kind::Entitlement };
            let ids: Vec<Doc> = view.ids(kind).iter().map(|id| id.to_string().into()).collect();
            if ids.is_empty() {
                return None;
            }
            if let Some(Doc::List(parts)) = doc.get_mut("subAttributes") {
                let mut parts = parts.iter_mut();
                if let Some(part) = parts.find(|part| part.text_at(&["name"]) == Some("value")) {
                    part.set("canonicalValues", ids);
                }
            }
            return Some(doc);
        }
        _ => return Some(doc),
    };
    let user = view.state.schema.by_name("User")?;
    let picklist = user.field(field)?.1.picklist.clone()?;
    let values = picklist.values().iter().filter(|own| own.active);
    let tag = |text: &str| -> Doc {
        if name == "timezone" { text.into() } else { text.replace('_', "-").into() }
    };
    doc.set("canonicalValues", values.map(|own| tag(&own.value)).collect::<Vec<Doc>>());
    Some(doc)
}

/// The schema of the org's own fields of users.
fn custom_schema(call: &Call<'_>) -> Doc {
    let view = call.now_view();
    let user = view.state.schema.by_name("User");
    let fields = user.into_iter().flat_map(|user| user.visible_fields());
    let attribute = |name: &str, label: &str| {
        Doc::object()
            .with("name", name)
            .with("type", "string")
            .with("multiValued", false)
            .with("description", label)
            .with("required", false)
            .with("caseExact", false)
            .with("mutability", "readWrite")
            .with("returned", "default")
            .with("uniqueness", "none")
    };
    let attributes: Vec<Doc> = fields
        .filter(|(_, field)| field.custom)
        .map(|(_, field)| attribute(&field.name, &field.label))
        .collect();
    let urn = view.custom_urn();
    Doc::object()
        .with("schemas", Doc::texts([SCHEMA]))
        .with("id", urn.as_str())
        .with("name", "CustomFields")
        .with("description", "Custom fields of users")
        .with("attributes", attributes)
        .with("meta", meta(call, "Schema", &["Schemas/", &urn].concat()))
}

/// `/ResourceTypes` and one of them. RFC mode names what clients can write.
pub fn resource_types(call: &Call<'_>, task: &Task<'_>, rest: &[&str]) -> Outcome {
    unfiltered(call, task)?;
    let kinds = [
        (Kind::User, schema::USER, "User account"),
        (Kind::Group, schema::GROUP, "Public group"),
        (Kind::Entitlement, schema::ENTITLEMENT, "Profile or permission set"),
        (Kind::Role, schema::ROLE, "Role"),
    ];
    let shown = kinds
        .iter()
        .filter(|(kind, ..)| call.mode == ScimMode::Salesforce || super::save::is_writable(*kind));
    let all: Vec<Doc> = shown.map(|(kind, urn, what)| type_doc(call, *kind, urn, what)).collect();
    match rest {
        [] => Ok(Answer::doc(200, list_of_rfc(all.len(), 1, all))),
        [id] => {
            let named = |doc: &Doc| {
                let own = |name| doc.text_at(&[name]).unwrap_or_default();
                own("name").eq_ignore_ascii_case(id) || own("id").eq_ignore_ascii_case(id)
            };
            let found = all.into_iter().find(named).map(|doc| Answer::doc(200, doc));
            found.ok_or_else(|| ScimError::not_found(id))
        }
        _ => Err(ScimError::no_such_resource()),
    }
}

fn type_doc(call: &Call<'_>, kind: Kind, urn: &str, what: &str) -> Doc {
    let mut doc = Doc::object()
        .with("schemas", Doc::texts([RESOURCE_TYPE]))
        .with("id", if call.is_rfc() { kind.name() } else { urn })
        .with("name", kind.name())
        .with("description", what)
        .with("endpoint", ["/", kind.segment()].concat())
        .with("schema", urn);
    if kind == Kind::User {
        let view = call.now_view();
        let custom = view.custom_urn();
        let urns: &[&str] =
            if call.is_rfc() { &[ENTERPRISE] } else { &[ENTERPRISE, &custom, EXTERNAL, OTHER] };
        let extension = |urn: &&str| {
            // The pilot writes the flag as a text.
            let required = if call.is_rfc() { Doc::Bool(false) } else { Doc::from("false") };
            Doc::object().with("schema", *urn).with("required", required)
        };
        doc.set("schemaExtensions", urns.iter().map(extension).collect::<Vec<Doc>>());
    }
    let place = ["ResourceTypes/", kind.name()].concat();
    doc.with("meta", meta(call, "ResourceType", &place))
}
