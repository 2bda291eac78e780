//! The evidence of a failure: a folder with what was asked of each org, what changed in it, what it
//! holds, and its time.

use super::super::Exit;
use crate::api::{Json, Method, Request, Response};
use crate::facade::Server;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The snapshot of how the default org was before the command ran.
const BEGINNING: &str = "before-exec";

/// Orgs whose evidence is written: a run may leave thousands of forks.
const MOST_ORGS: usize = 100;

/// A folder that can be written to.
pub(super) struct Report {
    folder: PathBuf,
    /// We made it, and take it away again when there is nothing to tell.
    is_new: bool,
}

/// A report on a run that has begun.
pub(super) struct Evidence {
    report: Report,
    token: Option<String>,
}

impl Report {
    /// Makes the folder, so that a run does not end with evidence that cannot be kept.
    pub(super) fn prepare(folder: &Path) -> Result<Report, Exit> {
        let is_new = !folder.exists();
        let probe = folder.join(".fauxforce-probe");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&probe, b""))
            .and_then(|()| fs::remove_file(&probe))
            .map_err(|error| not_writable(folder, &error))?;
        Ok(Report { folder: folder.to_owned(), is_new })
    }

    /// Remembers how the default org is now.
    pub(super) fn begin(self, server: &Server, token: Option<&str>) -> Evidence {
        let evidence = Evidence { report: self, token: token.map(ToOwned::to_owned) };
        evidence.call(server, Method::Put, &format!("/orgs/default/snapshots/{BEGINNING}"));
        evidence
    }
}

/// What was made for evidence that nobody needs is taken away again.
impl Drop for Report {
    fn drop(&mut self) {
        if self.is_new {
            // With anything in it, it stays.
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

impl Evidence {
    /// Writes one folder for each org, and what `exec` itself counted.
    pub(super) fn write(self, server: &Server, summary: &str) -> Result<(), Exit> {
        let folder = &self.report.folder;
        self.write_all(server, summary).map_err(|error| not_writable(folder, &error))?;
        eprintln!("fauxforce: the evidence is in {}", folder.display());
        Ok(())
    }

    fn write_all(&self, server: &Server, summary: &str) -> io::Result<()> {
        let folder = &self.report.folder;
        fs::write(folder.join("summary.json"), format!("{summary}\n"))?;
        let orgs = self.call(server, Method::Get, "/orgs").and_then(|body| Json::parse(&body));
        let orgs = orgs.unwrap_or(Json::Null);
        let names = orgs.list(&["items"]).iter().filter_map(|org| org.text(&["name"]));
        for name in names.take(MOST_ORGS) {
            let own = folder.join(name);
            fs::create_dir_all(&own)?;
            let save = |target: &str, file: &str| match self.call(server, Method::Get, target) {
                Some(body) => fs::write(own.join(file), body),
                None => Ok(()),
            };
            save(&format!("/orgs/{name}/clock"), "clock.json")?;
            save(&format!("/orgs/{name}/requests?limit=10000"), "requests.json")?;
            save(&format!("/orgs/{name}/requests?limit=10000&format=har"), "requests.har")?;
            save(&format!("/orgs/{name}/diff?from={BEGINNING}"), "diff.json")?;
            let end = format!("/orgs/{name}/snapshots/after-exec");
            if self.call(server, Method::Put, &end).is_some() {
                save(&format!("{end}/file"), "org.snapshot")?;
            }
        }
        Ok(())
    }

    /// The body of a control call that succeeds.
    fn call(&self, server: &Server, method: Method, target: &str) -> Option<Vec<u8>> {
        let mut request = Request::new(method, &format!("/_fauxforce{target}"));
        if let Some(token) = &self.token {
            request = request.bearer(token);
        }
        let answer: Response = server.org("default")?.call(request);
        let succeeds = answer.status < 300;
        if !succeeds {
            tracing::info!(target, status = answer.status, "left out of the report");
        }
        answer.into_bytes().ok().filter(|_| succeeds).map(|body| body.to_vec())
    }
}

fn not_writable(folder: &Path, error: &io::Error) -> Exit {
    Exit::not_writable(format!("--report {}: {error}", folder.display()))
}
