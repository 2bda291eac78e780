//! A record, packed: a presence bitmap over the object's slots and the present values only.

use crate::id::Id;
use crate::schema::Slot;
use crate::value::Value;
use triomphe::ThinArc;

/// Words of the bitmap that need no allocation of their own: 192 slots.
const INLINE_WORDS: usize = 3;

/// What a row carries besides its values.
#[derive(Clone, Debug)]
struct Head {
    /// The commit that wrote the row; `ETags` are made of it.
    commit: u64,
    /// 0 for a live row, else the deletion that took it: rows that one took are one group.
    deleted: u64,
    /// Bit *i* is set when slot *i* has a value.
    present: [u64; INLINE_WORDS],
    /// The bits of slots from 192 on.
    spill: Option<Box<[u64]>>,
}

/// One record. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Row(ThinArc<Head, Value>);

static NULL: Value = Value::Null;

/// The places of the bits that are set, from the lowest.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let place = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        (place < 64).then_some(place)
    }
}

impl Row {
    /// The value in a slot; `Null` when absent.
    pub fn get(&self, slot: Slot) -> &Value {
        let head = &self.0.header.header;
        let word = usize::from(slot / 64);
        let bit = 1u64 << (slot % 64);
        let (words, mut rank): (&[u64], u32) = if word < INLINE_WORDS {
            (&head.present[..=word], 0)
        } else {
            match &head.spill {
                Some(spill) if word - INLINE_WORDS < spill.len() => {
                    let inline = head.present.iter().map(|word| word.count_ones()).sum();
                    (&spill[..=word - INLINE_WORDS], inline)
                }
                _ => return &NULL,
            }
        };
        let Some((last, before)) = words.split_last() else { return &NULL };
        if last & bit == 0 {
            return &NULL;
        }
        rank += before.iter().map(|word| word.count_ones()).sum::<u32>();
        rank += (last & (bit - 1)).count_ones();
        &self.0.slice[rank as usize]
    }

    /// The values that are there, with their slots, in the order of the slots.
    pub fn values(&self) -> impl Iterator<Item = (Slot, &Value)> {
        let head = &self.0.header.header;
        let spill = head.spill.as_deref().unwrap_or_default();
        let words = head.present.iter().chain(spill).copied().enumerate();
        let slots = words.flat_map(|(place, word)| Bits(word).map(move |bit| place * 64 + bit));
        slots.map(|slot| slot as Slot).zip(&self.0.slice)
    }

    /// The commit that wrote this version of the row.
    pub fn commit(&self) -> u64 {
        self.0.header.header.commit
    }

    /// True in the recycle bin.
    pub fn is_deleted(&self) -> bool {
        self.0.header.header.deleted != 0
    }

    /// The deletion that took the row; 0 while it lives.
    pub fn deleted_by(&self) -> u64 {
        self.0.header.header.deleted
    }

    /// The id in a slot.
    pub fn id(&self, slot: Slot) -> Option<Id> {
        self.get(slot).as_id()
    }

    /// True when both are the same version of the same row.
    pub fn same(&self, other: &Row) -> bool {
        std::ptr::eq(self.0.heap_ptr(), other.0.heap_ptr())
    }
}

/// A row being written: one place per slot.
#[derive(Clone, Debug)]
pub struct Draft {
    values: Vec<Value>,
    commit: u64,
    deleted: u64,
}

impl Draft {
    /// An empty row of an object with so many slots.
    pub fn new(slots: usize) -> Draft {
        Draft { values: vec![Value::Null; slots], commit: 0, deleted: 0 }
    }

    /// A copy of a row, to be changed.
    pub fn of(row: &Row, slots: usize) -> Draft {
        let head = &row.0.header.header;
        let mut draft = Draft::new(slots);
        for (slot, value) in row.values() {
            if let Some(out) = draft.values.get_mut(usize::from(slot)) {
                *out = value.clone();
            }
        }
        draft.commit = head.commit;
        draft.deleted = head.deleted;
        draft
    }

    /// The value in a slot.
    pub fn get(&self, slot: Slot) -> &Value {
        self.values.get(usize::from(slot)).unwrap_or(&NULL)
    }

    /// Puts a value into a slot.
    pub fn set(&mut self, slot: Slot, value: Value) {
        let place = usize::from(slot);
        if place >= self.values.len() {
            self.values.resize(place + 1, Value::Null);
        }
        self.values[place] = value;
    }

    /// Moves the row into the recycle bin under a deletion, or (0) out of it.
    pub fn set_deleted(&mut self, deletion: u64) {
        self.deleted = deletion;
    }

    /// The packed row, written by a commit.
    pub fn build(self, commit: u64) -> Row {
        let mut present = [0u64; INLINE_WORDS];
        let mut spill = Vec::new();
        for (slot, value) in self.values.iter().enumerate() {
            if value.is_null() {
                continue;
            }
            let word = slot / 64;
            if word < INLINE_WORDS {
                present[word] |= 1 << (slot % 64);
            } else {
                let word = word - INLINE_WORDS;
                if spill.len() <= word {
                    spill.resize(word + 1, 0u64);
                }
                spill[word] |= 1 << (slot % 64);
            }
        }
        let head = Head {
            commit,
            deleted: self.deleted,
            present,
            spill: (!spill.is_empty()).then(|| spill.into_boxed_slice()),
        };
        let mut values = self.values;
        values.retain(|value| !value.is_null());
        Row(ThinArc::from_header_and_iter(head, values.into_iter()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_packed_row_answers_like_a_plain_list(
            values in prop::collection::vec(prop::option::of(0i64..1000), 0..500)
        ) {
            let mut draft = Draft::new(values.len());
            for (slot, value) in values.iter().enumerate() {
                draft.set(slot as Slot, value.map_or(Value::Null, Value::Int));
            }
            let row = draft.build(7);
            for slot in 0..600u16 {
                let expected = values.get(usize::from(slot)).copied().flatten();
                prop_assert_eq!(row.get(slot), &expected.map_or(Value::Null, Value::Int));
            }
            let again = Draft::of(&row, values.len()).build(8);
            for slot in 0..600u16 {
                prop_assert_eq!(row.get(slot), again.get(slot));
            }
            prop_assert!(!row.same(&again));
            prop_assert!(row.same(&row.clone()));
        }
    }
}
