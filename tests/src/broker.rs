//! One vhost per test. It is created, inspected and disturbed through AMQP and RabbitMQ's management API.

use crate::eventually;
use crate::settings;
use crate::system::RETRY_DELAY_PERCENT;
use domain::ids::OrderId;
use domain::messages::{Message, Queue};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use messaging::broker::{BrokerConnections, Publisher};
use messaging::topology::COMMANDS;
use messaging::{Outgoing, Trace};
use platform::config::{MessageSigningArgs, RabbitmqArgs};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::process::Command;

const RESPONSE_LIMIT: Duration = Duration::from_secs(10);
/// AMQP's delivery mode for messages that must survive a restart.
const PERSISTENT: u8 = 2;
/// The management API lists new objects after some seconds.
const LIST_LIMIT: Duration = Duration::from_secs(30);
const RESTART_LIMIT: Duration = Duration::from_mins(2);

const ROLE_PASSWORD: &str = "a-password-of-the-system-tests";

#[derive(Debug)]
pub struct Broker {
    http: reqwest::Client,
    management: String,
    vhost: String,
    /// The URL that the processes under test connect to.
    pub url: String,
}

impl Broker {
    /// Creates the vhost from scratch, with all permissions for the user in `RABBITMQ_URL`.
    pub async fn create(vhost: &str) -> Self {
        let http =
            reqwest::Client::builder().timeout(RESPONSE_LIMIT).build().expect("a client without options can be built");
        let management = settings::rabbitmq_management_url().trim_end_matches('/').to_owned();
        let url = with_vhost(&settings::rabbitmq_url(), vhost);
        let broker = Self { http, management, vhost: vhost.to_owned(), url };
        broker.remove().await;
        broker.create_vhost().await;
        broker
    }

    /// Creates the vhost and the permissions in it.
    pub async fn create_vhost(&self) {
        let vhost = &self.vhost;
        self.expect_success(Method::PUT, &format!("vhosts/{vhost}"), json!({})).await;
        let all = json!({ "configure": ".*", "write": ".*", "read": ".*" });
        self.expect_success(Method::PUT, &format!("permissions/{vhost}/{}", user_of(&self.url)), all).await;
    }

    /// Creates a user per role with `orderctl broker`, as an operator would.
    pub async fn create_users(&self) {
        let percent = RETRY_DELAY_PERCENT.to_string();
        let environment = [
            ("RABBITMQ_URL", self.url.as_str()),
            ("RABBITMQ_MANAGEMENT_URL", &self.management),
            ("RABBITMQ_API_PASSWORD", ROLE_PASSWORD),
            ("RABBITMQ_WORKER_PASSWORD", ROLE_PASSWORD),
            ("RABBITMQ_SCHEDULER_PASSWORD", ROLE_PASSWORD),
            ("RETRY_DELAY_PERCENT", &percent),
        ];
        let mut command = tokio::process::Command::new(settings::binaries().join("orderctl"));
        let output = command.arg("broker").env_clear().envs(environment).output().await.expect("orderctl is built");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The URL with the user that [`Self::create_users`] created for `role`.
    pub fn url_of(&self, role: &str) -> String {
        let host = self.url.split_once('@').expect("RABBITMQ_URL has a login").1;
        format!("amqp://{}-{role}:{ROLE_PASSWORD}@{host}", self.vhost)
    }

    pub async fn remove(&self) {
        let response = self.request(Method::DELETE, &format!("vhosts/{}", self.vhost), Value::Null).await;
        let status = response.expect("the management API responds").status();
        assert!(status.is_success() || status == StatusCode::NOT_FOUND, "vhost {}: {status}", self.vhost);
    }

    /// The number of ready messages per queue. It is queried over AMQP: the management API's counts are seconds old.
    pub async fn depths(&self) -> Result<BTreeMap<String, u64>, String> {
        let channel = self.channel().await.map_err(|error| error.to_string())?;
        let mut depths = BTreeMap::new();
        for queue in self.queue_names().await? {
            let depth = depth_of(&channel, &queue).await.map_err(|error| error.to_string())?;
            depths.insert(queue, depth);
        }
        Ok(depths)
    }

    pub async fn depth(&self, queue: &str) -> Result<u64, String> {
        let channel = self.channel().await.map_err(|error| error.to_string())?;
        depth_of(&channel, queue).await.map_err(|error| error.to_string())
    }

    /// Publishes bytes to a queue, without the outbox and without any validation.
    pub async fn publish_raw(&self, queue: &str, body: &[u8]) {
        let channel = self.channel().await.expect("the broker accepts a connection");
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("the broker confirms");
        let confirm = channel.basic_publish("".into(), queue.into(), options, body, properties).await;
        let confirmed = confirm.expect("the message can be published").await.expect("the broker confirms");
        assert!(matches!(confirmed, Confirmation::Ack(None)), "{queue}: {confirmed:?}");
    }

    /// Publishes a command about `order_id` that no saga has sent.
    pub async fn publish_command(&self, queue: Queue, order_id: OrderId, command: &impl Message) {
        let trace = Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None };
        let message = Outgoing::new(order_id, command, 1, trace, platform::clock::now());
        self.publish_raw(&queue.to_string(), message.payload.as_bytes()).await;
    }

