//! Conditions over records and groups, in three-valued logic.

use super::eval::{Env, Record};
use super::joined::IdSet;
use super::text;
use crate::soql::resolve::tree::{Leaf, Predicate, Test, Truth, ValueSet, ordinal};
use crate::value::Value;

/// Tests the records or groups of one select.
#[derive(Clone, Copy)]
pub(super) struct Tester<'s> {
    /// Where values are read.
    pub(super) env: Env<'s>,
    /// The ids that each semi-join found.
    pub(super) joins: &'s [IdSet],
    /// `NOT` of unknown is true.
    pub(super) not_keeps_unknown: bool,
}

impl<'s> Tester<'s> {
    /// True when a condition holds.
    pub(super) fn holds(
        &self,
        predicate: &'s Predicate,
        record: Option<Record<'s>>,
        cells: &'s [Value],
    ) -> bool {
        self.truth(predicate, record, cells) == Truth::True
    }

    fn truth<'v>(
        &self,
        predicate: &'v Predicate,
        record: Option<Record<'v>>,
        cells: &'v [Value],
    ) -> Truth
    where
        's: 'v,
    {
        match predicate {
            Predicate::Always => Truth::True,
            Predicate::Leaf(leaf) => self.leaf(leaf, record, cells),
            Predicate::Not(part) => match self.truth(part, record, cells) {
                Truth::Unknown if self.not_keeps_unknown => Truth::True,
                truth => truth.opposite(),
            },
            Predicate::All(parts) => {
                let mut all = Truth::True;
                for part in parts {
                    match self.truth(part, record, cells) {
                        Truth::False => return Truth::False,
                        Truth::Unknown => all = Truth::Unknown,
                        Truth::True => {}
                    }
                }
                all
            }
            Predicate::Any(parts) => {
                let mut any = Truth::False;
                for part in parts {
                    match self.truth(part, record, cells) {
                        Truth::True => return Truth::True,
                        Truth::Unknown => any = Truth::Unknown,
                        Truth::False => {}
                    }
                }
                any
            }
        }
    }

    /// The outcome of one test.
    pub(super) fn leaf<'v>(
        &self,
        leaf: &'v Leaf,
        record: Option<Record<'v>>,
        cells: &'v [Value],
    ) -> Truth
    where
        's: 'v,
    {
        self.outcome(leaf, &self.env.value(&leaf.operand.expr, record, cells))
    }

    /// The outcome of one test for a value.
    pub(super) fn outcome(&self, leaf: &Leaf, value: &Value) -> Truth {
        let passes = match (&leaf.test, value) {
            (Test::Flag(flag), value) => value.is_true() == *flag,
            (_, Value::Null) => return leaf.null,
            (Test::Anything, _) => true,
            (Test::Ids(ids), Value::Id(id)) => match &**ids {
                [one] => one == id,
                many => many.binary_search(id).is_ok(),
            },
            (Test::Within(intervals), value) => {
                number(value).is_some_and(|number| intervals.contains(number))
            }
            (Test::Text(test), Value::Text(value)) => text::passes(test, value),
            (Test::Pick { codes, .. }, Value::Pick(code)) => {
                codes.get(usize::from(*code)).copied().unwrap_or(false)
            }
            (Test::Pick { other, .. }, Value::Text(value)) => text::passes(other, value),
            (Test::Includes(sets), Value::Text(value)) => {
                sets.iter().any(|set| includes(value, set))
            }
            (Test::Exactly(sets), Value::Text(value)) => {
                let count = value.split(';').count();
                sets.iter().any(|set| set.len() == count && includes(value, set))
            }
            (Test::Joined(join), Value::Id(id)) => {
                self.joins.get(*join).is_some_and(|ids| ids.contains(*id))
            }
            _ => false,
        };
        Truth::of(passes != leaf.negated)
    }
}

/// The number of a value that `Test::Within` compares.
pub(super) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(ordinal(*number as f64)),
        Value::Double(number) => Some(ordinal(*number)),
        Value::Date(day) => Some(i64::from(*day)),
        Value::DateTime(ms) => Some(*ms),
        Value::Time(millis) => Some(i64::from(*millis)),
        _ => None,
    }
}

/// True when a multi-select picklist's value holds all of a set.
fn includes(value: &str, set: &ValueSet) -> bool {
    set.iter().all(|want| value.split(';').any(|have| text::equals_folded(have, want)))
}
