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

/// Run one complete flow, let an attacker try, and verify the evidence.
#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// End after the scripted run; the exit code is 0 if and only if all of it held.
    #[arg(long)]
    once: bool,
    /// Print one JSON document instead of text.
    #[arg(long)]
    json: bool,
}

impl Demo {
    /// Runs the demo. Returns whether all of it held.
    pub(crate) async fn run(self) -> Result<bool> {
        let house = House::start().await?;
        let report = self.show(&house).await?;
        let held = report.held;
        if self.json {
            writeln!(anstream::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
        } else {
            report.print_end()?;
        }
        if !self.once {
            invite(&house)?;
            tokio::signal::ctrl_c().await?;
        }
        house.stop().await;
        Ok(held)
    }

    async fn show(&self, house: &House) -> Result<Report> {
        let quiet = self.json;
        let mut number = 0;
        let flow = flow::run(house, &mut |step| {
            number += 1;
            if quiet { Ok(()) } else { Ok(Report::print_step(number, step)?) }
        })
        .await?;
        if !quiet {
            Report::print_attack_heading()?;
        }
        let attacks = attacks::run(house, &flow, &mut |attack| {
            if quiet { Ok(()) } else { Ok(Report::print_attack(attack)?) }
        })
        .await?;
        let evidence = offline::verify(house, &flow).await?;
        let Flow { steps, .. } = flow;
        let held = Report::all_held(&steps, &attacks, &evidence);
        let (issuer, profile) = (house.issuer().to_string(), flow::PROFILE.to_string());
        Ok(Report { issuer, profile, held, flow: steps, attacks, evidence })
    }
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
