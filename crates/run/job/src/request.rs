//! What is sent to the supervisor: itself, its parts, and requests, each a line.

use crate::launcher;
use crate::layout::{base, command_word, directory, key_word, trimmed};
use crate::spec::{Hold, JobSpec, Offsets, Place};
use crate::text::{one_line, word};
use std::fmt::Write as _;
use std::time::Duration;
use windlass_model::command::home_path;
use windlass_model::plan::{JobLimits, LEASE};
use windlass_model::shell::quote;
use windlass_model::{JobKey, Secret};

/// What is executed on a channel: every login shell takes it, tcsh too. It reads the supervisor as one line.
pub(crate) const BOOT: &str = "exec sh -c 'IFS= read -r w_l; eval \"$w_l\"' windlass";

const SUPERVISOR: &str = include_str!("sh/supervisor.sh");
const LODGE: &str = include_str!("sh/lodge.sh");
const FOLLOW: &str = include_str!("sh/follow.sh");
const START: &str = include_str!("sh/start.sh");
const PROC: &str = include_str!("sh/proc.sh");
const KIN: &str = include_str!("sh/kin.sh");
const WRAPPER: &str = include_str!("sh/wrapper.sh");
const CLEAR: &str = include_str!("sh/clear.sh");
const STAND: &str = include_str!("sh/stand.sh");
const CANCEL: &str = include_str!("sh/cancel.sh");
const JOBS: &str = include_str!("sh/jobs.sh");
const HOLD: &str = include_str!("sh/hold.sh");
const SWEEP: &str = include_str!("sh/sweep.sh");

/// The first line on a channel.
pub(crate) fn supervisor() -> String {
    one_line(&format!(
        "{SUPERVISOR}\nwhile IFS= read -r w_line; do\neval \"$w_line\"\ndone"
    )) + "\n"
}

/// What the supervisor of a channel has been taught so far. Each level holds those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// To answer questions.
    #[default]
    Ask,
    /// To follow jobs.
    Follow,
    /// To start jobs.
    Start,
    /// To start them through the user's manager.
    Managed,
}

impl Level {
    /// What a request about a job needs, by whether it may start the job and how.
    pub(crate) fn of(starts: bool, managed: bool) -> Self {
        match (starts, managed) {
            (false, _) => Self::Follow,
            (true, false) => Self::Start,
            (true, true) => Self::Managed,
        }
    }

    /// Lines that teach it what it lacks for a request.
    pub(crate) fn raise_to(&mut self, wanted: Self) -> String {
        let mut lines = String::new();
        let lacks = |level| *self < level && level <= wanted;
        let wrapper = || one_line(&format!("{KIN}\n{CLEAR}\n{WRAPPER}"));
        // Writing to a String cannot fail.
        if lacks(Self::Follow) {
            let _ = writeln!(lines, "{}", one_line(&format!("{LODGE}\n{PROC}\n{FOLLOW}")));
        }
        if lacks(Self::Start) {
            let _ = writeln!(lines, "{};w_wrap() {{ {};}}", one_line(START), wrapper());
        }
        if lacks(Self::Managed) {
            // It runs in a shell that was taught nothing.
            let whole = format!("{};{}", one_line(PROC), wrapper());
            let _ = writeln!(lines, "w_wrapper={}", quote(&whole));
        }
        *self = wanted.max(*self);
        lines
    }
}

/// A question.
pub(crate) fn ask(nonce: &str, sign: Duration, script: &str) -> String {
    let seconds = if sign.is_zero() {
        0
    } else {
        sign.as_secs().max(1)
    };
    format!("w_ask {nonce} {seconds} {}\n", word(script))
}

/// All that a request to follow a job says.
pub(crate) struct Follow<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) spec: &'a JobSpec,
    pub(crate) limits: &'a JobLimits,
    pub(crate) from: Offsets,
    /// Whether an ssh-agent may be there that is not for all commands.
    pub(crate) hides_agent: bool,
    /// What it takes to start the job where nothing has claimed its key.
    pub(crate) start: Option<Start<'a>>,
}

