//! Conditions over the 64 rows of a page at a time, in three-valued logic.
//!
//! Most tests compare a field's numbers (`store::page`), a few machine instructions a row. What a
//! number cannot decide (text beyond its first eight characters, ids from elsewhere, functions) is
//! asked of the row ([`super::test`]), and so is everything that has no column. Conditions about a
//! parent are asked once for each parent.

use super::eval::Record;
use super::joined::IdSet;
use super::memo::Memo;
use super::scan::Batch;
use super::test::Tester;
use crate::schema::{ObjectSpec, Slot};
use crate::soql::plan::FEW_ROWS;
use crate::soql::resolve::tree::{
    Expr, Hop, Intervals, Leaf, Place, Predicate, Targets, Test, TextTest, Truth,
};
use crate::store::page::{
    Encoding, FAN, first_eight, id_number, places, prefix_number, text_number,
};
use crate::store::{RowNum, Table};
use std::sync::Arc;

/// A condition, ready for pages.
pub(super) enum Filter<'s> {
    Always,
    All(Vec<Filter<'s>>),
    Any(Vec<Filter<'s>>),
    Not(Box<Filter<'s>>),
    Column(ColumnTest<'s>),
    Parent(Box<ParentTest<'s>>),
    /// Asked of every row.
    Rows(&'s Leaf),
}

/// A test of a field of the row itself.
pub(super) struct ColumnTest<'s> {
    slot: Slot,
    encoding: Encoding,
    /// Numbers whose values pass.
    sure: Numbers<'s>,
    /// Numbers whose values may pass.
    likely: Numbers<'s>,
    /// The outcome without a value.
    null: Truth,
    leaf: &'s Leaf,
}

/// A test of a field of a parent.
pub(super) struct ParentTest<'s> {
    /// The reference.
    slot: Slot,
    /// The parents' own pages, where the test is one of their columns.
    pages: Option<ParentPages<'s>>,
    known: Memo<Truth>,
    without: Option<Truth>,
    leaf: &'s Leaf,
}

/// A test of parents, a page of them at a time.
struct ParentPages<'s> {
    object: &'s Arc<ObjectSpec>,
    table: &'s Table,
    /// The number of the parents' first row.
    base: i64,
    all_rows: bool,
    test: ColumnTest<'s>,
    known: Vec<ParentPage>,
}

/// The outcome for one page of parents.
#[derive(Clone, Default)]
struct ParentPage {
    is_known: bool,
    /// The rows whose ids are those of their places, as the org gives them.
    own: u64,
    masks: Masks,
}

/// Some numbers.
enum Numbers<'s> {
    None,
    Every,
    /// From the first to the second, both included.
    Between(i64, i64),
    Within(&'s Intervals),
    Codes(&'s [bool]),
    /// Sorted.
    OneOf(Vec<i64>),
    Joined(&'s IdSet),
}

/// The rows for which a condition holds, and those for which that is unknown.
#[derive(Clone, Copy, Default)]
pub(super) struct Masks {
    pub(super) yes: u64,
    unknown: u64,
}

impl Masks {
    fn add(&mut self, rows: u64, truth: Truth) {
        match truth {
            Truth::True => self.yes |= rows,
            Truth::Unknown => self.unknown |= rows,
            Truth::False => {}
        }
    }
}

impl<'s> Filter<'s> {
    /// Prepares a condition over records of an object.
    pub(super) fn new(
        predicate: &'s Predicate,
        object: &ObjectSpec,
        tester: &Tester<'s>,
    ) -> Filter<'s> {
        let part = |part| Filter::new(part, object, tester);
        match predicate {
            Predicate::Always => Filter::Always,
            Predicate::All(parts) => Filter::All(cheapest_first(parts.iter().map(part).collect())),
            Predicate::Any(parts) => Filter::Any(cheapest_first(parts.iter().map(part).collect())),
            Predicate::Not(inner) => Filter::Not(Box::new(part(inner))),
            Predicate::Leaf(leaf) => {
                let column = || ColumnTest::new(leaf, object, tester).map(Filter::Column);
                let parent =
                    || ParentTest::new(leaf, tester).map(|test| Filter::Parent(Box::new(test)));
                column().or_else(parent).unwrap_or(Filter::Rows(leaf))
            }
        }
    }

    /// The outcome for the rows of a page that are asked for.
    pub(super) fn masks(&mut self, batch: &Batch<'s>, asked: u64, tester: &Tester<'s>) -> Masks {
        match self {
            Filter::Always => Masks { yes: asked, unknown: 0 },
            Filter::All(parts) => {
                let mut all = Masks { yes: asked, unknown: 0 };
                for part in parts {
                    let open = all.yes | all.unknown;
                    if open == 0 {
                        break;
                    }
                    let own = part.masks(batch, open, tester);
                    let yes = all.yes & own.yes;
                    all = Masks { yes, unknown: (own.yes | own.unknown) & !yes };
                }
                all
            }
            Filter::Any(parts) => {
                let mut any = Masks::default();
                for part in parts {
                    let open = asked & !any.yes;
                    if open == 0 {
                        break;
                    }
                    let own = part.masks(batch, open, tester);
                    any = Masks { yes: any.yes | own.yes, unknown: any.unknown | own.unknown };
                }
                Masks { yes: any.yes, unknown: any.unknown & !any.yes }
            }
            Filter::Not(part) => {
                let own = part.masks(batch, asked, tester);
                let no = asked & !own.yes & !own.unknown;
                if tester.not_keeps_unknown {
                    Masks { yes: no | own.unknown, unknown: 0 }
                } else {
                    Masks { yes: no, unknown: own.unknown }
                }
            }
            Filter::Column(test) => test.masks(batch, asked, tester),
            Filter::Parent(test) => test.masks(batch, asked, tester),
            Filter::Rows(leaf) => {
                let mut masks = Masks::default();
                for (place, record) in batch.records_of(asked) {
                    masks.add(1 << place, tester.leaf(leaf, Some(record), &[]));
                }
                masks
            }
        }
    }

    fn cost(&self) -> u8 {
        match self {
            Filter::Always => 0,
            Filter::Column(_) => 1,
            Filter::Parent(_) => 2,
            Filter::All(parts) | Filter::Any(parts) => {
                parts.iter().map(Filter::cost).max().unwrap_or_default()
            }
            Filter::Not(part) => part.cost(),
            Filter::Rows(_) => 3,
        }
    }
}

/// No test changes anything, so the order is free.
fn cheapest_first(mut parts: Vec<Filter<'_>>) -> Vec<Filter<'_>> {
    parts.sort_by_key(Filter::cost);
    parts
}

impl<'s> ColumnTest<'s> {
    fn new(leaf: &'s Leaf, object: &ObjectSpec, tester: &Tester<'s>) -> Option<ColumnTest<'s>> {
        let Expr::Own(slot) = leaf.operand.expr else { return None };
        ColumnTest::of_field(leaf, object, slot, tester)
    }

    /// The test of a leaf, whose operand leads to this field.
    fn of_field(
        leaf: &'s Leaf,
        object: &ObjectSpec,
        slot: Slot,
        tester: &Tester<'s>,
    ) -> Option<ColumnTest<'s>> {
        let encoding = Encoding::of(object.at(slot))?;
        let mut null = leaf.null;
        let mut likely = Numbers::None;
        let sure = match (&leaf.test, encoding) {
            (Test::Anything, _) => Numbers::Every,
            (Test::Flag(flag), Encoding::Flag) => {
                // No flag is false.
                null = Truth::of(*flag == leaf.negated);
                Numbers::Between(i64::from(*flag), i64::from(*flag))
            }
            (Test::Ids(ids), Encoding::Id) => {
                Numbers::one_of(ids.iter().filter_map(|id| id_number(*id)).collect())
            }
            (Test::Joined(join), Encoding::Id) => Numbers::Joined(tester.joins.get(*join)?),
            (
                Test::Within(intervals),
                Encoding::Whole
                | Encoding::Double
                | Encoding::Day
                | Encoding::Moment
                | Encoding::Time,
            ) => match intervals.as_slice() {
                [(low, high)] => Numbers::Between(*low, *high),
                _ => Numbers::Within(intervals),
            },
            (Test::Pick { codes, .. }, Encoding::Pick) => Numbers::Codes(codes),
            (Test::Text(test), Encoding::Text) => {
                let sure;
                (sure, likely) = text_numbers(test)?;
                sure
            }
            _ => return None,
        };
        Some(ColumnTest { slot, encoding, sure, likely, null, leaf })
    }

    fn masks(&self, batch: &Batch<'s>, asked: u64, tester: &Tester<'s>) -> Masks {
        let column = batch.page.column(self.slot, self.encoding);
        let present = column.present & asked;
        let plain = present & !column.odd;
        let passing = self.sure.among(&column.numbers, plain);
        let likely = self.likely.among(&column.numbers, plain & !passing);
        let decided = if self.leaf.negated { plain & !passing & !likely } else { passing };
        let mut masks = Masks { yes: decided, unknown: 0 };
        masks.add(asked & !present, self.null);
        for (place, record) in batch.records_of(likely | present & column.odd) {
            masks.add(1 << place, tester.outcome(self.leaf, record.row.get(self.slot)));
        }
        masks
    }
}

/// The numbers of texts that pass a test, and of those that may. Only ASCII text has numbers.
fn text_numbers(test: &TextTest) -> Option<(Numbers<'static>, Numbers<'static>)> {
    let bound = |text: &str| {
        let mut first = [0; 8];
        let length = text.len().min(8);
        first[..length].copy_from_slice(&text.as_bytes()[..length]);
        first_eight(first)
    };
    let (sure, likely) = match test {
        TextTest::OneOf(folded) => {
            let (short, long) = folded.iter().partition::<Vec<_>, _>(|text| text.len() < 8);
            let numbers = |texts: Vec<&compact_str::CompactString>| {
                Numbers::one_of(texts.into_iter().filter_map(|text| text_number(text)).collect())
            };
            (numbers(short), numbers(long))
        }
        TextTest::Exactly(texts) => {
            let numbers = texts.iter().filter_map(|text| text_number(text)).collect();
            (Numbers::None, Numbers::one_of(numbers))
        }
        TextTest::Less(text) | TextTest::LessOrEqual(text) => {
            let number = bound(text);
            let below = number.checked_sub(1).map(|below| Numbers::Between(i64::MIN, below));
            (below.unwrap_or(Numbers::None), Numbers::Between(number, number))
        }
        TextTest::Greater(text) | TextTest::GreaterOrEqual(text) => {
            let number = bound(text);
            let above = number.checked_add(1).map(|above| Numbers::Between(above, i64::MAX));
            (above.unwrap_or(Numbers::None), Numbers::Between(number, number))
        }
        TextTest::Like(like) => {
            let prefix = like.prefix().to_ascii_uppercase();
            if prefix.is_empty() {
                return None;
            }
            if !prefix.is_ascii() {
                return Some((Numbers::None, Numbers::None));
            }
            let mut last = [u8::MAX; 8];
            let length = prefix.len().min(8);
            last[..length].copy_from_slice(&prefix.as_bytes()[..length]);
            (Numbers::None, Numbers::Between(bound(&prefix), first_eight(last)))
        }
    };
    Some((sure, likely))
}

impl Numbers<'_> {
    fn one_of(mut numbers: Vec<i64>) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        match *numbers {
            [] => Numbers::None,
            [one] => Numbers::Between(one, one),
            _ => Numbers::OneOf(numbers),
        }
    }

    /// Those of the asked rows whose number is one of these.
    fn among(&self, numbers: &[i64; FAN], asked: u64) -> u64 {
        let each = |passes: &dyn Fn(i64) -> bool| {
            places(asked).fold(0, |mask, place| mask | u64::from(passes(numbers[place])) << place)
        };
        if asked == 0 {
            return 0;
        }
        match self {
            Numbers::None => 0,
            Numbers::Every => asked,
            Numbers::Between(low, high) => {
                // One subtraction and one comparison; all rows, so that nothing branches.
                let width = high.wrapping_sub(*low).cast_unsigned();
                let mut mask = 0;
                for (place, number) in numbers.iter().enumerate() {
                    let within = number.wrapping_sub(*low).cast_unsigned() <= width;
                    mask |= u64::from(within) << place;
                }
                mask & asked
            }
            Numbers::Within(intervals) => each(&|number| intervals.contains(number)),
            Numbers::Codes(codes) => {
                each(&|code| codes.get(code as usize).copied().unwrap_or(false))
            }
            Numbers::OneOf(some) => each(&|number| some.binary_search(&number).is_ok()),
            Numbers::Joined(ids) => each(&|number| ids.contains_number(number)),
        }
    }
}

