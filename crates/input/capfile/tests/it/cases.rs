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
    second: "capistrano 2",
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
        "set :application, 'a' unless fetch(:stage) == :production; set_if_empty :application, 'b'",
        "application = \"b\"",
    ),
    // Capistrano's own defaults are there before deploy.rb is read.
    (
        "set_if_empty :branch, 'b'",
        "branch = \"master\"  # Capistrano's default",
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
    (
        "set :deploy_to, '/srv/a-b c'.gsub(/[^a-z\\/]/, '_')",
        "deploy_to = \"/srv/a_b_c\"",
    ),
    (
        "set :branch, 'refs/heads/main'.sub(/\\Arefs\\/(\\w+)\\//, 'x-\\\\1-')",
        "branch = \"x-heads-main\"",
    ),
    (
        "set :branch, 'rel-12' =~ /(\\d+)/ ? 'live' : 'main'",
        "branch = \"live\"",
    ),
    ("set :branch, 'v1.2'[/\\d+/]", "branch = \"1\""),
    (
        "m = 'v1.2'.match(/v(\\d)/); set :branch, m[1]",
        "branch = \"1\"",
    ),
    (
        "set :branch, case fetch(:stage) when :staging, /prod/ then 'live' else 'main' end",
        "branch = \"live\"",
    ),
    (
        "case fetch(:stage)\nwhen :staging then set :branch, 'a'\nelse set :branch, 'b'\nend",
        "branch = \"b\"",
    ),
    (
        "x = nil\nx ||= 'a'\nx += 'b'\nset :branch, x",
        "branch = \"ab\"",
    ),
    (
        "def root(name, base = '/srv')\n  return '/' if name.nil?\n  \"#{base}/#{name}\"\nend\nset :deploy_to, root('x')",
        "deploy_to = \"/srv/x\"",
    ),
    (
        "def shared(*dirs)\n  append :linked_dirs, *dirs\nend\nshared 'a', 'b'",
        "linked_dirs = [\"a\", \"b\"]",
    ),
    (
        "ENV['REF'] ||= 'v1'\nset :branch, ENV['REF']",
        "branch = \"v1\"",
    ),
    (
        "set :branch, 'main'\nif ENV['CI'] == 'true'\n  set :branch, 'ci'\nelse\n  set :branch, 'dev'\nend",
        "branch = \"dev\"",
    ),
    ("a, b = %w[x y]\nset :branch, b", "branch = \"y\""),
    (
        "set :branch, %w[x yy].map(&:length).last.to_s",
        "branch = \"2\"",
    ),
    (
        "set :branch, fetch(:nothing)&.strip || 'b'",
        "branch = \"b\"",
    ),
    (
        "begin\n  set :branch, 'a'\nrescue\n  set :branch, 'b'\nend",
        "branch = \"a\"",
    ),
    ("set :branch, '%s-%d' % ['v', 3]", "branch = \"v-3\""),
    (
        "(1..2).each { |n| append :linked_dirs, \"d#{n}\" }",
        "linked_dirs = [\"d1\", \"d2\"]",
    ),
    (
        "set :keep_releases, fetch(:keep_releases) + 2",
        "keep_releases = 7",
    ),
];

#[test]
fn values_are_worked_out_as_ruby_does() {
    for (source, line) in WORKED_OUT {
        let text = of(source).text;
        assert!(text.lines().any(|it| it == *line), "{source}\n{text}");
    }
}

