//! The next command to type, with the options that this one needed: where it was started, which file it read and what it
//! set hold for the next one as well.
//!
//! Whoever names a command names it plainly; it passes here on its way out. Filters are no part of it: whether the same
//! hosts are meant is for whoever names the command.

use crate::args::Global;
use windlass_config::COMMANDS;
use windlass_model::event::EventBody;
use windlass_model::overview::{Brings, Overview};
use windlass_model::shell;

const PROGRAM: &str = "windlass ";

impl Global {
    /// A text with the commands in it as they are to be typed.
    pub(crate) fn typed(&self, text: &str) -> String {
        let options = self.needed();
        if options.is_empty() {
            return text.to_owned();
        }
        let mut parts = text.split(PROGRAM);
        let mut typed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            typed.push_str(PROGRAM);
            if is_command(part) {
                typed.extend([options.as_str(), " "]);
            }
            typed.push_str(part);
        }
        typed
    }

    /// The same for a run outside of any deploy, which remembers what was set for it.
    pub(crate) fn typed_for_run(&self, text: &str) -> String {
        let set = Vec::new();
        Self {
            set,
            ..self.clone()
        }
        .typed(text)
    }

    /// `-C`, `--config` and `--set`, as they were typed.
    fn needed(&self) -> String {
        let mut words = Vec::new();
        let directory = self.directory.iter().map(|path| ("-C", path));
        for (option, path) in directory.chain(self.config.iter().map(|path| ("--config", path))) {
            words.extend([option.to_owned(), path.to_string_lossy().into_owned()]);
        }
        for value in &self.set {
            words.extend(["--set".to_owned(), value.clone()]);
        }
        shell::join(&words)
    }

    /// The same for what an event names.
    pub(crate) fn typed_in(&self, body: &mut EventBody) {
        match body {
            EventBody::Warning {
                hint: Some(hint), ..
            } => *hint = self.typed(hint),
            EventBody::DeployEnded { summary } => {
                for next in &mut summary.next {
                    *next = self.typed(next);
                }
            }
            _ => {}
        }
    }

    /// The same for what is known before a deploy.
    pub(crate) fn typed_before(&self, overview: &mut Overview) {
        let remarks = overview.refused.iter_mut().chain(&mut overview.notes);
        let remarks = remarks.map(|remark| &mut remark.hint);
        let linked = overview.linked.iter_mut().map(|linked| &mut linked.hint);
        let changes = overview.changes.iter_mut();
        let changes = changes.filter_map(|change| match &mut change.brings {
            Brings::NotKnown { hint, .. } => Some(hint),
            _ => None,
        });
        for hint in remarks.chain(linked).chain(changes).flatten() {
            *hint = self.typed(hint);
        }
    }
}

/// Whether a text goes on with a command of ours.
fn is_command(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_ascii_lowercase());
    let word = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    COMMANDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn commands_get_the_options_that_this_one_needed() {
        let plain = Global::default();
        let text = "windlass resume d-1, or windlass cancel d-1; windlass.toml says more";
        assert_eq!(plain.typed(text), text);
        let global = Global {
            directory: Some(PathBuf::from("the app")),
            config: Some(PathBuf::from("w.toml")),
            set: vec!["env.A=b c".to_owned()],
            host: vec!["web1".to_owned()],
            ..Global::default()
        };
        let options = "-C 'the app' --config w.toml --set 'env.A=b c'";
        assert_eq!(
            global.typed(text),
            format!(
                "windlass {options} resume d-1, or windlass {options} cancel d-1; windlass.toml says more"
            )
        );
        let free = "windlass frees it; `windlass check`";
        assert_eq!(
            global.typed(free),
            format!("windlass frees it; `windlass {options} check`")
        );
    }
}
