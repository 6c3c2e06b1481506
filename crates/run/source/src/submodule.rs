//! Submodules of a revision, and where their objects come from.

use crate::error::Error;
use crate::tree::{self, Kind};
use crate::{Place, Source, open, url};
use std::collections::BTreeMap;
use std::path::Path;
use windlass_model::Revision;

/// A submodule as a revision pins it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submodule {
    /// Its path in the tree.
    pub path: String,
    /// The URL of its repository; one that is relative to the parent's has been made whole.
    pub url: String,
    /// The pinned commit.
    pub revision: Revision,
}

impl Source {
    /// The submodules of `revision`, in the order of their paths. Theirs are asked of their own sources, in turn.
    pub async fn submodules(&self, revision: &Revision) -> Result<Vec<Submodule>, Error> {
        let id = self.present(revision).await?;
        let mut entries = tree::entries(&self.git, id, false).await?;
        entries.retain(|entry| entry.kind == Kind::Submodule);
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let urls = self.submodule_urls(id).await?;
        let pinned = entries.into_iter().map(|entry| {
            let Some(url) = urls.get(&entry.path) else {
                return Err(Error::SubmoduleWithoutUrl { path: entry.path });
            };
            Ok(Submodule {
                url: url::relative_to(self.url.as_deref().unwrap_or_default(), url),
                revision: Revision::new(entry.id),
                path: entry.path,
            })
        });
        pinned.collect()
    }

    /// The repository of a submodule: the one checked out in the working copy, where it has the pinned commit, else a
    /// mirror of its URL.
    pub async fn open_submodule(&self, submodule: &Submodule) -> Result<Self, Error> {
        if let Place::WorkingCopy { top: Some(top), .. } = &self.place
            && let Some(source) = self
                .checked_out(&top.join(&submodule.path), submodule)
                .await?
        {
            return Ok(source);
        }
        open::mirrored(&submodule.url, &self.cache).await
    }

    async fn checked_out(&self, dir: &Path, wanted: &Submodule) -> Result<Option<Self>, Error> {
        if !dir.is_dir() {
            return Ok(None);
        }
        let Some(copy) = open::working_copy(dir).await? else {
            return Ok(None);
        };
        // In a submodule that is not checked out, git finds the repository around it.
        let own = copy.top.as_deref() == dir.canonicalize().ok().as_deref();
        let Some(mut source) = copy.chosen(None, dir, &self.cache).filter(|_| own) else {
            return Ok(None);
        };
        source.url = Some(wanted.url.clone());
        let holds = source.holds(wanted.revision.as_str()).await?;
        Ok(holds.then_some(source))
    }

    /// URLs by path, from the `.gitmodules` of the commit itself.
    async fn submodule_urls(&self, id: &str) -> Result<BTreeMap<String, String>, Error> {
        let blob = format!("{id}:.gitmodules");
        let pattern = r"^submodule\..*\.(path|url)$";
        let args = ["config", "--blob", &blob, "--null", "--get-regexp", pattern];
        let output = self.git.output(&args).await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut names: BTreeMap<&str, (Option<&str>, Option<&str>)> = BTreeMap::new();
        for entry in text.split('\0') {
            let Some((key, value)) = entry.split_once('\n') else {
                continue;
            };
            if let Some(name) = key.strip_suffix(".path") {
                names.entry(name).or_default().0 = Some(value);
            } else if let Some(name) = key.strip_suffix(".url") {
                names.entry(name).or_default().1 = Some(value);
            }
        }
        let pairs = names.into_values().filter_map(|(path, url)| {
            Some((path?.trim_end_matches('/').to_owned(), url?.to_owned()))
        });
        Ok(pairs.collect())
    }
}
