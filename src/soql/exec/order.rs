//! `ORDER BY`: keys that compare as SOQL sorts, and the best rows of many.

use super::text::sort_fold;
use crate::id::Id;
use crate::schema::FieldType;
use crate::soql::resolve::tree::{SortKey, ordinal};
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

/// The sort values of one row.
#[derive(Clone, Debug)]
pub(super) struct SortRow {
    first: SortValue,
    others: Box<[SortValue]>,
}

/// Orders two values under a key.
fn compare(left: &SortValue, right: &SortValue, key: &SortKey) -> Ordering {
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

/// Collects rows and gives them in order, at most `keep` of them.
pub(super) struct Sorter<'k, T> {
    keys: &'k [SortKey],
    keep: usize,
    rows: Vec<(SortRow, T)>,
    /// Once more than `keep` rows were seen: the first sort value of the worst one kept.
    worst: Option<SortValue>,
}

impl<'k, T: Ord> Sorter<'k, T> {
    /// Sorts by keys, of which there is at least one; ties go by `T`.
    pub(super) fn new(keys: &'k [SortKey], keep: usize) -> Sorter<'k, T> {
        Sorter { keys, keep, rows: Vec::new(), worst: None }
    }

    /// Adds a row; `value` gives its value under the key of a number.
    pub(super) fn add(&mut self, row: T, value: impl Fn(usize) -> SortValue) {
        let first = value(0);
        if let Some(worst) = &self.worst
            && compare(&first, worst, &self.keys[0]).is_gt()
        {
            return;
        }
        let others = (1..self.keys.len()).map(value).collect();
        self.rows.push((SortRow { first, others }, row));
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
        self.worst = self.rows.last().map(|(row, _)| row.first.clone());
    }

    /// The rows in order.
    pub(super) fn finish(mut self) -> Vec<T> {
        self.shrink();
        let keys = self.keys;
        self.rows.sort_unstable_by(|left, right| order(keys, left, right));
        self.rows.into_iter().map(|(_, row)| row).collect()
    }
}

fn order<T: Ord>(keys: &[SortKey], left: &(SortRow, T), right: &(SortRow, T)) -> Ordering {
    let first = compare(&left.0.first, &right.0.first, &keys[0]);
    let others = || {
        let pairs = left.0.others.iter().zip(&right.0.others).zip(&keys[1..]);
        let unequal = pairs.map(|((left, right), key)| compare(left, right, key));
        unequal.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    };
    first.then_with(others).then_with(|| left.1.cmp(&right.1))
}
