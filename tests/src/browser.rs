//! A headless browser with no network but loopback, for tests of the pages that a person uses.
//!
//! It is driven over `WebDriver`, which is JSON over HTTP. The crates for it cost more than they save:
//! thirtyfour enables `serde_json/preserve_order` for the whole workspace, fantoccini's protocol is MPL-licensed.

use crate::eventually;
use crate::system::free_port;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// How long a test waits for an element of a page.
const WAIT_LIMIT: Duration = Duration::from_secs(30);
/// How long a response of the driver may take, including the browser's start.
const RESPONSE_LIMIT: Duration = Duration::from_mins(1);
/// The member of a `WebDriver` response that holds an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Presses and releases Ctrl+A: the text that is typed next replaces the field's text.
const SELECT_ALL: &str = "\u{E009}a\u{E000}";
/// In CSS pixels: that of a small phone.
const PHONE_WIDTH: u32 = 360;
const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--window-size=1280,1600",
];

/// One browser with one page. The browser and its driver are killed when this is dropped.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    session: String,
    directory: PathBuf,
    pid: u64,
    _driver: Child,
}

/// The network requests of the browser.
#[derive(Debug, Default)]
pub struct Traffic {
    /// URLs by request id.
    requested: BTreeMap<String, String>,
    /// The URLs of failed requests, with the error.
    pub failed: Vec<String>,
}

impl Browser {
    /// Starts a browser that writes its profile, log and screenshots into `directory`.
    pub async fn open(directory: &Path) -> Self {
        let port = free_port();
        let driver = start_driver(directory, port);
        let http = reqwest::Client::builder()
            .timeout(RESPONSE_LIMIT)
            .no_proxy()
            .build()
            .expect("a client without options can be built");
        let url = format!("http://127.0.0.1:{port}");
        eventually("chromedriver to be ready", WAIT_LIMIT, || async {
            let status = request(&http, Method::GET, &format!("{url}/status"), None).await?;
            if status["ready"] == true { Ok(()) } else { Err(status.to_string()) }
        })
        .await;
        let wanted = capabilities(&directory.join("profile"));
        let session = request(&http, Method::POST, &format!("{url}/session"), Some(wanted)).await.expect("a session");
        let pid = session["capabilities"]["goog:processID"].as_u64().expect("the driver reports the browser's pid");
        let session = format!("{url}/session/{}", session["sessionId"].as_str().expect("a session has an id"));
        Self { http, session, directory: directory.to_owned(), pid, _driver: driver }
    }

    pub async fn go_to(&self, url: &str) {
        self.command("url", json!({ "url": url })).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Clicks the element that `css` selects, as soon as it is there and not covered.
    pub async fn click(&self, css: &str) {
        eventually(&format!("{css} to be clicked"), WAIT_LIMIT, || self.on_element(css, "click", json!({}))).await;
    }

    /// Replaces the text of the field that `css` selects.
    pub async fn write(&self, css: &str, text: &str) {
        let typed = json!({ "text": format!("{SELECT_ALL}{text}") });
        eventually(&format!("{css} to accept text"), WAIT_LIMIT, || self.on_element(css, "value", typed.clone())).await;
    }

    /// The text of the element that `css` selects, as soon as it is not empty.
    pub async fn text(&self, css: &str) -> String {
        self.property(css, "innerText").await
    }

    /// The value of the field that `css` selects, as soon as it is not empty.
    pub async fn value(&self, css: &str) -> String {
        self.property(css, "value").await
    }

    async fn property(&self, css: &str, name: &str) -> String {
        let script = "const found = document.querySelector(arguments[0]); return found ? found[arguments[1]] : null";
        eventually(&format!("{css} to show something"), WAIT_LIMIT, || async {
            let shown = self.script(script, json!([css, name])).await?;
            shown.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).ok_or(shown.to_string())
        })
        .await
    }

    /// Waits until the element that `css` selects shows exactly this text.
    pub async fn wait_for_text(&self, css: &str, text: &str) {
        eventually(&format!("{css} to show {text}"), WAIT_LIMIT, || async {
            let shown = self.text(css).await;
            if shown == text { Ok(()) } else { Err(shown) }
        })
        .await;
    }

    /// Whether there is an element that `css` selects.
    pub async fn has(&self, css: &str) -> bool {
        let found = self.script("return document.querySelector(arguments[0]) !== null", json!([css])).await;
        found.unwrap_or_else(|error| panic!("{css}: {error}")) == true
    }

    /// Makes the window as wide as that of a phone. Returns by how many pixels the page is wider.
    pub async fn overflow_on_a_phone(&self) -> i64 {
        let size = json!({ "width": PHONE_WIDTH, "height": 800, "deviceScaleFactor": 1, "mobile": true });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": size });
        self.command("goog/cdp/execute", command).await.expect("the window is resized");
        let wider =
            self.script("return document.documentElement.scrollWidth - arguments[0]", json!([PHONE_WIDTH])).await;
        wider.expect("a width").as_i64().expect("a number")
    }

