//! What is handed out: the Debian package and the static binary, each made and then tried as somebody who gets it would.
//!
//! Both need a release build, which takes minutes, so they are no part of `./test`.

use crate::error::{Error, verdict};
use crate::man;
use crate::workspace::{Workspace, run, said};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the package must hold beside the program.
const HELD: [&str; 6] = [
    "usr/share/man/man1/windlass.1",
    "usr/share/man/man1/windlass-deploy.1",
    "usr/share/bash-completion/completions/windlass",
    "usr/share/zsh/vendor-completions/_windlass",
    "usr/share/fish/vendor_completions.d/windlass.fish",
    "usr/share/doc/windlass/copyright",
];

/// Makes the Debian package with cargo-deb, unpacks it into a directory that is thrown away, and runs what is there.
pub(crate) fn deb(workspace: &Workspace) -> Result<String, Error> {
    let mut asked = workspace.cargo(&["deb", "--version"]);
    if said(&mut asked).is_err() {
        return Err(Error::NotInstalled {
            program: "cargo-deb",
            hint: "cargo install cargo-deb",
        });
    }
    run(&mut workspace.cargo(&["build", "--release", "--locked", "-p", "windlass"]))?;
    man::pages(workspace)?;
    let made = said(&mut workspace.cargo(&["deb", "--no-build", "-p", "windlass"]))?;
    let package = PathBuf::from(made.lines().last().unwrap_or_default().trim());
    let root = tempfile::tempdir().map_err(Error::file("make", std::env::temp_dir()))?;
    run(Command::new("dpkg-deb")
        .arg("-x")
        .args([&package, root.path()]))?;
    let missing = HELD.iter().filter(|held| !root.path().join(held).is_file());
    let mut findings: Vec<String> = missing.map(|held| format!("{held} is missing")).collect();
    findings.extend(wrong_version(&root.path().join("usr/bin/windlass"))?);
    verdict(findings, format!("package: {} is well", package.display()))
}

/// Makes a binary that needs no library of the machine, and runs it through a whole deploy.
pub(crate) fn fixed(workspace: &Workspace) -> Result<String, Error> {
    let host = said(Command::new("rustc").arg("-vV"))?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or(Error::NotInstalled {
        program: "rustc",
        hint: "one whose `rustc -vV` names its host",
    })?;
    let mut cargo = workspace.cargo(&["build", "--release", "--locked", "-p", "windlass"]);
    // With a target named, the flag concerns the program and not the build scripts, which must load libraries.
    cargo.args(["--target", host]);
    run(cargo.env("RUSTFLAGS", "-C target-feature=+crt-static"))?;
    let target = workspace.target()?.join(host);
    let binary = target.join("release/windlass");
    let mut findings = wrong_version(&binary)?;
    // ldd fails on a static program, or says that it is one.
    let needs = match said(Command::new("ldd").arg(&binary)) {
        Err(Error::Ended { .. }) => String::new(),
        needs => needs?,
    };
    if needs.contains("=>") {
        findings.push(format!("it needs libraries:\n{needs}"));
    }
    run(Command::new(&binary).arg("demo"))?;
    verdict(findings, format!("package: {} is static", binary.display()))
}

/// Whether a program runs and tells this version.
fn wrong_version(program: &Path) -> Result<Vec<String>, Error> {
    let told = said(Command::new(program).arg("--version"))?;
    let expected = concat!("windlass ", env!("CARGO_PKG_VERSION"));
    let wrong = told.trim() != expected;
    let finding = format!("{} says {:?}", program.display(), told.trim());
    Ok(wrong.then_some(finding).into_iter().collect())
}
