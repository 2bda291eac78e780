//! One field from its keys in a schema file or a user's describe: the type's usual values, then
//! what the keys say, then what follows from both.

use super::field::{AutoNumber, FieldSpec, FieldType, UniqueRule};
use super::picklist::{PickValue, Picklist};
use super::view::{Feature, Features};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// `fixtures/usual-values.json`: the table of what each type's describe usually says.
static USUAL: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../fixtures/usual-values.json"))
        .expect("usual-values.json is JSON")
});

/// A nameless field of each type with its type's usual values, in the order of the types: laid once,
/// not for each of the thousands of fields.
static USUAL_FIELDS: LazyLock<Vec<FieldSpec>> = LazyLock::new(|| {
    let usual = |(kind, name): &(FieldType, &str)| {
        let mut field = FieldSpec::blank("", *kind);
        lay(&mut field, &USUAL["every"]);
        lay(&mut field, &USUAL["types"][*name]);
        field
    };
    FieldType::ALL.iter().map(usual).collect()
});

/// `fixtures/picklists.json`: long lists that several fields share, time zones for one.
static SHARED: LazyLock<HashMap<String, Arc<Picklist>>> = LazyLock::new(|| {
    let lists: HashMap<String, Value> =
        serde_json::from_str(include_str!("../../fixtures/picklists.json"))
            .expect("picklists.json is JSON");
    let read = |values: &Value| pick_values(values).expect("picklists.json holds picklists");
    lists.iter().map(|(name, values)| (name.clone(), read(values))).collect()
});

/// What is wrong with a key: where inside the field (`.length`, `.picklistValues[2]`), and why.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem {
    pub(super) at: String,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(at: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem { at: at.into(), message: message.into() }
    }
}

/// What a field's usual values depend on besides its own keys.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// Features that are on, for `when`.
    pub(super) features: Features,
    /// The object's own usual values by type.
    pub(super) block: &'a Value,
}

impl Context<'_> {
    /// No features, no usual values of its own.
    pub(super) const PLAIN: Context<'static> =
        Context { features: Features::NONE, block: &Value::Null };
}

/// Reads a field.
pub(super) fn field(keys: &Map<String, Value>, context: Context) -> Result<FieldSpec, Problem> {
    match overridden(keys, context.features) {
        Some(keys) => read(&keys, context),
        None => read(keys, context),
    }
}

/// The keys with those that `when` sets while a feature is on; `None` when there are none.
fn overridden(keys: &Map<String, Value>, features: Features) -> Option<Map<String, Value>> {
    let when = keys.get("when")?.as_object()?;
    let mut merged = keys.clone();
    for (name, overrides) in when {
        if Feature::named(name).is_some_and(|feature| features.has(feature)) {
            merged.extend(overrides.as_object()?.clone());
        }
    }
    Some(merged)
}

fn read(keys: &Map<String, Value>, context: Context) -> Result<FieldSpec, Problem> {
    let name = match keys.get("name") {
        Some(Value::String(name)) => name.as_str(),
        Some(_) => return Err(Problem::new(".name", "must be text")),
        None => return Err(Problem::new("", "a field needs a name")),
    };
    let named = &USUAL["named"][name];
    let type_name = match keys.get("type") {
        Some(Value::String(name)) => name.as_str(),
        Some(_) => return Err(Problem::new(".type", "must be text")),
        None => named["type"].as_str().ok_or_else(|| Problem::new("", "a field needs a type"))?,
    };
    let kind = FieldType::named(type_name)
        .ok_or_else(|| Problem::new(".type", format!("no such field type: {type_name}")))?;
    let mut field = USUAL_FIELDS[kind as usize].renamed(name);
    field.label = usual_label(name);
    let length = keys.get("length").and_then(Value::as_u64).unwrap_or(u64::from(field.length));
    let says = |key: &str| keys.get(key) == Some(&Value::Bool(true));
    let custom = name.ends_with("__c");
    let variants = [
        ("longText", kind == FieldType::TextArea && length > 255),
        ("longString", matches!(kind, FieldType::String | FieldType::Url) && length > 255),
        ("autoNumber", says("autoNumber")),
        ("calculated", says("calculated")),
        ("custom", custom),
        ("masterDetail", custom && kind == FieldType::Reference && says("cascadeDelete")),
    ];
    for (variant, _) in variants.iter().filter(|(_, fits)| *fits) {
        lay(&mut field, &USUAL["variants"][variant]);
    }
    if named["type"] == type_name {
        lay(&mut field, named);
    }
    lay(&mut field, &context.block[type_name]);
    for (key, value) in keys {
        set(&mut field, key, value)
            .map_err(|problem| Problem::new(format!(".{key}{}", problem.at), problem.message))?;
    }
    follow(&mut field, keys);
    Ok(field)
}

