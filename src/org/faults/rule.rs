//! A fault rule as data: which requests it is about, which of them it strikes, what it does to them.

use crate::clock::Millis;
use crate::error::Injected;
use std::sync::Arc;

/// A fault rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its id, unique in its org; empty until the org takes it in.
    pub id: String,
    /// The rule as its owner wrote it, for lists: JSON.
    pub text: Arc<str>,
    /// Which requests it is about.
    pub matching: Matching,
    /// Which of them it strikes.
    pub when: When,
    /// What it does to them.
    pub then: Then,
}

/// What can be done, whatever the protocol. `provision` are the calls to targets of provisioning.
pub const OPERATIONS: [&str; 22] = [
    "create",
    "update",
    "upsert",
    "delete",
    "undelete",
    "merge",
    "retrieve",
    "query",
    "search",
    "describe",
    "replicate",
    "bulk",
    "composite",
    "login",
    "authorize",
    "logout",
    "identity",
    "provision",
    "deploy",
    "invoke",
    "info",
    "other",
];

/// Which requests a rule is about: all that fit everything given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
    /// `GET`, `POST`, ….
    pub method: Option<&'static str>,
    /// Patterns of the path without its query, any of which must fit: see [`path_fits`]. None: any
    /// path.
    pub paths: Vec<String>,
    /// The object's name, letter case aside.
    pub object: Option<String>,
    /// What is done: one of [`OPERATIONS`].
    pub operation: Option<&'static str>,
    /// A part of the query, letter case aside.
    pub soql_contains: Option<String>,
    /// Values of a record that is saved or deleted, as JSON would show them.
    pub record: Vec<(String, Wanted)>,
}

/// What a field of a record must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Text, a picklist value, a date, an id: as it is written.
    Text(String),
}

/// Which of its matches a rule strikes. With nothing given: each of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct When {
    /// The first one that may be struck, from 1. Alone, it is the only one.
    pub nth: Option<u64>,
    /// One of so many.
    pub every: Option<u64>,
    /// At most so many in all.
    pub times: Option<u64>,
    /// None before this instant of the org's clock; until then matches are not counted.
    pub after: Option<Millis>,
    /// By chance, drawn from the org's seed.
    pub probability: Option<f64>,
}

/// What happens to a struck request.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// It fails with an error of Salesforce.
    Error(Injected),
    /// It is answered with this.
    Http(RawAnswer),
    /// Its answer comes later by this much of real time.
    Delay(Millis),
    /// Its connection is closed without an answer.
    Drop(Moment),
    /// Its answer ends after so many bytes of the body.
    Truncate(u64),
    /// Its session ends first.
    ExpireSession,
    /// It waits until it is released.
    Hold(String),
}

/// An answer as it goes over the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct RawAnswer {
    /// The status.
    pub status: u16,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// When a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the request takes effect.
    Before,
    /// After it took effect: the lost response.
    After,
}

impl Rule {
    /// True for a rule that is asked for each record that is saved, rather than for each request.
    pub fn is_of_records(&self) -> bool {
        let by_code =
            matches!(&self.then, Then::Error(error) if crate::error::is_of_records(&error.code));
        by_code || !self.matching.record.is_empty()
    }
}

/// True when a path fits a pattern: `*` stands for any part of one segment, `**` for any segments.
pub fn path_fits(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.trim_matches('/'), path.trim_matches('/'));
    let Some((first, rest)) = next(pattern) else { return path.is_empty() };
    if first == "**" {
        let mut left = path;
        loop {
            if path_fits(rest, left) {
                return true;
            }
            let Some((_, after)) = next(left) else { return false };
            left = after;
        }
    }
    next(path).is_some_and(|(own, others)| segment_fits(first, own) && path_fits(rest, others))
}

/// The first segment of a path and what follows it.
fn next(path: &str) -> Option<(&str, &str)> {
    let path = path.trim_start_matches('/');
    (!path.is_empty()).then(|| path.split_once('/').unwrap_or((path, "")))
}

fn segment_fits(pattern: &str, segment: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = segment.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_patterns() {
        let path = "/services/data/v66.0/sobjects/Account/001xx000003DGb2AAG";
        let fits = [
            "/services/data/*/sobjects/Account/*",
            "/services/**",
            "/**/Account/001*",
            "**",
            "/services/data/v*.0/**/*AAG",
            "/services/**/sobjects/**",
            path,
        ];
        let misses = [
            "/services/data/*/sobjects/Account",
            "/services/*",
            "*",
            "/**/Contact/*",
            "/services/data/v67*/**",
            "/services/data/*/*/sobjects/**",
        ];
        for pattern in fits {
            assert!(path_fits(pattern, path), "{pattern}");
        }
        for pattern in misses {
            assert!(!path_fits(pattern, path), "{pattern}");
        }
        assert!(path_fits("/services/oauth2/token", "//services/oauth2/token/"));
        assert!(segment_fits("a*a", "aa") && !segment_fits("a*a", "a"));
    }
}
