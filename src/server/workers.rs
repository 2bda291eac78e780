//! The threads behind an [`Edge`](super::Edge). Each worker is one thread with a runtime of its own
//! that accepts connections and serves each from first to last byte: no request wakes another
//! thread. All workers listen on the same sockets, so a new connection goes to one that has time.

use super::connection;
use super::control::{Control, Signal};
use super::exchange::Exchange;
use super::proxy::Proxy;
use super::{EdgeOptions, Handler};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

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
    /// Ends the thread that sweeps.
    stop_sweeping: Mutex<Option<mpsc::Sender<()>>>,
    /// Disconnected when the last thread is gone. `None` once stopped.
    ended: Mutex<Option<mpsc::Receiver<()>>>,
}

impl Workers {
    /// Starts the threads. Connections that arrive from here on are served.
    pub(super) fn start(
        listeners: &[std::net::TcpListener],
        options: EdgeOptions,
        handler: Handler,
        proxy: Arc<Proxy>,
    ) -> io::Result<Workers> {
        let count = options.workers.max(1);
        let port = listeners.first().map(std::net::TcpListener::local_addr).transpose()?;
        let port = port.map_or(0, |address| address.port());
        let exchange = Arc::new(Exchange::new(options, handler, proxy, port));
        let (stop, stopped) = watch::channel(false);
        let (alive, ended) = mpsc::channel();

        // All runtimes are made before the first thread starts: what fails, fails before anything
        // is served.
        let mut workers = Vec::with_capacity(count);
        for _ in 0..count {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .max_blocking_threads(POOL_THREADS)
                .thread_name("fauxforce-pool")
                .build()?;
            let inside = runtime.enter();
            let listeners = listeners
                .iter()
                .map(|listener| tokio::net::TcpListener::from_std(listener.try_clone()?))
                .collect::<io::Result<Vec<_>>>()?;
            drop(inside);
            let worker = Arc::new(Worker {
                exchange: Arc::clone(&exchange),
                connections: Connections::default(),
            });
            workers.push((runtime, worker, listeners));
        }
        let (stop_sweeping, sweeping) = mpsc::channel();
        let swept: Vec<_> = workers.iter().map(|(_, worker, _)| Arc::clone(worker)).collect();
        std::thread::Builder::new()
            .name("fauxforce-sweep".to_owned())
            .spawn(move || sweep(&sweeping, &swept))?;
        for (index, (runtime, worker, listeners)) in workers.into_iter().enumerate() {
            let (alive, stopped) = (alive.clone(), stopped.clone());
            std::thread::Builder::new().name(format!("fauxforce-edge-{index}")).spawn(
                move || {
                    runtime.block_on(worker.serve(listeners, stopped));
                    runtime.shutdown_timeout(POOL_GRACE);
                    drop(alive);
                },
            )?;
        }
        Ok(Workers {
            stop,
            stop_sweeping: Mutex::new(Some(stop_sweeping)),
            ended: Mutex::new(Some(ended)),
        })
    }

    /// Stops all threads; waits for them, but no longer than two seconds.
    pub(super) fn stop(&self) {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(ended) = ended else { return };
        drop(self.stop_sweeping.lock().unwrap_or_else(PoisonError::into_inner).take());
        // No receiver left means that all threads are gone already.
        let _ = self.stop.send(true);
        if ended.recv_timeout(STOP_LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!("a request is still being handled; leaving it behind");
        }
    }
}

/// Looks at all connections now and then, until the server stops. It has a thread of its own because
/// a timer in a worker's runtime would cost every request a look at the clock.
fn sweep(sweeping: &mpsc::Receiver<()>, workers: &[Arc<Worker>]) {
    while sweeping.recv_timeout(SWEEP) == Err(mpsc::RecvTimeoutError::Timeout) {
        for worker in workers {
            worker.connections.sweep();
        }
    }
}

/// One thread's share of the work.
struct Worker {
    exchange: Arc<Exchange>,
    connections: Connections,
}

impl Worker {
    /// Serves until the server stops, and lets the requests under way end then.
    async fn serve(
        self: Arc<Worker>,
        listeners: Vec<TcpListener>,
        mut stopped: watch::Receiver<bool>,
    ) {
        for listener in listeners {
            tokio::spawn(Arc::clone(&self).accept(listener, stopped.clone()));
        }
        // An error means that nobody is left to stop us: the start failed half way.
        let _ = stopped.changed().await;
        let ended = async {
            while !self.connections.is_empty() {
                // Again each time: one may have been accepted at the last moment.
                self.connections.signal_all(Signal::Finish);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        // Whoever is not done by then is cut off when the runtime goes.
        let _ = tokio::time::timeout(GRACE, ended).await;
    }

    /// Accepts until the server stops; the listener closes when this returns.
    async fn accept(self: Arc<Worker>, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stopped.changed() => return,
            };
            match accepted.and_then(|(stream, peer)| {
                stream.set_nodelay(true)?;
                Ok((stream, peer))
            }) {
                Ok((stream, peer)) => self.take(stream, peer),
                Err(error) => {
                    // Out of file descriptors, or a client that left at once: neither is for ever.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    fn take(self: &Arc<Worker>, stream: TcpStream, peer: SocketAddr) {
        let (number, control) = self.connections.admit();
        let worker = Arc::clone(self);
        tokio::spawn(async move {
            let exchange = Arc::clone(&worker.exchange);
            connection::serve(stream, peer, exchange, control).await;
            worker.connections.remove(number);
        });
    }
}

/// The open connections of one worker.
#[derive(Default)]
struct Connections(Mutex<Open>);

#[derive(Default)]
struct Open {
    next_number: u64,
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

    fn is_empty(&self) -> bool {
        self.lock().by_number.is_empty()
    }

    fn admit(&self) -> (u64, Arc<Control>) {
        let mut open = self.lock();
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
