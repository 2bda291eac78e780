//! What there is: versions, resources, describes, layouts. `reference/rest.md` §2.

use super::super::reply::{Body, Reply};
use super::super::{describe, json, layouts, render};
use super::{Call, NEWEST, OLDEST, Outcome, RESOURCES};
use crate::error::OrgError;
use crate::id::Id;
use crate::schema::ObjectSpec;
use crate::time;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

/// The list of versions, ascending.
pub fn versions() -> Reply {
    static LIST: LazyLock<String> = LazyLock::new(|| {
        let entry = |version: u32| {
            format!(
                "{{\"label\":\"{}\",\"url\":\"/services/data/v{version}.0\",\
                 \"version\":\"{version}.0\"}}",
                label(version)
            )
        };
        let entries: Vec<String> = (OLDEST..=NEWEST).map(entry).collect();
        format!("[{}]", entries.join(","))
    });
    Reply::json(LIST.clone(), "Versions")
}

/// `Summer '14`, `Winter '15`, `Spring '15`, … Version 42.0's apostrophe is typographic, as recorded.
fn label(version: u32) -> String {
    let season = match version % 3 {
        1 => "Summer",
        2 => "Winter",
        _ => "Spring",
    };
    let year = 14 + (version - 31).div_ceil(3);
    let apostrophe = if version == 42 { '\u{2019}' } else { '\'' };
    format!("{season} {apostrophe}{year}")
}

/// The resources of a version.
pub fn resources(call: &Call<'_>) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let version = call.version;
    let mut out = String::with_capacity(2048);
    for (place, name) in RESOURCES.iter().enumerate() {
        out.push(if place == 0 { '{' } else { ',' });
        json::push_str(&mut out, name);
        out.push(':');
        if *name == "identity" {
            let org = call.entry.org.id;
            let url = format!("{}/id/{org}/{}", call.entry.base_url(), call.session.user);
            json::push_str(&mut out, &url);
        } else {
            let _ = write!(out, "\"/services/data/v{version}.0/{name}\"");
        }
    }
    out.push('}');
    Ok(Reply::json(out, "urls"))
}

/// Validators of what is derived from the schema: an `ETag` of eight hex digits and the instant at
/// which the schema last changed.
struct Validators {
    etag: String,
    modified: String,
    not_modified: bool,
}

fn validators(call: &Call<'_>, what: &str) -> Validators {
    let schema = &call.state.schema;
    let mut hash: u32 = 0x811c_9dc5;
    let seed = format!("{what} {} {:?} {}", call.version, schema.features(), schema.generation());
    for byte in seed.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    let etag = format!("\"{hash:08x}\"");
    let changed = call.state.schema_changed;
    let mut modified = String::with_capacity(29);
    time::write_http_date(&mut modified, changed);
    let headers = &call.entry.request.headers;
    let not_modified = match headers.get("if-none-match") {
        Some(known) => {
            known.split(',').any(|tag| tag.trim().replace("-gzip", "").replace('-', "") == etag)
        }
        None => headers
            .get("if-modified-since")
            .and_then(time::parse_http_date)
            .is_some_and(|since| changed.div_euclid(1000) <= since.div_euclid(1000)),
    };
    Validators { etag, modified, not_modified }
}

/// Answers with a body derived from the schema, or 304.
pub fn derived(call: &Call<'_>, what: &str, root: &str, make: impl FnOnce(&mut String)) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let validators = validators(call, what);
    let reply = if validators.not_modified {
        Reply::empty(304)
    } else {
        let mut out = String::with_capacity(64 * 1024);
        make(&mut out);
        Reply { status: 200, body: Body::Compact(out, root.to_owned().into()), headers: Vec::new() }
    };
    Ok(reply.with("ETag", validators.etag).with("Last-Modified", validators.modified))
}

