//! Records by field names: read from rows, made for writes, found by references.

use crate::dml::{Given, Transaction};
use crate::error::Faults;
use crate::id::Id;
use crate::schema::{FieldType, ObjectSpec};
use crate::store::{Key, Row, RowNum, State};
use crate::value::Value;
use std::sync::Arc;

/// A live record.
#[derive(Clone)]
pub struct Record {
    /// Its object.
    pub object: Arc<ObjectSpec>,
    /// Its place in the table.
    pub number: RowNum,
    /// Its row.
    pub row: Row,
}

impl Record {
    /// The live record of an id.
    pub fn find(state: &State, id: Id) -> Option<Record> {
        let (object, number, row) = state.resolve(id)?;
        Some(Record { object: Arc::clone(object), number, row: row.clone() })
    }

    /// Its id.
    pub fn id(&self) -> Option<Id> {
        self.row.id(self.object.system.id)
    }

    /// The value of a field; null when the org does not have it.
    pub fn value(&self, name: &str) -> &Value {
        value(&self.object, &self.row, name)
    }

    /// The text of a field, whether free or from a picklist.
    pub fn text(&self, name: &str) -> Option<&str> {
        text(&self.object, &self.row, name)
    }

    /// The reference of a field.
    pub fn reference(&self, name: &str) -> Option<Id> {
        self.value(name).as_id()
    }

    /// The flag of a field.
    pub fn flag(&self, name: &str) -> bool {
        self.value(name).is_true()
    }
}

/// The value of a row's field; null when the org does not have it.
pub fn value<'r>(object: &ObjectSpec, row: &'r Row, name: &str) -> &'r Value {
    object.field(name).map_or(&Value::Null, |(slot, _)| row.get(slot))
}

/// The text of a row's field, whether free or from a picklist.
pub fn text<'r>(object: &'r ObjectSpec, row: &'r Row, name: &str) -> Option<&'r str> {
    let (slot, field) = object.field(name)?;
    match row.get(slot) {
        Value::Text(text) => Some(text),
        Value::Pick(code) => field.picklist.as_ref().map(|list| &*list.value(*code).value),
        _ => None,
    }
}

/// Fields to be written. Those that the org does not have are left out.
pub struct Fields<'o> {
    object: &'o ObjectSpec,
    given: Given,
}

impl<'o> Fields<'o> {
    /// None yet.
    pub fn of(object: &'o ObjectSpec) -> Fields<'o> {
        Fields { object, given: Given::with_capacity(12) }
    }

    /// Sets a field.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Fields<'o> {
        if let Some((slot, _)) = self.object.field(name) {
            self.given.push((slot, value.into()));
        }
        self
    }

    /// Sets a text, cut to the field's length, or a picklist's value.
    #[must_use]
    pub fn text(mut self, name: &str, text: Option<&str>) -> Fields<'o> {
        let Some((slot, field)) = self.object.field(name) else { return self };
        let value = match (field.kind, text) {
            (_, None) => Value::Null,
            (FieldType::Picklist, Some(text)) => {
                let code = field.picklist.as_ref().and_then(|list| list.code(text));
                code.map_or_else(|| Value::text(text), Value::Pick)
            }
            (_, Some(text)) => Value::text(cut(text, field.length as usize)),
        };
        self.given.push((slot, value));
        self
    }

    /// The fields with their slots.
    pub fn given(self) -> Given {
        self.given
    }
}

/// The first so many UTF-16 units of a text; 0 for all.
fn cut(text: &str, length: usize) -> &str {
    if length == 0 || text.len() <= length {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > length
    });
    end.map_or(text, |(end, _)| &text[..end])
}

/// Creates a record as the org itself.
pub fn insert(
    transaction: &mut Transaction<'_>,
    object: &str,
    fields: impl FnOnce(Fields<'_>) -> Fields<'_>,
) -> Result<Option<Id>, Faults> {
    let schema = Arc::clone(&transaction.state.schema);
    let Some(object) = schema.by_name(object) else { return Ok(None) };
    let given = fields(Fields::of(object)).given();
    transaction.as_org(|org| org.insert(object, given)).map(Some)
}

/// Changes a record as the org itself.
pub fn update(
    transaction: &mut Transaction<'_>,
    record: &Record,
    fields: impl FnOnce(Fields<'_>) -> Fields<'_>,
) -> Result<(), Faults> {
    let given = fields(Fields::of(&record.object)).given();
    transaction.as_org(|org| org.update(&record.object, record.number, given))
}

/// The live records of an object whose field holds a value, in order of creation from a row on.
pub fn holding(
    transaction: &Transaction<'_>,
    object: &str,
    field: &str,
    value: &Value,
    (from, most): (RowNum, usize),
) -> Vec<Record> {
    let state = &transaction.state;
    let Some(object) = state.schema.by_name(object) else { return Vec::new() };
    let (Some((slot, _)), Some(key)) = (object.field(field), Key::of(value)) else {
        return Vec::new();
    };
    let table = state.table(object.id);
    if table.live() == 0 {
        return Vec::new();
    }
    let keys = transaction.indexes.get(object.id, slot, table);
    let found = keys.equal_from(&key, from).filter_map(|number| {
        let row = table.get(number).filter(|row| !row.is_deleted())?;
        Some(Record { object: Arc::clone(object), number, row: row.clone() })
    });
    found.take(most).collect()
}

/// All live records of an object whose field holds an id.
pub fn pointing(transaction: &Transaction<'_>, object: &str, field: &str, id: Id) -> Vec<Record> {
    holding(transaction, object, field, &Value::Id(id), (0, usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_utf16_units() {
        assert_eq!(cut("abcdef", 4), "abcd");
        assert_eq!(cut("a\u{1F600}b", 2), "a");
        assert_eq!(cut("a\u{1F600}b", 3), "a\u{1F600}");
        assert_eq!(cut("été", 3), "été");
        assert_eq!(cut("abc", 0), "abc");
    }
}
