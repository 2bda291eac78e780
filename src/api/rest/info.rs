//! Facts about the org: limits, counts, recent records, tabs, theme. `reference/rest.md` §6.

use super::super::json;
use super::super::reply::Reply;
use super::{Call, Outcome, discovery};
use crate::store::{DAILY_API_REQUESTS, LIMITS};
use std::fmt::Write as _;

/// `/limits`.
pub fn limits(call: &Call<'_>) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let (settings, usage) = (&call.state.settings, &call.entry.org.usage);
    let mut out = String::with_capacity(4096);
    for limit in LIMITS {
        let (first, last) = limit.versions;
        let set = settings.limits.get(limit.name).copied();
        let Some(max) = set.or(limit.usual).filter(|_| (first..=last).contains(&call.version))
        else {
            continue;
        };
        let (max, used) = match limit.name {
            DAILY_API_REQUESTS => (settings.daily_api_requests, usage.used(call.entry.now)),
            // Nothing here uses up any of the others.
            _ => (max, 0),
        };
        let remaining = max.saturating_sub(used);
        out.push(if out.is_empty() { '{' } else { ',' });
        let _ = write!(out, "\"{}\":{{\"Max\":{max},\"Remaining\":{remaining}", limit.name);
        if limit.name == "PermissionSets" {
            out.push_str(",\"CreateCustom\":{\"Max\":1000,\"Remaining\":1000}");
        }
        out.push('}');
    }
    out.push('}');
    Ok(Reply::json(out, "LimitsSnapshot"))
}

/// `/limits/recordCount?sObjects=A,B`; objects that nobody knows are left out.
pub fn record_count(call: &Call<'_>) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let schema = &call.state.schema;
    let mut counted: Vec<(String, u32)> = Vec::new();
    match call.params.get("sObjects") {
        Some(names) => {
            for name in names.split(',').map(str::trim) {
                if let Some(object) = schema.by_name(name) {
                    counted.push((object.name.to_string(), call.state.table(object.id).live()));
                }
            }
        }
        None => {
            for object in call.state.objects_with_rows() {
                let count = call.state.table(object).live();
                counted.push((schema.object(object).name.to_string(), count));
            }
            counted.sort();
        }
    }
    let mut out = String::from("{\"sObjects\":[");
    for (place, (name, count)) in counted.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        let _ = write!(out, "{{\"count\":{count},\"name\":");
        json::push_str(&mut out, name);
        out.push('}');
    }
    out.push_str("]}");
    Ok(Reply::json(out, "RecordCount"))
}

/// `/recent?limit=N`: what the user made or viewed last.
pub fn recent(call: &Call<'_>) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let most = call.params.get("limit").and_then(|text| text.parse().ok()).unwrap_or(200);
    let mut out = String::from("[");
    for id in call.state.recent(call.session.user).take(most) {
        discovery::push_recent(&mut out, call, id);
    }
    out.push(']');
    Ok(Reply::json(out, "RecentItems"))
}

/// Tabs that every new org shows: label, object, colour, icon.
const TABS: &[(&str, &str, &str, &str)] = &[
    ("Accounts", "Account", "236FBD", "account"),
    ("Contacts", "Contact", "56458C", "contact"),
    ("Leads", "Lead", "E36B00", "lead"),
    ("Opportunities", "Opportunity", "E4BA00", "opportunity"),
    ("Cases", "Case", "BBAB06", "case"),
];

/// `/tabs`.
pub fn tabs(call: &Call<'_>) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let base = call.entry.base_url();
    let mut out = String::from("[");
    for (label, object, color, icon) in TABS {
        let Some(spec) = call.state.schema.by_name(object) else { continue };
        if out.len() > 1 {
            out.push(',');
        }
        let prefix = String::from_utf8_lossy(&spec.key_prefix);
        let _ = write!(
            out,
            "{{\"colors\":[{{\"color\":\"{color}\",\"context\":\"primary\",\"theme\":\"theme3\"}}],\
             \"custom\":false,\"iconUrl\":\"{base}/img/icon/{icon}32.png\",\"icons\":[{{\
             \"contentType\":\"image/png\",\"height\":32,\"theme\":\"theme3\",\
             \"url\":\"{base}/img/icon/{icon}32.png\",\"width\":32}}],\"label\":\"{label}\",\
             \"miniIconUrl\":\"{base}/img/icon/{icon}16.png\",\"name\":\"standard-{object}\",\
             \"sobjectName\":\"{object}\",\"url\":\"{base}/{prefix}/o\"}}"
        );
    }
    out.push(']');
    Ok(Reply::json(out, "Tabs"))
}

/// `/theme`.
pub fn theme(call: &Call<'_>) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let base = call.entry.base_url();
    let mut out = String::from("{\"themeItems\":[");
    for (place, (_, object, color, icon)) in TABS.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        let _ = write!(
            out,
            "{{\"colors\":[{{\"color\":\"{color}\",\"context\":\"primary\",\"theme\":\"theme3\"}}],\
             \"icons\":[{{\"contentType\":\"image/png\",\"height\":32,\"theme\":\"theme3\",\
             \"url\":\"{base}/img/icon/{icon}32.png\",\"width\":32}}],\"name\":\"{object}\"}}"
        );
    }
    out.push_str("]}");
    Ok(Reply::json(out, "ThemeItems"))
}
