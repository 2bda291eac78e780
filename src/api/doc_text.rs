//! Documents as JSON text. What SCIM and Concur read and write passes through here.

use super::json;
use crate::store::Doc;
use compact_str::CompactString;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Reads JSON text; a name that comes twice keeps its last value.
pub fn parse(bytes: &[u8]) -> Result<Doc, serde_json::Error> {
    serde_json::from_slice::<Read>(bytes).map(|read| read.0)
}

/// Appends a document.
pub fn push(out: &mut String, doc: &Doc) {
    match doc {
        Doc::Null => out.push_str("null"),
        Doc::Bool(flag) => json::push_bool(out, *flag),
        Doc::Int(number) => json::push_int(out, *number),
        Doc::Double(number) => {
            use fmt::Write as _;
            let _ = write!(out, "{number:?}");
        }
        Doc::Text(text) => json::push_str(out, text),
        Doc::List(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                push(out, item);
            }
            out.push(']');
        }
        Doc::Object(members) => {
            out.push('{');
            for (place, (name, value)) in members.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                json::push_str(out, name);
                out.push(':');
                push(out, value);
            }
            out.push('}');
        }
    }
}

/// A document's text.
pub fn text(doc: &Doc) -> String {
    let mut out = String::with_capacity(1024);
    push(&mut out, doc);
    out
}

/// The name that Salesforce's JSON parser has for a value's kind.
pub fn token_name(doc: &Doc) -> &'static str {
    match doc {
        Doc::Null => "VALUE_NULL",
        Doc::Bool(true) => "VALUE_TRUE",
        Doc::Bool(false) => "VALUE_FALSE",
        Doc::Int(_) => "VALUE_NUMBER_INT",
        Doc::Double(_) => "VALUE_NUMBER_FLOAT",
        Doc::Text(_) => "VALUE_STRING",
        Doc::List(_) => "START_ARRAY",
        Doc::Object(_) => "START_OBJECT",
    }
}

struct Read(Doc);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any).map(Read)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Doc;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Doc, E> {
        Ok(Doc::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Doc, E> {
        Ok(Doc::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Doc, E> {
        Ok(Doc::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Doc, E> {
        Ok(i64::try_from(number).map_or(Doc::Double(number as f64), Doc::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Doc, E> {
        Ok(Doc::Double(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Doc, E> {
        Ok(Doc::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Doc, A::Error> {
        let mut items = Vec::new();
        while let Some(Read(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Doc::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Doc, A::Error> {
        let mut members: Vec<(CompactString, Doc)> = Vec::new();
        while let Some((name, Read(value))) = map.next_entry::<String, Read>()? {
            match members.iter_mut().find(|(own, _)| *own == name) {
                Some((_, held)) => *held = value,
                None => members.push((name.into(), value)),
            }
        }
        Ok(Doc::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_as_it_was() {
        let before = r#"{"b":[1,-2.5,true,null,"x\"y"],"a":{"é":{}},"n":[]}"#;
        assert_eq!(text(&parse(before.as_bytes()).expect("JSON")), before);
        let twice = parse(br#"{"a":1,"a":2}"#).expect("JSON");
        assert_eq!(text(&twice), r#"{"a":2}"#);
        assert!(parse(b"{\"a\":}").is_err());
        assert!(parse(b"").is_err());
    }
}
