//! Values of Ruby in the shapes that our settings have.

use super::grammar;
use super::table::Shape;
use crate::toml::Item;
use crate::value::Value;

/// A value in the shape that our setting has.
pub(super) fn item(shape: Shape, value: &Value) -> Result<Item, String> {
    if let Some(unknown) = value.first_unknown() {
        return Err(unknown.why.clone());
    }
    let check = match shape {
        Shape::Application => grammar::application,
        Shape::Repository => grammar::repository,
        Shape::Branch => grammar::branch,
        Shape::Root => grammar::root,
        Shape::Subtree | Shape::Linked => grammar::relative,
        Shape::Roles | Shape::Role => grammar::role,
        Shape::Line | Shape::Words | Shape::Groups => grammar::line,
        Shape::Count => return count(value),
        Shape::Flag => return flag(value),
    };
    let texts = texts(shape, value)?;
    texts.iter().try_for_each(|text| check(text))?;
    let many = matches!(
        shape,
        Shape::Linked | Shape::Roles | Shape::Words | Shape::Groups
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
            Shape::Root => texts.push(match word.strip_prefix("$HOME/") {
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
