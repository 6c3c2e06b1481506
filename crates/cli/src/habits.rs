//! Forms that Capistrano users type by habit, turned into the usual ones.
//!
//! Pure: words in, words out, and the line that names the usual form. What each word is here says the table of foreign
//! words; one that is nothing here is an error with the table's reason. What is not recognised passes unchanged, so that
//! clap says what is wrong with it.

use crate::error::Failure;
use crate::vocabulary::Ours;
use windlass_foreign::{Meaning, Word, switch, task, variable};
use windlass_model::shell;

/// The words to be parsed, and the usual form where they were rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Usual {
    /// The words after the program's name.
    pub words: Vec<String>,
    /// `windlass deploy production`, where another form was typed.
    pub named: Option<String>,
}

/// What people write before Capistrano's name. Only where its order of words is used as well: there they expect it.
const BEFORE_THE_NAME: [&str; 4] = ["HOSTS", "ROLES", "BRANCH", "ROLLBACK_RELEASE"];

/// Rewrites habits; `windlass STAGE` alone shows its status. `environment` answers for one variable.
pub(crate) fn usual(
    words: &[String],
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Usual, Failure> {
    let ours = Ours::default();
    let mut line = Line::taken_apart(words, &ours)?;
    if !line.in_our_order(&ours, environment)? {
        return Ok(Usual {
            words: words.to_vec(),
            named: None,
        });
    }
    let words = [line.command, line.places, line.options, line.rest].concat();
    let named = Some(format!("windlass {}", shell::join(&words)));
    Ok(Usual { words, named })
}

/// A command line taken apart.
#[derive(Default)]
struct Line {
    /// The command, where a word stands for one.
    command: Vec<String>,
    /// Words that are no options: command, stage, task.
    places: Vec<String>,
    /// Options of ours, with their values.
    options: Vec<String>,
    /// `--` and what follows.
    rest: Vec<String>,
    /// Whether a word was another tool's.
    foreign: bool,
}

impl Line {
    fn taken_apart(words: &[String], ours: &Ours) -> Result<Self, Failure> {
        let mut line = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            if word == "--" {
                line.rest.push(word.clone());
                line.rest.extend(words.by_ref().cloned());
            } else if ours.takes_value(word) {
                line.options.push(word.clone());
                line.options.extend(words.next().cloned());
            } else if ours.has(name) {
                line.options.push(word.clone());
            } else if let Some(known) = switch(name) {
                let mut next = || value.clone().or_else(|| words.next().cloned());
                line.foreign(known, name, &mut next)?;
            } else if let (Some(known), Some(value)) = (variable(name), &value) {
                line.foreign(known, name, &mut || Some(value.clone()))?;
            } else if let Some(failure) = value.and_then(|value| assigned(name, &value)) {
                return Err(failure);
            } else if word.starts_with('-') {
                line.options.push(word.clone());
            } else {
                line.places.push(word.clone());
            }
        }
        Ok(line)
    }

    /// A switch or variable of Capistrano's as ours.
    fn foreign(
        &mut self,
        known: &Word,
        name: &str,
        value: &mut dyn FnMut() -> Option<String>,
    ) -> Result<(), Failure> {
        self.foreign = true;
        match known.meaning {
            Meaning::Option(option) => {
                self.options.push(option.to_owned());
                self.options.extend(value());
            }
            Meaning::Command(option) if option.starts_with('-') => {
                self.options.push(option.to_owned());
            }
            Meaning::Command(command) => self.command = vec![command.to_owned()],
            Meaning::Same(_) | Meaning::Ours(_) | Meaning::Reason(_) => {
                return Err(Failure::usage(known.answer(name)));
            }
        }
        Ok(())
    }

    /// Puts the command first; whether anything is another than it was.
    fn in_our_order(
        &mut self,
        ours: &Ours,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<bool, Failure> {
        // The stage may stand behind the task, as it does behind our commands.
        if let [first, second] = self.places.as_mut_slice()
            && is_task(first)
            && !is_task(second)
        {
            std::mem::swap(first, second);
        }
        let first = self.places.first().cloned().unwrap_or_default();
        if first.is_empty() || !self.command.is_empty() || ours.is_command(&first) {
            return Ok(self.foreign);
        }
        let stages = usize::from(!is_task(&first));
        match self.places.get(stages..).unwrap_or_default() {
            // More likely a slip than a stage: clap says what was meant.
            [] if ours.is_like_a_command(&first) => return Ok(self.foreign),
            [] => self.command = vec!["status".to_owned()],
            [command, more @ ..]
                if ours.is_command(command)
                    && (more.is_empty() || !ours.takes_a_stage_alone(command)) =>
            {
                self.command = vec![command.clone()];
            }
            [_, _, ..] => return Err(several(ours, self.places.get(..stages), &self.places)),
            [name] => self.command = command_for(name),
        }
        if stages < self.places.len() {
            let name = self.places.remove(stages);
            // A task of the project's own is called by its name.
            if self.command == ["run"] && !ours.is_command(&name) {
                self.places.push(name);
            }
            self.surroundings(ours, environment);
        }
        Ok(true)
    }

    /// What stands before Capistrano's name, as far as it means something to the command.
    fn surroundings(&mut self, ours: &Ours, environment: impl Fn(&str) -> Option<String>) {
        for name in BEFORE_THE_NAME {
            let Some(Meaning::Option(option)) = variable(name).map(|word| word.meaning) else {
                continue;
            };
            let said = self.options.iter().any(|word| word == option);
            if said || !ours.takes(self.command.first(), option) {
                continue;
            }
            if let Some(value) = environment(name) {
                self.options.extend([option.to_owned(), value]);
            }
        }
    }
}

/// Whether a first word is a task rather than a stage.
fn is_task(word: &str) -> bool {
    word.contains(':') || ["install", "doctor"].contains(&word)
}

/// The command for a task; one of the project's own is run.
fn command_for(name: &str) -> Vec<String> {
    match task(name).map(|word| word.meaning) {
        Some(Meaning::Command(command)) => vec![command.to_owned()],
        _ => vec!["run".to_owned()],
    }
}

/// Capistrano does one task after the other.
fn several(ours: &Ours, stage: Option<&[String]>, places: &[String]) -> Failure {
    let stage = stage.unwrap_or_default();
    let one = |name: &String| {
        let mut words = if ours.is_command(name) {
            vec![name.clone()]
        } else {
            command_for(name)
        };
        let own = words == ["run"];
        words.extend_from_slice(stage);
        words.extend(own.then(|| name.clone()));
        format!("windlass {}", shell::join(&words))
    };
    let lines: Vec<String> = places.iter().skip(stage.len()).map(one).collect();
    Failure::usage("one thing is done at a time").hint(lines.join(" && "))
}

/// What is said to `NAME=value`, which Rake puts into its own environment; none where it is no such thing.
fn assigned(name: &str, value: &str) -> Option<Failure> {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !starts || !name.chars().all(named) {
        return None;
    }
    let set = shell::quote(&format!("env.{name}={value}"));
    let text =
        format!("`{name}=…` sets a variable of this machine, which no command on a host sees");
    Some(Failure::usage(text).hint(format!(
        "`--set {set}` sets it for commands on the hosts, `[env]` in windlass.toml in every run"
    )))
}

/// The answer to a task that the project does not have, where it is another tool's.
pub(crate) fn foreign_task(name: &str) -> Option<Failure> {
    let plain = name.split('[').next().unwrap_or(name);
    task(plain).map(|word| Failure::usage(word.answer(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str, environment: &[(&str, &str)]) -> Result<Usual, Failure> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        usual(&words, |name| {
            let pair = environment.iter().find(|(known, _)| *known == name);
            pair.map(|(_, value)| (*value).to_owned())
        })
    }

    fn rewritten(line: &str) -> String {
        typed(line, &[]).expect(line).words.join(" ")
    }

    /// What is typed, and the usual form.
    const HABITS: &[(&str, &str)] = &[
        ("production deploy", "deploy production"),
        (
            "production deploy:rollback ROLLBACK_RELEASE=20260101000000",
            "rollback production --to 20260101000000",
        ),
        (
            "production deploy BRANCH=fix -n",
            "deploy production --branch fix -n",
        ),
        ("-n production deploy", "deploy production -n"),
        ("production deploy:check", "check production"),
        ("production deploy:unlock", "unlock production"),
        ("production doctor", "check production"),
        ("deploy:rollback", "rollback"),
        ("deploy:check production", "check production"),
        ("install", "init"),
        ("-T", "tasks"),
        ("-T production", "tasks production"),
        ("production -T", "tasks production"),
        ("-D production", "tasks production"),
        ("-z web1 production deploy", "deploy production --host web1"),
        (
            "production deploy -r app,web",
            "deploy production --role app,web",
        ),
        (
            "production deploy --hosts=web1",
            "deploy production --host web1",
        ),
        ("deploy production -z web1", "deploy production --host web1"),
        (
            "deploy production HOSTS=web1",
            "deploy production --host web1",
        ),
        (
            "production deploy -s user=me",
            "deploy production --set user=me",
        ),
        ("production cache:warm", "run production cache:warm"),
        (
            "production sidekiq:restart",
            "run production sidekiq:restart",
        ),
        ("production config deploy_to", "config production deploy_to"),
        ("production run cache:warm", "run production cache:warm"),
        (
            "production exec -- uptime -r",
            "exec production -- uptime -r",
        ),
        ("-C dir production deploy", "deploy production -C dir"),
    ];

    #[test]
    fn habits_become_the_usual_forms() {
        for (line, usual) in HABITS {
            assert_eq!(rewritten(line), *usual, "{line}");
        }
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
    }

    #[test]
    fn the_usual_forms_stay() {
        for line in [
            "deploy production",
            "--version",
            "exec production -- uptime",
            "exec production -- env HOSTS=a -z",
            "deploy production -m HOSTS=web1",
            "run production deploy:cleanup",
            "help deploy",
            "stauts",
            "deplyo -n",
        ] {
            let usual = typed(line, &[("HOSTS", "web1")]).expect(line);
            assert_eq!((usual.words.join(" ").as_str(), usual.named), (line, None));
        }
    }

    #[test]
    fn what_stands_before_capistranos_name_counts_in_its_order_of_words() {
        let around = [
            ("HOSTS", "web1"),
            ("ROLLBACK_RELEASE", "1"),
            ("BRANCH", "b"),
        ];
        let words = |line| typed(line, &around).expect(line).words.join(" ");
        assert_eq!(
            words("production deploy"),
            "deploy production --host web1 --branch b"
        );
        assert_eq!(
            words("production deploy HOSTS=web2"),
            "deploy production --host web2 --branch b"
        );
        assert_eq!(
            words("production deploy:rollback"),
            "rollback production --host web1 --to 1"
        );
        assert_eq!(words("production"), "status production");
    }

    #[test]
    fn a_word_that_is_nothing_here_is_answered() {
        for (line, answer) in [
            ("production deploy --trace", "windlass show"),
            ("-f Capfile production deploy", "--config FILE"),
            ("production deploy COMMAND=uptime", "windlass exec"),
            ("production deploy:check deploy", "one thing"),
            ("production deploy deploy:check", "one thing"),
            ("production deploy check", "one thing"),
            ("production deploy FOO=bar", "`FOO=…` sets a variable"),
            ("production deploy:check foo=bar", "`foo=…` sets a variable"),
        ] {
            let failure = typed(line, &[]).expect_err(line);
            assert!(failure.text.contains(answer), "{line}: {}", failure.text);
            assert_eq!(failure.code, windlass_model::ExitCode::Usage);
        }
        let failure = typed("production deploy:check cache:warm", &[]).expect_err("two");
        assert_eq!(
            failure.hints,
            ["windlass check production && windlass run production cache:warm"]
        );
        let failure = typed("production deploy check", &[]).expect_err("two");
        assert_eq!(
            failure.hints,
            ["windlass deploy production && windlass check production"]
        );
        let failure = typed("production deploy FOO=b&c", &[]).expect_err("a variable");
        assert!(
            failure.hints[0].contains("--set 'env.FOO=b&c'"),
            "{failure:?}"
        );
        assert!(foreign_task("cache:warm").is_none());
        let failure = foreign_task("deploy:cleanup").expect("known");
        assert!(failure.text.contains("keep_releases"), "{}", failure.text);
    }

    /// Every word of the table that stands for something of ours stands for something that is there.
    #[test]
    fn the_table_names_commands_and_options_that_are_there() {
        let ours = Ours::default();
        for word in windlass_foreign::typed() {
            let there = match word.meaning {
                Meaning::Command(option) if option.starts_with('-') => ours.has(option),
                Meaning::Command(command) => ours.is_command(command),
                Meaning::Option(option) => ours.takes_value(option),
                _ => true,
            };
            assert!(there, "{word:?}");
        }
    }
}
