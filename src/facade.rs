//! The library for Rust tests: an org in this process, with or without a socket.
//!
//! [`OrgBuilder`] and [`ServerBuilder`] gather start options → [`Options::start`] makes the orgs →
//! an [`Org`] is a handle on one of them, a [`Server`] serves them all.

mod check;
mod expect;
mod fault;
mod points;
#[cfg(feature = "server")]
mod ports;
#[cfg(feature = "wiremock")]
mod respond;
#[cfg(feature = "server")]
#[cfg_attr(not(feature = "cli"), allow(dead_code))] // `exec` alone counts.
mod tally;

pub use check::{built_in_scenario, built_in_scenarios, check_scenario};
pub use expect::{Expectation, Expected, Recorded};
pub use points::SnapshotError;
#[cfg(feature = "wiremock")]
pub use respond::OrgResponder;

use crate::api::{self, Request, Response, Until};
use crate::clock::{self, Millis};
use crate::error::CaError;
use crate::org::faults::Rule;
use crate::org::{DEFAULT, NotFounded, Orgs, Template};
use crate::scenario::{self, NewOrg, NotMade, Problem, Scenario};
use crate::schema::{ImportError, import};
use crate::store::StateMode;
use crate::time;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How orgs begin: the options of `serve` that are not about sockets.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where the clock stands (milliseconds since 1970); `None`: it runs with the system.
    pub clock: Option<Millis>,
    /// From which names and samples are drawn.
    pub seed: u64,
    /// What becomes of a State change that real orgs refuse.
    pub state_mode: StateMode,
    /// Scenarios to load into the default org: built-in names or files.
    pub scenarios: Vec<String>,
    /// Schema files: describes as JSON.
    pub schemas: Vec<PathBuf>,
    /// Replaces the administrator's username.
    pub username: Option<String>,
    /// Replaces the password.
    pub password: Option<String>,
    /// Replaces the default org's consumer key.
    pub client_id: Option<String>,
    /// Replaces the default org's consumer secret.
    pub client_secret: Option<String>,
    /// Replaces the default org's first access token.
    pub access_token: Option<String>,
    /// What `instance_url` says behind an ingress.
    pub public_url: Option<String>,
    /// Bearer token of the control API.
    pub control_token: Option<String>,
    /// Fault rules of the default org: `NAME[:key=value,…]`, or JSON.
    pub faults: Vec<String>,
    /// Orgs keep no journal of their requests.
    pub no_journal: bool,
}

