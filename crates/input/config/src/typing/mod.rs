//! From parsed TOML to well-typed values, by the table of keys; every mistake on the way is kept with its place.
//!
//! A value that is wrong is left out and the rest is read on, so that one run shows all mistakes. Nothing that was not
//! understood is ever passed over in silence.

mod shapes;
mod strangers;
mod tables;

pub(crate) use shapes::expected;

use crate::check;
use crate::error::{Error, Mistake};
use crate::keys::{Check, Kind, Scope};
use crate::origin::{Origin, Place, Source};
use crate::placeholder;
use crate::suggest::nearest;
use crate::value::{Data, Value};
use std::sync::Arc;
use toml::Spanned;
use toml::de::DeValue;
use windlass_model::rollout::Reach;
use windlass_model::units;

/// What is meant by none that may stay unanswered.
const NEVER_PROBED: &str = "to probe never, write `keepalive_interval = \"0s\"`";

/// Where the credentials of a repository belong.
const NO_PASSWORD: &str = "with `source = \"push\"` git on this machine takes them from its credential helper; with \
    `source = \"git\"` the host needs a credential helper or a deploy key of its own";

/// A parsed value with its bytes in the source.
pub(crate) type Raw<'i> = Spanned<DeValue<'i>>;

/// Reads values of one source and collects what is wrong with them.
pub(crate) struct Typing<'a> {
    source: &'a Arc<Source>,
    /// The recipes that are there.
    recipes: &'a [&'a str],
    pub(crate) mistakes: Vec<Mistake>,
}

/// Where in the tree a value stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    /// The keys on the way, as `stages.production.hosts[0]`.
    pub(crate) path: &'a str,
    /// Which of the layers it belongs to.
    pub(crate) scope: Scope,
    /// The place of its name.
    pub(crate) key: &'a Place,
}

