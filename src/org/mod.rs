//! Tenants: an org's state and all that lives beside it (sessions, cursors, counters), and the
//! registry in which a request finds its org.
//!
//! A reader clones the `Arc<State>`; a writer takes the org's mutex, changes a copy and publishes it.
//! Only validate → publish runs under the mutex. A panic poisons nothing: the half-made state is
//! dropped with its transaction.

mod bell;
mod credentials;
mod cursors;
pub mod faults;
mod jobs;
mod journal;
mod late;
mod locks;
mod outbound;
mod ports;
mod registry;
mod sessions;
mod snapshots;
mod unit;
mod usage;

pub use credentials::{Credentials, derived_token};
pub use cursors::{Cursor, Cursors};
use faults::{FaultRules, NotAdded, Rule};
pub use jobs::{Step, TakeAnswer};
pub use journal::{Body, Exchange, Journal, MOST_OF_BODY, Texts, Told};
pub use late::{First, Late};
pub use locks::{Lock, Locks, PATIENCE};
pub use outbound::Carrier;
pub use ports::Ports;
pub use registry::{DEFAULT, Founding, NotFounded, Orgs, Template};
pub use sessions::{Decision, Grant, Pending, Refresh, Session, Sessions};
pub use snapshots::{NotImported, NotTaken, Snapshot};
pub use unit::Unit;
pub use usage::Usage;

use crate::clock::Millis;
use crate::dml::{self, Actor, Gate, Transaction};
use crate::error::Faults;
use crate::id::Id;
use crate::sosl::WordIndexes;
use crate::store::{IndexCache, JobKind, State};
use bell::Bell;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

/// What the floors above do in an org: one table of plain functions, handed down from the top.
pub struct Hooks {
    /// When records are written.
    pub writes: &'static dml::Hooks,
    /// The function that runs jobs of a kind.
    pub step: fn(JobKind) -> Option<Step>,
    /// The function that takes answers to calls that jobs of a kind asked.
    pub answered: fn(JobKind) -> Option<TakeAnswer>,
}

impl Hooks {
    /// Nothing.
    pub const NONE: &'static Hooks =
        &Hooks { writes: dml::Hooks::NONE, step: |_| None, answered: |_| None };
}

/// What running all work to its end did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// How many steps ran.
    pub ran: usize,
    /// The org's time afterwards.
    pub now: Millis,
}

/// One fake org.
pub struct Org {
    /// Its id, `00D…`.
    pub id: Id,
    /// Its name in the control API.
    pub name: Arc<str>,
    /// What its owner called it.
    pub label: Option<String>,
    /// The instant of the system's clock at which it goes away; `None`: it stays.
    pub expires_at: Option<Millis>,
    /// The port on which it listens alone, if it does.
    pub port: OnceLock<u16>,
    /// The constants with which clients log in.
    pub credentials: Late<Credentials>,
    /// Live sessions and what leads to them.
    pub sessions: Late<Sessions>,
    /// Open query cursors.
    pub cursors: Cursors,
    /// Fault rules.
    pub faults: FaultRules,
    /// Rows that another writer holds.
    pub locks: Locks,
    /// What it was asked and answered.
    pub journal: Journal,
    /// API requests of the last 24 hours.
    pub usage: Usage,
    /// Indexes built on demand.
    pub indexes: IndexCache,
    /// Word indexes of searches, built on demand.
    pub words: WordIndexes,
    /// The data; `None` as long as it is still that of the beginning.
    state: RwLock<Option<Arc<State>>>,
    /// What it began with, under whatever org's id: a fork shares the very state of its origin.
    origin: Arc<State>,
    /// The same under its own id, made when first asked for: `reset` goes back to it.
    created: OnceLock<Arc<State>>,
    adopt: Adopt,
    snapshots: snapshots::Snapshots,
    writer: Mutex<()>,
    latest: AtomicI64,
    swept: AtomicI64,
    hooks: &'static Hooks,
    outbound: outbound::Outbound,
    bell: Arc<Bell>,
    /// True once a timer runs this org's work as time passes.
    driven: AtomicBool,
}

/// Puts a state under an org's id.
pub type Adopt = fn(&Arc<State>, Id) -> Arc<State>;

impl Org {
    /// An org that begins with a state.
    pub fn new(first: First, state: Arc<State>, adopt: Adopt) -> Org {
        Org {
            id: first.org,
            name: Arc::clone(&first.name),
            label: None,
            expires_at: None,
            port: OnceLock::new(),
            credentials: Late::new(first.clone(), Credentials::first),
            sessions: Late::new(first, Sessions::first),
            cursors: Cursors::default(),
            faults: FaultRules::default(),
            locks: Locks::default(),
            journal: Journal::new(true),
            usage: Usage::default(),
            indexes: IndexCache::default(),
            words: WordIndexes::default(),
            state: RwLock::new(None),
            origin: state,
            created: OnceLock::new(),
            adopt,
            snapshots: snapshots::Snapshots::default(),
            writer: Mutex::new(()),
            latest: AtomicI64::new(0),
            swept: AtomicI64::new(0),
            hooks: Hooks::NONE,
            outbound: outbound::Outbound::default(),
            bell: Arc::default(),
            driven: AtomicBool::new(false),
        }
    }

