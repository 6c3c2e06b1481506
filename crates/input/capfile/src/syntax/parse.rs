//! From text to tree, for any text.
//!
//! The parser's own tree is as deep as the text says, and dropping it recurses. So the work is done on a thread of its own
//! whose stack holds the deepest tree that a file of the longest length can make; a parser that breaks or does not come
//! back costs an error, not the process.

use super::Node;
use super::convert::Convert;
use crate::error::Error;
use crate::files::SourceFile;
use lib_ruby_parser::{Parser, ParserOptions, ParserResult};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How deep a tree may be.
pub(crate) const DEEPEST: u32 = 200;
/// Room for the deepest tree: measured, with twice that to spare. Only what is used of it is ever taken.
const STACK: usize = 1 << 30;
/// The longest one file may take; milliseconds are usual.
const LIMIT: Duration = Duration::from_secs(10);

/// The statements of a file.
pub(crate) fn parse(file: &SourceFile) -> Result<Vec<Node>, Error> {
    parse_within(file, LIMIT)
}

fn parse_within(file: &SourceFile, limit: Duration) -> Result<Vec<Node>, Error> {
    let (sender, receiver) = channel();
    let owned = file.clone();
    std::thread::Builder::new()
        .name("parse".to_owned())
        .stack_size(STACK)
        // Whether anybody still waits for the answer is not the parser's business.
        .spawn(move || sender.send(tree(&owned)).ok())
        .map_err(|error| Error::NoThread {
            file: file.name.clone(),
            reason: error.to_string(),
        })?;
    let name = file.name.clone();
    match receiver.recv_timeout(limit) {
        Ok(answer) => answer,
        Err(RecvTimeoutError::Timeout) => Err(Error::TooSlow { file: name, limit }),
        Err(RecvTimeoutError::Disconnected) => Err(Error::ParserBroke { file: name }),
    }
}

fn tree(file: &SourceFile) -> Result<Vec<Node>, Error> {
    let options = ParserOptions {
        buffer_name: file.name.clone(),
        record_tokens: false,
        ..ParserOptions::default()
    };
    let result = Parser::new(file.text.as_bytes(), options).do_parse();
    if let Some(error) = syntax_error(file, &result) {
        return Err(error);
    }
    let mut convert = Convert::new(&file.text);
    let nodes = result.ast.as_deref().map(|ast| convert.statements(ast));
    if convert.too_deep {
        return Err(Error::TooDeep {
            file: file.name.clone(),
            limit: DEEPEST,
        });
    }
    Ok(nodes.unwrap_or_default())
}

fn syntax_error(file: &SourceFile, result: &ParserResult) -> Option<Error> {
    let error = result.diagnostics.iter().find(|found| found.is_error())?;
    let before = file.text.as_bytes().get(..error.loc.begin);
    let before = before.unwrap_or(file.text.as_bytes());
    let lines = before.split(|byte| *byte == b'\n').count();
    Some(Error::Syntax {
        file: file.name.clone(),
        line: u32::try_from(lines).unwrap_or(u32::MAX),
        message: error.render_message(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::LARGEST;

    fn parsed(text: &str) -> Result<Vec<Node>, Error> {
        parse(&SourceFile::new("Capfile", text))
    }

    #[test]
    fn a_mistake_in_the_ruby_is_shown_with_its_line() {
        let Err(Error::Syntax { line, .. }) = parsed("set :a, 1\nset :b,, 2\n") else {
            panic!("no mistake was seen");
        };
        assert_eq!(line, 2);
    }

    #[test]
    fn text_as_deep_as_it_can_be_ends_in_an_error() {
        let half = LARGEST / 2 - 8;
        let deep = [
            format!("{}{}", "[".repeat(half), "]".repeat(half)),
            format!("a{}", ".b".repeat(half)),
            format!("if {}a{}; end", "(".repeat(half), ")".repeat(half)),
            format!("1{}", "+1".repeat(half)),
        ];
        for text in deep {
            assert!(
                matches!(parsed(&text), Err(Error::TooDeep { .. })),
                "{}",
                &text[..8]
            );
        }
        assert!(matches!(
            parsed(&"(".repeat(LARGEST)),
            Err(Error::Syntax { .. })
        ));
    }

    #[test]
    fn text_that_takes_the_parser_too_long_ends_in_an_error() {
        // Half a minute where it is fast: however slow the machine, it is not done at once.
        let text = format!("a{}", "&&a".repeat(LARGEST / 3 - 8));
        let file = SourceFile::new("Capfile", text);
        let limit = Duration::from_millis(1);
        let Err(error) = parse_within(&file, limit) else {
            panic!("it was read within {limit:?}");
        };
        assert_eq!(
            error,
            Error::TooSlow {
                file: "Capfile".to_owned(),
                limit
            }
        );
        assert!(error.hint().contains("Capfile"));
    }

    #[test]
    fn an_empty_file_has_no_statements() {
        for text in ["", "\n\n", "# only words\n", "__END__\nset :a"] {
            assert_eq!(parsed(text).unwrap().len(), 0, "{text:?}");
        }
    }
}
