//! Find and link before create: the user that an employee has already. In the order of the settings
//! each way of matching is asked in turn; the first that finds exactly one active user decides, and
//! one that finds several means that none is linked.

use super::value;
use crate::dml::Transaction;
use crate::error::OrgError;
use crate::id::Id;
use crate::store::{Key, KeySet, MatchBy, State};
use crate::value::Value;
use std::collections::BTreeMap;

/// What is known of an employee.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) first: Value,
    pub(super) last: Value,
    pub(super) email: Value,
    pub(super) number: Value,
    pub(super) contact: Option<Id>,
    pub(super) account: Option<Id>,
    /// The employee itself, when it is one that process errors refer to.
    pub(super) employee: Option<Id>,
}

/// Finds users. Its indexes are those of the moment when it was made: users made since are told.
pub(super) struct Matcher {
    ways: Vec<Way>,
}

/// A way of matching at work.
struct Way {
    by: MatchBy,
    keys: KeySet,
    made: BTreeMap<Key, Vec<Id>>,
}

impl Matcher {
    /// A matcher that asks in an order.
    pub(super) fn new(transaction: &Transaction<'_>, order: &[MatchBy]) -> Matcher {
        let state = &transaction.state;
        let keys = |by: &MatchBy| {
            let object = state.schema.by_name("User")?;
            let (slot, _) = object.field(field(*by))?;
            let keys = transaction.indexes.get(object.id, slot, state.table(object.id));
            Some(Way { by: *by, keys, made: BTreeMap::new() })
        };
        Matcher { ways: order.iter().filter_map(keys).collect() }
    }

    /// Remembers a user that was made for a person.
    pub(super) fn made(&mut self, user: Id, person: &Person, portal: bool) {
        for way in &mut self.ways {
            if way.by == MatchBy::Contact && !portal {
                continue;
            }
            if let Some(key) = key(way.by, person) {
                way.made.entry(key).or_default().push(user);
            }
        }
    }

    /// The one active user of a person.
    pub(super) fn find(&self, state: &State, person: &Person) -> Result<Option<Id>, OrgError> {
        let Some(object) = state.schema.by_name("User") else { return Ok(None) };
        let table = state.table(object.id);
        for Way { by, keys, made } in &self.ways {
            if keys.is_empty() && made.is_empty() {
                continue;
            }
            let Some(key) = key(*by, person) else { continue };
            if !keys.holds(&key) && !made.contains_key(&key) {
                continue;
            }
            let indexed = keys.equal(&key).filter_map(|number| table.get(number));
            let indexed = indexed
                .filter(|row| Key::of(value(object, row, field(*by))).as_ref() == Some(&key))
                .filter(|row| !row.is_deleted() && value(object, row, "IsActive").is_true())
                .filter_map(|row| row.id(object.system.id));
            let made = made.get(&key).into_iter().flatten().copied();
            let mut found: Vec<Id> = indexed.chain(made).collect();
            match (found.pop(), found.len()) {
                (None, _) => {}
                (Some(user), 0) => return Ok(Some(user)),
                (Some(_), others) => return Err(OrgError::ambiguous_user(field(*by), others + 1)),
            }
        }
        Ok(None)
    }
}

/// The field of User by which it is found.
fn field(by: MatchBy) -> &'static str {
    match by {
        MatchBy::Contact => "ContactId",
        MatchBy::EmployeeNumber => "EmployeeNumber",
        MatchBy::Email => "Email",
    }
}

fn key(by: MatchBy, person: &Person) -> Option<Key> {
    match by {
        MatchBy::Contact => person.contact.map(Key::Id),
        MatchBy::EmployeeNumber => Key::of(&person.number),
        MatchBy::Email => Key::of(&person.email),
    }
}
