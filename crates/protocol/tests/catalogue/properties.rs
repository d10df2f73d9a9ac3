//! What holds for every input (ATK-DOS-03): nothing panics, and what is read is what was written.

use countersign_jose::base64url;
use countersign_protocol::parameter::{Delivery, Encoding, Issuer, RedirectUri, Scope};
use countersign_protocol::reason::Reason;
use countersign_protocol::request::{MOST_PUSHED, RawParameters, RequestObject};
use countersign_testkit::pair::form;
use countersign_testkit::parties::{START, server_keys};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use crate::authorization_response::judge;
use crate::desk::{Way, object, own};

proptest! {
    #[test]
    fn jar_40_any_bytes_are_parameters_or_a_reason(bytes in vec(any::<u8>(), 0..300)) {
        match RawParameters::parse(&bytes) {
            Ok(read) => prop_assert!(read.names().count() <= 100),
            Err(reason) => prop_assert!(matches!(reason, Reason::ParametersMalformed | Reason::ParameterRepeated)),
        }
    }

    #[test]
    fn jar_40_what_was_encoded_is_what_is_read(values in vec("[^\0]{1,40}", 1..20)) {
        let named: Vec<(String, String)> =
            values.iter().enumerate().map(|(at, value)| (format!("n{at}"), value.clone())).collect();
        let read = RawParameters::parse(form(&named).as_bytes()).unwrap();
        for (name, value) in &named {
            prop_assert_eq!(read.get(name), Some(value.as_str()));
        }
        let again = RawParameters::parse(read.without_credentials().as_bytes()).unwrap();
        prop_assert_eq!(again, read);
    }

    #[test]
    fn any_text_as_request_object_is_a_reason(text in "\\PC{0,200}") {
        prop_assert!(RequestObject::parse(&text, MOST_PUSHED).is_err());
    }

    #[test]
    fn any_header_and_any_claims_are_refused(header in vec(any::<u8>(), 0..80), payload in vec(any::<u8>(), 0..80)) {
        let text = format!("{}.{}.AAAA", base64url::encode(header), base64url::encode(payload));
        prop_assert!(RequestObject::parse(&text, MOST_PUSHED).is_err());
        let delivery = Delivery { encoding: Encoding::Query, signed: true };
        let encoded = form(&[("response", text)]);
        prop_assert!(judge(&encoded, Encoding::Query, delivery, None, &server_keys(), START).is_err());
    }

    #[test]
    fn any_callback_is_refused(encoded in vec(any::<u8>(), 0..200)) {
        let delivery = Delivery { encoding: Encoding::Query, signed: true };
        let text = String::from_utf8_lossy(&encoded);
        prop_assert!(judge(&text, Encoding::Query, delivery, Some("s"), &server_keys(), START).is_err());
    }

    #[test]
    fn atk_jar_01_any_other_byte_anywhere_is_refused(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let honest = object().sign(own());
        let mut bytes = honest.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let client = Way::Pushed.client();
        match String::from_utf8(bytes) {
            Ok(text) if text == honest => prop_assert!(Way::Pushed.send(&client, &text).is_ok()),
            Ok(text) => prop_assert!(Way::Pushed.send(&client, &text).is_err()),
            Err(_) => {}
        }
    }

    #[test]
    fn red_03_what_reads_as_a_redirect_uri_is_emitted_unchanged(
        raw in "(https|http|com\\.app|javascript)(://|:/|:)[a-z0-9.:@/?#%\\[\\]A-Z-]{0,30}",
    ) {
        if let Ok(uri) = raw.parse::<RedirectUri>() {
            prop_assert_eq!(uri.as_str(), raw.as_str());
            let emitted = url::Url::parse(&raw).unwrap();
            prop_assert_eq!(emitted.as_str(), raw.as_str());
            prop_assert!(emitted.username().is_empty() && emitted.fragment().is_none());
            prop_assert!(emitted.scheme() != "javascript");
        }
    }

    #[test]
    fn meta_02_what_reads_as_an_issuer_is_written_unchanged(raw in "https://[a-z0-9.:/?#@-]{1,30}") {
        if let Ok(issuer) = raw.parse::<Issuer>() {
            prop_assert_eq!(issuer.as_str(), raw.as_str());
            prop_assert!(issuer.endpoint("/par").starts_with(issuer.origin()));
        }
    }

    #[test]
    fn red_09_a_scope_reads_as_it_is_written(words in vec("[!#-\\[\\]-~]{1,12}", 0..10)) {
        let scope: Scope = words.join(" ").parse().unwrap();
        prop_assert_eq!(scope.to_string().parse::<Scope>().unwrap(), scope.clone());
        prop_assert!(words.iter().all(|word| scope.contains(word)));
    }
}
