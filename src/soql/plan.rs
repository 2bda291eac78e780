//! How the rows of a select are reached: by id, by an index, or all of them.
//!
//! A plan is read off the resolved filter. It may give rows that do not match, since every row is
//! tested against the whole filter afterwards, but it never leaves out one that does. So nothing
//! here must be exact, and `indexed plan = full scan` is a property that tests can check.

use super::context::Context;
use super::exec::joined::IdSet;
use super::resolve::tree::{
    Expr, Intervals, Leaf, Level, Predicate, Test, TextTest, Truth, from_ordinal,
};
use crate::id::Id;
use crate::schema::{FieldType, ObjectSpec, Slot};
use crate::store::{Key, KeySet, RowNum};
use compact_str::CompactString;
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

/// With fewer rows than this all of them are read, one by one: cheaper than building an index or
/// columns.
pub(super) const FEW_ROWS: u32 = 256;

/// An access path.
#[derive(Clone, Debug)]
pub enum Access {
    /// Every row.
    All,
    /// The rows of these ids.
    Ids(Vec<Id>),
    /// The rows whose ids a semi-join found.
    JoinedIds(usize),
    /// An index: rows under these keys.
    Keys {
        /// The field.
        slot: Slot,
        /// The keys.
        keys: Vec<Key>,
    },
    /// An index: rows under the ids that a semi-join found.
    JoinedKeys {
        /// The field.
        slot: Slot,
        /// The semi-join.
        join: usize,
    },
    /// An index: rows whose folded text begins so.
    Prefix {
        /// The field.
        slot: Slot,
        /// The beginning.
        prefix: CompactString,
    },
    /// An index: rows within these ranges, both ends included.
    Ranges {
        /// The field.
        slot: Slot,
        /// The ranges; `None` is open.
        ranges: Vec<(Option<Key>, Option<Key>)>,
    },
    /// The rows that any of these give.
    Any(Vec<Access>),
}

/// The access path for the rows of an object that match a filter.
pub fn choose(object: &Arc<ObjectSpec>, filter: &Predicate, context: &Context<'_>) -> Access {
    let chooser = Chooser { object, rows: context.state.table(object.id).held() };
    chooser.access(filter).unwrap_or(Access::All)
}

struct Chooser<'a> {
    object: &'a ObjectSpec,
    rows: u32,
}

impl Chooser<'_> {
    fn access(&self, filter: &Predicate) -> Option<Access> {
        match filter {
            Predicate::Always | Predicate::Not(_) => None,
            Predicate::Leaf(leaf) => self.leaf(leaf),
            Predicate::All(parts) => {
                parts.iter().filter_map(|part| self.access(part)).min_by_key(rank)
            }
            Predicate::Any(parts) => {
                let parts: Option<Vec<Access>> =
                    parts.iter().map(|part| self.access(part)).collect();
                parts.map(Access::Any)
            }
        }
    }

    fn leaf(&self, leaf: &Leaf) -> Option<Access> {
        let Expr::Own(slot) = leaf.operand.expr else { return None };
        if leaf.negated || leaf.null == Truth::True {
            return None;
        }
        if slot == self.object.system.id {
            return match &leaf.test {
                Test::Ids(ids) => Some(Access::Ids(ids.to_vec())),
                Test::Joined(join) => Some(Access::JoinedIds(*join)),
                _ => None,
            };
        }
        if !self.is_indexed(slot) {
            return None;
        }
        match &leaf.test {
            Test::Ids(ids) => {
                Some(Access::Keys { slot, keys: ids.iter().map(|id| Key::Id(*id)).collect() })
            }
            Test::Joined(join) => Some(Access::JoinedKeys { slot, join: *join }),
            Test::Text(TextTest::OneOf(texts)) => {
                Some(Access::Keys { slot, keys: texts.iter().cloned().map(Key::Text).collect() })
            }
            Test::Text(TextTest::Exactly(texts)) => {
                let mut keys: Vec<Key> = texts.iter().map(|text| Key::text(text)).collect();
                keys.dedup();
                Some(Access::Keys { slot, keys })
            }
            Test::Text(TextTest::Like(like)) => {
                let prefix = like.prefix();
                (!prefix.is_empty()).then_some(Access::Prefix { slot, prefix })
            }
            Test::Within(intervals) => {
                let ranges = ranges(intervals, self.object.at(slot).kind)?;
                Some(Access::Ranges { slot, ranges })
            }
            _ => None,
        }
    }

    /// True when looking at the index of a field costs less than looking at the rows.
    fn is_indexed(&self, slot: Slot) -> bool {
        let field = self.object.at(slot);
        if field.unique_rule.is_some() || field.external_id {
            return true;
        }
        let system = &self.object.system;
        let wanted = field.kind == FieldType::Reference
            || self.object.name_slot == Some(slot)
            || system.system_modstamp == Some(slot)
            || system.created_date == Some(slot)
            || system.last_modified_date == Some(slot);
        wanted && self.rows >= FEW_ROWS
    }
}

