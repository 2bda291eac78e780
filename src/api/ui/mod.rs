//! The User Interface API under `ui-api`: what Lightning-style clients and the mobile SDKs read.
//!
//! Everything follows from the schema table and the layouts that are made of it ([`layout`]): which
//! fields a request wants ([`wanted`]) becomes a tree, which [`record`] renders with raw and display
//! values. A body's `eTag` is a digest of its text, so the same content has the same tag.
//! Facts: the User Interface API Developer Guide and `reference/rest.md` §7.

mod defaults;
mod fault;
mod layout;
mod lists;
mod lookups;
mod object_info;
mod picklists;
mod record;
mod records;
mod related;
mod wanted;

use super::http::Method;
use super::keys::Keys;
use super::reply::{Format, Reply, Style};
use super::rest::{Call, Outcome};
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::schema::ObjectSpec;
use crate::soql::Context;
use crate::soql::exec::format::is_known;
use crate::store::{Row, RowNum};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;

/// The version in which the API came.
const SINCE: u32 = 41;

/// Objects of the schema that the API leaves out, as the guide's list of supported objects does.
static LEFT_OUT: &str = include_str!("../../../fixtures/ui-api-left-out.txt");

/// Resources of real orgs that are not emulated.
const NOT_EMULATED: [&str; 14] = [
    "actions",
    "apps",
    "app-usage",
    "aggregate-ui",
    "duplicates",
    "favorites",
    "list-object-info",
    "list-preferences",
    "nav-items",
    "predupe",
    "record-avatars",
    "related-list-preferences",
    "themes",
    "related-list-actions",
];

/// A call of this API.
#[derive(Clone, Copy)]
pub(super) struct Ui<'c> {
    call: &'c Call<'c>,
    context: &'c Context<'c>,
}

/// Answers a call; `path` is what follows `ui-api`.
pub(super) fn handle(call: &Call<'_>, path: &[&str]) -> Outcome {
    if call.version < SINCE {
        return Err(OrgError::not_found().into());
    }
    // The API speaks JSON alone.
    if Style::of(call.entry.request).format == Format::Xml {
        let accept = call.entry.request.headers.get("accept").unwrap_or_default();
        return Err(OrgError::not_acceptable(accept).into());
    }
    let org = &call.entry.org;
    let (user, now) = (call.session.user, call.entry.now);
    let context = Context::new(&call.state, &org.indexes, user, now, call.version);
    let ui = Ui { call, context: &context };
    match path {
        ["object-info"] => object_info::directory(ui),
        ["object-info", "batch", names] => object_info::batch(ui, names),
        ["object-info", name] => object_info::one(ui, name),
        ["object-info", name, "picklist-values", record_type] => {
            picklists::all(ui, name, record_type)
        }
        ["object-info", name, "picklist-values", record_type, field] => {
            picklists::one(ui, name, record_type, field)
        }
        ["records"] => records::collection(ui),
        ["records", "batch", ids] => records::batch(ui, ids),
        ["records", "batch"] | ["records", "content-documents", ..] => Err(refused(path)),
        ["records", id] => records::one(ui, id),
        ["records", id, "child-relationships", name] => records::children(ui, id, name),
        ["record-ui", ids] => layout::record_ui(ui, ids),
        ["layout", name] => layout::one(ui, name),
        ["record-defaults", "create", name] => defaults::create(ui, name),
        ["record-defaults", "clone", id] => defaults::clone(ui, id),
        ["record-defaults", "template", "create", name] => defaults::template_create(ui, name),
        ["record-defaults", "template", "clone", id] => defaults::template_clone(ui, id),
        ["list-info", "batch"] => lists::info_batch(ui),
        ["list-ui", rest @ ..] => lists::ui(ui, rest),
        ["list-info", rest @ ..] => lists::info(ui, rest),
        ["list-records", rest @ ..] => lists::records(ui, rest),
        ["mru-list-ui", name] => lists::ui(ui, &[name, lists::RECENT]),
        ["mru-list-info", name] => lists::info(ui, &[name, lists::RECENT]),
        ["mru-list-records", name] => lists::records(ui, &[name, lists::RECENT]),
        ["related-list-info", rest @ ..] => related::info(ui, rest),
        ["related-list-records", rest @ ..] => related::records(ui, rest),
        ["related-list-count", rest @ ..] => related::count(ui, rest),
        ["lookups", object, field] => lookups::handle(ui, object, field, None),
        ["lookups", object, field, target] => lookups::handle(ui, object, field, Some(target)),
        [name, ..] if NOT_EMULATED.contains(name) => Err(refused(path)),
        _ => Err(OrgError::not_found().into()),
    }
}

