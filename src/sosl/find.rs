//! Finding the rows of an object that a needle is in: the word index gives sets of rows, operators
//! combine them, phrases are looked up in the rows that have all of their words.

use super::index::{WordIndex, text_at};
use super::needle::Needle;
use super::scope::{self, Groups, PHONE, SearchedField};
use super::words::{Sequence, Word, WordPattern, words};
use crate::schema::ObjectSpec;
use crate::store::{Row, RowNum, Table};

/// A set of rows: a bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowSet(Vec<u64>);

impl RowSet {
    fn new(table: &Table) -> RowSet {
        RowSet(vec![0; table.next().div_ceil(64) as usize])
    }

    fn add(&mut self, row: RowNum) {
        if let Some(word) = self.0.get_mut(row as usize / 64) {
            *word |= 1 << (row % 64);
        }
    }

    fn combine(mut self, other: &RowSet, operator: impl Fn(u64, u64) -> u64) -> RowSet {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own = operator(*own, *other);
        }
        self
    }

    /// The rows, in order of creation.
    pub fn rows(&self) -> impl Iterator<Item = RowNum> {
        self.0.iter().zip(0..).flat_map(|(word, at)| {
            let word = *word;
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit)
        })
    }
}

/// One object's rows, and how they are looked at.
pub struct Haystack<'a> {
    /// The object.
    pub object: &'a ObjectSpec,
    /// Its rows.
    pub table: &'a Table,
    /// Their words.
    pub index: &'a WordIndex,
    /// The fields that the index covers.
    pub fields: &'a [SearchedField],
    /// The groups that are searched.
    pub mask: Groups,
}

impl Haystack<'_> {
    /// The live rows that a needle is in.
    pub fn find(&self, needle: &Needle) -> RowSet {
        match needle {
            Needle::Sequence(sequence) => self.sequence(sequence),
            Needle::Beside(parts) if scope::any_word_will_do(&self.object.name) => self.any(parts),
            Needle::Beside(parts) | Needle::All(parts) => {
                let sets = parts.iter().map(|part| self.find(part));
                sets.reduce(|all, part| all.combine(&part, |own, other| own & other))
                    .unwrap_or_else(|| RowSet::new(self.table))
            }
            Needle::Any(parts) => self.any(parts),
            Needle::Without(both) => {
                let (wanted, unwanted) = &**both;
                self.find(wanted).combine(&self.find(unwanted), |own, other| own & !other)
            }
        }
    }

    fn any(&self, parts: &[Needle]) -> RowSet {
        let mut any = RowSet::new(self.table);
        for part in parts {
            any = any.combine(&self.find(part), |own, other| own | other);
        }
        any
    }

    fn sequence(&self, sequence: &Sequence) -> RowSet {
        let mut found = match &sequence.patterns[..] {
            [] => RowSet::new(self.table),
            [one] => self.pattern(one, self.mask),
            patterns => {
                let words = sequence.distinct.iter().filter_map(|at| patterns.get(*at));
                let sets = words.map(|word| self.pattern(word, self.mask));
                let all = sets.reduce(|all, word| all.combine(&word, |own, other| own & other));
                let all = all.unwrap_or_else(|| RowSet::new(self.table));
                let mut found = RowSet::new(self.table);
                for row in all.rows() {
                    if self.table.get(row).is_some_and(|own| self.is_in(sequence, own)) {
                        found.add(row);
                    }
                }
                found
            }
        };
        let phones = self.mask & PHONE;
        if let Some(number) = &sequence.number
            && phones != 0
        {
            found = found.combine(&self.pattern(number, phones), |own, other| own | other);
        }
        found
    }

    fn pattern(&self, pattern: &WordPattern, mask: Groups) -> RowSet {
        let mut found = RowSet::new(self.table);
        self.index.find(pattern, mask, |row| found.add(row));
        found
    }

    /// True when a sequence stands in one of the row's fields.
    fn is_in(&self, sequence: &Sequence, row: &Row) -> bool {
        let fields = self.fields.iter().filter(|field| field.groups & self.mask != 0);
        let texts = fields.filter_map(|field| text_at(self.object, row, *field));
        texts.into_iter().any(|text| {
            let words: Vec<Word> = words(text).collect();
            sequence.places(&words).next().is_some()
        })
    }
}

#[cfg(test)]
mod tests;
