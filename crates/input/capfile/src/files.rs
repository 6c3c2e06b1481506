//! The files of a Capistrano project, told apart by their names, in the order in which Capistrano loads them.
//!
//! Nothing is read here: whoever calls hands in names and texts.

use crate::error::Error;

/// No deploy file is longer.
pub(crate) const LARGEST: usize = 256 << 10;
/// All of them together.
const ALL: usize = 1 << 20;

/// One file of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path below the project's directory, as people know it: `config/deploy.rb`.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// What a file is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Capfile,
    Tasks,
    Settings,
    Stage(String),
}

impl SourceFile {
    /// A file of this name with this text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }

    pub(crate) fn role(&self) -> Role {
        let stage = self
            .name
            .strip_prefix("config/deploy/")
            .and_then(|rest| rest.strip_suffix(".rb"))
            .filter(|stage| !stage.contains('/'));
        match (self.name.as_str(), stage) {
            (_, Some(stage)) => Role::Stage(stage.to_owned()),
            ("config/deploy.rb", None) => Role::Settings,
            (name, None) if name.eq_ignore_ascii_case("Capfile") => Role::Capfile,
            (name, None) if name.eq_ignore_ascii_case("Capfile.rb") => Role::Capfile,
            _ => Role::Tasks,
        }
    }
}

/// The files in Capistrano's order: the Capfile and the task files that it imports, deploy.rb, the stages.
pub(crate) fn in_load_order(files: &[SourceFile]) -> Result<Vec<&SourceFile>, Error> {
    let mut total = 0_usize;
    for file in files {
        total = total.saturating_add(file.text.len());
        if file.text.len() > LARGEST {
            return Err(Error::TooLong {
                file: file.name.clone(),
                bytes: file.text.len(),
            });
        }
    }
    if total > ALL {
        return Err(Error::TooMuch {
            bytes: total,
            limit: ALL,
        });
    }
    let mut ordered: Vec<&SourceFile> = files.iter().collect();
    ordered.sort_by_key(|file| {
        let place = match file.role() {
            Role::Capfile => 0,
            Role::Tasks => 1,
            Role::Settings => 2,
            Role::Stage(_) => 3,
        };
        (place, file.name.as_str())
    });
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_loaded_as_capistrano_loads_them() {
        let names = [
            "config/deploy/b.rb",
            "lib/capistrano/tasks/x.rake",
            "config/deploy.rb",
            "Capfile",
            "config/deploy/a.rb",
        ];
        let files = names.map(|name| SourceFile::new(name, ""));
        let ordered = in_load_order(&files).unwrap();
        let names: Vec<_> = ordered.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "Capfile",
                "lib/capistrano/tasks/x.rake",
                "config/deploy.rb",
                "config/deploy/a.rb",
                "config/deploy/b.rb"
            ]
        );
    }

    #[test]
    fn a_file_that_is_no_deploy_file_is_refused_by_its_length() {
        let long = [SourceFile::new("Capfile", "#".repeat(LARGEST + 1))];
        assert!(matches!(in_load_order(&long), Err(Error::TooLong { .. })));
        let many: Vec<_> = (0..5)
            .map(|n| SourceFile::new(format!("{n}.rake"), "#".repeat(LARGEST)))
            .collect();
        assert!(matches!(in_load_order(&many), Err(Error::TooMuch { .. })));
    }
}
