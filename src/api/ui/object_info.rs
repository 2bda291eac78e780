//! Metadata of objects: `object-info`.

use super::super::keys::{Keys, list};
use super::super::reply::Reply;
use super::{Outcome, Ui, batch_results, is_supported, names, seal, tag};
use crate::error::{Faults, OrgError};
use crate::schema::{FieldSpec, FieldType, ObjectSpec, RecordTypeInfo, Schema};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The Master record type.
pub(super) const MASTER: &str = "012000000000000AAA";

/// Most objects of one batch.
const MOST: usize = 2000;

/// Colours of objects whose icons have one of their own, and of all others.
const COLORS: [(&str, &str); 6] = [
    ("Account", "7F8DE1"),
    ("Case", "F2CF5B"),
    ("Contact", "A094ED"),
    ("Lead", "F88962"),
    ("Opportunity", "FCB95B"),
    ("User", "65CAE4"),
];
const COLOR: &str = "939393";

/// `object-info/{objectApiName}`.
pub(super) fn one(ui: Ui<'_>, name: &str) -> Outcome {
    ui.reads_only()?;
    let object = ui.object(name)?;
    let mut out = String::with_capacity(64 * 1024);
    push(&mut out, ui, object);
    ui.answer(out)
}

/// `object-info/batch/{objectApiNames}`; 49.0 and later.
pub(super) fn batch(ui: Ui<'_>, list: &str) -> Outcome {
    ui.reads_only()?;
    let names = names(list);
    if ui.version() < 49 {
        return Err(OrgError::not_found().into());
    }
    if names.len() > MOST {
        return Err(OrgError::ui_too_many("objects", MOST).into());
    }
    let mut out = String::with_capacity(64 * 1024);
    batch_results(&mut out, &names, false, |out, name| {
        push(out, ui, ui.object(name)?);
        Ok::<(), Faults>(())
    })?;
    ui.answer(out)
}

/// `object-info`: the objects that the API serves.
pub(super) fn directory(ui: Ui<'_>) -> Outcome {
    ui.reads_only()?;
    let schema = &ui.context.state.schema;
    let mut out = String::with_capacity(16 * 1024);
    let mut keys = Keys::open(&mut out);
    let tag = tag(&mut keys);
    let mut objects = keys.object("objects");
    for header in schema.headers() {
        let object = schema.object(header.id);
        if !is_supported(object) {
            continue;
        }
        let mut keys = objects.object(&object.name);
        keys.text("apiName", &object.name);
        keys.optional("keyPrefix", prefix(object).as_deref());
        keys.text("label", &object.label);
        keys.text("labelPlural", &object.label_plural);
        text_list(&mut keys, "nameFields", &name_fields(object));
        keys.text("objectInfoUrl", &ui.url(&format!("object-info/{}", object.name)));
        keys.close();
    }
    objects.close();
    keys.close();
    seal(&mut out, 0, tag);
    if ui.version() < 42 {
        return Err(OrgError::not_found().into());
    }
    Ok(Reply::json(out, "objects"))
}

fn prefix(object: &ObjectSpec) -> Option<String> {
    object.key_prefix_public.then(|| String::from_utf8_lossy(&object.key_prefix).into_owned())
}

pub(super) fn text_list<T: AsRef<str>>(keys: &mut Keys<'_>, name: &str, texts: &[T]) {
    list(keys, name, texts.iter(), |out, text| super::super::json::push_str(out, text.as_ref()));
}

/// The fields that name an object's records: a person has several.
pub(super) fn name_fields(object: &ObjectSpec) -> Vec<&str> {
    let is_person = |field: &FieldSpec| {
        let kind = field.extra_type_info.as_deref();
        // A switchable name is a person's where its parts are there.
        matches!(kind, Some("personname" | "switchablepersonname"))
    };
    let of_person = ["FirstName", "LastName", "Name"];
    let parts = of_person.iter().filter(|name| object.field(name).is_some_and(|f| is_person(f.1)));
    let parts: Vec<&str> = parts.copied().collect();
    if parts.len() > 1 {
        return parts;
    }
    object.name_slot.map(|slot| &*object.at(slot).name).into_iter().collect()
}

