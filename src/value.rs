//! A field's value as a row stores it: at most 24 bytes, text of up to 24 bytes without allocation.

use crate::id::Id;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One stored value. Which variant a field uses follows from its type in the schema table
/// (`schema::FieldType`): numbers are `Int` or `Double`, dates are days and instants milliseconds
/// since 1970-01-01 UTC, a picklist value that the field lists is a `Pick` code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// No value. Never stored in a row: an absent field is null.
    Null,
    /// A checkbox.
    Bool(bool),
    /// A whole number (`int`, `long`).
    Int(i64),
    /// `double`, `currency`, `percent`.
    Double(f64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Milliseconds since 1970-01-01T00:00Z.
    DateTime(i64),
    /// Milliseconds since midnight.
    Time(u32),
    /// An id or a reference.
    Id(Id),
    /// The position of a value in the field's picklist.
    Pick(u16),
    /// Text, and picklist values that the (unrestricted) picklist does not list.
    Text(CompactString),
    /// The bytes of a base64 field.
    Blob(Arc<[u8]>),
}

const _: () = assert!(size_of::<Value>() == 24);

impl Value {
    /// True for `Null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Text of a `Text` value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The id of an `Id` value.
    pub fn as_id(&self) -> Option<Id> {
        match self {
            Value::Id(id) => Some(*id),
            _ => None,
        }
    }

    /// The flag of a `Bool` value; absent is false, as in the real org.
    pub fn is_true(&self) -> bool {
        matches!(self, Value::Bool(true))
    }

    /// Milliseconds of a `DateTime`.
    pub fn as_datetime(&self) -> Option<i64> {
        match self {
            Value::DateTime(ms) => Some(*ms),
            _ => None,
        }
    }

    /// Text as a value: empty text is null, as the real org stores it.
    pub fn text(text: &str) -> Value {
        if text.is_empty() { Value::Null } else { Value::Text(CompactString::new(text)) }
    }
}

impl From<Id> for Value {
    fn from(id: Id) -> Value {
        Value::Id(id)
    }
}

impl From<Option<Id>> for Value {
    fn from(id: Option<Id>) -> Value {
        id.map_or(Value::Null, Value::Id)
    }
}

/// A whole number that orders doubles: smaller doubles have smaller numbers, and -0.0 is 0.0.
pub fn ordinal(number: f64) -> i64 {
    let bits = if number == 0.0 { 0 } else { number.to_bits().cast_signed() };
    if bits < 0 { i64::MIN - bits - 1 } else { bits }
}

/// The double of an [`ordinal`].
pub fn from_ordinal(ordinal: i64) -> f64 {
    let bits = if ordinal < 0 { i64::MIN - (ordinal + 1) } else { ordinal };
    f64::from_bits(bits.cast_unsigned())
}

/// Prints a double as Java's `Double.toString` does (`10.0`, `9.12260031E8`, `1.0E-4`).
pub fn java_double(out: &mut String, number: f64) {
    use std::fmt::Write as _;
    if number == 0.0 {
        out.push_str(if number.is_sign_negative() { "-0.0" } else { "0.0" });
        return;
    }
    let magnitude = number.abs();
    if (1e-3..1e7).contains(&magnitude) {
        let start = out.len();
        let _ = write!(out, "{number}");
        if !out[start..].contains('.') {
            out.push_str(".0");
        }
        return;
    }
    let start = out.len();
    let _ = write!(out, "{number:E}");
    if let Some(exponent) = out[start..].find('E')
        && !out[start..start + exponent].contains('.')
    {
        out.insert_str(start + exponent, ".0");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_java_prints_them() {
        let cases = [
            (10.0, "10.0"),
            (0.19, "0.19"),
            (1.5, "1.5"),
            (0.0, "0.0"),
            (-2.25, "-2.25"),
            (912_260_031.0, "9.12260031E8"),
            (10_000_000.0, "1.0E7"),
            (9_999_999.0, "9999999.0"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (-37.775_001, "-37.775001"),
        ];
        for (number, expected) in cases {
            let mut out = String::new();
            java_double(&mut out, number);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn ordinals_order_doubles() {
        let numbers = [f64::NEG_INFINITY, -1e300, -2.5, -1e-300, 0.0, 1e-300, 1.0, f64::INFINITY];
        for pair in numbers.windows(2) {
            assert!(ordinal(pair[0]) < ordinal(pair[1]), "{pair:?}");
        }
        assert_eq!(ordinal(-0.0), ordinal(0.0));
        for number in numbers {
            assert_eq!(from_ordinal(ordinal(number)).to_bits(), number.to_bits());
        }
    }
}
