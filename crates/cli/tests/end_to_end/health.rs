//! Health checks as the gate of a deploy: waited for through lost connections, undone where they are not met.

use crate::support::{Run, Stage, toml, wait_until};
use std::time::Duration;
use windlass_lab::{Counter, Cut, Sshd, Web, WebAnswer};

const RESTART: &str = "[restart]\napp = '''\nreadlink \"$DEPLOY_CURRENT_PATH\" | sed 's|.*/||' >> \"$DEPLOY_SHARED_PATH/restarts\"\n'''\n";

fn down_until(number: usize) -> Web {
    let web = Web::start(move |asked| {
        if asked < number {
            return WebAnswer::new("503 Service Unavailable", "no database\n");
        }
        WebAnswer::new("200 OK", "ready\n")
    });
    web.expect("a web server")
}

/// A stage on which one release is live and which has these tables from now on.
fn live_then(tables: &str) -> (Stage, String) {
    let stage = Stage::new();
    stage.configure("", RESTART);
    let first = stage.deploy_first();
    stage.configure("", &format!("{RESTART}{tables}"));
    (stage, first)
}

fn deploy(stage: &Stage) -> Run {
    stage.run(&["deploy", "production", "--yes"])
}

fn restarts(stage: &Stage) -> Vec<String> {
    let text = stage.host.read("shared/restarts").expect("restarted");
    String::from_utf8_lossy(&text)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// The deploy was undone: what was live before is live, and was restarted last.
fn assert_undone(stage: &Stage, first: &str, run: &Run) {
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(stage.host.live().as_deref(), Some(first));
    let restarts = restarts(stage);
    assert_eq!(restarts.len(), 3, "{restarts:?}");
    assert_eq!([restarts[0].as_str(), restarts[2].as_str()], [first, first]);
    stage.assert_clean();
}

fn assert_says(run: &Run, all: &[&str]) {
    for words in all {
        assert!(
            run.stderr.contains(words),
            "`{words}` is on the screen\n{run}"
        );
    }
}

#[test]
fn a_release_that_becomes_well_is_deployed_and_so_is_a_rollback() {
    let web = down_until(4);
    let url = toml(&web.url("/up"));
    let (stage, first) = live_then(&format!(
        "[[health]]\nname = \"up\"\nurl = {url}\nbody = \"ready\"\ninterval = \"200ms\"\n"
    ));
    let run = deploy(&stage);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(web.requests().len(), 4);
    assert_ne!(stage.host.live().as_deref(), Some(first.as_str()));
    stage.assert_clean();
    let back = stage.run(&["rollback", "production", "--yes"]);
    assert_eq!(back.code, 0, "{back}");
    assert_eq!(web.requests().len(), 5);
    assert_eq!(stage.host.live(), Some(first));
}

#[test]
fn a_release_that_does_not_become_well_is_undone_and_the_screen_says_what_it_answered() {
    let web = down_until(usize::MAX);
    let url = toml(&web.url("/up"));
    let (stage, first) = live_then(&format!(
        "[[health]]\nname = \"up\"\nurl = {url}\ninterval = \"200ms\"\nwithin = \"1s\"\n"
    ));
    let run = deploy(&stage);
    assert_undone(&stage, &first, &run);
    let tries = web.requests().len();
    let count = if tries == 1 {
        "1 try".to_owned()
    } else {
        format!("{tries} tries")
    };
    assert_says(
        &run,
        &[
            "health:up on",
            &format!("not healthy after {count} in "),
            "the last answer: 503 Service Unavailable",
            "no database",
            &format!("{} answers 200-299", web.url("/up")),
        ],
    );
    let asked = web.requests().len();
    assert_eq!(asked, tries, "nothing is asked after the undo");
}

#[test]
fn a_wrong_body_is_not_well() {
    let web = down_until(0);
    let url = toml(&web.url("/up"));
    let (stage, first) = live_then(&format!(
        "[[health]]\nname = \"up\"\nurl = {url}\nbody = \"version 2\"\nwithin = \"100ms\"\n"
    ));
    let run = deploy(&stage);
    assert_undone(&stage, &first, &run);
    assert_says(
        &run,
        &[
            "not healthy after 1 try in ",
            "200 OK, without version 2 in the body",
        ],
    );
}

fn counting(checks: &Counter, more: &str) -> String {
    format!(
        "[[health]]\nname = \"own\"\ncommand = '''\n{}\n{more}\n'''\n",
        checks.command()
    )
}

#[test]
fn a_connection_that_is_lost_while_a_check_waits_costs_no_second_round() {
    let (stage, first) = live_then("");
    let checks = stage.host.counter("checks");
    let waits = "echo go >\"$DEPLOY_SHARED_PATH/go\"\n[ -e \"$DEPLOY_SHARED_PATH/well\" ]";
    stage.configure(
        "",
        &format!(
            "{RESTART}{}interval = \"500ms\"\n",
            counting(&checks, waits)
        ),
    );
    let running = stage.start_deploy();
    wait_until("the check runs", || stage.host.read("shared/go").is_ok());
    stage.proxy.refuse_for(Duration::from_secs(3));
    stage.proxy.cut_now(Cut::Reset);
    std::thread::sleep(Duration::from_secs(4));
    stage.host.write("shared/well", "").expect("written");
    let run = running.finish();
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.count("connection_lost"), 1, "{run}");
    assert_ne!(stage.host.live(), Some(first));
    assert_eq!(restarts(&stage).len(), 2);
    let told = run.output_of("health:own", "stdout");
    let told = String::from_utf8_lossy(&told).into_owned();
    let healthy = format!("healthy after {} tries in ", checks.count());
    assert!(
        told.starts_with("exit status 1\n") && told.contains(&healthy),
        "{told}"
    );
    assert_eq!(told.lines().count(), 2, "{told}");
    stage.assert_clean();
}

