//! getUpdated and getDeleted. `reference/rest.md` §3.8.

use super::super::json;
use super::super::render;
use super::super::reply::Reply;
use super::{Call, Outcome};
use crate::clock::Millis;
use crate::error::OrgError;
use crate::schema::ObjectSpec;
use crate::time::{self, DAY};
use std::sync::Arc;

const UPDATED_DAYS: Millis = 30;
const DELETED_DAYS: Millis = 15;
const MINUTE: Millis = 60_000;

/// A span of whole seconds, as the caller gave it.
struct Span {
    start: Millis,
    end: Millis,
}

fn span(call: &Call<'_>, days: Millis) -> Result<Span, OrgError> {
    let instant = |name: &str| {
        let text = call.params.get(name).ok_or_else(|| OrgError::parameter_missing(name))?;
        // A `+` of the zone that was not percent-encoded arrives as a blank.
        let text = text.replace(' ', "+");
        let ms =
            time::parse_datetime(&text).ok_or_else(|| OrgError::not_a_datetime(name, &text))?;
        Ok::<Millis, OrgError>(ms.div_euclid(1000) * 1000)
    };
    let (start, end) = (instant("start")?, instant("end")?);
    if start >= end {
        return Err(OrgError::invalid_replication_date("endDate must be greater than startDate"));
    }
    if start < call.entry.now - days * DAY {
        let text = match days {
            DELETED_DAYS => "startDate must be within 15 days",
            _ => "startDate must be within 30 days",
        };
        return Err(OrgError::invalid_replication_date(text));
    }
    Ok(Span { start, end })
}

fn replicated<'c>(call: &'c Call<'_>, name: &str) -> Result<&'c Arc<ObjectSpec>, OrgError> {
    let object = call.object(name)?;
    if object.flags.replicateable {
        Ok(object)
    } else {
        Err(OrgError::not_replicated(&object.name))
    }
}

/// `/sobjects/X/updated`: ids of rows created or changed in the span.
pub fn updated(call: &Call<'_>, name: &str) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let object = replicated(call, name)?;
    let span = span(call, UPDATED_DAYS)?;
    let stamp = object.system.system_modstamp.or(object.system.last_modified_date);
    let mut out = String::from("{\"ids\":[");
    let mut first = true;
    for (_, row) in call.state.table(object.id).live_rows() {
        let at = stamp.and_then(|slot| row.get(slot).as_datetime());
        let Some(id) = row.id(object.system.id) else { continue };
        if at.is_some_and(|at| at >= span.start && at < span.end) {
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            out.push('"');
            render::push_id(&mut out, id);
            out.push('"');
        }
    }
    out.push_str("],\"latestDateCovered\":");
    json::push_str(&mut out, &time::datetime_text(covered(call, &span)));
    out.push('}');
    Ok(Reply::json(out, object.name.to_string()))
}

/// `/sobjects/X/deleted`: ids and times of rows deleted in the span and not undeleted.
pub fn deleted(call: &Call<'_>, name: &str) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let object = replicated(call, name)?;
    let span = span(call, DELETED_DAYS)?;
    if span.end - span.start < MINUTE {
        let text = "endDate must be at least one minute greater than startDate";
        return Err(OrgError::invalid_replication_date(text).into());
    }
    let mut out = String::from("{\"deletedRecords\":[");
    for (place, stone) in call.state.table(object.id).buried(span.start, span.end).enumerate() {
        if place > 0 {
            out.push(',');
        }
        out.push_str("{\"id\":\"");
        render::push_id(&mut out, stone.id);
        out.push_str("\",\"deletedDate\":");
        json::push_str(&mut out, &time::datetime_text(stone.at.div_euclid(1000) * 1000));
        out.push('}');
    }
    out.push_str("],\"earliestDateAvailable\":");
    let earliest = (call.entry.now - DELETED_DAYS * DAY).div_euclid(MINUTE) * MINUTE;
    json::push_str(&mut out, &time::datetime_text(earliest));
    out.push_str(",\"latestDateCovered\":");
    json::push_str(&mut out, &time::datetime_text(covered(call, &span)));
    out.push('}');
    Ok(Reply::json(out, object.name.to_string()))
}

/// How far the answer reaches: never beyond now.
fn covered(call: &Call<'_>, span: &Span) -> Millis {
    span.end.min(call.entry.now.div_euclid(1000) * 1000)
}
