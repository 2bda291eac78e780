//! `multipart/form-data` bodies of rows with bytes: a JSON part and a binary one, in either order.

use super::super::body::{self, Member, Scalar, Sent};
use crate::error::OrgError;
use crate::schema::ObjectSpec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// Most parts of a body.
const PARTS: usize = 16;

struct Part<'b> {
    name: Option<&'b str>,
    is_file: bool,
    content: &'b [u8],
}

/// The members of the JSON part, and the bytes under their field's name.
pub fn members(
    object: &ObjectSpec,
    content_type: &str,
    body: &[u8],
) -> Result<Vec<Member<'static>>, OrgError> {
    let boundary =
        parameter(content_type, "boundary").ok_or_else(OrgError::multipart_without_json)?;
    let parts = split(body, boundary);
    let json = parts.iter().find(|part| !part.is_file);
    let json = json.ok_or_else(OrgError::multipart_without_json)?;
    let mut members: Vec<Member<'static>> =
        body::json_object(json.content)?.into_iter().map(owned).collect();
    for part in parts.iter().filter(|part| part.is_file) {
        let Some((_, field)) = part.name.and_then(|name| object.field(name)) else { continue };
        members.push(Member {
            name: Cow::Owned(field.name.to_string()),
            sent: Sent::Scalar(Scalar::Text(Cow::Owned(STANDARD.encode(part.content)))),
            offset: 0,
        });
    }
    Ok(members)
}

/// A scalar member that outlives its body; nested ones are not taken here.
fn owned(member: Member<'_>) -> Member<'static> {
    let sent = match member.sent {
        Sent::Scalar(Scalar::Null) => Scalar::Null,
        Sent::Scalar(Scalar::Bool(flag)) => Scalar::Bool(flag),
        Sent::Scalar(scalar) => Scalar::Text(Cow::Owned(scalar.shown().to_owned())),
        Sent::Object(members) => {
            let members = members.into_iter().map(owned).collect();
            return Member {
                name: Cow::Owned(member.name.into_owned()),
                sent: Sent::Object(members),
                offset: 0,
            };
        }
        Sent::List(text) => Scalar::Text(Cow::Owned(text.to_owned())),
    };
    Member { name: Cow::Owned(member.name.into_owned()), sent: Sent::Scalar(sent), offset: 0 }
}

/// A parameter of a header's value: `form-data; name="x"`.
fn parameter<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    header.split(';').skip(1).find_map(|part| {
        let (own, value) = part.trim().split_once('=')?;
        own.eq_ignore_ascii_case(name).then(|| value.trim_matches('"'))
    })
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

fn split<'b>(body: &'b [u8], boundary: &str) -> Vec<Part<'b>> {
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let Some(mut at) = find(body, delimiter.as_bytes()) else { return parts };
    while parts.len() < PARTS {
        let rest = &body[at + delimiter.len()..];
        if rest.starts_with(b"--") {
            break;
        }
        let rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest);
        let start = body.len() - rest.len();
        let Some(end) = find(rest, delimiter.as_bytes()) else { break };
        let part = &rest[..end];
        let part = part.strip_suffix(b"\r\n").or_else(|| part.strip_suffix(b"\n")).unwrap_or(part);
        parts.extend(read(part));
        at = start + end;
    }
    parts
}

fn read(part: &[u8]) -> Option<Part<'_>> {
    let (head, content) = match (find(part, b"\r\n\r\n"), find(part, b"\n\n")) {
        (Some(at), _) => (&part[..at], &part[at + 4..]),
        (None, Some(at)) => (&part[..at], &part[at + 2..]),
        (None, None) => return None,
    };
    let head = std::str::from_utf8(head).ok()?;
    let disposition = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))
        .map_or("", |(_, value)| value);
    Some(Part {
        name: parameter(disposition, "name"),
        is_file: parameter(disposition, "filename").is_some(),
        content,
    })
}
