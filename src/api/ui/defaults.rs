//! What a new record, or a copy of one, begins with: `record-defaults/…`.

use super::super::keys::Keys;
use super::layout::{self, Kind, Mode, record_type_of, wanted_by};
use super::object_info;
use super::wanted::{Wanted, add_optional};
use super::{Found, Outcome, Ui, record, seal, tag, undisplayed};
use crate::dml::{Raw, coerce};
use crate::error::OrgError;
use crate::schema::{FieldSpec, FieldType, ObjectSpec, Slot};
use crate::store::{Draft, Row};
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `record-defaults/create/{objectApiName}`.
pub(super) fn create(ui: Ui<'_>, name: &str) -> Outcome {
    let object = checked(ui, name)?;
    let row = defaults(ui, object)?;
    full(ui, object, &row, Mode::Create, None)
}

/// `record-defaults/clone/{recordId}`.
pub(super) fn clone(ui: Ui<'_>, id: &str) -> Outcome {
    ui.reads_only()?;
    let found = ui.row("recordId", id)?;
    checked(ui, &found.object.name)?;
    full(ui, found.object, &copy(&found), Mode::Edit, Some(id))
}

/// `record-defaults/template/create/{objectApiName}`; 49.0 and later.
pub(super) fn template_create(ui: Ui<'_>, name: &str) -> Outcome {
    let object = checked(ui, name)?;
    let row = defaults(ui, object)?;
    template(ui, object, &row, None)
}

/// `record-defaults/template/clone/{recordId}`; 49.0 and later.
pub(super) fn template_clone(ui: Ui<'_>, id: &str) -> Outcome {
    ui.reads_only()?;
    let found = ui.row("recordId", id)?;
    checked(ui, &found.object.name)?;
    template(ui, found.object, &copy(&found), Some(id))
}

fn checked<'c>(ui: Ui<'c>, name: &str) -> Result<&'c Arc<ObjectSpec>, crate::error::Faults> {
    ui.reads_only()?;
    ui.check_locale()?;
    layout::check_form_factor(ui)?;
    let object = ui.object(name)?;
    if object.flags.createable {
        return Ok(object);
    }
    Err(OrgError::entity_not_writable("inserted", &object.label).into())
}

/// A row that was never saved: the fields' defaults, and the user as the owner. A default that is a
/// formula is not computed; then the request is refused.
fn defaults(ui: Ui<'_>, object: &Arc<ObjectSpec>) -> Result<Row, OrgError> {
    let mut draft = Draft::new(object.fields.len());
    for (slot, field) in object.visible_fields().filter(|(_, field)| field.createable) {
        if field.default_value_formula.is_some() && field.default_value.is_none() {
            return Err(OrgError::ui_default_formula_not_emulated(&object.name, &field.name));
        }
        if let Some(value) = default_of(field) {
            draft.set(slot, value);
        }
    }
    let users = |slot: &Slot| object.at(*slot).reference_to.iter().any(|name| &**name == "User");
    if let Some(slot) = object.system.owner_id.filter(users) {
        draft.set(slot, Value::Id(ui.call.session.user));
    }
    Ok(draft.build(0))
}

fn default_of(field: &FieldSpec) -> Option<Value> {
    if let Some(code) = field.default_pick() {
        return Some(Value::Pick(code));
    }
    let json: serde_json::Value = serde_json::from_str(field.default_value.as_deref()?).ok()?;
    let value = match &json {
        serde_json::Value::Bool(flag) => coerce(field, Raw::Bool(*flag)),
        serde_json::Value::Number(number) => coerce(field, Raw::Number(&number.to_string())),
        serde_json::Value::String(text) => coerce(field, Raw::Text(text)),
        _ => return None,
    };
    value.ok().filter(|value| !value.is_null())
}

/// What a copy of a row takes over: what may be given on create, files and unique values aside.
fn copy(found: &Found<'_>) -> Row {
    let object = found.object;
    let mut draft = Draft::new(object.fields.len());
    for (slot, value) in found.row.values() {
        let field = object.at(slot);
        let is_own = field.unique_rule.is_some() || field.kind == FieldType::Base64;
        if field.createable && !is_own {
            draft.set(slot, value.clone());
        }
    }
    draft.build(0)
}

