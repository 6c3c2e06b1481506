//! From a plan to what a person is shown of it: what git knows of the way from what is live to what would be deployed.
//!
//! This machine's repository is asked first, then, only for a plan that is looked at, the mirror of a host that has
//! the one live. Nothing is fetched into a working copy, and nobody is asked twice. Where nobody knows, that is said,
//! with the command that shows it; it stops nothing.

use crate::context::Context;
use crate::error::Failure;
use crate::fleet::Fleet;
use crate::prepare::Prepared;
use crate::world::World;
use windlass_facts::HistoryAsk;
use windlass_model::changes::{Changes, InTree};
use windlass_model::overview::{Brings, Live};
use windlass_model::{HostName, Overview, Revision};
use windlass_planner::{Preview, Told, overview};
use windlass_source::{Look, Source};

/// Who is asked.
pub(crate) struct Asked<'a> {
    /// The surroundings.
    pub world: &'a World,
    /// The stage.
    pub context: &'a Context,
    /// The hosts, where they may be asked.
    pub fleet: Option<&'a Fleet>,
}

/// The way from what is live on some hosts.
struct Way<'a> {
    from: &'a Revision,
    to: &'a Revision,
    hosts: &'a [HostName],
}

impl Asked<'_> {
    /// What a person wants to know of a plan.
    pub(crate) async fn overview(&self, prepared: &Prepared) -> Result<Overview, Failure> {
        let preview = prepared.preview(self.context)?;
        let Some(to) = preview.planned.plan.revision.clone() else {
            return Ok(overview(&preview, &Told::default()));
        };
        let source = self.source(prepared).await;
        let mut told = Told {
            tree: self.tree(source.as_ref().ok(), &to, &preview).await,
            brings: Vec::new(),
        };
        for (live, hosts) in &preview.lives {
            if let Live::Revision { revision: from } = live
                && *from != to
            {
                let way = Way {
                    from,
                    to: &to,
                    hosts,
                };
                let brings = self.brings(&source, &way, &preview).await;
                told.brings.push((from.clone(), brings));
            }
        }
        Ok(overview(&preview, &told))
    }

    /// The repository that the objects come from; else the working copy around windlass.toml, whatever its remotes are: ids
    /// mean the same everywhere. Or why there is none.
    async fn source(&self, prepared: &Prepared) -> Result<Source, String> {
        if let Some(source) = &prepared.source {
            return Ok(source.clone());
        }
        let cache = self.world.cache_dir();
        let opened = Source::open(None, &self.context.directory, &cache).await;
        opened.map_err(|error| error.to_string())
    }

    fn subtree(&self) -> Option<&str> {
        self.context.inventory.settings.subtree.as_deref()
    }

    /// What the revision's tree has in the places of linked paths; none where it is not known here.
    async fn tree(
        &self,
        source: Option<&Source>,
        to: &Revision,
        preview: &Preview,
    ) -> Option<Vec<InTree>> {
        let (source, paths) = (source?, &preview.links.paths);
        let tree = async {
            if self.knows(source, to, to).await? {
                let tree = source.in_tree(to, self.subtree(), paths).await?;
                return Ok(Some(tree));
            }
            Ok(None)
        };
        let tree: Result<_, windlass_source::Error> = tree.await;
        // What is not known is left out of the plan; it stops no deploy.
        tree.unwrap_or_else(|error| {
            tracing::debug!(%error, "the tree of the revision is not known");
            None
        })
    }

    async fn brings(
        &self,
        source: &Result<Source, String>,
        way: &Way<'_>,
        preview: &Preview,
    ) -> Brings {
        let mut reason = match self.here(source, way, preview).await {
            Ok(changes) => return Brings::Changes(changes),
            Err(reason) => reason,
        };
        if let Some((host, answer)) = self.there(way, preview).await {
            let said = match answer {
                Ok(Some(changes)) => {
                    let told_by = Some(host);
                    return Brings::Changes(Changes { told_by, ..changes });
                }
                Ok(None) => format!("the mirror on {host} does not have both"),
                Err(error) => format!("{host} could not tell: {error}"),
            };
            reason.extend([", and ", &said]);
        }
        let range = format!("{}..{}", way.from.short(), way.to.short());
        let fetched = match source {
            Ok(source) if !source.is_mirror() => "git fetch, then git log --oneline",
            _ => "in a clone that has both: git log --oneline",
        };
        Brings::NotKnown {
            reason,
            hint: Some(format!("{fetched} {range}")),
        }
    }

    /// Whether a repository has both, or may get what it lacks. A mirror of ours fetches it, but not while the hosts are
    /// locked and a person is waited for.
    async fn knows(
        &self,
        source: &Source,
        from: &Revision,
        to: &Revision,
    ) -> Result<bool, windlass_source::Error> {
        let fetches = self.fleet.is_some() && source.is_mirror();
        Ok(fetches || source.holds_both(from, to).await?)
    }

    /// What this machine's repository knows, or why it knows nothing.
    async fn here(
        &self,
        source: &Result<Source, String>,
        way: &Way<'_>,
        preview: &Preview,
    ) -> Result<Changes, String> {
        let source = source.as_ref().map_err(Clone::clone)?;
        let said = |error: windlass_source::Error| error.to_string();
        if !self.knows(source, way.from, way.to).await.map_err(said)? {
            return Err(lacking(source, way).await.map_err(said)?);
        }
        let look = Look {
            subtree: self.subtree(),
            watch: &preview.watches,
        };
        source.changes(way.from, way.to, look).await.map_err(said)
    }

    /// What the mirror of the first host knows on which this is live. That is one question more, and no deploy waits for it.
    async fn there(
        &self,
        way: &Way<'_>,
        preview: &Preview,
    ) -> Option<(HostName, Result<Option<Changes>, String>)> {
        let (fleet, name) = (self.fleet?, way.hosts.first()?);
        let host = self.context.inventory.host(name)?;
        let ask = HistoryAsk {
            root: &host.settings.deploy_to,
            from: way.from,
            to: way.to,
            subtree: self.subtree(),
        };
        let answer = fleet.answer(name, windlass_facts::history(&ask)).await;
        let read = answer.and_then(|answer| {
            let read = windlass_facts::read_history(&answer, &preview.watches);
            read.map_err(|error| error.to_string())
        });
        Some((name.clone(), read))
    }
}

/// Which of the two the working copy lacks.
async fn lacking(source: &Source, way: &Way<'_>) -> Result<String, windlass_source::Error> {
    let from = source.holds_both(way.from, way.from).await?;
    let to = source.holds_both(way.to, way.to).await?;
    let here = if source.is_mirror() {
        "the mirror here"
    } else {
        "the working copy here"
    };
    let (live, new) = (way.from.short(), way.to.short());
    Ok(match (from, to) {
        (false, false) => {
            format!("{here} has neither {live}, which is live, nor {new}")
        }
        (false, true) => format!("{here} does not have {live}, which is live"),
        (true, _) => format!("{here} does not have {new}"),
    })
}