    /// The same with what the floors above do in it.
    #[must_use]
    pub fn with_hooks(mut self, hooks: &'static Hooks) -> Org {
        self.hooks = hooks;
        self
    }

    /// The same with whoever makes its calls to other systems.
    #[must_use]
    fn with_outbound(mut self, outbound: outbound::Outbound) -> Org {
        self.outbound = outbound;
        self
    }

    /// The same with or without a journal.
    #[must_use]
    pub fn with_journal(mut self, on: bool) -> Org {
        self.journal = Journal::new(on);
        self
    }

    /// The session and refresh token that the org's owner was told at its start. Opened again, the
    /// session begins anew.
    pub fn open_first_session(&self, system_now: Millis) {
        let now = self.now(system_now);
        let lifetime = self.read().settings.session_seconds * 1000;
        self.sessions.open_first(&self.credentials, now, lifetime);
    }

    /// The org's data as it is now.
    pub fn read(&self) -> Arc<State> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(state.as_ref().unwrap_or_else(|| self.created()))
    }

    /// How the org was when it was created.
    pub fn created(&self) -> &Arc<State> {
        self.created.get_or_init(|| (self.adopt)(&self.origin, self.id))
    }

    /// Calls `look` with the data, which may still be under another org's id: for what does not
    /// depend on it.
    fn peek<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        look(state.as_ref().unwrap_or(&self.origin))
    }

    /// The org's time; it never runs backwards but by `reset` and `restore`.
    pub fn now(&self, system_now: Millis) -> Millis {
        // Under the state's lock, so that nobody puts back the clock in between.
        self.peek(|state| {
            let now = state.clock.now(system_now);
            self.latest.fetch_max(now, Ordering::Relaxed).max(now)
        })
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes a state made under the writer's lock.
    fn publish(&self, state: Arc<State>) {
        if !state.jobs.is_empty() {
            self.bell.ring(self.id);
        }
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Some(state);
    }

    /// Runs a transaction; what it did is published when it succeeds and gone when it fails.
    pub fn write<T>(
        &self,
        actor: Actor,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Faults>,
    ) -> Result<T, Faults> {
        self.attempt(actor, None, |transaction| {
            let done = work(transaction);
            let keep = done.is_ok();
            (done, keep)
        })
    }

    /// Runs a transaction whose outcome is more than success or failure; what it did is published
    /// when `work` says so. Each of its records must pass the gate.
    pub fn attempt<T>(
        &self,
        actor: Actor,
        gate: Option<Gate<'_>>,
        work: impl FnOnce(&mut Transaction<'_>) -> (T, bool),
    ) -> T {
        let _writer = self.lock();
        let before = self.read();
        let mut transaction = Transaction::begin(&before, actor, &self.indexes)
            .with_hooks(self.hooks.writes)
            .behind(gate);
        let (done, keep) = work(&mut transaction);
        if keep {
            self.publish(Arc::new(transaction.state));
        }
        done
    }

    /// Changes the state itself: clock, settings, schema.
    pub fn change<T, E>(&self, work: impl FnOnce(&mut State) -> Result<T, E>) -> Result<T, E> {
        let _writer = self.lock();
        let mut state = State::clone(&self.read());
        let done = work(&mut state)?;
        self.publish(Arc::new(state));
        Ok(done)
    }

    /// Takes a fault rule in; its chance is drawn from the org's seed.
    pub fn add_fault(&self, rule: Rule) -> Result<String, NotAdded> {
        self.faults.add(rule, self.seed())
    }

    /// From which its names, samples and chances are drawn.
    pub fn seed(&self) -> u64 {
        self.peek(|state| state.settings.seed)
    }

    /// Does what falls due before a request: background work, and with each new day of the org what
    /// has lain too long in the recycle bin.
    pub fn sweep(&self, now: Millis) {
        self.sweep_day(now);
        self.catch_up(now);
    }

    fn sweep_day(&self, now: Millis) {
        let day = now.div_euclid(crate::time::DAY);
        if self.swept.swap(day, Ordering::Relaxed) == day {
            return;
        }
        let actor = Actor { user: self.credentials.user_id, now, system: true };
        let swept = self.write(actor, |transaction| {
            transaction.purge_expired();
            Ok(())
        });
        debug_assert!(swept.is_ok());
    }
}
