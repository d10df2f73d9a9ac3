//! Why something was refused: one table for error pages, JSON answers, logs, evidence and tools.

use std::fmt;

use crate::oauth_error::OAuthError;

/// Declares [`Reason`] from a table: variant, OAuth code (`-` where only a client can find it), requirement id,
/// section, what was wrong, what would pass.
macro_rules! reasons {
    ($($name:ident, $error:tt, $rule:literal, $section:literal, $wrong:literal, $passes:literal;)+) => {
        /// Why a message was refused.
        ///
        /// Precise, for logs and evidence; [`Reason::oauth_error`] is the one place where it becomes a code for the
        /// peer. Texts are fixed: nothing from the message is ever echoed (JAR-64).
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Reason {
            $(#[doc = concat!($wrong, " (", $rule, ", ", $section, ")")] $name,)+
        }

        impl Reason {
            /// Every reason, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The OAuth code for the peer; none for what only a client finds out.
            pub const fn oauth_error(self) -> Option<OAuthError> {
                match self { $(Self::$name => reasons!(@error $error),)+ }
            }

            /// The requirement of the catalogue that was broken, such as `JAR-51`.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule,)+ }
            }

            /// The section of the specification behind it.
            pub const fn section(self) -> &'static str {
                match self { $(Self::$name => $section,)+ }
            }

            /// What was wrong, in a sentence.
            pub const fn wrong(self) -> &'static str {
                match self { $(Self::$name => $wrong,)+ }
            }

            /// What would have passed, in a sentence.
            pub const fn passes(self) -> &'static str {
                match self { $(Self::$name => $passes,)+ }
            }

            /// The name of the variant, for logs and metrics.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }
        }
    };
    (@error -) => { None };
    (@error $error:ident) => { Some(OAuthError::$error) };
}

