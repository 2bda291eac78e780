//! Username and password: who may log in.

use super::super::entry::Entry;
use super::{facts, find};
use crate::error::OrgError;
use crate::id::Id;
use crate::org::Org;
use crate::store::State;
use std::sync::Arc;

/// Why a login is refused. OAuth and SOAP say it in different words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No user of that name.
    Unknown,
    /// Not the password.
    Password,
    /// `IsActive` is false.
    Inactive,
    /// `UserLogin.IsFrozen` is true.
    Frozen,
}

/// The org and user of a username and password, or what refuses them and the hint that says why.
pub(crate) fn log_in(
    entry: &Entry<'_>,
    username: &str,
    password: &str,
    client_id: Option<&str>,
) -> Result<(Arc<Org>, Id), (Refusal, String)> {
    let (org, user) = find::by_username(entry, username, client_id);
    let Some(user) = user else {
        return Err((Refusal::Unknown, find::no_such_user(entry, &org, username)));
    };
    let state = org.read();
    if !fits(&org, &state, user, password) {
        let hint = format!(
            "wrong password for {username} in org {}: every user has the org's password \
             (FAUXFORCE_PASSWORD sets it) until it is changed, with or without the security token",
            org.name
        );
        return Err((Refusal::Password, hint));
    }
    match barred(&org, &state, user) {
        Some(refusal) => {
            let why = match refusal {
                Refusal::Frozen => "is frozen (UserLogin.IsFrozen)",
                _ => "has IsActive = false",
            };
            Err((refusal, format!("user {username} of org {} {why}", org.name)))
        }
        None => Ok((org, user)),
    }
}

/// True when the password is the user's own, or the org's where the user has none; the security
/// token may follow it.
fn fits(org: &Org, state: &State, user: Id, given: &str) -> bool {
    let credentials = &org.credentials;
    let own = state.passwords.get(&user);
    let password = own.map_or(credentials.password.as_str(), |own| &**own);
    given == password || given.strip_suffix(&credentials.security_token) == Some(password)
}

/// Why a user may not log in, whatever the password.
pub(crate) fn barred(org: &Org, state: &State, user: Id) -> Option<Refusal> {
    let active = facts::Facts::of(state, user).is_some_and(|user| user.flag("IsActive"));
    if !active {
        return Some(Refusal::Inactive);
    }
    facts::is_frozen(org, state, user).then_some(Refusal::Frozen)
}

/// The refusal as an OAuth error.
pub(crate) fn oauth_error(refusal: Refusal) -> OrgError {
    match refusal {
        Refusal::Inactive => OrgError::inactive_user(),
        Refusal::Unknown | Refusal::Password | Refusal::Frozen => {
            OrgError::authentication_failure()
        }
    }
}
