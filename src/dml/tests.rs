//! Saving, deleting and undeleting below any protocol.

use super::{Actor, Given, Transaction};
use crate::clock::Clock;
use crate::error::Faults;
use crate::id::Id;
use crate::schema::{Features, ObjectSpec, Schema, Slot};
use crate::store::{IndexCache, Key, Row, RowNum, State};
use crate::time::DAY;
use crate::value::Value;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// 2026-01-15T09:00:00Z.
const NOW: i64 = 1_768_467_600_000;

struct World {
    state: State,
    indexes: IndexCache,
    now: i64,
}

impl World {
    fn new() -> World {
        let schema = Schema::standard(Features::DEFAULT);
        let state = State::new(schema, Clock::Virtual { now: NOW });
        World { state, indexes: IndexCache::default(), now: NOW }
    }

    fn object(&self, name: &str) -> Arc<ObjectSpec> {
        Arc::clone(self.state.schema.by_name(name).expect(name))
    }

    /// Runs a transaction as an API caller and keeps what it did when it succeeds.
    fn run<T>(
        &mut self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Faults>,
    ) -> Result<T, Faults> {
        let actor = Actor { user: Id::own(*b"005", 1), now: self.now, system: false };
        let mut transaction = Transaction::begin(&self.state, actor, &self.indexes);
        let done = work(&mut transaction)?;
        self.state = transaction.state;
        Ok(done)
    }

    fn insert(&mut self, name: &str, fields: &[(&str, Value)]) -> Result<Id, Faults> {
        let object = self.object(name);
        let given = given(&object, fields);
        self.run(|transaction| transaction.insert(&object, given))
    }

    fn update(&mut self, id: Id, fields: &[(&str, Value)]) -> Result<(), Faults> {
        let (object, number) = self.find(id);
        let given = given(&object, fields);
        self.run(|transaction| transaction.update(&object, number, given))
    }

    fn delete(&mut self, id: Id) -> Result<(), Faults> {
        let (object, number) = self.find(id);
        self.run(|transaction| transaction.delete(&object, number))
    }

    fn undelete(&mut self, id: Id) -> Result<(), Faults> {
        let (object, number) = self.find(id);
        self.run(|transaction| transaction.undelete(&object, number))
    }

    fn purge(&mut self) {
        let done: Result<(), Faults> = self.run(|transaction| {
            transaction.purge_expired();
            Ok(())
        });
        done.expect("purging");
    }

    /// The object and row number of an id, live or deleted.
    fn find(&self, id: Id) -> (Arc<ObjectSpec>, RowNum) {
        let object = self.state.schema.by_prefix(id.prefix()).expect("an object");
        let object = Arc::clone(self.state.schema.object(object));
        let (number, _) = self.state.row(&object, id).expect("a row");
        (object, number)
    }

    fn is_live(&self, id: Id) -> bool {
        self.state.resolve(id).is_some()
    }

    fn value(&self, id: Id, field: &str) -> Value {
        let (object, number) = self.find(id);
        let row = self.state.table(object.id).get(number).expect("a row");
        row.get(slot(&object, field)).clone()
    }
}

fn slot(object: &ObjectSpec, field: &str) -> Slot {
    object.field(field).expect(field).0
}

