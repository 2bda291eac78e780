//! The whole of an org's data: schema, tables, settings, clock. An immutable value.

use super::calls::Calls;
use super::concur::Concur;
use super::employees::Runs;
use super::jobs::Jobs;
use super::metadata::Metadata;
use super::row::Row;
use super::settings::Settings;
use super::table::{RowNum, Table};
use crate::clock::{Clock, Millis};
use crate::id::Id;
use crate::schema::{ObjectId, ObjectSpec, Schema, Slot};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock};

/// 2020-01-01T00:00:00Z: when every org, its schema and its first records were made.
pub const BEGINNING: Millis = 1_577_836_800_000;

static EMPTY: LazyLock<Arc<Table>> = LazyLock::new(|| Arc::new(Table::default()));

/// A reference that was emptied because its target was deleted; undelete puts it back.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Cleared {
    /// The object of the row that pointed.
    pub object: ObjectId,
    /// That row.
    pub number: RowNum,
    /// Its reference field.
    pub slot: Slot,
    /// Where it pointed.
    pub target: Id,
}

/// An org's data. Cloning shares all of it; a fork is an `Arc<State>`.
#[derive(Clone)]
pub struct State {
    /// The schema as this org sees it.
    pub schema: Arc<Schema>,
    /// What the owner set.
    pub settings: Arc<Settings>,
    /// The org's clock.
    pub clock: Clock,
    /// The number of the last commit. Rows carry the commit that wrote them.
    pub commit: u64,
    /// The number of the last deletion. Rows carry the deletion that took them: what it took along
    /// comes back together.
    pub deletions: u64,
    /// When the schema last changed.
    pub schema_changed: Millis,
    /// Passwords that differ from the org's own, by user.
    pub passwords: imbl::OrdMap<Id, Arc<str>>,
    /// The SAP Concur tenant beside the org.
    pub concur: Concur,
    /// Work that waits.
    pub jobs: Jobs,
    /// Calls to other systems whose answers are awaited.
    pub calls: Calls,
    /// What jobs count beside the records, by their own name and the record that it is about.
    pub tallies: imbl::OrdMap<(&'static str, Id), u64>,
    /// Runs that make employees users.
    pub runs: Runs,
    /// What each user made or viewed last, newest first.
    pub(super) recent: imbl::OrdMap<Id, Arc<Vec<Id>>>,
    pub(super) tables: Vec<Option<Arc<Table>>>,
    /// The metadata catalog of the schema.
    pub(super) metadata: Arc<Metadata>,
    /// References emptied by a deletion, by its number.
    pub(super) cleared: imbl::OrdMap<u64, Arc<[Cleared]>>,
}

impl State {
    /// An org without a single record.
    pub fn new(schema: Arc<Schema>, clock: Clock) -> State {
        State {
            schema,
            settings: Arc::default(),
            clock,
            commit: 0,
            deletions: 0,
            schema_changed: BEGINNING,
            passwords: imbl::OrdMap::new(),
            concur: Concur::default(),
            jobs: Jobs::default(),
            calls: Calls::default(),
            tallies: imbl::OrdMap::new(),
            runs: Runs::default(),
            recent: imbl::OrdMap::new(),
            tables: Vec::new(),
            metadata: Arc::default(),
            cleared: imbl::OrdMap::new(),
        }
    }

    /// This state in the place of a later one, to which somebody goes back from there. Numbers that
    /// others remember go on: an `ETag` or the answer to a call never means something else.
    pub fn following(self: &Arc<State>, current: &State) -> Arc<State> {
        if current.commit <= self.commit && current.calls.made() <= self.calls.made() {
            return Arc::clone(self);
        }
        let mut state = State::clone(self);
        state.commit = state.commit.max(current.commit);
        state.calls.go_on_from(current.calls.made());
        Arc::new(state)
    }

    /// The rows of an object; an empty table when it has none yet.
    pub fn table(&self, object: ObjectId) -> &Arc<Table> {
        let own = self.tables.get(usize::from(object.0)).and_then(Option::as_ref);
        own.unwrap_or_else(|| match self.schema.derived(object) {
            Some(derived) => self.metadata.table(&self.schema, object, derived).unwrap_or(&EMPTY),
            None => &EMPTY,
        })
    }

