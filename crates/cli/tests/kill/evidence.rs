//! What the server kept, read from its database and verified as a third party does.

use std::collections::HashMap;

use countersign_evidence::bundle::{Bundle, Kept as KeptBytes};
use countersign_evidence::record::{Original, RecordKind};
use countersign_jose::Algorithm;
use countersign_jose::seal::Sealer;
use countersign_protocol::time::UnixTime;
use countersign_server::{EvidenceKeeper, KeyRing, Settings};
use countersign_storage::evidence_record;

use crate::load::{Flow, Seen};
use crate::served::{Served, now};

/// The evidence of the transactions of a round, by their request objects.
pub(crate) struct Kept(HashMap<String, Transaction>);

#[derive(Debug, Default)]
struct Transaction {
    kinds: Vec<RecordKind>,
    responses: Vec<String>,
}

impl Kept {
    /// Sequences what is pending, exports every transaction that began since then, and verifies each file.
    pub(crate) async fn since(served: &Served, began: UnixTime) -> Self {
        let (store, issuer) = (served.store().await, served.issuer().clone());
        let mut settings = Settings::new(issuer.clone());
        settings.signing_algorithms = vec![Algorithm::ES256];
        let sealer = || Sealer::new(served.master.clone());
        let keys = KeyRing::open(store.clone(), issuer.clone(), sealer(), &settings, now()).await.unwrap();
        let keeper = EvidenceKeeper::new(store.clone(), issuer.clone(), sealer());
        keeper.sequence(&keys, now()).await.unwrap();
        let mut kept = HashMap::new();
        for found in evidence_record::transactions(&store, &issuer, None, 100_000).await.unwrap() {
            if found.began_at < began {
                break;
            }
            let bundle = keeper.export(&keys, &found.transaction_id).await.unwrap();
            let report = Bundle::verify(&bundle.to_bytes().unwrap(), None);
            assert!(report.holds(), "EVD-30: {:?}", report.broken().collect::<Vec<_>>());
            let (object, transaction) = Transaction::read(&bundle);
            assert!(!object.is_empty(), "evidence of a flow without its request: {transaction:?}");
            assert!(kept.insert(object, transaction).is_none(), "one transaction for each request");
        }
        Self(kept)
    }

    /// Right after the kill: what the client has in hand is in evidence; what it has not is there whole or not at all.
    pub(crate) fn holds_everything_answered(&self, flows: &[Flow]) {
        for flow in flows {
            let kept = self.0.get(&flow.object);
            match &flow.response {
                Seen::Answered(jwt) => {
                    assert_eq!(
                        kept.map(|kept| &kept.responses),
                        Some(&vec![jwt.clone()]),
                        "an answer without evidence"
                    );
                }
                Seen::CutOff => assert!(kept.is_none_or(Transaction::is_whole), "half a flow: {kept:?}"),
                _ => assert!(kept.is_none(), "nobody asked for an answer: {kept:?}"),
            }
            let issued = kept.map_or(0, |kept| kept.count(RecordKind::TokensIssued));
            match &flow.tokens {
                Seen::Answered(_) => assert_eq!(issued, 1, "tokens without evidence"),
                Seen::CutOff => assert!(issued <= 1),
                _ => assert_eq!(issued, 0, "nobody redeemed a code"),
            }
        }
        assert!(self.0.values().all(Transaction::is_whole));
    }

    /// After everything was tried again: one answer and one issue of tokens, whoever got them.
    pub(crate) fn holds_each_answer_once(&self, flows: &[Flow]) {
        for flow in flows {
            let (Seen::Answered(_) | Seen::AnsweredLater(_) | Seen::DoneBefore) = &flow.response else {
                continue;
            };
            let kept = self.0.get(&flow.object).expect("an answer without evidence");
            assert!(kept.is_whole(), "{kept:?}");
            if let Seen::Answered(jwt) | Seen::AnsweredLater(jwt) = &flow.response {
                assert_eq!(&kept.responses, &vec![jwt.clone()]);
                assert_eq!(kept.count(RecordKind::TokensIssued), 1, "{:?} {kept:?}", flow.tokens);
            }
            let reused = matches!(flow.tokens, Seen::Answered(_) | Seen::DoneBefore);
            assert_eq!(kept.count(RecordKind::TokensRevoked), usize::from(reused), "CODE-05 {kept:?}");
        }
    }
}

impl Transaction {
    fn read(bundle: &Bundle) -> (String, Self) {
        let (mut object, mut read) = (String::new(), Self::default());
        for entry in &bundle.records {
            read.kinds.push(entry.record.kind);
            for (digest, kept) in entry.record.digests.iter().zip(&entry.originals) {
                let KeptBytes::Bytes { bytes, .. } = kept else { panic!("nothing was erased") };
                let text = String::from_utf8(bytes.clone()).unwrap();
                match digest.of {
                    Original::RequestObject => object = text,
                    Original::ResponseJwt => read.responses.push(text),
                    _ => {}
                }
            }
        }
        (object, read)
    }

    /// Asked, decided and answered, each once.
    fn is_whole(&self) -> bool {
        [RecordKind::RequestReceived, RecordKind::Decision, RecordKind::ResponseSent]
            .into_iter()
            .all(|kind| self.count(kind) == 1)
    }

    fn count(&self, kind: RecordKind) -> usize {
        self.kinds.iter().filter(|found| **found == kind).count()
    }
}
