//! Who holds a deploy, asked and changed for real in every shell that hosts have.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world fails, and says where"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use windlass_facts::{
    Ask, Begin, Begun, HostFacts, Lease, Lock, TakeOver, Taken, read, read_take_over, script,
    take_over,
};
use windlass_model::DeployId;
use windlass_model::clock::Timestamp;
use windlass_model::plan::LEASE;

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash"], &["busybox", "sh"]];

struct Host {
    shell: &'static [&'static str],
    dir: tempfile::TempDir,
}

impl Host {
    fn new(shell: &'static [&'static str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { shell, dir }
    }

    fn command(&self, script: &str) -> Command {
        let mut command = Command::new(self.shell[0]);
        command
            .args(&self.shell[1..])
            .args(["-c", script])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.dir.path())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, script: &str) -> Vec<u8> {
        let output = self.command(script).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        output.stdout
    }

    fn root(&self) -> String {
        self.dir.path().join("it's $root").display().to_string()
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        Path::new(&self.root()).join(".windlass").join(name)
    }

    fn facts(&self, begin: Option<Begin>) -> HostFacts {
        let ask = Ask {
            root: self.root(),
            begin,
            ..Ask::default()
        };
        read(&self.run(&script(&ask))).unwrap()
    }

    fn begin(&self, deploy: &str) -> HostFacts {
        self.facts(Some(Begin {
            lock: lock(deploy, "ann"),
            root_id: "0".repeat(32),
            turn: 0,
            release: false,
        }))
    }

    fn take(&self, deploy: &str, patient: bool) -> Taken {
        let wish = TakeOver {
            root: self.root(),
            lock: lock(deploy, "bob"),
            patient,
        };
        read_take_over(&self.run(&take_over(&wish))).unwrap()
    }

    /// The holder was heard of so long ago, as far as the host can tell.
    fn age(&self, deploy: &str, by: u64) {
        let lease = self.file(&format!("deploys/{deploy}/lease"));
        let text = fs::read_to_string(&lease).unwrap();
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let up: i64 = words[1].parse().unwrap();
        words[1] = (up - i64::try_from(by).unwrap()).to_string();
        fs::write(lease, words.join(" ") + "\n").unwrap();
    }
}

fn lock(deploy: &str, owner: &str) -> Lock {
    Lock {
        deploy: DeployId::new(deploy),
        owner: owner.to_owned(),
        machine: "laptop".to_owned(),
        link: None,
        since: Timestamp(1_700_000_000_000),
        reason: None,
    }
}

#[test]
fn whoever_begins_holds_the_deploy_until_its_time_is_out() {
    for shell in SHELLS {
        let host = Host::new(shell);
        assert_eq!(host.facts(None).lease, None);
        let begun = host.begin("d-one");
        assert_eq!(begun.begun, Begun::Begun { fence: 1 }, "{shell:?}");
        let held = |facts: &HostFacts| matches!(facts.lease, Some(Lease::Held { silent }) if silent < LEASE);
        assert!(held(&begun) && held(&host.facts(None)), "{shell:?}");
        assert_eq!(host.take("d-one", true), Taken::Held);
        let facts = host.facts(None);
        assert_eq!(
            (facts.fence, facts.lock.unwrap().owner.as_str()),
            (1, "ann")
        );
        host.age("d-one", LEASE.as_secs());
        let out = host.facts(None).lease.unwrap();
        assert!(
            matches!(out, Lease::Out { silent: Some(silent) } if silent >= LEASE),
            "{out:?}"
        );
        assert_eq!(host.take("d-one", true), Taken::Over(2), "{shell:?}");
        let facts = host.facts(None);
        assert!(held(&facts), "{shell:?}");
        assert_eq!(
            (facts.fence, facts.lock.unwrap().owner.as_str()),
            (2, "bob")
        );
        assert_eq!(facts.deploys[0].fence, 2);
    }
}

