//! What is written is accepted by the reader of windlass.toml.

use crate::cases::PROJECTS;
use crate::{case, imported, mistakes, of};
use proptest::prelude::*;

#[test]
fn every_case_is_accepted() {
    for name in PROJECTS {
        let text = imported(&case(name)).text;
        assert_eq!(mistakes(&text), "", "{text}");
    }
}

#[test]
fn a_setting_of_a_plugin_that_is_not_required_is_a_todo() {
    let imported = of("set :bundle_without, 'a'\nset :conditionally_migrate, true");
    assert_eq!(mistakes(&imported.text), "", "{}", imported.text);
    let lines: Vec<u32> = imported.todos.iter().map(|todo| todo.line).collect();
    assert_eq!(lines, [1, 2]);
}

const SETTINGS: &[&str] = &[
    "application",
    "repo_url",
    "branch",
    "deploy_to",
    "repo_tree",
    "keep_releases",
    "linked_files",
    "linked_dirs",
    "default_env",
    "ssh_options",
    "own",
    "rbenv_ruby",
    "rvm_ruby_version",
    "rbenv_custom_path",
    "bundle_gemfile",
    "bundle_path",
    "bundle_without",
    "bundle_jobs",
    "bundle_binstubs",
    "bundle_roles",
    "bundle_flags",
    "bundle_check_before_install",
    "rails_env",
    "assets_prefix",
    "assets_roles",
    "rails_assets_groups",
    "keep_assets",
    "assets_manifests",
    "normalize_asset_timestamps",
    "migration_role",
    "migration_command",
    "conditionally_migrate",
];
const PHASES: &[&str] = &[
    "deploy:starting",
    "deploy:updated",
    "deploy:published",
    "deploy:finished",
    "deploy:reverted",
    "t0",
    "t1",
    "no:such",
];
const ROLES: &[&str] = &["app", "web", "db", "all", "odd one"];

/// A piece of text, often an odd one.
fn word() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-z]{1,6}",
        "[a-zA-Z0-9/._@: {}$~-]{0,12}",
        Just("production".to_owned()),
        Just("tmp/pids".to_owned()),
        Just("ü\u{7}\u{202e}".to_owned()),
    ];
    word.prop_map(|word| format!("\"{}\"", word.replace("#{", "")))
}

fn value() -> impl Strategy<Value = String> {
    let fixed = proptest::sample::select(vec![
        "nil",
        "3",
        "true",
        "ENV[\"X\"]",
        "-> { fetch(:application) }",
        "{ a: 1, \"B\" => \"x\", path: \"/o:$PATH\", c: ENV['C'] }",
        "{ user: 'u', port: 2, keys: %w[k], password: 'p', forward_agent: true }",
    ]);
    let list = proptest::collection::vec(word(), 0..4);
    prop_oneof![
        word(),
        list.prop_map(|words| format!("[{}]", words.join(", "))),
        fixed.prop_map(str::to_owned),
    ]
}

fn setting() -> impl Strategy<Value = String> {
    let name = proptest::sample::select(SETTINGS);
    let words = proptest::sample::select(vec!["set", "append"]);
    let set =
        (words, name, value()).prop_map(|(word, name, value)| format!("{word} :{name}, {value}"));
    let branch = (word(), value())
        .prop_map(|(name, value)| format!("if fetch(:own) == {name}\n  set :branch, {value}\nend"));
    prop_oneof![4 => set, 1 => branch]
}

fn task() -> impl Strategy<Value = String> {
    let role = || proptest::sample::select(ROLES);
    let server = (word(), role(), any::<bool>()).prop_map(|(host, role, primary)| {
        format!("server {host}, roles: [\"{role}\"], primary: {primary}")
    });
    let task =
        (0..3_u8, role(), word(), any::<bool>()).prop_map(|(number, role, command, within)| {
            let line = format!("execute :run, {command}");
            let line = if within {
                format!("within(release_path) {{ {line} }}")
            } else {
                line
            };
            format!("task(:t{number}) {{ on(roles(\"{role}\")) {{ {line} }} }}")
        });
    let phase = proptest::sample::select(PHASES);
    let hook = (0..3_u8, phase, any::<bool>()).prop_map(|(number, phase, before)| {
        format!(
            "{} \"{phase}\", :t{number}",
            if before { "before" } else { "after" }
        )
    });
    prop_oneof![server, task, hook]
}

fn statement() -> impl Strategy<Value = String> {
    prop_oneof![setting(), task()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_a_project_says_the_file_is_accepted(
        statements in proptest::collection::vec(statement(), 0..12),
    ) {
        let text = of(&statements.join("\n")).text;
        prop_assert_eq!(mistakes(&text), "", "{}", text);
    }
}
