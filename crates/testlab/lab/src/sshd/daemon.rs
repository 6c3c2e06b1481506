//! The two daemons: where they are, how they are configured and called, what their processes are named.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use windlass_demohost::Process;

use super::MARK;
use crate::error::{LabError, at, output};
use crate::keys::{Key, KeyKind};
use crate::login::Login;

/// Where distributions put daemons; they are often not in the PATH of ordinary users.
const PLACES: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin"];

/// What a test may choose.
#[derive(Debug, Default, Clone)]
pub(super) struct Settings {
    pub(super) extra: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    pub(super) addresses: u8,
    pub(super) rsa: bool,
}

/// One of the daemons, found on this machine.
#[derive(Debug)]
pub(super) enum Daemon {
    OpenSsh {
        program: PathBuf,
        keys: Vec<String>,
        certificate: Option<PathBuf>,
    },
    Dropbear {
        program: PathBuf,
        arguments: Vec<String>,
    },
}

impl Daemon {
    pub(super) fn find(dropbear: bool) -> Result<Self, LabError> {
        let name = if dropbear { "dropbear" } else { "sshd" };
        let places = PLACES.iter().map(|place| Path::new(place).join(name));
        let Some(program) = places.into_iter().find(|path| path.exists()) else {
            let why = "it is not installed".to_owned();
            return Err(LabError::Unavailable {
                what: name.to_owned(),
                why,
            });
        };
        Ok(if dropbear {
            Self::Dropbear {
                program,
                arguments: Vec::new(),
            }
        } else {
            Self::OpenSsh {
                program,
                keys: Vec::new(),
                certificate: None,
            }
        })
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::OpenSsh { .. } => "sshd",
            Self::Dropbear { .. } => "dropbear",
        }
    }

    /// Whether a descendant of the listener is the daemon's own: from OpenSSH 9.8 on there is sshd-session too.
    pub(super) fn is_own(&self, process: &Process) -> bool {
        process.name().starts_with(self.name())
    }

    pub(super) fn make_host_keys(&mut self, dir: &Path, rsa: bool) -> Result<(), LabError> {
        match self {
            Self::OpenSsh { keys, .. } => {
                let mut kinds = vec![
                    ("host_ed25519", KeyKind::Ed25519),
                    ("host_ecdsa", KeyKind::Ecdsa),
                ];
                if rsa {
                    kinds.push(("host_rsa", KeyKind::Rsa));
                }
                for (name, kind) in kinds {
                    Key::generate(dir.join(name), kind)?;
                    keys.push(name.to_owned());
                }
                Ok(())
            }
            Self::Dropbear { .. } => {
                let made = output(
                    Command::new("dropbearkey")
                        .args(["-t", "ed25519", "-f"])
                        .arg(dir.join("host")),
                )?;
                let line = made.lines().find(|line| line.starts_with("ssh-ed25519"));
                let path = dir.join("host.pub");
                fs::write(&path, line.unwrap_or_default()).map_err(at(&path))
            }
        }
    }

    pub(super) fn certify(&mut self, dir: &Path, authority: &Key) -> Result<(), LabError> {
        let Self::OpenSsh { certificate, .. } = self else {
            return Err(not_with_dropbear());
        };
        let key = Key::at(dir.join("host_ed25519"));
        *certificate = Some(key.certify_host(authority, "127.0.0.1")?);
        Ok(())
    }

    /// The public host keys, one a line.
    pub(super) fn host_keys(&self, dir: &Path) -> Result<Vec<String>, LabError> {
        let names = match self {
            Self::OpenSsh { keys, .. } => keys.clone(),
            Self::Dropbear { .. } => vec!["host".to_owned()],
        };
        names
            .iter()
            .map(|name| Key::at(dir.join(name)).public())
            .collect()
    }

    pub(super) fn authorized_keys(&self, dir: &Path, home: &Path) -> PathBuf {
        match self {
            Self::OpenSsh { .. } => dir.join("authorized_keys"),
            Self::Dropbear { .. } => home.join(".ssh/authorized_keys"),
        }
    }

    pub(super) fn configure(
        &mut self,
        dir: &Path,
        login: &Login,
        port: u16,
        settings: Settings,
    ) -> Result<(), LabError> {
        if let Self::Dropbear { arguments, .. } = self {
            if settings.addresses > 1 || !settings.env.is_empty() || settings.rsa {
                return Err(not_with_dropbear());
            }
            *arguments = vec!["-p".to_owned(), format!("127.0.0.1:{port}")];
            arguments.extend(settings.extra);
            return Ok(());
        }
        let path = dir.join("sshd_config");
        fs::write(&path, self.sshd_config(dir, login, port, &settings)?).map_err(at(&path))?;
        // Debian makes it when its own sshd starts, which may never have happened here.
        if rustix::process::geteuid().is_root() {
            let run = Path::new("/run/sshd");
            fs::create_dir_all(run).map_err(at(run))?;
        }
        Ok(())
    }

    pub(super) fn command(&self, login: &Login, dir: &Path, mark: &str) -> Command {
        match self {
            Self::OpenSsh { program, .. } => {
                let mut command = login.command(program);
                command
                    .args(["-D", "-e", "-f"])
                    .arg(dir.join("sshd_config"));
                command
            }
            Self::Dropbear { program, arguments } => {
                let mut command = login.command(program);
                // -e hands its own environment to commands, and with it the mark.
                command.args(["-F", "-E", "-e", "-m", "-s"]).args(arguments);
                command
                    .arg("-P")
                    .arg(dir.join("pid"))
                    .arg("-r")
                    .arg(dir.join("host"));
                command.env(MARK, mark);
                command
            }
        }
    }

    /// The first value of a keyword wins in this file: what the test chose comes first.
    fn sshd_config(
        &self,
        dir: &Path,
        login: &Login,
        port: u16,
        settings: &Settings,
    ) -> Result<String, LabError> {
        let mut text = settings.extra.join("\n");
        let address = if settings.addresses > 1 {
            "0.0.0.0"
        } else {
            "127.0.0.1"
        };
        let (dir_text, user) = (dir.display(), &login.user);
        // Writing to a string cannot fail.
        write!(
            text,
            "\nListenAddress {address}:{port}\nAllowUsers {user}@127.0.0.0/8\n\
             AuthorizedKeysFile \"{dir_text}/authorized_keys\"\nPermitRootLogin yes\nStrictModes no\n\
             UsePAM no\nPidFile none\nUseDNS no\nPrintMotd no\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nMaxStartups 1000\nLogLevel VERBOSE\n\
             Subsystem sftp internal-sftp\n"
        )
        .ok();
        if penalises(self)? {
            text.push_str("PerSourcePenalties no\n");
        }
        if let Self::OpenSsh {
            keys, certificate, ..
        } = self
        {
            text.extend(
                keys.iter()
                    .map(|key| format!("HostKey \"{dir_text}/{key}\"\n")),
            );
            let line = |path: &PathBuf| format!("HostCertificate \"{}\"\n", path.display());
            text.extend(certificate.iter().map(line));
        }
        text.push_str(&set_env(settings, dir, None));
        for number in 2..=settings.addresses {
            let home = home_of(&login.home, number);
            write!(text, "Match LocalAddress 127.0.0.{number}\n  ").ok();
            text.push_str(&set_env(settings, dir, Some(&home)));
        }
        Ok(text)
    }
}

