//! Writing records.
//!
//! 1. An adapter `coerce`s what it parsed into [`Value`]s, before any lock is taken.
//! 2. [`Transaction::insert`] / [`update`](Transaction::update): the [`rules`] **validate** what was
//!    given; every broken rule of a record is reported, in the order of their table.
//! 3. **Derive**: defaults, auto-numbers, audit fields, the object's own behaviour (`objects/`).
//! 4. **Write** into the transaction's own version of the state; nobody sees it until it is published.
//! 5. **Effects**: what the object's behaviour asks for (`objects::FollowUp`), then what the floors
//!    above do about the object ([`Hooks`]).
//!
//! A transaction that is dropped leaves no trace; a savepoint is a clone of its state.

mod coerce;
mod delete;
mod derive;
mod duplicates;
mod gate;
mod hooks;
mod mixed;
mod rules;
#[cfg(test)]
mod tests;
mod upsert;

pub use coerce::{Misfit, Raw, coerce};
pub use gate::{Attempt, Gate, TargetGate, Upset, Verb};
pub use hooks::{After, Before, Hooks, Saved, Watch};
pub use mixed::Mixture;
pub use upsert::Matched;

use crate::clock::Millis;
use crate::error::{Faults, OrgError};
use crate::id::Id;
use crate::objects::{self, FollowUp};
use crate::schema::{ObjectSpec, Slot};
use crate::store::{Draft, IndexCache, Row, RowNum, State};
use crate::value::Value;
use mixed::Writing;
use std::sync::Arc;

/// Who writes, and when.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    /// The user.
    pub user: Id,
    /// The org's time.
    pub now: Millis,
    /// True for the org itself and for fixtures: may write what no API caller may (audit fields,
    /// read-only fields, ids).
    pub system: bool,
}

impl Actor {
    /// The time as audit fields store it: real orgs keep whole seconds.
    pub fn stamp(&self) -> Value {
        Value::DateTime(self.now.div_euclid(1000) * 1000)
    }
}

/// The fields that a caller gave, with coerced values. A value that does not fit its field's type
/// but whose error is a rule's (a bad id, an unlisted picklist value) is still `Text`.
pub type Given = Vec<(Slot, Value)>;

/// One unit of work on a state of its own.
pub struct Transaction<'a> {
    /// The state as this transaction sees it.
    pub state: State,
    /// Who writes.
    pub actor: Actor,
    /// Indexes built on demand.
    pub indexes: &'a IndexCache,
    /// The number of the request that this is a part of: that of its first commit.
    pub request: u64,
    /// What the writer shall be told although it succeeded.
    pub warnings: Vec<String>,
    /// Which kinds of objects were written so far.
    pub mixture: Mixture,
    /// The caller saves what a duplicate rule warns of.
    pub allow_duplicates: bool,
    hooks: &'static Hooks,
    gate: Option<Gate<'a>>,
    targets: Option<TargetGate<'a>>,
    /// No write keeps a savepoint: whoever runs the transaction has one.
    unguarded: bool,
    /// An unguarded write failed half way.
    broken: bool,
}

impl<'a> Transaction<'a> {
    /// Begins on a copy of `state`, as the commit after it.
    pub fn begin(state: &State, actor: Actor, indexes: &'a IndexCache) -> Transaction<'a> {
        let mut state = state.clone();
        state.commit += 1;
        let request = state.commit;
        Transaction {
            state,
            actor,
            indexes,
            request,
            warnings: Vec::new(),
            mixture: Mixture::default(),
            allow_duplicates: false,
            hooks: Hooks::NONE,
            gate: None,
            targets: None,
            unguarded: false,
            broken: false,
        }
    }

    /// The same with something to do about the records that it writes.
    #[must_use]
    pub fn with_hooks(mut self, hooks: &'static Hooks) -> Transaction<'a> {
        self.hooks = hooks;
        self
    }

    /// The same as a part of the request that began with a commit and has written such a mixture.
    #[must_use]
    pub fn within(mut self, request: u64, mixture: Mixture) -> Transaction<'a> {
        self.request = request;
        self.mixture = mixture;
        self
    }

    /// Runs work whose writes keep no savepoints, which cost more than most writes. `None`: one of
    /// them failed half way, and the state must be put back to where it was before.
    pub fn unguarded<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let before = std::mem::replace(&mut self.unguarded, true);
        let done = work(self);
        self.unguarded = before;
        let broken = std::mem::take(&mut self.broken);
        (!broken).then_some(done)
    }

    /// A savepoint, unless the transaction is unguarded.
    pub fn savepoint(&self) -> Option<State> {
        (!self.unguarded).then(|| self.state.clone())
    }

    /// Back to a savepoint. Without one the whole of the unguarded work is undone later.
    pub fn back_to(&mut self, savepoint: Option<State>) {
        match savepoint {
            Some(state) => self.state = state,
            None => self.broken = true,
        }
    }

    /// Creates a record and returns its id. Nothing is kept of a record that fails.
    pub fn insert(&mut self, object: &Arc<ObjectSpec>, given: Given) -> Result<Id, Faults> {
        if object.derived.is_some() && (object.flags.createable || self.actor.system) {
            return Err(OrgError::write_not_emulated(&object.name).into());
        }
        if !object.flags.createable && !self.actor.system {
            return Err(OrgError::entity_not_writable("inserted", &object.label).into());
        }
        self.pass(Verb::Create, object, None, &given)?;
        let kind = self.mix(object, &Writing::Insert(&given))?;
        rules::validate(self, object, None, &given)?;
        let mut draft = Draft::new(object.fields.len());
        for (slot, value) in given {
            draft.set(slot, value);
        }
        let id = self.new_id(object, &draft);
        derive::on_insert(self, object, &mut draft, id);
        let watch = (self.hooks.watch)(&object.name);
        let follow_ups = self.behave(object, None, &mut draft, watch)?;
        rules::verify(self, object, None, &draft)?;
        let row = draft.build(self.state.commit);
        self.write_and_follow(object, watch, follow_ups, (None, &row, id))?;
        self.mixture.add(kind, object);
        Ok(id)
    }

