//! A Capistrano project that is carried over and deployed as it then stands.

use crate::support::Stage;
use std::fs;

/// Writes a Capistrano project whose one server is the stage's host.
fn write_project(stage: &Stage) {
    let here = stage.repo.work();
    fs::create_dir_all(here.join("config/deploy")).expect("directories");
    fs::create_dir_all(here.join("lib/capistrano/tasks")).expect("directories");
    let settings = format!(
        "set :application, 'shop'\nset :repo_url, '{repo}'\nset :branch, ENV.fetch('BRANCH', 'main')\n\
         set :deploy_to, '{root}'\nappend :linked_dirs, 'log'\nset :default_env, {{ greeting: 'hello there' }}\n\
         set :ssh_options, {{ config: false, keys: %w[{key}], user_known_hosts_file: '{known}' }}\n",
        repo = stage.repo.bare().display(),
        root = stage.host.deploy_to().display(),
        key = stage.sshd.client_key().path().display(),
        known = stage.sshd.known_hosts().display(),
    );
    let server = format!(
        "server '127.0.0.1', user: '{}', port: {}, roles: %w[app], primary: true\n",
        stage.sshd.user(),
        stage.proxy.port()
    );
    let tasks = "namespace :notes do\n  task :leave do\n    on roles(:app) do\n      within release_path do\n\
                 \x20       with note: 'a b' do\n          execute :sh, '-c', %q('echo \"$GREETING, $NOTE\" > note')\n\
                 \x20       end\n      end\n      if test(\"[ -d #{shared_path}/log ]\")\n\
                 \x20       execute :touch, shared_path.join('log/seen')\n      end\n    end\n  end\nend\n\
                 after 'deploy:updated', 'notes:leave'\n";
    for (name, text) in [
        (
            "Capfile",
            "require 'capistrano/setup'\nrequire 'capistrano/deploy'\n",
        ),
        ("config/deploy.rb", &settings),
        ("config/deploy/production.rb", &server),
        ("lib/capistrano/tasks/notes.rake", tasks),
    ] {
        fs::write(here.join(name), text).expect("written");
    }
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
