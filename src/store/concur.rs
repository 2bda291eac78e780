//! The SAP Concur tenant that an org provisions into: its users, the provisioning requests of the
//! last seven days, and the events that it published. Part of the state: fork, reset and snapshot
//! take it along.
//!
//! Times are the org's. What happens to a request when is decided by `api/concur`; this is where it
//! is kept.

use super::doc::Doc;
use super::file::{self, Label};
use crate::clock::Millis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How a Concur tenant behaves: `concur` of the org's settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConcurSettings {
    /// How long an operation takes.
    pub latency: Millis,
    /// Where events are sent. All of them are kept in the outbox.
    pub webhook: Option<String>,
    /// What becomes of the operations on some users.
    pub outcomes: Vec<ConcurOutcome>,
}

/// What becomes of the operations on users whose name matches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConcurOutcome {
    /// The users by name; `*` stands for any text.
    pub user_name: String,
    /// How long their operations take, if not as long as all others.
    pub latency: Option<Millis>,
    /// Their operations never end by themselves.
    pub timeout: bool,
    /// The extension at fault, without `urn:ietf:params:scim:schemas:`; `None` with a message is the
    /// identity.
    pub extension: Option<String>,
    /// The HTTP status of the fault.
    pub status: Option<String>,
    /// The message's code.
    pub code: Option<String>,
    /// The message. Without one there is no fault.
    pub message: Option<String>,
    /// The attribute at fault.
    pub schema_path: Option<String>,
    /// True when the message is a warning: the extension succeeds all the same.
    pub warning: bool,
}

/// A user of the tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConcurUser {
    /// UUID.
    pub id: Arc<str>,
    /// When the user was created.
    pub created: Millis,
    /// When the user was changed last.
    pub modified: Millis,
    /// How often.
    pub version: i64,
    /// All attributes of all extensions.
    pub doc: Doc,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConcurVerb {
    /// Creates a user.
    Post,
    /// Replaces one.
    Put,
    /// Changes one.
    Patch,
    /// Deletes one.
    Delete,
}

/// A message about an extension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConcurMessage {
    /// Its code.
    pub code: String,
    /// Its text.
    pub message: String,
    /// The attribute that it is about.
    pub schema_path: Option<String>,
    /// `error` or `warning`.
    #[serde(deserialize_with = "file::label")]
    pub kind: Label,
}

/// What became of one extension of an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConcurResult {
    /// The extension's URN.
    #[serde(deserialize_with = "file::label")]
    pub name: Label,
    /// False for an error.
    pub success: bool,
    /// HTTP status.
    pub code: String,
    /// `success`, `error`, `no-op`, `not-processed`.
    #[serde(deserialize_with = "file::label")]
    pub result: Label,
    /// Messages.
    pub messages: Vec<ConcurMessage>,
}

/// The end of an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConcurEnd {
    /// When.
    pub at: Millis,
    /// True when every extension succeeded.
    pub success: bool,
    /// HTTP status of the operation; `None` prints none, as for one that did.
    #[serde(deserialize_with = "file::maybe_label")]
    pub code: Option<Label>,
    /// Extension by extension.
    pub results: Vec<ConcurResult>,
}

/// One operation of a provisioning request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConcurOperation {
    /// What the client called it.
    pub bulk_id: Option<String>,
    /// What it does.
    pub verb: ConcurVerb,
    /// The user: known from the start but for a POST.
    pub user: Option<Arc<str>>,
    /// What was sent.
    pub data: Doc,
    /// True when its identity part was done while the client waited.
    pub identity_done: bool,
    /// When it ends by itself.
    pub due: Millis,
    /// True when it does not end by itself: at `due` it times out.
    pub stuck: bool,
    /// How it ended.
    pub end: Option<ConcurEnd>,
}

/// A provisioning request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConcurProvision {
    /// UUID.
    pub id: Arc<str>,
    /// UUID that goes with it through all services.
    pub correlation: Arc<str>,
    /// `Bulk` or `User`.
    #[serde(deserialize_with = "file::label")]
    pub kind: Label,
    /// The company that a bulk request named.
    pub company: Option<String>,
    /// When it was made.
    pub created: Millis,
    /// Its operations.
    pub operations: Vec<ConcurOperation>,
    /// The URL at which whoever asked for it reached the server.
    pub base: Arc<str>,
    /// True once its event is in the outbox.
    pub announced: bool,
}

impl ConcurProvision {
    /// When it ended: with its last operation. `None` while one is pending.
    pub fn ended(&self) -> Option<Millis> {
        let ends = self.operations.iter().map(|own| own.end.as_ref().map(|end| end.at));
        ends.collect::<Option<Vec<Millis>>>()?.into_iter().max().or(Some(self.created))
    }

    /// True when every operation succeeded; `None` while one is pending.
    pub fn success(&self) -> Option<bool> {
        let ends = self.operations.iter().map(|own| own.end.as_ref().map(|end| end.success));
        Some(ends.collect::<Option<Vec<bool>>>()?.into_iter().all(|good| good))
    }
}

/// What became of an event on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConcurDelivery {
    /// Nobody wants it.
    Kept,
    /// It is being sent.
    UnderWay,
    /// It was taken.
    Sent,
    /// It was not: why.
    Failed(String),
}

