//! Health checks: what they take for an answer, what they say of it, and how long they wait, by every shell.

use crate::support::{SHELLS, World, names, text, wanted};
use std::fs;
use std::process::Output;
use std::time::Duration;
use windlass_lab::{Web, WebAnswer};
use windlass_model::health::{AskedFrom, HealthCheck, Pace, Question, StatusRange, UrlQuestion};
use windlass_model::{Action, Command, Plan, Step};

pub(crate) fn check(name: &str, question: Question) -> HealthCheck {
    HealthCheck {
        name: name.to_owned(),
        question,
        roles: Vec::new(),
        pace: Pace {
            start_delay: Duration::ZERO,
            interval: Duration::from_millis(100),
            within: Duration::from_secs(60),
            timeout: Duration::from_secs(30),
        },
    }
}

/// A check by a command.
pub(crate) fn own(script: &str) -> HealthCheck {
    check("own", Question::Command(script.to_owned()))
}

/// The same, given up after a try or two.
fn soon(check: HealthCheck) -> HealthCheck {
    let within = Duration::from_millis(150);
    let pace = Pace {
        within,
        ..check.pace
    };
    HealthCheck { pace, ..check }
}

fn url(web: &Web) -> UrlQuestion {
    UrlQuestion {
        url: web.url("/up"),
        from: AskedFrom::Host,
        headers: [("Host".to_owned(), "it's.example.com".to_owned())].into(),
        insecure: false,
        status: vec![StatusRange::SUCCESS],
        body: None,
    }
}

fn down_until(number: usize) -> impl Fn(usize) -> WebAnswer + Send {
    move |asked| {
        if asked < number {
            return WebAnswer::new("503 Service Unavailable", "no database\n");
        }
        WebAnswer::new("200 OK", "ready\n")
    }
}

/// A world on which one release is live, which has these checks from now on; and the plan of the next deploy.
fn world_with(shell: &[&str], health: Vec<HealthCheck>) -> (World, Plan) {
    let mut world = World::new(shell);
    let one = world.commit(&[("app.txt", "one")]);
    world.deploy(&one);
    world.settings.health = health;
    let two = world.commit(&[("app.txt", "two")]);
    let planned = world.plan(wanted(&two)).expect("a plan");
    (world, planned.plan)
}

pub(crate) fn checks(plan: &Plan) -> Vec<Step> {
    let steps = plan.steps.iter();
    let checks = steps.filter(|step| step.task.as_str().starts_with("health:"));
    checks.cloned().collect()
}

/// Publishes, then asks the only check of the plan.
fn ask(world: &World, plan: &Plan) -> Output {
    let check = checks(plan).remove(0);
    for step in plan.steps.iter().take_while(|step| step.id != check.id) {
        assert!(world.step(step).status.success());
    }
    world.step(&check)
}

fn said(output: &Output) -> (bool, String) {
    let all = text(&output.stdout) + &text(&output.stderr);
    // How long it took is the machine's affair.
    let lines = all.lines().map(|line| match line.split_once(" in ") {
        Some((before, after)) => {
            let after = after.split_once(" s").map_or(after, |(_, after)| after);
            format!("{before} in N s{after}\n")
        }
        None => format!("{line}\n"),
    });
    (output.status.success(), lines.collect())
}

/// Lets the host's commands find only this program to ask with: `curl`, `wget`, or busybox's.
fn with_tool(world: &mut World, tool: &str) {
    let (name, script) = match tool {
        "busybox" => ("wget", "#!/bin/sh\nexec busybox wget \"$@\"\n"),
        name => (name, "#!/bin/sh\nPATH=/usr/bin:/bin exec NAME \"$@\"\n"),
    };
    world.program(&format!("tools/{name}"), &script.replace("NAME", name));
    for other in ["curl", "wget"].into_iter().filter(|other| *other != name) {
        world.program(&format!("tools/{other}"), "#!/bin/sh\nexit 99\n");
    }
    let tools = world.dir.path().join("tools");
    world.settings.path = vec![tools.to_str().expect("UTF-8").to_owned()];
}

