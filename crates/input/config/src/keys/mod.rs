//! The one table of settings: every key, its type, where it may stand, its default and its meaning.
//!
//! Known keys, type errors, suggestions, the JSON Schema, the reference page and the defaults are all read from here, so
//! that they cannot drift apart. What a value means beyond its type is not here: [`crate::check`] has the grammars.

mod health;
mod host;
mod rollout;
mod root;
mod ssh;
mod task;
mod technology;

use std::time::Duration;

pub(crate) use root::ROOT;

/// A grammar for text: the reason why it is refused, fit to follow the key's name and a colon.
pub(crate) type Check = fn(&str) -> Result<(), String>;

/// Where a key may stand, as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope(u8);

impl Scope {
    /// At the top of the file.
    pub(crate) const FILE: Self = Self(1);
    /// In a stage.
    pub(crate) const STAGE: Self = Self(2);
    /// In a role.
    pub(crate) const ROLE: Self = Self(4);
    /// In a host.
    pub(crate) const HOST: Self = Self(8);
    /// At the top or in a stage.
    pub(crate) const WIDE: Self = Self(1 | 2);
    /// In a stage, a role or a host: everywhere but at the top.
    pub(crate) const NARROW: Self = Self(2 | 4 | 8);
    /// Everywhere.
    pub(crate) const ANY: Self = Self(1 | 2 | 4 | 8);

    /// Whether the two sets share a place.
    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The places in words: `at the top of the file or in a stage`.
    pub(crate) fn words(self) -> String {
        let places = [
            (Self::FILE, "at the top of the file"),
            (Self::STAGE, "in a stage"),
            (Self::ROLE, "in a role"),
            (Self::HOST, "in a host"),
        ];
        let places: Vec<_> = places
            .iter()
            .filter(|(scope, _)| self.meets(*scope))
            .map(|(_, words)| *words)
            .collect();
        match places.as_slice() {
            [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
            one => one.concat(),
        }
    }
}

/// The type of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Text in which `{application}` and `{stage}` are filled in.
    Text(Check),
    /// Text that is taken as it is: names.
    Word(Check),
    /// Text for a shell or for a process, taken as it is.
    Verbatim(Check),
    /// Where a repository is: text in which placeholders are filled in, and no password.
    Repository,
    /// A whole number between two others.
    Integer(i64, i64),
    /// `true` or `false`.
    Boolean,
    /// A duration, not shorter than this.
    Duration(Duration),
    /// A number of bytes, not fewer than this.
    Size(u64),
    /// How far a batch reaches: a number of hosts, or a percentage.
    Reach,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list.
    List(&'static Kind),
    /// One value or a list of them.
    OneOrMany(&'static Kind),
    /// `true` or `false`, or something more.
    BooleanOr(&'static Kind),
    /// The names of recipes.
    Recipes,
    /// A table with names of the user's choice.
    Map(Check, &'static Kind),
    /// A table with keys of ours.
    Table(&'static [Key]),
    /// Variables with literal values.
    Variables,
    /// Where the value of a secret is: a table of [`crate::secret::KEYS`].
    Secret,
    /// The root's keys as far as they may stand in this place.
    Layer(Scope),
    /// The lists of the place this stands in; their values are appended.
    Add,
    /// A host: an address, or a table with one.
    Host,
    /// A shape that is fixed but not built: an error that says so.
    Later(&'static str),
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its type.
    pub(crate) kind: Kind,
    /// Where it may stand.
    pub(crate) scope: Scope,
    /// Its default, as TOML.
    pub(crate) default: Option<&'static str>,
    /// A value that is not the default, as TOML.
    pub(crate) example: &'static str,
    /// What it means, in a sentence or two.
    pub(crate) doc: &'static str,
}

impl Key {
    /// A key that may stand everywhere and has no default.
    pub(crate) const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            name,
            kind,
            scope: Scope::ANY,
            default: None,
            example: "",
            doc,
        }
    }

    /// Where it may stand.
    pub(crate) const fn within(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Its default.
    pub(crate) const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// An example.
    pub(crate) const fn like(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    /// The keys of the table, or of each table of the list, that it is.
    pub(crate) fn inner(&self) -> &'static [Self] {
        match self.kind {
            Kind::Table(keys) | Kind::List(&Kind::Table(keys)) => keys,
            _ => &[],
        }
    }

    /// Whether its value is a list, so that `add` can append to it.
    pub(crate) fn appends(&self) -> bool {
        match self.kind {
            Kind::List(_) | Kind::OneOrMany(_) | Kind::Recipes => self.inner().is_empty(),
            Kind::Table(keys) => keys.iter().any(Self::appends),
            _ => false,
        }
    }
}

/// The key of this name that may stand in `scope`.
pub(crate) fn find(keys: &'static [Key], scope: Scope, name: &str) -> Option<&'static Key> {
    keys.iter()
        .find(|key| key.name == name && key.scope.meets(scope))
}

/// Every place where a key of this name stands, as `ssh` for `ssh.user`, with its scope; the root is the empty path.
pub(crate) fn places(name: &str) -> Vec<(&'static str, Scope)> {
    let mut found = Vec::new();
    for key in ROOT {
        if key.name == name {
            found.push(("", key.scope));
        }
        if key.inner().iter().any(|inner| inner.name == name) {
            found.push((key.name, key.scope));
        }
    }
    found
}
