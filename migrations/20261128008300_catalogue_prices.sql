-- The prices that each product has had. A row is written by the statement or in the transaction that changes the price.
CREATE TABLE catalogue.prices (
    sku         text COLLATE "C" NOT NULL,
    -- Prices of one product are inserted under the lock of its row, so a later one has a higher id.
    id          bigint GENERATED ALWAYS AS IDENTITY,
    valid_from  timestamptz NOT NULL,
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    currency    text NOT NULL,
    -- `vendor:<id>` or `admin:<id>`; null for the price that a product had when this table was created.
    changed_by  text,
    PRIMARY KEY (sku, id)
);

-- These prices may be older: the last change of the product is the latest time since when each is known to be valid.
INSERT INTO catalogue.prices (sku, valid_from, price_minor, currency)
SELECT sku, updated_at, price_minor, currency FROM catalogue.products;
