//! List views: `list-ui`, `list-info`, `list-records` and their forms for what was used last.

use super::super::keys::{Keys, list};
use super::super::list_views::{self, Column, ListView, OrderKey, Scope};
use super::object_info::text_list;
use super::records::{Pages, push_records};
use super::wanted::{Wanted, add_optional, own_path};
use super::{Outcome, Ui, batch_results, names, seal, tag};
use crate::api::body::{self, Scalar, Sent};
use crate::api::http::Method;
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::schema::{FieldType, ObjectSpec};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

/// The API name of the list of what was used last.
pub(super) const RECENT: &str = "__Recent";

/// The list that a path names.
struct Named<'c> {
    object: &'c Arc<ObjectSpec>,
    /// `None` for the list of what was used last, which is no list view.
    view: Option<ListView>,
    /// The path as the answer's URLs repeat it.
    path: String,
}

impl<'c> Named<'c> {
    /// The list of an id, or of an object and a name.
    fn find(ui: Ui<'c>, path: &[&str]) -> Result<Named<'c>, OrgError> {
        match path {
            [id] => {
                let own = Id::parse(id).map_err(|_| OrgError::ui_not_an_id("listViewId", id))?;
                let found = list_views::by_id(&ui.context.state.schema, own);
                let (object, view) = found.ok_or_else(OrgError::not_found)?;
                ui.object(&object.name)?;
                Ok(Named { object, view: Some(view), path: own.to_string() })
            }
            [object, name] => {
                let object = ui.object(object)?;
                if !list_views::has_any(object) {
                    return Err(OrgError::ui_not_supported(&object.name));
                }
                let views = list_views::of(object);
                let view = views.into_iter().find(|view| view.name.eq_ignore_ascii_case(name));
                if view.is_none() && *name != RECENT {
                    return Err(OrgError::not_found());
                }
                Ok(Named { object, view, path: format!("{}/{name}", object.name) })
            }
            _ => Err(OrgError::not_found()),
        }
    }

    fn scope(&self) -> Scope {
        self.view.as_ref().map_or(Scope::Recent, |view| view.scope)
    }

    fn label(&self) -> &str {
        self.view.as_ref().map_or("Recently Viewed", |view| &view.label)
    }

    fn push_reference(&self, keys: &mut Keys<'_>) {
        let mut keys = keys.object("listReference");
        keys.optional("id", self.view.as_ref().map(|view| view.id.to_string()).as_deref());
        let name = self.view.as_ref().map_or(RECENT, |view| &view.name);
        keys.text("listViewApiName", name);
        keys.text("objectApiName", &self.object.name);
        keys.text("type", if self.view.is_some() { "listView" } else { "mru" });
        keys.close();
    }

    /// Remembers that the user used the list view.
    fn remember(&self, ui: Ui<'_>) {
        if let Some(view) = &self.view {
            let key = list_views::views_of(ui.call.session.user);
            ui.call.change(|state| state.remember_viewed(key, view.id));
        }
    }
}

/// What a request for records of a list asks for.
struct Asked {
    fields: Vec<String>,
    optional: Vec<String>,
    size: usize,
    from: usize,
    order: Vec<String>,
}

/// Largest page, and the farthest one.
const LARGEST: usize = 2000;

impl Asked {
    fn read(ui: Ui<'_>, usual_size: usize) -> Result<Asked, Faults> {
        let owned = |names: Vec<&str>| names.into_iter().map(ToOwned::to_owned).collect();
        for refused in ["searchTerm", "where"] {
            if ui.call.params.get(refused).is_some_and(|text| !text.is_empty()) {
                return Err(OrgError::ui_parameter_not_emulated(refused).into());
            }
        }
        let mut asked = Asked {
            fields: owned(ui.list("fields")),
            optional: owned(ui.list("optionalFields")),
            size: ui.number("pageSize", usual_size, 1, LARGEST)?,
            from: ui.number("pageToken", 0, 0, LARGEST)?,
            order: owned(ui.list("sortBy")),
        };
        if ui.call.method == Method::Post {
            asked.read_body(&ui.call.entry.body())?;
        }
        Ok(asked)
    }

