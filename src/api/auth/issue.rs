//! Giving tokens: a session is opened, and its answer composed in the key order of its grant.

use super::super::entry::Entry;
use super::answer::Pairs;
use super::client::App;
use super::{find, scope};
use crate::clock::Millis;
use crate::id::Id;
use crate::org::{Org, Refresh, Session};
use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// A session just opened and what its answer says.
#[derive(Debug)]
pub(super) struct Issued {
    /// The access token.
    pub(super) access_token: String,
    /// The refresh token, where the grant gives one.
    pub(super) refresh_token: Option<String>,
    scope: String,
    instance_url: String,
    id: String,
    issued_at: String,
    signature: String,
}

/// Opens a session of a user.
pub(super) fn issue(entry: &Entry<'_>, org: &Org, user: Id, app: &App, scope: &str) -> Issued {
    // The org may be another than the request's, with a clock of its own.
    let now = org.now(entry.request.received_at);
    let lifetime: Millis = org.read().settings.session_seconds * 1000;
    let session = Session::new(user, scope, now, lifetime);
    let id = find::identity_url(entry, org.id, user);
    let issued_at = now.to_string();
    Issued {
        access_token: org.sessions.open_new(org.id, session),
        refresh_token: None,
        scope: scope.to_owned(),
        instance_url: entry.base_url(),
        signature: signature(&app.secret, &id, &issued_at),
        id,
        issued_at,
    }
}

/// Opens a session, and makes a refresh token when the scopes ask for one.
pub(super) fn issue_with_refresh(
    entry: &Entry<'_>,
    org: &Org,
    user: Id,
    app: &App,
    scope: &str,
) -> Issued {
    let mut issued = issue(entry, org, user, app, scope);
    if scope::refreshes(scope) {
        let refresh = Refresh {
            user,
            scope: scope.to_owned(),
            client_id: Some(app.id.clone()),
            issued_at: org.now(entry.request.received_at),
            issued: vec![issued.access_token.clone()],
        };
        issued.refresh_token = Some(org.sessions.new_refresh(org.id, refresh));
    }
    issued
}

/// `base64(HMAC-SHA256(client secret, id + issued_at))`.
fn signature(secret: &str, id: &str, issued_at: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key length will do");
    mac.update(id.as_bytes());
    mac.update(issued_at.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

const BEARER: &str = "Bearer";

impl Issued {
    /// True when the client asked for an `id_token`, which is not made here.
    pub(super) fn lacks_id_token(&self) -> bool {
        scope::has(&self.scope, "openid")
    }

    /// The answer of the password grant.
    pub(super) fn password(self) -> Pairs {
        vec![
            ("access_token", self.access_token),
            ("instance_url", self.instance_url),
            ("id", self.id),
            ("token_type", BEARER.to_owned()),
            ("issued_at", self.issued_at),
            ("signature", self.signature),
        ]
    }

    /// The answer of the grants that name their scopes: authorization code, refresh token, client
    /// credentials, device.
    pub(super) fn scoped(self) -> Pairs {
        let mut pairs = vec![("access_token", self.access_token)];
        pairs.extend(self.refresh_token.map(|token| ("refresh_token", token)));
        pairs.extend([
            ("signature", self.signature),
            ("scope", self.scope),
            ("instance_url", self.instance_url),
            ("id", self.id),
            ("token_type", BEARER.to_owned()),
            ("issued_at", self.issued_at),
        ]);
        pairs
    }

    /// The answer of an assertion.
    pub(super) fn asserted(self) -> Pairs {
        vec![
            ("access_token", self.access_token),
            ("scope", self.scope),
            ("instance_url", self.instance_url),
            ("id", self.id),
            ("token_type", BEARER.to_owned()),
        ]
    }

    /// The fragment of the user-agent flow.
    pub(super) fn fragment(self) -> Pairs {
        let mut pairs = vec![("access_token", self.access_token)];
        pairs.extend(self.refresh_token.map(|token| ("refresh_token", token)));
        pairs.extend([
            ("instance_url", self.instance_url),
            ("id", self.id),
            ("issued_at", self.issued_at),
            ("signature", self.signature),
            ("scope", self.scope),
            ("token_type", BEARER.to_owned()),
        ]);
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_what_clients_compute() {
        // Computed with another implementation of HMAC-SHA256.
        let id = "https://login.salesforce.com/id/00Dff0000000001EAA/005ff0000000001AAA";
        assert_eq!(
            signature("secret", id, "1768467600000"),
            "AGseExOk25kVjwV97xd6+LjmruPe/uq/MfskabbMdVA="
        );
    }
}
