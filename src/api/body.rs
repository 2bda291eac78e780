//! Request bodies as members: names with scalars, nested objects or lists. JSON, XML and multipart
//! bodies come out the same.

use super::jackson;
use crate::dml::Raw;
use crate::error::OrgError;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A scalar as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'b> {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number's text.
    Number(&'b str),
    /// A string.
    Text(Cow<'b, str>),
}

impl Scalar<'_> {
    /// As saving takes it.
    pub fn raw(&self) -> Raw<'_> {
        match self {
            Scalar::Null => Raw::Null,
            Scalar::Bool(flag) => Raw::Bool(*flag),
            Scalar::Number(text) => Raw::Number(text),
            Scalar::Text(text) => Raw::Text(text),
        }
    }

    /// The text that a message shows.
    pub fn shown(&self) -> &str {
        match self {
            Scalar::Null => "null",
            Scalar::Bool(true) => "true",
            Scalar::Bool(false) => "false",
            Scalar::Number(text) => text,
            Scalar::Text(text) => text,
        }
    }
}

/// What a member holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent<'b> {
    /// A scalar.
    Scalar(Scalar<'b>),
    /// An object.
    Object(Vec<Member<'b>>),
    /// A list, as JSON text.
    List(&'b str),
}

/// A named member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member<'b> {
    /// Its name as sent.
    pub name: Cow<'b, str>,
    /// Its value.
    pub sent: Sent<'b>,
    /// Where the value starts in the body.
    pub offset: usize,
}

/// Reads a body that must be one JSON object.
pub fn json_object(body: &[u8]) -> Result<Vec<Member<'_>>, OrgError> {
    let text = utf8(body)?;
    match text.trim_start_matches([' ', '\t', '\r', '\n']).bytes().next() {
        None => Err(OrgError::no_entity_body()),
        Some(b'{') => members(text, text),
        // Something else that is JSON is a row of the wrong shape; what is not JSON says where.
        Some(_) if serde_json::from_str::<&RawValue>(text).is_ok() => {
            Err(OrgError::json_deserialization("null"))
        }
        Some(_) => Err(jackson::syntax_error(text)),
    }
}

/// The body as text.
pub fn utf8(body: &[u8]) -> Result<&str, OrgError> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    std::str::from_utf8(body).map_err(|error| jackson::not_utf8(body, error.valid_up_to()))
}

/// The members of an object's JSON text, which lies in `body`.
pub fn members<'b>(body: &'b str, object: &'b str) -> Result<Vec<Member<'b>>, OrgError> {
    members_at(body, object, 0)
}

/// The same at a depth. What is nested deeper than the parser's limit is refused before it can
/// exhaust the stack: skipping a value takes no depth, reading its members does.
fn members_at<'b>(
    body: &'b str,
    object: &'b str,
    depth: usize,
) -> Result<Vec<Member<'b>>, OrgError> {
    if depth > jackson::DEPTH {
        return Err(jackson::syntax_error(body));
    }
    let pairs: Pairs<'b> = serde_json::from_str(object).map_err(|_| jackson::syntax_error(body))?;
    let member = |(name, value): (Cow<'b, str>, &'b RawValue)| {
        let value = value.get();
        // The value is a slice of the body: the distance of their starts is its offset.
        let offset = (value.as_ptr() as usize).saturating_sub(body.as_ptr() as usize);
        Ok(Member { name, sent: sent(body, value, depth)?, offset })
    };
    pairs.0.into_iter().map(member).collect()
}

/// The members of an object's JSON text with their values' text, unread.
pub fn raw_members(object: &str) -> Result<Vec<(Cow<'_, str>, &str)>, OrgError> {
    let pairs: Pairs<'_> =
        serde_json::from_str(object).map_err(|_| jackson::syntax_error(object))?;
    Ok(pairs.0.into_iter().map(|(name, value)| (name, value.get())).collect())
}

