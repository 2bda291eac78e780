//! The metadata catalog: the schema as rows of `EntityDefinition`, `FieldDefinition`,
//! `EntityParticle` and `PicklistValueInfo`. Each table is made when it is first asked for and holds
//! until the schema changes, so queries over it run as over any other.
//!
//! What the fields are: the Tooling API guide. Spellings of durable ids and data types: recorded
//! answers, as far as there are any (`fixtures/fidelity.toml`).

use super::row::Draft;
use super::table::{RowNum, Table};
use crate::id::Id;
use crate::schema::{
    Derived, FieldSpec, FieldType, HeaderView, ObjectId, ObjectSpec, PickValue, Schema, Slot,
};
use crate::value::Value;
use rustc_hash::FxHashMap;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

/// The catalog's tables, each made on first use.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    entities: OnceLock<Arc<Table>>,
    fields: OnceLock<Arc<Table>>,
    particles: OnceLock<Arc<Table>>,
    values: OnceLock<Arc<Table>>,
}

impl Metadata {
    /// The rows of an object; `None` when it never has any.
    pub(super) fn table(
        &self,
        schema: &Schema,
        object: ObjectId,
        derived: Derived,
    ) -> Option<&Arc<Table>> {
        let table = match derived {
            Derived::Entities => &self.entities,
            Derived::Fields => &self.fields,
            Derived::Particles => &self.particles,
            Derived::PicklistValues => &self.values,
            Derived::Nothing => return None,
        };
        Some(table.get_or_init(|| {
            let mut out = Out { object: schema.object(object), table: Table::default() };
            match derived {
                Derived::Entities => entities(schema, &mut out),
                Derived::Fields => fields(schema, &mut out),
                Derived::Particles => particles(schema, &mut out),
                Derived::PicklistValues => values(schema, &mut out),
                Derived::Nothing => {}
            }
            Arc::new(out.table)
        }))
    }
}

/// A column: the field's name, and its value for one thing of the schema.
type Column<T> = (&'static str, fn(&T) -> Value);

/// The same with the field's slot.
type SlotColumn<T> = (Slot, fn(&T) -> Value);

/// The `Id` that every row of the catalog shows.
const NO_ID: &str = "000000000000000AAA";

/// A table while it is made.
struct Out<'s> {
    object: &'s ObjectSpec,
    table: Table,
}

impl Out<'_> {
    /// The columns with their slots.
    fn columns<T>(&self, columns: &[Column<T>]) -> Vec<SlotColumn<T>> {
        let slot = |name| self.object.field(name).expect("a column names a field of its object").0;
        columns.iter().map(|(name, value)| (slot(name), *value)).collect()
    }

    /// Adds the row of one thing, whose parents are the rows of these numbers.
    fn add<T>(&mut self, columns: &[SlotColumn<T>], thing: &T, parents: &[(Slot, Option<Id>)]) {
        let mut row = Draft::new(self.object.fields.len());
        let id = own_id(self.object, self.table.next());
        row.set(self.object.system.id, Value::Id(id));
        if let Some((shown, _)) = self.object.field("Id") {
            row.set(shown, Value::Id(Id::parse(NO_ID).expect("zeros are an id")));
        }
        for (slot, value) in columns {
            row.set(*slot, value(thing));
        }
        for (slot, id) in parents {
            row.set(*slot, id.map_or(Value::Null, Value::Id));
        }
        self.table.insert(id, row.build(0));
    }

    fn link(&self, field: &str) -> Slot {
        self.object.reference(field).expect("a link is a field of its object")
    }
}

fn own_id(object: &ObjectSpec, number: RowNum) -> Id {
    Id::own(object.key_prefix, u64::from(number) + 1)
}

/// The hidden id of another catalog object's row.
fn id_in(schema: &Schema, object: &str, number: RowNum) -> Option<Id> {
    Some(own_id(schema.by_name(object)?, number))
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::text(text) }
}

fn optional(value: Option<&str>) -> Value {
    value.map_or(Value::Null, text)
}

/// The name without a namespace and without `__c`, and the namespace.
fn parts_of(name: &str) -> (&str, Option<&str>) {
    let stem = name.strip_suffix("__c").unwrap_or(name);
    match stem.split_once("__") {
        Some((namespace, stem)) => (stem, Some(namespace)),
        None => (stem, None),
    }
}

