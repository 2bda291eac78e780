//! Date literals (`TODAY`, `LAST_N_WEEKS:2`): their names and the window of time each one means.

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
