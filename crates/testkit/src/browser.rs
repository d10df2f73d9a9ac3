//! A real browser for tests of pages: headless Chromium, driven over WebDriver.
//!
//! Each [`Browser`] has a chromedriver of its own on a free loopback port and a fresh profile, so tests can run
//! beside each other and none sees another's cookies. `cargo xtask test` installs both programs.

#![allow(clippy::panic, reason = "a test without its browser cannot go on; the message says what to do")]

use std::fmt::Display;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use countersign_jose::base64url;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::error::WebDriverError;
use thirtyfour::{
    ChromeCapabilities, ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver,
};

/// The names Chromium goes by, the preferred one first.
const CHROMIUM: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// How long chromedriver may take to close its browser before it is killed.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Flags for a browser that talks to nobody but the server under test.
const FLAGS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox", // the sandbox refuses to run as root, which containers do
    "--disable-gpu",
    "--disable-dev-shm-usage", // /dev/shm is tiny in containers
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
];

/// The window a person sits in front of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    width: u32,
    height: u32,
    dark: bool,
}

impl Window {
    /// A window of 1280 × 800 CSS pixels, light.
    pub const DESKTOP: Self = Self { width: 1280, height: 800, dark: false };
    /// The narrowest phone pages must fit: 320 × 640 CSS pixels (WCAG 2.2, 1.4.10), light.
    pub const PHONE: Self = Self { width: 320, height: 640, dark: false };

    /// A light window of this many CSS pixels.
    #[must_use]
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height, dark: false }
    }

    /// The same window of a person who prefers a dark colour scheme.
    #[must_use]
    pub const fn dark(self) -> Self {
        Self { dark: true, ..self }
    }
}

/// A running browser; it ends, with everything it started, when this is dropped.
pub struct Browser {
    driver: Option<WebDriver>,
    chromedriver: Chromedriver,
    // Last, so that the folder outlives the programs that write to it.
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser. Needs a multi-threaded or current-thread tokio runtime.
    ///
    /// # Panics
    /// If Chromium or chromedriver is missing or does not start.
    pub async fn start(window: Window) -> Self {
        let chromium = find(&CHROMIUM).unwrap_or_else(|| missing("Chromium"));
        let profile =
            tempfile::tempdir().unwrap_or_else(|error| give_up("no folder for the browser's profile", error));
        let chromedriver = Chromedriver::start();
        let capabilities = capabilities(&chromium, profile.path(), window)
            .unwrap_or_else(|error| give_up("the browser's flags were refused", error));
        let driver = WebDriver::new(chromedriver.url(), capabilities)
            .await
            .unwrap_or_else(|error| give_up("the browser did not start", error));
        Self { driver: Some(driver), chromedriver, _profile: profile }
    }

    /// The WebDriver session: go to pages, find elements, type, click.
    #[must_use]
    pub fn driver(&self) -> &WebDriver {
        self.driver
            .as_ref()
            .unwrap_or_else(|| give_up("the browser is closed", "it was used while being dropped"))
    }

    /// Writes what the window shows as a PNG file.
    ///
    /// # Errors
    /// If the browser is gone or the file cannot be written.
    pub async fn screenshot(&self, file: &Path) -> Result<(), WebDriverError> {
        self.driver().screenshot(file).await
    }

    /// Writes the whole page as a PNG file, however far it reaches below the window.
    ///
    /// # Errors
    /// If the browser is gone or the file cannot be written.
    pub async fn page_screenshot(&self, file: &Path) -> Result<(), WebDriverError> {
        let tools = self.driver().cdp();
        // A picture has no scroll bar, and no gap where one was.
        tools.send_raw("Emulation.setScrollbarsHidden", json!({"hidden": true})).await?;
        let measure = "return [window.innerWidth, document.documentElement.scrollHeight]";
        let (width, height): (u64, u64) = self.driver().execute(measure, Vec::new()).await?.convert()?;
        let clip = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
        let whole = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let shot = tools.send_raw("Page.captureScreenshot", whole).await?;
        tools.send_raw("Emulation.setScrollbarsHidden", json!({"hidden": false})).await?;
        let text = shot["data"].as_str().unwrap_or_default().trim_end_matches('=');
        let text = text.replace('+', "-").replace('/', "_");
        let png = base64url::decode(text)
            .map_err(|error| WebDriverError::ParseError(format!("the screenshot: {error}")))?;
        Ok(std::fs::write(file, png)?)
    }

    /// Stops every script of every page from now on, as a person who switched scripts off; what a test executes
    /// still runs.
    ///
    /// # Errors
    /// If the browser is gone.
    pub async fn forbid_scripts(&self) -> Result<(), WebDriverError> {
        let forbid = json!({"value": true});
        self.driver().cdp().send_raw("Emulation.setScriptExecutionDisabled", forbid).await.map(drop)
    }

    /// What the browser complained about since the last call: scripts that failed, policies that were broken,
    /// files that did not load.
    ///
    /// # Errors
    /// If the browser is gone.
    pub async fn complaints(&self) -> Result<Vec<String>, WebDriverError> {
        let entries = self.driver().browser_log().await?;
        Ok(entries.into_iter().map(|entry| format!("{} {}", entry.level, entry.message)).collect())
    }

    /// The address of everything the pages asked the network for since the last call.
    ///
    /// # Errors
    /// If the browser is gone.
    pub async fn requested(&self) -> Result<Vec<String>, WebDriverError> {
        let events = self.driver().get_log("performance").await?;
        Ok(events.iter().filter_map(|event| requested_address(&event.message)).collect())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The session ends with its chromedriver. Left to itself, its own drop would block the runtime.
        if let Some(driver) = self.driver.take() {
            let _ = driver.leak();
        }
        self.chromedriver.stop();
    }
}

