//! `/sobjects/X/listviews…`: the list views that an object has from the start, what they are made of
//! and what they show. `reference/rest.md` §2.6.

use super::super::json::push_str;
use super::super::keys::{Keys, list};
use super::super::list_views::{self, Column, HIDDEN, ListView, OrderKey, Scope, VIEWED, value_at};
use super::super::reply::Reply;
use super::{Call, Outcome};
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::schema::{FieldType, ObjectSpec};
use crate::soql::Context;
use crate::store::Row;
use crate::time;
use crate::value::{Value, java_double};
use std::sync::Arc;

/// How many records a page shows unless the request says otherwise, and at most.
const USUAL: usize = 25;
const MOST: usize = 2000;

/// Answers a call; `path` is what follows `listviews`.
pub(super) fn handle(call: &Call<'_>, name: &str, path: &[&str]) -> Outcome {
    let object = call.object(name)?;
    if !call.reads() {
        return call.only("HEAD,GET");
    }
    match path {
        [] => Ok(collection(call, object, &list_views::of(object))),
        ["recent"] => {
            let used = list_views::used(&call.state, object, call.session.user);
            Ok(collection(call, object, &used))
        }
        [id, rest @ ..] => {
            let id = Id::parse(id).map_err(|_| OrgError::not_found())?;
            let view = list_views::of(object).into_iter().find(|view| view.id == id);
            let view = view.ok_or_else(OrgError::not_found)?;
            match rest {
                [] => {
                    let mut out = String::with_capacity(512);
                    push(&mut out, call, object, &view);
                    Ok(Reply::json(out, "ListView"))
                }
                ["describe"] => Ok(describe(call, object, &view)),
                ["results"] => results(call, object, &view),
                _ => Err(OrgError::not_found().into()),
            }
        }
    }
}

/// Appends a view's names and links.
fn push(out: &mut String, call: &Call<'_>, object: &ObjectSpec, view: &ListView) {
    let url = format!(
        "/services/data/v{}.0/sobjects/{}/listviews/{}",
        call.version, object.name, view.id
    );
    let mut keys = Keys::open(out);
    keys.text("describeUrl", &format!("{url}/describe"));
    keys.text("developerName", &view.name);
    keys.text("id", &view.id.to_string());
    keys.text("label", &view.label);
    keys.text("resultsUrl", &format!("{url}/results"));
    keys.flag("soqlCompatible", true);
    keys.text("url", &url);
    keys.close();
}

fn collection(call: &Call<'_>, object: &ObjectSpec, views: &[ListView]) -> Reply {
    let mut out = String::with_capacity(512 * views.len() + 128);
    let mut keys = Keys::open(&mut out);
    keys.flag("done", true);
    list(&mut keys, "listviews", views.iter(), |out, view| push(out, call, object, view));
    keys.raw("nextRecordsUrl", "null");
    keys.number("size", views.len() as u32);
    keys.text("sobjectType", &object.name);
    keys.close();
    Reply::json(out, "listviews")
}

/// The columns of an object's views with their labels; the last ones are not shown.
fn columns(call: &Call<'_>, object: &Arc<ObjectSpec>) -> Vec<(Column, bool)> {
    let schema = &call.state.schema;
    let shown = list_views::columns(schema, object).into_iter().map(|column| (column, false));
    let mut columns: Vec<(Column, bool)> = shown.collect();
    for path in HIDDEN {
        if !columns.iter().any(|(column, _)| column.path == path) {
            columns.extend(Column::of(schema, object, path).map(|column| (column, true)));
        }
    }
    columns
}

/// Appends the key `columns`.
fn push_columns(keys: &mut Keys<'_>, columns: &[(Column, bool)], order: &[OrderKey]) {
    list(keys, "columns", columns.iter(), |out, (column, hidden)| {
        let field = column.field();
        let sortable = field.sortable && !hidden;
        // The guide's own examples head an ascending column with `Z-A`.
        let labels = match field.kind {
            _ if !sortable => None,
            FieldType::Picklist | FieldType::MultiPicklist => Some(("Low to High", "High to Low")),
            FieldType::Phone
            | FieldType::Int
            | FieldType::Double
            | FieldType::Currency
            | FieldType::Percent => Some(("9-0", "0-9")),
            FieldType::Date | FieldType::DateTime => Some(("New to Old", "Old to New")),
            _ => Some(("Z-A", "A-Z")),
        };
        let place = order.iter().position(|(path, _)| *path == column.path && !hidden);
        let mut keys = Keys::open(out);
        keys.optional("ascendingLabel", labels.map(|(ascending, _)| ascending));
        keys.optional("descendingLabel", labels.map(|(_, descending)| descending));
        keys.text("fieldNameOrPath", &column.path);
        keys.flag("hidden", *hidden);
        keys.text("label", &column.label);
        keys.text("selectListItem", &select_item(column));
        let direction = place.map(|place| if order[place].1 { "descending" } else { "ascending" });
        keys.optional("sortDirection", direction);
        match place {
            Some(place) => keys.number("sortIndex", place as u32),
            None => keys.raw("sortIndex", "null"),
        }
        keys.flag("sortable", sortable);
        keys.text("type", field.kind.name());
        keys.close();
    });
}

/// How a column is selected: picklists by their labels.
fn select_item(column: &Column) -> String {
    if list_views::is_labelled(column.field()) {
        return format!("toLabel({})", column.path);
    }
    column.path.clone()
}

