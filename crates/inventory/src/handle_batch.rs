//! A batch of commands, in a constant number of statements: claim the orders' headers, lock the stock rows, read the
//! lines of orders known before, decide in memory, write. A batch of new reserves costs four; one more if any falls short.

use crate::decide::{Batch, Decisions, decide, flaw};
use crate::store::{self, Claim, ClaimedHeader};
use crate::{Inventory, StoreError};
use domain::Timestamp;
use domain::ids::OrderId;
use domain::inventory::ReservationState;
use domain::messages::{InventoryCommand, Queue};
use domain::product::Sku;
use messaging::{Delivery, Handle, HandleError, Handled, Verdict};
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap};

impl Handle for Inventory {
    type Command = InventoryCommand;
    const QUEUE: Queue = Queue::Inventory;

    async fn handle(
        &self,
        tx: &mut PgConnection,
        batch: &[Delivery<InventoryCommand>],
        now: Timestamp,
    ) -> Result<Handled, HandleError> {
        let headers = store::claim_headers(tx, &claims(batch), now).await?;
        let needs = Needs::of(batch, &headers);
        let shelves = store::lock_shelves(tx, &needs.skus, &needs.settling).await?;
        // After the lock: whoever settled a line before us has committed, and whoever comes after us waits.
        let holdings = store::holdings(tx, &needs.known).await?;
        let decisions = decide(Batch { deliveries: batch, headers, holdings, shelves })?;
        write(tx, &decisions, now).await?;
        Ok(answer(batch, decisions, now))
    }
}

/// The lock of each order that is reserved or released. A ship needs none: it changes lines, which their stock rows
/// guard, and makes no header.
fn claims(batch: &[Delivery<InventoryCommand>]) -> Vec<Claim> {
    let claim = |delivery: &Delivery<InventoryCommand>| {
        let (order_id, state) = match &delivery.command {
            InventoryCommand::Reserve(reserve) => (reserve.order_id, ReservationState::Reserved),
            InventoryCommand::Release(release) => (release.order_id, ReservationState::Released),
            InventoryCommand::Ship(_) => return None,
        };
        Some(Claim { order_id, state, cause: delivery.header.id })
    };
    batch.iter().filter(|delivery| flaw(&delivery.command).is_none()).filter_map(claim).collect()
}

/// What has to be known to decide a batch.
#[derive(Default)]
struct Needs {
    /// Wanted by new reserves.
    skus: Vec<Sku>,
    /// Orders whose lines are to be given back or shipped.
    settling: Vec<OrderId>,
    /// Those, and orders whose allocations are asked for again.
    known: Vec<OrderId>,
}

impl Needs {
    fn of(batch: &[Delivery<InventoryCommand>], headers: &HashMap<OrderId, ClaimedHeader>) -> Self {
        let mut skus = BTreeSet::new();
        let mut needs = Self::default();
        for delivery in batch {
            match &delivery.command {
                InventoryCommand::Reserve(reserve) => match headers.get(&reserve.order_id) {
                    Some(header) if header.is_new => skus.extend(reserve.lines.iter().map(|line| line.sku.clone())),
                    Some(header) if header.state == ReservationState::Reserved => needs.known.push(reserve.order_id),
                    _ => {}
                },
                InventoryCommand::Release(release)
                    if headers.get(&release.order_id).is_some_and(|found| !found.is_new) =>
                {
                    needs.settling.push(release.order_id);
                }
                InventoryCommand::Release(_) => {}
                InventoryCommand::Ship(ship) => needs.settling.push(ship.order_id),
            }
        }
        needs.known.extend(&needs.settling);
        Self { skus: skus.into_iter().collect(), ..needs }
    }
}

async fn write(tx: &mut PgConnection, decisions: &Decisions, now: Timestamp) -> Result<(), StoreError> {
    store::move_stock(tx, &decisions.entries, now).await?;
    store::insert_lines(tx, &decisions.held).await?;
    store::settle_lines(tx, &decisions.settled).await?;
    store::settle_headers(tx, &decisions.headers, now).await
}

fn answer(batch: &[Delivery<InventoryCommand>], decisions: Decisions, now: Timestamp) -> Handled {
    let mut handled = Handled::default();
    for (delivery, answer) in batch.iter().zip(decisions.answers) {
        match answer {
            Ok(reply) => {
                handled.outgoing.push(delivery.reply(&reply, now));
                handled.verdicts.push(Verdict::Done);
            }
            Err(why) => handled.verdicts.push(Verdict::Poison(why)),
        }
    }
    handled
}
