//! Commands outside of any deploy: on some of the hosts of an address.

use crate::support::{Stage, toml};
use windlass_lab::Sshd;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn exec_runs_on_the_hosts_that_the_filters_leave() {
    let stage = Stage::with(Sshd::builder().addresses(3));
    let target = format!("{}@127.0.0.[1:3]:{}", stage.sshd.user(), stage.sshd.port());
    let path = |path: &std::path::Path| toml(path.to_str().expect("UTF-8"));
    let key = path(stage.sshd.client_key().path());
    let settings = [
        "--set=ssh.config=none".to_owned(),
        "--set=ssh.agent=false".to_owned(),
        format!("--set=ssh.identities=[{key}]"),
        format!(
            "--set=ssh.known_hosts=[{}]",
            path(&stage.sshd.known_hosts())
        ),
    ];
    let exec = |filter: &str| {
        let mut words = vec!["exec", &target, filter];
        words.extend(settings.iter().map(String::as_str));
        words.extend(["--", "echo here"]);
        stage.run(&words)
    };
    let run = exec("--exclude=127.0.0.2");
    assert_eq!(run.code, 0, "{run}");
    let told = text(&run.stdout);
    assert!(
        told.contains("127.0.0.1") && told.contains("127.0.0.3"),
        "{run}"
    );
    assert!(!told.contains("127.0.0.2"), "{run}");
    let run = exec("--host=web9");
    assert_eq!(run.code, 4, "{run}");
    assert!(
        run.stderr.contains("web9") && run.stdout.is_empty(),
        "{run}"
    );
    let run = exec("--role=app");
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stdout.is_empty(), "{run}");
}
