//! What ends a served process.

use std::io;

/// SIGINT and SIGTERM. Listened for before the ready line, so that none is missed after it.
#[derive(Debug)]
pub struct StopSignal {
    runtime: tokio::runtime::Runtime,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl StopSignal {
    /// Listens from now on.
    pub fn listen() -> io::Result<StopSignal> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let inside = runtime.enter();
            let terminate = signal(SignalKind::terminate())?;
            let interrupt = signal(SignalKind::interrupt())?;
            drop(inside);
            Ok(StopSignal { runtime, terminate, interrupt })
        }
        #[cfg(not(unix))]
        Ok(StopSignal { runtime })
    }

    #[cfg(unix)]
    /// Returns when one has come.
    pub fn wait(mut self) {
        self.runtime.block_on(async {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        });
    }

    #[cfg(not(unix))]
    /// Returns when Ctrl-C was pressed.
    pub fn wait(self) {
        // Without the signal there is nothing to wait for but the end of the process.
        if self.runtime.block_on(tokio::signal::ctrl_c()).is_err() {
            std::thread::park();
        }
    }
}
