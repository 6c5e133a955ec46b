//! Ends a process that makes no progress, so that its supervisor starts it anew.

use std::fmt;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use tracing::error;

/// How often one looks within the patience of a watchdog.
const LOOKS: u32 = 20;

/// Something that has to go on.
pub struct Watched {
    /// What a person reads when it stands still.
    pub name: String,
    /// Asked again and again: has it gone on since the last time, or good reason not to?
    pub goes_on: Box<dyn FnMut() -> bool + Send>,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watchdog {
    /// Hangs up when it is dropped.
    _watching: Sender<()>,
}

impl Watchdog {
    /// Ends the process with status 1 when something has stood still for `patience`.
    ///
    /// From a thread of its own: what hangs may be the runtime. Looks are counted and not the time between them, so a
    /// process that was frozen as a whole is not blamed for the time in which it could do nothing.
    #[must_use]
    pub fn start(watched: Vec<Watched>, patience: Duration) -> Self {
        let (watching, dropped) = channel();
        let mut watched: Vec<_> = watched.into_iter().map(|watched| (watched, 0)).collect();
        thread::spawn(move || {
            while dropped.recv_timeout(patience / LOOKS) == Err(RecvTimeoutError::Timeout) {
                for (watched, still) in &mut watched {
                    *still = if (watched.goes_on)() { 0 } else { *still + 1 };
                    if LOOKS <= *still {
                        error!(
                            what = watched.name,
                            "watchdog.no_progress: ending, to be started anew"
                        );
                        std::process::exit(1); // What hangs cannot be asked to end.
                    }
                }
            }
        });
        Self {
            _watching: watching,
        }
    }
}
