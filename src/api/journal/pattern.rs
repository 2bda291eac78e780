//! Which exchanges are meant: for the journal's filters, `verify`, `await` and expectations in Rust.

use super::super::facts::{Facts, Operation, Seen};
use super::super::http::Method;
use super::super::route;
use super::record::tell;
use super::redact::{self, HIDDEN};
use crate::error::journal::Difference;
use crate::glob::Glob;
use crate::org::{Exchange, Org, Told};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// Differences of a body that are told; the rest is much the same.
const MOST_OF_BODY: usize = 9;

/// How many of the nearest are told.
const NEAREST: usize = 3;

/// Statuses that are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// One.
    Exactly(u16),
    /// All of a class: 4 for `4xx`.
    Class(u16),
}

impl Status {
    /// Reads `404` or `4xx`.
    pub fn parse(text: &str) -> Option<Status> {
        if let Some(class) = text.strip_suffix("xx") {
            return class.parse().ok().filter(|class| (1..=5).contains(class)).map(Status::Class);
        }
        text.parse().ok().filter(|status| (100..600).contains(status)).map(Status::Exactly)
    }

    fn fits(self, status: u16) -> bool {
        match self {
            Status::Exactly(own) => own == status,
            Status::Class(class) => status / 100 == class,
        }
    }

    fn shown(self) -> String {
        match self {
            Status::Exactly(status) => status.to_string(),
            Status::Class(class) => format!("{class}xx"),
        }
    }
}

/// Which exchanges are meant. What is `None` is not looked at.
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    /// The method, letter case aside.
    pub method: Option<String>,
    /// The path.
    pub path: Option<Glob>,
    /// The API.
    pub protocol: Option<String>,
    /// What was asked for.
    pub operation: Option<Operation>,
    /// The object's API name, letter case aside.
    pub object: Option<String>,
    /// The status.
    pub status: Option<Status>,
    /// Whether something was not emulated.
    pub unsupported: Option<bool>,
    /// A part of the body.
    pub body: Option<Value>,
}

/// How often an exchange is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// At least.
    pub least: u64,
    /// At most.
    pub most: Option<u64>,
}

impl Default for Times {
    fn default() -> Times {
        Times { least: 1, most: None }
    }
}

impl Times {
    /// True for a count that is expected.
    pub fn fits(self, count: u64) -> bool {
        count >= self.least && self.most.is_none_or(|most| count <= most)
    }
}

/// Whether an expectation is met.
pub struct Verified {
    /// It is.
    pub matched: bool,
    /// How many exchanges fit.
    pub count: u64,
    /// When it is not met: those that nearly fit, or those that fit and are too many.
    pub nearest: Vec<(Arc<Exchange>, Vec<Difference>)>,
}

/// What an exchange is about.
pub fn told<'e>(exchange: &'e Exchange, org: &Org) -> &'e Told {
    exchange.told.get_or_init(|| {
        let segments = route::segments(exchange.path()).unwrap_or_default();
        tell(&Facts::of_seen(seen(exchange), &segments), org)
    })
}

fn seen(exchange: &Exchange) -> Seen<'_> {
    Seen {
        method: Method::parse(exchange.method).unwrap_or(Method::Get),
        query: exchange.query(),
        content_type: exchange.request_header("content-type").unwrap_or_default(),
        body: exchange.request_body().bytes,
    }
}

impl Pattern {
    /// True for an exchange that is meant.
    pub fn fits(&self, exchange: &Exchange, org: &Org) -> bool {
        self.differences(exchange, org, true).is_empty()
    }

    /// Checks how often it fits among the exchanges of an org after a number.
    pub fn verify(&self, times: Times, org: &Org, since: u64) -> Verified {
        let all = org.journal.since(since);
        let count = all.iter().filter(|exchange| self.fits(exchange, org)).count() as u64;
        let matched = times.fits(count);
        let mut nearest: Vec<(usize, Arc<Exchange>, Vec<Difference>)> = Vec::new();
        if !matched {
            let too_many = count >= times.least;
            for exchange in all.into_iter().rev() {
                let differs = self.differences(&exchange, org, false);
                if differs.is_empty() == too_many {
                    nearest.push((distance(&differs), exchange, differs));
                }
            }
            // Stable: of those that are as near, the newest come first.
            nearest.sort_by_key(|(distance, ..)| *distance);
            nearest.truncate(NEAREST);
        }
        let nearest = nearest.into_iter().map(|(_, exchange, differs)| (exchange, differs));
        Verified { matched, count, nearest: nearest.collect() }
    }

