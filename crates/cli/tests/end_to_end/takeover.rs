//! A directory of Capistrano's is taken over and given back, with the real Capistrano on the other side.

use crate::cap;
use crate::support::{Run, Stage};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use windlass_lab::{Picture, Sshd, available};

const LINKS: &str = "append :linked_files, 'config/app.yml'\nappend :linked_dirs, 'log', 'tmp/pids', 'public/system'\n";
const OUR_LINKS: &str =
    "linked_files = [\"config/app.yml\"]\nlinked_dirs = [\"log\", \"tmp/pids\", \"public/system\"]";

/// A directory in which the two take turns, and the lines that revisions.log must hold by now.
struct Turns {
    stage: Stage,
    told: String,
}

impl Turns {
    /// A project that brings its own files where links will be, with `more` in its deploy.rb.
    fn new(more: &str) -> Self {
        let mut stage = Stage::new();
        cap::write_project(&stage, &format!("{LINKS}{more}"));
        let files = [
            ("config/app.yml", "of the repository\n"),
            ("public/system/.keep", ""),
            ("tmp/pids/.keep", ""),
        ];
        stage.repo.commit(&files).expect("committed");
        let file = stage.host.write("shared/config/app.yml", "of the host\n");
        file.expect("written");
        let told = String::new();
        Self { stage, told }
    }

    fn configure(&self, top: &str) {
        self.stage.configure(&format!("{top}\n{OUR_LINKS}"), "");
    }

    /// A commit that changes a file.
    fn change(&mut self, text: &str) {
        let committed = self.stage.repo.commit(&[("index.html", text)]);
        committed.expect("committed");
    }

    fn live(&self) -> String {
        self.stage.host.live().expect("a release is live")
    }

    fn deployed(&mut self, release: String) -> String {
        let id = self.stage.repo.head().expect("a commit");
        let line = format!("Branch main (at {id}) deployed as release {release} by tester\n");
        self.told += &line;
        self.assert_told();
        let target = self.stage.host.deploy_to().join("releases").join(&release);
        assert_eq!(self.stage.host.current(), Some(target));
        let said = self
            .stage
            .host
            .read("current/REVISION")
            .expect("it has one");
        assert_eq!(said, format!("{id}\n").as_bytes());
        self.assert_mirror();
        release
    }

    fn capistrano_deploys(&mut self) -> String {
        let release = cap::deploy(&self.stage);
        self.deployed(release)
    }

    fn windlass_deploys(&mut self) -> String {
        let release = self.stage.deploy_first();
        let time = self.stage.repo.git(&["log", "-1", "--format=%ct"]);
        let said = self.stage.host.read("current/REVISION_TIME");
        let said = String::from_utf8(said.expect("it has one")).expect("digits");
        assert_eq!(said, time.expect("a time"));
        self.deployed(release)
    }

    fn rolled_back(&mut self, run: &Run, to: &str) {
        assert_eq!(run.code, 0, "{run}");
        assert_eq!(self.live(), to, "{run}");
        let line = format!("tester rolled back to release {to}\n");
        self.told += &line;
        self.assert_told();
    }

    /// Windlass goes back and must come to this release, also where it is named.
    fn windlass_rolls_back(&mut self, more: &[&str], to: &str) {
        let words = [&["rollback", "production", "--yes"], more].concat();
        let run = self.stage.run(&words);
        self.rolled_back(&run, to);
    }

    fn assert_told(&self) {
        let log = self.stage.host.read("revisions.log").expect("a log");
        assert_eq!(String::from_utf8_lossy(&log), self.told);
    }

    fn assert_releases(&self, wanted: &[&String]) {
        let names = self.stage.host.releases();
        assert_eq!(names.iter().collect::<Vec<_>>(), wanted);
    }

    /// The mirror is whole and one of the repository of the settings, whoever worked in it last.
    fn assert_mirror(&self) {
        let mirror = self.stage.host.deploy_to().join("repo");
        let get = |key: &str| git(&mirror, &["config", "--get-all", key]);
        let bare = self.stage.repo.bare();
        assert_eq!(Some(get("remote.origin.url").as_str()), bare.to_str());
        assert_eq!(get("remote.origin.fetch"), "+refs/*:refs/*");
        assert_eq!(get("remote.origin.mirror"), "true");
        assert_eq!(get("core.bare"), "true");
        git(&mirror, &["fsck", "--connectivity-only"]);
    }
}

