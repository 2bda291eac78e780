//! Which session a request of the data APIs belongs to: `reference/rest.md` §1.2.

use super::entry::Entry;
use crate::error::OrgError;
use crate::org::Session;
use std::sync::Arc;

/// The live session of a request and its token. Its use moves the session's end.
pub fn authenticate<'r>(entry: &Entry<'r>) -> Result<(Arc<Session>, &'r str), OrgError> {
    let token = match entry.token() {
        Ok(Some(token)) => token,
        Ok(None) => {
            let session = entry.request.headers.get("x-sfdc-session");
            session.ok_or_else(OrgError::session_expired)?
        }
        Err(()) => return Err(OrgError::invalid_auth_header()),
    };
    let session = entry.org.sessions.find(token, entry.now);
    session.map(|session| (session, token)).ok_or_else(OrgError::session_expired)
}
