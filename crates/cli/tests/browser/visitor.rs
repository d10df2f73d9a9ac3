//! A person in front of a browser.

use std::path::Path;
use std::time::{Duration, Instant};

use countersign_testkit::browser::{Browser, Window};
use thirtyfour::{By, Key, WebDriver, WebElement};

/// How long a page may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Visitor(Browser);

impl Visitor {
    pub(crate) async fn arrive(window: Window) -> Self {
        Self(Browser::start(window).await)
    }

    pub(crate) fn browser(&self) -> &Browser {
        &self.0
    }

    pub(crate) fn driver(&self) -> &WebDriver {
        self.0.driver()
    }

    pub(crate) async fn open(&self, url: &str) {
        self.driver().goto(url).await.unwrap();
    }

    /// What the address bar shows.
    pub(crate) async fn address(&self) -> String {
        self.driver().current_url().await.unwrap().to_string()
    }

    /// Waits until the address bar shows this.
    pub(crate) async fn wait_for_address(&self, part: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.address().await.contains(part) {
            assert!(Instant::now() < deadline, "{} does not contain {part}", self.address().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The element with this id, as soon as there is one.
    pub(crate) async fn find(&self, id: &str) -> WebElement {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(found) = self.driver().find(By::Id(id)).await {
                return found;
            }
            if Instant::now() > deadline {
                panic!("no {id} at {}: {}", self.address().await, self.page_text().await);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn sees(&self, id: &str) -> bool {
        self.driver().find(By::Id(id)).await.is_ok()
    }

    pub(crate) async fn text(&self, id: &str) -> String {
        self.find(id).await.text().await.unwrap()
    }

    pub(crate) async fn value(&self, id: &str) -> String {
        self.find(id).await.value().await.unwrap().unwrap_or_default()
    }

    pub(crate) async fn page_text(&self) -> String {
        self.driver().find(By::Tag("body")).await.unwrap().text().await.unwrap()
    }

    pub(crate) async fn click(&self, id: &str) {
        self.find(id).await.click().await.unwrap();
    }

    pub(crate) async fn fill_in(&self, id: &str, text: &str) {
        let field = self.find(id).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub(crate) async fn log_in(&self, username: &str, password: &str) {
        self.fill_in("username", username).await;
        self.fill_in("password", password).await;
        self.click("login-submit").await;
    }

    /// The id of what the keyboard speaks to.
    pub(crate) async fn focus(&self) -> String {
        self.driver().active_element().await.unwrap().id().await.unwrap().unwrap_or_default()
    }

    pub(crate) async fn press(&self, key: Key) {
        self.driver().active_element().await.unwrap().send_keys(key).await.unwrap();
    }

    pub(crate) async fn write(&self, text: &str) {
        self.driver().active_element().await.unwrap().send_keys(text).await.unwrap();
    }

    /// Presses Tab until the focus is there; a page that never gets there cannot be used by keyboard.
    pub(crate) async fn tab_to(&self, id: &str) {
        self.find(id).await;
        for _ in 0..10 {
            if self.focus().await == id {
                return;
            }
            self.press(Key::Tab).await;
        }
        panic!("Tab does not lead to {id} at {}", self.address().await);
    }

    /// Takes a picture of the whole page, which must not be wider than the window.
    pub(crate) async fn take_picture(&self, name: &str) {
        let measure = "const page = document.documentElement; return [page.scrollWidth, page.clientWidth]";
        let measured = self.driver().execute(measure, Vec::new()).await.unwrap();
        let (whole, window): (u64, u64) = measured.convert().unwrap();
        assert!(whole <= window, "{name} is {whole} pixels wide in a window of {window}");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("browser-shots");
        std::fs::create_dir_all(&folder).unwrap();
        self.browser().page_screenshot(&folder.join(format!("{name}.png"))).await.unwrap();
    }

    /// Complaints that a person who looks into the console should not find. That a form was refused with status 400 is
    /// none.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let found = self.browser().complaints().await.unwrap().into_iter();
        let serious = found.filter(|line| line.starts_with("SEVERE") || line.starts_with("WARNING"));
        serious.filter(|line| !line.contains("status of 400")).collect()
    }
}
