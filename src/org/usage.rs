//! How many API requests an org took in the last 24 hours of its clock.
//!
//! Five minutes are counted together: real orgs say that their counts are no more accurate.

use crate::clock::Millis;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is counted together.
const STEP: Millis = 300_000;

/// Steps of 24 hours.
const DAY: i64 = 288;

/// Requests by time.
#[derive(Debug, Default)]
pub struct Usage(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    steps: VecDeque<(i64, u64)>,
    /// The sum of the steps.
    used: u64,
}

impl Usage {
    fn window(&self, now: Millis) -> MutexGuard<'_, Window> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = now.div_euclid(STEP) - DAY;
        while let Some((_, count)) = window.steps.front().copied().filter(|(at, _)| *at <= oldest) {
            window.used -= count;
            window.steps.pop_front();
        }
        window
    }

    /// Counts a request and gives how many there were, this one included; `None` when `most` are used
    /// up: then it is refused, and not counted.
    pub fn take(&self, now: Millis, most: u64) -> Option<u64> {
        let mut window = self.window(now);
        if window.used >= most {
            return None;
        }
        let step = now.div_euclid(STEP);
        match window.steps.back_mut() {
            Some((last, count)) if *last == step => *count += 1,
            _ => window.steps.push_back((step, 1)),
        }
        window.used += 1;
        Some(window.used)
    }

    /// How many requests there were.
    pub fn used(&self, now: Millis) -> u64 {
        self.window(now).used
    }

    /// Forgets them.
    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Window::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const H: Millis = 3_600_000;

    #[test]
    fn a_request_counts_for_a_day() {
        let usage = Usage::default();
        assert_eq!([0, H, 2 * H].map(|now| usage.take(now, 3)), [Some(1), Some(2), Some(3)]);
        assert_eq!(usage.take(3 * H, 3), None);
        assert_eq!(usage.used(3 * H), 3, "what is refused is not counted");
        assert_eq!(usage.used(24 * H - 1), 3);
        assert_eq!((usage.used(24 * H), usage.take(24 * H, 3)), (2, Some(3)));
        assert_eq!(usage.used(49 * H), 0);
        usage.take(49 * H, 9);
        usage.clear();
        assert_eq!(usage.used(49 * H), 0);
    }
}
