//! Dates, instants and durations: text in, integers stored, exact text out. The only user of chrono.
//!
//! Formats: `reference/rest.md` §1.9. Instants are milliseconds and dates days since 1970-01-01.

use crate::clock::Millis;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

/// Milliseconds in a day.
pub const DAY: Millis = 86_400_000;

const UNIX_EPOCH_FROM_CE: i32 = 719_163;

/// The days that chrono knows: about 262,000 years either way.
const CHRONO: i32 = 95_000_000;

/// Year, month and day, by the algorithm of Neri and Schneider (2021): counted in years that begin in
/// March, months have a regular pattern and the leap day comes last.
fn civil(days: i32) -> (i32, u32, u32) {
    /// Eras of 400 years that make every day positive.
    const ERAS: i32 = 700;
    if !(-CHRONO..CHRONO).contains(&days) {
        return (1970, 1, 1);
    }
    let since = (days + UNIX_EPOCH_FROM_CE + 305 + ERAS * 146_097) as u32;
    let quarters = 4 * since + 3;
    let (century, of_century) = (quarters / 146_097, quarters % 146_097 / 4);
    let product = 2_939_745 * u64::from(4 * of_century + 3);
    let (year, of_year) = ((product >> 32) as u32, (product as u32) / 2_939_745 / 4);
    let months = 2141 * of_year + 197_913;
    let (month, day) = (months >> 16, (months & 0xFFFF) / 2141 + 1);
    let (month, next) = if of_year >= 306 { (month - 12, 1) } else { (month, 0) };
    (100 * century as i32 + year as i32 + next - ERAS * 400, month, day)
}

/// 00 to 99.
const TWO_DIGITS: &str = "0001020304050607080910111213141516171819202122232425262728293031323334\
    3536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081\
    828384858687888990919293949596979899";

/// `-01-01` to `-12-31`, 31 for each month.
const MONTH_DAYS: &str = {
    const TEXT: [u8; 6 * 12 * 31] = {
        let mut text = [b'-'; 6 * 12 * 31];
        let mut at = 0;
        while at < 12 * 31 {
            let (month, day) = (at / 31 + 1, at % 31 + 1);
            text[6 * at + 1] = b'0' + (month / 10) as u8;
            text[6 * at + 2] = b'0' + (month % 10) as u8;
            text[6 * at + 4] = b'0' + (day / 10) as u8;
            text[6 * at + 5] = b'0' + (day % 10) as u8;
            at += 1;
        }
        text
    };
    match std::str::from_utf8(&TEXT) {
        Ok(text) => text,
        Err(_) => "",
    }
};

fn two(out: &mut String, number: u32) {
    let at = (number % 100 * 2) as usize;
    out.push_str(&TWO_DIGITS[at..at + 2]);
}

fn three(out: &mut String, number: u32) {
    out.push((b'0' + (number / 100 % 10) as u8) as char);
    two(out, number % 100);
}

/// Appends `2010-01-31`.
pub fn write_date(out: &mut String, days: i32) {
    let (year, month, day) = civil(days);
    two(out, year as u32 / 100);
    two(out, year as u32 % 100);
    let at = 6 * ((month - 1) * 31 + day - 1) as usize;
    out.push_str(&MONTH_DAYS[at..at + 6]);
}

fn write_clock(out: &mut String, millis: u32) {
    two(out, millis / 3_600_000);
    out.push(':');
    two(out, millis / 60_000 % 60);
    out.push(':');
    two(out, millis / 1000 % 60);
    out.push('.');
    three(out, millis % 1000);
}

/// Appends `2011-02-03T02:45:00.000+0000`, the JSON form.
pub fn write_datetime(out: &mut String, ms: Millis) {
    write_date(out, ms.div_euclid(DAY) as i32);
    out.push('T');
    write_clock(out, ms.rem_euclid(DAY) as u32);
    out.push_str("+0000");
}

/// Appends `2011-02-03T02:45:00.000Z`, the XML form.
pub fn write_datetime_z(out: &mut String, ms: Millis) {
    write_date(out, ms.div_euclid(DAY) as i32);
    out.push('T');
    write_clock(out, ms.rem_euclid(DAY) as u32);
    out.push('Z');
}

/// Appends `11:59:59.000Z`.
pub fn write_time(out: &mut String, millis: u32) {
    write_clock(out, millis);
    out.push('Z');
}

/// `2011-02-03T02:45:00.000+0000`.
pub fn datetime_text(ms: Millis) -> String {
    let mut out = String::with_capacity(28);
    write_datetime(&mut out, ms);
    out
}

/// `2011-02-03T02:45:00.000Z`.
pub fn datetime_z_text(ms: Millis) -> String {
    let mut out = String::with_capacity(24);
    write_datetime_z(&mut out, ms);
    out
}