impl<'s> ParentTest<'s> {
    fn new(leaf: &'s Leaf, tester: &Tester<'s>) -> Option<ParentTest<'s>> {
        let slot = parent_slot(&leaf.operand.expr)?;
        let pages = ParentPages::new(leaf, tester);
        Some(ParentTest { slot, pages, known: Memo::default(), without: None, leaf })
    }

    fn masks(&mut self, batch: &Batch<'s>, asked: u64, tester: &Tester<'s>) -> Masks {
        let column = batch.page.column(self.slot, Encoding::Id);
        let ask = |record: Record<'s>| tester.leaf(self.leaf, Some(record), &[]);
        let plain = asked & column.present & !column.odd;
        let (mut masks, rest) = match &mut self.pages {
            Some(pages) => pages.masks(&column.numbers, plain, tester),
            None => (Masks::default(), plain),
        };
        for place in places(rest) {
            let truth = self
                .known
                .get(column.numbers[place], || batch.record(place).map_or(Truth::False, ask));
            masks.add(1 << place, truth);
        }
        let without = asked & !column.present;
        if let Some((_, record)) = batch.records_of(without).next() {
            masks.add(without, *self.without.get_or_insert_with(|| ask(record)));
        }
        for (place, record) in batch.records_of(asked & column.odd) {
            masks.add(1 << place, ask(record));
        }
        masks
    }
}

