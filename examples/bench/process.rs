//! Starting servers, and what Linux says about their processes.

use crate::Effort;
use crate::load::Connection;
use crate::rows::{Request, Server, get};
use crate::table::{Measured, Unit};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Requests before the first round, so that caches are warm.
const WARM_UP: usize = 2_000;

/// A server under measurement; ends with this value if we started it.
pub(crate) struct Started {
    child: Option<Child>,
    pid: u32,
    pub(crate) authority: String,
}

impl Started {
    /// Starts a server and waits for the line that says where it listens.
    pub(crate) fn new(server: &Server) -> Result<Started, String> {
        let mut command = match server {
            Server::Bare => role(&["bare"])?,
            Server::Edge(handler) => role(&["edge", handler])?,
            Server::BareTls => role(&["bare-tls"])?,
            Server::EdgeTls => role(&["edge-tls"])?,
            Server::Fauxforce(options) => {
                let mut command = Command::new(fauxforce()?);
                command.args(["serve", "--port", "0", "--json", "-q"]).args(*options);
                command
            }
            Server::Running { authority, pid } => {
                return Ok(Started { child: None, pid: *pid, authority: authority.clone() });
            }
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut line = String::new();
        if let Some(output) = child.stdout.as_mut() {
            BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
        }
        let pid = child.id();
        let mut started = Started { child: Some(child), pid, authority: String::new() };
        let port = port_of(&line).ok_or_else(|| format!("no port in {line:?}"))?;
        started.authority = format!("127.0.0.1:{port}");
        Ok(started)
    }

    /// CPU time of all its threads so far.
    pub(crate) fn cpu(&self) -> Result<Duration, String> {
        let mut nanoseconds = 0;
        let tasks = format!("/proc/{}/task", self.pid);
        for task in std::fs::read_dir(&tasks).map_err(|error| format!("{tasks}: {error}"))? {
            let path = task.map_err(|error| error.to_string())?.path().join("schedstat");
            // A thread may end between the two reads.
            let Ok(text) = std::fs::read_to_string(path) else { continue };
            let spent: u64 =
                text.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or_default();
            nanoseconds += spent;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> Result<f64, String> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))
            .map_err(|error| error.to_string())?;
        let kibibytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
        Ok(kibibytes.ok_or("no VmRSS")? * 1024.0)
    }

    /// Makes requests that must succeed.
    pub(crate) fn prepare(&self, requests: &[Request]) -> Result<(), String> {
        for request in requests {
            let status = self.ask(request)?;
            if status >= 300 {
                return Err(format!("{} {}: {status}", request.method, request.target));
            }
        }
        Ok(())
    }

    /// One request over a connection of its own.
    fn ask(&self, request: &Request) -> Result<u16, String> {
        Connection::open(&self.authority)?.exchange(&request.bytes(&self.authority))
    }

    /// The body that one request is answered with.
    pub(crate) fn answer(&self, request: &Request) -> Result<String, String> {
        let mut connection = Connection::open(&self.authority)?;
        connection.exchange(&request.bytes(&self.authority))?;
        Ok(String::from_utf8_lossy(connection.body()).into_owned())
    }

    /// The CPU time that each of so many requests costs the server, in nanoseconds.
    pub(crate) fn cost(
        &self,
        request: &Request,
        connections: usize,
        count: usize,
    ) -> Result<f64, String> {
        let (connections, asked) = (connections.to_string(), count.to_string());
        self.cost_under(&["load", &self.authority, &connections, &asked], request)
    }

    /// The CPU time that each of so many connections over TLS with one request costs.
    fn handshake_cost(&self, count: usize) -> Result<f64, String> {
        self.cost_under(&["load-tls", &self.authority, &count.to_string()], &get("/"))
    }

