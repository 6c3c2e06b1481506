//! The settings of a daemon before it starts.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::daemon::{self, Daemon, Settings};
use super::{Sshd, append};
use crate::error::{LabError, at};
use crate::keys::{Key, KeyKind};
use crate::login::{Login, Shell, Wish};
use crate::port::HeldPort;

/// What a daemon should be like.
#[derive(Debug)]
pub struct SshdBuilder {
    dropbear: bool,
    wish: Wish,
    home: Option<PathBuf>,
    settings: Settings,
    host_authority: Option<Key>,
}

impl SshdBuilder {
    pub(super) fn new(dropbear: bool) -> Self {
        let wish = Wish {
            own_view: dropbear,
            ..Wish::default()
        };
        let settings = Settings {
            addresses: 1,
            ..Settings::default()
        };
        Self {
            dropbear,
            wish,
            home: None,
            settings,
            host_authority: None,
        }
    }

    /// A line of `sshd_config`, or an argument of dropbear. It wins over the laboratory's own, but lists
    /// such as `AllowUsers` add up.
    #[must_use]
    pub fn config(mut self, line: &str) -> Self {
        self.settings.extra.push(line.to_owned());
        self
    }

    /// A variable in the environment of every login (not with dropbear).
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.settings.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The home of logins, instead of an empty one of the daemon's own.
    #[must_use]
    pub fn home(mut self, path: impl Into<PathBuf>) -> Self {
        self.home = Some(path.into());
        self
    }

    /// The login shell. Not available where the laboratory cannot give a daemon its own view of /etc/passwd.
    #[must_use]
    pub fn login_shell(mut self, shell: Shell) -> Self {
        self.wish.shell = Some(shell);
        self
    }

    /// A login that is not root, with the same limit as [`SshdBuilder::login_shell`].
    #[must_use]
    pub const fn ordinary_login(mut self) -> Self {
        self.wish.ordinary = true;
        self
    }

    /// Logins have an empty /tmp from which nothing can be started, with these directories in it and the daemon's own; the
    /// same limit again.
    #[must_use]
    pub fn own_tmp(mut self, with: &[&Path]) -> Self {
        self.wish.tmp = Some(with.iter().map(|path| (*path).to_owned()).collect());
        self
    }

    /// Listens on 127.0.0.1 to 127.0.0.`count`, each with a home of its own, so that one daemon is many hosts (not
    /// with dropbear). Other addresses of this machine are listened on too, but nobody can log in there.
    #[must_use]
    pub const fn addresses(mut self, count: u8) -> Self {
        self.settings.addresses = count;
        self
    }

    /// An RSA host key beside those of ed25519 and ECDSA; slow to make.
    #[must_use]
    pub const fn rsa_host_key(mut self) -> Self {
        self.settings.rsa = true;
        self
    }

    /// A certificate of this authority for the ed25519 host key, for the name 127.0.0.1.
    #[must_use]
    pub fn host_authority(mut self, authority: &Key) -> Self {
        self.host_authority = Some(authority.clone());
        self
    }

    /// Starts it; returns when it accepts connections.
    pub fn start(self) -> Result<Sshd, LabError> {
        let daemon = Daemon::find(self.dropbear)?;
        let dir = tempfile::Builder::new().prefix("windlass-lab-").tempdir()?;
        let home = self.home.clone().unwrap_or_else(|| dir.path().join("home"));
        fs::create_dir_all(&home).map_err(at(&home))?;
        if self.wish.ordinary {
            open_to_all(dir.path())?;
        }
        let login = Login::new(dir.path(), &home, &self.wish)?;
        let several = self.settings.addresses > 1;
        let ip = if several {
            Ipv4Addr::UNSPECIFIED
        } else {
            Ipv4Addr::LOCALHOST
        };
        let mut sshd = Sshd {
            daemon,
            login,
            port: HeldPort::any(IpAddr::V4(ip))?,
            addresses: self.settings.addresses,
            client_key: Key::generate(dir.path().join("client"), KeyKind::Ed25519)?,
            mark: dir.path().display().to_string(),
            child: None,
            namespace: None,
            orphans: Vec::new(),
            dir,
        };
        sshd.prepare(&self.settings, self.host_authority.as_ref())?;
        sshd.start()?;
        Ok(sshd)
    }
}

impl Sshd {
    /// Writes the keys, the files of known hosts and authorized keys, and the configuration.
    fn prepare(&mut self, settings: &Settings, authority: Option<&Key>) -> Result<(), LabError> {
        let dir = self.dir.path().to_owned();
        self.daemon.make_host_keys(&dir, settings.rsa)?;
        if let Some(authority) = authority {
            self.daemon.certify(&dir, authority)?;
        }
        for number in 2..=self.addresses {
            let home = daemon::home_of(self.home(), number);
            fs::create_dir_all(&home).map_err(at(&home))?;
        }
        let mut settings = settings.clone();
        if self.login.needs_home() {
            let home = self.login.home.display().to_string();
            settings.env.insert(0, ("HOME".to_owned(), home));
        }
        self.daemon
            .configure(&dir, &self.login, self.port.number(), settings)?;
        append(&self.known_hosts(), "")?;
        for number in 1..=self.addresses {
            self.trust(self.address_of(number))?;
        }
        let path = self.daemon.authorized_keys(&dir, self.home());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(at(parent))?;
        }
        self.authorize(&self.client_key)
    }
}

fn open_to_all(dir: &Path) -> Result<(), LabError> {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).map_err(at(dir))
}
