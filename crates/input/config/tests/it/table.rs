//! The table of keys against everything that is made from it.

use crate::{given, load, rendered};
use serde_json::Value;
use windlass_config::{Config, Source, Stage, reference, schema};
use windlass_model::health::HealthCheck;

/// The tables of settings: what stands before a name in them, and where they are in the schema.
const PLACES: [(&str, &[&str]); 7] = [
    ("", &[]),
    ("age.", &["properties", "age"]),
    ("ssh.", &["properties", "ssh"]),
    ("rollout.", &["properties", "rollout"]),
    ("ruby.", &["properties", "ruby"]),
    ("bundler.", &["properties", "bundler"]),
    ("rails.", &["properties", "rails"]),
];

fn stage(config: &Config) -> Stage {
    config
        .stage("s")
        .map_err(|mistakes| rendered(&mistakes))
        .expect("settings")
}

fn with(setting: &str) -> Stage {
    let text = format!("{setting}\n[stages.s]\nhosts = [\"h\"]\n");
    let text = if setting.starts_with("application") {
        text
    } else {
        format!("application = \"a\"\n{text}")
    };
    stage(
        &load(&text)
            .map_err(|mistakes| rendered(&mistakes))
            .expect(setting),
    )
}

/// The value as TOML, for an inline table.
fn toml(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entries: Vec<_> = map
                .iter()
                .map(|(name, value)| format!("{name} = {}", toml(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::Array(values) => {
            let values: Vec<_> = values.iter().map(toml).collect();
            format!("[{}]", values.join(", "))
        }
        other => other.to_string(),
    }
}

fn properties<'s>(schema: &'s Value, path: &[&str]) -> Vec<(&'s String, &'s Value)> {
    let mut at = schema;
    for part in path {
        at = &at[*part];
    }
    at["properties"]
        .as_object()
        .expect("properties")
        .iter()
        .collect()
}

#[test]
fn every_key_changes_the_settings() {
    let schema = schema();
    for (prefix, path) in PLACES {
        for (name, property) in properties(&schema, path) {
            let Some(example) = property["examples"].get(0) else {
                // Tables and what is not there yet.
                continue;
            };
            // What a setting means nothing without.
            let needed = match (prefix, name.as_str()) {
                ("ruby.", "path") => "ruby.manager = \"rbenv\"\n",
                ("bundler.", _) => "recipes = [\"bundler\"]\n",
                ("rails.", _) => "recipes = [\"rails\"]\n",
                _ => "",
            };
            let plain = with(needed);
            let setting = with(&format!("{needed}{prefix}{name} = {}", toml(example)));
            assert_ne!(
                setting.settings(),
                plain.settings(),
                "{prefix}{name} changes nothing"
            );
        }
    }
}

#[test]
fn every_key_of_a_task_changes_the_task() {
    let schema = schema();
    let task = |more: &str| with(&format!("tasks = [{{ name = \"t\", run = \"r\"{more} }}]"));
    let plain = task("");
    for (name, property) in properties(&schema, &["properties", "tasks", "items"]) {
        if ["name", "run"].contains(&name.as_str()) {
            continue;
        }
        let example = toml(&property["examples"][0]).replace("production", "other");
        let text = format!(
            "application = \"a\"\ntasks = [{{ name = \"t\", run = \"r\", {name} = {example} }}]\n\
             [stages.s]\nhosts = [\"h\"]\n[stages.other]\nhosts = [\"h\"]\n"
        );
        let changed = stage(
            &load(&text)
                .map_err(|mistakes| rendered(&mistakes))
                .expect(name),
        );
        assert_ne!(
            changed.settings().tasks,
            plain.settings().tasks,
            "{name} changes nothing"
        );
    }
}

/// A check as in the file, with what it means.
fn check(text: &str) -> HealthCheck {
    let stage = with(&format!("health = [{{ name = \"h\", {text} }}]"));
    stage.settings().health[0].clone()
}

#[test]
fn every_key_of_a_check_changes_the_check_and_its_default_does_not() {
    let schema = schema();
    for (name, property) in properties(&schema, &["properties", "health", "items"]) {
        let (url, unit) = ("url = \"http://a\"", "unit = \"a\"");
        let plain = match name.as_str() {
            "url" | "command" | "unit" | "name" | "stages" => continue,
            "system" | "stays" => unit,
            _ => url,
        };
        let example = toml(&property["examples"][0]);
        let changed = check(&format!("{plain}, {name} = {example}"));
        assert_ne!(changed, check(plain), "{name} changes nothing");
        if !property["default"].is_null() {
            let default = toml(&property["default"]);
            let same = check(&format!("{plain}, {name} = {default}"));
            assert_eq!(same, check(plain), "{name} has another default");
        }
    }
}

#[test]
fn a_check_has_the_name_of_what_it_checks() {
    for (text, name) in [
        (
            "url = \"http://127.0.0.1:3000/up?a=b\"",
            "127.0.0.1:3000-up",
        ),
        ("url = \"https://[::1]/{stage}/{application}/\"", "::1--s-a"),
        ("command = \"\\nbin/check --fast\"", "check"),
        ("command = \"[ -e up ]\"", "check"),
        ("unit = \"{application}@1.service\"", "a-1.service"),
    ] {
        let stage = with(&format!("health = [{{ {text} }}]"));
        assert_eq!(stage.settings().health[0].name, name);
        let shown = stage.setting(&format!("health.{name}"));
        assert_eq!(shown.len(), 1, "{name}");
    }
}

#[test]
fn a_check_of_another_stage_is_none() {
    let text = "application = \"a\"\nhealth = [{ unit = \"u\", stages = [\"t\"] }]\n\
        [stages.s]\nhosts = [\"h\"]\n[stages.t]\nhosts = [\"h\"]\n";
    let config = load(text).map_err(|mistakes| rendered(&mistakes));
    let config = config.expect("settings");
    let number = |name: &str| {
        config
            .stage(name)
            .map(|stage| stage.settings().health.len())
    };
    assert_eq!((number("s"), number("t")), (Ok(0), Ok(1)));
}

#[test]
fn every_default_is_in_force_and_shown() {
    let schema = schema();
    let plain = with("");
    for (prefix, path) in PLACES {
        for (name, property) in properties(&schema, path) {
            let default = &property["default"];
            if default.is_null() {
                continue;
            }
            let key = format!("{prefix}{name}");
            let shown = plain.setting(&key);
            assert_eq!(shown.len(), 1, "{key}");
            assert_eq!(shown[0].origins[0].to_string(), "default");
            let expected = toml(default)
                .replace("{application}", "a")
                .replace("{stage}", "s");
            assert_eq!(shown[0].value, expected, "{key}");
        }
    }
}

/// Whether the schema has a place for everything in a value of the file.
fn covers(schema: &Value, value: &toml::Value, path: &str) {
    let alternatives = schema["anyOf"].as_array();
    match value {
        toml::Value::Table(table) => {
            let schema = alternatives
                .and_then(|all| all.iter().find(|one| one["type"] == "object"))
                .unwrap_or(schema);
            for (name, inner) in table {
                let known = &schema["properties"][name];
                let any = &schema["additionalProperties"];
                let found = if known.is_null() { any } else { known };
                assert!(found.is_object(), "{path}.{name} is not in the schema");
                covers(found, inner, &format!("{path}.{name}"));
            }
        }
        toml::Value::Array(values) => {
            let schema = alternatives
                .and_then(|all| all.iter().find(|one| one["type"] == "array"))
                .unwrap_or(schema);
            for inner in values {
                covers(&schema["items"], inner, &format!("{path}[]"));
            }
        }
        _ => assert!(schema.is_object(), "{path}"),
    }
}

#[test]
fn the_schema_knows_every_key_of_the_example() {
    let example: toml::Table = include_str!("../example.toml").parse().expect("TOML");
    covers(&schema(), &toml::Value::Table(example), "");
}

#[test]
fn the_schema_and_the_reference_know_the_same_keys() {
    let page = reference();
    let schema = schema();
    for (name, _) in properties(&schema, &[]) {
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
    }
    let host = [
        "properties",
        "stages",
        "additionalProperties",
        "properties",
        "hosts",
        "items",
    ];
    let mut at = &schema;
    for part in host {
        at = &at[part];
    }
    for (name, _) in properties(&at["anyOf"][1], &[]) {
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
    }
}

#[test]
fn every_setting_can_be_given_as_a_variable() {
    for (variable, value, key) in [
        ("WINDLASS_APPLICATION", "b", "application"),
        (
            "WINDLASS_SSH_KEEPALIVE_INTERVAL",
            "1s",
            "ssh.keepalive_interval",
        ),
        ("WINDLASS_SSH_AGENT", "false", "ssh.agent"),
        ("WINDLASS_SUBMODULES", "true", "submodules"),
        ("WINDLASS_RESTART_APP", "true", "restart.app"),
        ("WINDLASS_ENV_Tz", "UTC", "env.Tz"),
        ("WINDLASS_RECIPES", "rails,bundler", "recipes"),
    ] {
        let environment = [(variable.to_owned(), value.to_owned())];
        let given = windlass_config::Given {
            environment: &environment,
            ..given()
        };
        let source = Source::file(
            "windlass.toml",
            "application = \"a\"\n[stages.s]\nhosts = [\"h\"]\n",
        );
        let config = Config::load(&source, given)
            .map_err(|mistakes| rendered(&mistakes))
            .expect(variable);
        let origin = stage(&config).origin(key).expect(key);
        assert_eq!(origin.to_string(), variable);
    }
}

#[test]
fn the_reference_page_stands_among_the_documents() {
    let page = reference();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
    let stands = std::fs::read_to_string(format!("{root}/docs/settings.md")).unwrap_or_default();
    assert!(
        stands == page,
        "docs/settings.md does not say what the table of keys says; `cargo xtask docs` writes it anew"
    );
}
