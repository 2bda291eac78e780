//! `POST /composite/batch`: up to 25 requests that do not know of each other, one after another.
//! `reference/rest.md` §5.2. Each counts as a request of its own and commits by itself.

use super::super::body;
use super::super::reply::Reply;
use super::super::rest::{self, Call, Outcome};
use super::super::{http::Method, json};
use super::nothing_nested;
use super::subrequest::{self, Answer, DATA, Ready, is_true};
use crate::error::OrgError;
use bytes::Bytes;
use std::borrow::Cow;

/// Most sub-requests.
const OPERATIONS: usize = 25;
/// The oldest version of a sub-request.
const OLDEST: u32 = 34;

/// A sub-request: its method, its URL from `/services/data` on, its body.
struct Part<'b> {
    method: Cow<'b, str>,
    url: String,
    body: Option<&'b str>,
}

/// Answers a batch.
pub(super) fn handle(call: &Call<'_>) -> Outcome {
    let bytes = call.entry.body();
    let text = subrequest::json_text(call, &bytes)?;
    let (parts, halts) = read(call, text)?;
    let mut answers: Vec<Answer> = Vec::with_capacity(parts.len());
    let mut failed = false;
    for (place, part) in parts.iter().enumerate() {
        if failed && halts {
            answers.push(Answer::refused(OrgError::batch_halted().into()));
            continue;
        }
        // The batch itself was counted as its first request.
        let answer = match place {
            0 => run(call, &bytes, part),
            _ => counted(call).unwrap_or_else(|| run(call, &bytes, part)),
        };
        failed |= answer.is_failure();
        answers.push(answer);
    }
    let mut out = String::with_capacity(answers.iter().map(|a| a.body.len() + 64).sum());
    out.push_str("{\"hasErrors\":");
    json::push_bool(&mut out, failed);
    out.push_str(",\"results\":[");
    for (place, answer) in answers.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        push(&mut out, answer);
    }
    out.push_str("]}");
    Ok(subrequest::hinted(Reply::json(out, "batchResults"), answers.iter()))
}

/// Counts a sub-request; the refusal when there were too many.
fn counted(call: &Call<'_>) -> Option<Answer> {
    let most = call.state.settings.daily_api_requests;
    let refused = call.entry.org.usage.take(call.entry.now, most).is_none();
    refused.then(|| Answer::refused(OrgError::request_limit_exceeded().into()))
}

fn run(call: &Call<'_>, bytes: &Bytes, part: &Part<'_>) -> Answer {
    let body = part.body.map_or_else(Bytes::new, |body| bytes.slice_ref(body.as_bytes()));
    let headers = subrequest::inherited(call);
    let ready = Ready { method: &part.method, url: &part.url, headers, body };
    subrequest::run(call, None, ready, nothing_nested)
}

/// Successes say the status first, failures last; a failure's errors are `errorCode` and `message`
/// and nothing else. Both as recorded.
fn push(out: &mut String, answer: &Answer) {
    if answer.faults.is_empty() {
        out.push_str("{\"statusCode\":");
        json::push_int(out, i64::from(answer.status));
        out.push_str(",\"result\":");
        out.push_str(&answer.body);
        out.push('}');
        return;
    }
    out.push_str("{\"result\":[");
    for (place, fault) in answer.faults.iter().enumerate() {
        out.push_str(if place == 0 { "{\"errorCode\":" } else { ",{\"errorCode\":" });
        json::push_str(out, &fault.code);
        out.push_str(",\"message\":");
        json::push_str(out, &fault.message);
        out.push('}');
    }
    out.push_str("],\"statusCode\":");
    json::push_int(out, i64::from(answer.status));
    out.push('}');
}

/// Reads the batch. A method or URL that is none refuses it as a whole, before anything is done.
fn read<'b>(call: &Call<'_>, text: &'b str) -> Result<(Vec<Part<'b>>, bool), OrgError> {
    if !text.starts_with('{') {
        body::json_object(text.as_bytes())?;
    }
    let (mut list, mut halts) = (None, false);
    for (name, value) in body::raw_members(text)? {
        match &*name {
            "batchRequests" => list = Some(value),
            "haltOnError" => halts = is_true(value),
            _ => {}
        }
    }
    let list = list.ok_or_else(|| OrgError::member_missing("batchRequests"))?;
    if !list.starts_with('[') {
        return Err(OrgError::member_misshapen("batchRequests"));
    }
    let entries = body::raw_list(list)?;
    if entries.len() > OPERATIONS {
        return Err(OrgError::too_many_operations(OPERATIONS));
    }
    let parts = entries.into_iter().map(|entry| read_part(call, entry));
    Ok((parts.collect::<Result<_, _>>()?, halts))
}

fn read_part<'b>(call: &Call<'_>, entry: &'b str) -> Result<Part<'b>, OrgError> {
    if !entry.starts_with('{') {
        return Err(OrgError::member_misshapen("batchRequests"));
    }
    let (mut method, mut url, mut body) = (None, None, None);
    for (name, value) in body::raw_members(entry)? {
        match &*name {
            "method" => method = Some(subrequest::string("method", value)?),
            "url" => url = Some(subrequest::string("url", value)?),
            "richInput" if value != "null" => body = Some(value),
            _ => {}
        }
    }
    let method = method.ok_or_else(|| OrgError::member_missing("method"))?;
    let url = url.ok_or_else(|| OrgError::member_missing("url"))?;
    // `Get` is how the older batches of Chatter write it.
    let method: Cow<'b, str> = match method.to_ascii_uppercase() {
        upper if Method::parse(&upper).is_some() => Cow::Owned(upper),
        _ => return Err(OrgError::batch_misshapen("method", &method)),
    };
    let rest = url.strip_prefix(DATA).unwrap_or_else(|| url.strip_prefix('/').unwrap_or(&url));
    let version = rest.split(['/', '?']).next().unwrap_or_default();
    match rest::served(version) {
        Ok(OLDEST..) if rest::served(version).is_ok_and(|v| v <= call.version) => {}
        Ok(_) => return Err(OrgError::batch_version(version)),
        Err(_) => return Err(OrgError::batch_misshapen("url", &url)),
    }
    Ok(Part { method, url: [DATA, rest].concat(), body })
}