    fn read_body(&mut self, bytes: &[u8]) -> Result<(), Faults> {
        let texts = |name: &str, sent: &Sent<'_>| -> Result<Vec<String>, OrgError> {
            let wrong = || OrgError::ui_bad_property(name);
            let Sent::List(list) = sent else { return Err(wrong()) };
            let texts = body::raw_list(list)?.into_iter().map(|item| match body::value(item)? {
                Sent::Scalar(Scalar::Text(text)) => Ok(text.into_owned()),
                _ => Err(wrong()),
            });
            texts.collect()
        };
        for member in body::json_object(bytes)? {
            let name = &*member.name;
            let number = |most: usize| {
                let Sent::Scalar(scalar) = &member.sent else { return None };
                scalar.shown().parse::<usize>().ok().filter(|number| *number <= most)
            };
            let wrong = || OrgError::ui_bad_property(name);
            match name {
                _ if member.sent == Sent::Scalar(Scalar::Null) => {}
                "fields" => self.fields = texts(name, &member.sent)?,
                "optionalFields" => self.optional = texts(name, &member.sent)?,
                "sortBy" => self.order = texts(name, &member.sent)?,
                "pageSize" => {
                    self.size = number(LARGEST).filter(|size| *size > 0).ok_or_else(wrong)?;
                }
                "pageToken" => self.from = number(LARGEST).ok_or_else(wrong)?,
                "searchTerm" | "where" => {
                    return Err(OrgError::ui_parameter_not_emulated(name).into());
                }
                _ => return Err(wrong().into()),
            }
        }
        Ok(())
    }

    /// The order that was asked for; `None` for the usual one.
    fn order(
        &self,
        ui: Ui<'_>,
        object: &Arc<ObjectSpec>,
    ) -> Result<Option<Vec<OrderKey>>, OrgError> {
        if self.order.is_empty() {
            return Ok(None);
        }
        let keys = self.order.iter().map(|text| {
            let (name, descends) =
                text.strip_prefix('-').map_or((text.as_str(), false), |n| (n, true));
            let path = own_path(object, name).unwrap_or(name);
            let column = Column::of(&ui.context.state.schema, object, path);
            let column = column.filter(|column| column.field().sortable);
            column.ok_or_else(|| OrgError::ui_bad_parameter("sortBy", text))?;
            Ok((path.to_owned(), descends))
        });
        keys.collect::<Result<Vec<OrderKey>, OrgError>>().map(Some)
    }

    /// The columns and fields that are wanted of an object's records. Names may go without the
    /// object's own.
    fn wanted(
        &self,
        ui: Ui<'_>,
        object: &Arc<ObjectSpec>,
        columns: &[Column],
    ) -> Result<Wanted, OrgError> {
        let schema = &ui.context.state.schema;
        let mut wanted = Wanted::of_columns(schema, object, columns);
        for name in &self.fields {
            let path = own_path(object, name).unwrap_or(name);
            if !wanted.add(schema, object, path) {
                return Err(OrgError::ui_no_such_field(name, &object.name));
            }
            wanted.silent.remove(path);
        }
        let optional: Vec<&str> = self.optional.iter().map(String::as_str).collect();
        add_optional(&mut wanted, schema, object, &optional);
        Ok(wanted)
    }

    /// The URL of the page from a row on.
    fn url(&self, ui: Ui<'_>, path: &str, from: usize) -> String {
        let mut url = ui.url(&format!("{path}?pageSize={}&pageToken={from}", self.size));
        for (name, values) in [("fields", &self.fields), ("optionalFields", &self.optional)] {
            if !values.is_empty() {
                let _ = write!(url, "&{name}={}", values.join(","));
            }
        }
        if !self.order.is_empty() {
            let _ = write!(url, "&sortBy={}", self.order.join(","));
        }
        url
    }

    /// This page of so many rows, and its neighbours.
    fn pages(&self, ui: Ui<'_>, path: &str, total: usize) -> Pages {
        let page = |from: usize| (from.to_string(), self.url(ui, path, from));
        let next = self.from + self.size;
        Pages {
            current: page(self.from),
            next: (next < total && next <= LARGEST).then(|| page(next)),
            previous: (self.from > 0).then(|| page(self.from.saturating_sub(self.size))),
        }
    }
}

