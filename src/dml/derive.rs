//! What the org itself writes into a record: defaults, auto-numbers, audit fields.

use super::Transaction;
use crate::id::Id;
use crate::schema::{AutoNumber, FieldSpec, FieldType, ObjectSpec, Slot};
use crate::store::Draft;
use crate::value::Value;

/// Fills a new record.
pub(super) fn on_insert(
    transaction: &mut Transaction<'_>,
    object: &ObjectSpec,
    draft: &mut Draft,
    id: Id,
) {
    let user = Value::Id(transaction.actor.user);
    let now = transaction.actor.stamp();
    let system = &object.system;
    draft.set(system.id, Value::Id(id));
    let audit = [
        (system.owner_id, user.clone()),
        (system.created_date, now.clone()),
        (system.created_by_id, user.clone()),
        (system.last_modified_date, now.clone()),
        (system.last_modified_by_id, user),
        (system.system_modstamp, now),
    ];
    for (slot, value) in audit {
        fill(draft, slot, value);
    }
    for slot in object.filled.iter().copied() {
        let field = object.at(slot);
        if !draft.get(slot).is_null() {
            continue;
        }
        if let Some(format) = &field.auto_number {
            let table = transaction.state.table_mut(object);
            let number = table.next_number(slot, format.start);
            draft.set(slot, Value::text(&numbered(format, number)));
        } else if field.name_field && field.defaulted_on_create {
            // A custom object's record without a name is named by its id, in fifteen characters.
            draft.set(slot, Value::text(id.as_15()));
        } else {
            draft.set(slot, default_of(field));
        }
    }
}

/// Fills a value in where the object has the field and the caller (the org itself) gave none.
fn fill(draft: &mut Draft, slot: Option<Slot>, value: Value) {
    if let Some(slot) = slot
        && draft.get(slot).is_null()
    {
        draft.set(slot, value);
    }
}

/// Stamps a changed record. Fixtures may bring their own stamps on insert only.
pub(super) fn on_update(transaction: &Transaction<'_>, object: &ObjectSpec, draft: &mut Draft) {
    let actor = transaction.actor;
    let system = &object.system;
    let audit = [
        (system.last_modified_date, actor.stamp()),
        (system.last_modified_by_id, Value::Id(actor.user)),
        (system.system_modstamp, actor.stamp()),
    ];
    for (slot, value) in audit {
        if let Some(slot) = slot {
            draft.set(slot, value);
        }
    }
}

/// The default of a field that was not given. A checkbox without one is false, which rows need not
/// store: an absent checkbox reads as false.
fn default_of(field: &FieldSpec) -> Value {
    if let Some(code) = field.default_pick() {
        return Value::Pick(code);
    }
    let Some(text) = field.default_value.as_deref() else { return Value::Null };
    let text = text.trim_matches('"');
    match (field.kind, text) {
        (FieldType::Boolean, "false") => Value::Null,
        _ => super::coerce(field, super::Raw::Text(text)).unwrap_or(Value::Null),
    }
}

/// A number in its display format: `UPR-{00000}` and 7 give `UPR-00007`.
fn numbered(format: &AutoNumber, number: u64) -> String {
    match format.format.split_once('{').and_then(|(head, rest)| Some((head, rest.split_once('}')?)))
    {
        Some((head, (zeros, tail))) => format!("{head}{number:0width$}{tail}", width = zeros.len()),
        None => format!("{}{number}", format.format),
    }
}
