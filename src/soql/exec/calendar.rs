//! Date functions: `reference/soql.md` §2.10.

use crate::soql::dates::FiscalYear;
use crate::soql::resolve::tree::DatePart;
use crate::time::{self, DAY};
use crate::value::Value;

/// A date function of a date or an instant; null of anything else. In `zone`, or in UTC.
pub(super) fn part(part: DatePart, value: &Value, zone: Option<&str>, fiscal: FiscalYear) -> Value {
    let (day, millis) = match (value, zone) {
        (Value::Date(day), _) => (*day, 0),
        (Value::DateTime(ms), None) => (time::day_of(*ms), ms.rem_euclid(DAY)),
        (Value::DateTime(ms), Some(zone)) => {
            let local = ms + time::zone_offset(zone, *ms);
            (time::day_of(local), local.rem_euclid(DAY))
        }
        _ => return Value::Null,
    };
    if part == DatePart::DayOnly {
        return Value::Date(day);
    }
    let (year, month, day_of_month) = time::ymd(day);
    let day_of_year = || time::from_ymd(year, 1, 1).map_or(1, |first| day - first + 1);
    Value::Int(match part {
        DatePart::CalendarMonth => i64::from(month),
        DatePart::CalendarQuarter => i64::from((month - 1) / 3 + 1),
        DatePart::CalendarYear => i64::from(year),
        DatePart::DayInMonth => i64::from(day_of_month),
        // 1970-01-01 was a Thursday, the fifth day of a week that begins on Sunday.
        DatePart::DayInWeek => i64::from((day + 4).rem_euclid(7)) + 1,
        DatePart::DayInYear => i64::from(day_of_year()),
        DatePart::FiscalMonth => i64::from(fiscal.month_of(day)),
        DatePart::FiscalQuarter => i64::from(fiscal.quarter_of(day)),
        DatePart::FiscalYear => i64::from(fiscal.year_of(day)),
        DatePart::HourInDay => millis / 3_600_000,
        DatePart::WeekInMonth => i64::from((day_of_month - 1) / 7) + 1,
        DatePart::WeekInYear => i64::from((day_of_year() - 1) / 7) + 1,
        DatePart::DayOnly => return Value::Null,
    })
}
