//! Secrets: from wherever their values come, they reach the commands that may see them, and nothing else.

use crate::support::{Run, Running, Stage, files_below, wait_until};
use crate::terminal::Terminal;
use std::path::Path;
use std::process::Command;
use windlass_lab::{LabError, Sshd, available};

/// What the environment, a command and an encrypted file give in these tests.
const CANARIES: [&str; 3] = [
    "canary-7f3a9d-value",
    "canary-41c2ee-value",
    "canary-b8093f-value",
];

/// Puts the second value into the file that a command prints, and the third into one that age encrypts; gives the tables
/// with a secret from each. Where age is not installed, which a line says, a command prints the third too.
fn three_sources(stage: &Stage) -> String {
    let here = stage.repo.work();
    std::fs::write(here.join("value"), CANARIES[1]).expect("written");
    let third = if encrypted(&here, &format!("OTHER=x\nTOKEN={}\n", CANARIES[2])) {
        "{ age = \"env.age\", key = \"TOKEN\" }"
    } else {
        std::fs::write(here.join("third"), CANARIES[2]).expect("written");
        "{ command = \"cat third\" }"
    };
    format!(
        "[age]\nidentities = \"keys.txt\"\n[secrets]\nFIRST = {{ from_env = \"THE_TOKEN\" }}\n\
         SECOND = {{ command = \"echo run >>runs; cat value\" }}\nTHIRD = {third}\n"
    )
}

/// Encrypts a text as `env.age` for the key in `keys.txt`, where age is installed.
fn encrypted(here: &Path, text: &str) -> bool {
    let run = |program: &str, words: &[&str]| {
        let made = Command::new(program).current_dir(here).args(words).output();
        let made = made.map_err(|error| LabError::Unavailable {
            what: program.to_owned(),
            why: error.to_string(),
        });
        let made = available(made).expect("nothing else can be wrong");
        made.inspect(|made| assert!(made.status.success(), "{made:?}"))
            .is_some()
    };
    std::fs::write(here.join("env"), text).expect("written");
    let is_made = run("age-keygen", &["-o", "keys.txt"])
        && run("age", &["-e", "-i", "keys.txt", "-o", "env.age", "env"]);
    std::fs::remove_file(here.join("env")).expect("removed");
    is_made
}

/// How often the command of [`three_sources`] was run.
fn runs(stage: &Stage) -> usize {
    let runs = std::fs::read_to_string(stage.repo.work().join("runs"));
    runs.unwrap_or_default().lines().count()
}

/// A task that tells the secrets and compares them without having them in its script.
const USE: &str = "run = '''\necho \"told: $FIRST $SECOND $THIRD\"\n\
    [ \"$FIRST $SECOND $THIRD\" = \"canary-7f3a9d-\"value\" canary-41c2ee-\"value\" canary-b8093f-\"value ]\necho yes >\"$DEPLOY_SHARED_PATH/right\"\n";

fn with_token(stage: &Stage, arguments: &[&str]) -> Command {
    let mut command = stage.windlass(arguments);
    command.env("THE_TOKEN", CANARIES[0]);
    command
}

fn assert_not_written(stage: &Stage) {
    let roots: [&Path; 3] = [stage.home(), stage.host.outside(), stage.sshd.home()];
    for file in roots.into_iter().flat_map(files_below) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let of_the_command = holds_output(&file);
        for canary in CANARIES {
            assert!(
                of_the_command || !contains(&bytes, canary),
                "written to {}",
                file.display()
            );
        }
    }
}

/// Whether a file of a host holds what a command itself printed: its standard output and error, and nothing else of a job.
fn holds_output(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let of_a_job = file.parent().is_some_and(|dir| dir.ends_with("jobs"));
    of_a_job && [".out", ".err"].iter().any(|end| name.ends_with(end))
}

fn assert_not_told(run: &Run) {
    for canary in CANARIES {
        let told = contains(&run.stdout, canary) || run.stderr.contains(canary);
        assert!(!told, "{canary} is in no output\n{run}");
    }
}

