//! The word index of an object: which live rows have a word, and in which groups of fields.
//!
//! An object's index is built at its first search. Afterwards it is moved to the version of the
//! table that is searched by the rows in which the two differ, so writes pay nothing and searches
//! pay for what was written since. The maps are persistent: a fork's copy shares them.
//!
//! Positions are not kept. A phrase first finds the rows that have all of its words and then looks
//! at these rows: that costs a phrase little, and halves the index.

use super::scope::{Groups, SearchedField};
use super::words::{WordPattern, digits, words};
use crate::schema::{ObjectId, ObjectSpec};
use crate::soql::exec::eval::text_of;
use crate::store::{Row, RowNum, Table};
use compact_str::CompactString;
use imbl::OrdMap;
use std::collections::HashMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

/// The text of a field.
pub fn text_at<'r>(object: &'r ObjectSpec, row: &'r Row, field: SearchedField) -> Option<&'r str> {
    text_of(row.get(field.slot), object.at(field.slot).picklist.as_deref())
}

/// The words of a live row with the groups in which they stand, sorted; none of a deleted row.
fn words_of(
    object: &ObjectSpec,
    fields: &[SearchedField],
    row: Option<&Row>,
) -> Vec<(CompactString, Groups)> {
    let mut found: Vec<(CompactString, Groups)> = Vec::new();
    let Some(row) = row.filter(|row| !row.is_deleted()) else { return found };
    for field in fields {
        let Some(text) = text_at(object, row, *field) else { continue };
        found.extend(words(text).map(|word| (word.text, field.groups)));
        if field.groups & super::scope::PHONE != 0 {
            // A number is also found however it is written.
            let number = digits(text);
            if !number.is_empty() {
                found.push((number, field.groups));
            }
        }
    }
    found.sort_unstable();
    found.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 |= next.1;
        }
        same
    });
    found
}

/// A word's number, and how many rows have it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    number: u32,
    rows: u32,
}

/// The words of an object's live rows. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct WordIndex {
    words: OrdMap<CompactString, Entry>,
    /// The groups in which a word, by number, stands in a row.
    places: OrdMap<(u32, RowNum), Groups>,
    next: u32,
}

impl WordIndex {
    /// The index of all rows of a table. Sorted first: the maps then grow at their end only, which
    /// is several times as fast as in the order of the rows.
    fn of(table: &Table, words: impl Fn(&Row) -> Vec<(CompactString, Groups)>) -> WordIndex {
        let mut index = WordIndex::default();
        let mut numbers: HashMap<CompactString, u32> = HashMap::new();
        let mut places = Vec::new();
        for (row, own) in table.live_rows() {
            for (word, groups) in words(own) {
                let next = numbers.len() as u32 + 1;
                places.push(((*numbers.entry(word).or_insert(next), row), groups));
            }
        }
        places.sort_unstable();
        let mut rows = vec![0; numbers.len() + 1];
        for ((number, _), _) in &places {
            rows[*number as usize] += 1;
        }
        index.next = numbers.len() as u32;
        index.places = places.into_iter().collect();
        let mut numbers: Vec<(CompactString, u32)> = numbers.into_iter().collect();
        numbers.sort_unstable();
        let entries = numbers
            .into_iter()
            .map(|(word, number)| (word, Entry { number, rows: rows[number as usize] }));
        index.words = entries.collect();
        index
    }

    /// Calls `each` with every row that has the word or a word that fits, in one of the groups.
    /// A row may come more than once.
    pub fn find(&self, pattern: &WordPattern, mask: Groups, mut each: impl FnMut(RowNum)) {
        match pattern {
            WordPattern::Exactly(word) => {
                if let Some(entry) = self.words.get(word) {
                    self.rows(*entry, mask, &mut each);
                }
            }
            WordPattern::Like { prefix, .. } => {
                let from = (Bound::Included(prefix.clone()), Bound::Unbounded);
                for (word, entry) in self.words.range::<_, CompactString>(from) {
                    if !word.starts_with(prefix.as_str()) {
                        break;
                    }
                    if pattern.fits(word) {
                        self.rows(*entry, mask, &mut each);
                    }
                }
            }
        }
    }

