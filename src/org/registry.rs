//! The orgs of one process, by name and id.

use super::bell::Bell;
use super::outbound::Outbound;
use super::{Adopt, Carrier, First, Hooks, Org, Ports};
use crate::clock::Millis;
use crate::id::Id;
use crate::schema::Additions;
use crate::store::{State, StateMode};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What the start options say about every org.
#[derive(Clone, Debug, Default)]
pub struct Template {
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
    /// What `instance_url` says, when the server stands behind an ingress.
    pub public_url: Option<String>,
    /// Bearer token of the control API; needed off loopback.
    pub control_token: Option<String>,
    /// The certificate of the server's CA, PEM; `None` without TLS.
    pub ca_pem: Option<String>,
    /// Where the clock of a new org stands; `None`: it runs with the system.
    pub standing_clock: Option<Millis>,
    /// The seed of a new org.
    pub seed: u64,
    /// What becomes of a State change that real orgs refuse, in a new org.
    pub state_mode: StateMode,
    /// True when orgs keep no journal.
    pub no_journal: bool,
    /// Objects and fields that every new org has.
    pub additions: Vec<Additions>,
}

#[derive(Default)]
struct Registered {
    by_name: BTreeMap<Arc<str>, Arc<Org>>,
    by_id: FxHashMap<Id, Arc<Org>>,
    made: u64,
}

/// All orgs of a process.
pub struct Orgs {
    /// What the start options say.
    pub template: Arc<Template>,
    /// Who makes their calls to other systems.
    pub(super) carrier: Arc<OnceLock<Carrier>>,
    registered: RwLock<Registered>,
    /// The instant of the system's clock at which the next org goes away.
    next_expiry: AtomicI64,
    ports: OnceLock<Ports>,
    hooks: &'static Hooks,
    bell: Arc<Bell>,
    ticks: fn() -> u64,
}

/// The name of the org that exists from the start.
pub const DEFAULT: &str = "default";

/// Most orgs of a process.
const MOST_ORGS: usize = 100_000;

/// What a new org begins with.
pub struct Founding<'a> {
    /// Its name; one is made up when there is none.
    pub name: Option<&'a str>,
    /// What its owner calls it.
    pub label: Option<String>,
    /// How long it lives, by the system's clock; `None`: until it is deleted.
    pub ttl: Option<Millis>,
    /// True when it gets a port of its own.
    pub listen: bool,
    /// The administrator.
    pub administrator: Id,
    /// Its records, under whatever org's id.
    pub state: Arc<State>,
    /// Puts them under its own.
    pub adopt: Adopt,
    /// The org whose indexes it shares.
    pub like: Option<&'a Org>,
}

/// Why there is no new org.
#[derive(Debug)]
pub enum NotFounded {
    /// The name is taken.
    Taken,
    /// There are so many.
    TooMany(usize),
    /// Nobody serves this process's orgs, so none can listen.
    NoServer,
    /// The edge cannot listen.
    Listen(std::io::Error),
}

impl Orgs {
    /// No orgs yet.
    pub fn new(template: Template) -> Orgs {
        Orgs {
            template: Arc::new(template),
            carrier: Arc::default(),
            registered: RwLock::default(),
            next_expiry: AtomicI64::new(Millis::MAX),
            ports: OnceLock::new(),
            hooks: Hooks::NONE,
            bell: Arc::default(),
            ticks: || 0,
        }
    }

    /// The same with what the floors above do in every org.
    #[must_use]
    pub fn with_hooks(mut self, hooks: &'static Hooks) -> Orgs {
        self.hooks = hooks;
        self
    }

    /// The same with a clock that measures how long answers take: microseconds since any instant.
    #[must_use]
    pub fn with_ticks(mut self, ticks: fn() -> u64) -> Orgs {
        self.ticks = ticks;
        self
    }

    /// Microseconds since any instant; always 0 when nobody measures.
    pub fn ticks(&self) -> u64 {
        (self.ticks)()
    }

    /// Lets orgs listen on ports of their own from now on. Only the first server's ports count.
    pub fn serve(&self, ports: Ports) {
        // A process serves its orgs once.
        let _ = self.ports.set(ports);
    }