/// Lays usual values over a field. The table is checked by every test that loads a field.
fn lay(field: &mut FieldSpec, values: &Value) {
    for (key, value) in values.as_object().into_iter().flatten() {
        set(field, key, value).expect("usual values have the right types");
    }
}

/// Sets what follows from other keys and was not said.
fn follow(field: &mut FieldSpec, keys: &Map<String, Value>) {
    let said = |key: &str| keys.contains_key(key);
    if !said("byteLength") {
        field.byte_length = if field.kind.is_text() { 3 * field.length } else { field.length };
    }
    if !said("idLookup") {
        field.id_lookup |= field.external_id;
    }
    if field.kind == FieldType::Double && field.range.is_none() {
        let name = field.name.trim_end_matches("__s");
        let limit = [("Latitude", 90.0), ("Longitude", 180.0)];
        let limit = limit.iter().find(|(end, _)| name.ends_with(end)).map(|(_, limit)| *limit);
        field.range = limit.filter(|_| said("compoundFieldName")).map(|limit| (-limit, limit));
    }
    if field.kind == FieldType::Reference {
        if !said("relationshipName") {
            field.relationship_name = path_name(&field.name);
        }
        if !said("polymorphicForeignKey") {
            field.polymorphic_foreign_key = field.reference_to.len() > 1;
        }
    }
    if field.unique && field.unique_rule.is_none() {
        field.unique_rule = Some(if field.case_sensitive {
            UniqueRule::CaseSensitive
        } else {
            UniqueRule::CaseInsensitive
        });
    }
}

/// `AccountId` → `Account`, `Project__c` → `Project__r`.
fn path_name(name: &str) -> Option<Box<str>> {
    if let Some(stem) = name.strip_suffix("__c") {
        return Some(format!("{stem}__r").into());
    }
    name.strip_suffix("Id").filter(|stem| !stem.is_empty()).map(Into::into)
}

/// `Cost_Center__c` → `Cost Center`.
pub(super) fn usual_label(name: &str) -> Box<str> {
    name.strip_suffix("__c").map_or(name.into(), |stem| stem.replace('_', " ").into())
}