    /// The CPU time of each answer to a load generator.
    fn cost_under(&self, load: &[&str], request: &Request) -> Result<f64, String> {
        let before = self.cpu()?;
        let mut load = role(load)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        if let Some(mut input) = load.stdin.take() {
            input.write_all(&request.bytes(&self.authority)).map_err(|error| error.to_string())?;
        }
        let output = load.wait_with_output().map_err(|error| error.to_string())?;
        let answered: f64 = String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse()
            .map_err(|_| "the load generator failed".to_owned())?;
        Ok(self.cpu()?.saturating_sub(before).as_nanos() as f64 / answered)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may be gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// This program in another role.
fn role(arguments: &[&str]) -> Result<Command, String> {
    let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
    command.arg("role").args(arguments);
    Ok(command)
}

/// The binary that cargo built two folders up from the examples.
fn fauxforce() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let path = own.parent().and_then(|path| path.parent()).map(|path| path.join("fauxforce"));
    path.filter(|path| path.exists()).ok_or("the fauxforce binary is not built".to_owned())
}

/// The port of a bare number, or of the ready line's `"url":"http://localhost:PORT"`.
fn port_of(line: &str) -> Option<u16> {
    let line = line.trim();
    if let Ok(port) = line.parse() {
        return Some(port);
    }
    let (_, rest) = line.split_once("\"url\":\"http://localhost:")?;
    rest.split('"').next()?.parse().ok()
}

/// CPU time per request of the base and of a server, in turn.
pub(crate) fn request_cost(
    server: &Server,
    request: &Request,
    connections: usize,
    effort: Effort,
) -> Result<Measured, String> {
    let base = Started::new(&Server::Bare)?;
    let ours = Started::new(server)?;
    let fixed = get("/");
    base.cost(&fixed, connections, WARM_UP)?;
    ours.cost(request, connections, WARM_UP)?;
    let mut measured = Measured::new(Unit::Nanoseconds);
    for _ in 0..effort.rounds {
        measured.base.push(base.cost(&fixed, connections, effort.requests)?);
        measured.ours.push(ours.cost(request, connections, effort.requests)?);
    }
    Ok(measured)
}

/// CPU time of a connection over TLS with one request; the base is a bare rustls server.
pub(crate) fn handshake_cost(effort: Effort) -> Result<Measured, String> {
    let base = Started::new(&Server::BareTls)?;
    let ours = Started::new(&Server::EdgeTls)?;
    let count = (effort.requests / 10).max(20);
    base.handshake_cost(count / 4)?;
    ours.handshake_cost(count / 4)?;
    let mut measured = Measured::new(Unit::Nanoseconds);
    for _ in 0..effort.rounds {
        measured.base.push(base.handshake_cost(count)?);
        measured.ours.push(ours.handshake_cost(count)?);
    }
    Ok(measured)
}

/// The same of an org on which some requests were made before.
pub(crate) fn prepared_cost(
    before: &[Request],
    request: &Request,
    effort: Effort,
    base_effort: Effort,
) -> Result<Measured, String> {
    let base = Started::new(&Server::Bare)?;
    let ours = Started::new(&Server::Fauxforce(&[]))?;
    ours.prepare(before)?;
    if ours.ask(request)? >= 300 {
        return Err(format!("{} {} is refused", request.method, request.target));
    }
    let fixed = get("/");
    base.cost(&fixed, 1, WARM_UP)?;
    ours.cost(request, 1, effort.requests.min(WARM_UP))?;
    let mut measured = Measured::new(Unit::Nanoseconds);
    for _ in 0..effort.rounds {
        measured.base.push(base.cost(&fixed, 1, base_effort.requests)?);
        measured.ours.push(ours.cost(request, 1, effort.requests)?);
    }
    Ok(measured)
}

/// CPU time of a request to an org that was started with options; the base is the same request to
/// one that was started with others.
pub(crate) fn compared_cost(
    with: &'static [&'static str],
    without: &'static [&'static str],
    before: &[Request],
    request: &Request,
    effort: Effort,
) -> Result<Measured, String> {
    let both =
        [Started::new(&Server::Fauxforce(without))?, Started::new(&Server::Fauxforce(with))?];
    for started in &both {
        started.prepare(before)?;
        if started.ask(request)? >= 300 {
            return Err(format!("{} {} is refused", request.method, request.target));
        }
        started.cost(request, 1, effort.requests.min(WARM_UP))?;
    }
    let [base, ours] = both;
    let mut measured = Measured::new(Unit::Nanoseconds);
    for _ in 0..effort.rounds {
        measured.base.push(base.cost(request, 1, effort.requests)?);
        measured.ours.push(ours.cost(request, 1, effort.requests)?);
    }
    Ok(measured)
}