reasons! {
    // The HTTP message
    ParametersMalformed, InvalidRequest, "JAR-40", "RFC 6749 §3.1", "The parameters are not valid form encoding of UTF-8.", "At most 100 parameters, form-urlencoded, every percent sign followed by two hex digits.";
    ParameterRepeated, InvalidRequest, "JAR-29", "RFC 6749 §3.1", "A parameter was sent more than once.", "Every parameter at most once, in the query and the body together.";
    ContentTypeWrong, InvalidRequest, "PAR-01", "RFC 9126 §2", "The body is not form-urlencoded.", "Content-Type: application/x-www-form-urlencoded.";

    // Who asks
    ClientIdMissing, InvalidRequest, "JAR-22", "RFC 9101 §5", "No client_id was sent beside the request.", "client_id as an ordinary parameter, also when the request is signed.";
    ClientUnknown, InvalidClient, "JAR-41", "RFC 6749 §4.1.2.1", "No active client has this client_id.", "The client_id of a client that is registered here and not disabled.";

    // How the request was carried
    RequestTwice, InvalidRequest, "JAR-21", "RFC 9101 §5", "Both request and request_uri were sent.", "Exactly one of the two.";
    RequestNotSupported, RequestNotSupported, "JAR-43", "RFC 9101 §7", "Request objects by value are not accepted from this client.", "Push the request object and send the request_uri you get.";
    RequestUriNotSupported, RequestUriNotSupported, "JAR-43", "RFC 9101 §7", "Request objects at an address of the client's are not fetched.", "Push the request object and send the request_uri you get.";
    RequestUriUnknown, InvalidRequestUri, "JAR-44", "RFC 9126 §4", "This request_uri is not known, has expired, was used, or belongs to another client or browser.", "A request_uri from a new pushed request, used once, in one browser, by the client that pushed it.";
    RequestUriAtPar, InvalidRequest, "JAR-27", "RFC 9126 §2.1", "request_uri was sent to the pushed request endpoint.", "Push the request itself.";
    SignedRequestRequired, InvalidRequest, "JAR-103", "RFC 9101 §10.5", "This client must sign its requests, and this one is not signed.", "A request object signed with a registered key, in the request parameter.";
    PushedRequestRequired, InvalidRequest, "PAR-14", "RFC 9126 §4", "This client must push its requests, and this one was not pushed.", "Push the request first, then send only client_id and request_uri.";

    // The request object, before its signature held
    RequestObjectTooLarge, InvalidRequestObject, "JAR-45", "RFC 9101 §4", "The request object is too large.", "At most 64 KiB pushed, 16 KiB in a URL.";
    RequestObjectNotCompact, InvalidRequestObject, "JAR-46", "RFC 7515 §7.1", "The request object is not a compact JWS in canonical base64url.", "Three parts, base64url without padding, whitespace or stray bits.";
    RequestObjectEncrypted, InvalidRequestObject, "JAR-47", "RFC 9101 §6.1", "The request object is encrypted, and this server has no decryption key for it.", "A request object that is signed and not encrypted.";
    RequestObjectHeader, InvalidRequestObject, "JAR-48", "RFC 7515 §4", "The header of the request object is not one strict JSON object.", "One JSON object, no member twice, alg a string, no b64.";
    RequestObjectCritical, InvalidRequestObject, "JAR-66", "RFC 7515 §4.1.11", "The request object has a crit header that this server does not process.", "No crit member.";
    RequestObjectKeyInHeader, InvalidRequestObject, "JAR-68", "RFC 8725 §3.10", "The request object brings its own key or the address of one.", "No jwk, jku, x5u or x5c: only registered keys count.";
    RequestObjectType, InvalidRequestObject, "JAR-109", "RFC 9101 §10.8", "The typ of this JWT is that of another kind.", "typ oauth-authz-req+jwt, JWT, or none.";
    RequestObjectAlgorithm, InvalidRequestObject, "JAR-49", "RFC 9101 §6.2", "The request object is signed with an algorithm that is not allowed here.", "The registered request_object_signing_alg, or one that the metadata lists.";
    RequestObjectKey, InvalidRequestObject, "JAR-50", "RFC 9101 §6.2", "No registered key of this client fits the request object.", "kid and alg of a key in the client's registered key set.";
    RequestObjectSignature, InvalidRequestObject, "JAR-51", "RFC 9101 §6.2", "The signature of the request object does not hold.", "A signature by a registered key of this client, over exactly these bytes.";
    RequestObjectUnverified, InvalidRequestObject, "JAR-51", "RFC 9101 §6", "The request object could not be verified.", "A compact JWS, signed with a registered key and an allowed algorithm of this client.";

    // The request object, after its signature held
    RequestObjectClaims, InvalidRequestObject, "JAR-52", "RFC 9101 §4", "The claims of the request object are not one strict JSON object.", "UTF-8, one JSON object, no member twice at any depth, at most 32 levels.";
    RequestObjectParameter, InvalidRequestObject, "JAR-119", "RFC 9101 §4", "A parameter in the request object has the wrong JSON type.", "Strings as strings, max_age as a number, absent parameters left out.";
    RequestObjectClientId, InvalidRequestObject, "JAR-53", "RFC 9101 §5", "The client_id inside the request object is missing or another one.", "The same client_id inside and outside.";
    RequestObjectIssuer, InvalidRequestObject, "JAR-54", "RFC 9101 §4", "The iss of the request object is missing or not the client.", "iss equal to client_id.";
    RequestObjectAudience, InvalidRequestObject, "JAR-55", "RFC 9101 §4", "The aud of the request object is not this server.", "aud equal to the issuer identifier, to the letter.";
    RequestObjectSubject, InvalidRequestObject, "JAR-56", "RFC 9101 §10.8", "The sub of the request object is the client, which would make it a client assertion.", "No sub.";
    RequestObjectTime, InvalidRequestObject, "JAR-83", "RFC 7519 §2", "A time in the request object is not a plain number of seconds.", "exp, nbf and iat as JSON numbers of seconds since 1970.";
    RequestObjectExpiryMissing, InvalidRequestObject, "JAR-79", "FAPI 2.0 Message Signing §5.3.1", "The request object has no exp.", "exp at most 3600 seconds after nbf.";
    RequestObjectNotBeforeMissing, InvalidRequestObject, "JAR-78", "FAPI 2.0 Message Signing §5.3.1", "The request object has no nbf.", "nbf at most 3600 seconds in the past.";
    RequestObjectExpired, InvalidRequestObject, "JAR-80", "RFC 7519 §4.1.4", "The request object has expired.", "A new request object for each attempt.";
    RequestObjectNotYetValid, InvalidRequestObject, "JAR-81", "FAPI 2.0 Security §5.3.2.1", "The nbf or iat of the request object lies in the future.", "nbf and iat about now; clocks may differ by 10 seconds.";
    RequestObjectTooOld, InvalidRequestObject, "JAR-78", "FAPI 2.0 Message Signing §5.3.1", "The nbf of the request object is more than 3600 seconds ago.", "nbf at most 3600 seconds in the past.";
    RequestObjectLifetime, InvalidRequestObject, "JAR-79", "FAPI 2.0 Message Signing §5.3.1", "The request object lives longer than 3600 seconds.", "exp after nbf, by at most 3600 seconds.";
    RequestObjectJwtId, InvalidRequestObject, "JAR-107", "RFC 7519 §4.1.7", "The jti of the request object is not a string of 1 to 256 characters.", "A random jti, or none.";
    RequestObjectReplayed, InvalidRequestObject, "JAR-105", "RFC 9101 §6", "This request object was used before.", "A new request object for each attempt.";
    RequestObjectNested, InvalidRequestObject, "JAR-59", "RFC 9101 §4", "The request object has a request or request_uri inside.", "Neither inside the request object.";

    // The assembled request
    RedirectUriMissing, InvalidRequest, "RED-05", "FAPI 2.0 Security §5.3.2.2", "The request has no redirect_uri.", "redirect_uri, inside the request object when the request is signed.";
    RedirectUriUnregistered, InvalidRequest, "RED-04", "RFC 6749 §4.1.2.1", "The redirect_uri is not registered for this client.", "A registered redirect_uri, to the letter.";
    ResponseTypeMissing, InvalidRequest, "RED-08", "RFC 6749 §4.1.1", "The request has no response_type.", "response_type=code.";
    ResponseTypeUnsupported, UnsupportedResponseType, "RED-08", "RFC 6749 §4.1.2.1", "This response_type is not offered.", "response_type=code.";
    ResponseModeUnknown, InvalidRequest, "JARM-16", "OpenID Connect Core §3.1.2.6", "This response_mode is not known, so there is no way to answer.", "One that the metadata lists under response_modes_supported.";
    ResponseModeNotAllowed, InvalidRequest, "JARM-15", "FAPI 2.0 Message Signing §5.3.3", "This response_mode is not registered for this client.", "One of the client's response_modes.";
    SignedResponseRequired, InvalidRequest, "JARM-12", "FAPI 2.0 Message Signing §5.4.1", "This client must be answered in signed form, and the request asks for a plain answer.", "response_mode=jwt.";
    ResponseModeExposesTokens, InvalidRequest, "JARM-04", "JARM 2.3.1", "Tokens would travel in a readable query.", "fragment.jwt or form_post.jwt.";
    CodeChallengeMissing, InvalidRequest, "PKCE-01", "RFC 7636 §4.4.1", "The request has no code_challenge.", "code_challenge with code_challenge_method=S256.";
    CodeChallengeMethod, InvalidRequest, "PKCE-02", "RFC 9700 §2.1.1", "The code_challenge_method is not S256; leaving it out means plain.", "code_challenge_method=S256.";
    CodeChallengeMalformed, InvalidRequest, "PKCE-03", "RFC 7636 §4.2", "The code_challenge is not a SHA-256 in base64url.", "43 characters of base64url without padding.";
    ScopeMalformed, InvalidScope, "RED-09", "RFC 6749 §3.3", "The scope is not a list of words.", "Words of visible ASCII, separated by single spaces.";
    ScopeNotAllowed, InvalidScope, "RED-09", "RFC 6749 §3.3", "The request asks for a scope that this client is not registered for.", "Only words of the client's registered scope.";
    StateTooLong, InvalidRequest, "JAR-122", "RFC 6749 §4.1.1", "The state is empty, or too long to be returned unchanged.", "1 to 2048 bytes, or no state.";
    NonceTooLong, InvalidRequest, "JAR-122", "OpenID Connect Core §3.1.2.1", "The nonce is empty, or too long to be returned unchanged.", "1 to 512 bytes, or no nonce.";
    AuthorizationDetailsUnsupported, InvalidRequest, "RAR-01", "RFC 9396 §5", "The request asks for authorization_details, which this server does not offer.", "scope, and no authorization_details.";
    PromptMalformed, InvalidRequest, "IDT-07", "OpenID Connect Core §3.1.2.1", "The prompt is not known, or combines none with another.", "none alone, or login, consent and select_account.";
    MaxAgeMalformed, InvalidRequest, "IDT-08", "OpenID Connect Core §3.1.2.1", "The max_age is not a number of seconds.", "A whole number, zero or more.";
    DpopThumbprintMalformed, InvalidRequest, "DPOP-15", "RFC 9449 §10", "The dpop_jkt is not a SHA-256 thumbprint.", "43 characters of base64url without padding.";
    DpopThumbprintDiffers, InvalidRequest, "DPOP-16", "RFC 9449 §10.1", "dpop_jkt and the key of the DPoP proof differ.", "The thumbprint of the key that signed the proof, or no dpop_jkt.";
    ControlMissing, InvalidRequest, "PAR-05", "RFC 9126 §2.1", "The request lacks a control that this client's profile demands.", "Every control of the profile.";

    // The person
    InteractionUnknown, InvalidRequest, "PAR-10", "RFC 9126 §7.3", "This page belongs to a request that is finished, expired, or was begun in another browser.", "Go back to the application and start again, in one browser.";
    FormForged, InvalidRequest, "RED-12", "RFC 9700 §4.16", "This form was not sent from the page this server showed.", "Send the form from the page, with cookies allowed.";
    AccessDenied, AccessDenied, "JARM-76", "RFC 6749 §4.1.2.1", "The person refused.", "The person's consent.";
    LoginRequired, LoginRequired, "IDT-07", "OpenID Connect Core §3.1.2.6", "Nobody is logged in, and prompt=none allows no login page.", "A request without prompt=none.";
    ConsentRequired, ConsentRequired, "IDT-07", "OpenID Connect Core §3.1.2.6", "Consent is missing, and prompt=none allows no consent page.", "A request without prompt=none.";

    // Client authentication
    AuthenticationMissing, InvalidClient, "CAUTH-01", "RFC 6749 §5.2", "The client did not authenticate.", "client_assertion and client_assertion_type (private_key_jwt).";
    AuthenticationTwice, InvalidRequest, "CAUTH-03", "RFC 6749 §2.3", "The request uses more than one way to authenticate the client.", "Only the registered one.";
    AuthenticationMethod, InvalidClient, "CAUTH-02", "OpenID Connect Core §9", "This is not the authentication method the client registered.", "The registered token_endpoint_auth_method.";
    AssertionType, InvalidClient, "CAUTH-06", "RFC 7523 §2.2", "The client_assertion_type is missing or unknown.", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer.";
    AssertionMalformed, InvalidClient, "CAUTH-10", "RFC 7523 §3", "The client assertion is not one strict compact JWS.", "A compact JWS with strict JSON in header and claims.";
    AssertionKind, InvalidClient, "CAUTH-14", "RFC 8725 §3.11", "This JWT is of another kind than a client assertion.", "typ client-authentication+jwt, JWT, or none; no response_type.";
    AssertionAlgorithm, InvalidClient, "CAUTH-10", "FAPI 2.0 Security §5.4.1", "The client assertion is signed with an algorithm that is not allowed here.", "The registered algorithm, or one that the metadata lists.";
    AssertionKey, InvalidClient, "CAUTH-10", "RFC 7523 §3", "No registered key of this client fits the client assertion.", "kid and alg of a key in the client's registered key set.";
    AssertionSignature, InvalidClient, "CAUTH-10", "RFC 7523 §3", "The signature of the client assertion does not hold.", "A signature by a registered key of this client.";
    AssertionIssuer, InvalidClient, "CAUTH-06", "RFC 7523 §3", "The iss of the client assertion is not the client.", "iss equal to client_id.";
    AssertionSubject, InvalidClient, "CAUTH-11", "RFC 7523 §3", "The sub of the client assertion is missing or not the client.", "sub equal to client_id.";
    AssertionAudience, InvalidClient, "CAUTH-08", "FAPI 2.0 Security §5.3.2.1", "The aud of the client assertion is not the issuer as one string.", "aud equal to the issuer identifier; no array, no endpoint URL.";
    AssertionTime, InvalidClient, "CAUTH-12", "RFC 7523 §3", "The client assertion has expired, is not valid yet, or lives too long.", "exp within 600 seconds; iat and nbf not in the future.";
    AssertionJwtId, InvalidClient, "CAUTH-13", "OpenID Connect Core §9", "The client assertion has no usable jti.", "A random jti of at most 256 characters.";
    AssertionReplayed, InvalidClient, "CAUTH-13", "RFC 7523 §3", "This client assertion was used before.", "A new client assertion for each request.";
    ClientIdDiffers, InvalidClient, "CAUTH-04", "RFC 7521 §4.2", "client_id and the authenticated client differ.", "The client_id of the client that authenticates.";
    AuthenticationFailed, InvalidClient, "CAUTH-05", "RFC 6749 §5.2", "Client authentication failed.", "A fresh client assertion: iss and sub the client_id, aud the issuer, signed with a registered key.";

    // DPoP
    ProofMissing, InvalidRequest, "DPOP-07", "RFC 9449 §5", "This client's tokens are bound to a key, and the request has no DPoP proof.", "A DPoP header with a fresh proof.";
    ProofRepeated, InvalidDpopProof, "DPOP-02", "RFC 9449 §4.3", "More than one DPoP proof was sent.", "Exactly one DPoP header.";
    ProofMalformed, InvalidDpopProof, "DPOP-02", "RFC 9449 §4.3", "The DPoP proof is not one strict compact JWS with jti, htm, htu and iat.", "A compact JWS with all four claims and the public key in its header.";
    ProofType, InvalidDpopProof, "DPOP-02", "RFC 9449 §4.3", "The typ of the DPoP proof is not dpop+jwt.", "typ dpop+jwt.";
    ProofAlgorithm, InvalidDpopProof, "DPOP-04", "RFC 9449 §5.1", "The DPoP proof is signed with an algorithm that is not allowed here.", "One that the metadata lists under dpop_signing_alg_values_supported.";
    ProofKey, InvalidDpopProof, "DPOP-02", "RFC 9449 §4.3", "The key in the DPoP proof is missing, private, symmetric or weak.", "A public key in the jwk header: EC P-256, Ed25519, or RSA of 2048 bits.";
    ProofSignature, InvalidDpopProof, "DPOP-02", "RFC 9449 §4.3", "The signature of the DPoP proof does not hold under its own key.", "A proof signed with the key in its header.";
    ProofMethod, InvalidDpopProof, "DPOP-02", "RFC 9449 §4.3", "The htm of the DPoP proof is not the method of this request.", "htm equal to the HTTP method.";
    ProofAddress, InvalidDpopProof, "DPOP-02", "RFC 9449 §4.3", "The htu of the DPoP proof is not the address of this request.", "htu equal to the URL of the endpoint.";
    ProofTime, InvalidDpopProof, "DPOP-05", "RFC 9449 §11.1", "The iat of the DPoP proof is too old or in the future.", "iat about now: a new proof for each request.";
    ProofReplayed, InvalidDpopProof, "DPOP-06", "RFC 9449 §11.1", "This DPoP proof was used before.", "A new proof for each request.";
    ProofAccessToken, InvalidToken, "DPOP-02", "RFC 9449 §4.3", "The ath of the DPoP proof is not the hash of this access token.", "ath equal to the SHA-256 of the access token.";
    ProofOtherKey, InvalidToken, "DPOP-02", "RFC 9449 §7.1", "The access token is bound to another key.", "A proof signed with the key the token is bound to.";

    // The token endpoint
    GrantTypeMissing, InvalidRequest, "TOK-03", "RFC 6749 §4.1.3", "The request has no grant_type.", "grant_type=authorization_code or refresh_token.";
    GrantTypeUnsupported, UnsupportedGrantType, "TOK-04", "RFC 6749 §5.2", "This grant_type is not offered.", "grant_type=authorization_code or refresh_token.";
    GrantTypeNotAllowed, UnauthorizedClient, "TOK-04", "RFC 6749 §5.2", "This client is not registered for this grant_type.", "One of the client's grant_types.";
    CodeMissing, InvalidRequest, "TOK-01", "RFC 6749 §4.1.3", "The request has no code.", "The code of the authorization response.";
    CodeUnknown, InvalidGrant, "CODE-04", "RFC 6749 §5.2", "The code is not known here.", "A code of this server, redeemed once by the client it was issued to.";
    CodeForeign, InvalidGrant, "CODE-07", "RFC 6749 §4.1.3", "The code was issued to another client.", "A code of this server, redeemed once by the client it was issued to.";
    CodeExpired, InvalidGrant, "CODE-01", "RFC 6749 §4.1.2", "The code has expired.", "Redeem a code within 60 seconds.";
    CodeReplayed, InvalidGrant, "CODE-05", "RFC 6749 §4.1.2", "The code was used before; all its tokens are revoked.", "Redeem a code once.";
    CodeRedirectUri, InvalidGrant, "RED-06", "RFC 6749 §4.1.3", "The redirect_uri is not that of the authorization request; the code is void.", "The same redirect_uri, to the letter.";
    CodeVerifierMissing, InvalidGrant, "PKCE-05", "RFC 7636 §4.6", "The request has no code_verifier; the code is void.", "The code_verifier whose SHA-256 is the code_challenge.";
    CodeVerifierMalformed, InvalidGrant, "PKCE-04", "RFC 7636 §4.1", "The code_verifier is malformed; the code is void.", "43 to 128 characters of A-Z a-z 0-9 - . _ ~.";
    CodeVerifierWrong, InvalidGrant, "PKCE-05", "RFC 7636 §4.6", "The code_verifier does not belong to the code; the code is void.", "The code_verifier whose SHA-256 is the code_challenge.";
    CodeOtherKey, InvalidGrant, "DPOP-15", "RFC 9449 §10", "The code is bound to another DPoP key; the code is void.", "A proof signed with the key the request named.";
    RefreshTokenMissing, InvalidRequest, "TOK-01", "RFC 6749 §6", "The request has no refresh_token.", "The refresh token of this client.";
    RefreshTokenUnknown, InvalidGrant, "RT-04", "RFC 6749 §5.2", "The refresh token is not known, expired, revoked, or another client's.", "A live refresh token of this client.";
    RefreshScope, InvalidScope, "TOK-09", "RFC 6749 §6", "The refresh asks for more than was granted.", "The granted scope or less.";
    SenderConstraintRequired, InvalidRequest, "SCT-01", "FAPI 2.0 Security §5.3.2.1", "This client's profile allows only tokens bound to a key, and the request proves none.", "A DPoP header with a fresh proof.";

    // The resource (userinfo)
    AccessTokenMissing, InvalidToken, "RS-03", "RFC 6750 §3.1", "The request has no access token.", "Authorization: DPoP or Bearer with the access token.";
    AccessTokenInQuery, InvalidRequest, "RS-01", "FAPI 2.0 Security §5.3.4", "The access token was sent in the query or the body.", "The access token in the Authorization header only.";
    AuthorizationRepeated, InvalidRequest, "RS-02", "RFC 6750 §3.1", "More than one Authorization header was sent.", "Exactly one.";
    AccessTokenInvalid, InvalidToken, "AT-04", "RFC 9068 §4", "The access token is malformed, expired, revoked, or not for this resource.", "A live access token of this issuer.";
    AccessTokenScheme, InvalidToken, "DPOP-14", "RFC 9449 §7.1", "The access token was sent under the wrong scheme.", "A bound token as DPoP with a proof, an unbound one as Bearer.";
    AccessTokenScope, InsufficientScope, "UI-01", "OpenID Connect Core §5.3", "The access token does not have the scope openid.", "A token granted with openid.";

    // The server itself
    ServerFault, ServerError, "JARM-75", "RFC 6749 §4.1.2.1", "Something went wrong on this server; nothing was issued.", "Try again; tell the operator the reference if it stays.";
    Overloaded, TemporarilyUnavailable, "JARM-76", "RFC 6749 §4.1.2.1", "The server cannot keep its records right now; nothing was issued.", "Try again in a moment.";

    // What the client finds in an answer (JARM)
    ResponseNotExpected, -, "JARM-42", "JARM 2.4", "No login of this browser is waiting for this answer.", "An answer to a login that this browser began and has not finished.";
    ResponseWrongMethod, -, "JARM-42", "JARM 2.3", "The answer came in another way than was asked for.", "The encoding of the requested response mode.";
    ResponseParametersMalformed, -, "JARM-43", "JARM 2.1", "The parameters of the answer are not valid form encoding of UTF-8.", "Exactly one response parameter.";
    ResponseRepeated, -, "JARM-43", "JARM 2.1", "A parameter of the answer came more than once.", "Exactly one response parameter.";
    ResponseBesideOthers, -, "JARM-43", "JARM 2.1", "Plain parameters came beside the signed answer.", "Exactly one response parameter, and nothing beside it.";
    ResponseMissing, -, "JARM-44", "JARM 2.4", "A signed answer was asked for and a plain one came; nothing in it is believed.", "The signed answer; this login still waits for it.";
    ResponseTooLarge, -, "JARM-45", "JARM 2.4", "The answer is too large.", "At most 64 KiB.";
    ResponseNotCompact, -, "JARM-45", "RFC 7515 §7.1", "The answer is not a compact JWS in canonical base64url.", "Three parts, base64url without padding, whitespace or stray bits.";
    ResponseEncryption, -, "JARM-46", "JARM 2.4", "The answer is encrypted and no encryption was registered.", "An answer that is signed and not encrypted.";
    ResponseHeader, -, "JARM-51", "RFC 7515 §4", "The header of the answer is not one strict JSON object without keys and crit.", "One JSON object with alg and kid, no crit, jwk, jku, x5u or x5c.";
    ResponseClaims, -, "JARM-51", "JARM 2.1", "The claims of the answer are not one strict JSON object of the expected types.", "One JSON object, no member twice at any depth.";
    ResponseIssuer, -, "JARM-47", "JARM 2.4", "The iss of the answer is not the server this login was sent to.", "iss equal to the expected issuer, to the letter.";
    ResponseAudience, -, "JARM-48", "JARM 2.4", "The aud of the answer is not this client.", "aud equal to the client_id, and no other member.";
    ResponseExpired, -, "JARM-49", "JARM 2.4", "The answer has expired or has no exp.", "exp as a number of seconds, in the future.";
    ResponseTooLong, -, "JARM-49", "JARM 2.4", "The exp of the answer is more than a day ahead.", "exp in seconds, at most ten minutes ahead.";
    ResponseNotYetValid, -, "JARM-49", "RFC 7519 §4.1.5", "The nbf or iat of the answer lies in the future.", "nbf and iat about now.";
    ResponseAlgorithm, -, "JARM-50", "JARM 2.4", "The answer is signed with another algorithm than was registered.", "The registered authorization_signed_response_alg.";
    ResponseKey, -, "JARM-50", "JARM 2.4", "No published key of the expected issuer fits the answer.", "kid and alg of a key in the issuer's key set.";
    ResponseSignature, -, "JARM-50", "JARM 2.4", "The signature of the answer does not hold.", "A signature by a published key of the expected issuer.";
    ResponseKind, -, "JARM-51", "RFC 8725 §3.12", "This JWT is of another kind than an authorization response.", "typ JWT or none, and no claims of an ID token, logout token or access token.";
    ResponseIncomplete, -, "JARM-51", "JARM 2.1.1", "The answer has neither or both of code and error.", "code for a success, error for a refusal.";
    ResponseState, -, "JARM-52", "JARM 2.4", "The state of the answer is not that of the request.", "The state that was sent; none if none was sent.";
    ResponseReplayed, -, "JARM-54", "JARM 2.4", "This login was answered before.", "One answer for each login.";
    IssuerParameter, -, "ISS-03", "RFC 9207 §2.4", "The iss of the answer is missing or not the server this login was sent to.", "iss equal to the expected issuer, to the letter.";

    // What the client finds elsewhere
    MetadataIssuer, -, "META-03", "RFC 8414 §3.3", "The metadata names another issuer.", "issuer equal to the one the address was built from.";
    MetadataLacks, -, "JARM-85", "JARM 4", "The server does not offer what this client must use.", "Metadata that lists the control; there is no fall-back to a weaker one.";
    PushedResponse, -, "PAR-06", "RFC 9126 §2.2", "The answer to the pushed request has no usable request_uri and expires_in.", "request_uri and a positive expires_in.";
    TokenResponse, -, "TOK-05", "RFC 6749 §5.1", "The token answer lacks what it must have.", "access_token, token_type and, with openid, id_token.";
    TokenTypeUnexpected, -, "SCT-06", "RFC 9449 §5", "A bound token was asked for and another kind came.", "token_type DPoP.";
    IdTokenInvalid, -, "IDT-05", "OpenID Connect Core §3.1.3.7", "The ID token does not hold.", "A signed ID token of the expected issuer for this client, with the nonce of this login.";
    UserinfoSubject, -, "UI-04", "OpenID Connect Core §5.3.2", "The userinfo is about somebody else than the ID token.", "The same sub in both.";
}

