//! A browser without a screen and without a network but loopback: what somebody does at a page, a test does with it.
//!
//! Driven over `WebDriver`, which is JSON over HTTP. The crates for it would each bring more than they save here:
//! thirtyfour turns on `serde_json/preserve_order` for the whole workspace, fantoccini's protocol is MPL-licensed.

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

/// How long a page may take to show something.
const PATIENCE: Duration = Duration::from_secs(30);
/// An answer of the driver, the browser's start included.
const ANSWER_LIMIT: Duration = Duration::from_mins(1);
/// What `WebDriver` calls an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Ctrl and A together, then neither: all that a field holds is replaced by what is typed next.
const SELECT_ALL: &str = "\u{E009}a\u{E000}";
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

/// One browser with one page; both it and its driver are killed when this is dropped.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    session: String,
    directory: PathBuf,
    pid: u64,
    _driver: Child,
}

/// What was asked of the network.
#[derive(Debug, Default)]
pub struct Traffic {
    /// The URLs by the ids of their requests.
    requested: BTreeMap<String, String>,
    /// Those of them that nothing came of, and why.
    pub failed: Vec<String>,
}

impl Browser {
    /// Profile, log and pictures go into `directory`.
    pub async fn open(directory: &Path) -> Self {
        let port = free_port();
        let driver = start_driver(directory, port);
        let http = reqwest::Client::builder().timeout(ANSWER_LIMIT).no_proxy().build().expect("a plain client");
        let url = format!("http://127.0.0.1:{port}");
        eventually("chromedriver to be ready", PATIENCE, || async {
            let status = ask(&http, Method::GET, &format!("{url}/status"), None).await?;
            if status["ready"] == true { Ok(()) } else { Err(status.to_string()) }
        })
        .await;
        let wanted = capabilities(&directory.join("profile"));
        let session = ask(&http, Method::POST, &format!("{url}/session"), Some(wanted)).await.expect("a session");
        let pid = session["capabilities"]["goog:processID"].as_u64().expect("the driver says whom it started");
        let session = format!("{url}/session/{}", session["sessionId"].as_str().expect("a session has an id"));
        Self { http, session, directory: directory.to_owned(), pid, _driver: driver }
    }

    pub async fn go_to(&self, url: &str) {
        self.command("url", json!({ "url": url })).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Clicks what `css` selects, as soon as it is there and nothing covers it.
    pub async fn click(&self, css: &str) {
        eventually(&format!("{css} to be clicked"), PATIENCE, || self.on_element(css, "click", json!({}))).await;
    }

    /// Writes over what stands in the field that `css` selects.
    pub async fn write(&self, css: &str, text: &str) {
        let typed = json!({ "text": format!("{SELECT_ALL}{text}") });
        eventually(&format!("{css} to be written in"), PATIENCE, || self.on_element(css, "value", typed.clone())).await;
    }

    /// What `css` shows, as soon as it shows anything.
    pub async fn text(&self, css: &str) -> String {
        eventually(&format!("{css} to show something"), PATIENCE, || async {
            let script = "const found = document.querySelector(arguments[0]); return found ? found.innerText : null";
            let shown = self.command("execute/sync", json!({ "script": script, "args": [css] })).await?;
            shown.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).ok_or(shown.to_string())
        })
        .await
    }

    /// Takes a picture of what `css` selects and what is around it: `NAME.png` beside the logs.
    pub async fn picture(&self, name: &str, css: &str) {
        let script = "document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })";
        let scrolled = self.command("execute/sync", json!({ "script": script, "args": [css] })).await;
        scrolled.unwrap_or_else(|error| panic!("{css}: {error}"));
        let picture = self.ask(Method::GET, "screenshot", None).await.expect("a page can be pictured");
        let picture = BASE64_STANDARD.decode(picture.as_str().expect("a picture is text")).expect("in base 64");
        std::fs::write(self.directory.join(format!("{name}.png")), picture).expect("target/ can be written");
    }

    /// All requests since the browser was opened.
    pub async fn traffic(&self) -> Traffic {
        let entries = self.command("se/log", json!({ "type": "performance" })).await.expect("a log of the network");
        let mut traffic = Traffic::default();
        for entry in entries.as_array().into_iter().flatten() {
            let entry: Value = serde_json::from_str(entry["message"].as_str().unwrap_or_default()).expect("JSON");
            traffic.note(&entry["message"]["method"], &entry["message"]["params"]);
        }
        traffic
    }

    async fn on_element(&self, css: &str, verb: &str, body: Value) -> Result<(), String> {
        let found = self.command("element", json!({ "using": "css selector", "value": css })).await?;
        let id = found[ELEMENT].as_str().ok_or_else(|| found.to_string())?;
        self.command(&format!("element/{id}/{verb}"), body).await.map(drop)
    }

    async fn command(&self, verb: &str, body: Value) -> Result<Value, String> {
        self.ask(Method::POST, verb, Some(body)).await
    }

    async fn ask(&self, method: Method, verb: &str, body: Option<Value>) -> Result<Value, String> {
        ask(&self.http, method, &format!("{}/{verb}", self.session), body).await
    }
}

impl Drop for Browser {
    /// The browser would outlive its driver.
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

    fn note(&mut self, event: &Value, params: &Value) {
        let id = params["requestId"].as_str().unwrap_or_default();
        match event.as_str() {
            Some("Network.requestWillBeSent") => {
                let url = params["request"]["url"].as_str().unwrap_or_default();
                // Pages that the browser brings along, and what stands in a page itself, are not asked for anywhere.
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

/// In a home of its own: nothing of the user's is read or touched.
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

/// The value that the driver answers with, or why it can't.
async fn ask(http: &reqwest::Client, method: Method, url: &str, body: Option<Value>) -> Result<Value, String> {
    let mut request = http.request(method, url);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let status = answer.status();
    let mut body: Value = answer.json().await.map_err(|error| error.to_string())?;
    if status.is_success() { Ok(body["value"].take()) } else { Err(body["value"]["message"].to_string()) }
}

fn capabilities(profile: &Path) -> Value {
    let profile = format!("--user-data-dir={}", profile.display());
    let flags: Vec<_> = FLAGS.into_iter().map(str::to_owned).chain([profile]).collect();
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": { "args": flags },
        "goog:loggingPrefs": { "performance": "ALL" },
    } } })
}