#[test]
fn a_url_is_asked_until_it_answers_well_by_whatever_the_host_has() {
    for shell in SHELLS {
        for tool in ["curl", "wget", "busybox"] {
            let web = Web::start(down_until(3)).unwrap();
            let mut question = url(&web);
            question.body = Some("ready".to_owned());
            let mut world = World::new(shell);
            with_tool(&mut world, tool);
            world.settings.health = vec![check("up", Question::Url(question))];
            let revision = world.commit(&[("app.txt", "one")]);
            let deploy = world.next_deploy();
            let mut facts = world.begin(&deploy);
            if tool != "curl" {
                facts.tools.retain(|found| found.name != "curl");
                let version = (tool == "wget").then(|| "1.21.3 built on linux-gnu.".to_owned());
                for wget in facts.tools.iter_mut().filter(|found| found.name == "wget") {
                    wget.version.clone_from(&version);
                }
            }
            let plan = world
                .planned(&deploy, wanted(&revision), facts)
                .unwrap()
                .plan;
            let answer = said(&ask(&world, &plan));
            let expected = "503 Service Unavailable\nhealthy after 3 tries in N s: 200 OK\n";
            assert_eq!(answer, (true, expected.to_owned()), "{tool} {shell:?}");
            let requests = web.requests();
            assert_eq!(requests.len(), 3);
            for request in requests {
                assert!(request.starts_with("GET /up HTTP/1."), "{request}");
                let hosts = request.lines().filter(|line| line.starts_with("Host:"));
                assert_eq!(
                    hosts.collect::<Vec<_>>(),
                    ["Host: it's.example.com"],
                    "{tool}"
                );
            }
            let left = names(&world.path(&format!(".windlass/deploys/{}", plan.deploy)));
            assert!(
                left.iter().all(|name| !name.starts_with("health")),
                "{left:?}"
            );
        }
    }
}

#[test]
fn what_is_not_well_is_told_with_its_last_answer_and_is_undone() {
    for shell in SHELLS {
        let web = Web::start(down_until(usize::MAX)).unwrap();
        let (world, plan) = world_with(shell, vec![soon(check("up", Question::Url(url(&web))))]);
        let output = ask(&world, &plan);
        let (well, all) = said(&output);
        assert!(!well && output.status.code() == Some(1));
        let told = "503 Service Unavailable\nwindlass: not healthy after 2 tries in N s; \
            the last answer: 503 Service Unavailable\nno database\n";
        let told_at_once = told.replace("2 tries", "1 try");
        let told_at_once = told_at_once.split_once('\n').unwrap().1;
        // A machine that is slow has time for one.
        let one = format!("503 Service Unavailable\n{told_at_once}");
        assert!(all == told || all == one, "{all}");
        let check = plan
            .steps
            .iter()
            .position(|step| step.id == checks(&plan)[0].id);
        world.unwind(&plan, check.unwrap(), 2);
        assert_eq!(world.look().live, plan.hosts[0].previous);
    }
}

