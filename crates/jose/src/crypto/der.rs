//! Just enough DER (X.690) to take RSA and X25519 private keys apart and put X25519 ones together.

use crate::crypto::Refused;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const SEQUENCE: u8 = 0x30;

/// Reads one element with `tag` off the front of `input` and returns its content.
pub(super) fn read<'a>(input: &mut &'a [u8], tag: u8) -> Result<&'a [u8], Refused> {
    let [found, first, rest @ ..] = *input else { return Err(Refused) };
    if *found != tag {
        return Err(Refused);
    }
    let (length, rest) = length(*first, rest)?;
    let (content, rest) = rest.split_at_checked(length).ok_or(Refused)?;
    *input = rest;
    Ok(content)
}

/// Reads a positive INTEGER as big-endian octets without leading zeros.
pub(super) fn read_positive<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], Refused> {
    match read(input, INTEGER)? {
        [] => Err(Refused),
        [0, magnitude @ ..] => Ok(magnitude),
        [first, ..] if *first >= 0x80 => Err(Refused),
        magnitude => Ok(magnitude),
    }
}

/// Short form, or long form of up to four octets.
fn length(first: u8, rest: &[u8]) -> Result<(usize, &[u8]), Refused> {
    if first < 0x80 {
        return Ok((usize::from(first), rest));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return Err(Refused);
    }
    let (octets, rest) = rest.split_at_checked(count).ok_or(Refused)?;
    Ok((octets.iter().fold(0, |length, octet| (length << 8) | usize::from(*octet)), rest))
}
