//! Results for a person or for a program; colour only on a terminal.

use std::fmt::Display;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::json;

use crate::failure::Refusal;
use crate::visible::visible;

/// What held.
pub(crate) const HELD: Style = AnsiColor::Green.on_default();
/// What is broken.
pub(crate) const BROKEN: Style = AnsiColor::Red.on_default().bold();
/// What could not be checked.
pub(crate) const UNKNOWN: Style = AnsiColor::Yellow.on_default();
/// Names and headings.
pub(crate) const STRONG: Style = Style::new().bold();

/// Where results go, and in which form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Shows a result: its text, or the same facts as one JSON document.
    pub(crate) fn show<T: Serialize + Display>(self, result: &T) -> io::Result<()> {
        let text = if self.json { serde_json::to_string_pretty(result)? } else { result.to_string() };
        let mut out = anstream::stdout().lock();
        match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// Shows what just happened, while more is to come; not where one JSON document is wanted.
    pub(crate) fn progress(self, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        if self.json { Ok(()) } else { print(&mut anstream::stdout().lock()) }
    }

    /// Says what goes with a result and is no part of it: where one JSON document is wanted, on standard error.
    pub(crate) fn beside(self, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        if self.json { print(&mut anstream::stderr().lock()) } else { print(&mut anstream::stdout().lock()) }
    }

    /// Says on standard error what the result does not say by itself; a JSON document has a member for it.
    pub(crate) fn note(self, text: &str) -> io::Result<()> {
        if self.json { Ok(()) } else { writeln!(anstream::stderr(), "{}", visible(text)) }
    }

    /// Says why a command failed: in words on standard error, or as one JSON document on standard output.
    pub(crate) fn failed(self, error: &anyhow::Error) {
        let text = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
        if self.json {
            let refusal = error.chain().find_map(|cause| cause.downcast_ref::<Refusal>());
            let document = json!({ "error": { "message": text, "refusal": refusal } });
            drop(writeln!(anstream::stdout(), "{document:#}"));
        } else {
            drop(writeln!(anstream::stderr(), "{BROKEN}error:{BROKEN:#} {text}"));
        }
    }
}
