//! The standard objects as static tables: what start-up and describeGlobal need, without parsing
//! a describe. `build.rs` writes the tables from `fixtures/schema/*.json`.

use super::link::Links;
use super::object::{Derived, ObjectFlags};
use super::view::{Feature, Features};
use crate::id::KeyPrefix;
use std::cmp::Ordering;

/// The header of one standard object.
#[derive(Debug)]
pub struct Header {
    /// API name in canonical spelling.
    pub name: &'static str,
    /// Key prefix of its ids.
    pub key_prefix: KeyPrefix,
    /// False when describes show `keyPrefix` null.
    pub key_prefix_public: bool,
    /// Label.
    pub label: &'static str,
    /// Plural label.
    pub label_plural: &'static str,
    /// Flags.
    pub flags: ObjectFlags,
    /// Links of its describe.
    pub links: Links,
    /// The object exists while any of these is on; always, when empty.
    pub features: &'static [Feature],
    /// Where its rows come from, when nobody writes them.
    pub derived: Option<Derived>,
    /// The features that its describe depends on.
    pub(super) relevant: Features,
    /// `associateEntityType` and `associateParentEntity`.
    pub associate: Option<(&'static str, &'static str)>,
    /// Its schema file.
    pub(super) json: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/catalog.rs"));

/// Standard objects of real orgs with their key prefixes, one a line, by name, letter case aside.
static KNOWN: &str = include_str!("../../fixtures/known-objects.txt");

/// The objects of the Tooling API, one a line, by name, letter case aside.
static TOOLING: &str = include_str!("../../fixtures/tooling-objects.txt");

/// The canonical name of an object of the Tooling API. It need not be in [`STANDARD`].
pub fn in_tooling(name: &str) -> Option<&'static str> {
    TOOLING.lines().find(|own| own.eq_ignore_ascii_case(name))
}

/// Orders names letter case aside.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let left = left.bytes().map(|byte| byte.to_ascii_lowercase());
    left.cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// The position of a standard object in [`STANDARD`], letter case aside.
pub fn position(name: &str) -> Option<u16> {
    let found = STANDARD.binary_search_by(|header| compare(header.name, name));
    found.ok().map(|position| position as u16)
}

/// The position of the standard object whose ids begin so.
pub fn position_of_prefix(prefix: KeyPrefix) -> Option<u16> {
    let found = PREFIXES.binary_search_by(|(own, _)| own.cmp(&prefix));
    found.ok().map(|position| PREFIXES[position].1)
}

/// A standard object of real orgs: canonical name and key prefix. It need not be in [`STANDARD`].
pub fn known(name: &str) -> Option<(&'static str, KeyPrefix)> {
    let (mut low, mut high) = (0, KNOWN.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let start = KNOWN[..middle].rfind('\n').map_or(0, |at| at + 1);
        let end = start + KNOWN[start..].find('\n')?;
        let (own, prefix) = KNOWN[start..end].split_once(' ')?;
        match compare(own, name) {
            Ordering::Less => low = end + 1,
            Ordering::Greater => high = start,
            Ordering::Equal => return Some((own, prefix.as_bytes().try_into().ok()?)),
        }
    }
    None
}

/// True when a real standard object's ids begin so.
pub fn is_known_prefix(prefix: KeyPrefix) -> bool {
    KNOWN.lines().any(|line| line.as_bytes().ends_with(&prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found_in_any_letter_case() {
        for line in KNOWN.lines() {
            let (name, prefix) = line.split_once(' ').expect("name and prefix");
            let found = known(&name.to_ascii_uppercase()).expect(name);
            assert_eq!((found.0, &found.1[..]), (name, prefix.as_bytes()));
        }
        for name in ["", "A", "Nonsense", "zzz", "Account2", "Ünicode"] {
            assert_eq!(known(name), None, "{name}");
        }
    }

    #[test]
    fn standard_objects_are_found_by_name_and_prefix() {
        for (at, header) in STANDARD.iter().enumerate() {
            assert_eq!(position(&header.name.to_lowercase()), Some(at as u16));
            assert_eq!(position_of_prefix(header.key_prefix), Some(at as u16));
        }
        assert_eq!(position("Accounts"), None);
        assert_eq!(position_of_prefix(*b"a00"), None);
    }
}
