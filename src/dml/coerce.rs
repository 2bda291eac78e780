//! From what a protocol brought to what a field stores: `reference/rest.md` §1.9.

use crate::id::Id;
use crate::schema::{FieldSpec, FieldType};
use crate::time;
use crate::value::Value;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use compact_str::CompactString;

/// A scalar as a protocol brought it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Raw<'a> {
    /// JSON `null`, SOAP `fieldsToNull`.
    Null,
    /// JSON `true`, `false`.
    Bool(bool),
    /// A JSON number, as it was written.
    Number(&'a str),
    /// A JSON string; every value of XML and CSV.
    Text(&'a str),
}

/// The value cannot be read as the field's type. Each protocol has its own words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit;

/// Reads a scalar as a field's value.
pub fn coerce(field: &FieldSpec, raw: Raw<'_>) -> Result<Value, Misfit> {
    use FieldType as T;
    match (raw, field.kind) {
        (Raw::Null, T::Boolean) => Err(Misfit),
        (Raw::Null, _) => Ok(Value::Null),
        (Raw::Text(text), T::Boolean) => match text.trim() {
            text if text.eq_ignore_ascii_case("true") || text == "1" => Ok(Value::Bool(true)),
            text if text.eq_ignore_ascii_case("false") || text == "0" => Ok(Value::Bool(false)),
            _ => Err(Misfit),
        },
        (Raw::Bool(flag), T::Boolean) => Ok(Value::Bool(flag)),
        (Raw::Number(_), T::Boolean) => Err(Misfit),
        (Raw::Text(text), _) => from_text(field, text.trim()),
        (Raw::Number(text), _) => match field.kind {
            T::Int | T::Long | T::Double | T::Currency | T::Percent => from_text(field, text),
            T::Date | T::DateTime | T::Time | T::Base64 => Err(Misfit),
            _ => from_text(field, text),
        },
        (Raw::Bool(flag), _) => match field.kind {
            T::Int | T::Long | T::Double | T::Currency | T::Percent => Err(Misfit),
            T::Date | T::DateTime | T::Time | T::Base64 => Err(Misfit),
            _ => from_text(field, if flag { "true" } else { "false" }),
        },
    }
}

/// Reads text as a field's value. Empty text is null.
fn from_text(field: &FieldSpec, text: &str) -> Result<Value, Misfit> {
    use FieldType as T;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    match field.kind {
        T::Id | T::Reference => {
            // A text that is no id stays text: a rule reports it under the field's label.
            Ok(Id::parse(text).map_or_else(|_| Value::text(text), Value::Id))
        }
        T::Int | T::Long => text.parse().map(Value::Int).map_err(|_| Misfit),
        T::Double | T::Currency | T::Percent => {
            let number: f64 = text.parse().map_err(|_| Misfit)?;
            let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
            if plain && number.is_finite() {
                Ok(Value::Double(to_scale(field.precision, field.scale, number)))
            } else {
                Err(Misfit)
            }
        }
        T::Date => {
            let date = time::parse_date(text)
                .or_else(|| time::parse_datetime(text).and(time::parse_date(text.get(..10)?)));
            date.map(Value::Date).ok_or(Misfit)
        }
        // Real orgs keep whole seconds.
        T::DateTime => time::parse_datetime(text)
            .map(|ms| Value::DateTime(ms.div_euclid(1000) * 1000))
            .ok_or(Misfit),
        T::Time => time::parse_time(text).map(Value::Time).ok_or(Misfit),
        T::Base64 => {
            STANDARD.decode(text).map(|bytes| Value::Blob(bytes.into())).map_err(|_| Misfit)
        }
        T::Picklist | T::Combobox => {
            let code = field.picklist.as_ref().and_then(|picklist| picklist.code(text));
            Ok(code.map_or_else(|| Value::text(text), Value::Pick))
        }
        T::MultiPicklist => Ok(Value::Text(multi(field, text))),
        _ => Ok(Value::text(text)),
    }
}

/// Rounds to the field's scale, half away from zero, as the real org stores numbers. The digits that
/// the number prints as are rounded, not its bits: 1.005 is 1.01 at two places.
fn to_scale(precision: u32, scale: u32, number: f64) -> f64 {
    // There is no negative zero in a database.
    let number = number + 0.0;
    if precision == 0 || scale >= 15 {
        return number;
    }
    let text = format!("{}", number.abs());
    let Some((whole, part)) = text.split_once('.') else { return number };
    let scale = scale as usize;
    if part.len() <= scale {
        return number;
    }
    let mut digits: Vec<u8> = [whole.as_bytes(), &part.as_bytes()[..scale]].concat();
    if part.as_bytes()[scale] >= b'5' {
        let nines = digits.iter().rev().take_while(|digit| **digit == b'9').count();
        let end = digits.len();
        digits[end - nines..].fill(b'0');
        match digits[..end - nines].last_mut() {
            Some(digit) => *digit += 1,
            None => digits.insert(0, b'1'),
        }
    }
    digits.insert(digits.len() - scale, b'.');
    let rounded = std::str::from_utf8(&digits).ok().and_then(|text| text.parse::<f64>().ok());
    rounded.map_or(number, |rounded| if number < 0.0 { 0.0 - rounded } else { rounded })
}

/// The chosen values in the picklist's own order and spelling; unlisted ones last, as given.
fn multi(field: &FieldSpec, text: &str) -> CompactString {
    let picklist = field.picklist.as_deref();
    let mut chosen: Vec<(u16, &str)> = text
        .split(';')
        .map(str::trim)
        .filter(|value| !value.is_empty())
        .map(|value| match picklist.and_then(|picklist| picklist.code(value).zip(Some(picklist))) {
            Some((code, picklist)) => (code, &*picklist.value(code).value),
            None => (u16::MAX, value),
        })
        .collect();
    chosen.sort_by_key(|(code, _)| *code);
    chosen.dedup();
    let mut out = CompactString::default();
    for (_, value) in chosen {
        if !out.is_empty() {
            out.push(';');
        }
        out.push_str(value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_the_scale_half_away_from_zero() {
        for (text, scale, expected) in [
            ("10", 2, 10.0),
            ("1.005", 2, 1.01),
            ("-1.005", 2, -1.01),
            ("1.0049", 2, 1.0),
            ("9.995", 2, 10.0),
            ("99.5", 0, 100.0),
            ("0.5", 0, 1.0),
            ("1e-9", 2, 0.0),
            ("1.45", 1, 1.5),
            ("4.986", 2, 4.99),
            ("123456789012.345", 2, 123_456_789_012.35),
        ] {
            let number: f64 = text.parse().expect("a number");
            assert!((to_scale(18, scale, number) - expected).abs() < f64::EPSILON, "{text}");
        }
        for number in [-0.0, -0.001] {
            assert!(to_scale(18, 2, number).is_sign_positive(), "{number}");
        }
    }
}
