-- The first answers to requests with an Idempotency-Key, stored in the transaction of what the request changed. Orders that
-- are placed have keys of their own (orders.idempotency_keys), stored by the batch.
CREATE TABLE operations.answers (
    principal   uuid NOT NULL,
    -- Method and path template: `POST /api/v1/inventory/adjustments`.
    route       text NOT NULL,
    key         text NOT NULL,
    -- SHA-256 of the path and the body in canonical form.
    fingerprint bytea NOT NULL,
    status      smallint NOT NULL,
    location    text,
    body        text NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (principal, route, key)
);

CREATE INDEX answers_by_age ON operations.answers USING brin (created_at);