/// The 15 characters of an id that a part of the schema goes by.
fn schema_id(prefix: [u8; 3], sequence: u64) -> String {
    Id::own(prefix, sequence).as_15().to_owned()
}

/// A number that an object keeps: its key prefix.
fn sequence_of(object: &ObjectSpec) -> u64 {
    object.key_prefix.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// One object of the schema.
struct Entity<'s> {
    header: HeaderView<'s>,
    spec: &'s ObjectSpec,
}

impl<'s> Entity<'s> {
    /// All of them, in the order of their rows.
    fn all(schema: &'s Schema) -> impl Iterator<Item = Entity<'s>> {
        let headers = schema.headers().into_iter();
        headers.map(|header| Entity { header, spec: schema.object(header.id) })
    }

    /// The object's own name; for a custom object the id of its definition.
    fn durable_id(&self) -> String {
        if self.spec.flags.custom {
            schema_id(*b"01I", sequence_of(self.spec))
        } else {
            self.header.name.to_owned()
        }
    }

    fn page(&self, end: &str) -> Value {
        let has_pages = self.spec.flags.layoutable;
        if has_pages { Value::text(&format!("/{end}")) } else { Value::Null }
    }

    fn prefix(&self) -> &str {
        std::str::from_utf8(&self.spec.key_prefix).unwrap_or_default()
    }
}

fn entity_columns<'s>() -> [Column<Entity<'s>>; 34] {
    [
        ("DurableId", |one| Value::text(&one.durable_id())),
        ("QualifiedApiName", |one| text(one.header.name)),
        ("NamespacePrefix", |one| optional(parts_of(one.header.name).1)),
        ("DeveloperName", |one| text(parts_of(one.header.name).0)),
        ("MasterLabel", |one| text(one.header.label)),
        ("Label", |one| text(one.header.label)),
        ("PluralLabel", |one| text(one.header.label_plural)),
        ("IsCustomizable", |one| Value::Bool(one.spec.flags.layoutable)),
        ("IsApexTriggerable", |one| Value::Bool(one.spec.flags.triggerable)),
        ("IsWorkflowEnabled", |one| {
            Value::Bool(one.spec.flags.triggerable && one.spec.flags.layoutable)
        }),
        ("IsProcessEnabled", |one| {
            Value::Bool(one.spec.flags.triggerable && one.spec.flags.layoutable)
        }),
        ("IsCompactLayoutable", |one| Value::Bool(one.spec.flags.compact_layoutable)),
        ("DeploymentStatus", |one| {
            one.spec.flags.custom.then_some(1).map_or(Value::Null, Value::Pick)
        }),
        ("KeyPrefix", |one| optional(Some(one.prefix()).filter(|_| one.spec.key_prefix_public))),
        ("IsCustomSetting", |one| Value::Bool(one.spec.flags.custom_setting)),
        ("IsDeprecatedAndHidden", |one| Value::Bool(one.spec.flags.deprecated_and_hidden)),
        ("IsReplicateable", |one| Value::Bool(one.spec.flags.replicateable)),
        ("IsRetrieveable", |one| Value::Bool(one.spec.flags.retrieveable)),
        ("IsSearchLayoutable", |one| Value::Bool(one.spec.flags.search_layoutable)),
        ("IsSearchable", |one| Value::Bool(one.spec.flags.searchable)),
        ("IsTriggerable", |one| Value::Bool(one.spec.flags.triggerable)),
        ("IsIdEnabled", |_| Value::Bool(true)),
        ("IsEverCreatable", |one| Value::Bool(one.spec.flags.createable)),
        ("IsEverUpdatable", |one| Value::Bool(one.spec.flags.updateable)),
        ("IsEverDeletable", |one| Value::Bool(one.spec.flags.deletable)),
        ("IsFeedEnabled", |one| Value::Bool(one.spec.flags.feed_enabled)),
        ("IsQueryable", |one| Value::Bool(one.spec.flags.queryable)),
        ("IsMruEnabled", |one| Value::Bool(one.spec.flags.mru_enabled)),
        ("IsLayoutable", |one| Value::Bool(one.spec.flags.layoutable)),
        ("IsFlsEnabled", |one| {
            Value::Bool(one.spec.visible_fields().any(|(_, field)| field.permissionable))
        }),
        ("DetailUrl", |one| one.page("{ID}")),
        ("EditUrl", |one| one.page("{ID}/e")),
        ("NewUrl", |one| one.page(&format!("{}/e", one.prefix()))),
        ("PublisherId", |one| publisher(one.spec.flags.custom, one.header.name)),
    ]
}