fn refused(path: &[&str]) -> Faults {
    let path = format!("ui-api/{}", path.join("/"));
    vec![OrgError::resource_not_emulated(&path)]
}

/// True for an object that the API serves.
pub(super) fn is_supported(object: &ObjectSpec) -> bool {
    object.flags.custom || !LEFT_OUT.lines().any(|name| name == &*object.name)
}

impl<'c> Ui<'c> {
    /// The call's version.
    fn version(self) -> u32 {
        self.call.version
    }

    /// Refuses all but GET and HEAD.
    fn reads_only(self) -> Result<(), Faults> {
        if self.call.reads() {
            return Ok(());
        }
        Err(OrgError::method_not_allowed(self.call.method.name(), "HEAD,GET").into())
    }

    /// The object of a name in the URL or a body.
    fn object(self, name: &str) -> Result<&'c Arc<ObjectSpec>, OrgError> {
        let object = self.call.object(name)?;
        if is_supported(object) {
            Ok(object)
        } else {
            Err(OrgError::ui_not_supported(&object.name))
        }
    }

    /// The live row of an id in the URL. `parameter` is the id's name in the guide.
    fn row(self, parameter: &str, text: &str) -> Result<Found<'c>, OrgError> {
        let id = Id::parse(text).map_err(|_| OrgError::ui_not_an_id(parameter, text))?;
        let found = self.context.state.resolve(id).ok_or_else(OrgError::not_found)?;
        let (object, number, row) = found;
        if !is_supported(object) {
            return Err(OrgError::ui_not_supported(&object.name));
        }
        Ok(Found { object, number, row, id })
    }

    /// What display values need: a locale whose formats are known.
    fn check_locale(self) -> Result<(), OrgError> {
        let name = &self.context.locale.name;
        if is_known(name) { Ok(()) } else { Err(OrgError::ui_locale_not_emulated(name)) }
    }

    /// A parameter that lists names with commas; empty when it is absent.
    fn list(self, parameter: &str) -> Vec<&'c str> {
        self.call.params.get(parameter).map(names).unwrap_or_default()
    }

    /// A parameter that is a whole number between two others.
    fn number(self, parameter: &str, usual: usize, least: usize, most: usize) -> NumberResult {
        let Some(text) = self.call.params.get(parameter) else { return Ok(usual) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| OrgError::ui_bad_parameter(parameter, text))
    }

    /// A parameter that is true or false.
    fn flag(self, parameter: &str) -> bool {
        self.call.params.get(parameter).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// The path of a resource of this API.
    fn url(self, rest: &str) -> String {
        format!("/services/data/v{}.0/ui-api/{rest}", self.version())
    }

    /// 200 with a body and its `ETag`; 304 when the client has it already.
    fn answer(self, text: String) -> Outcome {
        let etag = digest(&text);
        let known = self.call.entry.request.headers.get("if-none-match").unwrap_or_default();
        let bare = |tag: &str| {
            let tag = tag.trim().trim_start_matches("W/").trim_matches('"').to_owned();
            tag.trim_end_matches("-gzip").trim_end_matches('-').to_owned()
        };
        let is_known = known.split(',').any(|tag| bare(tag) == etag);
        let reply = if is_known && self.call.method != Method::Post {
            Reply::empty(304)
        } else {
            Reply::json(text, "response")
        };
        Ok(reply.with("ETag", format!("\"{etag}\"")))
    }
}

