//! The journal: listed, exported, verified.

use super::super::http::Request;
use super::super::journal::{self, Pattern, Status, Times};
use super::super::params::Params;
use super::super::{facts::Operation, json};
use super::body::{self, of_problem};
use super::{Answer, Call};
use crate::error::ControlError;
use crate::glob::Glob;
use crate::org::{Exchange, Org};
use crate::scenario::{Node, nearest};
use std::sync::Arc;

/// What the list takes.
const PARAMETERS: [&str; 10] = [
    "method",
    "path",
    "status",
    "object",
    "operation",
    "protocol",
    "unsupported",
    "since",
    "limit",
    "format",
];

/// The exchanges that are asked for: after `since` the oldest first, up to `limit`; without `since`
/// the newest `limit`. Either way the older ones stand first. `latest` is the newest number given, to
/// ask on from when filters leave nothing.
pub(super) fn list(call: &Call<'_>, org: &Org) -> Answer {
    let params = Params::parse(&call.request.query);
    for (name, _) in params.iter() {
        if !PARAMETERS.contains(&name) {
            return Err(ControlError::no_such_parameter(name, nearest(name, PARAMETERS)));
        }
    }
    let number = |name: &str| {
        let text = params.get(name);
        let number = text.map(|text| text.parse::<u64>().map_err(|_| not_a_number(name)));
        number.transpose()
    };
    let (since, limit) = (number("since")?, number("limit")?);
    let pattern = filter(&params)?;
    // First, so that nothing is missed by who goes on from here.
    let latest = org.journal.latest();
    let mut found = org.journal.since(since.unwrap_or(0));
    found.retain(|exchange| pattern.fits(exchange, org));
    if let Some(limit) = limit {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        if since.is_some() {
            found.truncate(most);
        } else {
            found.drain(..found.len().saturating_sub(most));
        }
    }
    match params.get("format") {
        None | Some("json") => {}
        Some("har") => return Ok((200, journal::archive(&found, org))),
        Some(_) => return Err(ControlError::parameter("format", "must be json or har")),
    }
    let mut out = String::with_capacity(64 + found.len() * 1024);
    out.push_str("{\"items\":");
    push_list(&mut out, &found, org);
    out.push_str(",\"latest\":");
    json::push_int(&mut out, latest as i64);
    out.push('}');
    Ok((200, out))
}

fn not_a_number(name: &str) -> ControlError {
    ControlError::parameter(name, "must be a whole number")
}

fn push_list(out: &mut String, found: &[Arc<Exchange>], org: &Org) {
    out.push('[');
    for (place, exchange) in found.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        journal::push(out, exchange, org);
    }
    out.push(']');
}

fn filter(params: &Params<'_>) -> Result<Pattern, ControlError> {
    let text = |name: &str| params.get(name).map(ToOwned::to_owned);
    let status = params.get("status");
    let status = status.map(|text| Status::parse(text).ok_or_else(|| bad_status("status")));
    let unsupported = match params.get("unsupported") {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(ControlError::parameter("unsupported", "must be true or false")),
    };
    Ok(Pattern {
        method: text("method"),
        path: params.get("path").map(Glob::new),
        protocol: text("protocol"),
        operation: params.get("operation").map(|word| operation(word, "operation")).transpose()?,
        object: text("object"),
        status: status.transpose()?,
        unsupported,
        body: None,
    })
}

fn bad_status(path: &str) -> ControlError {
    ControlError::invalid("must be a status such as 404, or a class such as 4xx").at(path)
}

fn operation(word: &str, path: &str) -> Result<Operation, ControlError> {
    let names = Operation::ALL.iter().map(|(_, name)| *name);
    Operation::parse(word).ok_or_else(|| {
        ControlError::no_such_operation(word, nearest(word, names)).at(path.to_owned())
    })
}

/// What a pattern in a body takes.
const KEYS: [&str; 10] = [
    "method",
    "path",
    "protocol",
    "operation",
    "object",
    "status",
    "unsupported",
    "body",
    "times",
    "since",
];

/// An expectation as a body says it.
pub(super) struct Expected {
    pub(super) pattern: Pattern,
    pub(super) times: Times,
    pub(super) since: u64,
}

