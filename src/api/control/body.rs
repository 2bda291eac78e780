//! Bodies of control calls, as trees whose values know their JSON paths.

use super::super::http::{Request, RequestBody};
use crate::error::ControlError;
use crate::scenario::{Node, Problem, nearest};

/// Most bytes of a body: room for a scenario of many records.
pub(super) const LARGEST: u64 = 64 * 1024 * 1024;

/// The body's text.
pub(super) fn text(request: &Request) -> Result<String, ControlError> {
    let bytes = match &request.body {
        RequestBody::Bytes(bytes) => bytes.to_vec(),
        RequestBody::Reader(_) => return Err(ControlError::body_too_large(LARGEST)),
    };
    if bytes.len() as u64 > LARGEST {
        return Err(ControlError::body_too_large(LARGEST));
    }
    String::from_utf8(bytes).map_err(|_| ControlError::unreadable("the body is not UTF-8"))
}

/// The body as a tree; no body is an empty object. TOML when the content type says so.
pub(super) fn tree(request: &Request) -> Result<Node, ControlError> {
    let text = text(request)?;
    let content_type = request.headers.get("content-type").unwrap_or_default();
    if content_type.contains("toml") {
        return Node::from_toml(&text).map_err(|problem| of_problem(&problem));
    }
    let text = if text.trim().is_empty() { "{}" } else { &text };
    let json = serde_json::from_str(text)
        .map_err(|error| ControlError::unreadable(format!("the body is not JSON: {error}")))?;
    Ok(Node::from_json(&json))
}

/// Refuses keys that a call does not take.
pub(super) fn check_keys(node: &Node, known: &[&str]) -> Result<(), ControlError> {
    let table = node.table().map_err(|problem| of_problem(&problem))?;
    for (key, value) in table {
        if known.contains(&key.as_str()) {
            continue;
        }
        let near = nearest(key, known.iter().copied());
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        let message = format!("no such key: {key}{near}");
        return Err(ControlError::invalid(message).at(value.path.clone()));
    }
    Ok(())
}

/// The error of a problem in a tree.
pub(super) fn of_problem(problem: &Problem) -> ControlError {
    let mut message = problem.without_code().to_owned();
    if problem.line > 0 {
        message = format!("line {}: {message}", problem.line);
    }
    let error = if problem.is_not_emulated() {
        let what = problem.path.clone();
        let mut error = ControlError::not_emulated(&what);
        error.message = message;
        error
    } else {
        ControlError::invalid(message)
    };
    error.at(problem.path.clone())
}
