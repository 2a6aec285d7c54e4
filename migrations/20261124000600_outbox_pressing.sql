-- While new orders are held back, a relay passes over all that is said of them to find what else was left behind. Without
-- an index of its own it would read as many rows as orders wait. The predicate is that of `claim_past_new_orders`.
CREATE INDEX outbox_pressing ON messaging.outbox (seq)
    WHERE routing_key NOT IN ('inventory.inventory.reserve', 'order.created');