    /// Writes a row (with its number and version before, when it has one), carries out what its
    /// object's behaviour asked for and tells who watches the object; or does nothing of it. Only
    /// what follows a write can fail, so only then is a savepoint needed.
    fn write_and_follow(
        &mut self,
        object: &Arc<ObjectSpec>,
        watch: Watch,
        follow_ups: Vec<FollowUp>,
        (before, row, id): (Option<(RowNum, &Row)>, &Row, Id),
    ) -> Result<(), Faults> {
        let may_fail = !follow_ups.is_empty() || watch.after.is_some();
        let savepoint = may_fail.then(|| self.savepoint()).flatten();
        let table = self.state.table_mut(object);
        let number = match before {
            Some((number, _)) => {
                table.replace(number, row.clone());
                number
            }
            None => table.insert(id, row.clone()),
        };
        if !may_fail {
            return Ok(());
        }
        let before = before.map(|(_, row)| row);
        let saved = Saved { object, number, id, before, after: Some(row) };
        let followed = self.follow(follow_ups, id).and_then(|()| self.tell(watch, &saved));
        if followed.is_err() {
            self.back_to(savepoint);
        }
        followed
    }

    /// The id of a record about to be created: the next of its table, or, for the org itself, the
    /// one it brings.
    fn new_id(&mut self, object: &ObjectSpec, draft: &Draft) -> Id {
        if let Some(id) = draft.get(object.system.id).as_id() {
            return id;
        }
        let next = u64::from(self.state.table(object.id).next()) + 1;
        Id::own(object.key_prefix, next)
    }

    /// Changes a live record.
    pub fn update(
        &mut self,
        object: &Arc<ObjectSpec>,
        number: RowNum,
        given: Given,
    ) -> Result<(), Faults> {
        if !object.flags.updateable && !self.actor.system {
            return Err(OrgError::entity_not_writable("updated", &object.label).into());
        }
        let Some(before) = self.state.table(object.id).get(number).cloned() else {
            return Err(OrgError::not_found().into());
        };
        self.pass(Verb::Update, object, Some(&before), &given)?;
        let kind = self.mix(object, &Writing::Update(&before, &given))?;
        rules::validate(self, object, Some((number, &before)), &given)?;
        let mut draft = Draft::of(&before, object.fields.len());
        for (slot, value) in given {
            draft.set(slot, value);
        }
        derive::on_update(self, object, &mut draft);
        let watch = (self.hooks.watch)(&object.name);
        let follow_ups = self.behave(object, Some(&before), &mut draft, watch)?;
        rules::verify(self, object, Some((number, &before)), &draft)?;
        let row = draft.build(self.state.commit);
        let id = row.id(object.system.id).unwrap_or(self.actor.user);
        let before = Some((number, &before));
        self.write_and_follow(object, watch, follow_ups, (before, &row, id))?;
        self.mixture.add(kind, object);
        Ok(())
    }

    /// Lets the object's own behaviour and its watcher complete or refuse a record.
    fn behave(
        &mut self,
        object: &Arc<ObjectSpec>,
        before: Option<&Row>,
        draft: &mut Draft,
        watch: Watch,
    ) -> Result<Vec<FollowUp>, Faults> {
        let behaviour = objects::behaviour(&object.name);
        if behaviour.is_none() && watch.before.is_none() {
            return Ok(Vec::new());
        }
        let saving = objects::Saving {
            state: &self.state,
            object,
            before,
            user: self.actor.user,
            now: self.actor.now,
            system: self.actor.system,
        };
        let follow_ups = behaviour.map_or(Ok(Vec::new()), |behaviour| behaviour(&saving, draft))?;
        if let Some(before_save) = watch.before {
            before_save(&saving, draft, &mut self.warnings)?;
        }
        Ok(follow_ups)
    }

    /// Carries out what an object's behaviour asked for, as the org itself.
    fn follow(&mut self, follow_ups: Vec<FollowUp>, id: Id) -> Result<(), Faults> {
        self.as_org(|org| follow_ups.into_iter().try_for_each(|step| org.follow_one(step, id)))
    }

    fn follow_one(&mut self, step: FollowUp, id: Id) -> Result<(), Faults> {
        let schema = Arc::clone(&self.state.schema);
        match step {
            FollowUp::Insert { object, fields, back } => {
                let Some(target) = schema.by_name(object) else { return Ok(()) };
                let made = self.insert(target, objects::slots(target, fields))?;
                let Some(back) = back else { return Ok(()) };
                self.follow_one(FollowUp::Update { id, fields: vec![(back, Value::Id(made))] }, id)
            }
            FollowUp::Update { id: target, fields } => {
                let Some((object, number, _)) = self.state.resolve(target) else { return Ok(()) };
                let object = Arc::clone(object);
                let given = objects::slots(&object, fields);
                self.patch_silently(&object, number, given);
                Ok(())
            }
        }
    }

    /// Changes fields of a row without rules, behaviour or audit fields: the org's own bookkeeping.
    pub fn patch_silently(&mut self, object: &Arc<ObjectSpec>, number: RowNum, given: Given) {
        let Some(row) = self.state.table(object.id).get(number).cloned() else { return };
        let mut draft = Draft::of(&row, object.fields.len());
        for (slot, value) in given {
            draft.set(slot, value);
        }
        let row = draft.build(self.state.commit);
        self.state.table_mut(object).replace(number, row);
    }
}
