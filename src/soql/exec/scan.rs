//! Going over the rows of one select, a page of 64 at a time.

use super::eval::{Env, Record};
use super::filter::Filter;
use super::joined::IdSet;
use super::test::Tester;
use crate::schema::{ObjectSpec, Slot};
use crate::soql::context::Context;
use crate::soql::plan::{self, Access, FEW_ROWS};
use crate::soql::resolve::tree::{Level, Predicate};
use crate::store::page::{Chunk, Encoding, FAN, Page, places};
use crate::store::{RowNum, Table};
use std::sync::Arc;

/// Some rows of one page.
#[derive(Clone, Copy)]
pub(super) struct Batch<'s> {
    pub(super) object: &'s Arc<ObjectSpec>,
    pub(super) page: &'s Page,
    /// The number of the page's first row.
    pub(super) first: RowNum,
    /// The rows, a bit each.
    pub(super) rows: u64,
    /// The whole table is read: columns pay.
    columns: bool,
}

impl<'s> Batch<'s> {
    /// All rows of a page, live ones or deleted ones too, to be read by columns.
    pub(super) fn whole(
        object: &'s Arc<ObjectSpec>,
        page: &'s Page,
        first: RowNum,
        all_rows: bool,
    ) -> Batch<'s> {
        let rows = if all_rows { page.held() } else { page.live() };
        Batch { object, page, first, rows, columns: true }
    }

    /// The record at a place.
    pub(super) fn record(&self, place: usize) -> Option<Record<'s>> {
        Some(Record { object: self.object, row: self.page.row(place)? })
    }

    /// Some of the page's records with their places.
    pub(super) fn records_of(&self, rows: u64) -> impl Iterator<Item = (usize, Record<'s>)> {
        places(rows).filter_map(|place| Some((place, self.record(place)?)))
    }

    /// The batch's records with their places.
    pub(super) fn records(&self) -> impl Iterator<Item = (usize, Record<'s>)> {
        self.records_of(self.rows)
    }

    /// The number of the row at a place.
    pub(super) fn number(&self, place: usize) -> RowNum {
        self.first + place as RowNum
    }

    /// A field of the page as numbers; `None` where making it costs more than it saves.
    pub(super) fn column(&self, slot: Slot, encoding: Encoding) -> Option<&'s Chunk> {
        self.columns.then(|| self.page.column(slot, encoding))
    }
}

/// The ids that each semi-join of a select finds.
pub(super) fn joins(level: &Level, env: Env<'_>, context: &Context<'_>) -> Vec<IdSet> {
    level
        .joins
        .iter()
        .map(|join| {
            let mut ids = IdSet::default();
            let tester = super::tester(env, &[], context);
            let access = plan::choose(&join.object, &join.filter, context);
            batches_of(&join.object, &join.filter, &access, &tester, context, |batch| {
                let column = batch.column(join.select, Encoding::Id);
                let mut others = batch.rows;
                if let Some(column) = column {
                    for place in places(batch.rows & column.present & !column.odd) {
                        ids.insert_number(column.numbers[place]);
                    }
                    others &= column.odd;
                }
                let records = batch.records_of(others);
                for id in records.filter_map(|(_, record)| record.row.id(join.select)) {
                    ids.insert(id);
                }
                true
            });
            ids
        })
        .collect()
}

/// Calls `visit` with the rows that match, in order of creation, until it says false.
pub(super) fn batches<'s>(
    level: &'s Level,
    tester: &Tester<'s>,
    context: &'s Context<'_>,
    visit: impl FnMut(&Batch<'s>) -> bool,
) {
    let access = plan::choose(&level.object, &level.filter, context);
    batches_of(&level.object, &level.filter, &access, tester, context, visit);
}

fn batches_of<'s>(
    object: &'s Arc<ObjectSpec>,
    filter: &'s Predicate,
    access: &Access,
    tester: &Tester<'s>,
    context: &'s Context<'_>,
    mut visit: impl FnMut(&Batch<'s>) -> bool,
) {
    let table: &'s Table = context.state.table(object.id);
    let batch = |page: &'s Page, at: usize, rows: u64, columns: bool| {
        let whole = Batch::whole(object, page, (at * FAN) as RowNum, context.all_rows);
        Batch { rows: whole.rows & rows, columns, ..whole }
    };
    let by_rows = |batch: Batch<'s>| {
        let passing = |(_, record): &(usize, Record<'s>)| tester.holds(filter, Some(*record), &[]);
        let places = batch.records().filter(passing).map(|(place, _)| place);
        Batch { rows: places.fold(0, |mask, place| mask | 1 << place), ..batch }
    };
    if let Some(numbers) = plan::candidates(access, object, tester.joins, context) {
        let mut rest = &numbers[..];
        while let Some(first) = rest.first() {
            let at = *first as usize / FAN;
            let count = rest.iter().take_while(|number| **number as usize / FAN == at).count();
            let (own, others) = rest.split_at(count);
            rest = others;
            let rows = own.iter().fold(0, |mask, number| mask | 1 << (*number as usize % FAN));
            let Some(page) = table.page(at) else { continue };
            let batch = by_rows(batch(page, at, rows, false));
            if batch.rows != 0 && !visit(&batch) {
                return;
            }
        }
        return;
    }
    let mut columns = (table.held() >= FEW_ROWS).then(|| Filter::new(filter, object, tester));
    for (at, page) in table.pages().enumerate() {
        let mut batch = batch(page, at, u64::MAX, columns.is_some());
        match &mut columns {
            Some(filter) => batch.rows = filter.masks(&batch, batch.rows, tester).yes,
            None => batch = by_rows(batch),
        }
        if batch.rows != 0 && !visit(&batch) {
            return;
        }
    }
}

/// The number of rows of a select without a filter; `None` with one.
pub(super) fn count_all(level: &Level, context: &Context<'_>) -> Option<usize> {
    if !matches!(level.filter, Predicate::Always) {
        return None;
    }
    let table = context.state.table(level.object.id);
    Some(if context.all_rows { table.held() } else { table.live() } as usize)
}
