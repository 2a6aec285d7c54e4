//! A whole system of one test's own: database, vhost, processes.

use crate::broker::Broker;
use crate::client::Client;
use crate::database::Database;
use crate::process::{Process, Role};
use crate::products::{self, Goods};
use crate::settings;
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

const READY_LIMIT: Duration = Duration::from_secs(30);
/// The retry ladder of production takes minutes; that of a test takes a hundredth.
pub(crate) const RETRY_DELAY_PERCENT: u32 = 1;

/// Without a line a request.
const LOG_FILTER: &str = "info,lapin=off,sqlx=warn,api::request_log=warn";

/// What a test wants different from the usual: one api, one worker, one scheduler, no goods.
#[derive(Debug)]
pub struct Builder {
    name: &'static str,
    settings: BTreeMap<String, String>,
    goods: Vec<Goods>,
    workers: usize,
    schedulers: usize,
    has_broker_users: bool,
    /// Beside those: each with settings of its own.
    others: Vec<(Role, BTreeMap<String, String>)>,
}

#[derive(Debug)]
pub struct TestSystem {
    pub name: &'static str,
    pub broker: Broker,
    pub database: Database,
    pub(crate) processes: Vec<Process>,
    pub(crate) failed_jobs_expected: u64,
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

    #[must_use]
    pub fn schedulers(mut self, schedulers: usize) -> Self {
        self.schedulers = schedulers;
        self
    }

    /// One process more, which has this setting for itself.
    #[must_use]
    pub fn and(mut self, role: Role, name: &str, value: &str) -> Self {
        self.others.push((role, BTreeMap::from([(name.to_owned(), value.to_owned())])));
        self
    }

    /// Each process as a broker user of its own, with no more rights than it needs.
    #[must_use]
    pub fn broker_users(mut self) -> Self {
        self.has_broker_users = true;
        self
    }

    /// Everything made, started and ready.
    pub async fn start(mut self) -> TestSystem {
        let turn = take_turn().await;
        let directory = log_directory(self.name);
        let database = Database::create(self.name).await;
        let broker = Broker::create(&format!("test_{}", self.name)).await;
        products::put_on_sale(&database.pool, &self.goods).await;
        let port = free_port();
        self.take_places(&database, &broker, port);
        let name = self.name;
        if self.has_broker_users {
            broker.make_users().await;
        }
        let processes = self.processes(&broker, &directory);
        let mut system = TestSystem {
            name,
            broker,
            database,
            processes,
            failed_jobs_expected: 0,
            finished: false,
            api_url: format!("http://127.0.0.1:{port}"),
            _turn: turn,
        };
        system.start_all().await;
        system
    }

    /// Described, not yet started.
    fn processes(self, broker: &Broker, directory: &Path) -> Vec<Process> {
        let alike = |role, count| std::iter::repeat_n((role, BTreeMap::new()), count);
        let usual = alike(Role::Api, 1).chain(alike(Role::Worker, self.workers));
        let all = usual.chain(alike(Role::Scheduler, self.schedulers)).chain(self.others);
        let process = |(number, (role, own)): (usize, (Role, BTreeMap<_, _>))| {
            let user = self.has_broker_users.then(|| ("RABBITMQ_URL".to_owned(), broker.url_of(role.binary())));
            let settings = self.settings.clone().into_iter().chain(user).chain(own).collect();
            Process::new(role, &format!("{}-{number}", role.binary()), directory, settings)
        };
        all.enumerate().map(process).collect()
    }

    /// Where everything is; what the test asked for itself stays.
    fn take_places(&mut self, database: &Database, broker: &Broker, port: u16) {
        let port = port.to_string();
        let management_url = settings::rabbitmq_management_url();
        let redis_url = settings::redis_url();
        let retry_delay_percent = RETRY_DELAY_PERCENT.to_string();
        let places = [
            ("API_HOST", "127.0.0.1"),
            ("API_PORT", &port),
            ("DATABASE_URL", &database.url),
            ("LOG_FORMAT", "json"),
            ("RABBITMQ_MANAGEMENT_URL", &management_url),
            ("RABBITMQ_URL", &broker.url),
            ("REDIS_URL", &redis_url),
            ("RUST_LOG", LOG_FILTER),
            ("RETRY_DELAY_PERCENT", &retry_delay_percent),
            ("SCHEDULER_METRICS_PORT", "0"),
            ("SECRET_KEY", settings::SECRET_KEY),
            ("WORKER_METRICS_PORT", "0"),
        ];
        for (name, value) in places {
            self.settings.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
    }
}

impl TestSystem {
    /// Describes the system of the test `name`; names are unique, since databases and vhosts are named by them.
    pub fn of(name: &'static str) -> Builder {
        let (settings, goods, others) = (BTreeMap::new(), Vec::new(), Vec::new());
        Builder { name, settings, goods, workers: 1, schedulers: 1, has_broker_users: false, others }
    }

    pub fn pool(&self) -> &PgPool {
        &self.database.pool
    }

    /// Where the api is.
    pub fn api_url(&self) -> &str {
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

    /// A client with an admin's account of its own.
    pub async fn admin(&self) -> Client {
        let name = "admin-of-the-test";
        let mut client = self.client().signed_up(name).await;
        let promote = "UPDATE accounts.users SET role = 'admin', token_version = token_version + 1 WHERE email LIKE $1";
        sqlx::query(promote).bind(format!("{name}@%")).execute(self.pool()).await.expect("the hand can write");
        client.log_in_again(name).await;
        client
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

    /// All that each process has written.
    pub fn logs(&self) -> impl Iterator<Item = String> {
        self.processes.iter().map(Process::log)
    }

    /// The one that runs under this pid.
    pub fn process_of(&mut self, pid: u32) -> &mut Process {
        let mut all = self.processes.iter_mut();
        let named = all.find_map(|process| (process.runs() && process.pid() == pid).then_some(process));
        named.expect("a process of this test runs under this pid")
    }

    /// SIGKILL to the one that runs under this pid, which then begins anew.
    pub async fn kill_and_restart(&mut self, pid: u32) {
        let process = self.process_of(pid);
        process.kill().await;
        process.start();
        process.until_ready().await;
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

    /// So many messages are meant to end as failed jobs that nobody decided on.
    pub fn expect_failed_jobs(&mut self, count: u64) {
        self.failed_jobs_expected += count;
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