/// The order of a view: what was used last comes in the order of its use.
fn order_of(object: &ObjectSpec, view: &ListView) -> Vec<OrderKey> {
    match view.scope {
        Scope::Recent => vec![(VIEWED.to_owned(), true)],
        Scope::All | Scope::Mine => list_views::usual_order(object),
    }
}

/// `…/describe`.
fn describe(call: &Call<'_>, object: &Arc<ObjectSpec>, view: &ListView) -> Reply {
    let columns = columns(call, object);
    let order = order_of(object, view);
    let selected: Vec<String> =
        columns.iter().map(|(column, _)| select_item(column).to_lowercase()).collect();
    let using = if view.scope == Scope::Mine { " USING SCOPE mine" } else { "" };
    let scope = if view.scope == Scope::Mine { Scope::All } else { view.scope };
    let clauses = list_views::clauses(scope, call.session.user, &order);
    let query = format!("SELECT {} FROM {}{using}{clauses}", selected.join(", "), object.name);
    let mut out = String::with_capacity(4096);
    let mut keys = Keys::open(&mut out);
    push_columns(&mut keys, &columns, &order);
    keys.text("id", view.id.as_15());
    list(&mut keys, "orderBy", order.iter(), |out, (path, descends)| {
        let mut keys = Keys::open(out);
        keys.text("fieldNameOrPath", path);
        keys.text("nullsPosition", if *descends { "last" } else { "first" });
        keys.text("sortDirection", if *descends { "descending" } else { "ascending" });
        keys.close();
    });
    keys.text("query", &query);
    keys.optional("scope", (view.scope == Scope::Mine).then_some("mine"));
    keys.text("sobjectType", &object.name);
    if view.scope == Scope::Recent {
        let condition = r#"{"field":"LastViewedDate","operator":"notEquals","values":["null"]}"#;
        keys.raw("whereCondition", condition);
    } else {
        keys.raw("whereCondition", r#"{"conditions":[],"conjunction":"and"}"#);
    }
    keys.close();
    Reply::json(out, "ListViewDescribe")
}

/// `…/results?limit=…&offset=…`.
fn results(call: &Call<'_>, object: &Arc<ObjectSpec>, view: &ListView) -> Outcome {
    let limit = number(call, "limit", USUAL)?.clamp(1, MOST);
    let offset = number(call, "offset", 0)?;
    let org = &call.entry.org;
    let (user, now) = (call.session.user, call.entry.now);
    let context = Context::new(&call.state, &org.indexes, user, now, call.version);
    let ids = list_views::ids(&context, object, view.scope, None)?;
    let columns = columns(call, object);
    let rows: Vec<&Row> = ids
        .iter()
        .skip(offset)
        .take(limit)
        .filter_map(|id| call.state.live_row(object, *id))
        .map(|(_, row)| row)
        .collect();
    let mut out = String::with_capacity(1024 + rows.len() * 1024);
    let mut keys = Keys::open(&mut out);
    push_columns(&mut keys, &columns, &order_of(object, view));
    keys.text("developerName", &view.name);
    keys.flag("done", offset + rows.len() >= ids.len());
    keys.text("id", view.id.as_15());
    keys.text("label", &view.label);
    list(&mut keys, "records", rows.iter(), |out, row| {
        let mut keys = Keys::open(out);
        list(&mut keys, "columns", columns.iter(), |out, (column, _)| {
            let mut keys = Keys::open(out);
            keys.text("fieldNameOrPath", &column.path);
            push_value(keys.key("value"), call, object, row, &column.path);
            keys.close();
        });
        keys.close();
    });
    keys.number("size", rows.len() as u32);
    keys.close();
    let key = list_views::views_of(user);
    call.change(|state| state.remember_viewed(key, view.id));
    Ok(Reply::json(out, "ListViewResults"))
}

fn number(call: &Call<'_>, name: &str, usual: usize) -> Result<usize, Faults> {
    let Some(text) = call.params.get(name) else { return Ok(usual) };
    text.parse().map_err(|_| OrgError::parameter_not_a_number(name, text).into())
}

/// Appends a value as list views show it: always text, or null.
fn push_value(out: &mut String, call: &Call<'_>, object: &ObjectSpec, row: &Row, path: &str) {
    let Some((owner, slot, value)) = value_at(&call.state, object, row, path) else {
        out.push_str("null");
        return;
    };
    let field = owner.at(slot);
    let picklist = field.picklist.as_deref();
    let mut text = String::new();
    match value {
        Value::Null if field.kind == FieldType::Boolean => text.push_str("false"),
        Value::Null | Value::Blob(_) => {
            out.push_str("null");
            return;
        }
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Int(number) => text.push_str(&number.to_string()),
        Value::Double(number) => java_double(&mut text, *number),
        Value::Date(days) => time::write_date(&mut text, *days),
        Value::DateTime(ms) => time::write_java_date(&mut text, *ms),
        Value::Time(millis) => time::write_time(&mut text, *millis),
        Value::Id(id) => text.push_str(id.text().as_str()),
        Value::Pick(code) => {
            text.push_str(picklist.map_or("", |list| &list.value(*code).label));
        }
        Value::Text(own) => text.push_str(own),
    }
    push_str(out, &text);
}
