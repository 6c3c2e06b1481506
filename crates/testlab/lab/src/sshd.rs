//! A real SSH daemon on loopback: OpenSSH's sshd, or dropbear with the same handle.
//!
//! It has its own keys, its own port (kept while it is stopped), its own home for logins, and a `known_hosts` file
//! written for it. Dropping it kills the daemon, its connections, and every process started through it, also those that
//! detached themselves; they are known by a variable of their environment and by their mount namespace, never by name.

mod builder;
mod daemon;

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;
use windlass_demohost::{Process, Proxy};

pub use self::builder::SshdBuilder;
use self::daemon::Daemon;
use crate::error::{LabError, at};
use crate::keys::Key;
use crate::login::Login;
use crate::port::HeldPort;

/// A variable in the environment of everything that is started through a daemon.
const MARK: &str = "LAB_DAEMON";
/// How long a daemon may take to accept or to be gone.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(10);

/// A running daemon.
#[derive(Debug)]
pub struct Sshd {
    daemon: Daemon,
    login: Login,
    port: HeldPort,
    addresses: u8,
    client_key: Key,
    mark: String,
    child: Option<Child>,
    /// Keeps the number of the daemon's mount namespace from being given to another one.
    namespace: Option<(PathBuf, File)>,
    /// Connections whose listener was stopped.
    orphans: Vec<Process>,
    dir: TempDir,
}

impl Sshd {
    /// Settings for OpenSSH's sshd.
    pub fn builder() -> SshdBuilder {
        SshdBuilder::new(false)
    }

    /// Settings for dropbear, where root may give it a login of its own.
    pub fn dropbear() -> SshdBuilder {
        SshdBuilder::new(true)
    }

    /// An sshd as it comes.
    pub fn start_plain() -> Result<Self, LabError> {
        Self::builder().start()
    }

    /// Where it listens (the first of its addresses).
    pub const fn address(&self) -> SocketAddr {
        self.address_of(1)
    }

    /// 127.0.0.`number`, for a daemon with several addresses.
    pub const fn address_of(&self, number: u8) -> SocketAddr {
        SocketAddr::new(
            IpAddr::V4(Ipv4Addr::new(127, 0, 0, number)),
            self.port.number(),
        )
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.port.number()
    }

    /// Who can log in.
    pub fn user(&self) -> &str {
        &self.login.user
    }

    /// The home of logins.
    pub fn home(&self) -> &Path {
        &self.login.home
    }

    /// The home of logins by way of 127.0.0.`number`, for a daemon with several addresses.
    pub fn home_of(&self, number: u8) -> PathBuf {
        if number == 1 {
            self.login.home.clone()
        } else {
            daemon::home_of(&self.login.home, number)
        }
    }

    /// A scratch directory that goes with the daemon.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The key that can log in.
    pub const fn client_key(&self) -> &Key {
        &self.client_key
    }

    /// A `known_hosts` file with the daemon's keys under all its addresses, and those of [`Sshd::trust`].
    pub fn known_hosts(&self) -> PathBuf {
        self.dir.path().join("known_hosts")
    }

    /// The daemon's public host keys, one a line.
    pub fn host_keys(&self) -> Result<Vec<String>, LabError> {
        self.daemon.host_keys(self.dir.path())
    }

    /// Adds the host keys to the `known_hosts` file under another address, such as a proxy's.
    pub fn trust(&self, address: SocketAddr) -> Result<(), LabError> {
        let keys = self.host_keys()?;
        let line = |key| format!("[{}]:{} {key}\n", address.ip(), address.port());
        append(
            &self.known_hosts(),
            &keys.iter().map(line).collect::<String>(),
        )
    }

    /// A proxy before the daemon, trusted already.
    pub fn proxy(&self) -> Result<Proxy, LabError> {
        let proxy = Proxy::start(self.address())?;
        self.trust(proxy.address())?;
        Ok(proxy)
    }

    /// Lets another key log in.
    pub fn authorize(&self, key: &Key) -> Result<(), LabError> {
        append(
            &self.daemon.authorized_keys(self.dir.path(), self.home()),
            &(key.public()? + "\n"),
        )
    }

    /// Lets certificates of an authority log in (not with dropbear).
    pub fn authorize_authority(&self, key: &Key) -> Result<(), LabError> {
        let line = format!("cert-authority {}\n", key.public()?);
        append(
            &self.daemon.authorized_keys(self.dir.path(), self.home()),
            &line,
        )
    }

