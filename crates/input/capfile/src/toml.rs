//! Values as they are written into windlass.toml.

use std::fmt::Write as _;

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
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) {
        return name.to_owned();
    }
    quoted(name)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// Several lines as people write them. A quote at the end of a line could close the text, so all are escaped.
fn block(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(escaped_in_block).collect();
    format!("\"\"\"\n{}\n\"\"\"", lines.join("\n"))
}

fn escaped_in_block(line: &str) -> String {
    // Single quotes need nothing, and double ones only where three follow one another.
    escaped(line)
        .replace("\\\"", "\"")
        .replace("\"\"\"", "\\\"\\\"\\\"")
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
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
            "\"\"\"\nif a; then\n  echo \"x\"\\\\n'\\\"\\\"\\\"\"\nfi\n\"\"\""
        );
        assert_eq!(key("a b"), "\"a b\"");
    }
}