#[test]
fn a_secret_is_written_down_nowhere() {
    let stage = Stage::new();
    let tables = three_sources(&stage);
    let task = format!("[[tasks]]\nname = \"use\"\nafter = \"updated\"\n{USE}sleep 2\n'''\n");
    stage.configure("", &(tables + &task));
    let running = Running::new(with_token(
        &stage,
        &["deploy", "production", "--yes", "--json"],
    ));
    let own = running.pid();
    let watch = std::thread::spawn(|| command_lines_with(&CANARIES));
    let run = running.finish();
    assert_eq!(run.code, 0, "{run}");
    let right = stage.host.read("shared/right");
    assert_eq!(right.expect("the task had them"), b"yes\n");
    assert!(
        own > 0 && watch.join().expect("watched").is_empty(),
        "in no command line"
    );
    assert_not_told(&run);
    assert_not_written(&stage);
    assert_eq!(runs(&stage), 1);

    let shown = stage.run(&["config", "production", "secrets"]);
    assert_eq!(shown.code, 0, "{shown}");
    assert_not_told(&shown);
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    for reference in [
        "{ from_env = \"THE_TOKEN\" }",
        "{ command = \"echo run >>runs; cat value\" }",
    ] {
        assert!(text.contains(reference), "{shown}");
    }
}

