//! Layout resources as JSON text. An org without layouts of its own still answers: one page layout
//! per object that shows every field once, and the system's compact layout. Shapes: the REST guide on
//! layouts, compact layouts and approval layouts of an object.

use super::describe::{field, layout_url, pick_value};
use super::home::Home;
use super::keys::{Keys, list};
use crate::id::Id;
use crate::schema::{FieldSpec, FieldType, ObjectSpec, RecordTypeInfo, Schema};

/// Key prefix of page layouts.
const LAYOUT: [u8; 3] = *b"00h";

/// Appends the body of `…/describe/layouts`, also of `…/describe/namedLayouts/X`. With several
/// record types the layouts themselves are asked for one by one.
pub fn layouts(out: &mut String, schema: &Schema, object: &ObjectSpec, version: u32) {
    let mut keys = Keys::open(out);
    if object.record_types.len() > 1 {
        keys.raw("layouts", "null");
    } else {
        list(&mut keys, "layouts", std::iter::once(()), |out, ()| layout(out, schema, object));
    }
    list(&mut keys, "recordTypeMappings", object.record_types.iter(), |out, info| {
        record_type_mapping(out, object, info, version);
    });
    let must_choose = object.record_types.iter().filter(|info| !info.master).count() > 1;
    keys.raw("recordTypeSelectorRequired", if must_choose { "[true]" } else { "[false]" });
    keys.close();
}

