//! `fauxforce health`: exit 0 when a server is ready, for Docker and CI.

use super::Exit;
use super::target::{Target, print};
use clap::Args;
use std::time::{Duration, Instant};

/// How long each try may take.
const TRY: Duration = Duration::from_secs(2);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(50);

const HELP: &str = "\
Examples:
  fauxforce health --wait 30s && npm test
  HEALTHCHECK CMD [\"fauxforce\", \"health\"]

Exit status: 0 ready, 1 not ready in time, 64 usage.";

/// Options of `health`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct HealthOptions {
    #[command(flatten)]
    target: Target,
    /// Keep trying for this long, like 30s, 500ms or 2m
    #[arg(long, value_parser = duration, default_value = "0s")]
    wait: Duration,
}

/// Asks until the server is ready, and has the org if another than the usual is named, or the time
/// is up.
#[allow(clippy::disallowed_methods)] // A command that waits for another process has no other clock.
pub(crate) fn run(options: &HealthOptions) -> Result<(), Exit> {
    let target = &options.target;
    let client = target.client()?.patience(TRY);
    let start = Instant::now();
    loop {
        let problem = match client.send("GET", "/_fauxforce/health", b"") {
            Ok(answer) if answer.status == 200 => match has_org(target) {
                Ok(()) => {
                    return print(&format!(
                        "{}\n",
                        String::from_utf8_lossy(&answer.body).trim_end()
                    ));
                }
                Err(exit) => exit.to_string(),
            },
            Ok(answer) => format!("{} is not ready: status {}", target.url, answer.status),
            Err(error) => error.to_string(),
        };
        if start.elapsed() + PAUSE > options.wait {
            return Err(Exit::failed(problem));
        }
        std::thread::sleep(PAUSE);
    }
}

/// The default org is always there, and a health check may come without the control token.
fn has_org(target: &Target) -> Result<(), Exit> {
    if target.org == "default" {
        return Ok(());
    }
    target.control()?.call("GET", &target.path(""), "").map(|_| ())
}

/// A whole number with its unit: `500ms`, `30s`, `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let milliseconds = match unit {
        "ms" => 1,
        "s" | "" => 1_000,
        "m" => 60_000,
        _ => return Err("a number with ms, s or m is needed".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "a whole number is needed".to_owned())?;
    number.checked_mul(milliseconds).map(Duration::from_millis).ok_or_else(|| "too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("30"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for bad in ["", "s", "1h", "-1s", "1.5s", "99999999999999999999s", "18446744073709551615m"]
        {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
