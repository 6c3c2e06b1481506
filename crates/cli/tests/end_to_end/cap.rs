//! The project of a stage as Capistrano knows it, and the real `cap`, with its own client, on the stage's host.

use crate::support::{Run, Running, Stage, wait_until};
use std::fs;
use std::process::Command;
use windlass_lab::{LabError, available};

/// The Capfile of every Capistrano project with git.
pub(crate) const CAPFILE: &str = "require 'capistrano/setup'\nrequire 'capistrano/deploy'\n\
     require 'capistrano/scm/git'\ninstall_plugin Capistrano::SCM::Git\n";

/// Whether Capistrano is installed; where not, a line says so.
pub(crate) fn is_here() -> bool {
    let found = match Command::new("cap").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(LabError::Unavailable {
            what: "Capistrano".to_owned(),
            why: "it is not installed; on Debian ./test installs its package".to_owned(),
        }),
    };
    available(found)
        .expect("nothing else can be wrong")
        .is_some()
}

/// Writes a Capistrano project whose one server is the stage's host, with `more` at the end of deploy.rb.
pub(crate) fn write_project(stage: &Stage, more: &str) {
    let settings = format!(
        "set :application, 'shop'\nset :repo_url, '{repo}'\nset :branch, ENV.fetch('BRANCH', 'main')\n\
         set :deploy_to, '{root}'\nset :tmp_dir, '{tmp}'\nset :ssh_options, {{ config: false, keys: %w[{key}], \
         user_known_hosts_file: '{known}', forward_agent: false, auth_methods: %w[publickey] }}\n{more}",
        repo = stage.repo.bare().display(),
        root = stage.host.deploy_to().display(),
        tmp = stage.sshd.home().join("tmp").display(),
        key = stage.sshd.client_key().path().display(),
        known = stage.sshd.known_hosts().display(),
    );
    let server = format!(
        "server '127.0.0.1', user: '{}', port: {}, roles: %w[app db web], primary: true\n",
        stage.sshd.user(),
        stage.proxy.port()
    );
    for (name, text) in [
        ("Capfile", CAPFILE),
        ("config/deploy.rb", &settings),
        ("config/deploy/production.rb", &server),
        // Its own log is no part of the application.
        (".gitignore", "log/\n"),
    ] {
        write(stage, name, text);
    }
}

/// Writes a file of the project.
pub(crate) fn write(stage: &Stage, name: &str, text: &str) {
    let path = stage.repo.work().join(name);
    fs::create_dir_all(path.parent().expect("it has a parent")).expect("directories");
    fs::write(path, text).expect("written");
}

/// Runs `cap production` with these words; what a test puts into `plugins` below the home can be required.
pub(crate) fn cap(stage: &Stage, words: &[&str]) -> Run {
    let mut command = stage.program("cap");
    command.arg("production").args(words);
    command.env("RUBYLIB", stage.home().join("plugins"));
    Running::new(command).finish()
}

/// Deploys with Capistrano; returns the release.
pub(crate) fn deploy(stage: &Stage) -> String {
    wait_for_a_name(stage);
    let run = cap(stage, &["deploy"]);
    assert_eq!(run.code, 0, "{run}");
    stage.host.live().expect("a release is live")
}

/// Waits until the second has come that names a later release: Capistrano takes the time as it is, and in the second of
/// another release it would work in that one's directory.
pub(crate) fn wait_for_a_name(stage: &Stage) {
    let mut names = stage.host.releases();
    names.retain(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let newest = names.pop().unwrap_or_default();
    wait_until("another second names the release", || {
        let now = Command::new("date").args(["-u", "+%Y%m%d%H%M%S"]).output();
        let now = String::from_utf8(now.expect("date runs").stdout).expect("digits");
        now.trim() > newest.as_str()
    });
}
