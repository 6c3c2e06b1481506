//! Values from outside the file: `WINDLASS_*` variables and the command line.
//!
//! Both are plain text, read by the type that the table of keys names: lists are parted at commas, or written as TOML in
//! brackets. The environment is never read here; it is passed in.

use crate::check;
use crate::error::{Error, Mistake};
use crate::keys::{Check, Kind, ROOT, Scope, find};
use crate::layer::merge;
use crate::origin::{Origin, Place, Source};
use crate::suggest::nearest;
use crate::typing::{At, Typing};
use crate::value::{Data, Entry, Table, Value};
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeArray, DeString, DeValue};
use windlass_foreign::setting;

/// The beginning of our variables.
const PREFIX: &str = "WINDLASS_";

/// Variables with our prefix that are no settings: the marker of jobs.
const MARKERS: [&str; 1] = ["WINDLASS_JOB"];

/// A setting given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// What was typed, for messages: `--set keep_releases` or `--branch`.
    pub option: String,
    /// The setting, with dots: `ssh.user`.
    pub key: String,
    /// The value as text.
    pub value: String,
}

impl Argument {
    /// The argument of `--set KEY=VALUE`; `None` where there is no `=` or no key.
    pub fn set(text: &str) -> Option<Self> {
        let (key, value) = text.split_once('=')?;
        let key = key.trim();
        (!key.is_empty()).then(|| Self {
            option: format!("--set {key}"),
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }

    /// Another option that stands for a setting, such as `--branch`.
    pub fn option(option: &str, key: &str, value: &str) -> Self {
        Self {
            option: option.to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
        }
    }
}

/// The layer of the environment.
pub(crate) fn environment(
    variables: &[(String, String)],
    recipes: &[&str],
    mistakes: &mut Vec<Mistake>,
) -> Table {
    let mut layer = Table::new();
    let names = setting_names();
    for (variable, value) in variables {
        let Some(short) = variable.strip_prefix(PREFIX) else {
            continue;
        };
        if MARKERS.contains(&variable.as_str()) {
            continue;
        }
        let source = Source::variable(variable, value);
        match path_of(short, &names) {
            Some(path) => merge(&mut layer, &typed(&path, &source, recipes, mistakes)),
            None => mistakes.push(unknown_variable(variable, short, &names)),
        }
    }
    layer
}

/// The layer of the command line; a later argument wins over an earlier one.
pub(crate) fn arguments(
    arguments: &[Argument],
    recipes: &[&str],
    mistakes: &mut Vec<Mistake>,
) -> Table {
    let mut layer = Table::new();
    for argument in arguments {
        let source = Source::argument(&argument.option, &argument.value);
        let path: Vec<_> = argument.key.split('.').collect();
        merge(&mut layer, &typed(&path, &source, recipes, mistakes));
    }
    layer
}

/// The names of settings that can be given as text: `ssh.user`.
pub fn names() -> Vec<String> {
    let names = setting_names();
    names.iter().map(|path| path.join(".")).collect()
}

/// Settings that can be given as text, by dotted name.
fn setting_names() -> Vec<Vec<&'static str>> {
    let mut names = Vec::new();
    for key in ROOT.iter().filter(|key| key.scope.meets(Scope::FILE)) {
        match key.kind {
            Kind::Table(inner) => {
                names.extend(inner.iter().map(|inner| vec![key.name, inner.name]));
            }
            _ if by_text(&key.kind) => names.push(vec![key.name]),
            _ => {}
        }
    }
    names
}

fn variable_of(path: &[&str]) -> String {
    path.join("_").to_ascii_uppercase()
}

/// `SSH_USER` is `ssh.user`; `ENV_TZ` is `env.TZ`; `RESTART_APP` is `restart.app`.
fn path_of<'v>(
    short: &'v str,
    names: &[Vec<&'static str>],
) -> Option<Vec<std::borrow::Cow<'v, str>>> {
    use std::borrow::Cow;
    if let Some(path) = names.iter().find(|path| variable_of(path) == short) {
        return Some(path.iter().map(|part| Cow::Borrowed(*part)).collect());
    }
    if let Some(name) = short.strip_prefix("ENV_") {
        return Some(vec![Cow::Borrowed("env"), Cow::Borrowed(name)]);
    }
    let role = short.strip_prefix("RESTART_")?;
    Some(vec![
        Cow::Borrowed("restart"),
        Cow::Owned(role.to_ascii_lowercase()),
    ])
}

