//! `@{refId.path}`: values of earlier answers in the URLs, headers and bodies of later sub-requests.
//!
//! A text goes in with references and comes out with the values that they name. The path has two
//! operators, `.name` and `[n]`, and ends at a scalar. In a JSON body a string that is a reference and
//! nothing else becomes `null` when the value is null; in any other place null is the word.

use super::super::body::{self, Scalar, Sent};
use super::super::json;
use crate::error::OrgError;
use std::borrow::Cow;

/// What is known of the answer under a reference id.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known<'a> {
    /// It failed.
    Failed,
    /// Its body.
    Body(&'a str),
}

/// The answers so far.
pub(super) struct References<'a> {
    /// Finds the answer under a reference id, if there is one yet.
    pub(super) find: &'a dyn Fn(&str) -> Option<Known<'a>>,
    /// True when a reference to null is taken (v52 and later).
    pub(super) nulls: bool,
}

/// The value that a reference names.
type Found = Scalar<'static>;

impl References<'_> {
    /// A header's value with its references replaced.
    pub(super) fn text<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, OrgError> {
        self.replaced(text, String::push_str)
    }

    /// A URL with its references replaced. A value stays in its segment or parameter whatever its
    /// characters; one that begins the URL is taken to be a URL itself.
    pub(super) fn url<'t>(&self, url: &'t str) -> Result<Cow<'t, str>, OrgError> {
        self.replaced(url, |out, value| {
            if out.is_empty() {
                return out.push_str(value);
            }
            let in_query = out.contains('?');
            for c in value.chars() {
                match c {
                    '%' => out.push_str("%25"),
                    '&' => out.push_str("%26"),
                    '+' => out.push_str("%2B"),
                    '#' => out.push_str("%23"),
                    '/' if !in_query => out.push_str("%2F"),
                    '?' if !in_query => out.push_str("%3F"),
                    c => out.push(c),
                }
            }
        })
    }

    /// A JSON body with the references in its strings replaced; names stay as they are.
    pub(super) fn json<'t>(&self, json: &'t str) -> Result<Cow<'t, str>, OrgError> {
        if !json.contains("@{") {
            return Ok(Cow::Borrowed(json));
        }
        let mut out = String::with_capacity(json.len() + 32);
        let mut rest = json;
        while let Some(start) = rest.find('"') {
            let (before, quoted) = rest.split_at(start);
            out.push_str(before);
            let (string, after) = quoted.split_at(string_end(quoted));
            rest = after;
            let is_name = after.trim_start().starts_with(':');
            if is_name || !string.contains("@{") {
                out.push_str(string);
            } else {
                self.string(&mut out, string)?;
            }
        }
        out.push_str(rest);
        Ok(Cow::Owned(out))
    }

    /// Appends a quoted JSON string with its references replaced.
    fn string(&self, out: &mut String, quoted: &str) -> Result<(), OrgError> {
        let Ok(Sent::Scalar(Scalar::Text(text))) = body::value(quoted) else {
            out.push_str(quoted);
            return Ok(());
        };
        if let Some(path) = sole(&text) {
            match self.value(path)? {
                Scalar::Null => out.push_str("null"),
                value => json::push_str(out, value.shown()),
            }
            return Ok(());
        }
        json::push_str(out, &self.text(&text)?);
        Ok(())
    }

    fn replaced<'t>(
        &self,
        text: &'t str,
        put: impl Fn(&mut String, &str),
    ) -> Result<Cow<'t, str>, OrgError> {
        if !text.contains("@{") {
            return Ok(Cow::Borrowed(text));
        }
        let mut out = String::with_capacity(text.len() + 32);
        let mut rest = text;
        while let Some((before, path, after)) = next(rest) {
            out.push_str(before);
            put(&mut out, self.value(path)?.shown());
            rest = after;
        }
        out.push_str(rest);
        Ok(Cow::Owned(out))
    }

    /// The scalar that a path names.
    fn value(&self, path: &str) -> Result<Found, OrgError> {
        let reference = path.split(['.', '[']).next().unwrap_or(path);
        let missing = || OrgError::invalid_reference(path, reference);
        let body = match (self.find)(reference).ok_or_else(missing)? {
            Known::Failed => return Err(OrgError::dependency_failed(reference)),
            Known::Body(body) => body,
        };
        match walk(body, &path[reference.len()..]).ok_or_else(missing)? {
            Scalar::Null if !self.nulls => Err(missing()),
            value => Ok(value),
        }
    }
}

/// The reference ids that a text names, in order; for the order in which a graph is worked off.
pub(super) fn named(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, path, after) = next(rest)?;
        rest = after;
        Some(path.split(['.', '[']).next().unwrap_or(path))
    })
}

/// The first reference of a text: what is before it, its path, what is after it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("@{")?;
    let (path, after) = rest.split_once('}')?;
    Some((before, path, after))
}

/// The path of a text that is one reference and nothing else.
fn sole(text: &str) -> Option<&str> {
    next(text).filter(|(before, _, after)| before.is_empty() && after.is_empty()).map(|(_, p, _)| p)
}

