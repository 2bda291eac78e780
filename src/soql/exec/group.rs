//! Groups: keys, aggregates, subtotals, `HAVING`, order.
//!
//! Every key gives its values small numbers by first appearance ([`Coder`]), and every set of keys
//! the combinations of these ([`Places`]), so that a row finds its groups by looking up numbers.

use super::eval::Record;
use super::filter::parent_slot;
use super::hash::Map;
use super::memo::Memo;
use super::order::{SortValue, Sorter};
use super::scan::Batch;
use super::sums::{Part, Sum};
use super::test::Tester;
use crate::schema::{FieldType, ObjectSpec, Slot};
use crate::soql::resolve::tree::{
    Aggregate, AggregateFunction, Call, Expr, Function, Groups, SortKey, Typed,
};
use crate::store::page::{Encoding, FAN, places};
use crate::value::Value;

struct Group {
    set: usize,
    /// What the first row of the group had under each key: its spelling is shown.
    keys: Box<[Value]>,
    /// The code of each key's value.
    ranks: Box<[u32]>,
    sums: Vec<Sum>,
}

/// Numbers the values of one key by first appearance.
struct Coder<'s> {
    typed: &'s Typed,
    /// The field of the row itself that the value depends on, where its column tells values apart.
    source: Option<(Slot, Encoding)>,
    known: Memo<u32>,
    without: Option<u32>,
    parts: Map<Part, u32>,
}

impl<'s> Coder<'s> {
    fn new(typed: &'s Typed, object: &ObjectSpec) -> Coder<'s> {
        let source = source(&typed.expr, object);
        let (known, parts) = (Memo::default(), Map::default());
        Coder { typed, source, known, without: None, parts }
    }

    /// The codes of a batch's rows.
    fn codes(&mut self, batch: &Batch<'s>, tester: &Tester<'s>, codes: &mut [u32; FAN]) {
        let (typed, parts) = (self.typed, &mut self.parts);
        let mut read = |record: Option<Record<'s>>| {
            let part = Part::of(&tester.env.value(&typed.expr, record, &[]), typed);
            let next = parts.len() as u32;
            *parts.entry(part).or_insert(next)
        };
        let source = self.source.and_then(|(slot, encoding)| batch.column(slot, encoding));
        for place in places(batch.rows) {
            let mut own = || read(batch.record(place));
            codes[place] = match source {
                Some(column) if column.odd >> place & 1 == 1 => own(),
                Some(column) if column.present >> place & 1 == 1 => {
                    self.known.get(column.numbers[place], own)
                }
                Some(_) => *self.without.get_or_insert_with(own),
                None => own(),
            };
        }
    }
}

/// The field of the row itself that a value depends on, and on nothing else, when equal numbers of
/// its column mean equal values.
fn source(expr: &Expr, object: &ObjectSpec) -> Option<(Slot, Encoding)> {
    let own = |slot: Slot| {
        let encoding = Encoding::of(object.at(slot)).filter(|own| own.is_exact())?;
        Some((slot, encoding))
    };
    match expr {
        Expr::Own(slot) => own(*slot),
        Expr::Path(_) => Some((parent_slot(expr)?, Encoding::Id)),
        // Of days there are few. An instant is hardly ever met twice.
        Expr::Call(call) => match &**call {
            Call { function: Function::Date { .. }, argument } => {
                source(&argument.expr, object).filter(|(_, own)| *own != Encoding::Moment)
            }
            _ => None,
        },
        Expr::Cell(_) | Expr::Distance(_) => None,
    }
}

/// The groups of one set of keys, by the codes of the keys' values.
struct Places {
    /// The keys.
    keys: Vec<usize>,
    /// For each key but the first: what a number so far and the next code make together.
    steps: Vec<Map<u64, u32>>,
    /// The group of what all codes make; `u32::MAX` where there is none yet.
    groups: Vec<u32>,
}

impl Places {
    fn new(set: u32) -> Places {
        let keys: Vec<usize> = (0..32).filter(|at| set >> at & 1 == 1).collect();
        let steps = vec![Map::default(); keys.len().saturating_sub(1)];
        Places { keys, steps, groups: Vec::new() }
    }

    /// The place of the row's group in `groups`.
    fn find(&mut self, code: impl Fn(usize) -> u32) -> usize {
        let Some((first, others)) = self.keys.split_first() else { return 0 };
        let mut number = code(*first);
        for (key, step) in others.iter().zip(&mut self.steps) {
            let next = step.len() as u32;
            number = *step.entry(u64::from(number) << 32 | u64::from(code(*key))).or_insert(next);
        }
        number as usize
    }
}

/// No group yet.
const NONE: u32 = u32::MAX;

/// Collects rows into groups.
pub(super) struct Grouping<'s> {
    groups: &'s Groups,
    object: &'s ObjectSpec,
    found: Vec<Group>,
    coders: Vec<Coder<'s>>,
    sets: Vec<Places>,
    /// For each key the codes of the batch at hand.
    codes: Vec<[u32; FAN]>,
}