/// Why an org did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// A scenario is not there, does not parse, or does not fit the schema.
    Scenario(String),
    /// A schema file is not there, or is no describe.
    Schema(String),
    /// An org of this name is there already.
    NameTaken(String),
    /// A fault rule is none.
    Fault(String),
    /// The org to fork has no snapshot of this name.
    NoSnapshot(String),
    /// There are as many orgs as a process may have.
    TooManyOrgs(usize),
    /// The clock cannot be set so.
    Clock(String),
    /// The server cannot listen.
    Listen(std::io::Error),
    /// There is no certificate authority to serve TLS with.
    Ca(CaError),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StartError::Scenario(text)
            | StartError::Schema(text)
            | StartError::Fault(text)
            | StartError::Clock(text) => f.write_str(text),
            StartError::NameTaken(name) => write!(f, "there is an org {name} already"),
            StartError::NoSnapshot(name) => write!(f, "there is no snapshot {name}"),
            StartError::TooManyOrgs(most) => {
                write!(f, "there are {most} orgs, the most there may be")
            }
            StartError::Listen(error) => write!(f, "{error}"),
            StartError::Ca(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<Problem> for StartError {
    fn from(problem: Problem) -> StartError {
        StartError::Scenario(problem.to_string())
    }
}

impl Options {
    /// Makes the default org. `ca_pem` is the certificate of the server's CA.
    pub(crate) fn start(&self, ca_pem: Option<String>) -> Result<Arc<Orgs>, StartError> {
        let mut additions = Vec::with_capacity(self.schemas.len());
        for path in &self.schemas {
            let fault = |what: &dyn std::fmt::Display| {
                StartError::Schema(format!("{}: {what}", path.display()))
            };
            let text = std::fs::read_to_string(path).map_err(|error| fault(&error))?;
            additions.push(import::describe(&text).map_err(|error: ImportError| fault(&error))?);
        }
        let orgs = Orgs::new(Template {
            username: self.username.clone(),
            password: self.password.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            access_token: self.access_token.clone(),
            public_url: self.public_url.clone(),
            control_token: self.control_token.clone(),
            ca_pem,
            no_journal: self.no_journal,
            standing_clock: self.clock,
            seed: self.seed,
            state_mode: self.state_mode,
            additions,
        })
        .with_hooks(&api::HOOKS)
        .with_ticks(clock::ticks);
        let scenarios: Vec<Scenario> =
            self.scenarios.iter().map(|source| find(source)).collect::<Result<_, _>>()?;
        let faults = self.faults.iter().map(|text| scenario::faults::parse(text));
        let faults: Vec<Rule> = faults
            .collect::<Result<_, _>>()
            .map_err(|problem: Problem| StartError::Fault(problem.to_string()))?;
        let new = NewOrg { name: Some(DEFAULT), scenarios: &scenarios, ..NewOrg::default() };
        let org = create(&orgs, &new)?;
        for rule in faults {
            let id = rule.id.clone();
            let taken = |_| StartError::Fault(format!("--fault: the id {id} is taken"));
            org.add_fault(rule).map_err(taken)?;
        }
        Ok(Arc::new(orgs))
    }
}

/// A built-in scenario, or one from a file.
fn find(source: &str) -> Result<Scenario, Problem> {
    if scenario::show(source).is_some() || !looks_like_a_path(source) {
        return scenario::find(source);
    }
    let text = std::fs::read_to_string(source)
        .map_err(|error| Problem::new(error.to_string()).in_file(source))?;
    Scenario::parse(&text, Some(source))
}

fn looks_like_a_path(source: &str) -> bool {
    source.contains(['/', '\\']) || Path::new(source).extension().is_some()
}

fn create(orgs: &Orgs, new: &NewOrg<'_>) -> Result<Arc<crate::org::Org>, StartError> {
    let made = scenario::create(orgs, new, clock::system_now());
    made.map(|(org, _)| org).map_err(|why| match why {
        NotMade::NotFounded(NotFounded::Taken) => {
            StartError::NameTaken(new.name.unwrap_or_default().to_owned())
        }
        NotMade::NotFounded(NotFounded::Listen(error)) => StartError::Listen(error),
        NotMade::NotFounded(NotFounded::NoServer) => {
            StartError::Listen(std::io::ErrorKind::Unsupported.into())
        }
        NotMade::NotFounded(NotFounded::TooMany(most)) => StartError::TooManyOrgs(most),
        NotMade::ClockBackwards => StartError::Clock("clocks never run backwards".to_owned()),
        NotMade::Scenario(_, problem) => problem.into(),
        NotMade::Schema(error) => StartError::Schema(error.to_string()),
    })
}

/// Methods that both builders have.
macro_rules! start_options {
    () => {
        /// The clock stands still at an instant (RFC 3339) until it is advanced.
        ///
        /// # Panics
        ///
        /// When the text is no instant.
        #[must_use]
        pub fn clock(mut self, instant: &str) -> Self {
            let at = time::parse_rfc3339(instant);
            self.options.clock = Some(at.expect("an RFC 3339 instant"));
            self
        }

        /// Names and samples are drawn from this seed.
        #[must_use]
        pub fn seed(mut self, seed: u64) -> Self {
            self.options.seed = seed;
            self
        }

        /// What becomes of a `UserProvisioningRequest`'s State change that real orgs refuse.
        #[must_use]
        pub fn state_mode(mut self, mode: crate::store::StateMode) -> Self {
            self.options.state_mode = mode;
            self
        }

        /// Loads a scenario: a built-in name or a file.
        #[must_use]
        pub fn scenario(mut self, source: impl Into<String>) -> Self {
            self.options.scenarios.push(source.into());
            self
        }

        /// Adds the objects and fields of a schema file (describes as JSON).
        #[must_use]
        pub fn schema(mut self, path: impl Into<PathBuf>) -> Self {
            self.options.schemas.push(path.into());
            self
        }

        /// Makes something go wrong on purpose in the default org: `row-lock:object=Account,nth=3`.
        #[must_use]
        pub fn fault(mut self, fault: impl Into<String>) -> Self {
            self.options.faults.push(fault.into());
            self
        }

        /// All options at once.
        #[must_use]
        pub fn options(mut self, options: Options) -> Self {
            self.options = options;
            self
        }
    };
}

/// Start options of an org without a socket.
#[derive(Clone, Debug, Default)]
pub struct OrgBuilder {
    options: Options,
}

impl OrgBuilder {
    start_options!();

    /// Makes the org.
    pub fn start(self) -> Result<Org, StartError> {
        let orgs = self.options.start(None)?;
        let org = orgs.named(DEFAULT).expect("the default org was just made");
        Ok(Org { orgs, org })
    }
}

/// A handle on one fake org. Clones are handles on the same org.
///
/// ```
/// use fauxforce::Org;
/// use fauxforce::api::{Method, Request};
///
/// let org = Org::start()?;
/// let answer = org.call(Request::new(Method::Get, "/_fauxforce/orgs/default/clock"));
/// assert_eq!(answer.status, 200);
///
/// // A fork shares every record and costs microseconds: one for each test.
/// let fork = org.fork()?;
/// assert_ne!(fork.access_token(), org.access_token());
/// # Ok::<(), fauxforce::StartError>(())
/// ```
#[derive(Clone)]
pub struct Org {
    orgs: Arc<Orgs>,
    org: Arc<crate::org::Org>,
}

impl std::fmt::Debug for Org {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Org")
            .field("id", &self.org.id)
            .field("name", &self.org.name)
            .finish_non_exhaustive()
    }
}