/// Sets one key of a field.
fn set(field: &mut FieldSpec, key: &str, value: &Value) -> Result<(), Problem> {
    if let Some(flag) = flag(field, key) {
        *flag = value.as_bool().ok_or_else(|| Problem::new("", "must be true or false"))?;
        return Ok(());
    }
    match key {
        // The name and the type were read before; `when` too. The last three a describe prints
        // as null: nothing here depends on them.
        "name" | "type" | "when" | "mask" | "maskType" | "filteredLookupInfo" => {}
        // Read by the importer: it names the relationship on the parent's side.
        "childRelationshipName" => {}
        "label" => field.label = text(value)?,
        "soapType" => field.soap_type = text(value)?,
        "length" => field.length = number(value)?,
        "byteLength" => field.byte_length = number(value)?,
        "digits" => field.digits = number(value)?,
        "precision" => field.precision = number(value)?,
        "scale" => field.scale = number(value)?,
        "picklistValues" => field.picklist = picklist(field.kind, value)?,
        "referenceTo" => field.reference_to = texts(value)?,
        "relationshipName" => field.relationship_name = optional_text(value)?,
        "relationshipOrder" => {
            field.relationship_order = (!value.is_null()).then(|| number(value)).transpose()?;
        }
        "compoundFieldName" => field.compound_field_name = optional_text(value)?,
        "controllerName" => field.controller_name = optional_text(value)?,
        "extraTypeInfo" => field.extra_type_info = optional_text(value)?,
        "inlineHelpText" => field.inline_help_text = optional_text(value)?,
        "calculatedFormula" => field.calculated_formula = optional_text(value)?,
        "defaultValueFormula" => field.default_value_formula = optional_text(value)?,
        "referenceTargetField" => field.reference_target_field = optional_text(value)?,
        "defaultValue" => {
            field.default_value = (!value.is_null()).then(|| value.to_string().into());
        }
        "autoNumber" => {
            let on = value.as_bool().ok_or_else(|| Problem::new("", "must be true or false"))?;
            match (on, &field.auto_number) {
                (false, _) => field.auto_number = None,
                (true, None) => field.auto_number = Some(usual_auto_number()),
                (true, Some(_)) => {}
            }
        }
        "displayFormat" => {
            let format = text(value)?;
            let digits = format.split_once("{0").and_then(|(_, rest)| rest.split_once('}'));
            if !digits.is_some_and(|(digits, _)| digits.bytes().all(|digit| digit == b'0')) {
                return Err(Problem::new("", "must hold one group of zeros such as {0000}"));
            }
            field.auto_number.get_or_insert_with(usual_auto_number).format = format;
        }
        "startingNumber" => {
            let start = number(value)?.into();
            field.auto_number.get_or_insert_with(usual_auto_number).start = start;
        }
        "uniqueRule" => field.unique_rule = Some(unique_rule(value)?),
        "required" => {
            let must = value.as_bool().ok_or_else(|| Problem::new("", "must be true or false"))?;
            field.required = Some(must);
        }
        "min" => field.range = Some((decimal(value)?, field.range.map_or(f64::INFINITY, |r| r.1))),
        "max" => {
            field.range = Some((field.range.map_or(f64::NEG_INFINITY, |r| r.0), decimal(value)?));
        }
        "feature" => {
            let name = text(value)?;
            let feature = Feature::named(&name);
            field.feature =
                Some(feature.ok_or_else(|| Problem::new("", format!("no such feature: {name}")))?);
        }
        key if key.starts_with('_') => {}
        _ => return Err(Problem::new("", "no such key in a field's describe")),
    }
    Ok(())
}

/// The flag of a describe key.
fn flag<'a>(field: &'a mut FieldSpec, key: &str) -> Option<&'a mut bool> {
    Some(match key {
        "aggregatable" => &mut field.aggregatable,
        "aiPredictionField" => &mut field.ai_prediction_field,
        "calculated" => &mut field.calculated,
        "cascadeDelete" => &mut field.cascade_delete,
        "caseSensitive" => &mut field.case_sensitive,
        "createable" => &mut field.createable,
        "custom" => &mut field.custom,
        "defaultedOnCreate" => &mut field.defaulted_on_create,
        "dependentPicklist" => &mut field.dependent_picklist,
        "deprecatedAndHidden" => &mut field.deprecated_and_hidden,
        "displayLocationInDecimal" => &mut field.display_location_in_decimal,
        "encrypted" => &mut field.encrypted,
        "externalId" => &mut field.external_id,
        "filterable" => &mut field.filterable,
        "formulaTreatNullNumberAsZero" => &mut field.formula_treat_null_number_as_zero,
        "groupable" => &mut field.groupable,
        "highScaleNumber" => &mut field.high_scale_number,
        "htmlFormatted" => &mut field.html_formatted,
        "idLookup" => &mut field.id_lookup,
        "nameField" => &mut field.name_field,
        "namePointing" => &mut field.name_pointing,
        "nillable" => &mut field.nillable,
        "permissionable" => &mut field.permissionable,
        "polymorphicForeignKey" => &mut field.polymorphic_foreign_key,
        "queryByDistance" => &mut field.query_by_distance,
        "restrictedDelete" => &mut field.restricted_delete,
        "restrictedPicklist" => &mut field.restricted_picklist,
        "searchPrefilterable" => &mut field.search_prefilterable,
        "setOnce" => &mut field.set_once,
        "sortable" => &mut field.sortable,
        "unique" => &mut field.unique,
        "updateable" => &mut field.updateable,
        "writeRequiresMasterRead" => &mut field.write_requires_master_read,
        _ => return None,
    })
}

