//! `fauxforce seed`: people, employees, users, apps and requests of any number, with the wanted
//! share of each defect, as a fixture file or in a running server. The records are made by
//! `[[generate]]`, wherever the fixture is loaded: the same seed makes the same ones.

use super::Exit;
use super::client::{Answer, Client};
use clap::Args;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::path::PathBuf;

/// Records that one call asks a server for.
const PORTION: usize = 2_000;

/// Options of `seed`.
#[derive(Debug, Args)]
pub(crate) struct SeedOptions {
    /// Employees, each with a Person Account and its contact
    #[arg(long, value_name = "N", default_value_t = 0)]
    employees: usize,
    /// Person Accounts who are not employed
    #[arg(long, value_name = "N", default_value_t = 0)]
    people: usize,
    /// Users
    #[arg(long, value_name = "N", default_value_t = 0)]
    users: usize,
    /// Connected apps
    #[arg(long, value_name = "N", default_value_t = 0)]
    apps: usize,
    /// User provisioning requests
    #[arg(long, value_name = "N", default_value_t = 0)]
    requests: usize,
    /// Share of the employees whose usernames are taken
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    duplicate_usernames: f64,
    /// Share of the employees without an e-mail address
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    missing_emails: f64,
    /// Share of the employees whom two users match
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    ambiguous_matches: f64,
    /// Share of the employees for whom no seat of the licence is left
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    no_seats: f64,
    /// Seed of names, addresses and numbers [default: the org's own]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The fixture's name
    #[arg(long, default_value = "seeded", value_parser = name)]
    name: String,
    /// Write the fixture to this file [default: stdout]
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    out: Option<PathBuf>,
    /// Make the records in this running server instead
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The org that gets them
    #[arg(long, env = "FAUXFORCE_ORG", default_value = "default")]
    org: String,
}

