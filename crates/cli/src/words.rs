//! Times as a person reads them.

use countersign_protocol::time::UnixTime;
use jiff::Timestamp;

/// `2026-11-21 21:16:01 UTC`; seconds beyond the calendar stay seconds.
pub(crate) fn utc(time: UnixTime) -> String {
    let moment = i64::try_from(time.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    moment.map_or_else(
        || format!("{} seconds since 1970", time.as_secs()),
        |moment| moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

/// How `time` lies to `now`: `in 4 min`, `2 h ago`, `now`.
pub(crate) fn relative(time: UnixTime, now: UnixTime) -> String {
    match (time.since(now), now.since(time)) {
        (0, 0) => "now".to_owned(),
        (ahead, 0) => format!("in {}", duration(ahead)),
        (_, past) => format!("{} ago", duration(past)),
    }
}

/// A number of seconds in its largest sensible unit, and the next one where that says something.
pub(crate) fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(365 * 86_400, "years"), (86_400, "days"), (3600, "h"), (60, "min"), (1, "s")];
    let Some(place) = UNITS.iter().position(|(length, _)| seconds >= *length) else {
        return "0 s".to_owned();
    };
    let (length, name) = UNITS.get(place).copied().unwrap_or((1, "s"));
    let whole = seconds / length;
    let name = name.strip_suffix('s').filter(|rest| whole == 1 && !rest.is_empty()).unwrap_or(name);
    match UNITS.get(place + 1) {
        Some((smaller, smaller_name)) if whole < 3 && seconds % length >= *smaller => {
            format!("{whole} {name} {} {smaller_name}", seconds % length / smaller)
        }
        _ => format!("{whole} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words() {
        let now = UnixTime::from_secs(1_000_000_000);
        for (time, words) in [
            (now, "now"),
            (now.plus(1), "in 1 s"),
            (now.plus(240), "in 4 min"),
            (now.plus(90), "in 1 min 30 s"),
            (now.minus(7200), "2 h ago"),
            (now.minus(86_400), "1 day ago"),
            (now.minus(3 * 365 * 86_400), "3 years ago"),
        ] {
            assert_eq!(relative(time, now), words);
        }
        assert_eq!(utc(UnixTime::from_secs(1_700_000_000)), "2023-11-14 22:13:20 UTC");
        assert_eq!(utc(UnixTime::from_secs(u64::MAX)), format!("{} seconds since 1970", u64::MAX));
    }
}
