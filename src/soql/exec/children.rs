//! Child sub-selects: each runs once for all parents, by the index of the child's reference when
//! there are few parents, else by one pass over the children. Never parents times children.

use super::eval::{Env, Record};
use super::hash::Map;
use super::order::Sorter;
use super::{scan, sort_value, tester};
use crate::id::Id;
use crate::schema::ObjectSpec;
use crate::soql::context::Context;
use crate::soql::resolve::tree::{Child, Output, Predicate, Records};
use crate::soql::result::{ChildSet, RecordRows};
use crate::store::{Key, RowNum};
use std::sync::Arc;

/// With fewer children than this a pass over all of them costs less than an index.
const FEW_CHILDREN: u32 = 1024;

/// The child sub-selects of some parent rows.
pub(super) fn all(
    object: &Arc<ObjectSpec>,
    records: &Records,
    parents: &[RowNum],
    env: Env<'_>,
    context: &Context<'_>,
) -> Vec<ChildSet> {
    if records.children.is_empty() {
        return Vec::new();
    }
    let table = context.state.table(object.id);
    let ids: Vec<Option<Id>> = parents
        .iter()
        .map(|number| table.get(*number).and_then(|row| row.id(object.system.id)))
        .collect();
    records.children.iter().map(|child| one(child, &ids, env, context)).collect()
}

fn one(child: &Child, parents: &[Option<Id>], env: Env<'_>, context: &Context<'_>) -> ChildSet {
    let level = &child.level;
    let none = Records::default();
    let records = match &level.output {
        Output::Records(records) => records,
        Output::Count | Output::Groups(_) => &none,
    };
    let joins = scan::joins(level, env, context);
    let tester = tester(env, &joins, context);
    // (position of the parent, child), in order of parents and then of creation.
    let mut pairs: Vec<(u32, RowNum)> = Vec::new();
    let table = context.state.table(level.object.id);
    let few_parents = parents.len() as u32 <= table.held() / 16;
    if few_parents && table.held() >= FEW_CHILDREN {
        let keys = context.indexes.get(level.object.id, child.reference, table);
        for (position, id) in parents.iter().enumerate() {
            let Some(id) = id else { continue };
            for number in keys.equal(&Key::Id(*id)) {
                // Asking the page leaves the rows alone until they are shown.
                if !(table.is_live(number) || context.all_rows) {
                    continue;
                }
                let passes = || {
                    let row = table.get(number)?;
                    let record = Record { object: &level.object, row };
                    Some(tester.holds(&level.filter, Some(record), &[]))
                };
                if matches!(level.filter, Predicate::Always) || passes() == Some(true) {
                    pairs.push((position as u32, number));
                }
            }
        }
    } else if !parents.is_empty() {
        let positions: Map<Id, u32> = parents
            .iter()
            .zip(0..)
            .filter_map(|(id, position)| id.map(|id| (id, position)))
            .collect();
        scan::batches(level, &tester, context, |batch| {
            for (place, record) in batch.records() {
                let parent = record.row.id(child.reference).and_then(|id| positions.get(&id));
                pairs.extend(parent.map(|position| (*position, batch.number(place))));
            }
            true
        });
        pairs.sort_unstable();
    }
    let mut numbers = Vec::with_capacity(pairs.len());
    let mut spans = Vec::with_capacity(parents.len());
    let mut rest = &pairs[..];
    let limit = level.limit.unwrap_or(usize::MAX);
    for position in 0..parents.len() as u32 {
        let count = rest.iter().take_while(|(own, _)| *own == position).count();
        let (own, others) = rest.split_at(count);
        rest = others;
        let start = numbers.len() as u32;
        if level.order.is_empty() {
            let own = own.iter().map(|(_, number)| *number);
            numbers.extend(own.skip(level.offset).take(limit));
        } else {
            let keep = limit.saturating_add(level.offset);
            let mut sorter = Sorter::new(&level.order, keep);
            for (_, number) in own {
                let Some(row) = table.get(*number) else { continue };
                let record = Record { object: &level.object, row };
                sorter.add(*number, |key| sort_value(level, &tester, record, key));
            }
            numbers.extend(sorter.finish().into_iter().skip(level.offset));
        }
        spans.push((start, numbers.len() as u32));
    }
    let children = all(&level.object, records, &numbers, env, context);
    let rows = RecordRows { nodes: records.nodes.clone(), numbers, children };
    ChildSet { object: Arc::clone(&level.object), spans, rows }
}
