//! A plain [`Response`] becomes hyper's: headers, coding, and the faults asked for.

use super::answer_body::AnswerBody;
use super::coding::{self, Coding};
use super::control::{Control, Working};
use crate::api::{HeaderText, Response, ResponseBody};
use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::cell::RefCell;
use std::sync::Arc;

/// Smaller bodies are not worth compressing.
const COMPRESS_FROM: usize = 1024;

/// Larger bodies are compressed on the pool.
const COMPRESS_INLINE_TO: usize = 64 * 1024;

/// A response whose coding is decided and whose body is in it.
pub(super) struct Prepared {
    response: Response,
    coding: Option<Coding>,
    /// True for a body of pieces for which nobody asked (HEAD).
    headers_only: bool,
}

/// Chooses the coding and encodes a body in memory. Slow for big bodies: see [`is_slow`].
pub(super) fn prepare(
    mut response: Response,
    accepts: Option<Coding>,
    headers_only: bool,
) -> Prepared {
    let coding = accepts.filter(|_| wants_coding(&response));
    let mut applied = None;
    if let Some(coding) = coding {
        match &mut response.body {
            ResponseBody::Bytes(bytes) => match coding::encode(coding, bytes) {
                Ok(encoded) => {
                    *bytes = encoded;
                    applied = Some(coding);
                }
                Err(error) => tracing::error!(%error, "an answer could not be compressed"),
            },
            ResponseBody::Pieces(_) => applied = Some(coding),
        }
    }
    Prepared { response, coding: applied, headers_only }
}

/// True when [`prepare`] would hold up the other connections of this thread.
pub(super) fn is_slow(response: &Response, accepts: Option<Coding>) -> bool {
    match &response.body {
        ResponseBody::Bytes(bytes) => {
            accepts.is_some() && bytes.len() > COMPRESS_INLINE_TO && wants_coding(response)
        }
        ResponseBody::Pieces(_) => false,
    }
}

fn wants_coding(response: &Response) -> bool {
    let is_long_enough = match &response.body {
        ResponseBody::Bytes(bytes) => bytes.len() >= COMPRESS_FROM,
        ResponseBody::Pieces(_) => true,
    };
    is_long_enough && !is_bodiless(response.status) && response.header("content-encoding").is_none()
}

/// True for the statuses that never have a body.
fn is_bodiless(status: u16) -> bool {
    matches!(status, 100..200 | 204 | 304)
}

/// Builds the answer. Its delay has been waited for, and it is not one to be dropped. `spent` are
/// the headers of the request: hyper passes one map from head to head, so taking theirs saves
/// allocating another.
pub(super) fn answer(
    prepared: Prepared,
    mut spent: HeaderMap,
    control: &Arc<Control>,
) -> hyper::Response<AnswerBody> {
    let Prepared { response, coding, headers_only } = prepared;
    let bodiless = is_bodiless(response.status);
    let body = match response.body {
        _ if bodiless => AnswerBody::Empty,
        ResponseBody::Bytes(bytes) => AnswerBody::whole(bytes),
        // Not even the first piece is made for a HEAD.
        ResponseBody::Pieces(_) if headers_only => {
            streamed(Box::new(std::iter::empty()), None, control.work())
        }
        ResponseBody::Pieces(pieces) => streamed(pieces, coding, control.work()),
    };
    let body = match response.transport.truncate {
        Some(left) => body.cut(left),
        None => body,
    };

    let mut answer = hyper::Response::new(body);
    *answer.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = answer.headers_mut();
    spent.clear();
    *headers = spent;
    headers.reserve(response.headers.len() + 2);
    let mut is_dated = false;
    for (name, value) in response.headers {
        let Some(name) = header_name(&name) else {
            tracing::error!(%name, "not a header name; left out");
            continue;
        };
        // Lengths belong to the edge, and an answer without body has no type.
        let is_left_out = name == header::CONTENT_LENGTH
            || name == header::TRANSFER_ENCODING
            || (bodiless && name == header::CONTENT_TYPE);
        if is_left_out {
            continue;
        }
        let value = if coding.is_some() && name == header::ETAG {
            coded_etag(&value).into()
        } else {
            value
        };
        is_dated |= name == header::DATE;
        headers.append(name, header_value(value));
    }
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    if !is_dated {
        headers.insert(header::DATE, system_date());
    }
    answer
}

