-- Shipping: what is booked with carriers for each order, and how far it has come. A booking's row is the lock of
-- everything that belongs to its order; no foreign keys, since its rows are written together.
CREATE SCHEMA shipping;

-- How the booking of an order's shipments stands. `cancelled` without shipments is a tombstone.
CREATE TABLE shipping.bookings (
    order_id       uuid PRIMARY KEY,
    status         text NOT NULL CHECK (status IN ('requested', 'booked', 'refused', 'cancelling', 'cancelled')),
    -- The carrier's, when it refused.
    reason         text CHECK ((status = 'refused') = (reason IS NOT NULL)),
    correlation_id text NOT NULL,
    traceparent    text,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE shipping.shipments (
    order_id        uuid NOT NULL,
    id              uuid NOT NULL,
    warehouse_id    uuid NOT NULL,
    -- [{"sku": "...", "quantity": 1}, ...]
    lines           jsonb NOT NULL,
    status          text NOT NULL CHECK (status IN
                        ('requested', 'booked', 'cancelled', 'handed_over', 'in_transit', 'delivered')),
    -- The waybill: all of it or nothing.
    carrier         text,
    tracking_number text,
    promised_by     timestamptz,
    -- When the carrier says that it came as far as `status`, once it has left the house.
    reached_at      timestamptz,
    delayed_at      timestamptz,
    -- When the simulated carrier takes its next step with it; null when that is nobody's business of ours.
    next_move_at    timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (order_id, id),
    CHECK (status = 'requested' OR status = 'cancelled' OR carrier IS NOT NULL),
    CHECK ((carrier IS NULL) = (tracking_number IS NULL) AND (carrier IS NULL) = (promised_by IS NULL)),
    CHECK ((status IN ('handed_over', 'in_transit', 'delivered')) = (reached_at IS NOT NULL)),
    CHECK (next_move_at IS NULL OR status IN ('booked', 'handed_over', 'in_transit'))
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX shipments_by_tracking_number ON shipping.shipments (tracking_number)
    WHERE tracking_number IS NOT NULL;

CREATE INDEX shipments_by_next_move ON shipping.shipments (next_move_at) WHERE next_move_at IS NOT NULL;

-- What carriers reported, in whatever order it came; said twice, it is here once. Only ever added to.
CREATE TABLE shipping.shipment_events (
    shipment_id uuid NOT NULL,
    status      text NOT NULL CHECK (status IN ('handed_over', 'in_transit', 'delivered')),
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    -- Who told us: `carrier:simulated`, `vendor:<id>`, `admin:<id>`.
    source      text NOT NULL,
    note        text,
    PRIMARY KEY (shipment_id, status, occurred_at)
);
