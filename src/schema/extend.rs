//! What an org's owner added to the schema: whole objects, and fields and relationships of
//! objects that were there. Slots append; none ever moves.

use super::catalog;
use super::field::{FieldSpec, FieldType};
use super::import::{AddedField, Addition, Additions, ImportError};
use super::link::Links;
use super::load;
use super::object::{ChildRelationship, ObjectFlags, ObjectId, ObjectSpec, SystemSlots};
use super::usual::{self, Context};
use super::view::{Features, Schema};
use crate::id::KeyPrefix;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// Everything that was added to one schema.
#[derive(Clone, Debug, Default)]
pub(super) struct Added {
    /// Added objects; their ids follow the standard ones.
    pub(super) objects: Vec<Arc<ObjectSpec>>,
    /// What was added to standard objects.
    pub(super) changes: HashMap<ObjectId, Change>,
    /// Digest of all that was added, in order.
    pub(super) digest: u64,
}

/// What was added to one standard object.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) fields: Vec<FieldSpec>,
    pub(super) children: Vec<ChildRelationship>,
    /// The object with the change, made when first asked for.
    #[serde(skip)]
    pub(super) object: OnceLock<Arc<ObjectSpec>>,
}

impl Change {
    /// The standard object with this change.
    pub(super) fn apply(&self, base: &ObjectSpec, features: Features) -> ObjectSpec {
        let mut object = base.clone();
        object.fields.extend(self.fields.iter().cloned());
        object.child_relationships.extend(self.children.iter().cloned());
        object.index(features);
        object
    }
}

impl Added {
    /// The same under other features.
    pub(super) fn with_features(&self, features: Features) -> Added {
        let mut added = self.clone();
        for object in &mut added.objects {
            Arc::make_mut(object).index(features);
        }
        for change in added.changes.values_mut() {
            change.object = OnceLock::new();
        }
        added
    }

    /// This and more. `schema` is the schema so far, whose additions these are.
    pub(super) fn extended(
        &self,
        additions: Additions,
        schema: &Schema,
    ) -> Result<Added, ImportError> {
        let mut work = Work { added: self.clone(), schema };
        // First the objects, so that lookups may point forward.
        let mut fields = Vec::new();
        for addition in additions.objects {
            let (id, own) = work.object(addition)?;
            fields.push((id, own));
        }
        for (id, own) in fields {
            for field in own {
                work.field(id, field)?;
            }
        }
        let features = schema.features();
        for object in &mut work.added.objects {
            Arc::make_mut(object).index(features);
        }
        work.added.digest = work.added.digest.rotate_left(5) ^ additions.digest;
        Ok(work.added)
    }
}

struct Work<'a> {
    added: Added,
    schema: &'a Schema,
}

