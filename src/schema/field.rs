//! One field: the describe's keys, plus what a describe does not show.

use super::picklist::Picklist;
use super::view::Feature;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The type of a field, as a describe spells it (lower case).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FieldType {
    /// `id`
    Id,
    /// `reference`
    Reference,
    /// `string`
    String,
    /// `textarea`
    TextArea,
    /// `picklist`
    Picklist,
    /// `multipicklist`
    MultiPicklist,
    /// `combobox`
    Combobox,
    /// `boolean`
    Boolean,
    /// `int`
    Int,
    /// `long`
    Long,
    /// `double`
    Double,
    /// `currency`
    Currency,
    /// `percent`
    Percent,
    /// `date`
    Date,
    /// `datetime`
    DateTime,
    /// `time`
    Time,
    /// `email`
    Email,
    /// `phone`
    Phone,
    /// `url`
    Url,
    /// `base64`
    Base64,
    /// `encryptedstring`
    EncryptedString,
    /// `address`: a compound of street, city, state and so on; never stored
    Address,
    /// `location`: a compound of latitude and longitude; never stored
    Location,
    /// `anyType`
    AnyType,
    /// `complexvalue`
    ComplexValue,
}

impl FieldType {
    /// Every type with its name in describes.
    pub const ALL: [(FieldType, &'static str); 25] = [
        (FieldType::Id, "id"),
        (FieldType::Reference, "reference"),
        (FieldType::String, "string"),
        (FieldType::TextArea, "textarea"),
        (FieldType::Picklist, "picklist"),
        (FieldType::MultiPicklist, "multipicklist"),
        (FieldType::Combobox, "combobox"),
        (FieldType::Boolean, "boolean"),
        (FieldType::Int, "int"),
        (FieldType::Long, "long"),
        (FieldType::Double, "double"),
        (FieldType::Currency, "currency"),
        (FieldType::Percent, "percent"),
        (FieldType::Date, "date"),
        (FieldType::DateTime, "datetime"),
        (FieldType::Time, "time"),
        (FieldType::Email, "email"),
        (FieldType::Phone, "phone"),
        (FieldType::Url, "url"),
        (FieldType::Base64, "base64"),
        (FieldType::EncryptedString, "encryptedstring"),
        (FieldType::Address, "address"),
        (FieldType::Location, "location"),
        (FieldType::AnyType, "anyType"),
        (FieldType::ComplexValue, "complexvalue"),
    ];

    /// The type of a describe's name.
    pub fn named(name: &str) -> Option<FieldType> {
        FieldType::ALL.iter().find(|(_, own)| *own == name).map(|(kind, _)| *kind)
    }

    /// The name in describes.
    pub fn name(self) -> &'static str {
        FieldType::ALL[self as usize].1
    }

    /// True for types whose values are text with a length in characters.
    pub fn is_text(self) -> bool {
        matches!(
            self,
            FieldType::String
                | FieldType::TextArea
                | FieldType::Picklist
                | FieldType::Combobox
                | FieldType::Email
                | FieldType::Phone
                | FieldType::Url
                | FieldType::EncryptedString
        )
    }
}

/// How an auto-number prints and where it starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoNumber {
    /// Display format with one `{0…}` group, such as `UPR-{00000000}`.
    pub format: Box<str>,
    /// The first number given, usually 1.
    pub start: u64,
}

/// A uniqueness rule. A describe shows only `unique`; usernames and employee numbers are unique
/// although their describes say false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UniqueRule {
    /// Two rows may not hold the same text, letter case aside: `DUPLICATE_VALUE`.
    CaseInsensitive,
    /// Two rows may not hold the same text, letter case counting: `DUPLICATE_VALUE`.
    CaseSensitive,
    /// `User.Username`: `DUPLICATE_USERNAME`.
    Username,
    /// `User.CommunityNickname`: `DUPLICATE_COMM_NICKNAME`.
    Nickname,
}

