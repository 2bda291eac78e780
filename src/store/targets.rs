//! The systems that a connected app provisions, as an org's owner describes them.

use crate::clock::Millis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The text fields in which Salesforce keeps what it knows of an account elsewhere, in the order of
/// [`External`].
pub const EXTERNAL: [&str; 5] = [
    "ExternalUserId",
    "ExternalUsername",
    "ExternalEmail",
    "ExternalFirstName",
    "ExternalLastName",
];

/// An account elsewhere: the values of [`EXTERNAL`].
pub type External = [Option<Arc<str>>; 5];

/// How a target is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Adapter {
    /// It is not: its outcomes are scripted.
    #[default]
    Scripted,
    /// The rows of `UserProvMockTarget` are its accounts.
    MockTarget,
    /// Over HTTP, as a SCIM 2.0 service.
    Scim,
    /// Over HTTP, with the inputs and outputs of a provisioning plug-in.
    Webhook,
}

impl Adapter {
    /// Every adapter with its name in settings.
    pub const ALL: [(Adapter, &'static str); 4] = [
        (Adapter::Scripted, "scripted"),
        (Adapter::MockTarget, "mockTarget"),
        (Adapter::Scim, "scim"),
        (Adapter::Webhook, "webhook"),
    ];
}

/// Which kind of work an outcome is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// A single request: create, update, deactivate, ….
    #[default]
    Request,
    /// A page of accounts being collected.
    Collect,
    /// Linking the collected accounts to users.
    Analyze,
    /// Taking them over.
    Commit,
}

impl Stage {
    /// Every stage with its name in settings.
    pub const ALL: [(Stage, &'static str); 4] = [
        (Stage::Request, "request"),
        (Stage::Collect, "collect"),
        (Stage::Analyze, "analyze"),
        (Stage::Commit, "commit"),
    ];

    /// The name under which the state counts the outcomes used.
    pub fn tally(self) -> &'static str {
        match self {
            Stage::Request => "outcomes of requests",
            Stage::Collect => "outcomes of collections",
            Stage::Analyze => "outcomes of analyses",
            Stage::Commit => "outcomes of commits",
        }
    }
}

/// How a call ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// Well.
    #[default]
    Done,
    /// With an error of the target.
    Failed,
    /// Without an answer.
    TimedOut,
}

impl Ending {
    /// Every ending with its name in settings.
    pub const ALL: [(Ending, &'static str); 3] =
        [(Ending::Done, "ok"), (Ending::Failed, "fail"), (Ending::TimedOut, "timeout")];
}

/// One scripted outcome.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outcome {
    /// Which work it is about.
    pub stage: Stage,
    /// How that ends.
    pub ending: Ending,
    /// `Status` of the log, often an HTTP status.
    pub status: Option<Arc<str>>,
    /// `Details` of the log.
    pub details: Option<Arc<str>>,
    /// What the target says of the account.
    pub external: External,
    /// The Status of the account afterwards, when it is another than the operation entails.
    pub account_status: Option<Arc<str>>,
    /// What the target says about the end of a collection, in place of the truth.
    pub recon_state: Option<Arc<str>>,
    /// How long the call takes, in place of the target's usual time.
    pub latency: Option<Millis>,
    /// For how many calls it holds; `None`: one, and every further one when it is the last.
    pub times: Option<u32>,
    /// How many rows an analysis or a commit gets through before it ends so.
    pub after: u32,
}

/// A target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Target {
    /// How it is reached.
    pub adapter: Adapter,
    /// Where, for those that are reached over HTTP.
    pub url: Option<Arc<str>>,
    /// What a call over HTTP says in `Authorization`. Settings never show it.
    pub authorization: Option<Arc<str>>,
    /// How often a call that failed is made again.
    pub retries: u32,
    /// How long it waits before that, on the org's clock.
    pub retry_delay: Millis,
    /// Deactivate deletes the account of a SCIM service; it makes it inactive otherwise.
    pub deactivate_deletes: bool,
    /// What happens, in order, by stage. The last one of a stage stays.
    pub outcomes: Vec<Outcome>,
    /// How long a call takes on the org's clock.
    pub latency: Millis,
    /// How long a call may take before it fails.
    pub timeout: Millis,
    /// How many accounts a page of a collection holds.
    pub page: u32,
    /// The accounts of a scripted target; `None`: the rows of `UserProvMockTarget`.
    pub accounts: Option<Arc<[External]>>,
    /// A denied request becomes Failed; it stays New otherwise.
    pub denied_fails: bool,
    /// A request that is marked Retried is cloned.
    pub retried_clones: bool,
    /// A collection that was analyzed is committed at once; it waits for somebody to do it otherwise.
    pub analyzed_commits: bool,
}

impl Default for Target {
    fn default() -> Target {
        Target {
            adapter: Adapter::Scripted,
            url: None,
            authorization: None,
            retries: 0,
            retry_delay: 0,
            deactivate_deletes: false,
            outcomes: Vec::new(),
            latency: 0,
            // The longest that a real org waits for a call.
            timeout: 120_000,
            page: 100,
            accounts: None,
            denied_fails: false,
            retried_clones: true,
            analyzed_commits: false,
        }
    }
}

impl Target {
    /// True when it is reached over HTTP.
    pub fn is_remote(&self) -> bool {
        matches!(self.adapter, Adapter::Scim | Adapter::Webhook)
    }

    /// The outcome of the call after `used` others of a stage; `None` when none is scripted.
    pub fn outcome(&self, stage: Stage, used: u64) -> Option<&Outcome> {
        let mut own = self.outcomes.iter().filter(|outcome| outcome.stage == stage).peekable();
        let mut before = 0;
        while let Some(outcome) = own.next() {
            before += u64::from(outcome.times.unwrap_or(1));
            let stays = own.peek().is_none() && outcome.times.is_none();
            if used < before || stays {
                return Some(outcome);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_come_in_order_and_the_last_one_stays() {
        let outcome = |status: &str, times| Outcome {
            status: Some(status.into()),
            times,
            ..Outcome::default()
        };
        let statuses = |target: &Target| -> Vec<String> {
            let status = |used| target.outcome(Stage::Request, used)?.status.clone();
            (0..5).map(|used| status(used).map_or("-".to_owned(), |s| s.to_string())).collect()
        };
        let outcomes = vec![outcome("503", Some(2)), outcome("409", None), outcome("200", None)];
        let target = Target { outcomes, ..Target::default() };
        assert_eq!(statuses(&target), ["503", "503", "409", "200", "200"]);
        let ended = Target { outcomes: vec![outcome("429", Some(3))], ..Target::default() };
        assert_eq!(statuses(&ended), ["429", "429", "429", "-", "-"]);
        assert!(target.outcome(Stage::Collect, 0).is_none());
    }
}
