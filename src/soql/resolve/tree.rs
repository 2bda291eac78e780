//! A resolved query: names are slots, literals are typed tests. Nothing in it refers to the text.

use crate::id::Id;
use crate::schema::{FieldSpec, FieldType, ObjectId, ObjectSpec, Picklist, Slot};
use crate::soql::ast::Tracking;
use crate::soql::exec::like::Like;
pub use crate::value::{from_ordinal, ordinal};
use compact_str::CompactString;
use std::sync::Arc;

/// Where a field is in whichever record a path has reached.
#[derive(Clone, Debug)]
pub enum Place {
    /// One slot: the record's object is known.
    One(Slot),
    /// The record may be of several objects; those without the field are not listed.
    Many(Arc<[(ObjectId, Slot)]>),
    /// `Type` of a polymorphic parent: the record's object itself.
    Type,
}

impl Place {
    /// The slot in a record of this object.
    pub fn slot(&self, object: ObjectId) -> Option<Slot> {
        match self {
            Place::One(slot) => Some(*slot),
            Place::Many(slots) => {
                slots.iter().find(|(own, _)| *own == object).map(|(_, slot)| *slot)
            }
            Place::Type => None,
        }
    }
}

/// The objects that a reference may lead to.
#[derive(Clone, Debug)]
pub enum Targets {
    /// One object.
    One(Arc<ObjectSpec>),
    /// Several; seen through the `Name` object's fields.
    Any(Arc<[Arc<ObjectSpec>]>),
}

impl Targets {
    /// The object of an id, if the reference may lead there.
    pub fn of(&self, id: Id) -> Option<&Arc<ObjectSpec>> {
        match self {
            Targets::One(object) => Some(object),
            Targets::Any(objects) => objects.iter().find(|object| object.key_prefix == id.prefix()),
        }
    }
}

/// One step from a record to its parent.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The reference field.
    pub place: Place,
    /// Where it leads.
    pub targets: Targets,
}

/// A field some steps up from the record at hand.
#[derive(Clone, Debug)]
pub struct Path {
    /// The steps.
    pub hops: Vec<Hop>,
    /// The field at the end.
    pub place: Place,
}

/// Something that has a value for each record, or for each group.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A field of the record itself.
    Own(Slot),
    /// A field of a parent.
    Path(Box<Path>),
    /// A cell of the group at hand.
    Cell(usize),
    /// A function of a value.
    Call(Box<Call>),
    /// `DISTANCE(…)`.
    Distance(Box<DistanceExpr>),
}

/// A function and its argument.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function.
    pub function: Function,
    /// Its argument.
    pub argument: Typed,
}

/// A function of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// A date function; `local` in the user's time zone (`convertTimezone`) instead of UTC.
    Date {
        /// Which part of the date.
        part: DatePart,
        /// In the user's zone.
        local: bool,
    },
    /// `toLabel`
    Label,
    /// `FORMAT`
    Format,
    /// `convertCurrency`
    ConvertCurrency,
}

/// What a date function takes from a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The names are the functions' own.
pub enum DatePart {
    CalendarMonth,
    CalendarQuarter,
    CalendarYear,
    DayInMonth,
    DayInWeek,
    DayInYear,
    DayOnly,
    FiscalMonth,
    FiscalQuarter,
    FiscalYear,
    HourInDay,
    WeekInMonth,
    WeekInYear,
}

