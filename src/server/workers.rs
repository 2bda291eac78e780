//! The threads behind an [`Edge`](super::Edge). Each worker is one thread with a runtime of its own
//! that serves its connections from first to last byte: no connection wakes another thread. The
//! first worker accepts and hands a new connection to the worker that has the fewest.

use super::connection::{self, Control, Signal};
use super::exchange::Exchange;
use super::{EdgeOptions, Handler};
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc as async_mpsc, watch};

/// Threads of each worker's pool for requests that may take long.
const POOL_THREADS: usize = 32;

/// How often connections are looked at for having gone quiet.
const SWEEP: Duration = Duration::from_secs(15);

/// Sweeps without a byte after which a connection is closed: five minutes.
const QUIET_SWEEPS: u32 = 20;

/// The same before the first request arrived whole: half a minute.
const QUIET_SWEEPS_BEFORE_FIRST: u32 = 2;

/// For requests under way when the server stops.
const GRACE: Duration = Duration::from_millis(1500);

/// For the pool's threads after that. With [`GRACE`] it stays under [`STOP_LIMIT`].
const POOL_GRACE: Duration = Duration::from_millis(300);

/// No stop takes longer than this, whatever a handler does.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// The running threads.
#[derive(Debug)]
pub(super) struct Workers {
    stop: watch::Sender<bool>,
    /// Disconnected when the last thread is gone.
    ended: mpsc::Receiver<()>,
    stopped: bool,
}

/// A connection that has just been accepted.
type Accepted = (TcpStream, SocketAddr);

/// A worker as the accept loop sees it.
struct Desk {
    inbox: async_mpsc::UnboundedSender<Accepted>,
    connections: Arc<Connections>,
}

impl Workers {
    /// Starts the threads. Connections that arrive from here on are served.
    pub(super) fn start(
        listeners: Vec<TcpListener>,
        options: EdgeOptions,
        handler: Handler,
    ) -> io::Result<Workers> {
        let count = options.workers.max(1);
        let port = listeners.first().map(TcpListener::local_addr).transpose()?;
        let exchange =
            Arc::new(Exchange::new(options, handler, port.map_or(0, |address| address.port())));
        let (stop, stopped) = watch::channel(false);
        let (alive, ended) = mpsc::channel();

        let mut desks = Vec::with_capacity(count);
        let mut workers = Vec::with_capacity(count);
        for _ in 0..count {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .max_blocking_threads(POOL_THREADS)
                .thread_name("fauxforce-pool")
                .build()?;
            let (inbox, accepted) = async_mpsc::unbounded_channel();
            let connections = Arc::new(Connections::default());
            desks.push(Desk { inbox, connections: Arc::clone(&connections) });
            let worker = Worker {
                exchange: Arc::clone(&exchange),
                connections,
                stopped: stopped.clone(),
                accepted,
            };
            workers.push((runtime, worker));
        }
        let mut to_accept = Some((listeners, desks));
        for (index, (runtime, worker)) in workers.into_iter().enumerate() {
            let accept = to_accept.take();
            let alive = alive.clone();
            std::thread::Builder::new().name(format!("fauxforce-edge-{index}")).spawn(
                move || {
                    run(runtime, worker, accept);
                    drop(alive);
                },
            )?;
        }
        Ok(Workers { stop, ended, stopped: false })
    }

    /// Stops all threads; waits for them, but no longer than two seconds.
    pub(super) fn stop(&mut self) {
        if self.stopped {
            return;
        }
        self.stopped = true;
        // No receiver left means that all threads are gone already.
        let _ = self.stop.send(true);
        if self.ended.recv_timeout(STOP_LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!("a request is still being handled; leaving it behind");
        }
    }
}

fn run(runtime: Runtime, worker: Worker, accept: Option<(Vec<TcpListener>, Vec<Desk>)>) {
    runtime.block_on(async {
        if let Some((listeners, desks)) = accept {
            let desks = Arc::new(desks);
            for listener in listeners {
                tokio::spawn(accept_loop(listener, Arc::clone(&desks), worker.stopped.clone()));
            }
        }
        worker.serve().await;
    });
    runtime.shutdown_timeout(POOL_GRACE);
}

