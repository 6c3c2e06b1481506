//! A host that is a directory of this machine: plans are made from facts asked for real, and their scripts are run for
//! real, by each of the shells that hosts have.

#![expect(
    clippy::unwrap_used,
    clippy::too_many_arguments,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test that cannot set up its world fails, and says where"
)]

mod fake_ruby;
mod made;
mod small_disk;

pub(crate) use made::{host, inventory, release, settings, user_task};
pub(crate) use small_disk::SmallDisk;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output, Stdio};
use tempfile::TempDir;
use windlass_facts::{Ask, Begin, HostFacts, Lock, Remote};
use windlass_model::clock::Timestamp;
use windlass_model::inventory::Inventory;
use windlass_model::settings::{Settings, SourceKind};
use windlass_model::{Action, Command, DeployId, HostName, Plan, Revision, Step, Undo};
use windlass_planner::{Error, Planned, Recipe, Request, Run, Wanted};

/// The shells that run the scripts.
pub(crate) const SHELLS: [&[&str]; 3] = [&["dash"], &["bash"], &["busybox", "sh"]];

/// The time at which the first deploy begins: 2026-11-24 08:00:00.
pub(crate) const NOW: u64 = 1_795_507_200;

/// A repository and a directory that plays the host.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) root: String,
    pub(crate) shell: Vec<String>,
    pub(crate) settings: Settings,
    pub(crate) tasks_done: Vec<String>,
    deploys: u64,
}

impl World {
    pub(crate) fn new(shell: &[&str]) -> Self {
        Self::at(shell, "app")
    }

    /// With this name for the deploy root.
    pub(crate) fn at(shell: &[&str], name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join(name).to_str().unwrap().to_owned();
        fs::create_dir(dir.path().join("home")).unwrap();
        let world = Self {
            settings: settings(&root),
            root,
            shell: shell.iter().map(|word| (*word).to_owned()).collect(),
            dir,
            tasks_done: Vec::new(),
            deploys: 0,
        };
        world.git(&["init", "-q", "-b", "main", "origin"]);
        world
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        Path::new(&self.root).join(path)
    }

    pub(crate) fn origin(&self) -> PathBuf {
        self.dir.path().join("origin")
    }

    pub(crate) fn git(&self, words: &[&str]) -> String {
        git(self.dir.path(), words)
    }

    /// Writes files and commits them.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> Revision {
        for (path, content) in files {
            let path = self.origin().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        git(&self.origin(), &["add", "-A"]);
        git(
            &self.origin(),
            &["commit", "-q", "--allow-empty", "-m", "change"],
        );
        Revision::new(git(&self.origin(), &["rev-parse", "HEAD"]))
    }

    /// Runs a script as the host would, with a clean environment.
    pub(crate) fn sh(&self, script: &str) -> Output {
        let thread = format!("{:?}", std::thread::current().id());
        let file = self
            .dir
            .path()
            .join(format!("script-{}", thread.replace(['(', ')'], "-")));
        fs::write(&file, script).unwrap();
        self.process(&self.shell[0])
            .args(&self.shell[1..])
            .arg(&file)
            .output()
            .unwrap()
    }

    /// From now on the call of this number of a program by a script fails.
    pub(crate) fn break_at(&self, call: u32) {
        let left = self.dir.path().join("left");
        fs::write(&left, format!("{call}\n")).unwrap();
        for program in [
            "git", "tar", "mkdir", "mv", "rm", "cp", "ln", "rmdir", "find", "date", "readlink",
            "wc",
        ] {
            let count =
                "read -r left <{0}\nleft=$((left - 1))\necho $left >{0}\n[ $left != 0 ] || exit 9";
            self.first(program, &count.replace("{0}", left.to_str().unwrap()));
        }
    }

    /// From now on a program that a script calls runs these lines first.
    pub(crate) fn first(&self, program: &str, lines: &str) {
        let dir = self.dir.path().join("breaking");
        fs::create_dir_all(&dir).unwrap();
        let find = Process::new("sh")
            .args(["-c", &format!("command -v {program}")])
            .output();
        let real = text(&find.unwrap().stdout);
        let script = format!("#!/bin/sh\n{lines}\nexec {} \"$@\"\n", real.trim());
        fs::write(dir.join(program), script).unwrap();
        fs::set_permissions(dir.join(program), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// From now on nothing fails any more; whether something did.
    pub(crate) fn mend(&self) -> bool {
        let dir = self.dir.path().join("breaking");
        let left = fs::read_to_string(self.dir.path().join("left")).unwrap();
        fs::remove_dir_all(dir).unwrap();
        left.trim().parse::<i64>().unwrap() <= 0
    }

    fn process(&self, program: &str) -> Process {
        let mut process = Process::new(program);
        let breaking = self.dir.path().join("breaking");
        let path = format!(
            "{}:{}",
            breaking.display(),
            std::env::var_os("PATH").unwrap().display()
        );
        process
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.dir.path().join("home"))
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "protocol.file.allow")
            .env("GIT_CONFIG_VALUE_0", "always")
            .current_dir(self.dir.path().join("home"))
            .stdin(Stdio::null());
        process
    }

