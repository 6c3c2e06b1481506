//! A Capistrano project that is carried over and deployed as it then stands.

use crate::cap;
use crate::support::Stage;
use std::fs;

/// Writes a Capistrano project with a task of its own.
fn write_project(stage: &Stage) {
    let settings = "append :linked_dirs, 'log'\nset :default_env, { greeting: 'hello there' }\n";
    cap::write_project(stage, settings);
    let tasks = "namespace :notes do\n  task :leave do\n    on roles(:app) do\n      within release_path do\n\
                 \x20       with note: 'a b' do\n          execute :sh, '-c', %q('echo \"$GREETING, $NOTE\" > note')\n\
                 \x20       end\n      end\n      if test(\"[ -d #{shared_path}/log ]\")\n\
                 \x20       execute :touch, shared_path.join('log/seen')\n      end\n    end\n  end\nend\n\
                 after 'deploy:updated', 'notes:leave'\n";
    cap::write(stage, "lib/capistrano/tasks/notes.rake", tasks);
}

#[test]
fn a_capistrano_project_deploys_as_it_is_carried_over() {
    let stage = Stage::new();
    write_project(&stage);
    let run = stage.run(&["init"]);
    assert_eq!(run.code, 0, "{run}");
    let file = fs::read_to_string(stage.repo.work().join("windlass.toml")).expect("written");
    assert!(!file.contains("# TODO"), "{file}");

    let run = stage.run(&["deploy", "production", "--yes"]);
    assert_eq!(run.code, 0, "{file}\n{run}");
    let root = stage.host.deploy_to();
    let note = fs::read_to_string(root.join("current/note")).expect("the task ran in the release");
    assert_eq!(note, "hello there, a b\n");
    assert!(root.join("shared/log/seen").is_file(), "{file}\n{run}");
    stage.assert_clean();
}
