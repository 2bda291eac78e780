//! What differs between two states: rows created, updated, deleted, undeleted.
//!
//! Tables → pages that the two do not share → rows that they do not share → fields. What is shared is
//! skipped whole, so the cost follows the changes and not the size of the org. Objects and fields are
//! matched by name and rows by id: the two states need not be of one history.

use super::row::Row;
use super::state::State;
use super::table::Table;
use crate::id::Id;
use crate::schema::{FieldSpec, FieldType, ObjectId, ObjectSpec, Slot};
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The differences of one object's rows; at least one list is not empty.
pub struct ObjectDiff<'s> {
    /// The object as it was; `None` when it had no rows.
    pub before: Option<&'s Arc<ObjectSpec>>,
    /// The object as it is; `None` when it has no rows.
    pub after: Option<&'s Arc<ObjectSpec>>,
    /// Rows that live now and were not there, not even in the recycle bin.
    pub created: Vec<(Id, &'s Row)>,
    /// Rows that live now, were there, and hold other values. One that came out of the recycle bin
    /// is among `undeleted` too.
    pub updated: Vec<Updated<'s>>,
    /// Rows that lived then and do not live now.
    pub deleted: Vec<Id>,
    /// Rows that live now and were in the recycle bin.
    pub undeleted: Vec<Id>,
}

/// A row that holds other values.
pub struct Updated<'s> {
    /// Its id.
    pub id: Id,
    /// How it was.
    pub before: &'s Row,
    /// How it is.
    pub after: &'s Row,
    /// The fields that differ, in the object's order.
    pub fields: Vec<Column>,
}

/// One field of an object in both states; at least one slot is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its slot before.
    pub before: Option<Slot>,
    /// Its slot after.
    pub after: Option<Slot>,
}

/// An object in one of the states.
#[derive(Clone, Copy)]
struct Side<'s> {
    object: &'s Arc<ObjectSpec>,
    table: &'s Arc<Table>,
}

impl<'s> Side<'s> {
    fn of(state: &'s State, id: ObjectId) -> Side<'s> {
        Side { object: state.schema.object(id), table: state.table(id) }
    }

    /// The row of an id, live or deleted.
    fn row(self, id: Id) -> Option<&'s Row> {
        self.table.get(self.table.find(id, self.object.system.id)?)
    }

    fn id(self, row: &Row) -> Option<Id> {
        row.id(self.object.system.id)
    }
}

/// What differs from one state to another, object by object, by name.
pub fn diff<'s>(before: &'s State, after: &'s State) -> Vec<ObjectDiff<'s>> {
    let mut sides: BTreeMap<&str, (Option<Side<'s>>, Option<Side<'s>>)> = BTreeMap::new();
    for id in before.objects_with_rows() {
        let side = Side::of(before, id);
        sides.entry(&side.object.name).or_default().0 = Some(side);
    }
    for id in after.objects_with_rows() {
        let side = Side::of(after, id);
        sides.entry(&side.object.name).or_default().1 = Some(side);
    }
    sides.into_values().filter_map(|(before, after)| object(before, after)).collect()
}

/// What differs in one object; `None` when nothing does.
fn object<'s>(before: Option<Side<'s>>, after: Option<Side<'s>>) -> Option<ObjectDiff<'s>> {
    if let (Some(before), Some(after)) = (before, after)
        && Arc::ptr_eq(before.table, after.table)
    {
        return None;
    }
    let mut diff = ObjectDiff {
        before: before.map(|side| side.object),
        after: after.map(|side| side.object),
        created: Vec::new(),
        updated: Vec::new(),
        deleted: Vec::new(),
        undeleted: Vec::new(),
    };
    let columns = columns(diff.before, diff.after);
    let nothing = Table::default();
    let table = |side: Option<Side<'s>>| side.map_or(&nothing, |side| &**side.table);
    // Rows are compared by id: after a way back, another row may stand at the same place.
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    Table::changes(table(before), table(after), |_, old, new| {
        gone.extend(before.zip(old).and_then(|(side, row)| side.id(row)));
        come.extend(after.zip(new).and_then(|(side, row)| side.id(row)));
    });
    let row = |side: Option<Side<'s>>, id: Id| side.and_then(|side| side.row(id));
    for id in gone {
        let Some(old) = row(before, id) else { continue };
        let new = row(after, id).filter(|row| !row.is_deleted());
        match new {
            None if !old.is_deleted() => diff.deleted.push(id),
            None => {}
            Some(new) => {
                if old.is_deleted() {
                    diff.undeleted.push(id);
                }
                let differs = |column: &Column| !diff.is_same(*column, old, new);
                let fields: Vec<Column> = columns.iter().copied().filter(differs).collect();
                if !fields.is_empty() {
                    diff.updated.push(Updated { id, before: old, after: new, fields });
                }
            }
        }
    }
    for id in come {
        let Some(new) = row(after, id).filter(|row| !row.is_deleted()) else { continue };
        if row(before, id).is_none() {
            diff.created.push((id, new));
        }
    }
    (!diff.is_empty()).then_some(diff)
}