impl Reason {
    /// The `error_description` for the wire: what was wrong, what would pass, and the rule, in the characters that
    /// RFC 6749 §4.1.2.1 and §5.2 allow.
    pub fn description(self) -> String {
        let section = self.section().replace('§', "section ");
        format!("{} What would pass: {} ({}, {section})", self.wrong(), self.passes(), self.rule())
    }

    /// What a stranger may be told: reasons that would help a forger give way to the one they belong to.
    ///
    /// Whoever has proven who they are gets the precise reason; before a signature held, a client assertion or a
    /// request object only gets "did not verify" (CAUTH-05; attack catalogue, rule 5).
    pub const fn to_stranger(self) -> Self {
        match self {
            Self::RequestObjectNotCompact
            | Self::RequestObjectEncrypted
            | Self::RequestObjectHeader
            | Self::RequestObjectCritical
            | Self::RequestObjectKeyInHeader
            | Self::RequestObjectType
            | Self::RequestObjectAlgorithm
            | Self::RequestObjectKey
            | Self::RequestObjectSignature => Self::RequestObjectUnverified,
            Self::AuthenticationMissing
            | Self::AuthenticationMethod
            | Self::AssertionType
            | Self::AssertionMalformed
            | Self::AssertionKind
            | Self::AssertionAlgorithm
            | Self::AssertionKey
            | Self::AssertionSignature
            | Self::AssertionIssuer
            | Self::AssertionSubject
            | Self::AssertionAudience
            | Self::AssertionTime
            | Self::AssertionJwtId
            | Self::AssertionReplayed
            | Self::ClientIdDiffers => Self::AuthenticationFailed,
            other => other,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} What would pass: {} [{}, {}]", self.wrong(), self.passes(), self.rule(), self.section())
    }
}

