-- What operators look for first. Few orders ever get stuck, so it costs nothing.
CREATE INDEX sagas_stuck ON orders.sagas (deadline_at, order_id) WHERE phase = 'stuck';