/// Where the JSON string at the start of a text ends, its closing quote included.
fn string_end(quoted: &str) -> usize {
    let bytes = quoted.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// Follows `.name` and `[n]` from a JSON text to a scalar.
fn walk(text: &str, path: &str) -> Option<Found> {
    if path.is_empty() {
        let Ok(Sent::Scalar(scalar)) = body::value(text) else { return None };
        return Some(match scalar {
            Scalar::Null => Scalar::Null,
            Scalar::Bool(flag) => Scalar::Bool(flag),
            scalar => Scalar::Text(Cow::Owned(scalar.shown().to_owned())),
        });
    }
    if let Some(path) = path.strip_prefix('.') {
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let members = text.starts_with('{').then(|| body::raw_members(text))?.ok()?;
        let (_, value) = members.into_iter().find(|(name, _)| name == &path[..end])?;
        return walk(value, &path[end..]);
    }
    let (place, path) = path.strip_prefix('[')?.split_once(']')?;
    let entries = text.starts_with('[').then(|| body::raw_list(text))?.ok()?;
    walk(entries.get(place.trim().parse::<usize>().ok()?)?, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CREATED: &str = r#"{"id":"001ff0000000001AAA","success":true,"errors":[]}"#;
    const ROW: &str = r#"{"attributes":{"type":"Account"},"Name":"A & \"B\"/?","Site":null,"n":1.50,"b":true,"Owner":{"Id":"005"},"list":[{"Id":"x"},[7,8]]}"#;

    fn find(reference: &str) -> Option<Known<'static>> {
        Some(match reference {
            "made" => Known::Body(CREATED),
            "row" => Known::Body(ROW),
            "rows" => Known::Body(r#"[{"Id":"a"},{"Id":"b"}]"#),
            "gone" => Known::Body("null"),
            "bad" => Known::Failed,
            _ => return None,
        })
    }

    const NOW: References<'static> = References { find: &find, nulls: true };
    const BEFORE_52: References<'static> = References { find: &find, nulls: false };

    fn message(result: Result<Cow<'_, str>, OrgError>) -> String {
        result.expect_err("an error").message.to_string()
    }

    #[test]
    fn paths() {
        let cases = [
            ("@{made.id}", "001ff0000000001AAA"),
            ("<@{made.id}|@{row.Owner.Id}>", "<001ff0000000001AAA|005>"),
            ("@{row.list[0].Id}@{row.list[1][1]}", "x8"),
            ("@{rows[1].Id}", "b"),
            ("@{row.n} @{row.b} @{row.Site}", "1.50 true null"),
            ("@{row.attributes.type}", "Account"),
            ("no reference @ { } @{open", "no reference @ { } @{open"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(NOW.text(text).expect(text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_had() {
        let paths = [
            "made",
            "made.Id",
            "made.id.x",
            "made.errors",
            "made.errors[0]",
            "made[0]",
            "row.Owner",
            "row.list[2]",
            "row.list[-1]",
            "row.list[x]",
            "row.list[0",
            "row.",
            "rows.Id",
            "gone.id",
            "unknown.id",
            "Made.id",
            "",
            ".",
            "[0]",
            "made.id ",
        ];
        for path in paths {
            let reference = path.split(['.', '[']).next().expect("a part");
            assert_eq!(
                message(NOW.text(&format!("@{{{path}}}"))),
                format!(
                    "Invalid reference specified. No value for {path} found in {reference}. \
                     Provided referenceId ('{path}') must start with a letter or a number, and it \
                     can contain only letters, numbers and underscores ('_')."
                )
            );
        }
        assert_eq!(
            message(NOW.text("@{bad.id}")),
            "Execution halted as previous operation (bad) was not successful."
        );
    }

    #[test]
    fn null_is_taken_from_52_on() {
        assert_eq!(NOW.json(r#"{"a":"@{row.Site}","b":"<@{row.Site}>"}"#).expect("a body"), {
            r#"{"a":null,"b":"<null>"}"#
        });
        assert!(message(BEFORE_52.json(r#"{"a":"@{row.Site}"}"#)).starts_with("Invalid reference"));
        assert_eq!(BEFORE_52.text("@{made.id}").expect("a text"), "001ff0000000001AAA");
    }

    #[test]
    fn bodies_stay_json() {
        let body = r#"{"@{made.id}":"x","Name":"@{row.Name}","t":"\"@{made.id}\\","n":[1,"@{row.n}"],"u":"\u0040{made.id}"}"#;
        assert_eq!(
            NOW.json(body).expect("a body"),
            r#"{"@{made.id}":"x","Name":"A & \"B\"/?","t":"\"001ff0000000001AAA\\","n":[1,"1.50"],"u":"\u0040{made.id}"}"#
        );
    }

    #[test]
    fn values_stay_in_their_place_of_a_url() {
        let url = "/sobjects/X/Name__c/@{row.Name}?q=@{row.Name}";
        assert_eq!(
            NOW.url(url).expect("a URL"),
            "/sobjects/X/Name__c/A %26 \"B\"%2F%3F?q=A %26 \"B\"/?"
        );
        assert_eq!(NOW.url("@{row.Name}").expect("a URL"), "A & \"B\"/?");
    }

    #[test]
    fn references_are_listed() {
        let all: Vec<&str> = named("a@{x.id}b@{y[0].Id}@{z}@{").collect();
        assert_eq!(all, ["x", "y", "z"]);
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "[a@{}.\\[\\]0\"\\\\: ]{0,40}") {
            let _ = NOW.text(&text);
            let _ = NOW.url(&text);
            let _ = NOW.json(&text);
        }

        #[test]
        fn a_body_without_references_is_itself(text in "\\PC{0,40}") {
            let mut json = String::new();
            json::push_str(&mut json, &text.replace("@{", "@("));
            prop_assert_eq!(NOW.json(&json).expect("a body"), json.as_str());
        }
    }
}
