//! The constants with which clients log in to an org. The default org's are the same in every run
//! and version, so that CI files can hold them; another org's follow from its id.

use super::{DEFAULT, First};
use crate::id::Id;

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
    /// The credentials of an org. The default org's username is the administrator's as it stands,
    /// that of any other ends in its name. Some start options are for the default org alone.
    pub fn first(first: &First) -> Credentials {
        let (org, template) = (first.org, &first.template);
        let is_default = &*first.name == DEFAULT;
        let own = |given: &Option<String>| given.clone().filter(|_| is_default);
        let username = template.username.as_deref().unwrap_or("admin@fauxforce.test");
        let suffix = if is_default { String::new() } else { format!(".{}", first.name) };
        let username = format!("{username}{suffix}");
        let secret = || derived_token(org, "client secret", 0, 32, b"0123456789ABCDEF");
        let key = || derived_token(org, "client id", 0, 72, TOKEN_CHARS_PLAIN);
        Credentials {
            username,
            password: template.password.clone().unwrap_or_else(|| "fauxforce".to_owned()),
            security_token: derived_token(org, "security token", 0, 24, TOKEN_CHARS_PLAIN),
            user_id: first.administrator,
            access_token: own(&template.access_token).unwrap_or_else(|| access_token(org, 0)),
            refresh_token: refresh_token(org, 0),
            client_id: own(&template.client_id)
                .unwrap_or_else(|| format!("3MVG9fauxforce.{}", key())),
            client_secret: own(&template.client_secret).unwrap_or_else(secret),
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
    // FNV-1a over what the text follows from, then SplitMix64: an org is made in microseconds, and
    // half a dozen keyed hashes would be most of them.
    let mut seed = 0xcbf2_9ce4_8422_2325u64;
    for byte in org.as_15().bytes().chain(purpose.bytes()).chain(sequence.to_be_bytes()) {
        seed = (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let mut out = String::with_capacity(length);
    while out.len() < length {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = seed;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        for byte in word.to_be_bytes().into_iter().take(length - out.len()) {
            out.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
        }
    }
    out
}