    /// The real ssh client, set up to log in here (or at a proxy before it) without asking anything.
    pub fn ssh(&self, address: SocketAddr, command: impl AsRef<OsStr>) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.args([
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
        ]);
        ssh.arg("-o").arg(format!(
            "UserKnownHostsFile={}",
            self.known_hosts().display()
        ));
        ssh.arg("-i")
            .arg(self.client_key.path())
            .arg("-p")
            .arg(address.port().to_string());
        ssh.arg(format!("{}@{}", self.user(), address.ip()))
            .arg(command);
        ssh
    }

    /// All it has logged.
    pub fn log(&self) -> String {
        let log = fs::read(self.dir.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Commands started through the daemon that still live; its own processes are not among them.
    pub fn processes(&self) -> Vec<Process> {
        let ours = self.daemon_processes();
        let marked = |process: &Process| self.is_marked(process) && !ours.contains(process);
        Process::all().into_iter().filter(marked).collect()
    }

    /// Kills the processes of all connections; the listener and the commands stay.
    pub fn kill_sessions(&mut self) {
        let mut sessions = self.daemon_processes();
        let listener = self.listener().map(|listener| listener.pid());
        sessions.retain(|process| Some(process.pid()) != listener);
        sessions.append(&mut self.orphans);
        kill(&sessions);
    }

    /// Stops the listener; connections there are live on, as with `systemctl restart ssh`.
    pub fn stop_listener(&mut self) {
        let listener = self.listener();
        let mut sessions = self.daemon_processes();
        sessions.retain(|process| Some(process) != listener.as_ref());
        self.orphans.append(&mut sessions);
        if let Some(mut child) = self.child.take() {
            // Whether it ended by itself or now, it is gone afterwards.
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// Kills the listener and all connections, as when a machine's sshd crashes. Commands stay.
    pub fn stop(&mut self) {
        self.stop_listener();
        self.kill_sessions();
    }

    /// Starts the daemon again on the same port with the same keys; returns when it accepts.
    pub fn start(&mut self) -> Result<(), LabError> {
        self.stop_listener();
        let log_path = self.dir.path().join("log");
        let log = OpenOptions::new().create(true).append(true).open(&log_path);
        let log = log.map_err(at(&log_path))?;
        let mut command = self
            .daemon
            .command(&self.login, self.dir.path(), &self.mark);
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let spawned = command.spawn();
        let program = self.daemon.name().to_owned();
        self.child = Some(spawned.map_err(|source| LabError::Run { program, source })?);
        self.wait_accepting()?;
        self.remember_namespace();
        Ok(())
    }

    fn wait_accepting(&mut self) -> Result<(), LabError> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if greets(self.address()) {
                return Ok(());
            }
            let ended = self
                .child
                .as_mut()
                .is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
            if ended {
                break;
            }
            sleep(PAUSE);
        }
        Err(LabError::NotAccepting {
            daemon: self.daemon.name().to_owned(),
            log: self.log(),
        })
    }

    fn remember_namespace(&mut self) {
        if self.login.needs_home() {
            return;
        }
        let Some(listener) = self.listener() else {
            return;
        };
        let handle = File::open(format!("/proc/{}/ns/mnt", listener.pid()));
        self.namespace = listener.mounts().zip(handle.ok());
    }

    fn listener(&self) -> Option<Process> {
        Process::find(i32::try_from(self.child.as_ref()?.id()).ok()?)
    }

    /// The listener and its processes for connections, the commands they run left out.
    fn daemon_processes(&self) -> Vec<Process> {
        let Some(listener) = self.listener() else {
            return Vec::new();
        };
        let mut found = listener.descendants();
        found.retain(|process| self.daemon.is_own(process));
        found.push(listener);
        found
    }

    fn is_marked(&self, process: &Process) -> bool {
        let same_mounts = self
            .namespace
            .as_ref()
            .is_some_and(|(name, _)| process.mounts().as_ref() == Some(name));
        same_mounts
            || process
                .variable(MARK)
                .is_some_and(|mark| mark == self.mark.as_bytes())
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
        let end = Instant::now() + PATIENCE;
        loop {
            // A process that was just forking may have left a child behind: look again until there is none.
            let left = self.processes();
            if left.is_empty() || Instant::now() > end {
                return;
            }
            kill(&left);
        }
    }
}

/// Kills and waits until they are gone.
fn kill(processes: &[Process]) {
    for process in processes {
        process.signal(Signal::KILL);
    }
    let end = Instant::now() + PATIENCE;
    while processes.iter().any(Process::lives) && Instant::now() < end {
        sleep(PAUSE);
    }
}

/// Whether a daemon answers with the greeting of SSH.
fn greets(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let mut greeting = [0; 4];
    stream.set_read_timeout(Some(PATIENCE)).is_ok()
        && stream.read_exact(&mut greeting).is_ok()
        && &greeting == b"SSH-"
}

fn append(path: &Path, text: &str) -> Result<(), LabError> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(at(path))
}
