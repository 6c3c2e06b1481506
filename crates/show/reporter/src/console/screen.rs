//! A terminal as indicatif sees it, over whatever the caller writes to.

use indicatif::TermLike;
use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Rows that are assumed until the caller tells the size.
const ROWS: u16 = 24;

/// A terminal; clones are the same one. What is written is kept until a flush, so that a frame arrives whole.
#[derive(Clone)]
pub(crate) struct Screen {
    inner: Arc<Inner>,
}

struct Inner {
    writer: Mutex<Buffered>,
    width: AtomicU16,
    height: AtomicU16,
}

struct Buffered {
    to: Box<dyn Write + Send>,
    frame: Vec<u8>,
}

impl Screen {
    pub(crate) fn new(to: Box<dyn Write + Send>, width: u16) -> Self {
        let frame = Vec::new();
        Self {
            inner: Arc::new(Inner {
                writer: Mutex::new(Buffered { to, frame }),
                width: AtomicU16::new(width),
                height: AtomicU16::new(ROWS),
            }),
        }
    }

    pub(crate) fn resize(&self, width: u16, height: u16) {
        self.inner.width.store(width, Ordering::Relaxed);
        self.inner.height.store(height, Ordering::Relaxed);
    }

    /// Bytes as they are, at once.
    pub(crate) fn write_bytes(&self, bytes: &[u8]) -> io::Result<()> {
        self.flush()?;
        let mut writer = self
            .inner
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        writer.to.write_all(bytes)?;
        writer.to.flush()
    }

    fn push(&self, text: fmt::Arguments<'_>) -> io::Result<()> {
        // A writer that panicked elsewhere still takes bytes; there is nothing in it to be left half done.
        let mut writer = self
            .inner
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        writer.frame.write_fmt(text)
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Screen({}x{})", self.width(), self.height())
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.inner.width.load(Ordering::Relaxed)
    }

    fn height(&self) -> u16 {
        self.inner.height.load(Ordering::Relaxed)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        if n == 0 {
            Ok(())
        } else {
            self.push(format_args!("\u{1b}[{n}A"))
        }
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        if n == 0 {
            Ok(())
        } else {
            self.push(format_args!("\u{1b}[{n}B"))
        }
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        if n == 0 {
            Ok(())
        } else {
            self.push(format_args!("\u{1b}[{n}C"))
        }
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        if n == 0 {
            Ok(())
        } else {
            self.push(format_args!("\u{1b}[{n}D"))
        }
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.push(format_args!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.push(format_args!("{text}"))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.push(format_args!("\r\u{1b}[2K"))
    }

    fn flush(&self) -> io::Result<()> {
        let mut writer = self
            .inner
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let frame = std::mem::take(&mut writer.frame);
        writer.to.write_all(&frame)?;
        writer.to.flush()
    }
}
