//! Work that waits: jobs in the order in which they fall due. They are part of the state, so a fork
//! or a restored snapshot goes on where it stood.

use super::file::{self, Label};
use crate::clock::Millis;
use crate::id::Id;
use serde::{Deserialize, Serialize};

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
