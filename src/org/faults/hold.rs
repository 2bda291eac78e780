//! Where held requests wait. Nothing blocks here that need not: the edge awaits a [`Hold`] as a
//! future, and a caller in this process may wait for it on its own thread.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The gate of a rule that holds.
#[derive(Debug, Default)]
pub struct Gate {
    inside: Mutex<Inside>,
    opened: Condvar,
}

#[derive(Debug, Default)]
struct Inside {
    /// How often it was opened.
    opened: u64,
    /// It stays open: its rule is gone.
    gone: bool,
    waiting: usize,
    wakers: Vec<Waker>,
}

impl Gate {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request comes to wait.
    pub fn hold(self: &Arc<Gate>) -> Hold {
        let mut inside = self.inside();
        inside.waiting += 1;
        Hold { came: inside.opened, gate: Arc::clone(self) }
    }

    /// Lets all that wait go on, and gives their number. Who comes later waits again, unless the gate
    /// stays open.
    pub fn open(&self, for_good: bool) -> usize {
        let mut inside = self.inside();
        inside.opened += 1;
        inside.gone |= for_good;
        let released = std::mem::take(&mut inside.waiting);
        let wakers = std::mem::take(&mut inside.wakers);
        drop(inside);
        self.opened.notify_all();
        wakers.into_iter().for_each(Waker::wake);
        released
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.inside().waiting
    }
}

/// A request that waits at a gate. Dropped, it waits no more.
#[derive(Debug)]
pub struct Hold {
    gate: Arc<Gate>,
    /// How often the gate had been opened when it came.
    came: u64,
}

impl Hold {
    fn is_over(&self, inside: &Inside) -> bool {
        inside.gone || inside.opened > self.came
    }

    /// Waits on this thread.
    pub fn wait(self) {
        let mut inside = self.gate.inside();
        while !self.is_over(&inside) {
            inside = self.gate.opened.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Future for Hold {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut inside = self.gate.inside();
        if self.is_over(&inside) {
            return Poll::Ready(());
        }
        if !inside.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            inside.wakers.push(context.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut inside = self.gate.inside();
        // Who was let go is not among those that wait any more.
        if inside.opened == self.came {
            inside.waiting = inside.waiting.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Wake;

    struct Count(Mutex<u32>);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            *self.0.lock().expect("no panic") += 1;
        }
    }

    #[test]
    fn all_that_wait_go_on_and_who_comes_later_waits_again() {
        let gate = Arc::new(Gate::default());
        let woken = Arc::new(Count(Mutex::new(0)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut holds: Vec<Hold> = (0..3).map(|_| gate.hold()).collect();
        for hold in &mut holds {
            assert!(Pin::new(hold).poll(&mut context).is_pending());
        }
        drop(holds.pop());
        assert_eq!((gate.waiting(), gate.open(false)), (2, 2));
        assert_eq!(*woken.0.lock().expect("no panic"), 1, "one task, woken once");
        for hold in &mut holds {
            assert!(Pin::new(hold).poll(&mut context).is_ready());
        }
        let mut late = gate.hold();
        assert!(Pin::new(&mut late).poll(&mut context).is_pending());
        drop(holds);
        assert_eq!(gate.waiting(), 1);
        assert_eq!(gate.open(true), 1);
        gate.hold().wait();
        assert!(Pin::new(&mut late).poll(&mut context).is_ready());
    }

    #[test]
    fn a_thread_can_wait_too() {
        let gate = Arc::new(Gate::default());
        let hold = gate.hold();
        let waiting = std::thread::spawn(move || hold.wait());
        assert_eq!(gate.open(false), 1);
        waiting.join().expect("it goes on");
    }
}
