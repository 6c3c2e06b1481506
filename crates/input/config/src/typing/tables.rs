//! Lists and tables: everything that has other values in it.

use super::{At, Raw, Typing};
use crate::error::{Error, Mistake};
use crate::keys::{self, Check, Key, Kind, ROOT, Scope};
use crate::origin::{Origin, Place};
use crate::secret;
use crate::suggest::{listed, nearest};
use crate::value::{Data, Entry, Table, Value};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

type Name<'i> = Spanned<DeString<'i>>;

/// Recipes that are planned; another name is a slip or a wish.
const PLANNED: [&str; 12] = [
    "bundler",
    "node",
    "npm",
    "nvm",
    "passenger",
    "puma",
    "rails",
    "rbenv",
    "sidekiq",
    "systemd",
    "whenever",
    "yarn",
];

/// Variables that every task receives; a setting must not hide them.
const RECEIVED: [&str; 9] = [
    "DEPLOY_STAGE",
    "DEPLOY_HOST",
    "DEPLOY_ROLES",
    "DEPLOY_RELEASE_PATH",
    "DEPLOY_SHARED_PATH",
    "DEPLOY_CURRENT_PATH",
    "DEPLOY_PREVIOUS_PATH",
    "DEPLOY_REVISION",
    "DEPLOY_ID",
];

static ADDRESS_KIND: Kind = Kind::Text(crate::check::address);

