//! Several hosts: one sshd under several addresses, a deploy root each.

use crate::support::{Stage, toml, wait_until};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use windlass_lab::{Counter, LabHost, Proxy, Sshd};

const HOSTS: u8 = 3;

struct Fleet {
    stage: Stage,
}

impl Fleet {
    fn new() -> Self {
        Self {
            stage: Stage::with(Sshd::builder().addresses(HOSTS)),
        }
    }

    fn root(&self, number: u8) -> PathBuf {
        self.stage.host.outside().join(format!("root{number}"))
    }

    /// Writes windlass.toml with all hosts; `root_of` says which host has which root.
    fn configure(&self, root_of: impl Fn(u8) -> u8, tables: &str) {
        self.write("", tables, |number| (root_of(number), true));
    }

    /// The same with one root for all; on the first host no releases are made.
    fn share(&self, tables: &str) {
        self.write("shared_deploy_to = true", tables, |number| (1, number != 1));
    }

    fn write(&self, top: &str, tables: &str, host: impl Fn(u8) -> (u8, bool)) {
        self.stage.configure(top, tables);
        let file = self.stage.repo.work().join("windlass.toml");
        let text = std::fs::read_to_string(&file).expect("read");
        let (top, _) = text.split_once("[stages.production]").expect("a stage");
        let hosts: Vec<String> = (1..=HOSTS)
            .map(|number| {
                let address = format!(
                    "{}@127.0.0.{number}:{}",
                    self.stage.sshd.user(),
                    self.stage.sshd.port()
                );
                let (root, release) = host(number);
                let root = self.root(root);
                format!(
                    "{{ address = {}, deploy_to = {}, release = {release} }}",
                    toml(&address),
                    toml(root.to_str().expect("UTF-8"))
                )
            })
            .collect();
        let text = format!("{top}[stages.production]\nhosts = [{}]\n", hosts.join(", "));
        std::fs::write(file, text).expect("written");
    }

    fn live(&self, number: u8) -> Option<String> {
        let target = std::fs::read_link(self.root(number).join("current")).ok()?;
        Some(target.file_name()?.to_string_lossy().into_owned())
    }

    fn all_live(&self) -> Vec<Option<String>> {
        (1..=HOSTS).map(|number| self.live(number)).collect()
    }

    fn assert_same(&self) -> String {
        let all = self.all_live();
        let first = all[0].clone().expect("something is live");
        assert!(
            all.iter().all(|live| live.as_ref() == Some(&first)),
            "{all:?}"
        );
        first
    }

    fn assert_free(&self) {
        for number in 1..=HOSTS {
            let ours = self.root(number).join(".windlass");
            assert!(!ours.join("lock").exists(), "host {number} is unlocked");
        }
    }
}

#[test]
fn all_hosts_publish_the_same_release_and_once_is_once() {
    let fleet = Fleet::new();
    let once = fleet.stage.host.counter("once");
    let everywhere = fleet.stage.host.counter("everywhere");
    let tables = format!(
        "[[tasks]]\nname = \"migrate\"\nafter = \"updated\"\nonce = true\nroles = [\"db\"]\nrun = '''{}'''\n\
         [[tasks]]\nname = \"warm\"\nafter = \"published\"\nrun = '''{}'''\n",
        once.command(),
        everywhere.command()
    );
    fleet.configure(|number| number, &tables);
    let run = fleet.stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    fleet.assert_same();
    assert_eq!(
        (once.count(), everywhere.count()),
        (1, usize::from(HOSTS)),
        "{run}"
    );
    fleet.assert_free();
    let status = fleet.stage.run(&["status", "production"]);
    assert_eq!(status.code, 0, "{status}");
    assert!(
        String::from_utf8_lossy(&status.stdout).contains("127.0.0.3"),
        "{status}"
    );
}

#[test]
fn all_hosts_get_one_commit_although_the_branch_moves_meanwhile() {
    let fleet = Fleet::new();
    let tables = "[[tasks]]\nname = \"somebody-else\"\nafter = \"started\"\nlocal = true\nrun = '''\n\
        git -c user.name=x -c user.email=x@example.com commit -q --allow-empty -m moved\n\
        git push -q origin main'''\n\
        [[tasks]]\nname = \"say\"\nafter = \"published\"\nrun = \"cat REVISION\"\n";
    fleet.write("source = \"git\"", tables, |number| (number, true));
    let wanted = fleet.stage.repo.head().expect("a commit");
    let run = fleet
        .stage
        .run(&["deploy", "production", "--yes", "--json"]);
    assert_eq!(run.code, 0, "{run}");
    assert_ne!(fleet.stage.repo.id("origin/main").expect("pushed"), wanted);
    for number in 1..=HOSTS {
        let file = fleet.root(number).join("current/REVISION");
        let revision = std::fs::read_to_string(file).expect("it has one");
        assert_eq!(revision.trim(), wanted, "host {number}");
    }
    // What a command wrote bears the name of its host.
    let events = run.events();
    let said = events.iter().filter(|event| event["event"] == "output");
    let hosts: BTreeSet<&str> = said.filter_map(|event| event["host"].as_str()).collect();
    assert_eq!(hosts.len(), usize::from(HOSTS), "{hosts:?}");
    fleet.assert_free();
}

