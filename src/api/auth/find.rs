//! Which org a login means.
//!
//! A port of its own and the header `X-Fauxforce-Org` name it outright. Else what the client holds
//! does (a refresh token, a code, a session: each is looked for in every org); else the username's
//! trailing `.<org name>`, when what precedes it is a username there; else the client id; else the My
//! Domain in `Host`; else it is the default org.

use super::super::entry::{Entry, addressed_url, is_login_host};
use super::facts;
use crate::id::Id;
use crate::org::Org;
use std::sync::Arc;

/// True when the port or a header names the org, so that nothing else is looked at.
pub(crate) fn is_named(entry: &Entry<'_>) -> bool {
    entry.request.origin.org.is_some() || entry.request.headers.get("x-fauxforce-org").is_some()
}

/// The orgs in which to look for what a client holds.
fn candidates(entry: &Entry<'_>) -> Vec<Arc<Org>> {
    let mut orgs = vec![Arc::clone(&entry.org)];
    if !is_named(entry) {
        orgs.extend(entry.orgs.all().into_iter().filter(|org| org.id != entry.org.id));
    }
    orgs
}

/// The first org that holds something of the client's, which is the request's org then: its own is
/// asked first.
pub(crate) fn holding<T>(
    entry: &Entry<'_>,
    holds: impl Fn(&Org) -> Option<T>,
) -> Option<(Arc<Org>, T)> {
    let found = search(entry, holds);
    if let Some((org, _)) = &found {
        entry.trace.belongs_to(org);
    }
    found
}

fn search<T>(entry: &Entry<'_>, holds: impl Fn(&Org) -> Option<T>) -> Option<(Arc<Org>, T)> {
    candidates(entry).into_iter().find_map(|org| holds(&org).map(|held| (Arc::clone(&org), held)))
}

/// The org of a session's token, whether or not its session is alive.
pub(crate) fn org_of_session(entry: &Entry<'_>, token: &str) -> Arc<Org> {
    if is_named(entry) {
        return Arc::clone(&entry.org);
    }
    let now = |org: &Org| org.now(entry.request.received_at);
    let open = holding(entry, |org| org.sessions.peek(token, now(org)));
    // A session that ended still names its org, for the error.
    let open = open.map(|(org, _)| org);
    let org = open
        .or_else(|| super::super::entry::org_of_token(entry.orgs, token))
        .unwrap_or_else(|| Arc::clone(&entry.org));
    entry.trace.belongs_to(&org);
    org
}

/// The org and user of a username. The user is `None` when the org has none of that name.
pub(crate) fn by_username(
    entry: &Entry<'_>,
    username: &str,
    client_id: Option<&str>,
) -> (Arc<Org>, Option<Id>) {
    let (org, user) = meant(entry, username, client_id);
    entry.trace.belongs_to(&org);
    (org, user)
}

fn meant(entry: &Entry<'_>, username: &str, client_id: Option<&str>) -> (Arc<Org>, Option<Id>) {
    let suffixed = username.rsplit_once('.').and_then(|(local, name)| {
        let org = entry.orgs.named(&name.to_ascii_lowercase())?;
        let user = facts::user_named(&org.read(), local)?;
        Some((org, user))
    });
    if is_named(entry) {
        let org = Arc::clone(&entry.org);
        let user = facts::user_named(&org.read(), username);
        let suffixed = || suffixed.filter(|(other, _)| other.id == org.id).map(|(_, user)| user);
        return (Arc::clone(&org), user.or_else(suffixed));
    }
    if let Some((org, user)) = suffixed {
        return (org, Some(user));
    }
    let org = by_client(entry, client_id);
    let user = facts::user_named(&org.read(), username);
    (org, user)
}

/// The org of a client id, of the My Domain in `Host`, or the request's own.
pub(crate) fn by_client(entry: &Entry<'_>, client_id: Option<&str>) -> Arc<Org> {
    if is_named(entry) {
        return Arc::clone(&entry.org);
    }
    let own = |org: &Arc<Org>| Some(org.credentials.client_id.as_str()) == client_id;
    let found = entry.orgs.all().into_iter().find(own);
    let org = found.or_else(|| by_my_domain(entry)).unwrap_or_else(|| Arc::clone(&entry.org));
    entry.trace.belongs_to(&org);
    org
}

/// The org whose name is the My Domain that the client addressed: `fork1.my.salesforce.com`.
fn by_my_domain(entry: &Entry<'_>) -> Option<Arc<Org>> {
    let host = entry.request.origin.host.split(':').next()?;
    let (name, rest) = host.split_once('.')?;
    rest.ends_with("my.salesforce.com").then(|| entry.orgs.named(name)).flatten()
}

/// True when the client came through a login host rather than an org's own.
pub(crate) fn at_login_host(entry: &Entry<'_>) -> bool {
    is_login_host(&entry.request.origin.host)
}

/// The URL under which identities are named: see the module `auth`.
pub(crate) fn identity_base(entry: &Entry<'_>) -> String {
    if !at_login_host(entry) || entry.orgs.template.public_url.is_some() {
        return entry.base_url();
    }
    addressed_url(entry.request)
}

/// The identity URL of a user.
pub(crate) fn identity_url(entry: &Entry<'_>, org: Id, user: Id) -> String {
    format!("{}/id/{org}/{user}", identity_base(entry))
}

/// Why a username found nobody, for the hint.
pub(crate) fn no_such_user(entry: &Entry<'_>, org: &Org, username: &str) -> String {
    let elsewhere = search(entry, |other| facts::user_named(&other.read(), username));
    match elsewhere {
        Some((other, _)) if other.id != org.id => format!(
            "no user {username} in org {}; org {} has one: log in as {username}.{}",
            org.name, other.name, other.name
        ),
        _ => format!("no user {username} in org {}; add it under [[records]]", org.name),
    }
}
