//! Comparing `typ` and `cty` values (RFC 7515 §4.1.9).

/// Whether two values name the same media type: case-insensitively, with or without `application/` (ATK-JAR-26).
pub(crate) fn same(a: &str, b: &str) -> bool {
    short(a).eq_ignore_ascii_case(short(b))
}

/// Drops `application/` where nothing but a subtype follows it.
fn short(media_type: &str) -> &str {
    match media_type.split_once('/') {
        Some((kind, rest)) if kind.eq_ignore_ascii_case("application") && !rest.contains('/') => rest,
        _ => media_type,
    }
}