    /// The row of the metadata catalog that a durable id names, letter case aside.
    pub fn durable_row(&self, object: &ObjectSpec, durable_id: &str) -> Option<(RowNum, &Row)> {
        let slot = object.system.durable_id?;
        let names = |row: &Row| {
            row.get(slot).as_text().is_some_and(|own| own.eq_ignore_ascii_case(durable_id))
        };
        self.table(object.id).live_rows().find(|(_, row)| names(row))
    }

    /// The rows of an object, to be changed: the table is copied if somebody else holds it.
    pub fn table_mut(&mut self, object: &ObjectSpec) -> &mut Table {
        let place = usize::from(object.id.0);
        if self.tables.len() <= place {
            self.tables.resize(place + 1, None);
        }
        Arc::make_mut(self.tables[place].get_or_insert_with(|| Arc::new(Table::new(object))))
    }

    /// The objects that have a table.
    pub fn objects_with_rows(&self) -> impl Iterator<Item = ObjectId> {
        let tables = self.tables.iter().enumerate();
        tables.filter(|(_, table)| table.is_some()).map(|(place, _)| ObjectId(place as u16))
    }

    /// How many rows there are, live and deleted.
    pub fn held(&self) -> u64 {
        self.tables.iter().flatten().map(|table| u64::from(table.held())).sum()
    }

    /// The row of an id in an object's table, live or deleted.
    pub fn row(&self, object: &ObjectSpec, id: Id) -> Option<(RowNum, &Row)> {
        let table = self.table(object.id);
        let number = table.find(id, object.system.id)?;
        Some((number, table.get(number)?))
    }

    /// The live row of an id in an object's table.
    pub fn live_row(&self, object: &ObjectSpec, id: Id) -> Option<(RowNum, &Row)> {
        self.row(object, id).filter(|(_, row)| !row.is_deleted())
    }

    /// The object and live row of an id, whatever its object.
    pub fn resolve(&self, id: Id) -> Option<(&Arc<ObjectSpec>, RowNum, &Row)> {
        let object = self.schema.object(self.schema.by_prefix(id.prefix())?);
        let (number, row) = self.live_row(object, id)?;
        Some((object, number, row))
    }

    /// Replaces the schema, and keeps the indexes that its new fields want.
    pub fn set_schema(&mut self, schema: Arc<Schema>, now: Millis) {
        self.schema = schema;
        self.metadata = Arc::default();
        self.schema_changed = now;
        let objects: Vec<ObjectId> = self.objects_with_rows().collect();
        let schema = Arc::clone(&self.schema);
        for object in objects {
            let spec = schema.object(object);
            self.table_mut(spec).keep_indexes(spec);
        }
    }

    /// Keeps the references that the last deletion emptied.
    pub fn remember_cleared(&mut self, cleared: Vec<Cleared>) {
        if !cleared.is_empty() {
            self.cleared.insert(self.deletions, cleared.into());
        }
    }

    /// Takes the references that a deletion emptied.
    pub fn take_cleared(&mut self, deletion: u64) -> Vec<Cleared> {
        self.cleared.remove(&deletion).map_or_else(Vec::new, |held| held.to_vec())
    }

    /// Forgets the references that deletions emptied of which no row is left to come back.
    pub fn forget_cleared(&mut self, is_left: impl Fn(u64) -> bool) {
        let gone: Vec<u64> =
            self.cleared.keys().copied().filter(|group| !is_left(*group)).collect();
        for group in gone {
            self.cleared.remove(&group);
        }
    }

    /// Puts a new record first among those that a user made or viewed last.
    pub fn remember_made(&mut self, user: Id, id: Id) {
        let recent = Arc::make_mut(self.recent.entry(user).or_default());
        // The newest is last, and what is too old goes in one sweep now and then.
        if recent.len() >= 2 * MOST_RECENT {
            recent.drain(..MOST_RECENT);
        }
        recent.push(id);
    }

    /// Puts a record that may stand there already first among those.
    pub fn remember_viewed(&mut self, user: Id, id: Id) {
        Arc::make_mut(self.recent.entry(user).or_default()).retain(|own| *own != id);
        self.remember_made(user, id);
    }

    /// What a user made or viewed last, newest first.
    pub fn recent(&self, user: Id) -> impl Iterator<Item = Id> {
        let recent = self.recent.get(&user).into_iter();
        recent.flat_map(|recent| recent.iter().rev().take(MOST_RECENT).copied())
    }
}

/// Most records remembered a user.
const MOST_RECENT: usize = 200;
