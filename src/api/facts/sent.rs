//! Bodies as trees, whatever they were written in.

use super::super::params::Params;
use super::super::soap::predefined_entity;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// Deepest nesting of XML that is read.
const DEPTH: usize = 64;

/// A body as a tree: JSON as it is; a form as an object of texts; XML as the members of its root, or
/// of the operation of a SOAP message, with texts at the leaves and lists where names repeat. `None`
/// for other bodies and those that do not parse.
pub fn sent(content_type: &str, body: &[u8]) -> Option<Value> {
    if content_type.starts_with("application/x-www-form-urlencoded") {
        let params = Params::parse(std::str::from_utf8(body).ok()?);
        let pairs = params.iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
        return Some(Value::Object(pairs.collect()));
    }
    if body.trim_ascii_start().starts_with(b"<") {
        return xml(std::str::from_utf8(body).ok()?);
    }
    serde_json::from_slice(body).ok()
}

#[derive(Default)]
struct Open {
    name: String,
    members: Map<String, Value>,
    text: String,
}

impl Open {
    fn value(self) -> Value {
        if self.members.is_empty() { Value::String(self.text) } else { Value::Object(self.members) }
    }

    fn push(&mut self, name: String, value: Value) {
        match self.members.get_mut(&name) {
            None => {
                self.members.insert(name, value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
}

fn xml(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open = vec![Open::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if open.len() > DEPTH {
                    return None;
                }
                let name = start.local_name().into_inner().to_owned();
                open.push(Open { name, ..Open::default() });
            }
            Event::End(_) => {
                let mut done = open.pop()?;
                let name = std::mem::take(&mut done.name);
                open.last_mut()?.push(name, done.value());
            }
            Event::Text(part) => open.last_mut()?.text.push_str(&part.xml10_content()),
            Event::CData(part) => open.last_mut()?.text.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) => {
                let numeric = reference.resolve_char_ref().ok()?;
                open.last_mut()?.text.extend(numeric.or_else(|| predefined_entity(&reference)));
            }
            Event::DocType(_) => return None,
            Event::Eof => break,
            _ => {}
        }
    }
    let mut root = open.pop().filter(|_| open.is_empty())?.members;
    let envelope = root.remove("Envelope");
    let Some(envelope) = envelope else { return root.into_iter().next().map(|(_, value)| value) };
    let operation = envelope.get("Body")?.as_object()?.values().next()?;
    Some(operation.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bodies_are_trees() {
        let form = sent("application/x-www-form-urlencoded", b"grant_type=password&username=a%40b");
        assert_eq!(form, Some(json!({"grant_type": "password", "username": "a@b"})));
        assert_eq!(sent("application/json", br#"{"a":[1]}"#), Some(json!({"a": [1]})));
        assert_eq!(sent("", b""), None);
        assert_eq!(sent("application/json", b"{\"a\":"), None);
        let row = b"<?xml version='1.0'?><Account><Name>A &amp; B</Name><X/></Account>";
        assert_eq!(sent("application/xml", row), Some(json!({"Name": "A & B", "X": ""})));
        let soap = b"<e:Envelope xmlns:e='s'><e:Header/><e:Body><delete><ids>1</ids><ids>2</ids>\
                     </delete></e:Body></e:Envelope>";
        assert_eq!(sent("text/xml", soap), Some(json!({"ids": ["1", "2"]})));
        for broken in ["<a>", "<!DOCTYPE a><a/>", "<a></b>"] {
            assert_eq!(sent("text/xml", broken.as_bytes()), None, "{broken}");
        }
        let deep = "<a>".repeat(100);
        assert_eq!(sent("text/xml", deep.as_bytes()), None);
    }
}
