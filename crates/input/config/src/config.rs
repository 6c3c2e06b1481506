//! The configuration: all layers, read once; and what is in force in a stage and on a host.

use crate::cross;
use crate::error::{Error, Mistake, Mistakes};
use crate::file;
use crate::given::{self, Argument};
use crate::health;
use crate::hosts::{HostEntry, host_entries};
use crate::layer;
use crate::origin::{Origin, Source};
use crate::read;
use crate::recipes;
use crate::value::{Data, Entry, Table, Value};
use std::sync::Arc;
use windlass_model::{HostTarget, Settings};

/// What comes from outside the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    /// The environment; only `WINDLASS_*` is looked at.
    pub environment: &'a [(String, String)],
    /// The command line; later arguments win.
    pub arguments: &'a [Argument],
    /// The names of the recipes that are there.
    pub recipes: &'a [&'a str],
}

/// Lists of tables that are known by their names.
const NAMED: [&str; 2] = ["health", "tasks"];

/// All layers, well-typed, not yet laid over one another.
#[derive(Clone, Debug)]
pub struct Config {
    file: Table,
    environment: Table,
    arguments: Table,
}

impl Config {
    /// Reads all layers. All mistakes of the file are found, also those in stages that are not asked for.
    pub fn load(source: &Arc<Source>, given: Given<'_>) -> Result<Self, Mistakes> {
        let (file, mut mistakes) = file::parse(source, given.recipes);
        if mistakes.is_empty() {
            mistakes.extend(cross::file(&file));
        }
        Self::with(file, given, mistakes)
    }

    /// The configuration where there is no file: for commands on a bare address.
    pub fn without_file(given: Given<'_>) -> Result<Self, Mistakes> {
        Self::with(Table::new(), given, Vec::new())
    }

    fn with(file: Table, given: Given<'_>, mut mistakes: Vec<Mistake>) -> Result<Self, Mistakes> {
        let environment = given::environment(given.environment, given.recipes, &mut mistakes);
        let arguments = given::arguments(given.arguments, given.recipes, &mut mistakes);
        let config = Self {
            file,
            environment,
            arguments,
        };
        Mistakes::unless(mistakes, config)
    }

    /// The names of the stages, in the order of the file.
    pub fn stages(&self) -> Vec<&str> {
        let mut stages: Vec<_> = self.stage_entries().into_iter().flatten().collect();
        stages.sort_by_key(|(_, entry)| entry.key.place().map(|place| place.span().start));
        stages.into_iter().map(|(name, _)| name.as_str()).collect()
    }

    fn stage_entries(&self) -> Option<&Table> {
        table(&self.file, "stages")
    }

    /// What is in force in a stage.
    pub fn stage(&self, name: &str) -> Result<Stage, Mistakes> {
        let entry = self.stage_entries().and_then(|stages| stages.get(name));
        let Some(entry) = entry else {
            let stages = self.stages();
            let error = Error::NoSuchStage {
                stage: name.to_owned(),
            };
            return Err(Mistake::new(error)
                .hint(cross::stage_hint(name, &stages))
                .into());
        };
        let Data::Table(stage) = &entry.value.data else {
            return Err(missing("hosts", &entry.key).into());
        };
        if !stage.contains_key("hosts") {
            return Err(missing(&format!("stages.{name}.hosts"), &entry.key).into());
        }
        let mut base = self.base();
        layer::lay(&mut base, stage);
        Stage::new(self, name, base, Some(stage))
    }

    /// What is in force where no stage is meant: no hosts, and the application may be missing.
    pub fn no_stage(&self) -> Result<Stage, Mistakes> {
        let mut base = self.base();
        base.entry("application".to_owned())
            .or_insert_with(|| Entry {
                key: Origin::Default,
                value: Value::new(Data::Verbatim("none".to_owned()), Origin::Default),
            });
        Stage::new(self, "none", base, None)
    }

    fn base(&self) -> Table {
        let mut base = layer::defaults();
        let mut file = self.file.clone();
        file.remove("stages");
        file.remove("roles");
        layer::merge(&mut base, &file);
        base
    }

    /// Lays what wins over everything else, and fills the placeholders.
    fn finish(&self, mut table: Table, stage: &str) -> Result<Table, Mistakes> {
        layer::merge(&mut table, &self.environment);
        layer::merge(&mut table, &self.arguments);
        let Some(application) = table.get("application") else {
            let error = Error::Missing {
                key: "application".to_owned(),
            };
            let hint = "the first line of windlass.toml is usually: application = \"NAME\"";
            return Err(Mistake::new(error).hint(hint).into());
        };
        let mut application = application.value.clone();
        layer::fill_value(&mut application, "application", stage);
        let application = match application.data {
            Data::Text(name) | Data::Verbatim(name) => name,
            _ => String::new(),
        };
        layer::fill(&mut table, &application, stage);
        recipes::bring(&mut table);
        health::name(&mut table);
        Mistakes::unless(cross::merged(&table), table)
    }
}

/// What is in force in one stage, and its hosts.
#[derive(Clone, Debug)]
pub struct Stage {
    name: String,
    config: Config,
    base: Table,
    effective: Table,
    settings: Arc<Settings>,
    hosts: Vec<HostEntry>,
}

/// A setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// Its name, with dots.
    pub key: String,
    /// Its value, as it would be written.
    pub value: String,
    /// The same for machines.
    pub json: serde_json::Value,
    /// Where it comes from; a list to which others were added comes from several places.
    pub origins: Vec<Origin>,
}