#[test]
fn another_boot_and_a_controller_at_rest_leave_it_to_whoever_comes() {
    for shell in SHELLS {
        let host = Host::new(shell);
        host.begin("d-one");
        let lease = host.file("deploys/d-one/lease");
        let text = fs::read_to_string(&lease).unwrap();
        fs::write(&lease, text.replace("held", "rests")).unwrap();
        assert_eq!(host.facts(None).lease, Some(Lease::Rests));
        assert_eq!(host.take("d-one", true), Taken::Over(2));
        let text = fs::read_to_string(&lease).unwrap();
        fs::write(
            &lease,
            text.replacen(|c: char| c.is_ascii_hexdigit(), "x", 1),
        )
        .unwrap();
        assert_eq!(host.facts(None).lease, Some(Lease::Out { silent: None }));
        assert_eq!(host.take("d-one", true), Taken::Over(3), "{shell:?}");
    }
}

#[test]
fn whoever_does_not_ask_takes_over_from_the_living_and_nobody_takes_what_is_not_held() {
    for shell in SHELLS {
        let host = Host::new(shell);
        assert_eq!(host.take("d-one", false), Taken::Gone);
        assert!(!Path::new(&host.root()).exists(), "looking leaves nothing");
        host.begin("d-one");
        assert_eq!(host.take("d-one", false), Taken::Over(2));
        assert_eq!(host.take("d-two", false), Taken::Gone);
        fs::write(host.file("deploys/d-one/decision"), "done\n").unwrap();
        assert_eq!(
            host.take("d-one", false),
            Taken::Gone,
            "over, and its lock not freed yet"
        );
        fs::remove_file(host.file("deploys/d-one/decision")).unwrap();
        fs::remove_file(host.file("lock")).unwrap();
        assert_eq!(host.take("d-one", false), Taken::Gone, "{shell:?}");
    }
}

#[test]
fn a_lock_of_an_older_windlass_has_no_lease_and_may_be_taken() {
    for shell in SHELLS {
        let host = Host::new(shell);
        host.begin("d-one");
        fs::remove_file(host.file("deploys/d-one/lease")).unwrap();
        assert_eq!(host.facts(None).lease, None);
        assert_eq!(host.take("d-one", true), Taken::Over(2), "{shell:?}");
    }
}

#[test]
fn of_many_that_take_over_at_once_each_has_a_number_of_its_own() {
    for shell in SHELLS {
        let host = Host::new(shell);
        host.begin("d-one");
        let wish = TakeOver {
            root: host.root(),
            lock: lock("d-one", "bob"),
            patient: false,
        };
        let script = take_over(&wish);
        let started: Vec<_> = (0..12)
            .map(|_| {
                host.command(&script)
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        let numbers: Vec<u64> = started
            .into_iter()
            .map(|child| {
                let output = child.wait_with_output().unwrap();
                match read_take_over(&output.stdout).unwrap() {
                    Taken::Over(number) => number,
                    other => panic!("{other:?}"),
                }
            })
            .collect();
        let unlike: BTreeSet<&u64> = numbers.iter().collect();
        assert_eq!(unlike.len(), 12, "{shell:?}: {numbers:?}");
        // Whoever's number stands there is the owner; there is one.
        assert!(unlike.contains(&host.facts(None).fence));
    }
}

#[test]
fn a_deploy_that_cannot_be_written_to_is_told_as_that() {
    for shell in SHELLS {
        let host = Host::new(shell);
        host.begin("d-one");
        fs::write(host.file("fence"), "not a number\n").unwrap();
        let wish = TakeOver {
            root: host.root(),
            lock: lock("d-one", "bob"),
            patient: false,
        };
        let output = host.command(&take_over(&wish)).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains("fence does not hold a number"),
            "{said}"
        );
        let lock = fs::read_to_string(host.file("lock")).unwrap();
        assert!(lock.contains("owner ann\n"), "{lock}");
    }
}
