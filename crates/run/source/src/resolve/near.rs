//! Names near to one that does not exist.

use crate::Source;
use crate::error::Error;
use std::collections::BTreeSet;

/// How many names are suggested.
const SUGGESTIONS: usize = 3;
/// How alike two names must be: 1 is the same.
const ALIKE: f64 = 0.75;

impl Source {
    /// The error for a name that nothing bears.
    pub(super) async fn unknown(&self, name: &str) -> Result<Error, Error> {
        let names = self.names().await?;
        if names.is_empty() {
            return Ok(Error::Empty);
        }
        Ok(Error::UnknownReference {
            reference: name.to_owned(),
            place: self.shown(),
            suggestions: near(name, &names),
        })
    }

    /// Where we looked, for people.
    pub(super) fn shown(&self) -> String {
        if self.is_mirror() {
            self.shown_url().unwrap_or_default()
        } else {
            "the working copy".to_owned()
        }
    }

    /// Every branch and tag, without its kind.
    async fn names(&self) -> Result<BTreeSet<String>, Error> {
        let kinds = ["refs/heads", "refs/remotes", "refs/tags"];
        let mut args = vec!["for-each-ref", "--format=%(refname)"];
        args.extend(kinds);
        let listed = self.git.text(&args).await?;
        let remote = self.remote().map(|name| format!("refs/remotes/{name}/"));
        let short = |full: &str| {
            let of_remote = remote.as_deref().and_then(|start| full.strip_prefix(start));
            let own = full.strip_prefix("refs/heads/");
            let name = own
                .or(of_remote)
                .or_else(|| full.strip_prefix("refs/tags/"));
            let name = name.or_else(|| full.strip_prefix("refs/remotes/"))?;
            (!name.is_empty() && name != "HEAD").then(|| name.to_owned())
        };
        Ok(listed.lines().filter_map(short).collect())
    }
}

fn near(wanted: &str, names: &BTreeSet<String>) -> Vec<String> {
    let lower = wanted.to_lowercase();
    let mut scored: Vec<(f64, &String)> = names
        .iter()
        .map(|name| (likeness(&lower, &name.to_lowercase()), name))
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    scored.sort_by(|(one, _), (two, _)| two.total_cmp(one));
    let best = scored.into_iter().take(SUGGESTIONS);
    best.map(|(_, name)| name.clone()).collect()
}

/// The last part counts too: who types `login` may mean `feature/login`.
fn likeness(wanted: &str, name: &str) -> f64 {
    let last = name.rsplit('/').next().unwrap_or(name);
    strsim::normalized_damerau_levenshtein(wanted, name)
        .max(strsim::normalized_damerau_levenshtein(wanted, last))
}
