//! What may refuse a single record on purpose: rows that another writer holds, fault rules. Who runs a
//! transaction for an API caller hands a gate in; the org's own writes pass none.

use super::Transaction;
use crate::error::OrgError;
use crate::id::Id;
use crate::schema::{FieldSpec, ObjectSpec, Schema, Slot};
use crate::store::Row;
use crate::value::Value;

/// What is done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It is deleted.
    Delete,
    /// It is taken out of the recycle bin.
    Undelete,
    /// A target of provisioning is asked about it.
    Provision,
}

impl Verb {
    /// As fault rules write it.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Delete => "delete",
            Verb::Undelete => "undelete",
            Verb::Provision => "provision",
        }
    }
}

/// A record about to be written.
pub struct Attempt<'t> {
    /// What is done to it.
    pub verb: Verb,
    /// Its object.
    pub object: &'t ObjectSpec,
    /// Its row; `None` when it is made.
    pub before: Option<&'t Row>,
    /// What it is given.
    pub given: &'t [(Slot, Value)],
    schema: &'t Schema,
}

/// Lets a record be written, or says why not.
pub type Gate<'a> = &'a dyn Fn(&Attempt<'_>) -> Result<(), OrgError>;

/// What a fault rule makes of a call to a target of provisioning.
#[derive(Clone, Debug, PartialEq)]
pub struct Upset {
    /// The error; its status is what the target answered.
    pub error: OrgError,
    /// The target did what it was asked for all the same: only its answer is lost.
    pub lost: bool,
}

/// Says what goes wrong when a target of provisioning is asked about a record.
pub type TargetGate<'a> = &'a dyn Fn(&Attempt<'_>) -> Option<Upset>;

static NULL: Value = Value::Null;

impl Attempt<'_> {
    /// Its id; `None` when it is made.
    pub fn id(&self) -> Option<Id> {
        self.before?.id(self.object.system.id)
    }

    /// What a field will hold.
    pub fn value(&self, slot: Slot) -> &Value {
        let given = self.given.iter().rev().find(|(own, _)| *own == slot).map(|(_, value)| value);
        given.or_else(|| Some(self.before?.get(slot))).unwrap_or(&NULL)
    }

    /// The rows that a real org locks for this write: the record itself; the parents on which it
    /// depends (their deletion would take it along); parents that its existence protects from being
    /// deleted, when it comes to point to them.
    pub fn locked(&self) -> Vec<Id> {
        let mut rows: Vec<Id> = self.id().into_iter().collect();
        for (slot, field) in self.object.visible_fields() {
            let now = self.value(slot).as_id();
            let before = self.before.and_then(|row| row.id(slot));
            for (parent, moved) in [(now, now != before), (before, false)] {
                let Some(parent) = parent else { continue };
                let (depends, protects) = self.bonds(field, parent);
                if (depends || (protects && moved)) && !rows.contains(&parent) {
                    rows.push(parent);
                }
            }
        }
        rows
    }

    /// Whether the record would be deleted with a parent, and whether it keeps it from being deleted.
    fn bonds(&self, field: &FieldSpec, parent: Id) -> (bool, bool) {
        let Some(parent) = self.schema.by_prefix(parent.prefix()) else { return (false, false) };
        let children = &self.schema.object(parent).child_relationships;
        let own = children
            .iter()
            .find(|child| child.child_object == self.object.name && child.field == field.name);
        let (cascades, restricts) =
            own.map_or((false, false), |child| (child.cascade_delete, child.restricted_delete));
        (cascades || field.cascade_delete, restricts || field.restricted_delete)
    }
}

impl<'a> Transaction<'a> {
    /// The same with a gate through which each record of its caller must pass.
    #[must_use]
    pub fn behind(mut self, gate: Option<Gate<'a>>) -> Transaction<'a> {
        self.gate = gate;
        self
    }

    /// The same with what may go wrong when targets of provisioning are asked.
    #[must_use]
    pub fn with_targets(mut self, targets: Option<TargetGate<'a>>) -> Transaction<'a> {
        self.targets = targets;
        self
    }

    /// What goes wrong when a target of provisioning is asked about a record: asked once for each
    /// call, before it is made.
    pub fn upset(&self, object: &ObjectSpec, row: &Row) -> Option<Upset> {
        let (verb, before, given) = (Verb::Provision, Some(row), &[][..]);
        let schema = &self.state.schema;
        (self.targets?)(&Attempt { verb, object, before, given, schema })
    }

    /// Asks the gate about a record. What the org itself writes along with it is not asked about.
    pub(super) fn pass(
        &self,
        verb: Verb,
        object: &ObjectSpec,
        before: Option<&Row>,
        given: &[(Slot, Value)],
    ) -> Result<(), OrgError> {
        match self.gate {
            Some(gate) if !self.actor.system => {
                gate(&Attempt { verb, object, before, given, schema: &self.state.schema })
            }
            _ => Ok(()),
        }
    }
}