/// One field of an object.
///
/// The names are the describe's, in Rust's spelling; keys that the describe gives no value in any
/// known object (`mask`, `filteredLookupInfo`, …) are not kept and print as null.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FieldSpec {
    /// API name in canonical spelling.
    pub name: Box<str>,
    /// `"Name":` — the name as a JSON key, ready to append.
    pub json_key: Box<str>,
    /// `,"Name":null` (false for a checkbox) — the member of a row that lacks the field.
    pub json_absent: Box<str>,
    /// Label, as messages show it.
    pub label: Box<str>,
    /// Type.
    pub kind: FieldType,
    /// Type in WSDLs, such as `xsd:string`.
    pub soap_type: Box<str>,
    /// Longest text in characters; 0 for types without text.
    pub length: u32,
    /// Longest text in bytes.
    pub byte_length: u32,
    /// Most digits of an `int`.
    pub digits: u32,
    /// Digits before and after the decimal point of a `double`, `currency` or `percent`.
    pub precision: u32,
    /// Digits after the decimal point.
    pub scale: u32,
    /// Values of a picklist, multipicklist or combobox, in order.
    pub picklist: Option<Arc<Picklist>>,
    /// Objects that a reference may point to, by API name.
    pub reference_to: Box<[Box<str>]>,
    /// The path name of the reference, such as `Owner`.
    pub relationship_name: Option<Box<str>>,
    /// 0 or 1 for the two masters of a junction object.
    pub relationship_order: Option<u32>,
    /// The compound field (`Name`, `BillingAddress`) that this one is part of.
    pub compound_field_name: Option<Box<str>>,
    /// The field whose value limits this picklist's values.
    pub controller_name: Option<Box<str>>,
    /// `plaintextarea`, `richtextarea`, `personname`, `switchablepersonname`, `externallookup`, …
    pub extra_type_info: Option<Box<str>>,
    /// Help text.
    pub inline_help_text: Option<Box<str>>,
    /// Formula of a calculated field.
    pub calculated_formula: Option<Box<str>>,
    /// Default as a formula.
    pub default_value_formula: Option<Box<str>>,
    /// Default as the describe prints it (JSON text: `false`, `"x"`, `1.0`); null when `None`.
    pub default_value: Option<Box<str>>,
    /// Target field of an indirect lookup.
    pub reference_target_field: Option<Box<str>>,
    /// May stand in aggregates.
    pub aggregatable: bool,
    /// Prediction field.
    pub ai_prediction_field: bool,
    /// Numbered by the org on create.
    pub auto_number: Option<AutoNumber>,
    /// Formula or roll-up.
    pub calculated: bool,
    /// Deleting the parent deletes this row.
    pub cascade_delete: bool,
    /// Unique values count letter case.
    pub case_sensitive: bool,
    /// May be given on create.
    pub createable: bool,
    /// Custom field.
    pub custom: bool,
    /// Gets a value on create when none is given.
    pub defaulted_on_create: bool,
    /// Dependent picklist.
    pub dependent_picklist: bool,
    /// Deprecated.
    pub deprecated_and_hidden: bool,
    /// Location shown in decimal.
    pub display_location_in_decimal: bool,
    /// Encrypted.
    pub encrypted: bool,
    /// External id: rows can be addressed and upserted by it.
    pub external_id: bool,
    /// May stand in WHERE.
    pub filterable: bool,
    /// Formula treats null as zero.
    pub formula_treat_null_number_as_zero: bool,
    /// May stand in GROUP BY.
    pub groupable: bool,
    /// High-scale number.
    pub high_scale_number: bool,
    /// Rendered as HTML.
    pub html_formatted: bool,
    /// May be used in upsert as an external id.
    pub id_lookup: bool,
    /// The object's name field.
    pub name_field: bool,
    /// The reference shows the target's name (polymorphic who/what).
    pub name_pointing: bool,
    /// May be null.
    pub nillable: bool,
    /// Field permissions apply.
    pub permissionable: bool,
    /// Points to several object types.
    pub polymorphic_foreign_key: bool,
    /// May stand in DISTANCE.
    pub query_by_distance: bool,
    /// The parent cannot be deleted while this row points to it.
    pub restricted_delete: bool,
    /// Only listed values are taken.
    pub restricted_picklist: bool,
    /// May prefilter searches.
    pub search_prefilterable: bool,
    /// May stand in ORDER BY.
    pub sortable: bool,
    /// Unique, as the describe shows it.
    pub unique: bool,
    /// May be changed by update.
    pub updateable: bool,
    /// Writing needs read access to the master only.
    pub write_requires_master_read: bool,

    /// Ours: once not null it cannot be changed.
    pub set_once: bool,
    /// Ours: the uniqueness that is enforced; follows `unique` unless the table says otherwise.
    pub unique_rule: Option<UniqueRule>,
    /// Ours: smallest and largest number taken.
    pub range: Option<(f64, f64)>,
    /// Ours: whether a create must give a value, where the describe does not tell the truth.
    pub required: Option<bool>,
    /// Ours: exists only while this feature is on.
    pub feature: Option<Feature>,
    /// Ours: a removed custom field keeps its slot and is never shown.
    pub removed: bool,
    /// Ours: never shown or named. The rows of the metadata catalog keep their ids so, and those of
    /// their parents: what users see of either is durable ids.
    pub hidden: bool,
}

