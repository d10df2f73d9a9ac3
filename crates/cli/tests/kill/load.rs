//! What the client does, and what it saw.

use std::ops::AddAssign;
use std::sync::Arc;

use countersign_client::{ClientError, HttpClient, RelyingParty, Trust};
use countersign_jose::{Entropy, SystemEntropy, base64url};
use countersign_protocol::client::{Begun, ClientConfiguration, PendingLogin, Received, TokenForm};
use countersign_protocol::client_auth::sign_assertion;
use countersign_protocol::dpop::sign_proof;
use countersign_protocol::parameter::{BrowserKey, Encoding, ResponseMode, SessionId};
use countersign_protocol::response::ReceivedResponse;
use countersign_storage::{consent, login_session};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::served::{Own, Served, add, now, person};

/// What came of a request to the server.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It was not made.
    #[default]
    NotAsked,
    /// It was made, and the server was killed before its answer was whole.
    CutOff,
    /// This came.
    Answered(String),
    /// It was cut off, made again, and then this came.
    AnsweredLater(String),
    /// It was cut off, made again, and refused as done before.
    DoneBefore,
}

/// A flow, as the client saw it.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// The request object: what ties it to its evidence.
    pub(crate) object: String,
    /// The authorization address, once the request was pushed.
    url: Option<String>,
    /// The signed answer.
    pub(crate) response: Seen,
    /// The code and what belongs to it.
    form: Option<TokenForm>,
    pending: Option<PendingLogin>,
    /// The access token.
    pub(crate) tokens: Seen,
}

/// How much of what happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) answered: usize,
    pub(crate) redeemed: usize,
    pub(crate) cut_off: usize,
}

/// The client, and the browser of a person who consented.
pub(crate) struct Load {
    party: RelyingParty,
    http: reqwest::Client,
    cookies: String,
    first_flow: Notify,
}

/// Flows that run until the server is gone.
pub(crate) struct Running(JoinSet<Vec<Flow>>);

/// Puts a client, a person, a session and a consent straight into the database.
pub(crate) async fn seed(served: &Served) -> (ClientConfiguration, String) {
    let (issuer, person) = (served.issuer(), person("grace", "Grace Hopper", String::new()));
    let (session, browser) =
        (SessionId::generate(&mut SystemEntropy), BrowserKey::generate(&mut SystemEntropy));
    let login = login_session::LoginSession {
        subject: person.subject.clone(),
        authenticated_at: now(),
        amr: "pwd".into(),
        created_at: now(),
        expires_at: now().plus(3600),
    };
    let granted = consent::Consent { scopes: "openid profile".into(), granted_at: now() };
    let own = Own {
        client_id: "load",
        application_type: "web",
        redirect_uri: "https://client.example/callback".parse().unwrap(),
        response_mode: ResponseMode::Jwt,
        profile: "fapi2-message-signing",
    };
    let seeded = vec![
        add(served, &person),
        login_session::start(issuer, session.hash(), &login),
        consent::remember(issuer, &person.subject, &"load".parse().unwrap(), &granted),
    ];
    let configuration = served.register(&own, seeded).await;
    let cookies =
        format!("countersign-session={}; countersign-browser={}", session.expose(), browser.expose());
    (configuration, cookies)
}

impl Load {
    pub(crate) async fn connect((configuration, cookies): (ClientConfiguration, String)) -> Arc<Self> {
        let party =
            RelyingParty::discover(HttpClient::new(Trust::Only(Vec::new())).unwrap(), configuration).await;
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let http = builder.tls_certs_only([]).build().unwrap();
        Arc::new(Self { party: party.unwrap(), http, cookies, first_flow: Notify::new() })
    }

    /// Runs flow after flow in each lane.
    pub(crate) fn begin(self: &Arc<Self>, lanes: usize) -> Running {
        let mut set = JoinSet::new();
        for _ in 0..lanes {
            let load = self.clone();
            set.spawn(async move { load.lane().await });
        }
        Running(set)
    }

    /// Waits until some flow is finished: on a slow machine that takes a while.
    pub(crate) async fn first_flow(&self) {
        self.first_flow.notified().await;
    }

    async fn lane(&self) -> Vec<Flow> {
        let mut flows = Vec::new();
        loop {
            let mut flow = Flow::default();
            let whole = self.drive(&mut flow).await;
            flows.push(flow);
            if whole.is_none() {
                return flows;
            }
        }
    }

    /// One flow; `None` when the server is gone. A refusal is no option: everything here is honest.
    async fn drive(&self, flow: &mut Flow) -> Option<()> {
        let (own, metadata) = (self.party.configuration(), self.party.metadata());
        let begun = Begun::new(own, metadata, &mut SystemEntropy).unwrap();
        let push = begun.push(own, metadata, now(), &mut SystemEntropy).unwrap();
        flow.object = push.form.iter().find(|(name, _)| *name == "request").unwrap().1.clone();
        let body = answered(self.party.send_push(&push).await)?;
        let (url, pending) = begun.pushed(&body).unwrap().redirect(own, metadata);
        (flow.url, flow.pending) = (Some(url), Some(pending));

        flow.response = Seen::CutOff;
        let jwt = self.authorize(flow.url.as_deref().unwrap()).await?;
        flow.response = Seen::Answered(jwt.expect("an honest request is answered"));
        self.accept(flow).await;

        flow.tokens = Seen::CutOff;
        let body = answered(self.party.send_token_form(flow.form.as_ref().unwrap()).await)?;
        flow.tokens = Seen::Answered(String::from_utf8(body).unwrap());
        self.first_flow.notify_one();
        Some(())
    }

