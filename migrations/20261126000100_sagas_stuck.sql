-- no-transaction
-- What operators look for first. Few orders ever get stuck, so it costs nothing; built beside the traffic, since the table
-- may be long.
CREATE INDEX CONCURRENTLY sagas_stuck ON orders.sagas (deadline_at, order_id) WHERE phase = 'stuck';