/// `/sobjects`.
pub fn global(call: &Call<'_>) -> Outcome {
    derived(call, "global", "DescribeGlobal", |out| {
        describe::global(out, &call.state.schema, call.version);
    })
}

/// `GET /sobjects/X`.
pub fn basic_info(call: &Call<'_>, object: &Arc<ObjectSpec>) -> Outcome {
    let mut items = String::from("[");
    for id in call.state.recent(call.session.user).filter(|id| id.prefix() == object.key_prefix) {
        push_recent(&mut items, call, id);
    }
    items.push(']');
    let mut out = String::with_capacity(2048);
    describe::basic_info(&mut out, object, call.version, &items);
    Ok(Reply::json(out, object.name.to_string()))
}

/// Appends a recent item to a list: attributes, Id, and the object's name field.
pub fn push_recent(out: &mut String, call: &Call<'_>, id: Id) {
    let Some((object, _, row)) = call.state.resolve(id) else { return };
    if !out.ends_with('[') {
        out.push(',');
    }
    let mut slots = vec![object.system.id];
    slots.extend(object.name_slot.filter(|slot| *slot != object.system.id));
    render::push_row_fields(out, object, row, &slots, call.version);
}

/// `/sobjects/X/describe`.
pub fn describe(call: &Call<'_>, name: &str) -> Outcome {
    let object = call.object(name)?;
    derived(call, &object.name, "DescribeSObject", |out| {
        describe::sobject(out, &call.state.schema, object, call.version, &call.entry.base_url());
    })
}

/// `/sobjects/X/describe/{layouts…}`.
pub fn layouts(call: &Call<'_>, name: &str, path: &[&str]) -> Outcome {
    let schema = &call.state.schema;
    if name.eq_ignore_ascii_case("Global") && path == ["layouts"] {
        return derived(call, "global layouts", "DescribeLayout", layouts::global_publisher);
    }
    let object = call.object(name)?;
    let what = format!("{} {}", object.name, path.join("/"));
    let (flags, version) = (object.flags, call.version);
    let root = "DescribeLayout";
    match path {
        ["layouts"] if flags.layoutable => {
            derived(call, &what, root, |out| layouts::layouts(out, schema, object, version))
        }
        ["layouts", id]
            if flags.layoutable
                && object.record_types.iter().any(|info| is_same_id(&info.record_type_id, id)) =>
        {
            derived(call, &what, root, |out| layouts::layout(out, schema, object))
        }
        ["namedLayouts", layout]
            if object.named_layouts.iter().any(|own| own.eq_ignore_ascii_case(layout)) =>
        {
            derived(call, &what, root, |out| layouts::layouts(out, schema, object, version))
        }
        ["compactLayouts"] if flags.compact_layoutable => derived(call, &what, root, |out| {
            layouts::compact_layouts(out, schema, object, version);
        }),
        ["compactLayouts", "primary"] if flags.compact_layoutable => {
            derived(call, &what, root, |out| layouts::primary_compact_layout(out, schema, object))
        }
        ["approvalLayouts"] if flags.layoutable => {
            derived(call, &what, root, layouts::approval_layouts)
        }
        _ => Err(OrgError::not_found().into()),
    }
}

/// True when two texts are the same id, 15 or 18 characters long.
fn is_same_id(left: &str, right: &str) -> bool {
    matches!((Id::parse(left), Id::parse(right)), (Ok(left), Ok(right)) if left == right)
}

/// `/compactLayouts?q=Account,Contact`.
pub fn compact_layouts(call: &Call<'_>) -> Outcome {
    let names = call.params.get("q").unwrap_or_default();
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    let objects = names.map(|name| call.object(name)).collect::<Result<Vec<_>, _>>()?;
    let objects: Vec<&ObjectSpec> = objects.into_iter().map(AsRef::as_ref).collect();
    derived(call, "compactLayouts", "CompactLayouts", |out| {
        layouts::compact_layouts_of(out, &call.state.schema, &objects);
    })
}
