//! Employees becoming users: the Employee User Settings, and the runs that are under way.

use crate::clock::Millis;
use crate::id::Id;
use crate::schema::ObjectId;
use crate::store::RowNum;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// By what an employee finds the user that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MatchBy {
    /// The user's contact is the employee's.
    Contact,
    /// Both have the same employee number.
    EmployeeNumber,
    /// Both have the same e-mail address.
    Email,
}

impl MatchBy {
    /// Each with its name in settings, in the usual order.
    pub const ALL: [(MatchBy, &'static str); 3] = [
        (MatchBy::Contact, "contact"),
        (MatchBy::EmployeeNumber, "employeeNumber"),
        (MatchBy::Email, "email"),
    ];
}

/// What becomes of employees beyond those that one transaction may make users automatically.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overflow {
    /// They wait for a run.
    #[default]
    Leave,
    /// They are not saved.
    Reject,
}

impl Overflow {
    /// Each with its name in settings.
    pub const ALL: [(Overflow, &'static str); 2] =
        [(Overflow::Leave, "leave"), (Overflow::Reject, "reject")];
}

/// What becomes of a new user who cannot be assigned the permission set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unassigned {
    /// The user stays, not linked: the next run finds and links it.
    #[default]
    Keep,
    /// There is no such user.
    Undo,
}

impl Unassigned {
    /// Each with its name in settings.
    pub const ALL: [(Unassigned, &'static str); 2] =
        [(Unassigned::Keep, "keep"), (Unassigned::Undo, "undo")];
}

/// Employee User Settings. Blank texts are settings that nobody made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmployeeUserSettings {
    /// Employees become users when they are saved with the provisioning status.
    pub auto_create: bool,
    /// Changes of an employee reach its user.
    pub source_of_truth: bool,
    /// `EmailEncodingKey` of new users.
    pub email_encoding: Arc<str>,
    /// Name or id of their profile.
    pub profile: Arc<str>,
    /// Name or id of the permission set or permission set group that they are assigned.
    pub permission_set: Arc<str>,
    /// What follows the `@` of their usernames; blank: what follows it in their e-mail address.
    pub username_suffix: Arc<str>,
    /// The `EmployeeStatus` of employees who shall be users.
    pub employee_status: Arc<str>,
    /// How users are found, in this order.
    pub match_order: Arc<[MatchBy]>,
    /// What becomes of employees beyond those that one transaction makes users.
    pub overflow: Overflow,
    /// What becomes of a new user without the permission set.
    pub unassigned: Unassigned,
}

impl Default for EmployeeUserSettings {
    /// Complete, so that a run works in an org that nobody set up; a real org's are blank.
    fn default() -> EmployeeUserSettings {
        EmployeeUserSettings {
            auto_create: false,
            source_of_truth: false,
            email_encoding: "UTF-8".into(),
            profile: "Standard User".into(),
            permission_set: "".into(),
            username_suffix: "".into(),
            employee_status: "Active".into(),
            match_order: MatchBy::ALL.map(|(by, _)| by).into(),
            overflow: Overflow::default(),
            unassigned: Unassigned::default(),
        }
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunStage {
    /// It waits for the run before it.
    Queued,
    /// It finds out who is to be a user.
    Initializing,
    /// It makes users.
    Processing,
}

/// An employee: its object and place in the table.
pub type EmployeeAt = (ObjectId, RowNum);

/// A run under way. Its record shows what stands here; what API callers write there changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// How far it has come.
    pub stage: RunStage,
    /// The employees that a transaction saved; `None`: all who shall be users and are not.
    pub saved: Option<imbl::Vector<EmployeeAt>>,
    /// The employees that it works on, once it knows them.
    pub employees: Arc<[EmployeeAt]>,
    /// When it began.
    pub started: Option<Millis>,
    /// Employees that became users, or were linked to theirs.
    pub succeeded: u32,
    /// Employees that did not.
    pub failed: u32,
}

impl Run {
    /// A run that waits; `saved` are the employees that it is about, if it is about some only.
    pub fn new(saved: Option<imbl::Vector<EmployeeAt>>) -> Run {
        Run {
            stage: RunStage::Queued,
            saved,
            employees: Arc::default(),
            started: None,
            succeeded: 0,
            failed: 0,
        }
    }

    /// How many employees it has attempted.
    pub fn attempted(&self) -> usize {
        self.succeeded as usize + self.failed as usize
    }
}

/// The runs under way: one works, the others wait in order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Runs {
    open: imbl::Vector<(Id, Run)>,
    /// The request whose saved employees the last run is about.
    request: u64,
}

impl Runs {
    /// The same where objects have other numbers; `None` when one has none there.
    pub(super) fn renumbered(
        mut self,
        number: impl Fn(ObjectId) -> Option<ObjectId>,
    ) -> Option<Runs> {
        let here = |(object, row): &EmployeeAt| Some((number(*object)?, *row));
        for (_, run) in &mut self.open {
            if let Some(saved) = &run.saved {
                run.saved = Some(saved.iter().map(here).collect::<Option<_>>()?);
            }
            run.employees = run.employees.iter().map(here).collect::<Option<_>>()?;
        }
        Some(self)
    }

    /// A run by its process.
    pub fn get(&self, process: Id) -> Option<&Run> {
        self.open.iter().find(|(own, _)| *own == process).map(|(_, run)| run)
    }

    /// A run by its process, to be changed.
    pub fn get_mut(&mut self, process: Id) -> Option<&mut Run> {
        self.open.iter_mut().find(|(own, _)| *own == process).map(|(_, run)| run)
    }

    /// The process whose turn it is.
    pub fn first(&self) -> Option<Id> {
        self.open.front().map(|(process, _)| *process)
    }

    /// Adds a run at the end.
    pub fn push(&mut self, process: Id, run: Run) {
        self.open.push_back((process, run));
        self.request = 0;
    }

    /// Adds a run about what a request saves.
    pub fn push_for(&mut self, request: u64, process: Id, run: Run) {
        self.push(process, run);
        self.request = request;
    }

    /// The employees that the run of a request is about, while it waits.
    pub fn saved_by(&mut self, request: u64) -> Option<&mut imbl::Vector<EmployeeAt>> {
        if self.request != request {
            return None;
        }
        self.open.back_mut()?.1.saved.as_mut()
    }

    /// Takes a run out.
    pub fn remove(&mut self, process: Id) -> Option<Run> {
        let place = self.open.iter().position(|(own, _)| *own == process)?;
        Some(self.open.remove(place).1)
    }
}
