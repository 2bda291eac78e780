//! Setup objects and others do not mix in one transaction.

use super::{Given, Transaction};
use crate::error::{Faults, OrgError};
use crate::objects::setup::{Counts, setup};
use crate::schema::{ObjectId, ObjectSpec};
use crate::store::Row;
use crate::value::Value;

/// The first object of either kind that a transaction wrote.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mixture {
    setup: Option<ObjectId>,
    other: Option<ObjectId>,
}

/// What is about to be written of a record.
pub(super) enum Writing<'w> {
    /// A new one with these fields.
    Insert(&'w Given),
    /// These fields of one.
    Update(&'w Row, &'w Given),
    /// None of it stays.
    Delete,
}

/// The kind of a write that counts.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Setup,
    Other,
}

impl Mixture {
    /// Remembers a write that was made.
    pub(super) fn add(&mut self, kind: Option<Kind>, object: &ObjectSpec) {
        match kind {
            Some(Kind::Setup) => self.setup.get_or_insert(object.id),
            Some(Kind::Other) => self.other.get_or_insert(object.id),
            None => return,
        };
    }
}

impl Transaction<'_> {
    /// The kind of a write, or the refusal of one whose kind does not mix with what was written
    /// before. The org itself mixes as it likes.
    pub(super) fn mix(
        &self,
        object: &ObjectSpec,
        writing: &Writing<'_>,
    ) -> Result<Option<Kind>, Faults> {
        if self.actor.system || !self.state.settings.mixed_dml {
            return Ok(None);
        }
        let counts = setup(&object.name).map(|setup| match writing {
            Writing::Insert(_) => setup.insert,
            Writing::Update(..) => setup.update,
            Writing::Delete => setup.delete,
        });
        let (kind, others) = match counts {
            Some(counts) if !counted(counts, object, writing) => return Ok(None),
            Some(_) => (Kind::Setup, self.mixture.other),
            None => (Kind::Other, self.mixture.setup),
        };
        let Some(first) = others else { return Ok(Some(kind)) };
        let first = &self.state.schema.object(first).name;
        Err(OrgError::mixed_dml(&object.name, first).into())
    }
}

fn counted(counts: Counts, object: &ObjectSpec, writing: &Writing<'_>) -> bool {
    let (names, given, before) = match (counts, writing) {
        (Counts::Never, _) => return false,
        (Counts::Given(names), Writing::Insert(given)) => (names, given, None),
        (Counts::Changed(names), Writing::Update(before, given)) => (names, given, Some(before)),
        _ => return true,
    };
    given.iter().any(|(slot, value)| {
        let was = before.map_or(&Value::Null, |before| before.get(*slot));
        names.contains(&&*object.at(*slot).name) && value != was
    })
}
