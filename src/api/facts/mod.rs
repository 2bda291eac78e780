//! What a request is about, told by its method, path, query and body alone: what the journal shows
//! and what fault rules match. No session is looked for and nothing of the org is read, except its
//! schema for the canonical spelling of an object's name.
//!
//! [`Facts::of`] looks at the path only; bodies and SOQL are read when they are asked for. It serves
//! requests of the socket and those inside composite ones alike.

mod rest;
mod sent;
mod soap;
mod words;

pub use words::{Operation, Protocol};

use super::body;
use super::entry::Entry;
use super::http::{Method, Request, RequestBody};
use super::params::Params;
use crate::id::Id;
use crate::schema::{Lookup, Schema};
use crate::soql::parser;
use compact_str::CompactString;
use rest::{Asked, Where};
use serde_json::Value;
use std::borrow::Cow;
use std::cell::OnceCell;

/// The parts of a request that tell what it is about, beside its path.
#[derive(Clone, Copy)]
pub struct Seen<'r> {
    /// The method.
    pub method: Method,
    /// The query as it was sent.
    pub query: &'r str,
    /// The content type; empty for none.
    pub content_type: &'r str,
    /// The body.
    pub body: &'r [u8],
}

impl<'r> Seen<'r> {
    /// The body as a tree: JSON, or a form or XML as an object of texts.
    pub fn sent(&self) -> Option<Value> {
        sent::sent(self.content_type, self.body)
    }

    fn of(request: &'r Request) -> Seen<'r> {
        Seen {
            method: request.method,
            query: &request.query,
            content_type: request.headers.get("content-type").unwrap_or_default(),
            body: match &request.body {
                RequestBody::Bytes(bytes) => bytes,
                RequestBody::Reader(_) => &[],
            },
        }
    }
}

/// What a request is about.
pub struct Facts<'r> {
    /// The API that it speaks to.
    pub protocol: Protocol,
    seen: Seen<'r>,
    asked: Asked<'r>,
    /// What a SOAP message says, once it was asked for.
    said: OnceCell<soap::Said>,
}

