//! Open query cursors. Each holds the result of its query, and so the state that it was run on: what
//! is written afterwards does not show. Two days on the org's clock, ten a user, bound to the session.

use crate::clock::Millis;
use crate::id::Id;
use crate::soql::ResultSet;
use crate::time::DAY;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const LIFETIME: Millis = 2 * DAY;
const PER_USER: usize = 10;

struct Cursor {
    id: Id,
    user: Id,
    session: String,
    expires_at: Millis,
    batch: usize,
    result: Arc<ResultSet>,
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
        let mut open = self.open();
        open.made += 1;
        let id = Id::own(*b"01g", open.made);
        open.cursors.retain(|cursor| cursor.expires_at > now);
        if open.cursors.iter().filter(|cursor| cursor.user == user).count() >= PER_USER
            && let Some(oldest) = open.cursors.iter().position(|cursor| cursor.user == user)
        {
            open.cursors.remove(oldest);
        }
        open.cursors.push(Cursor {
            id,
            user,
            session: session.to_owned(),
            expires_at: now + LIFETIME,
            batch,
            result,
        });
        id
    }

    /// The result and batch size behind a locator, for the session that opened it.
    pub fn find(&self, id: Id, session: &str, now: Millis) -> Option<(Arc<ResultSet>, usize)> {
        let open = self.open();
        let cursor = open.cursors.iter().find(|cursor| cursor.id == id)?;
        (cursor.session == session && cursor.expires_at > now)
            .then(|| (Arc::clone(&cursor.result), cursor.batch))
    }

    /// Closes all.
    pub fn clear(&self) {
        self.open().cursors.clear();
    }
}
