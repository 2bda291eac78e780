//! The rows of one object: copy-on-write pages of 64 rows under branches of 64 pages.

use super::index::{Key, KeySet};
use super::page::{FAN, Page};
use super::row::Row;
use crate::clock::Millis;
use crate::id::Id;
use crate::schema::{ObjectSpec, Slot};
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The number of a row in its table, from 0. The org's own id number *n* is row *n* − 1.
pub type RowNum = u32;

type Branch = Vec<Arc<Page>>;

/// Most rows ever made in a table that is rebuilt from a file.
const MOST_REBUILT: RowNum = 1 << 27;

/// A row that was deleted, for getDeleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// When.
    pub at: Millis,
    /// Which.
    pub id: Id,
}

/// All rows of one object, live and in the recycle bin. Cloning shares everything.
#[derive(Clone, Debug, Default)]
pub struct Table {
    root: Vec<Arc<Branch>>,
    /// Rows ever made; the next row's number.
    next: RowNum,
    live: u32,
    held: u32,
    /// Where rows with ids from elsewhere are.
    foreign: imbl::OrdMap<Id, RowNum>,
    /// Indexes kept at every write: unique and external-id fields.
    kept: Vec<(Slot, KeySet)>,
    /// Last number given by each auto-number field.
    counters: Vec<(Slot, u64)>,
    /// Deletions, oldest first.
    tombstones: imbl::Vector<Tombstone>,
}

impl Table {
    /// An empty table with the indexes that its object wants kept.
    pub fn new(object: &ObjectSpec) -> Table {
        let mut table = Table::default();
        table.keep_indexes(object);
        table
    }

    /// Adds the indexes of unique and external-id fields that the object gained.
    pub fn keep_indexes(&mut self, object: &ObjectSpec) {
        for (slot, field) in object.fields.iter().enumerate() {
            let slot = slot as Slot;
            let wanted = field.unique_rule.is_some() || field.external_id;
            if wanted && !self.kept.iter().any(|(own, _)| *own == slot) {
                let mut keys = KeySet::default();
                for (number, row) in self.rows() {
                    keys.moved(number, None, Some(row.get(slot)));
                }
                self.kept.push((slot, keys));
            }
        }
    }

    /// The number of the next row.
    pub fn next(&self) -> RowNum {
        self.next
    }

    /// How many rows there are, live and deleted.
    pub fn held(&self) -> u32 {
        self.held
    }

    /// How many rows are live.
    pub fn live(&self) -> u32 {
        self.live
    }

    /// The row of a number, live or deleted.
    pub fn get(&self, number: RowNum) -> Option<&Row> {
        let number = number as usize;
        self.root.get(number / (FAN * FAN))?.get(number / FAN % FAN)?.row(number % FAN)
    }

    /// True when there is a live row of a number.
    pub fn is_live(&self, number: RowNum) -> bool {
        let number = number as usize;
        self.page(number / FAN).is_some_and(|page| page.live() >> (number % FAN) & 1 == 1)
    }

    /// The pages of 64 rows, in order: row *n* is row *n* % 64 of page *n* / 64.
    pub fn pages(&self) -> impl Iterator<Item = &Page> {
        self.root.iter().flat_map(|branch| branch.iter()).map(|page| &**page)
    }

    /// The page of a number.
    pub fn page(&self, at: usize) -> Option<&Page> {
        Some(self.root.get(at / FAN)?.get(at % FAN)?)
    }

    /// The number of an id's row. `id_slot` is the object's Id field.
    pub fn find(&self, id: Id, id_slot: Slot) -> Option<RowNum> {
        if !self.foreign.is_empty()
            && let Some(number) = self.foreign.get(&id)
        {
            return Some(*number);
        }
        let number = RowNum::try_from(id.own_sequence()?.checked_sub(1)?).ok()?;
        (self.get(number)?.id(id_slot) == Some(id)).then_some(number)
    }

    /// All rows with their numbers, in order of creation, live and deleted.
    pub fn rows(&self) -> impl Iterator<Item = (RowNum, &Row)> {
        self.pages()
            .flat_map(Page::rows)
            .zip(0..)
            .filter_map(|(row, number)| row.as_ref().map(|row| (number, row)))
    }

    /// All live rows with their numbers, in order of creation.
    pub fn live_rows(&self) -> impl Iterator<Item = (RowNum, &Row)> {
        self.rows().filter(|(_, row)| !row.is_deleted())
    }

    /// Appends a row. `id` is its id; one that is not the org's own goes into the overlay.
    pub fn insert(&mut self, id: Id, row: Row) -> RowNum {
        let number = self.next;
        self.next += 1;
        if id.own_sequence() != Some(u64::from(number) + 1) {
            self.foreign.insert(id, number);
        }
        if (number as usize).is_multiple_of(FAN * FAN) {
            self.root.push(Arc::new(Branch::with_capacity(1)));
        }
        let branch = Arc::make_mut(self.root.last_mut().expect("a branch was just made"));
        if (number as usize).is_multiple_of(FAN) {
            branch.push(Arc::new(Page::default()));
        }
        Arc::make_mut(branch.last_mut().expect("a page was just made")).grow();
        self.put(number, Some(row));
        number
    }

