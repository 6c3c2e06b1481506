//! The layout, made ahead of the first deploy.

use crate::support::Stage;

#[test]
fn setup_names_the_linked_files_that_are_missing_and_how_to_bring_them() {
    let stage = Stage::new();
    stage.configure("linked_files = [\"config/master.key\", \".env\"]", "");
    let here = stage.repo.work().join("config");
    std::fs::create_dir_all(&here).expect("a directory");
    std::fs::write(here.join("master.key"), "secret").expect("written");
    let shared = stage.host.deploy_to().join("shared");
    let (key, env) = (shared.join("config/master.key"), shared.join(".env"));

    let run = stage.run(&["setup", "production"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(shared.join("config").is_dir(), "{run}");
    for path in [&key, &env] {
        let line = format!("✘ 127.0.0.1  linked file `{}` is missing", path.display());
        assert!(run.stderr.contains(&line), "{run}");
    }
    let by_hand = format!("next: create {} on 127.0.0.1", env.display());
    assert!(run.stderr.contains(&by_hand), "{run}");
    let scp = format!(
        "next: scp -P {} -i {} config/master.key {}@127.0.0.1:{}\n",
        stage.proxy.port(),
        stage.sshd.client_key().path().display(),
        stage.sshd.user(),
        key.display()
    );
    assert!(run.stderr.contains(&scp), "{run}");

    for path in [&key, &env] {
        let hint = format!("create {};", path.display());
        let refused = stage.run(&["deploy", "production", "--yes"]);
        assert_eq!(refused.code, 1, "{refused}");
        assert!(refused.stderr.contains(&hint), "{refused}");
        std::fs::write(path, "secret").expect("written");
    }
    let run = stage.run(&["setup", "production"]);
    assert_eq!(run.code, 0, "{run}");
}
