//! Aggregates: `COUNT`, `COUNT_DISTINCT`, `SUM`, `AVG`, `MIN`, `MAX`.

use super::hash::Set;
use super::order::SortValue;
use crate::id::Id;
use crate::schema::FieldType;
use crate::soql::resolve::tree::{Aggregate, AggregateFunction, Typed, from_ordinal, ordinal};
use crate::store::fold;
use crate::store::page::Encoding;
use crate::value::Value;
use compact_str::CompactString;

/// A value as grouping and `COUNT_DISTINCT` tell values apart: text letter case aside.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Null,
    Number(i64),
    Pick(u16),
    Id(Id),
    Text(CompactString),
}

impl Part {
    /// The part of a value.
    pub(super) fn of(value: &Value, column: &Typed) -> Part {
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

/// A sum of doubles with the error of its additions: the sum of many decimal fractions is as exact
/// as a double can say it, in whatever order they come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Exact {
    sum: f64,
    error: f64,
}

impl Exact {
    fn add(&mut self, number: f64) {
        let sum = self.sum + number;
        let own = sum - number;
        self.error += (self.sum - own) + (number - (sum - own));
        self.sum = sum;
    }

    fn total(self) -> f64 {
        // Infinity leaves no meaningful error behind.
        if self.sum.is_finite() { self.sum + self.error } else { self.sum }
    }
}

/// The running value of one aggregate.
#[derive(Clone, Debug)]
pub(super) enum Sum {
    Count(i64),
    Distinct(Set<Part>),
    /// Sum and number of values; whole as long as all values are.
    Total {
        whole: i64,
        double: Exact,
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
    /// Of no values yet.
    pub(super) fn new(aggregate: &Aggregate) -> Sum {
        let total = |average| Sum::Total {
            whole: 0,
            double: Exact::default(),
            is_whole: true,
            count: 0,
            average,
        };
        match aggregate.function {
            AggregateFunction::Count => Sum::Count(0),
            AggregateFunction::CountDistinct => Sum::Distinct(Set::default()),
            AggregateFunction::Sum => total(false),
            AggregateFunction::Avg => total(true),
            AggregateFunction::Min => Sum::Extreme { best: None, greatest: false },
            AggregateFunction::Max => Sum::Extreme { best: None, greatest: true },
        }
    }

    /// Adds a value.
    pub(super) fn add(&mut self, value: &Value, argument: &Typed) {
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
                        double.add(*number as f64);
                        match whole.checked_add(*number) {
                            Some(sum) => *whole = sum,
                            None => *is_whole = false,
                        }
                    }
                    Value::Double(number) => {
                        *is_whole = false;
                        double.add(*number);
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

    /// Adds a row to a `COUNT`.
    pub(super) fn count_one(&mut self) {
        if let Sum::Count(count) = self {
            *count += 1;
        }
    }

    /// Adds the value of a number of a column; false where it takes the value itself.
    pub(super) fn add_number(&mut self, number: i64, encoding: Encoding) -> bool {
        match (self, encoding) {
            (Sum::Count(count), _) => *count += 1,
            (Sum::Total { double, is_whole, count, .. }, Encoding::Double) => {
                *is_whole = false;
                *count += 1;
                double.add(from_ordinal(number));
            }
            (Sum::Extreme { best: Some((best, _)), greatest }, own)
                if !matches!(own, Encoding::Text | Encoding::Id) =>
            {
                // Only a better one is kept.
                let SortValue::Number(best) = best else { return false };
                return if *greatest { number <= *best } else { number >= *best };
            }
            _ => return false,
        }
        true
    }

    /// Its value.
    pub(super) fn finish(self) -> Value {
        match self {
            Sum::Count(count) => Value::Int(count),
            Sum::Distinct(seen) => Value::Int(seen.len() as i64),
            Sum::Total { count: 0, .. } => Value::Null,
            Sum::Total { double, count, average: true, .. } => {
                Value::Double(tidy(double.total() / count as f64))
            }
            Sum::Total { whole, is_whole: true, .. } => Value::Int(whole),
            Sum::Total { double, .. } => Value::Double(tidy(double.total())),
            Sum::Extreme { best, .. } => best.map_or(Value::Null, |(_, value)| value),
        }
    }
}

/// Takes off the noise that adding decimal fractions in binary leaves: 15 significant digits stay,
/// as many as a double carries exactly.
fn tidy(number: f64) -> f64 {
    format!("{number:.14e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_decimal_fractions_are_exact() {
        let mut exact = Exact::default();
        let mut cents = 0i64;
        for at in 0..1_000_000i64 {
            let amount = at * 7919 % 10_000_001;
            cents += amount;
            exact.add(amount as f64 / 100.0);
        }
        assert_eq!(tidy(exact.total()).to_bits(), (cents as f64 / 100.0).to_bits());
        let mut none = Exact::default();
        for number in [1e300, 0.1, -1e300] {
            none.add(number);
        }
        assert_eq!(tidy(none.total()).to_bits(), 0.1f64.to_bits());
        let mut endless = Exact::default();
        for number in [f64::MAX, f64::MAX, 1.0] {
            endless.add(number);
        }
        assert_eq!(endless.total().to_bits(), f64::INFINITY.to_bits());
    }
}
