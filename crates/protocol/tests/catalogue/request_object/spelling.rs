//! One spelling only (ATK-JAR-29..32, 39; JAR-45, JAR-46).

use countersign_protocol::reason::Reason;
use countersign_protocol::request::{MOST_BY_VALUE, MOST_PUSHED};
use countersign_testkit::forge::spelling::{
    flattened, flip_signature_bit, general, parts, respell, stray_bits,
};

use crate::desk::{Way, object, own, refuses};

#[test]
fn jar_46_compact_and_nothing_else() {
    let refused = Reason::RequestObjectNotCompact;
    refuses(&[
        ("ATK-JAR-29 flattened", |it| flattened(&it.sign(own())), refused),
        ("ATK-JAR-29 general", |it| general(&[&it.sign(own())]), refused),
        (
            "ATK-JAR-30 good and bad signature",
            |it| {
                let good = it.sign(own());
                general(&[&good, &flip_signature_bit(&good)])
            },
            refused,
        ),
        ("ATK-JAR-30 polyglot", |it| format!("{{\"a\":\"{}\"}}", it.sign(own())), refused),
        (
            "ATK-JAR-30 braces inside",
            |it| {
                respell(
                    &it.sign(own()),
                    |at, part| if at == 1 { format!("{{{part}}}") } else { part.to_owned() },
                )
            },
            refused,
        ),
        ("ATK-JAR-32 2 parts", |it| it.signing_input(), refused),
        ("ATK-JAR-32 4 parts", |it| format!("{}.AAAA", it.sign(own())), refused),
        ("ATK-JAR-32 6 parts", |it| format!("{}.AAAA.AAAA.AAAA", it.sign(own())), refused),
        ("ATK-JAR-32 leading dot", |it| format!(".{}", it.sign(own())), refused),
        ("ATK-JAR-32 trailing dot", |it| format!("{}.", it.sign(own())), refused),
        (
            "ATK-JAR-32 no header",
            |it| it.sign(own()).split_once('.').map(|(_, rest)| format!(".{rest}")).unwrap(),
            refused,
        ),
        ("JAR-47 5 parts", |it| format!("{}.AAAA.AAAA", it.sign(own())), Reason::RequestObjectEncrypted),
    ]);
}

#[test]
fn jar_46_base64url_has_one_spelling() {
    let refused = Reason::RequestObjectNotCompact;
    refuses(&[
        ("ATK-JAR-31 padding", |it| format!("{}==", it.sign(own())), refused),
        (
            "ATK-JAR-31 padded header",
            |it| {
                respell(
                    &it.sign(own()),
                    |at, part| if at == 0 { format!("{part}=") } else { part.to_owned() },
                )
            },
            refused,
        ),
        ("ATK-JAR-31 trailing space", |it| format!("{} ", it.sign(own())), refused),
        ("ATK-JAR-31 leading space", |it| format!(" {}", it.sign(own())), refused),
        ("ATK-JAR-31 line feed", |it| format!("{}\n", it.sign(own())), refused),
        (
            "ATK-JAR-31 space inside",
            |it| {
                respell(&it.sign(own()), |at, part| {
                    if at == 1 { format!("{} {}", &part[..8], &part[8..]) } else { part.to_owned() }
                })
            },
            refused,
        ),
        (
            "ATK-JAR-31 standard alphabet",
            |it| {
                // A payload with a character that the two alphabets write differently.
                let token = it.claim("state", "???>>>~~~").sign(own());
                assert!(parts(&token)[1].contains(['-', '_']));
                respell(&token, |_, part| part.replace('-', "+").replace('_', "/"))
            },
            refused,
        ),
        ("ATK-JAR-31 stray bits", |it| stray_bits(&it.sign(own())), refused),
    ]);
}

#[test]
fn jar_45_one_character_too_many() {
    for (way, most) in [(Way::ByValue, MOST_BY_VALUE), (Way::Pushed, MOST_PUSHED)] {
        let client = way.client();
        let fitting = padded_to(most);
        assert_eq!(way.send(&client, &fitting).err(), None, "the control: exactly {most}, {way:?}");
        let longer = padded_to(most + 1);
        let refused = way.send(&client, &longer).err();
        assert_eq!(refused, Some(Reason::RequestObjectTooLarge), "ATK-JAR-39, {way:?}");
    }
}

/// An honest object, made longer by members that mean nothing, of exactly this many characters.
fn padded_to(characters: usize) -> String {
    let about = (characters - object().sign(own()).len()) * 3 / 4;
    // No base64url text has 4n + 1 characters: header and payload share what one of them cannot have alone.
    for header in 0..3 {
        for filler in about - 40..about {
            let padded = object().header("x", "h".repeat(header)).claim("x", "x".repeat(filler));
            let token = padded.sign(own());
            if token.len() == characters {
                return token;
            }
        }
    }
    panic!("no object of {characters} characters");
}
