//! Takes secrets out of what is shown: passwords, tokens, session ids, client secrets, assertions,
//! cookies. What stands in their place is the same for all, so that a journal can be put in a report.

use std::borrow::Cow;

/// What stands for a secret.
pub const HIDDEN: &str = "***";

/// Names of members, parameters and elements that hold secrets, in any protocol.
const SECRETS: [&str; 24] = [
    "access_token",
    "accesstoken",
    "assertion",
    "authorization",
    "client_assertion",
    "client_secret",
    "code_verifier",
    "device_code",
    "frontdoor_uri",
    "id_token",
    "newpassword",
    "oauth_token",
    "oldpassword",
    "password",
    "pw",
    "refresh_token",
    "refreshtoken",
    "securitytoken",
    "security_token",
    "session_id",
    "sessionid",
    "sid",
    "user_code",
    "x-sfdc-session",
];

/// Names that hold secrets in query strings and forms alone: JSON has innocent ones.
const SECRETS_OF_FORMS: [&str; 2] = ["code", "token"];

/// Headers that are secrets as a whole.
const SECRET_HEADERS: [&str; 4] = ["cookie", "set-cookie", "x-sfdc-session", "x-auth-token"];

/// True for the name of a member that holds a secret.
pub fn is_secret(name: &str) -> bool {
    SECRETS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

fn is_secret_of_forms(name: &str) -> bool {
    is_secret(name) || SECRETS_OF_FORMS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// A header's value.
pub fn header<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    let is = |own: &str| own.eq_ignore_ascii_case(name);
    if is("authorization") || is("proxy-authorization") {
        let scheme = value.split_once(' ').map_or("", |(scheme, _)| scheme);
        return Cow::Owned([scheme, HIDDEN].join(" ").trim_start().to_owned());
    }
    if SECRET_HEADERS.iter().any(|own| is(own)) {
        return Cow::Borrowed(HIDDEN);
    }
    if is("location") || is("referer") {
        return url(value);
    }
    session_ids(value)
}

/// A query string or form.
pub fn form(text: &str) -> Cow<'_, str> {
    let is_hidden = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        !value.is_empty() && is_secret_of_forms(name.trim())
    };
    if !text.split('&').any(is_hidden) {
        return session_ids(text);
    }
    let pairs = text.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_hidden(pair) => Cow::Owned([name, "=", HIDDEN].concat()),
        _ => session_ids(pair),
    });
    Cow::Owned(pairs.collect::<Vec<_>>().join("&"))
}

/// A URL: what follows `?` and `#`.
fn url(text: &str) -> Cow<'_, str> {
    let Some(at) = text.find(['?', '#']) else { return session_ids(text) };
    let (base, rest) = text.split_at(at + 1);
    let (query, fragment) = rest.split_once('#').map_or((rest, None), |(q, f)| (q, Some(f)));
    let mut out = [base, &form(query)].concat();
    if let Some(fragment) = fragment {
        out.push('#');
        out.push_str(&form(fragment));
    }
    Cow::Owned(out)
}

/// A body of a content type.
pub fn body<'b>(content_type: &str, text: &'b str) -> Cow<'b, str> {
    let hidden = if content_type.starts_with("application/x-www-form-urlencoded") {
        return form(text);
    } else if content_type.contains("json") || text.trim_start().starts_with(['{', '[']) {
        json(text)
    } else if content_type.contains("xml") || text.trim_start().starts_with('<') {
        xml(text)
    } else {
        Cow::Borrowed(text)
    };
    match hidden {
        Cow::Borrowed(text) => session_ids(text),
        Cow::Owned(text) => Cow::Owned(session_ids(&text).into_owned()),
    }
}

