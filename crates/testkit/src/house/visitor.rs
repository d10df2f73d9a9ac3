use std::collections::BTreeMap;

use super::reply::form;
use super::{House, Person, Reply};

/// A browser: keeps cookies, follows redirects within the server only, runs no script.
#[derive(Clone)]
pub struct Visitor<'h> {
    house: &'h House,
    cookies: BTreeMap<String, String>,
}

impl<'h> Visitor<'h> {
    pub(super) fn new(house: &'h House) -> Self {
        Self { house, cookies: BTreeMap::new() }
    }

    /// The cookies it keeps.
    pub fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }

    /// Puts a cookie into it, as an attacker would.
    pub fn plant(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Loses a cookie.
    pub fn forget(&mut self, name: &str) {
        self.cookies.remove(name);
    }

    /// The name of its session cookie, once it has one.
    pub fn session(&self) -> Option<&str> {
        self.cookies.iter().find(|(name, _)| name.contains("session")).map(|(_, value)| value.as_str())
    }

    /// Asks for one address.
    pub async fn open(&mut self, url: &str) -> Reply {
        let request = self.house.http.get(url);
        self.send(request).await
    }

    /// Posts a form to an endpoint.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let request = self.house.request(reqwest::Method::POST, path).body(form(fields));
        self.send(request.header("content-type", "application/x-www-form-urlencoded")).await
    }

    /// Sends a request with its cookies.
    pub async fn send(&mut self, request: reqwest::RequestBuilder) -> Reply {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) };
        let reply = self.house.send(request).await;
        for set in reply.headers.get_all("set-cookie") {
            let pair = set.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie has a value");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        reply
    }

    /// Opens an address and goes on until there is a page, or the way leads to the client.
    pub async fn walk(&mut self, url: &str) -> Reply {
        let reply = self.open(url).await;
        self.follow(reply).await
    }

    async fn follow(&mut self, mut reply: Reply) -> Reply {
        for _ in 0..5 {
            match reply.location().filter(|location| location.starts_with(self.house.issuer().as_str())) {
                Some(location) => reply = self.open(&location).await,
                None => return reply,
            }
        }
        panic!("redirected in circles: {reply}")
    }

    /// Fills in the login page. Returns the page after, or the answer to the client.
    pub async fn log_in(&mut self, page: &Reply, person: &Person) -> Reply {
        let reply = self.try_password(page, &person.username, &person.password).await;
        self.follow(reply).await
    }

    /// Fills in the login page and goes nowhere.
    pub async fn try_password(&mut self, page: &Reply, username: &str, password: &str) -> Reply {
        let (interaction, csrf) = hidden(page);
        let fields = [
            ("interaction", &*interaction),
            ("csrf", &*csrf),
            ("username", username),
            ("password", password),
        ];
        self.submit("/login", &fields).await
    }

    /// Decides on the consent page: `allow` or `deny`. Returns the answer to the client.
    pub async fn decide(&mut self, page: &Reply, decision: &str) -> Reply {
        let (interaction, csrf) = hidden(page);
        let fields = [("interaction", &*interaction), ("csrf", &*csrf), ("decision", decision)];
        self.submit("/consent", &fields).await
    }

    /// Up to the consent page, logging in where that is asked.
    pub async fn reach_consent(&mut self, url: &str) -> Reply {
        let house = self.house;
        let page = self.walk(url).await;
        let page = if page.field("csrf").is_some() && page.body.contains("id=\"login-form\"") {
            self.log_in(&page, house.person()).await
        } else {
            page
        };
        assert!(page.body.contains("id=\"consent-form\""), "no consent page: {page}");
        page
    }

    /// All the way: logs in and agrees where that is asked. Returns the answer to the client.
    pub async fn agree(&mut self, url: &str) -> Reply {
        let house = self.house;
        let mut page = self.walk(url).await;
        if page.body.contains("id=\"login-form\"") {
            page = self.log_in(&page, house.person()).await;
        }
        if page.body.contains("id=\"consent-form\"") { self.decide(&page, "allow").await } else { page }
    }
}

fn hidden(page: &Reply) -> (String, String) {
    let field = |name: &str| page.field(name).unwrap_or_else(|| panic!("no field {name}: {page}"));
    (field("interaction"), field("csrf"))
}
