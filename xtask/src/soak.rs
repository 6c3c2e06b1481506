//! Starts the long runs: tests that are ignored by default, in the release profile, in shards, stopped and continued.
//!
//! The test does the work. It learns its part from `SOAK_SHARD` (`K/N`, from 1) and keeps in the file `SOAK_PROGRESS`
//! how far it came, so that a run that was stopped goes on there. Progress files are under `target/soak`.

use crate::error::Error;
use crate::workspace::Workspace;
use std::fs;
use std::path::PathBuf;

/// A run.
struct Soak {
    /// Its name on the command line.
    name: &'static str,
    package: &'static str,
    /// The file of tests that it is in.
    file: &'static str,
    test: &'static str,
}

/// The runs there are.
const RUNS: &[Soak] = &[
    Soak {
        name: "every-byte",
        package: "windlass",
        file: "soak",
        test: "every_byte",
    },
    Soak {
        name: "random-cuts",
        package: "windlass",
        file: "soak",
        test: "random_cuts",
    },
    Soak {
        name: "simulate",
        package: "windlass-harness",
        file: "simulate",
        test: "a_hundred_thousand",
    },
    Soak {
        name: "projects",
        package: "windlass-capfile",
        file: "it",
        test: "fuzz::projects",
    },
];

/// A part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    number: u32,
    of: u32,
}

/// What the options say.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    shard: Shard,
    go_on: bool,
}

/// Runs one, showing its output as it comes.
pub(crate) fn run(workspace: &Workspace, name: &str, options: &[&str]) -> Result<String, Error> {
    let Some(soak) = RUNS.iter().find(|known| known.name == name) else {
        return Err(Error::Value {
            option: "soak",
            value: name.to_owned(),
        });
    };
    let options = read(options)?;
    let progress = prepare(workspace, name, &options)?;
    let args = [
        "test",
        "--release",
        "-p",
        soak.package,
        "--test",
        soak.file,
        "--",
    ];
    let shard = format!("{}/{}", options.shard.number, options.shard.of);
    let status = workspace
        .cargo(&args)
        .args([soak.test, "--exact", "--ignored", "--nocapture"])
        .env("SOAK_SHARD", &shard)
        .env("SOAK_PROGRESS", &progress)
        .status()
        .map_err(|source| Error::NotRun {
            program: "cargo test".to_owned(),
            source,
        })?;
    if !status.success() {
        return Err(Error::Ended {
            program: format!("soak {name}, shard {shard},"),
            status: status.to_string(),
        });
    }
    Ok(format!("soak {name}: shard {shard} done"))
}

/// The progress file, removed where the run begins anew, with the failures beside it.
fn prepare(workspace: &Workspace, name: &str, options: &Options) -> Result<PathBuf, Error> {
    let folder = workspace.root.join("target/soak");
    fs::create_dir_all(&folder).map_err(Error::file("make", &folder))?;
    let Shard { number, of } = options.shard;
    let file = folder.join(format!("{name}-{number}-of-{of}"));
    for old in [file.clone(), file.with_extension("failed")] {
        if !options.go_on && old.exists() {
            fs::remove_file(&old).map_err(Error::file("remove", &old))?;
        }
    }
    Ok(file)
}

fn read(words: &[&str]) -> Result<Options, Error> {
    let mut options = Options {
        shard: Shard { number: 1, of: 1 },
        go_on: false,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--continue" => options.go_on = true,
            "--shard" => options.shard = shard(words.next().copied().unwrap_or_default())?,
            _ => {
                return Err(Error::Usage {
                    usage: crate::USAGE,
                });
            }
        }
    }
    Ok(options)
}

fn shard(text: &str) -> Result<Shard, Error> {
    let wrong = || Error::Value {
        option: "--shard",
        value: text.to_owned(),
    };
    let (number, of) = text.split_once('/').ok_or_else(wrong)?;
    let shard = Shard {
        number: number.parse().map_err(|_| wrong())?,
        of: of.parse().map_err(|_| wrong())?,
    };
    if shard.number == 0 || shard.number > shard.of {
        return Err(wrong());
    }
    Ok(shard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!(shard("2/8").unwrap(), Shard { number: 2, of: 8 });
        for wrong in ["0/8", "9/8", "8", "a/b", ""] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_run_begins_anew_unless_told_to_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace {
            root: dir.path().to_owned(),
        };
        let mut options = read(&["--shard", "1/2", "--continue"]).unwrap();
        let file = prepare(&workspace, "every-byte", &options).unwrap();
        fs::write(&file, "4711").unwrap();
        fs::write(file.with_extension("failed"), "why").unwrap();
        assert_eq!(prepare(&workspace, "every-byte", &options).unwrap(), file);
        assert!(file.exists());
        options.go_on = false;
        prepare(&workspace, "every-byte", &options).unwrap();
        assert!(!file.exists() && !file.with_extension("failed").exists());
    }

    #[test]
    fn unknown_runs_are_refused_before_anything_is_built() {
        assert!(run(&Workspace::here(), "every-bite", &[]).is_err());
    }
}