/// JSON whose secret members are replaced; all else stays byte for byte. The text may be cut off.
fn json(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut kept, mut at) = (0, 0);
    while let Some(open) = memchr::memchr(b'"', &bytes[at..]).map(|found| at + found) {
        let close = end_of_string(bytes, open);
        let colon = skip_blanks(bytes, close);
        at = close;
        if bytes.get(colon) != Some(&b':') {
            continue;
        }
        let name = text.get(open + 1..close - 1).unwrap_or_default();
        let value = skip_blanks(bytes, colon + 1);
        at = value;
        if !is_secret(name) {
            continue;
        }
        let end = match bytes.get(value) {
            Some(b'"') => end_of_string(bytes, value),
            Some(b'0'..=b'9' | b'-') => {
                let rest = bytes[value..].iter();
                value + rest.take_while(|byte| !b",}] \r\n\t".contains(byte)).count()
            }
            _ => continue,
        };
        out.push_str(&text[kept..value]);
        out.push_str("\"***\"");
        (kept, at) = (end, end);
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

/// Where a string that opens at a place ends; the text's end when it is cut off.
fn end_of_string(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

fn skip_blanks(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default().iter();
    from + rest.take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// XML whose secret elements are emptied of their text.
fn xml(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut kept, mut at) = (0, 0);
    while let Some(open) = text[at..].find('<').map(|found| at + found) {
        at = open + 1;
        let tag = &text[at..];
        let length = tag.find(['>', '/', ' ', '\t', '\r', '\n']).unwrap_or(tag.len());
        let name = tag[..length].rsplit(':').next().unwrap_or_default();
        let Some(end) = tag.find('>') else { break };
        if !is_secret(name) || tag[..end].ends_with('/') {
            continue;
        }
        let from = at + end + 1;
        let to = text[from..].find("</").map_or(text.len(), |found| from + found);
        out.push_str(&text[kept..from]);
        out.push_str(HIDDEN);
        (kept, at) = (to, to);
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

/// Hides what follows an org's id in anything that looks like a session id, wherever it stands:
/// `00D…!AQ…`.
fn session_ids(text: &str) -> Cow<'_, str> {
    /// Shorter ones are no tokens.
    const SHORTEST: usize = 10;
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-%".contains(byte);
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut kept = 0;
    for at in memchr::memchr2_iter(b'!', b'%', bytes) {
        let mark = if bytes[at..].starts_with(b"%21") { 3 } else { 1 };
        if at < kept || (bytes[at] == b'%' && mark == 1) {
            continue;
        }
        let is_org = [15, 18].iter().any(|length| {
            let org = at.checked_sub(*length).map(|from| &bytes[from..at]);
            org.is_some_and(|org| {
                org.starts_with(b"00D") && org.iter().all(u8::is_ascii_alphanumeric)
            })
        });
        let from = at + mark;
        let length = bytes[from..].iter().take_while(|byte| is_token(byte)).count();
        if is_org && length >= SHORTEST {
            out.push_str(&text[kept..from]);
            out.push_str(HIDDEN);
            kept = from + length;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_taken(text in "[{}<>/=&?#\\[\\]\",:\\\\a-d0-2é!% ]{0,60}") {
            for kind in ["application/json", "text/xml", "application/x-www-form-urlencoded", ""] {
                prop_assert!(!body(kind, &text).contains('\0'));
            }
            prop_assert!(!header("location", &text).contains('\0'));
        }

        #[test]
        fn a_token_is_found_wherever_it_stands(
            before in "[a-z0-9{}<>\": é]{0,20}[^a-zA-Z0-9]",
            after in "[{}<>\" é]{0,20}",
        ) {
            let text = [&before, TOKEN, &after].concat();
            prop_assert!(!body("", &text).contains("Fauxforce"), "{}", text);
        }

        #[test]
        fn json_stays_json(name in "[a-z_]{1,8}|password|Access_Token", value in "\\PC{0,12}") {
            let tree = serde_json::json!({ name: value, "n": 1.5, "in": [{ "password": value }] });
            let shown = body("application/json", &tree.to_string()).into_owned();
            prop_assert!(serde_json::from_str::<serde_json::Value>(&shown).is_ok(), "{}", shown);
        }
    }

    const TOKEN: &str = "00Dff0000000001EAA!AQEAQFauxforceFauxforce.Faux_x";

    #[test]
    fn headers() {
        for (name, value, shown) in [
            ("authorization", "Bearer 00D!x", "Bearer ***"),
            ("Authorization", "nonsense", "***"),
            ("cookie", "sid=1", "***"),
            ("Set-Cookie", "sid=1; path=/", "***"),
            ("x-sfdc-session", "1", "***"),
            ("accept", "application/json", "application/json"),
            ("location", "http://a/cb?code=aPrx&state=1", "http://a/cb?code=***&state=1"),
            ("Location", "http://a/cb#access_token=x&b=2", "http://a/cb#access_token=***&b=2"),
            ("x-own", TOKEN, "00Dff0000000001EAA!***"),
        ] {
            assert_eq!(header(name, value), shown, "{name}");
        }
    }

    #[test]
    fn forms_and_queries() {
        for (text, shown) in [
            (
                "grant_type=password&username=a&password=b%26c",
                "grant_type=password&username=a&password=***",
            ),
            ("Client_Secret=x&token=y&code=z", "Client_Secret=***&token=***&code=***"),
            ("oauth_token=00D!x", "oauth_token=***"),
            ("q=SELECT+Id+FROM+Account&flag", "q=SELECT+Id+FROM+Account&flag"),
            ("password=", "password="),
            ("", ""),
            ("a=00Dff0000000001EAA%21AQEAQFauxforce", "a=00Dff0000000001EAA%21***"),
        ] {
            assert_eq!(form(text), shown, "{text}");
        }
    }

    #[test]
    fn json_members() {
        for (text, shown) in [
            (r#"{"access_token":"x\"y","scope":"api"}"#, r#"{"access_token":"***","scope":"api"}"#),
            (r#"{ "Password" : "x" , "n":1.50}"#, r#"{ "Password" : "***" , "n":1.50}"#),
            (
                r#"{"password":12,"b":{"newPassword":null}}"#,
                r#"{"password":"***","b":{"newPassword":null}}"#,
            ),
            (
                r#"{"a":"password","password":{"x":"y"}}"#,
                r#"{"a":"password","password":{"x":"y"}}"#,
            ),
            (r#"[{"errorCode":"X","code":"207"}]"#, r#"[{"errorCode":"X","code":"207"}]"#),
            (r#"{"password":"cut o"#, r#"{"password":"***""#),
            (r#"{"password":"#, r#"{"password":"#),
            (r#"{"pass"#, r#"{"pass"#),
            ("{\"a\":\"\\", "{\"a\":\"\\"),
        ] {
            assert_eq!(body("application/json", text), shown, "{text}");
        }
        let free = format!("{{\"note\":\"token {TOKEN} leaked\"}}");
        assert_eq!(body("", &free), "{\"note\":\"token 00Dff0000000001EAA!*** leaked\"}");
    }

    #[test]
    fn xml_elements() {
        for (text, shown) in [
            (
                "<login><u:username>a</u:username><u:password>b&amp;c</u:password></login>",
                "<login><u:username>a</u:username><u:password>***</u:password></login>",
            ),
            ("<password><![CDATA[<x>]]></password>", "<password>***</password>"),
            (
                "<sessionId xsi:nil='1'/><sessionId>x</sessionId>",
                "<sessionId xsi:nil='1'/><sessionId>***</sessionId>",
            ),
            ("<password>cut o", "<password>***"),
            ("<pass", "<pass"),
            ("<a>plain</a>", "<a>plain</a>"),
        ] {
            assert_eq!(body("text/xml", text), shown, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_session_id_stays() {
        for text in ["Hello!", "wow 00D!short", "00Dff0000000001EAA! and more", "é!00D"] {
            assert_eq!(session_ids(text), text);
        }
        let two = format!("{TOKEN} {TOKEN}");
        assert_eq!(session_ids(&two), "00Dff0000000001EAA!*** 00Dff0000000001EAA!***");
        let mixed = "00Dff0000000001%21AQEAQFauxforce 00Dff0000000001!AQEAQFauxforce";
        assert_eq!(session_ids(mixed), "00Dff0000000001%21*** 00Dff0000000001!***");
    }
}
