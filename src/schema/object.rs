//! One object: its flags, fields and relationships.

use super::field::{FieldSpec, FieldType};
use super::link::Links;
use super::view::Features;
use crate::id::KeyPrefix;
use compact_str::CompactString;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// The position of an object in its org's [`Schema`](super::Schema); also of its table in the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectId(pub u16);

/// The position of a field in its object; also of its value in a row.
pub type Slot = u16;

/// Where the rows of an object come from, when nobody writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Derived {
    /// A row for each object of the schema.
    Entities,
    /// A row for each field of each object, compounds as a whole.
    Fields,
    /// A row for each field of each object, compounds and their parts.
    Particles,
    /// A row for each value of each picklist.
    PicklistValues,
    /// There are none, and none can be made.
    Nothing,
}

impl Derived {
    /// True for what is read off the schema: Salesforce's metadata catalog, which takes only some of
    /// SOQL, and whose rows go by durable ids.
    pub fn is_catalog(self) -> bool {
        self != Derived::Nothing
    }
}

/// The true-or-false keys of an object's describe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names are the describe's own.
pub struct ObjectFlags {
    pub activateable: bool,
    pub compact_layoutable: bool,
    pub createable: bool,
    pub custom: bool,
    pub custom_setting: bool,
    pub deep_cloneable: bool,
    pub deletable: bool,
    pub deprecated_and_hidden: bool,
    pub feed_enabled: bool,
    pub has_subtypes: bool,
    pub is_interface: bool,
    pub is_subtype: bool,
    pub layoutable: bool,
    pub mergeable: bool,
    pub mru_enabled: bool,
    pub queryable: bool,
    pub replicateable: bool,
    pub retrieveable: bool,
    pub search_layoutable: bool,
    pub searchable: bool,
    pub triggerable: bool,
    pub undeletable: bool,
    pub updateable: bool,
}

impl ObjectFlags {
    /// Nothing may be done.
    pub const NONE: ObjectFlags = ObjectFlags {
        activateable: false,
        compact_layoutable: false,
        createable: false,
        custom: false,
        custom_setting: false,
        deep_cloneable: false,
        deletable: false,
        deprecated_and_hidden: false,
        feed_enabled: false,
        has_subtypes: false,
        is_interface: false,
        is_subtype: false,
        layoutable: false,
        mergeable: false,
        mru_enabled: false,
        queryable: false,
        replicateable: false,
        retrieveable: false,
        search_layoutable: false,
        searchable: false,
        triggerable: false,
        undeletable: false,
        updateable: false,
    };

    /// What a custom object with default settings may do.
    pub const CUSTOM: ObjectFlags = ObjectFlags {
        compact_layoutable: true,
        createable: true,
        custom: true,
        deletable: true,
        layoutable: true,
        mru_enabled: true,
        queryable: true,
        replicateable: true,
        retrieveable: true,
        search_layoutable: true,
        searchable: true,
        triggerable: true,
        undeletable: true,
        updateable: true,
        ..ObjectFlags::NONE
    };

    /// The flag of a describe key.
    pub fn by_key(&mut self, key: &str) -> Option<&mut bool> {
        Some(match key {
            "activateable" => &mut self.activateable,
            "compactLayoutable" => &mut self.compact_layoutable,
            "createable" => &mut self.createable,
            "custom" => &mut self.custom,
            "customSetting" => &mut self.custom_setting,
            "deepCloneable" => &mut self.deep_cloneable,
            "deletable" => &mut self.deletable,
            "deprecatedAndHidden" => &mut self.deprecated_and_hidden,
            "feedEnabled" => &mut self.feed_enabled,
            "hasSubtypes" => &mut self.has_subtypes,
            "isInterface" => &mut self.is_interface,
            "isSubtype" => &mut self.is_subtype,
            "layoutable" => &mut self.layoutable,
            "mergeable" => &mut self.mergeable,
            "mruEnabled" => &mut self.mru_enabled,
            "queryable" => &mut self.queryable,
            "replicateable" => &mut self.replicateable,
            "retrieveable" => &mut self.retrieveable,
            "searchLayoutable" => &mut self.search_layoutable,
            "searchable" => &mut self.searchable,
            "triggerable" => &mut self.triggerable,
            "undeletable" => &mut self.undeletable,
            "updateable" => &mut self.updateable,
            _ => return None,
        })
    }
}

/// A relationship in which this object is the parent. The child object need not be in the schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChildRelationship {
    /// The child object's API name.
    pub child_object: Box<str>,
    /// The child's reference field.
    pub field: Box<str>,
    /// The name in sub-selects and URLs, such as `Contacts`.
    pub relationship_name: Option<Box<str>>,
    /// Deleting the parent deletes the child.
    pub cascade_delete: bool,
    /// The parent cannot be deleted while it has children.
    pub restricted_delete: bool,
    /// Deprecated.
    pub deprecated_and_hidden: bool,
    /// Junction id fields, as the describe prints them.
    pub junction_id_list_names: Box<[Box<str>]>,
    /// Objects behind the junction ids.
    pub junction_reference_to: Box<[Box<str>]>,
}

