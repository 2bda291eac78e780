//! Records: `records`, `records/{id}`, `records/batch/{ids}` and the records below one.

use super::super::body::{self, Member, Scalar, Sent};
use super::super::keys::{Keys, list};
use super::super::record::{Source, given};
use super::super::reply::Reply;
use super::super::rest::{conditional, rows};
use super::layout::{Kind, MOST_RECORDS, Mode, wanted_by};
use super::wanted::{Asked, Wanted};
use super::{Found, Outcome, Ui, batch_results, fault, names, record};
use crate::api::http::Method;
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::schema::ObjectSpec;
use crate::soql::{self, Context};
use crate::store::Row;
use std::fmt::Write as _;
use std::sync::Arc;

/// `records`: POST makes one.
pub(super) fn collection(ui: Ui<'_>) -> Outcome {
    if ui.call.method != Method::Post {
        return ui.call.only("POST");
    }
    ui.check_locale()?;
    let bytes = ui.call.entry.body();
    let text = body::utf8(&bytes)?;
    let input = Input::read(&bytes)?;
    let name = input.api_name.ok_or_else(|| OrgError::ui_bad_property("apiName"))?;
    let object = ui.object(&name)?;
    let allow = input.allow_duplicates || ui.flag("allowSaveOnDuplicate");
    let made = prepared(ui, text, object, &input.fields).and_then(|given| {
        rows::save(ui.call, |transaction| {
            transaction.allow_duplicates |= allow;
            transaction.insert(object, given)
        })
    });
    match made {
        Ok(id) => saved(ui, object, id, 201),
        Err(faults) => fault::not_saved(ui, object, faults),
    }
}

/// `records/{recordId}`.
pub(super) fn one(ui: Ui<'_>, id: &str) -> Outcome {
    match ui.call.method {
        Method::Get | Method::Head => {
            ui.check_locale()?;
            let found = ui.row("recordId", id)?;
            let wanted = Asked::read(ui)?.of(ui, found.object, false)?;
            let mut out = String::with_capacity(4096);
            let children = child_collections(ui, &found)?;
            let push_children = |out: &mut String| out.push_str(&children);
            record::push(&mut out, ui, found.object, found.row, &wanted, push_children);
            if ui.flag("updateMru") {
                ui.call.change(|state| state.remember_viewed(ui.call.session.user, found.id));
            }
            ui.answer(out)
        }
        Method::Patch => update(ui, id),
        Method::Delete => {
            let found = ui.row("recordId", id)?;
            rows::delete(ui.call, found.object, found.number)
        }
        _ => ui.call.only("HEAD,GET,PATCH,DELETE"),
    }
}

fn update(ui: Ui<'_>, id: &str) -> Outcome {
    ui.check_locale()?;
    let Found { object, number, row, id } = ui.row("recordId", id)?;
    conditional::write(ui.call, &conditional::Seen::of(object, row))?;
    let bytes = ui.call.entry.body();
    let text = body::utf8(&bytes)?;
    let input = Input::read(&bytes)?;
    if input.api_name.as_deref().is_some_and(|name| !name.eq_ignore_ascii_case(&object.name)) {
        return Err(OrgError::ui_bad_property("apiName").into());
    }
    let allow = input.allow_duplicates || ui.flag("allowSaveOnDuplicate");
    let done = prepared(ui, text, object, &input.fields).and_then(|given| {
        rows::change(ui.call, object, number, |transaction| {
            transaction.allow_duplicates |= allow;
            // Another writer may have been faster: the condition must hold for the row that is
            // changed.
            if let Some(row) = transaction.state.table(object.id).get(number) {
                conditional::write(ui.call, &conditional::Seen::of(object, row))?;
            }
            transaction.update(object, number, given)
        })
    });
    match done {
        Ok(()) => saved(ui, object, id, 200),
        Err(faults) if faults.iter().any(|fault| matches!(fault.status, 404 | 412)) => Err(faults),
        Err(faults) => fault::not_saved(ui, object, faults),
    }
}

/// The record as it was saved, with the fields of its full layout.
fn saved(ui: Ui<'_>, object: &Arc<ObjectSpec>, id: Id, status: u16) -> Outcome {
    let wanted = wanted_by(ui, object, Kind::Full, Mode::View);
    // The call's own state is that of before the save.
    let state = ui.call.latest();
    let context = Context { state: &state, ..ui.context.clone() };
    let ui = Ui { context: &context, ..ui };
    let mut out = String::with_capacity(4096);
    let (_, row) = state.live_row(object, id).ok_or_else(OrgError::not_found)?;
    record::push(&mut out, ui, object, row, &wanted, |out| out.push_str("{}"));
    Ok(Reply::json(out, "response").status(status))
}