/// An event that the tenant published. It is kept in the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConcurEvent {
    /// Its number in the tenant.
    pub number: u64,
    /// UUID.
    pub id: Arc<str>,
    /// When.
    pub at: Millis,
    /// The topic.
    #[serde(deserialize_with = "file::label")]
    pub topic: Label,
    /// What happened.
    #[serde(deserialize_with = "file::label")]
    pub kind: Label,
    /// Where it goes.
    pub webhook: Option<String>,
    /// What became of it on its way there.
    pub delivery: ConcurDelivery,
    /// The URL at which its provisioning request is found.
    pub base: Arc<str>,
    /// The facts.
    pub facts: Doc,
}

/// A Concur tenant. Cloning shares it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Concur {
    users: imbl::OrdMap<Arc<str>, Arc<ConcurUser>>,
    /// Users by name in lower case.
    names: imbl::OrdMap<Arc<str>, Arc<str>>,
    /// Users by company and employee number, the latter as it was given.
    employees: imbl::OrdMap<(Arc<str>, Arc<str>), Arc<str>>,
    provisions: imbl::OrdMap<Arc<str>, Arc<ConcurProvision>>,
    /// The requests that have not ended yet, in order of arrival.
    open: imbl::Vector<Arc<str>>,
    /// All requests in order of arrival; the org's clock never runs backwards.
    arrived: imbl::Vector<(Millis, Arc<str>)>,
    outbox: imbl::Vector<Arc<ConcurEvent>>,
    /// UUIDs made so far.
    made: u64,
}

/// Most events that wait in the outbox; the oldest make room.
const MOST_EVENTS: usize = 10_000;

/// URN of the extension that holds company and employee number.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

impl Concur {
    /// The number of the next UUID; each is given once.
    pub fn next_number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// A user.
    pub fn user(&self, id: &str) -> Option<&Arc<ConcurUser>> {
        self.users.get(id)
    }

    /// The user of a name, letter case aside.
    pub fn user_named(&self, name: &str) -> Option<&Arc<ConcurUser>> {
        self.user(self.names.get(name.to_lowercase().as_str())?)
    }

    /// The user with an employee number of a company.
    pub fn employee(&self, company: &str, number: &str) -> Option<&Arc<ConcurUser>> {
        self.user(self.employees.get(&(company.into(), number.into()))?)
    }

    /// All users.
    pub fn users(&self) -> impl Iterator<Item = &Arc<ConcurUser>> {
        self.users.values()
    }

    /// Keeps a user, in place of an earlier version.
    pub fn put_user(&mut self, user: ConcurUser) {
        self.forget(&user.id.clone());
        if let Some(name) = user.doc.text_at(&["userName"]) {
            self.names.insert(name.to_lowercase().into(), Arc::clone(&user.id));
        }
        if let Some(key) = employee_key(&user.doc) {
            self.employees.insert(key, Arc::clone(&user.id));
        }
        self.users.insert(Arc::clone(&user.id), Arc::new(user));
    }

    /// Forgets a user.
    pub fn forget(&mut self, id: &str) -> bool {
        let Some(user) = self.users.remove(id) else { return false };
        if let Some(name) = user.doc.text_at(&["userName"]) {
            self.names.remove(name.to_lowercase().as_str());
        }
        if let Some(key) = employee_key(&user.doc) {
            self.employees.remove(&key);
        }
        true
    }

    /// A provisioning request.
    pub fn provision(&self, id: &str) -> Option<&Arc<ConcurProvision>> {
        self.provisions.get(id)
    }

    /// Keeps a provisioning request, in place of an earlier version.
    pub fn put_provision(&mut self, provision: ConcurProvision) {
        let id = Arc::clone(&provision.id);
        let place = self.open.iter().position(|own| *own == id);
        match (place, provision.announced) {
            (None, false) => self.open.push_back(Arc::clone(&id)),
            (Some(place), true) => {
                self.open.remove(place);
            }
            _ => {}
        }
        if !self.provisions.contains_key(&id) {
            self.arrived.push_back((provision.created, Arc::clone(&id)));
        }
        self.provisions.insert(id, Arc::new(provision));
    }

    /// The requests that have not ended yet, in order of arrival.
    pub fn open(&self) -> impl Iterator<Item = &Arc<ConcurProvision>> {
        self.open.iter().filter_map(|id| self.provisions.get(id))
    }

    /// When the oldest request that is kept was made.
    pub fn oldest(&self) -> Option<Millis> {
        self.arrived.front().map(|(at, _)| *at)
    }

    /// Forgets the requests that were made up to an instant.
    pub fn forget_made_by(&mut self, instant: Millis) {
        while self.oldest().is_some_and(|at| at <= instant) {
            let Some((_, id)) = self.arrived.pop_front() else { return };
            self.provisions.remove(&id);
            self.open.retain(|own| *own != id);
        }
    }

    /// Publishes an event.
    pub fn publish(&mut self, event: ConcurEvent) {
        if self.outbox.len() >= MOST_EVENTS {
            self.outbox.pop_front();
        }
        self.outbox.push_back(Arc::new(event));
    }

    /// Keeps what became of an event, if it is still there.
    pub fn delivered(&mut self, number: u64, delivery: ConcurDelivery) {
        let place = self.outbox.iter().position(|own| own.number == number);
        if let Some(event) = place.and_then(|place| self.outbox.get_mut(place)) {
            Arc::make_mut(event).delivery = delivery;
        }
    }

    /// All events, oldest first.
    pub fn outbox(&self) -> impl Iterator<Item = &Arc<ConcurEvent>> {
        self.outbox.iter()
    }
}

fn employee_key(doc: &Doc) -> Option<(Arc<str>, Arc<str>)> {
    let number = doc.text_at(&[ENTERPRISE, "employeeNumber"])?;
    let company = doc.text_at(&[ENTERPRISE, "companyId"])?;
    Some((company.into(), number.into()))
}
