//! Indexes: sorted sets of (key, row). Those of unique and external-id fields are kept at every
//! write; all others are built when first asked for and then caught up from the pages that changed,
//! so writes pay only for what is queried.

use super::row::Row;
use super::table::{RowNum, Table};
use crate::id::Id;
use crate::schema::{ObjectId, Slot};
use crate::value::Value;
use compact_str::CompactString;
use std::collections::HashMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

/// A value as an index sorts it. Text is folded to lower case, as SOQL compares it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Whole numbers, dates, instants, times, picklist codes and flags.
    Int(i64),
    /// Doubles, as bits that sort like the numbers.
    Double(u64),
    /// Ids.
    Id(Id),
    /// Folded text.
    Text(CompactString),
}

impl Key {
    /// The key of a value; null has none, nor have blobs.
    pub fn of(value: &Value) -> Option<Key> {
        Some(match value {
            Value::Null | Value::Blob(_) => return None,
            Value::Bool(flag) => Key::Int(i64::from(*flag)),
            Value::Int(number) | Value::DateTime(number) => Key::Int(*number),
            Value::Date(days) => Key::Int(i64::from(*days)),
            Value::Time(millis) => Key::Int(i64::from(*millis)),
            Value::Pick(code) => Key::Int(i64::from(*code)),
            Value::Double(number) => Key::double(*number),
            Value::Id(id) => Key::Id(*id),
            Value::Text(text) => Key::text(text),
        })
    }

    /// The key of a number in a `double`, `currency` or `percent` field.
    pub fn double(number: f64) -> Key {
        // -0.0 and 0.0 are one value.
        let bits = if number == 0.0 { 0 } else { number.to_bits() };
        Key::Double(if bits >> 63 == 0 { bits | 1 << 63 } else { !bits })
    }

    /// The key of a text.
    pub fn text(text: &str) -> Key {
        Key::Text(fold(text))
    }
}

/// Lower case, without allocating for short text.
pub fn fold(text: &str) -> CompactString {
    if text.is_ascii() {
        let mut folded = CompactString::new(text);
        folded.make_ascii_lowercase();
        return folded;
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

/// A sorted set of (key, row). Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct KeySet(imbl::OrdSet<(Key, RowNum)>);

impl KeySet {
    /// Moves a row from its old key to its new one.
    pub fn moved(&mut self, number: RowNum, before: Option<&Value>, after: Option<&Value>) {
        let (before, after) = (before.and_then(Key::of), after.and_then(Key::of));
        if before == after {
            return;
        }
        if let Some(key) = before {
            self.0.remove(&(key, number));
        }
        if let Some(key) = after {
            self.0.insert((key, number));
        }
    }

    /// The rows under one key, in order of creation.
    pub fn equal(&self, key: &Key) -> impl Iterator<Item = RowNum> {
        self.range(Bound::Included(key), Bound::Included(key))
    }

    /// The rows under one key from a row on, in order of creation.
    pub fn equal_from(&self, key: &Key, from: RowNum) -> impl Iterator<Item = RowNum> {
        let range = (key.clone(), from)..=(key.clone(), RowNum::MAX);
        self.0.range(range).map(|(_, number)| *number)
    }

    /// The rows whose keys lie in a range, by key and then by order of creation. Bounds must be of
    /// the field's own kind of key.
    pub fn range(&self, low: Bound<&Key>, high: Bound<&Key>) -> impl Iterator<Item = RowNum> {
        let low = match low {
            Bound::Included(key) => Bound::Included((key.clone(), 0)),
            Bound::Excluded(key) => Bound::Excluded((key.clone(), RowNum::MAX)),
            Bound::Unbounded => Bound::Unbounded,
        };
        let high = match high {
            Bound::Included(key) => Bound::Included((key.clone(), RowNum::MAX)),
            Bound::Excluded(key) => Bound::Excluded((key.clone(), 0)),
            Bound::Unbounded => Bound::Unbounded,
        };
        self.0.range((low, high)).map(|(_, number)| *number)
    }

    /// How many rows have a key.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when no row has a key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True when some row has this key: half the cost of asking which.
    pub fn holds(&self, key: &Key) -> bool {
        let probe = (key.clone(), 0);
        self.0.get_next(&probe).is_some_and(|(own, _)| *own == probe.0)
    }
}

#[derive(Clone)]
struct Built {
    table: Arc<Table>,
    keys: KeySet,
}

/// Indexes built on demand. Each belongs to the version of the table that it was last asked for and
/// is moved to another version by the rows that differ.
#[derive(Default)]
pub struct IndexCache(Mutex<Option<Arc<All>>>);

type All = HashMap<(ObjectId, Slot), Built>;

impl IndexCache {
    /// The index of a field over this version of its object's table, deleted rows included.
    pub fn get(&self, object: ObjectId, slot: Slot, table: &Arc<Table>) -> KeySet {
        if let Some(keys) = table.kept(slot) {
            return keys.clone();
        }
        let mut built = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let built = Arc::make_mut(built.get_or_insert_default());
        let entry = built.entry((object, slot)).or_insert_with(|| Built {
            table: Arc::new(Table::default()),
            keys: KeySet::default(),
        });
        if !Arc::ptr_eq(&entry.table, table) {
            let value = |row: Option<&'_ Row>| row.map(|row| row.get(slot).clone());
            let keys = &mut entry.keys;
            Table::changes(&entry.table, table, |number, before, after| {
                keys.moved(number, value(before).as_ref(), value(after).as_ref());
            });
            entry.table = Arc::clone(table);
        }
        entry.keys.clone()
    }

    /// A copy for a fork: it shares what is built until one of the two builds more.
    #[must_use]
    pub fn fork(&self) -> IndexCache {
        IndexCache(Mutex::new(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_sort_as_numbers() {
        let numbers = [f64::NEG_INFINITY, -2.5, -1.0, -0.0, 0.1, 1.0, 1e300];
        for pair in numbers.windows(2) {
            assert!(Key::double(pair[0]) < Key::double(pair[1]), "{pair:?}");
        }
        assert_eq!(Key::double(0.0), Key::double(-0.0));
    }

    #[test]
    fn text_is_folded() {
        assert_eq!(Key::text("ÀbC"), Key::text("àBc"));
    }
}
