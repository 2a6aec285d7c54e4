//! Publishes many messages at once, and reports for each one whether the broker confirmed it.

use super::connection::{BrokerConnection, BrokerError, within};
use super::signature::MessageSigner;
use crate::topology::{self, Scope};
use domain::ids::MessageId;
use futures::future::try_join_all;
use lapin::PublisherConfirm;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation};
use std::collections::HashMap;
use std::time::Duration;

/// How long the confirms of a batch may take. After that its outcome is unknown, and it is published again.
const CONFIRM_LIMIT: Duration = Duration::from_secs(5);
const PERSISTENT: u8 = 2;

/// A message with everything that publishing it needs.
#[derive(Debug, Clone)]
pub struct Publication<'a> {
    pub message_id: MessageId,
    pub exchange: &'a str,
    pub routing_key: &'a str,
    pub type_name: &'a str,
    pub payload: &'a [u8],
    pub headers: FieldTable,
    /// How long it waits in its queue at most, in milliseconds.
    pub expires_in_ms: Option<u32>,
    /// A message that is routed to no queue counts as refused.
    pub mandatory: bool,
}

/// The outcome of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishOutcome {
    /// The broker has stored it on disk.
    Confirmed,
    /// The broker has not stored it, for this reason.
    Refused(String),
}

/// A channel in confirm mode, and the key that signs its messages. Publishes one batch at a time; after an error it must not be used any more.
#[derive(Debug)]
pub struct Publisher {
    channel: Channel,
    signer: MessageSigner,
}

impl Publisher {
    /// For messages to any queue: declares the whole topology.
    pub async fn open(connection: &BrokerConnection) -> Result<Self, BrokerError> {
        Self::on(connection, connection.channel_to_all().await?).await
    }

    /// For messages to the queues and exchanges of `scope`, which it declares.
    pub async fn open_for(connection: &BrokerConnection, scope: Scope) -> Result<Self, BrokerError> {
        Self::on(connection, connection.channel(scope).await?).await
    }

    async fn on(connection: &BrokerConnection, channel: Channel) -> Result<Self, BrokerError> {
        within(CONFIRM_LIMIT, channel.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(Self { channel, signer: connection.signer().clone() })
    }

    /// The number of messages in `queue` that are ready to be delivered.
    pub async fn depth_of(&self, queue: &str) -> Result<u32, BrokerError> {
        let passive = QueueDeclareOptions { passive: true, ..Default::default() };
        let declaring = self.channel.queue_declare(queue.into(), passive, FieldTable::default());
        Ok(within(CONFIRM_LIMIT, declaring).await?.message_count())
    }

    pub fn is_usable(&self) -> bool {
        self.channel.status().connected()
    }

    /// Publishes all, awaits all confirms together, and returns the outcomes in the given order. After an error all
    /// outcomes are unknown, and all messages must be published again: consumers deduplicate them by id.
    pub async fn publish_all(&mut self, publications: &[Publication<'_>]) -> Result<Vec<PublishOutcome>, BrokerError> {
        let confirmations = within(CONFIRM_LIMIT, async {
            // Published concurrently they share a few socket writes; one by one each would wait for its own.
            let confirms = try_join_all(publications.iter().map(|publication| self.publish(publication))).await?;
            try_join_all(confirms).await
        })
        .await?;
        Ok(outcomes(publications, confirmations))
    }

    async fn publish(&self, publication: &Publication<'_>) -> Result<PublisherConfirm, lapin::Error> {
        let properties = BasicProperties::default()
            .with_message_id(publication.message_id.to_string().into())
            .with_type(publication.type_name.into())
            .with_content_type("application/cloudevents+json".into())
            .with_delivery_mode(PERSISTENT)
            .with_headers(self.headers(publication));
        let properties = match publication.expires_in_ms {
            Some(expires_in_ms) => properties.with_expiration(expires_in_ms.to_string().into()),
            None => properties,
        };
        let options = BasicPublishOptions { mandatory: publication.mandatory, ..Default::default() };
        let (exchange, key) = (publication.exchange.into(), publication.routing_key.into());
        self.channel.basic_publish(exchange, key, options, publication.payload, properties).await
    }

    /// A dead letter is not signed: a reader of the dead queue would get the signature of a forged message.
    fn headers(&self, publication: &Publication<'_>) -> FieldTable {
        let mut headers = publication.headers.clone();
        let signed = (publication.exchange != topology::DEAD).then(|| self.signer.header(publication.payload));
        if let Some((name, value)) = signed.flatten() {
            headers.insert(name.into(), value);
        }
        headers
    }
}

/// The broker returns an unroutable message before its confirm, but lapin may attach it to the confirm of another
/// message. So returned messages are matched by message id, and not by confirm.
fn outcomes(publications: &[Publication<'_>], confirmations: Vec<Confirmation>) -> Vec<PublishOutcome> {
    let nacked: Vec<bool> = confirmations.iter().map(Confirmation::is_nack).collect();
    let returned: HashMap<String, String> = confirmations
        .into_iter()
        .filter_map(Confirmation::take_message)
        .filter_map(|message| {
            let id = message.properties.message_id().as_ref()?.to_string();
            Some((id, message.reply_text.to_string()))
        })
        .collect();
    let outcome =
        |(publication, nacked): (&Publication<'_>, bool)| match returned.get(&publication.message_id.to_string()) {
            Some(reason) => PublishOutcome::Refused(format!("returned: {reason}")),
            None if nacked => PublishOutcome::Refused("refused by the broker".to_owned()),
            None => PublishOutcome::Confirmed,
        };
    publications.iter().zip(nacked).map(outcome).collect()
}