impl<'s> ParentPages<'s> {
    fn new(leaf: &'s Leaf, tester: &Tester<'s>) -> Option<ParentPages<'s>> {
        let Expr::Path(path) = &leaf.operand.expr else { return None };
        let ([Hop { targets: Targets::One(object), .. }], Place::One(slot)) =
            (&*path.hops, &path.place)
        else {
            return None;
        };
        let table = tester.env.state.table(object.id);
        let test = ColumnTest::of_field(leaf, object, *slot, tester)?;
        (table.held() >= FEW_ROWS).then(|| ParentPages {
            object,
            table,
            base: prefix_number(object.key_prefix) << 32,
            all_rows: tester.env.settings.all_rows,
            test,
            known: vec![ParentPage::default(); (table.next() as usize).div_ceil(FAN)],
        })
    }

    /// The outcome for rows by the numbers of their parents; and the rows whose parents' ids are
    /// not those of their places.
    fn masks(&mut self, numbers: &[i64; FAN], asked: u64, tester: &Tester<'s>) -> (Masks, u64) {
        let (mut masks, mut rest) = (Masks::default(), 0);
        for child in places(asked) {
            let row = numbers[child].wrapping_sub(self.base).cast_unsigned() as usize;
            let (at, place) = (row / FAN, row % FAN);
            if self.known.get(at).is_some_and(|page| !page.is_known) {
                self.known[at] = self.page(at, tester);
            }
            let Some(page) = self.known.get(at) else {
                rest |= 1 << child;
                continue;
            };
            masks.yes |= (page.masks.yes >> place & 1) << child;
            masks.unknown |= (page.masks.unknown >> place & 1) << child;
            rest |= (!page.own >> place & 1) << child;
        }
        (masks, rest)
    }

    fn page(&self, at: usize, tester: &Tester<'s>) -> ParentPage {
        let Some(page) = self.table.page(at) else { return ParentPage::default() };
        let batch = Batch::whole(self.object, page, (at * FAN) as RowNum, self.all_rows);
        let ids = page.column(self.object.system.id, Encoding::Id);
        let own = places(batch.rows & ids.present & !ids.odd)
            .filter(|place| ids.numbers[*place] == self.base + (at * FAN + place) as i64)
            .fold(0, |own, place| own | 1 << place);
        ParentPage { is_known: true, own, masks: self.test.masks(&batch, own, tester) }
    }
}