/// The home of logins by way of 127.0.0.`number`.
pub(super) fn home_of(home: &Path, number: u8) -> PathBuf {
    let mut path = home.to_owned().into_os_string();
    path.push(format!("-{number}"));
    path.into()
}

/// Only one such line counts, so that all variables stand in it.
fn set_env(settings: &Settings, mark: &Path, home: Option<&Path>) -> String {
    let home = home.map(|home| ("HOME".to_owned(), home.display().to_string()));
    let of_home = home.is_some();
    let others = settings
        .env
        .iter()
        .filter(|(name, _)| !of_home || name != "HOME")
        .cloned();
    let mark = (MARK.to_owned(), mark.display().to_string());
    let mut line = "SetEnv".to_owned();
    for (name, value) in others.chain(home).chain([mark]) {
        // Writing to a string cannot fail.
        write!(
            line,
            " \"{name}={}\"",
            value.replace('\\', "\\\\").replace('"', "\\\"")
        )
        .ok();
    }
    line + "\n"
}

/// OpenSSH 9.8 began to shut out an address with many connections that end early, which is what tests do.
fn penalises(daemon: &Daemon) -> Result<bool, LabError> {
    let Daemon::OpenSsh { program, .. } = daemon else {
        return Ok(false);
    };
    let run = Command::new(program).arg("-V").output();
    let said = run
        .map_err(|source| LabError::Run {
            program: "sshd".to_owned(),
            source,
        })?
        .stderr;
    let said = String::from_utf8_lossy(&said).into_owned();
    let version = said.split_once("OpenSSH_").map_or("", |(_, rest)| rest);
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor) >= (9, 8)),
        _ => Ok(false),
    }
}

fn not_with_dropbear() -> LabError {
    LabError::Unavailable {
        what: "this setting".to_owned(),
        why: "dropbear does not have it".to_owned(),
    }
}
