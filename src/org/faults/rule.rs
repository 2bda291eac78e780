//! A fault rule as data: which requests it is about, which of them it strikes, what it does to them.

use crate::clock::Millis;
use crate::error::Injected;
use crate::glob::Glob;
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
    /// Patterns of the path, any of which must fit. None: any path.
    pub paths: Vec<Glob>,
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
    /// True for a rule that is asked when targets of provisioning are called.
    pub fn is_of_targets(&self) -> bool {
        self.matching.operation == Some("provision")
    }

    /// True for a rule that is asked for each record that is saved, rather than for each request.
    pub fn is_of_records(&self) -> bool {
        let by_code =
            matches!(&self.then, Then::Error(error) if crate::error::is_of_records(&error.code));
        by_code || !self.matching.record.is_empty()
    }
}
