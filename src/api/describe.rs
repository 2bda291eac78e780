//! Describes as JSON text: describeGlobal, an object's basic information and its full describe.
//! Keys stand in the order of recorded describes, which is alphabetical; `reference/rest.md` §2.

use super::home::Home;
use super::json::push_str;
use super::keys::{Keys, list};
use crate::schema::catalog::in_tooling;
use crate::schema::link::{LINKS, Target};
use crate::schema::{
    ChildRelationship, FieldSpec, HeaderView, ObjectSpec, PickValue, RecordTypeInfo, Schema,
};

/// Appends the body of describeGlobal.
pub fn global(out: &mut String, schema: &Schema, home: impl Into<Home>) {
    let home = home.into();
    out.push_str(r#"{"encoding":"UTF-8","maxBatchSize":200,"sobjects":["#);
    let headers = schema.headers();
    let shown = |header: &&HeaderView| !home.tooling || in_tooling(header.name).is_some();
    for (at, header) in headers.iter().filter(shown).enumerate() {
        if at > 0 {
            out.push(',');
        }
        summary(out, header, home);
    }
    out.push_str("]}");
}

/// Appends the body of `…/sobjects/X`. The recent items come as a JSON array.
pub fn basic_info(
    out: &mut String,
    object: &ObjectSpec,
    home: impl Into<Home>,
    recent_items: &str,
) {
    out.push_str(r#"{"objectDescribe":"#);
    summary(out, &HeaderView::of(object), home.into());
    out.push_str(r#","recentItems":"#);
    out.push_str(recent_items);
    out.push('}');
}

/// Appends the full describe of an object. `base` is the scheme and host that the links into the
/// user interface begin with.
pub fn sobject(
    out: &mut String,
    schema: &Schema,
    object: &ObjectSpec,
    home: impl Into<Home>,
    base: &str,
) {
    let home = home.into();
    let version = home.version;
    let header = HeaderView::of(object);
    // Fields make up nearly all of a describe: about 1.3 kB each.
    out.reserve(object.visible.len() * 1400 + object.child_relationships.len() * 250);
    let flags = &object.flags;
    let mut keys = Keys::open(out);
    keys.raw("actionOverrides", "[]");
    keys.flag("activateable", flags.activateable);
    associate(&mut keys, &header, version);
    list(&mut keys, "childRelationships", object.child_relationships.iter(), child_relationship);
    keys.flag("compactLayoutable", flags.compact_layoutable);
    keys.flag("createable", flags.createable);
    keys.flag("custom", flags.custom);
    keys.flag("customSetting", flags.custom_setting);
    keys.flag("deepCloneable", flags.deep_cloneable);
    keys.raw("defaultImplementation", "null");
    keys.flag("deletable", flags.deletable);
    keys.flag("deprecatedAndHidden", flags.deprecated_and_hidden);
    keys.raw("extendedBy", "null");
    keys.raw("extendsInterfaces", "null");
    keys.flag("feedEnabled", flags.feed_enabled);
    list(&mut keys, "fields", object.visible_fields(), |out, (_, one)| field(out, schema, one));
    keys.flag("hasSubtypes", flags.has_subtypes);
    keys.raw("implementedBy", "null");
    keys.raw("implementsInterfaces", "null");
    keys.flag("isInterface", flags.is_interface);
    keys.flag("isSubtype", flags.is_subtype);
    key_prefix(&mut keys, &header);
    keys.text("label", &object.label);
    keys.text("labelPlural", &object.label_plural);
    keys.flag("layoutable", flags.layoutable);
    keys.raw("listviewable", "null");
    keys.raw("lookupLayoutable", "null");
    keys.flag("mergeable", flags.mergeable);
    keys.flag("mruEnabled", flags.mru_enabled);
    keys.text("name", &object.name);
    list(&mut keys, "namedLayoutInfos", object.named_layouts.iter(), |out, name| {
        let mut keys = Keys::open(out);
        keys.text("name", name);
        layout_url(&mut keys, object, version, "namedLayouts", name);
        keys.close();
    });
    keys.optional("networkScopeFieldName", object.network_scope_field_name.as_deref());
    keys.flag("queryable", flags.queryable);
    list(&mut keys, "recordTypeInfos", object.record_types.iter(), |out, info| {
        record_type(out, object, info, version);
    });
    keys.flag("replicateable", flags.replicateable);
    keys.flag("retrieveable", flags.retrieveable);
    keys.flag("searchLayoutable", flags.search_layoutable);
    keys.flag("searchable", flags.searchable);
    if version >= 53 {
        keys.text("sobjectDescribeOption", "FULL");
    }
    list(&mut keys, "supportedScopes", object.supported_scopes.iter(), |out, (label, name)| {
        let mut keys = Keys::open(out);
        keys.text("label", label);
        keys.text("name", name);
        keys.close();
    });
    keys.flag("triggerable", flags.triggerable);
    keys.flag("undeletable", flags.undeletable);
    keys.flag("updateable", flags.updateable);
    urls(&mut keys, &header, home, Some(base).filter(|_| flags.layoutable));
    keys.close();
}

/// An element of describeGlobal.
fn summary(out: &mut String, header: &HeaderView, home: Home) {
    let flags = &header.flags;
    let mut keys = Keys::open(out);
    keys.flag("activateable", flags.activateable);
    associate(&mut keys, header, home.version);
    keys.flag("createable", flags.createable);
    keys.flag("custom", flags.custom);
    keys.flag("customSetting", flags.custom_setting);
    keys.flag("deepCloneable", flags.deep_cloneable);
    keys.flag("deletable", flags.deletable);
    keys.flag("deprecatedAndHidden", flags.deprecated_and_hidden);
    keys.flag("feedEnabled", flags.feed_enabled);
    keys.flag("hasSubtypes", flags.has_subtypes);
    keys.flag("isInterface", flags.is_interface);
    keys.flag("isSubtype", flags.is_subtype);
    key_prefix(&mut keys, header);
    keys.text("label", header.label);
    keys.text("labelPlural", header.label_plural);
    keys.flag("layoutable", flags.layoutable);
    keys.flag("mergeable", flags.mergeable);
    keys.flag("mruEnabled", flags.mru_enabled);
    keys.text("name", header.name);
    keys.flag("queryable", flags.queryable);
    keys.flag("replicateable", flags.replicateable);
    keys.flag("retrieveable", flags.retrieveable);
    keys.flag("searchable", flags.searchable);
    keys.flag("triggerable", flags.triggerable);
    keys.flag("undeletable", flags.undeletable);
    keys.flag("updateable", flags.updateable);
    urls(&mut keys, header, home, None);
    keys.close();
}

/// From version 50.0: which object's share, history or feed this is.
fn associate(keys: &mut Keys, header: &HeaderView, version: u32) {
    if version >= 50 {
        keys.optional("associateEntityType", header.associate.map(|(kind, _)| kind));
        keys.optional("associateParentEntity", header.associate.map(|(_, parent)| parent));
    }
}

fn key_prefix(keys: &mut Keys, header: &HeaderView) {
    let public = header.key_prefix_public.then_some(&header.key_prefix);
    keys.optional("keyPrefix", public.and_then(|prefix| std::str::from_utf8(prefix).ok()));
}

/// The links of an object; with `base`, those into the user interface too.
fn urls(keys: &mut Keys, header: &HeaderView, home: Home, base: Option<&str>) {
    let mut urls = keys.object("urls");
    for (position, link) in LINKS.iter().enumerate() {
        let (suffix, shown) = match link.target {
            Target::Object(suffix) => (suffix, header.links.has(position)),
            Target::Former(suffix) => {
                (suffix, home.version < 52 && header.flags.layoutable && header.flags.createable)
            }
            Target::Page(suffix) | Target::NewPage(suffix) => (suffix, base.is_some()),
        };
        if !shown {
            continue;
        }
        let out = urls.key(link.name);
        out.push('"');
        match link.target {
            Target::Object(_) | Target::Former(_) => home.push_object(out, header.name),
            Target::Page(_) => out.push_str(base.unwrap_or_default()),
            Target::NewPage(_) => {
                out.push_str(base.unwrap_or_default());
                out.push('/');
                out.extend(header.key_prefix.map(char::from));
            }
        }
        out.push_str(suffix);
        out.push('"');
    }
    urls.close();
}

/// `"urls":{"layout":"…/describe/…"}`
pub(super) fn layout_url(
    keys: &mut Keys,
    object: &ObjectSpec,
    version: u32,
    kind: &str,
    name: &str,
) {
    let mut urls = keys.object("urls");
    let out = urls.key("layout");
    out.push('"');
    Home::from(version).push_object(out, &object.name);
    for part in ["/describe/", kind, "/", name, "\""] {
        out.push_str(part);
    }
    urls.close();
}

fn child_relationship(out: &mut String, child: &ChildRelationship) {
    let mut keys = Keys::open(out);
    keys.flag("cascadeDelete", child.cascade_delete);
    keys.text("childSObject", &child.child_object);
    keys.flag("deprecatedAndHidden", child.deprecated_and_hidden);
    keys.text("field", &child.field);
    list(&mut keys, "junctionIdListNames", child.junction_id_list_names.iter(), |out, name| {
        push_str(out, name);
    });
    list(&mut keys, "junctionReferenceTo", child.junction_reference_to.iter(), |out, name| {
        push_str(out, name);
    });
    keys.optional("relationshipName", child.relationship_name.as_deref());
    keys.flag("restrictedDelete", child.restricted_delete);
    keys.close();
}

fn record_type(out: &mut String, object: &ObjectSpec, info: &RecordTypeInfo, version: u32) {
    let mut keys = Keys::open(out);
    keys.flag("active", info.active);
    keys.flag("available", info.available);
    keys.flag("defaultRecordTypeMapping", info.default_record_type_mapping);
    keys.text("developerName", &info.developer_name);
    keys.flag("master", info.master);
    keys.text("name", &info.name);
    keys.text("recordTypeId", &info.record_type_id);
    layout_url(&mut keys, object, version, "layouts", &info.record_type_id);
    keys.close();
}

/// Appends one field: all 57 keys.
pub fn field(out: &mut String, schema: &Schema, field: &FieldSpec) {
    let mut keys = Keys::open(out);
    keys.flag("aggregatable", field.aggregatable);
    keys.flag("aiPredictionField", field.ai_prediction_field);
    keys.flag("autoNumber", field.auto_number.is_some());
    keys.number("byteLength", field.byte_length);
    keys.flag("calculated", field.calculated);
    keys.optional("calculatedFormula", field.calculated_formula.as_deref());
    keys.flag("cascadeDelete", field.cascade_delete);
    keys.flag("caseSensitive", field.case_sensitive);
    keys.optional("compoundFieldName", field.compound_field_name.as_deref());
    keys.optional("controllerName", field.controller_name.as_deref());
    keys.flag("createable", field.createable);
    keys.flag("custom", field.custom);
    keys.raw("defaultValue", field.default_value.as_deref().unwrap_or("null"));
    keys.optional("defaultValueFormula", field.default_value_formula.as_deref());
    keys.flag("defaultedOnCreate", field.defaulted_on_create);
    keys.flag("dependentPicklist", field.dependent_picklist);
    keys.flag("deprecatedAndHidden", field.deprecated_and_hidden);
    keys.number("digits", field.digits);
    keys.flag("displayLocationInDecimal", field.display_location_in_decimal);
    keys.flag("encrypted", field.encrypted);
    keys.flag("externalId", field.external_id);
    keys.optional("extraTypeInfo", field.extra_type_info.as_deref());
    keys.flag("filterable", field.filterable);
    keys.raw("filteredLookupInfo", "null");
    keys.flag("formulaTreatNullNumberAsZero", field.formula_treat_null_number_as_zero);
    keys.flag("groupable", field.groupable);
    keys.flag("highScaleNumber", field.high_scale_number);
    keys.flag("htmlFormatted", field.html_formatted);
    keys.flag("idLookup", field.id_lookup);
    keys.optional("inlineHelpText", field.inline_help_text.as_deref());
    keys.text("label", &field.label);
    keys.number("length", field.length);
    keys.raw("mask", "null");
    keys.raw("maskType", "null");
    keys.text("name", &field.name);
    keys.flag("nameField", field.name_field);
    keys.flag("namePointing", field.name_pointing);
    keys.flag("nillable", field.nillable);
    keys.flag("permissionable", field.permissionable);
    let values = field.picklist.as_ref().map_or(&[][..], |picklist| picklist.values());
    list(&mut keys, "picklistValues", values.iter(), pick_value);
    keys.flag("polymorphicForeignKey", field.polymorphic_foreign_key);
    keys.number("precision", field.precision);
    keys.flag("queryByDistance", field.query_by_distance);
    keys.optional("referenceTargetField", field.reference_target_field.as_deref());
    let parents = field.reference_to.iter().filter(|parent| !schema.hides(parent));
    list(&mut keys, "referenceTo", parents, |out, name| push_str(out, name));
    keys.optional("relationshipName", field.relationship_name.as_deref());
    match field.relationship_order {
        Some(order) => keys.number("relationshipOrder", order),
        None => keys.raw("relationshipOrder", "null"),
    }
    keys.flag("restrictedDelete", field.restricted_delete);
    keys.flag("restrictedPicklist", field.restricted_picklist);
    keys.number("scale", field.scale);
    keys.flag("searchPrefilterable", field.search_prefilterable);
    keys.text("soapType", &field.soap_type);
    keys.flag("sortable", field.sortable);
    keys.text("type", field.kind.name());
    keys.flag("unique", field.unique);
    keys.flag("updateable", field.updateable);
    keys.flag("writeRequiresMasterRead", field.write_requires_master_read);
    keys.close();
}

/// Appends one picklist value.
pub(super) fn pick_value(out: &mut String, value: &PickValue) {
    let mut keys = Keys::open(out);
    keys.flag("active", value.active);
    keys.flag("defaultValue", value.default_value);
    keys.text("label", &value.label);
    keys.optional("validFor", value.valid_for.as_deref());
    keys.text("value", &value.value);
    keys.close();
}