impl Typing<'_> {
    /// A table of which every name is known.
    pub(crate) fn table(&mut self, at: At<'_>, keys: &'static [Key], raw: &DeTable<'_>) -> Table {
        let entries = raw.iter().filter_map(|(name, value)| {
            let text = name.get_ref().as_ref();
            let place = self.name_place(name);
            let Some(key) = keys::find(keys, at.scope, text) else {
                self.stranger(at, keys, text, &place);
                return None;
            };
            self.entry(at, (text, &place), &key.kind, value)
        });
        entries.collect()
    }

    fn entry(
        &mut self,
        at: At<'_>,
        (name, place): (&str, &Place),
        kind: &'static Kind,
        raw: &Raw<'_>,
    ) -> Option<(String, Entry)> {
        let path = join(at.path, name);
        let at = At {
            path: &path,
            key: place,
            ..at
        };
        let value = self.value(at, kind, raw)?;
        let key = Origin::Given(place.clone());
        Some((name.to_owned(), Entry { key, value }))
    }

    fn name_place(&self, name: &Name<'_>) -> Place {
        Place::new(self.source, name.span())
    }

    pub(super) fn known(
        &mut self,
        at: At<'_>,
        kind: &Kind,
        keys: &'static [Key],
        raw: &Raw<'_>,
    ) -> Option<Table> {
        match raw.get_ref() {
            DeValue::Table(inner) => Some(self.table(at, keys, inner)),
            _ => self.wrong_type(at, kind, raw),
        }
    }

    pub(super) fn layer(&mut self, at: At<'_>, kind: &Kind, raw: &Raw<'_>) -> Option<Table> {
        self.known(at, kind, ROOT, raw)
    }

    pub(super) fn map(
        &mut self,
        at: At<'_>,
        kind: &Kind,
        (check, inner): (Check, &'static Kind),
        raw: &Raw<'_>,
    ) -> Option<Table> {
        let DeValue::Table(table) = raw.get_ref() else {
            return self.wrong_type(at, kind, raw);
        };
        let entries = table.iter().filter_map(|(name, value)| {
            let text = name.get_ref().as_ref();
            let place = self.name_place(name);
            self.name(at, text, &place, check)?;
            self.entry(at, (text, &place), inner, value)
        });
        Some(entries.collect())
    }

    /// A name of the user's choice; variables may not be called like settings.
    fn name(&mut self, at: At<'_>, name: &str, place: &Place, check: Check) -> Option<()> {
        let of_variables = matches!(at.path.rsplit('.').next(), Some("env" | "secrets"));
        let setting = keys::find(ROOT, Scope::WIDE, name);
        if let Some(setting) = setting.filter(|_| of_variables) {
            let error = Error::SettingAmongVariables {
                key: name.to_owned(),
                table: at.path.to_owned(),
            };
            let hint = format!(
                "everything after `[{}]` belongs to it until the next `[…]`; `{name}` may stand {}",
                at.path,
                setting.scope.words()
            );
            let mistake = Mistake::new(error).at(&place.veiled());
            self.mistakes.push(mistake.label("a setting").hint(hint));
            return None;
        }
        let Err(reason) = check(name) else {
            return Some(());
        };
        let key = join(at.path, name);
        let mistake = Mistake::new(Error::Refused { key, reason }).at(place);
        self.mistakes.push(mistake);
        None
    }

    pub(super) fn list(
        &mut self,
        at: At<'_>,
        kind: &Kind,
        inner: &'static Kind,
        raw: &Raw<'_>,
    ) -> Option<Data> {
        let DeValue::Array(values) = raw.get_ref() else {
            return self.wrong_type(at, kind, raw);
        };
        let mut list = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let path = format!("{}[{index}]", at.path);
            list.extend(self.value(At { path: &path, ..at }, inner, value));
        }
        Some(Data::List(list))
    }

    pub(super) fn one_or_many(
        &mut self,
        at: At<'_>,
        inner: &'static Kind,
        raw: &Raw<'_>,
    ) -> Option<Data> {
        if matches!(raw.get_ref(), DeValue::Array(_)) {
            return self.list(at, inner, inner, raw);
        }
        Some(Data::List(vec![self.value(at, inner, raw)?]))
    }

    pub(super) fn boolean_or(
        &mut self,
        at: At<'_>,
        kind: &Kind,
        inner: &'static Kind,
        raw: &Raw<'_>,
    ) -> Option<Value> {
        match raw.get_ref() {
            DeValue::Boolean(truth) => {
                let origin = Origin::Given(self.place(raw));
                Some(Value::new(Data::Boolean(*truth), origin))
            }
            DeValue::String(_) | DeValue::Array(_) => self.value(at, inner, raw),
            _ => self.wrong_type(at, kind, raw),
        }
    }

    pub(super) fn recipes(&mut self, at: At<'_>, kind: &Kind, raw: &Raw<'_>) -> Option<Data> {
        static NAME: Kind = Kind::Verbatim(crate::check::line);
        let Some(Data::List(values)) = self.list(at, kind, &NAME, raw) else {
            return None;
        };
        let there = values.into_iter().filter(|value| self.recipe(value));
        Some(Data::List(there.collect()))
    }

    fn recipe(&mut self, value: &Value) -> bool {
        let Data::Verbatim(name) = &value.data else {
            return false;
        };
        if self.recipes.contains(&name.as_str()) {
            return true;
        }
        let mistake = if PLANNED.contains(&name.as_str()) {
            let key = "recipes".to_owned();
            let what = format!("the tasks of recipe `{name}`");
            Mistake::new(Error::NotYet { key, what }).hint("write its steps as [[tasks]] for now")
        } else {
            let key = "recipes".to_owned();
            let reason = format!("names `{}`, which is no recipe", name.escape_debug());
            let all = || self.recipes.iter().copied();
            let hint = match nearest(name, all().chain(PLANNED)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("recipes that are there: {}", listed(all())),
            };
            Mistake::new(Error::Refused { key, reason }).hint(hint)
        };
        let placed = value
            .place()
            .map_or(mistake.clone(), |place| mistake.at(place));
        self.mistakes.push(placed);
        false
    }

    pub(super) fn variables(&mut self, at: At<'_>, kind: &Kind, raw: &Raw<'_>) -> Option<Table> {
        static VALUE: Kind = Kind::Verbatim(crate::check::no_nul);
        let variables = self.map(at, kind, (crate::check::variable, &VALUE), raw)?;
        for (name, entry) in &variables {
            let literal_path = |text: &str| name == "PATH" && text.contains('$');
            let reason = match &entry.value.data {
                Data::Verbatim(text) if literal_path(text) => {
                    "is literal, so `$PATH` means nothing in it; `path = [...]` puts directories before PATH"
                }
                _ if RECEIVED.contains(&name.as_str()) => "is set by every deploy for its tasks",
                _ => continue,
            };
            let key = join(at.path, name);
            let reason = reason.to_owned();
            let mistake = Mistake::new(Error::Refused { key, reason });
            self.mistakes.push(match entry.value.place() {
                Some(place) => mistake.at(place),
                None => mistake,
            });
        }
        Some(variables)
    }

    /// A secret is a reference. A value in the file is refused, and not shown.
    pub(super) fn secret(&mut self, at: At<'_>, raw: &Raw<'_>) -> Option<Data> {
        let DeValue::Table(table) = raw.get_ref() else {
            let key = at.path.to_owned();
            let reason = "must not have its value in the file".to_owned();
            let mistake = Mistake::new(Error::Refused { key, reason })
                .at(&at.key.veiled())
                .label("say where it is instead")
                .hint(format!("write {}", secret::FORMS));
            self.mistakes.push(mistake);
            return None;
        };
        let inner = self.table(at, secret::KEYS, table);
        self.one_place(at, table)?;
        secret::reference(inner).map(Data::Secret)
    }

    /// The value of a secret comes from one place.
    fn one_place(&mut self, at: At<'_>, table: &DeTable<'_>) -> Option<()> {
        let is_there = |key: &str| table.iter().any(|(name, _)| name.get_ref() == key);
        let places = secret::PLACES.into_iter().filter(|place| is_there(place));
        let reason = match places.collect::<Vec<_>>().as_slice() {
            [] => "does not say where its value is".to_owned(),
            [first, second, ..] => format!("has both `{first}` and `{second}`; it has one place"),
            [place] if *place != "age" && is_there("key") => {
                format!("has `key`, which is about `age`, and `{place}`")
            }
            [_] => return Some(()),
        };
        let key = at.path.to_owned();
        let mistake = Mistake::new(Error::Refused { key, reason });
        let hint = format!("write {}", secret::FORMS);
        self.mistakes.push(mistake.at(at.key).hint(hint));
        None
    }

    /// What is appended: only lists that can be set at the top.
    pub(super) fn added(&mut self, at: At<'_>, kind: &Kind, raw: &Raw<'_>) -> Option<Table> {
        let DeValue::Table(table) = raw.get_ref() else {
            return self.wrong_type(at, kind, raw);
        };
        Some(self.appendable(at, ROOT, table))
    }

    fn appendable(&mut self, at: At<'_>, keys: &'static [Key], raw: &DeTable<'_>) -> Table {
        let entries = raw.iter().filter_map(|(name, value)| {
            let text = name.get_ref().as_ref();
            let place = self.name_place(name);
            let known = keys::find(keys, at.scope, text);
            match known.filter(|key| key.scope.meets(Scope::FILE) && key.appends()) {
                Some(Key {
                    kind: Kind::Table(inner),
                    ..
                }) => self.append_into(at, (text, &place), inner, value),
                Some(key) => self.entry(at, (text, &place), &key.kind, value),
                None => {
                    self.not_appendable(at, keys, (text, &place), known.is_some());
                    None
                }
            }
        });
        entries.collect()
    }

    fn append_into(
        &mut self,
        at: At<'_>,
        (name, place): (&str, &Place),
        keys: &'static [Key],
        raw: &Raw<'_>,
    ) -> Option<(String, Entry)> {
        let path = join(at.path, name);
        let at = At { path: &path, ..at };
        let DeValue::Table(table) = raw.get_ref() else {
            return self.wrong_type(at, &Kind::Add, raw);
        };
        let inner = self.appendable(at, keys, table);
        let value = Value::new(Data::Table(inner), Origin::Given(self.place(raw)));
        let key = Origin::Given(place.clone());
        Some((name.to_owned(), Entry { key, value }))
    }

    fn not_appendable(
        &mut self,
        at: At<'_>,
        keys: &'static [Key],
        (name, place): (&str, &Place),
        known: bool,
    ) {
        if !known {
            return self.stranger(at, keys, name, place);
        }
        let key = name.to_owned();
        let reason = "cannot be added to; `add` is for lists such as `linked_dirs`".to_owned();
        let mistake = Mistake::new(Error::Refused { key, reason });
        self.mistakes.push(mistake.at(place));
    }

    pub(super) fn host(&mut self, at: At<'_>, kind: &Kind, raw: &Raw<'_>) -> Option<Table> {
        let at = At {
            scope: Scope::HOST,
            ..at
        };
        match raw.get_ref() {
            DeValue::String(_) => {
                let value = self.value(at, &ADDRESS_KIND, raw)?;
                let key = value.origin();
                Some(Table::from([("address".to_owned(), Entry { key, value })]))
            }
            DeValue::Table(inner) => {
                if !inner.iter().any(|(name, _)| name.get_ref() == "address") {
                    let key = join(at.path, "address");
                    self.mistake(Error::Missing { key }, raw, None);
                }
                Some(self.table(at, ROOT, inner))
            }
            _ => self.wrong_type(at, kind, raw),
        }
    }
}

/// `path.name`, or the name alone at the top.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        return name.to_owned();
    }
    format!("{path}.{name}")
}
