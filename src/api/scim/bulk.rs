//! Bulk requests of RFC mode (RFC 7644 §3.7): operations in order, each a transaction of its own;
//! `bulkId:…` stands for the id of what an earlier operation made.

use super::answer::error_doc;
use super::{Answer, Call, Outcome, Task, TaskBody, dispatch};
use crate::api::http::Method;
use crate::error::ScimError;
use crate::store::Doc;
use std::collections::BTreeMap;

/// Most operations.
pub const MOST_OPERATIONS: usize = 1000;

/// Most bytes.
pub const MOST_BYTES: usize = 1_048_576;

const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// What an operation's references begin with.
const REFERENCE: &str = "bulkId:";

/// Runs a bulk request.
pub fn run(call: &Call<'_>, task: &Task<'_>) -> Outcome {
    if let TaskBody::Bytes(bytes) = &task.body
        && bytes.len() > MOST_BYTES
    {
        return Err(ScimError::payload_too_large(MOST_BYTES));
    }
    let body = task.doc(call)?;
    let Some(Doc::List(operations)) = body.get("Operations") else {
        return Err(ScimError::invalid_syntax("Operations must be a list"));
    };
    if operations.len() > MOST_OPERATIONS {
        return Err(ScimError::too_many_operations(MOST_OPERATIONS));
    }
    let most_errors = match body.get("failOnErrors") {
        Some(Doc::Int(most)) if *most > 0 => usize::try_from(*most).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    let mut made = BTreeMap::new();
    let (mut results, mut errors) = (Vec::new(), 0);
    for operation in operations {
        if errors >= most_errors {
            break;
        }
        let method = operation.text_at(&["method"]).unwrap_or_default();
        let bulk_id = operation.text_at(&["bulkId"]);
        let mut result = Doc::object().with("method", method).with_some("bulkId", bulk_id);
        match one(call, operation, &made) {
            Ok(answer) => {
                let location = location(call, operation, &made, &answer);
                if let (Some(bulk_id), Some(body)) = (bulk_id, &answer.body)
                    && let Some(id) = body.text_at(&["id"])
                {
                    made.insert(bulk_id.to_owned(), id.to_owned());
                }
                result = result
                    .with_some("location", location)
                    .with_some("version", answer.header("ETag"))
                    .with("status", answer.status.to_string());
            }
            Err(error) => {
                errors += 1;
                result = result
                    .with("status", error.status.to_string())
                    .with("response", error_doc(call.mode, &error));
            }
        }
        results.push(result);
    }
    let doc = Doc::object().with("schemas", Doc::texts([RESPONSE])).with("Operations", results);
    Ok(Answer::doc(200, doc))
}

fn one(call: &Call<'_>, operation: &Doc, made: &BTreeMap<String, String>) -> Outcome {
    let method = operation.text_at(&["method"]).unwrap_or_default().to_ascii_uppercase();
    let writes = [Method::Post, Method::Put, Method::Patch, Method::Delete];
    let method = Method::parse(&method).filter(|method| writes.contains(method));
    let unknown = || ScimError::invalid_syntax("method must be POST, PUT, PATCH or DELETE");
    let method = method.ok_or_else(unknown)?;
    if method == Method::Post && operation.text_at(&["bulkId"]).is_none() {
        return Err(ScimError::invalid_syntax("a POST must have a bulkId"));
    }
    let path = operation.text_at(&["path"]).unwrap_or_default();
    let path = resolved(&Doc::from(path), made)?;
    let path = path.as_text().unwrap_or_default().trim_matches('/').to_owned();
    let segments: Vec<&str> = path.split('/').collect();
    if segments == ["Bulk"] || segments.contains(&".search") {
        return Err(ScimError::invalid_syntax("a bulk operation writes a resource"));
    }
    let data = resolved(operation.get("data").unwrap_or(&Doc::Null), made)?;
    let task = Task {
        method,
        path: segments,
        query: "",
        body: TaskBody::Doc(data),
        if_match: operation.text_at(&["version"]),
        if_none_match: None,
    };
    dispatch(call, &task)
}

/// The URL of what an operation wrote.
fn location(
    call: &Call<'_>,
    operation: &Doc,
    made: &BTreeMap<String, String>,
    answer: &Answer,
) -> Option<String> {
    if let Some(location) = answer.header("Location") {
        return Some(location.to_owned());
    }
    let path = resolved(operation.get("path").unwrap_or(&Doc::Null), made).ok()?;
    Some([&call.now_view().base, path.as_text().unwrap_or_default()].concat())
}

/// A document in which ids stand for references.
fn resolved(doc: &Doc, made: &BTreeMap<String, String>) -> Result<Doc, ScimError> {
    Ok(match doc {
        Doc::Text(text) => match text.split_once(REFERENCE) {
            Some((before, name)) if before.is_empty() || before.ends_with('/') => {
                let id = made.get(name).ok_or_else(|| ScimError::unknown_bulk_id(name))?;
                [before, id].concat().into()
            }
            _ => doc.clone(),
        },
        Doc::List(items) => {
            Doc::List(items.iter().map(|item| resolved(item, made)).collect::<Result<_, _>>()?)
        }
        Doc::Object(members) => {
            let mut out = Doc::object();
            for (name, value) in members {
                out.set(name, resolved(value, made)?);
            }
            out
        }
        other => other.clone(),
    })
}
