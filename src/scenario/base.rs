//! What an empty org holds: its administrator, profiles, licences, connected app and Organization
//! row, and no business records.
//!
//! `fixtures/records/base.json` → one transaction per process and feature set → a shared state. A
//! new org costs a clone of it and its own Organization row. Every stamp is [`BEGINNING`], so the
//! state does not depend on the clock.
//!
//! Left out of what real orgs have: the Automated Process and Integration users, profile-owned
//! permission sets, and all but a profile's telling permissions.

use crate::clock::{Clock, Millis};
use crate::dml::{Actor, Given, Raw, Transaction, coerce};
use crate::id::Id;
use crate::schema::{Feature, Features, FieldType, ObjectSpec, Schema, Slot};
use crate::store::{Draft, IndexCache, Row, State};
use crate::value::Value;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// When everything in an empty org was made: 2020-01-01T00:00:00Z.
pub(crate) const BEGINNING: Millis = 1_577_836_800_000;

const RECORDS: &str = include_str!("../../fixtures/records/base.json");

/// The object of an org's own row, which no two orgs share.
const ORGANIZATION: &str = "Organization";

/// The administrator of every org.
pub(crate) fn administrator() -> Id {
    Id::own(*b"005", 1)
}

/// The connected app whose client id and secret an org's clients use.
pub(crate) fn connected_app() -> Id {
    Id::own(*b"0H4", 1)
}

/// Records by object and name.
type Named<'a> = HashMap<(&'a str, &'a str), Id>;

/// What orgs with the same features share.
#[derive(Clone)]
struct Base {
    state: Arc<State>,
    /// An Organization row that wants its id.
    organization: Row,
}

/// The state of a new, empty org with an id.
pub(crate) fn empty_org(org: Id, features: Features, clock: Clock) -> Arc<State> {
    let base = base(features);
    let mut state = State::clone(&base.state);
    state.clock = clock;
    put_organization(&mut state, org, &base.organization);
    Arc::new(state)
}

/// A state under an org's id: everything shared but the Organization row, which carries it.
pub(crate) fn adopted(origin: &Arc<State>, org: Id) -> Arc<State> {
    let Some(object) = origin.schema.by_name(ORGANIZATION) else { return Arc::clone(origin) };
    let held = origin.table(object.id).rows().next();
    let Some((number, row)) = held.map(|(number, row)| (number, row.clone())) else {
        return Arc::clone(origin);
    };
    let own = row.id(object.system.id);
    if own == Some(org) {
        return Arc::clone(origin);
    }
    let mut state = State::clone(origin);
    if let Some(id) = own {
        state.table_mut(object).purge(number, id);
    }
    put_organization(&mut state, org, &row);
    Arc::new(state)
}

/// Gives the administrator another username, as the start options may ask.
pub(crate) fn rename_administrator(state: &mut State, username: &str) {
    let schema = Arc::clone(&state.schema);
    let Some(object) = schema.by_name("User") else { return };
    let Some((slot, _)) = object.field("Username") else { return };
    let number = state.live_row(object, administrator()).map(|(number, _)| number);
    let indexes = IndexCache::default();
    let mut transaction = Transaction::begin(state, author(), &indexes);
    if let Some(number) = number {
        transaction.patch_silently(object, number, vec![(slot, Value::text(username))]);
    }
    *state = transaction.state;
}

fn put_organization(state: &mut State, org: Id, row: &Row) {
    let schema = Arc::clone(&state.schema);
    let Some(object) = schema.by_name(ORGANIZATION) else { return };
    let mut draft = Draft::of(row, object.fields.len());
    draft.set(object.system.id, Value::Id(org));
    let commit = state.commit;
    state.table_mut(object).insert(org, draft.build(commit));
}

fn base(features: Features) -> Base {
    static MADE: Mutex<Vec<(Features, Base)>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, base)) = made.iter().find(|(own, _)| *own == features) {
        return base.clone();
    }
    let base = build(features);
    made.push((features, base.clone()));
    base
}

/// Inserts the records of the file. They are part of the program: a fault in them is a broken
/// build, and the test of every feature set says which.
fn build(features: Features) -> Base {
    let mut state = State::new(Schema::standard(features), Clock::Virtual { now: BEGINNING });
    Arc::make_mut(&mut state.settings).transitions = super::transitions::standard();
    let indexes = IndexCache::default();
    let mut transaction = Transaction::begin(&state, author(), &indexes);
    let organization =
        insert(&mut transaction, |own| own.is_none_or(|feature| features.has(feature)));
    Base {
        state: Arc::new(transaction.state),
        organization: organization.expect("base.json has an Organization"),
    }
}

/// Adds the records that features bring with them, to an org that got them later.
pub(super) fn complete(state: &mut State, indexes: &IndexCache) {
    let features = state.schema.features();
    let mut transaction = Transaction::begin(state, author(), indexes);
    insert(&mut transaction, |own| own.is_some_and(|feature| features.has(feature)));
    *state = transaction.state;
}

