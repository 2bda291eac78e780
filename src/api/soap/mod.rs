//! The SOAP APIs: `/services/Soap/{u,c,m,s,T}/NN[.0][/anything]`.
//!
//! A request → its API and version (path) → its envelope ([`envelope`]) → the operation, which is the
//! qualified name of the first child of Body (`SOAPAction` is ignored) → a result envelope, or a
//! fault under HTTP 500 ([`fault`]). Source: `reference/soap-bulk-streaming.md` §1 and §2.
//!
//! `login` and `logout` of the partner and enterprise APIs are here; every other operation of a live
//! session is refused as not emulated.

mod envelope;
mod fault;
mod login;
#[cfg(test)]
mod tests;

use super::auth::find;
use super::entry::Entry;
use super::http::{Method, Response};
use super::strike::{self, Stop};
use super::{reply, session};
use crate::error::OrgError;
use crate::org::{Org, Session};
use base64::Engine as _;
use envelope::Envelope;
pub(super) use envelope::predefined_entity;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// The versions that are served.
const VERSIONS: std::ops::RangeInclusive<u32> = 31..=67;

/// Most bytes of a request.
const LARGEST: usize = 52_428_800;

/// The `Content-Type` of answers.
const TEXT_XML: &str = "text/xml; charset=utf-8";

/// Which SOAP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    Partner,
    Enterprise,
    Metadata,
    Apex,
    Tooling,
}

impl Api {
    fn of(letter: &str) -> Option<Api> {
        Some(match letter {
            "u" => Api::Partner,
            "c" => Api::Enterprise,
            "m" => Api::Metadata,
            "s" => Api::Apex,
            "T" => Api::Tooling,
            _ => return None,
        })
    }

    /// The namespace of its operations and results.
    fn namespace(self) -> &'static str {
        match self {
            Api::Partner => "urn:partner.soap.sforce.com",
            Api::Enterprise => "urn:enterprise.soap.sforce.com",
            Api::Metadata => "http://soap.sforce.com/2006/04/metadata",
            Api::Apex => "http://soap.sforce.com/2006/08/apex",
            Api::Tooling => "urn:tooling.soap.sforce.com",
        }
    }

    /// The namespace of its faults.
    fn faults(self) -> &'static str {
        match self {
            Api::Partner => "urn:fault.partner.soap.sforce.com",
            Api::Enterprise => "urn:fault.enterprise.soap.sforce.com",
            Api::Tooling => "urn:fault.tooling.soap.sforce.com",
            Api::Metadata | Api::Apex => self.namespace(),
        }
    }

    /// Metadata and Apex faults carry no `<detail>`.
    fn has_typed_faults(self) -> bool {
        !matches!(self, Api::Metadata | Api::Apex)
    }

    fn name(self) -> &'static str {
        match self {
            Api::Partner => "partner",
            Api::Enterprise => "enterprise",
            Api::Metadata => "metadata",
            Api::Apex => "Apex",
            Api::Tooling => "tooling",
        }
    }
}

/// A call on its way.
struct Call<'a, 'r> {
    entry: &'a Entry<'r>,
    api: Api,
    version: u32,
    envelope: Envelope,
}

/// Answers `/services/Soap/*`.
pub(super) fn handle(entry: &Entry<'_>) -> Response {
    let parts: Vec<&str> = entry.segments.iter().skip(2).map(AsRef::as_ref).collect();
    let (api, version) = match parts[..] {
        [letter, version, ..] => match (Api::of(letter), version_of(version)) {
            (Some(api), Some(version)) => (api, version),
            _ => return reply::refusal(entry, &not_found(letter)),
        },
        _ => return reply::refusal(entry, &OrgError::not_found()),
    };
    if entry.request.method != Method::Post {
        let method = entry.request.method.name();
        return reply::refusal(entry, &OrgError::method_not_allowed(method, "POST"));
    }
    match answer(entry, api, version) {
        Ok(body) => respond(entry, 200, body),
        Err(Refused::Error(error)) => fault::render(entry, api, 500, &error),
        Err(Refused::Stopped(Stop::Error(error))) => {
            let error = error.soap();
            fault::render(entry, api, error.status, &error)
        }
        Err(Refused::Stopped(Stop::Answer(response))) => *response,
        Err(Refused::Stopped(Stop::Expired)) => {
            fault::render(entry, api, 500, &OrgError::soap_invalid_session(None))
        }
    }
}

/// Why a call is not answered.
enum Refused {
    Error(OrgError),
    /// A fault rule stopped it.
    Stopped(Stop),
}

impl From<OrgError> for Refused {
    fn from(error: OrgError) -> Refused {
        Refused::Error(error)
    }
}

/// `/services/Soap/class/…` is an Apex web service; other letters mean nothing.
fn not_found(letter: &str) -> OrgError {
    match letter {
        "class" | "package" => OrgError::not_emulated("Apex web services", "Use the REST API."),
        _ => OrgError::not_found(),
    }
}

/// `59`, `59.0` and `v59.0` are one version.
fn version_of(segment: &str) -> Option<u32> {
    let number = segment.strip_prefix('v').unwrap_or(segment);
    let major = number.split_once('.').map_or(number, |(major, _)| major);
    let digits = !major.is_empty() && major.len() <= 4;
    let fits = digits && major.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| major.parse().ok()).flatten()
}

fn respond(entry: &Entry<'_>, status: u16, body: String) -> Response {
    let mut response = Response::status(status);
    reply::common_headers(&mut response, entry.request, entry.now);
    response.headers.push(("Content-Type".into(), TEXT_XML.into()));
    response.body(body)
}

