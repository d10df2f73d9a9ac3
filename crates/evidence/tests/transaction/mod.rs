//! A complete transaction with its evidence, to be bent by the tests before it is sealed.

use countersign_evidence::bundle::{Bundle, BundledKey, BundledRecord, Kept};
use countersign_evidence::checkpoint::Origin;
use countersign_evidence::decision::{Decision, Outcome};
use countersign_evidence::digest::Salt;
use countersign_evidence::key_archive::{ArchivedKey, KeyEvent, KeyOwner, KeyPurpose, ThumbprintMembers};
use countersign_evidence::log::Log;
use countersign_evidence::note::VerifierKey;
use countersign_evidence::proof::ProofPlan;
use countersign_evidence::record::{DigestOf, KeyUse, Made, Original, Record, RecordKind};
use countersign_evidence::tile::Tiles;
use countersign_jose::{Algorithm, SigningKey, SystemEntropy, jws};
use countersign_protocol::parameter::Issuer;
use countersign_protocol::time::UnixTime;
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://as.example";
pub(crate) const CLIENT: &str = "shop";
pub(crate) const TRANSACTION: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
pub(crate) const NOW: u64 = 1_700_000_000;

/// One record to be, with its bytes.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) record: Record,
    pub(crate) originals: Vec<(Original, Vec<u8>)>,
}

/// A transaction before it becomes evidence.
pub(crate) struct Transaction {
    pub(crate) client_key: SigningKey,
    pub(crate) server_key: SigningKey,
    pub(crate) log_key: SigningKey,
    pub(crate) request: Value,
    pub(crate) answer: Value,
    pub(crate) decision: Decision,
    pub(crate) shown: Vec<u8>,
    pub(crate) steps: Vec<Step>,
    pub(crate) keys: Vec<ArchivedKey>,
    /// Leaves of other transactions that stand before these in the log.
    pub(crate) others: u64,
}

pub(crate) fn issuer() -> Issuer {
    ISSUER.parse().unwrap()
}

pub(crate) fn archived(owner: KeyOwner, key: &SigningKey, algorithm: Algorithm) -> ArchivedKey {
    ArchivedKey {
        issuer: issuer(),
        event: KeyEvent::Published,
        at: UnixTime::from_secs(NOW - 1000),
        owner,
        purpose: KeyPurpose::Signing,
        algorithm,
        valid_from: UnixTime::from_secs(NOW - 1000),
        valid_to: None,
        jwk: ThumbprintMembers::of(&key.public_jwk()).unwrap(),
    }
}

fn step(kind: RecordKind, at: u64) -> Step {
    let record = Record {
        issuer: issuer(),
        transaction: TRANSACTION.parse().unwrap(),
        kind,
        at: UnixTime::from_secs(at),
        client_id: CLIENT.parse().unwrap(),
        digests: vec![],
        keys: vec![],
        facts: Default::default(),
    };
    Step { record, originals: vec![] }
}

impl Transaction {
    /// A good one: signed request, granted, signed answer, tokens.
    pub(crate) fn new() -> Self {
        let client_key = SigningKey::generate(Algorithm::ES256).unwrap();
        let server_key = SigningKey::generate(Algorithm::EdDSA).unwrap();
        let log_key = SigningKey::generate(Algorithm::EdDSA).unwrap();
        let request = json!({
            "iss": CLIENT, "aud": ISSUER, "client_id": CLIENT, "response_type": "code", "response_mode": "jwt",
            "redirect_uri": "https://shop.example/callback", "scope": "openid profile", "state": "s-1",
            "iat": NOW, "nbf": NOW, "exp": NOW + 300,
        });
        let answer = json!({ "iss": ISSUER, "aud": CLIENT, "code": "c-1", "state": "s-1", "iat": NOW + 30, "exp": NOW + 150 });
        let mut decision = Decision::new(
            TRANSACTION.parse().unwrap(),
            CLIENT.parse().unwrap(),
            Outcome::Granted,
            "openid".parse().unwrap(),
        );
        decision.subject = Some("p-7f3a".parse().unwrap());
        let keys = vec![
            archived(KeyOwner::Client(CLIENT.parse().unwrap()), &client_key, Algorithm::ES256),
            archived(KeyOwner::Issuer(issuer()), &server_key, Algorithm::EdDSA),
        ];
        let mut steps = vec![
            step(RecordKind::RequestReceived, NOW + 1),
            step(RecordKind::Decision, NOW + 29),
            step(RecordKind::ResponseSent, NOW + 30),
            step(RecordKind::TokensIssued, NOW + 31),
        ];
        steps[2].record.facts.insert("redirect_uri".into(), "https://shop.example/callback".into());
        steps[2].record.facts.insert("response_mode".into(), "query.jwt".into());
        let shown = b"<h1>shop asks for openid profile</h1>".to_vec();
        let mut transaction = Self {
            client_key,
            server_key,
            log_key,
            request,
            answer,
            decision,
            shown,
            steps,
            keys,
            others: 5,
        };
        transaction.sign();
        transaction
    }