/// What a project says, and a part of the reason for which it is told of.
const TOLD_OF: &[(&str, &str)] = &[
    (
        "set :branch, `git branch`",
        "asks `git branch` on this machine",
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
    ("x = 'a' ** 3\nset :branch, x", "calls `**`"),
    (
        "set :branch, 'a'[/(?=a)/]",
        "a regular expression of an unusual kind",
    ),
    (
        "set :branch, 'a' * 100_000_000",
        "the text grows too long to be worked out",
    ),
    (
        "def f(x) = f(x)\nset :branch, f(1)",
        "call each other without end",
    ),
    (
        "b = 'a'\nb = 'c' if `git status`.empty?\nset :branch, b",
        "asks `git status` on this machine",
    ),
    (
        "def b\n  return 'x' if `id`.empty?\n  'y'\nend\nset :branch, b",
        "asks `id` on this machine",
    ),
    (
        "if ENV['X']\n  set :keep_releases, 9\nend",
        "the variable X of whoever deploys, taken for not set here",
    ),
    (
        "set :branch, `curl -u me:token=1 x`",
        "asks a command on this machine",
    ),
    ("invoke 'x'", "it runs a task while the files are read"),
    (
        "task(:x, [:month, :year]) { |t, a| on(roles(:app)) { execute a[:month] } }",
        "it takes month, year from the command line",
    ),
    (
        "task(:x) { on(roles(:app)) { download! '/a', 'b' } }",
        "copies /a to this machine",
    ),
    (
        "task(:x) { invoke 'puma:restart' }",
        "invokes `puma:restart`, which is no task of these files",
    ),
    ("frobnicate :x", "`frobnicate` is not known"),
    (
        "task(:x) { on(roles(:app)) { upload! 'a', 'b' } }",
        "uploads a to b",
    ),
    (
        "after 'deploy:published', 'sidekiq:start'",
        "no task of these files",
    ),
];

#[test]
fn what_cannot_be_known_is_told_with_its_place() {
    for (source, reason) in TOLD_OF {
        let imported = of(source);
        let found = imported.todos.iter().any(|todo| todo.why.contains(reason));
        assert!(found, "{source}\n{:#?}", imported.todos);
    }
}

/// The body of a task on the hosts of a role, and the script that it becomes.
const SCRIPTS: &[(&str, &str)] = &[
    (
        "x = capture(:cat, 'f').strip\nexecute :echo, x if x == 'a b'",
        "got_x=$(cat f)\nif [ \"${got_x}\" = 'a b' ]; then\n  echo ${got_x}\nfi",
    ),
    (
        "raise 'it is down' unless test('[ -e a ]') || test(:true)",
        "if ! { [ -e a ] || true; }; then\n  echo 'it is down' >&2\n  exit 1\nfi",
    ),
    (
        "case fetch(:stage)\nwhen /prod/ then execute :a\nelse execute :b\nend",
        "a",
    ),
    (
        "%w[a b].each { |x| next if x == 'a'\nexecute :echo, x }",
        "echo b",
    ),
    (
        "unless test('(a || b)') && test('(c)')\n  execute :x\nend",
        "if ! { { (a || b); } && (c); }; then\n  x\nfi",
    ),
    (
        "execute :x if capture(:readlink, current_path) == release_path",
        "if [ \"$(readlink ${DEPLOY_CURRENT_PATH})\" = \"${DEPLOY_RELEASE_PATH}\" ]; then\n  x\nfi",
    ),
    ("helper 'x y'", "echo x y z"),
    ("2.times { |n| execute :echo, n }", "echo 0\necho 1"),
    (
        "info \"now on #{host}\"",
        "echo 'now on '\"${DEPLOY_HOST}\"",
    ),
];

#[test]
fn tasks_become_scripts_that_mean_the_same() {
    for (body, wanted) in SCRIPTS {
        let source = format!(
            "def helper(*words)\n  execute :echo, *words, 'z'\nend\n\
             task :x do\n  on roles(:app) do |host|\n{body}\n  end\nend"
        );
        let imported = of(&source);
        assert_eq!(mistakes(&imported.text), "", "{}", imported.text);
        let run = if wanted.contains('\n') {
            format!("run = \"\"\"\n{wanted}\n\"\"\"\n")
        } else {
            format!("run = \"{}\"\n", wanted.replace('"', "\\\""))
        };
        assert!(imported.text.contains(&run), "{source}\n{}", imported.text);
    }
}

#[test]
fn a_task_that_needs_others_or_invokes_them_holds_their_lines_once() {
    let imported = of(
        "task(:a) { on(roles(:app)) { execute :a } }\ntask(b: :a) { on(roles(:app)) { execute :b } }\n\
         task(c: [:b, :a]) { |t| invoke 'a'\nRake::Task['b'].invoke\non(roles(:app)) { execute :c } }",
    );
    assert!(
        imported.text.contains("\"\"\"\na\nb\nc\n\"\"\""),
        "{}",
        imported.text
    );
    let endless = of("task(a: :b)\ntask(b: :a) { on(roles(:app)) { execute :b } }");
    assert!(endless.text.contains("name = \"b\""), "{}", endless.text);
}

/// A task with two hooks, and the lines that its second place makes.
#[test]
fn a_second_place_of_a_task_counts_where_rake_would_run_it() {
    let task = "task(:x) { on(roles(:app)) { execute :x } }\nafter 'deploy:updated', :x\n";
    let apart = of(&format!("{task}after 'deploy:reverted', 'x'"));
    let copy = "name = \"x-rollback\"\nrun = \"x\"\nroles = [\"app\"]\ndir = \"~/\"\nafter = \"reverted\"\non = [\"rollback\"]";
    assert!(apart.text.contains(copy), "{}", apart.text);
    assert_eq!(mistakes(&apart.text), "", "{}", apart.text);
    let later = of(&format!("{task}after 'deploy:finishing', 'x'"));
    assert!(later.todos.is_empty(), "{:?}", later.todos);
    let earlier = of(&format!("{task}after 'deploy:started', 'x'"));
    assert!(earlier.todos[0].why.contains("a task has one place"));
}

#[test]
fn a_task_for_releases_leaves_out_hosts_that_have_none() {
    let imported = of("server 'db1', roles: %w[app db], no_release: true\n\
         task(:x) { on(release_roles(:app)) { execute :x } }\ntask(:y) { on(roles(:app)) { execute :y } }");
    let wanted = "run = \"x\"\nroles = [\"app\"]\nhosts = [\"web1.example.com\"]\n";
    assert!(imported.text.contains(wanted), "{}", imported.text);
    assert_eq!(mistakes(&imported.text), "", "{}", imported.text);
    assert_eq!(
        imported.text.matches("\nhosts = [\"web1").count(),
        1,
        "{}",
        imported.text
    );
}

#[test]
fn a_capistrano_2_project_is_known_by_what_only_it_says() {
    let settings = "set :application, 'a'\nset :repository, '/srv/a.git'\nrole :app, 'h1', 'h2'\n";
    let imported = of(settings);
    assert!(imported.second && imported.text.contains("Capistrano 2 project"));
    for line in ["repository = \"/srv/a.git\"", "deploy_to = \"/u/apps/a\""] {
        assert!(imported.text.contains(line), "{}", imported.text);
    }
    assert_eq!(mistakes(&imported.text), "", "{}", imported.text);
    assert!(!of(&format!("{settings}set :repo_url, 'x'")).second);
    let odd = of(&format!(
        "{settings}set :use_sudo, true\nset :gateway, {{}}\ntask(:t, :hosts => 'x') {{ run 'y' }}\n\
         task(:u, :roles => :app) {{ put 'x', '/y' }}\n"
    ));
    let lines: Vec<u32> = odd.todos.iter().map(|todo| todo.line).collect();
    assert_eq!(lines, [4, 5, 6, 7], "{:?}", odd.todos);
}

#[test]
fn a_setting_that_one_stage_alone_uses_is_used() {
    let files = ["a", "b"].map(|stage| {
        let text = if stage == "a" {
            "set :branch, fetch(:x)"
        } else {
            "set :branch, 'b'"
        };
        windlass_capfile::SourceFile::new(format!("config/deploy/{stage}.rb"), text)
    });
    let settings = windlass_capfile::SourceFile::new("config/deploy.rb", "set :x, 'y'");
    let imported = imported(&[settings, files[0].clone(), files[1].clone()]);
    assert!(imported.todos.is_empty(), "{:?}", imported.todos);
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

#[test]
fn a_secret_that_stands_in_the_source_is_carried_over_and_told_of() {
    let imported = of(
        "set :default_env, { 'API_TOKEN' => 'abc', 'RAILS_MASTER_KEY' => ENV['RAILS_MASTER_KEY'], 'LANG' => 'C' }",
    );
    assert!(
        imported.text.contains("API_TOKEN = \"abc\"\nLANG = \"C\""),
        "{}",
        imported.text
    );
    assert_eq!(mistakes(&imported.text), "", "{}", imported.text);
    let [todo] = imported.todos.as_slice() else {
        panic!("{:?}", imported.todos);
    };
    assert!(
        todo.why
            .contains("`API_TOKEN = { from_env = \"API_TOKEN\" }` in [secrets]"),
        "{todo}"
    );
    assert!(!todo.to_string().contains("abc"), "{todo}");
}

#[test]
fn nothing_of_a_project_breaks_out_of_its_comment() {
    let files = [
        windlass_capfile::SourceFile::new("config/deploy/a\nb.rb", "frobnicate \"\u{202e}\nx\"\n"),
        windlass_capfile::SourceFile::new(
            "config/deploy.rb",
            "task(\"t\\nu = 1\") { `x\ny = 2` }\nset :default_env, { \"A\\nb = 1\" => ENV[\"Q\\nc = 3\"] }\n",
        ),
    ];
    let text = imported(&files).text;
    assert_eq!(mistakes(&text), "", "{text}");
    assert!(!text.contains('\u{202e}'), "{text}");
    for line in ["b.rb", "u = 1", "y = 2", "b = 1", "c = 3"] {
        assert!(
            text.lines().all(|it| !it.starts_with(line)),
            "{line}\n{text}"
        );
    }
}
