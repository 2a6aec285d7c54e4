//! Records every command and reply of a test, and can publish them again.

use crate::broker::Broker;
use lapin::options::{BasicGetOptions, BasicPublishOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel};
use messaging::topology::{COMMANDS, EVENTS};
use serde_json::Value;
use uuid::Uuid;

/// AMQP's delivery mode for messages that must survive a restart.
const PERSISTENT: u8 = 2;

/// A queue of its own that is bound to the command exchange with `#`.
#[derive(Debug)]
pub struct MessageRecorder {
    channel: Channel,
    queue: String,
}

#[derive(Debug, Clone)]
pub struct RecordedMessage {
    routing_key: String,
    properties: BasicProperties,
    body: Vec<u8>,
}

impl MessageRecorder {
    /// Records all commands and replies that are published from now on, until it is dropped.
    pub async fn open(broker: &Broker) -> Self {
        Self::of_exchange(broker, COMMANDS).await
    }

    /// The same for events.
    pub async fn of_events(broker: &Broker) -> Self {
        Self::of_exchange(broker, EVENTS).await
    }

    async fn of_exchange(broker: &Broker, exchange: &str) -> Self {
        let channel = broker.channel().await.expect("the broker accepts a connection");
        let exclusive = QueueDeclareOptions { exclusive: true, ..Default::default() };
        let queue =
            channel.queue_declare("".into(), exclusive, FieldTable::default()).await.expect("an exclusive queue");
        let queue = queue.name().as_str().to_owned();
        let bound = channel.queue_bind(
            queue.as_str().into(),
            exchange.into(),
            "#".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        );
        bound.await.expect("the exchange exists");
        Self { channel, queue }
    }

    /// Returns the messages that were recorded since the last call.
    pub async fn drain(&self) -> Vec<RecordedMessage> {
        let mut recorded = Vec::new();
        let options = BasicGetOptions { no_ack: true };
        while let Some(message) = self.channel.basic_get(self.queue.as_str().into(), options).await.expect("a response")
        {
            recorded.push(RecordedMessage {
                routing_key: message.delivery.routing_key.as_str().to_owned(),
                properties: message.delivery.properties.clone().with_delivery_mode(PERSISTENT),
                body: message.delivery.data.clone(),
            });
        }
        recorded
    }

    pub async fn publish(&self, message: &RecordedMessage) {
        let (exchange, key) = (COMMANDS.into(), message.routing_key.as_str().into());
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        let published =
            self.channel.basic_publish(exchange, key, options, &message.body, message.properties.clone()).await;
        published.expect("the message can be published");
    }
}

impl RecordedMessage {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The same message under a new id, so that the inbox can't deduplicate it: a sender that lost its state would
    /// publish it like this.
    #[must_use]
    pub fn with_new_id(&self) -> Self {
        let mut envelope: Value = serde_json::from_slice(&self.body).expect("an envelope is JSON");
        let id = Uuid::now_v7().to_string();
        envelope["id"] = Value::String(id.clone());
        // The signature is that of the other body.
        let properties = self.properties.clone().with_message_id(id.into()).with_headers(FieldTable::default());
        Self { properties, body: envelope.to_string().into_bytes(), ..self.clone() }
    }
}
