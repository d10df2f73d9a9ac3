/// The media type of every page (JARM-70).
pub const CONTENT_TYPE: &str = "text/html;charset=UTF-8";

/// Nothing loads but our own stylesheet and mark; nothing frames the page; no script runs.
///
/// `form-action` is left out on purpose: some browsers apply it to the redirect that follows a POST, and the
/// answer would never leave (JARM-73).
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The header table of every page without script, content type apart: name in lower case, value.
///
/// `Referrer-Policy: no-referrer` has a side effect: browsers send `Origin: null` with the pages' own forms. Their
/// POST must therefore be recognised by its `csrf` field and cookie, not by its origin (ATK-RED-23).
///
/// Without this table a page can be framed (ATK-RED-21), kept in a cache, or leak its address to the client's site
/// (ATK-RED-24).
pub fn page_headers() -> [(&'static str, &'static str); 6] {
    [
        ("content-security-policy", POLICY),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-cache, no-store"),
        ("cross-origin-opener-policy", "same-origin"),
    ]
}

/// [`page_headers`] with one script allowed, the one that carries `nonce`, and `Pragma` added (JARM-70, JARM-73).
pub(super) fn page_headers_with_script(nonce: &str) -> Vec<(&'static str, String)> {
    let mut headers: Vec<_> = page_headers().map(|(name, value)| (name, value.to_owned())).into();
    for (name, value) in &mut headers {
        if *name == "content-security-policy" {
            value.push_str(&format!("; script-src 'nonce-{nonce}'"));
        }
    }
    headers.push(("pragma", "no-cache".to_owned()));
    headers
}

#[cfg(test)]
mod tests {
    use super::page_headers;

    fn header(wanted: &str) -> &'static str {
        page_headers().into_iter().find(|(name, _)| *name == wanted).map(|(_, value)| value).unwrap()
    }

    #[test]
    fn atk_red_21_pages_cannot_be_framed() {
        assert_eq!(header("x-frame-options"), "DENY");
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
    }

    #[test]
    fn atk_red_24_nothing_foreign_loads_and_nothing_is_referred() {
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert!(header("content-security-policy").starts_with("default-src 'none'"));
        assert!(!header("content-security-policy").contains("http"), "no foreign origin is allowed");
    }

    #[test]
    fn red_12_no_page_answers_cross_origin_readers() {
        assert!(page_headers().iter().all(|(name, _)| !name.starts_with("access-control-")));
    }

    #[test]
    fn jarm_73_the_policy_allows_no_script_and_does_not_restrict_form_targets() {
        let policy = header("content-security-policy");
        assert!(!policy.contains("script-src"));
        assert!(!policy.contains("unsafe"));
        assert!(!policy.contains("form-action"));
        assert!(policy.contains("base-uri 'none'"));
        assert_eq!(header("x-content-type-options"), "nosniff");
    }

    #[test]
    fn red_12_pages_are_not_kept() {
        assert!(header("cache-control").contains("no-store"));
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
    }
}
