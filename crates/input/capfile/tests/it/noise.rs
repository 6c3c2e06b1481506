//! Text that is no deploy file: an answer comes, in bounded time, and never a panic.

use crate::{AROUND, imported};
use proptest::prelude::*;
use windlass_capfile::{SourceFile, import};

const PIECES: &[&str] = &[
    "set ",
    ":a",
    ", ",
    "\"",
    "'",
    "#{",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    "do\n",
    "end\n",
    "|x|",
    "if ",
    "->",
    "fetch(:a)",
    "<<~A\n",
    "A\n",
    "%w[",
    "\n",
    "task ",
    "on ",
    "roles(:app)",
    "execute ",
    "ENV['A']",
    "||",
    "=",
    "x",
    "1",
    "\\",
    "each ",
    "namespace ",
    "ü",
    "\u{0}",
    "__END__\n",
    "*",
    "&",
    "`",
    "=begin\n",
    "?",
    ".",
    "server ",
];

/// Pieces of Ruby in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(PIECES);
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Imports one file: a text, or an error with the file's name and a way out.
fn answered(name: &str, text: String) -> Result<(), TestCaseError> {
    match import(&[SourceFile::new(name, text)], AROUND) {
        Ok(imported) => prop_assert!(imported.text.contains("[stages.production]")),
        Err(error) => {
            let (said, hint) = (error.to_string(), error.hint());
            prop_assert!(said.contains(name) && !hint.is_empty(), "{} {}", said, hint);
            let broke = matches!(error, windlass_capfile::Error::ParserBroke { .. });
            prop_assert!(!broke, "{}", said);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_gets_an_answer(text in any::<String>()) {
        answered("config/deploy.rb", text)?;
    }

    #[test]
    fn any_pieces_of_ruby_get_an_answer(text in pieces()) {
        answered("Capfile", text)?;
    }
}

#[test]
fn work_without_end_is_cut_off() {
    let loops = "a = (1..2)\nx = %w[a b c d e f g h i j]\n".to_owned()
        + &"x.each { |y| ".repeat(9)
        + "set :a, y"
        + &" }".repeat(9);
    let found = imported(&[SourceFile::new("Capfile", loops)]);
    assert!(
        found
            .todos
            .iter()
            .any(|todo| todo.why.contains("more work"))
    );
    let grows = format!(
        "x = 'aaaaaaaa'\n{}set :branch, x\n",
        "x = x + x\n".repeat(60)
    );
    let found = imported(&[SourceFile::new("Capfile", grows)]);
    assert!(found.todos.iter().any(|todo| todo.why.contains("too long")));
}

/// A line so often that what it makes grows without bound, what stands before and after it, and what is said of it.
const BOUNDLESS: &[(&str, &str, usize, &str, &str)] = &[
    ("x = [1]\n", "x = [x, x]\n", 60, "", "grows too long"),
    ("x = {}\n", "x = { a: x, b: x }\n", 60, "", "grows too long"),
    ("x = []\n", "x = [x]\n", 60, "", "grows too long"),
    (
        "x = %w[a b]\n",
        "x = x.push(*x)\n",
        60,
        "",
        "grows too long",
    ),
    (
        "x = 'a' * 60_000\n",
        "set :branch, x.gsub('a', x)\n",
        1,
        "",
        "calls `gsub`",
    ),
    (
        "x = 'a' * 60_000\n",
        "set :branch, x.gsub(/a/, x)\n",
        1,
        "",
        "too long",
    ),
    (
        "x = 'a' * 60_000\nset :branch, \"",
        "#{x}",
        9000,
        "\"\n",
        "too long",
    ),
    (
        "1_000_000_000.times { |n| ",
        "set :a, n\n",
        1,
        "}\n",
        "`times` of a number",
    ),
    (
        "9_999.times { |n| ",
        "append :a, n\n",
        1,
        "}\n",
        "more work",
    ),
    (
        "9_999.times { |n| ",
        "server \"h#{n}\", roles: :app\n",
        1,
        "}\n",
        "more than 1000 servers",
    ),
    (
        "x = 'a' * 999\n",
        "set :branch, x =~ /(a|a)*(a|a)*(a|a)*b/\n",
        1,
        "",
        "takes too long",
    ),
    (
        "f = -> { 1 }\n",
        "g = f\nf = -> { g.call }\n",
        80,
        "set :branch, f.call\n",
        "call each other without end",
    ),
];

#[test]
fn what_grows_without_bound_is_told_of_with_its_line() {
    for (before, line, often, after, reason) in BOUNDLESS {
        let text = format!("{before}{}{after}", line.repeat(*often));
        let found = imported(&[SourceFile::new("config/deploy.rb", text)]);
        let told = found.todos.iter().find(|todo| todo.why.contains(reason));
        assert!(
            told.is_some_and(|todo| todo.line > 0),
            "{line}{:?}",
            found.todos
        );
    }
}
