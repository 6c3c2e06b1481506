//! Renders requests for the supervisor: one line each, a script encoded for `printf %b`.

use crate::types::{JobSpec, Place};
use std::fmt::Write as _;
use windlass_model::plan::JobLimits;
use windlass_model::shell::quote;
use windlass_model::{Command, JobKey, Secret};

const SUPERVISOR: &str = include_str!("supervisor.sh");
const WRAPPER: &str = include_str!("wrapper.sh");

/// What is executed on a channel: a line that every login shell takes, which reads the supervisor as one line.
pub(crate) const BOOT: &str = "exec sh -c 'IFS= read -r l; eval \"$l\"'";

/// One line that the host's `printf %b` turns back into `script`.
pub(crate) fn line(script: &str) -> String {
    let mut line = String::with_capacity(script.len().saturating_add(64));
    for c in script.chars() {
        match c {
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            c => line.push(c),
        }
    }
    line.push('\n');
    line
}

/// The first line on a channel: the supervisor itself. It greets with the nonce, so that what profiles print is noise.
pub(crate) fn supervisor(nonce: &str) -> String {
    let body = format!(
        "{SUPERVISOR}\nw_n={nonce}; w_say H \"$w_b\" $$\nwhile IFS= read -r w_line; do eval \"$(printf %b \"$w_line\")\"; done\n"
    );
    format!("eval \"$(printf %b {})\"\n", quote(line(&body).trim_end()))
}

/// A question: the script runs in a subshell; its output ends with the nonce on both streams.
pub(crate) fn ask(nonce: &str, script: &str) -> String {
    line(&format!(
        "w_n={nonce}; w_say a; printf '%sa\\n' \"$w_n\" >&2; ( umask $w_u; eval {} ) </dev/null; w_a=$?; w_say A $w_a; printf '%sA\\n' \"$w_n\" >&2",
        quote(script)
    ))
}

/// Where a request begins to read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct From {
    pub(crate) index: usize,
    pub(crate) stdout: u64,
    pub(crate) stderr: u64,
}

/// The name of a job's files: what is not plain is written as `=XX`.
pub(crate) fn base(key: &JobKey) -> String {
    let mut name = String::new();
    for byte in format!("{}~{}~{}", key.step, key.host, key.attempt).bytes() {
        if byte.is_ascii_alphanumeric() || b"._~@-".contains(&byte) {
            name.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(name, "={byte:02x}");
        }
    }
    name
}

/// A key's part after the deploy, from the name of its files.
pub(crate) fn unbase(base: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = base.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'=').then(|| after.get(..2)).flatten();
        let byte = code
            .and_then(|code| std::str::from_utf8(code).ok())
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(if *first == b'~' { b'/' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The directory of the records, as a word of sh.
pub(crate) fn directory(place: &Place) -> String {
    match place {
        Place::Deploy { root, deploy, .. } => {
            quote(&format!("{root}/.windlass/deploys/{deploy}/jobs"))
        }
        Place::Home => "\"$w_home\"".to_owned(),
    }
}

/// Finds or makes the place of jobs outside of any deploy.
const HOME: &str = "w_home=$HOME/.windlass/jobs; mkdir -p \"$w_home\" 2>/dev/null && [ -w \"$w_home\" ] && [ -O \"$w_home\" ] || { w_home=/tmp/.windlass-$(id -u); mkdir -m 700 \"$w_home\" 2>/dev/null; [ -O \"$w_home\" ] && [ ! -L \"$w_home\" ] || w_home=/nonexistent; }\n";

/// The lines that find the place of jobs outside of a deploy, where they are needed.
pub(crate) fn home(place: &Place) -> &'static str {
    match place {
        Place::Deploy { .. } => "",
        Place::Home => HOME,
    }
}

/// A request to follow a job, and to start it where `start` is set.
pub(crate) struct Follow<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) spec: &'a JobSpec,
    pub(crate) limits: &'a JobLimits,
    pub(crate) from: From,
    pub(crate) start: Option<&'a [(String, Secret)]>,
}

