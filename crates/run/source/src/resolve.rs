//! From what a person typed to one commit.
//!
//! A name is looked for in this order: a full commit id, a branch of this repository, a branch of the remote as of the
//! last fetch, a tag, the beginning of a commit id. `HEAD` is what is checked out, or the forge's main branch in a
//! mirror. Expressions such as `main~3` are not taken: a name must mean the same on every machine.
//!
//! In a working copy the local branch wins over the remote's, since the working copy is what the person looks at and is
//! never fetched into; [`Tracking`] tells how the two differ, so that it can be shown before anything is done. A mirror
//! has the forge's branches only, fetched when asked.

mod near;

use crate::error::Error;
use crate::{Place, Source};
use windlass_model::Revision;

/// A commit, and how it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The commit.
    pub revision: Revision,
    /// The first line of its message.
    pub subject: String,
    /// When it was committed, in seconds since the Unix epoch.
    pub commit_time: u64,
    /// What the name was.
    pub found: Found,
    /// For a local branch of a working copy: how it stands to the remote's branch of the same name.
    pub tracking: Option<Tracking>,
}

/// What a name turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// What is checked out.
    Head,
    /// A branch; in a mirror, the forge's.
    Branch,
    /// A branch of a remote as of the last fetch, such as `origin/main`.
    RemoteBranch(String),
    /// A tag.
    Tag,
    /// A commit id, whole or the beginning of one.
    Commit,
}

/// A local branch beside its counterpart on the remote, as of the last fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracking {
    /// The remote's branch: `origin/main`.
    pub name: String,
    /// Commits that only the local branch has.
    pub ahead: u64,
    /// Commits that only the remote's branch has.
    pub behind: u64,
}

impl Source {
    /// The commit that `reference` names. A mirror is fetched first, unless a full commit id is there already; one that no
    /// branch leads to is fetched by itself.
    pub async fn resolve(&self, reference: &str) -> Result<Resolved, Error> {
        check_name(reference)?;
        if Revision::is_id(reference) {
            let revision = Revision::new(reference);
            let id = self.present(&revision).await?;
            return self.describe(id, id, Found::Commit).await;
        }
        if let Place::Mirror(mirror) = &self.place {
            mirror.update().await?;
        }
        if reference == "HEAD" {
            return self.head().await;
        }
        if let Some((id, found)) = self.named(reference).await? {
            let mut resolved = self.describe(&id, reference, found).await?;
            if resolved.found == Found::Branch {
                resolved.tracking = self.tracking(reference, &id).await?;
            }
            return Ok(resolved);
        }
        match self.abbreviated(reference).await? {
            Some(id) => self.describe(&id, reference, Found::Commit).await,
            None => Err(self.unknown(reference).await?),
        }
    }

