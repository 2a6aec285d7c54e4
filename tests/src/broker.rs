//! One vhost a test, made, looked into and disturbed through RabbitMQ's management API.

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
use platform::config::RabbitmqArgs;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::process::Command;

const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// AMQP's delivery mode for what must survive a restart.
const PERSISTENT: u8 = 2;
/// The management API lists what is new after some seconds.
const LIST_LIMIT: Duration = Duration::from_secs(30);
const RESTART_LIMIT: Duration = Duration::from_mins(2);

const ROLE_PASSWORD: &str = "a-password-of-the-system-tests";

#[derive(Debug)]
pub struct Broker {
    http: reqwest::Client,
    management: String,
    vhost: String,
    /// What our processes connect to.
    pub url: String,
}

impl Broker {
    /// Makes the vhost anew, all of it allowed to the user whom `RABBITMQ_URL` names.
    pub async fn create(vhost: &str) -> Self {
        let http = reqwest::Client::builder().timeout(ANSWER_LIMIT).build().expect("a plain client can be built");
        let management = settings::rabbitmq_management_url().trim_end_matches('/').to_owned();
        let url = with_vhost(&settings::rabbitmq_url(), vhost);
        let broker = Self { http, management, vhost: vhost.to_owned(), url };
        broker.remove().await;
        broker.make_vhost().await;
        broker
    }

    /// As [`Self::create`] does at first.
    pub async fn make_vhost(&self) {
        let vhost = &self.vhost;
        self.expect(Method::PUT, &format!("vhosts/{vhost}"), json!({})).await;
        let all = json!({ "configure": ".*", "write": ".*", "read": ".*" });
        self.expect(Method::PUT, &format!("permissions/{vhost}/{}", user_of(&self.url)), all).await;
    }

