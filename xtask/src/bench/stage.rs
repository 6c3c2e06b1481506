//! A stage to deploy to: a real sshd on one address or many, a proxy, a small git app, and the same deploy as a command
//! line of Windlass, of Fabric and of ssh.

use super::{Bench, Fabric};
use crate::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use windlass_lab::{Proxy, Repo, Sshd};

/// The deploy by one ssh.
const SCRIPT: &str = include_str!("deploy.sh");
/// Where the tools deploy to, below the home of a host.
const ROOTS: [&str; 4] = ["windlass-push", "windlass-git", "fabric", "script"];

/// Which hosts a deploy goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hosts {
    /// The first, through the proxy.
    Proxied,
    /// The first.
    One,
    /// All of them.
    All,
}

impl Hosts {
    /// The stage's name in windlass.toml.
    const fn stage(self) -> &'static str {
        match self {
            Self::Proxied => "proxied",
            Self::One => "one",
            Self::All => "all",
        }
    }
}

/// Where a release comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// From this machine, the default.
    Push,
    /// Fetched by the host.
    Git,
}

impl Source {
    /// The setting's value.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Git => "git",
        }
    }
}

/// What is there to deploy and where to.
pub(super) struct Stage {
    pub(super) sshd: Sshd,
    pub(super) proxy: Proxy,
    repo: Repo,
    home: tempfile::TempDir,
    count: u8,
}

impl Stage {
    /// A stage with so many hosts and more tables in windlass.toml.
    pub(super) fn new(count: u8, tables: &str) -> Result<Self, Error> {
        let lab = || Error::measuring("setting up the laboratory");
        let sshd = Sshd::builder().addresses(count).start().map_err(lab())?;
        let stage = Self {
            proxy: sshd.proxy().map_err(lab())?,
            repo: Repo::sample().map_err(lab())?,
            home: tempfile::tempdir().map_err(Error::measuring("making a home"))?,
            sshd,
            count,
        };
        for number in 1..=count {
            seed(&stage.sshd.home_of(number))?;
        }
        for source in [Source::Push, Source::Git] {
            let path = stage.home.path().join(source.name());
            let text = stage.settings(source, tables);
            fs::write(&path, text).map_err(Error::file("write", &path))?;
        }
        Ok(stage)
    }

    /// Adds a commit, so that there is something to fetch.
    pub(super) fn commit(&mut self) -> Result<(), Error> {
        let before = self.repo.head();
        let before = before.map_err(Error::measuring("looking at the repository"))?;
        let committed = self.repo.commit(&[("app/parent", &before)]);
        committed.map_err(Error::measuring("committing")).map(drop)
    }

    /// `windlass deploy`, with the source.
    pub(super) fn windlass(&self, bench: &Bench, source: Source, hosts: Hosts) -> Command {
        let mut command = self.clean(&bench.binary);
        command
            .args(["deploy", hosts.stage(), "--yes", "--config"])
            .arg(self.home.path().join(source.name()))
            .current_dir(self.repo.work());
        command
    }

    /// The same by Fabric.
    pub(super) fn fabric(&self, fabric: &Fabric, hosts: Hosts) -> Command {
        let mut command = self.clean(&fabric.python);
        command
            .arg(&fabric.script)
            .arg("fabric")
            .arg(self.repo.bare())
            .arg(self.sshd.user())
            .arg(self.sshd.client_key().path())
            .arg(self.port(hosts).to_string())
            .args(self.addresses(hosts));
        command
    }

    /// The same by one ssh to the first host.
    pub(super) fn script(&self, hosts: Hosts) -> Command {
        let address = match hosts {
            Hosts::Proxied => self.proxy.address(),
            Hosts::One | Hosts::All => self.sshd.address(),
        };
        let bare = self.repo.bare().display().to_string();
        let script = format!("set -- script '{bare}'\n{SCRIPT}");
        self.sshd.ssh(address, script)
    }

    /// Without anything of this machine's settings.
    fn clean(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("USER", "bench");
        command
    }

    fn port(&self, hosts: Hosts) -> u16 {
        match hosts {
            Hosts::Proxied => self.proxy.port(),
            Hosts::One | Hosts::All => self.sshd.port(),
        }
    }

    fn addresses(&self, hosts: Hosts) -> Vec<String> {
        let last = if hosts == Hosts::All { self.count } else { 1 };
        (1..=last)
            .map(|number| format!("127.0.0.{number}"))
            .collect()
    }

    fn settings(&self, source: Source, tables: &str) -> String {
        let path = |path: &Path| format!("{:?}", path.display().to_string());
        let mut text = format!(
            "application = \"shop\"\nrepository = {repository}\nsource = \"{source}\"\n\
             deploy_to = \"~/windlass-{source}\"\nlinked_dirs = [\"log\"]\nlinked_files = [\"config/key\"]\n\
             [ssh]\nconfig = \"none\"\nagent = false\nidentities = [{key}]\nknown_hosts = {known}\n{tables}\n",
            repository = path(&self.repo.bare()),
            source = source.name(),
            key = path(self.sshd.client_key().path()),
            known = path(&self.sshd.known_hosts()),
        );
        for hosts in [Hosts::Proxied, Hosts::One, Hosts::All] {
            let (user, port) = (self.sshd.user(), self.port(hosts));
            let addresses = self.addresses(hosts);
            let list = addresses.iter().map(|ip| format!("\"{user}@{ip}:{port}\""));
            let list = list.collect::<Vec<_>>().join(", ");
            let stage = hosts.stage();
            // Writing to a string cannot fail.
            writeln!(text, "[stages.{stage}]\nhosts = [{list}]").ok();
        }
        text
    }
}

/// The linked file that every deploy finds.
fn seed(home: &Path) -> Result<(), Error> {
    for root in ROOTS {
        let folder = home.join(root).join("shared/config");
        fs::create_dir_all(&folder).map_err(Error::file("make", &folder))?;
        let key = folder.join("key");
        fs::write(&key, "secret").map_err(Error::file("write", &key))?;
    }
    Ok(())
}