    /// Replaces a row by its next version.
    pub fn replace(&mut self, number: RowNum, row: Row) {
        self.put(number, Some(row));
    }

    /// Removes a row for good.
    pub fn purge(&mut self, number: RowNum, id: Id) {
        self.foreign.remove(&id);
        self.put(number, None);
    }

    fn put(&mut self, number: RowNum, row: Option<Row>) {
        let place = number as usize;
        let Some(branch) = self.root.get_mut(place / (FAN * FAN)) else { return };
        let Some(page) = Arc::make_mut(branch).get_mut(place / FAN % FAN) else { return };
        let page = Arc::make_mut(page);
        let before = page.put(place % FAN, row);
        let after = page.row(place % FAN);
        let lives = |row: Option<&Row>| u32::from(row.is_some_and(|row| !row.is_deleted()));
        self.live = self.live + lives(after) - lives(before.as_ref());
        self.held = self.held + u32::from(after.is_some()) - u32::from(before.is_some());
        for (slot, keys) in &mut self.kept {
            keys.moved(
                number,
                before.as_ref().map(|row| row.get(*slot)),
                after.map(|row| row.get(*slot)),
            );
        }
    }

    /// The kept index of a field, if it has one.
    pub fn kept(&self, slot: Slot) -> Option<&KeySet> {
        self.kept.iter().find(|(own, _)| *own == slot).map(|(_, keys)| keys)
    }

    /// The rows, deleted ones too, in whose field a kept index finds a value.
    pub fn lookup(&self, slot: Slot, value: &Value) -> Vec<RowNum> {
        match (self.kept(slot), Key::of(value)) {
            (Some(keys), Some(key)) if keys.holds(&key) => keys.equal(&key).collect(),
            _ => Vec::new(),
        }
    }

    /// The next number of an auto-number field; numbers are never reused.
    pub fn next_number(&mut self, slot: Slot, start: u64) -> u64 {
        if let Some((_, last)) = self.counters.iter_mut().find(|(own, _)| *own == slot) {
            *last += 1;
            return *last;
        }
        self.counters.push((slot, start));
        start
    }

    /// Records a deletion.
    pub fn bury(&mut self, id: Id, at: Millis) {
        self.tombstones.push_back(Tombstone { at, id });
    }

    /// Takes back the record of a deletion, when a row is undeleted.
    pub fn unbury(&mut self, id: Id) {
        self.tombstones.retain(|stone| stone.id != id);
    }

    /// The deletions in a span of time, start included, end excluded.
    pub fn buried(&self, start: Millis, end: Millis) -> impl Iterator<Item = &Tombstone> {
        self.tombstones.iter().filter(move |stone| stone.at >= start && stone.at < end)
    }

    /// The last number given by each auto-number field.
    pub(super) fn counters(&self) -> &[(Slot, u64)] {
        &self.counters
    }

    /// All deletions, oldest first.
    pub(super) fn tombstones(&self) -> &imbl::Vector<Tombstone> {
        &self.tombstones
    }

    /// A table of rows by their numbers, in order. The number of a row that stands where it cannot
    /// is the error.
    pub(super) fn rebuilt(
        object: &ObjectSpec,
        next: RowNum,
        rows: Vec<(RowNum, Row)>,
        counters: Vec<(Slot, u64)>,
        tombstones: imbl::Vector<Tombstone>,
    ) -> Result<Table, RowNum> {
        if next > MOST_REBUILT {
            return Err(next);
        }
        let mut table = Table { next, counters, tombstones, ..Table::new(object) };
        // Pages whose rows are all purged are one page.
        let blank = Arc::new(Page::blank(FAN));
        let mut rows = rows.into_iter().peekable();
        for first in (0..next).step_by(FAN) {
            let length = FAN.min((next - first) as usize);
            let is_blank = rows.peek().is_none_or(|(number, _)| (number - first) as usize >= FAN);
            let mut page = Arc::clone(&blank);
            if !is_blank || length < FAN {
                let mut filled = Page::blank(length);
                while let Some((number, row)) =
                    rows.next_if(|(number, _)| ((number.wrapping_sub(first)) as usize) < length)
                {
                    table.note(object, number, &row).ok_or(number)?;
                    if filled.put((number - first) as usize, Some(row)).is_some() {
                        return Err(number);
                    }
                }
                page = Arc::new(filled);
            }
            if (first as usize).is_multiple_of(FAN * FAN) {
                table.root.push(Arc::new(Branch::with_capacity(1)));
            }
            Arc::make_mut(table.root.last_mut().expect("a branch was just made")).push(page);
        }
        rows.next().map_or(Ok(table), |(number, _)| Err(number))
    }

    /// Takes a row that is put into its page into everything else; `None` when its id is not right.
    fn note(&mut self, object: &ObjectSpec, number: RowNum, row: &Row) -> Option<()> {
        let id = row.id(object.system.id).filter(|id| id.prefix() == object.key_prefix)?;
        if id.own_sequence() != Some(u64::from(number) + 1)
            && self.foreign.insert(id, number).is_some()
        {
            return None;
        }
        self.held += 1;
        self.live += u32::from(!row.is_deleted());
        for (slot, keys) in &mut self.kept {
            keys.moved(number, None, Some(row.get(*slot)));
        }
        Some(())
    }

