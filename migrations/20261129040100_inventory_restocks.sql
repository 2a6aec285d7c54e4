-- The returns whose resellable units are in stock again: each is restocked once, however often its command arrives. Its
-- ledger entries have the same cause.
CREATE TABLE inventory.restocks (
    order_id     uuid NOT NULL,
    return_id    uuid NOT NULL,
    warehouse_id uuid NOT NULL,
    cause        uuid NOT NULL,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (order_id, return_id)
);
