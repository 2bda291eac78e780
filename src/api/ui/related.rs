//! Related lists: the records below one, with the columns of their own object's lists.

use super::super::keys::{Keys, list};
use super::super::list_views::{self, Column};
use super::lists::{Page, link_of, order_of, push_page, push_preferences};
use super::object_info::{self, MASTER, text_list};
use super::{Found, Outcome, Ui, batch_results, is_supported, names, seal, tag};
use crate::api::http::Method;
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::schema::{ChildRelationship, ObjectSpec};
use crate::soql;
use std::sync::Arc;

/// A related list of an object.
#[derive(Clone, Copy)]
struct Related<'c> {
    parent: &'c Arc<ObjectSpec>,
    child: &'c ChildRelationship,
    object: &'c Arc<ObjectSpec>,
}

impl<'c> Related<'c> {
    /// The related list of a name.
    fn find(ui: Ui<'c>, parent: &'c Arc<ObjectSpec>, name: &str) -> Result<Related<'c>, OrgError> {
        let child = parent.child_relationship(name).ok_or_else(OrgError::not_found)?;
        let object = ui.object(&child.child_object)?;
        Ok(Related { parent, child, object })
    }

    /// Every related list of an object whose records the API serves.
    fn all(ui: Ui<'c>, parent: &'c Arc<ObjectSpec>) -> Vec<Related<'c>> {
        let schema = &ui.context.state.schema;
        let named = parent
            .child_relationships
            .iter()
            .filter(|child| child.relationship_name.is_some() && !child.deprecated_and_hidden);
        named
            .filter_map(|child| {
                let object = schema.by_name(&child.child_object)?;
                let is_shown = is_supported(object) && object.flags.layoutable;
                is_shown.then_some(Related { parent, child, object })
            })
            .collect()
    }

    fn name(&self) -> &'c str {
        self.child.relationship_name.as_deref().unwrap_or_default()
    }

    /// The columns: those of the object's lists, without the way back to the parent.
    fn columns(&self, ui: Ui<'_>) -> Vec<Column> {
        let mut columns = list_views::columns(&ui.context.state.schema, self.object);
        let reference = self.object.field(&self.child.field).map(|(_, field)| field);
        if let Some(back) = reference.and_then(|field| field.relationship_name.as_deref()) {
            let back = format!("{back}.");
            columns.retain(|column| !column.path.starts_with(&back));
        }
        columns
    }

    /// Appends the key `listReference`.
    fn push_reference(&self, keys: &mut Keys<'_>, parent: Option<Id>) {
        let mut keys = keys.object("listReference");
        keys.raw("id", "null");
        keys.optional("inContextOfRecordId", parent.map(|id| id.to_string()).as_deref());
        keys.raw("listViewApiName", "null");
        keys.raw("objectApiName", "null");
        keys.text("parentObjectApiName", &self.parent.name);
        keys.raw("recordTypeId", "null");
        keys.text("relatedListId", self.name());
        keys.text("type", "relatedList");
        keys.close();
    }

    /// The records below a row, in order.
    fn ids(&self, ui: Ui<'_>, parent: Id, order: &str) -> Result<Vec<Id>, OrgError> {
        let (object, field) = (&self.object.name, &self.child.field);
        let text = format!("SELECT Id FROM {object} WHERE {field} = '{parent}'{order}");
        Ok(soql::query(&text, ui.context)?.ids())
    }
}

/// `related-list-info/…`.
pub(super) fn info(ui: Ui<'_>, path: &[&str]) -> Outcome {
    ui.reads_only()?;
    let mut out = String::with_capacity(8192);
    match path {
        ["batch", parent, lists] => {
            let parent = ui.object(parent)?;
            batch_results(&mut out, &names(lists), true, |out, name| {
                push_info(out, ui, Related::find(ui, parent, name)?);
                Ok(())
            })?;
        }
        [parent] => push_summaries(&mut out, ui, ui.object(parent)?),
        [parent, name] => {
            push_info(&mut out, ui, Related::find(ui, ui.object(parent)?, name)?);
        }
        _ => return Err(OrgError::not_found().into()),
    }
    ui.answer(out)
}

fn push_summaries(out: &mut String, ui: Ui<'_>, parent: &Arc<ObjectSpec>) {
    let start = out.len();
    let mut keys = Keys::open(out);
    let tag = tag(&mut keys);
    keys.text("parentObjectApiName", &parent.name);
    keys.text("parentRecordTypeId", MASTER);
    list(&mut keys, "relatedLists", Related::all(ui, parent).into_iter(), |out, related| {
        let object = related.object;
        let mut keys = Keys::open(out);
        keys.text("entityLabel", &object.label);
        keys.text("entityLabelPlural", &object.label_plural);
        keys.text("fieldApiName", &related.child.field);
        keys.text("keyPrefix", &String::from_utf8_lossy(&object.key_prefix));
        keys.text("label", &object.label_plural);
        keys.text("objectApiName", &object.name);
        keys.raw("parentFieldApiName", "\"Id\"");
        keys.text("relatedListId", related.name());
        let path = format!("related-list-info/{}/{}", parent.name, related.name());
        keys.text("relatedListInfoUrl", &ui.url(&path));
        object_info::theme(&mut keys, ui, object);
        keys.close();
    });
    keys.close();
    seal(out, start, tag);
}