/// What only a start needs.
#[derive(Clone, Copy)]
pub(crate) struct Start<'a> {
    pub(crate) secrets: &'a [(String, Secret)],
    /// The program that starts units of the user's manager, where setsid is not enough.
    pub(crate) manager: Option<&'a str>,
}

impl Follow<'_> {
    /// The request as a line.
    pub(crate) fn line(&self) -> String {
        let (before, dir) = directory(&self.spec.place, self.start.is_some());
        let start = self.start.map(|start| self.start_words(start));
        format!(
            "{before}{}w_follow {} {dir} {} {} {} {} {} {} {}\n",
            start.as_deref().unwrap_or_default(),
            self.nonce,
            base(&self.spec.key),
            self.spec.commands.len(),
            self.limits.pulse_interval.as_millis() / 10,
            self.from.index,
            self.from.stdout,
            self.from.stderr,
            u8::from(start.is_some()),
        )
    }

    fn start_words(&self, start: Start<'_>) -> String {
        let commands = &self.spec.commands;
        let mut text = "w_files() { ".to_owned();
        for (index, command) in commands.iter().enumerate() {
            text.push_str(&launcher::files(index, command));
        }
        let steps: Vec<String> = commands.iter().map(command_word).collect();
        let _ = write!(text, "w_put steps {}; }}; ", steps.join(" "));
        let named = |name: &String| {
            commands
                .iter()
                .any(|one| one.command.secrets.contains(name))
        };
        let secrets: Vec<_> = start
            .secrets
            .iter()
            .filter(|(name, _)| named(name))
            .cloned()
            .collect();
        let line = if secrets.is_empty() {
            String::new()
        } else {
            launcher::secret_line(&secrets)
        };
        let _ = write!(
            text,
            "w_key={} w_name={} w_manager={} w_reserve={} w_secrets={} w_set={}; ",
            word(&self.spec.key.to_string()),
            key_word(&self.spec.key),
            word(start.manager.unwrap_or_default()),
            if self.spec.spends_reserve {
                "../reserve"
            } else {
                "''"
            },
            word(&line),
            word(&self.wrapper_settings()),
        );
        text
    }

    /// What the wrapper is told, as assignments, and how it launches the commands.
    fn wrapper_settings(&self) -> String {
        let owner = match &self.spec.place {
            Place::Deploy {
                root,
                boot_id,
                root_id,
                fence,
                ..
            } => format!(
                "w_its_boot={} w_ours={} w_root_id={} w_fence={fence}",
                quote(boot_id),
                home_path(&format!("{}/.windlass", trimmed(root))),
                quote(root_id)
            ),
            Place::Home => "w_its_boot=- w_ours=-".to_owned(),
        };
        let mut text = format!(
            "w_last={} {owner} w_limit={} w_grace={} w_key={}",
            self.spec.commands.len(),
            self.limits.output_limit,
            grace(self.limits),
            quote(&self.spec.key.to_string()),
        );
        for (index, command) in self.spec.commands.iter().enumerate() {
            let _ = write!(text, " w_opt{index}={}", quote(&launcher::options(command)));
        }
        text.push('\n');
        for (index, command) in self.spec.commands.iter().enumerate() {
            text.push_str(&launcher::functions(index, command, self.hides_agent));
        }
        text
    }
}

/// The time from TERM to KILL in fifths of a second.
fn grace(limits: &JobLimits) -> u128 {
    limits.kill_after.as_millis().div_ceil(200)
}

/// The question that stops a job.
pub(crate) fn cancel(key: &JobKey, place: &Place, limits: &JobLimits) -> String {
    // Without the directory a request that comes late would find none, and make it.
    let (before, dir) = directory(place, true);
    format!(
        "umask 077\n{LODGE}\n{before}w_dir={dir} w_k={} w_key={} w_name={} w_grace={}\n{PROC}\n{KIN}\n{STAND}\n{CANCEL}",
        base(key),
        quote(&key.to_string()),
        key_word(key),
        grace(limits)
    )
}

