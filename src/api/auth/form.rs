//! The parameters of an OAuth request: a form body, then the query string.

use super::super::entry::Entry;
use super::super::params::Params;
use bytes::Bytes;
use std::borrow::Cow;

/// A request's body, held while its parameters are read.
pub(super) struct Form(Bytes);

impl Form {
    /// Takes the body of a request. One that says it is JSON, XML or multipart is no form: real
    /// orgs ignore it and look at the query alone.
    pub(super) fn of(entry: &Entry<'_>) -> Form {
        let kind = entry.request.headers.get("content-type").unwrap_or_default();
        let kind = kind.to_ascii_lowercase();
        let other = ["json", "xml", "multipart"].iter().any(|name| kind.contains(name));
        Form(if other { Bytes::new() } else { entry.body() })
    }

    /// The body's text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

/// The parameters of a form's text and then those of the query.
pub(super) fn parameters<'a>(text: &'a str, entry: &Entry<'a>) -> Params<'a> {
    Params::parse(text).and(entry.params())
}

/// A parameter that is there and not empty.
pub(super) fn given<'p>(params: &'p Params<'_>, name: &str) -> Option<&'p str> {
    params.get(name).filter(|value| !value.is_empty())
}

/// Appends a text as Java's `URLEncoder` writes it: a blank is `+`.
pub(super) fn encode(out: &mut String, text: &str) {
    use std::fmt::Write as _;
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

/// `a=1&b=2`.
pub(super) fn encode_pairs(pairs: &[(&'static str, String)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        encode(&mut out, value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_encoded_as_java_does() {
        let pairs = [("code", "aPrx x==".to_owned()), ("state", "é!~*".to_owned())];
        assert_eq!(encode_pairs(&pairs), "code=aPrx+x%3D%3D&state=%C3%A9%21%7E*");
    }
}
