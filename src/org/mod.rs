//! Tenants: an org's state and all that lives beside it (sessions, cursors, counters), and the
//! registry in which a request finds its org.
//!
//! A reader clones the `Arc<State>`; a writer takes the org's mutex, changes a copy and publishes it.
//! Only validate → publish runs under the mutex. A panic poisons nothing: the half-made state is
//! dropped with its transaction.

mod credentials;
mod cursors;
pub mod faults;
mod jobs;
mod journal;
mod locks;
mod outbound;
mod registry;
mod sessions;
mod unit;
mod usage;

pub use credentials::{Credentials, derived_token};
pub use cursors::{Cursor, Cursors};
use faults::{FaultRules, NotAdded, Rule};
pub use jobs::{Step, TakeAnswer};
pub use journal::{Body, Exchange, Journal, Told};
pub use locks::{Lock, Locks, PATIENCE};
pub use outbound::Carrier;
pub use registry::{DEFAULT, Orgs, Template};
pub use sessions::{Decision, Grant, Pending, Refresh, Session, Sessions};
pub use unit::Unit;
pub use usage::Usage;

use crate::clock::Millis;
use crate::dml::{self, Actor, Gate, Transaction};
use crate::error::Faults;
use crate::id::Id;
use crate::sosl::WordIndexes;
use crate::store::{IndexCache, JobKind, State};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

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
    pub name: String,
    /// What its owner called it.
    pub label: Option<String>,
    /// The constants with which clients log in.
    pub credentials: Credentials,
    /// Live sessions and what leads to them.
    pub sessions: Sessions,
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
    state: RwLock<Arc<State>>,
    /// How the org was when it was created: `reset` goes back to it.
    created: Arc<State>,
    writer: Mutex<()>,
    latest: AtomicI64,
    swept: AtomicI64,
    hooks: &'static Hooks,
    outbound: outbound::Outbound,
    /// True once a timer runs this org's work as time passes.
    driven: AtomicBool,
}

impl Org {
    /// An org that begins with a state.
    pub fn new(
        id: Id,
        name: &str,
        label: Option<String>,
        credentials: Credentials,
        state: Arc<State>,
        system_now: Millis,
    ) -> Org {
        let org = Org {
            id,
            name: name.to_owned(),
            label,
            credentials,
            sessions: Sessions::default(),
            cursors: Cursors::default(),
            faults: FaultRules::default(),
            locks: Locks::default(),
            journal: Journal::new(true),
            usage: Usage::default(),
            indexes: IndexCache::default(),
            words: WordIndexes::default(),
            created: Arc::clone(&state),
            state: RwLock::new(state),
            writer: Mutex::new(()),
            latest: AtomicI64::new(0),
            swept: AtomicI64::new(0),
            hooks: Hooks::NONE,
            outbound: outbound::Outbound::default(),
            driven: AtomicBool::new(false),
        };
        org.open_first_session(system_now);
        org
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
        let (credentials, scope) = (&self.credentials, "api web refresh_token");
        self.sessions.open(
            &credentials.access_token,
            Session::new(credentials.user_id, scope, now, lifetime),
        );
        let user = credentials.user_id;
        self.sessions.remember_refresh(&credentials.refresh_token, user, scope, now);
    }

    /// The org's data as it is now.
    pub fn read(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The org's time; it never runs backwards.
    pub fn now(&self, system_now: Millis) -> Millis {
        let now = self.state.read().unwrap_or_else(PoisonError::into_inner).clock.now(system_now);
        self.latest.fetch_max(now, Ordering::Relaxed).max(now)
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes a state made under the writer's lock.
    fn publish(&self, state: Arc<State>) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
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
        self.faults.add(rule, self.read().settings.seed)
    }

    /// Back to how the org was when it was created. Sessions stay unless `drop_sessions`.
    pub fn reset(&self, drop_sessions: bool, system_now: Millis) {
        let _writer = self.lock();
        let created = Arc::clone(&self.created);
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = created;
        self.latest.store(0, Ordering::Relaxed);
        self.cursors.clear();
        self.usage.clear();
        self.journal.clear();
        self.faults.clear();
        self.locks.clear();
        if drop_sessions {
            self.sessions.clear();
            self.open_first_session(system_now);
        }
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
