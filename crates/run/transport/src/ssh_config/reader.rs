//! Reads the files of `ssh_config` where `ssh` is not there to do so.
//!
//! It says what `ssh -G` would say, or stops with the line that it cannot evaluate. A block that only `ssh` could call in
//! force or not stops it only where a line in it would change what is said of this host. What a session does not use is
//! passed over, right or wrong.

use std::fs::File;
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use super::criteria::{self, Answer, Subject};
use super::error::{ConfigError, Place, Why};
use super::gathered::Gathered;
use super::include::{self, Owner};
use super::keywords;
use super::line::Line;
use super::tokens::host_name;
use super::{Asked, Here, Said};
use crate::pattern;

/// The machine's file.
const MACHINE: &str = "/etc/ssh/ssh_config";
/// How deep files may include each other, as in OpenSSH.
const DEEPEST: u32 = 16;

/// A file under way.
#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a Path,
    owner: Owner,
    /// Whether nobody else may write to it.
    guarded: bool,
    depth: u32,
}

struct Reader<'a> {
    asked: &'a Asked,
    here: &'a Here,
    gathered: Gathered,
    /// What `Host` looks at.
    host: String,
    last: bool,
    wants_last: bool,
}

/// What the files say of a host.
pub(super) fn evaluate(asked: &Asked, here: &Here) -> Result<Said, ConfigError> {
    let mut reader = Reader {
        asked,
        here,
        gathered: Gathered::new(asked),
        host: asked.host.clone(),
        last: false,
        wants_last: false,
    };
    reader.pass()?;
    let host = reader.settled()?;
    if reader.wants_last {
        reader.host.clone_from(&host);
        reader.last = true;
        reader.pass()?;
    }
    reader.gathered.finish(asked, here, &host)
}

