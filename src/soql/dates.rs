//! Date literals (`TODAY`, `LAST_N_WEEKS:2`): their names and the window of time each one means.
//!
//! An instant → the day on which it falls for the user → the half-open window of days → the window
//! of instants. `=` is inside the window, `<` before its start, `<=` before its end, `>` from its
//! end on, `>=` from its start on.

use crate::clock::Millis;
use crate::time;

/// A calendar unit that date literals count in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seven days from the user's first day of the week.
    Week,
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
    /// A quarter of the org's fiscal year.
    FiscalQuarter,
    /// The org's fiscal year.
    FiscalYear,
}

/// A date literal, its number aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateLiteral {
    /// `YESTERDAY`
    Yesterday,
    /// `TODAY`
    Today,
    /// `TOMORROW`
    Tomorrow,
    /// `LAST_90_DAYS`
    Last90Days,
    /// `NEXT_90_DAYS`
    Next90Days,
    /// `LAST_N_DAYS:n`
    LastNDays,
    /// `NEXT_N_DAYS:n`
    NextNDays,
    /// `N_DAYS_AGO:n`
    NDaysAgo,
    /// `LAST_WEEK`, `LAST_FISCAL_YEAR`, …
    Last(Unit),
    /// `THIS_WEEK`, …
    This(Unit),
    /// `NEXT_WEEK`, …
    Next(Unit),
    /// `LAST_N_WEEKS:n`, …
    LastN(Unit),
    /// `NEXT_N_WEEKS:n`, …
    NextN(Unit),
    /// `N_WEEKS_AGO:n`, …
    NAgo(Unit),
}

impl DateLiteral {
    /// True when a number belongs after it (`LAST_N_DAYS:5`).
    pub fn takes_number(self) -> bool {
        matches!(
            self,
            DateLiteral::LastNDays
                | DateLiteral::NextNDays
                | DateLiteral::NDaysAgo
                | DateLiteral::LastN(_)
                | DateLiteral::NextN(_)
                | DateLiteral::NAgo(_)
        )
    }

    /// The literal of a name, case aside.
    pub fn from_name(name: &str) -> Option<DateLiteral> {
        let mut upper = [0; "LAST_N_FISCAL_QUARTERS".len()];
        let upper = upper.get_mut(..name.len())?;
        upper.copy_from_slice(name.as_bytes());
        upper.make_ascii_uppercase();
        let literal = match &*upper {
            b"YESTERDAY" => DateLiteral::Yesterday,
            b"TODAY" => DateLiteral::Today,
            b"TOMORROW" => DateLiteral::Tomorrow,
            b"LAST_90_DAYS" => DateLiteral::Last90Days,
            b"NEXT_90_DAYS" => DateLiteral::Next90Days,
            b"LAST_N_DAYS" => DateLiteral::LastNDays,
            b"NEXT_N_DAYS" => DateLiteral::NextNDays,
            b"N_DAYS_AGO" => DateLiteral::NDaysAgo,
            upper => {
                if let Some(rest) = upper.strip_prefix(b"LAST_N_") {
                    DateLiteral::LastN(Unit::from_plural(rest)?)
                } else if let Some(rest) = upper.strip_prefix(b"NEXT_N_") {
                    DateLiteral::NextN(Unit::from_plural(rest)?)
                } else if let Some(rest) = upper.strip_prefix(b"LAST_") {
                    DateLiteral::Last(Unit::from_singular(rest)?)
                } else if let Some(rest) = upper.strip_prefix(b"NEXT_") {
                    DateLiteral::Next(Unit::from_singular(rest)?)
                } else if let Some(rest) = upper.strip_prefix(b"THIS_") {
                    DateLiteral::This(Unit::from_singular(rest)?)
                } else {
                    let rest = upper.strip_prefix(b"N_")?.strip_suffix(b"_AGO")?;
                    DateLiteral::NAgo(Unit::from_plural(rest)?)
                }
            }
        };
        Some(literal)
    }
}