/// `2011-02-03T02:45:00Z`, as the identity URL prints instants.
pub fn datetime_seconds_text(ms: Millis) -> String {
    let mut out = datetime_z_text(ms);
    out.replace_range(19..23, "");
    out
}

/// Appends an HTTP date, `Wed, 14 Apr 2021 13:50:54 GMT`.
pub fn write_http_date(out: &mut String, ms: Millis) {
    http_date(out, ms, ' ');
}

/// Appends a cookie's date, `Sat, 02-Dec-2023 18:02:55 GMT`.
pub fn write_cookie_date(out: &mut String, ms: Millis) {
    http_date(out, ms, '-');
}

/// Appends `Fri Aug 01 21:15:46 GMT 2014`, as Java prints instants.
pub fn write_java_date(out: &mut String, ms: Millis) {
    let days = ms.div_euclid(DAY);
    let (year, month, day) = civil(days as i32);
    out.push_str(DAYS[days.rem_euclid(7) as usize]);
    out.push(' ');
    out.push_str(MONTHS[month as usize - 1]);
    out.push(' ');
    two(out, day);
    out.push(' ');
    seconds(out, ms);
    out.push_str(" GMT ");
    two(out, year as u32 / 100);
    two(out, year as u32 % 100);
}

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn http_date(out: &mut String, ms: Millis, separator: char) {
    let days = ms.div_euclid(DAY);
    let (year, month, day) = civil(days as i32);
    out.push_str(DAYS[days.rem_euclid(7) as usize]);
    out.push_str(", ");
    two(out, day);
    out.push(separator);
    out.push_str(MONTHS[month as usize - 1]);
    out.push(separator);
    two(out, year as u32 / 100);
    two(out, year as u32 % 100);
    out.push(' ');
    seconds(out, ms);
    out.push_str(" GMT");
}

/// Appends `21:15:46`.
fn seconds(out: &mut String, ms: Millis) {
    let clock = ms.rem_euclid(DAY) as u32;
    two(out, clock / 3_600_000);
    out.push(':');
    two(out, clock / 60_000 % 60);
    out.push(':');
    two(out, clock / 1000 % 60);
}

/// Reads an HTTP date (RFC 1123), whole seconds.
pub fn parse_http_date(text: &str) -> Option<Millis> {
    let instant = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    writable(instant.timestamp_millis())
}

/// An instant that has a text in UTC: an offset may move the first and last hours of years 0 to
/// 9999 out of them.
fn writable(ms: Millis) -> Option<Millis> {
    const FIRST: Millis = -62_167_219_200_000;
    const LAST: Millis = 253_402_300_799_999;
    (FIRST..=LAST).contains(&ms).then_some(ms)
}

/// Reads `yyyy-MM-dd`; exact digits, a real calendar day.
pub fn parse_date(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = digits(&bytes[..4])?;
    let date = NaiveDate::from_ymd_opt(year as i32, digits(&bytes[5..7])?, digits(&bytes[8..])?)?;
    Some(date.num_days_from_ce() - UNIX_EPOCH_FROM_CE)
}

fn digits(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() {
        return None;
    }
    bytes.iter().try_fold(0u32, |sum, byte| {
        byte.is_ascii_digit().then(|| sum.wrapping_mul(10) + u32::from(byte - b'0'))
    })
}

/// Reads `yyyy-MM-ddTHH:mm:ss[.fff…](Z|±HH:mm|±HHmm)`, `t` and `z` in either case.
pub fn parse_datetime(text: &str) -> Option<Millis> {
    if !text.is_ascii() || text.len() < 20 || !matches!(text.as_bytes()[10], b'T' | b't') {
        return None;
    }
    let days = parse_date(&text[..10])?;
    let (clock, offset) = split_offset(&text[11..])?;
    writable(Millis::from(days) * DAY + Millis::from(clock_millis(clock)?) - offset)
}

/// Reads `HH:mm:ss[.fff…]Z` (the zone may be an offset; it is applied within the day).
pub fn parse_time(text: &str) -> Option<u32> {
    if !text.is_ascii() {
        return None;
    }
    let (clock, offset) = split_offset(text)?;
    Some((Millis::from(clock_millis(clock)?) - offset).rem_euclid(DAY) as u32)
}

/// Splits the zone off; returns the clock text and the zone's offset in milliseconds.
fn split_offset(text: &str) -> Option<(&str, Millis)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let sign_at = text.rfind(['+', '-'])?;
    let (clock, zone) = text.split_at(sign_at);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let zone = zone[1..].replace(':', "");
    if zone.len() != 4 {
        return None;
    }
    let hours = digits(&zone.as_bytes()[..2])?;
    let minutes = digits(&zone.as_bytes()[2..])?;
    (hours <= 18 && minutes < 60)
        .then(|| (clock, sign * Millis::from(hours * 60 + minutes) * 60_000))
}

