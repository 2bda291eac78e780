//! What `/services/apexrest` answers: routes that an owner sets, since no Apex runs here.

use serde::{Deserialize, Serialize};

/// One route. The first that fits a request answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApexRoute {
    /// Method in upper case; any, when absent. `GET` takes `HEAD` too.
    pub method: Option<String>,
    /// What follows `/services/apexrest`, decoded, from its slash on. `*` stands for anything.
    pub path: String,
    /// Status, 200 to 599.
    pub status: u16,
    /// Further headers; a `Content-Type` stands instead of JSON's.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: ApexBody,
}

/// The body of a route's answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApexBody {
    /// None.
    Empty,
    /// JSON.
    Json(String),
    /// Text, sent as it is.
    Text(String),
    /// The request's own, under its own content type.
    Echo,
}

impl ApexRoute {
    /// True when the route answers a request.
    pub fn fits(&self, method: &str, path: &str) -> bool {
        let own = self.method.as_deref();
        let takes = own.is_none_or(|own| own == method || (own == "GET" && method == "HEAD"));
        takes && matches(self.path.as_bytes(), path.as_bytes())
    }
}

/// True when a pattern in which `*` stands for any bytes is all of a text. Linear but for the texts
/// that a star is tried on.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    // The last star, and the text that it stands for so far ends here.
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(byte) if *byte == text[from] => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((place, end)) = star else { return false };
                star = Some((place, end + 1));
                (at, from) = (place + 1, end + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars() {
        for (pattern, text, fits) in [
            ("/a", "/a", true),
            ("/a", "/ab", false),
            ("/a", "/", false),
            ("/a/*", "/a/b/c", true),
            ("/a/*", "/a", false),
            ("*", "", true),
            ("/*/lines/*", "/17/lines/4", true),
            ("/*/lines", "/17/lines/4", false),
            ("/*a*b", "/xaxbxab", true),
            ("/**", "/", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn methods() {
        let route = |method: Option<&str>| ApexRoute {
            method: method.map(str::to_owned),
            path: "/x".to_owned(),
            status: 200,
            headers: Vec::new(),
            body: ApexBody::Empty,
        };
        assert!(route(None).fits("PUT", "/x"));
        assert!(route(Some("GET")).fits("HEAD", "/x"));
        assert!(!route(Some("GET")).fits("POST", "/x"));
    }
}
