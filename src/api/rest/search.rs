//! `search` and what describes searches: result layouts, scope and order. `reference/rest.md` §4.5,
//! §4.7.

use super::super::keys::{Keys, list};
use super::super::reply::Reply;
use super::super::{json, search_json};
use super::{Call, Outcome};
use crate::error::{Faults, OrgError};
use crate::schema::{ObjectSpec, Schema};
use crate::soql::Context;
use crate::sosl::{self, SearchResult, scope};
use std::borrow::Cow;
use std::fmt::Write as _;

/// `GET /search?q=FIND {…}`.
pub(super) fn search(call: &Call<'_>) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let text = call.params.get("q").ok_or_else(OrgError::no_search_term)?;
    answer(call, text)
}

/// Runs a search and answers with what it found.
pub(super) fn answer(call: &Call<'_>, text: &str) -> Outcome {
    let found = find(call, text)?;
    let rows: usize = found.objects.iter().map(|found| found.records.row_count()).sum();
    let mut out = String::with_capacity(64 + rows * 192);
    search_json::result(&mut out, &found, call.version);
    Ok(Reply::json(out, "SearchResult"))
}

/// Runs a search.
pub(super) fn find(call: &Call<'_>, text: &str) -> Result<SearchResult, Faults> {
    let org = &call.entry.org;
    let user = call.session.user;
    let context = Context::new(&call.state, &org.indexes, user, call.entry.now, call.version);
    Ok(sosl::search(text, &context, &org.words)?)
}

/// A column of a result page: the field's object, the path to it, a label of its own.
type Column = (&'static str, &'static str, Option<&'static str>);

/// The columns of the objects whose layouts the REST guide shows; other objects show their name.
const LAYOUTS: [(&str, &[Column]); 3] = [
    (
        "Account",
        &[
            ("Account", "Name", None),
            ("Account", "Site", None),
            ("Account", "Phone", Some("Phone")),
            ("User", "Owner.Alias", Some("Account Owner Alias")),
        ],
    ),
    (
        "Contact",
        &[
            ("Contact", "Name", Some("Name")),
            ("Account", "Account.Name", None),
            ("Account", "Account.Site", None),
            ("Contact", "Phone", Some("Phone")),
            ("Contact", "Email", None),
            ("User", "Owner.Alias", Some("Contact Owner Alias")),
        ],
    ),
    (
        "Lead",
        &[
            ("Lead", "Name", Some("Name")),
            ("Lead", "Title", None),
            ("Lead", "Phone", Some("Phone")),
            ("Lead", "Company", None),
            ("Lead", "Email", None),
            ("Lead", "toLabel(Status)", Some("Lead Status")),
            ("Name", "Owner.Alias", Some("Owner Alias")),
        ],
    ),
];

/// Most objects of one request for layouts.
const MOST_LAYOUTS: usize = 100;

/// `GET /search/layout?q=Account,Contact`.
pub(super) fn layout(call: &Call<'_>) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let names = call.params.get("q").unwrap_or_default();
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    let objects = names.map(|name| call.object(name)).collect::<Result<Vec<_>, _>>()?;
    if objects.is_empty() {
        return Err(OrgError::parameter_missing("q").into());
    }
    if objects.len() > MOST_LAYOUTS {
        return Err(OrgError::too_many_in_query("search layouts", MOST_LAYOUTS).into());
    }
    let mut out = String::from("[");
    for (at, object) in objects.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push_layout(&mut out, &call.state.schema, object);
    }
    out.push(']');
    Ok(Reply::json(out, "SearchLayouts"))
}

fn push_layout(out: &mut String, schema: &Schema, object: &ObjectSpec) {
    let known = LAYOUTS.iter().find(|(name, _)| *name == &*object.name);
    let mut keys = Keys::open(out);
    keys.text("label", "Search Results");
    keys.number("limitRows", 25);
    if let Some((_, columns)) = known {
        list(&mut keys, "searchColumns", columns.iter(), |out, column| {
            let (of, path, label) = column;
            let leaf = path.rsplit(['.', '(']).next().unwrap_or(path).trim_end_matches(')');
            let own = || {
                let (_, field) = schema.by_name(of)?.field(leaf)?;
                Some(field.label.to_string())
            };
            let label = label.map(ToOwned::to_owned).or_else(own).unwrap_or_default();
            push_column(out, of, leaf, path, &label);
        });
    } else {
        let slot = object.name_slot.unwrap_or(object.system.id);
        list(&mut keys, "searchColumns", std::iter::once(object.at(slot)), |out, field| {
            push_column(out, &object.name, &field.name, &field.name, &field.label);
        });
    }
    keys.close();
}

fn push_column(out: &mut String, object: &str, leaf: &str, path: &str, label: &str) {
    let mut keys = Keys::open(out);
    keys.text("field", &format!("{object}.{leaf}"));
    keys.raw("format", "null");
    keys.text("label", label);
    keys.text("name", path);
    keys.close();
}

/// `GET /search/scopeOrder`: the objects that a global search looks at, in its order.
pub(super) fn scope_order(call: &Call<'_>) -> Outcome {
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    let mut out = String::from("[");
    for header in scope::default_objects(&call.state.schema) {
        if !header.flags.search_layoutable {
            continue;
        }
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str("{\"type\":");
        json::push_str(&mut out, header.name);
        let version = call.version;
        let _ = write!(
            out,
            ",\"url\":\"/services/data/v{version}.0/sobjects/{}/describe\"}}",
            header.name
        );
    }
    out.push(']');
    Ok(Reply::json(out, "SearchScopeOrder"))
}

/// A plain search string as it stands between the braces of `FIND`: wildcards, quotes, parentheses
/// and escapes keep their meaning, what else is reserved is escaped.
pub(super) fn braced(text: &str) -> Cow<'_, str> {
    let special = |c: char| "{}&|![]^~:'+-".contains(c);
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut escaped = false;
    for c in text.chars() {
        if special(c) && !escaped {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    Cow::Owned(out)
}