#[test]
fn a_redirect_a_wrong_body_and_no_answer_are_not_well() {
    let web = Web::start(|_| WebAnswer {
        headers: vec!["Location: /elsewhere".to_owned()],
        ..WebAnswer::new("302 Found", "")
    })
    .unwrap();
    let ready = Web::start(down_until(0)).unwrap();
    let free = Web::start(down_until(0)).unwrap();
    let nobody = url(&free);
    drop(free);
    let mut wrong = url(&ready);
    wrong.body = Some("Ready".to_owned());
    for (question, answer) in [
        (url(&web), "; the last answer: 302 Found\n"),
        (
            wrong,
            "; the last answer: 200 OK, without Ready in the body\nready\n",
        ),
        (nobody, "; the last answer: no answer: curl: (7) "),
    ] {
        let question = Question::Url(question);
        let (world, plan) = world_with(SHELLS[0], vec![soon(check("up", question))]);
        let (well, all) = said(&ask(&world, &plan));
        assert!(!well && all.contains(answer), "{all}");
    }
    assert!(
        web.requests()
            .iter()
            .all(|request| request.starts_with("GET /up "))
    );
    let mut wanted = url(&web);
    wanted.status = vec![
        StatusRange {
            first: 301,
            last: 302,
        },
        StatusRange::SUCCESS,
    ];
    let (world, plan) = world_with(SHELLS[0], vec![check("up", Question::Url(wanted))]);
    assert!(said(&ask(&world, &plan)).0);
}

#[test]
fn a_command_runs_as_a_task_does_and_is_asked_again() {
    let script = "n=$(cat ~/n 2>/dev/null || echo 0)\necho $((n + 1)) >~/n\n\
        pwd -P >~/dir\necho \"$VALUE $DEPLOY_HOST\" >~/seen\nfalse | true\necho \"try '$n'\"\n[ \"$n\" = 2 ]";
    for shell in SHELLS {
        let command = own(script);
        let mut world = World::new(shell);
        world.settings.health = vec![command];
        let hostile = "it's \"a\" $HOME";
        world
            .settings
            .env
            .insert("VALUE".to_owned(), hostile.to_owned());
        let revision = world.commit(&[("app.txt", "one")]);
        let plan = world.plan(wanted(&revision)).unwrap().plan;
        let answer = said(&ask(&world, &plan));
        let told = "exit status 1\nhealthy after 3 tries in N s: exit status 0\n";
        assert_eq!(answer, (true, told.to_owned()));
        let home = world.dir.path().join("home");
        let read = |name: &str| fs::read_to_string(home.join(name)).unwrap();
        let release = world.path(&format!("releases/{}", plan.release));
        assert_eq!(
            read("dir").trim_end(),
            release.canonicalize().unwrap().to_str().unwrap()
        );
        assert_eq!(read("seen"), format!("{hostile} web1\n"));
    }
}

#[test]
fn a_command_of_another_shell_is_given_to_that_and_one_that_hangs_is_ended() {
    let mut world = World::new(SHELLS[0]);
    world.settings.shell = ["bash", "-eo", "pipefail"].map(str::to_owned).to_vec();
    world.settings.health = vec![own("false | true || echo pipefail >~/said")];
    let revision = world.commit(&[("app.txt", "one")]);
    let plan = world.plan(wanted(&revision)).unwrap().plan;
    assert!(ask(&world, &plan).status.success());
    let said_file = world.dir.path().join("home/said");
    assert_eq!(fs::read_to_string(said_file).unwrap(), "pipefail\n");

    let mut hanging = soon(own("echo begun\nsleep 300"));
    hanging.pace.timeout = Duration::from_millis(4500);
    let (world, plan) = world_with(SHELLS[0], vec![hanging]);
    let (well, all) = said(&ask(&world, &plan));
    let told = "; the last answer: no end within 4.500 s\nbegun\n";
    assert!(!well && all.ends_with(told), "{all}");
}

/// `systemctl` that answers with the lines of a file that a line of another one names, moving on with each call.
fn systemctl(world: &World, states: &[&str]) {
    let states = states.join("\n");
    world.program("tools/states", &format!("{states}\n"));
    let script = "#!/bin/sh\nhere=${0%/*}\n[ \"$2\" = show ] || { echo \"status of it: $*\"; exit 3; }\n\
        [ \"$1 ${XDG_RUNTIME_DIR:+set}\" = '--user set' ] || exit 9\n\
        line=$(head -n 1 \"$here/states\")\n[ \"$(wc -l <\"$here/states\")\" = 1 ] || sed -i 1d \"$here/states\"\n\
        set -- $line\nprintf 'NRestarts=%s\\nActiveState=%s\\nSubState=%s\\nLoadState=%s\\n' \"$3\" \"$1\" \"$2\" \"${4:-loaded}\"\n";
    world.program("tools/systemctl", script);
}

