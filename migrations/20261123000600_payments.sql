-- Payments: what we asked gateways to do with each order's money, and what came of it. The simulated gateway keeps
-- books of its own beside ours, as somebody else's would be; `orderctl verify` compares the two.
-- Keys begin with their order's time (UUID v7, and v8 derived from it), so new rows go to the right edge of an index.
CREATE SCHEMA payments;

-- The one payment of an order; its primary key is what keeps it one.
CREATE TABLE payments.payments (
    order_id         uuid PRIMARY KEY,
    id               uuid NOT NULL,
    status           text NOT NULL CHECK (status IN
                         ('authorizing', 'authorized', 'partly_captured', 'captured', 'refunded', 'declined', 'voiding',
                          'voided')),
    -- Null in a tombstone only: a payment that was voided before anybody asked for it.
    method           text,
    currency         text,
    amount_minor     bigint NOT NULL CHECK (amount_minor >= 0),
    captured_minor   bigint NOT NULL DEFAULT 0,
    refunded_minor   bigint NOT NULL DEFAULT 0,
    -- The part of what was refunded that the void gave back.
    given_back_minor bigint NOT NULL DEFAULT 0,
    decline_reason   text,
    -- Rises by one with each change of this row.
    version          integer NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    CHECK (0 <= given_back_minor AND given_back_minor <= refunded_minor AND refunded_minor <= captured_minor
           AND captured_minor <= amount_minor),
    CHECK (currency IS NOT NULL OR (status = 'voided' AND amount_minor = 0)),
    CHECK ((decline_reason IS NOT NULL) = (status = 'declined'))
) WITH (fillfactor = 60);

-- One row a piece of work that a gateway was asked for, stored before it was asked.
CREATE TABLE payments.operations (
    order_id     uuid NOT NULL,
    -- The idempotency key that it is asked under, always the same for the same work.
    provider_key uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('authorize', 'capture', 'void', 'refund')),
    -- The shipment of a capture, the cause of a refund, else empty.
    subject      text NOT NULL,
    -- Of a void: what it gave back.
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    -- `unknown`: it was asked, and may be done. It is looked up before it is asked again.
    status       text NOT NULL CHECK (status IN ('started', 'succeeded', 'declined', 'unknown')),
    attempts     integer NOT NULL CHECK (attempts > 0),
    -- Why it was declined, or is unknown.
    error        text,
    provider_ref text,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (order_id, provider_key)
) WITH (fillfactor = 60);

-- The simulated gateway's books. One row a key that it was asked to authorize under, or to void.
CREATE TABLE payments.simulated_gateway_authorizations (
    key              uuid PRIMARY KEY,
    state            text NOT NULL CHECK (state IN ('asked', 'authorized', 'declined', 'voided')),
    -- Null when it was voided before anybody asked for it.
    method           text,
    currency         text,
    -- What was set aside; of that: taken, given back (by the void and by refunds), let go without being taken.
    authorized_minor bigint NOT NULL,
    captured_minor   bigint NOT NULL,
    refunded_minor   bigint NOT NULL,
    given_back_minor bigint NOT NULL,
    released_minor   bigint NOT NULL,
    decline_reason   text,
    -- How often money was set aside, and how often it was asked to do or undo so.
    charges          integer NOT NULL CHECK (charges BETWEEN 0 AND 1),
    authorize_calls  integer NOT NULL,
    void_calls       integer NOT NULL,
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CHECK (0 <= refunded_minor AND refunded_minor <= captured_minor
           AND captured_minor + released_minor <= authorized_minor)
) WITH (fillfactor = 60);

-- One row a key that it was asked to capture or refund under.
CREATE TABLE payments.simulated_gateway_movements (
    key               uuid PRIMARY KEY,
    authorization_key uuid NOT NULL,
    kind              text NOT NULL CHECK (kind IN ('capture', 'refund')),
    amount_minor      bigint NOT NULL CHECK (amount_minor >= 0),
    state             text NOT NULL CHECK (state IN ('asked', 'done', 'declined')),
    decline_reason    text,
    calls             integer NOT NULL,
    updated_at        timestamptz NOT NULL DEFAULT now()
);
