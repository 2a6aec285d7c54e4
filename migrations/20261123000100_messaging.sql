-- Messaging: what has to be said (outbox) and what was heard (inbox). A slice that moves to a database of its own
-- takes a copy of this schema with it.
CREATE SCHEMA messaging;

-- One row a message, written in the transaction of the fact that it tells; the relay deletes it when the broker has
-- confirmed. Never read by "greater than the last seen": a lower seq may commit later.
CREATE TABLE messaging.outbox (
    seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id   uuid NOT NULL,
    exchange     text NOT NULL,
    routing_key  text NOT NULL,
    type         text NOT NULL,
    payload      text NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    last_error   text,
    -- A row that the broker refused waits until then.
    available_at timestamptz NOT NULL DEFAULT now(),
    created_at   timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

-- What each reader has taken. Ids begin with their order's time, so new rows go to the right edge of the index, and
-- old ones are pruned by a range of ids.
CREATE TABLE messaging.inbox (
    message_id uuid NOT NULL,
    consumer   text NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (message_id, consumer)
);