fn answer(entry: &Entry<'_>, api: Api, version: u32) -> Result<String, Refused> {
    if !VERSIONS.contains(&version) {
        return Err(OrgError::soap_unsupported_version().into());
    }
    let kind = entry.request.headers.get("content-type").unwrap_or("text/xml");
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("text/xml") {
        return Err(OrgError::soap_content_type().into());
    }
    let body = entry.body();
    if body.len() > LARGEST {
        return Err(OrgError::soap_too_large(LARGEST).into());
    }
    let envelope = envelope::read(&envelope::decode(&body)?)?;
    let operation = &envelope.operation;
    if operation.namespace != api.namespace() {
        return Err(OrgError::soap_no_operation(&operation.namespace, &operation.name).into());
    }
    let call = Call { entry, api, version, envelope };
    call.count()?;
    call.ask_rules().map_err(Refused::Stopped)?;
    Ok(call.dispatch()?)
}

impl Call<'_, '_> {
    /// Counts a call against the org's limit: all but `login`, which has no session yet.
    fn count(&self) -> Result<(), OrgError> {
        let Some((org, _)) = self.known_session() else { return Ok(()) };
        let now = org.now(self.entry.request.received_at);
        if self.entry.struck.is_again() {
            return Ok(());
        }
        let taken = org.usage.take(now, org.read().settings.daily_api_requests);
        taken.map(|_| ()).ok_or_else(OrgError::request_limit_exceeded)
    }

    /// The org and id of the session that the call has, if that is alive.
    fn known_session(&self) -> Option<(Arc<Org>, &str)> {
        let id = self.envelope.header("SessionHeader", "sessionId").unwrap_or_default().trim();
        if id.is_empty() || self.envelope.operation.name == "login" {
            return None;
        }
        let org = find::org_of_session(self.entry, id);
        let now = org.now(self.entry.request.received_at);
        session::live(&org, id, now).map(|_| (org, id))
    }

    /// Asks the fault rules of the org that the call is for. One without a session is refused without
    /// them.
    fn ask_rules(&self) -> Result<(), Stop> {
        let operation = &self.envelope.operation;
        if operation.name == "login" {
            let username = operation.child_text("username").unwrap_or_default().trim();
            let (org, _) = find::by_username(self.entry, username, None);
            return strike::ask_in(self.entry, &org, None);
        }
        match self.known_session() {
            Some((org, id)) => strike::ask_in(self.entry, &org, Some(id)),
            None => Ok(()),
        }
    }

    fn dispatch(&self) -> Result<String, OrgError> {
        let name = self.envelope.operation.name.as_str();
        let records = matches!(self.api, Api::Partner | Api::Enterprise);
        match name {
            "login" if records => login::login(self),
            "logout" if records => login::logout(self),
            _ => {
                if records && !OPERATIONS.contains(&name) {
                    let namespace = &self.envelope.operation.namespace;
                    return Err(OrgError::soap_no_operation(namespace, name));
                }
                self.session()?;
                let what = format!("SOAP {} {name}", self.api.name());
                Err(OrgError::not_emulated(&what, "Use the REST API with the same session id."))
            }
        }
    }

    /// The live session of the header `SessionHeader`, its org and its id.
    fn session(&self) -> Result<(Arc<Org>, Arc<Session>, &str), OrgError> {
        let id = self.envelope.header("SessionHeader", "sessionId").unwrap_or_default().trim();
        if id.is_empty() {
            let hint = "send SessionHeader/sessionId in the API's namespace";
            return Err(OrgError::soap_invalid_session(None).hint(hint));
        }
        let org = find::org_of_session(self.entry, id);
        let now = org.now(self.entry.request.received_at);
        if let Some(session) = session::live(&org, id, now) {
            return Ok((org, session, id));
        }
        let hash = Sha256::digest(id.as_bytes());
        let hash = base64::engine::general_purpose::STANDARD.encode(hash);
        Err(OrgError::soap_invalid_session(Some(&hash)))
    }
}

/// The operations of the partner and enterprise APIs: 66.0.
const OPERATIONS: &[&str] = &[
    "login",
    "describeSObject",
    "describeSObjects",
    "describeGlobal",
    "describeDataCategoryGroups",
    "describeDataCategoryGroupStructures",
    "describeDataCategoryMappings",
    "describeKnowledgeSettings",
    "describeAppMenu",
    "describeGlobalTheme",
    "describeTheme",
    "describeLayout",
    "describeSoftphoneLayout",
    "describeSearchLayouts",
    "describeSearchableEntities",
    "describeSearchScopeOrder",
    "describeCompactLayouts",
    "describePathAssistants",
    "describeApprovalLayout",
    "describeSoqlListViews",
    "executeListView",
    "describeSObjectListViews",
    "describeTabs",
    "describeAllTabs",
    "describePrimaryCompactLayouts",
    "create",
    "update",
    "upsert",
    "merge",
    "delete",
    "undelete",
    "emptyRecycleBin",
    "retrieve",
    "process",
    "convertLead",
    "logout",
    "invalidateSessions",
    "getDeleted",
    "getUpdated",
    "query",
    "queryAll",
    "queryMore",
    "search",
    "getServerTimestamp",
    "setPassword",
    "changeOwnPassword",
    "resetPassword",
    "getUserInfo",
    "deleteByExample",
    "sendEmailMessage",
    "sendEmail",
    "renderEmailTemplate",
    "renderStoredEmailTemplate",
    "performQuickActions",
    "describeQuickActions",
    "describeQuickActionsForRecordType",
    "describeAvailableQuickActions",
    "retrieveQuickActionTemplates",
    "retrieveMassQuickActionTemplates",
    "describeVisualForce",
    "findDuplicates",
    "findDuplicatesByIds",
    "describeNouns",
];
