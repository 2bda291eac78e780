//! Rows that another writer holds: intervals on the org's clock. Nobody else writes here, so a writer
//! to run into is made up.

use crate::clock::Millis;
use crate::dml::Attempt;
use crate::id::Id;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long a writer waits for a row before it gives up, as in a real org.
pub const PATIENCE: Millis = 10_000;

/// Rows held by one other writer.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    /// The rows.
    pub ids: Vec<Id>,
    /// When it lets go of them.
    pub until: Millis,
    /// How long writers wait for it at most.
    pub patience: Millis,
}

/// The locks of an org.
#[derive(Debug, Default)]
pub struct Locks {
    /// False when there are none: all that a write without locks looks at.
    any: AtomicBool,
    held: Mutex<Vec<Lock>>,
}

impl Locks {
    fn held(&self) -> MutexGuard<'_, Vec<Lock>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False when nothing is locked.
    pub fn are_any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Locks rows.
    pub fn hold(&self, lock: Lock, now: Millis) {
        let mut held = self.held();
        held.retain(|lock| lock.until > now);
        held.push(lock);
        self.any.store(true, Ordering::Release);
    }

    /// The locks that hold rows.
    pub fn list(&self, now: Millis) -> Vec<Lock> {
        let mut held = self.held();
        held.retain(|lock| lock.until > now);
        self.any.store(!held.is_empty(), Ordering::Release);
        held.clone()
    }

    /// Lets go of all rows.
    pub fn clear(&self) {
        self.held().clear();
        self.any.store(false, Ordering::Release);
    }

    /// The row, of those that a write needs, that is held, and the lock that holds it longest.
    pub fn conflict(&self, attempt: &Attempt<'_>, now: Millis) -> Option<(Id, Lock)> {
        let locks = self.list(now);
        if locks.is_empty() {
            return None;
        }
        let holder = |id: &Id| {
            let holders = locks.iter().filter(|lock| lock.ids.contains(id));
            holders.max_by_key(|lock| lock.until).cloned()
        };
        attempt.locked().into_iter().find_map(|id| Some((id, holder(&id)?)))
    }
}
