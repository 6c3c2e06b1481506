//! Batches, with a canary, pauses, and what a failure does to what is out already: one sshd under four addresses.

use crate::support::{Run, Stage, wait_until};
use std::path::PathBuf;
use std::time::Duration;
use windlass_lab::{Counter, Sshd};

const HOSTS: u8 = 4;

const DEPLOY: [&str; 3] = ["deploy", "production", "--yes"];

/// Four hosts that have a good release each.
struct Rollout {
    stage: Stage,
    roots: Vec<PathBuf>,
    first: String,
    restarts: Counter,
    switch: PathBuf,
}

impl Rollout {
    fn new(rollout: &str) -> Self {
        let stage = Stage::with(Sshd::builder().addresses(HOSTS));
        let restarts = stage.host.counter("restarts");
        let switch = stage.host.outside().join("broken");
        std::fs::write(&switch, "").expect("written");
        // The restart fails on the host that the file names, on any release but the one that it names.
        let restart = format!(
            "{}\nread -r host old <{switch} || exit 0\n[ \"$host\" = \"$DEPLOY_HOST\" ] || exit 0\n\
             [ \"${{DEPLOY_RELEASE_PATH##*/}}\" = \"$old\" ] || exit 3",
            restarts.command(),
            switch = switch.display()
        );
        let tables = format!("[rollout]\n{rollout}\n[restart]\napp = '''{restart}'''\n");
        stage.configure("", &tables);
        let roots = stage.set_hosts(&[""; HOSTS as usize]);
        let mut rollout = Self {
            stage,
            roots,
            first: String::new(),
            restarts,
            switch,
        };
        let run = rollout.stage.run(&DEPLOY);
        assert_eq!(run.code, 0, "{run}");
        rollout.first = rollout.live(1);
        assert_eq!(rollout.behind(), [1, 2, 3, 4], "{run}");
        rollout
    }

    fn live(&self, host: usize) -> String {
        let root = &self.roots[host - 1];
        let target = std::fs::read_link(root.join("current")).expect("something is live");
        target
            .file_name()
            .expect("a release")
            .to_string_lossy()
            .into_owned()
    }

    /// The hosts on which the first release is live.
    fn behind(&self) -> Vec<usize> {
        let hosts = 1..=usize::from(HOSTS);
        hosts
            .filter(|host| self.live(*host) == self.first)
            .collect()
    }

    /// From now on only what is live on this host can be restarted there.
    fn breaks_on(&self, host: usize) {
        let line = format!("127.0.0.{host} {}\n", self.live(host));
        std::fs::write(&self.switch, line).expect("written");
    }

    fn mended(&self) {
        std::fs::write(&self.switch, "").expect("written");
    }

    fn locks(&self) -> usize {
        let locks = self.roots.iter().map(|root| root.join(".windlass/lock"));
        locks.filter(|lock| lock.exists()).count()
    }

    fn deploy(&self, more: &[&str]) -> Run {
        self.stage.run(&[&DEPLOY[..], more].concat())
    }

    fn assert_all_new(&self, run: &Run) {
        assert_eq!(run.code, 0, "{run}");
        assert_eq!(self.behind(), [0_usize; 0], "{run}");
        assert_eq!(self.locks(), 0, "{run}");
    }
}