impl std::error::Error for Reason {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jar_123_object_and_reference_failures_have_their_own_codes() {
        for reason in Reason::ALL {
            let object = reason.name().starts_with("RequestObject");
            assert_eq!(object, reason.oauth_error() == Some(OAuthError::InvalidRequestObject), "{reason:?}");
        }
        assert_eq!(Reason::RequestUriUnknown.oauth_error(), Some(OAuthError::InvalidRequestUri));
        assert_eq!(Reason::RequestNotSupported.oauth_error(), Some(OAuthError::RequestNotSupported));
        assert_eq!(Reason::RequestUriNotSupported.oauth_error(), Some(OAuthError::RequestUriNotSupported));
    }

    #[test]
    fn cauth_05_a_stranger_cannot_tell_why_authentication_failed() {
        for reason in
            Reason::ALL.iter().filter(|reason| reason.oauth_error() == Some(OAuthError::InvalidClient))
        {
            let told = reason.to_stranger();
            assert!(matches!(told, Reason::AuthenticationFailed | Reason::ClientUnknown), "{reason:?}");
        }
    }

    #[test]
    fn jar_64_every_reason_is_a_fixed_sentence_with_a_rule() {
        for reason in Reason::ALL {
            assert!(reason.wrong().ends_with('.') && reason.passes().ends_with('.'), "{reason:?}");
            let wire = |c: char| c == ' ' || (c.is_ascii_graphic() && c != '"' && c != '\\');
            assert!(reason.description().chars().all(wire), "{reason:?}");
            assert!(reason.rule().contains('-') && !reason.section().is_empty(), "{reason:?}");
        }
    }
}
