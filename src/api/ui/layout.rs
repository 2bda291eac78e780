//! Page layouts: `layout/{objectApiName}` and `record-ui/{recordIds}`. They show what the layouts of
//! `describe/layouts` show, each field once.

use super::super::keys::{Keys, list};
use super::super::layouts::{layout_id, section_id};
use super::object_info::{self, MASTER, record_types};
use super::records::child_collections;
use super::wanted::{Wanted, add_optional};
use super::{Found, Outcome, Ui, names, record, seal, tag};
use crate::error::OrgError;
use crate::id::Id;
use crate::schema::{FieldSpec, FieldType, ObjectSpec, Slot};
use std::collections::{BTreeMap, BTreeSet};

/// Most records of one request.
pub(super) const MOST_RECORDS: usize = 200;

/// How much of a record a layout shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The name.
    Compact,
    /// Everything.
    Full,
}

/// What a layout is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// To make a record.
    Create,
    /// To change one.
    Edit,
    /// To read one.
    View,
}

impl Kind {
    const ALL: [(Kind, &'static str); 2] = [(Kind::Compact, "Compact"), (Kind::Full, "Full")];

    fn name(self) -> &'static str {
        Kind::ALL[self as usize].1
    }

    fn read(parameter: &str, text: &str) -> Result<Kind, OrgError> {
        named(&Kind::ALL, parameter, text)
    }

    /// The parameter `layoutTypes`; empty when it is absent.
    pub(super) fn list(ui: Ui<'_>) -> Result<Vec<Kind>, OrgError> {
        ui.list("layoutTypes").into_iter().map(|text| Kind::read("layoutTypes", text)).collect()
    }
}

impl Mode {
    const ALL: [(Mode, &'static str); 3] =
        [(Mode::Create, "Create"), (Mode::Edit, "Edit"), (Mode::View, "View")];

    fn name(self) -> &'static str {
        Mode::ALL[self as usize].1
    }

    fn read(parameter: &str, text: &str) -> Result<Mode, OrgError> {
        named(&Mode::ALL, parameter, text)
    }

    /// The parameter `modes`; to read a record when it is absent.
    pub(super) fn list(ui: Ui<'_>) -> Result<Vec<Mode>, OrgError> {
        let modes = ui.list("modes");
        if modes.is_empty() {
            return Ok(vec![Mode::View]);
        }
        modes.into_iter().map(|text| Mode::read("modes", text)).collect()
    }
}

fn named<T: Copy>(all: &[(T, &str)], parameter: &str, text: &str) -> Result<T, OrgError> {
    let found = all.iter().find(|(_, own)| own.eq_ignore_ascii_case(text));
    found.map(|(own, _)| *own).ok_or_else(|| OrgError::ui_bad_parameter(parameter, text))
}

/// `formFactor` changes nothing of a layout without components.
pub(super) fn check_form_factor(ui: Ui<'_>) -> Result<(), OrgError> {
    match ui.call.params.get("formFactor") {
        None | Some("Large" | "Medium" | "Small") => Ok(()),
        Some(other) => Err(OrgError::ui_bad_parameter("formFactor", other)),
    }
}

/// The heading of a section and the items in it, each of one or more fields.
type Section = (String, Vec<Vec<Slot>>);

/// The fields of the audit section: who, and behind it when.
const AUDIT: [[&str; 2]; 2] =
    [["CreatedById", "CreatedDate"], ["LastModifiedById", "LastModifiedDate"]];

fn sections(object: &ObjectSpec, kind: Kind, mode: Mode) -> Vec<Section> {
    if kind == Kind::Compact {
        let name = object.name_slot.unwrap_or(object.system.id);
        return vec![(String::new(), vec![vec![name]])];
    }
    let filled = |field: &FieldSpec| match mode {
        Mode::Create => field.createable,
        Mode::Edit => field.updateable,
        Mode::View => field.createable || field.updateable,
    };
    let is_shown = |field: &FieldSpec| field.kind != FieldType::Base64 && filled(field);
    let own = object.visible_fields().filter(|(_, field)| is_shown(field));
    let own: Vec<Vec<Slot>> = own.map(|(slot, _)| vec![slot]).collect();
    let mut sections = vec![(format!("{} Information", object.label), own)];
    if mode == Mode::View {
        let slots = |names: [&str; 2]| -> Vec<Slot> {
            names.iter().filter_map(|name| Some(object.field(name)?.0)).collect()
        };
        let audit = AUDIT.map(slots).into_iter().filter(|item| !item.is_empty()).collect();
        sections.push(("System Information".to_owned(), audit));
    }
    sections.retain(|(_, items): &Section| !items.is_empty());
    sections
}

/// The fields that a layout shows.
pub(super) fn fields_of(object: &ObjectSpec, kind: Kind, mode: Mode) -> Vec<Slot> {
    sections(object, kind, mode).into_iter().flat_map(|(_, items)| items).flatten().collect()
}

/// What is wanted of a record that is shown under a layout.
pub(super) fn wanted_by(ui: Ui<'_>, object: &ObjectSpec, kind: Kind, mode: Mode) -> Wanted {
    let mut wanted = Wanted::default();
    for slot in fields_of(object, kind, mode) {
        wanted.add_from_layout(&ui.context.state.schema, object, slot);
    }
    wanted
}

/// `layout/{objectApiName}`.
pub(super) fn one(ui: Ui<'_>, name: &str) -> Outcome {
    ui.reads_only()?;
    let object = ui.object(name)?;
    check_form_factor(ui)?;
    let params = &ui.call.params;
    let kind = params.get("layoutType").map_or(Ok(Kind::Full), |t| Kind::read("layoutType", t))?;
    let mode = params.get("mode").map_or(Ok(Mode::View), |text| Mode::read("mode", text))?;
    let record_type = record_type_of(ui, object)?;
    let mut out = String::with_capacity(16 * 1024);
    push(&mut out, ui, object, kind, mode, &record_type);
    ui.answer(out)
}

/// The record type that the request names, or the object's default one.
pub(super) fn record_type_of(ui: Ui<'_>, object: &ObjectSpec) -> Result<String, OrgError> {
    let types = record_types(object);
    let Some(text) = ui.call.params.get("recordTypeId") else {
        let usual = types.iter().find(|info| info.default_record_type_mapping);
        return Ok(usual.map_or(MASTER.to_owned(), |info| info.record_type_id.to_string()));
    };
    let wrong = || OrgError::ui_bad_parameter("recordTypeId", text);
    let id = Id::parse(text).map_err(|_| wrong())?.to_string();
    let known = id == MASTER || types.iter().any(|info| *info.record_type_id == *id);
    if known { Ok(id) } else { Err(wrong()) }
}

/// Appends a layout.
pub(super) fn push(
    out: &mut String,
    ui: Ui<'_>,
    object: &ObjectSpec,
    kind: Kind,
    mode: Mode,
    record_type: &str,
) {
    let version = ui.version();
    let start = out.len();
    let mut keys = Keys::open(out);
    let tag = tag(&mut keys);
    match kind {
        Kind::Full => keys.text("id", &layout_id(object)),
        Kind::Compact => keys.raw("id", "null"),
    }
    keys.text("layoutType", kind.name());
    keys.text("mode", mode.name());
    if version >= 49 {
        keys.text("objectApiName", &object.name);
        keys.text("recordTypeId", record_type);
    }
    if version >= 51 {
        keys.raw("saveOptions", "[]");
    }
    let sections = sections(object, kind, mode);
    list(&mut keys, "sections", sections.iter().enumerate(), |out, (at, (heading, items))| {
        let mut keys = Keys::open(out);
        keys.flag("collapsible", false);
        keys.number("columns", if kind == Kind::Full { 2 } else { 1 });
        keys.optional("heading", Some(heading.as_str()).filter(|text| !text.is_empty()));
        match kind {
            Kind::Full => keys.text("id", &section_id(object, at)),
            Kind::Compact => keys.raw("id", "null"),
        }
        list(&mut keys, "layoutRows", items.chunks(2), |out, row| {
            let mut keys = Keys::open(out);
            list(&mut keys, "layoutItems", row.iter(), |out, item| {
                push_item(out, object, kind, item, version);
            });
            keys.close();
        });
        keys.number("rows", items.len().div_ceil(2) as u32);
        if version >= 63 {
            keys.text("tabOrder", "LeftRight");
        }
        keys.flag("useHeading", kind == Kind::Full);
        keys.close();
    });
    keys.close();
    seal(out, start, tag);
}

fn push_item(out: &mut String, object: &ObjectSpec, kind: Kind, item: &[Slot], version: u32) {
    let Some(first) = item.first().map(|slot| object.at(*slot)) else { return };
    let editable = item.len() == 1;
    let required = editable && first.required_on_create();
    let mut keys = Keys::open(out);
    keys.flag("editableForNew", editable && first.createable);
    keys.flag("editableForUpdate", editable && first.updateable);
    keys.text("label", label(first));
    list(&mut keys, "layoutComponents", item.iter(), |out, slot| {
        let field = object.at(*slot);
        let mut keys = Keys::open(out);
        keys.text("apiName", &field.name);
        keys.text("componentType", "Field");
        keys.text("label", &field.label);
        keys.close();
    });
    // The name of a record links to the record itself.
    let id = match first.kind {
        FieldType::Reference => Some(&*first.name),
        _ if first.name_field => Some("Id"),
        _ => None,
    };
    keys.optional("lookupIdApiName", id);
    keys.flag("required", required);
    keys.flag("sortable", false);
    if version >= 63 {
        let behaviour = match (required, editable && (first.createable || first.updateable)) {
            (true, _) => "Required",
            (_, true) => "Edit",
            _ => "Readonly",
        };
        keys.optional("uiBehavior", (kind == Kind::Full).then_some(behaviour));
    }
    keys.close();
}

/// The label of an item: a reference is headed by what it refers to, not by its id.
fn label(field: &FieldSpec) -> &str {
    match field.kind {
        FieldType::Reference => field.label.strip_suffix(" ID").unwrap_or(&field.label),
        _ => &field.label,
    }
}

/// `record-ui/{recordIds}`: layouts, metadata and data in one.
pub(super) fn record_ui(ui: Ui<'_>, ids: &str) -> Outcome {
    ui.reads_only()?;
    ui.check_locale()?;
    check_form_factor(ui)?;
    let ids = names(ids);
    if ids.len() > MOST_RECORDS {
        return Err(OrgError::ui_too_many("records", MOST_RECORDS).into());
    }
    let rows = ids.iter().map(|id| ui.row("recordId", id)).collect::<Result<Vec<_>, _>>()?;
    let mut kinds = Kind::list(ui)?;
    if kinds.is_empty() {
        kinds.push(Kind::Full);
    }
    let modes = Mode::list(ui)?;
    let optional = ui.list("optionalFields");
    let schema = &ui.context.state.schema;
    let wanted = |found: &Found<'_>| {
        let mut wanted = Wanted::default();
        for (kind, mode) in pairs(&kinds, &modes) {
            for slot in fields_of(found.object, kind, mode) {
                wanted.add_from_layout(schema, found.object, slot);
            }
        }
        add_optional(&mut wanted, schema, found.object, &optional);
        wanted
    };
    let own: BTreeMap<&str, &Found<'_>> =
        rows.iter().map(|found| (&*found.object.name, found)).collect();
    let mut reached = BTreeMap::new();
    for found in own.values() {
        wanted(found).objects(schema, found.object, &mut reached);
    }
    let mut out = String::with_capacity(64 * 1024);
    let mut keys = Keys::open(&mut out);
    let tag = tag(&mut keys);
    let mut states = keys.object("layoutUserStates");
    for found in own.values().filter(|_| kinds.contains(&Kind::Full)) {
        user_state(&mut states, found.object, &modes);
    }
    states.close();
    let mut layouts = keys.object("layouts");
    for (name, found) in &own {
        let mut by_type = layouts.object(name);
        let same = rows.iter().filter(|row| row.object.id == found.object.id);
        let types: BTreeSet<String> = same.map(|found| record_type_of_row(found)).collect();
        for record_type in &types {
            let mut by_kind = by_type.object(record_type);
            for kind in &kinds {
                let mut by_mode = by_kind.object(kind.name());
                for mode in &modes {
                    push(by_mode.key(mode.name()), ui, found.object, *kind, *mode, record_type);
                }
                by_mode.close();
            }
            by_kind.close();
        }
        by_type.close();
    }
    layouts.close();
    let mut infos = keys.object("objectInfos");
    for (name, object) in &reached {
        object_info::push(infos.key(name), ui, object);
    }
    infos.close();
    let mut records = keys.object("records");
    let children = rows.iter().map(|found| child_collections(ui, found));
    let children = children.collect::<Result<Vec<_>, _>>()?;
    for (found, children) in rows.iter().zip(&children) {
        let out = records.key(&found.id.to_string());
        let push_children = |out: &mut String| out.push_str(children);
        record::push(out, ui, found.object, found.row, &wanted(found), push_children);
    }
    records.close();
    keys.close();
    seal(&mut out, 0, tag);
    if ui.flag("updateMru") {
        for found in &rows {
            ui.call.change(|state| state.remember_viewed(ui.call.session.user, found.id));
        }
    }
    ui.answer(out)
}

fn record_type_of_row(found: &Found<'_>) -> String {
    let own = found.object.system.record_type_id.and_then(|slot| found.row.id(slot));
    own.map_or_else(|| MASTER.to_owned(), |id| id.to_string())
}

fn pairs<'k>(kinds: &'k [Kind], modes: &'k [Mode]) -> impl Iterator<Item = (Kind, Mode)> + 'k {
    kinds.iter().flat_map(move |kind| modes.iter().map(move |mode| (*kind, *mode)))
}

/// Appends which sections of an object's layout a user sees folded: none.
fn user_state(states: &mut Keys<'_>, object: &ObjectSpec, modes: &[Mode]) {
    let id = layout_id(object);
    let count = modes.iter().map(|mode| sections(object, Kind::Full, *mode).len()).max();
    let mut keys = states.object(&id);
    keys.text("id", &id);
    let mut sections = keys.object("sectionUserStates");
    for at in 0..count.unwrap_or_default() {
        let id = section_id(object, at);
        let mut section = sections.object(&id);
        section.flag("collapsed", false);
        section.text("id", &id);
        section.close();
    }
    sections.close();
    keys.close();
}
