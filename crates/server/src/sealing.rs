use countersign_protocol::parameter::Issuer;

/// Where a sealed text belongs: issuer, table and the rest of the row's key, one a line.
///
/// It is authenticated with the text, so what is moved to another row does not open there. None of the parts can
/// hold a line break, so different rows have different places.
pub(crate) fn place(issuer: &Issuer, table: &str, key: &[&str]) -> Vec<u8> {
    let mut place = format!("{issuer}\n{table}");
    for part in key {
        place.push('\n');
        place.push_str(part);
    }
    place.into_bytes()
}