    /// How an exchange differs; the first difference only, when that is enough.
    fn differences(&self, exchange: &Exchange, org: &Org, first: bool) -> Vec<Difference> {
        let mut found = Vec::new();
        macro_rules! check {
            ($difference:expr) => {
                found.extend($difference);
                if first && !found.is_empty() {
                    return found;
                }
            };
        }
        check!(self.method.as_ref().and_then(|method| {
            let fits = method.eq_ignore_ascii_case(exchange.method);
            (!fits).then(|| Difference::other("method", method, exchange.method))
        }));
        check!(self.path.as_ref().and_then(|path| {
            let fits = path.fits(exchange.path(), exchange.query());
            (!fits).then(|| Difference::other("path", path.as_str(), exchange.path()))
        }));
        check!(self.status.and_then(|status| {
            let fits = status.fits(exchange.status);
            let found = || exchange.status.to_string();
            (!fits).then(|| Difference::other("status", &status.shown(), &found()))
        }));
        check!(self.unsupported.and_then(|wanted| {
            let found = exchange.response_header(UNSUPPORTED).is_some();
            let text = |flag: bool| if flag { "true" } else { "false" };
            (found != wanted).then(|| Difference::other("unsupported", text(wanted), text(found)))
        }));
        check!(self.protocol.as_ref().and_then(|protocol| {
            let found = told(exchange, org).protocol;
            (protocol != found).then(|| Difference::other("protocol", protocol, found))
        }));
        check!(self.operation.and_then(|operation| {
            let (wanted, found) = (operation.name(), told(exchange, org).operation);
            (wanted != found).then(|| Difference::other("operation", wanted, found))
        }));
        check!(self.object.as_ref().and_then(|object| match &told(exchange, org).object {
            Some(found) if found.eq_ignore_ascii_case(object) => None,
            Some(found) => Some(Difference::other("object", object, found)),
            None => Some(Difference::missing("object", object)),
        }));
        if let Some(body) = &self.body {
            let seen = seen(exchange);
            match seen.sent() {
                Some(tree) => {
                    let is_typed = seen.content_type.contains("json");
                    subset(body, &tree, is_typed, "body", &mut found);
                }
                None => found.push(Difference::unreadable_body(&shown(body, ""))),
            }
        }
        found
    }
}

/// How far off: what was asked of whom counts more than what the body says.
fn distance(differs: &[Difference]) -> usize {
    let of = |difference: &Difference| if difference.0.starts_with("body") { 1 } else { 10 };
    differs.iter().map(of).sum()
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            self.method.clone(),
            self.path.as_ref().map(|path| path.as_str().to_owned()),
            self.protocol.clone(),
            self.operation.map(|operation| operation.name().to_owned()),
            self.object.clone(),
            self.status.map(Status::shown),
            self.unsupported.map(|flag| if flag { "unsupported" } else { "supported" }.to_owned()),
            self.body.as_ref().map(|body| shown(body, "")),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        f.write_str(if words.is_empty() { "any request" } else { "a request" })?;
        words.iter().try_for_each(|word| write!(f, " {word}"))
    }
}

/// JSON as a tree.
pub fn json_tree(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

/// The header of what is not emulated.
pub const UNSUPPORTED: &str = "X-Fauxforce-Unsupported";

/// Notes where an expected tree is not a part of a found one. Members are found letter case aside;
/// the items of a list must be there in the same order, with others between them or not. Numbers and
/// flags also fit their texts where the body has texts alone.
fn subset(
    expected: &Value,
    found: &Value,
    is_typed: bool,
    place: &str,
    differs: &mut Vec<Difference>,
) {
    if differs.len() >= MOST_OF_BODY {
        return;
    }
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (name, value) in expected {
                let place = [place, ".", name].concat();
                let by_case = || found.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
                match found.get(name).or_else(|| by_case().map(|(_, value)| value)) {
                    Some(own) => subset(value, own, is_typed, &place, differs),
                    None => differs.push(Difference::missing(&place, &shown(value, &place))),
                }
            }
        }
        (Value::Array(expected), Value::Array(found)) => {
            let mut rest = found.iter();
            for (at, item) in expected.iter().enumerate() {
                if !rest.any(|own| is_part(item, own, is_typed)) {
                    let expected = shown(item, place);
                    differs.push(Difference::no_item(
                        &[place, "[", &at.to_string(), "]"].concat(),
                        &expected,
                    ));
                }
            }
        }
        // A list of one looks like its item where names alone say that there is a list.
        (Value::Array(items), one) if !is_typed && items.len() == 1 => {
            subset(&items[0], one, is_typed, place, differs);
        }
        (expected, found) if same(expected, found, is_typed) => {}
        (expected, found) => {
            differs.push(Difference::other(place, &shown(expected, place), &shown(found, place)));
        }
    }
}

