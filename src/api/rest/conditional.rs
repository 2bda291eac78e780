//! Conditional requests on rows: `ETags` of accounts, Last-Modified of everything.
//! `reference/rest.md` §1.7.

use super::super::reply::Reply;
use super::Call;
use crate::clock::Millis;
use crate::error::OrgError;
use crate::schema::ObjectSpec;
use crate::store::Row;
use crate::time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a row looks like to conditions.
pub struct Seen {
    /// Only accounts have one. It follows the row's version, not its second.
    etag: Option<String>,
    modified: Option<Millis>,
}

impl Seen {
    /// The conditions' view of a row.
    pub fn of(object: &ObjectSpec, row: &Row) -> Seen {
        let modified = object
            .system
            .last_modified_date
            .or(object.system.system_modstamp)
            .and_then(|slot| row.get(slot).as_datetime());
        let etag = (&*object.name == "Account").then(|| {
            let id = row.id(object.system.id).map_or([0; 18], crate::id::Id::to_18);
            let mut bytes = [0u8; 20];
            bytes[..12].copy_from_slice(&id[3..15]);
            bytes[12..].copy_from_slice(&row.commit().to_be_bytes());
            let mut etag = String::with_capacity(30);
            etag.push('"');
            STANDARD.encode_string(bytes, &mut etag);
            etag.push('"');
            etag
        });
        Seen { etag, modified }
    }
}

/// The answer to a read whose condition says that nothing new is to be had: 304, or 412.
pub fn read(call: &Call<'_>, seen: &Seen) -> Result<Option<Reply>, OrgError> {
    let headers = &call.entry.request.headers;
    if let Some(etag) = &seen.etag {
        if let Some(wanted) = headers.get("if-match")
            && !names(wanted, etag)
        {
            return Err(OrgError::precondition_failed());
        }
        if let Some(known) = headers.get("if-none-match") {
            if names(known, etag) {
                return Ok(Some(stamp(Reply::empty(304), seen)));
            }
            return Ok(None);
        }
    }
    let since = headers.get("if-modified-since").and_then(time::parse_http_date);
    if let (Some(since), Some(modified)) = (since, seen.modified) {
        let second = |ms: Millis| ms.div_euclid(1000);
        // A change in the second that still runs may hide behind an equal date, for as long as a
        // standing clock stands: then the row is sent.
        let settled = second(modified) < second(call.entry.now);
        if second(modified) <= second(since) && settled {
            return Ok(Some(stamp(Reply::empty(304), seen)));
        }
    }
    let limit = headers.get("if-unmodified-since").and_then(time::parse_http_date);
    if limit
        .zip(seen.modified)
        .is_some_and(|(limit, modified)| modified.div_euclid(1000) > limit / 1000)
    {
        return Err(OrgError::precondition_failed());
    }
    Ok(None)
}

/// Refuses a write whose condition does not hold.
pub fn write(call: &Call<'_>, seen: &Seen) -> Result<(), OrgError> {
    let headers = &call.entry.request.headers;
    for name in ["if-modified-since", "if-unmodified-since"] {
        let Some(text) = headers.get(name) else { continue };
        let Some(limit) = time::parse_http_date(text) else {
            return Err(OrgError::bad_conditional_header(name, text));
        };
        let changed_since =
            seen.modified.is_some_and(|at| at.div_euclid(1000) > limit.div_euclid(1000));
        if changed_since == (name == "if-unmodified-since") {
            return Err(OrgError::precondition_failed());
        }
    }
    let Some(etag) = &seen.etag else { return Ok(()) };
    let missed = headers.get("if-match").is_some_and(|wanted| !names(wanted, etag));
    let hit = headers.get("if-none-match").is_some_and(|known| names(known, etag));
    if missed || hit { Err(OrgError::precondition_failed()) } else { Ok(()) }
}

/// True when a header's list names the `ETag`, with or without the suffix of a compressed answer.
fn names(list: &str, etag: &str) -> bool {
    let bare = |tag: &str| {
        let tag = tag.trim().trim_start_matches("W/").trim_matches('"');
        tag.trim_end_matches("-gzip").trim_end_matches('-').to_owned()
    };
    let own = bare(etag);
    list.split(',').any(|tag| tag.trim() == "*" || bare(tag) == own)
}

/// Puts a row's validators on a reply.
pub fn stamp(mut reply: Reply, seen: &Seen) -> Reply {
    if let Some(etag) = &seen.etag {
        reply = reply.with("ETag", etag.clone());
        if let Some(modified) = seen.modified {
            let mut date = String::with_capacity(29);
            time::write_http_date(&mut date, modified);
            reply = reply.with("Last-Modified", date);
        }
    }
    reply
}
