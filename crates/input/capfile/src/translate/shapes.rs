//! Values of Ruby in the shapes that our settings have.

use super::grammar;
use super::table::Shape;
use crate::evaluate::expression::RELEASE;
use crate::toml::Item;
use crate::value::Value;

/// A value in the shape that our setting has.
pub(super) fn item(shape: Shape, value: &Value) -> Result<Item, String> {
    if let Some(unknown) = value.first_unknown() {
        return Err(unknown.why.clone());
    }
    let rule = match shape {
        Shape::Application => grammar::application,
        Shape::Repository => grammar::repository,
        Shape::Branch => grammar::branch,
        Shape::Root => grammar::root,
        Shape::Inner | Shape::Inners => grammar::inner_path,
        Shape::Linked => grammar::linked,
        Shape::Directory => grammar::search_path,
        Shape::RubyVersion => grammar::ruby_version,
        Shape::RakeTask => grammar::rake_task,
        Shape::Manifests => grammar::pattern,
        Shape::Roles | Shape::Role => grammar::role,
        Shape::Groups => grammar::group,
        Shape::Line => grammar::line,
        Shape::Login => grammar::user,
        Shape::Count => return count(value),
        Shape::Flag => return flag(value),
    };
    let texts = texts(shape, value)?;
    texts
        .iter()
        .try_for_each(|text| grammar::check(rule, text))?;
    let many = matches!(
        shape,
        Shape::Linked | Shape::Roles | Shape::Inners | Shape::Groups | Shape::Manifests
    );
    match texts.as_slice() {
        texts if many => Ok(Item::texts(texts.iter().cloned())),
        [text] => Ok(Item::text(text)),
        _ => Err(format!("{} stands where one word is meant", value.kind())),
    }
}

/// The words of a value, each once where it is a list of links.
fn texts(shape: Shape, value: &Value) -> Result<Vec<String>, String> {
    let words: Result<Vec<String>, _> = value.items().iter().map(Value::to_text).collect();
    let words = words.map_err(|unknown| unknown.why)?;
    let mut texts: Vec<String> = Vec::new();
    for word in words {
        match shape {
            Shape::Groups => texts.extend(word.split([' ', ':']).map(str::to_owned)),
            // What is below the release is named by that alone.
            Shape::Inner | Shape::Inners => {
                let below = word
                    .strip_prefix(RELEASE)
                    .map(|below| below.trim_start_matches('/'));
                texts.push(below.map_or(word.clone(), str::to_owned));
            }
            Shape::Manifests => texts.push(manifest(&word)?),
            Shape::Root | Shape::Directory => texts.push(match word.strip_prefix("$HOME/") {
                Some(rest) => format!("~/{rest}"),
                None => word,
            }),
            Shape::Linked => {
                let path = word.trim_end_matches('/').to_owned();
                if !texts.contains(&path) {
                    texts.push(path);
                }
            }
            _ => texts.push(word),
        }
    }
    texts.retain(|text| !text.is_empty());
    Ok(texts)
}

/// A manifest is named below the directory of assets here, and by its whole path there.
fn manifest(path: &str) -> Result<String, String> {
    let below = path
        .strip_prefix(RELEASE)
        .and_then(|path| path.strip_prefix("/public/"));
    let name = below.and_then(|below| below.split_once('/'));
    name.map(|(_, name)| name.to_owned())
        .ok_or_else(|| "manifests are named below public/<assets_prefix> here".to_owned())
}

fn count(value: &Value) -> Result<Item, String> {
    let number = match value {
        Value::Int(number) => Some(*number),
        other => other.word().and_then(|text| text.parse().ok()),
    };
    match number {
        Some(number) if (1..=10_000).contains(&number) => Ok(Item::Int(number)),
        _ => Err("a number from 1 to 10000 is meant here".to_owned()),
    }
}

fn flag(value: &Value) -> Result<Item, String> {
    let truth = value.truth().map_err(|unknown| unknown.why)?;
    Ok(Item::Bool(truth))
}
