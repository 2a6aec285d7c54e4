-- One-use tickets with which a browser opens the stream of an order: an EventSource can't send a token in a header.
CREATE TABLE accounts.stream_tickets (
    secret_hash   bytea PRIMARY KEY,
    user_id       uuid NOT NULL,
    -- Where the caller's access came from: a session, or an API key.
    session_id    uuid,
    api_key_id    uuid,
    token_version integer NOT NULL,
    order_id      uuid NOT NULL,
    -- When the access itself ends; null for an API key without an end.
    access_until  timestamptz,
    expires_at    timestamptz NOT NULL
);

CREATE INDEX stream_tickets_by_expiry ON accounts.stream_tickets (expires_at);
