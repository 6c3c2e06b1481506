//! What may stand where the cursor is: commands and options as clap has them, and the names of the project.
//!
//! Asked at each press of Tab, so it is quick and quiet: no host is asked, nothing is made, and where the file or the
//! journal cannot be read there are fewer candidates and no message.

mod known;
mod line;

pub(crate) use known::Known;
pub(crate) use line::words_of;

use crate::vocabulary::Ours;
use line::Line;

/// What may stand there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The name of a file.
    Files,
    /// The name of a directory.
    Directories,
    /// One of these words, each with what it is.
    Words(Vec<(String, String)>),
}

/// What the last of the words may become.
pub(crate) fn candidates(words: &[String], known: &Known) -> Answer {
    let ours = Ours::default();
    let Some((last, before)) = words.split_last() else {
        return Answer::Words(Vec::new());
    };
    let line = Line::read(&ours, before);
    let option = last.split_once('=').filter(|_| last.starts_with("--"));
    if line.over {
        Answer::Words(Vec::new())
    } else if let Some(option) = line.waiting {
        value(option, &line, ("", last), known)
    } else if let Some((name, begun)) = option {
        match ours.with_value(name) {
            Some(option) => value(option, &line, (&format!("{name}="), begun), known),
            None => Answer::Words(Vec::new()),
        }
    } else if last.starts_with('-') {
        Answer::Words(begins(last, options(&ours, &line)))
    } else {
        Answer::Words(begins(last, places(&ours, &line, known)))
    }
}

/// Words without a word on what they are.
fn plain(words: Vec<String>) -> Vec<(String, String)> {
    let plain = |word| (word, String::new());
    words.into_iter().map(plain).collect()
}

fn begins(start: &str, mut words: Vec<(String, String)>) -> Vec<(String, String)> {
    words.retain(|(word, _)| word.starts_with(start));
    words
}

/// The options of the command, or of all.
fn options(ours: &Ours, line: &Line<'_>) -> Vec<(String, String)> {
    let command = line.command.unwrap_or(ours.cli());
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    shown
        .filter_map(|arg| Some((format!("--{}", arg.get_long()?), help(arg.get_help()))))
        .collect()
}

fn help(text: Option<&clap::builder::StyledStr>) -> String {
    let text = text.map(ToString::to_string).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

/// What may stand where no option does.
fn places(ours: &Ours, line: &Line<'_>, known: &Known) -> Vec<(String, String)> {
    let Some(command) = line.command else {
        return first(ours, line, known);
    };
    // The stage of Capistrano's order of words counts as said.
    let at = line.places.len();
    let positionals: Vec<&clap::Arg> = command.get_positionals().collect();
    let Some(argument) = positionals.get(at).or(positionals.last()) else {
        return Vec::new();
    };
    let values = argument.get_possible_values();
    if !values.is_empty() && at == 0 {
        let value = |value: &clap::builder::PossibleValue| {
            (value.get_name().to_owned(), help(value.get_help()))
        };
        return values.iter().map(value).collect();
    }
    plain(match (argument.get_id().as_str(), at) {
        ("stage", 0) if positionals.len() > 1 => {
            [known.stages(), windlass_config::names()].concat()
        }
        ("stage", 0) => known.stages(),
        ("key", 1) => windlass_config::names(),
        ("target", 0) if command.get_name() == "exec" => known.stages(),
        ("target", 0) => [known.stages(), known.begun()].concat(),
        ("words", 0) => [known.stages(), known.tasks(None)].concat(),
        ("words", 1) => known.tasks(line.places.first().copied()),
        _ => Vec::new(),
    })
}

/// The first word: a command, or the stage in Capistrano's order of words; behind it a command.
fn first(ours: &Ours, line: &Line<'_>, known: &Known) -> Vec<(String, String)> {
    let shown = ours
        .cli()
        .get_subcommands()
        .filter(|one| !one.is_hide_set());
    let command = |one: &clap::Command| (one.get_name().to_owned(), help(one.get_about()));
    let mut words: Vec<_> = shown.map(command).collect();
    match line.places.as_slice() {
        [] => words.extend(plain(known.stages())),
        [stage] if known.stages().iter().any(|known| known == stage) => {}
        _ => words.clear(),
    }
    words
}

/// What an option's value may be; `written` is what stands before the value in the same word, and the value so far.
fn value(
    option: &clap::Arg,
    line: &Line<'_>,
    (before, begun): (&str, &str),
    known: &Known,
) -> Answer {
    let words = match option.get_id().as_str() {
        "config" => return Answer::Files,
        "directory" => return Answer::Directories,
        "host" | "exclude" => listed(begun, known.hosts()),
        "role" => listed(begun, known.roles()),
        "to" => known.releases(line.places.first().copied()),
        "set" => windlass_config::names()
            .into_iter()
            .map(|key| key + "=")
            .collect(),
        _ => Vec::new(),
    };
    let words = words.into_iter().filter(|word| word.starts_with(begun));
    Answer::Words(plain(words.map(|word| format!("{before}{word}")).collect()))
}

/// Names behind those of a list that stand already.
fn listed(begun: &str, names: Vec<String>) -> Vec<String> {
    let done = begun.rfind(',').and_then(|at| begun.get(..=at));
    let done = done.unwrap_or_default();
    let is_new = |name: &String| !done.split(',').any(|said| said == name);
    names
        .into_iter()
        .filter(is_new)
        .map(|name| format!("{done}{name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words behind which names of the project stand are told by the ids of clap's arguments.
    #[test]
    fn the_arguments_that_are_told_by_their_ids_are_there() {
        let ours = Ours::default();
        let all = std::iter::once(ours.cli()).chain(ours.cli().get_subcommands());
        let ids: Vec<&str> = all
            .flat_map(clap::Command::get_arguments)
            .map(|argument| argument.get_id().as_str())
            .collect();
        for id in [
            "stage",
            "key",
            "target",
            "words",
            "config",
            "directory",
            "host",
            "exclude",
            "role",
            "to",
            "set",
        ] {
            assert!(ids.contains(&id), "{id}");
        }
    }

    #[test]
    fn a_list_goes_on_behind_its_last_comma() {
        let names = || ["web1", "web2"].map(str::to_owned).to_vec();
        assert_eq!(listed("w", names()), ["web1", "web2"]);
        assert_eq!(listed("web1,w", names()), ["web1,web2"]);
    }
}