impl Work<'_> {
    fn id_of(&self, name: &str) -> Option<ObjectId> {
        let mut own = self.added.objects.iter();
        let own = || own.find(|own| own.name.eq_ignore_ascii_case(name)).map(|object| object.id);
        catalog::position(name).map(ObjectId).or_else(own)
    }

    /// Finds or makes the object of an addition; gives the fields that remain to be added.
    fn object(&mut self, addition: Addition) -> Result<(ObjectId, Vec<AddedField>), ImportError> {
        if let Some(id) = self.id_of(&addition.name) {
            if !self.schema.is_shown(id) {
                let message = format!("this org has no {}: a feature is off", addition.name);
                return Err(ImportError::new(&addition.path, ".name", message));
            }
            return Ok((id, addition.fields));
        }
        let known = catalog::known(&addition.name);
        if known.is_none() && !addition.name.ends_with("__c") {
            let message = "a custom object's name must end in __c";
            return Err(ImportError::new(&addition.path, ".name", message));
        }
        let prefix = match (addition.key_prefix, known) {
            (Some(prefix), _) if self.is_taken(prefix) => {
                let message = "this key prefix is taken";
                return Err(ImportError::new(&addition.path, ".keyPrefix", message));
            }
            (Some(prefix), _) | (None, Some((_, prefix))) => prefix,
            (None, None) => self.free_prefix(),
        };
        let id = ObjectId((catalog::STANDARD.len() + self.added.objects.len()) as u16);
        let (object, rest) = new_object(id, prefix, addition);
        let own = object.fields.iter().filter(|field| field.kind == FieldType::Reference);
        let parents: Vec<(ChildRelationship, Vec<Box<str>>)> = own
            .map(|field| (child_of(&object.name, field, None), field.reference_to.to_vec()))
            .collect();
        self.added.objects.push(Arc::new(object));
        for (child, parents) in parents {
            // A describe of Group lists none of what groups own.
            for parent in parents.iter().filter(|parent| &***parent != "Group") {
                if let Some(parent) = self.id_of(parent) {
                    self.add_child(parent, child.clone());
                }
            }
        }
        Ok((id, rest))
    }

    fn is_taken(&self, prefix: KeyPrefix) -> bool {
        catalog::position_of_prefix(prefix).is_some()
            || catalog::is_known_prefix(prefix)
            || self.added.objects.iter().any(|object| object.key_prefix == prefix)
    }

    /// `a00`, `a01`, …: the first that is free.
    fn free_prefix(&self) -> KeyPrefix {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let pairs = DIGITS.iter().flat_map(|high| DIGITS.iter().map(|low| [b'a', *high, *low]));
        pairs.into_iter().find(|prefix| !self.is_taken(*prefix)).expect("3844 custom objects")
    }

    fn field(&mut self, id: ObjectId, field: AddedField) -> Result<(), ImportError> {
        let AddedField { path, spec, child_name } = field;
        let existing = self.existing(id, &spec.name);
        if let Some((kind, custom)) = existing {
            // A describe of a real org repeats the standard fields: they stay as they are.
            if kind == spec.kind && !custom && !spec.custom {
                return Ok(());
            }
            let message = format!("the object has a field {} already", spec.name);
            return Err(ImportError::new(&path, ".name", message));
        }
        let object_name = self.name_of(id);
        for (at, parent) in spec.reference_to.iter().enumerate() {
            if self.id_of(parent).is_none() && catalog::known(parent).is_none() {
                let message = format!("no such object: {parent}");
                return Err(ImportError::new(&path, &format!(".referenceTo[{at}]"), message));
            }
        }
        let spec = self.ordered(id, spec);
        if spec.kind == FieldType::Reference {
            let plural = self.plural_of(id);
            let name = child_name.or_else(|| spec.custom.then(|| relationship_stem(&plural)));
            let parents = spec.reference_to.iter().filter_map(|parent| self.id_of(parent));
            for parent in parents.collect::<Vec<_>>() {
                let name = name.as_deref().map(|name| self.free_child_name(parent, name));
                self.add_child(parent, child_of(&object_name, &spec, name));
            }
        }
        if let Some(object) = self.added_object(id) {
            object.fields.push(spec);
        } else {
            let change = self.added.changes.entry(id).or_default();
            change.fields.push(spec);
            change.object = OnceLock::new();
        }
        Ok(())
    }

    /// Type and custom flag of a field that the object has.
    fn existing(&self, id: ObjectId, name: &str) -> Option<(FieldType, bool)> {
        let added = usize::from(id.0).checked_sub(catalog::STANDARD.len());
        let fields: &[FieldSpec] = match added {
            Some(at) => &self.added.objects[at].fields,
            None => &self.schema.object(id).fields,
        };
        let more = self.added.changes.get(&id).map_or(&[][..], |change| &change.fields);
        let mut all = fields.iter().chain(more);
        let found = all.find(|own| !own.removed && own.name.eq_ignore_ascii_case(name));
        found.map(|own| (own.kind, own.custom))
    }

    /// Numbers the masters of a detail object, as a describe shows them.
    fn ordered(&self, id: ObjectId, mut spec: FieldSpec) -> FieldSpec {
        if spec.is_master_detail() && spec.relationship_order.is_none() {
            let at = usize::from(id.0).checked_sub(catalog::STANDARD.len());
            let own = at.map_or(&[][..], |at| &self.added.objects[at].fields);
            let masters = own.iter().filter(|field| field.is_master_detail()).count();
            spec.relationship_order = Some(masters as u32);
        }
        spec
    }

    fn added_object(&mut self, id: ObjectId) -> Option<&mut ObjectSpec> {
        let at = usize::from(id.0).checked_sub(catalog::STANDARD.len())?;
        Some(Arc::make_mut(&mut self.added.objects[at]))
    }

    fn name_of(&self, id: ObjectId) -> Box<str> {
        let at = usize::from(id.0);
        catalog::STANDARD.get(at).map_or_else(
            || self.added.objects[at - catalog::STANDARD.len()].name.clone(),
            |header| header.name.into(),
        )
    }

    fn plural_of(&self, id: ObjectId) -> Box<str> {
        let at = usize::from(id.0);
        catalog::STANDARD.get(at).map_or_else(
            || self.added.objects[at - catalog::STANDARD.len()].label_plural.clone(),
            |header| header.label_plural.into(),
        )
    }

    fn add_child(&mut self, parent: ObjectId, child: ChildRelationship) {
        if let Some(object) = self.added_object(parent) {
            object.child_relationships.push(child);
        } else {
            let change = self.added.changes.entry(parent).or_default();
            change.children.push(child);
            change.object = OnceLock::new();
        }
    }

    /// `Projects__r`, or `Projects1__r`, … when the parent has such a relationship already. Only
    /// added names can collide: no standard one ends in `__r`.
    fn free_child_name(&self, parent: ObjectId, stem: &str) -> Box<str> {
        let at = usize::from(parent.0).checked_sub(catalog::STANDARD.len());
        let own = at.map_or(&[][..], |at| &self.added.objects[at].child_relationships);
        let more = self.added.changes.get(&parent).map_or(&[][..], |change| &change.children);
        let taken = |name: &str| {
            own.iter().chain(more).any(|child| {
                child.relationship_name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
            })
        };
        let mut name = format!("{stem}__r");
        let mut number = 0;
        while taken(&name) {
            number += 1;
            name = format!("{stem}{number}__r");
        }
        name.into()
    }
}