/// The entries of a list's JSON text, unread.
pub fn raw_list(list: &str) -> Result<Vec<&str>, OrgError> {
    let entries: Vec<&RawValue> =
        serde_json::from_str(list).map_err(|_| jackson::syntax_error(list))?;
    Ok(entries.into_iter().map(RawValue::get).collect())
}

/// One value of any kind.
pub fn value(text: &str) -> Result<Sent<'_>, OrgError> {
    sent(text, text, 0)
}

/// A value at a depth of its body.
fn sent<'b>(body: &'b str, value: &'b str, depth: usize) -> Result<Sent<'b>, OrgError> {
    Ok(match value.as_bytes().first() {
        Some(b'{') => Sent::Object(members_at(body, value, depth + 1)?),
        Some(b'[') => Sent::List(value),
        Some(b'"') => Sent::Scalar(Scalar::Text(string(body, value)?)),
        Some(b't') => Sent::Scalar(Scalar::Bool(true)),
        Some(b'f') => Sent::Scalar(Scalar::Bool(false)),
        Some(b'n') | None => Sent::Scalar(Scalar::Null),
        Some(_) => Sent::Scalar(Scalar::Number(value)),
    })
}

fn string<'b>(body: &str, quoted: &'b str) -> Result<Cow<'b, str>, OrgError> {
    if !quoted.contains('\\') {
        return Ok(Cow::Borrowed(&quoted[1..quoted.len() - 1]));
    }
    serde_json::from_str(quoted).map(Cow::Owned).map_err(|_| jackson::syntax_error(body))
}

/// An object's members in order, values unread.
struct Pairs<'b>(Vec<(Cow<'b, str>, &'b RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::with_capacity(16);
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &RawValue>()? {
                    pairs.push((name, value));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A key, borrowed unless it has escapes.
struct Name<'b>(Cow<'b, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_order_text_and_place() {
        let body = br#" {"Name":"A\u0041","n":1.50,"b":true,"x":null,"o":{"k":"v"},"l":[1]}"#;
        let members = json_object(body).expect("an object");
        let names: Vec<&str> = members.iter().map(|member| &*member.name).collect();
        assert_eq!(names, ["Name", "n", "b", "x", "o", "l"]);
        assert_eq!(members[0].sent, Sent::Scalar(Scalar::Text("AA".into())));
        assert_eq!(members[1].sent, Sent::Scalar(Scalar::Number("1.50")));
        assert_eq!(&body[members[1].offset..members[1].offset + 4], b"1.50");
        let Sent::Object(inner) = &members[4].sent else { panic!("an object") };
        assert_eq!(&body[inner[0].offset..inner[0].offset + 3], b"\"v\"");
        assert_eq!(members[5].sent, Sent::List("[1]"));
    }

    #[test]
    fn wrong_shapes() {
        let code = |body: &[u8]| json_object(body).expect_err("no object").code.to_string();
        assert_eq!(code(b""), "JSON_PARSER_ERROR");
        assert_eq!(code(b"  "), "JSON_PARSER_ERROR");
        assert_eq!(code(b"[]"), "INVALID_FIELD");
        assert_eq!(code(b"\"x\""), "INVALID_FIELD");
        assert_eq!(code(b"7"), "INVALID_FIELD");
        assert_eq!(code(b"{\"a\":}"), "JSON_PARSER_ERROR");
        assert_eq!(code(b"{\"a\":\"\xff\"}"), "JSON_PARSER_ERROR");
        assert_eq!(code(b"{} x"), "JSON_PARSER_ERROR");
        for times in [200, 20_000] {
            let deep = format!("{}1{}", "{\"a\":".repeat(times), "}".repeat(times));
            let message = json_object(deep.as_bytes()).expect_err("too deep").message.to_string();
            assert!(message.starts_with("JSON is nested too deeply"), "{message}");
        }
        let message =
            json_object(br#"{"a":"b","c":"\ud800"}"#).expect_err("half").message.to_string();
        assert!(message.ends_with("[line:1, column:22]"), "{message}");
    }
}
