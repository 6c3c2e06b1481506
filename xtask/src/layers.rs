//! Whether every crate depends only on what its layer may use.
//!
//! The rules are data, in [`table`]. Besides them: every crate inherits the workspace's lints, takes every version
//! from the workspace, and stands in the folder that its layer names.

mod table;

use crate::error::{Error, verdict};
use crate::workspace::{Crate, Workspace};
use table::{CONFINED, LABORATORY, LAYERS, Layer};

/// Reads the workspace and judges it.
pub(crate) fn check(workspace: &Workspace) -> Result<String, Error> {
    let crates = workspace.crates()?;
    let findings = crates.iter().flat_map(findings).collect();
    verdict(
        findings,
        format!("layers: {} crates in order", crates.len()),
    )
}

/// What is wrong with one crate, a line each.
fn findings(of: &Crate) -> Vec<String> {
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == of.name) else {
        return vec![format!(
            "{}: not in xtask/src/layers/table.rs; say there what it may use",
            of.name
        )];
    };
    let mut findings = Vec::new();
    if of.folder != layer.folder {
        findings.push(format!("belongs in {}, not in {}", layer.folder, of.folder));
    }
    findings.extend(own_crates(of, layer));
    findings.extend(other_crates(of, layer));
    findings.extend(manifest(of));
    let named = findings
        .into_iter()
        .map(|line| format!("{}: {line}", of.name));
    named.collect()
}

/// Dependencies on crates of the workspace.
fn own_crates(of: &Crate, layer: &Layer) -> Vec<String> {
    let ours = |name: &&String| LAYERS.iter().any(|layer| layer.name == name.as_str());
    let allowed = |name: &&String| layer.uses.contains(&name.as_str());
    let in_tests = |name: &&String| {
        let name = name.as_str();
        LABORATORY.contains(&name) || layer.tests_use.contains(&name)
    };
    let normal = of.normal.iter().filter(ours).filter(|name| !allowed(name));
    let dev = of.dev.iter().filter(ours);
    let dev = dev.filter(|name| !allowed(name) && !in_tests(name));
    normal
        .map(|name| format!("may not use {name}"))
        .chain(dev.map(|name| format!("its tests may not use {name}")))
        .collect()
}

/// Dependencies on crates of others that only some of ours may use.
fn other_crates(of: &Crate, layer: &Layer) -> Vec<String> {
    let mut findings = Vec::new();
    for rule in CONFINED {
        let used = of.normal.contains(rule.dependency) && !rule.users.contains(&layer.name);
        let tested = of.dev.contains(rule.dependency)
            && !rule.users.contains(&layer.name)
            && !rule.testers.contains(&layer.name);
        if used || tested {
            findings.push(format!("may not use {}: {}", rule.dependency, rule.reason));
        }
    }
    if layer.pure && of.normal.contains("tokio") {
        findings.push("may not use tokio: this layer does no I/O".to_owned());
    }
    findings
}

/// What the manifest must say.
fn manifest(of: &Crate) -> Vec<String> {
    let mut findings = Vec::new();
    if !inherits(of.manifest.get("lints")) {
        findings.push("lacks `[lints] workspace = true`".to_owned());
    }
    for table in dependency_tables(&of.manifest) {
        let own = table.iter().filter(|(_, value)| !inherits(Some(value)));
        findings.extend(own.map(|(name, _)| {
            format!("takes its own version of {name}: `{name}.workspace = true`")
        }));
    }
    findings
}

/// The tables of dependencies, those for one platform included.
fn dependency_tables(manifest: &toml::Table) -> Vec<&toml::Table> {
    let platforms = manifest.get("target").and_then(toml::Value::as_table);
    let platforms = platforms.into_iter().flat_map(toml::Table::values);
    let platforms = platforms.filter_map(toml::Value::as_table);
    let places = std::iter::once(manifest).chain(platforms);
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    places
        .flat_map(|place| kinds.map(|kind| place.get(kind)))
        .filter_map(|table| table?.as_table())
        .collect()
}

fn inherits(value: Option<&toml::Value>) -> bool {
    let workspace = value.and_then(|value| value.get("workspace"));
    workspace.and_then(toml::Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, normal: &[&str], dev: &[&str]) -> Vec<String> {
        let layer = LAYERS.iter().find(|layer| layer.name == name).unwrap();
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        findings(&Crate {
            name: name.to_owned(),
            folder: layer.folder.to_owned(),
            normal: owned(normal),
            dev: owned(dev),
            manifest: toml::from_str("lints.workspace = true").unwrap(),
        })
    }

    #[test]
    fn layers_use_what_the_table_allows() {
        let engine = ["windlass-job", "windlass-planner", "tokio"];
        assert!(of("windlass-engine", &engine, &["windlass-lab"]).is_empty());
        assert!(of("windlass-transport", &["russh"], &[]).is_empty());
        assert!(of("windlass-lab", &[], &["russh"]).is_empty());
    }

    #[test]
    fn every_kind_of_breach_is_found() {
        for (name, normal, dev) in [
            ("windlass-model", "tokio", ""),
            ("windlass-planner", "windlass-job", ""),
            ("windlass-transport", "windlass-job", ""),
            ("windlass-reporter", "windlass-engine", ""),
            ("windlass-engine", "windlass-lab", ""),
            ("windlass-engine", "windlass-config", ""),
            ("windlass-engine", "russh", ""),
            ("windlass-lab", "russh", ""),
            ("windlass-engine", "clap", ""),
            ("windlass-job", "", "windlass-engine"),
            ("windlass-job", "", "rusqlite"),
        ] {
            assert_eq!(of(name, &[normal], &[dev]).len(), 1, "{name}");
        }
        let stranger = Crate {
            name: "windlass-stranger".to_owned(),
            ..Crate::default()
        };
        assert_eq!(findings(&stranger).len(), 1);
    }

    #[test]
    fn manifests_inherit_lints_and_versions() {
        let text = r#"
            [dependencies]
            serde.workspace = true
            toml = "1"
            [target.'cfg(unix)'.dev-dependencies]
            rustix = { version = "1" }
        "#;
        let findings = manifest(&Crate {
            manifest: toml::from_str(text).unwrap(),
            ..Crate::default()
        });
        assert_eq!(findings.len(), 3, "{findings:?}");
    }

    #[test]
    fn the_table_has_no_circle() {
        // A layer uses only what stands further down the data's way, so walking the uses must end.
        fn depth(name: &str, seen: usize) -> usize {
            assert!(seen < LAYERS.len(), "{name} is in a circle");
            let layer = LAYERS.iter().find(|layer| layer.name == name).unwrap();
            let below = layer.uses.iter().map(|used| depth(used, seen + 1));
            below.max().unwrap_or(0) + 1
        }
        for layer in LAYERS {
            depth(layer.name, 0);
        }
    }
}