/// The record types of an object that can have any; the Master one where none is listed.
pub(super) fn record_types(object: &ObjectSpec) -> Vec<RecordTypeInfo> {
    if object.record_types.is_empty() && has_record_types(object) {
        return vec![RecordTypeInfo {
            record_type_id: MASTER.into(),
            name: "Master".into(),
            developer_name: "Master".into(),
            active: true,
            available: true,
            default_record_type_mapping: true,
            master: true,
        }];
    }
    object.record_types.clone()
}

/// True for objects whose records have a record type: those with layouts that users keep.
pub(super) fn has_record_types(object: &ObjectSpec) -> bool {
    !object.record_types.is_empty() || (object.flags.layoutable && object.flags.deletable)
}

/// Appends `{"available":…,"recordTypeId":…}`.
pub(super) fn record_type(out: &mut String, info: &RecordTypeInfo) {
    let mut keys = Keys::open(out);
    keys.flag("available", info.available);
    keys.flag("defaultRecordTypeMapping", info.default_record_type_mapping);
    keys.flag("master", info.master);
    keys.text("name", &info.name);
    keys.text("recordTypeId", &info.record_type_id);
    keys.close();
}

/// Appends an object's colour and icon.
pub(super) fn theme(keys: &mut Keys<'_>, ui: Ui<'_>, object: &ObjectSpec) {
    let color = COLORS.iter().find(|(name, _)| *name == &*object.name);
    let icon = if object.flags.custom {
        "custom/custom1".to_owned()
    } else {
        format!("standard/{}", object.name.to_ascii_lowercase())
    };
    let base = ui.call.entry.base_url();
    let mut theme = keys.object("themeInfo");
    theme.text("color", color.map_or(COLOR, |(_, color)| color));
    theme.text("iconUrl", &format!("{base}/img/icon/t4v35/{icon}_120.png"));
    theme.close();
}

/// Appends the metadata of an object.
pub(super) fn push(out: &mut String, ui: Ui<'_>, object: &Arc<ObjectSpec>) {
    let (version, flags) = (ui.version(), object.flags);
    let schema = &ui.context.state.schema;
    let start = out.len();
    let mut keys = Keys::open(out);
    keys.text("apiName", &object.name);
    if version >= 50 {
        let associate = object.associate.as_ref();
        keys.optional("associateEntityType", associate.map(|(kind, _)| &**kind));
        keys.optional("associateParentEntity", associate.map(|(_, parent)| &**parent));
    }
    list(&mut keys, "childRelationships", object.child_relationships.iter(), |out, child| {
        let mut keys = Keys::open(out);
        keys.text("childObjectApiName", &child.child_object);
        keys.text("fieldName", &child.field);
        text_list(&mut keys, "junctionIdListNames", &child.junction_id_list_names);
        text_list(&mut keys, "junctionReferenceTo", &child.junction_reference_to);
        keys.optional("relationshipName", child.relationship_name.as_deref());
        keys.close();
    });
    if version >= 60 {
        keys.flag("compactLayoutable", flags.compact_layoutable);
    }
    keys.flag("createable", flags.createable);
    keys.flag("custom", flags.custom);
    let types = record_types(object);
    let usual = types.iter().find(|info| info.default_record_type_mapping);
    keys.optional("defaultRecordTypeId", usual.map(|info| &*info.record_type_id));
    keys.flag(if version == 41 { "deleteable" } else { "deletable" }, flags.deletable);
    if version >= 42 {
        let roots = object.visible_fields().map(|(_, field)| field);
        let controls = roots.filter(|field| {
            field.controller_name.is_none() && controlled_by(object, field).next().is_some()
        });
        dependents(keys.key("dependentFields"), object, controls, 0);
    }
    let tag = tag(&mut keys);
    keys.flag("feedEnabled", flags.feed_enabled);
    let sorted: BTreeMap<&str, &FieldSpec> =
        object.visible_fields().map(|(_, field)| (&*field.name, field)).collect();
    let mut fields = keys.object("fields");
    for (name, own) in sorted {
        field(fields.key(name), schema, object, own, version);
    }
    fields.close();
    keys.optional("keyPrefix", prefix(object).as_deref());
    keys.text("label", &object.label);
    keys.text("labelPlural", &object.label_plural);
    keys.flag("layoutable", flags.layoutable);
    keys.flag("mruEnabled", flags.mru_enabled);
    text_list(&mut keys, "nameFields", &name_fields(object));
    keys.flag("queryable", flags.queryable);
    let mut infos = keys.object("recordTypeInfos");
    for info in &types {
        record_type(infos.key(&info.record_type_id), info);
    }
    infos.close();
    if version >= 60 {
        keys.flag("searchLayoutable", flags.search_layoutable);
    }
    keys.flag("searchable", flags.searchable);
    theme(&mut keys, ui, object);
    keys.flag("updateable", flags.updateable);
    keys.close();
    seal(out, start, tag);
}