/// One record type of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordTypeInfo {
    /// 18-character id; `012000000000000AAA` for Master.
    pub record_type_id: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// Developer name.
    pub developer_name: Box<str>,
    /// Active.
    pub active: bool,
    /// Available to the user.
    pub available: bool,
    /// The user's default.
    pub default_record_type_mapping: bool,
    /// The Master record type.
    pub master: bool,
}

/// One object of the schema, as one org sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectSpec {
    /// Its position in the schema.
    pub id: ObjectId,
    /// API name in canonical spelling.
    pub name: Box<str>,
    /// Key prefix of its ids; objects without a public prefix get an internal one from the loader.
    pub key_prefix: KeyPrefix,
    /// False when describes show `keyPrefix` null.
    pub key_prefix_public: bool,
    /// Label.
    pub label: Box<str>,
    /// Plural label.
    pub label_plural: Box<str>,
    /// Flags.
    pub flags: ObjectFlags,
    /// Links of its describe.
    pub links: Links,
    /// Every field that has a slot, shown or not. Slot *i* is `fields[i]`; custom fields append.
    pub fields: Vec<FieldSpec>,
    /// The slots that this org sees, in describe order.
    #[serde(skip)]
    pub visible: Vec<Slot>,
    /// Field name → slot, visible fields only: in canonical spelling and in lower case.
    #[serde(skip)]
    pub by_name: FxHashMap<Box<str>, Slot>,
    /// The visible fields that a create must give, whatever the caller.
    #[serde(skip)]
    pub required: Vec<Slot>,
    /// The visible fields that the org fills on create: auto-numbers and defaults.
    #[serde(skip)]
    pub filled: Vec<Slot>,
    /// The visible fields whose values must be unique.
    #[serde(skip)]
    pub unique: Vec<Slot>,
    /// The name field (`Name`, `CaseNumber`, `DeveloperName`, …).
    #[serde(skip)]
    pub name_slot: Option<Slot>,
    /// Relationships in which this object is the parent, as the describe lists them.
    pub child_relationships: Vec<ChildRelationship>,
    /// Record types.
    pub record_types: Vec<RecordTypeInfo>,
    /// `(label, name)` of each supported scope.
    pub supported_scopes: Vec<(Box<str>, Box<str>)>,
    /// Names of its named layouts (User has some).
    pub named_layouts: Vec<Box<str>>,
    /// `associateEntityType` and `associateParentEntity` (`Share` of …).
    pub associate: Option<(Box<str>, Box<str>)>,
    /// Field that scopes rows to an Experience Cloud network.
    pub network_scope_field_name: Option<Box<str>>,
    /// Each visible address or location with its visible parts: key and slot, keys in order.
    #[serde(skip)]
    pub compounds: Vec<(Slot, Vec<(&'static str, Slot)>)>,
    /// Slots of the fields that the engine itself writes.
    #[serde(skip)]
    pub system: SystemSlots,
    /// Where its rows come from, when nobody writes them.
    pub derived: Option<Derived>,
    /// Hidden references behind fields that show durable ids: see [`FieldSpec::hidden`].
    #[serde(skip)]
    pub hidden: Vec<Slot>,
    /// Fields and relationships that real orgs have here and this one refuses.
    pub not_emulated: Vec<Box<str>>,
}

/// The parts of addresses and locations: how their fields' names end, and their keys in JSON.
/// A longer ending stands before one that it ends with.
const PARTS: [(&str, &str); 10] = [
    ("GeocodeAccuracy", "geocodeAccuracy"),
    ("CountryCode", "countryCode"),
    ("PostalCode", "postalCode"),
    ("StateCode", "stateCode"),
    ("Longitude", "longitude"),
    ("Latitude", "latitude"),
    ("Country", "country"),
    ("Street", "street"),
    ("State", "state"),
    ("City", "city"),
];

/// Slots of the fields that the engine itself writes; `None` where the object lacks the field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // The names are the fields' own.
pub struct SystemSlots {
    pub id: Slot,
    pub is_deleted: Option<Slot>,
    pub owner_id: Option<Slot>,
    pub created_date: Option<Slot>,
    pub created_by_id: Option<Slot>,
    pub last_modified_date: Option<Slot>,
    pub last_modified_by_id: Option<Slot>,
    pub system_modstamp: Option<Slot>,
    pub last_viewed_date: Option<Slot>,
    pub last_referenced_date: Option<Slot>,
    pub record_type_id: Option<Slot>,
    pub durable_id: Option<Slot>,
}

impl SystemSlots {
    fn of(fields: &[FieldSpec]) -> SystemSlots {
        let slot = |name: &str| fields.iter().position(|field| &*field.name == name);
        let slot = |name: &str| slot(name).map(|slot| slot as Slot);
        SystemSlots {
            id: slot("Id").expect("every object has an Id"),
            is_deleted: slot("IsDeleted"),
            owner_id: slot("OwnerId"),
            created_date: slot("CreatedDate"),
            created_by_id: slot("CreatedById"),
            last_modified_date: slot("LastModifiedDate"),
            last_modified_by_id: slot("LastModifiedById"),
            system_modstamp: slot("SystemModstamp"),
            last_viewed_date: slot("LastViewedDate"),
            last_referenced_date: slot("LastReferencedDate"),
            record_type_id: slot("RecordTypeId"),
            durable_id: slot("DurableId"),
        }
    }
}

impl ObjectSpec {
    /// Fills what follows from the fields and the org's features: the visible slots, the names,
    /// the name field and the system slots. To be called whenever fields were added.
    pub(super) fn index(&mut self, features: Features) {
        self.visible.clear();
        self.by_name.clear();
        self.hidden.clear();
        for (slot, field) in self.fields.iter().enumerate() {
            if field.hidden {
                self.hidden.push(slot as Slot);
                continue;
            }
            if field.removed || field.feature.is_some_and(|feature| !features.has(feature)) {
                continue;
            }
            self.visible.push(slot as Slot);
            self.by_name.insert(field.name.to_ascii_lowercase().into(), slot as Slot);
            self.by_name.insert(field.name.clone(), slot as Slot);
        }
        self.name_slot = self.visible.iter().copied().find(|slot| self.at(*slot).name_field);
        self.required = self.slots(FieldSpec::must_be_given);
        self.filled = self.slots(FieldSpec::is_filled_on_create);
        self.unique = self.slots(|field| field.unique_rule.is_some());
        self.system = SystemSlots::of(&self.fields);
        if !self.derived.is_some_and(Derived::is_catalog) {
            self.system.durable_id = None;
        }
        self.compounds = self
            .visible_fields()
            .filter(|(_, field)| matches!(field.kind, FieldType::Address | FieldType::Location))
            .map(|(slot, compound)| (slot, self.parts_of(&compound.name)))
            .collect();
    }

    /// The visible slots whose fields are wanted.
    fn slots(&self, wanted: fn(&FieldSpec) -> bool) -> Vec<Slot> {
        self.visible_fields().filter(|(_, field)| wanted(field)).map(|(slot, _)| slot).collect()
    }

    fn parts_of(&self, compound: &str) -> Vec<(&'static str, Slot)> {
        let mut parts: Vec<(&'static str, Slot)> = self
            .visible_fields()
            .filter(|(_, field)| field.compound_field_name.as_deref() == Some(compound))
            .filter_map(|(slot, field)| {
                let name = field.name.trim_end_matches("__s");
                PARTS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, key)| (*key, slot))
            })
            .collect();
        parts.sort_unstable();
        parts
    }

    /// A visible field by name, letter case aside.
    pub fn field(&self, name: &str) -> Option<(Slot, &FieldSpec)> {
        let slot = match self.by_name.get(name) {
            Some(slot) => *slot,
            None => {
                // Names of up to 24 bytes are folded without allocation.
                let mut folded = CompactString::new(name);
                folded.make_ascii_lowercase();
                *self.by_name.get(folded.as_str())?
            }
        };
        Some((slot, &self.fields[usize::from(slot)]))
    }

    /// The field in a slot.
    pub fn at(&self, slot: Slot) -> &FieldSpec {
        &self.fields[usize::from(slot)]
    }

    /// The visible fields with their slots, in describe order.
    pub fn visible_fields(&self) -> impl Iterator<Item = (Slot, &FieldSpec)> {
        self.visible.iter().map(|slot| (*slot, self.at(*slot)))
    }

    /// The reference field whose relationship has this name, letter case aside.
    pub fn parent_relationship(&self, name: &str) -> Option<(Slot, &FieldSpec)> {
        self.hidden_fields().chain(self.visible_fields()).find(|(_, field)| {
            field.relationship_name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
        })
    }

    /// The field of a name that holds the ids of parents: a hidden one stands before the one that
    /// shows their durable ids.
    pub fn reference(&self, name: &str) -> Option<Slot> {
        let hidden = self.hidden_fields().find(|(_, field)| field.name.eq_ignore_ascii_case(name));
        hidden.or_else(|| self.field(name)).map(|(slot, _)| slot)
    }

    fn hidden_fields(&self) -> impl Iterator<Item = (Slot, &FieldSpec)> {
        self.hidden.iter().map(|slot| (*slot, self.at(*slot)))
    }

    /// True for a field or relationship that real orgs have here and this one refuses.
    pub fn refuses(&self, name: &str) -> bool {
        self.not_emulated.iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// The child relationship of this name, letter case aside.
    pub fn child_relationship(&self, name: &str) -> Option<&ChildRelationship> {
        self.child_relationships.iter().find(|child| {
            child.relationship_name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
        })
    }

    /// The label of the Id field, which `MALFORMED_ID` messages begin with.
    pub fn id_label(&self) -> &str {
        &self.at(self.system.id).label
    }
}