    fn registered(&self) -> RwLockReadGuard<'_, Registered> {
        self.registered.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn registered_mut(&self) -> RwLockWriteGuard<'_, Registered> {
        self.registered.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers an org.
    pub fn create(
        &self,
        founding: Founding<'_>,
        system_now: Millis,
    ) -> Result<Arc<Org>, NotFounded> {
        let listen = founding.listen;
        let org = self.register(founding, system_now)?;
        if let Some(expires_at) = org.expires_at {
            self.next_expiry.fetch_min(expires_at, Ordering::Relaxed);
        }
        if org.peek(|state| !state.jobs.is_empty()) {
            self.bell.ring(org.id);
        }
        if listen {
            let opened = match self.ports.get() {
                Some(ports) => (ports.open)(&org.name).map_err(NotFounded::Listen),
                None => Err(NotFounded::NoServer),
            };
            match opened {
                Ok(port) => org.port.set(port).expect("a new org has no port"),
                Err(why) => {
                    self.delete(&org.name);
                    return Err(why);
                }
            }
        }
        Ok(org)
    }

    fn register(&self, founding: Founding<'_>, system_now: Millis) -> Result<Arc<Org>, NotFounded> {
        let Founding { name, label, ttl, administrator, state, adopt, like, .. } = founding;
        let mut registered = self.registered_mut();
        if registered.by_name.len() >= MOST_ORGS {
            return Err(NotFounded::TooMany(MOST_ORGS));
        }
        if name.is_some_and(|name| registered.by_name.contains_key(name)) {
            return Err(NotFounded::Taken);
        }
        registered.made += 1;
        let name: Arc<str> = match name {
            Some(name) => name.into(),
            None => registered.free_name().into(),
        };
        let id = Id::own(*b"00D", registered.made);
        let first = First {
            org: id,
            name: Arc::clone(&name),
            template: Arc::clone(&self.template),
            administrator,
            now: state.clock.now(system_now),
            lifetime: state.settings.session_seconds * 1000,
        };
        let mut org = Org::new(first, state, adopt)
            .with_hooks(self.hooks)
            .with_outbound(Outbound::through(&self.carrier))
            .with_journal(!self.template.no_journal);
        org.label = label;
        org.expires_at = ttl.map(|ttl| system_now.saturating_add(ttl));
        org.bell = Arc::clone(&self.bell);
        if let Some(like) = like {
            org.indexes = like.indexes.fork();
            org.words = like.words.fork();
        }
        let org = Arc::new(org);
        registered.by_name.insert(name, Arc::clone(&org));
        registered.by_id.insert(id, Arc::clone(&org));
        Ok(org)
    }

    /// The org of a name.
    pub fn named(&self, name: &str) -> Option<Arc<Org>> {
        self.registered().by_name.get(name).cloned()
    }

    /// The org of an id.
    pub fn with_id(&self, id: Id) -> Option<Arc<Org>> {
        self.registered().by_id.get(&id).cloned()
    }

    /// All orgs, by name.
    pub fn all(&self) -> Vec<Arc<Org>> {
        self.registered().by_name.values().cloned().collect()
    }

    /// Lets go what fault rules hold in any org, for good: the process ends.
    pub fn release_held(&self) {
        for org in self.all() {
            for active in org.faults.active().iter() {
                active.gate.open(true);
            }
        }
    }

    /// Deletes an org and closes its port; false when there is none of that name.
    pub fn delete(&self, name: &str) -> bool {
        let mut registered = self.registered_mut();
        let Some(org) = registered.by_name.remove(name) else { return false };
        registered.by_id.remove(&org.id);
        drop(registered);
        // Nobody is left to release what its rules hold.
        org.faults.clear();
        if let (Some(_), Some(ports)) = (org.port.get(), self.ports.get()) {
            (ports.close)(name);
        }
        true
    }

    /// Deletes the orgs whose time is over.
    pub fn expire(&self, system_now: Millis) {
        if system_now < self.next_expiry.load(Ordering::Relaxed) {
            return;
        }
        // Set before looking: an org that is made meanwhile lowers it again.
        self.next_expiry.store(Millis::MAX, Ordering::Relaxed);
        for org in self.all() {
            match org.expires_at {
                Some(at) if at <= system_now => {
                    self.delete(&org.name);
                }
                Some(at) => {
                    self.next_expiry.fetch_min(at, Ordering::Relaxed);
                }
                None => {}
            }
        }
    }

    /// Runs a slice of what is due in each org; true when more is. For a timer that drives the real
    /// clocks of a served process.
    pub fn run_due(&self, system_now: Millis) -> bool {
        self.expire(system_now);
        let mut more = false;
        for id in self.bell.take() {
            let Some(org) = self.with_id(id) else { continue };
            more |= org.tick(system_now);
            if org.peek(|state| !state.jobs.is_empty()) {
                self.bell.ring(id);
            }
        }
        more
    }
}

impl Registered {
    /// A name that nobody has.
    fn free_name(&self) -> String {
        let names = (self.made..).map(|number| format!("org-{number}"));
        let mut free = names.filter(|name| !self.by_name.contains_key(name.as_str()));
        free.next().expect("numbers do not end")
    }
}
