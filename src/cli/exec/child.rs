//! The command: started with its variables, sent the signals that we are sent, waited for.
//!
//! On a terminal the command stays in the foreground group, where Ctrl-C reaches it without us.
//! Everywhere else it leads a group of its own, and a signal goes to the whole group, so that
//! nothing that a shell script started is left behind.

use super::super::Exit;
use std::ffi::OsString;
use std::io;
use std::process::{Child, Command};

#[cfg(unix)]
pub(super) use unix::Signals;
#[cfg(not(unix))]
pub(super) use without_signals::Signals;

/// Runs the command to its end and gives its exit status; 128 + signal when one ended it.
pub(super) fn run(
    command: &[OsString],
    variables: &[(&str, String)],
    signals: Signals,
) -> Result<u8, Exit> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Exit::usage("a command is needed: fauxforce exec -- CMD"));
    };
    let mut child = Command::new(program);
    child.args(arguments).envs(variables.iter().map(|(name, value)| (name, value)));
    signals.prepare(&mut child);
    let child = child.spawn().map_err(|error| not_started(program, &error))?;
    signals
        .pass_to(child)
        .map_err(|error| Exit::failed(format!("cannot wait for the command: {error}")))
}

fn not_started(program: &OsString, error: &io::Error) -> Exit {
    let program = program.to_string_lossy();
    if error.kind() == io::ErrorKind::NotFound {
        return Exit::not_found(format!("{program}: command not found"));
    }
    Exit::not_executable(format!("{program}: cannot be run: {error}"))
}

#[cfg(unix)]
mod unix {
    use super::{Child, Command, Exit, io};
    use rustix::process::{
        Pid, Signal, WaitId, WaitIdOptions, getpgrp, kill_process, kill_process_group, waitid,
    };
    use rustix::termios::tcgetpgrp;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::raw::WithRawSiginfo;
    use std::fs::File;
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};

    /// The signals that end programs, queued from the moment they are listened for.
    pub(in super::super) struct Signals {
        queue: SignalsInfo<WithRawSiginfo>,
        /// We are what the terminal is talking to.
        foreground: bool,
    }

    impl Signals {
        /// Listens from now on.
        pub(in super::super) fn listen() -> Result<Signals, Exit> {
            let queue = SignalsInfo::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT])
                .map_err(|error| Exit::failed(format!("cannot listen for signals: {error}")))?;
            let terminal = File::open("/dev/tty").ok();
            let group = terminal.and_then(|terminal| tcgetpgrp(terminal).ok());
            Ok(Signals { queue, foreground: group == Some(getpgrp()) })
        }

        pub(super) fn prepare(&self, command: &mut Command) {
            if !self.foreground {
                command.process_group(0);
            }
        }

        /// Passes signals on until the command ends, and gives its status.
        pub(super) fn pass_to(mut self, mut child: Child) -> io::Result<u8> {
            let pid = Pid::from_child(&child);
            let handle = self.queue.handle();
            let passing = std::thread::spawn(move || {
                for signal in self.queue.forever() {
                    // A terminal's own signal has reached the command already.
                    let is_told = self.foreground && from_terminal(signal.si_code);
                    let Some(signal) = Signal::from_named_raw(signal.si_signo) else { continue };
                    // The command may have ended this instant.
                    let _ = match (is_told, self.foreground) {
                        (true, _) => Ok(()),
                        (false, true) => kill_process(pid, signal),
                        (false, false) => kill_process_group(pid, signal),
                    };
                }
            });
            // The command is not reaped before nobody sends signals to its id any more.
            let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(error) = waitid(WaitId::Pid(pid), ended) {
                if error != rustix::io::Errno::INTR {
                    return Err(error.into());
                }
            }
            handle.close();
            // It only sends signals; a panic there is no reason to lose the command's status.
            let _ = passing.join();
            let status = child.wait()?;
            let signal = status.signal().map(|signal| 128 + signal);
            Ok(status.code().or(signal).map_or(1, |status| status as u8))
        }
    }

    /// True for a signal that the kernel sent, as a terminal does for Ctrl-C; false for `kill`.
    fn from_terminal(code: i32) -> bool {
        // `SI_USER`, as its header files define it.
        const SENT_ON_MACOS: i32 = 0x10001;
        if cfg!(target_os = "macos") { code != SENT_ON_MACOS } else { code > 0 }
    }
}

#[cfg(not(unix))]
mod without_signals {
    use super::{Child, Command, Exit, io};

    /// The console tells the command itself.
    pub(in super::super) struct Signals;

    impl Signals {
        /// Nothing to listen for.
        pub(in super::super) fn listen() -> Result<Signals, Exit> {
            Ok(Signals)
        }

        pub(super) fn prepare(&self, _: &mut Command) {}

        /// Gives the command's status when it has ended.
        pub(super) fn pass_to(self, mut child: Child) -> io::Result<u8> {
            Ok(child.wait()?.code().map_or(1, |code| u8::try_from(code).unwrap_or(1)))
        }
    }
}