/// Appends the metadata of a related list, and gives its `eTag`.
fn push_info(out: &mut String, ui: Ui<'_>, related: Related<'_>) -> String {
    let since = |version: u32| ui.version() >= version;
    let columns = related.columns(ui);
    let start = out.len();
    let mut keys = Keys::open(out);
    keys.flag("cloneable", false);
    keys.flag("createable", false);
    keys.flag("deletable", false);
    list(&mut keys, "displayColumns", columns.iter(), |out, column| {
        let field = column.field();
        let mut keys = Keys::open(out);
        if since(57) {
            keys.text("dataType", field.kind.name());
        }
        keys.text("fieldApiName", &column.path);
        if since(57) {
            keys.flag("filterable", field.filterable);
        }
        keys.text("label", &column.label);
        keys.optional("lookupId", link_of(related.object, column).as_deref());
        if since(57) {
            match field.picklist.as_ref().filter(|_| list_views::is_labelled(field)) {
                Some(picklist) => {
                    let values = picklist.values().iter().filter(|value| value.active);
                    let values: Vec<&str> = values.map(|value| &*value.value).collect();
                    text_list(&mut keys, "picklistValues", &values);
                }
                None => keys.raw("picklistValues", "null"),
            }
            keys.raw("quickFilterOperator", "null");
        }
        keys.flag("sortable", field.sortable);
        keys.close();
    });
    let tag = tag(&mut keys);
    if since(51) {
        keys.text("fieldApiName", &related.child.field);
    }
    if since(57) {
        keys.raw("fields", "[]");
    }
    keys.raw("filterLogicString", "\"\"");
    if since(58) {
        keys.flag("filterable", false);
    }
    keys.raw("filteredByInfo", "[]");
    keys.text("label", &related.object.label_plural);
    related.push_reference(&mut keys, None);
    if since(51) {
        text_list(&mut keys, "objectApiNames", &[&related.object.name]);
    }
    if since(57) {
        keys.raw("optionalFields", "[]");
    }
    keys.raw("orderedByInfo", "[]");
    if since(57) {
        keys.flag("restrictColumnsToLayout", true);
    }
    keys.flag("updateable", false);
    push_preferences(&mut keys, &columns);
    keys.text("visibility", "Public");
    keys.flag("visibilityEditable", false);
    keys.close();
    seal(out, start, tag)
}

/// `related-list-records/…`.
pub(super) fn records(ui: Ui<'_>, path: &[&str]) -> Outcome {
    let posts = ui.call.method == Method::Post && ui.version() >= 55;
    match path {
        ["batch", ..] => ui.reads_only()?,
        _ if !posts => ui.reads_only()?,
        _ => {}
    }
    ui.check_locale()?;
    let mut out = String::with_capacity(8192);
    match path {
        ["batch", parent, lists] => {
            let found = ui.row("parentRecordId", parent)?;
            batch_results(&mut out, &names(lists), true, |out, name| {
                push_records(out, ui, &found, name)
            })?;
        }
        [parent, name] => {
            let found = ui.row("parentRecordId", parent)?;
            push_records(&mut out, ui, &found, name)?;
        }
        _ => return Err(OrgError::not_found().into()),
    }
    ui.answer(out)
}

fn push_records(out: &mut String, ui: Ui<'_>, found: &Found<'_>, name: &str) -> Result<(), Faults> {
    let related = Related::find(ui, found.object, name)?;
    let order = order_of(ui, related.object)?;
    let order = order.unwrap_or_else(|| list_views::usual_order(related.object));
    let order = list_views::clauses(list_views::Scope::All, ui.call.session.user, &order);
    let columns = related.columns(ui);
    let page = Page {
        object: related.object,
        ids: related.ids(ui, found.id, &order)?,
        columns: &columns,
        path: format!("related-list-records/{}/{}", found.id, related.name()),
        info_tag: push_info(&mut String::new(), ui, related),
    };
    push_page(out, ui, &page, |keys| related.push_reference(keys, Some(found.id)))
}

/// How many records a count goes up to.
const COUNTED: usize = 20;

/// `related-list-count/…`.
pub(super) fn count(ui: Ui<'_>, path: &[&str]) -> Outcome {
    ui.reads_only()?;
    let most = ui.number("maxCount", COUNTED, 1, 2000)?;
    let mut out = String::new();
    match path {
        ["batch", parent, lists] => {
            let found = ui.row("parentRecordId", parent)?;
            batch_results(&mut out, &names(lists), true, |out, name| {
                push_count(out, ui, &found, name, most)
            })?;
        }
        [parent, name] => {
            let found = ui.row("parentRecordId", parent)?;
            push_count(&mut out, ui, &found, name, most)?;
        }
        _ => return Err(OrgError::not_found().into()),
    }
    ui.answer(out)
}

fn push_count(
    out: &mut String,
    ui: Ui<'_>,
    found: &Found<'_>,
    name: &str,
    most: usize,
) -> Result<(), Faults> {
    let related = Related::find(ui, found.object, name)?;
    let ids = related.ids(ui, found.id, "")?;
    let start = out.len();
    let mut keys = Keys::open(out);
    keys.number("count", ids.len().min(most) as u32);
    let tag = tag(&mut keys);
    keys.flag("hasMore", ids.len() > most);
    related.push_reference(&mut keys, Some(found.id));
    keys.close();
    seal(out, start, tag);
    Ok(())
}
