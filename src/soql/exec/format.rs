//! `FORMAT()`: numbers, currencies, dates and times in the user's locale. Locales whose formats are
//! not known are refused by the resolver.

use crate::schema::FieldType;
use crate::soql::context::Locale;
use crate::soql::resolve::tree::Column;
use crate::time::{self, DAY};
use crate::value::Value;
use std::fmt::Write as _;

/// How a locale writes numbers and dates.
struct Style {
    locale: &'static str,
    group: char,
    decimal: char,
    /// `d`, `m`, `y`: one or two digits; `D`, `M`: always two.
    date: &'static str,
    between: &'static str,
    twelve_hours: bool,
    currency_last: bool,
}

const STYLES: [Style; 3] = [
    Style {
        locale: "en_US",
        group: ',',
        decimal: '.',
        date: "m/d/y",
        between: ", ",
        twelve_hours: true,
        currency_last: false,
    },
    Style {
        locale: "en_GB",
        group: ',',
        decimal: '.',
        date: "D/M/y",
        between: ", ",
        twelve_hours: false,
        currency_last: false,
    },
    Style {
        locale: "de_DE",
        group: '.',
        decimal: ',',
        date: "D.M.y",
        between: ", ",
        twelve_hours: false,
        currency_last: true,
    },
];

/// True when the formats of a locale are known.
pub fn is_known(locale: &str) -> bool {
    STYLES.iter().any(|style| style.locale == locale)
}

/// A value as text; null stays null.
pub fn format(value: &Value, column: &Column, locale: &Locale) -> Value {
    let style = STYLES.iter().find(|style| style.locale == locale.name).unwrap_or(&STYLES[0]);
    let scale = column.spec().map_or(2, |field| field.scale as usize).min(17);
    let mut out = String::new();
    match value {
        Value::Int(whole) => number(&mut out, *whole as f64, 0, style),
        Value::Double(amount) => match column.kind {
            FieldType::Currency => currency(&mut out, *amount, scale, style, &locale.currency),
            FieldType::Percent => {
                number(&mut out, *amount, scale, style);
                out.push('%');
            }
            _ => number(&mut out, *amount, scale, style),
        },
        Value::Date(day) => date(&mut out, *day, style),
        Value::DateTime(ms) => {
            let local = ms + time::zone_offset(&locale.zone, *ms);
            date(&mut out, time::day_of(local), style);
            out.push_str(style.between);
            clock(&mut out, local.rem_euclid(DAY), style);
        }
        Value::Time(millis) => clock(&mut out, i64::from(*millis), style),
        _ => return Value::Null,
    }
    Value::text(&out)
}

fn number(out: &mut String, number: f64, scale: usize, style: &Style) {
    let text = format!("{:.scale$}", number.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if number < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        out.push('-');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(style.group);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(style.decimal);
        out.push_str(fraction);
    }
}

fn currency(out: &mut String, amount: f64, scale: usize, style: &Style, code: &str) {
    let symbol = match code {
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "JPY" => "¥",
        code => code,
    };
    let mut digits = String::new();
    number(&mut digits, amount.abs(), scale, style);
    if amount < 0.0 {
        out.push('-');
    }
    if style.currency_last {
        let _ = write!(out, "{digits}\u{a0}{symbol}");
    } else if symbol.len() == 3 && symbol == code {
        let _ = write!(out, "{symbol}\u{a0}{digits}");
    } else {
        let _ = write!(out, "{symbol}{digits}");
    }
}

fn date(out: &mut String, day: i32, style: &Style) {
    let (year, month, day) = time::ymd(day);
    for part in style.date.chars() {
        let _ = match part {
            'd' => write!(out, "{day}"),
            'm' => write!(out, "{month}"),
            'D' => write!(out, "{day:02}"),
            'M' => write!(out, "{month:02}"),
            'y' => write!(out, "{year}"),
            other => write!(out, "{other}"),
        };
    }
}

fn clock(out: &mut String, millis: i64, style: &Style) {
    let (hour, minute) = (millis / 3_600_000, millis / 60_000 % 60);
    let _ = if style.twelve_hours {
        let half = if hour < 12 { "AM" } else { "PM" };
        write!(out, "{}:{minute:02} {half}", (hour + 11) % 12 + 1)
    } else {
        write!(out, "{hour:02}:{minute:02}")
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(locale: &str, kind: FieldType, value: &Value, expected: &str) {
        let locale = Locale { name: locale.into(), ..Locale::default() };
        let formatted = format(value, &Column::computed("X", kind), &locale);
        assert_eq!(formatted, Value::text(expected), "{value:?}");
    }

    #[test]
    fn values_in_a_locale() {
        let at = time::parse_datetime("2026-05-02T12:04:00Z").expect("an instant");
        check("en_US", FieldType::DateTime, &Value::DateTime(at), "5/2/2026, 12:04 PM");
        check("en_US", FieldType::Time, &Value::Time(60_000), "12:01 AM");
        check("de_DE", FieldType::Date, &Value::Date(time::day_of(at)), "02.05.2026");
        check("en_GB", FieldType::Int, &Value::Int(-1_234_567), "-1,234,567");
        check("en_US", FieldType::Currency, &Value::Double(-1234.5), "-$1,234.50");
        check("de_DE", FieldType::Currency, &Value::Double(0.5), "0,50\u{a0}$");
        check("en_US", FieldType::Double, &Value::Double(-0.001), "0.00");
    }
}
