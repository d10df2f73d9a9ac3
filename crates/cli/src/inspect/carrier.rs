//! The URL that carried a token: a request to a server, or the answer on its way back.

use countersign_protocol::request::RawParameters;
use url::Url;

use super::kind::Kind;
use super::rule::{Finding, broken, compare, held, unknown};

/// A URL with OAuth parameters.
pub(super) struct Carrier {
    /// What it is called.
    pub(super) name: &'static str,
    /// The address without its parameters.
    pub(super) address: String,
    /// The parameters in their order, doubled ones too.
    pub(super) parameters: Vec<(String, String)>,
    /// What was found out about the parameters themselves.
    pub(super) findings: Vec<Finding>,
    /// The token inside, and what kind it travels as.
    pub(super) token: Option<(String, Kind)>,
}

impl Carrier {
    /// Recognises a URL by its parameters; `None` for everything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let encoded = url.query().into_iter().chain(url.fragment()).collect::<Vec<_>>().join("&");
        let parameters: Vec<(String, String)> =
            url::form_urlencoded::parse(encoded.as_bytes()).into_owned().collect();
        let once = RawParameters::parse(encoded.as_bytes());
        let passes = "Every parameter at most once, in strict form encoding.";
        let rule = once.as_ref().map_or_else(|reason| reason.rule(), |_| "JAR-29");
        let outcome = match once {
            Ok(_) => held("Every parameter stands once."),
            Err(reason) => broken(reason.wrong()),
        };
        let findings = vec![Finding::new(rule, passes, outcome)];
        let mut address = url.clone();
        address.set_query(None);
        address.set_fragment(None);
        let carrier = Self { name: "", address: address.into(), parameters, findings, token: None };
        let has = |names: &[&str]| names.iter().any(|name| carrier.get(name).is_some());
        if has(&["response", "code", "error"]) {
            Some(carrier.into_response())
        } else if has(&["request", "request_uri", "response_type", "client_id"]) {
            Some(carrier.into_request())
        } else {
            None
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn into_request(mut self) -> Self {
        self.name = "Authorization request URL";
        let (request, reference) = (self.get("request"), self.get("request_uri"));
        let both = request.is_some() && reference.is_some();
        let outside =
            self.parameters.iter().filter(|(name, _)| name != "client_id" && !name.starts_with("request"));
        let ignored: Vec<&str> = outside.map(|(name, _)| name.as_str()).collect();
        let mut findings = vec![
            Finding::new(
                "JAR-21",
                "Either request or request_uri.",
                compare(!both, "Not both.", "Both are there."),
            ),
            Finding::new(
                "JAR-22",
                "client_id as an ordinary parameter.",
                compare(
                    self.get("client_id").is_some(),
                    "client_id is there.",
                    "There is no client_id outside.",
                ),
            ),
        ];
        if request.is_some() || reference.is_some() {
            let outcome = match ignored.as_slice() {
                [] => held("Nothing else stands outside."),
                names => unknown(format!("Outside and ignored by the server: {}.", names.join(", "))),
            };
            findings.push(Finding::new("JAR-114", "Only what is inside the signed object counts.", outcome));
        } else {
            let outcome =
                unknown("This request is not signed: whether it must be is the client's registration.");
            findings.push(Finding::new("JAR-103", "A signed request, where the client must sign.", outcome));
        }
        if reference.is_some() {
            let outcome =
                unknown("Only the server knows what was pushed under this name, and whether it was used.");
            findings.push(Finding::new(
                "JAR-44",
                "A reference that is known, unused and not expired.",
                outcome,
            ));
        }
        self.token = request.map(|request| (request.to_owned(), Kind::RequestObject));
        self.findings.extend(findings);
        self
    }

    fn into_response(mut self) -> Self {
        const PLAIN: [&str; 8] = [
            "code",
            "state",
            "iss",
            "error",
            "error_description",
            "id_token",
            "access_token",
            "session_state",
        ];
        self.name = "Authorization response URL";
        let plain: Vec<&str> = PLAIN.into_iter().filter(|name| self.get(name).is_some()).collect();
        let findings = match self.get("response") {
            Some(_) => vec![Finding::new(
                "JARM-43",
                "Exactly one response parameter, and nothing of OAuth beside it.",
                compare(
                    plain.is_empty(),
                    "response stands alone.",
                    format!("Beside it: {}.", plain.join(", ")),
                ),
            )],
            None => vec![
                Finding::new(
                    "JARM-44",
                    "A signed answer, where one was asked for.",
                    unknown(
                        "A plain answer: nothing in it is signed, so it passes only where none signed was asked for.",
                    ),
                ),
                Finding::new(
                    "ISS-03",
                    "iss equal to the expected issuer.",
                    match self.get("iss") {
                        Some(iss) => {
                            unknown(format!("{iss}; to be compared with the server the login was sent to."))
                        }
                        None => broken("There is no iss."),
                    },
                ),
            ],
        };
        self.token = self.get("response").map(|response| (response.to_owned(), Kind::AuthorizationResponse));
        self.findings.extend(findings);
        self
    }
}