/// What a request to save a record says.
struct Input<'b> {
    api_name: Option<String>,
    fields: Vec<Member<'b>>,
    allow_duplicates: bool,
}

impl<'b> Input<'b> {
    fn read(bytes: &'b [u8]) -> Result<Input<'b>, OrgError> {
        let mut input = Input { api_name: None, fields: Vec::new(), allow_duplicates: false };
        let mut has_fields = false;
        for member in body::json_object(bytes)? {
            match (&*member.name, member.sent) {
                ("fields", Sent::Object(members)) => {
                    has_fields = true;
                    input.fields = members;
                }
                ("apiName", Sent::Scalar(Scalar::Text(name))) => {
                    input.api_name = Some(name.into_owned());
                }
                ("allowSaveOnDuplicate", Sent::Scalar(Scalar::Bool(flag))) => {
                    input.allow_duplicates = flag;
                }
                ("apiName" | "allowSaveOnDuplicate", Sent::Scalar(Scalar::Null)) => {}
                (name, _) => return Err(OrgError::ui_bad_property(name)),
            }
        }
        if has_fields { Ok(input) } else { Err(OrgError::ui_bad_property("fields")) }
    }
}

/// The members of `fields` as saving takes them.
fn prepared(
    ui: Ui<'_>,
    text: &str,
    object: &Arc<ObjectSpec>,
    fields: &[Member<'_>],
) -> Result<crate::dml::Given, Faults> {
    let source =
        Source { body: text, state: ui.context.state, indexes: &ui.call.entry.org.indexes };
    Ok(given(&source, object, fields, None)?)
}

/// `records/batch/{recordIds}`.
pub(super) fn batch(ui: Ui<'_>, ids: &str) -> Outcome {
    ui.reads_only()?;
    ui.check_locale()?;
    let ids = names(ids);
    if ids.len() > MOST_RECORDS {
        return Err(OrgError::ui_too_many("records", MOST_RECORDS).into());
    }
    let asked = Asked::read(ui)?;
    let mut out = String::with_capacity(ids.len() * 2048);
    batch_results(&mut out, &ids, true, |out, id| {
        let found = ui.row("recordId", id)?;
        let wanted = asked.of(ui, found.object, true)?;
        let children = child_collections(ui, &found)?;
        let push_children = |out: &mut String| out.push_str(&children);
        record::push(out, ui, found.object, found.row, &wanted, push_children);
        Ok(())
    })?;
    ui.answer(out)
}

/// How many records below one are shown unless the request says otherwise.
const USUAL_CHILDREN: usize = 5;

/// `records/{recordId}/child-relationships/{name}`.
pub(super) fn children(ui: Ui<'_>, id: &str, name: &str) -> Outcome {
    ui.reads_only()?;
    ui.check_locale()?;
    let found = ui.row("recordId", id)?;
    let page = ui.number("page", 1, 1, usize::MAX)?;
    let mut out = String::with_capacity(4096);
    push_children(&mut out, ui, &found, name, &[], page)?;
    ui.answer(out)
}

/// The records below a row, as its `childRelationships` holds them: those of the parameter of that
/// name.
pub(super) fn child_collections(ui: Ui<'_>, found: &Found<'_>) -> Result<String, OrgError> {
    let mut out = String::new();
    let mut keys = Keys::open(&mut out);
    let mut asked: Vec<(&str, Vec<&str>)> = Vec::new();
    for name in ui.list("childRelationships") {
        let mut parts = name.splitn(3, '.');
        let (object, relationship) = (parts.next(), parts.next());
        let (Some(object), Some(relationship)) = (object, relationship) else {
            return Err(OrgError::ui_bad_parameter("childRelationships", name));
        };
        if !object.eq_ignore_ascii_case(&found.object.name) {
            continue;
        }
        let field = parts.next();
        match asked.iter_mut().find(|(own, _)| *own == relationship) {
            Some((_, fields)) => fields.extend(field),
            None => asked.push((relationship, field.into_iter().collect())),
        }
    }
    for (relationship, fields) in asked {
        let name = found.object.child_relationship(relationship);
        let name = name.and_then(|child| child.relationship_name.as_deref());
        let name =
            name.ok_or_else(|| OrgError::ui_bad_parameter("childRelationships", relationship))?;
        push_children(keys.key(name), ui, found, name, &fields, 1)?;
    }
    keys.close();
    Ok(out)
}

/// Appends a page of the records below a row.
fn push_children(
    out: &mut String,
    ui: Ui<'_>,
    found: &Found<'_>,
    name: &str,
    fields: &[&str],
    page: usize,
) -> Result<(), OrgError> {
    let child = found.object.child_relationship(name).ok_or_else(OrgError::not_found)?;
    let object = ui.object(&child.child_object)?;
    let size = ui.number("pageSize", USUAL_CHILDREN, 1, 2000)?;
    let schema = &ui.context.state.schema;
    let mut wanted = Wanted::default();
    let name_field = object.name_slot.map(|slot| &*object.at(slot).name);
    for path in [Some("Id"), name_field, Some(&*child.field)].into_iter().flatten() {
        wanted.add(schema, object, path);
    }
    for path in fields {
        if !wanted.add(schema, object, path) {
            return Err(OrgError::ui_no_such_field(path, &object.name));
        }
    }
    let text = format!(
        "SELECT Id FROM {} WHERE {} = '{}' ORDER BY Id",
        object.name, child.field, found.id
    );
    let ids = soql::query(&text, ui.context)?.ids();
    let relationship = child.relationship_name.as_deref().unwrap_or(name);
    let path = format!("records/{}/child-relationships/{relationship}", found.id);
    let from = (page - 1).saturating_mul(size).min(ids.len());
    let end = (from + size).min(ids.len());
    let url = |page: usize| ui.url(&format!("{path}?page={page}&pageSize={size}"));
    let pages = Pages {
        current: (page.to_string(), url(page)),
        next: (end < ids.len()).then(|| ((page + 1).to_string(), url(page + 1))),
        previous: (page > 1).then(|| ((page - 1).to_string(), url(page - 1))),
    };
    push_collection(out, ui, object, &ids[from..end], &wanted, &pages);
    Ok(())
}

/// The tokens and URLs of a page and its neighbours.
pub(super) struct Pages {
    /// This page.
    pub(super) current: (String, String),
    /// The next one.
    pub(super) next: Option<(String, String)>,
    /// The one before.
    pub(super) previous: Option<(String, String)>,
}

impl Pages {
    /// Appends the current page's and the next one's keys.
    pub(super) fn push_current(&self, keys: &mut Keys<'_>) {
        keys.text("currentPageToken", &self.current.0);
        keys.text("currentPageUrl", &self.current.1);
    }

    /// Appends the next page's keys.
    pub(super) fn push_next(&self, keys: &mut Keys<'_>) {
        keys.optional("nextPageToken", self.next.as_ref().map(|(token, _)| token.as_str()));
        keys.optional("nextPageUrl", self.next.as_ref().map(|(_, url)| url.as_str()));
    }

    /// Appends the page before's keys.
    pub(super) fn push_previous(&self, keys: &mut Keys<'_>) {
        keys.optional("previousPageToken", self.previous.as_ref().map(|(token, _)| token.as_str()));
        keys.optional("previousPageUrl", self.previous.as_ref().map(|(_, url)| url.as_str()));
    }
}

/// Appends a collection of records.
pub(super) fn push_collection(
    out: &mut String,
    ui: Ui<'_>,
    object: &Arc<ObjectSpec>,
    ids: &[Id],
    wanted: &Wanted,
    pages: &Pages,
) {
    let mut keys = Keys::open(out);
    let _ = write!(keys.key("count"), "{}", ids.len());
    pages.push_current(&mut keys);
    pages.push_next(&mut keys);
    pages.push_previous(&mut keys);
    push_records(&mut keys, ui, object, ids, wanted);
    keys.close();
}

/// Appends the key `records`.
pub(super) fn push_records(
    keys: &mut Keys<'_>,
    ui: Ui<'_>,
    object: &Arc<ObjectSpec>,
    ids: &[Id],
    wanted: &Wanted,
) {
    let rows: Vec<&Row> = ids
        .iter()
        .filter_map(|id| ui.context.state.live_row(object, *id))
        .map(|(_, row)| row)
        .collect();
    list(keys, "records", rows.into_iter(), |out, row| {
        record::push(out, ui, object, row, wanted, |out| out.push_str("{}"));
    });
}
