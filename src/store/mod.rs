//! The org's data as a value: an immutable tree of shared pages.
//!
//! [`State`] → [`Table`] per object → pages of 64 leaves of 64 → [`Row`]. Cloning any of them shares
//! it; a write copies the pages on its path and nothing else. Rollback, fork, snapshot, diff and
//! query cursors are all "keep or drop an `Arc<State>`".

mod employees;
mod index;
mod jobs;
mod row;
mod settings;
mod state;
mod table;
mod targets;
mod transitions;

pub use employees::{
    EmployeeAt, EmployeeUserSettings, MatchBy, Overflow, Run, RunStage, Runs, Unassigned,
};
pub use index::{IndexCache, Key, KeySet, fold};
pub use jobs::{Answer, Calls, Job, JobKind, Jobs, OutboundCall, Pace};
pub use row::{Draft, Row};
pub use settings::Settings;
pub use state::{BEGINNING, Cleared, State};
pub use table::{RowNum, Table, Tombstone};
pub use targets::{Adapter, EXTERNAL, Ending, External, Outcome, Stage, Target};
pub use transitions::{Confidence, StateMode, Transition, Transitions, Verdict};
