//! Which session a request of the data APIs belongs to: `reference/rest.md` §1.2.
//!
//! `Authorization: Bearer …` or `OAuth …`, else `X-SFDC-Session` (Bulk API 1.0) → the live session of
//! the request's org → its user, who must still be active. Finding one costs two hash look-ups.

use super::entry::{self, Entry};
use crate::error::OrgError;
use crate::id::Id;
use crate::org::{Org, Session};
use crate::store::State;
use std::sync::Arc;

/// The live session of a request and its token. Its use moves the session's end.
pub(super) fn authenticate<'r>(entry: &Entry<'r>) -> Result<(Arc<Session>, &'r str), OrgError> {
    let token = match entry.token() {
        Ok(Some(token)) => token,
        Ok(None) => {
            let header = entry.request.headers.get("x-sfdc-session");
            header.ok_or_else(|| {
                OrgError::session_expired().hint("the request has no `Authorization` header")
            })?
        }
        Err(()) => return Err(OrgError::invalid_auth_header()),
    };
    match live(&entry.org, token, entry.now) {
        Some(session) => Ok((session, token)),
        None => Err(OrgError::session_expired().hint(why_not(entry, token))),
    }
}

/// The live session of a token in an org; `None` too when its user was deactivated, which ends it.
pub(super) fn live(org: &Org, token: &str, now: crate::clock::Millis) -> Option<Arc<Session>> {
    let session = org.sessions.find(token, now)?;
    if is_deactivated(&org.read(), session.user) {
        org.sessions.end(token);
        return None;
    }
    Some(session)
}

/// True when the user's row says `IsActive` false. A user without a row (a scenario that holds no
/// users) is taken as active.
fn is_deactivated(state: &State, user: Id) -> bool {
    let Some(object) = state.schema.by_prefix(user.prefix()) else { return false };
    let object = state.schema.object(object);
    let Some((slot, _)) = object.field("IsActive") else { return false };
    state.row(object, user).is_some_and(|(_, row)| !row.get(slot).is_true())
}

/// Why a token opens nothing here, for the hint. Only asked on failure.
fn why_not(entry: &Entry<'_>, token: &str) -> String {
    let name = &entry.org.name;
    match entry::org_of_token(entry.orgs, token) {
        Some(other) if other.id != entry.org.id => {
            format!("this is a token of org {}, and the request is for org {name}", other.name)
        }
        Some(_) => format!(
            "the session has ended in org {name} (logged out, expired on the org's clock, or its \
             user is inactive): log in again"
        ),
        None => format!("no session of org {name} has this token: log in again"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::auth::testing::{Fixture, USER};
    use super::*;
    use crate::api::http::{Method, Request};

    fn outcome(fixture: &Fixture, request: &Request) -> Result<Id, (u16, String, String)> {
        let entry = fixture.entry(request, &[]);
        authenticate(&entry).map(|(session, _)| session.user).map_err(|error| {
            (error.status, error.code.to_string(), error.hint.clone().unwrap_or_default())
        })
    }

    #[test]
    fn headers_and_their_errors() {
        let fixture = Fixture::new();
        let token = &fixture.org().credentials.access_token;
        let get = || Request::new(Method::Get, "/services/data/v66.0");
        let user = fixture.org().credentials.user_id;
        assert_eq!(outcome(&fixture, &get().bearer(token)), Ok(user));
        let oauth = get().header("Authorization", &format!("OAuth {token}"));
        assert_eq!(outcome(&fixture, &oauth), Ok(user));
        assert_eq!(outcome(&fixture, &get().header("X-SFDC-Session", token)), Ok(user));

        let code = |request: &Request| outcome(&fixture, request).map_err(|(_, code, _)| code);
        let expired = Err("INVALID_SESSION_ID".to_owned());
        assert_eq!(code(&get()), expired);
        assert_eq!(code(&get().bearer("00D000000000001!nothing")), expired);
        for header in ["Bearer ", "Bearer", "Basic YTpi", token.as_str()] {
            let malformed = Err("INVALID_AUTH_HEADER".to_owned());
            assert_eq!(code(&get().header("Authorization", header)), malformed, "{header}");
        }
    }

    #[test]
    fn another_orgs_token_and_a_deactivated_user() {
        let fixture = Fixture::new();
        let fork = fixture.create("fork1");
        let request = Request::new(Method::Get, "/")
            .bearer(&fork.credentials.access_token)
            .header("X-Fauxforce-Org", "default");
        let (status, _, hint) = outcome(&fixture, &request).expect_err("another org's token");
        assert_eq!(status, 401);
        assert_eq!(hint, "this is a token of org fork1, and the request is for org default");

        let token = fixture.login(USER);
        let request = Request::new(Method::Get, "/").bearer(&token);
        assert!(outcome(&fixture, &request).is_ok());
        fixture.set_active(USER, false);
        assert!(outcome(&fixture, &request).is_err());
        fixture.set_active(USER, true);
        assert!(outcome(&fixture, &request).is_err(), "the session ended");
    }

    #[test]
    fn sessions_expire_on_the_orgs_clock() {
        let fixture = Fixture::new();
        let request = Request::new(Method::Get, "/").bearer(&fixture.login(USER));
        fixture.advance(7_199_000);
        assert!(outcome(&fixture, &request).is_ok(), "use moves the end");
        fixture.advance(7_199_000);
        assert!(outcome(&fixture, &request).is_ok());
        fixture.advance(7_200_000);
        assert!(outcome(&fixture, &request).is_err());
    }
}
