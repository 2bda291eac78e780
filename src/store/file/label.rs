//! Names that the program itself gives, such as what a job does. In memory they are `&'static str`;
//! from a file they are looked up among those that were seen before.

use serde::de::{Deserialize, Deserializer, Error};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// A name that the program itself gives.
pub type Label = &'static str;

/// Most names taken from files; the program has a few dozen.
const MOST: usize = 1_000;

/// The longest of them in bytes.
const LONGEST: usize = 200;

/// A text as a label. What a file brings is kept for as long as the process runs, so there is a
/// bound to it.
fn known(text: &str) -> Option<Label> {
    static SEEN: Mutex<BTreeSet<Label>> = Mutex::new(BTreeSet::new());
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(label) = seen.get(text) {
        return Some(label);
    }
    if seen.len() >= MOST || text.len() > LONGEST {
        return None;
    }
    let label: Label = Box::leak(text.to_owned().into_boxed_str());
    seen.insert(label);
    Some(label)
}

fn of<E: Error>(text: &str) -> Result<Label, E> {
    known(text).ok_or_else(|| E::custom("a name that no program gives"))
}

/// Reads a label.
pub(in crate::store) fn label<'de, D: Deserializer<'de>>(from: D) -> Result<Label, D::Error> {
    of(&String::deserialize(from)?)
}

/// Reads a label that may be missing.
pub(in crate::store) fn maybe_label<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Label>, D::Error> {
    Option::<String>::deserialize(from)?.map(|text| of(&text)).transpose()
}