impl Reader<'_> {
    /// Reads all files once.
    fn pass(&mut self) -> Result<(), ConfigError> {
        let source = |file, owner, guarded| Source {
            file,
            owner,
            guarded,
            depth: 0,
        };
        if let Some(file) = &self.asked.file {
            let read = self.file(source(file, Owner::Person, false), &Answer::Yes)?;
            return if read {
                Ok(())
            } else {
                Err(unreadable(file, io::ErrorKind::NotFound.into()))
            };
        }
        let own = self.here.home.join(".ssh/config");
        self.file(source(&own, Owner::Person, true), &Answer::Yes)?;
        self.file(
            source(Path::new(MACHINE), Owner::Machine, false),
            &Answer::Yes,
        )?;
        Ok(())
    }

    /// The name or address to connect to, after the first pass.
    fn settled(&self) -> Result<String, ConfigError> {
        let host = match &self.gathered.host_name {
            Some(name) => {
                host_name(&name.text, &self.asked.host).map_err(|why| why.at(&name.place))?
            }
            None => self.asked.host.clone(),
        };
        Ok(match host.parse::<IpAddr>() {
            Ok(address) => address.to_string(),
            // An address as far as ssh is concerned, which it leaves alone.
            Err(_) if host.contains([':', '%']) => host,
            Err(_) => host.to_lowercase(),
        })
    }

    /// Reads a file as part of a block; false = it is not there.
    fn file(&mut self, source: Source<'_>, around: &Answer) -> Result<bool, ConfigError> {
        let Some(bytes) = self.read(source)? else {
            return Ok(false);
        };
        let mut block = around.clone();
        for (index, bytes) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let place = Place {
                file: source.file.to_owned(),
                line: index.saturating_add(1),
            };
            let text = String::from_utf8_lossy(bytes);
            let line = Line::parse(&text).map_err(|why| why.at(&place))?;
            let Some(line) = line else { continue };
            if line.keyword == "include" {
                self.include(&line, &block, (source, &place))?;
            } else {
                self.line(&line, (&mut block, around), &place)
                    .map_err(|why| why.at(&place))?;
            }
        }
        Ok(true)
    }

    fn line(
        &mut self,
        line: &Line<'_>,
        (block, around): (&mut Answer, &Answer),
        place: &Place,
    ) -> Result<(), Why> {
        match line.keyword.as_str() {
            "host" => {
                *block = within(around, criteria::host(line, &self.subject())?);
                Ok(())
            }
            "match" => {
                let matched = criteria::match_line(line, &self.subject())?;
                self.wants_last |= matched.wants_last;
                *block = within(around, matched.answer);
                Ok(())
            }
            keyword if !keywords::is_known(keyword) => self.unknown(keyword),
            _ => self.value(line, block, place),
        }
    }

    fn value(&mut self, line: &Line<'_>, block: &Answer, place: &Place) -> Result<(), Why> {
        match block {
            Answer::No => Ok(()),
            Answer::Yes => self.gathered.take(line, place),
            Answer::If(what) => {
                let mut would_be = self.gathered.clone();
                would_be.take(line, place)?;
                if would_be == self.gathered {
                    return Ok(());
                }
                let what = format!("`{}` holds only under {what}", line.keyword);
                Err(Why::OnlySsh(what))
            }
        }
    }

    fn unknown(&self, keyword: &str) -> Result<(), Why> {
        let ignored = self.gathered.ignored.as_ref().is_some_and(|ignored| {
            let patterns = ignored.text.to_lowercase();
            pattern::list_matches(patterns.split(','), keyword)
        });
        if ignored {
            return Ok(());
        }
        let what = format!(
            "`{keyword}` is no keyword that is known (`IgnoreUnknown {keyword}` above it lets it pass)"
        );
        Err(Why::Wrong(what))
    }

    fn include(
        &mut self,
        line: &Line<'_>,
        block: &Answer,
        (source, place): (Source<'_>, &Place),
    ) -> Result<(), ConfigError> {
        for word in &line.words {
            let path = match include::anchored(word, source.owner, self.here) {
                Ok(path) => path,
                // Nothing in it can be in force.
                Err(Why::OnlySsh(_)) if *block == Answer::No => continue,
                Err(why) => return Err(why.at(place)),
            };
            let files = include::files(&path).map_err(|error| unreadable(&path, error))?;
            if source.depth >= DEEPEST && !files.is_empty() {
                let what = format!("files include each other more than {DEEPEST} deep");
                return Err(Why::Wrong(what).at(place));
            }
            for file in files {
                let inner = Source {
                    file: &file,
                    guarded: true,
                    depth: source.depth.saturating_add(1),
                    ..source
                };
                self.file(inner, block)?;
            }
        }
        Ok(())
    }

    fn subject(&self) -> Subject<'_> {
        let host_name = self.gathered.host_name.as_ref();
        Subject {
            original: &self.asked.host,
            host: &self.host,
            host_name: if self.last {
                Some(&self.host)
            } else {
                host_name.map(|name| name.text.as_str())
            },
            user: self.gathered.user.as_deref().unwrap_or(&self.here.user),
            local_user: &self.here.user,
            last: self.last,
        }
    }

    /// The bytes of a file; none = it is not there.
    fn read(&self, source: Source<'_>) -> Result<Option<Vec<u8>>, ConfigError> {
        let failed = |error| unreadable(source.file, error);
        let mut file = match File::open(source.file) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let of = file.metadata().map_err(failed)?;
        let stranger = of.uid() != 0 && of.uid() != self.here.uid;
        // Whoever may write to the file decides which programs are run here.
        if source.guarded && (stranger || of.mode() & 0o022 != 0) {
            return Err(ConfigError::Writable {
                file: source.file.to_owned(),
            });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        Ok(Some(bytes))
    }
}

/// A block of an included file is in force only where the one is that includes it.
fn within(around: &Answer, block: Answer) -> Answer {
    match (around, &block) {
        (Answer::No, _) | (_, Answer::No) => Answer::No,
        (Answer::If(what), _) => Answer::If(what.clone()),
        (Answer::Yes, _) => block,
    }
}

fn unreadable(file: &Path, error: io::Error) -> ConfigError {
    ConfigError::Unreadable {
        file: file.to_owned(),
        source: Arc::new(error),
    }
}
