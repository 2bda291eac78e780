//! The content of a snapshot file: a state as plain data, and back. Whatever a state gains must be
//! taken apart here, or this does not compile.

use super::super::calls::Calls;
use super::super::concur::Concur;
use super::super::employees::Runs;
use super::super::jobs::Jobs;
use super::super::row::{Draft, Row};
use super::super::settings::Settings;
use super::super::state::{Cleared, State};
use super::super::table::{RowNum, Table, Tombstone};
use super::label::{self, Label};
use crate::clock::{Clock, Millis};
use crate::error::FileFault;
use crate::id::Id;
use crate::schema::{Dump as SchemaDump, FieldSpec, FieldType, ObjectId, ObjectSpec, Schema, Slot};
use crate::value::Value;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

/// A state. `R` is a row: [`Written`] or [`Packed`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dump<R> {
    schema: SchemaDump,
    settings: Arc<Settings>,
    clock: Clock,
    commit: u64,
    deletions: u64,
    schema_changed: Millis,
    passwords: imbl::OrdMap<Id, Arc<str>>,
    concur: Concur,
    jobs: Jobs,
    calls: Calls,
    tallies: Vec<Tally>,
    runs: Runs,
    recent: imbl::OrdMap<Id, Arc<Vec<Id>>>,
    tables: Vec<TableDump<R>>,
    cleared: Vec<(u64, Arc<[Cleared]>)>,
}

#[derive(Serialize, Deserialize)]
struct Tally {
    #[serde(deserialize_with = "label::label")]
    name: Label,
    about: Id,
    count: u64,
}

/// The rows of an object.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableDump<R> {
    /// The object's number where the file was written, by which the rest of the file means it.
    number: ObjectId,
    object: String,
    /// The fields that have values.
    fields: Vec<FieldDump>,
    next: RowNum,
    rows: Vec<R>,
    counters: Vec<(Slot, u64)>,
    tombstones: imbl::Vector<Tombstone>,
}

/// What the slots and picklist codes of a table's rows mean.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldDump {
    slot: Slot,
    name: String,
    picks: Vec<(u16, String)>,
}

/// A row that is being written.
pub(super) struct Written(RowNum, Row);

/// A row as it is in the file.
#[derive(Deserialize)]
pub(super) struct Packed(RowNum, u64, u64, Vec<(Slot, Value)>);

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Written(number, row) = self;
        let values: Vec<(Slot, &Value)> = row.values().collect();
        (number, row.commit(), row.deleted_by(), values).serialize(serializer)
    }
}

impl Dump<Written> {
    /// Takes a state apart. Rows are shared, not copied.
    pub(super) fn of(state: &State) -> Dump<Written> {
        let State {
            schema,
            settings,
            clock,
            commit,
            deletions,
            schema_changed,
            passwords,
            concur,
            jobs,
            calls,
            tallies,
            runs,
            recent,
            tables,
            // It follows from the schema.
            metadata: _,
            cleared,
        } = state;
        let held = tables.iter().enumerate();
        let held = held.filter_map(|(at, table)| Some((ObjectId(at as u16), table.as_ref()?)));
        Dump {
            schema: schema.dump(),
            settings: Arc::clone(settings),
            clock: *clock,
            commit: *commit,
            deletions: *deletions,
            schema_changed: *schema_changed,
            passwords: passwords.clone(),
            concur: concur.clone(),
            jobs: jobs.clone(),
            calls: calls.clone(),
            tallies: tallies
                .iter()
                .map(|((name, about), count)| Tally { name, about: *about, count: *count })
                .collect(),
            runs: runs.clone(),
            recent: recent.clone(),
            tables: held.map(|(id, table)| TableDump::of(schema.object(id), table)).collect(),
            cleared: cleared.iter().map(|(group, held)| (*group, Arc::clone(held))).collect(),
        }
    }
}