impl<'r> Facts<'r> {
    /// The facts of a request whose path has these decoded segments.
    pub fn of(request: &'r Request, segments: &'r [Cow<'r, str>]) -> Facts<'r> {
        Facts::of_seen(Seen::of(request), segments)
    }

    /// The same of a request of which only these parts are left.
    pub fn of_seen(seen: Seen<'r>, segments: &'r [Cow<'r, str>]) -> Facts<'r> {
        let mut parts: Vec<&'r str> = segments.iter().map(AsRef::as_ref).collect();
        let (protocol, asked) = classify(&seen, &mut parts);
        Facts { protocol, seen, asked, said: OnceCell::new() }
    }

    /// What it asks for.
    pub fn operation(&self) -> Operation {
        match self.asked.object {
            Where::Message => soap::operation(&self.said().operation),
            _ => self.asked.operation,
        }
    }

    /// The API name of the object that it is about, as the schema spells it; as it was sent when no
    /// schema knows it. `None` when it is about none or about several.
    pub fn object(&self, schema: &Schema) -> Option<CompactString> {
        match self.asked.object {
            Where::Nowhere => None,
            Where::Name(name) => Some(canonical(schema, name)),
            Where::Id(id) => of_id(schema, id),
            Where::Soql | Where::Member("query") => of_soql(schema, &self.soql()?),
            Where::Ids => {
                let params = Params::parse(self.seen.query);
                of_id(schema, params.get("ids")?.split(',').next()?.trim())
            }
            Where::Records => {
                let first = self.first_record()?;
                Some(canonical(schema, first["attributes"]["type"].as_str()?))
            }
            Where::Member(name) => Some(canonical(schema, &self.member(name)?)),
            Where::Message => {
                let said = self.said();
                let named = said.object.as_deref().map(|name| canonical(schema, name));
                let by_id = || of_id(schema, said.id.as_deref()?);
                named.or_else(by_id).or_else(|| of_soql(schema, said.query.as_deref()?))
            }
        }
    }

    /// The text of its query, decoded.
    pub fn soql(&self) -> Option<Cow<'_, str>> {
        match self.asked.object {
            Where::Soql => {
                let params = Params::parse(self.seen.query);
                let text = params.get("q").or_else(|| params.get("explain"))?;
                Some(Cow::Owned(text.to_owned()))
            }
            Where::Member("query") => self.member("query").map(Cow::Owned),
            Where::Message if self.operation() == Operation::Query => {
                self.said().query.as_deref().map(Cow::Borrowed)
            }
            _ => None,
        }
    }

    /// The body as a tree: JSON, or a form or XML as an object of texts.
    pub fn sent(&self) -> Option<Value> {
        self.seen.sent()
    }

    fn said(&self) -> &soap::Said {
        self.said.get_or_init(|| soap::read(&String::from_utf8_lossy(self.seen.body)))
    }

    /// A member of the body's JSON object that is text.
    fn member(&self, name: &str) -> Option<String> {
        let members = body::raw_members(body::utf8(self.seen.body).ok()?).ok()?;
        let (_, text) = members.iter().find(|(own, _)| own == name)?;
        serde_json::from_str(text).ok()
    }

    /// The first of a collection's records.
    fn first_record(&self) -> Option<Value> {
        let members = body::raw_members(body::utf8(self.seen.body).ok()?).ok()?;
        let (_, list) = members.iter().find(|(own, _)| own == "records")?;
        serde_json::from_str(body::raw_list(list).ok()?.first()?).ok()
    }
}

impl<'r> Entry<'r> {
    /// What the request is about.
    pub fn facts(&self) -> Facts<'r> {
        Facts::of(self.request, self.segments)
    }
}

fn classify<'r>(seen: &Seen<'_>, parts: &mut [&'r str]) -> (Protocol, Asked<'r>) {
    let of = |protocol, operation| (protocol, Asked { operation, object: Where::Nowhere });
    let reads = matches!(seen.method, Method::Get | Method::Head);
    match parts {
        ["services", "data", version, path @ ..] => {
            if let Ok(version) = super::rest::served(version) {
                super::rest::suffixed(version, path);
            }
            let protocol = match path {
                ["composite", ..] => Protocol::Composite,
                ["jobs", ..] => Protocol::Bulk,
                ["tooling", ..] => Protocol::Tooling,
                ["ui-api", ..] => Protocol::UiApi,
                _ => Protocol::Rest,
            };
            let method = match seen.method {
                Method::Post if seen.query.contains("_HttpMethod=") => {
                    super::rest::overridden(Method::Post, &Params::parse(seen.query))
                }
                method => method,
            };
            (protocol, rest::asked(method, path))
        }
        ["services", "data"] => of(Protocol::Rest, Operation::Info),
        ["services", "Soap", ..] => {
            (Protocol::Soap, Asked { operation: Operation::Other, object: Where::Message })
        }
        ["services", "async", ..] => of(Protocol::Bulk, Operation::Bulk),
        ["services", "apexrest", ..] => of(Protocol::ApexRest, Operation::Invoke),
        ["services", "oauth2", name, ..] => of(Protocol::OAuth, oauth(name)),
        ["setup", "connect", ..] | [".well-known", ..] | ["id", "keys"] => {
            of(Protocol::OAuth, Operation::Authorize)
        }
        ["id", ..] => of(Protocol::OAuth, Operation::Identity),
        ["services", "scim", _, rest @ ..] => (Protocol::Scim, scim(seen.method, rest)),
        ["profile" | "provisioning", ..] => {
            let object =
                if parts.contains(&"Users") { Where::Name("User") } else { Where::Nowhere };
            let operation = match parts {
                [.., "Schemas" | "ResourceTypes" | "ServiceProviderConfig"] => Operation::Describe,
                _ if reads => Operation::Retrieve,
                _ => Operation::Provision,
            };
            (Protocol::Concur, Asked { operation, object })
        }
        ["cometd", ..] => of(Protocol::Streaming, Operation::Other),
        ["_fauxforce", ..] => of(Protocol::Control, Operation::Other),
        _ => of(Protocol::Other, Operation::Other),
    }
}

fn oauth(name: &str) -> Operation {
    match name {
        "token" | "singleaccess" => Operation::Login,
        "authorize" | "success" => Operation::Authorize,
        "revoke" => Operation::Logout,
        "introspect" | "userinfo" => Operation::Identity,
        _ => Operation::Other,
    }
}

/// Below `/services/scim/v2`.
fn scim<'p>(method: Method, path: &[&'p str]) -> Asked<'p> {
    let object = match path {
        ["Users" | "Me", ..] => Where::Name("User"),
        ["Groups", ..] => Where::Name("Group"),
        ["Roles", ..] => Where::Name("UserRole"),
        _ => Where::Nowhere,
    };
    let operation = match (method, path) {
        (
            _,
            ["Schemas" | "ResourceTypes" | "ServiceProviderConfig" | "ServiceProviderConfigs", ..],
        ) => Operation::Describe,
        (Method::Post, ["Bulk"]) => Operation::Composite,
        (Method::Post, [.., ".search"]) => Operation::Query,
        (Method::Get | Method::Head, [_]) if path != ["Me"] => Operation::Query,
        (Method::Get | Method::Head, _) => Operation::Retrieve,
        (Method::Post, _) => Operation::Create,
        (Method::Put | Method::Patch, _) => Operation::Update,
        (Method::Delete, _) => Operation::Delete,
        (Method::Options, _) => Operation::Other,
    };
    Asked { operation, object }
}