    /// The commit id as text, once the commit is known to be here; a mirror is fetched for it.
    pub(crate) async fn present<'a>(&self, revision: &'a Revision) -> Result<&'a str, Error> {
        let id = checked(revision)?;
        if self.holds(id).await? || self.fetched(id).await? {
            return Ok(id);
        }
        Err(Error::MissingCommit {
            revision: id.to_owned(),
            place: self.shown(),
            mirror: self.is_mirror(),
        })
    }

    pub(crate) async fn holds(&self, id: &str) -> Result<bool, Error> {
        let commit = format!("{id}^{{commit}}");
        let output = self.git.output(&["cat-file", "-e", &commit]).await?;
        Ok(output.status.success())
    }

    /// Whether a mirror could fetch the commit: with the branches, or by its id where none leads to it any more.
    async fn fetched(&self, id: &str) -> Result<bool, Error> {
        let Place::Mirror(mirror) = &self.place else {
            return Ok(false);
        };
        mirror.update().await?;
        if self.holds(id).await? {
            return Ok(true);
        }
        match mirror.fetch_commit(id).await {
            Ok(()) => self.holds(id).await,
            // A forge that has no such commit, or does not give commits by id, says so by failing.
            Err(Error::Unreachable { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn head(&self) -> Result<Resolved, Error> {
        let output = self
            .git
            .output(&["rev-parse", "--verify", "--quiet", "HEAD"])
            .await?;
        if !output.status.success() {
            return Err(Error::Empty);
        }
        let id = String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned();
        self.describe(&id, "HEAD", Found::Head).await
    }

    /// The object behind a branch or tag of this exact name.
    async fn named(&self, name: &str) -> Result<Option<(String, Found)>, Error> {
        let mut candidates = vec![(format!("refs/heads/{name}"), Found::Branch)];
        if let Some(remote) = self.remote() {
            let found = Found::RemoteBranch(format!("{remote}/{name}"));
            candidates.push((format!("refs/remotes/{remote}/{name}"), found));
        }
        let spelt_out = Found::RemoteBranch(name.to_owned());
        candidates.push((format!("refs/remotes/{name}"), spelt_out));
        candidates.push((format!("refs/tags/{name}"), Found::Tag));
        let mut args = vec!["for-each-ref", "--format=%(refname) %(objectname)"];
        args.extend(candidates.iter().map(|(full, _)| full.as_str()));
        let listed = self.git.text(&args).await?;
        let id_of = |wanted: &str| {
            let mut pairs = listed.lines().filter_map(|line| line.split_once(' '));
            pairs.find(|(full, _)| *full == wanted).map(|(_, id)| id)
        };
        Ok(candidates
            .iter()
            .find_map(|(full, found)| Some((id_of(full)?.to_owned(), found.clone()))))
    }

    /// The one commit whose id begins so.
    async fn abbreviated(&self, start: &str) -> Result<Option<String>, Error> {
        if start.len() < 4 || !start.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let option = format!("--disambiguate={}", start.to_ascii_lowercase());
        let objects = self.git.text(&["rev-parse", &option]).await?;
        let listed = self
            .git
            .fed(&["cat-file", "--batch-check"], objects.as_bytes(), None)
            .await?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let mut commits: Vec<String> = listed
            .lines()
            .filter_map(|line| line.split_once(" commit "))
            .map(|(id, _)| id.to_owned())
            .collect();
        if commits.len() > 1 {
            return Err(Error::Ambiguous {
                reference: start.to_owned(),
                candidates: commits,
            });
        }
        Ok(commits.pop())
    }

    async fn describe(&self, id: &str, name: &str, found: Found) -> Result<Resolved, Error> {
        let commit = format!("{id}^{{commit}}");
        let args = [
            "log",
            "-1",
            "--encoding=UTF-8",
            "--format=%H %ct %s",
            &commit,
            "--",
        ];
        let output = self.git.output(&args).await?;
        let line = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut words = line.trim_end_matches('\n').splitn(3, ' ');
        let (Some(id), Some(time)) = (words.next(), words.next()) else {
            return Err(Error::NotACommit {
                reference: name.to_owned(),
            });
        };
        Ok(Resolved {
            revision: Revision::new(id),
            subject: words.next().unwrap_or_default().to_owned(),
            commit_time: time.parse().unwrap_or_default(),
            found,
            tracking: None,
        })
    }

    async fn tracking(&self, branch: &str, id: &str) -> Result<Option<Tracking>, Error> {
        let Some(remote) = self.remote() else {
            return Ok(None);
        };
        let name = format!("{remote}/{branch}");
        let sides = format!("{id}...refs/remotes/{name}");
        let args = ["rev-list", "--left-right", "--count", &sides, "--"];
        let output = self.git.output(&args).await?;
        // No such branch on the remote: nothing to compare with.
        let counts = String::from_utf8_lossy(&output.stdout).into_owned();
        let Some((ahead, behind)) = counts.trim_end().split_once('\t') else {
            return Ok(None);
        };
        Ok(Some(Tracking {
            name,
            ahead: ahead.parse().unwrap_or_default(),
            behind: behind.parse().unwrap_or_default(),
        }))
    }
}

/// The commit id as text, where it is one: from here on it can be no option and no expression.
pub(crate) fn checked(revision: &Revision) -> Result<&str, Error> {
    let id = revision.as_str();
    if Revision::is_id(id) {
        return Ok(id);
    }
    Err(Error::BadRevision {
        value: id.to_owned(),
    })
}

/// What no ref can be called (git's own rules) is refused here, since it is handed to git as part of a pattern.
fn check_name(name: &str) -> Result<(), Error> {
    let forbidden = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    let bad = name.is_empty()
        || name.starts_with('-')
        || name.chars().any(forbidden)
        || name.contains("..")
        || name.contains("@{")
        || name.starts_with('/')
        || name.ends_with(['/', '.']);
    if bad {
        return Err(Error::BadName {
            what: "the branch, tag or commit",
            value: name.to_owned(),
        });
    }
    Ok(())
}
