//! Checks of public points.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, EcdsaVerificationAlgorithm,
    ParsedPublicKey,
};

use crate::Curve;

/// Whether `point` is `0x04 ‖ x ‖ y`, on the curve, and not at infinity.
pub(crate) fn is_on_curve(curve: Curve, point: &[u8]) -> bool {
    let algorithm: &'static EcdsaVerificationAlgorithm = match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED,
        Curve::Ed25519 | Curve::X25519 => return false,
    };
    point.first() == Some(&4)
        && point.len() == 1 + 2 * curve.coordinate_len()
        && ParsedPublicKey::new(algorithm, point).is_ok()
}

/// Whether an Ed25519 point has order 1, 2, 4 or 8.
///
/// The library verifies under such a key, and then one signature fits many messages. The points are those with y = 0, ±1
/// and the two y of order 8; y = 0 and y = 1 also have a second spelling, plus the field prime.
pub(crate) fn is_small_order(point: &[u8; 32]) -> bool {
    let mut y = *point;
    y[31] &= 0x7f;
    SMALL_ORDER_Y.contains(&y)
}

const fn constant(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut y = [middle; 32];
    y[0] = first;
    y[31] = last;
    y
}

const SMALL_ORDER_Y: [[u8; 32]; 7] = [
    constant(0x00, 0x00, 0x00),
    constant(0x01, 0x00, 0x00),
    constant(0xec, 0xff, 0x7f),
    constant(0xed, 0xff, 0x7f),
    constant(0xee, 0xff, 0x7f),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, ParsedPublicKey};

    use super::{SMALL_ORDER_Y, is_small_order};

    /// The control: under each listed point, the bare library accepts R = identity, S = 0 for some message.
    #[test]
    fn jwks_05_small_order_points_verify_without_a_private_key() {
        let mut forged = [0; 64];
        forged[0] = 1;
        for y in SMALL_ORDER_Y {
            let key = ParsedPublicKey::new(&ED25519, y);
            let forgeable =
                key.is_ok_and(|key| (0..=255_u8).any(|message| key.verify_sig(&[message], &forged).is_ok()));
            let non_canonical = y[0] >= 0xed && y[31] == 0x7f;
            assert!(forgeable || non_canonical, "{y:02x?} is not of small order");
            assert!(is_small_order(&y));
        }
    }
}
