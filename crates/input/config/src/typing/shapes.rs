//! Types in people's words.

use crate::keys::Kind;
use toml::de::DeValue;
use windlass_model::units::{show_duration, show_size};

/// What a value is.
pub(super) fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false without quotes",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// What a value of this kind should be.
pub(crate) fn expected(kind: &Kind) -> String {
    match *kind {
        Kind::Text(_) | Kind::Word(_) | Kind::Verbatim(_) | Kind::Repository => "text".to_owned(),
        Kind::Integer(..) => "a whole number".to_owned(),
        Kind::Boolean => "true or false".to_owned(),
        Kind::Duration(least) if least.is_zero() => {
            "a duration such as \"15s\" or \"2m\"".to_owned()
        }
        Kind::Duration(least) => {
            let least = show_duration(least);
            format!("a duration such as \"15s\" or \"2m\", at least \"{least}\"")
        }
        Kind::Size(least) => format!(
            "a size such as \"64MiB\", at least \"{}\"",
            show_size(least)
        ),
        Kind::Reach => "a number of hosts, from 1, or a percentage such as \"10%\"".to_owned(),
        Kind::Choice(choices) => {
            let quoted: Vec<_> = choices
                .iter()
                .map(|choice| format!("\"{choice}\""))
                .collect();
            quoted.join(" or ")
        }
        Kind::List(inner) => format!("a list of {}", several(inner)),
        Kind::Recipes => "a list of names".to_owned(),
        Kind::OneOrMany(inner) => format!("{} or a list", expected(inner)),
        Kind::BooleanOr(inner) => format!("true, false or {}", expected(inner)),
        Kind::Map(..) | Kind::Table(_) | Kind::Variables | Kind::Layer(_) | Kind::Add => {
            "a table".to_owned()
        }
        Kind::Secret => format!("a table: {}", crate::secret::FORMS),
        Kind::Host => "\"[user@]host[:port]\" or a table with `address`".to_owned(),
        Kind::Later(what) => what.to_owned(),
    }
}

/// Whether text in quotes is what is expected.
pub(super) fn is_text(kind: &Kind) -> bool {
    match kind {
        Kind::Text(_) | Kind::Word(_) | Kind::Verbatim(_) | Kind::Repository => true,
        Kind::OneOrMany(inner) => is_text(inner),
        _ => false,
    }
}

fn several(kind: &Kind) -> String {
    match kind {
        Kind::Table(_) => "tables".to_owned(),
        Kind::Host => "hosts".to_owned(),
        Kind::Word(_) => "names".to_owned(),
        Kind::Reach => "numbers of hosts or percentages".to_owned(),
        _ => "texts".to_owned(),
    }
}
