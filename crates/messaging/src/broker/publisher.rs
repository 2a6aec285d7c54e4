//! Publishes many messages at once and tells, of each, whether it arrived.

use super::connection::{BrokerError, Link, within};
use crate::topology::Scope;
use domain::ids::MessageId;
use futures::future::try_join_all;
use lapin::PublisherConfirm;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation};
use std::collections::HashMap;
use std::time::Duration;

/// All confirms of a batch must be there within this; else its outcome is unknown and it is published again.
const CONFIRM_LIMIT: Duration = Duration::from_secs(5);
const PERSISTENT: u8 = 2;

/// A message as it goes to the broker.
#[derive(Debug, Clone)]
pub struct Publication<'a> {
    pub message_id: MessageId,
    pub exchange: &'a str,
    pub routing_key: &'a str,
    pub type_name: &'a str,
    pub payload: &'a [u8],
    pub headers: FieldTable,
    /// It must reach a queue: without one it counts as refused.
    pub mandatory: bool,
}

/// What became of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// The broker has it on disk.
    Confirmed,
    /// The broker does not have it, for this reason.
    Refused(String),
}

/// A channel in confirm mode. One batch at a time; after an error it is of no more use.
#[derive(Debug)]
pub struct Publisher {
    channel: Channel,
}

impl Publisher {
    /// For messages to any queue: all of the topology is declared.
    pub async fn open(link: &Link) -> Result<Self, BrokerError> {
        Self::on(link.channel_to_all().await?).await
    }

    /// For messages to the rows of `scope`, which are declared.
    pub async fn open_for(link: &Link, scope: Scope) -> Result<Self, BrokerError> {
        Self::on(link.channel(scope).await?).await
    }

    async fn on(channel: Channel) -> Result<Self, BrokerError> {
        within(CONFIRM_LIMIT, channel.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(Self { channel })
    }

    /// Messages that wait in `queue` for a reader.
    pub async fn depth_of(&self, queue: &str) -> Result<u32, BrokerError> {
        let only_look = QueueDeclareOptions { passive: true, ..Default::default() };
        let looking = self.channel.queue_declare(queue.into(), only_look, FieldTable::default());
        Ok(within(CONFIRM_LIMIT, looking).await?.message_count())
    }

    pub fn is_usable(&self) -> bool {
        self.channel.status().connected()
    }

    /// Publishes all, awaits all confirms together, and answers in the order given. On an error the outcome of all is
    /// unknown: publish them again, their readers take each id once.
    pub async fn publish_all(&mut self, publications: &[Publication<'_>]) -> Result<Vec<Arrival>, BrokerError> {
        let confirmations = within(CONFIRM_LIMIT, async {
            // Handed over all at once, they share a few writes to the socket; one by one each would wait for its own.
            let confirms = try_join_all(publications.iter().map(|publication| self.publish(publication))).await?;
            try_join_all(confirms).await
        })
        .await?;
        Ok(arrivals(publications, confirmations))
    }

    async fn publish(&self, publication: &Publication<'_>) -> Result<PublisherConfirm, lapin::Error> {
        let properties = BasicProperties::default()
            .with_message_id(publication.message_id.to_string().into())
            .with_type(publication.type_name.into())
            .with_content_type("application/cloudevents+json".into())
            .with_delivery_mode(PERSISTENT)
            .with_headers(publication.headers.clone());
        let options = BasicPublishOptions { mandatory: publication.mandatory, ..Default::default() };
        let (exchange, key) = (publication.exchange.into(), publication.routing_key.into());
        self.channel.basic_publish(exchange, key, options, publication.payload, properties).await
    }
}

/// An unroutable message comes back before its confirm, but the library may hand it to a neighbour's: it is known by
/// the id that it carries, not by the confirm that brought it.
fn arrivals(publications: &[Publication<'_>], confirmations: Vec<Confirmation>) -> Vec<Arrival> {
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
            Some(reason) => Arrival::Refused(format!("returned: {reason}")),
            None if nacked => Arrival::Refused("refused by the broker".to_owned()),
            None => Arrival::Confirmed,
        };
    publications.iter().zip(nacked).map(outcome).collect()
}
