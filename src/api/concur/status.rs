//! Users and provisioning requests as the Concur API shows them.

use super::extensions::{self, CORE};
use crate::clock::Millis;
use crate::error::ConcurError;
use crate::store::{
    ConcurEvent, ConcurMessage, ConcurOperation, ConcurProvision, ConcurResult, ConcurUser, Doc,
    ENTERPRISE,
};
use crate::time;

const STATUS: &str = "urn:ietf:params:scim:schemas:extension:concur:2.0:Provision:Status";
const SAP: &str = "urn:ietf:params:scim:schemas:extension:sap:2.0:User";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const CONCUR_ERROR: &str = "urn:ietf:params:scim:api:messages:concur:2.0:Error";

/// Which operations a detailed status shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those that have not ended.
    Pending,
    /// Those that succeeded.
    Success,
    /// Those that failed.
    Failed,
}

impl Which {
    /// The operations of a `state` parameter.
    pub fn parse(text: &str) -> Option<Which> {
        Some(match text {
            "pending" => Which::Pending,
            "success" => Which::Success,
            "failed" => Which::Failed,
            _ => return None,
        })
    }

    fn takes(self, operation: &ConcurOperation) -> bool {
        let success = operation.end.as_ref().map(|end| end.success);
        match self {
            Which::All => true,
            Which::Pending => success.is_none(),
            Which::Success => success == Some(true),
            Which::Failed => success == Some(false),
        }
    }
}

/// A page of operations.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Which.
    pub which: Which,
    /// The first, from 1.
    pub start: usize,
    /// How many.
    pub count: usize,
}

/// The URL of a request's status.
pub fn status_url(base: &str, id: &str) -> String {
    format!("{base}/profile/v4/provisions/{id}/status")
}

fn counts(provision: &ConcurProvision) -> Doc {
    let count = |which: Which| provision.operations.iter().filter(|own| which.takes(own)).count();
    Doc::object()
        .with("total", count(Which::All))
        .with("success", count(Which::Success))
        .with("failed", count(Which::Failed))
        .with("pending", count(Which::Pending))
}

fn state(completed: bool, success: Option<bool>) -> Doc {
    let success = success.map_or(Doc::Null, Doc::Bool);
    Doc::object().with("completed", completed).with("success", success)
}

fn meta(provision: &ConcurProvision, base: &str) -> Doc {
    let ends = provision.operations.iter().filter_map(|own| own.end.as_ref());
    let modified = ends.map(|end| end.at).max().unwrap_or(provision.created);
    Doc::object()
        .with("location", status_url(base, &provision.id))
        .with_some("companyId", provision.company.as_deref())
        .with("created", time::datetime_text(provision.created))
        .with("lastModified", time::datetime_text(modified))
        .with("provisionType", provision.kind)
        .with("resourceType", "ProvisionRequest")
        .with("correlationId", &*provision.correlation)
        .with_some("completed", provision.ended().map(time::datetime_text))
}

/// A summary.
pub fn summary(provision: &ConcurProvision, base: &str) -> Doc {
    let success = provision.success();
    let mut meta = meta(provision, base);
    meta.remove("completed");
    Doc::object()
        .with("schemas", Doc::texts([STATUS]))
        .with("id", &*provision.id)
        .with("operationsCount", counts(provision))
        .with("status", state(success.is_some(), success))
        .with("meta", meta)
}

/// All about a request: a page of its operations, extension by extension.
pub fn detailed(provision: &ConcurProvision, base: &str, page: Page) -> Doc {
    let success = provision.success();
    let all = provision.operations.iter().enumerate();
    let found: Vec<_> = all.filter(|(_, own)| page.which.takes(own)).collect();
    let total = found.len();
    let shown = found.into_iter().skip(page.start - 1).take(page.count);
    let shown: Vec<Doc> = shown.map(|(place, own)| operation(place, own)).collect();
    Doc::object()
        .with("itemsPerPage", shown.len())
        .with("meta", meta(provision, base))
        .with("operationsCount", counts(provision))
        .with("totalResults", total)
        .with("schemas", Doc::texts([STATUS]))
        .with("status", state(success.is_some(), success))
        .with("id", &*provision.id)
        .with("operations", shown)
        .with("startIndex", page.start)
}

