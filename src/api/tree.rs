//! JSON text as a tree that keeps the order of keys and the text of numbers: what the commands that
//! talk to a running server read.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written.
    Number(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// Members in the order of the text.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads JSON; `None` when it is not JSON.
    pub(crate) fn parse(text: &[u8]) -> Option<Json> {
        Json::of(serde_json::from_slice(text).ok()?)
    }

    fn of(raw: &RawValue) -> Option<Json> {
        let text = raw.get();
        Some(match text.as_bytes().first()? {
            b'n' => Json::Null,
            b't' => Json::Bool(true),
            b'f' => Json::Bool(false),
            b'"' => Json::Text(serde_json::from_str(text).ok()?),
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
                Json::List(items.into_iter().map(Json::of).collect::<Option<_>>()?)
            }
            b'{' => {
                let Members(members) = serde_json::from_str(text).ok()?;
                let of = |(name, raw)| Some((name, Json::of(raw)?));
                Json::Object(members.into_iter().map(of).collect::<Option<_>>()?)
            }
            _ => Json::Number(text.to_owned()),
        })
    }

    /// The value at a path of member names; `None` when there is none, and for `null`.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Json> {
        let found = path.iter().try_fold(self, |json, name| match json {
            Json::Object(members) => {
                members.iter().find(|(own, _)| own == name).map(|(_, value)| value)
            }
            _ => None,
        })?;
        (*found != Json::Null).then_some(found)
    }

    /// The text at a path.
    pub(crate) fn text(&self, path: &[&str]) -> Option<&str> {
        match self.at(path)? {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number at a path.
    pub(crate) fn number(&self, path: &[&str]) -> Option<u64> {
        match self.at(path)? {
            Json::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The list at a path; empty when there is none.
    pub(crate) fn list(&self, path: &[&str]) -> &[Json] {
        match self.at(path) {
            Some(Json::List(items)) => items,
            _ => &[],
        }
    }

    /// The members of an object; empty for everything else.
    pub(crate) fn members(&self) -> &[(String, Json)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }
}

/// Compact JSON; strings are shown with JSON's escapes.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| {
            let mut out = String::with_capacity(text.len() + 2);
            super::json::push_str(&mut out, text);
            out
        };
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(flag) => write!(f, "{flag}"),
            Json::Number(text) => f.write_str(text),
            Json::Text(text) => f.write_str(&quoted(text)),
            Json::List(items) => {
                f.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if place > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Json::Object(members) => {
                f.write_str("{")?;
                for (place, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}{}:{value}", if place > 0 { "," } else { "" }, quoted(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// The members of an object in order.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de: 't, 't> Deserialize<'de> for Members<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(InOrder).map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_numbers_stay() {
        let text = r#"{"z":1.50,"a":{"n":null,"t":"\u00e9\n"},"l":[true,false,-1E7,"x"]}"#;
        let json = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(
            json.to_string(),
            r#"{"z":1.50,"a":{"n":null,"t":"é\n"},"l":[true,false,-1E7,"x"]}"#
        );
        assert_eq!(json.text(&["a", "t"]), Some("é\n"));
        assert_eq!(json.at(&["a", "n"]), None);
        assert_eq!(json.list(&["l"]).len(), 4);
        assert_eq!(Json::parse(b"{\"n\":7}").unwrap().number(&["n"]), Some(7));
        for broken in ["", "{", "[1,]", "nope", "{} {}"] {
            assert_eq!(Json::parse(broken.as_bytes()), None, "{broken}");
        }
    }
}
