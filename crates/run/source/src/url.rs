//! URLs of repositories: which two mean the same repository, how a relative one is read, what people may see of one.
//!
//! Two URLs mean the same repository when host, port and path agree; the scheme does not count, since one forge serves
//! one repository over several. A trailing slash or `.git` does not count either.

use std::path::{Path, PathBuf};

/// A URL taken apart as far as comparing needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// A directory on this machine.
    Local(PathBuf),
    /// A repository on a host.
    Remote(Remote),
}

/// Where a repository is on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remote {
    /// The login; known for ssh only.
    user: Option<String>,
    host: String,
    /// The port, where it is not the scheme's own.
    port: Option<String>,
    path: String,
}

impl Remote {
    fn same(&self, other: &Self) -> bool {
        // Two different logins may have two different homes.
        let logins = self.user.is_none() || other.user.is_none() || self.user == other.user;
        logins && self.host == other.host && self.port == other.port && self.path == other.path
    }
}

impl Location {
    /// Reads `url`; a relative path is one of `base`.
    pub(crate) fn read(url: &str, base: &Path) -> Self {
        if let Some((scheme, rest)) = url.split_once("://") {
            return match scheme.to_ascii_lowercase().as_str() {
                "file" => local(rest, base),
                scheme => with_scheme(scheme, rest),
            };
        }
        scp_form(url).unwrap_or_else(|| local(url, base))
    }

    /// Whether both mean one repository.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Local(one), Self::Local(two)) => one == two,
            (Self::Remote(one), Self::Remote(two)) => one.same(two),
            _ => false,
        }
    }
}

/// The URL without its password, for people.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let Some((user, host)) = authority.rsplit_once('@') else {
        return url.to_owned();
    };
    // A token often stands alone in the user's place, so over http nothing of it is shown.
    let user = user.split(':').next().unwrap_or_default();
    let shown = if scheme.starts_with("http") {
        "***"
    } else {
        user
    };
    format!("{scheme}://{shown}@{host}/{path}")
}

/// Takes a password out of what git said about `url`.
pub(crate) fn mask(text: &str, url: &str) -> String {
    let shown = without_password(url);
    if shown == url {
        return text.to_owned();
    }
    let mut masked = text.replace(url, &shown);
    let authority = url.split_once("://").map(|(_, rest)| rest);
    if let Some((login, _)) = authority.and_then(|rest| rest.split_once('@')) {
        masked = masked.replace(login, "***");
        if let Some((_, password)) = login.split_once(':').filter(|(_, word)| !word.is_empty()) {
            masked = masked.replace(password, "***");
        }
    }
    masked
}

/// A submodule's URL as git reads it: one that begins with `./` or `../` is relative to its parent's URL.
pub(crate) fn relative_to(parent: &str, url: &str) -> String {
    if !url.starts_with("./") && !url.starts_with("../") {
        return url.to_owned();
    }
    let mut base = parent.trim_end_matches('/').to_owned();
    let mut rest = url;
    loop {
        if let Some(next) = rest.strip_prefix("./") {
            rest = next;
        } else if let Some(next) = rest.strip_prefix("../") {
            rest = next;
            let cut = base.rfind(['/', ':']).unwrap_or(0);
            // The colon of the scp form stays: `host:shop` without its last part is `host:`.
            let colon = base.get(cut..).is_some_and(|tail| tail.starts_with(':'));
            base.truncate(if colon { cut.saturating_add(1) } else { cut });
        } else {
            let joint = if base.ends_with(':') { "" } else { "/" };
            return format!("{base}{joint}{}", rest.trim_end_matches('/'));
        }
    }
}

fn with_scheme(scheme: &str, rest: &str) -> Location {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let (host, port) = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (name, port),
        _ => (host, ""),
    };
    let usual = match scheme {
        "https" => "443",
        "http" => "80",
        "git" => "9418",
        _ => "22",
    };
    let login = user.filter(|_| scheme.contains("ssh"));
    remote(login, host, port, usual, path)
}

/// `[user@]host:path`, as git decides it: a colon before the first slash.
fn scp_form(url: &str) -> Option<Location> {
    let bracket = url.find(']').unwrap_or(0);
    let (_, path) = url.get(bracket..)?.split_once(':')?;
    let authority = url.strip_suffix(path)?.strip_suffix(':')?;
    if authority.contains('/') {
        return None;
    }
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    Some(remote(user, host, "", "22", path))
}

fn remote(user: Option<&str>, host: &str, port: &str, usual: &str, path: &str) -> Location {
    let port = Some(port).filter(|port| !port.is_empty() && *port != usual);
    Location::Remote(Remote {
        user: user.map(str::to_owned),
        host: host.trim_matches(['[', ']']).to_ascii_lowercase(),
        port: port.map(str::to_owned),
        path: bare_path(path).trim_start_matches('/').to_owned(),
    })
}

fn local(path: &str, base: &Path) -> Location {
    let path = base.join(path);
    // A path that is not there stays as it is written; git will say so.
    let real = path.canonicalize().unwrap_or(path);
    Location::Local(match real.file_name() {
        // The `.git` directory stands for the working copy around it.
        Some(name) if name == ".git" => real.parent().map_or(real.clone(), Path::to_path_buf),
        _ => real,
    })
}

fn bare_path(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.strip_suffix(".git").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, two: &str) -> bool {
        let base = Path::new("/");
        Location::read(one, base).same(&Location::read(two, base))
    }

    #[test]
    fn one_repository_has_many_urls() {
        for other in [
            "git@Git.example.com:acme/shop",
            "ssh://git@git.example.com/acme/shop.git/",
            "ssh://git.example.com:22/acme/shop",
            "https://git.example.com/acme/shop.git",
            "https://token@git.example.com:443/acme/shop",
        ] {
            assert!(same("git@git.example.com:acme/shop.git", other), "{other}");
        }
    }

    #[test]
    fn other_hosts_ports_logins_and_paths_are_other_repositories() {
        for other in [
            "git@git.example.org:acme/shop.git",
            "git@git.example.com:acme/shop2.git",
            "deploy@git.example.com:acme/shop.git",
            "ssh://git@git.example.com:2222/acme/shop.git",
            "/git.example.com/acme/shop.git",
        ] {
            assert!(!same("git@git.example.com:acme/shop.git", other), "{other}");
        }
        assert!(same(
            "ssh://git@[::1]:2222/a/b",
            "ssh://git@[::1]:2222/a/b.git"
        ));
        assert!(!same("ssh://git@[::1]:2222/a/b", "git@[::1]:a/b"));
    }

    #[test]
    fn relative_urls_of_submodules_follow_the_parent() {
        let read = relative_to;
        assert_eq!(
            read("git@h:acme/shop.git", "../ui.git"),
            "git@h:acme/ui.git"
        );
        assert_eq!(read("git@h:shop.git", "../ui.git"), "git@h:ui.git");
        assert_eq!(read("https://h/a/b.git", "../../c/d"), "https://h/c/d");
        assert_eq!(read("/srv/git/shop", "./ui"), "/srv/git/shop/ui");
        assert_eq!(read("https://h/a", "git@x:y"), "git@x:y");
    }

    #[test]
    fn passwords_are_not_shown() {
        let url = "https://bot:s3cret@git.example.com/a.git";
        assert_eq!(without_password(url), "https://***@git.example.com/a.git");
        assert_eq!(without_password("ssh://git@h/a"), "ssh://git@h/a");
        let said = format!("fatal: unable to access '{url}': s3cret");
        assert!(!mask(&said, url).contains("s3cret"));
    }
}
