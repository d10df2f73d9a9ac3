//! Countersign, the program: the composition root. Files, environment, clock and sockets are read here and in the
//! commands below; everything that decides lives in the crates underneath.
//!
//! Exit codes: 0 held, 1 refused or failed, 2 wrong usage.

mod arguments;
mod clock;
mod commands;
mod config;
mod demo;
mod failure;
mod inspect;
mod interrupt;
mod output;
mod table;
mod visible;
mod words;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::clock::SystemClock;
use crate::commands::World;
use crate::failure::Usage;
use crate::output::Output;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(answer) => return answered(&answer),
    };
    let output = Output::new(arguments.json);
    match run(arguments, output) {
        Ok(verdict) => verdict.into(),
        Err(error) => {
            output.failed(&error);
            ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
        }
    }
}

/// Help and version, or wrong usage; that is one JSON document too where one is wanted.
fn answered(answer: &clap::Error) -> ExitCode {
    let code = if answer.use_stderr() { 2 } else { 0 };
    let json = std::env::args_os()
        .skip(1)
        .take_while(|argument| argument != "--")
        .any(|argument| argument == "--json");
    if code == 2 && json {
        let text = answer.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        Output::new(true).failed(&Usage(text.to_owned()).into());
        return ExitCode::from(code);
    }
    if answer.print().is_ok() { ExitCode::from(code) } else { ExitCode::FAILURE }
}

fn run(arguments: Arguments, output: Output) -> anyhow::Result<commands::Verdict> {
    let world = World {
        clock: std::sync::Arc::new(SystemClock),
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        config_file: arguments.config,
        output,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(arguments.command.run(&world))
}