fn operation(place: usize, own: &ConcurOperation) -> Doc {
    let success = own.end.as_ref().map(|end| end.success);
    let code = own.end.as_ref().and_then(|end| end.code);
    let resource = own.user.as_ref().map(|id| Doc::object().with("id", &**id).with("type", "User"));
    let extensions: Vec<Doc> = match &own.end {
        Some(end) => end.results.iter().map(extension).collect(),
        None => extensions::ALL.iter().map(|urn| pending(own, urn)).collect(),
    };
    Doc::object()
        .with("id", (place + 1).to_string())
        .with("status", state(success.is_some(), success).with_some("code", code))
        .with_some("resource", resource)
        .with_some("bulkId", own.bulk_id.as_deref())
        .with("extensions", extensions)
}

/// An extension of an operation that has not ended.
fn pending(own: &ConcurOperation, urn: &str) -> Doc {
    let done = own.identity_done && (urn == CORE || urn == ENTERPRISE);
    let status = if done {
        state(true, Some(true)).with("code", "200").with("result", "success")
    } else {
        state(false, None).with("result", "processing")
    };
    Doc::object().with("name", urn).with("status", status)
}

fn extension(result: &ConcurResult) -> Doc {
    let code = Some(result.code.as_str()).filter(|code| !code.is_empty());
    let status =
        state(true, Some(result.success)).with_some("code", code).with("result", result.result);
    let messages: Vec<Doc> = result.messages.iter().map(message).collect();
    let doc = Doc::object().with("name", result.name).with("status", status);
    if messages.is_empty() { doc } else { doc.with("messages", messages) }
}

fn message(message: &ConcurMessage) -> Doc {
    Doc::object()
        .with("code", message.code.as_str())
        .with("message", message.message.as_str())
        .with_some("schemaPath", message.schema_path.as_deref())
        .with("type", message.kind)
}

/// An instant as users' meta data show it: six digits behind the second.
fn instant(ms: Millis) -> String {
    let mut text = time::datetime_z_text(ms);
    text.truncate(text.len() - 1);
    text.push_str("000Z");
    text
}

/// The identity part of a user.
pub fn user(user: &ConcurUser, base: &str, provision: Option<&str>) -> Doc {
    let meta = Doc::object()
        .with("resourceType", "User")
        .with("created", instant(user.created))
        .with("lastModified", instant(user.modified))
        .with("version", user.version)
        .with("location", format!("{base}/profile/identity/v4/Users/{}", user.id))
        .with_some("statusUrl", provision.map(|id| status_url(base, id)))
        .with_some("provisionId", provision);
    let mut doc = Doc::object()
        .with("meta", meta)
        .with("schemas", Doc::texts([CORE, ENTERPRISE, SAP]))
        .with("id", &*user.id);
    for (name, value) in user.doc.members() {
        if extensions::is_identity(name) && !value.is_nothing() {
            doc.set(name, value.clone());
        }
    }
    doc
}

/// The part of a user that another service keeps: the extensions whose URN `keeps` takes.
pub fn extensions_of(user: &ConcurUser, keeps: impl Fn(&str) -> bool) -> Doc {
    let own = user.doc.members().iter().filter(|(name, _)| keeps(name));
    let own: Vec<_> = own.cloned().collect();
    let urns = Doc::texts(own.iter().map(|(name, _)| name.as_str()));
    let mut doc = Doc::object().with("schemas", urns).with("id", &*user.id);
    for (name, value) in own {
        doc.set(&name, value);
    }
    doc
}

/// An error's body.
pub fn error(error: &ConcurError) -> Doc {
    let message = extensions::message_of(error);
    Doc::object()
        .with("schemas", Doc::texts([ERROR, CONCUR_ERROR]))
        .with_some("scimType", error.scim_type)
        .with("detail", error.message.as_str())
        .with("status", error.status.to_string())
        .with(CONCUR_ERROR, Doc::object().with("messages", vec![self::message(&message)]))
}

/// An event as the webhook of its subscriber gets it.
pub fn event(event: &ConcurEvent) -> Doc {
    let id = event.facts.text_at(&["provisionId"]).unwrap_or_default();
    // The one place where the API's own documents say `/provisioning/v4`.
    let base = &event.base;
    let link = format!("{base}/provisioning/v4/provisions/{id}/status");
    Doc::object()
        .with("id", &*event.id)
        .with("topic", event.topic)
        .with("eventType", event.kind)
        .with("timeStamp", time::datetime_z_text(event.at))
        .with("facts", event.facts.clone().with("provisionStatusHref", link))
}