fn child_of(object: &str, field: &FieldSpec, name: Option<Box<str>>) -> ChildRelationship {
    ChildRelationship {
        child_object: object.into(),
        field: field.name.clone(),
        relationship_name: name,
        cascade_delete: field.cascade_delete,
        restricted_delete: field.restricted_delete,
        deprecated_and_hidden: false,
        junction_id_list_names: Box::default(),
        junction_reference_to: Box::default(),
    }
}

/// `Cost Centers` → `Cost_Centers`, as Setup proposes it.
fn relationship_stem(plural: &str) -> Box<str> {
    let words = plural.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").into()
}

/// A new object with its system fields; gives the fields that remain to be added.
fn new_object(
    id: ObjectId,
    key_prefix: KeyPrefix,
    addition: Addition,
) -> (ObjectSpec, Vec<AddedField>) {
    let Addition { name, label, label_plural, flags, mut fields, custom, .. } = addition;
    let label = label.unwrap_or_else(|| usual::usual_label(&name));
    let label_plural = label_plural.unwrap_or_else(|| format!("{label}s").into());
    let is_detail = fields.iter().any(|field| field.spec.is_master_detail());
    let mut own = Vec::new();
    for keys in system_fields(is_detail) {
        let keys = keys.as_object().expect("system fields are objects");
        let usual = usual::field(keys, Context::PLAIN).expect("system fields are well-formed");
        // The owner's word on a system field counts, such as an auto-numbered Name.
        let given = fields.iter().position(|field| field.spec.name == usual.name);
        own.push(given.map_or(usual, |at| fields.remove(at).spec));
    }
    let all = label_plural.to_lowercase();
    let mut scopes = vec![(format!("All {all}").into(), "everything".into())];
    if !is_detail {
        scopes.push((format!("My {all}").into(), "mine".into()));
        scopes.push((format!("Queue owned {all}").into(), "queue_owned".into()));
        scopes.push((format!("My team's {all}").into(), "team".into()));
        scopes.push((format!("User owned {all}").into(), "user_owned".into()));
    }
    let mut spec = ObjectSpec {
        id,
        name,
        key_prefix,
        key_prefix_public: true,
        label,
        label_plural,
        flags: ObjectFlags { custom, ..ObjectFlags::CUSTOM },
        links: Links::CUSTOM,
        fields: own,
        visible: Vec::new(),
        by_name: rustc_hash::FxHashMap::default(),
        required: Vec::new(),
        filled: Vec::new(),
        unique: Vec::new(),
        name_slot: None,
        child_relationships: Vec::new(),
        record_types: load::master_record_type(),
        supported_scopes: scopes,
        named_layouts: Vec::new(),
        associate: None,
        network_scope_field_name: None,
        compounds: Vec::new(),
        system: SystemSlots::default(),
        derived: None,
        hidden: Vec::new(),
        not_emulated: Vec::new(),
    };
    for (key, on) in flags {
        if let Some(flag) = spec.flags.by_key(&key) {
            *flag = on;
        }
    }
    (spec, fields)
}

/// The fields that every custom object has, in describe order. A detail has no owner.
fn system_fields(is_detail: bool) -> Vec<serde_json::Value> {
    let mut fields = vec![json!({"name": "Id", "type": "id", "label": "Record ID"})];
    if !is_detail {
        fields.push(json!({"name": "OwnerId"}));
    }
    fields.push(json!({"name": "IsDeleted"}));
    fields.push(json!({
        "name": "Name", "type": "string", "length": 80, "nameField": true, "idLookup": true,
        "defaultedOnCreate": true,
    }));
    for name in [
        "CurrencyIsoCode",
        "CreatedDate",
        "CreatedById",
        "LastModifiedDate",
        "LastModifiedById",
        "SystemModstamp",
    ] {
        fields.push(json!({"name": name}));
    }
    fields
}
