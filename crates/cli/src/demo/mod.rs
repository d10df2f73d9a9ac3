//! `countersign demo`: one complete flow, an attacker, and a third party, on this machine and in one minute.

mod attacks;
mod clock;
mod decoded;
mod flow;
mod house;
mod offline;
mod pages;
mod person;
mod relying_party;
mod report;
mod scripted_browser;

use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use tokio::time::timeout;

use flow::Flow;
use house::House;
use report::Report;

use crate::commands::{Verdict, World};
use crate::interrupt::Interrupt;
use crate::output::Output;

/// What is said when somebody ends the scripted run before its end.
const INTERRUPTED: &str = "the demo was interrupted before its end; everything it made is deleted";
/// How long the parties may take to stop.
const LONGEST_STOP: Duration = Duration::from_secs(5);

/// Run one complete flow, let an attacker try, and verify the evidence: all on this machine.
#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// End after the scripted run; the exit code is 0 if and only if all of it held.
    #[arg(long)]
    once: bool,
}

impl Demo {
    /// Runs the demo; it held if and only if all of it held.
    pub(crate) async fn run(self, world: &World) -> Result<Verdict> {
        let mut interrupt = Interrupt::listen()?;
        let house = tokio::select! {
            house = House::start() => house?,
            () = interrupt.received() => bail!(INTERRUPTED),
        };
        let verdict = self.within(&house, world.output, &mut interrupt).await;
        // A part that does not stop is left behind: the folder is deleted all the same.
        if timeout(LONGEST_STOP, house.stop()).await.is_err() {
            tracing::warn!("a part of the demo did not stop in time");
        }
        verdict
    }

    /// Everything between start and stop; an interrupt ends it wherever it is.
    async fn within(&self, house: &House, output: Output, interrupt: &mut Interrupt) -> Result<Verdict> {
        let report = tokio::select! {
            report = show(house, output) => report?,
            () = interrupt.received() => bail!(INTERRUPTED),
        };
        output.show(&report)?;
        if !self.once {
            output.beside(|out| invite(house, out))?;
            interrupt.received().await;
        }
        Ok(if report.held { Verdict::Held } else { Verdict::Refused })
    }
}

/// Runs the flow, the attacks and the third party, and shows each step as it happens.
async fn show(house: &House, output: Output) -> Result<Report> {
    let mut number = 0;
    let flow = flow::run(house, &mut |step| {
        number += 1;
        Ok(output.progress(|out| report::print_step(out, number, step))?)
    })
    .await?;
    output.progress(report::print_attack_heading)?;
    let attacks = attacks::run(house, &flow, &mut |attack| {
        Ok(output.progress(|out| report::print_attack(out, attack))?)
    })
    .await?;
    let evidence = offline::verify(house, &flow).await?;
    let Flow { steps, .. } = flow;
    let held = Report::all_held(&steps, &attacks, &evidence);
    let (issuer, profile) = (house.issuer().to_string(), flow::PROFILE.to_string());
    Ok(Report { issuer, profile, held, flow: steps, attacks, evidence })
}

/// Invites a person to do the same in a browser.
fn invite(house: &House, out: &mut dyn Write) -> io::Result<()> {
    let person = house.visitor();
    writeln!(out, "\nNow try it yourself: open {}", house.application_url("/"))?;
    writeln!(out, "Log in as {} with the password {}", person.username, person.password)?;
    writeln!(out, "Ctrl-C ends the demo and deletes everything it made.")
}
