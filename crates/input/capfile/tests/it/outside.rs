//! What is left out because of something that only whoever deploys knows is told of, wherever it stands.

use crate::of;

/// What a project says, and what is told of: line, shown source, and the name that decides.
type Told = (&'static str, &'static [(u32, &'static str, &'static str)]);

const LEFT_OUT: &[Told] = &[
    (
        "if ENV.fetch('MODE', 'fast') == 'fast'\n  set :keep_releases, 2\nelse\n  set :keep_releases, 3\nend",
        &[(4, "set :keep_releases, 3", "variable MODE")],
    ),
    (
        "if (ENV['MODE'] || 'fast') == 'slow'\n  set :keep_releases, 2\nend",
        &[(2, "set :keep_releases, 2", "variable MODE")],
    ),
    (
        "mode = ENV.fetch('MODE') { 'fast' }\nset :keep_releases, 2 if mode == 'slow'",
        &[(2, "set :keep_releases, 2", "variable MODE")],
    ),
    (
        "set :mode, ENV.fetch('MODE', 'fast')\nset :keep_releases, 2 unless fetch(:mode) == 'fast'",
        &[(2, "set :keep_releases, 2", "variable MODE")],
    ),
    (
        "set(:mode) { ENV.fetch('MODE', 'fast') }\ncase fetch(:mode)\nwhen 'slow' then set :keep_releases, 2\nelse set :keep_releases, 3\nend",
        &[(3, "set :keep_releases, 2", "variable MODE")],
    ),
    (
        "ask :mode, 'fast'\nset :keep_releases, 2 if fetch(:mode) != 'fast'",
        &[(2, "set :keep_releases, 2", "question for `mode`")],
    ),
    (
        "ENV['MODE'] ||= 'fast'\nset :keep_releases, 2 if ENV['MODE'] == 'slow'",
        &[(2, "set :keep_releases, 2", "variable MODE")],
    ),
    (
        "def slow?(mode)\n  mode == 'slow'\nend\nset :keep_releases, 2 if slow?(ENV.fetch('MODE', 'fast'))",
        &[(4, "set :keep_releases, 2", "variable MODE")],
    ),
    // A part of an expression is shown with its line.
    (
        "set :keep_releases, ENV['MODE'] ? 2 : 3",
        &[(
            1,
            "set :keep_releases, ENV['MODE'] ? 2 : 3",
            "variable MODE",
        )],
    ),
    (
        "def keep\n  return 2 if ENV.fetch('MODE', 'fast') == 'slow'\n  3\nend\nset :keep_releases, keep",
        &[(
            2,
            "return 2 if ENV.fetch('MODE', 'fast') == 'slow'",
            "variable MODE",
        )],
    ),
    // What follows a line that ends the file because of it.
    (
        "return unless ENV.fetch('MODE', nil)\nset :keep_releases, 2",
        &[(2, "set :keep_releases, 2", "variable MODE")],
    ),
    (
        "ENV.fetch('MODE', nil) && set(:keep_releases, 2)",
        &[(1, "set(:keep_releases, 2)", "variable MODE")],
    ),
    (
        "ENV.fetch('MORE', '').split(',').each { |role| append :linked_dirs, role }",
        &[(1, "append :linked_dirs, role", "variable MORE")],
    ),
    // What the branch left out would have changed depends on the variable too.
    (
        "set :mode, 'fast' if ENV['MODE']\nset :keep_releases, 2 if fetch(:mode)",
        &[
            (1, "set :mode, 'fast'", "variable MODE"),
            (2, "set :keep_releases, 2", "variable MODE"),
        ],
    ),
    (
        "mode = 'a'\nmode = 'b' if ENV['MODE']\nset :keep_releases, 2 if mode == 'b'",
        &[
            (2, "mode = 'b'", "variable MODE"),
            (3, "set :keep_releases, 2", "variable MODE"),
        ],
    ),
    (
        "if ENV.fetch('A', '1') == '1' && ENV.fetch('B', '1') == '2'\n  set :keep_releases, 2\nend",
        &[(2, "set :keep_releases, 2", "variable B")],
    ),
    // A script does the same, whoever deploys: the task is told of as a whole.
    (
        "task(:t) { on(roles(:app)) { execute :a if ENV.fetch('MODE', 'fast') == 'fast' } }",
        &[(1, "task(:t) { on(roles(:app)) {", "variable MODE")],
    ),
    (
        "task(:t) do\n  on(roles(:app)) do\n    case ENV.fetch('MODE', 'a')\n    when 'a' then execute :a\n    end\n  end\nend",
        &[(1, "task(:t) do", "variable MODE")],
    ),
];

#[test]
fn whatever_only_whoever_deploys_decides_is_told_of() {
    for (source, told) in LEFT_OUT {
        let todos = of(source).todos;
        assert_eq!(todos.len(), told.len(), "{source}\n{todos:#?}");
        for (todo, (line, shown, by)) in todos.iter().zip(*told) {
            assert_eq!(todo.line, *line, "{source}\n{todo:?}");
            assert!(todo.source.starts_with(shown), "{source}\n{todo:?}");
            assert!(todo.why.contains(by), "{source}\n{todo:?}");
        }
    }
}

/// What only the files decide, beside variables that decide nothing.
const CERTAIN: &[&str] = &[
    "ENV['MODE'] = 'fast'\nset :keep_releases, 2 if ENV['MODE'] == 'slow'",
    "set :deploy_to, ENV.fetch('ROOT', '/srv/a')\nset :keep_releases, 2 if fetch(:stage) == :staging",
    "mode = ENV['MODE']\nmode = 'fast'\nset :keep_releases, 2 if mode == 'slow'",
    "set :keep_releases, 2 if fetch(:stage) == :staging && ENV['MODE']",
    "set :branch, 'b' if ENV['MODE']",
];

#[test]
fn what_the_files_decide_alone_needs_no_look() {
    for source in CERTAIN {
        let todos = of(source).todos;
        assert!(todos.is_empty(), "{source}\n{todos:#?}");
    }
}

#[test]
fn a_condition_of_several_parts_is_worked_out_part_by_part() {
    let text = of("set :keep_releases, 2 if !ENV['MODE'] && fetch(:stage) == :staging").text;
    assert!(!text.contains("keep_releases = 2"), "{text}");
    let text = of("fetch(:nothing) or set :keep_releases, 2").text;
    assert!(text.contains("keep_releases = 2"), "{text}");
}

#[test]
fn a_lambda_is_told_of_in_the_file_where_it_stands() {
    let todos = of("\nset :deploy_to, -> { `id` }").todos;
    assert!(todos[0].why.contains("deploy.rb:2"), "{todos:#?}");
}