fn asked_of_systemd(states: &[&str], change: impl Fn(&mut HealthCheck)) -> (bool, String) {
    let question = Question::Unit {
        unit: "shop.service".to_owned(),
        system: false,
        stays: Duration::from_millis(250),
    };
    let mut unit = check("shop", question);
    change(&mut unit);
    let mut world = World::new(SHELLS[0]);
    systemctl(&world, states);
    let tools = world.dir.path().join("tools");
    world.settings.path = vec![tools.to_str().expect("UTF-8").to_owned()];
    world.settings.health = vec![unit];
    let revision = world.commit(&[("app.txt", "one")]);
    let planned = world.plan(wanted(&revision)).expect("a plan");
    said(&ask(&world, &planned.plan))
}

#[test]
fn a_unit_is_well_when_it_stays_active() {
    let states = ["activating start 0", "active running 0", "active running 1"];
    let (well, all) = asked_of_systemd(&states, |_| ());
    assert!(well, "{all}");
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "activating (start)",
            "active (running), not yet for long enough",
            "active (running), restarts: 1, not yet for long enough",
        ]
    );
    assert!(
        lines[3].ends_with(": active (running), restarts: 1"),
        "{all}"
    );
}

#[test]
fn a_unit_that_flaps_is_never_well() {
    let flapping: Vec<String> = (0..100).map(|n| format!("active running {n}")).collect();
    let flapping: Vec<&str> = flapping.iter().map(String::as_str).collect();
    let (well, all) = asked_of_systemd(&flapping, |unit| {
        unit.pace.within = Duration::from_secs(1);
    });
    assert!(!well && all.contains("not healthy after"), "{all}");
    assert!(all.ends_with("status of it: --user status --no-pager --lines=5 -- shop.service\n"));
    let (well, all) = asked_of_systemd(&["inactive dead 0 not-found"], |unit| {
        *unit = soon(unit.clone());
    });
    assert!(
        !well && all.contains("the last answer: inactive (dead), not-found\n"),
        "{all}"
    );
}

#[test]
fn the_first_try_can_be_put_off() {
    let delay = Duration::from_millis(300);
    let mut command = own("true");
    command.pace.start_delay = delay;
    let (world, plan) = world_with(SHELLS[0], vec![command]);
    let Action::Command { command } = &checks(&plan)[0].action else {
        panic!("a command")
    };
    let begun = std::time::Instant::now();
    assert!(world.command(command).status.success());
    assert!(begun.elapsed() >= delay);
    let Command { timeout, .. } = command;
    assert!(timeout.unwrap() > Duration::from_secs(90), "{timeout:?}");
}

#[test]
fn the_controller_asks_as_a_host_does_and_leaves_nothing() {
    for shell in SHELLS {
        let web = Web::start(down_until(3)).unwrap();
        let mut question = url(&web);
        question.from = AskedFrom::Controller;
        question.body = Some("ready".to_owned());
        let (world, plan) = world_with(shell, vec![check("up", Question::Url(question))]);
        let scratch = world.dir.path().join("scratch");
        fs::create_dir(&scratch).unwrap();
        let line = format!("export TMPDIR={}", scratch.display());
        let Action::Local { command } = &checks(&plan)[0].action else {
            panic!("a command here")
        };
        let script = format!("{line}\n{}", command.script);
        let answer = said(&world.command(&Command {
            script,
            ..command.clone()
        }));
        let expected = "503 Service Unavailable\nhealthy after 3 tries in N s: 200 OK\n";
        assert_eq!(answer, (true, expected.to_owned()), "{shell:?}");
        assert_eq!(names(&scratch), [""; 0]);
    }
}
