//! The values of a picklist, in the order that sorting uses.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// One value of a picklist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PickValue {
    /// API value.
    pub value: Box<str>,
    /// Label.
    pub label: Box<str>,
    /// May be chosen.
    pub active: bool,
    /// Chosen on create when none is given.
    pub default_value: bool,
    /// Base-64 bitmap of the controlling values under which it may be chosen.
    pub valid_for: Option<Box<str>>,
    /// Other spellings that writes may use: sources disagree on the API value.
    pub also_written: Box<[Box<str>]>,
}

/// The values of a picklist. A stored code is a position in `values`, so values are only appended.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<PickValue>", into = "Vec<PickValue>")]
pub struct Picklist {
    values: Vec<PickValue>,
    codes: FxHashMap<Box<str>, u16>,
    default: Option<u16>,
}

impl From<Vec<PickValue>> for Picklist {
    fn from(values: Vec<PickValue>) -> Picklist {
        Picklist::new(values)
    }
}

impl From<Picklist> for Vec<PickValue> {
    fn from(picklist: Picklist) -> Vec<PickValue> {
        picklist.values
    }
}

impl Picklist {
    /// Makes a picklist of values in order.
    pub fn new(values: Vec<PickValue>) -> Picklist {
        let mut codes = FxHashMap::default();
        for (code, value) in values.iter().enumerate() {
            codes.entry(value.value.clone()).or_insert(code as u16);
        }
        for (code, value) in values.iter().enumerate() {
            codes.entry(value.value.to_lowercase().into_boxed_str()).or_insert(code as u16);
        }
        for (code, value) in values.iter().enumerate() {
            for other in &value.also_written {
                codes.entry(other.to_lowercase().into_boxed_str()).or_insert(code as u16);
            }
        }
        let default = values.iter().position(|value| value.default_value);
        Picklist { values, codes, default: default.map(|code| code as u16) }
    }

    /// All values, in order.
    pub fn values(&self) -> &[PickValue] {
        &self.values
    }

    /// The value behind a stored code.
    pub fn value(&self, code: u16) -> &PickValue {
        &self.values[usize::from(code)]
    }

    /// The code of an API value; letter case does not count.
    pub fn code(&self, value: &str) -> Option<u16> {
        let exact = self.codes.get(value).copied();
        exact.or_else(|| self.codes.get(value.to_lowercase().as_str()).copied())
    }

    /// The value chosen on create when none is given.
    pub fn default_code(&self) -> Option<u16> {
        self.default
    }
}