    fn rows(&self, entry: Entry, mask: Groups, each: &mut impl FnMut(RowNum)) {
        let rows = (entry.number, 0)..=(entry.number, RowNum::MAX);
        for ((_, row), groups) in self.places.range(rows) {
            if groups & mask != 0 {
                each(*row);
            }
        }
    }

    /// How many words it knows.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// True when it knows no word.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Moves a row from its old words to its new ones.
    fn moved(
        &mut self,
        row: RowNum,
        before: Vec<(CompactString, Groups)>,
        after: Vec<(CompactString, Groups)>,
    ) {
        let mut before = before.into_iter().peekable();
        for (word, groups) in after {
            while let Some((gone, _)) = before.next_if(|(old, _)| *old < word) {
                self.remove(&gone, row);
            }
            match before.next_if(|(old, _)| *old == word) {
                Some((_, old)) if old == groups => {}
                _ => self.insert(word, row, groups),
            }
        }
        for (gone, _) in before {
            self.remove(&gone, row);
        }
    }

    fn insert(&mut self, word: CompactString, row: RowNum, groups: Groups) {
        let next = &mut self.next;
        let entry = self.words.entry(word).or_insert_with(|| {
            *next += 1;
            Entry { number: *next, rows: 0 }
        });
        if self.places.insert((entry.number, row), groups).is_none() {
            entry.rows += 1;
        }
    }

    fn remove(&mut self, word: &CompactString, row: RowNum) {
        let Some(entry) = self.words.get_mut(word) else { return };
        if self.places.remove(&(entry.number, row)).is_some() {
            entry.rows -= 1;
        }
        if entry.rows == 0 {
            self.words.remove(word);
        }
    }
}

#[derive(Clone)]
struct Built {
    /// The object as it was when its rows were cut: once it has other fields it is built anew.
    object: Arc<ObjectSpec>,
    fields: Arc<[SearchedField]>,
    table: Arc<Table>,
    index: WordIndex,
}

impl Built {
    fn new(object: &Arc<ObjectSpec>) -> Built {
        Built {
            object: Arc::clone(object),
            fields: super::scope::fields(object).into(),
            table: Arc::new(Table::default()),
            index: WordIndex::default(),
        }
    }

    /// Moves the index to a version of the table.
    fn catch_up(&mut self, table: &Arc<Table>) {
        if Arc::ptr_eq(&self.table, table) {
            return;
        }
        let Built { object, fields, index, .. } = self;
        if index.is_empty() {
            *index = WordIndex::of(table, |row| words_of(object, fields, Some(row)));
        } else {
            Table::changes(&self.table, table, |row, before, after| {
                let before = words_of(object, fields, before);
                index.moved(row, before, words_of(object, fields, after));
            });
        }
        self.table = Arc::clone(table);
    }
}

/// The word indexes of an org.
#[derive(Default)]
pub struct WordIndexes(Mutex<Option<Arc<HashMap<ObjectId, Built>>>>);

impl WordIndexes {
    /// The index of an object over this version of its table, and the fields that it covers.
    pub fn get(
        &self,
        object: &Arc<ObjectSpec>,
        table: &Arc<Table>,
    ) -> (WordIndex, Arc<[SearchedField]>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = Arc::make_mut(all.get_or_insert_default());
        let built = all.entry(object.id).or_insert_with(|| Built::new(object));
        if !Arc::ptr_eq(&built.object, object) {
            *built = Built::new(object);
        }
        built.catch_up(table);
        (built.index.clone(), Arc::clone(&built.fields))
    }

    /// A copy for a fork: it shares what is built until one of the two builds more.
    #[must_use]
    pub fn fork(&self) -> WordIndexes {
        WordIndexes(Mutex::new(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    }
}
