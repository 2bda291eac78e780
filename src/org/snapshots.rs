//! Named snapshots, and going back: to one of them, or to the beginning.
//!
//! A snapshot is an `Arc` of the org's state, so taking one costs nothing but its name. Going back
//! puts the state back and leaves what is no state: the org's id, credentials, port and snapshots.

use super::Org;
use crate::clock::Millis;
use crate::error::FileFault;
use crate::store::{State, file};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most snapshots of an org.
const MOST: usize = 1_000;

/// Rows that take as long to drop as it takes to start a thread, many times over.
const MANY: u64 = 10_000;

/// How an org was at an instant.
#[derive(Clone)]
pub struct Snapshot {
    /// Its name.
    pub name: Arc<str>,
    /// The org's time when it was taken.
    pub taken_at: Millis,
    /// The data.
    pub state: Arc<State>,
}

/// Why there is no new snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The name is taken.
    Taken,
    /// There are so many.
    TooMany(usize),
}

/// Why a file is no new snapshot.
#[derive(Clone, Debug, PartialEq)]
pub enum NotImported {
    /// There is no room for it.
    NotTaken(NotTaken),
    /// The file is at fault.
    File(FileFault),
}

/// An org's snapshots, by name.
#[derive(Default)]
pub(super) struct Snapshots(Mutex<BTreeMap<Arc<str>, Snapshot>>);

impl Snapshots {
    fn held(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Snapshot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, snapshot: Snapshot) -> Result<Snapshot, NotTaken> {
        let mut held = self.held();
        if held.contains_key(&snapshot.name) {
            return Err(NotTaken::Taken);
        }
        if held.len() >= MOST {
            return Err(NotTaken::TooMany(MOST));
        }
        held.insert(Arc::clone(&snapshot.name), snapshot.clone());
        Ok(snapshot)
    }
}

/// Drops a state. One that holds much that another does not takes its time, and nobody waits for it.
fn drop_aside(gone: Option<Arc<State>>, kept: &State) {
    let Some(gone) = gone else { return };
    if Arc::strong_count(&gone) > 1 || gone.held() < kept.held() + MANY {
        return;
    }
    let dropper = std::thread::Builder::new().name("fauxforce-drop".to_owned());
    if let Err(error) = dropper.spawn(move || drop(gone)) {
        tracing::debug!(%error, "a state was dropped at once");
    }
}

impl Org {
    /// Keeps the org as it is now under a name.
    pub fn take_snapshot(&self, name: &str, system_now: Millis) -> Result<Snapshot, NotTaken> {
        let taken_at = self.now(system_now);
        self.snapshots.keep(Snapshot { name: name.into(), taken_at, state: self.read() })
    }

    /// All snapshots, by name.
    pub fn snapshots(&self) -> Vec<Snapshot> {
        self.snapshots.held().values().cloned().collect()
    }

    /// A snapshot.
    pub fn snapshot(&self, name: &str) -> Option<Snapshot> {
        self.snapshots.held().get(name).cloned()
    }

    /// Forgets a snapshot; false when there is none of that name.
    pub fn forget_snapshot(&self, name: &str) -> bool {
        self.snapshots.held().remove(name).is_some()
    }

    /// Keeps what a file holds as a snapshot. The org itself stays as it is.
    pub fn import_snapshot(
        &self,
        name: &str,
        bytes: &[u8],
        system_now: Millis,
    ) -> Result<Snapshot, NotImported> {
        let state = file::read(bytes).map_err(NotImported::File)?;
        let strange = state.jobs.kinds().find(|kind| (self.hooks.step)(kind).is_none());
        let asks = || state.calls.open().map(|call| call.job.kind);
        let unanswered = || asks().find(|kind| (self.hooks.answered)(kind).is_none());
        if let Some(kind) = strange.or_else(unanswered) {
            return Err(NotImported::File(FileFault::UnknownJob(kind.to_owned())));
        }
        let taken_at = state.clock.now(system_now);
        let state = (self.adopt)(&Arc::new(state), self.id);
        let snapshot = Snapshot { name: name.into(), taken_at, state };
        self.snapshots.keep(snapshot).map_err(NotImported::NotTaken)
    }

    /// Back to a snapshot. Sessions stay unless `drop_sessions`. What requests left beside the state
    /// (journal, faults) stays too.
    pub fn restore(&self, snapshot: &Snapshot, drop_sessions: bool, system_now: Millis) {
        self.go_back(&snapshot.state, drop_sessions, system_now);
    }

    /// Back to how the org was when it was created. Sessions stay unless `drop_sessions`.
    pub fn reset(&self, drop_sessions: bool, system_now: Millis) {
        self.go_back(self.created(), drop_sessions, system_now);
        self.journal.clear();
        self.faults.clear();
    }

    /// Puts the state back. Cursors and locks end, and no request has been counted: they belong to a
    /// time that has not come yet.
    fn go_back(&self, target: &Arc<State>, drop_sessions: bool, system_now: Millis) {
        let writer = self.lock();
        let mut held = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let current = held.as_ref().unwrap_or(&self.origin);
        let now = current.clock.now(system_now).max(self.latest.load(Ordering::Relaxed));
        let state = target.following(current);
        let shift = state.clock.now(system_now) - now;
        if !state.jobs.is_empty() {
            self.bell.ring(self.id);
        }
        let gone = held.replace(state);
        self.latest.store(0, Ordering::Relaxed);
        drop(held);
        self.cursors.clear();
        self.locks.clear();
        self.usage.clear();
        if drop_sessions {
            self.sessions.clear();
        } else if shift != 0 {
            self.sessions.shift(shift);
        }
        drop(writer);
        if drop_sessions {
            self.open_first_session(system_now);
        }
        drop_aside(gone, target);
    }
}
