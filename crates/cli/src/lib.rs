//! The command line of Windlass: arguments in, exit code out.
//!
//! It wires the layers together and decides nothing itself: a command reads like a sentence. It is the only crate that
//! reads arguments and the environment, prints errors, and knows every other one.

mod adhoc;
mod adopt;
mod args;
mod capistrano;
mod carry_out;
mod changes;
mod commands;
mod complete;
mod context;
mod detach;
mod error;
mod fleet;
mod habits;
mod here;
mod locks;
mod look_on;
mod next;
mod optional;
mod prepare;
mod project;
mod reach;
mod revision;
mod screen;
mod secrets;
mod seed;
mod signals;
mod start;
mod teller;
mod telling;
mod vocabulary;
mod world;

use crate::args::{Cli, Verb};
use crate::error::{Failure, OrFail as _};
use crate::world::World;
use clap::{CommandFactory as _, Parser as _};
use windlass_model::ExitCode;

/// The command line as clap knows it, for manual pages.
pub fn command_line() -> clap::Command {
    Cli::command()
}

/// Runs the command line of this process and gives its exit code.
pub fn run() -> std::process::ExitCode {
    let code = parsed().and_then(|(cli, usual)| {
        let global = cli.global.clone();
        carried_out(cli, usual.as_deref()).map_err(|mut failure| {
            for hint in &mut failure.hints {
                *hint = global.typed(hint);
            }
            failure.print();
            failure.code
        })
    });
    let code = code.unwrap_or_else(|code| code);
    std::process::ExitCode::from(code.number())
}

/// The parsed command line, and its usual form where another was typed; what is wrong with it is printed here.
fn parsed() -> Result<(Cli, Option<String>), ExitCode> {
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let usual = habits::usual(&words, world::variable).map_err(|failure| {
        failure.print();
        failure.code
    })?;
    let line = std::iter::once("windlass".to_owned()).chain(usual.words);
    let cli = Cli::try_parse_from(line).map_err(|error| {
        let wanted = !error.use_stderr();
        // A closed pipe while help is shown is no reason for another error.
        drop(error.print());
        if wanted {
            ExitCode::Done
        } else {
            ExitCode::Usage
        }
    })?;
    Ok((cli, usual.named))
}

fn carried_out(cli: Cli, usual: Option<&str>) -> Result<ExitCode, Failure> {
    let world = World::of_process(cli.global.directory.as_deref())?;
    if let Some(usual) = usual {
        screen::whisper(&world, &cli.global, &format!("(usually: {usual})"));
    }
    if let (true, Some(reason)) = (
        !context::filter(&cli.global).is_empty(),
        cli.command.whole(),
    ) {
        let text = format!("--host, --role and --exclude have no meaning here: {reason}");
        return Err(Failure::usage(text));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .or_fail(ExitCode::Internal)?;
    let code = runtime.block_on(Box::pin(command(&world, cli)));
    // What still waits for a dead connection must not hold up the end.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    code
}

async fn command(world: &World, cli: Cli) -> Result<ExitCode, Failure> {
    let global = cli.global;
    match cli.command {
        Verb::Init(args) => commands::init::init(world, &args),
        Verb::Plan(args) => commands::deploy::plan(world, &global, &args).await,
        Verb::Deploy(args) => commands::deploy::deploy(world, &global, &args).await,
        Verb::Rollback(args) => commands::deploy::rollback(world, &global, &args).await,
        Verb::Resume(args) => commands::resume::resume(world, &global, &args).await,
        Verb::Attach(args) => commands::resume::attach(world, &global, &args).await,
        Verb::Cancel(args) => commands::resume::cancel(world, &global, &args).await,
        Verb::Engine(args) => commands::resume::engine(world, &global, &args).await,
        Verb::Status(args) => commands::hosts::status(world, &global, &args).await,
        Verb::Releases(args) => commands::hosts::releases(world, &global, &args).await,
        Verb::History(args) => commands::history::history(world, &global, &args),
        Verb::Show(args) => commands::history::show(world, &global, &args),
        Verb::Exec(args) => commands::exec::exec(world, &global, &args).await,
        Verb::Run(args) => commands::exec::run(world, &global, &args).await,
        Verb::Tasks(args) => commands::settings::tasks(world, &global, &args),
        Verb::Setup(args) => commands::setup::setup(world, &global, &args).await,
        Verb::Check(args) => commands::check::check(world, &global, &args).await,
        Verb::Config(args) => commands::settings::config(world, &global, &args),
        Verb::Schema => commands::settings::schema(),
        Verb::Lock(args) => commands::lock::lock(world, &global, &args).await,
        Verb::Unlock(args) => commands::lock::unlock(world, &global, &args).await,
        Verb::Completions(args) => commands::completions::completions(world, &args),
        Verb::Demo(_) => commands::demo::demo(world, &global).await,
    }
}