/// Looks at all command lines of this machine for four seconds; gives those that hold one of the texts.
fn command_lines_with(texts: &'static [&str]) -> Vec<String> {
    let mut seen = Vec::new();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(4);
    while std::time::Instant::now() < end {
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            if texts.iter().any(|text| contains(&line, text)) {
                seen.push(String::from_utf8_lossy(&line).into_owned());
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    seen
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn run_exec_resume_and_the_undo_have_them_too() {
    let stage = Stage::new();
    let tables = three_sources(&stage);
    let build = format!(
        "[[tasks]]\nname = \"build\"\nafter = \"updated\"\nundo = '''\necho \"$FIRST $SECOND $THIRD\" >\"$DEPLOY_SHARED_PATH/undone\"\n'''\n\
         {USE}: >\"$DEPLOY_SHARED_PATH/runs\"\nwhile [ ! -e \"$DEPLOY_SHARED_PATH/ends\" ]; do sleep 0.1; done\n'''\n\
         [[tasks]]\nname = \"fails\"\nafter = \"build\"\nrun = \"[ \\\"$SECOND\\\" = x ]\"\n"
    );
    let probe = format!("[[tasks]]\nname = \"probe\"\ndir = \"/\"\n{USE}'''\n");
    stage.configure("", &(tables + &build + &probe));
    let deploy = Running::new(with_token(&stage, &["deploy", "production", "--yes"]));
    wait_until("the build runs", || stage.host.read("shared/runs").is_ok());
    deploy.signal("TERM");
    let parked = deploy.finish();
    assert_eq!(parked.code, 11, "{parked}");
    stage.host.write("shared/ends", "").expect("written");
    let resumed = Running::new(with_token(&stage, &["resume", "production"])).finish();
    assert_eq!(resumed.code, 1, "it fails and is undone\n{resumed}");
    assert_eq!(runs(&stage), 2, "once a run");
    let undone = stage.host.read("shared/undone").expect("the undo had them");
    assert_eq!(undone, format!("{}\n", CANARIES.join(" ")).as_bytes());
    std::fs::remove_file(stage.host.deploy_to().join("shared/undone")).expect("removed");

    let script = "echo $FIRST $SECOND $THIRD";
    let exec = Running::new(with_token(&stage, &["exec", "production", "--", script])).finish();
    assert_eq!(exec.code, 0, "{exec}");
    assert_eq!(
        String::from_utf8_lossy(&exec.stdout),
        "*** *** ***\n",
        "{exec}"
    );
    let run = Running::new(with_token(&stage, &["run", "production", "probe"])).finish();
    assert_eq!(run.code, 0, "{run}");
    for run in [&parked, &resumed, &exec, &run] {
        assert_not_told(run);
    }
    assert_not_written(&stage);
}

#[test]
fn a_detached_deploy_asks_for_no_secret_again() {
    let stage = Stage::new();
    let waits = "while [ ! -e \"$DEPLOY_SHARED_PATH/ends\" ]; do sleep 0.1; done";
    let tables = format!(
        "[secrets]\nTOKEN = {{ command = \"echo run >>runs; [ -t 0 ] && cat value\" }}\n\
         [[tasks]]\nname = \"build\"\nafter = \"updated\"\nrun = '''\n: >\"$DEPLOY_SHARED_PATH/runs\"; {waits}'''\n\
         [[tasks]]\nname = \"more\"\nafter = \"build\"\nrun = '''\nprintf %s \"$TOKEN\" >\"$DEPLOY_SHARED_PATH/token\"'''\n"
    );
    stage.configure("", &tables);
    std::fs::write(stage.repo.work().join("value"), CANARIES[1]).expect("written");
    let mut terminal = Terminal::start(stage.windlass(&["deploy", "production", "--yes"]));
    wait_until("the build runs", || stage.host.read("shared/runs").is_ok());
    terminal.signal("INT");
    terminal.wait_for("or [enter] to go on? ", 1);
    terminal.enter("d");
    let run = terminal.finish();
    assert_eq!(run.code, 11, "{run}");
    stage.host.write("shared/ends", "").expect("written");
    wait_until("the release is live", || stage.host.live().is_some());
    let token = stage.host.read("shared/token").expect("the task had it");
    assert_eq!(token, CANARIES[1].as_bytes());
    assert_eq!(runs(&stage), 1);
    let attached = stage.run(&["attach", "production"]);
    assert_eq!(attached.code, 0, "{attached}");
    assert_not_told(&attached);
}

#[test]
fn a_secret_of_a_role_is_for_its_hosts_alone_and_asked_for_only_where_they_are_chosen() {
    let stage = Stage::with(Sshd::builder().addresses(2));
    stage.configure(
        "",
        "[secrets]\nTOKEN = { command = \"echo of all\" }\n[roles.worker.secrets]\n\
         TOKEN = { command = \"echo run >>runs; echo of workers\" }\nQUEUE = { command = \"echo queue\" }\n\
         [[tasks]]\nname = \"use\"\nafter = \"updated\"\nrun = '''\necho \"$TOKEN, ${QUEUE-none}\" >\"$DEPLOY_SHARED_PATH/had\"'''\n\
         [[tasks]]\nname = \"web:only\"\nroles = [\"web\"]\nrun = \"true\"\n",
    );
    let roles = [", roles = [\"web\"]", ", roles = [\"worker\"]"];
    let roots = stage.set_hosts(&roles);
    let had = |number: usize| std::fs::read_to_string(roots[number].join("shared/had"));
    let run = stage.run(&["deploy", "production", "--yes", "--role", "web"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(had(0).expect("it ran"), "of all, none\n");
    let run = stage.run(&["run", "production", "web:only"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(runs(&stage), 0, "nobody needed it");
    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(had(0).expect("it ran"), "of all, none\n");
    assert_eq!(had(1).expect("it ran"), "of workers, queue\n");
    let run = stage.run(&[
        "exec",
        "production",
        "--role",
        "web",
        "--",
        "echo \"${QUEUE-none}\"",
    ]);
    assert_eq!(String::from_utf8_lossy(&run.stdout), "none\n", "{run}");
    assert_eq!(runs(&stage), 1);
}

/// A secret from somewhere that does not give it; what is said of that, and what to do.
const UNHAD: [(&str, &str, &str); 5] = [
    (
        "{ from_env = \"UNSET\" }",
        "the environment variable UNSET, which is not set",
        "export UNSET",
    ),
    (
        "{ command = \"echo no >&2; exit 4\" }",
        "`echo no >&2; exit 4` ended with exit status 4",
        "by hand",
    ),
    ("{ command = \"true\" }", "`true` gave nothing", "by hand"),
    (
        "{ age = \"none.age\" }",
        "none.age, which cannot be read",
        "age -r PUBLIC_KEY -o none.age",
    ),
    (
        "{ age = \"x.age\" }",
        "no identity is named",
        "WINDLASS_AGE_IDENTITIES=FILE",
    ),
];

/// A stage with a secret that is taken from here.
fn taken_from(stage: &Stage, secret: &str) {
    let task = "[[tasks]]\nname = \"use\"\nafter = \"updated\"\nrun = \"true\"\n";
    stage.configure("", &format!("[secrets]\nTOKEN = {secret}\n{task}"));
    for (file, text) in [("x.age", "age-encryption.org/v1\n"), ("keys.txt", "a key")] {
        std::fs::write(stage.repo.work().join(file), text).expect("written");
    }
}

#[test]
fn a_secret_that_cannot_be_had_is_an_error_before_any_host_is_asked() {
    let stage = Stage::new();
    for (secret, says, next) in UNHAD {
        taken_from(&stage, secret);
        let before = stage.proxy.connections();
        for words in [
            ["deploy", "production", "--yes"].as_slice(),
            &["exec", "production", "--", "true"],
            &["run", "production", "use"],
        ] {
            let run = stage.run(words);
            assert_eq!(run.code, 20, "{run}");
            for said in ["secret `TOKEN`", says, "  next: ", next] {
                assert!(run.stderr.contains(said), "{said}\n{run}");
            }
            let shown = run.stderr.starts_with("no\n");
            assert_eq!(shown, secret.contains("echo no"), "{run}");
        }
        assert_eq!(stage.proxy.connections(), before, "{secret}");
        let check = stage.run(&["check", "production"]);
        assert_eq!(check.code, 30, "{check}");
        let found = String::from_utf8_lossy(&check.stdout);
        assert!(found.contains("secret `TOKEN`"), "{check}");
        assert!(found.contains(next), "{check}");
    }
}

#[test]
fn a_command_that_gives_a_secret_ends_with_whoever_asked() {
    let stage = Stage::new();
    let script = "sleep 600 & echo $! >child; echo $$ >shell; wait";
    taken_from(&stage, &format!("{{ command = \"{script}\" }}"));
    let pid = |name: &str| {
        let text = std::fs::read_to_string(stage.repo.work().join(name)).unwrap_or_default();
        text.trim().parse::<u32>().ok()
    };
    for signal in ["TERM", "KILL"] {
        let deploy = Running::new(stage.windlass(&["deploy", "production", "--yes"]));
        wait_until("the command runs", || pid("shell").is_some());
        let pids: Vec<u32> = ["shell", "child"].into_iter().filter_map(pid).collect();
        deploy.signal(signal);
        drop(deploy.finish());
        let gone = |pid: &u32| !Path::new("/proc").join(pid.to_string()).exists();
        wait_until("all of it has ended", || pids.iter().all(gone));
        assert_eq!(pids.len(), 2, "{signal}");
        std::fs::remove_file(stage.repo.work().join("shell")).expect("removed");
    }
}

#[test]
fn an_encrypted_file_needs_a_program_that_is_named() {
    let stage = Stage::new();
    taken_from(&stage, "{ age = \"x.age\" }");
    let programs = tempfile::tempdir().expect("a directory");
    std::os::unix::fs::symlink("/bin/sh", programs.path().join("sh")).expect("a link");
    let mut command = stage.windlass(&["deploy", "production", "--yes"]);
    command.env("PATH", programs.path());
    command.env("WINDLASS_AGE_IDENTITIES", "keys.txt");
    let run = Running::new(command).finish();
    assert_eq!(run.code, 20, "{run}");
    let says = "neither age nor rage is installed here";
    assert!(run.stderr.contains(says), "{run}");
    assert!(run.stderr.contains("next: install age"), "{run}");
}
