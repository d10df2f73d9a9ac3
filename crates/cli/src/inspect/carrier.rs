//! The URL that carried a token: a request to a server, or the answer on its way back; by the profile.

use countersign_protocol::policy::Control;
use countersign_protocol::reason::Reason;
use countersign_protocol::request::RawParameters;
use countersign_protocol::response::PLAIN_PARAMETERS;
use url::Url;

use super::kind::Kind;
use super::rule::{Finding, Known, broken, compare, held, unknown};

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
    pub(super) fn parse(text: &str, known: &Known) -> Option<Self> {
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
            Some(carrier.into_response(known))
        } else if has(&["request", "request_uri", "response_type", "client_id"]) {
            Some(carrier.into_request(known))
        } else {
            None
        }
    }

    /// The client that the URL names.
    pub(super) fn client_id(&self) -> Option<&str> {
        self.get("client_id")
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn into_request(mut self, known: &Known) -> Self {
        self.name = "Authorization request URL";
        let (request, reference) = (self.get("request"), self.get("request_uri"));
        let mut findings = vec![self.outer_client(known)];
        if request.is_some() || reference.is_some() {
            let both = request.is_some() && reference.is_some();
            let outcome =
                compare(!both, "One of request and request_uri.", "Both request and request_uri are there.");
            findings.push(Finding::new("JAR-21", "Either request or request_uri.", outcome));
            findings.push(self.outside());
        } else {
            findings.push(demanded(known, Control::SignedRequest, "This request is not signed"));
            findings.extend(self.plain_mode(known));
        }
        match reference {
            Some(_) => findings.push(Finding::new(
                "JAR-44",
                "A reference that is known, unused and not expired.",
                unknown("Only the server knows what was pushed under this name, and whether it was used."),
            )),
            None => findings.push(demanded(known, Control::PushedRequest, "This request was not pushed")),
        }
        self.token = request.map(|request| (request.to_owned(), Kind::RequestObject));
        self.findings.extend(findings);
        self
    }

    fn outer_client(&self, known: &Known) -> Finding {
        let outcome = match (self.client_id(), known.client_id.as_deref()) {
            (None, _) => broken("There is no client_id outside."),
            (Some(outside), Some(expected)) if outside != expected => {
                broken(format!("client_id is {outside:?} outside, not {expected:?}."))
            }
            (Some(outside), _) => held(format!("client_id is {outside}.")),
        };
        Finding::new("JAR-22", "client_id as an ordinary parameter.", outcome)
    }

    fn outside(&self) -> Finding {
        let outside =
            self.parameters.iter().filter(|(name, _)| name != "client_id" && !name.starts_with("request"));
        let ignored: Vec<&str> = outside.map(|(name, _)| name.as_str()).collect();
        let outcome = match ignored.as_slice() {
            [] => held("Nothing else stands outside."),
            names => unknown(format!("Outside and ignored by the server: {}.", names.join(", "))),
        };
        Finding::new("JAR-114", "Only what is inside the signed object counts.", outcome)
    }

    /// A plain request that asks for a plain answer, where answers must be signed.
    fn plain_mode(&self, known: &Known) -> Option<Finding> {
        let mode = self.get("response_mode").unwrap_or("none");
        let reason = Reason::SignedResponseRequired;
        let plain = known.profile.demands(Control::SignedResponse) && !mode.ends_with("jwt");
        let outcome = broken(format!("response_mode is {mode}: a plain answer."));
        plain.then(|| Finding::new(reason.rule(), reason.passes(), outcome))
    }

    fn into_response(mut self, known: &Known) -> Self {
        self.name = "Authorization response URL";
        let plain: Vec<&str> = PLAIN_PARAMETERS.into_iter().filter(|name| self.get(name).is_some()).collect();
        let findings = match self.get("response") {
            Some(_) => {
                let outcome = compare(
                    plain.is_empty(),
                    "response stands alone.",
                    format!("Beside response: {}.", plain.join(", ")),
                );
                let passes = "Exactly one response parameter, and nothing of OAuth beside it.";
                vec![Finding::new("JARM-43", passes, outcome)]
            }
            None => vec![self.unsigned(known), self.issuer(known)],
        };
        self.token = self.get("response").map(|response| (response.to_owned(), Kind::AuthorizationResponse));
        self.findings.extend(findings);
        self
    }

    /// A plain answer: an error as little to be believed as a code.
    fn unsigned(&self, known: &Known) -> Finding {
        let what = if self.get("code").is_some() { "A plain answer" } else { "A plain error" };
        let reason = Reason::ResponseMissing;
        let profile = known.profile;
        let outcome = if profile.demands(Control::SignedResponse) {
            broken(format!("{what}: the profile {} demands a signed one.", profile.name))
        } else {
            unknown(format!(
                "{what}: nothing in it is signed, so it passes only where none signed was asked for."
            ))
        };
        Finding::new(reason.rule(), "A signed answer, where one was asked for.", outcome)
    }

    fn issuer(&self, known: &Known) -> Finding {
        let outcome = match (self.get("iss"), &known.issuer) {
            (None, _) => broken("There is no iss."),
            (Some(iss), Some(issuer)) => compare(
                iss == issuer.as_str(),
                format!("iss is {iss}."),
                format!("iss is {iss:?}, not {issuer}."),
            ),
            (Some(iss), None) => {
                unknown(format!("iss is {iss}; to be compared with the server the login was sent to."))
            }
        };
        Finding::new("ISS-03", "iss equal to the expected issuer.", outcome)
    }
}

/// What a request lacks: broken where the profile demands it, otherwise a matter of the registration.
fn demanded(known: &Known, control: Control, lacks: &str) -> Finding {
    let reason = control.missing();
    let profile = known.profile;
    let outcome = if profile.demands(control) {
        broken(format!("{lacks}, and the profile {} demands it.", profile.name))
    } else {
        unknown(format!("{lacks}: whether it must be is the client's registration."))
    };
    Finding::new(reason.rule(), reason.passes(), outcome)
}