    /// Takes a screenshot around the element that `css` selects, and stores it as `NAME.png` with the logs.
    pub async fn screenshot(&self, name: &str, css: &str) {
        let script = "document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })";
        let scrolled = self.script(script, json!([css])).await;
        scrolled.unwrap_or_else(|error| panic!("{css}: {error}"));
        let png = self.request(Method::GET, "screenshot", None).await.expect("a screenshot");
        let png = BASE64_STANDARD.decode(png.as_str().expect("a screenshot is text")).expect("base64");
        std::fs::write(self.directory.join(format!("{name}.png")), png).expect("target/ can be written");
    }

    /// All requests since the browser was opened.
    pub async fn traffic(&self) -> Traffic {
        let entries = self.command("se/log", json!({ "type": "performance" })).await.expect("the network log");
        let mut traffic = Traffic::default();
        for entry in entries.as_array().into_iter().flatten() {
            let entry: Value = serde_json::from_str(entry["message"].as_str().unwrap_or_default()).expect("JSON");
            traffic.record(&entry["message"]["method"], &entry["message"]["params"]);
        }
        traffic
    }

    /// The lines of the browser's console since they were last read.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.command("se/log", json!({ "type": "browser" })).await.expect("the console");
        entries.as_array().into_iter().flatten().map(|entry| entry["message"].to_string()).collect()
    }

    async fn script(&self, script: &str, arguments: Value) -> Result<Value, String> {
        self.command("execute/sync", json!({ "script": script, "args": arguments })).await
    }

    async fn on_element(&self, css: &str, verb: &str, body: Value) -> Result<(), String> {
        let found = self.command("element", json!({ "using": "css selector", "value": css })).await?;
        let id = found[ELEMENT].as_str().ok_or_else(|| found.to_string())?;
        self.command(&format!("element/{id}/{verb}"), body).await.map(drop)
    }

    async fn command(&self, verb: &str, body: Value) -> Result<Value, String> {
        self.request(Method::POST, verb, Some(body)).await
    }

    async fn request(&self, method: Method, verb: &str, body: Option<Value>) -> Result<Value, String> {
        request(&self.http, method, &format!("{}/{verb}", self.session), body).await
    }
}

impl Drop for Browser {
    /// Kills the browser too: it would outlive its driver.
    fn drop(&mut self) {
        let killed = std::process::Command::new("kill").args(["-KILL", &self.pid.to_string()]).status();
        if !killed.is_ok_and(|status| status.success()) {
            eprintln!("the browser, process {}, could not be killed", self.pid);
        }
    }
}

impl Traffic {
    pub fn requested(&self) -> impl Iterator<Item = &str> {
        self.requested.values().map(String::as_str)
    }

    fn record(&mut self, event: &Value, params: &Value) {
        let id = params["requestId"].as_str().unwrap_or_default();
        match event.as_str() {
            Some("Network.requestWillBeSent") => {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                // Built-in pages and data URLs cause no request.
                if !url.starts_with("chrome:") && !url.starts_with("data:") {
                    self.requested.insert(id.to_owned(), url.to_owned());
                }
            }
            Some("Network.loadingFailed") => {
                let url = self.requested.get(id);
                self.failed.extend(url.map(|url| format!("{url}: {}", params["errorText"])));
            }
            _ => {}
        }
    }
}

/// Starts chromedriver with a home of its own, so that the user's profile is neither read nor changed.
fn start_driver(directory: &Path, port: u16) -> Child {
    let log = File::create(directory.join("chromedriver.log")).expect("the log can be written");
    let started = Command::new("chromedriver")
        .arg(format!("--port={port}"))
        .env("HOME", directory)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_CACHE_HOME")
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("an open file can be cloned"))
        .stderr(log)
        .kill_on_drop(true)
        .spawn();
    let install = "scripts/services.sh install-browser, or the packages chromium and chromium-driver";
    started.unwrap_or_else(|error| panic!("chromedriver: {error}; install it: {install}"))
}

/// Sends a request to the driver. Returns the value of the response, or the error message.
async fn request(http: &reqwest::Client, method: Method, url: &str, body: Option<Value>) -> Result<Value, String> {
    let mut request = http.request(method, url);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.map_err(|error| error.to_string())?;
    let status = response.status();
    let mut body: Value = response.json().await.map_err(|error| error.to_string())?;
    if status.is_success() { Ok(body["value"].take()) } else { Err(body["value"]["message"].to_string()) }
}

fn capabilities(profile: &Path) -> Value {
    let profile = format!("--user-data-dir={}", profile.display());
    let flags: Vec<_> = FLAGS.into_iter().map(str::to_owned).chain([profile]).collect();
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": { "args": flags },
        "goog:loggingPrefs": { "performance": "ALL", "browser": "ALL" },
    } } })
}
