//! The table: medians, and their ratio to the base.

use std::fmt;

/// What the numbers of a row are.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Nanoseconds,
    Bytes,
}

/// The rounds of one row. No base: nothing to compare with.
pub(crate) struct Measured {
    pub(crate) unit: Unit,
    pub(crate) base: Vec<f64>,
    pub(crate) ours: Vec<f64>,
}

impl Measured {
    /// No rounds yet.
    pub(crate) fn new(unit: Unit) -> Measured {
        Measured { unit, base: Vec::new(), ours: Vec::new() }
    }
}

/// Rows measured and rows that could not be.
#[derive(Default)]
pub(crate) struct Table(Vec<(String, Result<Measured, String>)>);

impl Table {
    /// Adds a row.
    pub(crate) fn add(&mut self, name: String, measured: Measured) {
        self.0.push((name, Ok(measured)));
    }

    /// True when no row failed.
    pub(crate) fn is_whole(&self) -> bool {
        self.0.iter().all(|(_, outcome)| outcome.is_ok())
    }

    /// Adds a row that failed.
    pub(crate) fn fail(&mut self, name: String, problem: String) {
        self.0.push((name, Err(problem)));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        writeln!(
            f,
            "{:width$}  {:>10}  {:>10}  {:>6}  {:>17}",
            "", "base", "ours", "ratio", "ours, low…high"
        )?;
        for (name, outcome) in &self.0 {
            let measured = match outcome {
                Ok(measured) => measured,
                Err(problem) => {
                    writeln!(f, "{name:width$}  {problem}")?;
                    continue;
                }
            };
            let show = |value: Option<f64>| {
                value.map_or("-".to_owned(), |value| text(value, measured.unit))
            };
            let (base, ours) = (median(&measured.base), median(&measured.ours));
            // Rounds are taken in turn, so each is compared with its neighbour: what else the
            // machine does then weighs on both.
            let pairs: Vec<f64> =
                measured.ours.iter().zip(&measured.base).map(|(ours, base)| ours / base).collect();
            let ratio = median(&pairs).map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
            let low = measured.ours.iter().copied().reduce(f64::min);
            let high = measured.ours.iter().copied().reduce(f64::max);
            let range = format!("{}…{}", show(low), show(high));
            writeln!(
                f,
                "{name:width$}  {:>10}  {:>10}  {ratio:>6}  {range:>17}",
                show(base),
                show(ours)
            )?;
        }
        Ok(())
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

fn text(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Nanoseconds if value < 1_000.0 => format!("{value:.0} ns"),
        Unit::Nanoseconds if value < 1_000_000.0 => format!("{:.2} µs", value / 1_000.0),
        Unit::Nanoseconds => format!("{:.2} ms", value / 1_000_000.0),
        Unit::Bytes => format!("{:.1} MiB", value / 1024.0 / 1024.0),
    }
}