/// Records of one kind.
struct Kind {
    object: &'static str,
    count: usize,
    /// Fields that all of them have, as TOML.
    fields: &'static str,
    /// Defects and how many records have them.
    defects: Vec<(&'static str, usize)>,
}

/// Writes or sends what is wanted.
pub(crate) fn run(options: &SeedOptions) -> Result<(), Exit> {
    let kinds = kinds(options)?;
    if let Some(url) = &options.url {
        let client = Client::new(url).map_err(|error| Exit::usage(error.to_string()))?;
        return send(&client, options, &kinds);
    }
    let text = fixture(options, &kinds);
    let written = match &options.out {
        Some(path) => {
            std::fs::write(path, &text).map_err(|error| format!("{}: {error}", path.display()))
        }
        None => io::stdout().write_all(text.as_bytes()).map_err(|error| error.to_string()),
    };
    written.map_err(Exit::not_writable)
}

fn kinds(options: &SeedOptions) -> Result<Vec<Kind>, Exit> {
    let shares = [
        ("duplicate_username", options.duplicate_usernames),
        ("missing_email", options.missing_emails),
        ("ambiguous_match", options.ambiguous_matches),
        ("no_license", options.no_seats),
    ];
    if shares.iter().map(|(_, share)| share).sum::<f64>() > 1.0 + 1e-9 {
        return Err(Exit::usage("the shares of the defects sum to more than 1"));
    }
    let wanted = shares.iter().any(|(_, share)| *share > 0.0);
    if wanted && options.employees == 0 {
        return Err(Exit::usage("defects are those of employees: give --employees"));
    }
    let many = |share: f64| (share * options.employees as f64).round() as usize;
    let defects = shares.iter().map(|(name, share)| (*name, many(*share)));
    let defects = defects.filter(|(_, many)| *many > 0).collect();
    let plain = |object, count, fields| Kind { object, count, fields, defects: Vec::new() };
    let person = "FirstName = \"Person\", LastName = \"Number {n}\", PersonEmail = \
                  \"person.{n}@example.com\"";
    let kinds = [
        plain("ConnectedApplication", options.apps, ""),
        plain("User", options.users, ""),
        plain("Account", options.people, person),
        Kind { object: "Employee2", count: options.employees, fields: "", defects },
        plain("UserProvisioningRequest", options.requests, ""),
    ];
    let kinds: Vec<Kind> = kinds.into_iter().filter(|kind| kind.count > 0).collect();
    if kinds.is_empty() {
        let what = "give --employees, --people, --users, --apps or --requests";
        return Err(Exit::usage(format!("nothing to make: {what}")));
    }
    Ok(kinds)
}

/// The features that employees and people need.
fn features(kinds: &[Kind]) -> bool {
    kinds.iter().any(|kind| matches!(kind.object, "Employee2" | "Account"))
}

const FEATURES: [&str; 4] =
    ["personAccounts", "workplaceCommandCenter", "employeeExperience", "unifiedEmployee"];

/// The fixture as TOML.
fn fixture(options: &SeedOptions, kinds: &[Kind]) -> String {
    let what: Vec<String> =
        kinds.iter().map(|kind| format!("{} {}", kind.count, kind.object)).collect();
    let mut out = format!("name = \"{}\"\ntitle = \"{}\"\n", options.name, what.join(", "));
    if features(kinds) || options.seed.is_some() {
        out.push_str("\n[org]\n");
        if let Some(seed) = options.seed {
            let _ = writeln!(out, "seed = {seed}");
        }
        if features(kinds) {
            let on = FEATURES.map(|name| format!("{name} = true"));
            let _ = writeln!(out, "features = {{ {} }}", on.join(", "));
        }
    }
    for kind in kinds {
        let (alias, count) = (kind.object.to_lowercase(), kind.count);
        let _ = write!(
            out,
            "\n[[generate]]\nas = \"{alias}\"\nobject = \"{}\"\ncount = {count}\n",
            kind.object
        );
        let defects: Vec<String> = kind
            .defects
            .iter()
            .map(|(name, many)| format!("{name} = {:?}", *many as f64 / count as f64))
            .collect();
        if !defects.is_empty() {
            let _ = writeln!(out, "with = {{ {} }}", defects.join(", "));
        }
        if !kind.fields.is_empty() {
            let _ = writeln!(out, "fields = {{ {} }}", kind.fields);
        }
    }
    out
}

/// Has a server make the records, a portion at a time.
fn send(client: &Client, options: &SeedOptions, kinds: &[Kind]) -> Result<(), Exit> {
    let target = format!("/_fauxforce/orgs/{}/scenarios", options.org);
    let total: usize = kinds.iter().map(|kind| kind.count).sum();
    let mut done = 0;
    let mut progress = Progress::new(total);
    for kind in kinds {
        // Seats are set by the last of the employees, so they come all at once.
        let at_once = kind.defects.iter().any(|(name, _)| *name == "no_license");
        let portion = if at_once { kind.count } else { PORTION };
        let mut made = 0;
        while made < kind.count {
            let now = portion.min(kind.count - made);
            let own = Kind {
                object: kind.object,
                count: now,
                // `{n}` counts from 1 in each portion.
                fields: kind.fields,
                defects: kind
                    .defects
                    .iter()
                    .map(|(name, many)| (*name, part(*many, made, now, kind.count)))
                    .filter(|(_, many)| *many > 0)
                    .collect(),
            };
            let text = fixture(options, std::slice::from_ref(&own));
            let text = text.replace("Number {n}", &format!("Number {made}-{{n}}"));
            let text = text.replace("person.{n}@", &format!("person.{made}-{{n}}@"));
            let answer = client
                .send_as("application/toml", "POST", &target, text.as_bytes())
                .map_err(|error| Exit::failed(error.to_string()))?;
            taken(&answer)?;
            made += now;
            done += now;
            progress.show(done);
        }
    }
    drop(progress);
    println!("{done} records made in {}", options.org);
    Ok(())
}

/// How many of `many` among `all` fall on the `now` records after the first `before`.
fn part(many: usize, before: usize, now: usize, all: usize) -> usize {
    let until = |at: usize| (many as u128 * at as u128 / all as u128) as usize;
    until(before + now) - until(before)
}

fn taken(answer: &Answer) -> Result<(), Exit> {
    if answer.status == 200 {
        return Ok(());
    }
    let body = String::from_utf8_lossy(&answer.body);
    Err(Exit::bad_fixture(format!("the server answered {}: {body}", answer.status)))
}

/// A line on stderr that counts, when somebody looks.
struct Progress {
    total: usize,
    seen: bool,
}

impl Progress {
    fn new(total: usize) -> Progress {
        Progress { total, seen: io::stderr().is_terminal() }
    }

    fn show(&mut self, done: usize) {
        if self.seen {
            eprint!("\r{done} of {} records", self.total);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.seen {
            eprintln!();
        }
    }
}

/// A share: 0 to 1.
fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "a number from 0 to 1 is needed".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("must be from 0 to 1".to_owned()) }
}

/// A name that needs no quotes.
fn name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || !text.chars().all(fits) {
        return Err("letters, digits, hyphens, dots and underscores only".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_have_their_part_of_the_defects() {
        let parts: Vec<usize> =
            [0, 2_000, 4_000].map(|before| part(501, before, 2_000, 6_000)).into();
        assert_eq!(parts, [167, 167, 167]);
        assert_eq!(part(1, 0, 1, 3) + part(1, 1, 1, 3) + part(1, 2, 1, 3), 1);
    }

    #[test]
    fn shares_are_shares() {
        assert_eq!(share("0.25"), Ok(0.25));
        assert!(share("2").is_err() && share("x").is_err() && share("-0.1").is_err());
    }
}
