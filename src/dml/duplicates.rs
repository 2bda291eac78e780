//! Duplicate rules: whether a record that is saved is taken for one that is there.

use super::Transaction;
use crate::error::{Duplicates, OrgError};
use crate::schema::{ObjectSpec, Slot};
use crate::store::{Draft, DuplicateRule, Key, Row, RowNum};
use crate::value::Value;

/// Most records that a rule reports.
const MOST: usize = 100;

/// The fault of a record that the object's rule takes for another; `None` when there is no rule, no
/// other record, or when the caller passes over the alert.
pub(super) fn found(
    transaction: &Transaction<'_>,
    object: &ObjectSpec,
    before: Option<(RowNum, &Row)>,
    draft: &Draft,
) -> Option<OrgError> {
    let state = &transaction.state;
    let rule = state.settings.duplicate_rules.get(&*object.name)?;
    if transaction.actor.system || (rule.alerts && transaction.allow_duplicates) {
        return None;
    }
    let slots: Option<Vec<Slot>> =
        rule.fields.iter().map(|name| Some(object.field(name)?.0)).collect();
    let slots = slots?;
    let is_same = |left: &Value, right: &Value| match (Key::of(left), Key::of(right)) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    };
    // What an update leaves alone makes no new duplicate.
    let unchanged = |(_, row): (RowNum, &Row)| {
        slots.iter().all(|slot| is_same(row.get(*slot), draft.get(*slot)))
    };
    if before.is_some_and(unchanged) {
        return None;
    }
    let first = *slots.first()?;
    let table = state.table(object.id);
    let keys = transaction.indexes.get(object.id, first, table);
    let own = before.map(|(number, _)| number);
    let matches = |number: &RowNum| {
        table.get(*number).is_some_and(|row| {
            !row.is_deleted()
                && Some(*number) != own
                && slots.iter().all(|slot| is_same(row.get(*slot), draft.get(*slot)))
        })
    };
    let mut numbers: Vec<RowNum> =
        keys.equal(&Key::of(draft.get(first))?).filter(matches).take(MOST).collect();
    numbers.sort_unstable();
    let row_id = |number: &RowNum| table.get(*number)?.id(object.system.id);
    let found = Duplicates {
        rule: DuplicateRule::name(&object.name),
        match_rule: DuplicateRule::match_rule(&object.name),
        object: object.name.to_string(),
        allow_save: rule.alerts,
        ids: numbers.iter().filter_map(row_id).collect(),
    };
    let any = !found.ids.is_empty();
    any.then(|| OrgError::duplicates_detected(found, rule.message.as_deref()))
}
