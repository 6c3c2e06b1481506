//! One page for the program and one for each of its commands.

use clap_mangen::Man;
use std::fs::File;
use std::io;
use std::path::Path;

/// Writes them into a directory that is there, with this date at their foot.
pub(crate) fn write(directory: &Path, date: &str) -> io::Result<()> {
    let mut program = windlass::command_line().disable_help_subcommand(true);
    program.build();
    let commands = program.get_subcommands().filter(|one| !one.is_hide_set());
    for command in std::iter::once(&program).chain(commands) {
        let page = Man::new(command.clone())
            .date(date)
            .source(concat!("windlass ", env!("CARGO_PKG_VERSION")))
            .manual("Windlass");
        let mut file = File::create(directory.join(page.get_filename()))?;
        page.render(&mut file)?;
    }
    Ok(())
}
