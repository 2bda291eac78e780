//! Becoming a session, and asking who one is: OAuth 2.0, the identity service, `OpenID` discovery.
//!
//! A request → its parameters ([`form`]) → the org that it means ([`find`]) → its connected app
//! ([`client`]) and user ([`password`], [`jwt`], a code, a refresh token) → a session and its token
//! ([`issue`]) → a body ([`answer`]). Source: `reference/rest.md` §9; what real clients send:
//! `reference/clients.md` §2.
//!
//! **Where `id` and `sub` point.** A client that came through `login.salesforce.com` or
//! `test.salesforce.com` gets `https://login.salesforce.com/id/…` as from a real org; any other gets
//! the URL it came by, so that following the identity URL never leaves this server.
//!
//! **No `id_token`.** There is no RSA key here to sign one with, and `alg: none` is refused by every
//! client. A token answer for the scope `openid` leaves it out and says so in the header
//! `X-Fauxforce-Unsupported`.

mod answer;
mod authorize;
mod client;
mod device;
pub(super) mod facts;
pub(super) mod find;
mod form;
mod identity;
mod introspect;
mod issue;
mod jwt;
mod page;
pub(super) mod password;
mod pkce;
mod revoke;
mod scope;
mod single_access;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
mod token;
mod userinfo;
mod well_known;

use super::entry::Entry;
use super::http::Response;
use super::reply;
use super::strike::{self, Stop};
use crate::error::OrgError;
use std::sync::Arc;

/// Answers `/services/oauth2/*`, `/services/Soap/*`, `/id/*`, `/.well-known/*` and `/setup/connect`.
pub(super) fn handle(entry: &Entry<'_>) -> Response {
    let parts: Vec<&str> = entry.segments.iter().map(AsRef::as_ref).collect();
    match parts[..] {
        ["services", "Soap", ..] => return super::soap::handle(entry),
        ["services", "oauth2", "token"] => return token::handle(entry),
        _ => {}
    }
    if let Some(response) = stopped(entry) {
        return response;
    }
    match parts[..] {
        ["services", "oauth2", "authorize"] => authorize::handle(entry),
        ["services", "oauth2", "success"] => authorize::success(entry),
        ["services", "oauth2", "revoke"] => revoke::handle(entry),
        ["services", "oauth2", "introspect"] => introspect::handle(entry),
        ["services", "oauth2", "userinfo"] => userinfo::handle(entry),
        ["services", "oauth2", "singleaccess"] => single_access::handle(entry),
        ["services", "oauth2", "register"] => answer::not_emulated(
            entry,
            "OAuth dynamic client registration",
            "Use the client id and secret of the ready line.",
        ),
        ["setup", "connect"] => device::handle(entry),
        [".well-known", "openid-configuration"] => well_known::configuration(entry),
        ["id", "keys"] => well_known::keys(entry),
        ["id", org, user] => identity::handle(entry, org, user),
        _ => reply::refusal(entry, &OrgError::not_found()),
    }
}

/// The answer to a request that a fault rule stops. A session that a rule ends is missed by whoever
/// looks for it next.
fn stopped(entry: &Entry<'_>) -> Option<Response> {
    let params = entry.params();
    let token = entry.token().ok().flatten().or_else(|| params.get("oauth_token"));
    let org =
        token.map_or_else(|| Arc::clone(&entry.org), |token| find::org_of_session(entry, token));
    match strike::ask_in(entry, &org, token) {
        Ok(()) | Err(Stop::Expired) => None,
        Err(Stop::Answer(response)) => Some(*response),
        Err(Stop::Error(error)) => {
            let shape = answer::Shape::of(entry, &params);
            Some(answer::error(entry, shape, &error.oauth()))
        }
    }
}

/// Answers `GET /`: clients ping it, people look at it.
pub(super) fn login_page(entry: &Entry<'_>) -> Response {
    page::front(entry)
}
