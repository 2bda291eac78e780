//! Groups: keys, aggregates, subtotals, `HAVING`, order.

use super::eval::Record;
use super::hash::{Map, Set};
use super::order::{SortValue, Sorter};
use super::test::Tester;
use crate::id::Id;
use crate::schema::FieldType;
use crate::soql::resolve::tree::{Aggregate, AggregateFunction, Groups, SortKey, Typed, ordinal};
use crate::store::fold;
use crate::value::Value;
use compact_str::CompactString;

/// A value as grouping and `COUNT_DISTINCT` tell values apart: text letter case aside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Null,
    Number(i64),
    Pick(u16),
    Id(Id),
    Text(CompactString),
}

impl Part {
    fn of(value: &Value, column: &Typed) -> Part {
        match value {
            Value::Null if column.column.kind == FieldType::Boolean => Part::Number(0),
            Value::Null | Value::Blob(_) => Part::Null,
            Value::Bool(flag) => Part::Number(i64::from(*flag)),
            Value::Int(number) | Value::DateTime(number) => Part::Number(*number),
            Value::Double(number) => Part::Number(ordinal(*number)),
            Value::Date(day) => Part::Number(i64::from(*day)),
            Value::Time(millis) => Part::Number(i64::from(*millis)),
            Value::Pick(code) => Part::Pick(*code),
            Value::Id(id) => Part::Id(*id),
            Value::Text(text) if column.column.case_sensitive => Part::Text(text.clone()),
            Value::Text(text) => Part::Text(fold(text)),
        }
    }
}

/// The running value of one aggregate.
#[derive(Clone, Debug)]
enum Sum {
    Count(i64),
    Distinct(Set<Part>),
    /// Sum and number of values; whole as long as all values are.
    Total {
        whole: i64,
        double: f64,
        is_whole: bool,
        count: i64,
        average: bool,
    },
    Extreme {
        best: Option<(SortValue, Value)>,
        greatest: bool,
    },
}

impl Sum {
    fn new(aggregate: &Aggregate) -> Sum {
        let total =
            |average| Sum::Total { whole: 0, double: 0.0, is_whole: true, count: 0, average };
        match aggregate.function {
            AggregateFunction::Count => Sum::Count(0),
            AggregateFunction::CountDistinct => Sum::Distinct(Set::default()),
            AggregateFunction::Sum => total(false),
            AggregateFunction::Avg => total(true),
            AggregateFunction::Min => Sum::Extreme { best: None, greatest: false },
            AggregateFunction::Max => Sum::Extreme { best: None, greatest: true },
        }
    }

    fn add(&mut self, value: &Value, argument: &Typed) {
        if value.is_null() {
            return;
        }
        match self {
            Sum::Count(count) => *count += 1,
            Sum::Distinct(seen) => {
                seen.insert(Part::of(value, argument));
            }
            Sum::Total { whole, double, is_whole, count, .. } => {
                *count += 1;
                match value {
                    Value::Int(number) => {
                        *double += *number as f64;
                        match whole.checked_add(*number) {
                            Some(sum) => *whole = sum,
                            None => *is_whole = false,
                        }
                    }
                    Value::Double(number) => {
                        *is_whole = false;
                        *double += number;
                    }
                    _ => {}
                }
            }
            Sum::Extreme { best, greatest } => {
                let rank = SortValue::of(value, argument.column.kind);
                let better = match best {
                    Some((best, _)) if *greatest => rank > *best,
                    Some((best, _)) => rank < *best,
                    None => true,
                };
                if better {
                    *best = Some((rank, value.clone()));
                }
            }
        }
    }

    fn finish(self) -> Value {
        match self {
            Sum::Count(count) => Value::Int(count),
            Sum::Distinct(seen) => Value::Int(seen.len() as i64),
            Sum::Total { count: 0, .. } => Value::Null,
            Sum::Total { double, count, average: true, .. } => {
                Value::Double(tidy(double / count as f64))
            }
            Sum::Total { whole, is_whole: true, .. } => Value::Int(whole),
            Sum::Total { double, .. } => Value::Double(tidy(double)),
            Sum::Extreme { best, .. } => best.map_or(Value::Null, |(_, value)| value),
        }
    }
}

/// Takes off the noise that adding decimal fractions in binary leaves: 15 significant digits stay,
/// as many as a double carries exactly.
fn tidy(number: f64) -> f64 {
    format!("{number:.14e}").parse().unwrap_or(number)
}

