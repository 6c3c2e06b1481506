//! `completions`: the script for a shell, and what it asks at each press of Tab.
//!
//! The scripts are small and know no word of ours: they hand the line over and show the answer, so that one that lies in a
//! package stays right when the program is a newer one.

use crate::args::{CompletionsArgs, Shell};
use crate::complete::{Answer, Known, candidates, words_of};
use crate::error::Failure;
use crate::screen::data;
use crate::world::World;
use windlass_model::ExitCode;

/// `completions`.
pub(crate) fn completions(world: &World, args: &CompletionsArgs) -> Result<ExitCode, Failure> {
    let text = match (args.words.as_slice(), args.shell) {
        ([], shell) => script(shell).to_owned(),
        // bash parts words at colons and equals signs, which are in the names of tasks: the line is parted here.
        ([line], Shell::Bash) => lines(world, &words_of(line)),
        (words, _) => lines(world, words),
    };
    data(&text)?;
    Ok(ExitCode::Done)
}

fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("../complete/windlass.bash"),
        Shell::Zsh => include_str!("../complete/windlass.zsh"),
        Shell::Fish => include_str!("../complete/windlass.fish"),
    }
}

/// A candidate a line, with what it is behind a tab.
fn lines(world: &World, words: &[String]) -> String {
    // The first word is the program.
    let words = words.get(1..).unwrap_or_default();
    match candidates(words, &Known::around(world, words)) {
        Answer::Files => "@files\n".to_owned(),
        Answer::Directories => "@directories\n".to_owned(),
        Answer::Words(found) => found
            .into_iter()
            .map(|(word, help)| format!("{word}\t{help}").trim_end().to_owned() + "\n")
            .collect(),
    }
}
