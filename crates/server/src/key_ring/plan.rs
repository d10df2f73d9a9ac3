use countersign_jose::Algorithm;
use countersign_protocol::time::UnixTime;
use countersign_storage::signing_key::{KeyState, SigningKey};

use super::keys::ANSWERS;
use crate::Lifetimes;

/// Seconds for which others may keep the key set: its `Cache-Control: max-age`.
pub(crate) const CACHE_TIME: u64 = 300;

/// Seconds for which a key is published before it signs: twice the cache time, so that nobody who keeps to it meets an
/// unknown key (JWKS-03).
const PREPUBLISHED: u64 = 2 * CACHE_TIME;

/// One change of one key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// A series has no key that signs: make one that does so at once.
    Begin(Algorithm),
    /// Make the key that will take over, and publish it.
    Prepublish(Algorithm),
    /// The published key takes over from the one that signs.
    Promote { retire: String, promote: String },
    /// Nothing that the retired key signed can live any more: unpublish it, destroy its private part.
    Archive(String),
}

/// What is due for the keys of answers and tokens, by the rules of automatic rotation.
pub(super) fn due(
    rows: &[SigningKey],
    algorithms: &[Algorithm],
    lifetimes: &Lifetimes,
    now: UnixTime,
) -> Vec<Step> {
    let series = algorithms.iter().filter_map(|algorithm| due_for(rows, *algorithm, lifetimes, now));
    let kept = longest_signed(lifetimes) + CACHE_TIME;
    let over = |row: &&SigningKey| row.retired_at.is_some_and(|retired| now >= retired.plus(kept));
    let retired = rows.iter().filter(|row| row.purpose == ANSWERS && row.state == KeyState::Retired);
    series.chain(retired.filter(over).map(|row| Step::Archive(row.key_id.clone()))).collect()
}

/// When a published key takes over. No key does so before the set without it has left every cache.
pub(super) fn takes_over(row: &SigningKey) -> UnixTime {
    row.created_at.plus(PREPUBLISHED)
}

/// The latest moment of publication that [`takes_over`] allows at `now`.
pub(super) fn published_before(now: UnixTime) -> UnixTime {
    now.minus(PREPUBLISHED)
}

/// The key of this series in this state.
pub(super) fn in_state(rows: &[SigningKey], algorithm: Algorithm, state: KeyState) -> Option<&SigningKey> {
    let same = |row: &&SigningKey| {
        row.purpose == ANSWERS && row.algorithm == algorithm.as_str() && row.state == state
    };
    rows.iter().find(same)
}

fn due_for(rows: &[SigningKey], algorithm: Algorithm, lifetimes: &Lifetimes, now: UnixTime) -> Option<Step> {
    let Some(active) = in_state(rows, algorithm, KeyState::Active) else {
        return Some(Step::Begin(algorithm));
    };
    match in_state(rows, algorithm, KeyState::Prepublished) {
        Some(next) if now >= takes_over(next) => {
            Some(Step::Promote { retire: active.key_id.clone(), promote: next.key_id.clone() })
        }
        Some(_) => None,
        None => {
            let since = active.activated_at.unwrap_or(active.created_at);
            let ends = since.plus(lifetimes.signing_key);
            (now.plus(PREPUBLISHED) >= ends).then_some(Step::Prepublish(algorithm))
        }
    }
}

/// Seconds that anything signed with these keys can live.
fn longest_signed(lifetimes: &Lifetimes) -> u64 {
    lifetimes.access_token.max(lifetimes.id_token).max(lifetimes.answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;
    const ALGORITHMS: &[Algorithm] = &[Algorithm::ES256];

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_secs(seconds)
    }

    fn row(key_id: &str, state: KeyState, created: u64) -> SigningKey {
        SigningKey {
            key_id: key_id.to_owned(),
            purpose: ANSWERS.to_owned(),
            algorithm: "ES256".to_owned(),
            state,
            public_jwk: String::new(),
            sealed_private: None,
            created_at: at(created),
            activated_at: (state != KeyState::Prepublished).then(|| at(created)),
            retired_at: (state == KeyState::Retired).then(|| at(created)),
            archived_at: None,
        }
    }

    fn steps(rows: &[SigningKey], now: u64) -> Vec<Step> {
        due(rows, ALGORITHMS, &Lifetimes::default(), at(now))
    }

    #[test]
    fn jwks_03_published_before_use_and_kept_after() {
        let life = Lifetimes::default().signing_key;
        let active = row("a", KeyState::Active, 0);
        assert_eq!(steps(&[], 0), [Step::Begin(Algorithm::ES256)]);
        assert_eq!(steps(std::slice::from_ref(&active), life - PREPUBLISHED - 1), []);
        assert_eq!(
            steps(std::slice::from_ref(&active), life - PREPUBLISHED),
            [Step::Prepublish(Algorithm::ES256)]
        );

        let next = row("b", KeyState::Prepublished, life - PREPUBLISHED);
        let both = [active, next];
        assert_eq!(steps(&both, life - 1), [], "not before the old set has left every cache");
        let takeover = Step::Promote { retire: "a".into(), promote: "b".into() };
        assert_eq!(steps(&both, life), [takeover]);

        let after = [row("a", KeyState::Retired, DAY), row("b", KeyState::Active, DAY)];
        let kept = longest_signed(&Lifetimes::default()) + CACHE_TIME;
        assert_eq!(steps(&after, DAY + kept - 1), [], "still published while what it signed can live");
        assert_eq!(steps(&after, DAY + kept), [Step::Archive("a".into())]);
    }

    #[test]
    fn jwks_06_the_log_key_is_no_part_of_the_rotation() {
        let log =
            SigningKey { purpose: super::super::keys::CHECKPOINTS.into(), ..row("l", KeyState::Active, 0) };
        let active = row("a", KeyState::Active, 400 * DAY);
        assert_eq!(steps(&[log, active], 400 * DAY), []);
    }
}
