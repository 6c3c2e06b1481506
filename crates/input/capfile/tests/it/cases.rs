//! Projects as people have them, and their windlass.toml.

use crate::{case, imported, mistakes, of};
use std::fmt::Write as _;
use windlass_capfile::Fate;

fn shown(name: &str) -> String {
    let imported = imported(&case(name));
    let mut text = imported.text.clone();
    text.push_str("\n---- what needs nothing\n");
    for account in &imported.ledger {
        if let Fate::Neutral(reason) = &account.fate {
            let _ = writeln!(text, "{}:{} {reason}", account.file, account.line);
        }
    }
    let _ = writeln!(
        text,
        "---- {} of {} files carried over, {} to look at",
        imported.carried(),
        imported.files,
        imported.todos.len()
    );
    text
}

/// One test a project: its windlass.toml with the TODOs in it, and what needs nothing.
macro_rules! carried_over {
    ($($name:ident: $of:literal,)*) => {
        /// Their directories.
        pub(crate) const PROJECTS: &[&str] = &[$(stringify!($name)),*];
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), shown(stringify!($name)), $of);
        })*
    };
}

carried_over! {
    rails: "rails with two stages, puma and tasks of its own",
    sidekiq: "rails with rbenv, sidekiq and whenever",
    php: "php with composer",
    statically: "a static site, built on this machine",
    stages: "several stages and roles",
    gateways: "hosts behind jump hosts",
    custom: "tasks of its own with tests and conditions",
    dotenv: "variables from .env",
    ec2: "hosts looked up in the cloud",
    plain: "no stage files",
    roles: "hosts by role",
}

#[test]
fn a_password_in_the_source_is_not_copied() {
    let imported = imported(&case("plain"));
    for word in ["s3cret-word", "hunter2"] {
        assert!(!imported.text.contains(word), "{}", imported.text);
        let shown = imported.todos.iter().map(ToString::to_string);
        assert!(shown.into_iter().all(|line| !line.contains(word)));
    }
}

/// What a project says, and the line that it becomes.
const WORKED_OUT: &[(&str, &str)] = &[
    (
        "set :a, 'x'; set :deploy_to, \"/srv/#{fetch(:a)}/#{1 + 2}\"",
        "deploy_to = \"/srv/x/3\"",
    ),
    (
        "set :deploy_to, File.join('/srv', 'a', 'b')",
        "deploy_to = \"/srv/a/b\"",
    ),
    (
        "set :deploy_to, ENV['ROOT'] || '/srv/a'",
        "deploy_to = \"/srv/a\"",
    ),
    (
        "set :deploy_to, ENV.fetch('ROOT', '/srv/a')",
        "deploy_to = \"/srv/a\"",
    ),
    (
        "set :deploy_to, ENV.fetch('ROOT') { '/srv/a' }",
        "deploy_to = \"/srv/a\"",
    ),
    (
        "set :deploy_to, fetch(:nothing, nil).nil? ? '/srv/n' : '/srv/m'",
        "deploy_to = \"/srv/n\"",
    ),
    (
        "set(:deploy_to) { '/srv/' + fetch(:late) }; set :late, 'l'",
        "deploy_to = \"/srv/l\"",
    ),
    (
        "set :branch, fetch(:stage) == :production ? 'live' : 'main'",
        "branch = \"live\"",
    ),
    (
        "set :branch, 'a' unless fetch(:stage) == :production; set_if_empty :branch, 'b'",
        "branch = \"b\"",
    ),
    (
        "set :linked_dirs, %w[a b]; append :linked_dirs, 'c', 'b'; remove :linked_dirs, 'a'",
        "linked_dirs = [\"b\", \"c\"]",
    ),
    (
        "set :linked_dirs, %w[a b].map { |x| \"d/#{x}\" }",
        "linked_dirs = [\"d/a\", \"d/b\"]",
    ),
    (
        "x = %w[a]\nset :linked_dirs, [*x, 'b']",
        "linked_dirs = [\"a\", \"b\"]",
    ),
    (
        "set :application, <<~A.strip\n  shop\nA\n",
        "application = \"shop\"",
    ),
    ("set :keep_releases, '7'", "keep_releases = 7"),
];

#[test]
fn values_are_worked_out_as_ruby_does() {
    for (source, line) in WORKED_OUT {
        let text = of(source).text;
        assert!(text.lines().any(|it| it == *line), "{source}\n{text}");
    }
}

#[test]
fn what_cannot_be_known_is_told_with_its_place() {
    let cases = [
        (
            "set :branch, `git branch`",
            "has a command run on this machine",
        ),
        (
            "set :deploy_to, ENV['ROOT']",
            "the variable ROOT of whoever deploys, without a default",
        ),
        ("set :keep_releases, 0", "a number from 1 to 10000"),
        ("set :linked_files, ['../x']", "climbs out with `..`"),
        (
            "set :a, -> { fetch(:b) }; set :b, -> { fetch(:a) }; set :branch, -> { fetch(:a) }",
            "call each other without end",
        ),
        ("x = 'a' * 3\nset :branch, x", "calls `*`"),
        ("frobnicate :x", "`frobnicate` is not known"),
        (
            "task(:x) { on(roles(:app)) { upload! 'a', 'b' } }",
            "calls `upload!`",
        ),
        (
            "after 'deploy:published', 'sidekiq:start'",
            "no task of these files",
        ),
        ("if ENV['X']\n set :branch, 'x'\nend", "the variable X"),
    ];
    for (source, reason) in cases {
        let imported = of(source);
        let found = imported.todos.iter().any(|todo| todo.why.contains(reason));
        assert!(found, "{source}\n{:#?}", imported.todos);
    }
}

#[test]
fn a_stage_named_like_a_command_gets_another_name() {
    let files = [windlass_capfile::SourceFile::new(
        "config/deploy/demo.rb",
        "frobnicate\n",
    )];
    let text = imported(&files).text;
    assert!(text.contains("[stages.stage-demo]"), "{text}");
    assert!(text.contains("# TODO demo.rb:1 frobnicate"), "{text}");
}

#[test]
fn what_a_restart_loses_is_said_beside_it() {
    let imported = of(
        "namespace :deploy do\n  task :restart do\n    on roles(:app), in: :sequence, wait: 5 do\n      \
         execute :sudo, 'systemctl restart shop'\n    end\n  end\n  after :publishing, :restart\nend\n",
    );
    assert_eq!(mistakes(&imported.text), "", "{}", imported.text);
    let wanted = "[restart]\n# TODO ran host by host; here on all at once\napp = ";
    assert!(imported.text.contains(wanted), "{}", imported.text);
}

#[test]
fn a_login_that_our_file_would_refuse_is_a_todo() {
    let imported = of("set :ssh_options, { user: 'dep=loy' }");
    assert_eq!(mistakes(&imported.text), "", "{}", imported.text);
    assert_eq!(imported.todos.len(), 1, "{:?}", imported.todos);
}