impl<'a> Typing<'a> {
    pub(crate) fn new(source: &'a Arc<Source>, recipes: &'a [&'a str]) -> Self {
        Self {
            source,
            recipes,
            mistakes: Vec::new(),
        }
    }

    /// Reads one value of the given kind; `None` after a mistake.
    pub(crate) fn value(
        &mut self,
        at: At<'_>,
        kind: &'static Kind,
        raw: &Raw<'_>,
    ) -> Option<Value> {
        let data = match *kind {
            Kind::Text(check) => Data::Text(self.filled_text(at, kind, raw, check)?),
            Kind::Word(check) | Kind::Verbatim(check) => {
                Data::Verbatim(self.text(at, kind, raw, check)?)
            }
            Kind::Repository => Data::Text(self.repository(at, kind, raw)?),
            Kind::Integer(least, most) => {
                Data::Integer(self.integer(at, kind, raw, (least, most))?)
            }
            Kind::Boolean => Data::Boolean(self.boolean(at, kind, raw)?),
            Kind::Duration(_) | Kind::Size(_) => self.quantity(at, kind, raw)?,
            Kind::Reach => self.reach(at, kind, raw)?,
            Kind::Choice(choices) => Data::Verbatim(self.choice(at, kind, raw, choices)?),
            Kind::List(inner) => self.list(at, kind, inner, raw)?,
            Kind::OneOrMany(inner) => self.one_or_many(at, inner, raw)?,
            Kind::BooleanOr(inner) => return self.boolean_or(at, kind, inner, raw),
            Kind::Recipes => self.recipes(at, kind, raw)?,
            Kind::Map(check, inner) => Data::Table(self.map(at, kind, (check, inner), raw)?),
            Kind::Table(keys) => Data::Table(self.known(at, kind, keys, raw)?),
            Kind::Variables => Data::Table(self.variables(at, kind, raw)?),
            Kind::Secret => self.secret(at, raw)?,
            Kind::Layer(scope) => Data::Table(self.layer(At { scope, ..at }, kind, raw)?),
            Kind::Add => Data::Table(self.added(at, kind, raw)?),
            Kind::Host => Data::Table(self.host(at, kind, raw)?),
            Kind::Later(what) => return self.later(at, what),
        };
        Some(Value::new(data, Origin::Given(self.place(raw))))
    }

    pub(crate) fn place(&self, raw: &Raw<'_>) -> Place {
        Place::new(self.source, raw.span())
    }

    /// Keeps a mistake at a value.
    fn mistake(&mut self, error: Error, raw: &Raw<'_>, label: Option<String>) {
        let mistake = Mistake::new(error).at(&self.place(raw));
        self.mistakes.push(match label {
            Some(label) => mistake.label(label),
            None => mistake,
        });
    }

    fn wrong_type<T>(&mut self, at: At<'_>, kind: &Kind, raw: &Raw<'_>) -> Option<T> {
        let error = Error::WrongType {
            key: at.path.to_owned(),
            found: shapes::found(raw.get_ref()),
            expected: shapes::expected(kind),
        };
        let label = match raw.get_ref() {
            DeValue::Integer(number) if shapes::is_text(kind) => {
                Some(format!("write \"{number}\""))
            }
            DeValue::Boolean(truth) if shapes::is_text(kind) => Some(format!("write \"{truth}\"")),
            _ => None,
        };
        self.mistake(error, raw, label);
        None
    }

    /// A value that cannot be used. Where it lets somebody in, its line is not shown.
    fn refused<T>(&mut self, at: At<'_>, raw: &Raw<'_>, reason: String) -> Option<T> {
        let key = at.path.to_owned();
        let place = match raw.get_ref() {
            DeValue::String(text) if check::without_password(text).is_some() => self.scheme(raw),
            _ => self.place(raw),
        };
        self.mistakes
            .push(Mistake::new(Error::Refused { key, reason }).at(&place));
        None
    }

    fn text(&mut self, at: At<'_>, kind: &Kind, raw: &Raw<'_>, check: Check) -> Option<String> {
        let DeValue::String(text) = raw.get_ref() else {
            return self.wrong_type(at, kind, raw);
        };
        match check(text) {
            Ok(()) => Some(text.to_string()),
            Err(reason) => self.refused(at, raw, reason),
        }
    }

    /// Text with placeholders: it is checked as it will look when they are filled.
    fn filled_text(
        &mut self,
        at: At<'_>,
        kind: &Kind,
        raw: &Raw<'_>,
        check: Check,
    ) -> Option<String> {
        let DeValue::String(text) = raw.get_ref() else {
            return self.wrong_type(at, kind, raw);
        };
        let checked =
            placeholder::check(text).and_then(|()| check(&placeholder::fill(text, "x", "x")));
        match checked {
            Ok(()) => Some(text.to_string()),
            Err(reason) => self.refused(at, raw, reason),
        }
    }

    /// Where the repository is. A password in it would be written down on every host, in the plan and in logs: it is
    /// refused, and not shown.
    fn repository(&mut self, at: At<'_>, kind: &Kind, raw: &Raw<'_>) -> Option<String> {
        match raw.get_ref() {
            DeValue::String(text) if check::without_password(text).is_some() => {}
            _ => return self.filled_text(at, kind, raw, check::repository),
        }
        let key = at.path.to_owned();
        let reason = "holds a password or token, which would be written down on hosts and in logs";
        let mistake = Mistake::new(Error::Refused {
            key,
            reason: reason.to_owned(),
        });
        self.mistakes.push(
            mistake
                .at(&self.scheme(raw))
                .label("write it without what stands before the `@`")
                .hint(NO_PASSWORD),
        );
        None
    }

    /// The beginning of a URL, of whose line nothing else may be shown.
    fn scheme(&self, raw: &Raw<'_>) -> Place {
        let span = raw.span();
        let written = self.source.text().get(span.clone()).unwrap_or_default();
        let scheme = written.find("://").map_or(0, |at| at + "://".len());
        Place::new(self.source, span.start..span.start + scheme).veiled()
    }

    fn integer(
        &mut self,
        at: At<'_>,
        kind: &Kind,
        raw: &Raw<'_>,
        (least, most): (i64, i64),
    ) -> Option<i64> {
        let DeValue::Integer(number) = raw.get_ref() else {
            return self.wrong_type(at, kind, raw);
        };
        match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                let error = Error::Refused {
                    key: at.path.to_owned(),
                    reason: format!("is not between {least} and {most}"),
                };
                let label = at.path.ends_with("keepalive_count").then_some(NEVER_PROBED);
                self.mistake(error, raw, label.map(str::to_owned));
                None
            }
        }
    }

    fn boolean(&mut self, at: At<'_>, kind: &Kind, raw: &Raw<'_>) -> Option<bool> {
        match raw.get_ref() {
            DeValue::Boolean(truth) => Some(*truth),
            _ => self.wrong_type(at, kind, raw),
        }
    }

    fn quantity(&mut self, at: At<'_>, kind: &Kind, raw: &Raw<'_>) -> Option<Data> {
        let DeValue::String(text) = raw.get_ref() else {
            return self.wrong_type(at, kind, raw);
        };
        let read = match *kind {
            Kind::Duration(least) => units::duration(text)
                .filter(|duration| *duration >= least)
                .map(Data::Duration),
            Kind::Size(least) => units::size(text)
                .filter(|size| *size >= least)
                .map(Data::Size),
            _ => None,
        };
        if read.is_none() {
            return self.refused(at, raw, format!("is not {}", shapes::expected(kind)));
        }
        read
    }

    fn choice(
        &mut self,
        at: At<'_>,
        kind: &Kind,
        raw: &Raw<'_>,
        choices: &'static [&'static str],
    ) -> Option<String> {
        let DeValue::String(text) = raw.get_ref() else {
            return self.wrong_type(at, kind, raw);
        };
        if choices.contains(&text.as_ref()) {
            return Some(text.to_string());
        }
        let meant = nearest(text, choices.iter().copied());
        let label = meant.map(|meant| format!("did you mean \"{meant}\"?"));
        let key = at.path.to_owned();
        let reason = format!("is not {}", shapes::expected(kind));
        self.mistake(Error::Refused { key, reason }, raw, label);
        None
    }

    /// A number of hosts or a percentage; outside of the file both are text.
    fn reach(&mut self, at: At<'_>, kind: &Kind, raw: &Raw<'_>) -> Option<Data> {
        let text = match raw.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::String(text) => text,
            _ => return self.wrong_type(at, kind, raw),
        };
        match Reach::parse(text) {
            Ok(reach) => Some(Data::Reach(reach)),
            Err(reason) => self.refused(at, raw, reason),
        }
    }

    fn later<T>(&mut self, at: At<'_>, what: &str) -> Option<T> {
        let error = Error::NotYet {
            key: at.path.to_owned(),
            what: what.to_owned(),
        };
        let mistake = Mistake::new(error).at(at.key).label("leave it out for now");
        self.mistakes.push(mistake);
        None
    }
}
