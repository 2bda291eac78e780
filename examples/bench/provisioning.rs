//! `bench provisioning`: what the engine of provisioning costs beside plain requests. The third of the
//! figures that matter, a run over 100,000 employees beside its writes, is measured in one process:
//! `tests/employee_speed.rs`, which `scripts/bench provisioning` runs too.

use crate::Effort;
use crate::load::Connection;
use crate::process::Started;
use crate::rows::{Request, Server, rest, unlimited};
use std::time::{Duration, Instant};

/// Requests whose steps are counted.
const STEPS: usize = 20_000;

/// Requests that drain while a client reads.
const DRAINING: usize = 100_000;

/// Reads of which the 99th percentile is taken.
const READS: usize = 20_000;

const ACCOUNTS: &str = "/services/data/v66.0/sobjects/Account";
const ACCOUNT: &str = "/services/data/v66.0/sobjects/Account/001ff0000000001AAA";
const LEFT: &str = "/services/data/v66.0/query?q=SELECT+COUNT()+FROM+UserProvisioningRequest+WHERE+State+IN+('New','Requested')";

/// Measures and prints.
pub(crate) fn run(effort: Effort) -> Result<(), String> {
    state_step(effort)?;
    memory()?;
    foreground()
}

/// Settings under which requests wait, or are worked on at once.
fn settings(target: bool, waits: bool) -> Request {
    let targets = if target { r#"{"fauxforce":{}}"# } else { "null" };
    let pace = if waits { r#"{"after":"PT1H"}"# } else { r#""immediate""# };
    let body = format!(r#"{{"targets":{targets},"progression":{{"provisioning":{pace}}}}}"#);
    rest("PUT", "/_fauxforce/orgs/default/settings", &body)
}

/// So many users, and a request for each.
fn requests(count: usize) -> Request {
    let config = r#"{"object":"UserProvisioningConfig","fields":{"DeveloperName":"fauxforce","MasterLabel":"fauxforce","ConnectedAppId":"@app","Enabled":true}}"#;
    let body = format!(
        r#"{{"name":"many","records":[{config}],"generate":[{{"as":"user","object":"User","count":{count}}},{{"object":"UserProvisioningRequest","count":{count},"fields":{{"SalesforceUserId":"@user-{{n}}"}}}}]}}"#
    );
    rest("POST", "/_fauxforce/orgs/default/scenarios", &body)
}

/// CPU time of one step of the engine beside that of one row update over REST.
fn state_step(effort: Effort) -> Result<(), String> {
    let update = rest("PATCH", ACCOUNT, r#"{"Phone":"+1 415 555 0101"}"#);
    let mut ratios = Vec::new();
    for _ in 0..effort.rounds.min(5) {
        let server = Started::new(&Server::Fauxforce(&["--clock", "2026-01-15T09:00:00Z"]))?;
        let account = rest("POST", ACCOUNTS, r#"{"Name":"Acme"}"#);
        server.prepare(&[unlimited(), settings(true, true), account, requests(STEPS)])?;
        server.cost(&update, 1, 2_000)?;
        let row = server.cost(&update, 1, effort.requests)?;
        let before = server.cpu()?;
        let drain = rest("POST", "/_fauxforce/orgs/default/drain", "");
        let ran = number(&server.answer(&drain)?, "ran").ok_or("drain counts nothing")?;
        let step = server.cpu()?.saturating_sub(before).as_nanos() as f64 / ran;
        println!(
            "a state step: {:.2} µs, a row update over REST: {:.2} µs, ratio {:.2}, {ran} steps",
            step / 1e3,
            row / 1e3,
            step / row
        );
        ratios.push(step / row);
    }
    ratios.sort_by(f64::total_cmp);
    println!("state step / row update: median {:.2} (aim: at most 0.5)", ratios[ratios.len() / 2]);
    Ok(())
}

/// Memory of a request that waits, beyond its row and its user's.
fn memory() -> Result<(), String> {
    let resident = |target: bool| {
        let server = Started::new(&Server::Fauxforce(&["--clock", "2026-01-15T09:00:00Z"]))?;
        server.prepare(&[settings(target, true), requests(DRAINING)])?;
        server.memory()
    };
    let (plain, waiting) = (resident(false)?, resident(true)?);
    println!(
        "memory of a waiting request beyond its rows: {:.0} bytes (aim: at most 1024); with rows \
         {:.1} MiB, waiting {:.1} MiB",
        (waiting - plain) / DRAINING as f64,
        plain / 1024.0 / 1024.0,
        waiting / 1024.0 / 1024.0
    );
    Ok(())
}

/// The 99th percentile of a row GET while requests drain beside that of an idle org.
fn foreground() -> Result<(), String> {
    let server = Started::new(&Server::Fauxforce(&[]))?;
    let account = rest("POST", ACCOUNTS, r#"{"Name":"Acme"}"#);
    server.prepare(&[unlimited(), account])?;
    let read = rest("GET", ACCOUNT, "").bytes(&server.authority);
    let mut connection = Connection::open(&server.authority)?;
    let mut timed = |count: usize| -> Result<Vec<Duration>, String> {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let start = Instant::now();
            connection.exchange(&read)?;
            times.push(start.elapsed());
        }
        Ok(times)
    };
    timed(2_000)?;
    let idle = p99(timed(READS)?);
    server.prepare(&[settings(true, false), requests(DRAINING)])?;
    let began = Instant::now();
    let mut times = Vec::new();
    let left = rest("GET", LEFT, "");
    let first = number(&server.answer(&left)?, "totalSize").unwrap_or_default();
    loop {
        times.append(&mut timed(1_000)?);
        if number(&server.answer(&left)?, "totalSize") == Some(0.0) {
            break;
        }
    }
    let (took, reads) = (began.elapsed(), times.len());
    let busy = p99(times);
    println!(
        "a row GET's 99th percentile: idle {idle:?}, while {first} requests drain {busy:?} \
         ({reads} reads in {took:?}), ratio {:.2} (aim: at most 3)",
        busy.as_secs_f64() / idle.as_secs_f64()
    );
    Ok(())
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

/// The number of a key in a flat JSON text.
fn number(json: &str, key: &str) -> Option<f64> {
    let (_, rest) = json.split_once(&format!("\"{key}\":"))?;
    rest.split([',', '}']).next()?.trim().parse().ok()
}
