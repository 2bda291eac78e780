//! What a path of the data APIs asks for.

use super::super::http::Method;
use super::Operation;
use crate::id::Id;

/// What a path asks for, and where its object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked<'p> {
    pub(super) operation: Operation,
    pub(super) object: Where<'p>,
}

/// Where a request names its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where<'p> {
    /// Nowhere.
    Nowhere,
    /// Here, as it was sent.
    Name(&'p str),
    /// It is the object of this record.
    Id(&'p str),
    /// In the query's parameter `q`.
    Soql,
    /// In the first id of the query's parameter `ids`.
    Ids,
    /// In the type of the first of the body's `records`.
    Records,
    /// In this member of the body, or in the object of the SOQL in its member `query`.
    Member(&'p str),
    /// In a SOAP message.
    Message,
}

/// `path` is what follows the version.
pub(super) fn asked<'p>(method: Method, path: &[&'p str]) -> Asked<'p> {
    use Where::Nowhere;
    let of = |operation, object| Asked { operation, object };
    let reads = matches!(method, Method::Get | Method::Head);
    match path {
        ["tooling", "sobjects" | "query" | "queryAll" | "search", ..] => asked(method, &path[1..]),
        ["tooling", "executeAnonymous" | "runTestsSynchronous" | "runTestsAsynchronous"] => {
            of(Operation::Invoke, Nowhere)
        }
        ["ui-api", rest @ ..] => ui_api(method, rest),
        ["sobjects", rest @ ..] => rows(method, rest),
        ["query" | "queryAll", ..] => of(Operation::Query, Where::Soql),
        ["search", "layout" | "scopeOrder"] => of(Operation::Describe, Nowhere),
        ["search" | "parameterizedSearch", ..] => of(Operation::Search, Nowhere),
        ["composite", rest @ ..] => composite(method, rest),
        ["jobs", "ingest"] if method == Method::Post => {
            of(Operation::Bulk, Where::Member("object"))
        }
        ["jobs", "query"] if method == Method::Post => of(Operation::Bulk, Where::Member("query")),
        ["jobs", ..] => of(Operation::Bulk, Nowhere),
        ["metadata", ..] => of(Operation::Deploy, Nowhere),
        ["process" | "actions" | "quickActions", ..] if !reads => of(Operation::Invoke, Nowhere),
        ["process" | "actions" | "quickActions" | "compactLayouts", ..] => {
            of(Operation::Describe, Nowhere)
        }
        _ if reads => of(Operation::Info, Nowhere),
        _ => of(Operation::Other, Nowhere),
    }
}

/// Below `sobjects`.
fn rows<'p>(method: Method, path: &[&'p str]) -> Asked<'p> {
    let reads = matches!(method, Method::Get | Method::Head);
    let &[name, ref rest @ ..] = path else {
        let operation = if reads { Operation::Describe } else { Operation::Other };
        return Asked { operation, object: Where::Nowhere };
    };
    if name == "relevantItems" {
        return Asked { operation: Operation::Info, object: Where::Nowhere };
    }
    let is_id = |key: &str| Id::parse(key).is_ok();
    let operation = match (method, rest) {
        (Method::Get | Method::Head, [] | ["describe" | "listviews" | "quickActions", ..]) => {
            Operation::Describe
        }
        (Method::Get | Method::Head, ["updated" | "deleted"]) => Operation::Replicate,
        (Method::Post, []) => Operation::Create,
        (Method::Post, ["quickActions", ..]) => Operation::Invoke,
        // The password of a user.
        (_, [_, "password"]) if !reads => Operation::Update,
        (Method::Get | Method::Head, _) => Operation::Retrieve,
        (Method::Delete, [_, ..]) => Operation::Delete,
        // What follows an id is a parent's relationship; else it is an external id's value.
        (Method::Patch, [key] | [key, _, ..]) if is_id(key) => Operation::Update,
        (Method::Patch, [_, _]) | (Method::Post, [_] | [_, _]) => Operation::Upsert,
        (Method::Patch, [_]) => Operation::Update,
        _ => Operation::Other,
    };
    Asked { operation, object: Where::Name(name) }
}

fn composite<'p>(method: Method, path: &[&'p str]) -> Asked<'p> {
    let of = |operation, object| Asked { operation, object };
    match (method, path) {
        (Method::Get | Method::Head, []) => of(Operation::Info, Where::Nowhere),
        (Method::Post, ["tree", name]) => of(Operation::Create, Where::Name(name)),
        (Method::Post, ["sobjects"]) => of(Operation::Create, Where::Records),
        (Method::Patch, ["sobjects"]) => of(Operation::Update, Where::Records),
        (Method::Delete, ["sobjects"]) => of(Operation::Delete, Where::Ids),
        (Method::Get | Method::Head | Method::Post, ["sobjects", name]) => {
            of(Operation::Retrieve, Where::Name(name))
        }
        (Method::Patch, ["sobjects", name, _]) => of(Operation::Upsert, Where::Name(name)),
        (Method::Post, [] | ["batch" | "graph"]) => of(Operation::Composite, Where::Nowhere),
        _ => of(Operation::Other, Where::Nowhere),
    }
}