impl Unit {
    /// The unit as date literals name it: `WEEK`, `FISCAL_QUARTER`.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Week => "WEEK",
            Unit::Month => "MONTH",
            Unit::Quarter => "QUARTER",
            Unit::Year => "YEAR",
            Unit::FiscalQuarter => "FISCAL_QUARTER",
            Unit::FiscalYear => "FISCAL_YEAR",
        }
    }

    fn from_plural(name: &[u8]) -> Option<Unit> {
        Unit::from_singular(name.strip_suffix(b"S")?)
    }

    fn from_singular(name: &[u8]) -> Option<Unit> {
        match name {
            b"WEEK" => Some(Unit::Week),
            b"MONTH" => Some(Unit::Month),
            b"QUARTER" => Some(Unit::Quarter),
            b"YEAR" => Some(Unit::Year),
            b"FISCAL_QUARTER" => Some(Unit::FiscalQuarter),
            b"FISCAL_YEAR" => Some(Unit::FiscalYear),
            _ => None,
        }
    }
}

/// The day on which a user's week begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeekStart {
    /// The Americas, much of Asia.
    Sunday,
    /// Most of Europe.
    Monday,
    /// Much of the Middle East.
    Saturday,
}

impl WeekStart {
    /// The first day of the week of a locale such as `en_US`, by its country. A language alone
    /// counts as `en_US` when it is English, else as European.
    pub fn of_locale(locale: &str) -> WeekStart {
        const SATURDAY: &str = "AE AF BH DJ DZ EG IQ IR JO KW LY OM QA SD SY";
        const SUNDAY: &str = "AG AS AU BD BR BS BT BW BZ CA CN CO DM DO ET GT GU HK HN ID IL IN JM \
                              JP KE KH KR LA MH MM MO MT MX MZ NI NP PA PE PH PK PR PT PY SA SG SV \
                              TH TT TW UM US VE VI WS YE ZA ZW";
        let mut parts = locale.split(['_', '-']);
        let language = parts.next().unwrap_or("");
        let Some(country) = parts.rfind(|part| part.len() == 2) else {
            return if language == "en" { WeekStart::Sunday } else { WeekStart::Monday };
        };
        let is_in = |list: &str| list.split(' ').any(|code| code.eq_ignore_ascii_case(country));
        if is_in(SUNDAY) {
            WeekStart::Sunday
        } else if is_in(SATURDAY) {
            WeekStart::Saturday
        } else {
            WeekStart::Monday
        }
    }

    /// The first day of the week that a day belongs to.
    fn first_day(self, day: i32) -> i32 {
        // Day 0, 1970-01-01, was a Thursday.
        let days_since_thursday = match self {
            WeekStart::Saturday => 2,
            WeekStart::Sunday => 3,
            WeekStart::Monday => 4,
        };
        day - (day - days_since_thursday).rem_euclid(7)
    }
}

/// An org's fiscal year: twelve calendar months from any month on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiscalYear {
    /// The month in which it starts, 1–12 (`Organization.FiscalYearStartMonth`).
    pub start_month: u32,
    /// True when it is named after the calendar year it starts in, false when after the one it
    /// ends in (`Organization.UsesStartDateAsFiscalYearName`).
    pub named_by_start: bool,
}

impl FiscalYear {
    /// The fiscal month of a day, 1–12.
    pub fn month_of(self, day: i32) -> u32 {
        (time::ymd(day).1 + 12 - self.start_month) % 12 + 1
    }

    /// The fiscal quarter of a day, 1–4.
    pub fn quarter_of(self, day: i32) -> u32 {
        (self.month_of(day) - 1) / 3 + 1
    }

    /// The name of the fiscal year of a day.
    pub fn year_of(self, day: i32) -> i32 {
        let (year, month, _) = time::ymd(day);
        let start_year = if month >= self.start_month { year } else { year - 1 };
        let is_calendar_year = self.start_month == 1;
        if self.named_by_start || is_calendar_year { start_year } else { start_year + 1 }
    }
}

/// What a user's and an org's settings add to a date literal.
#[derive(Clone, Copy, Debug)]
pub struct Calendar<'s> {
    /// The user's time zone, by its IANA name.
    pub zone: &'s str,
    /// The first day of the user's week.
    pub week_start: WeekStart,
    /// The org's fiscal year.
    pub fiscal: FiscalYear,
}

/// A half-open window of time, in days and in instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first day, counted from 1970-01-01.
    pub first_day: i32,
    /// The day after the last one.
    pub end_day: i32,
    /// The instant at which the first day begins for the user.
    pub start: Millis,
    /// The instant at which the day after the last one begins.
    pub end: Millis,
}

