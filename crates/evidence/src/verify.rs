//! The verification of a bundle, in the order in which one thing rests on another: the file, the checkpoint, the
//! leaves in it, the bytes in the leaves, the signatures in the bytes, and what the messages say to each other.
//!
//! No server, no network, no clock: times are compared with each other, never with now.

mod flow;
mod message;
mod words;

use crate::bundle::{Bundle, Kept};
use crate::checkpoint::{Checkpoint, Origin};
use crate::note::VerifierKey;
use crate::proof::verify_inclusion;
use crate::record::Original;
use crate::report::{Check, Report, Status};
use crate::tree::{Hash, leaf_hash};

use flow::Flow;

/// See [`Bundle::verify`].
pub(crate) fn verify(bytes: &[u8], trust: Option<&VerifierKey>) -> Report {
    let mut report = Report::default();
    let bundle = match Bundle::parse(bytes) {
        Ok(bundle) => bundle,
        Err(error) => {
            report.add(Check::File, Status::Broken, format!("The file is not an intact bundle: {error}."));
            return report;
        }
    };
    report.add(
        Check::File,
        Status::Held,
        format!(
            "The file is an evidence bundle about transaction {} at {}, in the one form it is written in.",
            bundle.transaction, bundle.issuer
        ),
    );
    let checkpoint = check_checkpoint(&bundle, &mut report);
    check_log_key(&bundle, trust, &mut report);
    if let Some(checkpoint) = &checkpoint {
        check_inclusion(&bundle, checkpoint, &mut report);
    }
    check_bytes(&bundle, &mut report);
    let flow = Flow::of(&bundle, &mut report);
    flow.check(&mut report);
    words::conclude(&bundle, checkpoint.as_ref(), &flow, trust.is_some(), &mut report);
    report
}

fn check_checkpoint(bundle: &Bundle, report: &mut Report) -> Option<Checkpoint> {
    match Checkpoint::open(&bundle.checkpoint, &bundle.log_key) {
        Ok(checkpoint) if checkpoint.origin == Origin::of(&bundle.issuer) => {
            let sentence = format!(
                "The checkpoint over {} leaves of the log {} is signed by the log key in the file.",
                checkpoint.size, checkpoint.origin
            );
            report.add(Check::Checkpoint, Status::Held, sentence);
            Some(checkpoint)
        }
        Ok(checkpoint) => {
            let sentence = format!(
                "The checkpoint is of the log {}, but the log of {} is named {}.",
                checkpoint.origin,
                bundle.issuer,
                Origin::of(&bundle.issuer)
            );
            report.add(Check::Checkpoint, Status::Broken, sentence);
            None
        }
        Err(error) => {
            report.add(Check::Checkpoint, Status::Broken, format!("The checkpoint does not stand: {error}."));
            None
        }
    }
}

fn check_log_key(bundle: &Bundle, trust: Option<&VerifierKey>, report: &mut Report) {
    let key = &bundle.log_key;
    match trust {
        Some(trusted) => report.compare(
            Check::LogKey,
            trusted == key,
            format!("The log key is the one you trust: {key}."),
            format!("The log key in the file is {key}; the one you trust is {trusted}."),
        ),
        None => report.add(
            Check::LogKey,
            Status::NotCheckable,
            format!(
                "The log key was taken from the file. Ask the operator of {} for it (`countersign keys list` prints it) and \
                 compare: {key}.",
                bundle.issuer
            ),
        ),
    }
}

fn check_inclusion(bundle: &Bundle, checkpoint: &Checkpoint, report: &mut Report) {
    for entry in &bundle.records {
        let leaf = entry.record.to_leaf().map(|leaf| leaf_hash(&leaf));
        let what = format!("The record `{}`", entry.record.kind);
        check_leaf(&what, leaf.ok(), entry.index, &entry.proof, checkpoint, report);
    }
    for entry in &bundle.keys {
        let leaf = entry.key.to_leaf().map(|leaf| leaf_hash(&leaf));
        let what = entry
            .key
            .thumbprint()
            .map_or("A key".to_owned(), |thumbprint| format!("The archived key {thumbprint}"));
        check_leaf(&what, leaf.ok(), entry.index, &entry.proof, checkpoint, report);
    }
}

fn check_leaf(
    what: &str,
    leaf: Option<Hash>,
    index: u64,
    proof: &[Hash],
    checkpoint: &Checkpoint,
    report: &mut Report,
) {
    let included = leaf
        .is_some_and(|leaf| verify_inclusion(&leaf, index, checkpoint.size, proof, &checkpoint.root).is_ok());
    report.compare(
        Check::Inclusion,
        included,
        format!("{what} is leaf {index} of the log under this checkpoint."),
        format!("{what} is not leaf {index} of the log under this checkpoint."),
    );
}

fn check_bytes(bundle: &Bundle, report: &mut Report) {
    for entry in &bundle.records {
        for (recorded, kept) in entry.record.digests.iter().zip(&entry.originals) {
            let what = name_of(recorded.of);
            match kept {
                Kept::Bytes { salt, bytes } => report.compare(
                    Check::Bytes,
                    salt.digest(bytes) == recorded.digest,
                    format!("The {what} ({} bytes) is the one whose digest was recorded.", bytes.len()),
                    format!("The {what} is not the one whose digest was recorded."),
                ),
                Kept::Erased => report.add(
                    Check::Bytes,
                    Status::NotCheckable,
                    format!("The {what} was erased, with its salt; only its digest remains, which says nothing about it."),
                ),
            }
        }
    }
}

/// The bytes as a person calls them.
fn name_of(original: Original) -> &'static str {
    match original {
        Original::RequestObject => "signed request object",
        Original::RequestParameters => "unsigned request",
        Original::Decision => "decision",
        Original::Shown => "page the person was shown",
        Original::ResponseJwt => "signed answer",
        Original::ResponseParameters => "unsigned answer",
    }
}