/// Appends the body of `…/describe/layouts/{recordTypeId}`: the one page layout.
pub fn layout(out: &mut String, schema: &Schema, object: &ObjectSpec) {
    let mut keys = Keys::open(out);
    keys.raw("buttonLayoutSection", r#"{"detailButtons":[]}"#);
    sections(&mut keys, "detailLayoutSections", schema, object, true);
    sections(&mut keys, "editLayoutSections", schema, object, false);
    keys.raw("feedView", "null");
    keys.raw("highlightsPanelLayoutSection", "null");
    keys.text("id", &layout_id(object));
    keys.raw("multirowEditLayoutSections", "[]");
    keys.raw("offlineLinks", "[]");
    keys.raw("quickActionList", r#"{"quickActionListItems":[]}"#);
    keys.raw("relatedContent", "null");
    keys.raw("relatedLists", "[]");
    keys.raw("saveOptions", "[]");
    keys.close();
}

/// Appends the body of `…/sobjects/Global/describe/layouts`: a publisher without actions.
pub fn global_publisher(out: &mut String) {
    let mut keys = Keys::open(out);
    list(&mut keys, "layouts", std::iter::once(()), |out, ()| {
        let mut keys = Keys::open(out);
        keys.raw("buttonLayoutSection", "null");
        keys.raw("detailLayoutSections", "[]");
        keys.raw("editLayoutSections", "[]");
        keys.raw("feedView", "null");
        keys.raw("highlightsPanelLayoutSection", "null");
        keys.text("id", &Id::own(LAYOUT, 62 * 62 * 62).to_string());
        keys.raw("multirowEditLayoutSections", "[]");
        keys.raw("offlineLinks", "[]");
        keys.raw("quickActionList", r#"{"quickActionListItems":[]}"#);
        keys.raw("relatedContent", "null");
        keys.raw("relatedLists", "[]");
        keys.raw("saveOptions", "[]");
        keys.close();
    });
    keys.raw("recordTypeMappings", "[]");
    keys.raw("recordTypeSelectorRequired", "[false]");
    keys.close();
}

/// Appends the body of `…/describe/compactLayouts`: the system's own, assigned to every record type.
pub fn compact_layouts(out: &mut String, schema: &Schema, object: &ObjectSpec, version: u32) {
    let mut keys = Keys::open(out);
    list(&mut keys, "compactLayouts", std::iter::once(()), |out, ()| {
        primary_compact_layout(out, schema, object);
    });
    keys.raw("defaultCompactLayoutId", "null");
    list(&mut keys, "recordTypeCompactLayoutMappings", object.record_types.iter(), |out, info| {
        let mut keys = Keys::open(out);
        keys.flag("available", info.available);
        keys.raw("compactLayoutId", "null");
        keys.text("compactLayoutName", "SYSTEM");
        keys.text("recordTypeId", &info.record_type_id);
        keys.text("recordTypeName", &info.name);
        let path = format!("/describe/compactLayouts/{}", info.record_type_id);
        url(&mut keys, "compactLayout", object, version, &path);
        keys.close();
    });
    url(&mut keys, "primary", object, version, "/describe/compactLayouts/primary");
    keys.close();
}

/// Appends the body of `…/describe/compactLayouts/primary`; also one value of
/// `/compactLayouts?q=…`.
pub fn primary_compact_layout(out: &mut String, schema: &Schema, object: &ObjectSpec) {
    let name = object.name_slot.unwrap_or(object.system.id);
    let mut keys = Keys::open(out);
    keys.raw("actions", "[]");
    list(&mut keys, "fieldItems", std::iter::once(object.at(name)), |out, own| {
        let mut keys = Keys::open(out);
        keys.flag("editable", false);
        keys.text("label", &own.label);
        component(&mut keys, schema, own, 1);
        keys.flag("placeholder", false);
        keys.flag("required", false);
        keys.close();
    });
    keys.raw("id", "null");
    keys.raw("imageItems", "[]");
    keys.text("label", "System Default");
    keys.text("name", "SYSTEM");
    keys.close();
}

/// Appends the body of `/compactLayouts?q=…`: the primary compact layout of each object.
pub fn compact_layouts_of(out: &mut String, schema: &Schema, objects: &[&ObjectSpec]) {
    let mut keys = Keys::open(out);
    for object in objects {
        primary_compact_layout(keys.key(&object.name), schema, object);
    }
    keys.close();
}

/// Appends the body of `…/describe/approvalLayouts` of an org without approval processes.
pub fn approval_layouts(out: &mut String) {
    out.push_str(r#"{"approvalLayouts":[]}"#);
}

/// The id of an object's page layout.
pub fn layout_id(object: &ObjectSpec) -> String {
    Id::own(LAYOUT, Id::of_prefix(object.key_prefix)).to_string()
}

/// The id of a section of an object's page layout, by its place: an id of its own, under the layout's.
pub fn section_id(object: &ObjectSpec, at: usize) -> String {
    Id::own(*b"01B", (Id::of_prefix(object.key_prefix) << 8) + at as u64 + 1).to_string()
}

fn record_type_mapping(out: &mut String, object: &ObjectSpec, info: &RecordTypeInfo, version: u32) {
    let mut keys = Keys::open(out);
    keys.flag("active", info.active);
    keys.flag("available", info.available);
    keys.flag("defaultRecordTypeMapping", info.default_record_type_mapping);
    keys.text("developerName", &info.developer_name);
    keys.text("layoutId", &layout_id(object));
    keys.flag("master", info.master);
    keys.text("name", &info.name);
    let picklists = object.visible_fields().filter_map(|(_, own)| {
        own.picklist.as_ref().filter(|_| own.kind != FieldType::Combobox).map(|list| (own, list))
    });
    list(&mut keys, "picklistsForRecordType", picklists, |out, (own, picklist)| {
        let mut keys = Keys::open(out);
        keys.text("picklistName", &own.name);
        list(&mut keys, "picklistValues", picklist.values().iter(), pick_value);
        keys.close();
    });
    keys.text("recordTypeId", &info.record_type_id);
    layout_url(&mut keys, object, version, "layouts", &info.record_type_id);
    keys.close();
}

/// `"urls":{"name":"/services/data/…"}`
fn url(keys: &mut Keys, name: &str, object: &ObjectSpec, version: u32, path: &str) {
    let mut urls = keys.object("urls");
    let out = urls.key(name);
    out.push('"');
    Home::from(version).push_object(out, &object.name);
    out.push_str(path);
    out.push('"');
    urls.close();
}

/// The sections of the page: what users fill in, and, for reading, what the org fills in. A
/// compound field stands for its parts.
fn sections(keys: &mut Keys, name: &str, schema: &Schema, object: &ObjectSpec, detail: bool) {
    let writable = |own: &FieldSpec| own.createable || own.updateable;
    let visible = || object.visible_fields().map(|(_, own)| own);
    let filled: Vec<&FieldSpec> = visible().filter(|own| writable(own)).collect();
    let audit = ["CreatedById", "LastModifiedById"];
    let audited = || visible().filter(|own| detail && audit.contains(&&*own.name));
    let headed = [
        (format!("{} Information", object.label), filled),
        (String::from("System Information"), audited().collect()),
    ];
    let headed = headed.iter().filter(|(_, fields)| !fields.is_empty()).enumerate();
    let mut tab_order = 0;
    list(keys, name, headed, |out, (at, (heading, fields))| {
        let mut keys = Keys::open(out);
        keys.flag("collapsed", false);
        keys.number("columns", 2);
        keys.text("heading", heading);
        list(&mut keys, "layoutRows", fields.chunks(2), |out, row| {
            let mut keys = Keys::open(out);
            list(&mut keys, "layoutItems", row.iter(), |out, own| {
                tab_order += 1;
                item(out, schema, own, tab_order);
            });
            keys.number("numItems", row.len() as u32);
            keys.close();
        });
        keys.text("layoutSectionId", &section_id(object, at));
        keys.text("parentLayoutId", &layout_id(object));
        keys.number("rows", fields.len().div_ceil(2) as u32);
        keys.text("tabOrder", "LeftToRight");
        keys.flag("useCollapsibleSection", false);
        keys.flag("useHeading", true);
        keys.close();
    });
}

/// Appends an item of a layout: one field.
pub fn item(out: &mut String, schema: &Schema, own: &FieldSpec, tab_order: u32) {
    let mut keys = Keys::open(out);
    keys.flag("editableForNew", own.createable);
    keys.flag("editableForUpdate", own.updateable);
    keys.text("label", &own.label);
    component(&mut keys, schema, own, tab_order);
    keys.flag("placeholder", false);
    keys.flag("required", own.required_on_create());
    keys.close();
}

fn component(keys: &mut Keys, schema: &Schema, own: &FieldSpec, tab_order: u32) {
    list(keys, "layoutComponents", std::iter::once(own), |out, own| {
        let mut keys = Keys::open(out);
        keys.raw("components", "[]");
        field(keys.key("details"), schema, own);
        keys.number("displayLines", 1);
        keys.number("tabOrder", tab_order);
        keys.text("type", "Field");
        keys.text("value", &own.name);
        keys.close();
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn every_layout_resource_of_every_object_is_json_of_the_right_shape() {
        let schema = Schema::default();
        for header in schema.headers() {
            let object = schema.object(header.id);
            let mut text = String::new();
            layouts(&mut text, &schema, object, 66);
            let json: Value = serde_json::from_str(&text).expect(header.name);
            if object.record_types.len() < 2 {
                let first = &json["layouts"][0];
                assert_eq!(first["id"], layout_id(object));
                assert_eq!(first.as_object().map(serde_json::Map::len), Some(12));
            }
            assert_eq!(json["recordTypeSelectorRequired"], serde_json::json!([false]));
            text.clear();
            compact_layouts(&mut text, &schema, object, 66);
            let json: Value = serde_json::from_str(&text).expect(header.name);
            assert_eq!(json["compactLayouts"][0]["name"], "SYSTEM");
            assert!(json["urls"]["primary"].is_string());
        }
    }

    #[test]
    fn a_compact_layout_shows_the_name_field() {
        let schema = Schema::default();
        let account = schema.by_name("Account").expect("Account");
        let case = schema.by_name("case").expect("Case");
        let mut text = String::new();
        compact_layouts_of(&mut text, &schema, &[account, case]);
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let shown =
            |name: &str| json[name]["fieldItems"][0]["layoutComponents"][0]["value"].clone();
        assert_eq!((shown("Account"), shown("Case")), ("Name".into(), "CaseNumber".into()));
    }
}
