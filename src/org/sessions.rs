//! Sessions, and what leads to one: refresh tokens, authorization codes, device codes. They live
//! beside the state, so a reset keeps them and reads stay reads.

use super::{Credentials, First, credentials};
use crate::clock::Millis;
use crate::id::Id;
use rustc_hash::FxHashMap;
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

    /// The same session on a clock that was moved.
    fn shifted(&self, by: Millis) -> Session {
        Session {
            user: self.user,
            scope: self.scope.clone(),
            issued_at: self.issued_at.saturating_add(by),
            lifetime: self.lifetime,
            expires_at: AtomicI64::new(self.expires_at().saturating_add(by)),
        }
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

/// What a refresh token stands for.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// Whose.
    pub user: Id,
    /// Scopes granted.
    pub scope: String,
    /// The connected app that it was given to; `None` for the org's first one, which any may use.
    pub client_id: Option<String>,
    /// When it was made.
    pub issued_at: Millis,
    /// The access tokens that came of it: they end with it.
    pub issued: Vec<String>,
}

/// What an authorization code stands for.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The connected app that asked for it.
    pub client_id: String,
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

/// What became of a device's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nobody has typed its code yet.
    Pending,
    /// Somebody said no.
    Denied,
    /// A user let it in.
    Granted(Id),
}

/// A device that waits for somebody to type its user code.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The connected app that asks.
    pub client_id: String,
    /// What the person types.
    pub user_code: String,
    /// Scopes asked for.
    pub scope: String,
    /// What the person said.
    pub decision: Decision,
    /// When the code ends.
    pub expires_at: Millis,
}

#[derive(Default)]
struct Paths {
    refresh: HashMap<String, Refresh>,
    codes: HashMap<String, Grant>,
    devices: HashMap<String, Pending>,
}

/// Most sessions an org holds; the one that ends first makes room. Also most authorization and
/// device codes.
const MOST_SESSIONS: usize = 10_000;

/// Access tokens that a refresh token remembers as its own.
const MOST_ISSUED: usize = 100;

/// An org's sessions.
#[derive(Default)]
pub struct Sessions {
    live: RwLock<FxHashMap<String, Arc<Session>>>,
    paths: Mutex<Paths>,
    made: AtomicU64,
}

impl Sessions {
    /// The session and refresh token that an org's owner is told.
    pub fn first(first: &First) -> Sessions {
        let sessions = Sessions::default();
        sessions.open_first(&Credentials::first(first), first.now, first.lifetime);
        sessions
    }

    /// Opens them again.
    pub(super) fn open_first(&self, credentials: &Credentials, now: Millis, lifetime: Millis) {
        let (user, scope) = (credentials.user_id, "api web refresh_token");
        self.open(&credentials.access_token, Session::new(user, scope, now, lifetime));
        self.remember_refresh(&credentials.refresh_token, user, scope, now);
    }

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

    /// Makes a refresh token, and returns it.
    pub fn new_refresh(&self, org: Id, refresh: Refresh) -> String {
        let token = credentials::refresh_token(org, self.next());
        self.paths().refresh.insert(token.clone(), refresh);
        token
    }

    /// Takes in the refresh token that the org's owner was told at its start.
    pub fn remember_refresh(&self, token: &str, user: Id, scope: &str, now: Millis) {
        let refresh = Refresh {
            user,
            scope: scope.to_owned(),
            client_id: None,
            issued_at: now,
            issued: Vec::new(),
        };
        self.paths().refresh.insert(token.to_owned(), refresh);
    }

    /// What a refresh token stands for.
    pub fn refresh(&self, token: &str) -> Option<Refresh> {
        self.paths().refresh.get(token).cloned()
    }

    /// Notes that an access token came of a refresh token.
    pub fn note_issued(&self, refresh: &str, access: &str) {
        if let Some(refresh) = self.paths().refresh.get_mut(refresh) {
            if refresh.issued.len() >= MOST_ISSUED {
                refresh.issued.remove(0);
            }
            refresh.issued.push(access.to_owned());
        }
    }

    /// Puts a new refresh token in the place of an old one, and returns it.
    pub fn rotate_refresh(&self, org: Id, old: &str) -> Option<String> {
        let token = credentials::refresh_token(org, self.next());
        let mut paths = self.paths();
        let refresh = paths.refresh.remove(old)?;
        paths.refresh.insert(token.clone(), refresh);
        Some(token)
    }

    /// Ends a refresh token and the sessions that came of it; false when there is none.
    pub fn end_refresh(&self, token: &str) -> bool {
        let ended = self.paths().refresh.remove(token);
        for access in ended.iter().flat_map(|refresh| &refresh.issued) {
            self.end(access);
        }
        ended.is_some()
    }

    /// Takes an authorization code in.
    pub fn remember_code(&self, code: &str, grant: Grant) {
        let codes = &mut self.paths().codes;
        make_room(codes, |grant| grant.expires_at);
        codes.insert(code.to_owned(), grant);
    }

    /// What an authorization code stands for. It works once: from now on it has ended.
    pub fn take_code(&self, code: &str) -> Option<Grant> {
        let mut paths = self.paths();
        let held = paths.codes.get_mut(code)?;
        let grant = held.clone();
        held.expires_at = Millis::MIN;
        Some(grant)
    }

    /// True when an authorization code is known, even if it was used or has ended.
    pub fn knows_code(&self, code: &str) -> bool {
        self.paths().codes.contains_key(code)
    }

    /// Takes a device code in.
    pub fn remember_device(&self, code: &str, pending: Pending) {
        let devices = &mut self.paths().devices;
        make_room(devices, |pending| pending.expires_at);
        devices.insert(code.to_owned(), pending);
    }

    /// What a device code waits for.
    pub fn device(&self, code: &str) -> Option<Pending> {
        self.paths().devices.get(code).cloned()
    }

    /// The device code whose user code this is, and what it waits for.
    pub fn device_of(&self, user_code: &str) -> Option<(String, Pending)> {
        let paths = self.paths();
        let found = paths.devices.iter().find(|(_, pending)| pending.user_code == user_code);
        found.map(|(code, pending)| (code.clone(), pending.clone()))
    }

    /// Forgets a device code.
    pub fn end_device(&self, code: &str) {
        self.paths().devices.remove(code);
    }

    /// Moves all ends with the org's clock, which somebody put back or forth: who had an hour left
    /// still has it.
    pub(super) fn shift(&self, by: Millis) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        for session in live.values_mut() {
            *session = Arc::new(session.shifted(by));
        }
        let mut paths = self.paths();
        for refresh in paths.refresh.values_mut() {
            refresh.issued_at = refresh.issued_at.saturating_add(by);
        }
        for grant in paths.codes.values_mut() {
            grant.expires_at = grant.expires_at.saturating_add(by);
        }
        for pending in paths.devices.values_mut() {
            pending.expires_at = pending.expires_at.saturating_add(by);
        }
    }

    /// Ends everything.
    pub fn clear(&self) {
        self.live.write().unwrap_or_else(PoisonError::into_inner).clear();
        *self.paths() = Paths::default();
    }
}

/// Drops the code that ends first when there are too many.
fn make_room<T>(codes: &mut HashMap<String, T>, expires_at: impl Fn(&T) -> Millis) {
    if codes.len() >= MOST_SESSIONS
        && let Some(oldest) =
            codes.iter().min_by_key(|(_, code)| expires_at(code)).map(|(code, _)| code.clone())
    {
        codes.remove(&oldest);
    }
}