/// The picklists that a field controls.
fn controlled_by<'o>(
    object: &'o ObjectSpec,
    field: &'o FieldSpec,
) -> impl Iterator<Item = &'o FieldSpec> {
    let own = object.visible_fields().map(|(_, own)| own);
    own.filter(move |own| own.controller_name.as_deref() == Some(&*field.name))
}

/// Appends a level of the tree of dependent picklists.
fn dependents<'o>(
    out: &mut String,
    object: &'o ObjectSpec,
    fields: impl Iterator<Item = &'o FieldSpec>,
    depth: usize,
) {
    /// A field that controls itself through others ends somewhere.
    const DEEPEST: usize = 8;
    let mut keys = Keys::open(out);
    for field in fields.take(if depth < DEEPEST { usize::MAX } else { 0 }) {
        let inner: Vec<&FieldSpec> = controlled_by(object, field).collect();
        dependents(keys.key(&field.name), object, inner.into_iter(), depth + 1);
    }
    keys.close();
}

/// The types as this API spells them; an id is a string.
fn data_type(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Id | FieldType::String => "String",
        FieldType::Reference => "Reference",
        FieldType::TextArea => "TextArea",
        FieldType::Picklist => "Picklist",
        FieldType::MultiPicklist => "MultiPicklist",
        FieldType::Combobox => "ComboBox",
        FieldType::Boolean => "Boolean",
        FieldType::Int => "Int",
        FieldType::Long => "Long",
        FieldType::Double => "Double",
        FieldType::Currency => "Currency",
        FieldType::Percent => "Percent",
        FieldType::Date => "Date",
        FieldType::DateTime => "DateTime",
        FieldType::Time => "Time",
        FieldType::Email => "Email",
        FieldType::Phone => "Phone",
        FieldType::Url => "Url",
        FieldType::Base64 => "Base64",
        FieldType::EncryptedString => "EncryptedString",
        FieldType::Address => "Address",
        FieldType::Location => "Location",
        FieldType::AnyType => "Anytype",
        FieldType::ComplexValue => "ComplexValue",
    }
}

fn extra_type(field: &FieldSpec) -> Option<&'static str> {
    match (field.extra_type_info.as_deref(), field.kind) {
        (Some("personname"), _) => Some("PersonName"),
        (Some("switchablepersonname"), _) => Some("SwitchablePersonName"),
        (Some("imageurl"), _) => Some("ImageUrl"),
        (Some("externallookup"), _) => Some("ExternalLookup"),
        (Some("indirectlookup"), _) => Some("IndirectLookup"),
        (Some("richtextarea"), _) => Some("RichTextArea"),
        (_, FieldType::TextArea) if field.html_formatted => Some("RichTextArea"),
        (_, FieldType::TextArea) => Some("PlainTextArea"),
        _ => None,
    }
}

/// What a part is called within its compound: `Street` of `BillingStreet`.
fn component<'f>(field: &'f FieldSpec) -> Option<&'f str> {
    let compound = field.compound_field_name.as_deref().filter(|name| *name != &*field.name)?;
    let stem = compound.strip_suffix("Address").or_else(|| compound.strip_suffix("__c"));
    let name: &'f str = field.name.strip_suffix("__s").unwrap_or(&field.name);
    let name = stem.and_then(|stem| name.strip_prefix(stem)).unwrap_or(name);
    Some(name.trim_start_matches('_'))
}

