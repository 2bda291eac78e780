//! Calls to other systems whose answers are awaited. They are part of the state, so a fork or a
//! restored snapshot goes on where it stood: it asks again what it still waits for.

use super::doc::Doc;
use super::jobs::Job;
use super::targets::External;
use crate::clock::Millis;
use crate::error::CallFailed;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A question to another system. The edge asks it; the answer comes back as input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutboundCall {
    /// Its number in the org.
    pub number: u64,
    /// The job that asks; its kind says who takes the answer.
    pub job: Job,
    /// Where it goes: `http` or `https`.
    pub url: Arc<str>,
    /// The value of the header `Authorization`.
    pub authorization: Option<Arc<str>>,
    /// How long the edge waits for its answer: real time, whatever the org's clock does.
    pub timeout: Millis,
    /// What is asked.
    pub ask: Ask,
}

/// What is asked of another system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// Something of a SCIM 2.0 service.
    Scim(Box<ScimAsk>),
    /// What a provisioning plug-in is given: its inputs, by name.
    Plugin(Doc),
    /// Nothing: it is told of an event.
    Event(Doc),
}

/// What is asked of a SCIM 2.0 service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ScimAsk {
    /// To create a user.
    Create {
        /// The user.
        user: Doc,
    },
    /// Something about a user whom it has.
    About {
        /// The id under which it knows the user; it is asked for the id of the name without one.
        id: Option<Arc<str>>,
        /// The user's name.
        name: Arc<str>,
        /// What.
        what: ScimWhat,
    },
    /// A page of its users.
    List {
        /// The first, from 1.
        start: u64,
        /// How many at most.
        count: u32,
        /// Which.
        filter: Option<Arc<str>>,
    },
}

/// What is asked about a user of a SCIM 2.0 service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ScimWhat {
    /// To show the user.
    Read,
    /// To replace these attributes.
    Replace(Doc),
    /// To delete the user.
    Delete,
}

/// What another system answered. What it did not say is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answered {
    /// Its own status.
    pub status: Option<String>,
    /// Its own message.
    pub details: Option<String>,
    /// The account that the call was about.
    pub account: External,
    /// A page of accounts.
    pub accounts: Vec<External>,
    /// Whether a collection has ended.
    pub recon_state: Option<String>,
    /// Where a collection goes on.
    pub next: Option<u64>,
}

/// What came back, or why nothing did.
pub type Answer = Result<Answered, CallFailed>;

/// Calls whose answers are awaited.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Calls {
    open: imbl::OrdMap<u64, Arc<OutboundCall>>,
    made: u64,
}

impl Calls {
    /// Adds a call; its number is given here.
    pub fn ask(&mut self, call: OutboundCall) {
        self.made += 1;
        let number = self.made;
        self.open.insert(number, Arc::new(OutboundCall { number, ..call }));
    }

    /// The number of the last call.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// Numbers further calls from behind this one.
    pub(super) fn go_on_from(&mut self, made: u64) {
        self.made = self.made.max(made);
    }

    /// True while this very call is open. After a reset another may have its number.
    pub fn is_open(&self, call: &Arc<OutboundCall>) -> bool {
        self.open.get(&call.number).is_some_and(|own| Arc::ptr_eq(own, call))
    }

    /// Closes a call: its answer came, or is no longer awaited.
    pub fn close(&mut self, number: u64) {
        self.open.remove(&number);
    }

    /// All open calls, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Arc<OutboundCall>> {
        self.open.values()
    }

    /// True when none is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}
