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
