//! Whether every statement of a project is accounted for: of the projects of the tests, and of any that can be made of
//! statements of every kind.

use crate::files::{SourceFile, in_load_order};
use crate::import::{Surroundings, import};
use crate::ledger::{Fate, Ledger, Statement};
use crate::syntax::parse::parse;
use crate::syntax::{Kind, Node};
use proptest::prelude::*;
use std::fs;
use std::path::Path;

/// The statements that one only holds; none where it speaks for itself.
fn inner(node: &Node) -> Option<Vec<&Node>> {
    match &node.kind {
        Kind::If(found) => Some(found.yes.iter().chain(&found.no).collect()),
        Kind::Sequence(body) => Some(body.iter().collect()),
        Kind::And(_, done) | Kind::Or(_, done) => Some(vec![&**done]),
        Kind::Rescued(body, handlers) => Some(body.iter().chain(handlers).collect()),
        Kind::Case(case) => {
            let bodies = case.whens.iter().flat_map(|when| &when.body);
            Some(bodies.chain(&case.otherwise).collect())
        }
        Kind::Call(call) if ["each", "times", "namespace"].contains(&call.name.as_str()) => {
            call.block.as_ref().map(|block| block.body.iter().collect())
        }
        _ => None,
    }
}

/// Every statement that nobody accounts for, by its line.
fn forgotten(file: usize, body: &[&Node], ledger: &Ledger, found: &mut Vec<u32>) {
    for node in body {
        match ledger.fate(Statement::new(file, node.span)) {
            Some(Fate::Opened) => match inner(node) {
                Some(inner) if !inner.is_empty() => forgotten(file, &inner, ledger, found),
                _ => found.push(node.span.line),
            },
            Some(_) => {}
            None => found.push(node.span.line),
        }
    }
}

/// The statements of a project that nobody accounts for, as `deploy.rb:3`.
fn forgotten_of(files: &[SourceFile]) -> Vec<String> {
    let around = Surroundings {
        reserved: &[],
        application: "a",
    };
    let imported = import(files, around).unwrap();
    let mut found = Vec::new();
    for file in in_load_order(files).unwrap() {
        let mut ledger = Ledger::default();
        for account in imported.ledger.iter().filter(|it| it.file == file.name) {
            let (start, end) = account.span;
            let statement = Statement {
                file: 0,
                start,
                end,
                line: account.line,
                part: false,
            };
            ledger.note(statement, account.fate.clone());
        }
        let body = parse(file).unwrap();
        let mut lines = Vec::new();
        forgotten(0, &body.iter().collect::<Vec<_>>(), &ledger, &mut lines);
        found.extend(lines.iter().map(|line| format!("{}:{line}", file.name)));
    }
    found
}

fn below(folder: &Path, root: &Path, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, root, files);
            continue;
        }
        let name = path.strip_prefix(root).unwrap().display().to_string();
        files.push(SourceFile::new(name, fs::read_to_string(&path).unwrap()));
    }
}

#[test]
fn every_statement_of_the_projects_is_accounted_for() {
    let projects = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    for project in fs::read_dir(projects).unwrap() {
        let project = project.unwrap().path();
        let mut files = Vec::new();
        below(&project, &project, &mut files);
        assert_eq!(
            forgotten_of(&files),
            Vec::<String>::new(),
            "{}",
            project.display()
        );
    }
}

#[test]
fn a_statement_without_account_is_seen() {
    let body = parse(&SourceFile::new("a", "set :a, 1\nif x\n  y\nend\n")).unwrap();
    let mut ledger = Ledger::default();
    ledger.note(Statement::new(0, body[1].span), Fate::Opened);
    let mut found = Vec::new();
    forgotten(0, &body.iter().collect::<Vec<_>>(), &ledger, &mut found);
    assert_eq!(found, [1, 3]);
}

/// Statements that hold no others.
const LEAVES: &[&str] = &[
    "set :a, 1",
    "set :branch, 'x'",
    "set :branch, `x`",
    "append :linked_dirs, 'log'",
    "fetch(:a) << 1",
    "delete :branch",
    "ask :b, 'c'",
    "server 'h', roles: %w[app]",
    "role :app, %w[a b]",
    "role :x, []",
    "require 'capistrano/rails'",
    "require x",
    "lock '3'",
    "x = 1",
    "x = `y`",
    "puts 1",
    "1",
    "nil",
    "def a; end",
    "task :t",
    "task(:t) { on(roles(:app)) { execute :a } }",
    "task(:u) { x }",
    "task t: :u",
    "after :t, :u",
    "before('deploy:updated') { on(roles(:web)) { execute 'a b' } }",
    "after 'deploy', 'no:such'",
    "()",
    "import 'x'",
    "install_plugin A::B",
    "namespace :e",
    "set_if_empty :a, 2",
    "remove :linked_dirs, 'log'",
    "fetch(:linked_dirs).push 'x'",
    "Foo.bar = 1",
    "class A; end",
    "set fetch(:q), 1",
    "invoke 'x'",
    "x ||= 2",
    "ENV['X'] ||= 'y'",
    "a, b = 1, 2",
    "return",
    "def c; set :d, 1; end",
    "c",
    "fetch(:default_env)[:a] = 'b'",
    "SSHKit.config.command_map[:a] = 'b'",
    "task(:v) { |t| invoke 't' }",
    "ENV['X'] && set(:f, 1)",
    "fetch(:g) or set :g, 2",
    "set :h, ENV.fetch('X', 'a') == 'a' ? 1 : 2",
    "return if ENV.fetch('X', nil)",
];

/// Statements of every kind; blocks hold others.
fn statements() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(LEAVES);
    leaf.prop_map(|leaf: &str| leaf.to_owned())
        .prop_recursive(3, 24, 4, |inner| {
            let body = proptest::collection::vec(inner, 0..4).prop_map(|body| body.join("\n"));
            (body, 0..14_u8).prop_map(|(body, kind)| match kind {
                0 => format!("namespace :n do\n{body}\nend"),
                1 => format!("if fetch(:stage) == :production\n{body}\nelse\n set :z, 1\nend"),
                2 => format!("unless fetch(:a)\n{body}\nend"),
                3 => format!("if ENV['X']\n{body}\nend"),
                4 => format!("%w[a b].each do |i|\n{body}\nend"),
                5 => format!("unknown.each do |i|\n{body}\nend"),
                6 => format!("begin\n{body}\nend"),
                7 => format!("begin\n{body}\nrescue\n set :y, 1\nend"),
                8 => format!("case fetch(:stage)\nwhen /prod/\n{body}\nelse\n set :z, 1\nend"),
                9 => format!("case ENV['X']\nwhen 'a'\n{body}\nend"),
                10 => format!("ENV.fetch('X', '').split(',').each do |i|\n{body}\nend"),
                11 => format!("unless ENV.fetch('X', 'a') == 'a'\n{body}\nend"),
                12 => format!("case `x`\nwhen 'a'\n{body}\nend"),
                _ => format!("[].each {{ |i|\n{body}\n}}"),
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_statement_is_accounted_for(text in proptest::collection::vec(statements(), 0..8)) {
        let text = text.join("\n");
        let files = [SourceFile::new("config/deploy.rb", text.clone())];
        prop_assert_eq!(forgotten_of(&files), Vec::<String>::new(), "{}", text);
    }
}
