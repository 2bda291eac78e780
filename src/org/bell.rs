//! Which orgs have work that waits, so that the timer need not look at every org of the process.

use crate::id::Id;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The orgs whose states hold jobs.
#[derive(Default)]
pub(super) struct Bell(Mutex<BTreeSet<Id>>);

impl Bell {
    fn rung(&self) -> MutexGuard<'_, BTreeSet<Id>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that an org has work that waits.
    pub(super) fn ring(&self, org: Id) {
        self.rung().insert(org);
    }

    /// Takes the orgs that said so, in the order in which they were made.
    pub(super) fn take(&self) -> BTreeSet<Id> {
        std::mem::take(&mut *self.rung())
    }
}
