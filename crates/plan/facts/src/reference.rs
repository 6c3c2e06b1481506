//! Which commit a name means, by the list of refs that `git ls-remote` prints.

use crate::host_facts::RemoteFacts;
use windlass_model::Revision;

/// How many branches are named where the wanted one is not there.
const SHOWN_BRANCHES: usize = 200;

/// Finds `reference` among the lines `<id> TAB <ref>`: a branch, a tag (peeled), a full ref, or the id at the beginning of a
/// line.
pub fn find_reference(lines: &str, reference: &str) -> RemoteFacts {
    let refs: Vec<(&str, &str)> = lines
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .collect();
    let wanted = [
        format!("refs/heads/{reference}"),
        format!("refs/tags/{reference}^{{}}"),
        format!("refs/tags/{reference}"),
        format!("{reference}^{{}}"),
        reference.to_owned(),
    ];
    for name in &wanted {
        if let Some((id, _)) = refs.iter().find(|(_, found)| found == name) {
            return RemoteFacts::Found {
                revision: Revision::new(*id),
            };
        }
    }
    if refs.iter().any(|(id, _)| *id == reference) {
        return RemoteFacts::Found {
            revision: Revision::new(reference),
        };
    }
    let branches = refs
        .iter()
        .filter_map(|(_, name)| name.strip_prefix("refs/heads/"));
    RemoteFacts::NotFound {
        reference: reference.to_owned(),
        branches: branches.take(SHOWN_BRANCHES).map(str::to_owned).collect(),
    }
}