impl<'s> Grouping<'s> {
    /// Begins without rows.
    pub(super) fn new(groups: &'s Groups, object: &'s ObjectSpec) -> Grouping<'s> {
        let mut grouping = Grouping {
            groups,
            object,
            found: Vec::new(),
            coders: groups.keys.iter().map(|typed| Coder::new(typed, object)).collect(),
            sets: groups.sets.iter().map(|set| Places::new(*set)).collect(),
            codes: vec![[0; FAN]; groups.keys.len()],
        };
        if groups.overall {
            // There is a group even of no rows.
            grouping.begin(0, 0, 0, |_| Value::Null);
        }
        grouping
    }

    /// Adds rows to their groups, or to one group each in every set of keys.
    pub(super) fn add(&mut self, tester: &Tester<'s>, batch: &Batch<'s>) {
        for (coder, codes) in self.coders.iter_mut().zip(&mut self.codes) {
            coder.codes(batch, tester, codes);
        }
        let groups = self.groups;
        let mut own = [0; FAN];
        for set in 0..self.sets.len() {
            for place in places(batch.rows) {
                let codes = &self.codes;
                let at = self.sets[set].find(|key| codes[key][place]);
                let known = self.sets[set].groups.get(at).copied().filter(|group| *group != NONE);
                own[place] = known.unwrap_or_else(|| {
                    let record = batch.record(place);
                    self.begin(set, at, place, |key| {
                        tester.env.value(&groups.keys[key].expr, record, &[]).into_owned()
                    })
                });
            }
            for (at, aggregate) in groups.aggregates.iter().enumerate() {
                self.sum(at, aggregate, tester, batch, &own);
            }
        }
    }

    /// Begins the group of a row of the batch at hand; `value` gives its value under a key.
    fn begin(
        &mut self,
        set: usize,
        at: usize,
        place: usize,
        value: impl Fn(usize) -> Value,
    ) -> u32 {
        let count = self.groups.keys.len();
        let mut keys = vec![Value::Null; count];
        let mut ranks = vec![u32::MAX; count];
        for key in &self.sets[set].keys {
            ranks[*key] = self.codes[*key][place];
            keys[*key] = match value(*key) {
                // An absent checkbox is false; null is for subtotals.
                Value::Null if self.groups.keys[*key].column.kind == FieldType::Boolean => {
                    Value::Bool(false)
                }
                value => value,
            };
        }
        self.found.push(Group {
            set,
            keys: keys.into(),
            ranks: ranks.into(),
            sums: self.groups.aggregates.iter().map(Sum::new).collect(),
        });
        let group = self.found.len() as u32 - 1;
        let known = &mut self.sets[set].groups;
        if at >= known.len() {
            known.resize((at + 1).next_power_of_two(), NONE);
        }
        known[at] = group;
        group
    }

    /// Adds the values of one aggregate to the groups of the rows.
    fn sum(
        &mut self,
        at: usize,
        aggregate: &'s Aggregate,
        tester: &Tester<'s>,
        batch: &Batch<'s>,
        own: &[u32; FAN],
    ) {
        let argument = &aggregate.argument;
        let mut rows = batch.rows;
        if let Expr::Own(slot) = argument.expr {
            if slot == self.object.system.id && aggregate.function == AggregateFunction::Count {
                // Every row has an id.
                places(rows).for_each(|place| self.sum_of(own[place], at).count_one());
                return;
            }
            let encoding = Encoding::of(self.object.at(slot));
            let column = encoding.and_then(|own| Some((batch.column(slot, own)?, own)));
            if let Some((column, encoding)) = column {
                rows &= column.present;
                for place in places(rows & !column.odd) {
                    if self.sum_of(own[place], at).add_number(column.numbers[place], encoding) {
                        rows &= !(1 << place);
                    }
                }
            }
        }
        for (place, record) in batch.records_of(rows) {
            let value = tester.env.value(&argument.expr, Some(record), &[]);
            self.sum_of(own[place], at).add(&value, argument);
        }
    }

    fn sum_of(&mut self, group: u32, aggregate: usize) -> &mut Sum {
        &mut self.found[group as usize].sums[aggregate]
    }

    /// The cells of the groups that pass `HAVING`, in order.
    pub(super) fn finish(
        mut self,
        tester: &Tester<'_>,
        order: &[SortKey],
        offset: usize,
        limit: Option<usize>,
    ) -> Vec<Box<[Value]>> {
        let groups = self.groups;
        if groups.sets.len() > 1 {
            // Subtotals stand behind what they sum up.
            self.found.sort_by(|left, right| left.ranks.cmp(&right.ranks));
        }
        let cells = self.found.into_iter().map(|group| {
            let sums = group.sums.into_iter().map(Sum::finish);
            let set = groups.sets.get(group.set).copied().unwrap_or(0);
            let flags = (0..groups.keys.len()).map(|at| Value::Int(i64::from(set >> at & 1 == 0)));
            group.keys.into_iter().chain(sums).chain(flags).collect::<Box<[Value]>>()
        });
        let kept: Vec<Box<[Value]>> = cells
            .filter(|cells| {
                let tester = Tester { joins: &[], ..*tester };
                tester.holds(&groups.having, None, cells)
            })
            .collect();
        let keep = limit.map_or(usize::MAX, |limit| limit.saturating_add(offset));
        let in_order: Vec<usize> = if order.is_empty() {
            (0..kept.len()).collect()
        } else {
            let mut sorter = Sorter::new(order, keep);
            for (place, cells) in kept.iter().enumerate() {
                let value = |key: usize| {
                    let typed = &order[key].value;
                    let value = tester.env.value(&typed.expr, None, cells);
                    SortValue::of(&value, typed.column.kind)
                };
                sorter.add(place, value);
            }
            sorter.finish()
        };
        let limit = limit.unwrap_or(usize::MAX);
        let chosen = in_order.into_iter().skip(offset).take(limit);
        chosen
            .map(|place| {
                groups
                    .columns
                    .iter()
                    .map(|column| {
                        tester.env.value(&column.value.expr, None, &kept[place]).into_owned()
                    })
                    .collect()
            })
            .collect()
    }
}