    /// Signs the request and the answer again, after their claims were bent, and writes the decision.
    pub(crate) fn sign(&mut self) {
        let request = jws::sign(&self.client_key, Some("oauth-authz-req+jwt"), &self.request).unwrap();
        self.steps[0].originals = vec![(Original::RequestObject, request.into_bytes())];
        self.steps[0].record.keys = vec![used(Made::RequestObject, &self.client_key)];
        self.steps[1].originals = vec![
            (Original::Decision, self.decision.to_bytes().unwrap()),
            (Original::Shown, self.shown.clone()),
        ];
        let answer = jws::sign(&self.server_key, None, &self.answer).unwrap();
        self.steps[2].originals = vec![(Original::ResponseJwt, answer.into_bytes())];
        self.steps[2].record.keys = vec![used(Made::ResponseJwt, &self.server_key)];
    }

    pub(crate) fn log_verifier(&self) -> VerifierKey {
        VerifierKey::from_jwk(Origin::of(&issuer()).as_str(), &self.log_key.public_jwk()).unwrap()
    }

    /// Puts everything into a log and takes the bundle out of it.
    pub(crate) fn seal(&self) -> Bundle {
        let mut log = Log::empty(Origin::of(&issuer()));
        let mut tiles = Tiles::new();
        let mut leaves: Vec<Vec<u8>> = (0..self.others).map(|n| format!("other {n}").into_bytes()).collect();
        leaves.extend(self.keys.iter().map(|key| key.to_leaf().unwrap()));
        let mut records = Vec::new();
        for step in &self.steps {
            let mut record = step.record.clone();
            let kept: Vec<_> =
                step.originals.iter().map(|(_, bytes)| (Salt::generate(&mut SystemEntropy), bytes)).collect();
            record.digests = (step.originals.iter().zip(&kept))
                .map(|((of, _), (salt, bytes))| DigestOf { of: *of, digest: salt.digest(bytes) })
                .collect();
            leaves.push(record.to_leaf().unwrap());
            let originals = kept.into_iter().map(|(salt, bytes)| Kept::Bytes { salt, bytes: bytes.clone() });
            records.push((record, originals.collect::<Vec<_>>()));
        }
        let integration = log.integrate(&leaves).unwrap();
        for tile in &integration.tiles {
            tiles.insert(tile.id.level, tile.id.index, &tile.bytes).unwrap();
        }
        let size = integration.checkpoint.size;
        let prove = |index| ProofPlan::inclusion(index, size).unwrap().build(&tiles).unwrap();
        let verifier = self.log_verifier();
        let first_record = self.others + self.keys.len() as u64;
        Bundle {
            issuer: issuer(),
            transaction: TRANSACTION.parse().unwrap(),
            checkpoint: integration.checkpoint.sign(&verifier, &self.log_key).unwrap(),
            log_key: verifier,
            records: (first_record..)
                .zip(records)
                .map(|(index, (record, originals))| BundledRecord {
                    index,
                    record,
                    proof: prove(index),
                    originals,
                })
                .collect(),
            keys: (self.others..)
                .zip(&self.keys)
                .map(|(index, key)| BundledKey { index, key: key.clone(), proof: prove(index) })
                .collect(),
        }
    }
}

pub(crate) fn used(made: Made, key: &SigningKey) -> KeyUse {
    KeyUse { made, thumbprint: key.thumbprint() }
}
