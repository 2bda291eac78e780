//! `ORDER BY`: keys that compare as SOQL sorts, and the best rows of many.

use super::text::sort_fold;
use crate::id::Id;
use crate::schema::FieldType;
use crate::soql::resolve::tree::{SortKey, ordinal};
use crate::store::page::{Encoding, first_eight};
use crate::value::Value;
use compact_str::CompactString;
use std::cmp::Ordering;

/// A value as it sorts. Picklist values sort by position, unlisted ones behind them as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SortValue {
    /// No value; where it goes is for the key to say.
    Null,
    /// Numbers, dates, instants, flags, picklist positions.
    Number(i64),
    /// Ids.
    Id(Id),
    /// Text, folded for sorting.
    Text(CompactString),
}

impl SortValue {
    /// The sort value of a value of a type.
    pub(super) fn of(value: &Value, kind: FieldType) -> SortValue {
        match value {
            Value::Null if kind == FieldType::Boolean => SortValue::Number(0),
            Value::Null | Value::Blob(_) => SortValue::Null,
            Value::Bool(flag) => SortValue::Number(i64::from(*flag)),
            Value::Int(number) => SortValue::Number(ordinal(*number as f64)),
            Value::Double(number) => SortValue::Number(ordinal(*number)),
            Value::Date(day) => SortValue::Number(i64::from(*day)),
            Value::DateTime(ms) => SortValue::Number(*ms),
            Value::Time(millis) => SortValue::Number(i64::from(*millis)),
            Value::Pick(code) => SortValue::Number(i64::from(*code)),
            Value::Id(id) => SortValue::Id(*id),
            Value::Text(text) => SortValue::Text(sort_fold(text)),
        }
    }
}

/// A sort value under its key, shortened to a number: smaller leads never sort behind greater ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lead(u128);

/// How many high bits of a lead tell the kinds of sort values apart.
const KINDS: u128 = 4;

impl Lead {
    /// The lead of a sort value.
    pub(super) fn of(value: &SortValue, key: &SortKey) -> Lead {
        match value {
            SortValue::Null => Lead::null(key),
            SortValue::Number(number) => Lead::new(1, *number, key),
            SortValue::Id(id) => Lead::new(2, beginning(id.as_15()), key),
            SortValue::Text(text) => Lead::new(3, beginning(text), key),
        }
    }

    /// The lead of a number of a column; `None` for ids, which sort by more than their numbers.
    pub(super) fn of_number(number: i64, encoding: Encoding, key: &SortKey) -> Option<Lead> {
        match encoding {
            Encoding::Id => None,
            Encoding::Text => Some(Lead::new(3, number, key)),
            _ => Some(Lead::new(1, number, key)),
        }
    }

    /// The lead of null.
    pub(super) fn null(key: &SortKey) -> Lead {
        Lead(if key.nulls_first { 0 } else { u128::MAX })
    }

    /// A lead by a place in the final order.
    pub(super) fn place(place: usize) -> Lead {
        Lead(place as u128)
    }

    fn new(kind: u128, number: i64, key: &SortKey) -> Lead {
        let number = u128::from(number.cast_unsigned() ^ 1 << 63);
        let (kind, number) = if key.descending {
            (KINDS - kind, u128::from(u64::MAX) - number)
        } else {
            (kind, number)
        };
        Lead(kind << 64 | number)
    }
}

fn beginning(text: &str) -> i64 {
    let mut first = [0; 8];
    let length = text.len().min(8);
    first[..length].copy_from_slice(&text.as_bytes()[..length]);
    first_eight(first)
}

/// True when the leads of a column's values say all about their order.
pub(super) fn lead_says_all(encoding: Encoding) -> bool {
    // A picklist may hold values that are not listed: text.
    !matches!(encoding, Encoding::Text | Encoding::Id | Encoding::Pick)
}

/// Orders two values under a key.
pub(super) fn compare(left: &SortValue, right: &SortValue, key: &SortKey) -> Ordering {
    match (left, right) {
        (SortValue::Null, SortValue::Null) => Ordering::Equal,
        (SortValue::Null, _) if key.nulls_first => Ordering::Less,
        (SortValue::Null, _) => Ordering::Greater,
        (_, SortValue::Null) if key.nulls_first => Ordering::Greater,
        (_, SortValue::Null) => Ordering::Less,
        (left, right) if key.descending => right.cmp(left),
        (left, right) => left.cmp(right),
    }
}

struct Entry<T> {
    lead: Lead,
    /// The values under the keys that the lead does not settle.
    rest: Box<[SortValue]>,
    row: T,
}