fn publisher(custom: bool, name: &str) -> Value {
    match (custom, parts_of(name).1) {
        (false, _) => text("System"),
        (true, Some(namespace)) => text(namespace),
        (true, None) => text("<local>"),
    }
}

fn entities(schema: &Schema, out: &mut Out<'_>) {
    let columns = out.columns(&entity_columns());
    for entity in Entity::all(schema) {
        out.add(&columns, &entity, &[]);
    }
}

/// One field of an object.
struct Field<'s> {
    /// The number of the object's row, and its durable id.
    entity: (RowNum, Rc<str>),
    object: &'s ObjectSpec,
    slot: Slot,
    spec: &'s FieldSpec,
}

/// Where the rows of fields are.
type Numbers = FxHashMap<(ObjectId, Slot), RowNum>;

impl<'s> Field<'s> {
    /// All of them, in the order of their rows in `EntityParticle`.
    fn all(schema: &'s Schema) -> impl Iterator<Item = Field<'s>> {
        (0..).zip(Entity::all(schema)).flat_map(|(number, entity)| {
            let durable: Rc<str> = entity.durable_id().into();
            let object = entity.spec;
            object.visible_fields().map(move |(slot, spec)| Field {
                entity: (number, Rc::clone(&durable)),
                object,
                slot,
                spec,
            })
        })
    }

    /// Those with a row in `FieldDefinition`: parts of a compound have none of their own.
    fn wholes(schema: &'s Schema) -> impl Iterator<Item = Field<'s>> {
        Field::all(schema).filter(|field| field.compound().is_none())
    }

    fn numbers(fields: impl Iterator<Item = Field<'s>>) -> Numbers {
        fields.zip(0..).map(|(field, number)| ((field.object.id, field.slot), number)).collect()
    }

    /// The name; a reference's without `Id`.
    fn developer_name(&self) -> &str {
        let name = parts_of(&self.spec.name).0;
        match self.spec.kind {
            FieldType::Reference => name.strip_suffix("Id").unwrap_or(name),
            _ => name,
        }
    }

    fn durable_id(&self) -> String {
        self.durable_id_of(self.slot)
    }

    fn durable_id_of(&self, slot: Slot) -> String {
        let entity = (self.entity.0, Rc::clone(&self.entity.1));
        let field = Field { entity, object: self.object, slot, spec: self.object.at(slot) };
        if field.spec.custom {
            // Slots never move, so the id stays when fields are added.
            let sequence = sequence_of(self.object) * 1000 + u64::from(slot) + 1;
            return format!("{}.{}", self.entity.1, schema_id(*b"00N", sequence));
        }
        format!("{}.{}", self.entity.1, field.developer_name())
    }

    fn is_compound(&self) -> bool {
        let name = Some(&*self.spec.name);
        matches!(self.spec.kind, FieldType::Address | FieldType::Location)
            || self.object.visible_fields().any(|(slot, part)| {
                slot != self.slot && part.compound_field_name.as_deref() == name
            })
    }

    /// The address, location or person's name that this is a part of.
    fn compound(&self) -> Option<Slot> {
        let name = self.spec.compound_field_name.as_deref()?;
        self.object.field(name).map(|(slot, _)| slot).filter(|slot| *slot != self.slot)
    }

    fn controller(&self) -> Option<Slot> {
        let name = self.spec.controller_name.as_deref()?;
        self.object.field(name).map(|(slot, _)| slot)
    }

    /// A complex value: the list that it holds.
    fn references(&self) -> Value {
        Value::text(&self.spec.reference_to.join(","))
    }

    fn is_indexed(&self) -> bool {
        let spec = self.spec;
        let by_itself = matches!(spec.kind, FieldType::Id | FieldType::Reference)
            || spec.name_field
            || spec.external_id
            || spec.unique;
        by_itself || matches!(&*spec.name, "CreatedDate" | "SystemModstamp")
    }

    /// The type as the setup pages name it: `Text(40)`, `Lookup(Account)`, `Date/Time`.
    fn setup_type(&self) -> String {
        let spec = self.spec;
        let digits = || format!("({}, {})", spec.precision.saturating_sub(spec.scale), spec.scale);
        let kind = match spec.kind {
            FieldType::Id => "Lookup()".into(),
            FieldType::Reference if spec.is_master_detail() => {
                format!("Master-Detail({})", spec.reference_to.join(","))
            }
            FieldType::Reference => format!("Lookup({})", spec.reference_to.join(",")),
            FieldType::String if spec.auto_number.is_some() => "Auto Number".into(),
            FieldType::String if spec.name_field && self.is_compound() => "Name".into(),
            FieldType::String => format!("Text({})", spec.length),
            FieldType::TextArea if spec.extra_type_info.as_deref() == Some("richtextarea") => {
                format!("Rich Text Area({})", spec.length)
            }
            FieldType::TextArea if spec.length > 255 => format!("Long Text Area({})", spec.length),
            FieldType::TextArea => format!("Text Area({})", spec.length),
            FieldType::Picklist => "Picklist".into(),
            FieldType::MultiPicklist => "Picklist (Multi-Select)".into(),
            FieldType::Combobox => "Combobox".into(),
            FieldType::Boolean => "Checkbox".into(),
            FieldType::Int => format!("Number({}, 0)", spec.digits),
            FieldType::Long => format!("Number({}, 0)", spec.digits),
            FieldType::Double => format!("Number{}", digits()),
            FieldType::Currency => format!("Currency{}", digits()),
            FieldType::Percent => format!("Percent{}", digits()),
            FieldType::Date => "Date".into(),
            FieldType::DateTime => "Date/Time".into(),
            FieldType::Time => "Time".into(),
            FieldType::Email => "Email".into(),
            FieldType::Phone => "Phone".into(),
            FieldType::Url => format!("URL({})", spec.length),
            FieldType::Base64 => "Base64".into(),
            FieldType::EncryptedString => format!("Text (Encrypted)({})", spec.length),
            FieldType::Address => "Address".into(),
            FieldType::Location => "Geolocation".into(),
            FieldType::AnyType | FieldType::ComplexValue => "Complex Value".into(),
        };
        if spec.calculated && spec.calculated_formula.is_some() {
            let name = kind.split('(').next().unwrap_or_default().trim();
            return format!("Formula ({name})");
        }
        kind
    }
}

fn field_columns<'s>() -> [Column<Field<'s>>; 39] {
    [
        ("DurableId", |one| Value::text(&one.durable_id())),
        ("QualifiedApiName", |one| text(&one.spec.name)),
        ("EntityDefinitionId", |one| text(&one.entity.1)),
        ("NamespacePrefix", |one| optional(parts_of(&one.spec.name).1)),
        ("DeveloperName", |one| text(one.developer_name())),
        ("MasterLabel", |one| text(&one.spec.label)),
        ("Label", |one| text(&one.spec.label)),
        ("Length", |one| Value::Int(one.spec.length.into())),
        ("DataType", |one| Value::text(&one.setup_type())),
        ("ValueTypeId", |one| text(one.spec.kind.name())),
        ("ExtraTypeInfo", |one| optional(one.spec.extra_type_info.as_deref())),
        ("IsCalculated", |one| Value::Bool(one.spec.calculated)),
        ("IsHighScaleNumber", |one| Value::Bool(one.spec.high_scale_number)),
        ("IsHtmlFormatted", |one| Value::Bool(one.spec.html_formatted)),
        ("IsNameField", |one| Value::Bool(one.spec.name_field)),
        ("IsNillable", |one| Value::Bool(one.spec.nillable)),
        ("IsWorkflowFilterable", |one| Value::Bool(one.spec.filterable)),
        ("IsCompactLayoutable", |one| Value::Bool(is_compact_layoutable(one))),
        ("Precision", |one| Value::Int(one.spec.precision.into())),
        ("Scale", |one| Value::Int(one.spec.scale.into())),
        ("IsFieldHistoryTracked", |_| Value::Bool(false)),
        ("IsIndexed", |one| Value::Bool(one.is_indexed())),
        ("IsApiFilterable", |one| Value::Bool(one.spec.filterable)),
        ("IsApiSortable", |one| Value::Bool(one.spec.sortable)),
        ("IsListFilterable", |one| Value::Bool(one.spec.filterable)),
        ("IsListSortable", |one| Value::Bool(one.spec.sortable)),
        ("IsApiGroupable", |one| Value::Bool(one.spec.groupable)),
        ("IsListVisible", |_| Value::Bool(true)),
        ("PublisherId", |one| publisher(one.spec.custom, &one.spec.name)),
        ("RelationshipName", |one| optional(one.spec.relationship_name.as_deref())),
        ("ReferenceTo", Field::references),
        ("ReferenceTargetField", |one| optional(one.spec.reference_target_field.as_deref())),
        ("IsCompound", |one| Value::Bool(one.is_compound())),
        ("IsSearchPrefilterable", |one| Value::Bool(one.spec.search_prefilterable)),
        ("IsPolymorphicForeignKey", |one| Value::Bool(one.spec.polymorphic_foreign_key)),
        ("IsAiPredictionField", |one| Value::Bool(one.spec.ai_prediction_field)),
        ("IsFlsEnabled", |one| Value::Bool(one.spec.permissionable)),
        ("IsEverApiAccessible", |_| Value::Bool(true)),
        ("ControllingFieldDefinitionId", |one| {
            one.controller().map_or(Value::Null, |slot| Value::text(&one.durable_id_of(slot)))
        }),
    ]
}

/// Not of a kind that no compact layout shows.
fn is_compact_layoutable(field: &Field<'_>) -> bool {
    use FieldType as T;
    !matches!(field.spec.kind, T::Id | T::Base64 | T::AnyType | T::ComplexValue)
        && field.spec.length <= 255
        && &*field.spec.name != "IsDeleted"
}

fn fields(schema: &Schema, out: &mut Out<'_>) {
    let columns = out.columns(&field_columns());
    let to_entity = out.link("EntityDefinitionId");
    let to_controller = out.link("ControllingFieldDefinitionId");
    let numbers = Field::numbers(Field::wholes(schema));
    for field in Field::wholes(schema) {
        let controller = field.controller().and_then(|slot| numbers.get(&(field.object.id, slot)));
        let controller = controller.map(|number| own_id(out.object, *number));
        let entity = id_in(schema, "EntityDefinition", field.entity.0);
        out.add(&columns, &field, &[(to_entity, entity), (to_controller, controller)]);
    }
}

fn particle_columns<'s>() -> [Column<Field<'s>>; 52] {
    [
        ("DurableId", |one| Value::text(&one.durable_id())),
        ("QualifiedApiName", |one| text(&one.spec.name)),
        ("EntityDefinitionId", |one| text(&one.entity.1)),
        ("FieldDefinitionId", |one| {
            Value::text(&one.durable_id_of(one.compound().unwrap_or(one.slot)))
        }),
        ("NamespacePrefix", |one| optional(parts_of(&one.spec.name).1)),
        ("DeveloperName", |one| text(one.developer_name())),
        ("MasterLabel", |one| text(&one.spec.label)),
        ("Label", |one| text(&one.spec.label)),
        ("Name", |one| text(&one.spec.name)),
        ("Length", |one| Value::Int(one.spec.length.into())),
        ("DataType", |one| text(one.spec.kind.name())),
        ("ValueTypeId", |one| text(one.spec.kind.name())),
        ("ExtraTypeInfo", |one| optional(one.spec.extra_type_info.as_deref())),
        ("IsCalculated", |one| Value::Bool(one.spec.calculated)),
        ("IsHighScaleNumber", |one| Value::Bool(one.spec.high_scale_number)),
        ("IsHtmlFormatted", |one| Value::Bool(one.spec.html_formatted)),
        ("IsNameField", |one| Value::Bool(one.spec.name_field)),
        ("IsNillable", |one| Value::Bool(one.spec.nillable)),
        ("IsWorkflowFilterable", |one| Value::Bool(one.spec.filterable)),
        ("IsCompactLayoutable", |one| Value::Bool(is_compact_layoutable(one))),
        ("IsLayoutable", |one| Value::Bool(is_compact_layoutable(one))),
        ("IsListVisible", |_| Value::Bool(true)),
        ("Precision", |one| Value::Int(one.spec.precision.into())),
        ("Scale", |one| Value::Int(one.spec.scale.into())),
        ("ByteLength", |one| Value::Int(one.spec.byte_length.into())),
        ("Digits", |one| Value::Int(one.spec.digits.into())),
        ("IsFieldHistoryTracked", |_| Value::Bool(false)),
        ("IsApiFilterable", |one| Value::Bool(one.spec.filterable)),
        ("IsApiSortable", |one| Value::Bool(one.spec.sortable)),
        ("IsApiGroupable", |one| Value::Bool(one.spec.groupable)),
        ("IsAutonumber", |one| Value::Bool(one.spec.auto_number.is_some())),
        ("IsCaseSensitive", |one| Value::Bool(one.spec.case_sensitive)),
        ("IsComponent", |one| Value::Bool(one.compound().is_some())),
        ("IsCompound", |one| Value::Bool(one.is_compound())),
        ("IsCreatable", |one| Value::Bool(one.spec.createable)),
        ("IsUpdatable", |one| Value::Bool(one.spec.updateable)),
        ("IsDefaultedOnCreate", |one| Value::Bool(one.spec.defaulted_on_create)),
        ("IsDependentPicklist", |one| Value::Bool(one.spec.dependent_picklist)),
        ("IsDeprecatedAndHidden", |one| Value::Bool(one.spec.deprecated_and_hidden)),
        ("IsDisplayLocationInDecimal", |one| Value::Bool(one.spec.display_location_in_decimal)),
        ("IsEncrypted", |one| Value::Bool(one.spec.encrypted)),
        ("IsIdLookup", |one| Value::Bool(one.spec.id_lookup)),
        ("IsNamePointing", |one| Value::Bool(one.spec.name_pointing)),
        ("IsPermissionable", |one| Value::Bool(one.spec.permissionable)),
        ("IsUnique", |one| Value::Bool(one.spec.unique)),
        ("IsWriteRequiresMasterRead", |one| Value::Bool(one.spec.write_requires_master_read)),
        ("DefaultValueFormula", |one| optional(one.spec.default_value_formula.as_deref())),
        ("InlineHelpText", |one| optional(one.spec.inline_help_text.as_deref())),
        ("RelationshipName", |one| optional(one.spec.relationship_name.as_deref())),
        ("RelationshipOrder", |one| {
            one.spec.relationship_order.map_or(Value::Null, |order| Value::Int(order.into()))
        }),
        ("ReferenceTo", Field::references),
        ("ReferenceTargetField", |one| optional(one.spec.reference_target_field.as_deref())),
    ]
}