fn given(object: &ObjectSpec, fields: &[(&str, Value)]) -> Given {
    fields.iter().map(|(name, value)| (slot(object, name), value.clone())).collect()
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn code(outcome: Result<impl std::fmt::Debug, Faults>) -> String {
    outcome.expect_err("faults")[0].code.to_string()
}

/// Everything that the rows of a state hold, to be compared.
fn contents(state: &State) -> BTreeMap<(u16, RowNum), String> {
    let row = |row: &Row| {
        let values: Vec<&Value> = (0..500).map(|slot| row.get(slot)).collect();
        format!("{} {} {values:?}", row.commit(), row.deleted_by())
    };
    state
        .objects_with_rows()
        .flat_map(|object| {
            let rows = state.table(object).rows();
            rows.map(move |(number, own)| ((object.0, number), row(own)))
        })
        .collect()
}

#[test]
fn a_transaction_that_fails_leaves_no_trace() {
    let mut world = World::new();
    let account = world.insert("Account", &[("Name", text("x"))]).expect("an account");
    let before = (contents(&world.state), world.state.commit);
    let object = world.object("Account");
    let (_, number) = world.find(account);
    let good = given(&object, &[("Name", text("y"))]);
    let bad = given(&object, &[("Name", Value::Null)]);
    let outcome: Result<(), Faults> = world.run(|transaction| {
        transaction.insert(&object, good.clone())?;
        transaction.update(&object, number, good)?;
        transaction.delete(&object, number)?;
        transaction.insert(&object, bad)?;
        Ok(())
    });
    assert_eq!(code(outcome), "REQUIRED_FIELD_MISSING");
    assert_eq!((contents(&world.state), world.state.commit), before);
    // The next id is the one that the failed transaction had given.
    let next = world.insert("Account", &[("Name", text("z"))]).expect("an account");
    assert_eq!(next.own_sequence(), Some(2));
}

#[test]
fn a_record_that_fails_is_no_part_of_its_transaction() {
    let mut world = World::new();
    let object = world.object("Account");
    let good = given(&object, &[("Name", text("x"))]);
    let bad = given(&object, &[("Name", text(&"x".repeat(256)))]);
    let (first, second) = world
        .run(|transaction| {
            let first = transaction.insert(&object, good.clone())?;
            assert_eq!(code(transaction.insert(&object, bad)), "STRING_TOO_LONG");
            Ok((first, transaction.insert(&object, good)?))
        })
        .expect("two accounts");
    assert_eq!((first.own_sequence(), second.own_sequence()), (Some(1), Some(2)));
    assert_eq!(world.state.table(object.id).live(), 2);
}

#[test]
fn a_delete_that_is_restricted_deletes_nothing() {
    let mut world = World::new();
    let account = world.insert("Account", &[("Name", text("x"))]).expect("an account");
    let parent = ("AccountId", Value::Id(account));
    let contact =
        world.insert("Contact", &[("LastName", text("x")), parent.clone()]).expect("a contact");
    world.insert("Case", &[("Subject", text("x")), parent]).expect("a case");
    let before = contents(&world.state);
    assert_eq!(code(world.delete(account)), "DELETE_FAILED");
    assert_eq!(contents(&world.state), before);
    assert!(world.is_live(contact));
}

#[test]
fn undelete_restores_what_the_deletion_took_and_emptied() {
    let mut world = World::new();
    let account = world.insert("Account", &[("Name", text("x"))]).expect("an account");
    let parent = ("AccountId", Value::Id(account));
    let contact =
        world.insert("Contact", &[("LastName", text("boss")), parent.clone()]).expect("a contact");
    let gone = world.insert("Contact", &[("LastName", text("gone")), parent]).expect("a contact");
    let worker = world
        .insert("Contact", &[("LastName", text("worker")), ("ReportsToId", Value::Id(contact))])
        .expect("a contact");
    // One contact goes by itself, before; the account takes the other.
    world.delete(gone).expect("deleted");
    world.delete(account).expect("deleted");
    assert!(!world.is_live(contact));
    assert_eq!(world.value(worker, "ReportsToId"), Value::Null);
    assert_eq!(code(world.undelete(worker)), "UNDELETE_FAILED");
    world.undelete(account).expect("undeleted");
    assert!(world.is_live(account) && world.is_live(contact) && !world.is_live(gone));
    assert_eq!(world.value(worker, "ReportsToId"), Value::Id(contact));
    assert_eq!(world.value(contact, "AccountId"), Value::Id(account));
    assert_eq!(world.value(contact, "IsDeleted"), Value::Null);
    // No longer in the recycle bin, nor among the deleted.
    assert_eq!(code(world.undelete(account)), "UNDELETE_FAILED");
    let table = world.state.table(world.object("Account").id);
    assert_eq!(table.buried(0, i64::MAX).count(), 0);
    // The other comes back by itself, to its parent.
    world.undelete(gone).expect("undeleted");
    assert_eq!(world.value(gone, "AccountId"), Value::Id(account));
}

#[test]
fn undelete_of_a_child_wants_its_master() {
    let mut world = World::new();
    let process = world.insert("EmpUserProvisioningProcess", &[]).expect("a process");
    let error = world
        .insert("EmpUserProvisionProcessErr", &[("ProvisioningProcessId", Value::Id(process))])
        .expect("an error");
    world.delete(error).expect("deleted");
    world.delete(process).expect("deleted");
    let before = contents(&world.state);
    assert_eq!(code(world.undelete(error)), "ENTITY_IS_DELETED");
    assert_eq!(contents(&world.state), before);
    world.undelete(process).expect("undeleted");
    assert!(!world.is_live(error));
    world.undelete(error).expect("undeleted");
}

#[test]
fn undelete_empties_lookups_to_what_is_gone() {
    let mut world = World::new();
    let boss = world.insert("Contact", &[("LastName", text("boss"))]).expect("a contact");
    let worker = world
        .insert("Contact", &[("LastName", text("worker")), ("ReportsToId", Value::Id(boss))])
        .expect("a contact");
    world.delete(worker).expect("deleted");
    world.delete(boss).expect("deleted");
    world.undelete(worker).expect("undeleted");
    assert_eq!(world.value(worker, "ReportsToId"), Value::Null);
}

#[test]
fn undelete_keeps_unique_values_unique() {
    let mut world = World::new();
    let contact = world.insert("Contact", &[("LastName", text("x"))]).expect("a contact");
    let employee = |world: &mut World| {
        world.insert(
            "Employee2",
            &[
                ("ContactId", Value::Id(contact)),
                ("EmployeeNumber", text("E-1")),
                ("EmployeeStatus", text("Active")),
                ("StatusStartDate", Value::DateTime(NOW)),
            ],
        )
    };
    let first = employee(&mut world).expect("an employee");
    world.delete(first).expect("deleted");
    let second = employee(&mut world).expect("an employee");
    assert_eq!(code(world.undelete(first)), "DUPLICATE_VALUE");
    assert!(!world.is_live(first));
    world.delete(second).expect("deleted");
    world.undelete(first).expect("undeleted");
}

#[test]
fn two_deletions_of_one_transaction_come_back_apart() {
    let mut world = World::new();
    let object = world.object("Account");
    let [one, two] = ["one", "two"]
        .map(|name| world.insert("Account", &[("Name", text(name))]).expect("an account"));
    let numbers = [world.find(one).1, world.find(two).1];
    let both: Result<(), Faults> = world.run(|transaction| {
        numbers.iter().try_for_each(|number| transaction.delete(&object, *number))
    });
    both.expect("deleted");
    world.undelete(one).expect("undeleted");
    assert!(world.is_live(one) && !world.is_live(two));
}

#[test]
fn the_recycle_bin_keeps_for_fifteen_days() {
    let mut world = World::new();
    let account = world.insert("Account", &[("Name", text("x"))]).expect("an account");
    world.delete(account).expect("deleted");
    world.now += 15 * DAY;
    world.purge();
    let object = world.object("Account");
    assert!(world.state.row(&object, account).is_some());
    world.now += 1000;
    world.purge();
    assert!(world.state.row(&object, account).is_none());
    assert_eq!(world.state.table(object.id).held(), 0);
    // Its id is not given again.
    let next = world.insert("Account", &[("Name", text("y"))]).expect("an account");
    assert_eq!(next.own_sequence(), Some(2));
}

#[test]
fn deletions_are_told_by_their_time() {
    let mut world = World::new();
    let object = world.object("Account");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = world.insert("Account", &[("Name", text("x"))]).expect("an account");
        world.delete(id).expect("deleted");
        ids.push(id);
        world.now += 60_000;
    }
    let table = world.state.table(object.id);
    let within = |start: i64, end: i64| -> Vec<Id> {
        table.buried(NOW + start, NOW + end).map(|stone| stone.id).collect()
    };
    assert_eq!(within(0, 180_000), ids);
    assert_eq!(within(0, 60_000), ids[..1]);
    assert_eq!(within(1, 120_001), ids[1..]);
    assert_eq!(within(-60_000, 0), []);
}

