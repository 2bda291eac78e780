//! Reading SOAP envelopes, whoever wrote them: any prefixes, comments, either quotes in the
//! declaration, members in any namespace or none. Writing them, byte for byte as recorded.
//!
//! Document types are refused and depth is bounded, so a small body cannot grow large.

use crate::error::OrgError;
use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use std::borrow::Cow;

/// Deepest nesting that is read.
const DEPTH: usize = 64;

/// Opens an envelope; the namespaces that the answer needs follow.
const OPEN: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope \
                    xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"";

/// One element of a message.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Element {
    /// Its namespace; empty when it has none.
    pub(super) namespace: String,
    /// Its local name.
    pub(super) name: String,
    /// The elements in it.
    pub(super) children: Vec<Element>,
    /// The text in it.
    pub(super) text: String,
    /// True for `xsi:nil="true"`.
    pub(super) nil: bool,
}

impl Element {
    /// The text of the first child of a local name, whatever its namespace; nil is absent.
    pub(super) fn child_text(&self, name: &str) -> Option<&str> {
        let child = self.children.iter().find(|child| child.name == name)?;
        (!child.nil).then_some(child.text.as_str())
    }
}

/// A message taken apart.
#[derive(Debug)]
pub(super) struct Envelope {
    headers: Vec<Element>,
    /// The first child of Body.
    pub(super) operation: Element,
}

impl Envelope {
    /// The text of a header's member.
    pub(super) fn header(&self, header: &str, member: &str) -> Option<&str> {
        self.headers.iter().find(|own| own.name == header)?.child_text(member)
    }
}

/// A body as text: UTF-8, or Latin-1 where its declaration says so.
pub(super) fn decode(body: &[u8]) -> Result<Cow<'_, str>, OrgError> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Ok(Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)));
    }
    let start = String::from_utf8_lossy(&body[..body.len().min(200)]).to_ascii_lowercase();
    let declaration = start.split("?>").next().unwrap_or_default();
    if declaration.contains("iso-8859-1") || declaration.contains("latin1") {
        return Ok(body.iter().map(|byte| char::from(*byte)).collect());
    }
    Err(OrgError::soap_malformed("Invalid byte 1 of 1-byte UTF-8 sequence."))
}

/// Takes a message apart.
pub(super) fn read(text: &str) -> Result<Envelope, OrgError> {
    if text.trim().is_empty() {
        return Err(OrgError::soap_premature_end());
    }
    let root = tree(text)?;
    let mut headers = Vec::new();
    let mut operation = None;
    for part in root.children {
        match part.name.as_str() {
            "Header" => headers = part.children,
            "Body" => operation = part.children.into_iter().next(),
            _ => {}
        }
    }
    let known = root.name == "Envelope";
    match operation {
        Some(operation) if known => Ok(Envelope { headers, operation }),
        _ => Err(OrgError::soap_malformed("The message is no SOAP envelope with a Body.")),
    }
}

/// Reads the whole document into elements.
fn tree(text: &str) -> Result<Element, OrgError> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let (resolved, event) = reader.read_resolved_event().map_err(malformed)?;
        match event {
            Event::Start(start) => {
                if open.len() >= DEPTH {
                    return Err(OrgError::soap_malformed("The message is nested too deeply."));
                }
                if root.is_some() {
                    return Err(OrgError::soap_malformed(
                        "The markup in the document following the root element must be well-formed.",
                    ));
                }
                open.push(element(&start, &resolved)?);
            }
            Event::End(_) => {
                let Some(done) = open.pop() else { continue };
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => root = Some(done),
                }
            }
            Event::Text(part) => push_text(&mut open, &part.xml10_content())?,
            Event::CData(part) => push_text(&mut open, &part.xml10_content())?,
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(malformed)?;
                let character = match character {
                    Some(character) => character,
                    None => predefined_entity(&reference)
                        .ok_or_else(|| OrgError::soap_unknown_entity(&reference))?,
                };
                push_text(&mut open, character.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err(OrgError::soap_doctype()),
            Event::Eof => break,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err(OrgError::soap_malformed(
            "XML document structures must start and end within the same entity.",
        )),
    }
}

fn malformed(error: impl std::fmt::Display) -> OrgError {
    OrgError::soap_malformed(&error.to_string())
}

fn element(start: &BytesStart<'_>, resolved: &ResolveResult<'_>) -> Result<Element, OrgError> {
    let namespace = match resolved {
        ResolveResult::Bound(namespace) => namespace.into_inner().to_owned(),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(prefix) => {
            let local = start.local_name();
            let message = format!(
                "The prefix \"{prefix}\" for element \"{prefix}:{}\" is not bound.",
                local.into_inner()
            );
            return Err(OrgError::soap_malformed(&message));
        }
    };
    let mut nil = false;
    for attribute in start.attributes() {
        let attribute = attribute.map_err(malformed)?;
        let name = attribute.key;
        if name.prefix().is_some() && name.local_name().into_inner() == "nil" {
            nil = matches!(attribute.value.as_ref(), "true" | "1");
        }
    }
    let name = start.local_name().into_inner().to_owned();
    Ok(Element { namespace, name, nil, ..Element::default() })
}

/// The entities of XML itself.
pub(in crate::api) fn predefined_entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

fn push_text(open: &mut [Element], text: &str) -> Result<(), OrgError> {
    match open.last_mut() {
        Some(element) => {
            element.text.push_str(text);
            Ok(())
        }
        None if text.trim().is_empty() => Ok(()),
        None => Err(OrgError::soap_malformed("Content is not allowed in prolog.")),
    }
}

