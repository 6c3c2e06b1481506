//! Projects that nobody wrote: statements of every kind in any order, and the sample projects with bytes of them changed.
//!
//! Whatever is given, an answer comes: a file that the reader of settings accepts, in bounded time and of bounded size,
//! or an error that names the file and the way out. The suite tries some; `cargo xtask soak projects` as many as there is time for.

use crate::cases::PROJECTS;
use crate::{AROUND, case, mistakes};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use windlass_capfile::{Error, SourceFile, import};

/// How many cases one round of the soak has.
const ROUND: u32 = 200;
/// How many rounds it has.
const ROUNDS: u64 = 5000;
/// No import takes longer: the parser has ten seconds a file, and these are small.
const LONGEST: Duration = Duration::from_secs(60);
/// No answer is longer.
const LARGEST: usize = 64 << 20;

const NAMES: &[&str] = &[
    "a",
    "b",
    "branch",
    "linked_dirs",
    "deploy_to",
    "application",
    "default_env",
    "stage",
];
const METHODS: &[&str] = &[
    "strip",
    "chomp",
    "map(&:to_s)",
    "push(x)",
    "first",
    "to_s",
    "nil?",
    "empty?",
    "join('/')",
    "split(',')",
    "gsub(/a+/, 'bb')",
    "sub('a', x)",
    "[0]",
    "[1..2]",
    "=~ /(a|b)*c/",
    "match(/a(.)/)",
    "merge(b: x)",
    "keys",
    "fetch(:a, x)",
    "+ x",
    "* 3",
    "|| x",
    "&& x",
    "== x",
    "call",
    "reverse",
    "flatten",
    "upcase",
    "scan(/./)",
    "% x",
    "length",
    "to_sym",
    "compact",
    "uniq",
    "*x",
    "&.size",
    "tr('a', 'b')",
];

/// Statements that are always the same.
const FIXED: &[&str] = &[
    "x = x + x",
    "x = [x, x]",
    "x = { a: x, b: x }",
    "f = -> { f.call }",
    "return",
    "next",
    "helper x",
    "invoke 't'",
    "after 'deploy:updated', 't'",
    "before :t, 'n:t'",
    "require 'capistrano/rails'",
    "require 'capistrano/npm'",
    "load 'deploy'",
];

/// An expression.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("x".to_owned()),
        Just("y".to_owned()),
        Just("nil".to_owned()),
        Just("`uptime`".to_owned()),
        Just("ENV['A']".to_owned()),
        Just("shared_path".to_owned()),
        Just("release_path".to_owned()),
        Just("helper(x)".to_owned()),
        Just("capture(:a)".to_owned()),
        (0..1_000_000_000_i64).prop_map(|number| number.to_string()),
        "'[a-z/.@:{}$ -]{0,12}'",
        "%w\\[[a-z ]{0,12}\\]",
        proptest::sample::select(NAMES).prop_map(|name| format!("fetch(:{name})")),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let method = proptest::sample::select(METHODS);
        prop_oneof![
            (inner.clone(), method).prop_map(|(of, method)| match method.as_bytes().first() {
                Some(byte) if byte.is_ascii_lowercase() || *byte == b'*' =>
                    format!("{of}.{}", method.trim_start_matches('*')),
                _ if method.starts_with('&') && !method.starts_with("&&") =>
                    format!("{of}{method}"),
                _ => format!("({of} {method})"),
            }),
            proptest::collection::vec(inner.clone(), 0..5)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            (inner.clone(), inner.clone())
                .prop_map(|(one, two)| format!("{{ a: {one}, 'b' => {two} }}")),
            (inner.clone(), inner.clone())
                .prop_map(|(one, two)| format!("\"#{{{one}}}/#{{{two}}}\"")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            inner.clone().prop_map(|of| format!("-> {{ {of} }}")),
            inner.prop_map(|of| format!("{of}.map {{ |y| [y, x] }}")),
        ]
    })
}

/// A statement.
fn statement() -> impl Strategy<Value = String> {
    let name = || proptest::sample::select(NAMES);
    let leaf = prop_oneof![
        proptest::sample::select(FIXED).prop_map(str::to_owned),
        (name(), value()).prop_map(|(name, value)| format!("set :{name}, {value}")),
        (name(), value()).prop_map(|(name, value)| format!("append :{name}, {value}")),
        (name(), value()).prop_map(|(name, value)| format!("fetch(:{name}) << {value}")),
        value().prop_map(|value| format!("x = {value}")),
        value().prop_map(|value| format!("x += {value}")),
        value().prop_map(|value| format!("x ||= {value}")),
        value().prop_map(|value| format!("y, x = {value}")),
        value().prop_map(|value| format!("server {value}, roles: [:app], user: {value}")),
        value().prop_map(|value| format!("role :web, {value}, primary: true")),
        value().prop_map(|value| format!("execute {value}, {value}")),
        value().prop_map(|value| format!("set :ssh_options, {{ keys: {value}, proxy: {value} }}")),
        value().prop_map(|value| format!("SSHKit.config.command_map[:a] = {value}")),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let body = proptest::collection::vec(inner, 0..6).prop_map(|body| body.join("\n"));
        (body, value(), 0..14_u8).prop_map(|(body, value, kind)| match kind {
            0 => format!("task :t do\n{body}\nend"),
            1 => format!("task :t do\non roles(:app) do |x|\n{body}\nend\nend"),
            2 => format!("namespace :n do\n{body}\nend"),
            3 => format!("if {value}\n{body}\nelse\n{body}\nend"),
            4 => format!("unless test({value})\n{body}\nend"),
            5 => format!("{value}.each do |x|\n{body}\nend"),
            6 => format!("9999.times do |y|\n{body}\nend"),
            7 => format!("def helper(x, *y)\n{body}\nend"),
            8 => format!("case {value}\nwhen /a/, x then {body}\nelse\n{body}\nend"),
            9 => format!("begin\n{body}\nrescue\n{body}\nend"),
            10 => format!("on roles({value}) do\n{body}\nend"),
            11 => format!("within {value} do\n{body}\nend"),
            12 => format!("x.each_with_index {{ |x, y|\n{body}\n}}"),
            _ => format!("on_rollback do\n{body}\nend"),
        })
    })
}

