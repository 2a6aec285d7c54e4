-- Customers whose personal data were erased. The account is erased when the row is inserted; the scheduler erases their
-- orders, from the oldest on.
CREATE TABLE accounts.erasures (
    user_id       uuid PRIMARY KEY,
    requested_at  timestamptz NOT NULL,
    requested_by  uuid NOT NULL,
    -- How many orders were erased, and the last of them.
    erased_orders bigint NOT NULL DEFAULT 0,
    after_order   uuid,
    -- NULL while orders may be left.
    completed_at  timestamptz
);

CREATE INDEX erasures_pending ON accounts.erasures (requested_at) WHERE completed_at IS NULL;
