//! The constants with which clients log in to an org. The default org's are the same in every run
//! and version, so that CI files can hold them; another org's follow from its id.

use crate::id::Id;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How to log in to an org.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The administrator's username.
    pub username: String,
    /// Everybody's password until it is changed.
    pub password: String,
    /// May be appended to the password.
    pub security_token: String,
    /// The administrator.
    pub user_id: Id,
    /// The first session.
    pub access_token: String,
    /// The first refresh token.
    pub refresh_token: String,
    /// Consumer key of the org's connected app.
    pub client_id: String,
    /// Consumer secret.
    pub client_secret: String,
}

impl Credentials {
    /// The credentials of an org. `first` is the default org, `name` that of any other.
    pub fn of(org: Id, name: Option<&str>, user_id: Id) -> Credentials {
        let suffix = name.map(|name| format!(".{name}")).unwrap_or_default();
        let secret = derived_token(org, "client secret", 0, 32, b"0123456789ABCDEF");
        let key = derived_token(org, "client id", 0, 72, TOKEN_CHARS_PLAIN);
        Credentials {
            username: format!("admin@fauxforce.test{suffix}"),
            password: "fauxforce".to_owned(),
            security_token: derived_token(org, "security token", 0, 24, TOKEN_CHARS_PLAIN),
            user_id,
            access_token: access_token(org, 0),
            refresh_token: refresh_token(org, 0),
            client_id: format!("3MVG9fauxforce.{key}"),
            client_secret: secret,
        }
    }
}

const TOKEN_CHARS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
const TOKEN_CHARS_PLAIN: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Access token number `sequence` of an org: `00D<12 characters>!<96 characters>`.
pub(super) fn access_token(org: Id, sequence: u64) -> String {
    format!("{}!{}", org.as_15(), derived_token(org, "access token", sequence, 96, TOKEN_CHARS))
}

/// Refresh token number `sequence` of an org, in the shape that real ones have.
pub(super) fn refresh_token(org: Id, sequence: u64) -> String {
    format!("5Aep861{}", derived_token(org, "refresh token", sequence, 80, TOKEN_CHARS))
}

/// A text that follows from the org, a purpose and a number: secrets need not be secret here, but
/// the same requests must give the same bytes.
pub fn derived_token(
    org: Id,
    purpose: &str,
    sequence: u64,
    length: usize,
    alphabet: &[u8],
) -> String {
    let mut out = String::with_capacity(length);
    let mut block = 0u32;
    while out.len() < length {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"fauxforce").expect("any key length will do");
        mac.update(org.as_15().as_bytes());
        mac.update(purpose.as_bytes());
        mac.update(&sequence.to_be_bytes());
        mac.update(&block.to_be_bytes());
        for byte in mac.finalize().into_bytes() {
            if out.len() < length {
                out.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
            }
        }
        block += 1;
    }
    out
}
