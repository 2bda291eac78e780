//! Sessions, and what leads to one: refresh tokens, authorization codes, device codes. They live
//! beside the state, so a reset keeps them and reads stay reads.

use super::credentials;
use crate::clock::Millis;
use crate::id::Id;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// A live session.
#[derive(Debug)]
pub struct Session {
    /// Whose.
    pub user: Id,
    /// OAuth scopes, separated by blanks.
    pub scope: String,
    /// When it began.
    pub issued_at: Millis,
    lifetime: Millis,
    expires_at: AtomicI64,
}

impl Session {
    /// A session that lives `lifetime` milliseconds after its last use.
    pub fn new(user: Id, scope: &str, now: Millis, lifetime: Millis) -> Session {
        Session {
            user,
            scope: scope.to_owned(),
            issued_at: now,
            lifetime,
            expires_at: AtomicI64::new(now + lifetime),
        }
    }

    /// When it ends unless it is used before.
    pub fn expires_at(&self) -> Millis {
        self.expires_at.load(Ordering::Relaxed)
    }

    /// Uses the session: false when it has ended, else its end moves on.
    pub fn touch(&self, now: Millis) -> bool {
        if now >= self.expires_at() {
            return false;
        }
        self.expires_at.store(now + self.lifetime, Ordering::Relaxed);
        true
    }
}

/// What an authorization code stands for.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Whose consent it is.
    pub user: Id,
    /// Scopes granted.
    pub scope: String,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// PKCE: the challenge, and true for S256.
    pub challenge: Option<(String, bool)>,
    /// When the code ends.
    pub expires_at: Millis,
}

/// A device that waits for somebody to type its user code.
#[derive(Clone, Debug)]
pub struct Pending {
    /// What the person types.
    pub user_code: String,
    /// Scopes asked for.
    pub scope: String,
    /// `None`: not decided; `Some(None)`: denied; `Some(Some(user))`: granted.
    pub decision: Option<Option<Id>>,
    /// When the code ends.
    pub expires_at: Millis,
}

#[derive(Default)]
struct Paths {
    refresh: HashMap<String, Id>,
    codes: HashMap<String, Grant>,
    devices: HashMap<String, Pending>,
}

/// Most sessions an org holds; the one that ends first makes room.
const MOST_SESSIONS: usize = 10_000;

/// An org's sessions.
#[derive(Default)]
pub struct Sessions {
    live: RwLock<HashMap<String, Arc<Session>>>,
    paths: Mutex<Paths>,
    made: AtomicU64,
}

impl Sessions {
    fn paths(&self) -> MutexGuard<'_, Paths> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the next token, code or device of the org.
    pub fn next(&self) -> u64 {
        self.made.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Opens a session under a token.
    pub fn open(&self, token: &str, session: Session) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        if live.len() >= MOST_SESSIONS
            && let Some(oldest) =
                live.iter().min_by_key(|(_, session)| session.expires_at()).map(|(t, _)| t.clone())
        {
            live.remove(&oldest);
        }
        live.insert(token.to_owned(), Arc::new(session));
    }

    /// Opens a session under a new token of the org, and returns the token.
    pub fn open_new(&self, org: Id, session: Session) -> String {
        let token = credentials::access_token(org, self.next());
        self.open(&token, session);
        token
    }

    /// The session of a token, if it has not ended; using it moves its end.
    pub fn find(&self, token: &str, now: Millis) -> Option<Arc<Session>> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        live.get(token).filter(|session| session.touch(now)).cloned()
    }

    /// The session of a token without using it.
    pub fn peek(&self, token: &str, now: Millis) -> Option<Arc<Session>> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        live.get(token).filter(|session| now < session.expires_at()).cloned()
    }

    /// Ends a session; false when there is none.
    pub fn end(&self, token: &str) -> bool {
        self.live.write().unwrap_or_else(PoisonError::into_inner).remove(token).is_some()
    }

    /// Makes a refresh token for a user.
    pub fn new_refresh(&self, org: Id, user: Id) -> String {
        let token = credentials::refresh_token(org, self.next());
        self.remember_refresh(&token, user);
        token
    }

    /// Takes a refresh token in.
    pub fn remember_refresh(&self, token: &str, user: Id) {
        self.paths().refresh.insert(token.to_owned(), user);
    }

    /// The user of a refresh token.
    pub fn refresh_user(&self, token: &str) -> Option<Id> {
        self.paths().refresh.get(token).copied()
    }

    /// Forgets a refresh token; false when there is none.
    pub fn end_refresh(&self, token: &str) -> bool {
        self.paths().refresh.remove(token).is_some()
    }

    /// Takes an authorization code in.
    pub fn remember_code(&self, code: &str, grant: Grant) {
        self.paths().codes.insert(code.to_owned(), grant);
    }

    /// Takes an authorization code out: it works once.
    pub fn take_code(&self, code: &str) -> Option<Grant> {
        self.paths().codes.remove(code)
    }

    /// True when an authorization code is known.
    pub fn knows_code(&self, code: &str) -> bool {
        self.paths().codes.contains_key(code)
    }

    /// Takes a device code in.
    pub fn remember_device(&self, code: &str, pending: Pending) {
        self.paths().devices.insert(code.to_owned(), pending);
    }

    /// What a device code waits for.
    pub fn device(&self, code: &str) -> Option<Pending> {
        self.paths().devices.get(code).cloned()
    }

    /// Forgets a device code.
    pub fn end_device(&self, code: &str) {
        self.paths().devices.remove(code);
    }

    /// Decides for the device whose user code this is; false when there is none.
    pub fn decide_device(&self, user_code: &str, decision: Option<Id>) -> bool {
        let mut paths = self.paths();
        let device = paths.devices.values_mut().find(|pending| pending.user_code == user_code);
        device.map(|pending| pending.decision = Some(decision)).is_some()
    }

    /// Ends everything.
    pub fn clear(&self) {
        self.live.write().unwrap_or_else(PoisonError::into_inner).clear();
        *self.paths() = Paths::default();
    }
}