impl Org {
    /// An empty org on the system's clock.
    pub fn start() -> Result<Org, StartError> {
        Org::builder().start()
    }

    /// An org with options.
    pub fn builder() -> OrgBuilder {
        OrgBuilder::default()
    }

    /// Answers a request without a socket. The request needs the path alone: it reaches this org
    /// whatever its host, unless its header `X-Fauxforce-Org` names another. What fault rules do to
    /// the connection is in [`Response::transport`]; a request that a rule holds waits on this
    /// thread, as one that meets a locked row on a running clock does.
    pub fn call(&self, mut request: Request) -> Response {
        if request.headers.get("x-fauxforce-org").is_none() {
            request.origin.org = Some(self.org.name.to_string());
        }
        let mut response = api::handle(&self.orgs, request);
        while let Some(pause) = response.pause {
            let mut request = pause.request;
            match pause.until {
                Until::Released(hold) => hold.wait(),
                Until::Later(span) => clock::pause(Duration::from_millis(span.unsigned_abs())),
            }
            request.received_at = clock::system_now();
            response = api::handle(&self.orgs, request);
        }
        // An answer that comes later (`await`): this caller has a thread to wait with.
        while let Some(mut pending) = response.pending.take() {
            clock::pause(Duration::from_millis(api::Pending::PAUSE));
            let now = clock::system_now();
            let answer = (pending.has_news)(now).then(|| (pending.ask)(now)).flatten();
            response = answer.unwrap_or_else(|| Response::later(*pending));
        }
        response
    }

    /// A new org that shares every record with this one, copy on write. It has its own id, tokens
    /// and clock, and no open sessions of this one.
    pub fn fork(&self) -> Result<Org, StartError> {
        self.forked(None)
    }

    /// The same under a name.
    pub fn fork_named(&self, name: &str) -> Result<Org, StartError> {
        self.forked(Some(name))
    }

    fn forked(&self, name: Option<&str>) -> Result<Org, StartError> {
        let new = NewOrg { name, from: Some(&self.org), ..NewOrg::default() };
        let org = create(&self.orgs, &new)?;
        Ok(Org { orgs: Arc::clone(&self.orgs), org })
    }