impl Effective {
    /// Whether it is the setting of this name, or in the table of this name.
    pub fn is(&self, key: &str) -> bool {
        let rest = self.key.strip_prefix(key);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

impl Stage {
    fn new(
        config: &Config,
        name: &str,
        base: Table,
        stage: Option<&Table>,
    ) -> Result<Self, Mistakes> {
        let effective = config.finish(base.clone(), name)?;
        let settings = Arc::new(read::settings(&effective, name));
        let hosts = match stage.and_then(|stage| stage.get("hosts")) {
            Some(entry) => host_entries(&entry.value, &settings.application, name)?,
            None => Vec::new(),
        };
        Ok(Self {
            name: name.to_owned(),
            config: config.clone(),
            base,
            effective,
            settings,
            hosts,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The settings of the stage, before roles and hosts have their say.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// Its hosts and patterns of hosts, in the order of the file.
    pub fn hosts(&self) -> &[HostEntry] {
        &self.hosts
    }

    /// The entry that a host comes from.
    pub fn entry(&self, host: &HostTarget) -> Result<Option<&HostEntry>, Mistakes> {
        for entry in &self.hosts {
            let named = entry.address.names.contains(&host.address);
            if named && self.settings_on(entry)?.ssh.port == host.port {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// The settings on a host: its roles and itself laid over the stage. Hosts without layers of their own share one value.
    pub fn settings_on(&self, host: &HostEntry) -> Result<Arc<Settings>, Mistakes> {
        if host.layer.is_empty() && self.role_layers(&host.roles).next().is_none() {
            return Ok(Arc::clone(&self.settings));
        }
        let table = self.table_on(host)?;
        Ok(Arc::new(read::settings(&table, &self.name)))
    }

    /// The settings on a host that the file does not have any more: its roles laid over the stage.
    pub fn settings_with(&self, roles: &[String]) -> Result<Arc<Settings>, Mistakes> {
        if self.role_layers(roles).next().is_none() {
            return Ok(Arc::clone(&self.settings));
        }
        let table = self.config.finish(self.table_with(roles), &self.name)?;
        Ok(Arc::new(read::settings(&table, &self.name)))
    }

    fn table_on(&self, host: &HostEntry) -> Result<Table, Mistakes> {
        let mut table = self.table_with(&host.roles);
        layer::lay(&mut table, &host.layer);
        self.config.finish(table, &self.name)
    }

    fn table_with(&self, roles: &[String]) -> Table {
        let mut table = self.base.clone();
        for role in self.role_layers(roles) {
            layer::lay(&mut table, role);
        }
        table
    }

    /// The layers of a host's roles; the one later in its list lies above.
    fn role_layers<'a>(&'a self, names: &'a [String]) -> impl Iterator<Item = &'a Table> {
        let roles = table(&self.config.file, "roles");
        names.iter().filter_map(move |role| table(roles?, role))
    }

    /// Every setting in force, by name; with a host, as it is there.
    pub fn effective(&self, host: Option<&HostEntry>) -> Result<Vec<Effective>, Mistakes> {
        let mut settings = Vec::new();
        match host {
            Some(host) => flatten(&self.table_on(host)?, "", &mut settings),
            None => flatten(&self.effective, "", &mut settings),
        }
        Ok(settings)
    }

    /// One setting in force, or all of a table.
    pub fn setting(&self, key: &str) -> Vec<Effective> {
        let mut settings = Vec::new();
        flatten(&self.effective, "", &mut settings);
        settings.retain(|setting| setting.is(key));
        settings
    }

    /// Where a setting comes from.
    pub fn origin(&self, key: &str) -> Option<Origin> {
        let setting = self.setting(key).into_iter().next()?;
        setting.origins.into_iter().next()
    }
}

pub(crate) fn table<'t>(table: &'t Table, name: &str) -> Option<&'t Table> {
    match &table.get(name)?.value.data {
        Data::Table(inner) => Some(inner),
        _ => None,
    }
}

fn missing(key: &str, origin: &Origin) -> Mistake {
    let error = Error::Missing {
        key: key.to_owned(),
    };
    match origin.place() {
        Some(place) => Mistake::new(error)
            .at(place)
            .label("this stage has no hosts yet"),
        None => Mistake::new(error),
    }
}

fn flatten(table: &Table, prefix: &str, settings: &mut Vec<Effective>) {
    for (name, entry) in table {
        let key = match prefix {
            "" => name.clone(),
            prefix => format!("{prefix}.{name}"),
        };
        match &entry.value.data {
            Data::Table(inner) => flatten(inner, &key, settings),
            Data::List(values) if NAMED.contains(&name.as_str()) => {
                flatten_named(name, values, settings);
            }
            _ => settings.push(Effective {
                key,
                value: entry.value.show(),
                json: entry.value.json(),
                origins: entry.value.origins.clone(),
            }),
        }
    }
}

fn flatten_named(list: &str, entries: &[Value], settings: &mut Vec<Effective>) {
    for entry in entries {
        let Data::Table(keys) = &entry.data else {
            continue;
        };
        let name = match keys.get("name").map(|entry| &entry.value.data) {
            Some(Data::Verbatim(name)) => name.as_str(),
            _ => continue,
        };
        let mut entry = keys.clone();
        entry.remove("name");
        flatten(&entry, &format!("{list}.{name}"), settings);
    }
}
