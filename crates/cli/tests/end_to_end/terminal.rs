//! A run of the binary at a terminal: a pseudo-terminal that a test types at and looks at.

use crate::support::{Run, ended, signal, wait_until};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, PoisonError};

/// The process, and the other side of its terminal.
pub(crate) struct Terminal {
    child: Child,
    typing: File,
    shown: Arc<Mutex<Vec<u8>>>,
    reader: std::thread::JoinHandle<()>,
}

impl Terminal {
    /// Starts it with all three streams at the terminal.
    pub(crate) fn start(mut command: Command) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).expect("a pseudo-terminal");
        unlockpt(&master).expect("it can be used");
        let size = Winsize {
            ws_row: 30,
            ws_col: 100,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).expect("it takes a size");
        let slave = File::from(ioctl_tiocgptpeer(&master, flags).expect("its other side"));
        let again = || slave.try_clone().expect("it can be opened more than once");
        command.stdin(again()).stdout(again()).stderr(again());
        let child = command.spawn().expect("the binary starts");
        let typing = File::from(master);
        let mut screen = typing.try_clone().expect("it can be read, too");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&shown);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end of the last process at a terminal is an error for the one who reads it.
            while let Ok(count) = screen.read(&mut bytes) {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            child,
            typing,
            shown,
            reader,
        }
    }

    /// All that was written to the terminal.
    pub(crate) fn screen(&self) -> String {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&shown).into_owned()
    }

    /// Waits until these words were written `count` times.
    pub(crate) fn wait_for(&self, words: &str, count: usize) {
        wait_until(words, || self.screen().matches(words).count() >= count);
    }

    /// Types a line.
    pub(crate) fn enter(&mut self, line: &str) {
        writeln!(self.typing, "{line}").expect("the terminal takes it");
    }

    /// Ctrl-C reaches the process as this signal.
    pub(crate) fn signal(&self, name: &str) {
        signal(name, self.child.id());
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Run {
        let code = ended(&mut self.child);
        self.reader.join().expect("read");
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        Run {
            code,
            stdout: Vec::new(),
            stderr: String::from_utf8_lossy(&shown).into_owned(),
        }
    }
}
