//! The words of the journal: how a request differs from what was expected, and what a test is told
//! when an expectation is unmet.

use super::ControlError;

/// How a request differs from what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference(pub String);

impl Difference {
    /// Another value stands at a place.
    pub fn other(place: &str, expected: &str, found: &str) -> Difference {
        Difference(format!("{place}: expected {expected}, was {found}"))
    }

    /// Nothing stands at a place.
    pub fn missing(place: &str, expected: &str) -> Difference {
        Difference(format!("{place}: expected {expected}, was not there"))
    }

    /// No item of a list fits.
    pub fn no_item(place: &str, expected: &str) -> Difference {
        Difference(format!("{place}: no further item fits {expected}"))
    }

    /// The body is no tree.
    pub fn unreadable_body(expected: &str) -> Difference {
        Difference(format!("body: expected {expected}, was nothing that can be read"))
    }
}

/// How often something was expected.
pub fn times_text(least: u64, most: Option<u64>) -> String {
    let times = |count: u64| if count == 1 { "time" } else { "times" };
    match (least, most) {
        (0, None) => "any number of times".to_owned(),
        (0, Some(0)) => "never".to_owned(),
        (least, Some(most)) if least == most => format!("{least} {}", times(least)),
        (0, Some(most)) => format!("at most {most} {}", times(most)),
        (least, None) => format!("at least {least} {}", times(least)),
        (least, Some(most)) => format!("{least} to {most} times"),
    }
}

/// What a test is told when its expectation is unmet. `nearest` are lines.
pub fn unmet_text(org: &str, wanted: &str, times: &str, count: u64, nearest: &[String]) -> String {
    let mut text = format!("org {org} expected {wanted} {times}; it came {count} times");
    for line in nearest {
        text.push_str("\n  ");
        text.push_str(line);
    }
    text
}

/// A line about a request that is nearly what was expected, or is and came too often.
pub fn nearest_text(seq: u64, method: &str, path: &str, status: u16, differs: &str) -> String {
    if differs.is_empty() {
        return format!("#{seq} {method} {path} ({status})");
    }
    format!("#{seq} {method} {path} ({status}): {differs}")
}

/// Why a `MockServer` answers 502.
pub fn not_in_mock_server() -> &'static str {
    "the org closed the connection, which a MockServer cannot do"
}

impl ControlError {
    /// 400 of a query parameter.
    pub fn parameter(name: &str, why: &str) -> ControlError {
        ControlError::invalid(why).at(name)
    }

    /// 400 of a query parameter that nobody knows.
    pub fn no_such_parameter(name: &str, near: Option<&str>) -> ControlError {
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        ControlError::invalid(format!("no such parameter: {name}{near}")).at(name)
    }

    /// 408 of what did not come to hold.
    pub fn timed_out(after: &str, why: &str) -> ControlError {
        let message = format!("after {after}: {why}");
        ControlError { code: "TIMED_OUT", status: 408, ..ControlError::invalid(message) }
    }

    /// 400 of a word for what requests ask for.
    pub fn no_such_operation(word: &str, near: Option<&str>) -> ControlError {
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        ControlError::invalid(format!("no such operation: {word}{near}"))
    }

    /// Why a request that was waited for is not there.
    pub fn still_unmet() -> &'static str {
        "no such request came, or not as often as expected"
    }

    /// Why rows that were waited for are not there.
    pub fn no_rows() -> &'static str {
        "a row expected, none found"
    }

    /// 400 of SOQL.
    pub fn query_refused(why: &str) -> ControlError {
        ControlError::invalid(why).at("soql")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        for (least, most, text) in [
            (0, None, "any number of times"),
            (1, None, "at least 1 time"),
            (2, Some(2), "2 times"),
            (0, Some(0), "never"),
            (0, Some(3), "at most 3 times"),
            (1, Some(3), "1 to 3 times"),
        ] {
            assert_eq!(times_text(least, most), text);
        }
    }
}
