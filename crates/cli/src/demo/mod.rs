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

use std::io::Write;

use anyhow::Result;
use clap::Args;

use flow::Flow;
use house::House;
use report::Report;

use crate::commands::{Verdict, World};
use crate::output::Output;

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
        let output = world.output;
        let house = House::start().await?;
        let report = show(&house, output).await?;
        output.show(&report)?;
        if !self.once {
            invite(&house)?;
            tokio::signal::ctrl_c().await?;
        }
        house.stop().await;
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
fn invite(house: &House) -> Result<()> {
    let person = house.visitor();
    let mut out = anstream::stdout().lock();
    writeln!(out, "\nNow try it yourself: open {}", house.application_url("/"))?;
    writeln!(out, "Log in as {} with the password {}", person.username, person.password)?;
    writeln!(out, "Ctrl-C ends the demo and deletes everything it made.")?;
    Ok(())
}
