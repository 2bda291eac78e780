//! Connected apps: the consumer key and secret that a request presents.
//!
//! Every org has one app, and its key works in every org, as a real app's does. `PlatformCLI` is the
//! `sf` command's app: it has no secret.

use super::super::entry::Entry;
use super::super::params::Params;
use super::form::given;
use super::{find, jwt};
use crate::error::OrgError;
use crate::org::Org;
use base64::Engine as _;
use percent_encoding::percent_decode_str;

/// The client id of the `sf` command.
pub(super) const PLATFORM_CLI: &str = "PlatformCLI";

/// What a request presents of its app.
#[derive(Debug, Default)]
pub(super) struct Presented {
    /// The consumer key.
    pub(super) id: Option<String>,
    secret: Option<String>,
    /// `private_key_jwt`: an assertion stands for the secret.
    asserted: bool,
}

/// How an app must prove itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// By its secret.
    Secret,
    /// By its secret, or as an app that has none.
    SecretOrPublic,
    /// Not at all; a secret that is sent must still be right.
    Optional,
}

/// A connected app that proved itself.
#[derive(Debug)]
pub(super) struct App {
    /// Its consumer key.
    pub(super) id: String,
    /// What answers to it are signed with.
    pub(super) secret: String,
}

/// Reads the app's key and secret: parameters, else HTTP Basic, else a client assertion.
pub(super) fn presented(entry: &Entry<'_>, params: &Params<'_>) -> Presented {
    let mut presented = Presented {
        id: given(params, "client_id").map(ToOwned::to_owned),
        secret: given(params, "client_secret").map(ToOwned::to_owned),
        asserted: false,
    };
    if let Some((id, secret)) = basic(entry.request.headers.get("authorization")) {
        presented.id.get_or_insert(id);
        presented.secret.get_or_insert(secret);
    }
    let assertion = given(params, "client_assertion").and_then(|text| jwt::read(text).ok());
    if let Some(assertion) = assertion
        && assertion.expires_at > entry.request.received_at
    {
        presented.asserted = presented.id.as_ref().is_none_or(|id| *id == assertion.issuer);
        presented.id.get_or_insert(assertion.issuer);
    }
    presented
}

/// Key and secret of an HTTP Basic header. Either may be percent-encoded.
fn basic(header: Option<&str>) -> Option<(String, String)> {
    let (scheme, coded) = header?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD_PAD_INDIFFERENT.decode(coded.trim());
    let text = String::from_utf8(decoded.ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some((decode(id), decode(secret)))
}

impl Presented {
    /// A key that comes without a secret.
    pub(super) fn of(id: &str) -> Presented {
        Presented { id: Some(id.to_owned()), ..Presented::default() }
    }

    /// Checks the key and secret. `org` is the login's own; its secret signs what `PlatformCLI`
    /// gets, for that app has none.
    pub(super) fn verify(
        &self,
        entry: &Entry<'_>,
        org: &Org,
        proof: Proof,
    ) -> Result<App, OrgError> {
        let Some(id) = self.id.as_deref() else { return Err(OrgError::unknown_client()) };
        if id == PLATFORM_CLI && proof != Proof::Secret {
            let secret = org.credentials.client_secret.clone();
            return Ok(App { id: id.to_owned(), secret });
        }
        let secret = secret_of(entry, id).ok_or_else(OrgError::unknown_client)?;
        match &self.secret {
            Some(given) if *given != secret => Err(OrgError::wrong_client_secret()),
            None if proof != Proof::Optional && !self.asserted => {
                Err(OrgError::wrong_client_secret())
            }
            _ => Ok(App { id: id.to_owned(), secret }),
        }
    }
}

/// The secret of a known consumer key.
fn secret_of(entry: &Entry<'_>, id: &str) -> Option<String> {
    let own = |org: &Org| org.credentials.client_id == id;
    if own(&entry.org) {
        return Some(entry.org.credentials.client_secret.clone());
    }
    let org = entry.orgs.all().into_iter().find(|org| own(org))?;
    Some(org.credentials.client_secret.clone())
}

/// What answers to a known app are signed with.
pub(super) fn signing_secret(entry: &Entry<'_>, org: &Org, id: &str) -> String {
    secret_of(entry, id).unwrap_or_else(|| org.credentials.client_secret.clone())
}

/// True when an app of that key exists.
pub(super) fn is_known(entry: &Entry<'_>, id: &str) -> bool {
    id == PLATFORM_CLI || secret_of(entry, id).is_some()
}

/// The org that an app's key means.
pub(super) fn org_of(entry: &Entry<'_>, id: Option<&str>) -> std::sync::Arc<Org> {
    find::by_client(entry, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_headers() {
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(basic(Some("Basic YTpi")), pair("a", "b"));
        assert_eq!(basic(Some("basic YSUyQmI6YyUzRA==")), pair("a+b", "c="));
        for header in ["Bearer YTpi", "Basic", "Basic !", "Basic YQ=="] {
            assert_eq!(basic(Some(header)), None, "{header}");
        }
    }
}