fn capabilities(
    chromium: &Path,
    profile: &Path,
    window: Window,
) -> Result<ChromeCapabilities, WebDriverError> {
    let Window { width, height, dark } = window;
    // chromedriver answers to no other browser name, Chromium included.
    let mut capabilities = DesiredCapabilities::chrome();
    capabilities.set_binary(&chromium.to_string_lossy())?;
    for flag in FLAGS {
        capabilities.add_arg(flag)?;
    }
    capabilities.add_arg(&format!("--user-data-dir={}", profile.display()))?;
    capabilities.add_arg(&format!("--window-size={width},{height}"))?;
    if dark {
        capabilities.add_arg("--blink-settings=preferredColorScheme=0")?;
    }
    // No window of Chromium is narrower than 500 pixels: the page is told its size by emulation.
    let metrics =
        json!({"width": width, "height": height, "pixelRatio": 1.0, "mobile": false, "touch": false});
    capabilities.add_experimental_option("mobileEmulation", json!({"deviceMetrics": metrics}))?;
    for log in ["browser", "performance"] {
        capabilities.set_logging_prefs(log, LoggingPrefsLogLevel::All)?;
    }
    Ok(capabilities)
}

/// The address in an event of the performance log, if the event is a request to the network.
fn requested_address(event: &str) -> Option<String> {
    let event: Value = serde_json::from_str(event).ok()?;
    let message = event.get("message").filter(|message| message["method"] == "Network.requestWillBeSent")?;
    let address = message["params"]["request"]["url"].as_str()?;
    (address.starts_with("http") || address.starts_with("ws")).then(|| address.to_owned())
}

/// The program between WebDriver and the browser.
struct Chromedriver {
    process: Child,
    port: u16,
}

impl Chromedriver {
    /// Starts it on a port of its own choice, which it prints.
    fn start() -> Self {
        let program = find(&["chromedriver"]).unwrap_or_else(|| missing("chromedriver"));
        let started = Command::new(program)
            .args(["--port=0", "--log-level=SEVERE"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut process = started.unwrap_or_else(|error| give_up("chromedriver did not start", error));
        let mut lines = process.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
        let Some(port) = lines.by_ref().map_while(Result::ok).find_map(|line| announced_port(&line)) else {
            let _ = process.kill();
            give_up("chromedriver did not start", "it ended without naming its port");
        };
        // Whatever else it prints must not fill the pipe.
        thread::spawn(move || lines.count());
        Self { process, port }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Asks it to close its browser and end, and makes it.
    fn stop(&mut self) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        if let Ok(mut connection) = TcpStream::connect_timeout(&address, SHUTDOWN) {
            let _ = connection.set_read_timeout(Some(SHUTDOWN));
            let host = address.to_string();
            let _ = write!(connection, "GET /shutdown HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            let _ = connection.read(&mut [0; 1]);
        }
        let deadline = Instant::now() + SHUTDOWN;
        while matches!(self.process.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.process.kill();
                let _ = self.process.wait();
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The port in `ChromeDriver was started successfully on port 34567.`
fn announced_port(line: &str) -> Option<u16> {
    line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
}

fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

fn missing(program: &str) -> ! {
    panic!("{program} is not installed: `cargo xtask test` installs what the tests need")
}

fn give_up(what: &str, why: impl Display) -> ! {
    panic!("{what}: {why}")
}

#[cfg(test)]
mod tests {
    use super::{Browser, Window, announced_port};

    const PAGE: &str = "data:text/html,<meta name=viewport content='width=device-width'><title>t</title>";
    const SEEN: &str = "return [innerWidth, innerHeight, matchMedia('(prefers-color-scheme: dark)').matches]";

    async fn seen(window: Window) -> (u64, u64, bool) {
        let browser = Browser::start(window).await;
        browser.driver().goto(PAGE).await.expect("the page opens");
        let found = browser.driver().execute(SEEN, Vec::new()).await.expect("the script runs");
        found.convert().expect("two numbers and a bool")
    }

    #[tokio::test]
    async fn a_page_sees_the_window_that_was_asked_for() {
        assert_eq!(seen(Window::PHONE).await, (320, 640, false));
        assert_eq!(seen(Window::DESKTOP.dark()).await, (1280, 800, true));
    }

    #[tokio::test]
    async fn screenshots_are_png_files_and_nothing_stays_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("page.png");
        let browser = Browser::start(Window::DESKTOP).await;
        let profile = browser._profile.path().to_owned();
        browser.driver().goto(PAGE).await.expect("the page opens");
        assert_ne!(
            processes_naming(&profile.to_string_lossy()),
            Vec::<String>::new(),
            "control: it runs now"
        );
        browser.screenshot(&file).await.expect("the screenshot is taken");
        assert!(std::fs::read(&file).expect("the file is there").starts_with(b"\x89PNG"));

        drop(browser);
        assert!(!profile.exists(), "the profile is removed");
        assert_eq!(processes_naming(&profile.to_string_lossy()), Vec::<String>::new());
    }

    /// The command lines of running programs that hold `text`.
    fn processes_naming(text: &str) -> Vec<String> {
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
        lines
            .map(|line| String::from_utf8_lossy(&line).into_owned())
            .filter(|line| line.contains(text))
            .collect()
    }

    #[test]
    fn the_port_is_read_from_the_announcement() {
        assert_eq!(announced_port("ChromeDriver was started successfully on port 34567."), Some(34567));
        assert_eq!(announced_port("Starting ChromeDriver 156.0 on port 0"), None);
    }
}
