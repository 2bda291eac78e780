//! Work that waits: jobs in the order in which they fall due, and calls to other systems whose
//! answers are awaited. Both are part of the state, so a fork or a restored snapshot goes on where
//! it stood.

use super::file::{self, Label};
use crate::clock::Millis;
use crate::id::Id;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a job does, by name: the floor above maps it to a function.
pub type JobKind = Label;

/// A piece of work. Small: what a step needs it reads from the records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// What it does.
    #[serde(deserialize_with = "file::label")]
    pub kind: JobKind,
    /// The record that it is about.
    pub subject: Id,
    /// A second record, if it is about two.
    pub other: Option<Id>,
    /// How far it has come, in its own measure.
    pub at: u64,
    /// A second number, in its own measure.
    pub mark: u64,
}

impl Job {
    /// A job at its beginning.
    pub fn new(kind: JobKind, subject: Id) -> Job {
        Job { kind, subject, other: None, at: 0, mark: 0 }
    }
}

/// How long a step lets its client wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pace {
    /// It is due at once: before the org's next request.
    #[default]
    Immediate,
    /// It is due after so many further requests.
    Polls(u32),
    /// It is due after a time on the org's clock.
    After(Millis),
}

/// Jobs by when they fall due, those of one instant in the order in which they were made.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Jobs {
    queue: imbl::OrdMap<(Millis, u64), Job>,
    /// Jobs that wait for requests, by the number of the request before which they are due.
    polled: imbl::OrdMap<(u64, u64), Job>,
    /// Requests counted while jobs waited for them.
    requests: u64,
    made: u64,
}

impl Jobs {
    /// Adds a job that is due at an instant.
    pub fn push(&mut self, due: Millis, job: Job) {
        self.made += 1;
        self.queue.insert((due, self.made), job);
    }

    /// Adds a job that is due at its pace, from now.
    pub fn pace(&mut self, now: Millis, pace: Pace, job: Job) {
        match pace {
            Pace::Immediate | Pace::Polls(0) => self.push(now, job),
            Pace::After(span) => self.push(now.saturating_add(span), job),
            Pace::Polls(polls) => {
                self.made += 1;
                self.polled.insert((self.requests + u64::from(polls), self.made), job);
            }
        }
    }

    /// True when jobs wait for requests.
    pub fn await_requests(&self) -> bool {
        !self.polled.is_empty()
    }

    /// Counts a request: the jobs that waited for it are due now.
    pub fn count_request(&mut self, now: Millis) {
        self.requests += 1;
        while let Some((key, _)) = self.polled.get_min()
            && key.0 <= self.requests
        {
            let key = *key;
            if let Some(job) = self.polled.remove(&key) {
                self.queue.insert((now, key.1), job);
            }
        }
    }

    /// Makes the jobs that wait for requests due now, without the requests.
    pub fn stop_waiting(&mut self, now: Millis) {
        for ((_, made), job) in std::mem::take(&mut self.polled) {
            self.queue.insert((now, made), job);
        }
    }

    /// When the next job falls due.
    pub fn next_due(&self) -> Option<Millis> {
        self.queue.get_min().map(|((due, _), _)| *due)
    }

    /// True when at least `count` jobs are due.
    pub fn due_at_least(&self, now: Millis, count: usize) -> bool {
        self.queue.iter().take(count).filter(|((due, _), _)| *due <= now).count() == count
    }

    /// Takes the next job that is due, with the instant at which it fell due.
    pub fn take_due(&mut self, now: Millis) -> Option<(Millis, Job)> {
        let key = self.queue.get_min().map(|(key, _)| *key).filter(|(due, _)| *due <= now)?;
        let job = self.queue.remove(&key)?;
        Some((key.0, job))
    }

    /// What the waiting jobs do.
    pub fn kinds(&self) -> impl Iterator<Item = JobKind> {
        self.queue.values().chain(self.polled.values()).map(|job| job.kind)
    }

    /// How many jobs wait.
    pub fn len(&self) -> usize {
        self.queue.len() + self.polled.len()
    }

    /// True when no job waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.polled.is_empty()
    }
}

/// A question to another system. The edge asks it; the answer comes back as input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutboundCall {
    /// Its number in the org.
    pub number: u64,
    /// The job that asks; its kind says who takes the answer.
    pub job: Job,
    /// How it is written on the wire.
    #[serde(deserialize_with = "file::label")]
    pub protocol: Label,
    /// Where it goes.
    pub url: Arc<str>,
    /// How long the edge waits for its answer.
    pub timeout: Millis,
    /// What it says, by name.
    #[serde(deserialize_with = "file::labelled")]
    pub inputs: Vec<(Label, String)>,
}

/// What came back: outputs by name, or why nothing did.
pub type Answer = Result<Vec<(String, String)>, String>;

/// Calls whose answers are awaited.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Calls {
    open: imbl::OrdMap<u64, Arc<OutboundCall>>,
    made: u64,
}

impl Calls {
    /// Adds a call and gives its number.
    pub fn ask(
        &mut self,
        job: Job,
        protocol: &'static str,
        url: Arc<str>,
        timeout: Millis,
        inputs: Vec<(&'static str, String)>,
    ) -> u64 {
        self.made += 1;
        let number = self.made;
        let call = OutboundCall { number, job, protocol, url, timeout, inputs };
        self.open.insert(number, Arc::new(call));
        number
    }

    /// The number of the last call.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// Numbers further calls from behind this one.
    pub(super) fn go_on_from(&mut self, made: u64) {
        self.made = self.made.max(made);
    }

    /// An open call.
    pub fn get(&self, number: u64) -> Option<&Arc<OutboundCall>> {
        self.open.get(&number)
    }

    /// Closes a call: its answer came, or is no longer awaited.
    pub fn close(&mut self, number: u64) -> Option<Arc<OutboundCall>> {
        self.open.remove(&number)
    }

    /// All open calls, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Arc<OutboundCall>> {
        self.open.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(at: u64) -> Job {
        Job { at, ..Job::new("test", Id::own(*b"001", 1)) }
    }

    #[test]
    fn jobs_come_in_the_order_in_which_they_fall_due() {
        let mut jobs = Jobs::default();
        jobs.push(20, job(1));
        jobs.push(10, job(2));
        jobs.push(10, job(3));
        jobs.pace(5, Pace::After(6), job(4));
        assert_eq!(jobs.next_due(), Some(10));
        assert!(jobs.due_at_least(11, 3) && !jobs.due_at_least(11, 4));
        let mut order = Vec::new();
        while let Some((due, job)) = jobs.take_due(11) {
            order.push((due, job.at));
        }
        assert_eq!(order, [(10, 2), (10, 3), (11, 4)]);
        assert_eq!(jobs.len(), 1);
    }

    #[test]
    fn jobs_wait_for_requests() {
        let mut jobs = Jobs::default();
        jobs.pace(5, Pace::Polls(2), job(1));
        jobs.pace(5, Pace::Polls(1), job(2));
        jobs.count_request(6);
        assert_eq!(jobs.take_due(6).map(|(_, job)| job.at), Some(2));
        assert!(jobs.take_due(6).is_none() && jobs.await_requests());
        jobs.count_request(7);
        assert_eq!(jobs.take_due(7).map(|(due, job)| (due, job.at)), Some((7, 1)));
        jobs.pace(8, Pace::Polls(9), job(3));
        jobs.stop_waiting(8);
        assert_eq!(jobs.take_due(8).map(|(_, job)| job.at), Some(3));
        assert!(jobs.is_empty());
    }
}
