//! A user's describe JSON as additions to a schema: only names and types are needed, all else
//! takes the type's usual value. Every fault names its place in the text.

use super::field::{FieldSpec, FieldType};
use super::object::ObjectFlags;
use super::usual::{self, Context, Problem};
use crate::id::KeyPrefix;
use serde_json::{Map, Value};

/// Objects and fields to add to a schema.
#[derive(Clone, Debug)]
pub struct Additions {
    pub(super) objects: Vec<Addition>,
    /// Digest of the text they come from.
    pub(super) digest: u64,
}

/// One object of [`Additions`]: a new one, or fields for one that is there.
#[derive(Clone, Debug)]
pub(super) struct Addition {
    /// Its place in the text: empty, or `[2]`.
    pub(super) path: String,
    pub(super) name: Box<str>,
    pub(super) custom: bool,
    pub(super) label: Option<Box<str>>,
    pub(super) label_plural: Option<Box<str>>,
    pub(super) key_prefix: Option<KeyPrefix>,
    pub(super) flags: Vec<(String, bool)>,
    pub(super) fields: Vec<AddedField>,
}

/// One field of an [`Addition`].
#[derive(Clone, Debug)]
pub(super) struct AddedField {
    /// Its place in the text, such as `[2].fields[0]`.
    pub(super) path: String,
    pub(super) spec: FieldSpec,
    /// The relationship's name on the parent's side, without `__r`.
    pub(super) child_name: Option<Box<str>>,
}

/// Why a text cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// Where: `fields[2].length`, or `[1].fields[2].length` in a list. Empty: the text as a whole.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl ImportError {
    pub(super) fn new(path: &str, at: &str, message: impl Into<String>) -> ImportError {
        let path = format!("{path}{at}");
        let path = path.strip_prefix('.').unwrap_or(&path).to_owned();
        ImportError { path, message: message.into() }
    }

    fn in_field(path: &str, problem: Problem) -> ImportError {
        ImportError::new(path, &problem.at, problem.message)
    }
}

impl std::fmt::Display for ImportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for ImportError {}

/// Keys of an object's describe that say nothing to an importer: they are derived or not emulated.
const IGNORED: [&str; 20] = [
    "actionOverrides",
    "associateEntityType",
    "associateParentEntity",
    "childRelationships",
    "defaultImplementation",
    "extendedBy",
    "extendsInterfaces",
    "implementedBy",
    "implementsInterfaces",
    "listviewable",
    "lookupLayoutable",
    "name",
    "namedLayoutInfos",
    "networkScopeFieldName",
    "recordTypeInfos",
    "sobjectDescribeOption",
    "supportedScopes",
    "urls",
    "isInterface",
    "isSubtype",
];

/// Names of fields that every object may have without being custom.
const SYSTEM: [&str; 15] = [
    "Id",
    "OwnerId",
    "IsDeleted",
    "Name",
    "CurrencyIsoCode",
    "RecordTypeId",
    "CreatedDate",
    "CreatedById",
    "LastModifiedDate",
    "LastModifiedById",
    "SystemModstamp",
    "LastActivityDate",
    "LastViewedDate",
    "LastReferencedDate",
    "ConnectionReceivedId",
];

/// Reads one describe, or a list of describes.
pub fn describe(text: &str) -> Result<Additions, ImportError> {
    let json: Value = serde_json::from_str(text)
        .map_err(|error| ImportError::new("", "", format!("not JSON: {error}")))?;
    let objects = match &json {
        Value::Object(keys) => vec![object(keys, String::new())?],
        Value::Array(list) => {
            let mut objects = Vec::with_capacity(list.len());
            for (at, entry) in list.iter().enumerate() {
                let path = format!("[{at}]");
                let keys = entry.as_object();
                let keys = keys.ok_or_else(|| ImportError::new(&path, "", "must be a describe"))?;
                objects.push(object(keys, path)?);
            }
            objects
        }
        _ => return Err(ImportError::new("", "", "must be a describe or a list of describes")),
    };
    for (at, object) in objects.iter().enumerate() {
        if objects[..at].iter().any(|other| other.name.eq_ignore_ascii_case(&object.name)) {
            let message = format!("{} is here twice", object.name);
            return Err(ImportError::new(&object.path, ".name", message));
        }
    }
    Ok(Additions { objects, digest: digest(text) })
}

/// FNV-1a: equal texts give equal digests on every machine.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn object(keys: &Map<String, Value>, path: String) -> Result<Addition, ImportError> {
    let name = match keys.get("name") {
        Some(Value::String(name)) => name.as_str(),
        Some(_) => return Err(ImportError::new(&path, ".name", "must be text")),
        None => return Err(ImportError::new(&path, "", "an object needs a name")),
    };
    check_object_name(name).map_err(|message| ImportError::new(&path, ".name", message))?;
    let mut addition = Addition {
        name: name.into(),
        custom: name.ends_with("__c"),
        label: None,
        label_plural: None,
        key_prefix: None,
        flags: Vec::new(),
        fields: Vec::new(),
        path,
    };
    let mut flags = ObjectFlags::NONE;
    for (key, value) in keys {
        let at = format!(".{key}");
        let fault = |message: String| ImportError::new(&addition.path, &at, message);
        match key.as_str() {
            "label" => {
                addition.label = usual::optional_text(value).map_err(|p| fault(p.message))?;
            }
            "labelPlural" => {
                addition.label_plural =
                    usual::optional_text(value).map_err(|p| fault(p.message))?;
            }
            "keyPrefix" => addition.key_prefix = key_prefix(value).map_err(fault)?,
            "fields" => addition.fields = fields(value, &addition)?,
            "custom" if value.as_bool() == Some(addition.custom) => {}
            "custom" => {
                return Err(fault(
                    "must be true for names that end in __c, false for others".into(),
                ));
            }
            key if flags.by_key(key).is_some() => {
                let on = value.as_bool().ok_or_else(|| fault("must be true or false".into()))?;
                addition.flags.push((key.to_owned(), on));
            }
            key if IGNORED.contains(&key) || key.starts_with('_') => {}
            _ => return Err(fault("no such key in an object's describe".into())),
        }
    }
    Ok(addition)
}

