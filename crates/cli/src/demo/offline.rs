//! What a third party does afterwards: takes the exported file, verifies it, and finds a flipped byte.

use anyhow::{Context, Result};
use countersign_evidence::bundle::Bundle;
use countersign_evidence::report::Status;
use countersign_protocol::parameter::TransactionId;

use super::decoded::DecodedJwt;
use super::flow::Flow;
use super::house::House;
use super::report::Evidence;

/// Exports the evidence of the flow, verifies it without server and network, and flips one bit.
pub(crate) async fn verify(house: &House, flow: &Flow) -> Result<Evidence> {
    let token = DecodedJwt::of("access token", "the server", &flow.login.tokens.access_token);
    let transaction: TransactionId =
        token.claim("txn").parse().context("the access token names no transaction")?;
    let file = house.export(&transaction).await?;
    let report = Bundle::verify(&file, None);

    let flipped_byte = file.len() / 2;
    let mut damaged = file.clone();
    damaged[flipped_byte] ^= 1;
    let damaged = Bundle::verify(&damaged, None);
    let finding = damaged.findings.iter().find(|finding| finding.status == Status::Broken);
    Ok(Evidence {
        transaction: transaction.to_string(),
        bytes: file.len(),
        verified: report.holds(),
        proven: report.proven.clone(),
        not_proven: report.not_proven.clone(),
        flipped_byte,
        flip_found: !damaged.holds(),
        flip_finding: finding.map(|finding| finding.sentence.clone()).unwrap_or_default(),
    })
}