impl Follow<'_> {
    /// The line to send.
    pub(crate) fn line(&self) -> String {
        let mut script = String::new();
        script.push_str(home(&self.spec.place));
        let From {
            index,
            stdout,
            stderr,
        } = self.from;
        let pulse = self.limits.pulse_interval.as_millis() / 10;
        let _ = writeln!(
            script,
            "w_n={}; w_d={}; w_k={}; w_h={}; w_i={index}; w_o={stdout}; w_x2={stderr}; w_go={}; w_g2={pulse}",
            self.nonce,
            directory(&self.spec.place),
            quote(&base(&self.spec.key)),
            self.spec.commands.len(),
            u8::from(self.start.is_some()),
        );
        if let Some(secrets) = self.start {
            script.push_str(&self.start(secrets));
        }
        script.push_str("w_follow\n");
        line(&script)
    }

    fn start(&self, secrets: &[(String, Secret)]) -> String {
        let mut text =
            "w_start() { [ \"$w_s\" ] || { w_v=nosetsid; return 1; }; w_f=$w_k.$$; {\n".to_owned();
        for (index, command) in self.spec.commands.iter().enumerate() {
            text.push_str(&files(index, &command.command, command.advisory));
        }
        text.push_str("} 2>/dev/null || { rm -f \"$w_f\".*; w_f=; w_v=nospace; return 1; }\n");
        let _ = writeln!(
            text,
            "printf '%s\\n' {} | WINDLASS_JOB={} $w_s sh -c {} windlass-job \"$w_f\" \"$w_k\" $w_h {} {} {} \"$w_u\" $$ >/dev/null 2>&1 & w_w=$!; w_f=; }}",
            quote(&secret_line(secrets)),
            quote(&self.spec.key.to_string()),
            quote(WRAPPER),
            owner(&self.spec.place),
            self.limits.output_limit,
            self.limits.kill_after.as_secs(),
        );
        text
    }
}

/// boot id, root, root id, fence as the wrapper checks them.
fn owner(place: &Place) -> String {
    match place {
        Place::Deploy {
            root,
            boot_id,
            root_id,
            fence,
            ..
        } => {
            format!(
                "{} {} {} {fence}",
                quote(boot_id),
                quote(&format!("{root}/.windlass")),
                quote(root_id)
            )
        }
        Place::Home => "- - - 0".to_owned(),
    }
}

/// Secrets as one line of `NAME=value` with values encoded so that they hold no blank.
fn secret_line(secrets: &[(String, Secret)]) -> String {
    let encode = |value: &str| {
        value.bytes().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "\\0{byte:03o}");
            text
        })
    };
    let words: Vec<String> = secrets
        .iter()
        .map(|(name, secret)| format!("{name}={}", encode(secret.reveal())))
        .collect();
    words.join(" ")
}

/// The files of one command, made before the job is claimed, so that a full disk is seen before anything starts.
fn files(index: usize, command: &Command, advisory: bool) -> String {
    let mut text = String::new();
    let mut put = |kind: &str, content: &str| {
        let _ = writeln!(
            text,
            "printf %s {} >\"$w_f.{index}.{kind}\" &&",
            quote(content)
        );
    };
    put("script", &format!("{}\n", command.script));
    put(
        "run",
        &launcher(command, index, "script", &command.shell_words()),
    );
    if let Some(when) = &command.when {
        put("test", &format!("{when}\n"));
        put(
            "when",
            &launcher(command, index, "test", &["sh".to_owned(), "-e".to_owned()]),
        );
    }
    let centiseconds =
        |time: Option<std::time::Duration>| time.map_or(0, |time| time.as_millis() / 10);
    put(
        "opt",
        &format!(
            "{} {} {}\n",
            centiseconds(command.timeout),
            centiseconds(command.idle_timeout),
            u8::from(advisory)
        ),
    );
    let _ = writeln!(
        text,
        "printf '%-79s\\n' - >\"$w_f.{index}.rc\" && true >\"$w_f.{index}.out\" && true >\"$w_f.{index}.err\" || return 1"
    );
    text
}

/// What the launching shell reads: secrets, surroundings, and at the end it becomes the command.
fn launcher(command: &Command, _index: usize, file: &str, shell: &[String]) -> String {
    let mut text = "w_file=${1%.*}.".to_owned();
    text.push_str(file);
    text.push_str("\nfor w_pair in $w_secrets; do case \" ");
    text.push_str(&command.secrets.join(" "));
    text.push_str(" \" in *\" ${w_pair%%=*} \"*) w_value=$(printf '%b_' \"${w_pair#*=}\"); export \"${w_pair%%=*}=${w_value%_}\";; esac; done\n");
    text.push_str("cd 2>/dev/null || cd /\n");
    text.push_str(&command.prelude());
    text.push_str("\nunset w_secrets w_value w_pair\n");
    let words = shell
        .iter()
        .map(|word| quote(word))
        .collect::<Vec<_>>()
        .join(" ");
    let _ = match &command.sudo {
        Some(user) => writeln!(
            text,
            "exec sudo -n -u {} -- {words} -c \"$(cat \"$w_file\")\" </dev/null",
            quote(user)
        ),
        None => writeln!(text, "exec {words} \"$w_file\" </dev/null"),
    };
    text
}