#[test]
fn a_failure_on_one_host_undoes_all() {
    let fleet = Fleet::new();
    fleet.configure(|number| number, "");
    let run = fleet.stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    let first = fleet.assert_same();
    let tables = "[[tasks]]\nname = \"break\"\nafter = \"published\"\nrun = '''[ \"$DEPLOY_HOST\" != 127.0.0.2 ]'''\n";
    fleet.configure(|number| number, tables);
    let run = fleet.stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("break on 127.0.0.2"), "{run}");
    assert_eq!(fleet.assert_same(), first, "{run}");
    fleet.assert_free();
    let shown = fleet.stage.run(&["show", "--json", "--host", "127.0.0.2"]);
    let events = shown.events();
    let hosts = events.iter().filter_map(|event| event["host"].as_str());
    let hosts: Vec<&str> = hosts.collect();
    assert!(!hosts.is_empty(), "{shown}");
    assert!(hosts.iter().all(|host| *host == "127.0.0.2"), "{shown}");
    let nowhere = fleet.stage.run(&["show", "--host", "web9"]);
    assert_eq!(nowhere.code, 4, "{nowhere}");
}

#[test]
fn two_hosts_that_are_one_directory_are_refused() {
    let fleet = Fleet::new();
    fleet.configure(|number| number.min(2), "");
    let run = fleet.stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.stderr.contains("127.0.0.2") && run.stderr.contains("127.0.0.3"),
        "{run}"
    );
    assert_eq!(fleet.all_live(), [None, None, None], "{run}");
    fleet.assert_free();
}