fn check_object_name(name: &str) -> Result<(), String> {
    for (suffix, what) in [
        ("__mdt", "custom metadata types"),
        ("__e", "platform events"),
        ("__x", "external objects"),
        ("__b", "big objects"),
        ("__kav", "article types"),
    ] {
        if name.ends_with(suffix) {
            return Err(format!("{what} ({suffix}) are not emulated"));
        }
    }
    check_name(name)
}

fn check_name(name: &str) -> Result<(), String> {
    let stem = name.strip_suffix("__c").unwrap_or(name);
    let letters = stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if stem.is_empty() || !letters || !stem.as_bytes()[0].is_ascii_alphabetic() {
        return Err(
            "an API name is letters, digits and underscores, and begins with a letter".into()
        );
    }
    if name.len() > 80 {
        return Err("an API name has at most 80 characters".into());
    }
    Ok(())
}

fn key_prefix(value: &Value) -> Result<Option<KeyPrefix>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let bytes = value.as_str().unwrap_or_default().as_bytes();
    let prefix = KeyPrefix::try_from(bytes).ok();
    let prefix = prefix.filter(|prefix| prefix.iter().all(u8::is_ascii_alphanumeric));
    prefix.map(Some).ok_or_else(|| "must be three letters or digits".into())
}

fn fields(value: &Value, object: &Addition) -> Result<Vec<AddedField>, ImportError> {
    let list = value.as_array();
    let list = list.ok_or_else(|| ImportError::new(&object.path, ".fields", "must be a list"))?;
    let mut fields: Vec<AddedField> = Vec::with_capacity(list.len());
    for (at, entry) in list.iter().enumerate() {
        let path = format!("{}.fields[{at}]", object.path);
        let keys = entry.as_object();
        let keys = keys.ok_or_else(|| ImportError::new(&path, "", "must be an object"))?;
        let spec =
            usual::field(keys, Context::PLAIN).map_err(|p| ImportError::in_field(&path, p))?;
        check(&spec, keys, object).map_err(|p| ImportError::in_field(&path, p))?;
        if fields.iter().any(|other| other.spec.name.eq_ignore_ascii_case(&spec.name)) {
            let message = format!("{} is here twice", spec.name);
            return Err(ImportError::new(&path, ".name", message));
        }
        let child_name = match keys.get("childRelationshipName") {
            Some(value) => usual::optional_text(value)
                .map_err(|p| ImportError::new(&path, ".childRelationshipName", p.message))?,
            None => None,
        };
        let child_name = child_name.map(|name| name.strip_suffix("__r").unwrap_or(&name).into());
        fields.push(AddedField { path, spec, child_name });
    }
    Ok(fields)
}

/// Checks what a describe could get wrong and a schema file never does.
fn check(field: &FieldSpec, keys: &Map<String, Value>, object: &Addition) -> Result<(), Problem> {
    check_name(&field.name).map_err(|message| Problem::new(".name", message))?;
    let custom_name = field.name.ends_with("__c");
    if field.custom != custom_name {
        return Err(Problem::new(
            ".custom",
            "must be true for names that end in __c, false for others",
        ));
    }
    // A standard field that is missing here must say that it is one: a forgotten __c is likelier.
    let standard = SYSTEM.contains(&&*field.name)
        || !object.custom && keys.get("custom") == Some(&Value::Bool(false));
    if !custom_name && !standard {
        return Err(Problem::new(".name", "a custom field's name must end in __c"));
    }
    check_length(field)?;
    let reference = field.kind == FieldType::Reference;
    if reference && field.reference_to.is_empty() {
        return Err(Problem::new(".referenceTo", "a reference names the objects it may point to"));
    }
    if !reference && !field.reference_to.is_empty() {
        return Err(Problem::new(".referenceTo", "only a reference points to objects"));
    }
    if field.auto_number.is_some() && field.kind != FieldType::String {
        return Err(Problem::new(".autoNumber", "an auto-number is a string"));
    }
    if field.calculated && custom_name {
        return Err(Problem::new(".calculated", "formula and roll-up fields are not emulated"));
    }
    Ok(())
}

fn check_length(field: &FieldSpec) -> Result<(), Problem> {
    let longest = match field.kind {
        FieldType::String if field.custom => 255,
        FieldType::TextArea => 131_072,
        FieldType::EncryptedString => 175,
        FieldType::Picklist | FieldType::Combobox if field.custom => 255,
        FieldType::Id | FieldType::Reference => 18,
        kind if kind.is_text() || kind == FieldType::MultiPicklist => 131_072,
        _ => 0,
    };
    if field.length > longest {
        return Err(Problem::new(".length", format!("at most {longest} for this type")));
    }
    if field.length == 0 && field.kind.is_text() {
        return Err(Problem::new(".length", "at least 1"));
    }
    if field.precision > 18 {
        return Err(Problem::new(".precision", "at most 18"));
    }
    if field.scale > field.precision {
        return Err(Problem::new(".scale", "at most the precision"));
    }
    Ok(())
}
