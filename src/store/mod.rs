//! The org's data as a value: an immutable tree of shared pages.
//!
//! [`State`] → [`Table`] per object → branches of 64 pages of 64 → [`Row`]. Cloning any of them shares
//! it; a write copies the pages on its path and nothing else. Rollback, fork, snapshot, diff and
//! query cursors are all "keep or drop an `Arc<State>`".

mod apex;
mod calls;
mod concur;
mod diff;
mod doc;
mod employees;
pub mod file;
mod index;
mod jobs;
mod limits;
mod metadata;
pub mod page;
mod row;
mod settings;
mod state;
mod table;
mod targets;
mod transitions;

pub use apex::{ApexBody, ApexRoute};
pub use calls::{Answer, Answered, Ask, Calls, OutboundCall, ScimAsk, ScimWhat};
pub use concur::{
    Concur, ConcurDelivery, ConcurEnd, ConcurEvent, ConcurMessage, ConcurOperation, ConcurOutcome,
    ConcurProvision, ConcurResult, ConcurSettings, ConcurUser, ConcurVerb, ENTERPRISE,
};
pub use diff::{Column, ObjectDiff, Updated, diff};
pub use doc::Doc;
pub use employees::{
    EmployeeAt, EmployeeUserSettings, MatchBy, Overflow, Run, RunStage, Runs, Unassigned,
};
pub use index::{IndexCache, Key, KeySet, fold};
pub use jobs::{Job, JobKind, Jobs, Pace};
pub use limits::{DAILY_API_REQUESTS, LIMITS, Limit};
pub use row::{Draft, Hint, Row};
pub use settings::{DuplicateRule, ScimMode, Settings};
pub use state::{BEGINNING, Cleared, State};
pub use table::{RowNum, Table, Tombstone};
pub use targets::{Adapter, EXTERNAL, Ending, External, Outcome, Stage, Target};
pub use transitions::{Confidence, StateMode, Transition, Transitions, Verdict};