    /// Deletes a queue with its messages, even while it has consumers.
    pub async fn delete_queue(&self, queue: &str) {
        self.expect_success(Method::DELETE, &format!("queues/{}/{queue}", self.vhost), Value::Null).await;
    }

    /// Declares the whole topology, as every process under test does.
    pub async fn declare_all(&self) {
        let args = RabbitmqArgs {
            rabbitmq_url: self.url.clone().into(),
            retry_delay_percent: RETRY_DELAY_PERCENT,
            rabbitmq_ca_file: None,
            signing: MessageSigningArgs::default(),
        };
        let connections = BrokerConnections::new(&args, "system tests").expect("a url");
        Publisher::open(&connections.publishing).await.expect("the broker accepts a connection");
        connections.close().await;
    }

    /// Suspends every consuming channel of the vhost inside the broker. A suspended channel learns what happened to its
    /// queue only after it is resumed.
    pub async fn suspend_consuming_channels(&self) {
        self.evaluate(&format!(
            "Channels = lists:usort([element(1, Consumer) || Queue <- rabbit_amqqueue:list(<<\"{}\">>),
                                     Consumer <- rabbit_amqqueue:consumers(Queue)]),
             [sys:suspend(Channel) || Channel <- Channels],
             application:set_env(rabbit, test_suspended, Channels).",
            self.vhost
        ))
        .await;
    }

    /// Resumes the channels that [`Self::suspend_consuming_channels`] suspended.
    pub async fn resume_consuming_channels(&self) {
        let suspended = "{ok, Channels} = application:get_env(rabbit, test_suspended)";
        self.evaluate(&format!("{suspended}, [sys:resume(Channel) || Channel <- Channels], ok.")).await;
    }

    async fn evaluate(&self, expression: &str) {
        let command = format!("{} \"$0\"", settings::broker_eval_command());
        let output = Command::new("sh").args(["-c", &command, expression]).output().await.expect("sh is a command");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && printed.trim() == "ok", "{expression}: {printed}{}", output.status);
    }

    /// Deletes the binding that routes commands to `queue`.
    pub async fn unbind(&self, queue: &str) {
        let channel = self.channel().await.expect("the broker accepts a connection");
        let (exchange, key) = (COMMANDS.into(), format!("{queue}.#").into());
        channel.queue_unbind(queue.into(), exchange, key, FieldTable::default()).await.expect("unbound");
    }

    /// Replaces a queue by a classic one without arguments, which contradicts the declarations of our processes.
    pub async fn declare_classic_queue(&self, queue: &str) {
        self.delete_queue(queue).await;
        let channel = self.channel().await.expect("the broker accepts a connection");
        let declared = channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), FieldTable::default());
        declared.await.expect("declared");
    }

    /// Waits until at least `at_least` connections are listed that are not in `closed`. The list is seconds old.
    pub async fn connections(&self, at_least: usize, closed: &BTreeSet<String>) -> Vec<String> {
        eventually("connections to be listed", LIST_LIMIT, || async {
            let listed = self.names_at(&format!("vhosts/{}/connections", self.vhost)).await?;
            let new: Vec<_> = listed.into_iter().filter(|name| !closed.contains(name)).collect();
            if new.len() >= at_least { Ok(new) } else { Err(format!("{new:?}")) }
        })
        .await
    }

    /// Closes these connections from the broker's side.
    pub async fn close_connections(&self, connections: &[String]) {
        for connection in connections {
            let path = format!("connections/{}", connection.replace(' ', "%20").replace('>', "%3E"));
            let status = self.request(Method::DELETE, &path, Value::Null).await.expect("the API responds").status();
            assert!(status.is_success() || status == StatusCode::NOT_FOUND, "{path}: {status}");
        }
    }

    /// Waits until the broker serves this vhost again.
    pub async fn until_available(&self) {
        eventually("the broker to be available", RESTART_LIMIT, || async { self.depths().await.map(drop) }).await;
    }

    /// Opens a channel on a connection of its own, which is closed with the channel.
    pub(crate) async fn channel(&self) -> lapin::Result<Channel> {
        Connection::connect(&self.url, ConnectionProperties::default()).await?.create_channel().await
    }

    /// The queues of the topology. Queues with a name from the broker belong to a `MessageRecorder`.
    async fn queue_names(&self) -> Result<Vec<String>, String> {
        let names = self.names_at(&format!("queues/{}", self.vhost)).await?;
        Ok(names.into_iter().filter(|name| !name.starts_with("amq.")).collect())
    }

    async fn names_at(&self, path: &str) -> Result<Vec<String>, String> {
        let response = self.request(Method::GET, &format!("{path}?columns=name"), Value::Null).await;
        let response = response.and_then(reqwest::Response::error_for_status).map_err(|error| error.to_string())?;
        let listed: Vec<Value> = response.json().await.map_err(|error| error.to_string())?;
        Ok(listed.iter().filter_map(|object| object["name"].as_str().map(str::to_owned)).collect())
    }

    async fn expect_success(&self, method: Method, path: &str, body: Value) {
        let response = self.request(method, path, body).await.expect("the management API responds");
        let (status, text) = (response.status(), response.text().await.unwrap_or_default());
        assert!(status.is_success(), "{path}: {status}: {text}");
    }

    async fn request(&self, method: Method, path: &str, body: Value) -> reqwest::Result<reqwest::Response> {
        let request = self.http.request(method, format!("{}/api/{path}", self.management));
        let request = if body.is_null() { request } else { request.json(&body) };
        request.send().await
    }
}

async fn depth_of(channel: &Channel, queue: &str) -> lapin::Result<u64> {
    let passive = QueueDeclareOptions { passive: true, ..Default::default() };
    let queue = channel.queue_declare(queue.into(), passive, FieldTable::default()).await?;
    Ok(queue.message_count().into())
}

/// Replaces the vhost in `amqp://user:password@host:port/any`.
pub(crate) fn with_vhost(url: &str, vhost: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("RABBITMQ_URL is a URL");
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    format!("{scheme}://{authority}/{vhost}")
}

fn user_of(url: &str) -> String {
    let (_scheme, rest) = url.split_once("://").expect("RABBITMQ_URL is a URL");
    rest.split_once('@').and_then(|(login, _host)| login.split(':').next()).unwrap_or("guest").to_owned()
}

#[cfg(test)]
mod tests {
    use super::{user_of, with_vhost};

    #[test]
    fn a_tests_vhost_replaces_the_one_of_the_url() {
        assert_eq!(with_vhost("amqp://u:p@h:1/orderflow?heartbeat=10", "t"), "amqp://u:p@h:1/t");
        assert_eq!(user_of("amqp://u:p@h:1/orderflow"), "u");
    }
}
