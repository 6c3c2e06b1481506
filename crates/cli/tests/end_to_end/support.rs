//! A stage to deploy to: a real sshd, a proxy in front of it, a repository, a deploy root, a windlass.toml, and the
//! built binary. Everything ends with the value.

use base64::Engine as _;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use windlass_lab::{Counter, LabHost, Proxy, Repo, Sshd, SshdBuilder};

/// How long anything may take before a test calls it hung. Generous: speed is measured by benches.
const PATIENCE: Duration = Duration::from_secs(150);

/// A stage named `production` with one host.
pub(crate) struct Stage {
    pub(crate) sshd: Sshd,
    pub(crate) proxy: Proxy,
    pub(crate) repo: Repo,
    pub(crate) host: LabHost,
    home: tempfile::TempDir,
}

impl Stage {
    /// A plain sshd.
    pub(crate) fn new() -> Self {
        Self::with(Sshd::builder())
    }

    /// A daemon with settings of its own.
    pub(crate) fn with(sshd: SshdBuilder) -> Self {
        Self::on(sshd.start().expect("the daemon starts"))
    }

    /// A daemon that runs already.
    pub(crate) fn on(sshd: Sshd) -> Self {
        let repo = Repo::sample().expect("git makes a repository");
        Self::of(sshd, repo, LabHost::new().expect("a deploy root"))
    }

    /// All of it there already.
    pub(crate) fn of(sshd: Sshd, repo: Repo, host: LabHost) -> Self {
        let proxy = sshd.proxy().expect("the proxy starts");
        open_to_everybody(host.deploy_to().parent().expect("it has a parent"));
        let home = tempfile::tempdir().expect("a home for the controller");
        Self {
            sshd,
            proxy,
            repo,
            host,
            home,
        }
    }

    /// Writes windlass.toml: what every test needs, and `extra` at the end of the top-level tables.
    pub(crate) fn configure(&self, top: &str, tables: &str) {
        let text = format!(
            "application = \"shop\"\nrepository = {repo}\nbranch = \"main\"\ndeploy_to = {root}\n{top}\n\
             [ssh]\nconfig = \"none\"\nagent = false\nidentities = [{key}]\nknown_hosts = {known}\n{tables}\n\
             [stages.production]\nhosts = [{address}]\n",
            repo = toml(self.repo.bare().to_str().expect("UTF-8")),
            root = toml(self.host.deploy_to().to_str().expect("UTF-8")),
            key = toml(self.sshd.client_key().path().to_str().expect("UTF-8")),
            known = toml(self.sshd.known_hosts().to_str().expect("UTF-8")),
            address = toml(&format!(
                "{}@127.0.0.1:{}",
                self.sshd.user(),
                self.proxy.port()
            )),
        );
        std::fs::write(self.repo.work().join("windlass.toml"), text)
            .expect("windlass.toml is written");
    }

    /// The number of hosts that the daemon has addresses for, each as a table of this with `address` and `deploy_to`, in
    /// place of the one host of [`Stage::configure`]. Gives their deploy roots.
    pub(crate) fn set_hosts(&self, more: &[&str]) -> Vec<PathBuf> {
        let roots =
            (1..=more.len()).map(|number| self.host.outside().join(format!("root{number}")));
        let roots: Vec<PathBuf> = roots.collect();
        let hosts = roots
            .iter()
            .zip(more)
            .enumerate()
            .map(|(at, (root, more))| {
                let (user, port) = (self.sshd.user(), self.sshd.port());
                let address = toml(&format!("{user}@127.0.0.{}:{port}", at + 1));
                let root = toml(root.to_str().expect("UTF-8"));
                format!("{{ address = {address}, deploy_to = {root}{more} }}")
            });
        let hosts: Vec<String> = hosts.collect();
        self.edit(|text| {
            let (top, _) = text.split_once("hosts = [").expect("hosts");
            format!("{top}hosts = [{}]\n", hosts.join(", "))
        });
        roots
    }

    /// Changes windlass.toml.
    pub(crate) fn edit(&self, change: impl Fn(&str) -> String) {
        let file = self.repo.work().join("windlass.toml");
        let text = std::fs::read_to_string(&file).expect("read");
        std::fs::write(file, change(&text)).expect("written");
    }

    /// The usual windlass.toml with a build that is silent for `silence`, and more of the same kind.
    pub(crate) fn with_build(&self, silence: Duration, link: &Link, more: &str) -> Counter {
        let builds = self.host.counter("builds");
        let script = build_script(&builds, silence);
        let tables = format!(
            "{ssh}\n[[tasks]]\nname = \"build\"\nafter = \"updated\"\nrun = '''\n{script}'''\n{more}",
            ssh = link.ssh,
        );
        self.configure(&link.top, &tables);
        builds
    }

    /// A command line of the built binary, in the project's directory, with nothing of this machine's settings.
    pub(crate) fn windlass(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_windlass"));
        command.args(arguments);
        command
    }

    /// Another program in the same surroundings.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command
            .current_dir(self.repo.work())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("USER", "tester")
            .env("XDG_STATE_HOME", self.home.path().join("state"))
            .env("XDG_CACHE_HOME", self.home.path().join("cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The controller's home: its journal and logs lie below.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.start(arguments).finish()
    }

    /// Starts it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::new(self.windlass(arguments))
    }

    /// Starts `deploy production --json`.
    pub(crate) fn start_deploy(&self) -> Running {
        self.start(&["deploy", "production", "--json", "--yes"])
    }

    /// A first good deploy, so that there is something to go back to; returns its release.
    pub(crate) fn deploy_first(&self) -> String {
        let run = self.run(&["deploy", "production", "--json", "--yes"]);
        assert_eq!(run.code, 0, "{run}");
        self.host.live().expect("a release is live")
    }