/// The spelling of the schema, or that of standard objects; else what was sent.
fn canonical(schema: &Schema, name: &str) -> CompactString {
    match schema.lookup(name) {
        Lookup::Object(object) => CompactString::new(&object.name),
        Lookup::KnownElsewhere(name) => CompactString::const_new(name),
        Lookup::Unknown => CompactString::new(name),
    }
}

fn of_id(schema: &Schema, id: &str) -> Option<CompactString> {
    let object = schema.by_prefix(Id::parse(id).ok()?.prefix())?;
    Some(CompactString::new(&schema.object(object).name))
}

fn of_soql(schema: &Schema, text: &str) -> Option<CompactString> {
    let query = parser::parse(text).ok()?;
    Some(canonical(schema, &query.from.first()?.object.text))
}

#[cfg(test)]
mod tests {
    use super::super::route;
    use super::*;
    use crate::schema::Features;

    fn facts(request: &Request) -> (String, Option<String>) {
        let segments = route::segments(&request.path).expect("segments");
        let facts = Facts::of(request, &segments);
        let schema = Schema::standard(Features::NONE);
        let object = facts.object(&schema).map(String::from);
        let soql = facts.soql().map(Cow::into_owned);
        let words = [facts.protocol.name(), facts.operation().name()].join(" ");
        (words, object.or(soql))
    }

    #[test]
    fn every_protocol() {
        let v = "/services/data/v66.0";
        let get = |path: &str| Request::new(Method::Get, path);
        let post = |path: &str, body: &str| Request::new(Method::Post, path).json(body.to_owned());
        let soap = "<e:Envelope xmlns:e='s'><e:Body><create><sObjects><type>account</type>\
                    </sObjects></create></e:Body></e:Envelope>";
        let records = r#"{"records":[{"attributes":{"type":"contact"},"LastName":"x"}]}"#;
        let cases = [
            (get("/services/data"), "rest info", None),
            (get(&format!("{v}/sobjects/account/x")), "rest retrieve", Some("Account")),
            (get(&format!("{v}/sobjects/Nonsense")), "rest describe", Some("Nonsense")),
            (get(&format!("{v}/query?q=SELECT+Id+FROM+aCCOUNT")), "rest query", Some("Account")),
            (get(&format!("{v}/query?q=SELECT+nonsense")), "rest query", Some("SELECT nonsense")),
            (
                get("/services/data/v50.0/query.json?q=SELECT+Id+FROM+Lead"),
                "rest query",
                Some("Lead"),
            ),
            (
                post(&format!("{v}/composite/sobjects"), records),
                "composite create",
                Some("Contact"),
            ),
            (
                post(&format!("{v}/sobjects/Account/001ff0000000001AAA?_HttpMethod=PATCH"), "{}"),
                "rest update",
                Some("Account"),
            ),
            (
                Request::new(
                    Method::Delete,
                    &format!("{v}/composite/sobjects?ids=001ff0000000001AAA,x"),
                ),
                "composite delete",
                Some("Account"),
            ),
            (post(&format!("{v}/jobs/ingest"), r#"{"object":"lead"}"#), "bulk bulk", Some("Lead")),
            (
                post(&format!("{v}/jobs/query"), r#"{"query":"SELECT Id FROM lead"}"#),
                "bulk bulk",
                Some("Lead"),
            ),
            (post("/services/Soap/u/60.0", soap), "soap create", Some("Account")),
            (post("/services/Soap/u/60.0", "no xml"), "soap other", None),
            (post("/services/oauth2/token", ""), "oauth login", None),
            (get("/id/00D/005"), "oauth identity", None),
            (post("/services/scim/v2/Users", "{}"), "scim create", Some("User")),
            (get("/services/scim/v2/Users"), "scim query", Some("User")),
            (get("/services/scim/v2/Users/005"), "scim retrieve", Some("User")),
            (post("/profile/v4/Users", "{}"), "concur provision", Some("User")),
            (post("/profile/v4/Bulk", "{}"), "concur provision", None),
            (get("/provisioning/v4/provisions/x/status"), "concur retrieve", None),
            (get("/profile/v4/Schemas"), "concur describe", None),
            (get("/services/async/60.0/job"), "bulk bulk", None),
            (get("/_fauxforce/orgs"), "control other", None),
            (get("/"), "other other", None),
        ];
        for (request, words, about) in cases {
            let found = facts(&request);
            assert_eq!((&*found.0, found.1.as_deref()), (words, about), "{}", request.path);
        }
    }
}