#[test]
fn a_check_is_cancelled_like_any_other_command() {
    let (stage, first) = live_then("");
    let checks = stage.host.counter("checks");
    stage.configure("", &format!("{RESTART}{}", counting(&checks, "exit 1")));
    let running = stage.start(&["deploy", "production", "--yes"]);
    wait_until("the check runs", || checks.count() > 0);
    let cancel = stage.run(&["cancel", "production"]);
    assert_eq!(cancel.code, 1, "{cancel}");
    assert_undone(&stage, &first, &running.finish());
}

#[test]
fn what_a_command_said_last_is_on_the_screen_and_no_secret_is() {
    const CANARY: &str = "canary-5d8e21-value";
    let (stage, first) = live_then(
        "[secrets]\nTOKEN = { from_env = \"THE_TOKEN\" }\n[[health]]\nname = \"own\"\n\
         command = '''\necho \"cannot log in with $TOKEN\"\nexit 7\n'''\nwithin = \"100ms\"\n",
    );
    let mut command = stage.windlass(&["deploy", "production", "--yes"]);
    command.env("THE_TOKEN", CANARY);
    let run = crate::support::Running::new(command).finish();
    assert_undone(&stage, &first, &run);
    assert_says(
        &run,
        &["the last answer: exit status 7", "cannot log in with "],
    );
    let told = String::from_utf8_lossy(&run.stdout).contains(CANARY) || run.stderr.contains(CANARY);
    assert!(!told, "{run}");
    for root in [stage.home(), stage.host.outside(), stage.sshd.home()] {
        for file in crate::support::files_below(root) {
            // What a command itself writes lies in the record of its output.
            let of_the_command = file.to_string_lossy().contains("/jobs/");
            let bytes = std::fs::read(&file).unwrap_or_default();
            let holds = bytes
                .windows(CANARY.len())
                .any(|part| part == CANARY.as_bytes());
            assert!(of_the_command || !holds, "{}", file.display());
        }
    }
}

#[test]
fn a_unit_that_flaps_is_undone() {
    let (stage, first) = live_then("");
    let tools = stage.host.outside().join("tools");
    std::fs::create_dir_all(&tools).expect("made");
    let script = "#!/bin/sh\necho once >>\"$0.calls\"\ncase $2 in\n  show)\n    \
        printf 'LoadState=loaded\\nActiveState=active\\nSubState=running\\n'\n    \
        echo \"NRestarts=$(wc -l <\"$0.calls\")\";;\n  \
        status) echo 'shop.service: Main process exited';;\nesac\n";
    executable(&tools.join("systemctl"), script);
    let path = format!("path = [{}]\n", toml(tools.to_str().expect("UTF-8")));
    let unit = "[[health]]\nunit = \"{application}.service\"\nstays = \"300ms\"\ninterval = \"100ms\"\nwithin = \"1s\"\n";
    stage.configure(&path, &format!("{RESTART}{unit}"));
    let run = deploy(&stage);
    assert_undone(&stage, &first, &run);
    assert_says(
        &run,
        &[
            "health:shop.service on",
            "active (running), restarts: ",
            "not yet for long enough",
            "Main process exited",
        ],
    );
}

fn executable(path: &std::path::Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("set");
}

#[test]
fn one_host_that_is_not_well_flips_all_of_them_back() {
    let stage = Stage::with(Sshd::builder().addresses(2));
    stage.configure("", "");
    let roots = stage.set_hosts(&["", ""]);
    let live = || {
        let links = roots
            .iter()
            .map(|root| std::fs::read_link(root.join("current")));
        let links = links.map(|link| link.expect("something is live"));
        links
            .map(|link| link.file_name().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    let run = deploy(&stage);
    assert_eq!(run.code, 0, "{run}");
    let before = live();
    let check = "[[health]]\nname = \"own\"\ncommand = '[ \"$DEPLOY_HOST\" = 127.0.0.1 ]'\nwithin = \"200ms\"\ninterval = \"100ms\"\n\
        [[tasks]]\nname = \"after\"\nafter = \"published\"\nrun = 'touch \"$DEPLOY_SHARED_PATH/after\"'\n[stages.";
    stage.edit(|text| text.replacen("[stages.", check, 1));
    let run = deploy(&stage);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(live(), before);
    assert_says(&run, &["health:own on 127.0.0.2", "exit status 1"]);
    let passed = roots
        .iter()
        .filter(|root| root.join("shared/after").exists());
    assert_eq!(passed.count(), 0, "nobody passes the gate");
}
