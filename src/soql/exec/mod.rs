//! Running a resolved query.
//!
//! 1. The inner selects of semi-joins give sets of ids.
//! 2. The plan's access path gives candidates, or every row is one ([`scan`]).
//! 3. Each candidate is tested against all of the filter ([`test`](mod@test)): an access path may
//!    give too many rows, never too few.
//! 4. Rows that pass are counted, put into [`group`]s, or collected, in [`order`] if asked.
//! 5. Child sub-selects run once for all parents ([`children`]).

mod calendar;
mod children;
pub mod eval;
pub mod format;
mod group;
pub mod hash;
pub mod like;
mod order;
mod scan;
mod test;
pub mod text;

use super::context::Context;
use super::resolve::tree::{Level, Output};
use super::result::{GroupRows, RecordRows, ResultSet, Rows};
use crate::error::OrgError;
use crate::schema::FieldType;
use crate::store::RowNum;
use eval::{Env, Record, Settings};
use group::Grouping;
use hash::IdSet;
use order::{SortValue, Sorter};
use std::sync::Arc;
use test::Tester;

/// Most groups of a result: it cannot be fetched in pages.
const MAX_GROUPS: usize = 2000;

/// Runs a resolved query.
pub fn run(level: Level, context: &Context<'_>) -> Result<ResultSet, OrgError> {
    let settings = Settings::of(context);
    let rows = {
        let env = Env { state: context.state, settings: &settings };
        let joins = scan::joins(&level, env, context);
        let tester = tester(env, &joins, context);
        match &level.output {
            Output::Count => Rows::Count(count(&level, &tester, context)),
            Output::Records(records) => {
                let numbers = records_of(&level, &tester, context);
                let children = children::all(&level.object, records, &numbers, env, context);
                Rows::Records(RecordRows { nodes: records.nodes.clone(), numbers, children })
            }
            Output::Groups(groups) => {
                let mut grouping = Grouping::new(groups);
                scan::each(&level, &tester, context, |_, record| {
                    grouping.add(&tester, record);
                    true
                });
                let rows = grouping.finish(&tester, &level.order, level.offset, level.limit);
                if rows.len() > MAX_GROUPS {
                    return Err(OrgError::aggregates_do_not_page());
                }
                let columns = groups.columns.clone();
                Rows::Groups(GroupRows { columns, rows, grouped: !groups.overall })
            }
        }
    };
    Ok(ResultSet {
        state: Arc::clone(context.state),
        settings,
        object: level.object,
        rows,
        tracking: level.tracking,
    })
}

fn tester<'s>(env: Env<'s>, joins: &'s [IdSet], context: &Context<'_>) -> Tester<'s> {
    Tester { env, joins, not_keeps_unknown: context.disputed.not_keeps_unknown }
}

/// `COUNT()`: the rows that match, after `OFFSET` and `LIMIT`.
fn count(level: &Level, tester: &Tester<'_>, context: &Context<'_>) -> usize {
    let most = level.limit.map_or(usize::MAX, |limit| limit.saturating_add(level.offset));
    let found = if let Some(all) = scan::count_all(level, context) {
        all.min(most)
    } else {
        let mut found = 0;
        if most > 0 {
            scan::each(level, tester, context, |_, _| {
                found += 1;
                found < most
            });
        }
        found
    };
    found.saturating_sub(level.offset)
}

/// The rows of a select, in order, after `OFFSET` and `LIMIT`.
fn records_of<'s>(level: &'s Level, tester: &Tester<'s>, context: &'s Context<'_>) -> Vec<RowNum> {
    let keep = level.limit.map_or(usize::MAX, |limit| limit.saturating_add(level.offset));
    if keep == 0 {
        return Vec::new();
    }
    let mut numbers: Vec<RowNum>;
    if level.order.is_empty() {
        numbers = Vec::new();
        scan::each(level, tester, context, |number, _| {
            numbers.push(number);
            numbers.len() < keep
        });
    } else {
        let mut sorter = Sorter::new(&level.order, keep);
        scan::each(level, tester, context, |number, record| {
            sorter.add(number, |key| sort_value(level, tester, record, key));
            true
        });
        numbers = sorter.finish();
    }
    numbers.drain(..level.offset.min(numbers.len()));
    numbers
}

/// The value of a record under a sort key.
fn sort_value<'s>(
    level: &'s Level,
    tester: &Tester<'s>,
    record: Record<'s>,
    key: usize,
) -> SortValue {
    let typed = &level.order[key].value;
    let kind: FieldType = typed.column.kind;
    SortValue::of(&tester.env.value(&typed.expr, Some(record), &[]), kind)
}