impl DatePart {
    /// Every date function by name.
    pub const ALL: [(DatePart, &'static str); 13] = [
        (DatePart::CalendarMonth, "CALENDAR_MONTH"),
        (DatePart::CalendarQuarter, "CALENDAR_QUARTER"),
        (DatePart::CalendarYear, "CALENDAR_YEAR"),
        (DatePart::DayInMonth, "DAY_IN_MONTH"),
        (DatePart::DayInWeek, "DAY_IN_WEEK"),
        (DatePart::DayInYear, "DAY_IN_YEAR"),
        (DatePart::DayOnly, "DAY_ONLY"),
        (DatePart::FiscalMonth, "FISCAL_MONTH"),
        (DatePart::FiscalQuarter, "FISCAL_QUARTER"),
        (DatePart::FiscalYear, "FISCAL_YEAR"),
        (DatePart::HourInDay, "HOUR_IN_DAY"),
        (DatePart::WeekInMonth, "WEEK_IN_MONTH"),
        (DatePart::WeekInYear, "WEEK_IN_YEAR"),
    ];

    /// The date function of a name, letter case aside.
    pub fn named(name: &str) -> Option<DatePart> {
        DatePart::ALL.iter().find(|(_, own)| own.eq_ignore_ascii_case(name)).map(|(part, _)| *part)
    }
}

/// `DISTANCE(field, GEOLOCATION(latitude, longitude), unit)`.
#[derive(Clone, Debug)]
pub struct DistanceExpr {
    /// The steps to the record that has the location.
    pub hops: Vec<Hop>,
    /// Slots of its latitude and longitude.
    pub parts: (Slot, Slot),
    /// The other end, in degrees.
    pub from: (f64, f64),
    /// In miles instead of kilometres.
    pub miles: bool,
}

/// What is known about a value before any row is read.
#[derive(Clone, Debug)]
pub struct Column {
    /// Canonical name of the field, without its path; the function's name for a function.
    pub name: CompactString,
    /// Its type.
    pub kind: FieldType,
    /// The values of a picklist.
    pub picklist: Option<Arc<Picklist>>,
    /// Letter case counts in comparisons.
    pub case_sensitive: bool,
    /// The field, unless it stands for a function or for fields of several objects.
    pub field: Option<(Arc<ObjectSpec>, Slot)>,
}

impl Column {
    /// The field's entry in the schema.
    pub fn spec(&self) -> Option<&FieldSpec> {
        self.field.as_ref().map(|(object, slot)| object.at(*slot))
    }

    /// A value that no field holds.
    pub fn computed(name: &str, kind: FieldType) -> Column {
        Column { name: name.into(), kind, picklist: None, case_sensitive: false, field: None }
    }
}

/// A value and what is known about it.
#[derive(Clone, Debug)]
pub struct Typed {
    /// Where it comes from.
    pub expr: Expr,
    /// What is known about it.
    pub column: Column,
}

/// The outcome of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Holds.
    True,
    /// Does not hold.
    False,
    /// Compares nothing with something.
    Unknown,
}

impl Truth {
    /// `True` or `False`.
    pub fn of(flag: bool) -> Truth {
        if flag { Truth::True } else { Truth::False }
    }

    /// The opposite; unknown stays.
    #[must_use]
    pub fn opposite(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        }
    }
}

/// A condition over one record or group.
#[derive(Clone, Debug)]
pub enum Predicate {
    /// Always holds.
    Always,
    /// All hold.
    All(Vec<Predicate>),
    /// One holds.
    Any(Vec<Predicate>),
    /// Does not hold.
    Not(Box<Predicate>),
    /// One test.
    Leaf(Box<Leaf>),
}

/// One test of one value.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The value.
    pub operand: Typed,
    /// The test of a value that is there.
    pub test: Test,
    /// The test must fail.
    pub negated: bool,
    /// The outcome when there is no value.
    pub null: Truth,
}

/// What is asked of a value.
#[derive(Clone, Debug)]
pub enum Test {
    /// Anything.
    Anything,
    /// This flag. An absent value counts as false.
    Flag(bool),
    /// One of these ids, sorted.
    Ids(Box<[Id]>),
    /// Within one of these intervals of [`ordinal`] numbers.
    Within(Intervals),
    /// A text test.
    Text(TextTest),
    /// A picklist: the outcome for each code, and the test for values that are not listed.
    Pick {
        /// By code.
        codes: Box<[bool]>,
        /// For the others.
        other: TextTest,
    },
    /// A multi-select picklist that holds all values of one of these sets.
    Includes(Box<[ValueSet]>),
    /// A multi-select picklist that holds exactly the values of one of these sets.
    Exactly(Box<[ValueSet]>),
    /// An id that a semi-join found: the position of the join in [`Level::joins`].
    Joined(usize),
}