fn unknown_variable(variable: &str, short: &str, names: &[Vec<&'static str>]) -> Mistake {
    let possible: Vec<_> = names.iter().map(|path| variable_of(path)).collect();
    let mistake = Mistake::new(Error::UnknownVariable {
        variable: variable.to_owned(),
    });
    match nearest(short, possible.iter().map(String::as_str)) {
        Some(meant) => mistake.hint(format!("did you mean {PREFIX}{meant}?")),
        None => mistake.hint(
            "variables that begin with WINDLASS_ are settings, such as WINDLASS_KEEP_RELEASES",
        ),
    }
}

/// A table with one value in it, at `path`.
fn typed<S: AsRef<str>>(
    path: &[S],
    source: &Arc<Source>,
    recipes: &[&str],
    mistakes: &mut Vec<Mistake>,
) -> Table {
    let names: Vec<_> = path.iter().map(AsRef::as_ref).collect();
    let place = Place::new(source, 0..source.text().len());
    let dotted = names.join(".");
    let kind = match kind_of(&names) {
        Ok(kind) => kind,
        Err(error) => {
            mistakes.push(not_given(error, &dotted, &place));
            return Table::new();
        }
    };
    let at = At {
        path: &dotted,
        scope: Scope::FILE,
        key: &place,
    };
    let mut typing = Typing::new(source, recipes);
    let value = match raw(kind, source.text()) {
        Ok(raw) => typing.value(at, kind, &raw),
        Err(message) => {
            typing
                .mistakes
                .push(Mistake::new(Error::Syntax { message }).at(&place));
            None
        }
    };
    mistakes.append(&mut typing.mistakes);
    value
        .map(|value| nested(&names, value, &place))
        .unwrap_or_default()
}

fn nested(names: &[&str], value: Value, place: &Place) -> Table {
    let origin = || Origin::Given(place.clone());
    let wrapped = names.iter().rev().fold(value, |value, name| {
        let entry = Entry {
            key: origin(),
            value,
        };
        Value::new(
            Data::Table(Table::from([((*name).to_owned(), entry)])),
            origin(),
        )
    });
    match wrapped.data {
        Data::Table(table) => table,
        _ => Table::new(),
    }
}

static VARIABLE: Kind = Kind::Verbatim(check::no_nul);

/// What is wrong with the name of a setting on the command line.
fn not_given(error: Error, dotted: &str, place: &Place) -> Mistake {
    let source = place.source().name().to_owned();
    let unknown = matches!(error, Error::UnknownKey { .. });
    let (table, name) = dotted.rsplit_once('.').unwrap_or(("", dotted));
    let foreign = setting(table, name).filter(|_| unknown);
    let written = dotted.to_owned();
    let error = foreign.map_or(error, |word| Error::Foreign { written, word });
    let mistake = Mistake::new(error);
    if !matches!(mistake.error(), Error::UnknownKey { .. }) {
        return mistake.hint(format!("said by {source}"));
    }
    match nearest(dotted, names().iter().map(String::as_str)) {
        Some(meant) => mistake.hint(format!("said by {source}; did you mean `{meant}`?")),
        None => mistake.hint(format!("said by {source}")),
    }
}

/// The kind of the setting of this name, if text can give it.
fn kind_of(names: &[&str]) -> Result<&'static Kind, Error> {
    let unknown = || Error::UnknownKey {
        key: names.join("."),
    };
    let refused = |reason: &str| Error::Refused {
        key: names.join("."),
        reason: reason.to_owned(),
    };
    let only_in_file = || refused("can only be set in the file");
    let (first, rest) = names.split_first().ok_or_else(unknown)?;
    let key = find(ROOT, Scope::FILE, first).ok_or_else(unknown)?;
    let checked = |check: Check, name: &str| check(name).map_err(|reason| refused(&reason));
    match (&key.kind, rest) {
        (kind, []) if by_text(kind) => Ok(kind),
        (Kind::Table(inner), [name]) => find(inner, Scope::FILE, name)
            .map(|key| &key.kind)
            .ok_or_else(unknown),
        (Kind::Variables, [name]) => checked(check::variable, name).map(|()| &VARIABLE),
        (Kind::Map(check, inner), [name]) if by_text(inner) => {
            checked(*check, name).map(|()| *inner)
        }
        (Kind::Later(what), _) => Err(Error::NotYet {
            key: key.name.to_owned(),
            what: (*what).to_owned(),
        }),
        _ => Err(only_in_file()),
    }
}

/// Whether plain text can give a value of this kind.
fn by_text(kind: &Kind) -> bool {
    match kind {
        Kind::Text(_)
        | Kind::Word(_)
        | Kind::Verbatim(_)
        | Kind::Repository
        | Kind::Integer(..)
        | Kind::Boolean
        | Kind::Duration(_)
        | Kind::Size(_)
        | Kind::Reach
        | Kind::Choice(_)
        | Kind::Recipes => true,
        Kind::List(inner) | Kind::OneOrMany(inner) | Kind::BooleanOr(inner) => by_text(inner),
        _ => false,
    }
}

/// Plain text as the value that the kind asks for.
fn raw<'t>(kind: &Kind, text: &'t str) -> Result<Spanned<DeValue<'t>>, String> {
    let as_toml = || DeValue::parse(text).map_err(|error| error.message().to_owned());
    match kind {
        Kind::Integer(..) | Kind::Boolean => Ok(as_toml().unwrap_or_else(|_| string(text, 0))),
        Kind::BooleanOr(_) if text == "true" || text == "false" => as_toml(),
        Kind::List(_) | Kind::OneOrMany(_) | Kind::Recipes if text.starts_with('[') => as_toml(),
        Kind::List(_) | Kind::OneOrMany(_) | Kind::Recipes => Ok(parted(text)),
        _ => Ok(string(text, 0)),
    }
}

fn string(text: &str, start: usize) -> Spanned<DeValue<'_>> {
    let span = start..start + text.len();
    Spanned::new(span, DeValue::String(DeString::Borrowed(text)))
}

/// `a, b` as a list; nothing at all is the empty list.
fn parted(text: &str) -> Spanned<DeValue<'_>> {
    let mut list = DeArray::new();
    let mut start = 0;
    for piece in text.split(',') {
        let value = piece.trim();
        let indent = piece.len() - piece.trim_start().len();
        if !value.is_empty() {
            list.push(string(value, start + indent));
        }
        start += piece.len() + 1;
    }
    Spanned::new(0..text.len(), DeValue::Array(list))
}