    /// Asserts what every fault must leave: the right thing live, one build more, nothing else.
    pub(crate) fn assert_clean(&self) {
        self.host.assert_nothing_left();
    }
}

/// What keeps a silent path busy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    top: String,
    ssh: String,
}

impl Link {
    /// These settings; the default is what Windlass does by itself.
    pub(crate) fn with(keepalive: &str, count: u32, pulse: &str) -> Self {
        Self {
            top: format!("pulse_interval = \"{pulse}\""),
            ssh: format!("keepalive_interval = \"{keepalive}\"\nkeepalive_count = {count}"),
        }
    }

    /// Off and off: nothing of ours passes on a silent path.
    pub(crate) fn mute() -> Self {
        Self::with("0s", 3, "0s")
    }
}

/// The build: counts itself, writes a block to each stream, is silent, writes the blocks again, leaves an artefact.
pub(crate) fn build_script(builds: &Counter, silence: Duration) -> String {
    format!(
        "{count}\nblock() {{ i=0; while [ $i -lt 1000 ]; do printf 'line %03d of {{%s}} \\001\\377 ......\\n' $i \"$1\"; i=$((i+1)); done; }}\n\
         block out; block err >&2\nsleep {silence}\nblock OUT; block ERR >&2\nmkdir -p public\necho built > public/artefact\n",
        count = builds.command(),
        silence = silence.as_secs_f64(),
    )
}

/// What [`build_script`] writes to a stream.
pub(crate) fn expected_output(before: &str, after: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in [before, after] {
        for i in 0..1000 {
            bytes.extend_from_slice(format!("line {i:03} of {{{name}}} ").as_bytes());
            bytes.extend_from_slice(b"\x01\xff ......\n");
        }
    }
    bytes
}

/// A run of the binary under way.
pub(crate) struct Running {
    child: Child,
    stdout: Option<std::thread::JoinHandle<Vec<u8>>>,
    stderr: Option<std::thread::JoinHandle<Vec<u8>>>,
}

impl Running {
    pub(crate) fn new(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the binary starts");
        // A stream that a test leads elsewhere is that test's to read.
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let stdout = std::thread::spawn(|| out.map_or_else(Vec::new, read_all));
        let stderr = std::thread::spawn(|| err.map_or_else(Vec::new, read_all));
        Self {
            child,
            stdout: Some(stdout),
            stderr: Some(stderr),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to this very process.
    pub(crate) fn signal(&self, name: &str) {
        signal(name, self.pid());
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Run {
        let code = ended(&mut self.child);
        let stdout = self.stdout.take().expect("once").join().expect("read");
        let stderr = self.stderr.take().expect("once").join().expect("read");
        Run {
            code,
            stdout,
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }
}

/// Sends a signal to one process.
pub(crate) fn signal(name: &str, pid: u32) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status();
    assert!(status.expect("kill runs").success());
}

/// The exit code of a process, once it has ended: -1 = by a signal, -2 = hung.
pub(crate) fn ended(child: &mut Child) -> i32 {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            return status.code().unwrap_or(-1);
        }
        if started.elapsed() > PATIENCE {
            drop(child.kill());
            return -2;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn read_all(mut from: impl std::io::Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).expect("a pipe can be read");
    bytes
}

/// How a run ended: -1 = by a signal, -2 = hung.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stdout: String = String::from_utf8_lossy(&self.stdout)
            .lines()
            .filter(|line| !line.contains("\"event\":\"output\""))
            .fold(String::new(), |text, line| text + line + "\n");
        write!(
            f,
            "exit {}\n--- stdout\n{stdout}--- stderr\n{}",
            self.code, self.stderr
        )
    }
}

impl Run {
    /// The events of `--json`.
    pub(crate) fn events(&self) -> Vec<Value> {
        String::from_utf8_lossy(&self.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    pub(crate) fn count(&self, event: &str) -> usize {
        self.events()
            .iter()
            .filter(|value| value["event"] == event)
            .count()
    }

    /// What the events say that the build wrote to a stream.
    pub(crate) fn output_of(&self, task: &str, stream: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for event in self.events() {
            let step = event["step"].as_str().unwrap_or_default();
            if event["event"] == "output"
                && event["stream"] == stream
                && step.starts_with(&format!("{task}@"))
            {
                match &event["bytes"] {
                    Value::String(text) => bytes.extend_from_slice(text.as_bytes()),
                    other => bytes.extend(
                        base64::engine::general_purpose::STANDARD
                            .decode(other["base64"].as_str().unwrap_or_default())
                            .expect("base64"),
                    ),
                }
            }
        }
        bytes
    }

    /// Asserts that both streams of the build arrived whole, in order, exactly.
    pub(crate) fn assert_build_output(&self) {
        for (stream, before, after) in [("stdout", "out", "OUT"), ("stderr", "err", "ERR")] {
            let got = self.output_of("build", stream);
            let want = expected_output(before, after);
            let same = got.iter().zip(&want).take_while(|(a, b)| a == b).count();
            assert!(
                got == want,
                "{stream}: {} of {} bytes, first difference at {same}\n{self}",
                got.len(),
                want.len()
            );
        }
    }
}

/// Waits until something is true.
pub(crate) fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A basic TOML string.
pub(crate) fn toml(value: &str) -> String {
    serde_json::to_string(value).expect("a string can be JSON, and such JSON is TOML")
}

/// Lets the login of the lab, who may be another user, work below the directory.
fn open_to_everybody(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777))
        .expect("permissions are set");
}

/// All files below a directory.
pub(crate) fn files_below(path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![path.to_owned()];
    while let Some(dir) = left.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => left.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found
}