    /// Calls `each` for every row that differs between two versions of the table: number, before,
    /// after. Shared pages are skipped whole, so the cost follows the changes.
    pub fn changes<'a>(
        before: &'a Table,
        after: &'a Table,
        mut each: impl FnMut(RowNum, Option<&'a Row>, Option<&'a Row>),
    ) {
        for at in 0..before.root.len().max(after.root.len()) {
            let (old, new) = (before.root.get(at), after.root.get(at));
            if let (Some(old), Some(new)) = (old, new)
                && Arc::ptr_eq(old, new)
            {
                continue;
            }
            let leaves = |branch: Option<&'a Arc<Branch>>| branch.map_or(&[][..], |b| &b[..]);
            let (old, new) = (leaves(old), leaves(new));
            for leaf in 0..old.len().max(new.len()) {
                let (old, new) = (old.get(leaf), new.get(leaf));
                if let (Some(old), Some(new)) = (old, new)
                    && Arc::ptr_eq(old, new)
                {
                    continue;
                }
                for place in 0..FAN {
                    let row = |page: Option<&'a Arc<Page>>| page.and_then(|page| page.row(place));
                    let (old, new) = (row(old), row(new));
                    let same = match (old, new) {
                        (Some(old), Some(new)) => old.same(new),
                        (old, new) => old.is_none() && new.is_none(),
                    };
                    if !same {
                        each(((at * FAN + leaf) * FAN + place) as RowNum, old, new);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::Draft;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn row(number: i64) -> Row {
        let mut draft = Draft::new(2);
        draft.set(1, Value::Int(number));
        draft.build(1)
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(i64),
        Replace(u32, i64),
        Purge(u32),
        Fork,
        Back,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => any::<i64>().prop_map(Step::Insert),
            3 => (any::<u32>(), any::<i64>()).prop_map(|(at, value)| Step::Replace(at, value)),
            1 => any::<u32>().prop_map(Step::Purge),
            1 => Just(Step::Fork),
            1 => Just(Step::Back),
        ]
    }

    type Model = BTreeMap<RowNum, i64>;

    fn contents(table: &Table) -> Model {
        let number = |row: &Row| match row.get(1) {
            Value::Int(number) => *number,
            other => panic!("not a number: {other:?}"),
        };
        table.rows().map(|(at, row)| (at, number(row))).collect()
    }

    proptest! {
        #[test]
        fn a_table_is_a_forkable_list(steps in prop::collection::vec(step(), 0..600)) {
            let id = |number: u32| Id::own(*b"001", u64::from(number) + 1);
            let (mut table, mut model) = (Table::default(), Model::new());
            let mut forks: Vec<(Table, Model)> = vec![(table.clone(), model.clone())];
            for step in steps {
                match step {
                    Step::Insert(value) => {
                        let number = table.insert(id(table.next()), row(value));
                        model.insert(number, value);
                    }
                    Step::Replace(at, value) if table.next() > 0 => {
                        let at = at % table.next();
                        if let Some(held) = model.get_mut(&at) {
                            *held = value;
                            table.replace(at, row(value));
                        }
                    }
                    Step::Purge(at) if table.next() > 0 => {
                        let at = at % table.next();
                        model.remove(&at);
                        table.purge(at, id(at));
                    }
                    Step::Fork => forks.push((table.clone(), model.clone())),
                    Step::Back => {
                        if let Some((old, old_model)) = forks.last().cloned() {
                            (table, model) = (old, old_model);
                        }
                    }
                    _ => {}
                }
                prop_assert_eq!(table.live() as usize, model.len());
            }
            prop_assert_eq!(contents(&table), model.clone());
            for (fork, fork_model) in &forks {
                prop_assert_eq!(&contents(fork), fork_model);
                let mut patched = fork_model.clone();
                Table::changes(fork, &table, |number, _, after| {
                    match after.map(|row| row.get(1).clone()) {
                        Some(Value::Int(value)) => patched.insert(number, value),
                        _ => patched.remove(&number),
                    };
                });
                prop_assert_eq!(patched, model.clone());
            }
        }
    }

    #[test]
    fn ids_from_elsewhere_are_found() {
        let mut table = Table::default();
        let foreign = Id::parse("001D000000K0fXO").expect("an id");
        for id in [Id::own(*b"001", 1), foreign, Id::own(*b"001", 3)] {
            let mut draft = Draft::new(1);
            draft.set(0, Value::Id(id));
            table.insert(id, draft.build(1));
        }
        assert_eq!(table.find(foreign, 0), Some(1));
        assert_eq!(table.find(Id::own(*b"001", 2), 0), None);
        assert_eq!(table.find(Id::own(*b"001", 3), 0), Some(2));
        table.purge(1, foreign);
        assert_eq!(table.find(foreign, 0), None);
    }
}
