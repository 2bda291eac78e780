//! Errors of snapshots and of the files that hold them.

use super::ControlError;
use std::fmt;

/// Why a file cannot be taken as a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileFault {
    /// It does not begin as a snapshot file does.
    NotASnapshot,
    /// It was written in another version of the format.
    Version {
        /// The file's.
        found: u32,
        /// The one that is read here.
        own: u32,
    },
    /// It ends early.
    CutShort {
        /// Bytes that there are.
        found: u64,
        /// Bytes that there should be.
        wanted: u64,
    },
    /// Something follows its end.
    TooLong {
        /// Bytes that there are.
        found: u64,
        /// Bytes that there should be.
        wanted: u64,
    },
    /// Its content is not what was written.
    Corrupted,
    /// It unpacks to more than is taken into memory.
    TooBig(u64),
    /// Its content is not laid out as this version writes it.
    Unreadable(String),
    /// It holds what this program's schema does not: an object, a field, a value.
    Misfit {
        /// Where: `Account.Industry`.
        path: String,
        /// What is wrong there.
        what: String,
    },
    /// It holds a job that nobody here runs.
    UnknownJob(String),
}

impl FileFault {
    /// The schema has no such object.
    pub fn no_object(object: &str) -> FileFault {
        FileFault::misfit(object.to_owned(), format!("there is no object {object} here"))
    }

    /// The schema has an object of this name already.
    pub fn object_taken(object: &str) -> FileFault {
        FileFault::misfit(object.to_owned(), format!("the object {object} is a standard one here"))
    }

    /// An added object cannot be used.
    pub fn bad_object(object: &str) -> FileFault {
        FileFault::misfit(object.to_owned(), "the object's definition is not sound".to_owned())
    }

    /// The object has no such field.
    pub fn no_field(object: &str, field: &str) -> FileFault {
        FileFault::misfit(format!("{object}.{field}"), format!("{object} has no {field} here"))
    }

    /// The object has a field of this name already.
    pub fn field_taken(object: &str, field: &str) -> FileFault {
        let what = format!("{object} has a field {field} of its own here");
        FileFault::misfit(format!("{object}.{field}"), what)
    }

    /// A value is not of the field's type.
    pub fn wrong_type(object: &str, field: &str) -> FileFault {
        let what = format!("a value is not of the type of {field} here");
        FileFault::misfit(format!("{object}.{field}"), what)
    }

    /// A picklist has no such value.
    pub fn no_pick(object: &str, field: &str, value: &str) -> FileFault {
        let what = format!("the picklist has no value {value} here");
        FileFault::misfit(format!("{object}.{field}"), what)
    }

    /// A row stands where it cannot.
    pub fn bad_row(object: &str, number: u32) -> FileFault {
        FileFault::misfit(format!("{object}[{number}]"), "the row is out of place".to_owned())
    }

    fn misfit(path: String, what: String) -> FileFault {
        FileFault::Misfit { path, what }
    }

    fn path(&self) -> &str {
        match self {
            FileFault::Misfit { path, .. } => path,
            _ => "",
        }
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileFault::NotASnapshot => f.write_str("this is no snapshot file of fauxforce"),
            FileFault::Version { found, own } => {
                write!(f, "the file has version {found} of the format; this fauxforce reads {own}")
            }
            FileFault::CutShort { found, wanted } => {
                write!(f, "the file is cut short: {found} of {wanted} bytes")
            }
            FileFault::TooLong { found, wanted } => {
                write!(f, "the file has {found} bytes where {wanted} were written")
            }
            FileFault::Corrupted => {
                f.write_str("the file is corrupted: its checksum does not match its content")
            }
            FileFault::TooBig(most) => write!(f, "the file unpacks to more than {most} bytes"),
            FileFault::Unreadable(why) => write!(f, "the file's content cannot be read: {why}"),
            FileFault::Misfit { path, what } => write!(f, "the file does not fit: {path}: {what}"),
            FileFault::UnknownJob(kind) => {
                write!(f, "the file does not fit: nobody here runs jobs of the kind {kind}")
            }
        }
    }
}

impl std::error::Error for FileFault {}

impl ControlError {
    /// 404 of a snapshot.
    pub fn no_such_snapshot(org: &str, name: &str) -> ControlError {
        let message = format!(
            "org {org} has no snapshot {name}: GET /_fauxforce/orgs/{org}/snapshots lists them"
        );
        ControlError::new(404, "NOT_FOUND", message)
    }

    /// 409 of a snapshot's name.
    pub fn snapshot_taken(org: &str, name: &str) -> ControlError {
        let message = format!(
            "org {org} has a snapshot {name} already: DELETE it first, or take another name"
        );
        ControlError::new(409, "NAME_TAKEN", message)
    }

    /// 409 of one snapshot too many.
    pub fn too_many_snapshots(most: usize) -> ControlError {
        let message = format!("an org may have {most} snapshots: DELETE some first");
        ControlError::new(409, "TOO_MANY", message)
    }

    /// 400 of a snapshot's name.
    pub fn bad_snapshot_name() -> ControlError {
        ControlError::invalid(
            "a snapshot's name is 1 to 100 letters, digits, hyphens, underscores and full stops",
        )
    }

    /// 400 of a file that is none, 422 of one that does not fit here.
    pub fn bad_snapshot_file(fault: &FileFault) -> ControlError {
        let (status, code) = match fault {
            FileFault::NotASnapshot => (400, "NOT_A_SNAPSHOT"),
            FileFault::CutShort { .. } | FileFault::TooLong { .. } => (400, "SNAPSHOT_LENGTH"),
            FileFault::Corrupted | FileFault::Unreadable(_) => (400, "SNAPSHOT_CORRUPTED"),
            FileFault::TooBig(_) => (413, "BODY_TOO_LARGE"),
            FileFault::Version { .. } => (422, "SNAPSHOT_VERSION"),
            FileFault::Misfit { .. } | FileFault::UnknownJob(_) => (422, "SNAPSHOT_MISFIT"),
        };
        ControlError::new(status, code, fault.to_string()).at(fault.path())
    }
}
