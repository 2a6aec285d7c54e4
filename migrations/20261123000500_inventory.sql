-- Inventory: what lies where, what is held for whom, and the ledger of every change.
-- Rows of one order are written together by one transaction, so they need no foreign keys to hold them.
CREATE SCHEMA inventory;

CREATE TABLE inventory.warehouses (
    id         uuid PRIMARY KEY,
    code       text COLLATE "C" NOT NULL UNIQUE,
    name       text NOT NULL,
    -- Of two that serve an order equally well, the lower does.
    priority   integer NOT NULL,
    created_at timestamptz NOT NULL
);

-- The counters. Only `store::ledger` writes them, with the entries whose sums they are. No index on a counter, and
-- half of each page left free, so that an update stays in its page (HOT).
CREATE TABLE inventory.stock (
    sku                 text COLLATE "C" NOT NULL,
    warehouse_id        uuid NOT NULL,
    on_hand             integer NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    reserved            integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    low_stock_threshold integer CHECK (low_stock_threshold >= 0),
    updated_at          timestamptz NOT NULL,
    PRIMARY KEY (sku, warehouse_id),
    CHECK (reserved <= on_hand)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000);

-- Only ever added to: the trigger at the end refuses the rest.
CREATE TABLE inventory.ledger (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at             timestamptz NOT NULL,
    kind           text NOT NULL CHECK (kind IN
                       ('received', 'adjusted', 'reserved', 'released', 'shipped', 'returned')),
    warehouse_id   uuid NOT NULL,
    sku            text COLLATE "C" NOT NULL,
    on_hand_delta  integer NOT NULL,
    reserved_delta integer NOT NULL,
    -- An order did it, by a message ...
    order_id       uuid,
    shipment_id    uuid,
    cause          uuid,
    -- ... or a person, who says why.
    actor          text,
    reason         text,
    CHECK ((order_id IS NOT NULL AND cause IS NOT NULL) OR (actor IS NOT NULL AND reason IS NOT NULL))
);

-- One row an order that was ever asked about; it is also the lock that its commands take first.
CREATE TABLE inventory.reservations (
    order_id   uuid PRIMARY KEY,
    -- `released` is a tombstone too: it refuses a reserve that comes after its release.
    state      text NOT NULL CHECK (state IN ('reserved', 'rejected', 'released')),
    -- What fell short, to give the same answer again.
    shortages  jsonb,
    -- How often it was asked about; 1 tells the transaction that asks that the row is its own.
    asked      integer NOT NULL DEFAULT 1,
    -- The message that made the row.
    cause      uuid NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((state = 'rejected') = (shortages IS NOT NULL))
) WITH (fillfactor = 70);

CREATE TABLE inventory.reservation_lines (
    order_id     uuid NOT NULL,
    sku          text COLLATE "C" NOT NULL,
    warehouse_id uuid NOT NULL,
    quantity     integer NOT NULL CHECK (quantity > 0),
    state        text NOT NULL CHECK (state IN ('active', 'released', 'shipped')),
    PRIMARY KEY (order_id, sku, warehouse_id)
) WITH (fillfactor = 70);

CREATE FUNCTION inventory.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'inventory.ledger is only ever added to' USING ERRCODE = 'restrict_violation';
END
$$;

-- Per statement, and never on INSERT: it costs nothing.
CREATE TRIGGER ledger_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory.ledger
    FOR EACH STATEMENT EXECUTE FUNCTION inventory.refuse_change();