/// A release without what may differ: when it was made, and the file that only newer Capistranos write.
fn tree(root: &Path, release: &str) -> Picture {
    let picture = Picture::of(&root.join("releases").join(release));
    let picture = picture.expect("a picture").without_times();
    picture.without("REVISION_TIME")
}

fn git(directory: &Path, words: &[&str]) -> String {
    let mut command = Command::new("git");
    let output = command.arg("--git-dir").arg(directory).args(words).output();
    let output = output.expect("git starts");
    assert!(output.status.success(), "git {words:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn taken_over_and_given_back(source: &str) {
    if !cap::is_here() {
        return;
    }
    let mut turns = Turns::new("");
    let one = turns.capistrano_deploys();
    let two = turns.capistrano_deploys();

    // Windlass takes it over: what it makes of the same commit is the same.
    turns.configure(&format!("source = \"{source}\""));
    let three = turns.windlass_deploys();
    turns.assert_releases(&[&one, &two, &three]);
    let root = turns.stage.host.deploy_to();
    assert_eq!(tree(&root, &two).differences(&tree(&root, &three)), "");
    turns.windlass_rolls_back(&[], &two);
    turns.windlass_rolls_back(&["--to", &one], &one);
    turns.windlass_rolls_back(&["--to", &three], &three);

    // Capistrano takes it back, and goes back to a release of Windlass's.
    turns.change("by Capistrano");
    let four = turns.capistrano_deploys();
    turns.assert_releases(&[&one, &two, &three, &four]);
    let run = cap::cap(&turns.stage, &["deploy:rollback"]);
    turns.rolled_back(&run, &three);
    turns.assert_releases(&[&one, &two, &three]);

    // And Windlass once more.
    turns.change("by Windlass");
    let five = turns.windlass_deploys();
    turns.assert_releases(&[&one, &two, &three, &five]);
    turns.windlass_rolls_back(&[], &three);
    turns.stage.assert_clean();
}

#[test]
fn a_directory_of_capistranos_is_taken_over_and_given_back_with_source_git() {
    taken_over_and_given_back("git");
}

#[test]
fn a_directory_of_capistranos_is_taken_over_and_given_back_with_source_push() {
    taken_over_and_given_back("push");
}

#[test]
fn what_capistrano_had_live_is_gone_back_to_whatever_its_log_says() {
    if !cap::is_here() {
        return;
    }
    let turns = Turns::new("set :revision_log_message, 'shipped'\n");
    let first = cap::deploy(&turns.stage);
    turns.configure("");
    turns.stage.deploy_first();
    let run = turns.stage.run(&["rollback", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(turns.live(), first, "{run}");
}

/// Windlass begins, and the two take turns in one mirror.
fn one_mirror(theirs: &str, ours: &str) {
    if !cap::is_here() {
        return;
    }
    let mut turns = Turns::new(theirs);
    turns.configure(ours);
    turns.windlass_deploys();
    for text in ["theirs", "theirs again"] {
        turns.change(text);
        turns.capistrano_deploys();
        turns.change("ours");
        turns.windlass_deploys();
        let read = turns.stage.host.read("current/index.html");
        assert_eq!(read.expect("read"), b"ours");
    }
    turns.stage.assert_clean();
}

#[test]
fn a_directory_of_ours_is_taken_over_by_capistrano_and_back_with_source_git() {
    one_mirror("", "source = \"git\"");
}

#[test]
fn a_directory_of_ours_is_taken_over_by_capistrano_and_back_with_source_push() {
    one_mirror("", "source = \"push\"");
}

#[test]
fn shallow_mirrors_are_taken_over_by_either() {
    one_mirror("set :git_shallow_clone, 1\n", "source = \"git\"\ndepth = 1");
}

#[test]
fn a_shallow_mirror_of_capistranos_takes_what_is_pushed() {
    one_mirror("set :git_shallow_clone, 1\n", "source = \"push\"");
}

#[test]
fn a_mirror_of_no_repository_gets_one_from_capistrano() {
    if !cap::is_here() {
        return;
    }
    let mut turns = Turns::new("");
    turns.configure("");
    let file = turns.stage.repo.work().join("windlass.toml");
    let text = std::fs::read_to_string(&file).expect("read");
    let lines = text.lines().filter(|line| !line.starts_with("repository"));
    let text: Vec<&str> = lines.collect();
    std::fs::write(&file, text.join("\n")).expect("written");
    let release = turns.stage.deploy_first();
    let first = turns.stage.host.read("revisions.log").expect("a log");
    turns.told = String::from_utf8(first).expect("UTF-8");
    assert_ne!(turns.capistrano_deploys(), release);
}

/// A whole directory without its one release, and that release; the mirror's inside and names of releases left out.
fn layout_and_release(root: &Path, release: &str) -> (Picture, Picture) {
    let all = Picture::of(root).expect("a picture").without_times();
    let all = all.without(&format!("releases/{release}")).without("repo");
    let all = all
        .without("current")
        .without("revisions.log")
        .without(".windlass");
    (all, tree(root, release))
}

/// Lets everybody read the repository and the login's git use what is another's.
fn open_up(stage: &Stage) {
    let repo = stage.repo.bare();
    for dir in [repo.parent().expect("a parent"), stage.sshd.dir()] {
        std::fs::set_permissions(dir, Permissions::from_mode(0o755)).expect("modes");
    }
    let trust = "[safe]\ndirectory = *\n";
    std::fs::write(stage.sshd.home().join(".gitconfig"), trust).expect("written");
}

/// Deploys once with either to the same empty place, and compares what they made.
fn made_alike(stage: &mut Stage, theirs: &str, ours: &str) {
    open_up(stage);
    let links = "append :linked_dirs, 'log', 'tmp/pids'\n";
    cap::write_project(stage, &format!("{links}{theirs}"));
    let files = [
        ("app/bin/run", "#!/bin/sh\n"),
        ("app/.hidden", ""),
        ("app/tmp/pids/.keep", ""),
        ("log/.keep", ""),
    ];
    stage.repo.commit(&files).expect("committed");
    let made = stage.repo.make_executable("app/bin/run");
    made.expect("committed");
    let release = cap::deploy(stage);
    let root = stage.host.deploy_to();
    let kept = stage.host.outside().join("theirs");
    std::fs::rename(&root, &kept).expect("moved");

    let links = "linked_dirs = [\"log\", \"tmp/pids\"]";
    stage.configure(&format!("source = \"git\"\n{links}\n{ours}"), "");
    let other = stage.deploy_first();
    let theirs = layout_and_release(&kept, &release);
    let ours = layout_and_release(&root, &other);
    assert_eq!(theirs.0.differences(&ours.0), "");
    assert_eq!(theirs.1.differences(&ours.1), "");
    for name in ["repo", "repo/config", "revisions.log"] {
        assert_eq!(mode(&kept.join(name)), mode(&root.join(name)), "{name}");
    }
}

fn mode(path: &Path) -> u32 {
    let meta = std::fs::metadata(path).expect("it is there");
    meta.permissions().mode() & 0o7777
}

#[test]
fn a_directory_is_made_as_capistrano_makes_it() {
    if cap::is_here() {
        made_alike(&mut Stage::new(), "", "");
    }
}

#[test]
fn a_directory_of_a_subtree_is_made_as_capistrano_makes_it() {
    if cap::is_here() {
        made_alike(
            &mut Stage::new(),
            "set :repo_tree, 'app'\n",
            "subtree = \"app\"",
        );
    }
}

#[test]
fn a_directory_is_made_as_capistrano_makes_it_whatever_umask_the_login_has() {
    let sshd = available(Sshd::builder().ordinary_login().start()).expect("the daemon starts");
    if let (Some(sshd), true) = (sshd, cap::is_here()) {
        let mut stage = Stage::on(sshd);
        std::fs::write(stage.sshd.home().join(".bashrc"), "umask 027\n").expect("written");
        made_alike(&mut stage, "", "");
        assert_eq!(mode(&stage.host.deploy_to().join("shared")), 0o750);
    }
}
