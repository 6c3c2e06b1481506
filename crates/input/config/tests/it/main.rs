//! Tests of the crate from outside: whole files in, settings or rendered mistakes out.

mod errors;
mod layers;
mod noise;
mod table;

use windlass_config::{Config, Given, Mistakes, Source};

const RECIPES: [&str; 2] = ["bundler", "rails"];

fn given() -> Given<'static> {
    Given {
        recipes: &RECIPES,
        ..Given::default()
    }
}

fn load(text: &str) -> Result<Config, Mistakes> {
    Config::load(&Source::file("windlass.toml", text), given())
}

/// Mistakes as people see them, without colour.
fn rendered(mistakes: &Mistakes) -> String {
    let handler =
        miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
            .with_width(100);
    let mut screen = String::new();
    for mistake in mistakes.iter() {
        handler
            .render_report(&mut screen, mistake)
            .expect("a screen");
    }
    let lines: Vec<_> = screen.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// Many lines that differ by a number.
fn numbered(count: usize, line: impl Fn(usize) -> String) -> String {
    let lines: Vec<_> = (0..count).map(line).collect();
    lines.concat()
}

/// The mistakes of a text that has some, rendered.
fn mistakes(text: &str) -> String {
    rendered(&load(text).expect_err("a mistake"))
}
