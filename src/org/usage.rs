//! How many API requests an org took in the last 24 hours of its clock.

use crate::clock::Millis;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

const HOUR: Millis = 3_600_000;

/// Requests by hour.
#[derive(Default)]
pub struct Usage(Mutex<VecDeque<(Millis, u64)>>);

impl Usage {
    fn hours(&self, now: Millis) -> MutexGuard<'_, VecDeque<(Millis, u64)>> {
        let mut hours = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = now.div_euclid(HOUR) - 23;
        while hours.front().is_some_and(|(hour, _)| *hour < oldest) {
            hours.pop_front();
        }
        hours
    }

    /// Counts a request and returns how many there were, this one included.
    pub fn count(&self, now: Millis) -> u64 {
        let mut hours = self.hours(now);
        let hour = now.div_euclid(HOUR);
        match hours.back_mut() {
            Some((last, count)) if *last == hour => *count += 1,
            _ => hours.push_back((hour, 1)),
        }
        hours.iter().map(|(_, count)| count).sum()
    }

    /// How many requests there were.
    pub fn used(&self, now: Millis) -> u64 {
        self.hours(now).iter().map(|(_, count)| count).sum()
    }

    /// Forgets them.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
