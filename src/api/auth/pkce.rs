//! Proof Key for Code Exchange: RFC 7636.

use super::super::params::Params;
use super::form::given;
use crate::error::OrgError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// A challenge; true for S256.
pub(super) type Challenge = (String, bool);

/// The challenge of an authorize request. Without a method it is S256, as Salesforce documents; the
/// RFC's default would be plain.
pub(super) fn challenge(params: &Params<'_>) -> Result<Option<Challenge>, OrgError> {
    let Some(challenge) = given(params, "code_challenge") else { return Ok(None) };
    let hashed = match given(params, "code_challenge_method") {
        None | Some("S256") => true,
        Some("plain") => false,
        Some(_) => return Err(OrgError::invalid_code_challenge()),
    };
    Ok(Some((challenge.to_owned(), hashed)))
}

/// Checks a verifier against the challenge of its code. A verifier without a challenge is refused
/// too.
pub(super) fn verify(
    challenge: Option<&Challenge>,
    verifier: Option<&str>,
) -> Result<(), OrgError> {
    let fits = match (challenge, verifier) {
        (None, None) => true,
        (Some((challenge, true)), Some(verifier)) => {
            let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
            challenge.trim_end_matches('=') == hash
        }
        (Some((challenge, false)), Some(verifier)) => challenge == verifier,
        _ => false,
    };
    if fits { Ok(()) } else { Err(OrgError::invalid_code_verifier()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfcs_own_example() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let hashed = ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(), true);
        assert!(verify(Some(&hashed), Some(verifier)).is_ok());
        assert!(verify(Some(&hashed), Some("another")).is_err());
        assert!(verify(Some(&hashed), None).is_err());
        assert!(verify(None, Some(verifier)).is_err());
        assert!(verify(None, None).is_ok());
        let plain = (verifier.to_owned(), false);
        assert!(verify(Some(&plain), Some(verifier)).is_ok());
        assert!(verify(Some(&hashed), Some(&hashed.0)).is_err());
    }

    #[test]
    fn methods() {
        let read = |query| challenge(&Params::parse(query));
        assert_eq!(read("code_challenge=x"), Ok(Some(("x".to_owned(), true))));
        let plain = read("code_challenge=x&code_challenge_method=plain");
        assert_eq!(plain, Ok(Some(("x".to_owned(), false))));
        assert!(read("code_challenge=x&code_challenge_method=S512").is_err());
        assert_eq!(read("code_challenge="), Ok(None));
    }
}
