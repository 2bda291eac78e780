//! Points in an org's life: snapshots, and what differs between two of them.

use super::{Org, StartError, create};
use crate::api;
use crate::clock;
use crate::error::FileFault;
use crate::org::{NotImported, NotTaken};
use crate::scenario::NewOrg;
use crate::store::file;
use std::fmt;

/// Why a snapshot cannot be had.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The org has a snapshot of this name already.
    NameTaken(String),
    /// The org has no snapshot of this name.
    NotFound(String),
    /// The org has as many as it may have.
    TooMany(usize),
    /// The file is at fault.
    File(FileFault),
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SnapshotError::NameTaken(name) => write!(f, "there is a snapshot {name} already"),
            SnapshotError::NotFound(name) => write!(f, "there is no snapshot {name}"),
            SnapshotError::TooMany(most) => write!(f, "an org may have {most} snapshots"),
            SnapshotError::File(fault) => write!(f, "{fault}"),
        }
    }
}

impl std::error::Error for SnapshotError {}

impl SnapshotError {
    fn of(why: NotTaken, name: &str) -> SnapshotError {
        match why {
            NotTaken::Taken => SnapshotError::NameTaken(name.to_owned()),
            NotTaken::TooMany(most) => SnapshotError::TooMany(most),
        }
    }
}

impl Org {
    /// Keeps the org as it is now under a name: records, schema, settings, sequences, jobs, clock.
    /// It shares everything with the org, so it costs nothing until something changes.
    ///
    /// ```
    /// # use fauxforce::Org;
    /// # use fauxforce::api::{Method, Request};
    /// let org = Org::start()?;
    /// org.snapshot("before")?;
    /// let contact = Request::new(Method::Post, "/services/data/v66.0/sobjects/Contact")
    ///     .bearer(org.access_token())
    ///     .json(r#"{"LastName":"Okafor"}"#);
    /// assert_eq!(org.call(contact).status, 201);
    ///
    /// // What did the code under test change?
    /// let diff = org.diff("before", None)?;
    /// assert!(diff.contains(r#""LastName":"Okafor""#), "{diff}");
    ///
    /// org.restore("before")?;
    /// assert_eq!(org.diff("before", None)?, r#"{"objects":{}}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self, name: &str) -> Result<(), SnapshotError> {
        let taken = self.org.take_snapshot(name, clock::system_now());
        taken.map(|_| ()).map_err(|why| SnapshotError::of(why, name))
    }

    /// Back to a snapshot. The org keeps its id, credentials, port and live sessions.
    pub fn restore(&self, name: &str) -> Result<(), SnapshotError> {
        let snapshot = self.point(name)?;
        self.org.restore(&snapshot, false, clock::system_now());
        Ok(())
    }

    /// The names of the snapshots, in alphabetical order.
    pub fn snapshots(&self) -> Vec<String> {
        self.org.snapshots().iter().map(|snapshot| snapshot.name.to_string()).collect()
    }

    /// Forgets a snapshot; false when there is none of that name.
    pub fn forget_snapshot(&self, name: &str) -> bool {
        self.org.forget_snapshot(name)
    }

    /// What differs from one snapshot to another, or (`None`) to now, as the control API's JSON:
    /// `{"objects":{"Contact":{"created":[{"id","record"}],"updated":[{"id","before","after"}],
    /// "deleted":[{"id"}],"undeleted":[{"id"}]}}}`.
    pub fn diff(&self, from: &str, to: Option<&str>) -> Result<String, SnapshotError> {
        let before = self.point(from)?.state;
        let after = match to {
            Some(name) => self.point(name)?.state,
            None => self.org.read(),
        };
        Ok(api::diff_json(&before, &after))
    }

    /// What differs from how the org was when it was created, in the same form.
    pub fn changes(&self) -> String {
        api::diff_json(self.org.created(), &self.org.read())
    }

    /// A new org that shares every record with this one as it was at a snapshot.
    ///
    /// # Errors
    ///
    /// [`StartError::NoSnapshot`] when there is none of that name.
    pub fn fork_at(&self, snapshot: &str) -> Result<Org, StartError> {
        let found = self.org.snapshot(snapshot);
        let found = found.ok_or_else(|| StartError::NoSnapshot(snapshot.to_owned()))?;
        let new = NewOrg { from: Some(&self.org), snapshot: Some(&found), ..NewOrg::default() };
        let org = create(&self.orgs, &new)?;
        Ok(Org { orgs: std::sync::Arc::clone(&self.orgs), org })
    }

    /// A snapshot as one file, which [`Org::import_snapshot`] takes, here or in another process.
    pub fn export_snapshot(&self, name: &str) -> Result<Vec<u8>, SnapshotError> {
        Ok(file::write(&self.point(name)?.state))
    }

    /// The org as it is now, as such a file.
    pub fn export(&self) -> Vec<u8> {
        file::write(&self.org.read())
    }

    /// Keeps what a file holds as a snapshot. The org itself stays as it is until it is restored.
    pub fn import_snapshot(&self, name: &str, file: &[u8]) -> Result<(), SnapshotError> {
        let taken = self.org.import_snapshot(name, file, clock::system_now());
        taken.map(|_| ()).map_err(|why| match why {
            NotImported::NotTaken(why) => SnapshotError::of(why, name),
            NotImported::File(fault) => SnapshotError::File(fault),
        })
    }

    fn point(&self, name: &str) -> Result<crate::org::Snapshot, SnapshotError> {
        self.org.snapshot(name).ok_or_else(|| SnapshotError::NotFound(name.to_owned()))
    }
}
