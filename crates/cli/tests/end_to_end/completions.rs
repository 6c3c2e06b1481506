//! Words are completed in real shells, from windlass.toml and the journal, without a word of complaint.

use crate::support::{Run, Running, Stage};
use std::path::Path;

/// Loads the script as a person does and says what a line may become, one candidate a line.
const BASH: &str = r#"
source <(windlass completions bash)
COMP_LINE=$1 COMP_POINT=${#1}
_windlass windlass
printf '%s\n' "${COMPREPLY[@]}"
"#;
const ZSH: &str = r#"
compdef() { registered=$1-$2 }
compadd() { print -rl -- "${(@P)argv[-1]}" }
_files() { print -r -- "files $*" }
source <(windlass completions zsh)
[[ $registered == _windlass-windlass ]] || exit 9
words=("${(@s: :)1}") CURRENT=${#words}
_windlass
"#;
const FISH: &str = r"
windlass completions fish | source
complete -C $argv[1] | string replace --regex '\t.*' ''
";

/// The shells that are here; one that is missing is named.
#[expect(clippy::print_stderr, reason = "a skipped test has to be seen")]
fn shells() -> Vec<(&'static str, Vec<&'static str>)> {
    let all = [
        ("bash", vec!["--norc", "-c", BASH, "bash"]),
        ("zsh", vec!["-f", "-c", ZSH, "zsh"]),
        ("fish", vec!["--no-config", "-c", FISH]),
    ];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_here = |name: &str| std::env::split_paths(&path).any(|dir| dir.join(name).is_file());
    let (here, missing): (Vec<_>, Vec<_>) = all.into_iter().partition(|(name, _)| is_here(name));
    for (name, _) in missing {
        eprintln!("SKIPPED: words are not completed in {name}, which is not installed");
    }
    here
}

fn completed(stage: &Stage, (shell, words): &(&str, Vec<&str>), line: &str) -> Run {
    let mut command = stage.program(shell);
    let binary = Path::new(env!("CARGO_BIN_EXE_windlass"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = std::iter::once(binary.parent().expect("a directory").to_owned());
    let path = std::env::join_paths(dirs.chain(std::env::split_paths(&path))).expect("a path");
    command
        .args(words)
        .arg(line)
        .env("PATH", path)
        .env("TERM", "dumb");
    Running::new(command).finish()
}

/// Asserts what a line may become. bash is told only what follows the last colon or equals sign.
fn assert_completed(stage: &Stage, line: &str, expected: &[&str]) {
    for shell in shells() {
        let run = completed(stage, &shell, line);
        let out = String::from_utf8_lossy(&run.stdout).into_owned();
        let found: Vec<&str> = out.lines().filter(|line| !line.is_empty()).collect();
        let last = line.rsplit(' ').next().unwrap_or_default();
        let done = match (shell.0, last.rfind([':', '='])) {
            ("bash", Some(at)) => at + 1,
            _ => 0,
        };
        let wanted: Vec<&str> = expected.iter().map(|word| &word[done..]).collect();
        assert_eq!(found, wanted, "{line} in {}\n{run}", shell.0);
        assert_eq!(run.stderr, "", "{line} in {}", shell.0);
    }
}

#[test]
fn shells_complete_stages_tasks_releases_and_settings() {
    let stage = Stage::new();
    stage.configure(
        "",
        "[[tasks]]\nname = \"cache:warm\"\nrun = \"true\"\n[[tasks]]\nname = \"cache:drop\"\nrun = \"true\"\n",
    );
    let release = stage.deploy_first();
    for (line, expected) in [
        ("windlass dep", vec!["deploy"]),
        ("windlass prod", vec!["production"]),
        ("windlass production rollb", vec!["rollback"]),
        ("windlass deploy ", vec!["production"]),
        ("windlass deploy production --dry", vec!["--dry-run"]),
        (
            "windlass run production cache:",
            vec!["cache:drop", "cache:warm"],
        ),
        ("windlass run production cache:w", vec!["cache:warm"]),
        ("windlass rollback production --to ", vec![&release]),
        ("windlass status --host=127", vec!["--host=127.0.0.1"]),
        ("windlass --set rails.e", vec!["rails.env="]),
        ("windlass config production keep", vec!["keep_releases"]),
        ("windlass exec production -- upt", vec![]),
        ("windlass nonsense ", vec![]),
    ] {
        assert_completed(&stage, line, &expected);
    }
}

#[test]
fn a_file_that_is_wrong_and_a_journal_that_is_none_are_passed_over_in_silence() {
    let stage = Stage::new();
    std::fs::write(stage.repo.work().join("windlass.toml"), "no toml [").expect("written");
    let folder = stage.home().join("state/windlass");
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::write(folder.join("journal.db"), "no database").expect("written");
    for line in [
        "windlass deploy ",
        "windlass rollback production --to ",
        "windlass attach ",
    ] {
        assert_completed(&stage, line, &[]);
    }
    assert_completed(&stage, "windlass resu", &["resume"]);
}