impl FieldSpec {
    /// A field of a type with nothing else said: every flag false, every text empty.
    pub(super) fn blank(name: &str, kind: FieldType) -> FieldSpec {
        FieldSpec {
            name: name.into(),
            json_key: json_key(name),
            json_absent: json_absent(name, kind),
            label: name.into(),
            kind,
            soap_type: "".into(),
            length: 0,
            byte_length: 0,
            digits: 0,
            precision: 0,
            scale: 0,
            picklist: None,
            reference_to: Box::default(),
            relationship_name: None,
            relationship_order: None,
            compound_field_name: None,
            controller_name: None,
            extra_type_info: None,
            inline_help_text: None,
            calculated_formula: None,
            default_value_formula: None,
            default_value: None,
            reference_target_field: None,
            aggregatable: false,
            ai_prediction_field: false,
            auto_number: None,
            calculated: false,
            cascade_delete: false,
            case_sensitive: false,
            createable: false,
            custom: false,
            defaulted_on_create: false,
            dependent_picklist: false,
            deprecated_and_hidden: false,
            display_location_in_decimal: false,
            encrypted: false,
            external_id: false,
            filterable: false,
            formula_treat_null_number_as_zero: false,
            groupable: false,
            high_scale_number: false,
            html_formatted: false,
            id_lookup: false,
            name_field: false,
            name_pointing: false,
            nillable: false,
            permissionable: false,
            polymorphic_foreign_key: false,
            query_by_distance: false,
            restricted_delete: false,
            restricted_picklist: false,
            search_prefilterable: false,
            sortable: false,
            unique: false,
            updateable: false,
            write_requires_master_read: false,
            set_once: false,
            unique_rule: None,
            range: None,
            required: None,
            feature: None,
            removed: false,
            hidden: false,
        }
    }

    /// The same field under another name; its label is the name.
    pub(super) fn renamed(&self, name: &str) -> FieldSpec {
        FieldSpec {
            name: name.into(),
            json_key: json_key(name),
            json_absent: json_absent(name, self.kind),
            label: name.into(),
            ..self.clone()
        }
    }

    /// True when a create must give a value. A checkbox never needs one: its null is false.
    pub fn required_on_create(&self) -> bool {
        let by_describe = !self.nillable && !self.defaulted_on_create;
        self.createable && self.kind != FieldType::Boolean && self.required.unwrap_or(by_describe)
    }

    /// True when a create must give the field: nothing else gives it a value.
    pub fn must_be_given(&self) -> bool {
        self.required_on_create() && self.default_value.is_none() && self.default_pick().is_none()
    }

    /// True when the org gives the field a value on create: a number, a name, a default.
    pub fn is_filled_on_create(&self) -> bool {
        self.auto_number.is_some()
            || (self.name_field && self.defaulted_on_create)
            || self.default_pick().is_some()
            || self.default_value.as_deref().is_some_and(|text| text != "false")
    }

    /// The code of the value that a picklist chooses by itself.
    pub fn default_pick(&self) -> Option<u16> {
        let picklist = self.picklist.as_ref().filter(|_| self.kind != FieldType::MultiPicklist)?;
        picklist.default_code()
    }

    /// True for a reference whose rows belong to their parent.
    pub fn is_master_detail(&self) -> bool {
        self.kind == FieldType::Reference && self.custom && self.cascade_delete && !self.nillable
    }
}

fn json_key(name: &str) -> Box<str> {
    ["\"", name, "\":"].concat().into()
}

fn json_absent(name: &str, kind: FieldType) -> Box<str> {
    let absent = if kind == FieldType::Boolean { "\":false" } else { "\":null" };
    [",\"", name, absent].concat().into()
}
