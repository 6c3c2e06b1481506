//! What our own command line knows: its commands and options, for those who look at words before clap does.

use crate::args::Cli;
use clap::CommandFactory as _;

/// What our own command line knows.
pub(crate) struct Ours(clap::Command);

impl Default for Ours {
    fn default() -> Self {
        let mut cli = Cli::command();
        // Options of every command are then known to each.
        cli.build();
        Self(cli)
    }
}

impl Ours {
    /// The whole command line, as clap knows it.
    pub(crate) fn cli(&self) -> &clap::Command {
        &self.0
    }

    /// Whether it is a command.
    pub(crate) fn is_command(&self, word: &str) -> bool {
        word == "help" || self.0.find_subcommand(word).is_some()
    }

    /// Whether it is a command after which a stage may stand and no word more.
    pub(crate) fn takes_a_stage_alone(&self, word: &str) -> bool {
        let command = self.0.find_subcommand(word);
        command.is_some_and(|command| {
            let mut places = command.get_positionals();
            let one = |place: &clap::Arg| {
                !place.is_last_set() && place.get_num_args().is_none_or(|it| it.max_values() <= 1)
            };
            places.next().is_none_or(one) && places.next().is_none()
        })
    }

    /// Whether it is nearly a command.
    pub(crate) fn is_like_a_command(&self, word: &str) -> bool {
        let names = self.0.get_subcommands().map(clap::Command::get_name);
        windlass_config::nearest(word, names).is_some()
    }

    fn arguments(&self) -> impl Iterator<Item = &clap::Arg> {
        let all = std::iter::once(&self.0).chain(self.0.get_subcommands());
        all.flat_map(clap::Command::get_arguments)
    }

    /// Whether any command has this switch or option.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.arguments().any(|argument| is_called(argument, word))
    }

    /// Whether the word is an option whose value is the next one.
    pub(crate) fn takes_value(&self, word: &str) -> bool {
        self.with_value(word).is_some()
    }

    /// The option of this name, where it has a value.
    pub(crate) fn with_value(&self, word: &str) -> Option<&clap::Arg> {
        let takes = |argument: &&clap::Arg| argument.get_action().takes_values();
        self.arguments()
            .filter(takes)
            .find(|argument| is_called(argument, word))
    }

    /// Whether a command has this option.
    pub(crate) fn takes(&self, command: Option<&String>, option: &str) -> bool {
        let command = command.and_then(|name| self.0.find_subcommand(name));
        command.is_some_and(|command| {
            command
                .get_arguments()
                .any(|argument| is_called(argument, option))
        })
    }
}

fn is_called(argument: &clap::Arg, word: &str) -> bool {
    match word.strip_prefix("--") {
        Some(long) => argument.get_long() == Some(long),
        None => word.strip_prefix('-').is_some_and(|short| {
            let mut letters = short.chars();
            argument.get_short().is_some()
                && letters.next() == argument.get_short()
                && letters.next().is_none()
        }),
    }
}
