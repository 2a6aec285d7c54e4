//! A whole system of one test's own: database, vhost, processes.

use crate::broker::Broker;
use crate::client::Client;
use crate::database::Database;
use crate::goods::{self, Goods};
use crate::process::{Process, Role};
use crate::settings;
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

const READY_LIMIT: Duration = Duration::from_secs(30);
/// The retry ladder of production takes minutes; that of a test takes a hundredth.
const RETRY_DELAY_PERCENT: &str = "1";

/// Without a line a request.
const LOG_FILTER: &str = "info,lapin=warn,sqlx=warn,api::observe=warn";

/// What a test wants different from the usual: one api, one worker, one scheduler, no goods.
#[derive(Debug)]
pub struct Builder {
    name: &'static str,
    settings: BTreeMap<String, String>,
    goods: Vec<Goods>,
    workers: usize,
}

#[derive(Debug)]
pub struct TestSystem {
    pub name: &'static str,
    pub broker: Broker,
    pub database: Database,
    pub(crate) processes: Vec<Process>,
    pub(crate) dead_letters_expected: u64,
    pub(crate) finished: bool,
    api_url: String,
    /// Faults disturb the services that all tests share, so one test runs at a time, in whatever process.
    _turn: File,
}

impl Builder {
    /// One environment variable for all processes.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    #[must_use]
    pub fn goods(mut self, goods: Goods) -> Self {
        self.goods.push(goods);
        self
    }

    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Everything made, started and ready.
    pub async fn start(mut self) -> TestSystem {
        let turn = take_turn().await;
        let directory = log_directory(self.name);
        let database = Database::create(self.name).await;
        let broker = Broker::create(&format!("test_{}", self.name)).await;
        goods::put_on_sale(&database.pool, &self.goods).await;
        let port = free_port();
        self.take_places(&database, &broker, port);
        let mut processes = vec![Process::new(Role::Api, "api", &directory, self.settings.clone())];
        for number in 1..=self.workers {
            processes.push(Process::new(Role::Worker, &format!("worker-{number}"), &directory, self.settings.clone()));
        }
        processes.push(Process::new(Role::Scheduler, "scheduler", &directory, self.settings));
        let mut system = TestSystem {
            name: self.name,
            broker,
            database,
            processes,
            dead_letters_expected: 0,
            finished: false,
            api_url: format!("http://127.0.0.1:{port}"),
            _turn: turn,
        };
        system.start_all().await;
        system
    }

    /// Where everything is; what the test asked for itself stays.
    fn take_places(&mut self, database: &Database, broker: &Broker, port: u16) {
        let port = port.to_string();
        let management_url = settings::rabbitmq_management_url();
        let redis_url = settings::redis_url();
        let places = [
            ("API_HOST", "127.0.0.1"),
            ("API_PORT", &port),
            ("DATABASE_URL", &database.url),
            ("LOG_FORMAT", "json"),
            ("RABBITMQ_MANAGEMENT_URL", &management_url),
            ("RABBITMQ_URL", &broker.url),
            ("REDIS_URL", &redis_url),
            ("RUST_LOG", LOG_FILTER),
            ("RETRY_DELAY_PERCENT", RETRY_DELAY_PERCENT),
            ("SECRET_KEY", settings::SECRET_KEY),
        ];
        for (name, value) in places {
            self.settings.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
    }
}

impl TestSystem {
    /// Describes the system of the test `name`; names are unique, since databases and vhosts are named by them.
    pub fn of(name: &'static str) -> Builder {
        Builder { name, settings: BTreeMap::new(), goods: Vec::new(), workers: 1 }
    }

    pub fn pool(&self) -> &PgPool {
        &self.database.pool
    }

    /// Where the api is.
    pub fn url(&self) -> &str {
        &self.api_url
    }

    /// Where logs and whatever else a test leaves behind go.
    pub fn directory(&self) -> PathBuf {
        directory_of_all().join(self.name)
    }

    /// A client that has not logged in.
    pub fn client(&self) -> Client {
        Client::new(&self.api_url)
    }

    /// Starts all that does not run, and waits until all are ready.
    pub async fn start_all(&mut self) {
        for process in &mut self.processes {
            if !process.runs() {
                process.start();
            }
        }
        for process in self.processes.iter_mut().filter(|process| process.role != Role::Api) {
            process.until_ready().await;
        }
        self.client().until_ready(READY_LIMIT).await;
    }

    pub fn processes(&mut self) -> &mut [Process] {
        &mut self.processes
    }

    /// Every process of `role`.
    pub fn all(&mut self, role: Role) -> impl Iterator<Item = &mut Process> {
        self.processes.iter_mut().filter(move |process| process.role == role)
    }

    /// The first process of `role`.
    pub fn one(&mut self, role: Role) -> &mut Process {
        self.all(role).next().expect("every role has a process")
    }

    /// Who runs, to tell later whether it is still the same.
    pub fn pids(&self) -> Vec<u32> {
        self.processes.iter().map(Process::pid).collect()
    }

    /// SIGKILL to every process in the same moment.
    pub async fn kill_all(&mut self) {
        crate::process::signal("KILL", &self.pids()).await;
        for process in &mut self.processes {
            process.kill().await;
        }
    }

    /// So many messages are meant to end in dead queues.
    pub fn expect_dead_letters(&mut self, count: u64) {
        self.dead_letters_expected += count;
    }
}

impl Drop for TestSystem {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for process in &self.processes {
                eprintln!("{}", process.log_end());
            }
            eprintln!("--- the database stays for a look: {}", self.database.url);
        } else {
            assert!(self.finished, "the test {} must end with `system.finish().await`", self.name);
        }
    }
}

/// Waits until no other test runs; the turn ends when the file is closed.
async fn take_turn() -> File {
    let path = directory_of_all().join("turn.lock");
    std::fs::create_dir_all(directory_of_all()).expect("target/ can be written");
    let turn = File::create(path).expect("target/ can be written");
    let waiting = tokio::task::spawn_blocking(move || turn.lock().map(|()| turn));
    waiting.await.expect("waiting does not panic").expect("a file of ours can be locked")
}

fn directory_of_all() -> PathBuf {
    settings::binaries().parent().expect("target/PROFILE").join("system-tests")
}

/// `target/system-tests/NAME`, empty.
fn log_directory(name: &str) -> PathBuf {
    let directory = directory_of_all().join(name);
    if directory.exists() {
        std::fs::remove_dir_all(&directory).expect("the last run's logs may go");
    }
    std::fs::create_dir_all(&directory).expect("target/ can be written");
    directory
}

/// A port that nobody listens on at the moment.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}
