//! The evidence of a failure: a folder with what was asked of each org, what changed in it, what it
//! holds, and its time.

use super::super::Exit;
use crate::api::{Json, Method, Request};
use crate::facade::Server;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Orgs whose evidence is written: a run may leave thousands of forks.
const MOST_ORGS: usize = 100;

/// A folder that can be written to.
pub(super) struct Report {
    folder: PathBuf,
    /// We made it, and take it away again when there is nothing to tell.
    is_new: bool,
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

    /// Writes one folder for each org, and what `exec` itself counted.
    pub(super) fn write(
        &self,
        server: &Server,
        token: Option<&str>,
        summary: &str,
    ) -> Result<(), Exit> {
        let written = self.write_all(server, token, summary);
        written.map_err(|error| not_writable(&self.folder, &error))?;
        eprintln!("fauxforce: the evidence is in {}", self.folder.display());
        Ok(())
    }

    fn write_all(&self, server: &Server, token: Option<&str>, summary: &str) -> io::Result<()> {
        fs::write(self.folder.join("summary.json"), format!("{summary}\n"))?;
        let orgs = ask(server, token, "/orgs").and_then(|body| Json::parse(&body));
        let orgs = orgs.unwrap_or(Json::Null);
        let names = orgs.list(&["items"]).iter().filter_map(|org| org.text(&["name"]));
        for (name, org) in names.filter_map(|name| Some((name, server.org(name)?))).take(MOST_ORGS)
        {
            let own = self.folder.join(name);
            fs::create_dir_all(&own)?;
            for (target, file) in [
                ("clock", "clock.json"),
                ("requests?limit=10000", "requests.json"),
                ("requests?limit=10000&format=har", "requests.har"),
            ] {
                if let Some(body) = ask(server, token, &format!("/orgs/{name}/{target}")) {
                    fs::write(own.join(file), body)?;
                }
            }
            fs::write(own.join("diff.json"), org.changes())?;
            fs::write(own.join("org.fauxforce"), org.export())?;
        }
        Ok(())
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

/// The body of a control call that succeeds.
fn ask(server: &Server, token: Option<&str>, target: &str) -> Option<Vec<u8>> {
    let mut request = Request::new(Method::Get, &format!("/_fauxforce{target}"));
    if let Some(token) = token {
        request = request.bearer(token);
    }
    let answer = server.org("default")?.call(request);
    if answer.status >= 300 {
        tracing::warn!(target, status = answer.status, "left out of the report");
        return None;
    }
    answer.into_bytes().ok().map(|body| body.to_vec())
}

fn not_writable(folder: &Path, error: &io::Error) -> Exit {
    Exit::not_writable(format!("--report {}: {error}", folder.display()))
}
