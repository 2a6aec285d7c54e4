//! The system of one test: its database, its vhost and its processes.

use crate::broker::{Broker, with_vhost};
use crate::client::ApiClient;
use crate::database::Database;
use crate::process::{Process, Role};
use crate::products::{self, SeedProduct};
use crate::settings;
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

const READY_LIMIT: Duration = Duration::from_secs(30);
/// The retry schedule of production takes minutes; that of a test takes a hundredth.
pub(crate) const RETRY_DELAY_PERCENT: u32 = 1;

/// The request log is off.
const LOG_FILTER: &str = "info,lapin=off,sqlx=warn,api::request_log=warn";

/// Describes the system of a test. The default is one api, one worker, one scheduler and no products.
#[derive(Debug)]
pub struct Builder {
    name: &'static str,
    settings: BTreeMap<String, String>,
    products: Vec<SeedProduct>,
    workers: usize,
    schedulers: usize,
    has_broker_users: bool,
    is_pooled: bool,
    /// Additional processes, each with settings of its own.
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
    /// Faults disturb the services that all tests share, so only one test runs at a time, across all test processes.
    _lock: File,
}

impl Builder {
    /// Sets an environment variable for all processes.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    #[must_use]
    pub fn product(mut self, product: SeedProduct) -> Self {
        self.products.push(product);
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

    /// Adds a process with a setting of its own.
    #[must_use]
    pub fn process(mut self, role: Role, name: &str, value: &str) -> Self {
        self.others.push((role, BTreeMap::from([(name.to_owned(), value.to_owned())])));
        self
    }

    /// Gives each role a broker user of its own, with no more permissions than it needs.
    #[must_use]
    pub fn broker_users(mut self) -> Self {
        self.has_broker_users = true;
        self
    }

    /// Connects the processes to the database through PgBouncer.
    #[must_use]
    pub fn through_pgbouncer(mut self) -> Self {
        self.is_pooled = true;
        self
    }

    /// Creates the database and the vhost, starts the processes, and waits until they are ready.
    pub async fn start(mut self) -> TestSystem {
        let lock = lock_services().await;
        let directory = log_directory(self.name);
        let database = Database::create(self.name).await;
        let broker = Broker::create(&vhost_of(self.name)).await;
        products::seed(&database.pool, &self.products).await;
        let port = free_port();
        self.set_addresses(&database, &broker, port);
        let name = self.name;
        if self.has_broker_users {
            broker.create_users().await;
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
            _lock: lock,
        };
        system.start_all().await;
        system
    }

    /// The processes, not yet started.
    fn processes(self, broker: &Broker, directory: &Path) -> Vec<Process> {
        let equal = |role, count| std::iter::repeat_n((role, BTreeMap::new()), count);
        let default = equal(Role::Api, 1).chain(equal(Role::Worker, self.workers));
        let all = default.chain(equal(Role::Scheduler, self.schedulers)).chain(self.others);
        let process = |(number, (role, own)): (usize, (Role, BTreeMap<_, _>))| {
            let user = self.has_broker_users.then(|| ("RABBITMQ_URL".to_owned(), broker.url_of(role.binary())));
            let settings = self.settings.clone().into_iter().chain(user).chain(own).collect();
            Process::new(role, &format!("{}-{number}", role.binary()), directory, settings)
        };
        all.enumerate().map(process).collect()
    }

    /// Sets the addresses of the services. A setting of the test takes precedence.
    fn set_addresses(&mut self, database: &Database, broker: &Broker, port: u16) {
        let port = port.to_string();
        let management_url = settings::rabbitmq_management_url();
        let redis_url = settings::redis_url();
        let retry_delay_percent = RETRY_DELAY_PERCENT.to_string();
        let database_url = if self.is_pooled {
            settings::pgbouncer_url(&database.url)
        } else {
            Database::url_for_processes(self.name)
        };
        let defaults = [
            ("API_HOST", "127.0.0.1"),
            ("API_PORT", &port),
            ("DATABASE_STATEMENT_CACHE", if self.is_pooled { "0" } else { "100" }),
            ("DATABASE_URL", &database_url),
            ("LOG_FORMAT", "json"),
            ("MESSAGE_SIGNATURES_REQUIRED", "false"),
            ("MESSAGE_SIGNING_KEY", settings::MESSAGE_SIGNING_KEY),
            ("RABBITMQ_MANAGEMENT_URL", &management_url),
            ("RABBITMQ_URL", &broker.url),
            ("REDIS_URL", &redis_url),
            ("RUST_LOG", LOG_FILTER),
            ("RETRY_DELAY_PERCENT", &retry_delay_percent),
            ("SCHEDULER_METRICS_PORT", "0"),
            // One client of a test sends what many clients send elsewhere.
            ("RATE_LIMIT_AUTH", "0"),
            ("RATE_LIMIT_AUTH_PER_ADDRESS", "0"),
            ("RATE_LIMIT_READS", "0"),
            ("RATE_LIMIT_READS_PER_ADDRESS", "0"),
            ("RATE_LIMIT_WRITES", "0"),
            ("RATE_LIMIT_WRITES_PER_ADDRESS", "0"),
            ("SECRET_KEY", settings::SECRET_KEY),
            ("UNPAID_ORDERS_MAX", "0"),
            ("UNPAID_UNITS_MAX", "0"),
            ("WORKER_METRICS_PORT", "0"),
        ];
        for (name, value) in defaults {
            self.settings.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
    }
}

impl TestSystem {
    /// Describes the system of the test `name`. Names must be unique: databases and vhosts are named after them.
    pub fn of(name: &'static str) -> Builder {
        let (settings, products, others) = (BTreeMap::new(), Vec::new(), Vec::new());
        let is_pooled = crate::settings::is_all_through_pgbouncer();
        Builder { name, settings, products, workers: 1, schedulers: 1, has_broker_users: false, is_pooled, others }
    }

    /// The URL of the vhost of the test `name`, which need not exist yet.
    pub fn broker_url_of(name: &str) -> String {
        with_vhost(&settings::rabbitmq_url(), &vhost_of(name))
    }

    pub fn pool(&self) -> &PgPool {
        &self.database.pool
    }

    /// The base URL of the api.
    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    /// The directory of the test's logs and other output.
    pub fn directory(&self) -> PathBuf {
        directory_of_all().join(self.name)
    }

    /// A client that has not logged in.
    pub fn client(&self) -> ApiClient {
        ApiClient::new(&self.api_url)
    }

    /// A client with an admin's account of its own.
    pub async fn admin(&self) -> ApiClient {
        self.promoted("admin-of-the-test", "admin").await
    }

    /// A client with an account of its own in this role.
    pub async fn promoted(&self, name: &str, role: &str) -> ApiClient {
        let mut client = self.client().signed_up(name).await;
        let promote = "UPDATE accounts.users SET role = $2, token_version = token_version + 1 WHERE email LIKE $1";
        let promoted = sqlx::query(promote).bind(format!("{name}@%")).bind(role).execute(self.pool()).await;
        promoted.expect("the role can be updated");
        client.log_in_again(name).await;
        client
    }

    /// Starts every process that does not run, and waits until all are ready.
    pub async fn start_all(&mut self) {
        for process in &mut self.processes {
            if !process.is_running() {
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

    /// The log of each process.
    pub fn logs(&self) -> impl Iterator<Item = String> {
        self.processes.iter().map(Process::log)
    }

    /// The running process with this pid.
    pub fn process_of(&mut self, pid: u32) -> &mut Process {
        let mut all = self.processes.iter_mut();
        let found = all.find_map(|process| (process.is_running() && process.pid() == pid).then_some(process));
        found.expect("a process of this test has this pid")
    }

    /// Sends SIGKILL to the process with this pid, and starts it again.
    pub async fn kill_and_restart(&mut self, pid: u32) {
        let process = self.process_of(pid);
        process.kill().await;
        process.start();
        process.until_ready().await;
    }

    /// The pids of all processes, to check later that none was restarted.
    pub fn pids(&self) -> Vec<u32> {
        self.processes.iter().map(Process::pid).collect()
    }

    /// Sends SIGKILL to all processes at once.
    pub async fn kill_all(&mut self) {
        crate::process::signal("KILL", &self.pids()).await;
        for process in &mut self.processes {
            process.kill().await;
        }
    }

    /// Declares that the test leaves `count` more open failed jobs.
    pub fn expect_failed_jobs(&mut self, count: u64) {
        self.failed_jobs_expected += count;
    }
}

impl Drop for TestSystem {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for process in &self.processes {
                eprintln!("{}", process.log_tail());
            }
            eprintln!("--- the database is kept for inspection: {}", self.database.url);
        } else {
            assert!(self.finished, "the test {} must end with `system.finish().await`", self.name);
        }
    }
}

fn vhost_of(name: &str) -> String {
    format!("test_{name}")
}

/// Waits until no other test runs. The lock is released when the file is closed.
async fn lock_services() -> File {
    let path = directory_of_all().join("services.lock");
    std::fs::create_dir_all(directory_of_all()).expect("target/ can be written");
    let file = File::create(path).expect("target/ can be written");
    let locking = tokio::task::spawn_blocking(move || file.lock().map(|()| file));
    locking.await.expect("locking does not panic").expect("the file can be locked")
}

fn directory_of_all() -> PathBuf {
    settings::binaries().parent().expect("target/PROFILE").join("system-tests")
}

/// `target/system-tests/NAME`, empty.
fn log_directory(name: &str) -> PathBuf {
    let directory = directory_of_all().join(name);
    if directory.exists() {
        std::fs::remove_dir_all(&directory).expect("the last run's logs can be removed");
    }
    std::fs::create_dir_all(&directory).expect("target/ can be written");
    directory
}

/// A port that no process listens on at the moment.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}
