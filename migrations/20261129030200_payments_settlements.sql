-- Daily settlements: what the money ledger says of a day, beside the report of the gateway.
SET LOCAL lock_timeout = '2s';

-- When the gateway executed it, by its clock. Null for entries from before, and if a person recorded it.
ALTER TABLE payments.ledger_entries ADD COLUMN executed_at timestamptz;
-- Null before it is executed, and in rows from before.
ALTER TABLE payments.simulated_gateway_movements ADD COLUMN executed_at timestamptz;
ALTER TABLE payments.simulated_gateway_authorizations ADD COLUMN voided_at timestamptz;
-- For the report of a day. Movements are in the order of their times.
CREATE INDEX simulated_gateway_movements_executed
    ON payments.simulated_gateway_movements USING brin (executed_at) WITH (autosummarize = on);
CREATE INDEX simulated_gateway_authorizations_voided
    ON payments.simulated_gateway_authorizations (voided_at) WHERE refunded_by_void_minor > 0;

-- One row per day of UTC, gateway and currency in which money was captured or returned.
CREATE TABLE payments.settlements (
    day                     date NOT NULL,
    gateway                 text NOT NULL,
    currency                text NOT NULL,
    ledger_captured_minor   bigint NOT NULL,
    -- Refunded and reversed.
    ledger_returned_minor   bigint NOT NULL,
    -- Null if the gateway has no report.
    reported_captured_minor bigint,
    reported_returned_minor bigint,
    status                  text NOT NULL CHECK (status IN ('matched', 'differs', 'unreported')),
    checked_at              timestamptz NOT NULL,
    PRIMARY KEY (day, gateway, currency)
);
CREATE INDEX settlements_differing ON payments.settlements (day) WHERE status = 'differs';