/// Resident memory of an org's process after some requests; the base is the bare server's.
pub(crate) fn memory_after(before: &[Request]) -> Result<Measured, String> {
    let base = Started::new(&Server::Bare)?;
    base.ask(&get("/"))?;
    let ours = Started::new(&Server::Fauxforce(&[]))?;
    ours.prepare(before)?;
    let mut measured = Measured::new(Unit::Bytes);
    measured.base.push(base.memory()?);
    measured.ours.push(ours.memory()?);
    Ok(measured)
}

/// How much resident memory requests add to what others made; there is no base.
pub(crate) fn memory_added(before: &[Request], then: &[Request]) -> Result<Measured, String> {
    let ours = Started::new(&Server::Fauxforce(&[]))?;
    ours.prepare(before)?;
    let held = ours.memory()?;
    ours.prepare(then)?;
    let mut measured = Measured::new(Unit::Bytes);
    measured.ours.push(ours.memory()? - held);
    Ok(measured)
}

/// Time from the start of a process to its first answer, in turn with the base.
pub(crate) fn start_time(server: &Server, effort: Effort) -> Result<Measured, String> {
    let mut measured = Measured::new(Unit::Nanoseconds);
    for _ in 0..effort.rounds * 2 {
        measured.base.push(first_answer(&Server::Bare, "/")?);
        measured.ours.push(first_answer(server, "/_fauxforce/health")?);
    }
    Ok(measured)
}

fn first_answer(server: &Server, target: &str) -> Result<f64, String> {
    let start = Instant::now();
    let started = Started::new(server)?;
    started.ask(&get(target))?;
    Ok(start.elapsed().as_nanos() as f64)
}

/// Time from the start of `exec` with a command that does nothing to its end; the base is the time
/// from the start of `serve` to its first answer.
pub(crate) fn exec_time(effort: Effort) -> Result<Measured, String> {
    let mut measured = Measured::new(Unit::Nanoseconds);
    for _ in 0..effort.rounds * 2 {
        measured.base.push(first_answer(&Server::Fauxforce(&[]), "/_fauxforce/health")?);
        let start = Instant::now();
        let status = Command::new(fauxforce()?).args(["exec", "-q", "--", "true"]).status();
        if !status.map_err(|error| error.to_string())?.success() {
            return Err("exec -- true failed".to_owned());
        }
        measured.ours.push(start.elapsed().as_nanos() as f64);
    }
    Ok(measured)
}

/// Resident memory after one answer.
pub(crate) fn idle_memory(server: &Server, effort: Effort) -> Result<Measured, String> {
    let mut measured = Measured::new(Unit::Bytes);
    for _ in 0..effort.rounds.min(3) {
        for (server, target, into) in [
            (&Server::Bare, "/", &mut measured.base),
            (server, "/_fauxforce/health", &mut measured.ours),
        ] {
            let started = Started::new(server)?;
            started.ask(&get(target))?;
            into.push(started.memory()?);
        }
    }
    Ok(measured)
}

/// CPU time of this thread so far. The kernel's own count, which is brought up to date when it is
/// asked: `schedstat` is only now and then.
fn own_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// CPU time of a call in this process; the base is the bare server's request.
pub(crate) fn in_process(work: fn(usize), effort: Effort) -> Result<Measured, String> {
    let base = Started::new(&Server::Bare)?;
    let fixed = get("/");
    base.cost(&fixed, 1, WARM_UP)?;
    let mut measured = Measured::new(Unit::Nanoseconds);
    // What the work needs is made by a first call, of no turns.
    work(0);
    work(effort.requests.min(1_000));
    for _ in 0..effort.rounds {
        measured.base.push(base.cost(&fixed, 1, effort.requests)?);
        let before = own_cpu();
        work(effort.requests);
        let spent = own_cpu().saturating_sub(before);
        measured.ours.push(spent.as_nanos() as f64 / effort.requests as f64);
    }
    Ok(measured)
}
