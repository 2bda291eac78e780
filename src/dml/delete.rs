//! Deleting, undeleting and purging, with what hangs on a record.

use super::mixed::Writing;
use super::{Saved, Transaction, Verb, rules};
use crate::clock::Millis;
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::schema::{ChildRelationship, ObjectSpec, Slot};
use crate::store::{Cleared, Draft, Key, Row, RowNum};
use crate::time::DAY;
use crate::value::Value;
use std::sync::Arc;

/// How long a deleted record can be undeleted.
const RECYCLE_BIN: Millis = 15 * DAY;

/// Most names that a `DELETE_FAILED` message lists.
const NAMED_CHILDREN: usize = 5;

impl Transaction<'_> {
    /// Deletes a live record with the children that depend on it, and empties the references to it.
    pub fn delete(&mut self, object: &Arc<ObjectSpec>, number: RowNum) -> Result<(), Faults> {
        if !object.flags.deletable && !self.actor.system {
            return Err(OrgError::entity_not_writable("deleted", &object.label).into());
        }
        self.pass(Verb::Delete, object, self.state.table(object.id).get(number), &[])?;
        let kind = self.mix(object, &Writing::Delete)?;
        let savepoint = self.state.clone();
        let outcome = self.delete_all(object, number);
        match outcome {
            Ok(()) => self.mixture.add(kind, object),
            Err(_) => self.state = savepoint,
        }
        outcome
    }

    fn delete_all(&mut self, object: &Arc<ObjectSpec>, number: RowNum) -> Result<(), Faults> {
        self.state.deletions += 1;
        let mut pending = vec![(Arc::clone(object), number)];
        let mut cleared = Vec::new();
        while let Some((object, number)) = pending.pop() {
            let table = self.state.table(object.id);
            let row = table.get(number).filter(|row| !row.is_deleted());
            let Some(before) = row.cloned() else { continue };
            let Some(id) = before.id(object.system.id) else { continue };
            for child in &object.child_relationships {
                let Some((child_object, slot, numbers)) = self.children(child, id) else {
                    continue;
                };
                if numbers.is_empty() {
                    continue;
                }
                let field = child_object.at(slot);
                if child.cascade_delete || field.cascade_delete {
                    pending.extend(numbers.into_iter().map(|n| (Arc::clone(&child_object), n)));
                } else if child.restricted_delete || field.restricted_delete {
                    return Err(self.restricted(&object, number, &child_object, &numbers).into());
                } else {
                    for number in numbers {
                        cleared.push(Cleared { object: child_object.id, number, slot, target: id });
                        self.point(&child_object, number, slot, Value::Null);
                    }
                }
            }
            self.bury(&object, number, id);
            let watch = (self.hooks.watch)(&object.name);
            let object = &object;
            self.tell(watch, &Saved { object, number, id, before: Some(&before), after: None })?;
        }
        self.state.remember_cleared(cleared);
        Ok(())
    }

    /// The live rows that point to `id` through a child relationship, when the schema has the child.
    fn children(
        &self,
        child: &ChildRelationship,
        id: Id,
    ) -> Option<(Arc<ObjectSpec>, Slot, Vec<RowNum>)> {
        let child_id = self.state.schema.id_of(&child.child_object)?;
        let table = self.state.table(child_id);
        if table.live() == 0 {
            return None;
        }
        let object = self.state.schema.object(child_id);
        let (slot, _) = object.field(&child.field)?;
        let keys = self.indexes.get(object.id, slot, table);
        let live = |number: &RowNum| table.get(*number).is_some_and(|row| !row.is_deleted());
        let numbers = keys.equal(&Key::Id(id)).filter(live).collect();
        Some((Arc::clone(object), slot, numbers))
    }

    fn restricted(
        &self,
        object: &ObjectSpec,
        number: RowNum,
        child: &ObjectSpec,
        numbers: &[RowNum],
    ) -> OrgError {
        let name = |object: &ObjectSpec, number| {
            let row = self.state.table(object.id).get(number)?;
            row.get(object.name_slot?).as_text().map(ToOwned::to_owned)
        };
        let names: Vec<String> =
            numbers.iter().take(NAMED_CHILDREN).filter_map(|n| name(child, *n)).collect();
        let own = name(object, number).unwrap_or_default();
        OrgError::delete_failed(&own, &child.label_plural.to_lowercase(), &names)
    }

    fn bury(&mut self, object: &Arc<ObjectSpec>, number: RowNum, id: Id) {
        let (now, stamp) = (self.actor.now, self.actor.stamp());
        let (commit, deletion) = (self.state.commit, self.state.deletions);
        let Some(row) = self.state.table(object.id).get(number).cloned() else { return };
        let table = self.state.table_mut(object);
        table.bury(id, now);
        if !object.flags.undeletable {
            table.purge(number, id);
            return;
        }
        let mut draft = Draft::of(&row, object.fields.len());
        draft.set_deleted(deletion);
        if let Some(slot) = object.system.is_deleted {
            draft.set(slot, Value::Bool(true));
        }
        if let Some(slot) = object.system.system_modstamp {
            draft.set(slot, stamp.clone());
        }
        table.replace(number, draft.build(commit));
    }

    /// Takes a record out of the recycle bin, with all that its deletion took along, and points the
    /// references that it emptied to it again. Nothing is done when one of the records cannot come
    /// back: a unique value of it is taken, or a record that it depends on is deleted.
    pub fn undelete(&mut self, object: &Arc<ObjectSpec>, number: RowNum) -> Result<(), Faults> {
        let group = self.state.table(object.id).get(number).map_or(0, Row::deleted_by);
        if group == 0 {
            return Err(OrgError::undelete_failed().into());
        }
        self.pass(Verb::Undelete, object, self.state.table(object.id).get(number), &[])?;
        let savepoint = self.state.clone();
        let outcome = self.undelete_all(group);
        if outcome.is_err() {
            self.state = savepoint;
        }
        outcome
    }

    fn undelete_all(&mut self, group: u64) -> Result<(), Faults> {
        let schema = Arc::clone(&self.state.schema);
        let objects: Vec<_> = self.state.objects_with_rows().collect();
        let mut restored = Vec::new();
        for object in objects {
            let object = schema.object(object);
            let rows = self.state.table(object.id).rows();
            let rows: Vec<RowNum> = rows
                .filter(|(_, row)| row.deleted_by() == group)
                .map(|(number, _)| number)
                .collect();
            for number in rows {
                self.restore(object, number)?;
                restored.push((Arc::clone(object), number));
            }
        }
        for Cleared { object, number, slot, target } in self.state.take_cleared(group) {
            let object = Arc::clone(schema.object(object));
            let row = self.state.table(object.id).get(number);
            let is_free = row.is_some_and(|row| !row.is_deleted() && row.get(slot).is_null());
            if is_free && self.state.resolve(target).is_some() {
                self.point(&object, number, slot, Value::Id(target));
            }
        }
        restored.into_iter().try_for_each(|(object, number)| self.attach(&object, number))
    }

    /// Empties the references of a restored record to what was deleted or purged meanwhile. What
    /// depends on such a record cannot live without it.
    fn attach(&mut self, object: &Arc<ObjectSpec>, number: RowNum) -> Result<(), Faults> {
        let schema = Arc::clone(&self.state.schema);
        let Some(row) = self.state.table(object.id).get(number).cloned() else { return Ok(()) };
        for (slot, field) in object.visible_fields() {
            let Some(target) = row.id(slot) else { continue };
            // Users are not deleted, and the org itself writes these.
            let own = object.system.id == slot || field.reference_to.iter().any(|o| &**o == "User");
            if own || self.state.resolve(target).is_some() {
                continue;
            }
            let Some(parent) = schema.by_prefix(target.prefix()) else { continue };
            let depends = schema.object(parent).child_relationships.iter().any(|child| {
                child.cascade_delete
                    && child.child_object == object.name
                    && child.field == field.name
            });
            if depends || field.cascade_delete {
                return Err(OrgError::entity_is_deleted().with_status(400).into());
            }
            self.point(object, number, slot, Value::Null);
        }
        Ok(())
    }

    fn restore(&mut self, object: &Arc<ObjectSpec>, number: RowNum) -> Result<(), Faults> {
        let stamp = self.actor.stamp();
        let commit = self.state.commit;
        let Some(row) = self.state.table(object.id).get(number).cloned() else { return Ok(()) };
        let mut draft = Draft::of(&row, object.fields.len());
        rules::verify(self, object, None, &draft)?;
        draft.set_deleted(0);
        if let Some(slot) = object.system.is_deleted {
            draft.set(slot, Value::Null);
        }
        if let Some(slot) = object.system.system_modstamp {
            draft.set(slot, stamp);
        }
        let table = self.state.table_mut(object);
        if let Some(id) = row.id(object.system.id) {
            table.unbury(id);
        }
        table.replace(number, draft.build(commit));
        Ok(())
    }

    /// Sets a reference as the org's own bookkeeping does: only `SystemModstamp` moves.
    fn point(&mut self, object: &Arc<ObjectSpec>, number: RowNum, slot: Slot, value: Value) {
        let mut given = vec![(slot, value)];
        if let Some(stamp) = object.system.system_modstamp {
            given.push((stamp, self.actor.stamp()));
        }
        self.patch_silently(object, number, given);
    }

    /// Removes from the recycle bin what has lain there for fifteen days.
    pub fn purge_expired(&mut self) {
        let schema = Arc::clone(&self.state.schema);
        let objects: Vec<_> = self.state.objects_with_rows().collect();
        let limit = self.actor.now - RECYCLE_BIN;
        for object in objects {
            let object = schema.object(object);
            let Some(stamp) = object.system.system_modstamp else { continue };
            if self.state.table(object.id).live() == self.state.table(object.id).held() {
                continue;
            }
            let expired: Vec<(RowNum, Id)> = self
                .state
                .table(object.id)
                .rows()
                .filter(|(_, row)| row.is_deleted())
                .filter(|(_, row)| row.get(stamp).as_datetime().is_some_and(|at| at < limit))
                .filter_map(|(number, row)| Some((number, row.id(object.system.id)?)))
                .collect();
            for (number, id) in expired {
                self.state.table_mut(object).purge(number, id);
            }
        }
        let mut left = std::collections::BTreeSet::new();
        for object in self.state.objects_with_rows() {
            let table = self.state.table(object);
            if table.live() < table.held() {
                left.extend(table.rows().map(|(_, row)| row.deleted_by()));
            }
        }
        self.state.forget_cleared(|group| left.contains(&group));
    }
}