impl TableDump<Written> {
    fn of(object: &ObjectSpec, table: &Table) -> TableDump<Written> {
        let mut fields: Vec<Option<FieldDump>> = Vec::new();
        let mut note = |slot: Slot, code: Option<u16>| {
            let place = usize::from(slot);
            if fields.len() <= place {
                fields.resize_with(place + 1, || None);
            }
            let field = object.at(slot);
            let noted = fields[place].get_or_insert_with(|| FieldDump {
                slot,
                name: field.name.to_string(),
                picks: Vec::new(),
            });
            if let (Some(code), Some(picklist)) = (code, &field.picklist)
                && noted.picks.binary_search_by_key(&code, |(own, _)| *own).is_err()
            {
                noted.picks.push((code, picklist.value(code).value.to_string()));
                noted.picks.sort_unstable();
            }
        };
        for (slot, _) in table.counters() {
            note(*slot, None);
        }
        let mut rows = Vec::with_capacity(table.held() as usize);
        for (number, row) in table.rows() {
            for (slot, value) in row.values() {
                note(slot, if let Value::Pick(code) = value { Some(*code) } else { None });
            }
            rows.push(Written(number, row.clone()));
        }
        TableDump {
            number: object.id,
            object: object.name.to_string(),
            fields: fields.into_iter().flatten().collect(),
            next: table.next(),
            rows,
            counters: table.counters().to_vec(),
            tombstones: table.tombstones().clone(),
        }
    }
}

/// What an object of the file is here.
struct Known {
    object: Arc<ObjectSpec>,
    fields: FxHashMap<Slot, KnownField>,
}

/// What a field of the file is here.
struct KnownField {
    slot: Slot,
    picks: FxHashMap<u16, u16>,
}

impl Dump<Packed> {
    /// Makes the state, under the numbers that objects, fields and picklist values have here.
    pub(super) fn into_state(self) -> Result<State, FileFault> {
        let schema = Arc::new(Schema::of_dump(self.schema)?);
        let mut known: FxHashMap<ObjectId, Known> = FxHashMap::default();
        let mut tables: Vec<Option<Arc<Table>>> = Vec::new();
        for dump in self.tables {
            let number = dump.number;
            let own = Known::of(&schema, &dump)?;
            let place = usize::from(own.object.id.0);
            if tables.len() <= place {
                tables.resize(place + 1, None);
            }
            if tables[place].is_some() || known.contains_key(&number) {
                return Err(FileFault::bad_object(&dump.object));
            }
            tables[place] = Some(Arc::new(own.table(dump)?));
            known.insert(number, own);
        }
        let strange = || FileFault::no_object("");
        let id_of = |id: ObjectId| known.get(&id).map(|own| own.object.id);
        let mut cleared = imbl::OrdMap::new();
        for (group, held) in self.cleared {
            let here = held.iter().map(|one| {
                let own = known.get(&one.object).ok_or_else(strange)?;
                let name = &own.object.name;
                // A reference that was emptied is empty: its field may have no value anywhere.
                let slot = own.fields.get(&one.slot).map(|field| field.slot);
                let slot =
                    slot.or((usize::from(one.slot) < own.object.fields.len()).then_some(one.slot));
                let slot = slot.ok_or_else(|| FileFault::bad_object(name))?;
                Ok(Cleared { object: own.object.id, slot, ..*one })
            });
            cleared.insert(group, here.collect::<Result<Vec<_>, FileFault>>()?.into());
        }
        let tally = |tally: Tally| ((tally.name, tally.about), tally.count);
        Ok(State {
            schema,
            settings: self.settings,
            clock: self.clock,
            commit: self.commit,
            deletions: self.deletions,
            schema_changed: self.schema_changed,
            passwords: self.passwords,
            concur: self.concur,
            jobs: self.jobs,
            calls: self.calls,
            tallies: self.tallies.into_iter().map(tally).collect(),
            runs: self.runs.renumbered(id_of).ok_or_else(strange)?,
            recent: self.recent,
            tables,
            metadata: Arc::default(),
            cleared,
        })
    }
}