/// The cheaper, the smaller.
fn rank(access: &Access) -> (u8, usize) {
    match access {
        Access::Ids(ids) => (0, ids.len()),
        Access::JoinedIds(_) => (1, 0),
        Access::Keys { keys, .. } => (2, keys.len()),
        Access::JoinedKeys { .. } => (3, 0),
        Access::Prefix { prefix, .. } => (4, usize::MAX - prefix.len()),
        Access::Ranges { ranges, .. } => {
            let open = ranges.iter().any(|(low, high)| low.is_none() || high.is_none());
            (if open { 6 } else { 5 }, ranges.len())
        }
        Access::Any(parts) => parts.iter().map(rank).max().unwrap_or_default(),
        Access::All => (7, 0),
    }
}

/// Intervals of numbers as ranges of an index's keys.
fn ranges(intervals: &Intervals, kind: FieldType) -> Option<Vec<(Option<Key>, Option<Key>)>> {
    let key: fn(i64, bool) -> Key = match kind {
        FieldType::Date | FieldType::DateTime | FieldType::Time => |number, _| Key::Int(number),
        FieldType::Int | FieldType::Long => |number, is_low| {
            let number = from_ordinal(number);
            Key::Int(if is_low { number.ceil() } else { number.floor() } as i64)
        },
        FieldType::Double | FieldType::Currency | FieldType::Percent => {
            |number, _| Key::double(from_ordinal(number))
        }
        _ => return None,
    };
    let bound = |number: i64, open: i64, is_low| (number != open).then(|| key(number, is_low));
    let ranges = intervals.as_slice().iter();
    let ranges =
        ranges.map(|(low, high)| (bound(*low, i64::MIN, true), bound(*high, i64::MAX, false)));
    Some(ranges.collect())
}

/// The rows that an access path gives, each once, in order of creation. `None`: read them all, since
/// that is the path, or since an index would give more than a quarter of them.
pub fn candidates(
    access: &Access,
    object: &Arc<ObjectSpec>,
    joins: &[IdSet],
    context: &Context<'_>,
) -> Option<Vec<RowNum>> {
    let table = context.state.table(object.id);
    let mut found = Vec::new();
    let most = table.held() as usize / 4 + FEW_ROWS as usize;
    collect(access, object, joins, context, most, &mut found)?;
    if found.len() > 1 {
        found.sort_unstable();
        found.dedup();
    }
    Some(found)
}

