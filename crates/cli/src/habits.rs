//! Forms that Capistrano users type by habit, turned into the usual ones.
//!
//! Pure: words in, words out, and the line that names the usual form. What is not recognised passes unchanged, so that
//! clap says what is wrong with it.

use crate::args::Cli;
use clap::CommandFactory as _;

/// The words to be parsed, and the usual form where they were rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Usual {
    /// The words after the program's name.
    pub words: Vec<String>,
    /// `windlass deploy production`, where another form was typed.
    pub named: Option<String>,
}

/// Capistrano's tasks and the commands they are here.
const TASKS: [(&str, &str); 6] = [
    ("deploy", "deploy"),
    ("deploy:rollback", "rollback"),
    ("deploy:check", "check"),
    ("deploy:unlock", "unlock"),
    ("doctor", "check"),
    ("deploy:pending", "plan"),
];

/// Rewrites habits; `windlass STAGE` alone shows its status.
pub(crate) fn usual(words: &[String]) -> Usual {
    let unchanged = Usual {
        words: words.to_vec(),
        named: None,
    };
    let Some((first, rest)) = words.split_first() else {
        return unchanged;
    };
    if first == "-T" {
        return named([&["tasks".to_owned()], rest].concat());
    }
    if first.starts_with('-') || is_command(first) {
        return unchanged;
    }
    let task = rest
        .iter()
        .position(|word| !word.starts_with('-') && !is_variable(word));
    let command = match task.and_then(|index| rest.get(index)) {
        // More likely a slip than a stage: clap says what was meant.
        None if is_like_a_command(first) => return unchanged,
        None => "status",
        Some(task) => match TASKS.iter().find(|(name, _)| name == task) {
            Some((_, command)) => command,
            None => return unchanged,
        },
    };
    let mut usual = vec![command.to_owned(), first.clone()];
    let others = rest
        .iter()
        .enumerate()
        .filter(|(index, _)| Some(*index) != task);
    usual.extend(others.flat_map(|(_, word)| option(word)));
    named(usual)
}

fn named(words: Vec<String>) -> Usual {
    let named = Some(format!("windlass {}", words.join(" ")));
    Usual { words, named }
}

/// A Capistrano option or variable as ours.
fn option(word: &str) -> Vec<String> {
    let pair = |option: &str, value: &str| vec![option.to_owned(), value.to_owned()];
    match word.split_once('=') {
        Some(("BRANCH", value)) => pair("--branch", value),
        Some(("ROLLBACK_RELEASE", value)) => pair("--to", value),
        Some(("HOSTS", value)) => pair("--host", value),
        Some(("ROLES", value)) => pair("--role", value),
        _ if word == "-z" => vec!["--host".to_owned()],
        _ if word == "-r" => vec!["--role".to_owned()],
        _ => vec![word.to_owned()],
    }
}

fn is_variable(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
}

fn is_command(word: &str) -> bool {
    word == "help"
        || Cli::command()
            .get_subcommands()
            .any(|command| command.get_name() == word)
}

fn is_like_a_command(word: &str) -> bool {
    let cli = Cli::command();
    let names = cli.get_subcommands().map(clap::Command::get_name);
    windlass_config::nearest(word, names).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        usual(&words).words.join(" ")
    }

    #[test]
    fn habits_become_the_usual_forms() {
        assert_eq!(rewritten("production deploy"), "deploy production");
        assert_eq!(
            rewritten("production deploy:rollback ROLLBACK_RELEASE=20260101000000"),
            "rollback production --to 20260101000000"
        );
        assert_eq!(
            rewritten("production deploy BRANCH=fix -n"),
            "deploy production --branch fix -n"
        );
        for stage in [
            "production",
            "staging",
            "stage",
            "test",
            "live",
            "prod",
            "eu",
        ] {
            assert_eq!(rewritten(stage), format!("status {stage}"));
        }
        assert_eq!(rewritten("-T production"), "tasks production");
    }

    #[test]
    fn the_usual_forms_stay() {
        for line in [
            "deploy production",
            "--version",
            "exec production -- uptime",
            "production bogus",
            "stauts",
            "deplyo -n",
        ] {
            assert_eq!(rewritten(line), line);
        }
    }
}