    /// The signed answer in the redirect, or `None` inside when a page came instead; `None` when nothing came.
    async fn authorize(&self, url: &str) -> Option<Option<String>> {
        let answer = self.http.get(url).header("cookie", &self.cookies).send().await.ok()?;
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        if location.is_none() {
            assert_eq!(answer.status(), 400, "a refused request is a page (JAR-44)");
        }
        Some(location.map(|location| location.split_once("?response=").unwrap().1.to_owned()))
    }

    /// Checks the answer as a client must, and prepares to redeem its code.
    async fn accept(&self, flow: &mut Flow) {
        let (Seen::Answered(jwt) | Seen::AnsweredLater(jwt)) = &flow.response else { return };
        let response =
            ReceivedResponse::parse(format!("response={jwt}").as_bytes(), Encoding::Query).unwrap();
        let received = self.party.receive(flow.pending.as_mut().unwrap(), &response, now()).await.unwrap();
        let Received::Granted(granted) = received else { panic!("the person consented") };
        let (own, metadata) = (self.party.configuration(), self.party.metadata());
        flow.form = Some(granted.exchange(own, metadata, now(), &mut SystemEntropy).unwrap());
    }

    /// After the restart: everything that was answered is asked again and must be refused; everything that was cut
    /// off is asked again, and either nothing had happened or all of it.
    pub(crate) async fn try_again(&self, flows: &mut [Flow]) {
        for flow in flows {
            self.authorize_again(flow).await;
            self.redeem_again(flow).await;
        }
    }

    async fn authorize_again(&self, flow: &mut Flow) {
        let Some(url) = &flow.url else { return };
        let again = self.authorize(url).await.expect("the server runs");
        match (&flow.response, again) {
            (Seen::Answered(_), again) => {
                assert_eq!(again, None, "PAR-10: {url} was used and is taken again")
            }
            (_, None) => flow.response = Seen::DoneBefore,
            (_, Some(jwt)) => {
                flow.response = Seen::AnsweredLater(jwt);
                self.accept(flow).await;
            }
        }
    }

    async fn redeem_again(&self, flow: &mut Flow) {
        let Some(form) = &mut flow.form else { return };
        self.authenticate_again(form);
        let again = self.party.send_token_form(form).await;
        let refused = match &again {
            Ok(_) => false,
            Err(ClientError::Answered(answer)) => {
                assert_eq!(answer.error.as_deref(), Some("invalid_grant"), "{answer:?}");
                true
            }
            Err(other) => panic!("the server runs: {other}"),
        };
        match (&flow.tokens, again) {
            (Seen::Answered(_), _) => assert!(refused, "CODE-04: a code was redeemed and is taken again"),
            (Seen::CutOff, Err(_)) => flow.tokens = Seen::DoneBefore,
            (_, Ok(body)) => flow.tokens = Seen::AnsweredLater(String::from_utf8(body).unwrap()),
            (_, Err(error)) => panic!("a code that was never presented: {error}"),
        }
    }

    /// The same code, with an assertion and a proof that were never used.
    fn authenticate_again(&self, form: &mut TokenForm) {
        let own = self.party.configuration();
        let id = || base64url::encode(SystemEntropy.array::<32>());
        form.proof = sign_proof(&own.dpop_key, "POST", &form.url, None, &id(), now()).unwrap();
        let assertion = sign_assertion(&own.client_id, &own.issuer, &id(), &own.key, now()).unwrap();
        form.form.iter_mut().find(|(name, _)| *name == "client_assertion").unwrap().1 = assertion;
    }
}

impl Running {
    /// What every lane saw until its server was gone.
    pub(crate) async fn finish(self) -> Vec<Flow> {
        self.0.join_all().await.into_iter().flatten().collect()
    }
}

impl Tally {
    pub(crate) fn of(flows: &[Flow]) -> Self {
        let count = |test: fn(&Flow) -> bool| flows.iter().filter(|flow| test(flow)).count();
        Self {
            answered: count(|flow| matches!(flow.response, Seen::Answered(_))),
            redeemed: count(|flow| matches!(flow.tokens, Seen::Answered(_))),
            cut_off: count(|flow| flow.response == Seen::CutOff || flow.tokens == Seen::CutOff),
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.answered += other.answered;
        self.redeemed += other.redeemed;
        self.cut_off += other.cut_off;
    }
}

/// What came; `None` when the server is gone.
fn answered(result: Result<Vec<u8>, ClientError>) -> Option<Vec<u8>> {
    match result {
        Ok(body) => Some(body),
        Err(ClientError::Answered(refusal)) => panic!("an honest request was refused: {refusal:?}"),
        Err(_) => None,
    }
}
