-- Messages that a consumer received and could not handle yet, or never: they were sent to a retry queue or to the dead
-- queue. With the inbox this says of every message whether anybody has received it; those handled at once have no row here.
CREATE TABLE messaging.receipts (
    message_id  uuid NOT NULL,
    consumer    text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (message_id, consumer)
);