#[derive(Clone, Debug)]
enum Step {
    Account,
    Contact(usize),
    Move(usize, usize),
    Report(usize, usize),
    Rename(usize, u8),
    Delete(usize),
    Undelete(usize),
    Purge,
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let any = any::<prop::sample::Index>;
    let pick = move || any().prop_map(|index| index.index(1 << 16));
    prop_oneof![
        3 => Just(Step::Account),
        4 => pick().prop_map(Step::Contact),
        2 => (pick(), pick()).prop_map(|(a, b)| Step::Move(a, b)),
        2 => (pick(), pick()).prop_map(|(a, b)| Step::Report(a, b)),
        2 => (pick(), 0..4u8).prop_map(|(a, name)| Step::Rename(a, name)),
        4 => pick().prop_map(Step::Delete),
        3 => pick().prop_map(Step::Undelete),
        1 => Just(Step::Purge),
        1 => Just(Step::Wait),
    ]
}

/// Does a step with the ids so far, as far as it applies.
fn apply(world: &mut World, ids: &mut Vec<Id>, step: &Step) {
    let all: Vec<Id> = ids.clone();
    let pick = |at: &usize, prefix: &[u8; 3]| {
        let fitting: Vec<Id> = all.iter().copied().filter(|id| id.prefix() == *prefix).collect();
        (!fitting.is_empty()).then(|| fitting[at % fitting.len()])
    };
    let exists = |world: &World, id: Id| {
        let object = world.state.schema.by_prefix(id.prefix()).expect("an object");
        world.state.row(world.state.schema.object(object), id).is_some()
    };
    let (account, contact) = (b"001", b"003");
    match step {
        Step::Account => ids.extend(world.insert("Account", &[("Name", text("a0"))])),
        Step::Contact(at) => {
            let parent = pick(at, account).map_or(Value::Null, Value::Id);
            let fields = [("LastName", text("c0")), ("AccountId", parent)];
            ids.extend(world.insert("Contact", &fields));
        }
        Step::Move(at, to) | Step::Report(at, to) => {
            let (prefix, field) = match step {
                Step::Move(..) => (account, "AccountId"),
                _ => (contact, "ReportsToId"),
            };
            if let (Some(own), Some(to)) = (pick(at, contact), pick(to, prefix))
                && world.is_live(own)
            {
                // Whether it is refused depends on the target; then nothing changes.
                let before = contents(&world.state);
                if world.update(own, &[(field, Value::Id(to))]).is_err() {
                    assert_eq!(contents(&world.state), before);
                }
            }
        }
        Step::Rename(at, name) => {
            if let Some(own) = pick(at, contact)
                && world.is_live(own)
            {
                world.update(own, &[("LastName", text(&format!("c{name}")))]).expect("renamed");
            }
        }
        Step::Delete(at) if !all.is_empty() => {
            let id = all[at % all.len()];
            if world.is_live(id) {
                world.delete(id).expect("deleted");
                assert!(!world.is_live(id));
            }
        }
        Step::Undelete(at) if !all.is_empty() => {
            let id = all[at % all.len()];
            if exists(world, id) && !world.is_live(id) {
                let before = contents(&world.state);
                match world.undelete(id) {
                    Ok(()) => assert!(world.is_live(id)),
                    Err(_) => assert_eq!(contents(&world.state), before),
                }
            }
        }
        Step::Purge => world.purge(),
        Step::Wait => world.now += 4 * DAY,
        Step::Delete(_) | Step::Undelete(_) => {}
    }
}