/// A project of statements.
fn written() -> impl Strategy<Value = Vec<SourceFile>> {
    let text = || proptest::collection::vec(statement(), 0..12).prop_map(|body| body.join("\n"));
    (text(), text()).prop_map(|(settings, stage)| {
        vec![
            SourceFile::new("config/deploy.rb", settings),
            SourceFile::new("config/deploy/production.rb", stage),
        ]
    })
}

/// What is done to a byte: taken away, doubled, changed, or what follows it is cut off or put somewhere else.
type Change = (usize, u8, u8);

/// A sample project with some of its bytes changed.
fn changed() -> impl Strategy<Value = Vec<SourceFile>> {
    let changes = proptest::collection::vec((any::<usize>(), 0..5_u8, any::<u8>()), 1..8);
    (
        proptest::sample::select(PROJECTS),
        any::<prop::sample::Index>(),
        changes,
    )
        .prop_map(|(project, which, changes)| {
            let mut files = case(project);
            let at = which.index(files.len());
            let mut bytes = files[at].text.clone().into_bytes();
            for change in changes {
                damage(&mut bytes, change);
            }
            files[at].text = String::from_utf8_lossy(&bytes).into_owned();
            files
        })
}

fn damage(bytes: &mut Vec<u8>, (at, kind, byte): Change) {
    if bytes.is_empty() {
        return;
    }
    let at = at % bytes.len();
    match kind {
        0 => {
            bytes.remove(at);
        }
        1 => bytes.insert(at, bytes[at]),
        2 => bytes[at] = byte,
        3 => bytes.truncate(at),
        _ => {
            let line = bytes[at..].iter().position(|byte| *byte == b'\n');
            let end = at + line.unwrap_or(bytes.len() - at);
            let moved: Vec<u8> = bytes.drain(at..end).collect();
            let to = usize::from(byte) * 37 % (bytes.len() + 1);
            bytes.splice(to..to, moved);
        }
    }
}

/// Imports a project, and holds the answer to what was promised.
fn answered(files: &[SourceFile]) -> Result<(), TestCaseError> {
    let begun = Instant::now();
    let answer = import(files, AROUND);
    let took = begun.elapsed();
    prop_assert!(took < LONGEST, "it took {took:?}");
    match answer {
        Ok(imported) => {
            prop_assert!(
                imported.text.len() < LARGEST,
                "{} bytes",
                imported.text.len()
            );
            let mistakes = mistakes(&imported.text);
            prop_assert_eq!(&mistakes, "", "{}", imported.text);
        }
        Err(error) => {
            prop_assert!(!error.hint().is_empty());
            prop_assert!(!matches!(error, Error::ParserBroke { .. }), "{}", error);
            let (said, mut names) = (error.to_string(), files.iter().map(|file| &file.name));
            prop_assert!(names.any(|name| said.contains(name.as_str())), "{}", said);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn statements_in_any_order_get_an_answer(files in written()) {
        answered(&files)?;
    }

    #[test]
    fn a_project_with_bytes_changed_gets_an_answer(files in changed()) {
        answered(&files)?;
    }
}

/// Which rounds are this run's, and how far it came: as `cargo xtask soak` hands it down.
struct Part {
    number: u64,
    of: u64,
    progress: Option<PathBuf>,
}

impl Part {
    #[expect(
        clippy::disallowed_methods,
        reason = "the run learns its part from its environment"
    )]
    fn from_environment() -> Self {
        let shard = std::env::var("SOAK_SHARD").unwrap_or_else(|_| "1/1".to_owned());
        let (number, of) = shard.split_once('/').expect("K/N");
        Self {
            number: number.parse().expect("a number"),
            of: of.parse().expect("a number"),
            progress: std::env::var_os("SOAK_PROGRESS").map(PathBuf::from),
        }
    }

    /// The round to begin with.
    fn from(&self) -> u64 {
        let read = self
            .progress
            .as_ref()
            .and_then(|file| fs::read_to_string(file).ok());
        read.and_then(|text| text.trim().parse().ok())
            .unwrap_or(self.number - 1)
    }

    fn came_to(&self, round: u64) {
        if let Some(file) = &self.progress {
            fs::write(file, round.to_string()).expect("written");
        }
    }
}

#[test]
#[ignore = "takes hours: cargo xtask soak projects"]
fn projects() {
    let part = Part::from_environment();
    let mut round = part.from();
    let mut tried = 0_u64;
    while round < ROUNDS {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&round.to_le_bytes());
        let config = Config {
            cases: ROUND / 2,
            failure_persistence: None,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(config, rng);
        runner
            .run(&written(), |files| answered(&files))
            .unwrap_or_else(|error| panic!("round {round}: {error}"));
        runner
            .run(&changed(), |files| answered(&files))
            .unwrap_or_else(|error| panic!("round {round}: {error}"));
        tried += u64::from(ROUND);
        round += part.of;
        part.came_to(round);
        let line = format!("{tried} projects, next round {round} of {ROUNDS}\n");
        std::io::stderr().write_all(line.as_bytes()).expect("said");
    }
}