fn collect(
    access: &Access,
    object: &Arc<ObjectSpec>,
    joins: &[IdSet],
    context: &Context<'_>,
    most: usize,
    found: &mut Vec<RowNum>,
) -> Option<()> {
    let table = context.state.table(object.id);
    let index = |slot| -> KeySet { context.indexes.get(object.id, slot, table) };
    match access {
        Access::All => return None,
        Access::Ids(ids) => {
            found.extend(ids.iter().filter_map(|id| table.find(*id, object.system.id)));
        }
        Access::JoinedIds(join) => {
            let ids = joins.get(*join)?;
            found.extend(ids.iter().filter_map(|id| table.find(id, object.system.id)));
        }
        Access::Keys { slot, keys } => {
            let index = index(*slot);
            for key in keys {
                take(index.equal(key), most, found)?;
            }
        }
        Access::JoinedKeys { slot, join } => {
            let ids = joins.get(*join)?;
            if ids.count() > most {
                return None;
            }
            let index = index(*slot);
            for id in ids.iter() {
                take(index.equal(&Key::Id(id)), most, found)?;
            }
        }
        Access::Prefix { slot, prefix } => {
            let index = index(*slot);
            let low = Key::Text(prefix.clone());
            let high = after_prefix(prefix).map(Key::Text);
            let high = high.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
            take(index.range(Bound::Included(&low), high), most, found)?;
        }
        Access::Ranges { slot, ranges } => {
            let index = index(*slot);
            for (low, high) in ranges {
                // No whole number lies between 5.5 and 5.5.
                if low.is_some() && high.is_some() && low > high {
                    continue;
                }
                let low = low.as_ref().map_or(Bound::Unbounded, Bound::Included);
                let high = high.as_ref().map_or(Bound::Unbounded, Bound::Included);
                take(index.range(low, high), most, found)?;
            }
        }
        Access::Any(parts) => {
            for part in parts {
                collect(part, object, joins, context, most, found)?;
            }
        }
    }
    Some(())
}

/// Adds rows, unless there are too many.
fn take(rows: impl Iterator<Item = RowNum>, most: usize, found: &mut Vec<RowNum>) -> Option<()> {
    for number in rows {
        if found.len() >= most {
            return None;
        }
        found.push(number);
    }
    Some(())
}

/// The least text after all texts that begin with `prefix`.
fn after_prefix(prefix: &str) -> Option<CompactString> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

/// How a query would be run: what `/query?explain=` answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The plans that were considered, the one that is taken first.
    pub plans: Vec<ExplainedPlan>,
    /// The query.
    pub source_query: String,
}

/// One plan of an [`Explained`].
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedPlan {
    /// Estimated number of rows.
    pub cardinality: u64,
    /// The indexed fields that it uses.
    pub fields: Vec<String>,
    /// `Index`, `TableScan` or `Other`.
    pub leading_operation_type: &'static str,
    /// Why filters are not used.
    pub notes: Vec<ExplainedNote>,
    /// Below 1 for a selective plan.
    pub relative_cost: f64,
    /// Number of rows of the object.
    pub sobject_cardinality: u64,
    /// The object.
    pub sobject_type: String,
}

/// Why a filter is not used.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedNote {
    /// In words.
    pub description: &'static str,
    /// The fields of the filter.
    pub fields: Vec<String>,
    /// The object.
    pub table: String,
}

/// Explains a resolved query.
pub fn explain(level: &Level, text: &str, context: &Context<'_>) -> Explained {
    let object = &level.object;
    let rows = context.state.table(object.id).live().into();
    let access = choose(object, &level.filter, context);
    // Semi-joins have not run: their paths count as reading everything.
    let found = candidates(&access, object, &[], context);
    let mut fields = Vec::new();
    used(&access, object, &mut fields);
    let mut unindexed = Vec::new();
    unused(&level.filter, &fields, &mut unindexed);
    let notes = unindexed.into_iter().map(|field| ExplainedNote {
        description: "Not considering filter for optimization because unindexed",
        fields: vec![field],
        table: object.name.to_string(),
    });
    let plan = |kind, cardinality: u64, fields, relative_cost| ExplainedPlan {
        cardinality,
        fields,
        leading_operation_type: kind,
        notes: notes.clone().collect(),
        relative_cost,
        sobject_cardinality: rows,
        sobject_type: object.name.to_string(),
    };
    let mut plans = Vec::new();
    if let Some(found) = &found {
        let share = found.len() as f64 / (rows.max(1) as f64);
        let kind = if fields.is_empty() { "Other" } else { "Index" };
        plans.push(plan(kind, found.len() as u64, fields, (share * 1000.0).round() / 1000.0));
    }
    plans.push(plan("TableScan", rows, Vec::new(), 1.0));
    Explained { plans, source_query: text.to_owned() }
}

