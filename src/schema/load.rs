//! A standard object from its schema file, on first use, shared by every org of the process.

use super::catalog::{self, Header};
use super::field::{FieldSpec, FieldType};
use super::object::{
    ChildRelationship, Derived, ObjectId, ObjectSpec, RecordTypeInfo, SystemSlots,
};
use super::usual::{self, Context};
use super::view::{Feature, Features};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// The Master record type, which every object with layouts has.
const MASTER: &str = "012000000000000AAA";

type Cache = HashMap<(u16, Features), Arc<ObjectSpec>>;

/// Loaded objects by position and the features that their describe depends on.
static LOADED: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);

/// The standard object at a position of the catalog, as an org with these features sees it.
pub(super) fn standard(position: u16, features: Features) -> Arc<ObjectSpec> {
    let header = &catalog::STANDARD[usize::from(position)];
    let key = (position, features.only(header.relevant));
    let cache = || LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(spec) = cache().get(&key) {
        return Arc::clone(spec);
    }
    // Parsed outside the lock; should two threads do it at once, the first one's is kept.
    let spec = Arc::new(parse(header, position, features));
    Arc::clone(cache().entry(key).or_insert(spec))
}

/// Reads a schema file. The files are part of the program: a fault in one is a broken build, and
/// the test that loads them all says which.
fn parse(header: &Header, position: u16, features: Features) -> ObjectSpec {
    let json: Value = serde_json::from_str(header.json).expect("a schema file is JSON");
    let context = Context { features, block: &json["usual"] };
    let fields = list(&json, "fields").map(|field| {
        let keys = field.as_object().expect("a field is an object");
        usual::field(keys, context)
            .unwrap_or_else(|p| panic!("{}, field {field}: {} {}", header.name, p.at, p.message))
    });
    let scopes = json["supportedScopes"].as_object();
    let layouts = list(&json, "namedLayoutInfos");
    let mut spec = ObjectSpec {
        id: ObjectId(position),
        name: header.name.into(),
        key_prefix: header.key_prefix,
        key_prefix_public: header.key_prefix_public,
        label: header.label.into(),
        label_plural: header.label_plural.into(),
        flags: header.flags,
        links: header.links,
        fields: fields.collect(),
        visible: Vec::new(),
        by_name: rustc_hash::FxHashMap::default(),
        required: Vec::new(),
        filled: Vec::new(),
        unique: Vec::new(),
        name_slot: None,
        child_relationships: list(&json, "childRelationships")
            .filter(|child| shown(child, features))
            .map(child_relationship)
            .filter(|child| exists(&child.child_object, features))
            .collect(),
        record_types: list(&json, "recordTypeInfos")
            .filter(|info| shown(info, features))
            .map(record_type)
            .collect(),
        supported_scopes: scopes
            .into_iter()
            .flatten()
            .map(|(name, label)| (label.as_str().unwrap_or_default().into(), name.as_str().into()))
            .collect(),
        named_layouts: layouts.filter_map(Value::as_str).map(Into::into).collect(),
        associate: header.associate.map(|(kind, parent)| (kind.into(), parent.into())),
        network_scope_field_name: json["networkScopeFieldName"].as_str().map(Into::into),
        compounds: Vec::new(),
        system: SystemSlots::default(),
        derived: header.derived,
        hidden: Vec::new(),
        not_emulated: list(&json, "notEmulated")
            .filter_map(Value::as_str)
            .map(Into::into)
            .collect(),
    };
    if header.derived.is_some_and(Derived::is_catalog) {
        hide_ids(&mut spec.fields);
    }
    spec.index(features);
    spec
}

/// Gives the rows of the metadata catalog ids that nobody sees: a hidden `Id` before the one that is
/// shown, and a hidden reference for each field that shows a parent's durable id.
fn hide_ids(fields: &mut Vec<FieldSpec>) {
    let hidden = |field: &FieldSpec, kind| FieldSpec { hidden: true, kind, ..field.clone() };
    let links: Vec<FieldSpec> = fields
        .iter()
        .filter(|field| !field.reference_to.is_empty())
        .map(|field| hidden(field, FieldType::Reference))
        .collect();
    let own = fields.iter().find(|field| field.kind == FieldType::Id);
    let own = hidden(own.expect("every object has an Id"), FieldType::Id);
    fields.insert(0, own);
    fields.extend(links);
}

fn list<'a>(json: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    json[key].as_array().into_iter().flatten()
}

/// True unless the entry needs a feature that is off.
fn shown(entry: &Value, features: Features) -> bool {
    entry["feature"].as_str().and_then(Feature::named).is_none_or(|need| features.has(need))
}

/// True unless the object is one of ours that this org does not have.
fn exists(object: &str, features: Features) -> bool {
    catalog::position(object)
        .is_none_or(|position| catalog::STANDARD[usize::from(position)].is_shown(features))
}

/// `"Child.Field Relationship"`, or an object with that text under `child` and the other keys.
fn child_relationship(entry: &Value) -> ChildRelationship {
    let none = Map::new();
    let keys = entry.as_object().unwrap_or(&none);
    let path = entry.as_str().or_else(|| entry["child"].as_str()).expect("a child relationship");
    let (path, relationship_name) =
        path.split_once(' ').map_or((path, None), |(path, name)| (path, Some(name.into())));
    let (child_object, field) = path.split_once('.').expect("Child.Field");
    let is = |key: &str| keys.get(key) == Some(&Value::Bool(true));
    let names = |key: &str| list(entry, key).filter_map(Value::as_str).map(Into::into).collect();
    ChildRelationship {
        child_object: child_object.into(),
        field: field.into(),
        relationship_name,
        cascade_delete: is("cascadeDelete"),
        restricted_delete: is("restrictedDelete"),
        deprecated_and_hidden: is("deprecatedAndHidden"),
        junction_id_list_names: names("junctionIdListNames"),
        junction_reference_to: names("junctionReferenceTo"),
    }
}

fn record_type(entry: &Value) -> RecordTypeInfo {
    let name = entry["name"].as_str().expect("a record type has a name");
    let is = |key: &str, usual: bool| entry[key].as_bool().unwrap_or(usual);
    RecordTypeInfo {
        record_type_id: entry["recordTypeId"].as_str().unwrap_or(MASTER).into(),
        developer_name: entry["developerName"].as_str().unwrap_or(name).into(),
        active: is("active", true),
        available: is("available", true),
        default_record_type_mapping: is("defaultRecordTypeMapping", name == "Master"),
        master: is("master", name == "Master"),
        name: name.into(),
    }
}

/// The Master record type alone.
pub(super) fn master_record_type() -> Vec<RecordTypeInfo> {
    vec![record_type(&serde_json::json!({"name": "Master"}))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_file_loads_with_and_without_features() {
        let all = Feature::ALL.iter().fold(Features::NONE, |set, (one, _)| set.with(*one));
        for position in 0..catalog::STANDARD.len() as u16 {
            let (none, all) = (standard(position, Features::NONE), standard(position, all));
            assert_eq!(none.fields.len(), all.fields.len(), "{}: slots never move", none.name);
            assert!(all.visible.len() >= none.visible.len(), "{}", none.name);
            assert_eq!(&*none.at(none.system.id).name, "Id");
        }
    }

    #[test]
    fn a_loaded_object_is_shared_between_feature_sets_that_it_does_not_depend_on() {
        let group = catalog::position("Group").expect("Group");
        let one = standard(group, Features::NONE);
        let other = standard(group, Features::NONE.with(Feature::PersonAccounts));
        assert!(Arc::ptr_eq(&one, &other));
    }
}
