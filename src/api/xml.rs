//! The XML variant of the REST API: answers are our own compact JSON re-printed as elements, request
//! bodies become the same members as JSON ones. `reference/rest.md` §10.

use super::body::{self, Member, Scalar, Sent};
use super::json;
use crate::error::OrgError;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Re-prints JSON under a root element. Members become elements, lists repeat their element,
/// `attributes` become XML attributes, instants end in `Z`, null is `xsi:nil`. A list at the top
/// gets one element an entry, named by the root's singular.
pub fn from_json(text: &str, root: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    out.push_str(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    let start = out.len();
    match body::value(text) {
        Ok(Sent::List(list)) => {
            out.push('<');
            out.push_str(root);
            out.push('>');
            entries(&mut out, root.strip_suffix('s').unwrap_or(root), list, false);
            out.push_str("</");
            out.push_str(root);
            out.push('>');
        }
        Ok(sent) => element(&mut out, root, &sent, root == TREE_RESPONSE),
        Err(_) => {}
    }
    if out[start..].contains(" xsi:nil=") {
        out.insert_str(
            start + 1 + root.len(),
            r#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance""#,
        );
    }
    out
}

/// REST faults: unlike in JSON, `errorCode` comes first in every family.
pub fn faults(faults: &[OrgError]) -> String {
    let mut out = String::from(r#"<?xml version="1.0" encoding="UTF-8"?><Errors>"#);
    let text = |out: &mut String, name: &str, text: &str| {
        for part in ["<", name, ">"] {
            out.push_str(part);
        }
        escape(out, text);
        for part in ["</", name, ">"] {
            out.push_str(part);
        }
    };
    for fault in faults {
        out.push_str("<Error>");
        text(&mut out, "errorCode", &fault.code);
        for field in fault.fields.iter().flatten() {
            text(&mut out, "fields", field);
        }
        text(&mut out, "message", &fault.message);
        out.push_str("</Error>");
    }
    out.push_str("</Errors>");
    out
}

/// Appends one element an entry of a list.
fn entries(out: &mut String, name: &str, list: &str, is_sorted: bool) {
    let list: Vec<&RawValue> = serde_json::from_str(list).unwrap_or_default();
    for entry in list {
        if let Ok(sent) = body::value(entry.get()) {
            element(out, name, &sent, is_sorted);
        }
    }
}

/// Appends an element; those within it by name, if they shall be sorted.
fn element(out: &mut String, name: &str, sent: &Sent<'_>, is_sorted: bool) {
    match sent {
        Sent::List(list) => return entries(out, name, list, is_sorted),
        Sent::Scalar(Scalar::Null) => {
            out.push('<');
            out.push_str(name);
            out.push_str(r#" xsi:nil="true"/>"#);
            return;
        }
        _ => {}
    }
    out.push('<');
    out.push_str(name);
    match sent {
        Sent::Object(members) => {
            let attributes = members.iter().find(|member| member.name == "attributes");
            if let Some(Member { sent: Sent::Object(attributes), .. }) = attributes {
                for attribute in attributes {
                    if let Sent::Scalar(text) = &attribute.sent {
                        out.push(' ');
                        out.push_str(&attribute.name);
                        out.push_str("=\"");
                        escape(out, text.shown());
                        out.push('"');
                    }
                }
            }
            out.push('>');
            let mut members: Vec<&Member<'_>> =
                members.iter().filter(|member| member.name != "attributes").collect();
            if is_sorted {
                members.sort_by(|left, right| left.name.cmp(&right.name));
            }
            for member in members {
                element(out, &member.name, &member.sent, is_sorted);
            }
        }
        Sent::Scalar(scalar) => {
            out.push('>');
            let text = scalar.shown();
            match text.strip_suffix("+0000").filter(|_| is_instant(text)) {
                Some(head) => {
                    out.push_str(head);
                    out.push('Z');
                }
                None => escape(out, text),
            }
        }
        Sent::List(_) => {}
    }
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// True for `2011-02-03T02:45:00.000+0000`.
fn is_instant(text: &str) -> bool {
    text.len() == 28 && crate::time::parse_datetime(text).is_some()
}

/// Appends text with XML's escapes.
pub fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // A parser would take a bare one for a line feed.
            '\r' => out.push_str("&#13;"),
            c if c < ' ' && !matches!(c, '\t' | '\n') => {}
            c => out.push(c),
        }
    }
}

/// The root of the answer to a tree, whose elements stand in alphabetical order, as the guide prints
/// it.
pub const TREE_RESPONSE: &str = "SObjectTreeResponse";

/// The element of a record of a tree: its attributes are members of the record's own.
const RECORDS: &str = "records";

/// Reads `<SObjectTreeRequest><records type="Account" referenceId="a">…` as the JSON that asks for
/// the same.
pub fn tree_json(body: &[u8]) -> Result<String, OrgError> {
    let mut out = String::with_capacity(body.len());
    push_object(&mut out, &members(body)?);
    Ok(out)
}

/// Appends members as a JSON object; records of one parent are one list.
fn push_object(out: &mut String, members: &[Member<'_>]) {
    let key = |out: &mut String, name: &str| {
        out.push(if out.ends_with('{') { ' ' } else { ',' });
        json::push_str(out, name);
        out.push(':');
    };
    out.push('{');
    for member in members.iter().filter(|member| member.name != RECORDS) {
        key(out, &member.name);
        push_sent(out, &member.sent);
    }
    let mut records = members.iter().filter(|member| member.name == RECORDS).peekable();
    if records.peek().is_some() {
        key(out, RECORDS);
        for (at, record) in records.enumerate() {
            out.push(if at == 0 { '[' } else { ',' });
            push_sent(out, &record.sent);
        }
        out.push(']');
    }
    out.push('}');
}

fn push_sent(out: &mut String, sent: &Sent<'_>) {
    match sent {
        Sent::Object(members) => push_object(out, members),
        Sent::Scalar(Scalar::Text(text)) => json::push_str(out, text),
        // XML knows nothing else.
        Sent::Scalar(_) | Sent::List(_) => out.push_str("null"),
    }
}

/// Deepest nesting of a request's elements.
const DEPTH: usize = 32;

/// Reads `<Account><Name>x</Name><Phone xsi:nil="true"/></Account>` as members. The root's name says
/// nothing: the URL names the object. Document types are refused.
pub fn members(body: &[u8]) -> Result<Vec<Member<'static>>, OrgError> {
    let text = std::str::from_utf8(body).map_err(|_| malformed("the body is not UTF-8"))?;
    if text.trim().is_empty() {
        return Err(OrgError::no_entity_body());
    }
    let mut reader = Reader::from_str(text);
    // Open elements: name, members so far, text so far, nil.
    let mut open: Vec<(String, Vec<Member<'static>>, String, bool)> = Vec::new();
    loop {
        match reader.read_event().map_err(|error| malformed(&error.to_string()))? {
            Event::Start(start) => {
                if open.len() >= DEPTH {
                    return Err(malformed("elements are nested too deeply"));
                }
                let name = start.local_name().as_ref().to_owned();
                let members = attributes(&name, &start)?;
                open.push((name, members, String::new(), is_nil(&start)));
            }
            Event::Empty(start) => {
                let name = start.local_name().as_ref().to_owned();
                let members = attributes(&name, &start)?;
                let member = closed(name, members, String::new(), is_nil(&start));
                match open.last_mut() {
                    Some((_, members, ..)) => members.push(member),
                    None => return Ok(Vec::new()),
                }
            }
            Event::Text(part) => {
                if let Some((_, _, text, _)) = open.last_mut() {
                    text.push_str(&part);
                }
            }
            Event::CData(part) => {
                if let Some((_, _, text, _)) = open.last_mut() {
                    text.push_str(&part);
                }
            }
            Event::GeneralRef(reference) => {
                if let Some((_, _, text, _)) = open.last_mut() {
                    text.push(entity(&reference)?);
                }
            }
            Event::End(_) => {
                let Some((name, members, text, nil)) = open.pop() else { break };
                match open.last_mut() {
                    Some((_, siblings, ..)) => siblings.push(closed(name, members, text, nil)),
                    None => return Ok(members),
                }
            }
            Event::DocType(_) => return Err(malformed("document types are not allowed")),
            Event::Eof => break,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
        }
    }
    Err(malformed("the document ends too early"))
}

/// What a record of a tree says of itself: `type` and `referenceId`.
fn attributes(
    name: &str,
    start: &quick_xml::events::BytesStart<'_>,
) -> Result<Vec<Member<'static>>, OrgError> {
    if name != RECORDS {
        return Ok(Vec::new());
    }
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| malformed(&error.to_string()))?;
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::default())
            .map_err(|error| malformed(&error.to_string()))?;
        attributes.push(Member {
            name: Cow::Owned(attribute.key.as_ref().to_owned()),
            sent: Sent::Scalar(Scalar::Text(Cow::Owned(value.into_owned()))),
            offset: 0,
        });
    }
    let own = Member { name: "attributes".into(), sent: Sent::Object(attributes), offset: 0 };
    Ok(vec![own])
}

