//! Open query cursors. Each holds the result of its query, and so the state that it was run on: what
//! is written afterwards does not show. Two days on the org's clock, ten a user, bound to the session.

use crate::clock::Millis;
use crate::id::Id;
use crate::soql::ResultSet;
use crate::time::DAY;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const LIFETIME: Millis = 2 * DAY;
const PER_USER: usize = 10;

/// An open cursor.
pub struct Cursor {
    /// Its locator.
    pub id: Id,
    user: Id,
    session: String,
    expires_at: Millis,
    batch: usize,
    result: Arc<ResultSet>,
}

impl Cursor {
    /// A cursor over a result, opened now by a user's session.
    pub fn new(
        id: Id,
        user: Id,
        session: &str,
        now: Millis,
        batch: usize,
        result: Arc<ResultSet>,
    ) -> Cursor {
        let session = session.to_owned();
        Cursor { id, user, session, expires_at: now + LIFETIME, batch, result }
    }

    /// Its result and batch size, for the session that opened it.
    pub fn read(&self, session: &str, now: Millis) -> Option<(Arc<ResultSet>, usize)> {
        (self.session == session && self.expires_at > now)
            .then(|| (Arc::clone(&self.result), self.batch))
    }
}

#[derive(Default)]
struct Open {
    made: u64,
    cursors: Vec<Cursor>,
}

/// An org's open cursors, oldest first.
#[derive(Default)]
pub struct Cursors(Mutex<Open>);

impl Cursors {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a result for further pages and returns its locator, `01g…`. The user's oldest cursor
    /// makes room.
    pub fn keep(
        &self,
        user: Id,
        session: &str,
        now: Millis,
        batch: usize,
        result: Arc<ResultSet>,
    ) -> Id {
        let id = self.next_id();
        self.insert(Cursor::new(id, user, session, now, batch, result), now);
        id
    }

    /// The locator of a cursor about to be made.
    pub fn next_id(&self) -> Id {
        let mut open = self.open();
        open.made += 1;
        Id::own(*b"01g", open.made)
    }

    /// Opens a cursor. The user's oldest one makes room.
    pub fn insert(&self, cursor: Cursor, now: Millis) {
        let mut open = self.open();
        let user = cursor.user;
        open.cursors.retain(|cursor| cursor.expires_at > now);
        if open.cursors.iter().filter(|cursor| cursor.user == user).count() >= PER_USER
            && let Some(oldest) = open.cursors.iter().position(|cursor| cursor.user == user)
        {
            open.cursors.remove(oldest);
        }
        open.cursors.push(cursor);
    }

    /// The result and batch size behind a locator, for the session that opened it.
    pub fn find(&self, id: Id, session: &str, now: Millis) -> Option<(Arc<ResultSet>, usize)> {
        self.open().cursors.iter().find(|cursor| cursor.id == id)?.read(session, now)
    }

    /// Closes all.
    pub fn clear(&self) {
        self.open().cursors.clear();
    }
}
