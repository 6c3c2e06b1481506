//! Lines and answers at the terminal, outside of a running deploy. What is told here goes to standard error; data goes
//! to standard output through [`show`] and [`data`].

use crate::args::Global;
use crate::error::Failure;
use crate::world::World;
use std::io::{BufRead as _, Write as _};
use windlass_model::ExitCode;
use windlass_model::clock::{Clock as _, SystemClock};
use windlass_reporter::view::{Sheet, View};
use windlass_reporter::words::moment::Zone;

/// Tells one line. A closed standard error is no reason to stop working.
pub(crate) fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// Tells one line in grey, where there are colours.
pub(crate) fn whisper(world: &World, global: &Global, line: &str) {
    if world.color && !global.no_color {
        say(&format!("\u{1b}[2m{line}\u{1b}[0m"));
    } else {
        say(line);
    }
}

/// Shows an answer on standard output: lines for people, with `--json` one object a row.
pub(crate) fn show(world: &World, global: &Global, view: &dyn View) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let shown = if global.json {
        windlass_reporter::view::print_json(view, &mut stdout)
    } else {
        let sheet = sheet(world, world.data_color && !global.no_color);
        windlass_reporter::view::print(view, &sheet, &mut stdout)
    };
    shown.map_err(|error| crate::carry_out::report_failure(&error))
}

/// Shows on standard error what a person is asked about next.
pub(crate) fn tell(world: &World, global: &Global, view: &dyn View) -> Result<(), Failure> {
    let sheet = sheet(world, world.color && !global.no_color);
    windlass_reporter::view::print(view, &sheet, &mut std::io::stderr().lock())
        .map_err(|error| crate::carry_out::report_failure(&error))
}

fn sheet(world: &World, color: bool) -> Sheet {
    Sheet {
        width: world.width,
        color,
        now: SystemClock.now(),
        zone: Zone::system(),
    }
}

/// Writes data to standard output.
pub(crate) fn data(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::new(
            ExitCode::BrokenPipe,
            "standard output was closed by its reader",
        )),
        Err(error) => Err(Failure::new(
            ExitCode::Internal,
            format!("cannot write to standard output: {error}"),
        )),
    }
}

/// Asks a yes-or-no question at the terminal; without one the answer is no.
pub(crate) fn confirm(world: &World, question: &str) -> bool {
    if !world.interactive {
        return false;
    }
    let mut screen = std::io::stderr();
    let asked = write!(screen, "{question} [y/N] ").and_then(|()| screen.flush());
    let mut line = String::new();
    asked.is_ok()
        && std::io::stdin().lock().read_line(&mut line).is_ok()
        && matches!(line.trim(), "y" | "Y" | "yes")
}

/// Whether this process has a terminal, wherever its streams lead.
pub(crate) fn has_terminal() -> bool {
    std::fs::File::open("/dev/tty").is_ok()
}

/// Asks at the terminal; without echo the answer is not shown. None = no answer could be read.
pub(crate) fn answer(question: &str, echo: bool) -> Option<String> {
    let terminal = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .ok()?;
    (&terminal).write_all(question.as_bytes()).ok()?;
    let before = rustix::termios::tcgetattr(&terminal).ok()?;
    if !echo {
        let mut quiet = before.clone();
        quiet.local_modes.remove(rustix::termios::LocalModes::ECHO);
        rustix::termios::tcsetattr(&terminal, rustix::termios::OptionalActions::Now, &quiet)
            .ok()?;
    }
    let mut line = String::new();
    let read = std::io::BufReader::new(&terminal).read_line(&mut line);
    if !echo {
        rustix::termios::tcsetattr(&terminal, rustix::termios::OptionalActions::Now, &before)
            .ok()?;
        (&terminal).write_all(b"\n").ok()?;
    }
    read.ok().filter(|count| *count > 0)?;
    Some(line.trim_end_matches(['\r', '\n']).to_owned())
}