fn entity(reference: &quick_xml::events::BytesRef<'_>) -> Result<char, OrgError> {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return Ok(c);
    }
    Ok(match &**reference {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return Err(malformed("unknown entity")),
    })
}

fn is_nil(start: &quick_xml::events::BytesStart<'_>) -> bool {
    start.attributes().flatten().any(|attribute| {
        attribute.key.local_name().as_ref() == "nil" && &*attribute.value == "true"
    })
}

fn closed(name: String, members: Vec<Member<'static>>, text: String, nil: bool) -> Member<'static> {
    let sent = if !members.is_empty() {
        Sent::Object(members)
    } else if nil {
        Sent::Scalar(Scalar::Null)
    } else {
        Sent::Scalar(Scalar::Text(Cow::Owned(text)))
    };
    Member { name: Cow::Owned(name), sent, offset: 0 }
}

fn malformed(what: &str) -> OrgError {
    OrgError::xml_parser(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let json = r#"{"attributes":{"type":"Account","url":"/x"},"Name":"A & B","Site":null,"CreatedDate":"2011-02-03T02:45:00.000+0000","Tags":["a","b"]}"#;
        assert_eq!(
            from_json(json, "Account"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Account xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" type=\"Account\" url=\"/x\"><Name>A &amp; B</Name><Site xsi:nil=\"true\"/><CreatedDate>2011-02-03T02:45:00.000Z</CreatedDate><Tags>a</Tags><Tags>b</Tags></Account>"
        );
        assert_eq!(
            faults(&[OrgError::required_missing(&["A", "B"])]),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Errors><Error><errorCode>REQUIRED_FIELD_MISSING</errorCode><fields>A</fields><fields>B</fields><message>Required fields are missing: [A, B]</message></Error></Errors>"
        );
    }

    #[test]
    fn requests() {
        let body = b"<?xml version='1.0'?><Account xmlns:xsi='x'><Name>A &amp; <![CDATA[<B>]]></Name><Site xsi:nil='true'/><!-- c --></Account>";
        let members = members(body).expect("members");
        assert_eq!(members[0].sent, Sent::Scalar(Scalar::Text("A & <B>".into())));
        assert_eq!(members[1].sent, Sent::Scalar(Scalar::Null));
        for bad in ["<a><b></a>", "<a>", "<!DOCTYPE a><a/>", "<a>&x;</a>", "x"] {
            assert!(super::members(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(super::members("<a>".repeat(100_000).as_bytes()).is_err());
    }
}
