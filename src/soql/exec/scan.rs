//! Going over the rows of one select.

use super::eval::{Env, Record};
use super::hash::IdSet;
use super::test::Tester;
use crate::soql::context::Context;
use crate::soql::plan;
use crate::soql::resolve::tree::{Level, Predicate};
use crate::store::RowNum;

/// The ids that each semi-join of a select finds.
pub(super) fn joins(level: &Level, env: Env<'_>, context: &Context<'_>) -> Vec<IdSet> {
    level
        .joins
        .iter()
        .map(|join| {
            let mut ids = IdSet::default();
            let tester = super::tester(env, &[], context);
            let access = plan::choose(&join.object, &join.filter, context);
            each_of(&join.object, &join.filter, &access, &tester, context, |_, record| {
                ids.extend(record.row.id(join.select));
                true
            });
            ids
        })
        .collect()
}

/// Calls `visit` with every row that matches, in order of creation, until it says false.
pub(super) fn each<'s>(
    level: &'s Level,
    tester: &Tester<'s>,
    context: &'s Context<'_>,
    visit: impl FnMut(RowNum, Record<'s>) -> bool,
) {
    let access = plan::choose(&level.object, &level.filter, context);
    each_of(&level.object, &level.filter, &access, tester, context, visit);
}

fn each_of<'s>(
    object: &'s std::sync::Arc<crate::schema::ObjectSpec>,
    filter: &'s Predicate,
    access: &plan::Access,
    tester: &Tester<'s>,
    context: &'s Context<'_>,
    mut visit: impl FnMut(RowNum, Record<'s>) -> bool,
) {
    let table = context.state.table(object.id);
    let mut one = |number: RowNum, row: &'s crate::store::Row| {
        if row.is_deleted() && !context.all_rows {
            return true;
        }
        let record = Record { object, row };
        !tester.holds(filter, Some(record), &[]) || visit(number, record)
    };
    match plan::candidates(access, object, tester.joins, context) {
        Some(numbers) => {
            for number in numbers {
                if let Some(row) = table.get(number)
                    && !one(number, row)
                {
                    return;
                }
            }
        }
        None => {
            for (number, row) in table.rows() {
                if !one(number, row) {
                    return;
                }
            }
        }
    }
}

/// The number of rows of a select without a filter; `None` with one.
pub(super) fn count_all(level: &Level, context: &Context<'_>) -> Option<usize> {
    if !matches!(level.filter, Predicate::Always) {
        return None;
    }
    let table = context.state.table(level.object.id);
    Some(if context.all_rows { table.held() } else { table.live() } as usize)
}
