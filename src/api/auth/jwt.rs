//! JWT bearer assertions, read but not verified: any key will do (INTERFACES, "An empty org").
//!
//! What real clients send is taken (`reference/clients.md` §2): `exp` in milliseconds (`sf`) or as a
//! text (simple-salesforce), `aud` with a trailing slash or of a login host, no `iat`. What says
//! nothing of who asks (no `sub`, `alg` none, no signature) is refused.

use super::super::entry::Entry;
use crate::clock::Millis;
use crate::error::OrgError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD_INDIFFERENT;
use serde_json::{Map, Value as Json};

/// The claims of an assertion.
#[derive(Debug, PartialEq)]
pub(super) struct Assertion {
    /// `iss`: the consumer key.
    pub(super) issuer: String,
    /// `sub`, or `prn` as older clients call it: the username.
    pub(super) subject: String,
    /// `aud`.
    pub(super) audience: Vec<String>,
    /// `exp`. The system's time, not the org's.
    pub(super) expires_at: Millis,
}

/// Reads an assertion.
pub(super) fn read(text: &str) -> Result<Assertion, OrgError> {
    let refuse = OrgError::invalid_assertion;
    let mut parts = text.trim().split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(refuse("an assertion has three parts, separated by full stops"));
    };
    let (Some(header), Some(claims)) = (object(header), object(claims)) else {
        return Err(refuse("header and claims are JSON objects in unpadded URL-safe Base64"));
    };
    let signed = URL_SAFE_NO_PAD_INDIFFERENT.decode(signature).is_ok_and(|bytes| !bytes.is_empty());
    let algorithm = header.get("alg").and_then(Json::as_str).unwrap_or("none");
    if algorithm.eq_ignore_ascii_case("none") || !signed {
        return Err(refuse("sign the assertion, with RS256 and any key"));
    }
    let named = |name| claims.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
    let Some(issuer) = named("iss") else { return Err(refuse("the claim iss is missing")) };
    let Some(subject) = named("sub").or_else(|| named("prn")) else {
        return Err(refuse("the claim sub is missing"));
    };
    let Some(expires_at) = claims.get("exp").and_then(instant) else {
        return Err(refuse("the claim exp is missing, or no number"));
    };
    let audience = match claims.get("aud") {
        Some(Json::String(one)) => vec![one.clone()],
        Some(Json::Array(many)) => {
            many.iter().filter_map(Json::as_str).map(ToOwned::to_owned).collect()
        }
        _ => Vec::new(),
    };
    Ok(Assertion { issuer: issuer.to_owned(), subject: subject.to_owned(), audience, expires_at })
}

fn object(part: &str) -> Option<Map<String, Json>> {
    let bytes = URL_SAFE_NO_PAD_INDIFFERENT.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Seconds or milliseconds, as a number or a text: a number of seconds has ten digits for the next
/// two centuries.
fn instant(claim: &Json) -> Option<Millis> {
    let number = match claim {
        Json::Number(number) => number.as_f64()?,
        Json::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let milliseconds = if number.abs() >= 1e11 { number } else { number * 1000.0 };
    milliseconds.is_finite().then_some(milliseconds as Millis)
}

impl Assertion {
    /// True when one of its audiences is a Salesforce host, this server, or its token endpoint.
    pub(super) fn is_for(&self, entry: &Entry<'_>) -> bool {
        self.audience.iter().any(|audience| is_here(entry, audience))
    }
}

fn is_here(entry: &Entry<'_>, audience: &str) -> bool {
    let Some((scheme, rest)) = audience.trim().split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let host = authority.rsplit_once(':').map_or(authority.as_str(), |(host, _)| host);
    let base = entry.base_url();
    matches!(scheme, "http" | "https")
        && (host.ends_with(".salesforce.com")
            || host.ends_with(".force.com")
            || matches!(host, "localhost" | "127.0.0.1" | "[::1]")
            || authority == entry.request.origin.host.to_ascii_lowercase()
            || audience.trim_end_matches('/') == base
            || audience.starts_with(&format!("{base}/")))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, Fixture};
    use super::*;
    use crate::api::http::{Method, Request};

    fn claims(text: &str) -> Result<Assertion, OrgError> {
        read(&testing::assertion(r#"{"alg":"RS256"}"#, text))
    }

    #[test]
    fn what_real_clients_send() {
        let expected = 1_795_214_165_489;
        for exp in ["1795214165489", r#""1795214165489""#, "1795214165.489", "1.795214165489e12"] {
            let text = format!(r#"{{"iss":"a","sub":"b","aud":"c","exp":{exp}}}"#);
            let read = claims(&text).expect(exp);
            assert_eq!(read.expires_at, expected, "{exp}");
        }
        let text = r#"{"iss":"a","prn":"b","aud":["c","d"],"exp":"1795214165"}"#;
        let read = claims(text).expect("an older client's claims");
        assert_eq!((read.subject.as_str(), read.audience.len()), ("b", 2));
        assert_eq!(read.expires_at, 1_795_214_165_000);
    }

    #[test]
    fn what_is_no_assertion() {
        for text in [
            "[]",
            r#"{"iss":"a","sub":"b","aud":"c"}"#,
            r#"{"iss":"a","sub":"b","aud":"c","exp":"soon"}"#,
            r#"{"iss":"a","sub":"b","aud":"c","exp":"NaN"}"#,
            r#"{"iss":"a","aud":"c","exp":1}"#,
            r#"{"sub":"a","aud":"c","exp":1}"#,
        ] {
            let error = claims(text).expect_err(text);
            assert_eq!(&*error.message, "invalid assertion");
        }
        let good = r#"{"iss":"a","sub":"b","aud":"c","exp":1}"#;
        assert!(read(&testing::assertion(r#"{"alg":"none"}"#, good)).is_err());
        let unsigned = testing::assertion(r#"{"alg":"RS256"}"#, good);
        let unsigned = unsigned.rsplit_once('.').expect("a signature").0;
        for text in [unsigned, &format!("{unsigned}."), "", "a.b.c", "a.b.c.d", "é.é.é"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn audiences() {
        let fixture = Fixture::new();
        let mut request = Request::new(Method::Post, "/services/oauth2/token");
        request.origin.host = "fake.test:7357".to_owned();
        let entry = fixture.entry(&request, &[]);
        for (audience, fits) in [
            ("https://login.salesforce.com", true),
            ("https://test.salesforce.com/", true),
            ("https://acme.my.salesforce.com/services/oauth2/token", true),
            ("http://localhost:18080/", true),
            ("http://fake.test:7357/", true),
            ("http://fake.test:7357/services/oauth2/token", true),
            ("https://fake.test:7358/", false),
            ("https://example.com", false),
            ("https://login.salesforce.com.example.com", false),
            ("login.salesforce.com", false),
            ("", false),
        ] {
            assert_eq!(is_here(&entry, audience), fits, "{audience}");
        }
    }
}
