//! Several who want to deploy at once.

use crate::support::{Run, Running, Stage, signal, toml, wait_until};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use windlass_lab::{Counter, Sshd};

const HOSTS: u8 = 10;

struct Crowd {
    stage: Stage,
    builds: Counter,
    gate: PathBuf,
}

impl Crowd {
    /// Ten hosts and a build that does not end before the gate is open.
    fn new() -> Self {
        let stage = Stage::with(Sshd::builder().addresses(HOSTS));
        let builds = stage.host.counter("builds");
        let gate = stage.home().join("gate");
        let table = format!(
            "[[tasks]]\nname = \"build\"\nafter = \"updated\"\nrun = '''\n{}\nwhile [ ! -e {} ]; do sleep 0.2; done\n'''\n",
            builds.command(),
            gate.display(),
        );
        stage.configure("", &table);
        let crowd = Self {
            stage,
            builds,
            gate,
        };
        crowd.write("windlass.toml", (1..=HOSTS).collect());
        crowd.write("backwards.toml", (1..=HOSTS).rev().collect());
        crowd
    }

    fn root(&self, number: u8) -> PathBuf {
        self.stage.host.outside().join(format!("root{number}"))
    }

    /// A file that names these hosts in this order.
    fn write(&self, name: &str, order: Vec<u8>) {
        let work = self.stage.repo.work();
        let text = std::fs::read_to_string(work.join("windlass.toml")).expect("read");
        let (top, _) = text.split_once("[stages.production]").expect("a stage");
        let host = |number: u8| {
            let (user, port) = (self.stage.sshd.user(), self.stage.sshd.port());
            let address = format!("{user}@127.0.0.{number}:{port}");
            let root = self.root(number);
            format!(
                "{{ address = {}, deploy_to = {} }}",
                toml(&address),
                toml(root.to_str().expect("UTF-8"))
            )
        };
        let hosts: Vec<String> = order.into_iter().map(host).collect();
        let text = format!("{top}[stages.production]\nhosts = [{}]\n", hosts.join(", "));
        std::fs::write(work.join(name), text).expect("written");
    }

    /// One of them, with a journal of its own.
    fn controller(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = self.stage.windlass(arguments);
        command
            .env("USER", name)
            .env("XDG_STATE_HOME", self.stage.home().join(name));
        command
    }

    fn locks(&self) -> Vec<u8> {
        let held = |number: &u8| self.root(*number).join(".windlass/lock").exists();
        (1..=HOSTS).filter(held).collect()
    }
}

impl Crowd {
    /// Two that begin in the same second. The one that proceeds waits for the gate, which the end of the other opens.
    fn race(&self, other: &[&str]) -> Vec<Run> {
        std::fs::remove_file(&self.gate).ok();
        let ann = Running::new(self.controller("ann", &["deploy", "production", "--yes"]));
        let bob = Running::new(self.controller("bob", other));
        std::thread::scope(|scope| {
            let runs = [ann, bob].map(|run| {
                scope.spawn(|| {
                    let run = run.finish();
                    std::fs::write(&self.gate, "open").expect("written");
                    run
                })
            });
            let ends = runs.into_iter().map(|run| run.join().expect("it ended"));
            ends.collect()
        })
    }
}

/// With the same hosts in the same order, in opposite orders, and with hosts in common only.
#[test]
fn of_two_controllers_exactly_one_proceeds() {
    let crowd = Crowd::new();
    let same = ["deploy", "production", "--yes"];
    let backwards = [
        "deploy",
        "production",
        "--yes",
        "--config",
        "backwards.toml",
    ];
    let overlapping = ["deploy", "production", "--yes", "--exclude", "127.0.0.1"];
    let rounds = [
        &same[..],
        &backwards,
        &backwards,
        &overlapping,
        &overlapping,
    ];
    for (round, other) in rounds.into_iter().enumerate() {
        let before = crowd.builds.count();
        let ends = crowd.race(other);
        let mut codes: Vec<i32> = ends.iter().map(|run| run.code).collect();
        codes.sort_unstable();
        assert_eq!(codes, [0, 12], "round {round}:\n{}\n{}", ends[0], ends[1]);
        let loser = ends.iter().find(|run| run.code == 12).expect("one");
        assert!(loser.stderr.contains("locked by "), "{loser}");
        let is_partial = ends[1].code == 0 && other.contains(&"--exclude");
        let hosts = if is_partial { 9 } else { 10 };
        assert_eq!(crowd.builds.count() - before, hosts, "round {round}");
        assert_eq!(crowd.locks(), Vec::<u8>::new(), "round {round}");
    }
    crowd.stage.assert_clean();
}

/// One deploys, and another one waits for its lock.
fn one_waits() -> (Crowd, Running, Running) {
    let crowd = Crowd::new();
    let first = Running::new(crowd.controller("ann", &["deploy", "production", "--yes"]));
    wait_until("the build runs", || crowd.builds.count() == 10);
    let mut waiting = crowd.controller("bob", &["deploy", "production", "--yes", "--wait"]);
    let said = crowd.stage.home().join("said");
    waiting.stderr(std::fs::File::create(&said).expect("a file"));
    let waiting = Running::new(waiting);
    wait_until("it waits", || {
        let said = std::fs::read_to_string(&said).unwrap_or_default();
        said.contains("of ann on ") && said.contains("waiting for it")
    });
    (crowd, first, waiting)
}

#[test]
fn a_lock_is_waited_for() {
    let (crowd, first, waiting) = one_waits();
    let short = crowd.controller("bob", &["deploy", "production", "--yes", "--wait=1s"]);
    let short = Running::new(short).finish();
    assert_eq!(short.code, 12, "{short}");
    std::fs::write(&crowd.gate, "open").expect("written");
    assert_eq!(first.finish().code, 0);
    let run = waiting.finish();
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(crowd.builds.count(), 20);
    crowd.stage.assert_clean();
}

#[test]
fn waiting_ends_at_once_when_it_is_interrupted() {
    let (crowd, first, waiting) = one_waits();
    signal("TERM", waiting.pid());
    assert_eq!(waiting.finish().code, 1);
    std::fs::write(&crowd.gate, "open").expect("written");
    let run = first.finish();
    assert_eq!((run.code, crowd.builds.count()), (0, 10), "{run}");
    std::thread::sleep(Duration::from_millis(100));
    crowd.stage.assert_clean();
}

#[test]
fn a_time_that_is_none_is_told_before_anything_is_done() {
    let crowd = Crowd::new();
    let run =
        Running::new(crowd.controller("ann", &["deploy", "production", "--wait=soon"])).finish();
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("--wait=10m"), "{run}");
}