fn is_part(expected: &Value, found: &Value, is_typed: bool) -> bool {
    let mut differs = Vec::new();
    subset(expected, found, is_typed, "", &mut differs);
    differs.is_empty()
}

fn same(expected: &Value, found: &Value, is_typed: bool) -> bool {
    match (expected, found) {
        (Value::Number(expected), Value::Number(found)) => {
            expected == found || expected.as_f64() == found.as_f64()
        }
        (Value::Number(number), Value::String(text)) if !is_typed => {
            text.parse().is_ok_and(|found: f64| number.as_f64() == Some(found))
        }
        (Value::Bool(flag), Value::String(text)) if !is_typed => text.parse() == Ok(*flag),
        (Value::Null, Value::String(text)) if !is_typed => text.is_empty(),
        _ => expected == found,
    }
}

/// A value as a difference shows it: on one line, not too long, and no secret.
fn shown(value: &Value, place: &str) -> String {
    const LONGEST: usize = 120;
    if redact::is_secret(place.rsplit('.').next().unwrap_or_default()) {
        return HIDDEN.to_owned();
    }
    let text = value.to_string();
    let text = redact::body("application/json", &text);
    if text.chars().count() <= LONGEST {
        return text.into_owned();
    }
    text.chars().take(LONGEST).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differs(expected: &Value, found: &Value) -> Vec<String> {
        let mut differs = Vec::new();
        subset(expected, found, true, "body", &mut differs);
        differs.into_iter().map(|difference| difference.0).collect()
    }

    #[test]
    fn a_part_of_a_body_fits() {
        let body = json!({"Name": "Acme", "n": 1.0, "tags": ["a", "b", "c"], "in": {"x": null, "y": [{"k": 1, "v": 2}]}});
        for part in [
            json!({}),
            json!({"name": "Acme"}),
            json!({"n": 1}),
            json!({"tags": ["a", "c"]}),
            json!({"in": {"y": [{"v": 2}]}}),
            json!({"in": {"x": null}}),
            body.clone(),
        ] {
            assert_eq!(differs(&part, &body), Vec::<String>::new(), "{part}");
        }
    }

    #[test]
    fn differences_say_where_and_what() {
        let body =
            json!({"Name": "Acme", "password": "geheim", "tags": ["a", "b"], "in": {"x": 1}});
        for (part, said) in [
            (json!({"Name": "Bcme"}), r#"body.Name: expected "Bcme", was "Acme""#),
            (json!({"Phone": 1}), "body.Phone: expected 1, was not there"),
            (json!({"tags": ["b", "a"]}), r#"body.tags[1]: no further item fits "a""#),
            (json!({"in": {"x": "1"}}), r#"body.in.x: expected "1", was 1"#),
            (json!({"in": []}), r#"body.in: expected [], was {"x":1}"#),
            (json!({"password": "x"}), "body.password: expected ***, was ***"),
            (
                json!([1]),
                r#"body: expected [1], was {"Name":"Acme","in":{"x":1},"password":"***","tags":["a","b"]}"#,
            ),
        ] {
            assert_eq!(differs(&part, &body), [said], "{part}");
        }
    }

    #[test]
    fn where_all_is_text_numbers_fit_their_texts() {
        let found = json!({"n": "1", "b": "true", "none": "", "one": {"x": "y"}});
        let part = json!({"n": 1, "b": true, "none": null, "one": [{"x": "y"}]});
        assert!(is_part(&part, &found, false));
        assert!(!is_part(&part, &found, true));
    }

    #[test]
    fn statuses() {
        assert_eq!(Status::parse("404"), Some(Status::Exactly(404)));
        assert_eq!(Status::parse("4xx"), Some(Status::Class(4)));
        for text in ["", "xx", "9xx", "99", "600", "4x", "-1"] {
            assert_eq!(Status::parse(text), None, "{text}");
        }
    }
}
