//! The thread that runs an org's background work as time passes. Work that falls due is done in
//! slices, with a breath between them for the requests.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Duration;

/// How often is looked for work.
const IDLE: Duration = Duration::from_millis(20);

/// The breath between two slices: a request that waits for the writer goes first.
const BREATH: Duration = Duration::from_micros(200);

/// The running thread. Dropping it stops it, after the slice at hand.
#[derive(Debug)]
pub struct Background {
    _stop: mpsc::Sender<()>,
}

impl Background {
    /// Starts the thread. `work` does a slice of what is due and says whether there is more.
    pub fn start(work: impl Fn() -> bool + Send + 'static) -> io::Result<Background> {
        let (stop, stopped) = mpsc::channel();
        std::thread::Builder::new()
            .name("fauxforce-background".to_owned())
            .spawn(move || run(&stopped, &work))?;
        Ok(Background { _stop: stop })
    }
}

/// Lets the threads that serve requests go first. Linux gives each thread a priority of its own.
#[cfg(target_os = "linux")]
fn give_way() {
    const NICE: i32 = 10;
    // Without it requests wait a little longer.
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
}

#[cfg(not(target_os = "linux"))]
fn give_way() {}

fn run(stopped: &mpsc::Receiver<()>, work: &impl Fn() -> bool) {
    give_way();
    let mut pause = IDLE;
    while stopped.recv_timeout(pause) == Err(mpsc::RecvTimeoutError::Timeout) {
        // What panics has lost its own slice; the next one may fare better.
        let more = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            tracing::error!("background work panicked");
            false
        });
        pause = if more { BREATH } else { IDLE };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn work_goes_on_until_it_is_dropped_whatever_happens() {
        let (done, seen) = mpsc::channel();
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        let background = Background::start(move || {
            let turn = counted.fetch_add(1, Ordering::Relaxed);
            assert_ne!(turn, 1, "the second slice panics");
            done.send(turn).is_ok()
        });
        let background = background.expect("a thread");
        let wait = || seen.recv_timeout(Duration::from_secs(5));
        assert_eq!((wait(), wait()), (Ok(0), Ok(2)));
        drop(background);
        while wait().is_ok() {}
        let stopped = count.load(Ordering::Relaxed);
        assert!(stopped >= 3);
    }
}