fn particles(schema: &Schema, out: &mut Out<'_>) {
    let columns = out.columns(&particle_columns());
    let to_entity = out.link("EntityDefinitionId");
    let to_field = out.link("FieldDefinitionId");
    let numbers = Field::numbers(Field::wholes(schema));
    for field in Field::all(schema) {
        let whole = numbers.get(&(field.object.id, field.compound().unwrap_or(field.slot)));
        let whole = whole.and_then(|number| id_in(schema, "FieldDefinition", *number));
        let entity = id_in(schema, "EntityDefinition", field.entity.0);
        out.add(&columns, &field, &[(to_entity, entity), (to_field, whole)]);
    }
}

/// One value of a picklist.
struct Pick<'s> {
    /// The field's durable id.
    field: Rc<str>,
    value: &'s PickValue,
}

fn pick_columns<'s>() -> [Column<Pick<'s>>; 7] {
    [
        ("DurableId", |one| Value::text(&format!("{}.{}", one.field, one.value.value))),
        ("Value", |one| text(&one.value.value)),
        ("Label", |one| text(&one.value.label)),
        ("IsDefaultValue", |one| Value::Bool(one.value.default_value)),
        ("IsActive", |one| Value::Bool(one.value.active)),
        ("ValidFor", |one| optional(one.value.valid_for.as_deref())),
        ("EntityParticleId", |one| text(&one.field)),
    ]
}

fn values(schema: &Schema, out: &mut Out<'_>) {
    let columns = out.columns(&pick_columns());
    let to_field = out.link("EntityParticleId");
    for (field, number) in Field::all(schema).zip(0..) {
        let Some(picklist) = &field.spec.picklist else { continue };
        let durable: Rc<str> = field.durable_id().into();
        let id = id_in(schema, "EntityParticle", number);
        for value in picklist.values() {
            out.add(&columns, &Pick { field: Rc::clone(&durable), value }, &[(to_field, id)]);
        }
    }
}
