//! What describes Concur's provisioning service. The lists are bare arrays, as its documents show
//! them, and so are some spellings.

use super::extensions::{ALL, CORE};
use super::{Answer, MOST_BYTES, MOST_OPERATIONS, Outcome};
use crate::error::ConcurError;
use crate::store::{Doc, ENTERPRISE};

const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";

/// `/ResourceTypes` and its one member.
pub(super) fn resource_types(base: &str, rest: &[&str]) -> Outcome {
    let extensions = ALL
        .iter()
        .filter(|urn| **urn != CORE)
        .map(|urn| Doc::object().with("schema", *urn).with("required", *urn == ENTERPRISE));
    let meta = Doc::object()
        .with("location", [base, "/profile/v4/ResourceTypes/User"].concat())
        .with("resourceType", "ResourceType");
    let user = Doc::object()
        .with("schemas", Doc::texts([RESOURCE_TYPE]))
        .with("id", "User")
        .with("name", "User")
        .with("endpoint", "/Users")
        .with("description", "Concur User")
        .with("schema", CORE)
        .with("schemaExtensions", extensions.collect::<Vec<Doc>>())
        .with("meta", meta);
    match rest {
        [] => Ok(Answer::doc(200, Doc::List(vec![user]))),
        ["User"] => Ok(Answer::doc(200, user)),
        _ => Err(ConcurError::no_such_path()),
    }
}

/// `/Schemas`: the two that the documents print.
pub(super) fn schemas(base: &str, rest: &[&str]) -> Outcome {
    let all = [concur_error(), provision_status()];
    let all = all.map(|doc| doc.with("meta", Doc::object().with("resourceType", "schemas")));
    let _ = base;
    match rest {
        [] => {
            let list = Doc::object()
                .with("schemas", Doc::texts(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]))
                .with("Resources", all.to_vec());
            Ok(Answer::doc(200, Doc::List(vec![list])))
        }
        [id] => {
            let found = all.into_iter().find(|doc| doc.text_at(&["id"]) == Some(*id));
            found.map(|doc| Answer::doc(200, doc)).ok_or_else(ConcurError::no_such_path)
        }
        _ => Err(ConcurError::no_such_path()),
    }
}

/// An attribute whose mutability is spelled as the documents spell it.
fn attribute(name: &str, kind: &str, what: &str, required: bool) -> Doc {
    Doc::object()
        .with("name", name)
        .with("type", kind)
        .with("description", what)
        .with("mutabbility", "readOnly")
        .with("required", required)
}

fn concur_error() -> Doc {
    let kinds = Doc::texts(["error", "warning"]);
    let parts = vec![
        attribute("code", "string", "Message Code", true),
        attribute("message", "string", "Message description", false),
        attribute("schemaPath", "string", "Relative schema path of attribute", false),
        attribute("type", "string", "Message Type", true).with("canonicalValues", kinds),
    ];
    let messages = Doc::object()
        .with("name", "messages")
        .with("type", "complex")
        .with("multiValue", true)
        .with("description", "Additional messages in case of errors / warnings")
        .with("mutabbility", "readOnly")
        .with("required", false)
        .with("subAttributes", parts);
    schema("urn:ietf:params:scim:api:messages:concur:2.0:Error", "Concur Error", vec![messages])
}

fn provision_status() -> Doc {
    let id = Doc::object()
        .with("mutability", "readOnly")
        .with("description", "Unique identifier (uuid) for the provisioning request")
        .with("returned", "always")
        .with("name", "id")
        .with("multiValued", false)
        .with("type", "string")
        .with("uniqueness", "global")
        .with("caseExact", false)
        .with("required", true);
    let completed = Doc::object()
        .with("name", "completed")
        .with("type", "boolean")
        .with("description", "Is provisioning completed?")
        .with("mutability", "readOnly")
        .with("required", true);
    let success = attribute("success", "boolean", "Is provisioning successful?", false);
    let status = Doc::object()
        .with("mutability", "readOnly")
        .with("description", "Status of the provision request")
        .with("returned", "always")
        .with("subAttributes", vec![completed, success])
        .with("name", "status")
        .with("multiValued", false)
        .with("type", "complex")
        .with("caseExact", true)
        .with("required", true);
    let urn = "urn:ietf:params:scim:schemas:extension:concur:2.0:Provision:Status";
    schema(urn, "Provision Status", vec![id, status])
}

fn schema(id: &str, name: &str, attributes: Vec<Doc>) -> Doc {
    Doc::object()
        .with("schemas", Doc::texts([SCHEMA]))
        .with("id", id)
        .with("name", name)
        .with("type", "complex")
        .with("description", name)
        .with("attributes", attributes)
}

/// `/ServiceProviderConfig`. The documents name the call and print no body: this one follows RFC
/// 7643 and what the service does.
pub(super) fn config(base: &str) -> Answer {
    let supported = |flag: bool| Doc::object().with("supported", flag);
    let scheme = Doc::object()
        .with("type", "oauthbearertoken")
        .with("name", "OAuth Bearer Token")
        .with("description", "Company level access token");
    let meta = Doc::object()
        .with("location", [base, "/profile/v4/ServiceProviderConfig"].concat())
        .with("resourceType", "ServiceProviderConfig");
    let bulk =
        supported(true).with("maxOperations", MOST_OPERATIONS).with("maxPayloadSize", MOST_BYTES);
    let doc = Doc::object()
        .with("schemas", Doc::texts([CONFIG]))
        .with("patch", supported(true))
        .with("bulk", bulk)
        .with("filter", supported(false).with("maxResults", 0usize))
        .with("changePassword", supported(false))
        .with("sort", supported(false))
        .with("etag", supported(false))
        .with("authenticationSchemes", vec![scheme])
        .with("meta", meta);
    Answer::doc(200, doc)
}