    /// Makes a user per process with `orderctl broker`, as an operator would.
    pub async fn make_users(&self) {
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
        let made = command.arg("broker").env_clear().envs(environment).output().await.expect("orderctl is built");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// The URL of the user that [`Self::make_users`] made for `role`.
    pub fn url_of(&self, role: &str) -> String {
        let host = self.url.split_once('@').expect("RABBITMQ_URL has a login").1;
        format!("amqp://{}-{role}:{ROLE_PASSWORD}@{host}", self.vhost)
    }

    pub async fn remove(&self) {
        let answer = self.ask(Method::DELETE, &format!("vhosts/{}", self.vhost), Value::Null).await;
        let status = answer.expect("the management API answers").status();
        assert!(status.is_success() || status == StatusCode::NOT_FOUND, "vhost {}: {status}", self.vhost);
    }

    /// How many ready messages lie in each queue. The broker itself is asked: the management API's counts are seconds old.
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

    /// Puts bytes into a queue, past the outbox and everything that would look at them.
    pub async fn publish_raw(&self, queue: &str, body: &[u8]) {
        let channel = self.channel().await.expect("the broker lets us in");
        let how = BasicPublishOptions { mandatory: true, ..Default::default() };
        let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("the broker confirms");
        let confirm = channel.basic_publish("".into(), queue.into(), how, body, properties).await;
        let confirmed = confirm.expect("the broker takes it").await.expect("the broker confirms");
        assert!(matches!(confirmed, Confirmation::Ack(None)), "{queue}: {confirmed:?}");
    }

    /// Puts a command about `order_id` into its queue that no saga has sent.
    pub async fn publish_command(&self, queue: Queue, order_id: OrderId, command: &impl Message) {
        let trace = Trace { correlation_id: "test".to_owned(), causation_id: None, traceparent: None };
        let message = Outgoing::new(order_id, command, 1, trace, platform::clock::now());
        self.publish_raw(&queue.to_string(), message.payload.as_bytes()).await;
    }

    /// Deletes a queue with all that is in it, though it is being consumed.
    pub async fn delete_queue(&self, queue: &str) {
        self.expect(Method::DELETE, &format!("queues/{}/{queue}", self.vhost), Value::Null).await;
    }

    /// Declares all of the topology, as every process of ours does.
    pub async fn declare_all(&self) {
        let args = RabbitmqArgs { rabbitmq_url: self.url.clone().into(), retry_delay_percent: RETRY_DELAY_PERCENT };
        let links = BrokerConnections::new(&args, "system tests").expect("a url");
        Publisher::open(&links.publishing).await.expect("the broker lets us in");
        links.close().await;
    }

    /// Stops every channel of the vhost that consumes, inside the broker: whatever happens to its queue meanwhile, it is
    /// told of later.
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

    /// Has them go on.
    pub async fn resume_consuming_channels(&self) {
        let suspended = "{ok, Channels} = application:get_env(rabbit, test_suspended)";
        self.evaluate(&format!("{suspended}, [sys:resume(Channel) || Channel <- Channels], ok.")).await;
    }

    async fn evaluate(&self, expression: &str) {
        let command = format!("{} \"$0\"", settings::broker_eval_command());
        let answer = Command::new("sh").args(["-c", &command, expression]).output().await.expect("sh is a command");
        let said = String::from_utf8_lossy(&answer.stdout);
        assert!(answer.status.success() && said.trim() == "ok", "{expression}: {said}{}", answer.status);
    }

    /// Takes away the binding that brings commands to `queue`.
    pub async fn unbind(&self, queue: &str) {
        let channel = self.channel().await.expect("the broker lets us in");
        let (exchange, key) = (COMMANDS.into(), format!("{queue}.#").into());
        channel.queue_unbind(queue.into(), exchange, key, FieldTable::default()).await.expect("unbound");
    }

    /// Declares a queue as nobody of ours would: a classic one without arguments, in place of what was there.
    pub async fn declare_by_hand(&self, queue: &str) {
        self.delete_queue(queue).await;
        let channel = self.channel().await.expect("the broker lets us in");
        let declared = channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), FieldTable::default());
        declared.await.expect("declared");
    }

    /// Waits until at least so many connections are listed that are not among `cut`; the list is seconds old.
    pub async fn connections(&self, at_least: usize, cut: &BTreeSet<String>) -> Vec<String> {
        eventually("connections to be listed", LIST_LIMIT, || async {
            let listed = self.names_at(&format!("vhosts/{}/connections", self.vhost)).await?;
            let new: Vec<_> = listed.into_iter().filter(|name| !cut.contains(name)).collect();
            if new.len() >= at_least { Ok(new) } else { Err(format!("{new:?}")) }
        })
        .await
    }

    /// Closes these connections, without a word to whoever holds them.
    pub async fn cut(&self, connections: &[String]) {
        for connection in connections {
            let path = format!("connections/{}", connection.replace(' ', "%20").replace('>', "%3E"));
            let closed = self.ask(Method::DELETE, &path, Value::Null).await.expect("the API answers").status();
            assert!(closed.is_success() || closed == StatusCode::NOT_FOUND, "{path}: {closed}");
        }
    }

    /// Waits until the broker answers for this vhost again.
    pub async fn until_back(&self) {
        eventually("the broker to be back", RESTART_LIMIT, || async { self.depths().await.map(drop) }).await;
    }

    /// On a connection of its own, which goes when the channel goes.
    pub(crate) async fn channel(&self) -> lapin::Result<Channel> {
        Connection::connect(&self.url, ConnectionProperties::default()).await?.create_channel().await
    }

    /// Ours; those that the broker named itself belong to a listener.
    async fn queue_names(&self) -> Result<Vec<String>, String> {
        let names = self.names_at(&format!("queues/{}", self.vhost)).await?;
        Ok(names.into_iter().filter(|name| !name.starts_with("amq.")).collect())
    }

    async fn names_at(&self, path: &str) -> Result<Vec<String>, String> {
        let answer = self.ask(Method::GET, &format!("{path}?columns=name"), Value::Null).await;
        let answer = answer.and_then(reqwest::Response::error_for_status).map_err(|error| error.to_string())?;
        let listed: Vec<Value> = answer.json().await.map_err(|error| error.to_string())?;
        Ok(listed.iter().filter_map(|one| one["name"].as_str().map(str::to_owned)).collect())
    }

    async fn expect(&self, method: Method, path: &str, body: Value) {
        let answer = self.ask(method, path, body).await.expect("the management API answers");
        let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
        assert!(status.is_success(), "{path}: {status}: {text}");
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> reqwest::Result<reqwest::Response> {
        let request = self.http.request(method, format!("{}/api/{path}", self.management));
        let request = if body.is_null() { request } else { request.json(&body) };
        request.send().await
    }
}

async fn depth_of(channel: &Channel, queue: &str) -> lapin::Result<u64> {
    let only_look = QueueDeclareOptions { passive: true, ..Default::default() };
    let queue = channel.queue_declare(queue.into(), only_look, FieldTable::default()).await?;
    Ok(queue.message_count().into())
}

/// `amqp://user:password@host:port/any` with another vhost.
fn with_vhost(url: &str, vhost: &str) -> String {
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