fn usual_auto_number() -> AutoNumber {
    AutoNumber { format: "{00000000}".into(), start: 1 }
}

fn unique_rule(value: &Value) -> Result<UniqueRule, Problem> {
    Ok(match value.as_str() {
        Some("caseInsensitive") => UniqueRule::CaseInsensitive,
        Some("caseSensitive") => UniqueRule::CaseSensitive,
        Some("username") => UniqueRule::Username,
        Some("nickname") => UniqueRule::Nickname,
        _ => return Err(Problem::new("", "no such rule")),
    })
}

/// Reads picklist values: a list, or the name of a shared one.
fn picklist(kind: FieldType, value: &Value) -> Result<Option<Arc<Picklist>>, Problem> {
    if let Some(name) = value.as_str() {
        let shared = SHARED.get(name).map(Arc::clone);
        return shared.map(Some).ok_or_else(|| Problem::new("", format!("no such list: {name}")));
    }
    if value.as_array().is_some_and(Vec::is_empty) {
        return Ok(None);
    }
    if !matches!(kind, FieldType::Picklist | FieldType::MultiPicklist | FieldType::Combobox) {
        return Err(Problem::new("", "only a picklist, multipicklist or combobox has values"));
    }
    pick_values(value).map(Some)
}

/// A list of plain texts, or of objects with the describe's keys.
fn pick_values(value: &Value) -> Result<Arc<Picklist>, Problem> {
    let list = value.as_array().ok_or_else(|| Problem::new("", "must be a list"))?;
    let mut values: Vec<PickValue> = Vec::with_capacity(list.len());
    for (at, value) in list.iter().enumerate() {
        let value = pick_value(value);
        values.push(value.map_err(|p| Problem::new(format!("[{at}]{}", p.at), p.message))?);
    }
    Ok(Arc::new(Picklist::new(values)))
}

fn pick_value(value: &Value) -> Result<PickValue, Problem> {
    let plain = |text: &str| PickValue {
        value: text.into(),
        label: text.into(),
        active: true,
        default_value: false,
        valid_for: None,
        also_written: Box::default(),
    };
    let keys = match value {
        Value::String(text) => return Ok(plain(text)),
        Value::Object(keys) => keys,
        _ => return Err(Problem::new("", "must be text or an object")),
    };
    let name = keys.get("value").and_then(Value::as_str);
    let mut made = plain(name.ok_or_else(|| Problem::new(".value", "must be text"))?);
    for (key, value) in keys {
        let wrong = |message: String| Problem::new(format!(".{key}"), message);
        let flag = || value.as_bool().ok_or_else(|| wrong("must be true or false".into()));
        match key.as_str() {
            "value" => {}
            "label" => made.label = text(value).map_err(|p| wrong(p.message))?,
            "active" => made.active = flag()?,
            "defaultValue" => made.default_value = flag()?,
            "alsoWritten" => {
                made.also_written = texts(value).map_err(|p| wrong(p.message))?;
            }
            "validFor" => made.valid_for = optional_text(value).map_err(|p| wrong(p.message))?,
            _ => return Err(wrong("no such key in a picklist value".into())),
        }
    }
    Ok(made)
}

