//! The ids that a semi-join finds.

use super::hash::Set;
use crate::id::Id;
use crate::store::page::{id_number, number_id, places};

/// Row numbers below this are kept as bits: half a megabyte at most.
const MOST_ROWS: i64 = 1 << 22;

/// A set of ids: one bit a row for the org's own ids of one object, a hash set for others.
#[derive(Default)]
pub struct IdSet {
    /// The `id_number` of the object's first row.
    base: Option<i64>,
    rows: Vec<u64>,
    others: Set<Id>,
}

impl IdSet {
    /// Adds an id.
    pub(super) fn insert(&mut self, id: Id) {
        match id_number(id) {
            Some(number) => self.insert_number(number),
            None => _ = self.others.insert(id),
        }
    }

    /// Adds the id of an [`id_number`].
    pub(super) fn insert_number(&mut self, number: i64) {
        self.base.get_or_insert(number & !0xFFFF_FFFF);
        let Some(row) = self.row(number) else {
            self.others.insert(number_id(number));
            return;
        };
        if row / 64 >= self.rows.len() {
            self.rows.resize((row / 64 + 1).next_power_of_two(), 0);
        }
        self.rows[row / 64] |= 1 << (row % 64);
    }

    /// The bit of a number.
    fn row(&self, number: i64) -> Option<usize> {
        let row = number - self.base?;
        (0..MOST_ROWS).contains(&row).then_some(row as usize)
    }

    /// True when it holds an id.
    pub(super) fn contains(&self, id: Id) -> bool {
        match id_number(id) {
            Some(number) => self.contains_number(number),
            None => self.others.contains(&id),
        }
    }

    /// True when it holds the id of an [`id_number`].
    pub(super) fn contains_number(&self, number: i64) -> bool {
        match self.row(number) {
            Some(row) => self.rows.get(row / 64).is_some_and(|bits| bits >> (row % 64) & 1 == 1),
            None => !self.others.is_empty() && self.others.contains(&number_id(number)),
        }
    }

    /// How many ids it holds.
    pub fn count(&self) -> usize {
        let rows: u32 = self.rows.iter().map(|bits| bits.count_ones()).sum();
        rows as usize + self.others.len()
    }

    /// The ids.
    pub fn iter(&self) -> impl Iterator<Item = Id> {
        let base = self.base.unwrap_or_default();
        let rows = self.rows.iter().zip(0..).flat_map(move |(bits, at)| {
            places(*bits).map(move |place| number_id(base + at * 64 + place as i64))
        });
        rows.chain(self.others.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_every_kind() {
        let ids = [
            Id::own(*b"001", 1),
            Id::own(*b"001", 64),
            Id::own(*b"001", 65),
            Id::own(*b"001", 1 << 30),
            Id::own(*b"003", 1),
            Id::own(*b"001", 62u64.pow(9) - 1),
            Id::parse("001D000000K0fXO").expect("an id"),
        ];
        let mut set = IdSet::default();
        for id in ids.iter().chain(&ids) {
            set.insert(*id);
        }
        assert_eq!(set.count(), ids.len());
        assert!(ids.iter().all(|id| set.contains(*id)));
        let mut all: Vec<Id> = set.iter().collect();
        all.sort_unstable();
        let mut expected = ids.to_vec();
        expected.sort_unstable();
        assert_eq!(all, expected);
        for id in [Id::own(*b"001", 2), Id::own(*b"003", 2), Id::own(*b"001", 1 << 31)] {
            assert!(!set.contains(id));
        }
        assert!(!IdSet::default().contains(ids[0]));
    }
}