impl Expected {
    /// Reads `{"method"?,"path"?,…,"body"?,"times"?,"since"?}`.
    pub(super) fn read(node: &Node) -> Result<Expected, ControlError> {
        body::check_keys(node, &KEYS)?;
        let text = |key: &str| {
            let text = node.get(key).map(Node::text).transpose().map_err(|p| of_problem(&p))?;
            Ok::<_, ControlError>(text.map(ToOwned::to_owned))
        };
        let number = |key: &str| {
            let number = node.get(key).map(|number| number.whole(0, u64::MAX)).transpose();
            number.map_err(|problem| of_problem(&problem))
        };
        let unsupported = node.get("unsupported").map(Node::flag).transpose();
        let status = node.get("status").map(|status| {
            let text = match status.whole(100, 599) {
                Ok(number) => number.to_string(),
                Err(_) => status.text().unwrap_or_default().to_owned(),
            };
            Status::parse(&text).ok_or_else(|| bad_status(&status.path))
        });
        let word = node.get("operation").map(|node| {
            let word = node.text().map_err(|problem| of_problem(&problem))?;
            operation(word, &node.path)
        });
        Ok(Expected {
            pattern: Pattern {
                method: text("method")?,
                path: text("path")?.map(|path| Glob::new(&path)),
                protocol: text("protocol")?,
                operation: word.transpose()?,
                object: text("object")?,
                status: status.transpose()?,
                unsupported: unsupported.map_err(|problem| of_problem(&problem))?,
                body: node.get("body").map(Node::to_json),
            },
            times: node.get("times").map_or(Ok(Times::default()), times)?,
            since: number("since")?.unwrap_or(0),
        })
    }

    /// Whether it is met, and the JSON that says so.
    pub(super) fn check(&self, org: &Org) -> (bool, String) {
        let verified = self.pattern.verify(self.times, org, self.since);
        let mut out = String::from("{\"matched\":");
        json::push_bool(&mut out, verified.matched);
        out.push_str(",\"count\":");
        json::push_int(&mut out, verified.count as i64);
        out.push_str(",\"nearest\":[");
        for (place, (exchange, differs)) in verified.nearest.iter().enumerate() {
            out.push_str(if place > 0 { ",{\"seq\":" } else { "{\"seq\":" });
            json::push_int(&mut out, exchange.seq as i64);
            out.push_str(",\"differs\":[");
            for (place, difference) in differs.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                json::push_str(&mut out, &difference.0);
            }
            out.push_str("]}");
        }
        out.push_str("]}");
        (verified.matched, out)
    }
}

/// `{"exactly":n}`, or `at_least` and `at_most`; a bare number is `exactly`.
fn times(node: &Node) -> Result<Times, ControlError> {
    let whole = |node: &Node| node.whole(0, u64::MAX).map_err(|problem| of_problem(&problem));
    if node.table().is_err() {
        let exactly = whole(node)?;
        return Ok(Times { least: exactly, most: Some(exactly) });
    }
    body::check_keys(node, &["exactly", "at_least", "at_most"])?;
    let get = |key: &str| node.get(key).map(whole).transpose();
    match (get("exactly")?, get("at_least")?, get("at_most")?) {
        (Some(exactly), None, None) => Ok(Times { least: exactly, most: Some(exactly) }),
        (None, least, most) if least.or(most).is_some() => {
            let least = least.unwrap_or(0);
            if most.is_some_and(|most| most < least) {
                let message = "at_most must not be less than at_least";
                return Err(ControlError::invalid(message).at(node.path.clone()));
            }
            Ok(Times { least, most })
        }
        _ => Err(ControlError::invalid("give exactly, or at_least or at_most or both")
            .at(node.path.clone())),
    }
}

/// Checks an expectation: 200 whatever comes out, or with `?fail=true` 417 when it is unmet.
pub(super) fn verify(call: &Call<'_>, org: &Org) -> Answer {
    let fails = fails(call.request)?;
    let expected = Expected::read(&body::tree(call.request)?)?;
    let (matched, json) = expected.check(org);
    Ok((if matched || !fails { 200 } else { 417 }, json))
}

fn fails(request: &Request) -> Result<bool, ControlError> {
    let params = Params::parse(&request.query);
    if let Some((name, _)) = params.iter().find(|(name, _)| *name != "fail") {
        return Err(ControlError::no_such_parameter(name, nearest(name, ["fail"])));
    }
    match params.get("fail") {
        None | Some("false") => Ok(false),
        Some("true" | "") => Ok(true),
        Some(_) => Err(ControlError::parameter("fail", "must be true or false")),
    }
}