/// The fields that either object shows and stores. `IsDeleted` is told by the lists.
fn columns(before: Option<&Arc<ObjectSpec>>, after: Option<&Arc<ObjectSpec>>) -> Vec<Column> {
    let stored = |object: &ObjectSpec, slot: Slot| {
        let is_compound = matches!(object.at(slot).kind, FieldType::Address | FieldType::Location);
        !is_compound && object.system.is_deleted != Some(slot)
    };
    let mut columns = Vec::new();
    if let Some(after) = after {
        for slot in after.visible.iter().copied().filter(|slot| stored(after, *slot)) {
            let own = |before: &Arc<ObjectSpec>| slot_named(before, &after.at(slot).name, slot);
            columns.push(Column { before: before.and_then(own), after: Some(slot) });
        }
    }
    if let Some(before) = before {
        for slot in before.visible.iter().copied().filter(|slot| stored(before, *slot)) {
            if columns.iter().any(|column| column.before == Some(slot)) {
                continue;
            }
            let own = |after: &Arc<ObjectSpec>| slot_named(after, &before.at(slot).name, slot);
            columns.push(Column { before: Some(slot), after: after.and_then(own) });
        }
    }
    columns
}

/// The slot of a name, shown or not; most often it is this one.
fn slot_named(object: &ObjectSpec, name: &str, likely: Slot) -> Option<Slot> {
    let is_named = |field: &FieldSpec| !field.removed && &*field.name == name;
    if object.fields.get(usize::from(likely)).is_some_and(is_named) {
        return Some(likely);
    }
    object.fields.iter().position(is_named).map(|slot| slot as Slot)
}

impl ObjectDiff<'_> {
    fn is_empty(&self) -> bool {
        let rows = self.created.len() + self.updated.len();
        rows + self.deleted.len() + self.undeleted.len() == 0
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        self.after.or(self.before).map_or("", |object| &object.name)
    }

    /// The name of a field as a JSON key.
    pub fn json_key(&self, column: Column) -> &str {
        match (self.after.zip(column.after), self.before.zip(column.before)) {
            (Some((object, slot)), _) | (None, Some((object, slot))) => &object.at(slot).json_key,
            (None, None) => "",
        }
    }

    fn is_same(&self, column: Column, before: &Row, after: &Row) -> bool {
        let value = |row: &'_ Row, slot: Option<Slot>| slot.map(|slot| row.get(slot).clone());
        let (old, new) = (value(before, column.before), value(after, column.after));
        let (old, new) = (old.unwrap_or(Value::Null), new.unwrap_or(Value::Null));
        let field = |object: Option<&'_ Arc<ObjectSpec>>, slot: Option<Slot>| {
            object.zip(slot).and_then(|(object, slot)| object.at(slot).picklist.clone())
        };
        match (&old, &new) {
            (Value::Pick(old), Value::Pick(new)) => {
                let lists = (field(self.before, column.before), field(self.after, column.after));
                let (Some(before), Some(after)) = lists else { return old == new };
                before.value(*old).value == after.value(*new).value
            }
            // An absent checkbox is false.
            (Value::Null, Value::Bool(flag)) | (Value::Bool(flag), Value::Null) => !flag,
            (old, new) => old == new,
        }
    }
}
