//! Running a query over rows that something else found: a search's `RETURNING`.

use super::eval::{Env, Record, Settings};
use super::order::Sorter;
use super::{scan, sort_value, tester};
use crate::soql::context::Context;
use crate::soql::resolve::tree::{Level, Output};
use crate::soql::result::{RecordRows, ResultSet, Rows};
use crate::store::RowNum;
use std::sync::Arc;

/// Runs a resolved query of records over these rows only. `None` when it is no query of records.
pub fn run_among(level: Level, candidates: &[RowNum], context: &Context<'_>) -> Option<ResultSet> {
    let settings = Settings::of(context);
    let Output::Records(records) = &level.output else { return None };
    let numbers = {
        let env = Env { state: context.state, settings: &settings };
        let joins = scan::joins(&level, env, context);
        let tester = tester(env, &joins, context);
        let table = context.state.table(level.object.id);
        let keep = level.limit.map_or(usize::MAX, |limit| limit.saturating_add(level.offset));
        let rows = candidates.iter().filter_map(|number| {
            let record = Record { object: &level.object, row: table.get(*number)? };
            let passes = context.all_rows || !record.row.is_deleted();
            (passes && tester.holds(&level.filter, Some(record), &[])).then_some((*number, record))
        });
        let mut numbers: Vec<RowNum> = if level.order.is_empty() {
            rows.map(|(number, _)| number).take(keep).collect()
        } else {
            let mut sorter = Sorter::new(&level.order, keep);
            for (number, record) in rows {
                sorter.add(number, |key| sort_value(&level, &tester, record, key));
            }
            sorter.finish()
        };
        numbers.drain(..level.offset.min(numbers.len()));
        numbers
    };
    let rows = RecordRows { nodes: records.nodes.clone(), numbers, children: Vec::new() };
    Some(ResultSet {
        state: Arc::clone(context.state),
        settings,
        object: level.object,
        rows: Rows::Records(rows),
        tracking: level.tracking,
        one_page: false,
    })
}