    /// Forgets the org. Handles that are left keep it alive; requests find it no more. False for the
    /// default org, which stays, and for one that was deleted before.
    pub fn delete(&self) -> bool {
        *self.org.name != *DEFAULT && self.orgs.delete(&self.org.name)
    }

    /// Back to how the org was when it was created; its sessions stay.
    pub fn reset(&self) {
        self.org.reset(false, clock::system_now());
    }

    /// Moves the org's clock on.
    ///
    /// ```
    /// # use fauxforce::Org;
    /// # use std::time::Duration;
    /// let org = Org::builder().clock("2026-01-15T09:00:00Z").start()?;
    /// org.advance(Duration::from_secs(3600));
    /// assert_eq!(org.now(), "2026-01-15T10:00:00.000Z");
    /// # Ok::<(), fauxforce::StartError>(())
    /// ```
    pub fn advance(&self, by: Duration) {
        // A thousand years at most: the calendar ends with the year 9999.
        const MOST: Millis = 1000 * 365 * time::DAY;
        let by = Millis::try_from(by.as_millis()).map_or(MOST, |by| by.min(MOST));
        let moved: Result<bool, std::convert::Infallible> =
            self.org.change(|state| Ok(state.clock.advance(by)));
        debug_assert_eq!(moved, Ok(true));
        self.org.run_due(self.org.now(clock::system_now()));
    }

    /// Runs all background work to its end, moving the clock on as needed; gives the number of
    /// steps.
    pub fn drain(&self) -> usize {
        self.org.drain(clock::system_now()).ran
    }

    /// The org's time, as RFC 3339.
    pub fn now(&self) -> String {
        let mut now = String::with_capacity(24);
        time::write_datetime_z(&mut now, self.org.now(clock::system_now()));
        now
    }

    /// Loads a scenario, a built-in one by name or a file, and gives its aliases with their ids.
    ///
    /// ```
    /// # use fauxforce::Org;
    /// let org = Org::start()?;
    /// let records = org.load_scenario("employees-ready-to-provision")?;
    /// assert!(records.iter().any(|(alias, id)| alias == "manager" && id.starts_with("005")));
    /// # Ok::<(), fauxforce::StartError>(())
    /// ```
    pub fn load_scenario(&self, source: &str) -> Result<Vec<(String, String)>, StartError> {
        let scenario = find(source)?;
        let now = clock::system_now();
        let loaded = scenario::faults::load_into(&scenario, &self.org, now);
        Ok(loaded?.records.into_iter().map(|(alias, id)| (alias, id.to_string())).collect())
    }

    /// The org's id, 18 characters.
    pub fn id(&self) -> String {
        self.org.id.to_string()
    }

    /// Its name in the control API.
    pub fn name(&self) -> &str {
        &self.org.name
    }

    /// The administrator's username.
    pub fn username(&self) -> &str {
        &self.org.credentials.username
    }

    /// The administrator's password.
    pub fn password(&self) -> &str {
        &self.org.credentials.password
    }

    /// What may be appended to the password.
    pub fn security_token(&self) -> &str {
        &self.org.credentials.security_token
    }

    /// The administrator's id, 18 characters.
    pub fn user_id(&self) -> String {
        self.org.credentials.user_id.to_string()
    }

    /// The first session's token.
    pub fn access_token(&self) -> &str {
        &self.org.credentials.access_token
    }

    /// The first refresh token.
    pub fn refresh_token(&self) -> &str {
        &self.org.credentials.refresh_token
    }

    /// Consumer key of the org's connected app.
    pub fn client_id(&self) -> &str {
        &self.org.credentials.client_id
    }

    /// Consumer secret.
    pub fn client_secret(&self) -> &str {
        &self.org.credentials.client_secret
    }
}

#[cfg(feature = "server")]
mod served;

#[cfg(feature = "cli")]
pub(crate) use fault::split_faults;
pub use fault::{Fault, FaultGuard};
#[cfg(feature = "server")]
pub use served::{Server, ServerBuilder};
#[cfg(feature = "cli")]
pub(crate) use tally::{Counts, Tally};