#[test]
fn hosts_that_share_a_directory_make_one_release_and_free_one_lock() {
    let fleet = Fleet::new();
    let restarts = fleet.stage.host.counter("restarts");
    let restart = format!("[restart]\napp = '''{}'''\n", restarts.command());
    fleet.share(&restart);
    let deploy = ["deploy", "production", "--yes"];
    let mut live = Vec::new();
    for number in 1..=2 {
        let run = fleet.stage.run(&deploy);
        assert_eq!(run.code, 0, "{run}");
        live.push(fleet.live(1).expect("a release is live"));
        assert_eq!(restarts.count(), number * usize::from(HOSTS), "{run}");
        fleet.assert_free();
    }
    assert_ne!(live[0], live[1]);
    // Undone wherever it fails, and what was live before is live again.
    let tables = format!(
        "{restart}[[tasks]]\nname = \"break\"\nafter = \"published\"\nrun = '''[ \"$DEPLOY_HOST\" != 127.0.0.3 ]'''\n"
    );
    fleet.share(&tables);
    let run = fleet.stage.run(&deploy);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(fleet.live(1).as_ref(), Some(&live[1]), "{run}");
    fleet.assert_free();
    // Only a release that was said to be good can be gone back to.
    fleet.share(&restart);
    let run = fleet.stage.run(&["rollback", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(fleet.live(1).as_ref(), Some(&live[0]), "{run}");
    fleet.assert_free();
}

/// Three hosts, the last behind a proxy.
fn with_a_far_host(reconnect_for: &str, builds: &Counter) -> (Fleet, Proxy) {
    let fleet = Fleet::new();
    let away = IpAddr::from([127, 0, 0, 9]);
    let proxy = Proxy::start_at(away, fleet.stage.sshd.address()).expect("the proxy starts");
    fleet.stage.sshd.trust(proxy.address()).expect("trusted");
    let tables = format!(
        "reconnect_for = \"{reconnect_for}\"\n[[tasks]]\nname = \"build\"\nafter = \"updated\"\nrun = '''\n{}\nsleep 3'''\n",
        builds.command()
    );
    fleet.configure(|number| number, &tables);
    let file = fleet.stage.repo.work().join("windlass.toml");
    let text = std::fs::read_to_string(&file).expect("read");
    let near = format!("127.0.0.{HOSTS}:{}", fleet.stage.sshd.port());
    let far = proxy.address().to_string();
    std::fs::write(&file, text.replace(&near, &far)).expect("written");
    (fleet, proxy)
}

/// The controller dies in mid build, and by the time somebody goes on one host is away.
fn left_alone(fleet: &Fleet, proxy: &Proxy, builds: &Counter) {
    let running = fleet.stage.start(&["deploy", "production", "--yes"]);
    wait_until("all builds have started", || {
        builds.count() == usize::from(HOSTS)
    });
    running.signal("KILL");
    running.finish();
    proxy.refuse();
}

#[test]
fn a_deploy_is_gone_on_with_while_a_host_is_away() {
    let builds_of = LabHost::new().expect("a directory");
    let builds = builds_of.counter("builds");
    let (fleet, proxy) = with_a_far_host("1h", &builds);
    left_alone(&fleet, &proxy, &builds);
    let running = fleet.stage.start(&["resume", "production", "--yes"]);
    std::thread::sleep(Duration::from_secs(3));
    proxy.heal();
    let run = running.finish();
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(builds.count(), usize::from(HOSTS), "{run}");
    assert!(run.stderr.contains("refused"), "its absence is told\n{run}");
    fleet.assert_same();
    fleet.assert_free();
}

#[test]
fn a_host_that_stays_away_keeps_no_other_from_being_undone() {
    let builds_of = LabHost::new().expect("a directory");
    let builds = builds_of.counter("builds");
    let (fleet, proxy) = with_a_far_host("4s", &builds);
    left_alone(&fleet, &proxy, &builds);
    let run = fleet.stage.run(&["cancel", "production"]);
    assert_eq!(run.code, 10, "{run}");
    assert!(run.stderr.contains("127.0.0.9"), "{run}");
    for number in [1, 2] {
        let root = fleet.root(number);
        assert!(
            !root.join(".windlass/lock").exists(),
            "host {number}\n{run}"
        );
        let releases = std::fs::read_dir(root.join("releases")).expect("it is there");
        assert_eq!(releases.count(), 0, "host {number} is undone\n{run}");
    }
    proxy.heal();
    let run = fleet.stage.run(&["resume", "production"]);
    assert_eq!(run.code, 1, "{run}");
    fleet.assert_free();
    assert_eq!(fleet.all_live(), vec![None; usize::from(HOSTS)]);
}

/// Somebody else's machine, which knows nothing of the deploy.
#[test]
fn unlock_frees_the_hosts_that_are_there_and_names_the_other() {
    let builds_of = LabHost::new().expect("a directory");
    let builds = builds_of.counter("builds");
    let (fleet, proxy) = with_a_far_host("4s", &builds);
    left_alone(&fleet, &proxy, &builds);
    std::fs::remove_dir_all(fleet.stage.home().join("state")).expect("removed");
    let run = fleet.stage.run(&["unlock", "production", "--yes"]);
    assert_eq!(run.code, 10, "{run}");
    assert!(run.stderr.contains("127.0.0.9"), "{run}");
    for number in [1, 2] {
        let lock = fleet.root(number).join(".windlass/lock");
        assert!(!lock.exists(), "host {number}\n{run}");
    }
    proxy.heal();
    let run = fleet.stage.run(&["unlock", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    fleet.assert_free();
}

#[test]
fn a_plan_tells_hosts_apart_by_what_is_live_on_them() {
    let mut fleet = Fleet::new();
    fleet.configure(|number| number, "");
    let deploy = ["deploy", "production", "--yes"];
    let run = fleet
        .stage
        .run(&[&deploy[..], &["--host", "127.0.0.1"]].concat());
    assert_eq!(run.code, 0, "{run}");
    let first = fleet.stage.repo.head().expect("a commit");
    fleet.stage.repo.commit(&[("new", "1")]).expect("a commit");
    let second = fleet.stage.repo.head().expect("a commit");
    let run = fleet
        .stage
        .run(&[&deploy[..], &["--host", "127.0.0.2"]].concat());
    assert_eq!(run.code, 0, "{run}");
    let run = fleet.stage.run(&["plan", "production"]);
    let text = String::from_utf8_lossy(&run.stdout);
    let (first, second) = (&first[..7], &second[..7]);
    for words in [
        format!("1 since {first} (live on 127.0.0.1)"),
        format!("none: {second} is live on 127.0.0.2;"),
        "the first deploy on 127.0.0.3: nothing is live there".to_owned(),
        "removed     nothing on 127.0.0.1".to_owned(),
    ] {
        assert!(text.contains(&words), "{words}\n{text}");
    }
}