/// The window of a date literal at an instant. `None` when the literal needs a number and has none,
/// or has one and needs none.
pub fn window(
    literal: DateLiteral,
    n: Option<u32>,
    now: Millis,
    calendar: &Calendar<'_>,
) -> Option<Window> {
    let today = time::local_day(calendar.zone, now);
    let (first_day, end_day) = days(literal, n, today, calendar)?;
    Some(Window {
        first_day,
        end_day,
        start: time::local_midnight(calendar.zone, first_day),
        end: time::local_midnight(calendar.zone, end_day),
    })
}

/// The window in days.
fn days(
    literal: DateLiteral,
    n: Option<u32>,
    today: i32,
    calendar: &Calendar<'_>,
) -> Option<(i32, i32)> {
    // The window from `from` units of the current one to `to`, the latter excluded.
    let units = |unit: Unit, from: i64, to: i64| {
        (unit.start(today, from, calendar), unit.start(today, to, calendar))
    };
    let day = |shift: i64| shift_day(today, shift);
    if n.is_some() != literal.takes_number() {
        return None;
    }
    let n = i64::from(n.unwrap_or(0));
    Some(match literal {
        DateLiteral::Yesterday => (day(-1), day(0)),
        DateLiteral::Today => (day(0), day(1)),
        DateLiteral::Tomorrow => (day(1), day(2)),
        DateLiteral::Last90Days => (day(-90), day(1)),
        DateLiteral::Next90Days => (day(1), day(91)),
        DateLiteral::LastNDays => (day(-n), day(1)),
        DateLiteral::NextNDays => (day(1), day(n + 1)),
        DateLiteral::NDaysAgo => (day(-n), day(1 - n)),
        DateLiteral::Last(unit) => units(unit, -1, 0),
        DateLiteral::This(unit) => units(unit, 0, 1),
        DateLiteral::Next(unit) => units(unit, 1, 2),
        DateLiteral::LastN(unit) => units(unit, -n, 0),
        DateLiteral::NextN(unit) => units(unit, 1, n + 1),
        DateLiteral::NAgo(unit) => units(unit, -n, 1 - n),
    })
}

/// A day some days away, held within the years that have four digits.
fn shift_day(day: i32, shift: i64) -> i32 {
    let (first, last) = (time::from_ymd(1, 1, 1), time::from_ymd(9999, 12, 31));
    let shifted = i64::from(day) + shift;
    shifted.clamp(i64::from(first.unwrap_or(i32::MIN)), i64::from(last.unwrap_or(i32::MAX))) as i32
}

