//! What higher floors want to do when records are written: one table of plain functions, handed
//! down from the top. A transaction without hooks (fixtures being loaded) writes plain records.

use super::Transaction;
use crate::error::Faults;
use crate::id::Id;
use crate::objects::Saving;
use crate::schema::ObjectSpec;
use crate::store::{Draft, Row, RowNum};
use std::sync::Arc;

/// A record that was written.
pub struct Saved<'s> {
    /// Its object.
    pub object: &'s Arc<ObjectSpec>,
    /// Its place in the table.
    pub number: RowNum,
    /// Its id.
    pub id: Id,
    /// Its row before; `None` when it was created.
    pub before: Option<&'s Row>,
    /// Its row now; `None` when it was deleted.
    pub after: Option<&'s Row>,
}

/// Completes or refuses a record before it is written. Warnings go into the list.
pub type Before = fn(&Saving<'_>, &mut Draft, &mut Vec<String>) -> Result<(), Faults>;

/// Writes what follows from a record that was created, changed or deleted. A fault undoes the write.
pub type After = fn(&mut Transaction<'_>, &Saved<'_>) -> Result<(), Faults>;

/// What is done about one object.
#[derive(Clone, Copy)]
pub struct Watch {
    /// Before a record is written.
    pub before: Option<Before>,
    /// After it was.
    pub after: Option<After>,
}

impl Watch {
    /// Nothing.
    pub const NONE: Watch = Watch { before: None, after: None };
}

/// What is done about each object.
pub struct Hooks {
    /// What is done about the object of a name: a `match` on names, asked once for each write.
    pub watch: fn(&str) -> Watch,
}

impl Hooks {
    /// Nothing about any object.
    pub const NONE: &'static Hooks = &Hooks { watch: |_| Watch::NONE };
}

impl Transaction<'_> {
    /// Does work as the org itself, which may write what no API caller may.
    pub fn as_org<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let caller = std::mem::replace(&mut self.actor.system, true);
        let done = work(self);
        self.actor.system = caller;
        done
    }

    /// Tells who watches the object of a record that was written.
    pub(super) fn tell(&mut self, watch: Watch, saved: &Saved<'_>) -> Result<(), Faults> {
        match watch.after {
            Some(after) => self.as_org(|org| after(org, saved)),
            None => Ok(()),
        }
    }
}
