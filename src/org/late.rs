//! What an org makes when it is first asked for. A test run forks an org for each test, and many of
//! these serve few requests or none: their tokens are a third of what they would cost.

use super::Template;
use crate::clock::Millis;
use crate::id::Id;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// What is known of an org at its beginning.
#[derive(Clone)]
pub struct First {
    /// Its id.
    pub org: Id,
    /// Its name.
    pub name: Arc<str>,
    /// What the start options say.
    pub template: Arc<Template>,
    /// The administrator.
    pub administrator: Id,
    /// The org's time.
    pub now: Millis,
    /// How long a session lives after its last use.
    pub lifetime: Millis,
}

/// A value that follows from an org's beginning and is made when it is first asked for.
pub struct Late<T> {
    made: OnceLock<T>,
    first: First,
    make: fn(&First) -> T,
}

impl<T> Late<T> {
    /// A value that `make` makes.
    pub fn new(first: First, make: fn(&First) -> T) -> Late<T> {
        Late { made: OnceLock::new(), first, make }
    }
}

impl<T> Deref for Late<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.made.get_or_init(|| (self.make)(&self.first))
    }
}
