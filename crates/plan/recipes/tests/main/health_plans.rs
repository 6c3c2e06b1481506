//! Where health checks stand in a plan, who asks them, and what refuses them.

use crate::case::{Case, case, deploy, order, shown};
use crate::health::{check, checks, own};
use crate::support::user_task;
use std::sync::Arc;
use std::time::Duration;
use windlass_facts::Tool;
use windlass_model::health::{AskedFrom, HealthCheck, Question, StatusRange, UrlQuestion};
use windlass_model::settings::Hook;
use windlass_model::{Action, Undo};
use windlass_planner::{Error, Run};

fn several() -> Vec<HealthCheck> {
    let question = |port: u16, path: &str| {
        Question::Url(UrlQuestion {
            url: format!("http://127.0.0.1:{port}{path}"),
            from: AskedFrom::Host,
            headers: [].into(),
            insecure: false,
            status: vec![
                StatusRange::SUCCESS,
                StatusRange {
                    first: 401,
                    last: 401,
                },
            ],
            body: None,
        })
    };
    let mut up = check("up", question(3000, "/up"));
    up.roles = vec!["app".to_owned()];
    let mut own = own("bin/check\nbin/more");
    own.roles = vec!["web".to_owned()];
    let unit = Question::Unit {
        unit: "db.service".to_owned(),
        system: true,
        stays: Duration::from_secs(5),
    };
    let mut unit = check("db", unit);
    unit.roles = vec!["db".to_owned()];
    let mut nowhere = check("none", question(1, "/"));
    nowhere.roles = vec!["worker".to_owned()];
    vec![up, own, unit, nowhere]
}

#[test]
fn checks_stand_after_every_restart_and_are_shown() {
    let mut case = case(|settings| {
        settings.health = several();
        settings
            .restart
            .insert("app".to_owned(), "restart".to_owned());
        let after = Hook::After("published".to_owned());
        let mut warm = user_task("warm", "bin/warm", after);
        warm.roles = vec!["db".to_owned()];
        settings.tasks = vec![warm];
    });
    tools(&mut case, &["timeout", "curl", "systemctl"]);
    insta::assert_snapshot!(order(&case.plan(deploy()).unwrap().plan));
    insta::assert_snapshot!(shown(&case.preview(deploy())));
    let back = case.plan(Run::Rollback { to: None }).unwrap();
    assert_eq!(checks(&back.plan).len(), 5);
    for step in checks(&back.plan) {
        assert!(step.repeatable && !step.advisory);
        assert!(matches!(step.undo, Undo::None { .. }));
    }
}

fn tools(case: &mut Case, names: &[&str]) {
    for host in ["web1", "web2", "db1"] {
        let tools = names.iter().map(|name| Tool {
            name: (*name).to_owned(),
            path: format!("/usr/bin/{name}"),
            version: None,
        });
        case.facts_of(host).tools.extend(tools);
    }
}

#[test]
fn a_host_that_cannot_ask_is_refused_by_name() {
    let refused = |names: &[&str], change: &dyn Fn(&mut UrlQuestion)| {
        let mut health = several();
        if let Question::Url(question) = &mut health[0].question {
            change(question);
        }
        let mut case = case(|settings| settings.health = health);
        tools(&mut case, names);
        let settings = Arc::clone(&case.inventory.settings);
        assert_eq!(settings.health.len(), 4);
        match case.plan(deploy()) {
            Err(Error::Refused(refusals)) => {
                let lines = refusals.iter().map(|refusal| {
                    let hint = refusal.hint.as_deref().unwrap_or("-");
                    format!("{refusal}\n  → {hint}\n")
                });
                lines.collect()
            }
            Ok(_) => String::new(),
            Err(error) => panic!("{error}"),
        }
    };
    insta::assert_snapshot!("lacking", refused(&[], &|_| ()));
    let busybox = ["timeout", "systemctl", "wget"];
    assert_eq!(refused(&busybox, &|asked| asked.status.truncate(1)), "");
    insta::assert_snapshot!(
        "busybox",
        refused(&busybox, &|asked| {
            asked.body = Some("ready".to_owned());
        }) + &refused(&busybox, &|asked| asked.url =
            "https://127.0.0.1/up".to_owned())
    );
}

#[test]
fn the_controller_asks_once_or_once_for_each_host() {
    let asked_here = |name: &str, url: &str| {
        let question = Question::Url(UrlQuestion {
            url: url.to_owned(),
            from: AskedFrom::Controller,
            headers: [].into(),
            insecure: false,
            status: vec![StatusRange::SUCCESS],
            body: None,
        });
        let mut check = check(name, question);
        check.roles = vec!["app".to_owned()];
        check
    };
    let mut case = case(|settings| {
        let front = asked_here("front", "https://shop.example.com/up");
        settings.health = vec![front, asked_here("each", "http://{host}:3000/up")];
    });
    // Nothing is needed on hosts.
    assert!(case.facts_of("web1").tool("timeout").is_none());
    let mut hosts = case.inventory.hosts.iter_mut();
    "2001:db8::1".clone_into(&mut hosts.nth(1).unwrap().target.address);
    let plan = case.plan(deploy()).unwrap().plan;
    let rows: Vec<String> = checks(&plan)
        .iter()
        .map(|step| {
            assert!(matches!(step.action, Action::Local { .. }));
            let mark = if step.barrier { '!' } else { ' ' };
            format!("{mark} {} {}", step.id, step.show)
        })
        .collect();
    assert_eq!(
        rows,
        [
            "! health:front@web1 https://shop.example.com/up answers 200-299",
            "! health:each@web1 http://web1:3000/up answers 200-299",
            "! health:each@web2 http://[2001:db8::1]:3000/up answers 200-299",
        ]
    );
}
