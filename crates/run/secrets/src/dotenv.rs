//! Values by name from lines of the form `NAME=VALUE`, as `.env` files have them.
//!
//! Blank lines and those that begin with `#` are passed over, `export` before a name too. A value may stand in quotes and
//! then go over several lines: in single ones all is literal, in double ones `\n`, `\r` and `\t` are what they usually
//! are, and `\` before anything else that is not a letter or digit is taken away. Without quotes a value ends with its
//! line or before ` #`. The last of several lines of one name counts. `$` means nothing: a value is never looked into.

use windlass_model::shell::is_variable_name;

/// The number of a line that is not of the form, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotALine(pub(crate) usize);

/// The value of a name; none = there is no such line.
pub(crate) fn value(text: &str, name: &str) -> Result<Option<String>, NotALine> {
    let mut lines = Lines {
        rest: text,
        number: 1,
    };
    let mut found = None;
    while let Some((other, value)) = lines.next()? {
        if other == name {
            found = Some(value);
        }
    }
    Ok(found)
}

struct Lines<'t> {
    rest: &'t str,
    /// Of the line that `rest` begins with.
    number: usize,
}

impl<'t> Lines<'t> {
    fn next(&mut self) -> Result<Option<(&'t str, String)>, NotALine> {
        while !self.rest.is_empty() {
            let wrong = NotALine(self.number);
            let line = self.rest.split('\n').next().unwrap_or_default();
            let said = line.trim();
            if said.is_empty() || said.starts_with('#') {
                self.pass(line.len());
                continue;
            }
            let (name, value) = line.split_once('=').ok_or(wrong)?;
            let name = name.trim();
            let name = name.strip_prefix("export ").map_or(name, str::trim);
            if !is_variable_name(name) {
                return Err(wrong);
            }
            let value = value.trim_start();
            let start = line.len().saturating_sub(value.len());
            let value = if let Some(quote @ ('"' | '\'')) = value.chars().next() {
                self.quoted(start, quote).ok_or(wrong)?
            } else {
                self.pass(line.len());
                plain(value)
            };
            return Ok(Some((name, value)));
        }
        Ok(None)
    }

    /// Goes on after so many bytes and the end of their line.
    fn pass(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        let lines = passed.matches('\n').count();
        self.number = self.number.saturating_add(lines).saturating_add(1);
        self.rest = rest.strip_prefix('\n').unwrap_or(rest);
    }

    /// The value between quotes that begins here, perhaps lines long; behind it only a comment may stand.
    fn quoted(&mut self, start: usize, quote: char) -> Option<String> {
        let inside = self.rest.get(start..)?.strip_prefix(quote)?;
        let (mut value, mut escaped) = (String::new(), false);
        for (at, c) in inside.char_indices() {
            if escaped {
                escaped = false;
                value.push_str(&unescaped(c));
            } else if c == '\\' && quote == '"' {
                escaped = true;
            } else if c == quote {
                let behind = inside.get(at..)?.strip_prefix(quote)?;
                let behind = behind.split('\n').next()?;
                let comment = behind.trim();
                if !comment.is_empty() && !comment.starts_with('#') {
                    return None;
                }
                let length = start.checked_add(at)?.checked_add(2)?;
                self.pass(length.checked_add(behind.len())?);
                return Some(value);
            } else {
                value.push(c);
            }
        }
        None
    }
}

fn plain(value: &str) -> String {
    let end = value.find(" #").or_else(|| value.find("\t#"));
    let end = end.unwrap_or(value.len());
    let value = value.get(..end).unwrap_or(value);
    let value = if value.starts_with('#') { "" } else { value };
    value.trim_end().to_owned()
}

fn unescaped(c: char) -> String {
    match c {
        'n' => "\n".to_owned(),
        'r' => "\r".to_owned(),
        't' => "\t".to_owned(),
        c if c.is_ascii_alphanumeric() => format!("\\{c}"),
        c => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# of production\n\nPLAIN=a b=c # said\n  export QUOTED = 'it is # $X \\n' # so\n\
        DOUBLE=\"a\\n\\\"b\\\" \\$X \\d\"\nKEY=\"-----BEGIN\nline=2\n-----END\"\r\nEMPTY=\nHASH=a#b\nPLAIN2=x\r\nTWICE=1\nTWICE=2";

    #[test]
    fn values_are_found_as_env_files_have_them() {
        for (name, wanted) in [
            ("PLAIN", "a b=c"),
            ("QUOTED", "it is # $X \\n"),
            ("DOUBLE", "a\n\"b\" $X \\d"),
            ("KEY", "-----BEGIN\nline=2\n-----END"),
            ("EMPTY", ""),
            ("HASH", "a#b"),
            ("PLAIN2", "x"),
            ("TWICE", "2"),
        ] {
            assert_eq!(value(TEXT, name), Ok(Some(wanted.to_owned())), "{name}");
        }
        assert_eq!(value(TEXT, "line"), Ok(None));
        assert_eq!(value("", "A"), Ok(None));
    }

    #[test]
    fn a_line_of_another_form_is_named_by_its_number() {
        for (text, line) in [
            ("A=1\nno line\n", 2),
            ("A='1\n2'\n= 3", 3),
            ("\nA=\"never closed\nB=1", 2),
            ("A='1' and more", 1),
            ("a b=1", 1),
        ] {
            assert_eq!(value(text, "A"), Err(NotALine(line)), "{text}");
        }
    }
}
