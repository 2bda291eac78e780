//! `fauxforce clock show|set|advance`: the org's time.

use super::Exit;
use super::target::{Target, print};
use crate::api::Json;
use crate::time::{parse_duration, parse_rfc3339};
use clap::{Args, Subcommand};

const HELP: &str = "\
Examples:
  fauxforce clock set 2026-01-15T09:00:00Z     # stands still until it is moved
  fauxforce clock advance PT2H                 # or 2h, 90m, 10s, 3d
  fauxforce clock set real";

/// Options of `clock`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct ClockOptions {
    #[command(subcommand)]
    command: ClockCommand,
}

#[derive(Debug, Subcommand)]
enum ClockCommand {
    /// The org's time, and whether it runs
    Show(Common),
    /// Let the clock stand at an instant, or run with the system's (`real`)
    Set {
        /// An instant such as 2026-01-15T09:00:00Z, or `real`
        #[arg(value_name = "RFC3339|real", value_parser = instant)]
        to: String,
        #[command(flatten)]
        common: Common,
    },
    /// Move the clock on; what falls due runs, in order
    Advance {
        /// ISO 8601 such as PT2H or P1D, or 2h, 90m, 10s, 3d
        #[arg(value_name = "DURATION", value_parser = duration)]
        by: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    target: Target,
    /// Print `{"now","mode"}`
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand and prints the time that follows.
pub(crate) fn run(options: &ClockOptions) -> Result<(), Exit> {
    let (common, body) = match &options.command {
        ClockCommand::Show(common) => (common, None),
        ClockCommand::Set { to, common } => {
            let key = if to == "real" { "mode" } else { "now" };
            (common, Some(format!("{{\"{key}\":\"{to}\"}}")))
        }
        ClockCommand::Advance { by, common } => (common, Some(format!("{{\"advance\":\"{by}\"}}"))),
    };
    let control = common.target.control()?;
    let path = common.target.path("/clock");
    let clock = match body {
        None => control.call("GET", &path, "")?,
        Some(body) => control.call("PUT", &path, &body)?,
    };
    print(&shown(&clock, common.json))
}

fn shown(clock: &Json, as_json: bool) -> String {
    let text = |key| clock.text(&[key]).unwrap_or_default();
    if as_json { format!("{clock}\n") } else { format!("{} {}\n", text("now"), text("mode")) }
}

fn instant(text: &str) -> Result<String, String> {
    if text == "real" || parse_rfc3339(text).is_some() {
        return Ok(text.to_owned());
    }
    Err("an instant like 2026-01-15T09:00:00Z, or `real`".to_owned())
}

/// ISO 8601 as it is; a whole number with its unit becomes ISO 8601.
fn duration(text: &str) -> Result<String, String> {
    let bad = || "a duration like PT2H, P1D, 2h, 90m, 10s or 3d".to_owned();
    let (number, unit) = text.split_at(text.trim_end_matches(char::is_alphabetic).len());
    let is_short = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let iso = match (is_short, unit) {
        (true, "d") => format!("P{number}D"),
        (true, "h" | "m" | "s") => format!("PT{number}{}", unit.to_ascii_uppercase()),
        _ => text.to_owned(),
    };
    if parse_duration(&iso).is_some() { Ok(iso) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_iso_or_short() {
        for (text, iso) in [("2h", "PT2H"), ("90m", "PT90M"), ("3d", "P3D"), ("P1DT2H", "P1DT2H")] {
            assert_eq!(duration(text).as_deref(), Ok(iso));
        }
        for bad in ["", "2", "h", "2x", "-2h", "1.5h", "PT", "99999999999999999999h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