pub(super) fn text(value: &Value) -> Result<Box<str>, Problem> {
    value.as_str().map(Into::into).ok_or_else(|| Problem::new("", "must be text"))
}

pub(super) fn optional_text(value: &Value) -> Result<Option<Box<str>>, Problem> {
    if value.is_null() { Ok(None) } else { text(value).map(Some) }
}

fn texts(value: &Value) -> Result<Box<[Box<str>]>, Problem> {
    let list = value.as_array().ok_or_else(|| Problem::new("", "must be a list of texts"))?;
    list.iter().map(text).collect()
}

fn number(value: &Value) -> Result<u32, Problem> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| Problem::new("", "must be a whole number from 0"))
}

fn decimal(value: &Value) -> Result<f64, Problem> {
    value.as_f64().ok_or_else(|| Problem::new("", "must be a number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_json(keys: &Value) -> FieldSpec {
        field(keys.as_object().expect("an object"), Context::PLAIN).expect("a field")
    }

    #[test]
    fn every_type_has_usual_values() {
        for (kind, name) in FieldType::ALL {
            assert_eq!((kind.name(), FieldType::named(name)), (name, Some(kind)));
            let made = read_json(&json!({"name": "Some_Field__c", "type": name}));
            assert_eq!(&*made.label, "Some Field");
            assert_eq!(&*made.json_key, "\"Some_Field__c\":");
            assert!(made.custom && made.permissionable && !made.soap_type.is_empty(), "{name}");
            assert_eq!(made.byte_length > 0, made.length > 0, "{name}");
        }
    }

    #[test]
    fn what_follows_from_other_keys() {
        let made = read_json(&json!({"name": "A__c", "type": "textarea", "length": 32000}));
        assert!(!made.filterable && !made.sortable && made.byte_length == 96_000);
        let made = read_json(&json!({"name": "A__c", "type": "string", "length": 20}));
        assert!(made.filterable && made.groupable && made.byte_length == 60);
        let made =
            read_json(&json!({"name": "ParentId", "type": "reference", "referenceTo": ["A", "B"]}));
        assert_eq!(made.relationship_name.as_deref(), Some("Parent"));
        assert!(made.polymorphic_foreign_key && made.byte_length == 18);
        let made = read_json(&json!({"name": "CreatedDate"}));
        assert!(made.kind == FieldType::DateTime && !made.createable && !made.nillable);
        let made = read_json(&json!({"name": "Name", "type": "string", "autoNumber": true}));
        assert!(!made.createable && made.defaulted_on_create && !made.groupable);
        let made = read_json(
            &json!({"name": "A__c", "type": "string", "unique": true, "caseSensitive": true}),
        );
        assert_eq!(made.unique_rule, Some(UniqueRule::CaseSensitive));
        let made = read_json(&json!({"name": "A__c", "type": "int", "min": 1, "max": 9}));
        assert_eq!(made.range, Some((1.0, 9.0)));
        let made = read_json(
            &json!({"name": "ALongitude", "type": "double", "compoundFieldName": "AAddress"}),
        );
        assert_eq!(made.range, Some((-180.0, 180.0)));
    }

    #[test]
    fn overrides_hold_while_their_feature_is_on() {
        let keys =
            json!({"name": "A", "type": "string", "when": {"personAccounts": {"nillable": false}}});
        let keys = keys.as_object().expect("an object");
        let on =
            Context { features: Features::NONE.with(Feature::PersonAccounts), ..Context::PLAIN };
        assert!(field(keys, Context::PLAIN).expect("a field").nillable);
        assert!(!field(keys, on).expect("a field").nillable);
    }
}