    /// Runs a command as the job layer does: its surroundings, then its script as a file for its shell.
    pub(crate) fn command(&self, command: &Command) -> Output {
        if let Some(when) = &command.when {
            let probe = Command {
                script: when.clone(),
                when: None,
                ..command.clone()
            };
            let answer = self.command(&probe);
            if !answer.status.success() {
                return Output {
                    status: Process::new("true").status().unwrap(),
                    ..answer
                };
            }
        }
        let file = self.dir.path().join("job");
        fs::write(&file, &command.script).unwrap();
        let words = if command.shell.is_empty() {
            let mut words = self.shell.clone();
            words.push("-e".to_owned());
            words
        } else {
            command.shell_words()
        };
        let line = format!(
            "{}\nexec {} {}\n",
            command.prelude(),
            windlass_model::shell::join(&words),
            windlass_model::shell::quote(file.to_str().unwrap())
        );
        self.sh(&line)
    }

    pub(crate) fn ask(&self) -> Ask {
        Ask {
            root: self.settings.deploy_to.clone(),
            linked_files: self.settings.linked_files.clone(),
            linked_dirs: self.settings.linked_dirs.clone(),
            path: self.settings.path.clone(),
            remote: (self.settings.source == SourceKind::Git).then(|| Remote {
                repository: self.settings.repository.clone().unwrap_or_default(),
                reference: self.settings.branch.clone(),
                host_keys: Vec::new(),
            }),
            ruby: windlass_recipes::ruby_question(&self.settings),
            system_prefix: self.dir.path().join("system").to_str().unwrap().to_owned(),
            ..Ask::default()
        }
    }

    pub(crate) fn facts(&self, ask: &Ask) -> HostFacts {
        let output = self.sh(&windlass_facts::script(ask));
        assert_eq!(text(&output.stderr), "", "the facts script complains");
        windlass_facts::read(&output.stdout).unwrap()
    }

    pub(crate) fn look(&self) -> HostFacts {
        self.facts(&self.ask())
    }

    pub(crate) fn lock(deploy: &DeployId) -> Lock {
        Lock {
            deploy: deploy.clone(),
            owner: "alice".to_owned(),
            machine: "laptop".to_owned(),
            link: None,
            since: Timestamp(NOW * 1000),
            reason: None,
        }
    }

    pub(crate) fn begin(&self, deploy: &DeployId) -> HostFacts {
        let mut ask = self.ask();
        ask.begin = Some(Begin {
            lock: Self::lock(deploy),
            root_id: "0123456789abcdef0123456789abcdef".to_owned(),
            turn: 0,
            release: true,
        });
        self.facts(&ask)
    }

    pub(crate) fn next_deploy(&mut self) -> DeployId {
        self.deploys += 1;
        DeployId::new(format!("d-test{:02}", self.deploys))
    }

    /// Begins and plans.
    pub(crate) fn plan(&mut self, run: Run) -> Result<Planned, Error> {
        let deploy = self.next_deploy();
        let facts = self.begin(&deploy);
        self.planned(&deploy, run, facts)
    }

    pub(crate) fn planned(
        &self,
        deploy: &DeployId,
        run: Run,
        facts: HostFacts,
    ) -> Result<Planned, Error> {
        let recipes = windlass_recipes::in_use(&self.settings);
        let facts = BTreeMap::from([(HostName::new("web1"), facts)]);
        let inventory = inventory(&self.settings);
        windlass_planner::plan(&self.request(deploy, run, &inventory, &facts, &recipes))
    }