fn clock_millis(text: &str) -> Option<u32> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes[2] != b':' || bytes[5] != b':' {
        return None;
    }
    let (hour, minute, second) =
        (digits(&bytes[..2])?, digits(&bytes[3..5])?, digits(&bytes[6..8])?);
    let mut millis = 0;
    if bytes.len() > 8 {
        if bytes[8] != b'.' || bytes.len() == 9 {
            return None;
        }
        let fraction = &bytes[9..];
        fraction.iter().all(u8::is_ascii_digit).then_some(())?;
        for place in 0..3 {
            millis = millis * 10 + fraction.get(place).map_or(0, |byte| u32::from(byte - b'0'));
        }
    }
    let time = NaiveTime::from_hms_opt(hour, minute, second)?;
    Some(time.num_seconds_from_midnight() * 1000 + millis)
}

/// Reads an RFC 3339 instant (control API, command line, scenario files).
pub fn parse_rfc3339(text: &str) -> Option<Millis> {
    let instant = DateTime::parse_from_rfc3339(text).ok()?;
    writable(instant.timestamp_millis())
}

/// Reads an ISO-8601 duration of weeks, days, hours, minutes and seconds: `P7D`, `PT2H30M`, `PT0.5S`.
/// Years and months have no fixed length and are refused.
pub fn parse_duration(text: &str) -> Option<Millis> {
    let rest = text.strip_prefix('P')?;
    let (date, time) = rest.split_once('T').unwrap_or((rest, ""));
    if rest.is_empty() || (rest.contains('T') && time.is_empty()) {
        return None;
    }
    let date = units(date, &[('W', 7 * DAY), ('D', DAY)])?;
    let time = units(time, &[('H', 3_600_000), ('M', 60_000), ('S', 1000)])?;
    date.checked_add(time)
}

/// A duration of seconds and milliseconds: `PT2S`, `PT0.5S`.
pub fn duration_text(span: Millis) -> String {
    let (seconds, millis) = (span / 1000, span % 1000);
    if millis == 0 {
        return format!("PT{seconds}S");
    }
    format!("PT{}S", format!("{seconds}.{millis:03}").trim_end_matches('0'))
}

fn units(mut text: &str, allowed: &[(char, Millis)]) -> Option<Millis> {
    let mut total: Millis = 0;
    let mut next = 0;
    while !text.is_empty() {
        let end = text.find(|c: char| c.is_ascii_alphabetic())?;
        let unit = text[end..].chars().next()?;
        let place = allowed[next..].iter().position(|(name, _)| *name == unit)? + next;
        let number = &text[..end];
        let well_formed = !number.is_empty()
            && number.len() < 16
            && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let number: f64 = well_formed.then(|| number.parse().ok()).flatten()?;
        total = total.checked_add((number * allowed[place].1 as f64).round() as Millis)?;
        next = place + 1;
        text = &text[end + 1..];
    }
    Some(total)
}

/// The day, in UTC, on which an instant falls.
pub fn day_of(ms: Millis) -> i32 {
    ms.div_euclid(DAY) as i32
}

/// The day on which an instant falls in a named time zone.
pub fn local_day(zone: &str, ms: Millis) -> i32 {
    day_of(ms + zone_offset(zone, ms))
}

/// Year, month (1–12) and day (1–31) of a date.
pub fn ymd(days: i32) -> (i32, u32, u32) {
    civil(days)
}

/// The date of a year, month and day, if there is one.
pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<i32> {
    NaiveDate::from_ymd_opt(year, month, day)
        .map(|date| date.num_days_from_ce() - UNIX_EPOCH_FROM_CE)
}

/// The offset of a named time zone from UTC at an instant, in milliseconds; UTC when unknown.
pub fn zone_offset(zone: &str, ms: Millis) -> Millis {
    use chrono::{Offset as _, TimeZone as _};
    let Ok(zone) = zone.parse::<chrono_tz::Tz>() else { return 0 };
    let Some(instant) = DateTime::from_timestamp_millis(ms) else { return 0 };
    let offset = zone.offset_from_utc_datetime(&instant.naive_utc()).fix();
    Millis::from(offset.local_minus_utc()) * 1000
}