/// A page of records with what surrounds them: of a list view, or of a related list.
pub(super) struct Page<'p> {
    /// Whose they are.
    pub(super) object: &'p Arc<ObjectSpec>,
    /// All of the list's rows, in order.
    pub(super) ids: Vec<Id>,
    /// The columns.
    pub(super) columns: &'p [Column],
    /// The list's path.
    pub(super) path: String,
    /// The `eTag` of the list's own metadata.
    pub(super) info_tag: String,
}

/// The order that a request asks for, for who makes the list of ids.
pub(super) fn order_of(
    ui: Ui<'_>,
    object: &Arc<ObjectSpec>,
) -> Result<Option<Vec<OrderKey>>, Faults> {
    Ok(Asked::read(ui, 50)?.order(ui, object)?)
}

/// Appends a page of records. `reference` appends the key `listReference`.
pub(super) fn push_page(
    out: &mut String,
    ui: Ui<'_>,
    page: &Page<'_>,
    reference: impl FnOnce(&mut Keys<'_>),
) -> Result<(), Faults> {
    let asked = Asked::read(ui, 50)?;
    let wanted = asked.wanted(ui, page.object, page.columns)?;
    let total = page.ids.len();
    let from = asked.from.min(total);
    let shown = &page.ids[from..(from + asked.size).min(total)];
    let pages = asked.pages(ui, &page.path, total);
    let since = |version: u32| ui.version() >= version;
    let mut keys = Keys::open(out);
    keys.number("count", shown.len() as u32);
    pages.push_current(&mut keys);
    let names = |names: &[String]| -> Vec<String> {
        let full = |name: &String| match own_path(page.object, name) {
            Some(path) => format!("{}.{path}", page.object.name),
            None => format!("{}.{name}", page.object.name),
        };
        names.iter().map(full).collect()
    };
    if since(48) {
        text_list(&mut keys, "fields", &names(&asked.fields));
    }
    keys.text("listInfoETag", &page.info_tag);
    if since(48) {
        reference(&mut keys);
    }
    pages.push_next(&mut keys);
    if since(48) {
        text_list(&mut keys, "optionalFields", &names(&asked.optional));
        keys.number("pageSize", asked.size as u32);
    }
    pages.push_previous(&mut keys);
    push_records(&mut keys, ui, page.object, shown, &wanted);
    if since(61) {
        keys.raw("searchTerm", "null");
    }
    if since(48) {
        if asked.order.is_empty() {
            keys.raw("sortBy", "null");
        } else {
            text_list(&mut keys, "sortBy", &asked.order);
        }
    }
    if since(61) {
        keys.raw("where", "null");
    }
    keys.close();
    Ok(())
}

/// `list-records/…`.
pub(super) fn records(ui: Ui<'_>, path: &[&str]) -> Outcome {
    let posts = ui.call.method == Method::Post && ui.version() >= 61 && path.len() == 2;
    if !posts {
        ui.reads_only()?;
    }
    ui.check_locale()?;
    let named = Named::find(ui, path)?;
    let mut out = String::with_capacity(16 * 1024);
    push_list_records(&mut out, ui, &named)?;
    named.remember(ui);
    ui.answer(out)
}

fn push_list_records(out: &mut String, ui: Ui<'_>, named: &Named<'_>) -> Result<(), Faults> {
    let order = order_of(ui, named.object)?;
    let ids = list_views::ids(ui.context, named.object, named.scope(), order.as_deref())?;
    let columns = list_views::columns(&ui.context.state.schema, named.object);
    let page = Page {
        object: named.object,
        ids,
        columns: &columns,
        path: format!("list-records/{}", named.path),
        info_tag: push_info(&mut String::new(), ui, named),
    };
    push_page(out, ui, &page, |keys| named.push_reference(keys))
}

/// `list-info/…`.
pub(super) fn info(ui: Ui<'_>, path: &[&str]) -> Outcome {
    if let [object] = path
        && Id::parse(object).is_err()
    {
        return summaries(ui, object, "list-info", 61, "url");
    }
    if !ui.call.reads() {
        return Err(super::refused(&["list-info"]));
    }
    let named = Named::find(ui, path)?;
    let mut out = String::with_capacity(4096);
    push_info(&mut out, ui, &named);
    ui.answer(out)
}

/// `list-info/batch?ids=…` or `?names=…`; 55.0 and later.
pub(super) fn info_batch(ui: Ui<'_>) -> Outcome {
    ui.reads_only()?;
    let (ids, names) = (ui.list("ids"), ui.list("names"));
    if ids.is_empty() == names.is_empty() || ui.version() < 55 {
        return Err(OrgError::ui_bad_parameter("ids", &ids.join(",")).into());
    }
    let mut out = String::with_capacity(4096);
    let items: Vec<&str> = ids.into_iter().chain(names).collect();
    batch_results(&mut out, &items, true, |out, item| {
        let path: Vec<&str> = item.splitn(2, '.').collect();
        push_info(out, ui, &Named::find(ui, &path)?);
        Ok(())
    })?;
    ui.answer(out)
}

/// `list-ui/…`: metadata and records in one.
pub(super) fn ui(ui: Ui<'_>, path: &[&str]) -> Outcome {
    if let [object] = path
        && Id::parse(object).is_err()
    {
        return summaries(ui, object, "list-ui", 43, "listUiUrl");
    }
    ui.reads_only()?;
    ui.check_locale()?;
    let named = Named::find(ui, path)?;
    let mut out = String::with_capacity(16 * 1024);
    let mut keys = Keys::open(&mut out);
    let tag = tag(&mut keys);
    push_info(keys.key("info"), ui, &named);
    push_list_records(keys.key("records"), ui, &named)?;
    keys.close();
    seal(&mut out, 0, tag);
    named.remember(ui);
    ui.answer(out)
}

/// Appends the keys that say what stands above the columns, and how wide they are.
pub(super) fn push_preferences(keys: &mut Keys<'_>, columns: &[Column]) {
    let sorted: BTreeSet<&str> = columns.iter().map(|column| column.path.as_str()).collect();
    let mut preferences = keys.object("userPreferences");
    let mut widths = preferences.object("columnWidths");
    for path in &sorted {
        widths.raw(path, "-1");
    }
    widths.close();
    let mut wraps = preferences.object("columnWrap");
    for path in &sorted {
        wraps.flag(path, false);
    }
    wraps.close();
    preferences.close();
}

/// The field whose id a column links to: that of the record for its name, of a parent for its own.
pub(super) fn link_of(object: &ObjectSpec, column: &Column) -> Option<String> {
    match column.path.rsplit_once('.') {
        None if column.field().name_field => Some("Id".to_owned()),
        Some((parents, _)) if column.field().name_field => Some(format!("{parents}.Id")),
        _ if column.field().kind == FieldType::Reference => {
            object.field(&column.path).map(|(_, field)| field.name.to_string())
        }
        _ => None,
    }
}

/// Appends the metadata of a list, and gives its `eTag`.
fn push_info(out: &mut String, ui: Ui<'_>, named: &Named<'_>) -> String {
    let since = |version: u32| ui.version() >= version;
    let columns = list_views::columns(&ui.context.state.schema, named.object);
    let is_view = named.view.is_some();
    let start = out.len();
    let mut keys = Keys::open(out);
    keys.flag("cloneable", is_view);
    keys.flag("createable", is_view);
    keys.flag("deletable", is_view);
    list(&mut keys, "displayColumns", columns.iter(), |out, column| {
        let mut keys = Keys::open(out);
        keys.text("fieldApiName", &column.path);
        if since(61) {
            keys.raw("inlineEditAttributes", "{}");
        }
        keys.text("label", &column.label);
        if since(58) {
            keys.optional("lookupId", link_of(named.object, column).as_deref());
        }
        if since(61) {
            keys.flag("searchable", column.field().kind.is_text());
        }
        keys.flag("sortable", column.field().sortable);
        keys.close();
    });
    let tag = tag(&mut keys);
    keys.raw("filterLogicString", "null");
    keys.raw("filteredByInfo", "[]");
    if since(62) {
        keys.flag("hasMassActions", false);
    }
    if since(61) {
        keys.raw("inlineEditDetails", r#"{"message":null,"state":"Disabled"}"#);
    }
    keys.text("label", named.label());
    named.push_reference(&mut keys);
    if since(61) {
        keys.raw("listShares", "[]");
        text_list(&mut keys, "objectApiNames", &[&named.object.name]);
    }
    let order = if is_view { list_views::usual_order(named.object) } else { Vec::new() };
    let order = order.iter().filter(|(path, _)| path != "Id");
    list(&mut keys, "orderedByInfo", order, |out, (path, descends)| {
        let mut keys = Keys::open(out);
        keys.text("fieldApiName", path);
        keys.flag("isAscending", !descends);
        let label = named.object.field(path).map_or("", |(_, field)| &field.label);
        keys.text("label", label);
        keys.close();
    });
    if since(61) {
        let scope = if named.scope() == Scope::Mine { "mine" } else { "everything" };
        let labels = &named.object.supported_scopes;
        let label = labels.iter().find(|(_, own)| &**own == scope).map(|(label, _)| &**label);
        let mut keys = keys.object("scope");
        keys.text("apiName", scope);
        keys.raw("entity", "null");
        keys.optional("label", label);
        keys.raw("relatedEntity", "null");
        keys.close();
    }
    if since(61) {
        keys.flag("searchable", named.object.flags.searchable);
    }
    keys.flag("updateable", is_view);
    push_preferences(&mut keys, &columns);
    keys.text("visibility", "Public");
    keys.flag("visibilityEditable", is_view);
    keys.close();
    seal(out, start, tag)
}

/// The list views of an object: `list-ui/{objectApiName}` and `list-info/{objectApiName}`, which
/// differ in what they call a view's URL.
fn summaries(ui: Ui<'_>, object: &str, resource: &str, since: u32, url: &str) -> Outcome {
    if !ui.call.reads() {
        return Err(super::refused(&[resource, object]));
    }
    let object = ui.object(object)?;
    if ui.version() < since {
        return Err(OrgError::not_found().into());
    }
    let size = ui.number("pageSize", 20, 1, LARGEST)?;
    let from = ui.number("pageToken", 0, 0, LARGEST)?;
    let recent_only = ui.flag("recentListsOnly");
    let state = ui.context.state;
    let mut views = if recent_only {
        list_views::used(state, object, ui.call.session.user)
    } else {
        list_views::of(object)
    };
    let query = ui.call.params.get("q");
    if let Some(text) = query {
        let words = names(text).join(" ").to_lowercase();
        views.retain(|view| view.label.to_lowercase().contains(&words));
    }
    let shown: Vec<&ListView> = views.iter().skip(from).take(size).collect();
    let path = format!("{resource}/{}", object.name);
    let page = |from: usize| {
        (from.to_string(), ui.url(&format!("{path}?pageSize={size}&pageToken={from}")))
    };
    let pages = Pages {
        current: page(from),
        next: (from + size < views.len()).then(|| page(from + size)),
        previous: (from > 0).then(|| page(from.saturating_sub(size))),
    };
    let mut out = String::with_capacity(2048);
    let mut keys = Keys::open(&mut out);
    keys.number("count", shown.len() as u32);
    pages.push_current(&mut keys);
    let tag = tag(&mut keys);
    list(&mut keys, "lists", shown.into_iter(), |out, view| {
        let mut keys = Keys::open(out);
        keys.text("apiName", &view.name);
        keys.text("id", &view.id.to_string());
        keys.text("label", &view.label);
        keys.text(url, &ui.url(&format!("{resource}/{}", view.id)));
        keys.close();
    });
    pages.push_next(&mut keys);
    if ui.version() >= 48 {
        keys.text("objectApiName", &object.name);
        keys.number("pageSize", size as u32);
    }
    pages.push_previous(&mut keys);
    if ui.version() >= 48 {
        keys.optional("queryString", query);
        keys.flag("recentListsOnly", recent_only);
    }
    keys.close();
    seal(&mut out, 0, tag);
    ui.answer(out)
}
