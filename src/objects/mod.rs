//! What single objects do beyond the schema table: one file per object, plain functions.
//!
//! A behaviour runs while its record is saved, after defaults and before the record is written: it
//! completes the draft, refuses it, or asks for further writes.

mod activity;
mod content;
mod person;
mod sales;
pub mod setup;
mod user;

use crate::clock::Millis;
use crate::error::Faults;
use crate::id::Id;
use crate::schema::{ObjectSpec, Slot};
use crate::store::{Draft, Row, State};
use crate::value::Value;
use std::sync::Arc;

pub use person::full_name;
pub use sales::{Meaning, meaning};

/// A record being saved.
pub struct Saving<'a> {
    /// The state so far.
    pub state: &'a State,
    /// Its object.
    pub object: &'a Arc<ObjectSpec>,
    /// Its row before an update; `None` on create.
    pub before: Option<&'a Row>,
    /// Who saves.
    pub user: Id,
    /// When.
    pub now: Millis,
    /// True for the org itself.
    pub system: bool,
}

/// A write that a behaviour asks for; it is carried out after its own record is written.
#[derive(Debug)]
pub enum FollowUp {
    /// Create a record.
    Insert {
        /// Its object.
        object: &'static str,
        /// Its fields by name.
        fields: Vec<(&'static str, Value)>,
        /// The reference of the saved record that shall hold its id.
        back: Option<&'static str>,
    },
    /// Change a record.
    Update {
        /// Which.
        id: Id,
        /// Fields by name.
        fields: Vec<(&'static str, Value)>,
    },
}

/// What an object does when one of its records is saved.
pub type Behaviour = fn(&Saving<'_>, &mut Draft) -> Result<Vec<FollowUp>, Faults>;

/// The behaviour of an object, if it has one.
pub fn behaviour(object: &str) -> Option<Behaviour> {
    Some(match object {
        "Account" | "Contact" | "Lead" | "Employee" => person::save,
        "User" => user::save,
        "Profile" => user::save_profile,
        "Opportunity" => sales::save_opportunity,
        "OpportunityLineItem" => sales::save_line_item,
        "Case" => sales::save_case,
        "Task" | "Event" => activity::save,
        "ContentVersion" => content::save_version,
        "Attachment" => content::save_attachment,
        _ => return None,
    })
}

/// Fields by name as slots; fields that the org does not have are left out.
pub fn slots(object: &ObjectSpec, fields: Vec<(&'static str, Value)>) -> Vec<(Slot, Value)> {
    fields.into_iter().filter_map(|(name, value)| Some((object.field(name)?.0, value))).collect()
}

impl Saving<'_> {
    /// The slot of a field, if the org has it.
    pub fn slot(&self, name: &str) -> Option<Slot> {
        self.object.field(name).map(|(slot, _)| slot)
    }

    /// The draft's value of a field; null when the org does not have it.
    pub fn value<'d>(&self, draft: &'d Draft, name: &str) -> &'d Value {
        self.slot(name).map_or(&Value::Null, |slot| draft.get(slot))
    }

    /// The draft's text of a field, whether free or from a picklist.
    pub fn text(&self, draft: &Draft, name: &str) -> Option<String> {
        let (slot, field) = self.object.field(name)?;
        match draft.get(slot) {
            Value::Text(text) => Some(text.to_string()),
            Value::Pick(code) => {
                field.picklist.as_ref().map(|picklist| picklist.value(*code).value.to_string())
            }
            _ => None,
        }
    }

    /// Sets a field, if the org has it.
    pub fn set(&self, draft: &mut Draft, name: &str, value: Value) {
        if let Some(slot) = self.slot(name) {
            draft.set(slot, value);
        }
    }

    /// Sets a field that has no value yet.
    pub fn fill(&self, draft: &mut Draft, name: &str, value: impl FnOnce() -> Value) {
        if let Some(slot) = self.slot(name)
            && draft.get(slot).is_null()
        {
            draft.set(slot, value());
        }
    }

    /// Sets a picklist field by its API value.
    pub fn pick(&self, draft: &mut Draft, name: &str, value: &str) {
        if let Some((slot, field)) = self.object.field(name) {
            let code = field.picklist.as_ref().and_then(|picklist| picklist.code(value));
            draft.set(slot, code.map_or_else(|| Value::text(value), Value::Pick));
        }
    }

    /// True when an update changes a field, and on create.
    pub fn changes(&self, draft: &Draft, name: &str) -> bool {
        let Some(slot) = self.slot(name) else { return false };
        self.before.is_none_or(|row| row.get(slot) != draft.get(slot))
    }
}
