//! Finding the rows that an external id names.

use crate::schema::{FieldSpec, ObjectSpec, Slot};
use crate::store::{IndexCache, Key, RowNum, State};
use crate::value::Value;

/// What an external id's value names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matched {
    /// No live row.
    None,
    /// One live row.
    One(RowNum),
    /// Several live rows.
    Many(Vec<RowNum>),
}

impl Matched {
    /// The live rows whose field holds a value. Letter case counts only in case-sensitive fields.
    pub fn find(
        state: &State,
        indexes: &IndexCache,
        object: &ObjectSpec,
        (slot, field): (Slot, &FieldSpec),
        value: &Value,
    ) -> Matched {
        let table = state.table(object.id);
        if slot == object.system.id {
            let number = value.as_id().and_then(|id| table.find(id, slot));
            let live = number.filter(|n| table.get(*n).is_some_and(|row| !row.is_deleted()));
            return live.map_or(Matched::None, Matched::One);
        }
        let Some(key) = Key::of(value) else { return Matched::None };
        let keys = indexes.get(object.id, slot, table);
        let found: Vec<RowNum> = keys
            .equal(&key)
            .filter(|number| {
                table.get(*number).is_some_and(|row| {
                    !row.is_deleted() && (!field.case_sensitive || row.get(slot) == value)
                })
            })
            .collect();
        match found[..] {
            [] => Matched::None,
            [one] => Matched::One(one),
            _ => Matched::Many(found),
        }
    }
}