fn ui_api<'p>(method: Method, path: &[&'p str]) -> Asked<'p> {
    let of = |operation, object| Asked { operation, object };
    match (method, path) {
        (Method::Post, ["records"]) => of(Operation::Create, Where::Member("apiName")),
        (Method::Patch, ["records", id]) => of(Operation::Update, Where::Id(id)),
        (Method::Delete, ["records", id]) => of(Operation::Delete, Where::Id(id)),
        (Method::Get | Method::Head, ["records", id]) => of(Operation::Retrieve, Where::Id(id)),
        (Method::Get | Method::Head, ["object-info", name, ..]) => {
            of(Operation::Describe, Where::Name(name))
        }
        (Method::Get | Method::Head, ["object-info" | "layout", ..]) => {
            of(Operation::Describe, Where::Nowhere)
        }
        (Method::Get | Method::Head, _) => of(Operation::Info, Where::Nowhere),
        _ => of(Operation::Other, Where::Nowhere),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_say_operation_and_object() {
        use Method::{Delete, Get, Patch, Post, Put};
        use Where::{Id, Ids, Member, Name, Nowhere, Records, Soql};
        let cases = [
            (Get, "", "info", Nowhere),
            (Get, "limits", "info", Nowhere),
            (Get, "sobjects", "describe", Nowhere),
            (Get, "sobjects/Account", "describe", Name("Account")),
            (Get, "sobjects/Account/describe/layouts", "describe", Name("Account")),
            (Post, "sobjects/Account", "create", Name("Account")),
            (Get, "sobjects/Account/updated", "replicate", Name("Account")),
            (Get, "sobjects/Account/001ff0000000001AAA", "retrieve", Name("Account")),
            (Patch, "sobjects/Account/001ff0000000001AAA", "update", Name("Account")),
            (Delete, "sobjects/Account/001ff0000000001AAA", "delete", Name("Account")),
            (Patch, "sobjects/Account/Key__c/7", "upsert", Name("Account")),
            (Post, "sobjects/Account/Id", "upsert", Name("Account")),
            (Get, "sobjects/Account/Key__c/7", "retrieve", Name("Account")),
            (Delete, "sobjects/Account/Key__c/7", "delete", Name("Account")),
            (Patch, "sobjects/Contact/003ff0000000001AAA/Account", "update", Name("Contact")),
            (Post, "sobjects/User/005ff0000000001AAA/password", "update", Name("User")),
            (Put, "sobjects/Account", "other", Name("Account")),
            (Get, "query", "query", Soql),
            (Get, "queryAll/01gff0000000001AAA-2000", "query", Soql),
            (Get, "search", "search", Nowhere),
            (Post, "parameterizedSearch", "search", Nowhere),
            (Post, "composite", "composite", Nowhere),
            (Post, "composite/batch", "composite", Nowhere),
            (Post, "composite/tree/Account", "create", Name("Account")),
            (Post, "composite/sobjects", "create", Records),
            (Patch, "composite/sobjects", "update", Records),
            (Delete, "composite/sobjects", "delete", Ids),
            (Patch, "composite/sobjects/Account/Key__c", "upsert", Name("Account")),
            (Post, "composite/sobjects/Account", "retrieve", Name("Account")),
            (Post, "jobs/ingest", "bulk", Member("object")),
            (Put, "jobs/ingest/750/batches", "bulk", Nowhere),
            (Get, "tooling/query", "query", Soql),
            (Post, "tooling/sobjects/ApexClass", "create", Name("ApexClass")),
            (Get, "tooling/executeAnonymous", "invoke", Nowhere),
            (Get, "ui-api/object-info/Account", "describe", Name("Account")),
            (Post, "ui-api/records", "create", Member("apiName")),
            (Get, "ui-api/records/001ff0000000001AAA", "retrieve", Id("001ff0000000001AAA")),
            (Post, "actions/standard/emailSimple", "invoke", Nowhere),
            (Post, "nonsense", "other", Nowhere),
        ];
        for (method, path, operation, object) in cases {
            let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
            let asked = asked(method, &parts);
            assert_eq!((asked.operation.name(), asked.object), (operation, object), "{path}");
        }
    }
}
