//! Who logs in, with which shell and which home.
//!
//! As root, a daemon gets its own view of /etc/passwd (a mount namespace of its own), so that any shell and any home
//! can be the login's without a user being made on this machine. Where that is not allowed, the home is given by the
//! daemon's `SetEnv HOME`, the working directory stays the user's own, and other shells are not available.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{LabError, at, output};

/// A login shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shell {
    /// /bin/sh, whatever it is here.
    Sh,
    /// dash.
    Dash,
    /// bash, which reads ~/.bashrc when sshd starts it.
    Bash,
    /// sh of busybox.
    Busybox,
    /// tcsh, which is no POSIX shell and reads ~/.tcshrc.
    Tcsh,
    /// Another program.
    Other(PathBuf),
}

/// The uid and gid of the login that is not root.
const ORDINARY_ID: u32 = 23_017;
const ORDINARY_NAME: &str = "lab";

/// Mounts pairs of files over each other, up to `--`, then becomes the program after it.
const ENTER: &str = r#"
while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 125; shift 2; done
shift
exec "$@""#;

/// Puts an empty /tmp from which nothing can be started over the other, with directories of that up to `--` in it.
const OWN_TMP: &str = r#"
mount --bind /tmp /mnt && mount -t tmpfs -o mode=1777,noexec lab /tmp || exit 125
while [ "$1" != -- ]; do
  case $1 in /tmp/*) mkdir -p "$1" && mount --bind "/mnt/${1#/tmp/}" "$1" || exit 125;; esac
  shift
done
shift
umount /mnt || exit 125"#;

/// The login of one daemon.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) home: PathBuf,
    /// Files to be seen in the place of those of /etc; empty without a view of our own.
    mounts: Vec<(PathBuf, &'static str)>,
    /// What is in its own /tmp, where it has one.
    tmp: Option<Vec<PathBuf>>,
}

/// What a login should be.
#[derive(Debug, Default, Clone)]
pub(crate) struct Wish {
    pub(crate) shell: Option<Shell>,
    pub(crate) ordinary: bool,
    /// The daemon cannot do without its own view.
    pub(crate) own_view: bool,
    /// A /tmp of its own with these directories in it.
    pub(crate) tmp: Option<Vec<PathBuf>>,
}

impl Login {
    pub(crate) fn new(dir: &Path, home: &Path, wish: &Wish) -> Result<Self, LabError> {
        let user = output(Command::new("id").arg("-un"))?.trim().to_owned();
        let mut login = Self {
            user,
            home: home.to_owned(),
            mounts: Vec::new(),
            tmp: None,
        };
        let shell = shell_path(wish.shell.as_ref().unwrap_or(&Shell::Bash), dir)?;
        let Err(why) = view_possible() else {
            login.make_view(dir, wish.ordinary, &shell)?;
            login.tmp.clone_from(&wish.tmp);
            login
                .tmp
                .iter_mut()
                .for_each(|tmp| tmp.push(dir.to_owned()));
            return Ok(login);
        };
        if wish.shell.is_some() || wish.ordinary || wish.own_view || wish.tmp.is_some() {
            let what = "a login of our own choice".to_owned();
            return Err(LabError::Unavailable { what, why });
        }
        Ok(login)
    }

    /// Whether the home has to be given by `SetEnv`.
    pub(crate) const fn needs_home(&self) -> bool {
        self.mounts.is_empty()
    }

    /// A command for a program that sees this login.
    pub(crate) fn command(&self, program: &Path) -> Command {
        if self.mounts.is_empty() {
            return Command::new(program);
        }
        let mut command = Command::new("unshare");
        command.args(["--mount", "--", "/bin/sh", "-c"]);
        if let Some(tmp) = &self.tmp {
            command
                .arg([OWN_TMP, ENTER].concat())
                .arg("sh")
                .args(tmp)
                .arg("--");
        } else {
            command.args([ENTER, "sh"]);
        }
        for (from, to) in &self.mounts {
            command.arg(from).arg(to);
        }
        command.arg("--").arg(program);
        command
    }

    fn make_view(&mut self, dir: &Path, ordinary: bool, shell: &Path) -> Result<(), LabError> {
        let (name, id) = if ordinary {
            (ORDINARY_NAME, ORDINARY_ID)
        } else {
            ("root", 0)
        };
        let passwd = fs::read_to_string("/etc/passwd").map_err(at(Path::new("/etc/passwd")))?;
        let others = passwd
            .lines()
            .filter(|line| !line.starts_with(&format!("{name}:")));
        let (home, shell) = (self.home.display(), shell.display());
        let mut lines = vec![format!("{name}:x:{id}:{id}:lab:{home}:{shell}")];
        lines.extend(others.map(str::to_owned));
        self.mount(dir, "passwd", "/etc/passwd", &lines)?;
        self.mount(dir, "shells", "/etc/shells", &[shell.to_string()])?;
        if ordinary {
            std::os::unix::fs::chown(&self.home, Some(id), Some(id)).map_err(at(&self.home))?;
        }
        name.clone_into(&mut self.user);
        Ok(())
    }

    fn mount(
        &mut self,
        dir: &Path,
        name: &str,
        over: &'static str,
        lines: &[String],
    ) -> Result<(), LabError> {
        if !Path::new(over).exists() {
            return Ok(());
        }
        let path = dir.join(name);
        fs::write(&path, lines.join("\n") + "\n").map_err(at(&path))?;
        self.mounts.push((path, over));
        Ok(())
    }
}

/// Tries it, since a container may forbid it even to root.
fn view_possible() -> Result<(), String> {
    if !rustix::process::geteuid().is_root() {
        return Err("only root can give a daemon its own view of /etc/passwd".to_owned());
    }
    let mut command = Command::new("unshare");
    command.args([
        "--mount",
        "--",
        "mount",
        "--bind",
        "/etc/passwd",
        "/etc/passwd",
    ]);
    output(&mut command)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// Where a shell lies; a daemon calls it by the last part of that path.
fn shell_path(shell: &Shell, dir: &Path) -> Result<PathBuf, LabError> {
    let path = match shell {
        Shell::Sh => PathBuf::from("/bin/sh"),
        Shell::Dash => PathBuf::from("/bin/dash"),
        Shell::Bash => PathBuf::from("/bin/bash"),
        Shell::Tcsh => PathBuf::from("/bin/tcsh"),
        Shell::Other(path) => path.clone(),
        Shell::Busybox => busybox_sh(dir)?,
    };
    if path.exists() {
        return Ok(path);
    }
    let why = format!("{} does not exist", path.display());
    Err(LabError::Unavailable {
        what: format!("{shell:?}"),
        why,
    })
}

/// busybox looks at the name it is called by: a link named sh makes it a shell.
fn busybox_sh(dir: &Path) -> Result<PathBuf, LabError> {
    let link = dir.join("busybox-bin/sh");
    let parent = dir.join("busybox-bin");
    fs::create_dir_all(&parent).map_err(at(&parent))?;
    let target = ["/bin/busybox", "/usr/bin/busybox"]
        .iter()
        .find(|path| Path::new(path).exists());
    if let Some(target) = target {
        std::os::unix::fs::symlink(target, &link).map_err(at(&link))?;
    }
    Ok(link)
}
