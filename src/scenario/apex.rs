//! The setting `apexRest`: a list of routes under `/services/apexrest`.

use super::problem::{Problem, unknown};
use super::settings::quoted;
use super::tree::{Node, Tree};
use crate::store::{ApexBody, ApexRoute, Settings};
use std::fmt::Write as _;

/// Keys of a route.
const KEYS: [&str; 6] = ["method", "path", "status", "headers", "body", "echo"];

/// Methods that Apex REST has.
const METHODS: [&str; 5] = ["DELETE", "GET", "PATCH", "POST", "PUT"];

/// Headers that the server makes itself.
const OWN_HEADERS: [&str; 4] = ["connection", "content-length", "date", "transfer-encoding"];

/// Most routes, and most headers of one.
const MOST_ROUTES: usize = 500;
const MOST_HEADERS: usize = 50;

/// Reads `apexRest`; `null` is no routes.
pub(super) fn read(node: &Node) -> Result<Vec<ApexRoute>, Problem> {
    if node.value == Tree::Null {
        return Ok(Vec::new());
    }
    let list = node.list()?;
    if list.len() > MOST_ROUTES {
        return Err(node.problem(format!("may hold {MOST_ROUTES} routes")));
    }
    list.iter().map(route).collect()
}

fn route(node: &Node) -> Result<ApexRoute, Problem> {
    let mut route = ApexRoute {
        method: None,
        path: String::new(),
        status: 200,
        headers: Vec::new(),
        body: ApexBody::Empty,
    };
    for (key, value) in node.table()? {
        match key.as_str() {
            "method" => {
                let name = value.text()?;
                if !METHODS.contains(&name) {
                    return Err(value.problem(unknown("method of Apex REST", name, METHODS)));
                }
                route.method = Some(name.to_owned());
            }
            "path" => {
                let path = value.text()?;
                if !path.starts_with('/') {
                    return Err(value.problem("must begin with a slash: /orders/*"));
                }
                path.clone_into(&mut route.path);
            }
            "status" => route.status = value.whole(200, 599)? as u16,
            "headers" => route.headers = headers(value)?,
            "body" if route.body == ApexBody::Echo => return Err(value.problem(BODY_OR_ECHO)),
            "body" => {
                route.body = match &value.value {
                    Tree::Null => ApexBody::Empty,
                    Tree::Text(text) => ApexBody::Text(text.clone()),
                    _ => {
                        let mut text = String::new();
                        push_node(&mut text, value);
                        ApexBody::Json(text)
                    }
                };
            }
            "echo" => {
                let is_on = value.flag()?;
                if is_on && route.body != ApexBody::Empty {
                    return Err(value.problem(BODY_OR_ECHO));
                }
                if is_on {
                    route.body = ApexBody::Echo;
                }
            }
            key => return Err(value.problem(unknown("key of a route", key, KEYS))),
        }
    }
    if route.path.is_empty() {
        return Err(node.problem("a route needs a path"));
    }
    if matches!(route.status, 204 | 304) && route.body != ApexBody::Empty {
        return Err(node.problem("an answer of this status has no body"));
    }
    Ok(route)
}

const BODY_OR_ECHO: &str = "a route has a body or echoes, not both";

fn headers(node: &Node) -> Result<Vec<(String, String)>, Problem> {
    let entries = node.table()?;
    if entries.len() > MOST_HEADERS {
        return Err(node.problem(format!("may hold {MOST_HEADERS} headers")));
    }
    let mut headers = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err(value.problem("is no name of a header"));
        }
        if OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            return Err(value.problem("the server makes this header itself"));
        }
        let text = value.text()?;
        if !text.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)) {
            return Err(value.problem("must be one line of ASCII"));
        }
        headers.push((name.clone(), text.to_owned()));
    }
    Ok(headers)
}

/// Appends a value as JSON.
fn push_node(out: &mut String, node: &Node) {
    match &node.value {
        Tree::Null => out.push_str("null"),
        Tree::Bool(flag) => _ = write!(out, "{flag}"),
        Tree::Number(text) => out.push_str(text),
        Tree::Text(text) => out.push_str(&quoted(text)),
        Tree::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                push_node(out, item);
            }
            out.push(']');
        }
        Tree::Table(entries) => {
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                let _ = write!(out, "{comma}{}:", quoted(key));
                push_node(out, value);
            }
            out.push('}');
        }
    }
}

/// Appends `,"apexRest":[…]`.
pub(super) fn push_json(out: &mut String, settings: &Settings) {
    out.push_str(",\"apexRest\":[");
    for (at, route) in settings.apex_rest.iter().enumerate() {
        out.push_str(if at > 0 { ",{" } else { "{" });
        if let Some(method) = &route.method {
            let _ = write!(out, "\"method\":\"{method}\",");
        }
        let _ = write!(out, "\"path\":{},\"status\":{}", quoted(&route.path), route.status);
        if !route.headers.is_empty() {
            out.push_str(",\"headers\":");
            for (at, (name, value)) in route.headers.iter().enumerate() {
                let before = if at > 0 { ',' } else { '{' };
                let _ = write!(out, "{before}{}:{}", quoted(name), quoted(value));
            }
            out.push('}');
        }
        match &route.body {
            ApexBody::Empty => {}
            ApexBody::Json(text) => _ = write!(out, ",\"body\":{text}"),
            ApexBody::Text(text) => _ = write!(out, ",\"body\":{}", quoted(text)),
            ApexBody::Echo => out.push_str(",\"echo\":true"),
        }
        out.push('}');
    }
    out.push(']');
}
