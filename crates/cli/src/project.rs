//! Recognises what kind of project a directory holds and writes the windlass.toml that deploys it.
//!
//! Pure: it is told which files are there. The result is at most 25 lines and deploys as it stands once the host's
//! address is filled in; steps whose recipe does not exist yet are written out as `[[tasks]]`.

use std::fmt::{self, Write as _};
use toml_writer::{ToTomlValue as _, TomlStringBuilder};

/// What a project is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ruby on Rails.
    Rails,
    /// Node.js with a lock file of this package manager.
    Node(NodeTool),
    /// Files that are served as they are.
    Static,
    /// Anything else.
    Plain,
}

/// The package managers of Node.js.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeTool {
    /// npm, with `package-lock.json`.
    NpmCi,
    /// npm without a lock file.
    NpmInstall,
    /// Yarn.
    Yarn,
    /// pnpm.
    Pnpm,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rails => "a Ruby on Rails project",
            Self::Node(NodeTool::NpmCi | NodeTool::NpmInstall) => "a Node.js project with npm",
            Self::Node(NodeTool::Yarn) => "a Node.js project with Yarn",
            Self::Node(NodeTool::Pnpm) => "a Node.js project with pnpm",
            Self::Static => "static files",
            Self::Plain => "a project of no kind that is known here",
        })
    }
}

/// What `init` found out about a project.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// A name for the application, fit for a path.
    pub application: String,
    /// Where the repository is fetched from, where there is a remote.
    pub repository: Option<String>,
    /// The branch that is checked out.
    pub branch: Option<String>,
    /// What it is made with.
    pub kind: Kind,
    /// Whether `package.json` has a `build` script.
    pub node_build: bool,
}

/// Recognises the kind from what is there; `has` answers whether a path exists.
pub(crate) fn recognise(has: impl Fn(&str) -> bool) -> Kind {
    if has("Gemfile") && (has("config/application.rb") || has("bin/rails")) {
        return Kind::Rails;
    }
    if has("package.json") {
        return Kind::Node(match () {
            () if has("yarn.lock") => NodeTool::Yarn,
            () if has("pnpm-lock.yaml") => NodeTool::Pnpm,
            () if has("package-lock.json") => NodeTool::NpmCi,
            () => NodeTool::NpmInstall,
        });
    }
    if has("index.html") || has("public/index.html") {
        return Kind::Static;
    }
    Kind::Plain
}

/// Turns a directory's name into an application's name: letters, digits, `.`, `-` and `_`.
pub(crate) fn application_name(directory: &str) -> String {
    let name: String = directory
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || ".-_".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    let name = name.trim_matches(['-', '.']).to_owned();
    if name.is_empty() {
        "app".to_owned()
    } else {
        name
    }
}

impl Project {
    /// The text of windlass.toml.
    pub(crate) fn settings(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "application = {}", toml_string(&self.application));
        if let Some(repository) = &self.repository {
            let _ = writeln!(text, "repository  = {}", toml_string(repository));
        }
        if let Some(branch) = &self.branch {
            let _ = writeln!(text, "branch      = {}", toml_string(branch));
        }
        text.push_str("deploy_to   = \"/var/www/{application}\"\n");
        text.push_str(&self.by_kind());
        text.push_str(
            "\n[stages.production]\nhosts = [\"deploy@www.example.com\"]  # TODO your host\n",
        );
        text
    }

    fn by_kind(&self) -> String {
        match self.kind {
            Kind::Rails => RAILS.to_owned(),
            Kind::Node(tool) => self.node(tool),
            Kind::Static | Kind::Plain => String::new(),
        }
    }

    fn node(&self, tool: NodeTool) -> String {
        let (install, build) = match tool {
            NodeTool::NpmCi => ("npm ci", "npm run build"),
            NodeTool::NpmInstall => ("npm install", "npm run build"),
            NodeTool::Yarn => ("yarn install --frozen-lockfile", "yarn build"),
            NodeTool::Pnpm => ("pnpm install --frozen-lockfile", "pnpm build"),
        };
        let mut text = task("node:install", install, "updated");
        if self.node_build {
            text.push_str(&task("node:build", build, "node:install"));
        }
        text
    }
}

fn task(name: &str, run: &str, after: &str) -> String {
    format!("\n[[tasks]]\nname  = \"{name}\"\nrun   = \"{run}\"\nafter = \"{after}\"\n")
}

const RAILS: &str = r#"linked_dirs = ["log", "tmp/pids", "tmp/cache"]
recipes     = ["bundler", "rails"]
"#;

/// A basic TOML string.
fn toml_string(value: &str) -> String {
    TomlStringBuilder::new(value).as_basic().to_toml_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(kind: Kind) -> Project {
        Project {
            application: "shop".into(),
            repository: Some("git@git.example.com:acme/shop.git".into()),
            branch: Some("main".into()),
            kind,
            node_build: true,
        }
    }

    #[test]
    fn recognises_kinds_by_their_files() {
        let has = |files: &'static [&'static str]| move |path: &str| files.contains(&path);
        assert_eq!(
            recognise(has(&["Gemfile", "bin/rails", "package.json"])),
            Kind::Rails
        );
        assert_eq!(
            recognise(has(&["package.json", "yarn.lock"])),
            Kind::Node(NodeTool::Yarn)
        );
        assert_eq!(
            recognise(has(&["package.json"])),
            Kind::Node(NodeTool::NpmInstall)
        );
        assert_eq!(recognise(has(&["public/index.html"])), Kind::Static);
        assert_eq!(recognise(has(&["Gemfile"])), Kind::Plain);
    }

    #[test]
    fn every_kind_fits_in_twenty_five_lines() {
        for kind in [
            Kind::Rails,
            Kind::Node(NodeTool::NpmCi),
            Kind::Static,
            Kind::Plain,
        ] {
            assert!(project(kind).settings().lines().count() <= 25, "{kind:?}");
        }
    }

    #[test]
    fn what_is_written_is_accepted() {
        for kind in [Kind::Rails, Kind::Node(NodeTool::Yarn), Kind::Plain] {
            let source = windlass_config::Source::file("windlass.toml", project(kind).settings());
            let given = windlass_config::Given {
                recipes: &windlass_recipes::NAMES,
                ..windlass_config::Given::default()
            };
            let config = windlass_config::Config::load(&source, given).expect("it loads");
            let stage = config.stage("production").expect("a stage");
            let wanted = ["bundler", "rails"].map(str::to_owned);
            let recipes = &stage.settings().recipes;
            assert_eq!(*recipes == wanted, kind == Kind::Rails, "{recipes:?}");
        }
    }

    #[test]
    fn odd_directory_names_become_application_names() {
        assert_eq!(application_name("my shop/2"), "my-shop-2");
        assert_eq!(application_name("..."), "app");
        assert_eq!(toml_string("a\"b\\\u{7}"), r#""a\"b\\\u0007""#);
    }
}
