//! Running a resolved query.
//!
//! 1. The inner selects of semi-joins give sets of ids.
//! 2. The plan's access path gives candidates, or every row is one ([`scan`]).
//! 3. Each candidate is tested against all of the filter ([`test`](mod@test)): an access path may
//!    give too many rows, never too few. Without one, [`filter`] tests 64 rows at a time by the
//!    columns that pages derive (`store::page`).
//! 4. Rows that pass are counted, put into [`group`]s, or collected ([`records`]), in [`order`] if
//!    asked.
//! 5. Child sub-selects run once for all parents ([`children`]).

mod among;
mod calendar;
mod children;
pub mod eval;
mod filter;
pub mod format;
mod group;
pub mod hash;
pub mod joined;
pub mod like;
mod memo;
mod order;
mod records;
mod scan;
mod sums;
mod test;
pub mod text;

pub use among::run_among;

use super::context::Context;
use super::resolve::tree::{Level, Output};
use super::result::{GroupRows, RecordRows, ResultSet, Rows};
use crate::error::OrgError;
use eval::{Env, Record, Settings};
use group::Grouping;
use joined::IdSet;
use order::SortValue;
use std::sync::Arc;
use test::Tester;

/// Most groups of a result: it cannot be fetched in pages.
const MAX_GROUPS: usize = 2000;

/// Runs a resolved query.
pub fn run(level: Level, context: &Context<'_>) -> Result<ResultSet, OrgError> {
    let settings = Settings::of(context);
    let mut rows = {
        let env = Env { state: context.state, settings: &settings };
        let joins = scan::joins(&level, env, context);
        let tester = tester(env, &joins, context);
        match &level.output {
            Output::Count => Rows::Count(count(&level, &tester, context)),
            Output::Records(records) => {
                let numbers = records::of(&level, &tester, context);
                let children = children::all(&level.object, records, &numbers, env, context);
                Rows::Records(RecordRows { nodes: Vec::new(), numbers, children })
            }
            Output::Groups(groups) => {
                let mut grouping = Grouping::new(groups, &level.object);
                scan::batches(&level, &tester, context, |batch| {
                    grouping.add(&tester, batch);
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
    if let (Rows::Records(rows), Output::Records(records)) = (&mut rows, level.output) {
        rows.nodes = records.nodes;
    }
    Ok(ResultSet {
        state: Arc::clone(context.state),
        settings,
        object: level.object,
        rows,
        tracking: level.tracking,
        one_page: level.offset > 0,
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
            scan::batches(level, tester, context, |batch| {
                found += batch.rows.count_ones() as usize;
                found < most
            });
        }
        found.min(most)
    };
    found.saturating_sub(level.offset)
}

/// The value of a record under a sort key.
fn sort_value<'s>(
    level: &'s Level,
    tester: &Tester<'s>,
    record: Record<'s>,
    key: usize,
) -> SortValue {
    let typed = &level.order[key].value;
    SortValue::of(&tester.env.value(&typed.expr, Some(record), &[]), typed.column.kind)
}
