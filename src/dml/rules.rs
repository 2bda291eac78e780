//! The rules that a record must keep, in the order in which their errors are reported. Every rule
//! reads the schema table; none names an object.

use super::{Given, Transaction, duplicates};
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::schema::{FieldSpec, FieldType, ObjectSpec, Slot, UniqueRule};
use crate::store::{Draft, Row, RowNum};
use crate::value::{Value, java_double};
use std::sync::Arc;

/// What a rule looks at.
struct Check<'c, 'a> {
    transaction: &'c Transaction<'a>,
    object: &'c ObjectSpec,
    before: Option<&'c Row>,
    given: &'c Given,
}

type Rule = fn(&Check<'_, '_>, &mut Faults);

/// The rules on what was given, in order. After a rule marked `true` has found faults the later ones
/// are not asked: their questions make no sense then.
const RULES: &[(Rule, bool)] = &[
    (writable, true),
    (required, false),
    (ids, false),
    (lengths, false),
    (numbers, false),
    (picklists, false),
    (emails, false),
    (set_once, false),
    (references, false),
];

/// Checks what was given for a record; `before` is its row when it is an update.
pub(super) fn validate(
    transaction: &Transaction<'_>,
    object: &Arc<ObjectSpec>,
    before: Option<(RowNum, &Row)>,
    given: &Given,
) -> Result<(), Faults> {
    let check = Check { transaction, object, before: before.map(|(_, row)| row), given };
    let mut faults = Faults::new();
    for (rule, stops) in RULES {
        rule(&check, &mut faults);
        if *stops && !faults.is_empty() {
            break;
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

impl<'c> Check<'c, '_> {
    fn fields(&self) -> impl Iterator<Item = (&'c FieldSpec, Slot, &'c Value)> {
        let object = self.object;
        self.given.iter().map(move |(slot, value)| (object.at(*slot), *slot, value))
    }
}

/// createable, updateable, autoNumber, calculated, compound, audit fields.
fn writable(check: &Check<'_, '_>, faults: &mut Faults) {
    if check.transaction.actor.system {
        return;
    }
    let refused: Vec<&str> = check
        .fields()
        .filter(
            |(field, ..)| {
                if check.before.is_some() { !field.updateable } else { !field.createable }
            },
        )
        .map(|(field, ..)| &*field.name)
        .collect();
    if !refused.is_empty() {
        faults.push(OrgError::not_writable(&refused));
    }
}

/// nillable and required; a field that the org defaults is not required.
fn required(check: &Check<'_, '_>, faults: &mut Faults) {
    let value_of = |slot| check.given.iter().rev().find(|(own, _)| *own == slot).map(|(_, v)| v);
    let missing: Vec<&str> = if check.before.is_some() {
        check
            .fields()
            .filter(|(field, _, value)| value.is_null() && !field.nillable)
            .map(|(field, ..)| &*field.name)
            .collect()
    } else {
        let object = check.object;
        let unfilled = |slot: &&Slot| value_of(**slot).is_none_or(Value::is_null);
        object
            .required
            .iter()
            .filter(unfilled)
            .map(|slot| object.at(*slot))
            .filter(|field| !is_made_of_parts(check, field))
            .map(|field| &*field.name)
            .collect()
    };
    if !missing.is_empty() {
        faults.push(OrgError::required_missing(&missing));
    }
}

/// True for the name of a record that is a person although its object's usually are not (a Person
/// Account): it is made of the parts that were given.
fn is_made_of_parts(check: &Check<'_, '_>, field: &FieldSpec) -> bool {
    let switchable = |field: &FieldSpec| {
        field.extra_type_info.as_deref() == Some("switchablepersonname")
            && field.compound_field_name.is_some()
    };
    switchable(field)
        && check.fields().any(|(part, _, value)| {
            switchable(part) && part.name != field.name && !value.is_null() && part.kind.is_text()
        })
}

/// References that are no ids, or ids of objects that the field does not refer to.
fn ids(check: &Check<'_, '_>, faults: &mut Faults) {
    for (field, _, value) in check.fields() {
        if !matches!(field.kind, FieldType::Reference | FieldType::Id) {
            continue;
        }
        let fits = match value {
            Value::Null => true,
            Value::Id(id) => field.kind == FieldType::Id || refers_to(check, field, *id),
            _ => false,
        };
        if !fits {
            let text = match value {
                Value::Id(id) => id.to_string(),
                value => value.as_text().unwrap_or_default().to_owned(),
            };
            faults.push(OrgError::malformed_id(&field.label, &text, &field.name));
        }
    }
}

fn refers_to(check: &Check<'_, '_>, field: &FieldSpec, id: Id) -> bool {
    let schema = &check.transaction.state.schema;
    schema.by_prefix(id.prefix()).is_some_and(|object| {
        let name = &schema.object(object).name;
        field.reference_to.iter().any(|target| target == name)
    })
}

/// length, in UTF-16 units as Java counts.
fn lengths(check: &Check<'_, '_>, faults: &mut Faults) {
    for (field, _, value) in check.fields() {
        let Value::Text(text) = value else { continue };
        let ids = matches!(field.kind, FieldType::Reference | FieldType::Id);
        if ids || field.length == 0 || text.len() <= field.length as usize {
            continue;
        }
        if text.encode_utf16().count() > field.length as usize {
            faults.push(OrgError::too_long(&field.label, text, field.length, &field.name));
        }
    }
}

/// digits, precision, scale and ranges.
fn numbers(check: &Check<'_, '_>, faults: &mut Faults) {
    for (field, _, value) in check.fields() {
        let (number, text) = match value {
            Value::Int(number) => (*number as f64, number.to_string()),
            Value::Double(number) => {
                let mut text = String::new();
                java_double(&mut text, *number);
                (*number, text)
            }
            _ => continue,
        };
        let places = match value {
            Value::Int(_) => field.digits,
            _ => field.precision.saturating_sub(field.scale),
        };
        let too_wide = match value {
            Value::Int(_) => places > 0 && number.abs() >= 10f64.powi(places as i32),
            _ => field.precision > 0 && number.abs() >= 10f64.powi(places as i32),
        };
        let outside = field.range.is_some_and(|(low, high)| number < low || number > high);
        if too_wide || outside {
            faults.push(OrgError::out_of_range(&field.label, &text, &field.name));
        }
    }
}

/// restrictedPicklist. Unlisted values are `Text`; a multipicklist is text always.
fn picklists(check: &Check<'_, '_>, faults: &mut Faults) {
    for (field, slot, value) in check.fields() {
        let (Some(picklist), true) = (&field.picklist, field.restricted_picklist) else { continue };
        let bad = match value {
            Value::Pick(code) => {
                let chosen = picklist.value(*code);
                // A value that was deactivated may stay where it is.
                let kept = check.before.is_some_and(|row| row.get(slot) == value);
                (!chosen.active && !kept).then(|| chosen.value.to_string())
            }
            Value::Text(text) if field.kind == FieldType::MultiPicklist => {
                text.split(';').find(|value| picklist.code(value).is_none()).map(ToOwned::to_owned)
            }
            Value::Text(text) => Some(text.to_string()),
            _ => None,
        };
        if let Some(bad) = bad {
            faults.push(OrgError::bad_picklist_value(&field.label, &bad, &field.name));
        }
    }
}

/// The shape of e-mail addresses.
fn emails(check: &Check<'_, '_>, faults: &mut Faults) {
    for (field, _, value) in check.fields() {
        if let (FieldType::Email, Value::Text(text)) = (field.kind, value)
            && !is_email(text)
        {
            faults.push(OrgError::invalid_email(&field.label, text, &field.name));
        }
    }
}

/// One `@`, a local part, and a domain with a dot inside.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let local_fits = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let label_fits = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    !local.is_empty()
        && local.len() <= 64
        && local.chars().all(local_fits)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.contains('.')
        && domain.split('.').all(label_fits)
}

/// Fields that cannot be changed once they have a value.
fn set_once(check: &Check<'_, '_>, faults: &mut Faults) {
    let Some(before) = check.before else { return };
    if check.transaction.actor.system {
        return;
    }
    let refused: Vec<&str> = check
        .fields()
        .filter(|(field, slot, value)| {
            field.set_once && !before.get(*slot).is_null() && before.get(*slot) != *value
        })
        .map(|(field, ..)| &*field.name)
        .collect();
    if !refused.is_empty() {
        faults.push(OrgError::not_writable(&refused));
    }
}

/// References to rows that are not there, or deleted.
fn references(check: &Check<'_, '_>, faults: &mut Faults) {
    for (field, slot, value) in check.fields() {
        let (FieldType::Reference, Value::Id(id)) = (field.kind, value) else { continue };
        // A wrong object was reported by `ids`; a value that stays need not be found again.
        if !refers_to(check, field, *id) || check.before.is_some_and(|row| row.get(slot) == value) {
            continue;
        }
        let state = &check.transaction.state;
        let Some(target) = state.schema.by_prefix(id.prefix()) else { continue };
        let target = state.schema.object(target);
        match state.row(target, *id) {
            Some((_, row)) if !row.is_deleted() => {}
            Some(_) => faults.push(OrgError::entity_is_deleted().with_status(400)),
            None => faults.push(OrgError::invalid_cross_reference()),
        }
    }
}

/// Checks the record as it would be stored: uniqueness, after defaults and behaviour.
pub(super) fn verify(
    transaction: &Transaction<'_>,
    object: &Arc<ObjectSpec>,
    before: Option<(RowNum, &Row)>,
    draft: &Draft,
) -> Result<(), Faults> {
    let table = transaction.state.table(object.id);
    let mut faults = Faults::new();
    for slot in object.unique.iter().copied() {
        let field = object.at(slot);
        let Some(rule) = field.unique_rule else { continue };
        let value = draft.get(slot);
        if value.is_null() || before.is_some_and(|(_, row)| row.get(slot) == value) {
            continue;
        }
        let own = before.map(|(number, _)| number);
        let other = table.lookup(slot, value).into_iter().find_map(|number| {
            let row = table.get(number).filter(|_| Some(number) != own)?;
            let counts =
                !row.is_deleted() && (rule != UniqueRule::CaseSensitive || row.get(slot) == value);
            counts.then(|| row.id(object.system.id)).flatten()
        });
        let taken_elsewhere = rule == UniqueRule::Username
            && value.as_text().is_some_and(|name| {
                let name = name.to_lowercase();
                transaction.state.settings.taken_usernames.contains(&name)
            });
        match (rule, other) {
            (UniqueRule::Username, other) if other.is_some() || taken_elsewhere => {
                faults.push(OrgError::duplicate_username());
            }
            (UniqueRule::Nickname, Some(_)) => faults.push(OrgError::duplicate_nickname()),
            (UniqueRule::CaseInsensitive | UniqueRule::CaseSensitive, Some(id)) => {
                faults.push(OrgError::duplicate_value(&field.name, id.as_15()));
            }
            _ => {}
        }
    }
    if faults.is_empty() {
        faults.extend(duplicates::found(transaction, object, before, draft));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}
