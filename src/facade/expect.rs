//! What an org was asked, for Rust tests: requests read from the journal, and expectations that are
//! checked when they go out of scope.

use super::Org;
use crate::api::{self, Operation, Pattern, Status, Times};
use crate::error::journal::{nearest_text, times_text, unmet_text};
use crate::glob::Glob;
use crate::org::Exchange;
use std::fmt;
use std::sync::Arc;

/// A request that an org answered, from its journal.
#[derive(Clone)]
pub struct Recorded {
    exchange: Arc<Exchange>,
    org: Org,
}

impl Recorded {
    /// Its number; they go up.
    pub fn seq(&self) -> u64 {
        self.exchange.seq
    }

    /// The number of the composite request in which it came, if it came in one.
    pub fn parent(&self) -> Option<u64> {
        self.exchange.parent
    }

    /// `GET`, `POST`, …
    pub fn method(&self) -> &str {
        self.exchange.method
    }

    /// The path as it was sent, without the query.
    pub fn path(&self) -> &str {
        self.exchange.path()
    }

    /// The query as it was sent, without `?`.
    pub fn query(&self) -> &str {
        self.exchange.query()
    }

    /// What it asked for: `create`, `query`, `login`, …
    pub fn operation(&self) -> &str {
        api::told(&self.exchange, &self.org.org).operation
    }

    /// The API name of the object that it was about.
    pub fn object(&self) -> Option<&str> {
        api::told(&self.exchange, &self.org.org).object.as_deref()
    }

    /// The status of its answer.
    pub fn status(&self) -> u16 {
        self.exchange.status
    }

    /// The id of the fault rule that had a hand in it.
    pub fn fault(&self) -> Option<&str> {
        self.exchange.fault.as_deref()
    }

    /// What of it is not emulated.
    pub fn unsupported(&self) -> Option<&str> {
        self.response_header("x-fauxforce-unsupported")
    }

    /// A header of it, by its name in lower case; secrets are there.
    pub fn request_header(&self, name: &str) -> Option<&str> {
        self.exchange.request_header(name)
    }

    /// Its body, at most 64 KiB of it; secrets are there.
    pub fn request_body(&self) -> &[u8] {
        self.exchange.request_body().bytes
    }

    /// The first header of this name in its answer, letter case aside.
    pub fn response_header(&self, name: &str) -> Option<&str> {
        self.exchange.response_header(name)
    }

    /// The body of its answer, at most 64 KiB of it.
    pub fn response_body(&self) -> &[u8] {
        self.exchange.response_body().bytes
    }

    /// It as the control API shows it: JSON without secrets.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        api::push_exchange(&mut out, &self.exchange, &self.org.org);
        out
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

/// Which requests are expected, and how often: at least once unless [`times`](Expected::times) or its
/// relatives say otherwise. What is not given is not looked at.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    pattern: Pattern,
    times: Option<Times>,
}

impl Expected {
    /// Any request.
    pub fn new() -> Expected {
        Expected::default()
    }

    /// Creations of records of an object, whether or not they succeed: see [`status`](Expected::status).
    pub fn create(object: &str) -> Expected {
        Expected::new().operation(Operation::Create).object(object)
    }

    /// Requests of a method: `POST`.
    #[must_use]
    pub fn method(mut self, method: &str) -> Expected {
        self.pattern.method = Some(method.to_owned());
        self
    }

    /// Requests of a path: `*` stands for anything within a segment, `**` for anything at all; a
    /// pattern without a leading `/` may begin at any segment (`sobjects/Account/*`).
    #[must_use]
    pub fn path(mut self, pattern: &str) -> Expected {
        self.pattern.path = Some(Glob::new(pattern));
        self
    }

    /// Requests about an object, by API name, letter case aside.
    #[must_use]
    pub fn object(mut self, name: &str) -> Expected {
        self.pattern.object = Some(name.to_owned());
        self
    }

    /// Requests that ask for this.
    #[must_use]
    pub fn operation(mut self, operation: Operation) -> Expected {
        self.pattern.operation = Some(operation);
        self
    }

    /// Requests whose body has these members, and any others: JSON text or a `serde_json::Value`.
    /// Forms and XML are compared too, as texts.
    ///
    /// # Panics
    ///
    /// When the text is not JSON.
    #[must_use]
    #[allow(clippy::needless_pass_by_value)] // Texts and trees read best so.
    pub fn body(mut self, part: impl ToString) -> Expected {
        let part = api::json_tree(&part.to_string());
        self.pattern.body = Some(part.expect("the part of a body is JSON"));
        self
    }