/// Layout, metadata and record in one.
fn full(
    ui: Ui<'_>,
    object: &Arc<ObjectSpec>,
    row: &Row,
    mode: Mode,
    source: Option<&str>,
) -> Outcome {
    let schema = &ui.context.state.schema;
    let record_type = record_type_of(ui, object)?;
    let mut wanted = wanted_by(ui, object, Kind::Full, mode);
    add_optional(&mut wanted, schema, object, &ui.list("optionalFields"));
    let mut reached = BTreeMap::new();
    wanted.objects(schema, object, &mut reached);
    let mut out = String::with_capacity(64 * 1024);
    let mut keys = Keys::open(&mut out);
    let tag = tag(&mut keys);
    layout::push(keys.key("layout"), ui, object, Kind::Full, mode, &record_type);
    if ui.version() == 41 {
        object_info::push(keys.key("objectInfo"), ui, object);
    } else {
        let mut infos = keys.object("objectInfos");
        for (name, object) in &reached {
            object_info::push(infos.key(name), ui, object);
        }
        infos.close();
    }
    push_record(keys.key("record"), ui, object, row, &wanted, &record_type, source);
    keys.close();
    seal(&mut out, 0, tag);
    ui.answer(out)
}

/// Appends a record that has no id yet.
fn push_record(
    out: &mut String,
    ui: Ui<'_>,
    object: &Arc<ObjectSpec>,
    row: &Row,
    wanted: &Wanted,
    record_type: &str,
    source: Option<&str>,
) {
    let mut keys = Keys::open(out);
    keys.text("apiName", &object.name);
    keys.raw("childRelationships", "{}");
    push_fields(keys.key("fields"), ui, object, row, wanted, source);
    keys.raw("id", "null");
    if ui.version() >= 44 {
        keys.raw("lastModifiedById", "null");
        keys.raw("lastModifiedDate", "null");
    }
    if ui.version() >= 48 {
        keys.text("recordTypeId", record_type);
    }
    keys.raw("recordTypeInfo", "null");
    if ui.version() >= 44 {
        keys.raw("systemModstamp", "null");
    }
    keys.close();
}

/// Appends the fields; those of a copy name the record that it is a copy of.
fn push_fields(
    out: &mut String,
    ui: Ui<'_>,
    object: &Arc<ObjectSpec>,
    row: &Row,
    wanted: &Wanted,
    source: Option<&str>,
) {
    record::fields(out, ui, object, row, wanted);
    let Some(source) = source else { return };
    out.pop();
    out.push_str(if out.ends_with('{') { "\"CloneSourceId\":" } else { ",\"CloneSourceId\":" });
    undisplayed(out, |out| super::super::json::push_str(out, source));
    out.push('}');
}

/// Metadata and the fields that were asked for.
fn template(ui: Ui<'_>, object: &Arc<ObjectSpec>, row: &Row, source: Option<&str>) -> Outcome {
    if ui.version() < 49 {
        return Err(OrgError::not_found().into());
    }
    let schema = &ui.context.state.schema;
    let record_type = record_type_of(ui, object)?;
    let mut wanted = Wanted::default();
    add_optional(&mut wanted, schema, object, &ui.list("optionalFields"));
    let mut out = String::with_capacity(64 * 1024);
    let mut keys = Keys::open(&mut out);
    let tag = tag(&mut keys);
    let mut infos = keys.object("objectInfos");
    object_info::push(infos.key(&object.name), ui, object);
    infos.close();
    let mut record = keys.object("record");
    record.text("apiName", &object.name);
    if ui.version() >= 52
        && let Some(source) = source
    {
        record.text("cloneSourceId", source);
    }
    push_fields(record.key("fields"), ui, object, row, &wanted, source);
    record.text("recordTypeId", &record_type);
    record.close();
    keys.close();
    seal(&mut out, 0, tag);
    ui.answer(out)
}