/// Values of a multi-select picklist, folded and sorted.
pub type ValueSet = Box<[CompactString]>;

/// A test of a text.
#[derive(Clone, Debug)]
pub enum TextTest {
    /// One of these, folded and sorted.
    OneOf(Box<[CompactString]>),
    /// One of these, letter case counting; sorted.
    Exactly(Box<[CompactString]>),
    /// Sorts before this (folded for sorting).
    Less(CompactString),
    /// Sorts before this or is equal to it.
    LessOrEqual(CompactString),
    /// Sorts after this.
    Greater(CompactString),
    /// Sorts after this or is equal to it.
    GreaterOrEqual(CompactString),
    /// Fits a pattern.
    Like(Like),
}

/// Sorted, disjoint intervals, both ends included.
#[derive(Clone, Debug, Default)]
pub struct Intervals(Box<[(i64, i64)]>);

impl Intervals {
    /// Sorts and joins intervals; those that end before they begin hold nothing.
    pub fn new(mut intervals: Vec<(i64, i64)>) -> Intervals {
        intervals.retain(|(low, high)| low <= high);
        intervals.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::with_capacity(intervals.len());
        for (low, high) in intervals {
            match joined.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => joined.push((low, high)),
            }
        }
        Intervals(joined.into())
    }

    /// True when one of them holds the number.
    pub fn contains(&self, number: i64) -> bool {
        if let [(low, high)] = *self.0 {
            return low <= number && number <= high;
        }
        let after = self.0.partition_point(|(low, _)| *low <= number);
        after > 0 && number <= self.0[after - 1].1
    }

    /// The intervals.
    pub fn as_slice(&self) -> &[(i64, i64)] {
        &self.0
    }
}

/// A select and everything below it.
#[derive(Clone, Debug)]
pub struct Level {
    /// The object.
    pub object: Arc<ObjectSpec>,
    /// `WHERE` and the scope.
    pub filter: Predicate,
    /// The semi-joins of the filter.
    pub joins: Vec<Join>,
    /// `ORDER BY`.
    pub order: Vec<SortKey>,
    /// `OFFSET`.
    pub offset: usize,
    /// `LIMIT`.
    pub limit: Option<usize>,
    /// What comes out.
    pub output: Output,
    /// `FOR VIEW`, `FOR REFERENCE`.
    pub tracking: Option<Tracking>,
}

/// What a select gives.
#[derive(Clone, Debug)]
pub enum Output {
    /// `COUNT()`.
    Count,
    /// Records.
    Records(Records),
    /// Groups.
    Groups(Groups),
}

/// Records and what is shown of them.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// What is shown, in order.
    pub nodes: Vec<Node>,
    /// The child sub-selects that the nodes refer to.
    pub children: Vec<Child>,
}

/// A child sub-select.
#[derive(Clone, Debug)]
pub struct Child {
    /// Canonical relationship name.
    pub name: Box<str>,
    /// The child's reference field.
    pub reference: Slot,
    /// The sub-select.
    pub level: Level,
}

/// One entry of a record's JSON.
#[derive(Clone, Debug)]
pub enum Node {
    /// A field of the record.
    Field(Slot),
    /// A field of a record whose object is not known beforehand.
    Placed {
        /// `"Name":`.
        key: Box<str>,
        /// Where it is.
        place: Place,
        /// What is known about it.
        column: Column,
    },
    /// A computed value.
    Computed {
        /// `"Name":`.
        key: Box<str>,
        /// The value, seen from the record.
        value: Typed,
    },
    /// A parent record.
    Parent(Box<ParentNode>),
    /// `TYPEOF`.
    Typeof(Box<TypeofNode>),
    /// A child sub-select: its position in [`Records::children`].
    Children {
        /// `"Contacts":`.
        key: Box<str>,
        /// The position.
        child: usize,
    },
}