/// The question that says that the owner of a deploy is there, or rests. Outside of a deploy there is nothing to hold.
pub(crate) fn hold(place: &Place, hold: Hold) -> Option<String> {
    let Place::Deploy {
        root,
        deploy,
        fence,
        ..
    } = place
    else {
        return None;
    };
    let ours = home_path(&format!("{}/.windlass", trimmed(root)));
    let word = match hold {
        Hold::Held => "held",
        Hold::Rests => "rests",
    };
    Some(format!(
        "umask 077\nw_ours={ours} w_deploy={} w_fence={fence} w_lease={} w_hold={word}\n{HOLD}",
        quote(deploy.as_str()),
        LEASE.as_secs(),
    ))
}

/// The question which jobs there are.
pub(crate) fn jobs(place: &Place) -> String {
    let (before, dir) = directory(place, false);
    format!("{LODGE}\n{before}w_dir={dir}\n{PROC}\n{KIN}\n{STAND}\n{JOBS}")
}

/// The request that removes records.
pub(crate) fn sweep(place: &Place, key: Option<&JobKey>) -> String {
    let (before, dir) = directory(place, false);
    let old = if *place == Place::Home { "1" } else { "" };
    let name = key.map(base).unwrap_or_default();
    format!(
        "{LODGE}\n{before}w_dir={dir} w_k={name} w_old={old}\n{PROC}\n{KIN}\n{STAND}\n{CLEAR}\n{SWEEP}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::{Read as _, Write as _};
    use std::process::{Child, Command, Stdio};
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn the_supervisor_is_one_short_line() {
        let line = supervisor();
        assert_eq!(line.matches('\n').count(), 1);
        assert!(BOOT.len() + line.len() < 4096);
    }

    #[test]
    fn what_is_sent_before_a_first_job_is_short() {
        // It has to get through together with the job between two cuts.
        let taught = Level::default().raise_to(Level::Start);
        let total = supervisor().len() + taught.len();
        assert!(total < 14_000, "{total}");
    }

    /// Reads all that a supervisor says, slowly, while it is sent one signal after another.
    fn hammered(mut child: Child) -> String {
        let pid = Pid::from_child(&child);
        let mut stdout = child.stdout.take().expect("piped");
        let (mut said, mut some) = (Vec::new(), [0; 512]);
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let mut hammer = None;
            loop {
                let count = stdout.read(&mut some).expect("read");
                if count == 0 {
                    break;
                }
                said.extend(&some[..count]);
                // Before its first word a signal would end it.
                hammer.get_or_insert_with(|| {
                    scope.spawn(|| {
                        while !over.load(Ordering::Relaxed) {
                            // It is not waited for yet, so that its number is no other's.
                            kill_process(pid, Signal::USR1).expect("sent");
                            std::thread::sleep(Duration::from_micros(200));
                        }
                    })
                });
                std::thread::sleep(Duration::from_millis(1));
            }
            over.store(true, Ordering::Relaxed);
        });
        child.wait().expect("ended");
        String::from_utf8(said).expect("text")
    }

    #[test]
    fn no_line_is_lost_or_doubled_under_signals_behind_a_slow_reader() {
        for shell in [&["dash"][..], &["bash"], &["busybox", "sh"]] {
            let mut command = Command::new(shell[0]);
            command
                .args(&shell[1..])
                .args(["-c", "IFS= read -r w_l; eval \"$w_l\""]);
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null());
            let mut child = command.spawn().expect("the shell is installed");
            let says = "w_n=. w_i=0; while [ $w_i -lt 20000 ]; do w_say O out $w_i; w_i=$((w_i+1)); done; exit\n";
            let mut stdin = child.stdin.take().expect("piped");
            stdin.write_all(supervisor().as_bytes()).expect("written");
            stdin.write_all(says.as_bytes()).expect("written");
            let said = hammered(child);
            let mut lines = said.lines();
            for number in 0..20_000 {
                let line = format!(".O out {number}");
                assert_eq!(lines.next(), Some(line.as_str()), "{shell:?}");
            }
            assert_eq!(lines.next(), None, "{shell:?}");
        }
    }
}