/// The fields whose indexes a path uses.
fn used(access: &Access, object: &ObjectSpec, fields: &mut Vec<String>) {
    let slot = match access {
        Access::All => return,
        Access::Ids(_) | Access::JoinedIds(_) => object.system.id,
        Access::Keys { slot, .. }
        | Access::JoinedKeys { slot, .. }
        | Access::Prefix { slot, .. }
        | Access::Ranges { slot, .. } => *slot,
        Access::Any(parts) => {
            for part in parts {
                used(part, object, fields);
            }
            return;
        }
    };
    let name = object.at(slot).name.to_string();
    if !fields.contains(&name) {
        fields.push(name);
    }
}

/// The fields of a filter that no index of the plan serves.
fn unused(filter: &Predicate, indexed: &[String], fields: &mut Vec<String>) {
    match filter {
        Predicate::Always => {}
        Predicate::All(parts) | Predicate::Any(parts) => {
            for part in parts {
                unused(part, indexed, fields);
            }
        }
        Predicate::Not(part) => unused(part, indexed, fields),
        Predicate::Leaf(leaf) => {
            let name = leaf.operand.column.name.to_string();
            if !indexed.contains(&name) && !fields.contains(&name) {
                fields.push(name);
            }
        }
    }
}

/// A plan as a tree, one step a line.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = f.width().unwrap_or(0);
        write!(f, "{:indent$}", "")?;
        match self {
            Access::All => writeln!(f, "all rows"),
            Access::Ids(ids) => writeln!(f, "{} ids", ids.len()),
            Access::JoinedIds(join) => writeln!(f, "ids of semi-join {join}"),
            Access::Keys { slot, keys } => writeln!(f, "index of slot {slot}, {} keys", keys.len()),
            Access::JoinedKeys { slot, join } => {
                writeln!(f, "index of slot {slot}, ids of semi-join {join}")
            }
            Access::Prefix { slot, prefix } => {
                writeln!(f, "index of slot {slot}, beginning with {prefix:?}")
            }
            Access::Ranges { slot, ranges } => {
                writeln!(f, "index of slot {slot}, {} ranges", ranges.len())
            }
            Access::Any(parts) => {
                writeln!(f, "any of")?;
                let indent = indent + 2;
                parts.iter().try_for_each(|part| write!(f, "{part:indent$}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::resolve::tree::ordinal;
    use super::*;

    #[test]
    fn texts_with_a_prefix_lie_before_the_next_prefix() {
        assert_eq!(after_prefix("ab").as_deref(), Some("ac"));
        assert_eq!(after_prefix("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(after_prefix("\u{10ffff}"), None);
    }

    #[test]
    fn numbers_between_whole_numbers_are_in_no_range() {
        let between = ordinal(5.5);
        let intervals = Intervals::new(vec![(between, between), (ordinal(7.0), i64::MAX)]);
        let whole = ranges(&intervals, FieldType::Int).expect("ranges");
        assert_eq!(whole[0], (Some(Key::Int(6)), Some(Key::Int(5))));
        assert_eq!(whole[1], (Some(Key::Int(7)), None));
        let double = ranges(&intervals, FieldType::Double).expect("ranges");
        assert_eq!(double[0], (Some(Key::double(5.5)), Some(Key::double(5.5))));
        assert!(ranges(&intervals, FieldType::String).is_none());
    }

    #[test]
    fn paths_print_as_trees() {
        let keys = Access::Keys { slot: 3, keys: vec![Key::Int(1)] };
        let tree = Access::Any(vec![Access::All, Access::Any(vec![keys])]);
        assert_eq!(tree.to_string(), "any of\n  all rows\n  any of\n    index of slot 3, 1 keys\n");
    }
}