/// Appends a text with XML's escapes.
pub(super) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

/// Appends `<name>text</name>`; an empty text gives both tags.
pub(super) fn leaf(out: &mut String, name: &str, text: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    escape(out, text);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Appends a leaf, or `<name xsi:nil="true"/>`.
pub(super) fn nillable(out: &mut String, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        return leaf(out, name, text);
    }
    out.push('<');
    out.push_str(name);
    out.push_str(" xsi:nil=\"true\"/>");
}

/// A result: the API's namespace is the default one, `xsi` is declared only where it is used.
pub(super) fn result(namespace: &str, header: &str, body: &str) -> String {
    let mut out = String::with_capacity(OPEN.len() + header.len() + body.len() + 256);
    out.push_str(OPEN);
    out.push_str(" xmlns=\"");
    out.push_str(namespace);
    out.push('"');
    if body.contains(" xsi:") {
        out.push_str(" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"");
    }
    out.push('>');
    if !header.is_empty() {
        out.push_str("<soapenv:Header>");
        out.push_str(header);
        out.push_str("</soapenv:Header>");
    }
    close(&mut out, body);
    out
}

/// A fault: `attributes` are the namespaces of its detail.
pub(super) fn fault(attributes: &str, body: &str) -> String {
    let mut out = String::with_capacity(OPEN.len() + attributes.len() + body.len() + 128);
    out.push_str(OPEN);
    out.push_str(attributes);
    out.push('>');
    close(&mut out, body);
    out
}

fn close(out: &mut String, body: &str) {
    out.push_str("<soapenv:Body>");
    out.push_str(body);
    out.push_str("</soapenv:Body></soapenv:Envelope>");
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: &str = "<login xmlns=\"urn:partner.soap.sforce.com\"><username>a</username>\
                         <password>b&amp;&#99;<![CDATA[<d>]]></password></login>";

    fn wrapped(open: &str, close: &str) -> String {
        format!("{open}{LOGIN}{close}")
    }

    #[test]
    fn whatever_clients_write_is_read() {
        let soap = "http://schemas.xmlsoap.org/soap/envelope/";
        for text in [
            wrapped(
                &format!(
                    "<?xml version='1.0' encoding='utf-8'?>\n<soap-env:Envelope xmlns:soap-env='{soap}'><soap-env:Body>"
                ),
                "</soap-env:Body></soap-env:Envelope>\n",
            ),
            wrapped(
                &format!("<Envelope xmlns=\"{soap}\"><!-- a --><Header/><Body> <!-- b --> "),
                "</Body></Envelope><!-- c -->",
            ),
            wrapped(
                &format!(
                    "\u{feff}<x:Envelope xmlns:x=\"{soap}\"><x:Header><h:CallOptions xmlns:h=\"urn:partner.soap.sforce.com\"><h:client>c</h:client></h:CallOptions></x:Header><x:Body>"
                ),
                "</x:Body></x:Envelope>",
            ),
        ] {
            let text = decode(text.as_bytes()).expect("UTF-8");
            let envelope = read(&text).expect("an envelope");
            let operation = &envelope.operation;
            assert_eq!(operation.namespace, "urn:partner.soap.sforce.com");
            assert_eq!(operation.name, "login");
            assert_eq!(operation.child_text("username"), Some("a"));
            assert_eq!(operation.child_text("password"), Some("b&c<d>"));
        }
    }

    #[test]
    fn headers_and_nil() {
        let text = "<e:Envelope xmlns:e='s' xmlns:p='urn:p' xmlns:xsi='i'><e:Header>\
                    <p:SessionHeader><p:sessionId>00D!x</p:sessionId><p:y xsi:nil='true'/>\
                    </p:SessionHeader></e:Header><e:Body><p:logout/></e:Body></e:Envelope>";
        let envelope = read(text).expect("an envelope");
        assert_eq!(envelope.header("SessionHeader", "sessionId"), Some("00D!x"));
        assert_eq!(envelope.header("SessionHeader", "y"), None);
        assert_eq!(envelope.operation.namespace, "urn:p");
    }

    #[test]
    fn what_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        for (text, message) in [
            ("", "Premature end of file."),
            (" \n", "Premature end of file."),
            ("<!DOCTYPE x [<!ENTITY e \"ee\">]><x>&e;</x>", "DOCTYPE is disallowed."),
            ("<x>&e;</x>", "The entity \"e\" was referenced, but not declared."),
            ("<x/>", "The message is no SOAP envelope with a Body."),
            ("<p:x/>", "The prefix \"p\" for element \"p:x\" is not bound."),
            ("x<y/>", "Content is not allowed in prolog."),
            (&deep, "The message is nested too deeply."),
            ("<a>", "XML document structures must start and end within the same entity."),
        ] {
            let error = read(text).expect_err(text);
            assert_eq!((error.status, &*error.message), (500, message), "{text}");
            assert_eq!(&*error.code, "soapenv:Client");
        }
        for text in ["<a><b></a>", "<a", "{}", "<a></a><b></b>", "<a b='1' b='2'/>"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn latin_1_is_read_where_it_is_declared() {
        let text = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>";
        assert!(decode(text).is_ok_and(|text| text.contains('é')));
        assert!(decode(b"<a>\xe9</a>").is_err());
    }
}
