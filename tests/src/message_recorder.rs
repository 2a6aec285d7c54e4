//! A listener on the line: it hears every command and reply, and can say them again.

use crate::broker::Broker;
use lapin::options::{BasicGetOptions, BasicPublishOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel};
use messaging::topology::COMMANDS;
use serde_json::Value;
use uuid::Uuid;

/// AMQP's delivery mode for what must survive a restart.
const PERSISTENT: u8 = 2;

#[derive(Debug)]
pub struct Tap {
    channel: Channel,
    queue: String,
}

/// A message as it was heard.
#[derive(Debug, Clone)]
pub struct Heard {
    routing_key: String,
    properties: BasicProperties,
    body: Vec<u8>,
}

impl Tap {
    /// Hears all that is said from now on, for as long as it lives.
    pub async fn open(broker: &Broker) -> Self {
        let channel = broker.channel().await.expect("the broker lets us in");
        let ours_alone = QueueDeclareOptions { exclusive: true, ..Default::default() };
        let queue =
            channel.queue_declare("".into(), ours_alone, FieldTable::default()).await.expect("a queue of our own");
        let queue = queue.name().as_str().to_owned();
        let everything = channel.queue_bind(
            queue.as_str().into(),
            COMMANDS.into(),
            "#".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        );
        everything.await.expect("the exchange is there");
        Self { channel, queue }
    }

    /// All that was heard since the last time.
    pub async fn heard(&self) -> Vec<Heard> {
        let mut heard = Vec::new();
        let at_once = BasicGetOptions { no_ack: true };
        while let Some(message) = self.channel.basic_get(self.queue.as_str().into(), at_once).await.expect("an answer")
        {
            heard.push(Heard {
                routing_key: message.delivery.routing_key.as_str().to_owned(),
                properties: message.delivery.properties.clone().with_delivery_mode(PERSISTENT),
                body: message.delivery.data.clone(),
            });
        }
        heard
    }

    pub async fn say(&self, message: &Heard) {
        let (exchange, key) = (COMMANDS.into(), message.routing_key.as_str().into());
        let how = BasicPublishOptions { mandatory: true, ..Default::default() };
        let said = self.channel.basic_publish(exchange, key, how, &message.body, message.properties.clone()).await;
        said.expect("the broker takes it");
    }
}

impl Heard {
    /// The same work under an id that nobody has seen: what a sender that forgot would say.
    #[must_use]
    pub fn under_another_id(&self) -> Self {
        let mut envelope: Value = serde_json::from_slice(&self.body).expect("an envelope is JSON");
        let id = Uuid::now_v7().to_string();
        envelope["id"] = Value::String(id.clone());
        let properties = self.properties.clone().with_message_id(id.into());
        Self { properties, body: envelope.to_string().into_bytes(), ..self.clone() }
    }
}
