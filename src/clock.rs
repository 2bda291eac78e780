//! The only place that reads the system clock. Everything below the edge takes `now` as an argument.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00Z.
pub type Millis = i64;

/// How an org tells the time. Part of its `State`, so a fork and a restored snapshot keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Clock {
    /// The system's time plus an offset (an `advance` on a real clock adds to it).
    Real {
        /// Milliseconds added to the system's time; never negative.
        offset: Millis,
    },
    /// Stands still until it is moved.
    Virtual {
        /// The org's time.
        now: Millis,
    },
}

impl Clock {
    /// The org's time, given the system's.
    pub fn now(self, system: Millis) -> Millis {
        match self {
            Clock::Real { offset } => system + offset,
            Clock::Virtual { now } => now,
        }
    }

    /// Moves the org's time forward. A negative amount is refused: clocks are monotonic.
    pub fn advance(&mut self, by: Millis) -> bool {
        if by < 0 {
            return false;
        }
        match self {
            Clock::Real { offset } => *offset += by,
            Clock::Virtual { now } => *now += by,
        }
        true
    }
}

/// Microseconds since this was first asked: for measuring how long something took.
#[allow(clippy::disallowed_methods)]
pub fn ticks() -> u64 {
    static FIRST: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    FIRST.get_or_init(std::time::Instant::now).elapsed().as_micros() as u64
}

/// Lets this thread wait: for callers in this process, who have one to spare.
#[allow(clippy::disallowed_methods)]
pub fn pause(time: std::time::Duration) {
    std::thread::sleep(time);
}

/// The system's time.
#[allow(clippy::disallowed_methods)]
pub fn system_now() -> Millis {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as Millis)
}
