//! The rows of a select, in order, after `OFFSET` and `LIMIT`.

use super::eval::Record;
use super::filter::parent_slot;
use super::memo::Memo;
use super::order::{Lead, SortValue, Sorter, compare, lead_says_all};
use super::scan::{self, Batch};
use super::sort_value;
use super::test::Tester;
use crate::schema::Slot;
use crate::soql::context::Context;
use crate::soql::resolve::tree::{Expr, Level, Path};
use crate::store::RowNum;
use crate::store::page::{Encoding, number_id, places};

/// The rows of a select, in order, after `OFFSET` and `LIMIT`.
pub(super) fn of<'s>(
    level: &'s Level,
    tester: &Tester<'s>,
    context: &'s Context<'_>,
) -> Vec<RowNum> {
    let keep = level.limit.map_or(usize::MAX, |limit| limit.saturating_add(level.offset));
    if keep == 0 {
        return Vec::new();
    }
    let mut numbers = match level.order.first().map(|key| &key.value.expr) {
        None => in_order_of_creation(level, tester, context, keep),
        Some(Expr::Own(slot)) => by_own_field(level, tester, context, keep, *slot),
        Some(expr) => match (parent_slot(expr), expr) {
            (Some(slot), Expr::Path(path)) => {
                by_parents(level, tester, context, keep, (slot, path))
            }
            _ => by_rows(level, tester, context, keep),
        },
    };
    numbers.drain(..level.offset.min(numbers.len()));
    numbers
}

fn in_order_of_creation<'s>(
    level: &'s Level,
    tester: &Tester<'s>,
    context: &'s Context<'_>,
    keep: usize,
) -> Vec<RowNum> {
    let mut numbers = Vec::new();
    scan::batches(level, tester, context, |batch| {
        let own = places(batch.rows).map(|place| batch.number(place));
        numbers.extend(own.take(keep - numbers.len()));
        numbers.len() < keep
    });
    numbers
}

/// Every row is asked for its values.
fn by_rows<'s>(
    level: &'s Level,
    tester: &Tester<'s>,
    context: &'s Context<'_>,
    keep: usize,
) -> Vec<RowNum> {
    let mut sorter = Sorter::new(&level.order, keep);
    scan::batches(level, tester, context, |batch| {
        add_rows(&mut sorter, level, tester, batch, batch.rows);
        true
    });
    sorter.finish()
}

fn add_rows<'s>(
    sorter: &mut Sorter<'_, RowNum>,
    level: &'s Level,
    tester: &Tester<'s>,
    batch: &Batch<'s>,
    rows: u64,
) {
    for (place, record) in batch.records_of(rows) {
        sorter.add(batch.number(place), |key| sort_value(level, tester, record, key));
    }
}

/// By a field of the rows themselves first: its column tells which rows come too late.
fn by_own_field<'s>(
    level: &'s Level,
    tester: &Tester<'s>,
    context: &'s Context<'_>,
    keep: usize,
    slot: Slot,
) -> Vec<RowNum> {
    let Some(encoding) = Encoding::of(level.object.at(slot)).filter(|own| *own != Encoding::Id)
    else {
        return by_rows(level, tester, context, keep);
    };
    let key = &level.order[0];
    // No flag is false.
    let absent = match encoding {
        Encoding::Flag => Lead::of(&SortValue::Number(0), key),
        _ => Lead::null(key),
    };
    let mut sorter = Sorter::led(&level.order, keep, lead_says_all(encoding));
    scan::batches(level, tester, context, |batch| {
        let Some(column) = batch.column(slot, encoding) else {
            add_rows(&mut sorter, level, tester, batch, batch.rows);
            return true;
        };
        for place in places(batch.rows & !column.odd) {
            let lead = match column.present >> place & 1 {
                1 => Lead::of_number(column.numbers[place], encoding, key),
                _ => Some(absent),
            };
            let (Some(lead), Some(record)) = (lead, batch.record(place)) else { continue };
            let value = |key| sort_value(level, tester, record, key);
            sorter.add_led(batch.number(place), lead, value);
        }
        add_rows(&mut sorter, level, tester, batch, batch.rows & column.odd);
        true
    });
    sorter.finish()
}

/// Where a value of a parent is read.
#[derive(Clone, Copy)]
enum Source {
    /// From the parent of this `id_number` on.
    Parent(i64),
    /// From this row on.
    Row(RowNum),
}

/// By a field of a parent first: each parent's value is read once, the parents are brought into
/// order, and the rows follow by their parents' places.
fn by_parents<'s>(
    level: &'s Level,
    tester: &Tester<'s>,
    context: &'s Context<'_>,
    keep: usize,
    (slot, path): (Slot, &'s Path),
) -> Vec<RowNum> {
    let key = &level.order[0];
    let mut sources: Vec<Source> = Vec::new();
    let mut known: Memo<u32> = Memo::default();
    let mut without: Option<u32> = None;
    let mut found: Vec<(RowNum, u32)> = Vec::new();
    scan::batches(level, tester, context, |batch| {
        let column = batch.column(slot, Encoding::Id);
        let plain = column.map_or(0, |column| column.present & !column.odd);
        for place in places(batch.rows) {
            let mut add = |source| {
                sources.push(source);
                sources.len() as u32 - 1
            };
            let row = Source::Row(batch.number(place));
            let own = match column {
                Some(column) if plain >> place & 1 == 1 => {
                    let number = column.numbers[place];
                    known.get(number, || add(Source::Parent(number)))
                }
                Some(column) if column.odd >> place & 1 == 0 => {
                    *without.get_or_insert_with(|| add(row))
                }
                _ => add(row),
            };
            found.push((batch.number(place), own));
        }
        true
    });
    let table = context.state.table(level.object.id);
    let read = |source: &Source| match *source {
        Source::Parent(number) => {
            let value = tester.env.above(number_id(number), path);
            SortValue::of(&value, key.value.column.kind)
        }
        Source::Row(number) => table.get(number).map_or(SortValue::Null, |row| {
            sort_value(level, tester, Record { object: &level.object, row }, 0)
        }),
    };
    let values: Vec<SortValue> = sources.iter().map(read).collect();
    // The leads of the values decide most comparisons without a look at the text itself.
    let mut order: Vec<(Lead, u32)> =
        values.iter().map(|value| Lead::of(value, key)).zip(0..).collect();
    let by_value = |left: &(Lead, u32), right: &(Lead, u32)| {
        let value = |own: u32| &values[own as usize];
        left.0.cmp(&right.0).then_with(|| compare(value(left.1), value(right.1), key))
    };
    order.sort_unstable_by(by_value);
    let mut leads = vec![Lead::place(0); values.len()];
    let mut place = 0;
    for pair in order.windows(2) {
        place += usize::from(by_value(&pair[0], &pair[1]).is_ne());
        leads[pair[1].1 as usize] = Lead::place(place);
    }
    // Rows behind the last place that counts need not be asked for their other values.
    if keep < found.len() {
        let by_lead = |left: &(RowNum, u32), right: &(RowNum, u32)| {
            leads[left.1 as usize].cmp(&leads[right.1 as usize])
        };
        let (_, last, _) = found.select_nth_unstable_by(keep - 1, by_lead);
        let last = leads[last.1 as usize];
        found.retain(|(_, own)| leads[*own as usize] <= last);
    }
    let mut sorter = Sorter::led(&level.order, keep, true);
    for (number, own) in found {
        let Some(row) = table.get(number) else { continue };
        let record = Record { object: &level.object, row };
        let value = |key| sort_value(level, tester, record, key);
        sorter.add_led(number, leads[own as usize], value);
    }
    sorter.finish()
}