/// The fields that control a picklist, the nearest first.
fn controlling<'o>(object: &'o ObjectSpec, field: &'o FieldSpec) -> Vec<&'o str> {
    let mut chain: Vec<&str> = Vec::new();
    let mut own = field;
    while let Some(name) = own.controller_name.as_deref() {
        if chain.contains(&name) {
            break;
        }
        chain.push(name);
        let Some((_, next)) = object.field(name) else { break };
        own = next;
    }
    chain
}

fn field(out: &mut String, schema: &Schema, object: &ObjectSpec, own: &FieldSpec, version: u32) {
    let mut keys = Keys::open(out);
    keys.text("apiName", &own.name);
    keys.flag("calculated", own.calculated);
    let has_parts = object.visible_fields().any(|(_, part)| {
        part.compound_field_name.as_deref() == Some(&*own.name) && own.kind != FieldType::Location
    });
    keys.flag("compound", has_parts);
    keys.optional("compoundComponentName", component(own));
    keys.optional("compoundFieldName", own.compound_field_name.as_deref());
    keys.optional("controllerName", own.controller_name.as_deref());
    if version >= 42 {
        text_list(&mut keys, "controllingFields", &controlling(object, own));
    }
    keys.flag("createable", own.createable);
    keys.flag("custom", own.custom);
    keys.text("dataType", data_type(own.kind));
    if version >= 66 {
        keys.raw("defaultValue", own.default_value.as_deref().unwrap_or("null"));
        keys.flag("defaultedOnCreate", own.defaulted_on_create);
    }
    if version >= 65 {
        keys.number("digits", own.digits);
    }
    if version >= 60 {
        keys.flag("externalId", own.external_id);
    }
    keys.optional("extraTypeInfo", extra_type(own));
    keys.flag("filterable", own.filterable);
    keys.raw("filteredLookupInfo", "null");
    keys.flag("highScaleNumber", own.high_scale_number);
    keys.flag("htmlFormatted", own.html_formatted);
    keys.optional("inlineHelpText", own.inline_help_text.as_deref());
    keys.text("label", &own.label);
    keys.number("length", own.length);
    if version >= 60 {
        keys.raw("maskType", "null");
    }
    keys.flag("nameField", own.name_field);
    keys.flag("polymorphicForeignKey", own.polymorphic_foreign_key);
    keys.number("precision", own.precision);
    keys.flag("reference", own.kind == FieldType::Reference);
    keys.optional("referenceTargetField", own.reference_target_field.as_deref());
    list(&mut keys, "referenceToInfos", own.reference_to.iter(), |out, name| {
        let mut keys = Keys::open(out);
        keys.text("apiName", name);
        let target = schema.by_name(name);
        let fields = target.map_or_else(|| vec!["Name"], |target| name_fields(target));
        text_list(&mut keys, "nameFields", &fields);
        keys.close();
    });
    keys.optional("relationshipName", own.relationship_name.as_deref());
    keys.flag("required", !own.nillable);
    keys.number("scale", own.scale);
    keys.flag("searchPrefilterable", own.search_prefilterable);
    keys.flag("sortable", own.sortable);
    keys.flag("unique", own.unique);
    keys.flag("updateable", own.updateable);
    keys.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_compounds_have_names_of_their_own() {
        let schema = Schema::default();
        let account = schema.by_name("Account").expect("Account");
        let part = |name: &str| component(account.field(name).expect(name).1).map(str::to_owned);
        assert_eq!(part("BillingStreet").as_deref(), Some("Street"));
        assert_eq!(part("ShippingGeocodeAccuracy").as_deref(), Some("GeocodeAccuracy"));
        assert_eq!(part("Phone"), None);
        let contact = schema.by_name("Contact").expect("Contact");
        assert_eq!(component(contact.field("FirstName").expect("a field").1), Some("FirstName"));
        assert_eq!(component(contact.field("Name").expect("a field").1), None);
    }

    #[test]
    fn people_have_several_name_fields() {
        let schema = Schema::default();
        let of = |name: &str| name_fields(schema.by_name(name).expect(name)).join(" ");
        assert_eq!(of("User"), "FirstName LastName Name");
        assert_eq!(of("Contact"), "FirstName LastName Name");
        assert_eq!(of("Account"), "Name");
        assert_eq!(of("Case"), "CaseNumber");
    }
}
