//! Fault rules from Rust: a builder, and the guard that ends one.

use super::{Org, StartError};
use crate::org::faults::{Active, NotAdded};
use crate::scenario::{Node, Problem, Tree, faults};
use std::sync::Arc;
use std::time::Duration;

/// A fault rule: what shall go wrong, for which requests, how often. Without more it strikes every
/// request.
///
/// ```
/// use fauxforce::api::{Method, Request};
/// use fauxforce::{Fault, Org};
///
/// let org = Org::start()?;
/// let create = || {
///     let request = Request::new(Method::Post, "/services/data/v66.0/sobjects/Account");
///     org.call(request.bearer(org.access_token()).json("{\"Name\":\"Acme\"}"))
/// };
/// let fault = org.fault(Fault::error("UNABLE_TO_LOCK_ROW").object("Account").nth(2));
/// assert_eq!([create().status, create().status, create().status], [201, 400, 201]);
/// assert_eq!((fault.matched(), fault.struck()), (3, 1));
/// # Ok::<(), fauxforce::StartError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing until it is given to Org::fault"]
pub struct Fault(Vec<(String, Node)>);

impl Fault {
    /// An error of Salesforce: `UNABLE_TO_LOCK_ROW`, `REQUEST_LIMIT_EXCEEDED`, ….
    pub fn error(code: &str) -> Fault {
        Fault(Vec::new()).in_table("then", "error", text(code))
    }

    /// An answer as it goes over the wire.
    pub fn http(status: u16, body: &str) -> Fault {
        let http = vec![entry("status", number(status)), entry("body", text(body))];
        Fault(Vec::new()).in_table("then", "http", Tree::Table(http))
    }

    /// Answers that come later by this much, at most an hour.
    pub fn delay(by: Duration) -> Fault {
        let by = format!("PT{}.{:03}S", by.as_secs(), by.subsec_millis());
        Fault(Vec::new()).in_table("then", "delay", text(&by))
    }

    /// The connection closes before the request takes effect.
    pub fn drop_before() -> Fault {
        Fault(Vec::new()).in_table("then", "drop", text("before"))
    }

    /// The request takes effect and the connection closes without an answer: the lost response.
    pub fn drop_after() -> Fault {
        Fault(Vec::new()).in_table("then", "drop", text("after"))
    }

    /// Answers that end after so many bytes of their body.
    pub fn truncate(bytes: u32) -> Fault {
        Fault(Vec::new()).in_table("then", "truncate", number(bytes))
    }

    /// The session ends before the request.
    pub fn expire_session() -> Fault {
        Fault(Vec::new()).in_table("then", "expire_session", Tree::Bool(true))
    }

    /// Requests wait until [`FaultGuard::release`].
    pub fn hold(name: &str) -> Fault {
        Fault(Vec::new()).in_table("then", "hold", text(name))
    }

    /// A fault that has a name: `row-lock`, `lost-response`, ….
    pub fn named(name: &str) -> Fault {
        Fault(vec![entry("name", text(name))])
    }

    /// A rule as the control API takes it.
    pub fn from_json(json: &str) -> Result<Fault, StartError> {
        let node = faults::tree(json).map_err(|problem| refused(&problem))?;
        faults::read(&node).map_err(|problem| refused(&problem))?;
        match node.value {
            Tree::Table(entries) => Ok(Fault(entries)),
            _ => Ok(Fault(Vec::new())),
        }
    }

    /// The error's own message.
    pub fn message(self, message: &str) -> Fault {
        self.in_table("then", "message", text(message))
    }

    /// The error's own HTTP status.
    pub fn status(self, status: u16) -> Fault {
        self.in_table("then", "status", number(status))
    }

    /// Requests of this method only.
    pub fn method(self, method: &str) -> Fault {
        self.in_table("match", "method", text(method))
    }

    /// Paths that fit this pattern only: `*` is a segment or a part of one, `**` any segments.
    pub fn path(self, pattern: &str) -> Fault {
        self.in_table("match", "path", text(pattern))
    }

    /// What is about this object only.
    pub fn object(self, object: &str) -> Fault {
        self.in_table("match", "object", text(object))
    }

    /// This operation only: `create`, `update`, `query`, `login`, ….
    pub fn operation(self, operation: &str) -> Fault {
        self.in_table("match", "operation", text(operation))
    }

    /// Queries with this part only.
    pub fn soql_contains(self, part: &str) -> Fault {
        self.in_table("match", "soql_contains", text(part))
    }