/// The value of a parameter that is a number.
type NumberResult = Result<usize, OrgError>;

/// A row that the URL names.
#[derive(Clone, Copy)]
struct Found<'c> {
    object: &'c Arc<ObjectSpec>,
    number: RowNum,
    row: &'c Row,
    id: Id,
}

/// Names between commas.
fn names(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// 32 hexadecimal digits that follow from a text.
fn digest(text: &str) -> String {
    let mut out = String::with_capacity(32);
    for byte in Sha256::digest(text.as_bytes()).iter().take(16) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// The place of an `eTag` in a text that is still being written.
struct Tag(usize);

/// Appends the key `eTag`; [`seal`] fills in its value when the object is closed.
fn tag(keys: &mut Keys<'_>) -> Tag {
    let out = keys.key("eTag");
    out.push('"');
    let at = out.len();
    out.push_str("00000000000000000000000000000000\"");
    Tag(at)
}

/// Fills in the `eTag` of the object that begins at `start`, and gives it.
fn seal(out: &mut String, start: usize, Tag(at): Tag) -> String {
    let digest = digest(&out[start..]);
    out.replace_range(at..at + digest.len(), &digest);
    digest
}

/// Appends `{"displayValue":null,"value":…}`; `push` appends the value.
fn undisplayed(out: &mut String, push: impl FnOnce(&mut String)) {
    out.push_str("{\"displayValue\":null,\"value\":");
    push(out);
    out.push('}');
}

/// The results of a batch: one of each item, with the status that it would have had alone. An item
/// that is not emulated refuses the batch as a whole, so that nobody overlooks it.
fn batch_results(
    out: &mut String,
    items: &[&str],
    has_errors_first: bool,
    push: impl Fn(&mut String, &str) -> Result<(), Faults>,
) -> Result<(), Faults> {
    let mut results = String::from("[");
    let mut failed = false;
    for item in items {
        if results.len() > 1 {
            results.push(',');
        }
        results.push_str("{\"result\":");
        let start = results.len();
        let status = match push(&mut results, item) {
            Ok(()) => 200,
            Err(faults) if faults.iter().any(|fault| fault.unsupported.is_some()) => {
                return Err(faults);
            }
            Err(faults) => {
                failed = true;
                results.truncate(start);
                results.push_str(&super::reply::faults_json(&faults));
                faults.first().map_or(500, |fault| fault.status)
            }
        };
        let _ = write!(results, ",\"statusCode\":{status}}}");
    }
    results.push(']');
    let mut keys = Keys::open(out);
    if has_errors_first {
        keys.flag("hasErrors", failed);
    }
    keys.raw("results", &results);
    keys.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn a_tag_follows_from_the_text_around_it() {
        let write = |name: &str| {
            let mut out = String::from("[");
            let start = out.len();
            let mut keys = Keys::open(&mut out);
            keys.text("apiName", name);
            let tag = tag(&mut keys);
            keys.raw("fields", "{}");
            keys.close();
            seal(&mut out, start, tag);
            out
        };
        assert_eq!(write("A"), write("A"));
        assert_ne!(write("A")[20..], write("B")[20..]);
        assert!(!write("A").contains("0000000000"), "{}", write("A"));
    }

    #[test]
    fn what_is_left_out_is_in_the_schema() {
        let schema = Schema::default();
        let mut sorted: Vec<&str> = LEFT_OUT.lines().collect();
        sorted.sort_unstable();
        assert_eq!(sorted, LEFT_OUT.lines().collect::<Vec<_>>());
        for name in LEFT_OUT.lines() {
            assert!(schema.by_name(name).is_some(), "{name}");
        }
    }
}