/// Accepts until the server stops; the listener closes when this returns.
async fn accept_loop(
    listener: TcpListener,
    desks: Arc<Vec<Desk>>,
    mut stopped: watch::Receiver<bool>,
) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "cannot accept connections");
            return;
        }
    };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        match accepted.and_then(|(stream, peer)| Ok((stream.into_std()?, peer))) {
            Ok(accepted) => {
                let desk = desks.iter().min_by_key(|desk| desk.connections.count());
                if let Some(desk) = desk {
                    // Counted here already, so that a burst of connections spreads.
                    desk.connections.expect_one();
                    // A worker that is gone means that the server stops.
                    let _ = desk.inbox.send(accepted);
                }
            }
            Err(error) => {
                // Out of file descriptors, or a client that left at once: neither is for ever.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// One thread's share of the work.
struct Worker {
    exchange: Arc<Exchange>,
    connections: Arc<Connections>,
    stopped: watch::Receiver<bool>,
    accepted: async_mpsc::UnboundedReceiver<Accepted>,
}

impl Worker {
    async fn serve(mut self) {
        let mut sweep = tokio::time::interval(SWEEP);
        loop {
            tokio::select! {
                Some((stream, peer)) = self.accepted.recv() => self.take(stream, peer),
                _ = sweep.tick() => self.connections.sweep(),
                _ = self.stopped.changed() => break,
            }
        }
        self.connections.signal_all(Signal::Finish);
        let ended = async {
            while !self.connections.is_empty() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        // Whoever is not done by then is cut off when the runtime goes.
        let _ = tokio::time::timeout(GRACE, ended).await;
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr) {
        let stream =
            stream.set_nodelay(true).and_then(|()| tokio::net::TcpStream::from_std(stream));
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                tracing::debug!(%error, "a connection ended before it was served");
                self.connections.forget_expected();
                return;
            }
        };
        let (number, control) = self.connections.admit();
        let connections = Arc::clone(&self.connections);
        let exchange = Arc::clone(&self.exchange);
        tokio::spawn(async move {
            connection::serve(stream, peer, exchange, control).await;
            connections.remove(number);
        });
    }
}

/// The open connections of one worker.
#[derive(Default)]
struct Connections(Mutex<Open>);

#[derive(Default)]
struct Open {
    next_number: u64,
    /// Handed over by the accept loop and not yet taken.
    expected: usize,
    by_number: HashMap<u64, Watched>,
}

struct Watched {
    control: Arc<Control>,
    moved: u64,
    quiet_sweeps: u32,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, Open> {
        // The map is whole between statements, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> usize {
        let open = self.lock();
        open.expected + open.by_number.len()
    }

    fn is_empty(&self) -> bool {
        self.lock().by_number.is_empty()
    }

    fn expect_one(&self) {
        self.lock().expected += 1;
    }

    fn forget_expected(&self) {
        self.lock().expected -= 1;
    }

    fn admit(&self) -> (u64, Arc<Control>) {
        let mut open = self.lock();
        open.expected -= 1;
        let number = open.next_number;
        open.next_number += 1;
        let control = Arc::new(Control::default());
        let watched = Watched { control: Arc::clone(&control), moved: 0, quiet_sweeps: 0 };
        open.by_number.insert(number, watched);
        (number, control)
    }

    fn remove(&self, number: u64) {
        self.lock().by_number.remove(&number);
    }

    fn signal_all(&self, signal: Signal) {
        for watched in self.lock().by_number.values() {
            watched.control.signal(signal);
        }
    }

    /// Closes the connections that have moved no byte for too long while nobody worked for them.
    fn sweep(&self) {
        for watched in self.lock().by_number.values_mut() {
            let moved = watched.control.moved();
            if moved != watched.moved || watched.control.is_busy() {
                watched.moved = moved;
                watched.quiet_sweeps = 0;
                continue;
            }
            watched.quiet_sweeps += 1;
            let limit =
                if watched.control.has_served() { QUIET_SWEEPS } else { QUIET_SWEEPS_BEFORE_FIRST };
            if watched.quiet_sweeps == limit {
                watched.control.signal(Signal::Finish);
            } else if watched.quiet_sweeps > limit {
                watched.control.signal(Signal::Abort);
            }
        }
    }
}
