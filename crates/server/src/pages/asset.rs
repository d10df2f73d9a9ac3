use std::sync::LazyLock;

const STYLESHEET: &str = include_str!("../../templates/countersign.css");
const MARK: &str = include_str!("../../templates/mark.svg");

/// A file the pages load: its path changes when its bytes change, so it may be kept for a year.
#[derive(Debug)]
pub struct Asset {
    /// Absolute path below the issuer's origin, `/assets/<content hash>.<ending>`.
    pub path: String,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// The file.
    pub bytes: &'static [u8],
}

impl Asset {
    /// Value of `Cache-Control` for every asset.
    pub const CACHE_CONTROL: &'static str = "public, max-age=31536000, immutable";

    fn new(file: &'static str, ending: &str, content_type: &'static str) -> Self {
        Self {
            path: format!("/assets/{:016x}.{ending}", content_hash(file.as_bytes())),
            content_type,
            bytes: file.as_bytes(),
        }
    }
}

static ASSETS: LazyLock<[Asset; 2]> = LazyLock::new(|| {
    [Asset::new(STYLESHEET, "css", "text/css;charset=UTF-8"), Asset::new(MARK, "svg", "image/svg+xml")]
});

/// The asset served at `path`, if there is one.
pub fn asset(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

/// Where the stylesheet of every page is served.
pub fn stylesheet_path() -> &'static str {
    &ASSETS[0].path
}

/// The stylesheet of every page.
pub fn stylesheet() -> &'static [u8] {
    ASSETS[0].bytes
}

/// Where the mark is served that browsers show beside the page's title.
pub fn mark_path() -> &'static str {
    &ASSETS[1].path
}

/// FNV-1a. It tells two editions of our own file apart; nothing is protected by it.
fn content_hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::{asset, content_hash, mark_path, stylesheet, stylesheet_path};

    #[test]
    fn an_asset_is_found_at_its_path_only() {
        assert_eq!(asset(stylesheet_path()).unwrap().bytes, stylesheet());
        assert_eq!(asset(mark_path()).unwrap().content_type, "image/svg+xml");
        assert!(asset("/assets/countersign.css").is_none());
    }

    #[test]
    fn the_path_follows_the_content() {
        assert_ne!(content_hash(b"a{color:red}"), content_hash(b"a{color:tan}"));
        assert_eq!(content_hash(b"a"), 0xaf63_dc4c_8601_ec8c, "the published FNV-1a value for one letter");
    }

    #[test]
    fn atk_red_24_the_stylesheet_loads_nothing() {
        let css = std::str::from_utf8(stylesheet()).unwrap();
        assert!(!css.contains("url("));
        assert!(!css.contains("@import"));
    }
}