    /// Requests answered so: `201`, or a class such as `2xx`.
    ///
    /// # Panics
    ///
    /// When the text is neither.
    #[must_use]
    #[allow(clippy::needless_pass_by_value)] // Numbers and texts read best so.
    pub fn status(mut self, status: impl ToString) -> Expected {
        let status = Status::parse(&status.to_string());
        self.pattern.status = Some(status.expect("a status such as 404 or 4xx"));
        self
    }

    /// Exactly so often.
    #[must_use]
    pub fn times(mut self, count: u64) -> Expected {
        self.times = Some(Times { least: count, most: Some(count) });
        self
    }

    /// Never.
    #[must_use]
    pub fn never(self) -> Expected {
        self.times(0)
    }

    /// At least so often.
    #[must_use]
    pub fn at_least(mut self, count: u64) -> Expected {
        let most = self.times.and_then(|times| times.most);
        self.times = Some(Times { least: count, most });
        self
    }

    /// At most so often.
    #[must_use]
    pub fn at_most(mut self, count: u64) -> Expected {
        let least = self.times.map_or(0, |times| times.least);
        self.times = Some(Times { least, most: Some(count) });
        self
    }
}

/// An expectation under way. It counts the requests that come from when it was made until it is
/// dropped, and panics then when they are not as expected, with those that came nearest. It says
/// nothing while the thread panics already.
#[must_use = "an expectation is checked when it is dropped; one that is not kept is checked at once"]
pub struct Expectation {
    org: Org,
    expected: Expected,
    since: u64,
    is_checked: bool,
}

impl fmt::Debug for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expectation").field("expected", &self.expected).finish_non_exhaustive()
    }
}

impl Expectation {
    /// What is wrong until now, if anything is.
    pub fn unmet(&self) -> Option<String> {
        let times = self.expected.times.unwrap_or_default();
        let org = &self.org.org;
        let verified = self.expected.pattern.verify(times, org, self.since);
        if verified.matched {
            return None;
        }
        let nearest = verified.nearest.iter().map(|(exchange, differs)| {
            let differs: Vec<&str> = differs.iter().map(|one| one.0.as_str()).collect();
            let (method, path) = (exchange.method, exchange.path());
            nearest_text(exchange.seq, method, path, exchange.status, &differs.join("; "))
        });
        let nearest: Vec<String> = nearest.collect();
        let (wanted, often) =
            (self.expected.pattern.to_string(), times_text(times.least, times.most));
        Some(unmet_text(&org.name, &wanted, &often, verified.count, &nearest))
    }

    /// Checks now rather than when it is dropped.
    ///
    /// # Panics
    ///
    /// When the requests are not as expected.
    #[track_caller]
    pub fn verify(mut self) {
        self.is_checked = true;
        if let Some(unmet) = self.unmet() {
            panic!("{unmet}");
        }
    }
}

impl Drop for Expectation {
    fn drop(&mut self) {
        if self.is_checked || std::thread::panicking() {
            return;
        }
        if let Some(unmet) = self.unmet() {
            panic!("{unmet}");
        }
    }
}

impl Org {
    /// What the org was asked, oldest first: the newest ten thousand requests. Those inside composite
    /// requests follow the one in which they came. A reset forgets them.
    ///
    /// ```
    /// # use fauxforce::Org;
    /// # use fauxforce::api::{Method, Request};
    /// let org = Org::start()?;
    /// org.call(Request::new(Method::Get, "/services/data/v67.0/limits").bearer(org.access_token()));
    /// let requests = org.requests();
    /// assert_eq!((requests[0].method(), requests[0].status()), ("GET", 200));
    /// # Ok::<(), fauxforce::StartError>(())
    /// ```
    pub fn requests(&self) -> Vec<Recorded> {
        let all = self.org.journal.since(0).into_iter();
        all.map(|exchange| Recorded { exchange, org: self.clone() }).collect()
    }

    /// Forgets what the org was asked.
    pub fn forget_requests(&self) {
        self.org.journal.clear();
    }

    /// Expects requests from now on: see [`Expectation`].
    ///
    /// ```
    /// # use fauxforce::{Expected, Org};
    /// # use fauxforce::api::{Method, Request};
    /// let org = Org::start()?;
    /// let expected = Expected::create("Account").body(r#"{"Name":"Acme"}"#).status(201).times(1);
    /// let accounts = org.expect(expected);
    /// // The code under test:
    /// let path = "/services/data/v67.0/sobjects/Account";
    /// org.call(Request::new(Method::Post, path).bearer(org.access_token()).json(r#"{"Name":"Acme"}"#));
    /// accounts.verify();
    /// # Ok::<(), fauxforce::StartError>(())
    /// ```
    pub fn expect(&self, expected: Expected) -> Expectation {
        let since = self.org.journal.latest();
        Expectation { org: self.clone(), expected, since, is_checked: false }
    }
}
