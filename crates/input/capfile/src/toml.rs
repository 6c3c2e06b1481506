//! Values as they are written into windlass.toml.

use toml_writer::{ToTomlKey as _, ToTomlValue as _, TomlKeyBuilder, TomlStringBuilder};

/// A value of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Text(String),
    Int(i64),
    Bool(bool),
    List(Vec<Item>),
    Table(Vec<(String, Item)>),
}

impl Item {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// On one line, or a script on several.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::Text(text) if text.contains('\n') => block(text),
            Self::Text(text) => quoted(text),
            Self::Int(value) => value.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(Self::written).collect();
                let line = format!("[{}]", items.join(", "));
                if line.len() <= 90 {
                    return line;
                }
                format!("[\n  {},\n]", items.join(",\n  "))
            }
            Self::Table(pairs) => {
                let pairs: Vec<_> = pairs
                    .iter()
                    .map(|(name, value)| format!("{} = {}", key(name), value.written()))
                    .collect();
                format!("{{ {} }}", pairs.join(", "))
            }
        }
    }
}

/// A key, bare where TOML allows it.
pub(crate) fn key(name: &str) -> String {
    let builder = TomlKeyBuilder::new(name);
    let key = builder.as_unquoted().unwrap_or_else(|| builder.as_basic());
    key.to_toml_key()
}

fn quoted(text: &str) -> String {
    TomlStringBuilder::new(text).as_basic().to_toml_value()
}

/// Several lines as people write them, with the end on a line of its own.
fn block(text: &str) -> String {
    let text = format!("{text}\n");
    TomlStringBuilder::new(&text).as_ml_basic().to_toml_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let item = Item::texts(["a\"b\\", "ü\u{7}", "\t"]);
        assert_eq!(item.written(), r#"["a\"b\\", "ü\u0007", "\t"]"#);
        let script = Item::text("if a; then\n  echo \"x\"\\n'\"\"\"\"\nfi");
        assert_eq!(
            script.written(),
            "\"\"\"\nif a; then\n  echo \"x\"\\\\n'\"\"\\\"\"\nfi\n\"\"\""
        );
        assert_eq!(key("a b"), "\"a b\"");
    }
}
