//! Several writes as one: what composite requests, graphs and trees do is published together or not
//! at all.
//!
//! A unit holds the org's writer lock from its beginning. Each write makes the next state on top of
//! the one before; reads inside the unit see them, readers outside do not. Publishing the last state
//! makes all of it visible at once. A unit that is dropped leaves nothing: its states and the cursors
//! of its queries were nobody else's.

use super::{Cursor, Org};
use crate::clock::Millis;
use crate::dml::{Actor, Gate, Mixture, Transaction};
use crate::id::Id;
use crate::soql::ResultSet;
use crate::store::State;
use std::cell::{Cell, RefCell};
use std::sync::{Arc, MutexGuard};

/// A unit of work under the writer's lock.
pub struct Unit<'o> {
    org: &'o Org,
    state: RefCell<Arc<State>>,
    /// Its first commit.
    request: u64,
    /// Cursors that queries of this unit opened, and when.
    opened: RefCell<Vec<(Cursor, Millis)>>,
    spoiled: Cell<bool>,
    /// The kinds of objects that it wrote.
    mixture: Cell<Mixture>,
    _writer: MutexGuard<'o, ()>,
}

impl Org {
    /// Begins a unit of work. Other writers wait until it is published or dropped.
    pub fn unit(&self) -> Unit<'_> {
        let writer = self.lock();
        let before = self.read();
        Unit {
            org: self,
            request: before.commit + 1,
            state: RefCell::new(before),
            opened: RefCell::default(),
            spoiled: Cell::new(false),
            mixture: Cell::default(),
            _writer: writer,
        }
    }
}

impl Unit<'_> {
    /// The org's data as this unit has made it so far.
    pub fn read(&self) -> Arc<State> {
        Arc::clone(&self.state.borrow())
    }

    /// Runs a transaction; the unit keeps what it did when `work` says so. Each of its records must
    /// pass the gate.
    pub fn attempt<T>(
        &self,
        actor: Actor,
        gate: Option<Gate<'_>>,
        work: impl FnOnce(&mut Transaction<'_>) -> (T, bool),
    ) -> T {
        let before = self.read();
        let mut transaction = Transaction::begin(&before, actor, &self.org.indexes)
            .with_hooks(self.org.hooks.writes)
            .within(self.request, self.mixture.get())
            .behind(gate);
        let (done, keep) = work(&mut transaction);
        if keep {
            self.mixture.set(transaction.mixture);
            *self.state.borrow_mut() = Arc::new(transaction.state);
        }
        done
    }

    /// Changes the state itself.
    pub fn change(&self, work: impl FnOnce(&mut State)) {
        let mut state = State::clone(&self.read());
        work(&mut state);
        *self.state.borrow_mut() = Arc::new(state);
    }

    /// Opens a cursor that lives on when the unit is published.
    pub fn open(&self, cursor: Cursor, now: Millis) {
        self.opened.borrow_mut().push((cursor, now));
    }

    /// The result and batch size behind a locator of this unit.
    pub fn cursor(&self, id: Id, session: &str, now: Millis) -> Option<(Arc<ResultSet>, usize)> {
        let opened = self.opened.borrow();
        opened.iter().find(|(cursor, _)| cursor.id == id)?.0.read(session, now)
    }

    /// Says that a part of it failed although its answer is a success as a whole (a record of a
    /// collection).
    pub fn spoil(&self) {
        self.spoiled.set(true);
    }

    /// True when a part of it failed.
    pub fn is_spoiled(&self) -> bool {
        self.spoiled.get()
    }

    /// Makes all that it did visible.
    pub fn publish(self) {
        for (cursor, now) in self.opened.take() {
            self.org.cursors.insert(cursor, now);
        }
        self.org.publish(self.read());
    }
}