/// The instant at which a local date begins in a named zone. When the clocks skip midnight, the
/// first instant of that day.
pub fn local_midnight(zone: &str, days: i32) -> Millis {
    use chrono::{LocalResult, TimeZone as _};
    let utc = Millis::from(days) * DAY;
    let Ok(zone) = zone.parse::<chrono_tz::Tz>() else { return utc };
    let Some(date) = NaiveDate::from_num_days_from_ce_opt(days + UNIX_EPOCH_FROM_CE) else {
        return utc;
    };
    for quarter in 0..8 {
        let Some(time) = NaiveTime::from_num_seconds_from_midnight_opt(quarter * 900, 0) else {
            break;
        };
        match zone.from_local_datetime(&NaiveDateTime::new(date, time)) {
            LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => {
                return instant.timestamp_millis();
            }
            LocalResult::None => {}
        }
    }
    utc
}

/// True when the name is a time zone of the IANA database.
pub fn is_zone(zone: &str) -> bool {
    zone.parse::<chrono_tz::Tz>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_prints_instants_so() {
        let mut text = String::new();
        write_java_date(&mut text, parse_datetime("2014-08-01T21:15:46Z").expect("an instant"));
        assert_eq!(text, "Fri Aug 01 21:15:46 GMT 2014");
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        // Every day of the years that queries may name, and some far from them.
        for days in (-98_615..=741_807).chain((-95_000_000..95_000_000).step_by(99_991)) {
            let date = NaiveDate::from_num_days_from_ce_opt(days + UNIX_EPOCH_FROM_CE);
            let date = date.expect("a date");
            assert_eq!(civil(days), (date.year(), date.month(), date.day()), "{days}");
        }
        assert_eq!([i32::MIN, i32::MAX].map(civil), [(1970, 1, 1); 2]);
        let mut text = String::new();
        write_date(&mut text, 14_640);
        assert_eq!(text, "2010-01-31");
    }

    #[test]
    fn datetimes_in_every_accepted_form() {
        let expected = parse_datetime("2011-02-03T02:45:00Z");
        assert_eq!(expected.map(datetime_text).as_deref(), Some("2011-02-03T02:45:00.000+0000"));
        for text in [
            "2011-02-03T02:45:00.000+0000",
            "2011-02-03T02:45:00.000+00:00",
            "2011-02-03t04:15:00+01:30",
            "2011-02-02T21:45:00.000-0500",
            "2011-02-03T02:45:00.0000000z",
        ] {
            assert_eq!(parse_datetime(text), expected, "{text}");
        }
        for text in [
            "2017-10-17 00:00:00",
            "2017-10-17T00:00Z",
            "2017-10-17T00:00:00",
            "2017-13-17T00:00:00Z",
            "2017-02-29T00:00:00Z",
            "2017-10-17T24:00:00Z",
            "2017-10-17T00:00:00.Z",
            "2017-10-17T00:00:00+1",
            "",
        ] {
            assert_eq!(parse_datetime(text), None, "{text}");
        }
    }

    #[test]
    fn dates_times_and_their_text() {
        let mut out = String::new();
        write_date(&mut out, parse_date("2024-02-29").expect("a leap day"));
        write_time(&mut out, parse_time("11:59:59.000Z").expect("a time"));
        write_http_date(&mut out, parse_datetime("2021-04-14T13:50:54Z").expect("an instant"));
        assert_eq!(out, "2024-02-2911:59:59.000ZWed, 14 Apr 2021 13:50:54 GMT");
        assert_eq!(parse_date("2023-02-29"), None);
        assert_eq!(parse_date("2023-2-9"), None);
        assert_eq!(
            parse_http_date("Wed, 14 Apr 2021 13:50:54 GMT"),
            parse_datetime("2021-04-14T13:50:54Z")
        );
        assert_eq!(datetime_seconds_text(0), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn durations() {
        assert_eq!(parse_duration("PT2H"), Some(7_200_000));
        assert_eq!(parse_duration("P1DT30M"), Some(DAY + 1_800_000));
        assert_eq!(parse_duration("P2W"), Some(14 * DAY));
        assert_eq!(parse_duration("PT0.5S"), Some(500));
        assert_eq!([0, 10_000, 500].map(duration_text), ["PT0S", "PT10S", "PT0.5S"]);
        for text in ["", "P", "PT", "2H", "PT2", "P1Y", "PTH", "PT1S2H", "P-1D", "PT1H1H"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn zones() {
        let noon = parse_datetime("2026-07-01T12:00:00Z").expect("an instant");
        assert_eq!(zone_offset("America/Los_Angeles", noon), -7 * 3_600_000);
        assert_eq!(zone_offset("Nowhere/At_All", noon), 0);
        let day = parse_date("2026-07-01").expect("a date");
        assert_eq!(
            datetime_z_text(local_midnight("America/Los_Angeles", day)),
            "2026-07-01T07:00:00.000Z"
        );
    }
}
