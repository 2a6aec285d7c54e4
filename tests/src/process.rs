//! One process under test: starts, stops and kills it, and reads its log.

use crate::eventually;
use crate::settings;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

const READY_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(30);
const RESTART_LIMIT: Duration = Duration::from_mins(2);
/// How many lines of a log a failed test prints.
const LOG_LINES_PRINTED: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Api,
    Worker,
    Scheduler,
}

impl Role {
    pub fn binary(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Worker => "worker",
            Self::Scheduler => "scheduler",
        }
    }
}

#[derive(Debug)]
pub struct Process {
    pub role: Role,
    log: PathBuf,
    settings: BTreeMap<String, String>,
    child: Option<Child>,
    /// The bytes of the log that earlier runs of this process wrote.
    log_before: u64,
}

impl Process {
    /// Describes a process without starting it. Its log is `DIRECTORY/NAME.log`.
    pub fn new(role: Role, name: &str, directory: &Path, settings: BTreeMap<String, String>) -> Self {
        Self { role, log: directory.join(format!("{name}.log")), settings, child: None, log_before: 0 }
    }

    /// Changes a setting. It applies at the next start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }

    /// Starts it. Later starts append to the same log.
    pub fn start(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.role.binary());
        let binary = settings::binaries().join(self.role.binary());
        assert!(binary.exists(), "{} is not built: cargo build --workspace --bins", binary.display());
        self.log_before = std::fs::metadata(&self.log).map_or(0, |log| log.len());
        let log = OpenOptions::new().create(true).append(true).open(&self.log).expect("the log can be written");
        let child = Command::new(binary)
            .env_clear()
            .envs(&self.settings)
            .stdin(Stdio::null())
            .stdout(clone_of(&log))
            .stderr(log)
            .kill_on_drop(true)
            .spawn();
        self.child = Some(child.expect("the binary starts"));
    }

    /// Waits until its log contains `ROLE ready`. [`crate::TestSystem`] also polls an api over HTTP.
    pub async fn until_ready(&mut self) {
        let (word, log, log_before) = (format!("{} ready", self.role.binary()), self.log.clone(), self.log_before);
        let child = self.child.as_mut().expect("started before");
        eventually(&word, READY_LIMIT, || {
            let ended = child.try_wait().expect("the child's status");
            assert!(ended.is_none(), "{word}: it exited: {ended:?}; see {}", log.display());
            let logged = written_since(&log, log_before).contains(&word);
            async move { if logged { Ok(()) } else { Err("not in its log yet".to_owned()) } }
        })
        .await;
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).expect("it runs")
    }

    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Sends SIGKILL.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.expect("the child can be killed");
        }
    }

    /// Sends SIGTERM and waits for the exit. True when it exits in time and successfully.
    pub async fn stop(&mut self) -> bool {
        let pid = self.pid();
        signal("TERM", &[pid]).await;
        let mut child = self.child.take().expect("it runs");
        match tokio::time::timeout(STOP_LIMIT, child.wait()).await {
            Ok(status) => status.is_ok_and(|status| status.success()),
            Err(_late) => false,
        }
    }

    /// The end of its log, to show why a test failed.
    pub fn log_tail(&self) -> String {
        let text = written_since(&self.log, 0);
        let lines: Vec<&str> = text.lines().collect();
        let shown = lines[lines.len().saturating_sub(LOG_LINES_PRINTED)..].join("\n");
        format!("--- the end of {}\n{shown}", self.log.display())
    }

    /// The whole log, over all its runs.
    pub fn log(&self) -> String {
        written_since(&self.log, 0)
    }
}

/// Sends one signal to several processes at once.
pub async fn signal(name: &str, pids: &[u32]) {
    let mut command = Command::new("kill");
    command.arg(format!("-{name}")).args(pids.iter().map(u32::to_string));
    let status = command.status().await.expect("kill is a command");
    assert!(status.success(), "kill -{name} {pids:?}");
}

/// Runs a command of [`settings`] that restarts a service. The service is available when this returns.
pub async fn restart_service(command: &str) {
    let restarted = Command::new("sh").args(["-c", command]).status();
    let status = tokio::time::timeout(RESTART_LIMIT, restarted).await.expect("a service restarts in time");
    assert!(status.expect("sh is a command").success(), "{command}");
}

fn clone_of(log: &File) -> File {
    log.try_clone().expect("an open file can be cloned")
}

fn written_since(log: &Path, before: u64) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let begin = usize::try_from(before).unwrap_or(usize::MAX).min(bytes.len());
    String::from_utf8_lossy(&bytes[begin..]).into_owned()
}