/// Collects rows and gives them in order, at most `keep` of them.
pub(super) struct Sorter<'k, T> {
    first: &'k SortKey,
    /// The keys that leads do not settle.
    keys: &'k [SortKey],
    /// How many keys they do settle: none or the first.
    settled: usize,
    keep: usize,
    rows: Vec<Entry<T>>,
    /// Once more than `keep` rows were seen: the lead of the worst one kept.
    worst: Option<Lead>,
}

impl<'k, T: Ord> Sorter<'k, T> {
    /// Sorts by keys, of which there is at least one; ties go by `T`.
    pub(super) fn new(keys: &'k [SortKey], keep: usize) -> Sorter<'k, T> {
        Sorter::led(keys, keep, false)
    }

    /// The same, with a word about the leads that will be given: do they say all, so that rows with
    /// the same lead are equal under the first key?
    pub(super) fn led(keys: &'k [SortKey], keep: usize, lead_says_all: bool) -> Sorter<'k, T> {
        let settled = usize::from(lead_says_all);
        let first = &keys[0];
        Sorter { first, keys: &keys[settled..], settled, keep, rows: Vec::new(), worst: None }
    }

    /// Adds a row; `value` gives its value under the key of a number.
    pub(super) fn add(&mut self, row: T, value: impl Fn(usize) -> SortValue) {
        self.add_led(row, Lead::of(&value(0), self.first), value);
    }

    /// Adds a row whose lead is known.
    pub(super) fn add_led(&mut self, row: T, lead: Lead, value: impl Fn(usize) -> SortValue) {
        if self.worst.is_some_and(|worst| lead > worst) {
            return;
        }
        let settled = self.settled;
        let rest = (settled..settled + self.keys.len()).map(value).collect();
        self.rows.push(Entry { lead, rest, row });
        // Twice as many as wanted: throw the worse half away. Each row is so paid for once.
        if self.rows.len() >= self.keep.saturating_mul(2).max(64) {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        if self.keep == 0 {
            self.rows.clear();
            return;
        }
        if self.rows.len() <= self.keep {
            return;
        }
        let keys = self.keys;
        self.rows.select_nth_unstable_by(self.keep - 1, |left, right| order(keys, left, right));
        self.rows.truncate(self.keep);
        self.worst = self.rows.last().map(|entry| entry.lead);
    }

    /// The rows in order.
    pub(super) fn finish(mut self) -> Vec<T> {
        self.shrink();
        let keys = self.keys;
        self.rows.sort_unstable_by(|left, right| order(keys, left, right));
        self.rows.into_iter().map(|entry| entry.row).collect()
    }
}

fn order<T: Ord>(keys: &[SortKey], left: &Entry<T>, right: &Entry<T>) -> Ordering {
    let rest = || {
        let pairs = left.rest.iter().zip(&right.rest).zip(keys);
        let mut unequal = pairs.map(|((left, right), key)| compare(left, right, key));
        unequal.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    };
    left.lead.cmp(&right.lead).then_with(rest).then_with(|| left.row.cmp(&right.row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soql::resolve::tree::{Column, Expr, Typed};

    #[test]
    fn leads_never_contradict_values() {
        let values = [
            SortValue::Null,
            SortValue::Number(i64::MIN),
            SortValue::Number(-1),
            SortValue::Number(i64::MAX),
            SortValue::Id(Id::own(*b"001", 1)),
            SortValue::Id(Id::own(*b"003", 1)),
            SortValue::Text("".into()),
            SortValue::Text("ABCDEFGH".into()),
            SortValue::Text("ABCDEFGHI".into()),
            SortValue::Text("É".into()),
        ];
        for (descending, nulls_first) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            let value = Typed { expr: Expr::Cell(0), column: Column::computed("", FieldType::Int) };
            let key = SortKey { value, descending, nulls_first };
            for left in &values {
                for right in &values {
                    let leads = Lead::of(left, &key).cmp(&Lead::of(right, &key));
                    let order = compare(left, right, &key);
                    assert!(leads == order || leads.is_eq(), "{left:?} {right:?} {key:?}");
                }
            }
            let number = Lead::of_number(-1, Encoding::Day, &key);
            assert_eq!(number, Some(Lead::of(&SortValue::Number(-1), &key)));
            let text = crate::store::page::text_number("abc").expect("a number");
            let text = Lead::of_number(text, Encoding::Text, &key);
            assert_eq!(text, Some(Lead::of(&SortValue::Text("ABC".into()), &key)));
        }
    }
}