    pub(crate) fn request<'a>(
        &self,
        deploy: &DeployId,
        run: Run,
        inventory: &'a Inventory,
        facts: &'a BTreeMap<HostName, HostFacts>,
        recipes: &'a [Box<dyn Recipe>],
    ) -> Request<'a> {
        Request {
            deploy: deploy.clone(),
            now: Timestamp((NOW + self.deploys) * 1000),
            run,
            inventory,
            facts,
            recipes,
            operator: "alice `$(touch pwned)`".to_owned(),
            reason: None,
        }
    }

    /// Runs steps until one fails; gives back how many succeeded and the failure.
    pub(crate) fn carry_out(&mut self, plan: &Plan) -> Result<(), (usize, Output)> {
        for (index, step) in plan.steps.iter().enumerate() {
            let output = self.step(step);
            if !output.status.success() && !step.advisory {
                return Err((index, output));
            }
            assert!(
                output.status.success(),
                "{}: {}",
                step.id,
                text(&output.stderr)
            );
            self.tasks_done.push(step.task.to_string());
        }
        Ok(())
    }

    pub(crate) fn step(&self, step: &Step) -> Output {
        match &step.action {
            Action::Command { command } | Action::Local { command } => self.command(command),
            Action::Push { want, have, to } => self.push(want, have, to),
            Action::Pause { .. } => self.command(&Command::script("true")),
        }
    }

    fn push(&self, want: &Revision, have: &[Revision], to: &str) -> Output {
        let mut revs = format!("{want}\n");
        for have in have {
            revs.push_str(&format!("^{have}\n"));
        }
        // The line that names where the history is cut: nowhere.
        let mut file = fs::File::create(to).unwrap();
        std::io::Write::write_all(&mut file, b"\n").unwrap();
        let revs_file = self.dir.path().join("revs");
        fs::write(&revs_file, revs).unwrap();
        Process::new("git")
            .args(["pack-objects", "--revs", "--thin", "--stdout", "-q"])
            .current_dir(self.origin())
            .stdin(fs::File::open(revs_file).unwrap())
            .stdout(file)
            .output()
            .unwrap()
    }

    /// Undoes the first `count` steps and the one after, in reverse order, every undo `times` times, and frees the lock.
    pub(crate) fn unwind(&self, plan: &Plan, count: usize, times: usize) {
        for step in plan.steps.iter().take(count + 1).rev() {
            if let Undo::Commands { commands, .. } = &step.undo {
                for _ in 0..times {
                    for command in commands {
                        let output = self.command(command);
                        assert!(
                            output.status.success(),
                            "{}: {}",
                            step.id,
                            text(&output.stderr)
                        );
                    }
                }
            }
        }
        let output = self.command(plan.hosts[0].unlock.as_ref().unwrap());
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    /// A deploy that goes well up to the end of a task and is undone then.
    pub(crate) fn undone_after(&mut self, task: &str, revision: &Revision) -> Plan {
        let plan = self.plan(wanted(revision)).unwrap().plan;
        let last = |step: &Step| step.task.as_str() == task;
        let last = plan.steps.iter().position(last).unwrap();
        for step in &plan.steps[..=last] {
            assert!(self.step(step).status.success());
        }
        self.unwind(&plan, last, 1);
        plan
    }

    /// A whole deploy that must go well.
    pub(crate) fn deploy(&mut self, revision: &Revision) -> Plan {
        let run = Run::Deploy {
            name: self.settings.branch.clone(),
            wanted: Some(Wanted {
                revision: revision.clone(),
                subject: None,
            }),
        };
        let planned = self.plan(run).unwrap();
        if let Err((index, output)) = self.carry_out(&planned.plan) {
            panic!("{}: {}", planned.plan.steps[index].id, text(&output.stderr));
        }
        planned.plan
    }

    pub(crate) fn current(&self) -> Option<PathBuf> {
        fs::read_link(self.path("current")).ok()
    }

    pub(crate) fn releases(&self) -> Vec<String> {
        names(&self.path("releases"))
    }
}

/// A deploy of what the host finds by itself.
pub(crate) fn unresolved() -> Run {
    Run::Deploy {
        name: "main".to_owned(),
        wanted: None,
    }
}

pub(crate) fn wanted(revision: &Revision) -> Run {
    Run::Deploy {
        name: "main".to_owned(),
        wanted: Some(Wanted {
            revision: revision.clone(),
            subject: Some("change".to_owned()),
        }),
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// A directory as Capistrano leaves it, with these releases and the last one current.
pub(crate) fn capistrano(world: &World, releases: &[&str], deployed: &[&str]) {
    for release in releases {
        let path = world.path(&format!("releases/{release}"));
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("REVISION"), format!("{:0>40}\n", &release[10..])).unwrap();
    }
    fs::create_dir_all(world.path("shared")).unwrap();
    let log: String = deployed
        .iter()
        .map(|release| format!("Branch main (at {release}) deployed as release {release} by bob\n"))
        .collect();
    fs::write(world.path("revisions.log"), log).unwrap();
    if let Some(last) = releases.last() {
        symlink(
            world.path(&format!("releases/{last}")),
            world.path("current"),
        )
        .unwrap();
    }
}

pub(crate) fn git(dir: &Path, words: &[&str]) -> String {
    let output = Process::new("git")
        .args(["-c", "user.name=test", "-c", "user.email=test@example.com"])
        .args(["-c", "protocol.file.allow=always"])
        .args(words)
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {words:?}: {}",
        text(&output.stderr)
    );
    text(&output.stdout).trim().to_owned()
}