/// The org itself, at its beginning.
fn author() -> Actor {
    Actor { user: administrator(), now: BEGINNING, system: true }
}

/// Inserts the records of the file whose feature is wanted, and gives the Organization row, which
/// is not kept. They are part of the program: a fault in them is a broken build, and the test of
/// every feature set says which.
fn insert(
    transaction: &mut Transaction<'_>,
    wanted: impl Fn(Option<Feature>) -> bool,
) -> Option<Row> {
    let schema = Arc::clone(&transaction.state.schema);
    let groups: Vec<Json> = serde_json::from_str(RECORDS).expect("base.json is a list");
    let mut named = Named::new();
    let mut organization = None;
    for group in &groups {
        // An object that the schema does not hold has no records either.
        let Some(object) = group["object"].as_str().and_then(|name| schema.by_name(name)) else {
            continue;
        };
        if !wanted(group["feature"].as_str().and_then(Feature::named)) {
            continue;
        }
        for row in group["rows"].as_array().into_iter().flatten() {
            let given: Given = fields(group, row)
                .map(|(name, value)| value_of(object, name, value, &named))
                .collect();
            let own = given.iter().find(|(slot, _)| *slot == object.system.id);
            let own = own.and_then(|(_, id)| id.as_id());
            if own.is_some_and(|id| transaction.state.row(object, id).is_some()) {
                continue;
            }
            let before = transaction.state.clone();
            let id = transaction
                .insert(object, given)
                .unwrap_or_else(|faults| panic!("base.json, {} {row}: {faults:?}", object.name));
            if &*object.name == ORGANIZATION {
                organization = transaction.state.row(object, id).map(|(_, row)| row.clone());
                transaction.state = before;
            }
            if let (Some(object), Some(name)) = (group["object"].as_str(), row[0].as_str()) {
                named.insert((object, name), id);
            }
        }
    }
    organization
}

/// A row's fields: those of its group, its own by place, and those of the object behind them.
fn fields<'a>(group: &'a Json, row: &'a Json) -> impl Iterator<Item = (&'a str, &'a Json)> {
    let all = group["all"].as_object().into_iter().flat_map(Map::iter);
    let all = all.map(|(name, value)| (name.as_str(), value));
    let names = group["fields"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let values = row.as_array().into_iter().flatten();
    let more = row.as_array().and_then(|row| row.last()?.as_object());
    let more = more.into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value));
    all.chain(names.zip(values)).chain(more).filter(|(_, value)| !value.is_null())
}

fn value_of(object: &ObjectSpec, name: &str, value: &Json, named: &Named<'_>) -> (Slot, Value) {
    let (slot, field) = object
        .field(name)
        .unwrap_or_else(|| panic!("base.json: {} has no field {name}", object.name));
    if field.kind == FieldType::Reference
        && let Some(text) = value.as_str()
        && let Some(id) = field.reference_to.iter().find_map(|to| named.get(&(&**to, text)))
    {
        return (slot, Value::Id(*id));
    }
    let number = value.to_string();
    let raw = match value {
        Json::Bool(flag) => Raw::Bool(*flag),
        Json::String(text) => Raw::Text(text),
        _ => Raw::Number(&number),
    };
    let value = coerce(field, raw)
        .unwrap_or_else(|_| panic!("base.json: {}.{name} cannot be {value}", object.name));
    (slot, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_set_has_an_administrator_and_its_own_organization() {
        let all = Feature::ALL.iter().fold(Features::NONE, |set, (one, _)| set.with(*one));
        let single = Feature::ALL.iter().map(|(one, _)| Features::NONE.with(*one));
        for features in single.chain([Features::NONE, Features::DEFAULT, all]) {
            let org = Id::own(*b"00D", 7);
            let state = empty_org(org, features, Clock::Virtual { now: 0 });
            let (user, _, row) = state.resolve(administrator()).expect("an administrator");
            let text = |name| row.get(user.field(name).expect("a field").0).as_text();
            assert_eq!(text("Username"), Some("admin@fauxforce.test"));
            assert_eq!(text("Name"), Some("Admin User"));
            let (object, _, row) = state.resolve(org).expect("an Organization row");
            assert_eq!(row.id(object.system.id), Some(org));
            assert!(state.resolve(connected_app()).is_some());
        }
    }

    #[test]
    fn a_fork_shares_all_but_its_organization() {
        let (first, second) = (Id::own(*b"00D", 1), Id::own(*b"00D", 2));
        let origin = empty_org(first, Features::DEFAULT, Clock::Virtual { now: 0 });
        let fork = adopted(&origin, second);
        assert!(fork.resolve(first).is_none());
        assert!(fork.resolve(second).is_some());
        let object = fork.schema.by_name("Profile").expect("Profile").id;
        assert!(Arc::ptr_eq(fork.table(object), origin.table(object)));
        assert!(Arc::ptr_eq(&adopted(&fork, second), &fork));
        assert!(adopted(&fork, first).resolve(first).is_some());
    }
}