struct Group {
    set: usize,
    /// What the first row of the group had under each key: its spelling is shown.
    keys: Box<[Value]>,
    /// The rank of each key's value by first appearance.
    ranks: Box<[u32]>,
    sums: Vec<Sum>,
}

/// Collects rows into groups.
pub(super) struct Grouping<'s> {
    groups: &'s Groups,
    found: Vec<Group>,
    by_key: Map<Box<[Part]>, usize>,
    ranks: Vec<Map<Part, u32>>,
    /// The parts of the row at hand, those of one set, and its groups: kept from row to row, so
    /// that known groups cost no allocation.
    parts: Vec<Part>,
    scratch: Vec<Part>,
    places: Vec<usize>,
}

impl<'s> Grouping<'s> {
    /// Begins without rows.
    pub(super) fn new(groups: &'s Groups) -> Grouping<'s> {
        let mut grouping = Grouping {
            groups,
            found: Vec::new(),
            by_key: Map::default(),
            ranks: vec![Map::default(); groups.keys.len()],
            parts: Vec::new(),
            scratch: Vec::new(),
            places: Vec::new(),
        };
        if groups.overall {
            grouping.found.push(Group {
                set: 0,
                keys: Box::default(),
                ranks: Box::default(),
                sums: groups.aggregates.iter().map(Sum::new).collect(),
            });
        }
        grouping
    }

    /// Adds a row to its group, or to one group in each set of keys.
    pub(super) fn add(&mut self, tester: &Tester<'s>, record: Record<'s>) {
        let groups = self.groups;
        let value = |typed: &'s Typed| tester.env.value(&typed.expr, Some(record), &[]);
        self.places.clear();
        if groups.overall {
            self.places.push(0);
        } else {
            self.parts.clear();
            for typed in &groups.keys {
                self.parts.push(Part::of(&value(typed), typed));
            }
            for number in 0..groups.sets.len() {
                let place = match self.find(number) {
                    Some(place) => place,
                    None => self.begin(number, |at| value(&groups.keys[at]).into_owned()),
                };
                self.places.push(place);
            }
        }
        for (at, aggregate) in groups.aggregates.iter().enumerate() {
            let value = value(&aggregate.argument);
            for place in &self.places {
                self.found[*place].sums[at].add(&value, &aggregate.argument);
            }
        }
    }

    /// The group of the row at hand under one set of keys; its key stays in `scratch`.
    fn find(&mut self, number: usize) -> Option<usize> {
        if let [_] = *self.groups.sets {
            return self.by_key.get(&*self.parts).copied();
        }
        let set = self.groups.sets[number];
        self.scratch.clear();
        self.scratch.push(Part::Number(number as i64));
        let parts = self.parts.iter().enumerate();
        self.scratch.extend(parts.filter(|(at, _)| set >> at & 1 == 1).map(|(_, p)| p.clone()));
        self.by_key.get(&*self.scratch).copied()
    }

    /// Begins the group of the row at hand; `value` gives its value under a key.
    fn begin(&mut self, number: usize, value: impl Fn(usize) -> Value) -> usize {
        let set = self.groups.sets[number];
        let count = self.groups.keys.len();
        let mut keys = vec![Value::Null; count];
        let mut ranks = vec![u32::MAX; count];
        for at in (0..count).filter(|at| set >> at & 1 == 1) {
            let next = self.ranks[at].len() as u32;
            ranks[at] = *self.ranks[at].entry(self.parts[at].clone()).or_insert(next);
            keys[at] = match value(at) {
                // An absent checkbox is false; null is for subtotals.
                Value::Null if self.groups.keys[at].column.kind == FieldType::Boolean => {
                    Value::Bool(false)
                }
                value => value,
            };
        }
        self.found.push(Group {
            set: number,
            keys: keys.into(),
            ranks: ranks.into(),
            sums: self.groups.aggregates.iter().map(Sum::new).collect(),
        });
        let place = self.found.len() - 1;
        let single = self.groups.sets.len() == 1;
        let key = if single { &self.parts } else { &self.scratch };
        self.by_key.insert(key.as_slice().into(), place);
        place
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
                sorter.add(place, |key| {
                    let typed = &order[key].value;
                    let value = tester.env.value(&typed.expr, None, cells);
                    SortValue::of(&value, typed.column.kind)
                });
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