    /// Records that hold this value in a field only; `null`, `true` and `false` mean what they say.
    pub fn record(mut self, field: &str, value: &str) -> Fault {
        let wanted = entry(field, faults::scalar_of_record(value));
        let matching = table(&mut self.0, "match");
        table(matching, "record").push(wanted);
        self
    }

    /// The n-th match only, from 1.
    pub fn nth(self, nth: u64) -> Fault {
        self.in_table("when", "nth", number(nth))
    }

    /// Every n-th match.
    pub fn every(self, every: u64) -> Fault {
        self.in_table("when", "every", number(every))
    }

    /// At most so many matches.
    pub fn times(self, times: u64) -> Fault {
        self.in_table("when", "times", number(times))
    }

    /// None before an instant of the org's clock (RFC 3339).
    pub fn after(self, instant: &str) -> Fault {
        self.in_table("when", "after", text(instant))
    }

    /// By chance, which follows from the org's seed.
    pub fn probability(self, share: f64) -> Fault {
        self.in_table("when", "probability", Tree::Number(share.to_string()))
    }

    fn in_table(mut self, name: &str, key: &str, value: Tree) -> Fault {
        let table = table(&mut self.0, name);
        table.retain(|(own, _)| own != key);
        table.push(entry(key, value));
        self
    }
}

/// The table of a name, which is made when it is not there.
fn table<'e>(entries: &'e mut Vec<(String, Node)>, name: &str) -> &'e mut Vec<(String, Node)> {
    let place = entries.iter().position(|(own, _)| own == name);
    let place = place.unwrap_or_else(|| {
        entries.push(entry(name, Tree::Table(Vec::new())));
        entries.len() - 1
    });
    if !matches!(entries[place].1.value, Tree::Table(_)) {
        entries[place].1.value = Tree::Table(Vec::new());
    }
    match &mut entries[place].1.value {
        Tree::Table(table) => table,
        _ => unreachable!("it is a table now"),
    }
}

fn entry(key: &str, value: Tree) -> (String, Node) {
    (key.to_owned(), Node { line: 0, path: key.to_owned(), value })
}

fn text(text: &str) -> Tree {
    Tree::Text(text.to_owned())
}

fn number(number: impl Into<u64>) -> Tree {
    Tree::Number(number.into().to_string())
}

fn refused(problem: &Problem) -> StartError {
    StartError::Fault(problem.to_string())
}

impl Org {
    /// Makes something go wrong on purpose until the guard is dropped.
    ///
    /// # Panics
    ///
    /// When the rule is none: an unknown operation, code or name, a pattern that is no path.
    pub fn fault(&self, fault: Fault) -> FaultGuard {
        let node = Node { line: 0, path: String::new(), value: Tree::Table(fault.0) };
        let rule = faults::read(&node).unwrap_or_else(|problem| panic!("no fault rule: {problem}"));
        let id = self.org.add_fault(rule).unwrap_or_else(|why| match why {
            NotAdded::Taken => panic!("there is a fault rule of this id already"),
            NotAdded::Full => panic!("there are too many fault rules"),
        });
        let active = self.org.faults.find(&id).expect("the rule was just taken in");
        FaultGuard { org: self.clone(), active }
    }
}

/// Several faults in one text, separated by commas as environment variables have them.
#[cfg(feature = "cli")]
pub(crate) fn split_faults(text: &str) -> Vec<String> {
    faults::split(text)
}

/// A fault at work. Dropping it ends the fault and lets go what it holds.
#[derive(Debug)]
#[must_use = "the fault ends when its guard is dropped"]
pub struct FaultGuard {
    org: Org,
    active: Arc<Active>,
}

impl FaultGuard {
    /// The rule's id in the control API and the journal.
    pub fn id(&self) -> &str {
        &self.active.rule.id
    }

    /// How many requests or records fitted the rule.
    pub fn matched(&self) -> u64 {
        self.active.counts().matched
    }

    /// How many of them it struck.
    pub fn struck(&self) -> u64 {
        self.active.counts().struck
    }

    /// How many requests it holds now.
    pub fn held(&self) -> usize {
        self.active.counts().held
    }

    /// Lets go the requests that it holds; gives their number.
    pub fn release(&self) -> usize {
        self.active.gate.open(false)
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        self.org.org.faults.remove(&self.active.rule.id);
    }
}