/// A parent record and what is shown of it.
#[derive(Clone, Debug)]
pub struct ParentNode {
    /// `"Owner":`.
    pub key: Box<str>,
    /// Canonical relationship name.
    pub name: Box<str>,
    /// The step to it.
    pub hop: Hop,
    /// What is shown.
    pub nodes: Vec<Node>,
}

/// `TYPEOF`: what is shown of a parent depends on its object.
#[derive(Clone, Debug)]
pub struct TypeofNode {
    /// `"What":`.
    pub key: Box<str>,
    /// Canonical relationship name.
    pub name: Box<str>,
    /// The step to the parent.
    pub hop: Hop,
    /// What is shown of which object.
    pub branches: Vec<(Arc<ObjectSpec>, Vec<Node>)>,
    /// What is shown of any other; `None`: the parent is null.
    pub otherwise: Option<Vec<Node>>,
}

/// The inner select of a semi-join.
#[derive(Clone, Debug)]
pub struct Join {
    /// The object.
    pub object: Arc<ObjectSpec>,
    /// `WHERE`.
    pub filter: Predicate,
    /// The selected Id or reference.
    pub select: Slot,
}

/// One key of `ORDER BY`.
#[derive(Clone, Debug)]
pub struct SortKey {
    /// The value.
    pub value: Typed,
    /// `DESC`.
    pub descending: bool,
    /// Nulls first.
    pub nulls_first: bool,
}

/// Grouped output. The cells of a group are its keys, then the aggregates, then the `GROUPING` flags
/// of the keys.
#[derive(Clone, Debug)]
pub struct Groups {
    /// The grouped values.
    pub keys: Vec<Typed>,
    /// The aggregates, wherever they are used.
    pub aggregates: Vec<Aggregate>,
    /// The sets of keys that are grouped by, as bits: one for a plain `GROUP BY`, more for `ROLLUP`
    /// and `CUBE`.
    pub sets: Vec<u32>,
    /// True without `GROUP BY`: one group, even of no rows.
    pub overall: bool,
    /// `HAVING`.
    pub having: Predicate,
    /// The columns, seen from the cells.
    pub columns: Vec<GroupColumn>,
}

/// A column of grouped output.
#[derive(Clone, Debug)]
pub struct GroupColumn {
    /// Its name in the answer: alias, field or `expr0`.
    pub name: CompactString,
    /// True for an aggregate or a function of one.
    pub aggregate: bool,
    /// The value.
    pub value: Typed,
}

/// An aggregate.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// The function.
    pub function: AggregateFunction,
    /// Its argument.
    pub argument: Typed,
}

/// An aggregate function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The names are the functions' own.
pub enum AggregateFunction {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
}

impl AggregateFunction {
    /// Every aggregate function by name.
    pub const ALL: [(AggregateFunction, &'static str); 6] = [
        (AggregateFunction::Count, "COUNT"),
        (AggregateFunction::CountDistinct, "COUNT_DISTINCT"),
        (AggregateFunction::Sum, "SUM"),
        (AggregateFunction::Avg, "AVG"),
        (AggregateFunction::Min, "MIN"),
        (AggregateFunction::Max, "MAX"),
    ];

    /// The aggregate function of a name, letter case aside.
    pub fn named(name: &str) -> Option<AggregateFunction> {
        let all = AggregateFunction::ALL.iter();
        all.into_iter().find(|(_, own)| own.eq_ignore_ascii_case(name)).map(|(own, _)| *own)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        AggregateFunction::ALL.iter().find(|(own, _)| *own == self).map_or("", |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_joined() {
        let some = Intervals::new(vec![(5, 7), (1, 2), (8, 9), (20, 10), (30, 30)]);
        assert_eq!(some.as_slice(), [(1, 2), (5, 9), (30, 30)]);
        let inside: Vec<i64> = (0..32).filter(|number| some.contains(*number)).collect();
        assert_eq!(inside, [1, 2, 5, 6, 7, 8, 9, 30]);
        assert!(!Intervals::default().contains(0));
    }
}