impl Unit {
    /// The first day of the unit `shift` units away from the one that holds `today`.
    fn start(self, today: i32, shift: i64, calendar: &Calendar<'_>) -> i32 {
        let (length, first_month) = match self {
            Unit::Week => return shift_day(calendar.week_start.first_day(today), 7 * shift),
            Unit::Month => (1, 1),
            Unit::Quarter => (3, 1),
            Unit::Year => (12, 1),
            Unit::FiscalQuarter => (3, calendar.fiscal.start_month),
            Unit::FiscalYear => (12, calendar.fiscal.start_month),
        };
        let (year, month, _) = time::ymd(today);
        // Months are counted from the year 0; units begin at every `length`th one from the first.
        let month = i64::from(year) * 12 + i64::from(month) - 1;
        let into_unit = (month - (i64::from(first_month) - 1)).rem_euclid(length);
        let start = (month - into_unit + shift * length).clamp(12, 9999 * 12 + 11);
        let (year, month) = (start.div_euclid(12) as i32, start.rem_euclid(12) as u32 + 1);
        time::from_ymd(year, month, 1).unwrap_or(today)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(now: &str, zone: &str, locale: &str, literal: &str, expected: &str) {
        let calendar = Calendar {
            zone,
            week_start: WeekStart::of_locale(locale),
            fiscal: FiscalYear { start_month: 4, named_by_start: false },
        };
        let now = time::parse_datetime(now).expect("an instant");
        let (name, n) = literal
            .split_once(':')
            .map_or((literal, None), |(name, n)| (name, Some(n.parse().expect("a number"))));
        let literal = DateLiteral::from_name(name).expect("a date literal");
        let window = window(literal, n, now, &calendar).expect("a window");
        let text = format!(
            "{} {}",
            time::datetime_z_text(window.start).trim_end_matches(":00.000Z"),
            time::datetime_z_text(window.end).trim_end_matches(":00.000Z"),
        );
        assert_eq!(text, expected, "{name} at {now}");
        assert_eq!(time::local_midnight(zone, window.first_day), window.start);
    }

    #[test]
    fn days_are_those_of_the_users_zone() {
        let check = |literal, expected| {
            check("2026-03-08T04:00:00Z", "America/New_York", "en_US", literal, expected);
        };
        // 23:00 on the evening before the clocks go forward.
        check("TODAY", "2026-03-07T05:00 2026-03-08T05:00");
        check("TOMORROW", "2026-03-08T05:00 2026-03-09T04:00");
        check("YESTERDAY", "2026-03-06T05:00 2026-03-07T05:00");
        check("LAST_N_DAYS:1", "2026-03-06T05:00 2026-03-08T05:00");
        check("NEXT_N_DAYS:1", "2026-03-08T05:00 2026-03-09T04:00");
        check("N_DAYS_AGO:1", "2026-03-06T05:00 2026-03-07T05:00");
        check("THIS_WEEK", "2026-03-01T05:00 2026-03-08T05:00");
        check("LAST_90_DAYS", "2025-12-07T05:00 2026-03-08T05:00");
    }

    #[test]
    fn units_are_whole_and_leave_the_current_one_out() {
        let check = |literal, expected| {
            check("2024-02-29T12:00:00Z", "UTC", "de_DE", literal, expected);
        };
        check("THIS_WEEK", "2024-02-26T00:00 2024-03-04T00:00");
        check("LAST_MONTH", "2024-01-01T00:00 2024-02-01T00:00");
        check("NEXT_QUARTER", "2024-04-01T00:00 2024-07-01T00:00");
        check("LAST_N_YEARS:2", "2022-01-01T00:00 2024-01-01T00:00");
        check("NEXT_N_MONTHS:11", "2024-03-01T00:00 2025-02-01T00:00");
        check("N_QUARTERS_AGO:1", "2023-10-01T00:00 2024-01-01T00:00");
        check("THIS_FISCAL_YEAR", "2023-04-01T00:00 2024-04-01T00:00");
        check("THIS_FISCAL_QUARTER", "2024-01-01T00:00 2024-04-01T00:00");
        check("N_FISCAL_YEARS_AGO:1", "2022-04-01T00:00 2023-04-01T00:00");
        check("LAST_N_WEEKS:4294967295", "0001-01-01T00:00 2024-02-26T00:00");
        check("NEXT_N_YEARS:4294967295", "2025-01-01T00:00 9999-12-01T00:00");
    }

    #[test]
    fn weeks_begin_by_country() {
        let check = |locale, expected| {
            check("2026-05-02T12:00:00Z", "UTC", locale, "THIS_WEEK", expected);
        };
        check("en_US", "2026-04-26T00:00 2026-05-03T00:00");
        check("en_GB", "2026-04-27T00:00 2026-05-04T00:00");
        check("ar_AE", "2026-05-02T00:00 2026-05-09T00:00");
        check("zh_Hant_TW", "2026-04-26T00:00 2026-05-03T00:00");
        check("fr", "2026-04-27T00:00 2026-05-04T00:00");
    }

    #[test]
    fn fiscal_names() {
        let day = |text| time::parse_date(text).expect("a day");
        let by_end = FiscalYear { start_month: 2, named_by_start: false };
        let by_start = FiscalYear { start_month: 2, named_by_start: true };
        assert_eq!(by_end.year_of(day("2026-01-31")), 2026);
        assert_eq!(by_end.year_of(day("2026-02-01")), 2027);
        assert_eq!(by_start.year_of(day("2026-02-01")), 2026);
        assert_eq!(by_end.month_of(day("2026-01-31")), 12);
        assert_eq!(by_end.quarter_of(day("2026-04-30")), 1);
        let calendar = FiscalYear { start_month: 1, named_by_start: false };
        assert_eq!(calendar.year_of(day("2026-05-02")), 2026);
    }

    #[test]
    fn names_and_numbers() {
        for name in ["LAST_N_FISCAL_QUARTERS", "n_years_ago", "This_Week", "NEXT_90_DAYS"] {
            let literal = DateLiteral::from_name(name).expect("a date literal");
            assert_eq!(literal.to_string(), name.to_uppercase());
        }
        for name in ["", "LAST_DAYS", "N_WEEK_AGO", "LAST_N_WEEK", "LAST_N_FISCAL_QUARTERSS"] {
            assert_eq!(DateLiteral::from_name(name), None, "{name}");
        }
        assert!(DateLiteral::NAgo(Unit::Week).takes_number());
        assert!(!DateLiteral::Last(Unit::Week).takes_number());
    }
}