/// What must hold of every state.
fn check(world: &World) {
    for name in ["Account", "Contact"] {
        let object = world.object(name);
        let table = world.state.table(object.id);
        assert_eq!(table.live() as usize, table.live_rows().count());
        assert_eq!(table.held() as usize, table.rows().count());
        for (number, row) in table.live_rows() {
            let id = row.id(object.system.id).expect("an id");
            assert_eq!(table.find(id, object.system.id), Some(number));
            // A live row refers to live rows only.
            for field in ["AccountId", "ReportsToId", "ParentId"] {
                if let Some((slot, _)) = object.field(field)
                    && let Some(target) = row.id(slot)
                {
                    assert!(world.is_live(target), "{name} {id}.{field} = {target}");
                }
            }
        }
        // Every index finds what a scan finds.
        for field in ["AccountId", "ReportsToId", "Name", "LastName", "SystemModstamp"] {
            let Some((slot, _)) = object.field(field) else { continue };
            let keys = world.indexes.get(object.id, slot, table);
            let mut scan: Vec<(Key, RowNum)> = table
                .rows()
                .filter_map(|(number, row)| Some((Key::of(row.get(slot))?, number)))
                .collect();
            scan.sort();
            assert_eq!(keys.len(), scan.len(), "{name}.{field}");
            for (key, _) in &scan {
                let found: Vec<RowNum> = keys.equal(key).collect();
                let expected: Vec<RowNum> =
                    scan.iter().filter(|(own, _)| own == key).map(|(_, number)| *number).collect();
                assert_eq!(found, expected, "{name}.{field} {key:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever is created, moved, deleted and undeleted, in whatever order: no row refers to one
    /// that is not there, and every index agrees with a scan, also after going back to an old state.
    #[test]
    fn references_and_indexes_hold(
        steps in prop::collection::vec(step(), 1..60),
        forked_at in any::<prop::sample::Index>(),
    ) {
        let mut world = World::new();
        let mut ids = Vec::new();
        let fork = forked_at.index(steps.len());
        let mut kept = None;
        for (place, step) in steps.iter().enumerate() {
            apply(&mut world, &mut ids, step);
            if place == fork {
                kept = Some((world.state.clone(), contents(&world.state)));
            }
        }
        check(&world);
        // The fork is as it was, under the same indexes.
        let (state, before) = kept.expect("a fork");
        prop_assert_eq!(contents(&state), before);
        let later = std::mem::replace(&mut world.state, state);
        check(&world);
        world.state = later;
        check(&world);
    }
}