#[test]
fn a_canary_that_fails_leaves_the_other_hosts_untouched() {
    let rollout = Rollout::new("batches = [1, \"50%\"]");
    let before = rollout.restarts.count();
    rollout.breaks_on(1);
    let run = rollout.deploy(&[]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(rollout.behind(), [1, 2, 3, 4], "{run}");
    // The canary was restarted twice, on the new release and on the old one; nobody else was.
    assert_eq!(rollout.restarts.count() - before, 2, "{run}");
    assert_eq!(rollout.locks(), 0, "{run}");
}

#[test]
fn a_later_batch_that_fails_is_undone_everywhere_or_stops_there() {
    let rollout = Rollout::new("batches = [1, \"50%\"]");
    rollout.breaks_on(2);
    let run = rollout.deploy(&[]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(rollout.behind(), [1, 2, 3, 4], "{run}");
    let run = rollout.deploy(&["--on-failure", "stop"]);
    assert_eq!(run.code, 13, "{run}");
    assert_eq!(rollout.behind(), [2, 3, 4], "{run}");
    assert_eq!(rollout.locks(), 0, "{run}");
    let second = rollout.live(1);
    let kept = format!("release {second} on 127.0.0.1, whose batches were finished");
    let live = format!("{} on 127.0.0.2, 127.0.0.3, 127.0.0.4", rollout.first);
    for words in ["restart on 127.0.0.2 failed", &kept, &live] {
        assert!(run.stderr.contains(words), "{words}\n{run}");
    }
    // The mix is what the next deploy starts from; the one that stopped is over and good where it stayed.
    rollout.mended();
    let run = rollout.stage.run(&["rollback", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(rollout.behind(), [1, 2, 3, 4], "{run}");
    let run = rollout.stage.run(&["releases", "production"]);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(text.contains(&second), "{run}");
    rollout.assert_all_new(&rollout.deploy(&[]));
    let run = rollout.stage.run(&["history", "production"]);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(text.contains("stopped part way"), "{run}");
}

#[test]
fn a_failure_may_wait_for_a_person_who_tries_again() {
    let rollout = Rollout::new("batches = [1]\non_failure = \"pause\"");
    rollout.breaks_on(3);
    let run = rollout.deploy(&[]);
    assert_eq!(run.code, 11, "{run}");
    assert_eq!(rollout.behind(), [0_usize; 0], "{run}");
    assert_eq!(rollout.locks(), usize::from(HOSTS), "{run}");
    for words in [
        "restart on 127.0.0.3 failed",
        "windlass resume --retry",
        "windlass cancel",
    ] {
        assert!(run.stderr.contains(words), "{words}\n{run}");
    }
    let run = rollout.stage.run(&["resume", "production"]);
    assert_eq!(run.code, 11, "{run}");
    assert!(run.stderr.contains("windlass resume --retry"), "{run}");
    // Not mended yet: it is paused again.
    let run = rollout.stage.run(&["resume", "--retry", "production"]);
    assert_eq!(run.code, 11, "{run}");
    rollout.mended();
    let run = rollout.stage.run(&["resume", "--retry", "production"]);
    rollout.assert_all_new(&run);
}

#[test]
fn a_failure_that_waits_for_a_person_is_undone_by_cancel_without_batches_too() {
    let rollout = Rollout::new("");
    rollout.breaks_on(3);
    let run = rollout.deploy(&["--on-failure=pause"]);
    assert_eq!(run.code, 11, "{run}");
    let run = rollout.stage.run(&["cancel", "production"]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(rollout.behind(), [1, 2, 3, 4], "{run}");
    assert_eq!(rollout.locks(), 0, "{run}");
}

#[test]
fn a_controller_that_is_killed_in_a_pause_is_gone_on_from_it() {
    let rollout = Rollout::new("batches = [1]\npause = \"0s\"");
    let running = rollout.stage.start(&[
        "deploy",
        "production",
        "--yes",
        "--json",
        "--set",
        "rollout.pause=2h",
    ]);
    wait_until("the canary is out", || rollout.behind().len() == 3);
    let journal = rollout.stage.home().join("state/windlass");
    wait_until("the pause has begun", || {
        let mut files = std::fs::read_dir(journal.join("logs")).expect("logs");
        files.any(|file| {
            let text = std::fs::read(file.expect("a file").path()).expect("read");
            String::from_utf8_lossy(&text).contains("wait 2h")
        })
    });
    std::thread::sleep(Duration::from_millis(200));
    running.signal("KILL");
    running.finish();
    // The rest of the pause is still to be waited: a deploy that is taken up must not hurry.
    let running = rollout.stage.start(&["resume", "production", "--yes"]);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(rollout.behind(), [2, 3, 4]);
    running.signal("KILL");
    running.finish();
    let run = rollout.stage.run(&["cancel", "production"]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(rollout.behind(), [1, 2, 3, 4], "{run}");
    assert_eq!(rollout.locks(), 0, "{run}");
}

#[test]
fn a_plan_shows_the_batches_and_a_rollback_goes_by_them_too() {
    let rollout = Rollout::new("batches = [1, \"50%\"]\npause = \"300ms\"\non_failure = \"stop\"");
    rollout.assert_all_new(&rollout.deploy(&[]));
    let run = rollout.stage.run(&["plan", "production"]);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    for words in [
        "batches     127.0.0.1",
        "publishing 2/3",
        "rollout:batch-2",
        "keep the release",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    rollout.breaks_on(4);
    let run = rollout.stage.run(&["rollback", "production", "--yes"]);
    assert_eq!(run.code, 13, "{run}");
    assert_eq!(rollout.behind(), [1, 2], "{run}");
    assert_eq!(rollout.locks(), 0, "{run}");
}

/// One more host, first of all, at a port at which nobody listens.
fn with_a_host_that_is_down(rollout: &Rollout, more: &str) {
    rollout.stage.edit(|text| {
        let roots = rollout.stage.host.outside().join("root9");
        let down = format!(
            "{{ address = \"{}@127.0.0.99:1\", deploy_to = \"{}\"{more} }}",
            rollout.stage.sshd.user(),
            roots.display()
        );
        text.replace("hosts = [", &format!("hosts = [{down}, "))
    });
}

#[test]
fn an_optional_host_that_is_down_is_left_out_and_named() {
    let rollout = Rollout::new("");
    let down = "127.0.0.99";
    with_a_host_that_is_down(&rollout, "");
    let run = rollout.deploy(&[]);
    assert_eq!(run.code, 21, "{run}");
    assert_eq!(rollout.behind(), [1, 2, 3, 4], "{run}");
    rollout
        .stage
        .edit(|text| text.replace("root9\"", "root9\", optional = true"));
    let run = rollout.stage.run(&["plan", "production"]);
    assert_eq!(run.code, 0, "{run}");
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(text.contains("127.0.0.99: not reached, optional"), "{text}");
    let run = rollout.deploy(&[]);
    rollout.assert_all_new(&run);
    for words in ["left out and stays behind", "behind: 127.0.0.99 (optional"] {
        assert!(run.stderr.contains(words), "{words}\n{run}");
    }
    let run = rollout.stage.run(&["status", "production"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(String::from_utf8_lossy(&run.stdout).contains(down), "{run}");
    let run = rollout.stage.run(&["check", "production"]);
    assert_eq!(run.code, 0, "{run}");
    // A run in which everybody would be left out is none.
    let run = rollout.deploy(&["--host", down]);
    assert_eq!(run.code, 21, "{run}");
}

#[test]
fn what_runs_once_never_runs_nowhere_because_a_host_is_down() {
    let rollout = Rollout::new("");
    let count = rollout.stage.host.counter("once");
    with_a_host_that_is_down(&rollout, ", roles = [\"cron\", \"app\"], optional = true");
    let task = |role: &str| {
        format!(
            "[[tasks]]\nname = \"once\"\nafter = \"updated\"\nonce = true\nroles = [\"{role}\"]\nrun = '''{}'''\n",
            count.command()
        )
    };
    rollout
        .stage
        .edit(|text| text.replace("[restart]", &format!("{}[restart]", task("cron"))));
    let run = rollout.deploy(&[]);
    assert_eq!(run.code, 21, "{run}");
    assert!(run.stderr.contains("nobody can take its place"), "{run}");
    assert_eq!((rollout.behind().len(), rollout.locks()), (4, 0), "{run}");
    rollout
        .stage
        .edit(|text| text.replace("roles = [\"cron\"]\n", "roles = [\"app\"]\n"));
    let run = rollout.deploy(&[]);
    rollout.assert_all_new(&run);
    assert_eq!(count.count(), 1, "{run}");
    assert!(run.stderr.contains("in place of 127.0.0.99"), "{run}");
}

#[test]
fn one_host_that_may_fail_is_put_back_and_named_as_behind() {
    let rollout = Rollout::new("batches = [1]\nmax_failures = 1");
    rollout.breaks_on(3);
    let run = rollout.deploy(&[]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(rollout.behind(), [3], "{run}");
    assert_eq!(rollout.locks(), 0, "{run}");
    for words in [
        "to 3 hosts",
        "behind: 127.0.0.3 (restart: exit status 3; put back)",
    ] {
        assert!(run.stderr.contains(words), "{words}\n{run}");
    }
    let run = rollout.stage.run(&["status", "production"]);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(text.contains("good, behind"), "{run}");
    let run = rollout.stage.run(&["plan", "production"]);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(text.contains("up to 1 host may fail"), "{text}");
    // The canary is the primary: it may not.
    rollout.breaks_on(1);
    let before = rollout.live(1);
    let run = rollout.deploy(&[]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(rollout.live(1), before, "{run}");
}