fn streamed(pieces: coding::Pieces, coding: Option<Coding>, working: Working) -> AnswerBody {
    let pieces = match coding {
        Some(coding) => coding::encode_pieces(coding, pieces),
        None => pieces,
    };
    AnswerBody::streamed(pieces, working)
}

/// The `ETag` of a compressed answer: the suffix goes inside the quotes (rest.md §1.3).
fn coded_etag(etag: &str) -> String {
    match etag.strip_suffix('"') {
        Some(opened) => format!("{opened}-gzip\""),
        None => etag.to_owned(),
    }
}

/// A header name. The ones of nearly every answer are found without folding and hashing.
fn header_name(name: &str) -> Option<HeaderName> {
    const SFORCE_LIMIT_INFO: HeaderName = HeaderName::from_static("sforce-limit-info");
    const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");
    Some(match name {
        "Cache-Control" => header::CACHE_CONTROL,
        "Content-Security-Policy" => header::CONTENT_SECURITY_POLICY,
        "Content-Type" => header::CONTENT_TYPE,
        "Date" => header::DATE,
        "Location" => header::LOCATION,
        "Set-Cookie" => header::SET_COOKIE,
        "Sforce-Limit-Info" => SFORCE_LIMIT_INFO,
        "Strict-Transport-Security" => header::STRICT_TRANSPORT_SECURITY,
        "Vary" => header::VARY,
        "X-Content-Type-Options" => header::X_CONTENT_TYPE_OPTIONS,
        "X-Robots-Tag" => X_ROBOTS_TAG,
        "X-XSS-Protection" => header::X_XSS_PROTECTION,
        _ => return HeaderName::from_bytes(name.as_bytes()).ok(),
    })
}

/// A header value, taken over without a copy. Line breaks and other controls become blanks.
fn header_value(value: HeaderText) -> HeaderValue {
    let bytes = value.into_bytes();
    let bytes = if bytes.iter().any(u8::is_ascii_control) {
        let clean = bytes.iter().map(|b| if b.is_ascii_control() { b' ' } else { *b });
        clean.collect()
    } else {
        bytes
    };
    HeaderValue::from_maybe_shared(bytes).unwrap_or_else(|_| HeaderValue::from_static(""))
}

thread_local! {
    /// The second that was last asked for, and its text.
    static DATE: RefCell<Option<(i64, HeaderValue)>> = const { RefCell::new(None) };
}

/// The `Date` of answers to which the org gave none.
fn system_date() -> HeaderValue {
    let now = crate::clock::system_now();
    let second = now.div_euclid(1000);
    DATE.with_borrow_mut(|known| match known {
        Some((known, value)) if *known == second => value.clone(),
        _ => {
            let mut text = String::with_capacity(29);
            crate::time::write_http_date(&mut text, now);
            let value = header_value(text.into());
            *known = Some((second, value.clone()));
            value
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags_get_their_suffix_inside_the_quotes() {
        assert_eq!(coded_etag("\"U5iW=\""), "\"U5iW=-gzip\"");
        assert_eq!(coded_etag("W/\"baf7f695\""), "W/\"baf7f695-gzip\"");
        assert_eq!(coded_etag("bare"), "bare");
    }

    #[test]
    fn header_values_cannot_break_the_head() {
        assert_eq!(header_value("a\r\nb: c".into()), "a  b: c");
        assert_eq!(header_value("Zoë".into()).as_bytes(), "Zoë".as_bytes());
    }
}
