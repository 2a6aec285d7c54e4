-- no-transaction
-- Finds the entries of the orders that are removed.
CREATE INDEX CONCURRENTLY ledger_by_order ON inventory.ledger (order_id) WHERE order_id IS NOT NULL;