impl Known {
    fn of(schema: &Schema, dump: &TableDump<Packed>) -> Result<Known, FileFault> {
        let name = dump.object.as_str();
        let id = schema.id_of(name).ok_or_else(|| FileFault::no_object(name))?;
        let object = Arc::clone(schema.object(id));
        if object.derived.is_some() {
            return Err(FileFault::bad_object(name));
        }
        let mut fields = FxHashMap::default();
        for field in &dump.fields {
            let no_field = || FileFault::no_field(name, &field.name);
            let slot = slot_of(&object, field).ok_or_else(no_field)?;
            let picklist = object.at(slot).picklist.as_ref();
            let picks = field.picks.iter().map(|(code, value)| {
                let own = picklist.and_then(|picklist| picklist.code(value));
                let own = own.ok_or_else(|| FileFault::no_pick(name, &field.name, value))?;
                Ok((*code, own))
            });
            let picks = picks.collect::<Result<_, FileFault>>()?;
            fields.insert(field.slot, KnownField { slot, picks });
        }
        Ok(Known { object, fields })
    }

    fn table(&self, dump: TableDump<Packed>) -> Result<Table, FileFault> {
        let object = &self.object;
        let mut rows = Vec::with_capacity(dump.rows.len());
        for Packed(number, commit, deleted, values) in dump.rows {
            let mut draft = Draft::new(object.fields.len());
            for (slot, value) in values {
                let bad_row = || FileFault::bad_row(&object.name, number);
                let known = self.fields.get(&slot).ok_or_else(bad_row)?;
                let field = object.at(known.slot);
                let value = match value {
                    Value::Pick(code) => known.picks.get(&code).copied().map(Value::Pick),
                    value => fits(field, &value).then_some(value),
                };
                let wrong_type = || FileFault::wrong_type(&object.name, &field.name);
                draft.set(known.slot, value.ok_or_else(wrong_type)?);
            }
            draft.set_deleted(deleted);
            rows.push((number, draft.build(commit)));
        }
        let counters = dump.counters.into_iter().map(|(slot, last)| {
            let known = self.fields.get(&slot);
            let known = known.ok_or_else(|| FileFault::bad_object(&object.name))?;
            Ok((known.slot, last))
        });
        let counters = counters.collect::<Result<_, FileFault>>()?;
        Table::rebuilt(object, dump.next, rows, counters, dump.tombstones)
            .map_err(|number| FileFault::bad_row(&object.name, number))
    }
}

/// Where a field of the file is here: in its own place if the name is the same there.
fn slot_of(object: &ObjectSpec, field: &FieldDump) -> Option<Slot> {
    let is_named = |own: &FieldSpec| *own.name == *field.name;
    if object.fields.get(usize::from(field.slot)).is_some_and(is_named) {
        return Some(field.slot);
    }
    let place = object.fields.iter().position(|own| !own.removed && is_named(own))?;
    Some(place as Slot)
}

/// True for a value, other than a picklist's, that a field may hold.
fn fits(field: &FieldSpec, value: &Value) -> bool {
    use FieldType as T;
    match value {
        Value::Null | Value::Pick(_) => false,
        Value::Bool(_) => field.kind == T::Boolean,
        Value::Int(_) => matches!(field.kind, T::Int | T::Long),
        Value::Double(_) => matches!(field.kind, T::Double | T::Currency | T::Percent),
        Value::Date(_) => field.kind == T::Date,
        Value::DateTime(_) => field.kind == T::DateTime,
        Value::Time(_) => field.kind == T::Time,
        Value::Id(_) => matches!(field.kind, T::Id | T::Reference),
        Value::Blob(_) => field.kind == T::Base64,
        Value::Text(_) => {
            field.kind.is_text()
                || matches!(field.kind, T::MultiPicklist | T::AnyType | T::ComplexValue)
        }
    }
}