/// The record's reference that a value of a parent depends on, and on nothing else.
pub(super) fn parent_slot(expr: &Expr) -> Option<Slot> {
    let Expr::Path(path) = expr else { return None };
    match path.hops.first()?.place {
        Place::One(slot) => Some(slot),
        Place::Many(_) | Place::Type => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_among_others() {
        let mut numbers = [0; FAN];
        numbers[0] = i64::MIN;
        numbers[1] = -5;
        numbers[63] = i64::MAX;
        let among = |some: &Numbers| some.among(&numbers, !0b100);
        assert_eq!(among(&Numbers::Between(i64::MIN, -5)), 0b11);
        assert_eq!(among(&Numbers::Between(1, i64::MAX)), 1 << 63);
        assert_eq!(among(&Numbers::Between(0, 0)), !(1 << 63 | 0b111));
        assert_eq!(among(&Numbers::Between(i64::MIN, i64::MAX)), !0b100);
        assert_eq!(among(&Numbers::one_of(vec![-5, i64::MAX, -5])), 1 << 63 | 0b10);
        assert_eq!(among(&Numbers::one_of(Vec::new())), 0);
        assert_eq!(among(&Numbers::Codes(&[true])), !(1 << 63 | 0b111));
    }

    #[test]
    fn texts_are_sure_where_eight_characters_tell() {
        let passes = |test: &TextTest, text: &str| {
            let (sure, likely) = text_numbers(test).expect("numbers");
            let mut numbers = [0; FAN];
            numbers[0] = text_number(text).expect("a number");
            (sure.among(&numbers, 1) == 1, likely.among(&numbers, 1) == 1)
        };
        let one_of = TextTest::OneOf(["smith".into(), "äh".into(), "longer than".into()].into());
        assert_eq!(passes(&one_of, "SMITH"), (true, false));
        assert_eq!(passes(&one_of, "Smiths"), (false, false));
        assert_eq!(passes(&one_of, "LONGER THEN"), (false, true));
        let exactly = TextTest::Exactly(["Smith".into()].into());
        assert_eq!(passes(&exactly, "smith"), (false, true));
        let less = TextTest::Less("M".into());
        assert_eq!(passes(&less, "lzzz"), (true, false));
        assert_eq!(passes(&less, "m"), (false, true));
        assert_eq!(passes(&less, "ma"), (false, false));
        let greater = TextTest::GreaterOrEqual("ABCDEFGHI".into());
        assert_eq!(passes(&greater, "abcdefgi"), (true, false));
        assert_eq!(passes(&greater, "abcdefgh"), (false, true));
        assert_eq!(passes(&greater, "abcdefg"), (false, false));
        let beyond = TextTest::Greater("É".into());
        assert_eq!(passes(&beyond, "zz"), (false, false));
    }
}
