//! Which changes of a `UserProvisioningRequest`'s State a real org takes: data of the settings, so
//! that an owner who knows better can correct a cell.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Who may take a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Anybody.
    Allowed,
    /// Nobody.
    NotAllowed,
    /// Salesforce's own jobs.
    SalesforceOnly,
    /// No step at all: the State stays.
    Same,
}

impl Verdict {
    /// Every verdict with its name in files.
    pub const ALL: [(Verdict, &'static str); 4] = [
        (Verdict::Allowed, "allowed"),
        (Verdict::NotAllowed, "not_allowed"),
        (Verdict::SalesforceOnly, "salesforce_only"),
        (Verdict::Same, "same"),
    ];
}

/// How sure a verdict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confidence {
    /// Stated by the object's description.
    High,
    /// Follows from it.
    Medium,
    /// A guess.
    Low,
}

impl Confidence {
    /// Every confidence with its name in files.
    pub const ALL: [(Confidence, &'static str); 3] =
        [(Confidence::High, "high"), (Confidence::Medium, "medium"), (Confidence::Low, "low")];
}

/// One cell of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// Who may take the step.
    pub verdict: Verdict,
    /// How sure that is.
    pub confidence: Confidence,
    /// Whether the default mode takes it from an API caller.
    pub accepted: bool,
    /// Why, in a sentence.
    pub reason: Arc<str>,
}

/// What an org does with an API write that real orgs would refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateMode {
    /// It takes every step.
    Off,
    /// It takes every step, and warns of those that [`StateMode::Enforce`] refuses.
    Warn,
    /// It refuses the steps that are known to be refused.
    #[default]
    Enforce,
    /// It takes only the steps that are known to be taken.
    Strict,
}

impl StateMode {
    /// Every mode with its name in settings.
    pub const ALL: [(StateMode, &'static str); 4] = [
        (StateMode::Off, "off"),
        (StateMode::Warn, "warn"),
        (StateMode::Enforce, "enforce"),
        (StateMode::Strict, "strict"),
    ];

    /// True when this mode takes the step from an API caller, warned or not.
    pub fn takes(self, step: &Transition) -> bool {
        match self {
            StateMode::Off | StateMode::Warn => true,
            StateMode::Enforce => step.accepted,
            StateMode::Strict => match step.verdict {
                Verdict::Same => true,
                Verdict::Allowed => step.confidence != Confidence::Low,
                Verdict::NotAllowed | Verdict::SalesforceOnly => false,
            },
        }
    }
}

/// The whole table: from each State to each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Transitions {
    states: Vec<Box<str>>,
    /// Row by row: from the first State to each, from the second to each, ….
    cells: Vec<Transition>,
}

impl Transitions {
    /// A table; `None` unless there is a cell for every pair.
    pub fn new(states: Vec<Box<str>>, cells: Vec<Transition>) -> Option<Transitions> {
        (cells.len() == states.len() * states.len()).then_some(Transitions { states, cells })
    }

    /// The States, in order.
    pub fn states(&self) -> impl Iterator<Item = &str> {
        self.states.iter().map(AsRef::as_ref)
    }

    /// The step between two States; `None` for a State that the table does not know.
    pub fn step(&self, from: &str, to: &str) -> Option<&Transition> {
        self.cells.get(self.place(from, to)?)
    }

    /// Replaces a cell; false for a State that the table does not know.
    pub fn correct(&mut self, from: &str, to: &str, cell: Transition) -> bool {
        let held = self.place(from, to).and_then(|place| self.cells.get_mut(place));
        held.map(|held| *held = cell).is_some()
    }

    fn place(&self, from: &str, to: &str) -> Option<usize> {
        let place = |name: &str| self.states.iter().position(|own| own.eq_ignore_ascii_case(name));
        Some(place(from)? * self.states.len() + place(to)?)
    }
}
